import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anomaly } from '#core/quality/anomaly.ts';
import type { SourceCn } from '#shell/feeds/cn/source.ts';
import { answer, FEED_CODES, feedError } from '#shell/feeds/cn/source.ts';
import { askIn, chainOf, OPEN_GATE } from '#test/support/cn-sources.ts';

const DAYS = ['2026-11-19', '2026-11-20'];
const days = (chain: ReturnType<typeof chainOf>, ms?: number, more = {}) =>
  chain.data.tradingDays('2026-11-19', '2026-11-20', askIn(chain.clock, ms, more));

function answering(name: string, calls: { count: number } = { count: 0 }): SourceCn {
  return {
    name,
    offers: {
      trading_days: async () => {
        calls.count += 1;
        return answer(DAYS, 5);
      },
    },
  };
}

function failing(name: string, code: keyof typeof FEED_CODES, retryAfterMs?: number): SourceCn {
  return {
    name,
    offers: {
      trading_days: async () => {
        const context = retryAfterMs === undefined ? {} : { retryAfterMs };
        throw feedError(`${name} trading_days`, FEED_CODES[code], 'a test', 'none', context);
      },
    },
  };
}

/** Never answers and does not listen to its signal. */
function hanging(name: string, seen: { signal: AbortSignal | null } = { signal: null }): SourceCn {
  return {
    name,
    offers: {
      trading_days: (_ask, call) => {
        seen.signal = call.signal;
        return new Promise(() => undefined);
      },
    },
  };
}

test('SP-10 the first source that answers gives data, source and instants, not degraded', async () => {
  const chain = chainOf([answering('first'), answering('second')]);
  assert.deepEqual(await days(chain), {
    data: DAYS,
    source: 'first',
    fetchedAt: chain.clock.at,
    asOf: 5,
    degraded: false,
    note: [],
  });
});

test('SP-10 a failed source is passed over, named, and the answer is degraded', async () => {
  const chain = chainOf([failing('first', 'network'), answering('second')]);
  const result = await days(chain);
  assert.equal(result.source, 'second');
  assert.equal(result.degraded, true);
  assert.deepEqual(result.note, [
    { code: 'source_failed', source: 'first', figures: { cause: 'network' } },
  ]);
});

test('SP-10 with no source left the data is null and every failure is named', async () => {
  const chain = chainOf([failing('first', 'unreadable'), failing('second', 'shapeChanged')]);
  const result = await days(chain);
  assert.equal(result.data, null);
  assert.equal(result.source, 'none');
  assert.deepEqual(
    result.note.map(({ source, figures }) => [source, figures['cause']]),
    [
      ['first', 'unreadable'],
      ['second', 'shape_changed'],
    ],
  );
});

test('SP-10 a kind of data that no source has is said to be not offered', async () => {
  const chain = chainOf([answering('only')]);
  const result = await chain.data.sectors(askIn(chain.clock));
  assert.equal(result.data, null);
  assert.deepEqual(
    result.note.map(({ code }) => code),
    ['source_skipped', 'not_offered'],
  );
});

test('DH-03 a source that hangs is left in time for the next one, and is told to end', async () => {
  const seen: { signal: AbortSignal | null } = { signal: null };
  const chain = chainOf([hanging('stuck', seen), answering('second')], { attemptMs: () => 30 });
  const result = await days(chain);
  assert.equal(result.source, 'second');
  assert.deepEqual(result.note[0]?.figures, { cause: 'timeout' });
  assert.equal(seen.signal?.aborted, true);
});

test('DH-03 when every source hangs the asker gets an answer without data at its deadline', async () => {
  const chain = chainOf([hanging('one'), hanging('two')]);
  const startedAt = chain.clock.at;
  const runs = setInterval(() => {
    chain.clock.at += 10;
  }, 10);
  const result = await days(chain, 300);
  clearInterval(runs);
  assert.equal(result.data, null);
  assert.ok(chain.clock.at - startedAt < 5_000);
  assert.deepEqual(
    result.note.map(({ source }) => source).filter((source) => source !== 'none'),
    ['one', 'two'],
  );
});

test('DH-03 a deadline that has passed asks nobody', async () => {
  const calls = { count: 0 };
  const chain = chainOf([answering('first', calls)]);
  const result = await days(chain, -1);
  assert.equal(result.data, null);
  assert.equal(calls.count, 0);
});

