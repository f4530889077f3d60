import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import { fromStored } from '#app/event-form.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import { appDesk, memoryJournal } from '#test/support/app-desk.ts';
import { allow, confirm, stop, withTicket } from '#test/support/builders.ts';

async function withOpenTicket(snapshotEvery?: number) {
  const world = appDesk({}, undefined, snapshotEvery);
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  return { ...world, desk };
}

test('ID-09 a deposed desk decides nothing any more, also nothing that lowers risk', async () => {
  const world = await withOpenTicket();
  world.mode.now = 'deposed';
  const before = world.desk.state();
  await assert.rejects(
    world.desk.submit(stop(world.clock.now() + 10)),
    (error) => error instanceof StoreError && error.code === 'deposed',
  );
  assert.deepEqual(world.desk.state(), before);
  assert.deepEqual(world.journal.pending(), [], 'its journal is no way around the epoch');
});

test('ID-09 an entry that was committed and may not leave any more is dropped, not sent', async () => {
  const world = await withOpenTicket();
  const asked: boolean[] = [];
  world.fence.now = {
    mayLeave: async (raisesRisk) => {
      asked.push(raisesRisk);
      return !raisesRisk;
    },
  };
  await world.desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  assert.deepEqual(asked, [true, true]);
  assert.deepEqual(await world.broker.openOrders(), []);
  const rows = await world.store.outbox.ofRun('test');
  const states = rows.filter((row) => row.kind === 'submit_order').map((row) => row.state);
  assert.deepEqual(states, ['dropped', 'dropped']);
});

test('SP-11 a commit whose answer was lost before a crash is in the book once', async () => {
  const world = await withOpenTicket();
  world.mode.now = 'answer_lost';
  await world.desk.submit(stop(world.clock.now() + 10));
  world.mode.now = 'up';
  const again = world.open();
  const { fromJournal } = await again.recover();
  assert.equal(fromJournal, 0);
  assert.deepEqual(again.state(), world.desk.state());
  const stored = await world.store.events.read(again.stream);
  assert.equal(stored.filter((event) => event.type === 'consent_withdrawn').length, 1);
  assert.deepEqual(world.journal.pending(), []);
});

test('ID-09 a cancel that left from a step whose commit lost its answer leaves once over a crash', async () => {
  const world = await withOpenTicket();
  await world.desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  world.mode.now = 'answer_lost';
  await world.desk.submit(stop(world.clock.now() + 10));
  world.mode.now = 'up';
  await world.open().recover();
  const rows = await world.store.outbox.ofRun('test');
  const cancels = rows.filter((row) => row.kind === 'cancel_order').map((row) => row.state);
  assert.deepEqual(cancels, ['dropped', 'dropped']);
});

test('ID-09 steps of an outage that another process has overtaken are put aside and reported', async () => {
  const world = await withOpenTicket();
  world.mode.now = 'stopped';
  await world.desk.submit(stop(world.clock.now() + 10));
  world.mode.now = 'up';
  // meanwhile another process led, and decided something else on the same version
  const other = world.open();
  const left = world.journal.pending();
  const kept = [...left];
  world.journal.markLoaded(left.map((entry) => entry.id));
  await other.recover();
  await other.submit({
    kind: 'doubt_noticed',
    at: world.clock.now() + 20,
    cause: 'operator',
    subject: 'other process',
    figures: {},
  });
  for (const entry of kept) world.journal.append(entry);
  const again = world.open();
  const { fromJournal } = await again.recover();
  assert.equal(fromJournal, 0);
  assert.deepEqual(again.state(), other.state());
  assert.deepEqual(world.journal.pending(), []);
  assert.ok(world.troubles.includes('journal'));
});

test('ID-09 SP-11 no snapshot holds what the journal alone knows: another machine takes over and decides', async () => {
  const world = await withOpenTicket(1);
  const { clock, mode, desk, store } = world;
  await world.settle(100);
  mode.now = 'stopped';
  await desk.submit(stop(clock.now() + 10));
  mode.now = 'up';
  await world.settle(100);
  assert.equal(world.journal.pending().length, 1);
  const snapshot = await store.snapshots.latest(desk.stream);
  const { length } = await store.events.read(desk.stream);
  assert.equal(snapshot?.version, length, 'and what is stored is in one');
  const second = world.open(memoryJournal());
  await second.recover();
  await second.submit(stop(clock.now() + 20));
  assert.equal(second.version(), (await store.events.read(second.stream)).length);
});

test('SP-11 once the journal is stored, its steps are in the next snapshot', async () => {
  const world = await withOpenTicket(1);
  world.mode.now = 'stopped';
  await world.desk.submit(stop(world.clock.now() + 10));
  world.mode.now = 'up';
  await world.desk.submit(allow(world.clock.now() + 20));
  await world.settle(100);
  const snapshot = await world.store.snapshots.latest(world.desk.stream);
  assert.equal(snapshot?.version, world.desk.version());
  assert.deepEqual(snapshot?.state, world.desk.state());
});

test('ID-09 a snapshot ahead of the log is removed with one line, and the desk starts from the log', async () => {
  const world = await withOpenTicket(20);
  const { clock, mode, desk, store } = world;
  await world.settle(100);
  const stored = await store.events.read(desk.stream);
  mode.now = 'stopped';
  await desk.submit(stop(clock.now() + 10));
  mode.now = 'up';
  // as an earlier release saved it, with the step that the journal of this machine alone holds
  await store.snapshots.save(desk.stream, desk.version(), desk.state());
  const another = world.open(memoryJournal());
  await another.recover();
  assert.equal(world.troubles.filter((place) => place === 'snapshot').length, 1);
  assert.equal(another.version(), stored.length);
  assert.deepEqual(another.state(), evolveAll(initialState(world.policy), stored.map(fromStored)));
  await another.submit(stop(clock.now() + 20));
  assert.equal(another.state().consent.kind, 'stopped');
  assert.equal(another.version(), (await store.events.read(desk.stream)).length);
  const later = world.open(memoryJournal());
  await later.recover();
  assert.deepEqual(later.state(), another.state());
});
