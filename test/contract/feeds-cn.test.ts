import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { FeedError } from '#app/errors.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { DataKindCn, KindsCn, SourceAnswer, SourceCn } from '#shell/feeds/cn/source.ts';
import { at } from '#test/support/cn.ts';
import { FEEDS } from '#test/support/cn-feeds/feeds.ts';
import type { FakeReply, FakeSource, KeptRaw } from '#test/support/cn-feeds/server.ts';
import { httpOf, startFakeSource } from '#test/support/cn-feeds/server.ts';
import {
  COMPOSITE,
  INDEX,
  TRUTH,
  TRUTH_AT,
  TRUTH_DAY,
  TRUTH_IDS,
} from '#test/support/cn-feeds/truth.ts';

/*
 * What holds for every source of Chinese market data, over real HTTP against a fake that tells one
 * small market in that source's own words.
 */

const ASKS: { readonly [K in DataKindCn]: KindsCn[K]['ask'] } = {
  snapshot: { universe: TRUTH_IDS },
  quotes: { instruments: [...TRUTH_IDS, COMPOSITE] },
  limit_pool: { kind: 'limit_up', day: TRUTH_DAY },
  minute_bars: { instrument: '600519.SH', day: TRUTH_DAY },
  daily_bars_on: { day: TRUTH_DAY },
  daily_bars_of: { instrument: '600519.SH', from: '2026-11-18', through: TRUTH_DAY },
  index_daily: { instrument: COMPOSITE, from: '2026-11-18', through: TRUTH_DAY },
  margin: { day: '2026-11-18' },
  sectors: {},
  securities: {},
  corporate_actions: { day: TRUTH_DAY },
  adjustments: { day: TRUTH_DAY },
  suspensions: { day: TRUTH_DAY },
  price_limits: { day: TRUTH_DAY },
  trading_days: { from: '2026-11-18', through: TRUTH_DAY },
};

/** Fields of a quote that the source states, held against the truth. */
function assertQuote(found: QuoteCn | undefined, truth: QuoteCn, lacks: ReadonlySet<string>): void {
  assert.ok(found !== undefined, `${truth.instrument} is missing`);
  for (const field of Object.keys(truth) as (keyof QuoteCn)[]) {
    if (lacks.has(field)) assert.equal(found[field], null, `${truth.instrument} ${field}`);
    else if (truth.volume === 0 && (field === 'volume' || field === 'amount')) {
      assert.ok((found[field] ?? 0) === 0, `${truth.instrument} ${field}`);
    } else assert.deepEqual(found[field], truth[field], `${truth.instrument} ${field}`);
  }
}

const ANSWERS: {
  readonly [K in DataKindCn]: (data: KindsCn[K]['data'], lacks: ReadonlySet<string>) => void;
} = {
  snapshot: (look, lacks) => {
    assert.equal(look.tradingDay, TRUTH_DAY);
    for (const truth of TRUTH) {
      assertQuote(
        look.quotes.find((one) => one.instrument === truth.instrument),
        truth,
        lacks,
      );
    }
  },
  quotes: (quotes, lacks) => {
    for (const truth of [...TRUTH, INDEX]) {
      const found = quotes.find((one) => one.instrument === truth.instrument);
      if (truth === INDEX) {
        assert.equal(found?.last, INDEX.last);
        assert.equal(found?.previousClose, INDEX.previousClose);
        assert.equal(found?.amount, INDEX.amount);
      } else assertQuote(found, truth, lacks);
    }
  },
  limit_pool: ({ day, rows }) => {
    assert.equal(day, TRUTH_DAY);
    const [row] = rows;
    assert.equal(row?.instrument, '000001.SZ');
    assert.equal(row?.price, 11);
    assert.equal(row?.firstSealedAt, at('09:25:00'));
    assert.equal(row?.sealedAmount, 99_000_000);
    assert.equal(row?.openCount, 1);
    assert.equal(row?.boardsInRow, 2);
  },
  minute_bars: (bars) => {
    assert.deepEqual(
      bars.map(({ closedAt, volume, amount }) => [closedAt, volume, amount]),
      [[at('09:31'), 100_000, 1_010_000]],
    );
  },
  daily_bars_on: (bars) => {
    const bar = bars.find(({ instrument }) => instrument === '600519.SH');
    assert.equal(bar?.close, 1459.88);
    assert.equal(bar?.previousClose, 1459.44);
    assert.equal(bar?.volume, 2_106_400);
    assert.equal(bar?.amount, 3_071_809_846);
    // a suspended stock has no bar
    assert.equal(
      bars.some(({ instrument }) => instrument === '600000.SH'),
      false,
    );
  },
  daily_bars_of: (bars, lacks) => assertDaily(bars, lacks),
  index_daily: (bars, lacks) => assertDaily(bars, lacks),
  margin: (rows) => {
    const sse = rows.find(({ exchange }) => exchange === 'SSE');
    assert.equal(sse?.balance, 1e12);
    assert.equal(sse?.bought, 8e10);
    assert.ok(sse?.repaid === 9e10 || sse?.repaid === null);
    assert.equal(
      rows.some(({ exchange }) => exchange === 'SZSE'),
      true,
    );
  },
  sectors: (sectors) => {
    const found = sectors.find(({ name }) => name === '白酒');
    assert.deepEqual(found?.members.includes('600519.SH'), true);
  },
  securities: (list) => {
    const found = list.find(({ instrument }) => instrument === '600519.SH');
    assert.equal(found?.name, '贵州茅台');
  },
  corporate_actions: (actions) => {
    const found = actions.find(({ instrument }) => instrument === '600519.SH');
    assert.ok(Math.abs((found?.cashPerShare ?? 0) - 27.624) < 1e-9);
    assert.equal(found?.newSharesPerShare, 0);
  },
  adjustments: (rows) => assert.ok(rows.some(({ factor }) => factor > 0)),
  suspensions: (rows) =>
    assert.deepEqual(
      rows.map(({ instrument }) => instrument),
      ['600000.SH'],
    ),
  price_limits: (rows) => {
    const found = rows.find(({ instrument }) => instrument === '600519.SH');
    assert.deepEqual([found?.up, found?.down], [1605.38, 1313.5]);
  },
  trading_days: (days) => assert.deepEqual(days, ['2026-11-18', TRUTH_DAY]),
};

