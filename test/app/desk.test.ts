import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import { fromStored } from '#app/event-form.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import { appDesk } from '#test/support/app-desk.ts';
import {
  confirm,
  exit,
  kill,
  OWNER,
  quoteOf,
  reconciled,
  resume,
  stop,
  withTicket,
} from '#test/support/builders.ts';

async function withOpenTicket() {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  return { ...world, desk };
}

async function withEntriesAtBroker() {
  const world = await withOpenTicket();
  await world.desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  return world;
}

const entryOrders = async (world: Awaited<ReturnType<typeof withOpenTicket>>) =>
  (await world.broker.openOrders()).filter((order) => order.request.orderId.includes('.entry-'));

test('CX-05 the same ticket confirmed fifty times at once from two channels is one order a leg', async () => {
  const world = await withOpenTicket();
  const at = world.clock.now() + 1_000;
  const answers = Array.from({ length: 50 }, (_, n) => {
    const input = confirm(at) as Extract<Input, { kind: 'operator_acted' }>;
    const channel = n % 2 === 0 ? 'telegram' : 'terminal';
    return world.desk.submit({ ...input, actor: { ...OWNER, channel, id: `${channel}:1` } });
  });
  await Promise.all(answers);
  await world.settle(100);
  const stored = await world.store.events.read(world.desk.stream);
  assert.equal(stored.filter((event) => event.type === 'ticket_confirmed').length, 1);
  assert.equal(stored.filter((event) => event.type === 'act_refused').length, 49);
  const entries = await entryOrders(world);
  assert.deepEqual(
    entries.map((order) => order.request.orderId.split('.').at(-1)),
    ['entry-1', 'entry-2'],
  );
});

test('CX-07 a kill with the store down cancels at once, is journaled, and is loaded at recovery', async () => {
  const world = await withEntriesAtBroker();
  assert.equal((await entryOrders(world)).length, 2);
  world.mode.now = 'stopped';
  const receipt = world.desk.killNow(OWNER, 'all', world.clock.now());
  assert.equal(receipt.canceledOrderIds.length, 2);
  assert.equal((await entryOrders(world)).length, 0, 'canceled before anything was stored');
  assert.equal(world.killFile.read(), 'present');
  await world.settle(200);
  assert.equal(world.desk.state().kill.kind, 'halted');
  assert.ok(world.journal.pending().length > 0);
  assert.ok(world.chat.some((row) => row.kind === 'kill_stage1' && row.id === 0));
  world.mode.now = 'up';
  const again = world.open();
  const { fromJournal } = await again.recover();
  assert.ok(fromJournal > 0);
  assert.deepEqual(world.journal.pending(), []);
  assert.deepEqual(again.state(), world.desk.state());
});

test('CX-05 with the store down no ticket is confirmed and no entry leaves', async () => {
  const world = await withOpenTicket();
  world.mode.now = 'stopped';
  await assert.rejects(world.desk.submit(confirm(world.clock.now() + 1_000)));
  await world.settle(100);
  assert.equal((await entryOrders(world)).length, 0);
  assert.deepEqual(world.journal.pending(), []);
});

test('SP-11 steps of an outage are appended in order before the next one', async () => {
  const world = await withEntriesAtBroker();
  world.mode.now = 'stopped';
  await world.desk.submit(stop(world.clock.now() + 10));
  await world.settle(100);
  await world.desk.submit(kill(world.clock.now() + 10));
  await world.settle(100);
  world.mode.now = 'up';
  await world.desk.submit(kill(world.clock.now() + 10));
  await world.desk.submit({
    kind: 'kill_file_seen',
    at: world.clock.now() + 20,
    isPresent: true,
    by: 'test',
  });
  await world.settle(100);
  const stored = await world.store.events.read(world.desk.stream);
  const order = stored
    .map((event) => event.type)
    .filter((type) => type === 'consent_withdrawn' || type === 'kill_engaged');
  assert.deepEqual(order, ['consent_withdrawn', 'kill_engaged']);
  assert.deepEqual(
    stored.map((event) => event.version),
    stored.map((_, i) => i + 1),
  );
  assert.deepEqual(world.journal.pending(), []);
});

test('SP-11 a commit whose answer was lost is met, not written twice', async () => {
  const world = await withEntriesAtBroker();
  world.mode.now = 'answer_lost';
  await world.desk.submit(stop(world.clock.now() + 10));
  world.mode.now = 'up';
  await world.desk.submit(kill(world.clock.now() + 20));
  await world.settle(100);
  const stored = await world.store.events.read(world.desk.stream);
  assert.equal(stored.filter((event) => event.type === 'consent_withdrawn').length, 1);
  assert.deepEqual(world.journal.pending(), []);
});

