import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDeliverer, USUAL_RATE } from '#app/deliver-messages.ts';
import { ChannelError, StoreError } from '#app/errors.ts';
import type { NewOutboxRow, Outgoing } from '#app/ports.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { queuedRow } from '#shell/store/append-batch.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { createRecordingChannel } from '../support/chat-harness.ts';
import { SAMPLES } from '../support/chat-samples.ts';

const AT = 1_000_000;

function harness(
  rate: typeof USUAL_RATE | null = null,
  noting: (work: { advance(ms: number): void }) => Promise<void> = async () => undefined,
) {
  const clock = createVirtualClock({ startAt: AT });
  const store = createMemoryStore(() => clock.now());
  const channel = createRecordingChannel();
  const delivered: string[] = [];
  const deliverer = createDeliverer({
    runId: 'live',
    clock,
    wall: clock,
    outbox: {
      ...store.outbox,
      markAttempting: async (id) => {
        await noting({ advance: (ms) => clock.advanceTo(clock.now() + ms) });
        return store.outbox.markAttempting(id);
      },
    },
    channel: () => channel,
    rateOf: () => rate,
    render: (message) => ({ lines: [message.kind], buttons: [] }),
    onDelivered: (row, messageId) => delivered.push(`${row.dedupeKey}=${messageId}`),
    onFailure: () => undefined,
  });
  let keys = 0;
  const row = (text: string, fields: Partial<NewOutboxRow> = {}): NewOutboxRow => {
    keys += 1;
    return {
      runId: 'live',
      lane: 'chat:fake:1',
      kind: 'reply',
      priority: 1,
      dedupeKey: `k${keys}`,
      editKey: null,
      payload: { card: { lines: [text], buttons: [] } },
      createdAt: clock.now(),
      notBefore: clock.now(),
      expiresAt: null,
      ...fields,
    };
  };
  const give = async (rows: readonly NewOutboxRow[]) =>
    deliverer.handOver(await store.outbox.enqueue(rows));
  /** Lets promises settle, then moves the clock, until `instant`. */
  const until = async (instant: number) => {
    for (;;) {
      for (let i = 0; i < 20; i += 1) await Promise.resolve();
      await new Promise((resolve) => setImmediate(resolve));
      const next = clock.nextDue();
      if (next === null || next > instant) break;
      clock.runNext();
    }
    clock.advanceTo(instant);
  };
  const texts = () => channel.sent.map((message: Outgoing) => message.card.lines[0]);
  return { clock, store, channel, delivered, deliverer, row, give, until, texts };
}

test('CX-11 delivers in order within a chat, and a P0 overtakes what waits', async () => {
  const h = harness(USUAL_RATE);
  await h.give(['a', 'b', 'c', 'd', 'e'].map((text) => h.row(text)));
  await h.until(AT + 500);
  assert.deepEqual(h.texts(), ['a', 'b', 'c']);
  await h.give([h.row('ALARM', { priority: 0 })]);
  await h.until(AT + 600);
  assert.deepEqual(h.texts(), ['a', 'b', 'c', 'ALARM']);
  await h.until(AT + 3000);
  assert.deepEqual(h.texts(), ['a', 'b', 'c', 'ALARM', 'd', 'e']);
});

test('CX-11 a row past its life is dropped and marked, never delivered', async () => {
  const h = harness();
  await h.give([h.row('dead', { expiresAt: AT }), h.row('alive', { expiresAt: AT + 1 })]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['alive']);
  assert.deepEqual(await h.store.outbox.due('live', AT, 10), []);
});

test('CX-11 a row whose life ends while its attempt is noted is never delivered', async () => {
  const h = harness(null, async ({ advance }) => advance(500));
  await h.give([h.row('dead', { expiresAt: AT + 400 }), h.row('alive', { expiresAt: AT + 1_001 })]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['alive']);
  assert.deepEqual(await h.store.outbox.due('live', AT + 9_000, 10), []);
});

test('CX-01 an edit that comes while the attempt is noted is delivered in its place', async () => {
  let isFirst = true;
  const edit = { editKey: 'ticket-1' };
  const h = harness(null, async () => {
    if (isFirst) {
      isFirst = false;
      await h.give([h.row('void', edit)]);
    }
  });
  await h.give([h.row('open', edit)]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['void']);
});

test('CX-11 what waits since before a restart is said before what is new', async () => {
  const h = harness();
  await h.store.outbox.enqueue([h.row('waits'), h.row('too')]);
  await h.give([h.row('recovered')]);
  await h.until(AT + 1_000);
  assert.deepEqual(h.texts(), ['waits', 'too', 'recovered']);
});

test('CX-11 after a restart the news waits with what was promised a later try', async () => {
  const h = harness();
  const [old] = await h.store.outbox.enqueue([h.row('promised')]);
  await h.store.outbox.markAttempting(old?.id ?? 0);
  await h.store.outbox.markFailed(old?.id ?? 0, 'rate limited', AT + 20_000);
  await h.give([h.row('recovered'), h.row('ALARM', { priority: 0 })]);
  await h.until(AT + 19_999);
  assert.deepEqual(h.texts(), ['ALARM']);
  await h.until(AT + 20_000);
  assert.deepEqual(h.texts(), ['ALARM', 'promised', 'recovered']);
});

test('CX-11 what waits since before a restart is said before what the journal says', async () => {
  const h = harness();
  await h.store.outbox.enqueue([h.row('waits'), h.row('too')]);
  h.deliverer.handOver([queuedRow(h.row('without the store'), 0)]);
  await h.until(AT + 1_000);
  assert.deepEqual(h.texts(), ['waits', 'too', 'without the store']);
});

