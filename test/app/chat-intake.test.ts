import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIntake } from '#app/chat-intake.ts';
import { StoreError } from '#app/errors.ts';
import type { Inbox } from '#app/ports.ts';
import { withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';

const down = new StoreError('store: connection refused', { code: 'down', retryable: true });
const turn = () => new Promise((resolve) => setImmediate(resolve));

async function brokenStore() {
  const h = await chatHarness(withTicket());
  let isDown = true;
  const inbox: Inbox = {
    ...h.store.inbox,
    receive: async (rows) => (isDown ? Promise.reject(down) : h.store.inbox.receive(rows)),
    pending: async (...which) => (isDown ? Promise.reject(down) : h.store.inbox.pending(...which)),
  };
  const intake = createIntake({
    runId: 'live',
    clock: h.clock,
    access: h.access,
    desks: () => [h.desk],
    inbox,
    speaker: {
      notice: (notice) => ({ lines: [notice.kind], buttons: [] }),
      answer: () => ({ lines: [], buttons: [] }),
      message: () => ({ lines: [], buttons: [] }),
    },
    channel: () => h.channel,
    handle: h.handle,
    onFailure: () => undefined,
  });
  h.asked.intake = intake;
  return {
    h,
    intake,
    repair: () => {
      isDown = false;
    },
  };
}

test('CX-07 a kill acts before anything is stored, synchronously', async () => {
  const h = await chatHarness(withTicket());
  const received = h.intake.receive([h.incoming('/kill')]);
  assert.equal(h.desk.kills.length, 1);
  await received;
});

test('CX-07 AL-02 a kill of one desk says its name; a name nobody bears means everything', async () => {
  const h = await chatHarness(withTicket());
  for (const text of ['/kill US-VWAP', '/kill paper-us', '/kill us-vwp', '/kill'])
    await h.intake.receive([h.incoming(text)]);
  assert.deepEqual(
    h.desk.kills.map(({ scope }) => scope),
    ['us-vwap', 'paper-us', 'all', 'all'],
  );
});

test('CX-07 a kill acts while another handler of the same chat hangs', async () => {
  const h = await chatHarness(withTicket());
  let release = () => {};
  const hangs = new Promise<void>((resolve) => {
    release = resolve;
  });
  const intake = createIntake({
    runId: 'live',
    clock: h.clock,
    access: h.access,
    desks: () => [h.desk],
    inbox: h.store.inbox,
    speaker: {
      notice: () => ({ lines: [], buttons: [] }),
      answer: () => ({ lines: [], buttons: [] }),
      message: () => ({ lines: [], buttons: [] }),
    },
    channel: () => h.channel,
    handle: () => hangs,
    onFailure: () => undefined,
  });
  await intake.receive([h.incoming('/status')]);
  await intake.receive([h.incoming('急停')]);
  assert.equal(h.desk.kills.length, 1);
  release();
  await intake.idle();
});

test('CX-07 with the store down a kill acts once, the person is told once, and the row is recorded later', async () => {
  const { h, intake, repair } = await brokenStore();
  const row = h.incoming('kill');
  await assert.rejects(intake.receive([row]), StoreError);
  await turn();
  await assert.rejects(intake.receive([row]), StoreError);
  await turn();
  assert.equal(h.desk.kills.length, 1);
  assert.deepEqual(
    h.channel.sent.map((message) => message.card.lines),
    [['acted_without_store']],
  );
  repair();
  await intake.receive([row]);
  await intake.idle();
  assert.equal(h.desk.kills.length, 1);
  assert.deepEqual(await h.store.inbox.pending('live', 10), []);
});

test('with the store down nothing else acts and the channel keeps the rows', async () => {
  const { h, intake } = await brokenStore();
  await assert.rejects(intake.receive([h.incoming('/skip')]), StoreError);
  assert.equal(h.desk.inputs.length, 0);
  assert.equal(h.channel.sent.length, 0);
});

test('a kill recorded by another process acts when it is drained', async () => {
  const h = await chatHarness(withTicket());
  const incoming = h.incoming('/kill');
  await h.store.inbox.receive([
    {
      runId: 'live',
      channel: 'fake',
      updateId: 'x',
      body: { incoming, acted: null },
      receivedAt: 1,
    },
  ]);
  await h.intake.drainPending();
  await h.intake.idle();
  assert.equal(h.desk.kills.length, 1);
});

test('CX-06 what another process handed in while the store failed is read once it answers', async () => {
  const { h, intake, repair } = await brokenStore();
  const stop = await intake.follow();
  const body = { incoming: h.incoming('/kill'), acted: null };
  const row = { runId: 'live', channel: 'fake', updateId: 'x', body, receivedAt: 1 };
  await h.store.inbox.receive([row]);
  await turn();
  h.clock.runNext();
  await turn();
  assert.equal(h.desk.kills.length, 0);
  repair();
  h.clock.runNext();
  await turn();
  assert.equal(h.desk.kills.length, 1);
  await intake.idle();
  assert.equal(h.clock.nextDue(), null, 'it looks no more');
  await stop();
});

test('CX-06 a STOP whose process ended before it was decided is decided by the next one', async () => {
  const h = await chatHarness(withTicket());
  const body = { incoming: h.incoming('STOP'), acted: 'stop' };
  const row = { runId: 'live', channel: 'fake', updateId: 'x', body, receivedAt: 1 };
  await h.store.inbox.receive([row]);
  await h.intake.drainPending();
  await h.intake.idle();
  assert.equal(h.desk.stops.length, 1);
  assert.deepEqual(await h.store.inbox.pending('live', 10), []);
});

test('CX-06 the row of a STOP is done only once the STOP is decided', async () => {
  const h = await chatHarness(withTicket());
  let decide: () => void = () => undefined;
  h.desk.decided = new Promise<void>((resolve) => {
    decide = resolve;
  });
  await h.intake.receive([h.incoming('STOP')]);
  for (let i = 0; i < 20; i += 1) await turn();
  assert.equal((await h.store.inbox.pending('live', 10)).length, 1);
  decide();
  await h.intake.idle();
  assert.deepEqual(await h.store.inbox.pending('live', 10), []);
  assert.equal(h.desk.stops.length, 1);
});

test('CX-09 a stranger, a viewer and a hidden sender do not reach the immediate lane', async () => {
  const h = await chatHarness(withTicket());
  await h.intake.receive([
    h.incoming('/kill', { userId: '99' }),
    h.incoming('/kill', { userId: '3' }),
    h.incoming('/kill', { userId: null }),
  ]);
  await h.intake.idle();
  assert.equal(h.desk.kills.length, 0);
});

test('messages of one chat are handled in their order', async () => {
  const h = await chatHarness(withTicket());
  await h.intake.receive(['/ping', '/whoami', '/health', '/jobs'].map((text) => h.incoming(text)));
  await h.intake.idle();
  await h.deliverer.idle();
  const heads = h.channel.sent.map((message) => message.card.lines[0]!.slice(0, 4));
  assert.deepEqual(heads, ['pong', 'Li ·', '✓ da', 'No j']);
});

/** An intake whose handler counts, over a store that answers one kind of question late. */
async function slowStore(slow: 'receive' | 'pending') {
  const h = await chatHarness(withTicket());
  let answer = () => {};
  const answers = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let isHeld = true;
  const late = async <T>(done: Promise<T>): Promise<T> => {
    const found = await done;
    if (isHeld) await answers;
    return found;
  };
  const handled: string[] = [];
  const { inbox } = h.store;
  const intake = createIntake({
    runId: 'live',
    clock: h.clock,
    access: h.access,
    desks: () => [h.desk],
    inbox: {
      ...inbox,
      receive: (rows) => (slow === 'receive' ? late(inbox.receive(rows)) : inbox.receive(rows)),
      pending: (...which) =>
        slow === 'pending' ? late(inbox.pending(...which)) : inbox.pending(...which),
    },
    speaker: {
      notice: () => ({ lines: [], buttons: [] }),
      answer: () => ({ lines: [], buttons: [] }),
      message: () => ({ lines: [], buttons: [] }),
    },
    channel: () => h.channel,
    async handle(row) {
      handled.push(row.updateId);
      await turn();
      await inbox.markDone(row.id, { kind: 'counted' });
    },
    onFailure: () => undefined,
  });
  return {
    h,
    intake,
    handled,
    answer() {
      isHeld = false;
      answer();
    },
  };
}

test('CX-10 a row that was read and handled before the answer to its commit came is not handled again', async () => {
  const { h, intake, handled, answer } = await slowStore('receive');
  const stop = await intake.follow();
  const received = intake.receive([h.incoming('/yes nonce1')]);
  for (let i = 0; i < 20; i += 1) await turn();
  assert.deepEqual(handled, ['u1']);
  answer();
  await received;
  await intake.idle();
  assert.deepEqual(handled, ['u1']);
  await stop();
});

test('CX-10 a row that was handled while a look for rows had not been answered is not handled again', async () => {
  const { h, intake, handled, answer } = await slowStore('pending');
  await intake.receive([h.incoming('/yes nonce1')]);
  const look = intake.drainPending();
  await intake.idle();
  assert.deepEqual(handled, ['u1']);
  answer();
  await look;
  await intake.idle();
  assert.deepEqual(handled, ['u1']);
});