function assertDaily(bars: readonly DailyBarCn[], lacks: ReadonlySet<string>): void {
  assert.deepEqual(
    bars.map(({ day, open, high, low, close, volume }) => [day, open, high, low, close, volume]),
    [
      ['2026-11-18', 10, 10.2, 9.9, 10.1, 100_000],
      [TRUTH_DAY, 10.1, 10.4, 10, 10.3, 200_000],
    ],
  );
  const last = bars.at(-1);
  assert.equal(last?.amount, lacks.has('dailyAmount') ? null : 2_040_000);
  assert.equal(last?.previousClose, lacks.has('dailyPreviousClose') ? null : 10.1);
}

type Answer = SourceAnswer<unknown>;

function codesOf(error: unknown): string {
  assert.ok(error instanceof FeedError, String(error));
  return error.code;
}

for (const feed of FEEDS) {
  describe(`source ${feed.name}`, () => {
    let fake: FakeSource;
    let source: SourceCn;
    let kept: KeptRaw[];
    let now = TRUTH_AT;
    const told: FetchNote[] = [];

    before(async () => {
      fake = await startFakeSource(feed.reply);
    });
    after(() => fake.close());
    beforeEach(() => {
      now = TRUTH_AT;
      told.length = 0;
      fake.disturb(null);
      fake.requests.length = 0;
      const made = httpOf(feed.name, () => now);
      kept = made.kept;
      source = feed.make(made.http, fake.url);
    });

    const ask = (kind: DataKindCn, ms = 5_000): Promise<Answer> => {
      const offer = source.offers[kind] as
        | ((ask: unknown, call: unknown) => Promise<Answer>)
        | undefined;
      assert.ok(offer !== undefined, `${feed.name} has no ${kind}`);
      const signal = AbortSignal.timeout(ms);
      return offer(ASKS[kind], {
        signal,
        now: () => now,
        tell: (note: FetchNote) => told.push(note),
      });
    };

    for (const kind of feed.kinds) {
      test(`SP-10 ${kind} comes in shares and yuan, as the market was`, async () => {
        if (kind === 'daily_bars_on') now = at('15:31');
        const { data } = await ask(kind);
        (ANSWERS[kind] as (data: unknown, lacks: ReadonlySet<string>) => void)(data, feed.lacks);
      });

      const failWith = async (reply: FakeReply, ms?: number): Promise<string> => {
        if (kind === 'daily_bars_on') now = at('15:31');
        fake.disturb(() => reply);
        return ask(kind, ms).then(
          () => 'answered',
          (error: unknown) => codesOf(error),
        );
      };

      test(`SP-10 ${kind}: a page instead of data is unreadable`, async () => {
        const page = '<!DOCTYPE html><html><body>请稍后</body></html>';
        assert.equal(await failWith({ body: page }), 'unreadable');
      });

      test(`SP-10 ${kind}: half an answer is refused`, async () => {
        const whole = JSON.stringify({ data: { total: 1 } }).slice(0, 12);
        assert.equal(await failWith({ body: whole }), 'unreadable');
      });

      test(`DH-03 ${kind}: a connection that ends in the middle is a failure of the network`, async () => {
        assert.equal(await failWith({ body: '{"data":', isCut: true }), 'network');
      });

      test(`DH-03 ${kind}: an error of the server is tried once more, then told`, async () => {
        assert.equal(await failWith({ status: 500, body: 'no' }), 'http_status');
        assert.equal(fake.requests.length >= 2, true);
      });

      test(`DH-03 ${kind}: a refusal is told at once`, async () => {
        assert.equal(await failWith({ status: 403, body: '' }), 'refused');
        const asked = fake.requests.map(({ path, body }) => `${path} ${body}`);
        assert.equal(new Set(asked).size, asked.length, 'nothing was asked twice');
      });

      test(`DH-03 ${kind}: too many requests say when to come back`, async () => {
        if (kind === 'daily_bars_on') now = at('15:31');
        fake.disturb(() => ({ status: 429, headers: { 'retry-after': '30' }, body: '' }));
        const error = await ask(kind).catch((found: unknown) => found);
        assert.equal(codesOf(error), 'rate_limited');
        assert.equal((error as FeedError).context['retryAfterMs'], 30_000);
      });

      test(`DH-03 ${kind}: a source that hangs ends with its call`, async () => {
        const code = await failWith('hang', 120);
        assert.ok(code === 'timeout' || code === 'canceled', code);
      });

      test(`DH-01 ${kind}: what came is kept as it came, with its source and address`, async () => {
        if (kind === 'daily_bars_on') now = at('15:31');
        await ask(kind);
        assert.ok(kept.length > 0);
        for (const raw of kept) {
          assert.match(raw.source, new RegExp(`^${feed.name}:\\w+$`));
          assert.ok(raw.payload.length > 0 && raw.at === now);
        }
      });

      test(`DH-01 ${kind}: a page that blocks us is kept, too`, async () => {
        await failWith({ body: '<html>blocked</html>' });
        assert.ok(kept.some(({ payload }) => payload.includes('blocked')));
      });
    }
  });
}