test('CX-01 edits of one message coalesce to the newest and edit the same message', async () => {
  const h = harness(USUAL_RATE);
  const edit = { editKey: 'ticket-1' };
  await h.give([
    h.row('v1', edit),
    h.row('x'),
    h.row('y'),
    h.row('z'),
    h.row('v2', edit),
    h.row('v3', edit),
  ]);
  await h.until(AT + 10_000);
  assert.deepEqual(h.texts(), ['v3', 'x', 'y', 'z']);
  await h.give([h.row('v4', edit)]);
  await h.until(AT + 20_000);
  assert.equal(h.channel.sent[4]?.edit, 'm1');
});

test('CX-01 CX-11 the message to edit is found again after a restart', async () => {
  const h = harness();
  await h.give([h.row('v1', { editKey: 'ticket-1' })]);
  await h.deliverer.idle();
  const again = createDeliverer({
    runId: 'live',
    clock: h.clock,
    wall: h.clock,
    outbox: h.store.outbox,
    channel: () => h.channel,
    rateOf: () => null,
    render: () => ({ lines: [], buttons: [] }),
    onDelivered: () => undefined,
    onFailure: () => undefined,
  });
  again.handOver(await h.store.outbox.enqueue([h.row('v2', { editKey: 'ticket-1' })]));
  await again.idle();
  assert.equal(h.channel.sent[1]?.edit, 'm1');
});

test('CX-11 a rate limit is obeyed to the millisecond the channel asked for, and order holds', async () => {
  const h = harness();
  h.channel.failure = new ChannelError('telegram: too many requests', {
    code: 'rate_limited',
    retryable: true,
    context: { retryAfterMs: 7000 },
  });
  await h.give([h.row('a'), h.row('b')]);
  await h.until(AT + 6999);
  assert.deepEqual(h.texts(), []);
  h.channel.failure = null;
  await h.until(AT + 7000);
  assert.deepEqual(h.texts(), ['a', 'b']);
});

test('a failure that will not pass marks the row failed and the lane goes on', async () => {
  const h = harness();
  h.channel.failure = new ChannelError('telegram: bot was blocked by the user', {
    code: 'blocked',
    retryable: false,
  });
  await h.give([h.row('a')]);
  await h.deliverer.idle();
  h.channel.failure = null;
  await h.give([h.row('b')]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['b']);
});

test('CX-11 rows that were not handed over are found by the sweep, once', async () => {
  const h = harness();
  await h.store.outbox.enqueue([h.row('a')]);
  await h.deliverer.sweep();
  await h.deliverer.sweep();
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['a']);
  assert.deepEqual(h.delivered, ['k1=m1']);
});

test('a message is rendered when it is delivered and known by its ticket code', async () => {
  const h = harness();
  await h.give([h.row('', { payload: { message: SAMPLES.signal_entry } })]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['signal_entry']);
  assert.equal(h.deliverer.messages.codeOf('fake', '1', 'm1'), 'K7QD');
});

test('an alarm decided with the store down is delivered without a mark', async () => {
  const h = harness();
  h.deliverer.handOver([
    {
      ...h.row('ALARM', { priority: 0 }),
      id: 0,
      state: 'queued',
      attempts: 0,
      externalId: null,
      deliveredAt: null,
      lastError: null,
    },
  ]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['ALARM']);
});

test('CX-11 what was said from the journal is not said again when the store has it', async () => {
  const h = harness();
  const [said, old, newer] = [
    h.row('alarm'),
    h.row('v1', { editKey: 'k' }),
    h.row('v2', { editKey: 'k' }),
  ];
  const journaled = (row: NewOutboxRow) => ({ ...queuedRow(row, 0) });
  h.deliverer.handOver([journaled(said), journaled(old), journaled(newer)]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['alarm', 'v2']);
  await h.store.outbox.enqueue([said, old, newer]);
  for (let i = 0; i < 3; i += 1) {
    await h.deliverer.sweep();
    await h.deliverer.idle();
  }
  assert.deepEqual(h.texts(), ['alarm', 'v2']);
  assert.deepEqual(await h.store.outbox.due('live', AT, 10), []);
});

test('CX-11 a row whose attempt was noted without an answer is delivered all the same', async () => {
  let calls = 0;
  const h = harness();
  const { markAttempting } = h.store.outbox;
  h.store.outbox.markAttempting = async (id) => {
    const answer = await markAttempting(id);
    calls += 1;
    if (calls === 1) throw new StoreError('store: no answer', { code: 'down', retryable: true });
    return answer;
  };
  await h.give([h.row('verdict')]);
  await h.until(AT + 5_000);
  assert.deepEqual(h.texts(), ['verdict']);
});

test('CX-11 order holds among P1 to P3 for every mixture, and nothing is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: 1, maxLength: 20 }),
      async (priorities) => {
        const h = harness();
        await h.give(
          priorities.map((priority, index) =>
            h.row(`${index}`, { priority: priority as 0 | 1 | 2 | 3 }),
          ),
        );
        await h.deliverer.idle();
        const sent = h.texts().map(Number);
        assert.equal(sent.length, priorities.length);
        const others = sent.filter((index) => priorities[index] !== 0);
        assert.deepEqual(
          others,
          [...others].sort((a, b) => a - b),
        );
      },
    ),
    { numRuns: 100 },
  );
});
