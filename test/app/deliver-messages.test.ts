import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fileNameOf, fileRow, keepFile, textFile } from '#app/chat-file.ts';
import { type DeliverDeps, USUAL_RATE } from '#app/deliver-deps.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import { ChannelError, StoreError } from '#app/errors.ts';
import { isOfferOver } from '#app/offer-over.ts';
import type { NewOutboxRow, Outgoing } from '#app/ports.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Message } from '#core/engine/message.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { queuedRow } from '#shell/store/append-batch.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { policyOf } from '../support/builders.ts';
import { createRecordingChannel } from '../support/chat-harness.ts';
import { SAMPLES } from '../support/chat-samples.ts';

const AT = 1_000_000;

function harness(
  rate: typeof USUAL_RATE | null = null,
  noting: (work: { advance(ms: number): void }) => Promise<void> = async () => undefined,
  onReach: DeliverDeps['onReach'] = () => undefined,
  isOver: DeliverDeps['isOver'] = () => false,
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
    files: store.files,
    channel: () => channel,
    rateOf: () => rate,
    render: (message) => ({ lines: [message.kind], buttons: [] }),
    onDelivered: (row, messageId) => delivered.push(`${row.dedupeKey}=${messageId}`),
    onFailure: () => undefined,
    onReach,
    isOver,
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
    files: h.store.files,
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

/** A row of a file for the harness's chat. */
async function filed(h: ReturnType<typeof harness>, name: string, fields = {}) {
  const file = await keepFile(textFile(name, `content of ${name}`), h.store.files, AT);
  const caption = { lines: [name], buttons: [] };
  const what = { runId: 'live', kind: 'chart', dedupeKey: name, file, caption, replyTo: 'm7' };
  const row = fileRow({ ...what, at: AT, expiresAt: null }, { channel: 'fake', chatId: '1' });
  return { ...row, ...fields };
}

const contents = (h: ReturnType<typeof harness>) =>
  h.channel.sent.map(({ file }) => file && Buffer.from(file.content).toString());

test('CX-05 CX-11 files leave in order with their content, silent, under the message they belong to', async () => {
  const h = harness(USUAL_RATE);
  await h.give([await filed(h, 'a.txt'), await filed(h, 'b.txt')]);
  await h.until(AT + 500);
  assert.deepEqual(contents(h), ['content of a.txt', 'content of b.txt']);
  assert.deepEqual(
    h.channel.sent.map(({ silent, replyTo, edit }) => [silent, replyTo, edit]),
    [
      [true, 'm7', null],
      [true, 'm7', null],
    ],
  );
});

test('CX-11 words and files of a chat share its rate', async () => {
  const h = harness(USUAL_RATE);
  await h.give([h.row('a'), await filed(h, 'b.txt'), h.row('c'), await filed(h, 'd.txt')]);
  await h.until(AT + 900);
  assert.equal(h.channel.sent.length, 3);
  await h.until(AT + 1_100);
  assert.equal(h.channel.sent.length, 4);
});

test('CX-07 CX-11 an upload that hangs holds back no alarm and no word', async () => {
  const h = harness();
  const deliver = h.channel.deliver.bind(h.channel);
  h.channel.deliver = (message) =>
    message.file === undefined ? deliver(message) : new Promise(() => undefined);
  await h.give([await filed(h, 'chart.txt'), await filed(h, 'more.txt')]);
  await h.until(AT + 10);
  await h.give([h.row('KILL', { priority: 0 }), h.row('signal')]);
  await h.until(AT + 20);
  assert.deepEqual(h.texts(), ['KILL', 'signal']);
});

/** A channel whose sends of words that begin with `slow` are answered when `release` is called. */
function hanging(h: ReturnType<typeof harness>) {
  const deliver = h.channel.deliver.bind(h.channel);
  const waiting: (() => void)[] = [];
  h.channel.deliver = async (message) => {
    if (message.card.lines[0]?.startsWith('slow') === true)
      await new Promise<void>((resolve) => waiting.push(resolve));
    return deliver(message);
  };
  return { release: () => waiting.shift()?.() };
}

test('CX-07 CX-11 an alarm does not wait for a word under way, and the words after it wait for both', async () => {
  const h = harness(USUAL_RATE);
  const { release } = hanging(h);
  await h.give([h.row('slow'), h.row('next')]);
  await h.until(AT + 10);
  await h.give([h.row('KILL', { priority: 0 }), h.row('DONE', { priority: 0 }), h.row('last')]);
  await h.until(AT + 15_000);
  assert.deepEqual(h.texts(), ['KILL', 'DONE']);
  release();
  await h.until(AT + 20_000);
  assert.deepEqual(h.texts(), ['KILL', 'DONE', 'slow', 'next', 'last']);
});

test('CX-11 an alarm does not wait until a word that failed is tried again', async () => {
  const h = harness();
  h.channel.failure = new ChannelError('fake: too many requests', {
    code: 'rate_limited',
    retryable: true,
    context: { retryAfterMs: 60_000 },
  });
  await h.give([h.row('word')]);
  await h.until(AT + 10);
  h.channel.failure = null;
  await h.give([h.row('KILL', { priority: 0 })]);
  await h.until(AT + 1_000);
  assert.deepEqual(h.texts(), ['KILL']);
});

test('CX-11 alarms keep their order among themselves, also while one is tried again', async () => {
  const h = harness();
  const { release } = hanging(h);
  await h.give([h.row('slow 1', { priority: 0 }), h.row('word')]);
  await h.until(AT + 10);
  await h.give([h.row('two', { priority: 0 }), h.row('three', { priority: 0 })]);
  await h.until(AT + 20);
  assert.deepEqual(h.texts(), []);
  release();
  await h.until(AT + 30);
  assert.deepEqual(h.texts(), ['slow 1', 'two', 'three', 'word']);
});

test('CX-01 an alarm that takes over a message under way is the one that later words edit', async () => {
  const h = harness();
  const { release } = hanging(h);
  const edit = { editKey: 'safe' };
  await h.give([h.row('slow P2', edit)]);
  await h.until(AT + 10);
  await h.give([h.row('P2 again', edit)]);
  await h.give([h.row('P0', { ...edit, priority: 0 })]);
  await h.until(AT + 20);
  release();
  await h.until(AT + 30);
  await h.give([h.row('P2 later', edit)]);
  await h.until(AT + 40);
  assert.deepEqual(
    h.channel.sent.map((sent) => [sent.card.lines[0], sent.edit]),
    [
      ['P0', null],
      ['slow P2', null],
      ['P2 later', 'm1'],
    ],
  );
});

test('CX-01 a word that an alarm replaces while its attempt is noted is not said after it', async () => {
  let isFirst = true;
  const edit = { editKey: 'safe' };
  const h = harness(null, async () => {
    if (!isFirst) return;
    isFirst = false;
    await h.give([h.row('P0', { ...edit, priority: 0 })]);
    await h.until(AT + 10);
  });
  await h.give([h.row('P2', edit)]);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['P0']);
  assert.deepEqual(await h.store.outbox.due('live', AT + 9_000, 9), []);
});

