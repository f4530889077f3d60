import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboxRow } from '#app/ports.ts';
import { forEveryStore } from '#test/support/store-contract.ts';
import { AT, outboxRow } from '#test/support/store-rows.ts';

function arrival(runId: string, updateId: string, channel = 'telegram') {
  return { runId, channel, updateId, body: { text: updateId }, receivedAt: AT };
}

const keys = (rows: readonly OutboxRow[]) => rows.map((row) => row.dedupeKey);

forEveryStore((store) => {
  test('CX-10 an update is received once by run, channel and update id', async () => {
    const { inbox } = store();
    const first = await inbox.receive([arrival('in-a', '1'), arrival('in-a', '2')]);
    assert.deepEqual(
      first.map(({ id: _, ...row }) => row),
      [arrival('in-a', '1'), arrival('in-a', '2')],
    );
    const again = await inbox.receive([
      arrival('in-a', '2'),
      arrival('in-a', '3'),
      arrival('in-a', '2', 'terminal'),
      arrival('in-b', '2'),
    ]);
    assert.deepEqual(
      again.map((row) => [row.runId, row.channel, row.updateId]),
      [
        ['in-a', 'telegram', '3'],
        ['in-a', 'terminal', '2'],
        ['in-b', 'telegram', '2'],
      ],
    );
    assert.deepEqual(await inbox.receive([]), []);
    await inbox.markDone(first[0]?.id ?? 0, { kind: 'refused' });
    assert.deepEqual(
      (await inbox.pending('in-a', 2)).map((row) => row.updateId),
      ['2', '3'],
    );
  });

  test('CX-09 the audit is read back by its own numbers, newest first', async () => {
    const { inbox, audit } = store();
    const [row] = await inbox.receive([arrival('in-audit', '1')]);
    const said = (rawText: string) => ({
      occurredAt: 1_795_000_000_000,
      channel: 'telegram',
      actor: 'telegram:1',
      messageId: null,
      updateId: null,
      rawText,
      parsedAct: null,
      ticketVersion: null,
      result: 'answered',
      latencyMs: 3,
    });
    const texts = ['/a <b>', "/b '; drop table audit", '/c \u0000'];
    await inbox.markDone(row?.id ?? 0, {}, texts.map(said));
    const newest = await audit.newest(2, null);
    assert.deepEqual(
      newest.map(({ text, actor, at }) => [text.slice(0, 2), actor, at]),
      [
        ['/c', 'telegram:1', 1_795_000_000_000],
        ['/b', 'telegram:1', 1_795_000_000_000],
      ],
    );
    const [older] = await audit.newest(5, newest[1]?.id ?? 0);
    assert.equal(older?.text, '/a <b>');
  });

  test('the same update delivered by many at once becomes one row', async () => {
    const { inbox } = store();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => inbox.receive([arrival('in-c', '7')])),
    );
    assert.equal(all.flat().length, 1);
  });

  test('an arrival wakes the listener until it stops listening', async () => {
    const { inbox } = store();
    let wakes = 0;
    let onWake: () => void = () => {};
    const stop = await inbox.onArrival(() => {
      wakes += 1;
      onWake();
    });
    const woken = new Promise<void>((resolve) => {
      onWake = resolve;
    });
    await inbox.receive([arrival('in-d', '1')]);
    await woken;
    await stop();
    const before = wakes;
    await inbox.receive([arrival('in-d', '2')]);
    await inbox.pending('in-d', 1);
    assert.equal(wakes, before);
  });

  test('CX-11 states of rows are told by their dedupe keys', async () => {
    const { outbox } = store();
    const made = ['states-a', 'states-b', 'states-c'].map((dedupeKey) =>
      outboxRow(dedupeKey, { lane: 'chat:fake:states', runId: 'states' }),
    );
    const [a, b] = await outbox.enqueue(made);
    await outbox.markAttempting(a?.id ?? 0);
    await outbox.markDelivered(a?.id ?? 0, 'm1', AT);
    await outbox.markDropped(b?.id ?? 0, 'coalesced');
    assert.deepEqual(
      await outbox.statesOf(['states-c', 'states-a', 'states-b', "no'ne"]),
      new Map([
        ['states-a', 'delivered'],
        ['states-b', 'dropped'],
        ['states-c', 'queued'],
      ]),
    );
    assert.deepEqual(await outbox.statesOf([]), new Map());
  });

  test('CX-11 a file is kept once under its hash and comes back byte for byte', async () => {
    const { files } = store();
    const bytes = Uint8Array.from({ length: 70_000 }, (_, n) => (n * 7) % 256);
    const hash = await files.save(bytes, AT);
    assert.match(hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => files.save(bytes, AT + n))), [
      hash,
      hash,
      hash,
    ]);
    assert.deepEqual(await files.load(hash), bytes);
    const text = await files.save('中文\0', AT);
    assert.deepEqual(await files.load(text), new Uint8Array(Buffer.from('中文\0')));
    assert.equal(await files.load('0'.repeat(64)), null);
  });

  test('the outbox keeps each lane in order, takes lanes in turn, and priority 0 before all', async () => {
    const { outbox } = store();
    await outbox.enqueue([
      outboxRow('o-1', { runId: 'out-a', priority: 3 }),
      outboxRow('o-2', { runId: 'out-a', priority: 1 }),
      outboxRow('o-3', { runId: 'out-a', priority: 0 }),
      outboxRow('o-4', { runId: 'out-a', lane: 'a-lane', priority: 2 }),
      outboxRow('o-5', { runId: 'out-a', notBefore: AT + 1 }),
      outboxRow('o-6', { runId: 'out-b' }),
    ]);
    assert.deepEqual(keys(await outbox.due('out-a', AT, 10)), ['o-3', 'o-4', 'o-1', 'o-2']);
    assert.deepEqual(keys(await outbox.due('out-a', AT + 1, 3)), ['o-3', 'o-4', 'o-1']);
    await outbox.enqueue([outboxRow('o-7', { runId: 'out-a', lane: 'order:paper-us' })]);
    assert.deepEqual(keys(await outbox.due('out-a', AT + 1, 1, 'order:')), ['o-7']);
    const chat = await outbox.due('out-a', AT + 1, 9, 'chat:');
    assert.deepEqual(
      chat.filter((row) => !row.lane.startsWith('chat:')),
      [],
    );
    assert.ok(chat.length > 0);
  });

  test('a dedupe key is enqueued once, whoever tries', async () => {
    const { outbox } = store();
    const tries = await Promise.all(
      Array.from({ length: 20 }, () => outbox.enqueue([outboxRow('only', { runId: 'out-c' })])),
    );
    assert.equal(new Set(tries.flat().map(({ id }) => id)).size, 1);
    assert.deepEqual(keys(await outbox.due('out-c', AT, 10)), ['only']);
  });

  test('CX-11 what is enqueued again is answered while it waits, so that a lost answer delays nothing', async () => {
    const { outbox } = store();
    const rows = ['again-a', 'again-b', 'again-c'].map((key) =>
      outboxRow(key, { runId: 'out-again' }),
    );
    const [first] = await outbox.enqueue(rows.slice(0, 2));
    assert.deepEqual(keys(await outbox.enqueue(rows)), ['again-a', 'again-b', 'again-c']);
    await outbox.markAttempting(first?.id ?? 0);
    assert.deepEqual(keys(await outbox.enqueue(rows)), ['again-b', 'again-c']);
    await outbox.markDelivered(first?.id ?? 0, 'm1', AT);
    assert.deepEqual(keys(await outbox.enqueue(rows)), ['again-b', 'again-c']);
  });

  test('CX-11 one of many takers gets a row, and a delivered row never comes back', async () => {
    const { outbox } = store();
    const [row] = await outbox.enqueue([outboxRow('take', { runId: 'out-d', editKey: 'k' })]);
    const id = row?.id ?? 0;
    const takers = await Promise.all(Array.from({ length: 20 }, () => outbox.markAttempting(id)));
    assert.equal(takers.filter(Boolean).length, 1);
    await outbox.markDelivered(id, 'message-9', AT + 5);
    await outbox.markFailed(id, 'late news', AT);
    assert.deepEqual(await outbox.due('out-d', AT + 10, 10), []);
    assert.deepEqual(await outbox.lastDelivered('chat:terminal:1', 'k'), {
      ...row,
      state: 'delivered',
      attempts: 1,
      externalId: 'message-9',
      deliveredAt: AT + 5,
    });
    assert.equal(await outbox.lastDelivered('chat:terminal:1', 'other'), null);
  });

  test('a row that waits for its retry holds back its lane, except priority 0', async () => {
    const { outbox } = store();
    const [first] = await outbox.enqueue([
      outboxRow('r-1', { runId: 'out-e' }),
      outboxRow('r-2', { runId: 'out-e' }),
      outboxRow('r-3', { runId: 'out-e', priority: 0 }),
    ]);
    const id = first?.id ?? 0;
    await outbox.markAttempting(id);
    assert.deepEqual(keys(await outbox.due('out-e', AT, 10)), ['r-3']);
    await outbox.markFailed(id, 'rate limit', AT + 100);
    assert.deepEqual(keys(await outbox.due('out-e', AT, 10)), ['r-3']);
    const later = await outbox.due('out-e', AT + 100, 10);
    assert.deepEqual(keys(later), ['r-3', 'r-1', 'r-2']);
    assert.deepEqual([later[1]?.attempts, later[1]?.lastError], [1, 'rate limit']);
    await outbox.markFailed(id, 'gave up', null);
    assert.deepEqual(keys(await outbox.due('out-e', AT + 100, 10)), ['r-3', 'r-2']);
    await outbox.markDropped(later[2]?.id ?? 0, 'expired');
    assert.deepEqual(keys(await outbox.due('out-e', AT + 100, 10)), ['r-3']);
  });

  test('CX-11 ten thousand rows that wait are read, the alarm among them first', async () => {
    const { outbox } = store();
    const waiting = Array.from({ length: 10_000 }, (_, n) =>
      outboxRow(`many-${n}`, { runId: 'out-many', lane: `chat:telegram:${n % 50}` }),
    );
    await outbox.enqueue([...waiting, outboxRow('alarm', { runId: 'out-many', priority: 0 })]);
    const due = await outbox.due('out-many', AT, 20_000, 'chat:');
    assert.equal(due.length, 10_001);
    assert.equal(due[0]?.dedupeKey, 'alarm');
    const few = await outbox.due('out-many', AT, 51, 'chat:');
    assert.equal(new Set(few.map(({ lane }) => lane)).size, 51);
  });

  test('CX-11 ID-09 after a crash interrupted orders are unknown and are never due, chat is due again', async () => {
    const { outbox } = store();
    const rows = await outbox.enqueue([
      outboxRow('c-1', { runId: 'out-f', lane: 'order:paper-us', kind: 'submit' }),
      outboxRow('c-2', { runId: 'out-f' }),
      outboxRow('c-3', { runId: 'out-f', lane: 'order:paper-us', kind: 'submit' }),
    ]);
    await outbox.markAttempting(rows[0]?.id ?? 0);
    await outbox.markAttempting(rows[1]?.id ?? 0);
    const settled = await outbox.settleInterrupted('out-f');
    assert.deepEqual([keys(settled.unknown), settled.requeued], [['c-1'], 1]);
    assert.equal(settled.unknown[0]?.state, 'unknown');
    assert.deepEqual(keys(await outbox.due('out-f', AT, 10)), ['c-2', 'c-3']);
    assert.equal(await outbox.markAttempting(rows[0]?.id ?? 0), false);
    await outbox.markDelivered(rows[0]?.id ?? 0, 'broker-1', AT);
    assert.deepEqual(await outbox.settleInterrupted('out-f'), { unknown: [], requeued: 0 });
  });

  test('SP-11 what was acted on from the journal waits no longer, what is done stays done', async () => {
    const { outbox } = store();
    const rows = await outbox.enqueue(
      ['act-1', 'act-2', 'act-3', 'act-4'].map((key) => outboxRow(key, { runId: 'out-g' })),
    );
    await outbox.markAttempting(rows[1]?.id ?? 0);
    await outbox.markDelivered(rows[2]?.id ?? 0, 'm', AT);
    await outbox.dropActed(['act-1', 'act-2', 'act-3', 'nobody']);
    const states = (await outbox.ofRun('out-g')).map((row) => [row.dedupeKey, row.state]);
    assert.deepEqual(states, [
      ['act-1', 'dropped'],
      ['act-2', 'dropped'],
      ['act-3', 'delivered'],
      ['act-4', 'queued'],
    ]);
    await outbox.dropActed([]);
  });

  test('SP-12 a job slot is claimed by exactly one caller and finished once', async () => {
    const { jobs } = store();
    const claims = await Promise.all(
      Array.from({ length: 20 }, () => jobs.claim('us-close', AT, 'claimed', 'late_ms=3', AT + 3)),
    );
    assert.equal(claims.filter(Boolean).length, 1);
    assert.equal(await jobs.claim('us-close', AT + 60_000, 'missed', 'asleep', AT), true);
    const open = {
      job: 'us-close',
      scheduledFor: AT,
      state: 'claimed',
      startedAt: AT + 3,
      finishedAt: null,
      note: 'late_ms=3',
    };
    assert.deepEqual(await jobs.unfinished(), [open]);
    await jobs.finish('us-close', AT, 'done', 'ok', AT + 9);
    await jobs.finish('us-close', AT, 'failed', 'too late', AT + 10);
    assert.deepEqual(await jobs.unfinished(), []);
    assert.deepEqual(
      (await jobs.recent(5)).map((run) => [run.scheduledFor, run.state, run.note]),
      [
        [AT + 60_000, 'missed', 'asleep'],
        [AT, 'done', 'ok'],
      ],
    );
  });
});
