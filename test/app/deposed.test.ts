import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import { appDesk } from '#test/support/app-desk.ts';
import { confirm, stop, withTicket } from '#test/support/builders.ts';

async function withOpenTicket() {
  const world = appDesk();
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