test('CX-11 a file left under way by a process that died leaves again, exactly as it was', async () => {
  const h = harness();
  const [row] = await h.store.outbox.enqueue([await filed(h, 'chart.txt')]);
  assert.equal(await h.store.outbox.markAttempting(row?.id ?? 0), true);
  assert.equal((await h.store.outbox.settleInterrupted('live')).requeued, 1);
  await h.deliverer.start();
  await h.until(AT + 10);
  assert.deepEqual(contents(h), ['content of chart.txt']);
  await h.deliverer.stop();
});

test('CX-11 a file whose life is over is dropped; one the store cannot give is tried again, one it never had is not', async () => {
  const h = harness();
  await h.give([await filed(h, 'dead.txt', { expiresAt: AT })]);
  let failures = 1;
  const load = h.store.files.load;
  h.store.files.load = async (hash) => {
    failures -= 1;
    if (failures >= 0) throw new StoreError('store: down', { code: 'down', retryable: true });
    return load(hash);
  };
  const lost = await filed(h, 'lost.txt');
  const payload = lost.payload as { file: object };
  await h.give([
    await filed(h, 'kept.txt'),
    { ...lost, payload: { ...payload, file: { ...payload.file, hash: 'no such hash' } } },
    await filed(h, 'last.txt'),
  ]);
  await h.until(AT + 999);
  assert.deepEqual(contents(h), []);
  await h.until(AT + 5_000);
  assert.deepEqual(contents(h), ['content of kept.txt', 'content of last.txt']);
  assert.deepEqual(await h.store.outbox.due('live', AT + 9_000, 9), []);
});