test('CX-05 SP-11 a yes whose commit lost its answer counts once and is answered as it was', async () => {
  const world = await withOpenTicket();
  const input = confirm(world.clock.now() + 1_000);
  const heard: string[] = [];
  world.desk.onEvents((events) => heard.push(...events.map(({ type }) => type)));
  world.mode.now = 'answer_lost';
  await assert.rejects(world.desk.submit(input, { row: 7 }));
  world.mode.now = 'up';
  await world.desk.submit({ kind: 'time_passed', at: input.at + 50 });
  const { events } = await world.desk.submit({ ...input, at: input.at + 100 }, { row: 7 });
  assert.ok(events.some(({ type }) => type === 'ticket_confirmed'));
  assert.equal(heard.filter((type) => type === 'ticket_confirmed').length, 1);
  const again = await world.desk.submit({ ...input, at: input.at + 200 }, { row: 7 });
  assert.deepEqual(again.events, events);
  const refused = await world.desk.submit({ ...input, at: input.at + 300 }, { row: 8 });
  assert.deepEqual(
    refused.events.map(({ type }) => type),
    ['act_refused'],
  );
  const stored = await world.store.events.read(world.desk.stream);
  assert.equal(stored.filter((event) => event.type === 'ticket_confirmed').length, 1);
  assert.deepEqual(
    world.desk.state(),
    evolveAll(initialState(world.desk.policy), stored.map(fromStored)),
  );
});

test('SP-11 a yes that the store did not take is decided when it is drained again', async () => {
  const world = await withOpenTicket();
  const input = confirm(world.clock.now() + 1_000);
  world.mode.now = 'stopped';
  await assert.rejects(world.desk.submit(input, { row: 7 }));
  world.mode.now = 'up';
  const { events } = await world.desk.submit({ ...input, at: input.at + 100 }, { row: 7 });
  assert.ok(events.some(({ type }) => type === 'ticket_confirmed'));
});

test('CX-07 an entry committed before a kill and not yet sent never leaves', async () => {
  const world = await withOpenTicket();
  const confirming = world.desk.submit(confirm(world.clock.now() + 1_000));
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await confirming.catch(() => {});
  await world.settle(500);
  assert.equal((await entryOrders(world)).length, 0);
  assert.equal((await world.broker.positions()).length, 0);
  for (const order of Object.values(world.desk.state().orders)) {
    if (order.role === 'entry') assert.equal(order.state, 'canceled');
  }
});

test('CX-06 after STOP was decided a new ALLOW lets entries through again', async () => {
  const world = await withEntriesAtBroker();
  world.desk.stopNow(OWNER, null, world.clock.now());
  await world.settle(100);
  assert.equal(world.desk.areEntriesBlocked(), false);
  assert.equal(world.desk.state().consent.kind, 'stopped');
});

/** A position whose exit was decided while the store took commits and lost the answers. */
async function withExitInDoubt() {
  const world = await withEntriesAtBroker();
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  assert.equal((await world.broker.positions()).length, 1);
  const { append } = world.store.events;
  let isLost = false;
  world.store.events.append = async (batch) => {
    const answer = await append(batch);
    if (isLost || !batch.outbox.some((row) => row.kind === 'submit_order')) return answer;
    isLost = true;
    throw new StoreError('test: no answer', { code: 'down', retryable: true });
  };
  const sent: string[] = [];
  const { submit } = world.broker;
  world.broker.submit = (order) => {
    sent.push(order.orderId.split('.').at(-1) ?? '');
    return submit(order);
  };
  await world.desk.submit(exit(world.clock.now()));
  await world.settle(7);
  assert.deepEqual(sent, ['exit-1']);
  assert.ok(isLost);
  return { ...world, sent };
}

test('SP-11 an exit whose commit lost its answer leaves once, whoever sweeps the store', async () => {
  const world = await withExitInDoubt();
  await world.sweep();
  await world.desk.submit(stop(world.clock.now()));
  await world.sweep();
  assert.deepEqual(world.sent, ['exit-1']);
  assert.deepEqual(world.journal.pending(), []);
});

test('SP-11 the next process does not send again what left from the journal', async () => {
  const world = await withExitInDoubt();
  const again = world.open();
  await again.recover();
  await world.sweep();
  assert.deepEqual(world.sent, ['exit-1']);
});