test('DH-03 an asker that gives up ends the work and learns that it did', async () => {
  const seen: { signal: AbortSignal | null } = { signal: null };
  const chain = chainOf([hanging('stuck', seen)]);
  const controller = new AbortController();
  const asked = days(chain, 20_000, { signal: controller.signal });
  controller.abort();
  const result = await asked;
  assert.equal(result.data, null);
  assert.equal(result.note.at(-1)?.code, 'canceled');
  assert.equal(seen.signal?.aborted, true);
});

test('DH-03 askers at the same moment share one request; one that leaves does not end it', async () => {
  const calls = { count: 0 };
  const free = Promise.withResolvers<void>();
  const slow: SourceCn = {
    name: 'slow',
    offers: {
      trading_days: async () => {
        calls.count += 1;
        await free.promise;
        return answer(DAYS, 5);
      },
    },
  };
  const chain = chainOf([slow]);
  const controller = new AbortController();
  const leaving = days(chain, 20_000, { signal: controller.signal });
  const staying = days(chain);
  controller.abort();
  assert.equal((await leaving).data, null);
  free.resolve();
  assert.deepEqual((await staying).data, DAYS);
  assert.equal(calls.count, 1);
});

test('DH-03 an answer is given again while it is young enough, with its own instant', async () => {
  const calls = { count: 0 };
  const chain = chainOf([answering('first', calls)]);
  const first = await days(chain);
  chain.clock.at += 900;
  assert.equal(await days(chain, 20_000, { maxAgeMs: 1_000 }), first);
  chain.clock.at += 200;
  assert.notEqual(await days(chain, 20_000, { maxAgeMs: 1_000 }), first);
  assert.equal(calls.count, 2);
});

test('DH-03 failures in a row open the breaker: the source is skipped, then tried once more', async () => {
  const chain = chainOf([failing('first', 'network'), answering('second')]);
  await days(chain);
  await days(chain);
  const skipped = await days(chain);
  assert.deepEqual(skipped.note, [
    { code: 'source_skipped', source: 'first', figures: { cause: 'network', waitMs: 60_000 } },
  ]);
  chain.clock.at += 60_000;
  const tried = await days(chain);
  assert.equal(tried.note[0]?.code, 'source_failed');
});

test('DH-03 a source that says when to come back is left alone until then', async () => {
  const chain = chainOf([failing('first', 'rateLimited', 90_000), answering('second')]);
  await days(chain);
  chain.clock.at += 89_999;
  assert.deepEqual((await days(chain)).note[0]?.figures, { cause: 'rate_limited', waitMs: 1 });
});

test('DH-03 a source without the data of a day is asked again next time', async () => {
  const chain = chainOf([failing('first', 'noData'), answering('second')]);
  for (let i = 0; i < 4; i += 1) {
    assert.equal((await days(chain)).note[0]?.code, 'source_failed');
  }
});

test('SP-10 what the gate refuses is told with what was found, and the next source is asked', async () => {
  const wrong = anomaly('wrong_day', 'first', '2026-11-18', '2026-11-20');
  const chain = chainOf([answering('first'), answering('second')], {
    gate: async (kind, ask, data, source) =>
      source === 'first'
        ? { kept: data, anomalies: [wrong], refusal: wrong, note: [] }
        : OPEN_GATE(kind, ask, data, source),
  });
  const result = await days(chain);
  assert.equal(result.source, 'second');
  assert.deepEqual(result.note, [
    {
      code: 'answer_refused',
      source: 'first',
      figures: { cause: 'wrong_day', found: '2026-11-18', expected: '2026-11-20' },
    },
  ]);
  assert.deepEqual(chain.anomalies, [wrong]);
});

test('SP-10 rows that were taken out are counted by reason in the note', async () => {
  const row = anomaly('non_positive', 'first', '0', 'a price', { instrument: '600519.SH' });
  const chain = chainOf([answering('first')], {
    gate: async (_kind, _ask, data) => ({
      kept: data,
      anomalies: [row, row],
      refusal: null,
      note: [],
    }),
  });
  const result = await days(chain);
  assert.equal(result.degraded, true);
  assert.deepEqual(result.note, [
    {
      code: 'rows_quarantined',
      source: 'first',
      figures: { cause: 'non_positive', rows: 2 },
    },
  ]);
});