test('CX-11 a failed upload says nothing about whether people can be reached', async () => {
  const seen: boolean[] = [];
  const h = harness(null, undefined, (_name, _chat, isReached) => seen.push(isReached));
  h.channel.failure = new ChannelError('fake: too large', { code: 'status_413', retryable: false });
  await h.give([await filed(h, 'chart.txt')]);
  await h.until(AT + 10);
  assert.deepEqual(seen, []);
  await h.give([h.row('word')]);
  await h.until(AT + 20);
  assert.deepEqual(seen, [false]);
});

test('CX-11 a stop while a delivery fails ends, and the row leaves after the next start', async () => {
  const h = harness();
  let fail: (error: Error) => void = () => undefined;
  h.channel.deliver = () => new Promise((_resolve, reject) => (fail = reject));
  await h.give([h.row('a')]);
  await h.until(AT + 10);
  const stopped = h.deliverer.stop();
  fail(new ChannelError('fake: gone', { code: 'unreachable', retryable: true }));
  await stopped;
  assert.equal((await h.store.outbox.due('live', AT + 60_000, 9)).length, 1);
});

test('CX-11 names of files hold nothing a file system or channel could trip over', () => {
  assert.equal(fileNameOf('../../etc', 'pass wd.png'), 'etc-pass-wd.png');
  assert.equal(fileNameOf('图', '600036.SH', '2026-11-27.png'), '600036.SH-2026-11-27.png');
  assert.equal(fileNameOf('图'), 'file');
  assert.equal(fileNameOf(`${'x'.repeat(200)}.png`).length, 80);
});

test('CX-06 CX-11 a card that waited behind a rate limit is not shown as open once its ticket was answered', async () => {
  let isAnswered = false;
  const isOver = ({ kind }: Message) => isAnswered && kind === 'signal_entry';
  const h = harness(null, undefined, undefined, isOver);
  const open = SAMPLES.signal_entry;
  const rows = await h.store.outbox.enqueue([
    h.row('', { editKey: 't1', payload: { message: open } }),
    h.row('after'),
  ]);
  isAnswered = true;
  h.deliverer.handOver(rows);
  await h.deliverer.idle();
  assert.deepEqual(h.texts(), ['after']);
  assert.deepEqual(await h.store.outbox.due('live', AT, 10), []);
});

test('CX-06 only the open card of a ticket that a desk knows as answered is over', async () => {
  const { signal_entry: card } = SAMPLES;
  const open = { ...card, ticket: { ...card.ticket, state: 'pending' } } as const;
  const knows = (state: 'pending' | 'confirmed' | null) => ({
    state: () => ({
      ...initialState(policyOf()),
      tickets: state === null ? {} : { [card.ticket.id]: { ...card.ticket, state } },
    }),
  });
  assert.equal(isOfferOver(open, [knows('confirmed')]), true);
  assert.equal(isOfferOver(open, [knows('pending')]), false);
  assert.equal(isOfferOver(open, [knows(null)]), false);
  const done = { ...card, ticket: { ...card.ticket, state: 'confirmed' } } as const;
  assert.equal(isOfferOver(done, [knows('confirmed')]), false);
  assert.equal(isOfferOver(SAMPLES.recovered, [knows('confirmed')]), false);
});