test('SP-11 CX-07 what the journal alone holds is not said to be stored: another machine would not see it', async () => {
  const world = await withEntriesAtBroker();
  world.mode.now = 'stopped';
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(100);
  assert.equal(world.desk.state().kill.kind, 'halted');
  await assert.rejects(world.desk.stored(), StoreError);
  world.mode.now = 'up';
  await world.desk.stored();
  const stored = await world.store.events.read(world.desk.stream);
  assert.ok(stored.some(({ type }) => type === 'kill_engaged'));
});

test('SP-11 what was said with the store down and not delivered is stored for the next process', async () => {
  const world = await withEntriesAtBroker();
  world.mode.now = 'stopped';
  world.desk.killNow(OWNER, 'all', world.clock.now());
  await world.settle(100);
  const said = world.chat.filter((row) => row.id === 0).map((row) => row.dedupeKey);
  assert.ok(said.length > 0);
  world.mode.now = 'up';
  await world.open().recover();
  const due = await world.store.outbox.due('test', world.clock.now(), 100);
  assert.deepEqual(
    said.filter((key) => !due.some((row) => row.dedupeKey === key)),
    [],
  );
});

test('CX-10 the row of an act that is kept in the journal is done with it, in this process or the next', async () => {
  for (const isSame of [true, false]) {
    const world = await withEntriesAtBroker();
    const { inbox } = world.store;
    const said = { runId: 'test', channel: 'telegram', updateId: 'u1', body: {}, receivedAt: 1 };
    const [row] = await inbox.receive([said]);
    assert.ok(row !== undefined);
    world.mode.now = 'stopped';
    const inboxDone = { id: row.id, result: { kind: 'submitted' } };
    await world.desk.submit(exit(world.clock.now() + 10), { inboxDone });
    assert.equal((await inbox.pending('test', 10)).length, 1);
    world.mode.now = 'up';
    await (isSame ? world.desk.stored() : world.open().recover());
    assert.deepEqual(await inbox.pending('test', 10), []);
  }
});

test('SP-11 CX-07 a kill that comes while the desk recovers waits until its state is whole', async () => {
  const world = await withEntriesAtBroker();
  const { read } = world.store.events;
  world.store.events.read = async (stream, afterVersion) => {
    const events = await read(stream, afterVersion);
    await new Promise((resolve) => setImmediate(resolve));
    return events;
  };
  const again = world.open();
  const recovering = again.recover();
  again.killNow(OWNER, 'all', world.clock.now());
  await recovering;
  await world.settle(500);
  const stored = await world.store.events.read(again.stream);
  const fold = evolveAll(initialState(world.policy), stored.map(fromStored));
  assert.deepEqual(again.state(), fold);
  assert.equal(again.state().kill.kind, 'halted');
  assert.equal((await entryOrders(world)).length, 0, 'the entries it found were canceled');
});

test('CX-07 CX-10 a kill that its channel gives again to the next process, after a resume, is not heard twice', async () => {
  const world = await withEntriesAtBroker();
  const key = 'telegram:77';
  await world.desk.killNow(OWNER, 'all', world.clock.now(), key).decided;
  await world.settle(200);
  const again = world.open();
  await again.recover();
  const cashMinor = again.state().cashMinor;
  await again.submit(reconciled(world.clock.now(), cashMinor));
  await again.submit(resume(world.clock.now()));
  assert.equal(again.state().kill.kind, 'clear');
  const receipt = again.killNow(OWNER, 'all', world.clock.now(), key);
  await receipt.decided;
  assert.equal(again.state().kill.kind, 'clear');
  assert.equal(world.killFile.read(), 'absent');
  await again.killNow(OWNER, 'all', world.clock.now(), 'telegram:78').decided;
  assert.equal(again.state().kill.kind, 'halted');
});

test('SP-11 start is recovery: the fold of the log is the state, a snapshot and its tail too', async () => {
  const world = await withEntriesAtBroker();
  await world.settle(1_000);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  const again = world.open();
  await again.recover();
  assert.deepEqual(again.state(), world.desk.state());
  assert.ok(Object.keys(again.state().positions).length > 0);
  const third = world.open();
  await third.recover();
  await world.store.snapshots.save(third.stream, third.version(), third.state());
  const fourth = world.open();
  await fourth.recover();
  assert.deepEqual(fourth.state(), third.state());
});
