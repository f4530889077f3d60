import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createCheckpointGuard } from '#app/checkpoint-guard.ts';
import type { Input } from '#core/engine/input.ts';
import { reason } from '#core/gates/reason.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { deskAfter, step } from '../support/engine.ts';
import { cnAt, PULSE_CALENDAR, pulseMarket } from '../support/pulse-market.ts';
import { checkpointInput, PULSE_MORNING, pulsePolicyOf } from '../support/pulse-steps.ts';

const MINUTE = 60_000;
const settle = () => new Promise((resolve) => setImmediate(resolve));

function guarded(startAt: number, inputs: readonly Input[] = PULSE_MORNING) {
  const clock = createVirtualClock({ startAt });
  let desk = deskAfter(inputs, pulsePolicyOf());
  const seen: Input[] = [];
  const submit = async (input: Input) => {
    seen.push(input);
    const done = step(desk, input);
    desk = done.desk;
    return { events: done.events, state: desk.state };
  };
  const troubles: unknown[] = [];
  const guard = createCheckpointGuard({
    desk: { state: () => desk.state, submit },
    clock,
    calendar: PULSE_CALENDAR,
    times: ['10:00', '14:00', '14:45'],
    patienceMs: MINUTE,
    onTrouble: (_place, error) => troubles.push(error),
  });
  const go = async (until: number) => {
    clock.advanceTo(until);
    for (let k = 0; k < 5; k += 1) await settle();
  };
  const missed = () => seen.flatMap((one) => (one.kind === 'checkpoint_missed' ? [one] : []));
  return { guard, go, submit, missed, seen, now: () => desk, troubles };
}

suite('the guard of checkpoints', () => {
  test('SP-12 a checkpoint that nobody judged is said to be missed a minute later', async () => {
    const g = guarded(cnAt('09:30'));
    g.guard.start();
    await g.go(cnAt('10:00') + MINUTE - 1);
    assert.deepEqual(g.missed(), []);
    await g.go(cnAt('10:01'));
    assert.deepEqual(
      g.missed().map(({ checkpoint }) => checkpoint),
      ['10:00'],
    );
    assert.equal(g.now().state.lastVerdict?.kind, 'data_not_ready');
    await g.go(cnAt('14:01'));
    await g.go(cnAt('14:50'));
    assert.equal(g.missed().length, 3);
    assert.deepEqual(g.troubles, []);
  });

  test('SP-12 a checkpoint that was judged is left alone', async () => {
    const g = guarded(cnAt('09:30'));
    g.guard.start();
    await g.submit(checkpointInput(g.now(), pulseMarket(), '10:00'));
    await g.go(cnAt('10:05'));
    assert.deepEqual(g.missed(), []);
  });

  test('SP-12 a job known to have failed is told at the instant itself, with its cause', async () => {
    const g = guarded(cnAt('09:59'));
    g.guard.start();
    g.guard.note('10:00', reason('checkpoint_missed', { cause: 'failed', why: 'thread ended' }));
    await g.go(cnAt('10:00') - 1);
    assert.deepEqual(g.missed(), []);
    await g.go(cnAt('10:00'));
    assert.equal(g.missed()[0]?.reasons[0]?.figures['why'], 'thread ended');
  });

  test('SP-12 a machine that slept over a checkpoint plans the day and says what was missed', async () => {
    const g = guarded(cnAt('13:05'), PULSE_MORNING.slice(0, 2));
    g.guard.start();
    await g.go(cnAt('13:05'));
    assert.deepEqual(
      g.seen.map(({ kind }) => kind),
      ['session_planned', 'checkpoint_missed'],
    );
    assert.equal(g.missed()[0]?.reasons[0]?.figures['lateMs'], 185 * MINUTE);
  });

  test('SP-12 on a day without a session, and after the close, it says nothing', async () => {
    const evening = guarded(cnAt('16:00'));
    evening.guard.start();
    await evening.go(cnAt('20:00'));
    assert.deepEqual(evening.seen, []);
    const sunday = guarded(cnAt('09:00', '2026-11-22'), PULSE_MORNING.slice(0, 2));
    sunday.guard.start();
    await sunday.go(cnAt('15:00', '2026-11-22'));
    assert.deepEqual(sunday.seen, []);
  });
});
