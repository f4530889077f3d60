import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { StoreError } from '#app/errors.ts';
import type { AppendResult, NewEvent, RecordedInput } from '#app/ports.ts';
import { cleanText } from '#shell/store/event-codec.ts';
import { forEveryStore } from '#test/support/store-contract.ts';
import { AT, batch, CONTEXT, event, outboxRow } from '#test/support/store-rows.ts';

function appended(result: AppendResult) {
  assert.equal(result.kind, 'appended');
  return result as Extract<AppendResult, { kind: 'appended' }>;
}

function input(stream: string, ordinal: number, hash = `h${ordinal}`): RecordedInput {
  return { runId: 'run-1', stream, ordinal, type: 'bar', hash, receivedAt: AT, data: { ordinal } };
}

forEveryStore((store) => {
  test('SP-11 events come back as they were appended, versions from 1, seq rising', async () => {
    const { events } = store();
    const result = await events.append(batch('log-1', 0, [event(1), event(2)]));
    assert.equal(appended(result).version, 2);
    await events.append(batch('log-1', 2, [event(3)]));
    const found = await events.read('log-1');
    assert.deepEqual(
      found.map((e) => [e.version, e.type, e.data]),
      [1, 2, 3].map((n) => [n, 'consent_given', { n, by: 'operator' }]),
    );
    const { seq, recordedAt, ...envelope } = found[0] as (typeof found)[0];
    assert.deepEqual(envelope, {
      ...CONTEXT,
      ...event(1),
      stream: 'log-1',
      version: 1,
      schemaVersion: 1,
    });
    assert.ok(Number.isFinite(recordedAt) && seq > 0);
    assert.ok(found.every((e, i) => i === 0 || e.seq > (found[i - 1]?.seq ?? 0)));
    assert.deepEqual(
      (await events.read('log-1', 2)).map((e) => e.version),
      [3],
    );
    assert.deepEqual(await events.read('log-none'), []);
  });

  test('SP-11 the newest events of one type come first, of one day where it is asked', async () => {
    const { events } = store();
    const of = (n: number, type: string) => ({ ...event(n), type });
    const first = batch('log-new', 0, [of(1, 'a'), of(2, 'b'), of(3, 'a')]);
    await events.append({ ...first, context: { ...CONTEXT, tradingDay: '2026-11-19' } });
    await events.append(batch('log-new', 3, [of(4, 'a')]));
    const versions = async (type: string, count: number, day?: string) =>
      (await events.newest('log-new', type, count, day)).map(({ version }) => version);
    assert.deepEqual(await versions('a', 10), [4, 3, 1]);
    assert.deepEqual(await versions('a', 2), [4, 3]);
    assert.deepEqual(await versions('a', 10, '2026-11-19'), [3, 1]);
    assert.deepEqual(await versions('c', 10), []);
    const [found] = await events.newest('log-new', 'b', 1);
    assert.deepEqual(found, (await events.read('log-new'))[1]);
  });

  test('a stale version is an answer, not a failure, and stores nothing of the batch', async () => {
    const { events, outbox } = store();
    await events.append(batch('log-2', 0, [event(1)]));
    for (const expected of [0, 2]) {
      const row = outboxRow(`stale-${expected}`, { runId: 'run-stale' });
      const result = await events.append(batch('log-2', expected, [event(9)], { outbox: [row] }));
      assert.deepEqual(result, { kind: 'version_conflict', actualVersion: 1 });
    }
    assert.equal((await events.read('log-2')).length, 1);
    assert.deepEqual(await outbox.due('run-stale', AT, 10), []);
  });

  test('of many appends that saw the same version exactly one wins', async () => {
    const { events } = store();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => events.append(batch('log-3', 0, [event(n)]))),
    );
    assert.equal(results.filter((r) => r.kind === 'appended').length, 1);
    assert.ok(results.every((r) => r.kind === 'appended' || r.actualVersion === 1));
    assert.equal((await events.read('log-3')).length, 1);
  });

  test('one append stores events, outbox rows and the inbox mark together', async () => {
    const { events, inbox, outbox } = store();
    const [arrived] = await inbox.receive([
      {
        runId: 'run-one',
        channel: 'terminal',
        updateId: '1',
        body: { text: 'ALLOW' },
        receivedAt: AT,
      },
    ]);
    const rows = ['a', 'b', 'a'].map((key) => outboxRow(`one-${key}`, { runId: 'run-one' }));
    const result = appended(
      await events.append(
        batch('log-4', 0, [event(1)], {
          outbox: rows,
          inboxDone: { id: arrived?.id ?? 0, result: { kind: 'done' } },
          audit: [
            {
              occurredAt: AT,
              channel: 'terminal',
              actor: 'operator',
              messageId: null,
              updateId: '1',
              rawText: 'ALLOW\0',
              parsedAct: { kind: 'allow' },
              ticketVersion: null,
              result: 'accepted',
              latencyMs: 1.5,
            },
          ],
        }),
      ),
    );
    assert.deepEqual(
      result.outbox.map((row) => row.dedupeKey),
      ['one-a', 'one-b'],
    );
    assert.deepEqual(await inbox.pending('run-one', 10), []);
    assert.deepEqual(await outbox.due('run-one', AT, 10), result.outbox);
    const empty = appended(await events.append(batch('log-4', 1, [], { outbox: rows })));
    assert.deepEqual([empty.version, empty.outbox], [1, []]);
  });

  test('streams are listed by prefix with their last version', async () => {
    const { events } = store();
    await events.append(batch('list.a', 0, [event(1)]));
    await events.append(batch('list.b', 0, [event(1), event(2)]));
    await events.append(batch('list_c', 0, [event(1)]));
    assert.deepEqual(await events.streams('list.'), [
      { stream: 'list.a', version: 1 },
      { stream: 'list.b', version: 2 },
    ]);
  });

  test('any JSON value and any text come back byte for byte, hostile characters replaced', async () => {
    const { events } = store();
    let stream = 0;
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.string({ unit: 'binary' }), async (value, text) => {
        const given: NewEvent[] = [{ type: 'note', data: { value, text, nul: `a\0b\ud800` } }];
        const name = `json-${++stream}`;
        await events.append(batch(name, 0, given));
        const [found] = await events.read(name);
        const expected = JSON.parse(JSON.stringify({ value, text, nul: 'x' }), (_key, v) =>
          typeof v === 'string' ? cleanText(v) : v,
        );
        expected.nul = 'a\ufffdb\ufffd';
        assert.equal(JSON.stringify(found?.data), JSON.stringify(expected));
      }),
      { numRuns: 60 },
    );
  });

  test('inputs are recorded once by stream and ordinal, another input on an ordinal is refused', async () => {
    const { inputs } = store();
    await inputs.append([input('in-1', 1), input('in-1', 2)]);
    await inputs.append([input('in-1', 2), input('in-1', 3)]);
    assert.deepEqual(
      await inputs.read('in-1'),
      [1, 2, 3].map((n) => input('in-1', n)),
    );
    assert.deepEqual(await inputs.read('in-1', 3), [input('in-1', 3)]);
    await assert.rejects(
      inputs.append([input('in-1', 4), input('in-1', 1, 'other')]),
      (error) => error instanceof StoreError && error.code === 'input_conflict',
    );
    assert.equal((await inputs.read('in-1')).length, 3);
    await inputs.append([]);
  });

  test('the newest state snapshot is the one that is read', async () => {
    const { snapshots } = store();
    assert.equal(await snapshots.latest('snap-1'), null);
    for (const version of [500, 1000, 1500, 2000]) {
      await snapshots.save('snap-1', version, { version, list: [1, { a: null }] });
    }
    await snapshots.save('snap-1', 2000, { version: 'again' });
    const latest = { version: 2000, state: { version: 2000, list: [1, { a: null }] } };
    assert.deepEqual(await snapshots.latest('snap-1'), latest);
  });

  test('ID-09 snapshots that the log does not lead to are removed for good, those before its end stay', async () => {
    const { snapshots, events } = store();
    const outcome = await events.append(batch('snap-2', 0, [event(1), event(2), event(3)]));
    assert.equal(outcome.kind, 'appended');
    assert.equal(await snapshots.removeAstray('snap-2'), null);
    for (const version of [2, 3, 4, 7]) await snapshots.save('snap-2', version, { version });
    assert.deepEqual(await snapshots.removeAstray('snap-2'), { version: 7, logEnd: 3 });
    assert.deepEqual(await snapshots.latest('snap-2'), { version: 3, state: { version: 3 } });
    assert.equal(await snapshots.removeAstray('snap-2'), null);
    await snapshots.save('snap-3', 1, {});
    assert.deepEqual(await snapshots.removeAstray('snap-3'), { version: 1, logEnd: 0 });
    assert.equal(await snapshots.latest('snap-3'), null);
  });

  test('ID-09 a snapshot that the log has grown past without leading to it is removed with those after it', async () => {
    const { snapshots, events } = store();
    await events.append(batch('snap-4', 0, [event(1), event(2), event(3)]));
    await snapshots.save('snap-4', 2, { version: 2 });
    await snapshots.save('snap-4', 5, { version: 'with steps of a journal' });
    const savedAt = Date.now();
    while (Date.now() <= savedAt + 2) await sleep(1);
    await events.append(batch('snap-4', 3, [event(4), event(5), event(6)]));
    await snapshots.save('snap-4', 6, { version: 'built on it' });
    assert.deepEqual(await snapshots.removeAstray('snap-4'), { version: 6, logEnd: 6 });
    assert.deepEqual(await snapshots.latest('snap-4'), { version: 2, state: { version: 2 } });
    await snapshots.save('snap-4', 6, { version: 6 });
    assert.equal(await snapshots.removeAstray('snap-4'), null);
    assert.deepEqual(await snapshots.latest('snap-4'), { version: 6, state: { version: 6 } });
  });

  test('raw snapshots answer their hash and come back newest first', async () => {
    const { raw } = store();
    const row = {
      source: 'feed',
      url: 'https://x?token=***',
      ingestedAt: AT,
      runId: 'r',
      payload: '{}',
    };
    const hash = await raw.save(row);
    await raw.save({ ...row, ingestedAt: AT - 1000, payload: 'older' });
    assert.equal(hash, '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
    assert.deepEqual(await raw.latest('feed'), { ...row, payloadHash: hash });
    assert.equal(await raw.latest('nobody'), null);
  });
});
