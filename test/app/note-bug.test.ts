import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk } from '#app/desk.ts';
import type { Decide } from '#app/desk-deps.ts';
import { StoreError } from '#app/errors.ts';
import { noteBug } from '#app/note-bug.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import { decide } from '#core/engine/decide.ts';
import { InvariantError } from '#core/lib/assert.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { memoryJournal, memoryKillFile } from '#test/support/app-desk.ts';
import { ny, policyOf } from '#test/support/builders.ts';

/** More than any desk asks about one input and the doubt it raises. */
const MOST_STEPS = 50;

/** A desk whose bugs are noted as on the clock; `decides` is what its `decide` does. */
function openDesk(decides: Decide) {
  const clock = createVirtualClock({ startAt: ny('09:00') });
  const activity = createActivity();
  const store = createMemoryStore(() => clock.now());
  const policy = policyOf();
  const { accountId, capitalMinor: cashMinor } = policy;
  const broker = createPaperBroker({
    accountId,
    environment: 'paper',
    clock,
    cashMinor,
    latencyMs: 5,
    feesModel: usFeeModel('alpaca'),
    seed: 1,
    matchBy: 'ticks',
  });
  const notes: string[] = [];
  const note = (place: string) => void notes.push(place);
  const desk: Desk = new Desk({
    policy,
    runId: 'test',
    configHash: 'test',
    codeVersion: 'test',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    killFile: memoryKillFile(),
    broker,
    activity,
    targets: () => [],
    fetchQuote: async () => null,
    handOver: () => undefined,
    decide: decides,
    onTrouble(place, error) {
      note(place);
      noteBug(desk, clock.now(), place, error, note);
    },
    stopwatch: () => 0,
  });
  return { desk, activity, notes, now: () => clock.now() };
}

test('ID-07 a bug that every step meets is noted once and not raised again by its own doubt', async () => {
  let steps = 0;
  const { desk, activity, notes, now } = openDesk(() => {
    steps += 1;
    // ends the test where the doubt would be raised for ever
    if (steps > MOST_STEPS) return [];
    throw new InvariantError('a bug of every step');
  });
  desk.post({ kind: 'time_passed', at: now() });
  await activity.settled();
  assert.equal(steps, 2);
  assert.deepEqual(notes, ['input time_passed', 'doubt of input time_passed']);
});

test('ID-07 a bug of one step stops the entries, and a failure of the world does not', async () => {
  const failing: { error: Error } = {
    error: new StoreError('down', { code: 'down', retryable: true }),
  };
  const { desk, activity, now } = openDesk((...asked) => {
    if (asked[2].kind === 'time_passed') throw failing.error;
    return decide(...asked);
  });
  desk.post({ kind: 'time_passed', at: now() });
  await activity.settled();
  assert.deepEqual(desk.state().safeMode, []);
  failing.error = new InvariantError('a bug');
  desk.post({ kind: 'time_passed', at: now() });
  await activity.settled();
  assert.deepEqual(
    desk.state().safeMode.map(({ cause, subject }) => [cause, subject]),
    [['internal_error', 'input time_passed']],
  );
});
