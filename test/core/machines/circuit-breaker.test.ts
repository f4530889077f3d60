import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BreakerParams, BreakerState } from '#core/machines/circuit-breaker.ts';
import {
  askBreaker,
  breakerFailed,
  breakerHeld,
  breakerReleased,
  breakerSucceeded,
  CLOSED_BREAKER,
} from '#core/machines/circuit-breaker.ts';

const PARAMS: BreakerParams = { failures: 3, openMs: 60_000, maxOpenMs: 240_000, trialMs: 30_000 };
const AT = 1_000_000;

function failedTimes(count: number, at = AT): BreakerState {
  let state: BreakerState = CLOSED_BREAKER;
  for (let i = 0; i < count; i += 1) state = breakerFailed(state, at, 'timeout', PARAMS);
  return state;
}

function trialOf(state: BreakerState, at: number): BreakerState {
  const permit = askBreaker(state, at, PARAMS);
  assert.equal(permit.kind, 'ask');
  return permit.kind === 'ask' ? permit.state : state;
}

test('DH-03 a source that fails below the limit is asked on, and a success forgets the failures', () => {
  const two = failedTimes(2);
  assert.deepEqual(askBreaker(two, AT, PARAMS), { kind: 'ask', state: two });
  const fresh = breakerFailed(breakerSucceeded(), AT, 'timeout', PARAMS);
  assert.deepEqual(fresh, { kind: 'closed', failures: 1 });
});

test('DH-03 the third failure in a row opens the breaker and says until when and why', () => {
  const open = failedTimes(3);
  assert.deepEqual(askBreaker(open, AT + 59_999, PARAMS), {
    kind: 'refuse',
    untilAt: AT + 60_000,
    cause: 'timeout',
  });
});

test('DH-03 after its time one trial goes out and everybody else is refused', () => {
  const trial = trialOf(failedTimes(3), AT + 60_000);
  assert.deepEqual(askBreaker(trial, AT + 60_001, PARAMS), {
    kind: 'refuse',
    untilAt: AT + 90_000,
    cause: 'timeout',
  });
  assert.deepEqual(breakerSucceeded(), CLOSED_BREAKER);
});

test('DH-03 a failed trial opens twice as long each time, up to the longest', () => {
  let state = failedTimes(3);
  let at = AT + 60_000;
  for (const lengthMs of [120_000, 240_000, 240_000]) {
    state = breakerFailed(trialOf(state, at), at, 'http_status', PARAMS);
    assert.deepEqual(askBreaker(state, at + lengthMs - 1, PARAMS), {
      kind: 'refuse',
      untilAt: at + lengthMs,
      cause: 'http_status',
    });
    at += lengthMs;
  }
});

test('DH-03 a trial that never reports is taken for lost and another one begins', () => {
  const trial = trialOf(failedTimes(3), AT + 60_000);
  assert.equal(trialOf(trial, AT + 90_000).kind, 'half_open');
});

test('DH-03 a trial its asker gave up is free for the next one at once', () => {
  const trial = trialOf(failedTimes(3), AT + 60_000);
  assert.equal(trialOf(breakerReleased(trial), AT + 60_000).kind, 'half_open');
  assert.deepEqual(breakerReleased(CLOSED_BREAKER), CLOSED_BREAKER);
});

test('DH-03 a source that names its own waiting time is left alone until then', () => {
  const held = breakerHeld(CLOSED_BREAKER, AT + 5_000, 'rate_limited');
  assert.deepEqual(askBreaker(held, AT + 4_999, PARAMS), {
    kind: 'refuse',
    untilAt: AT + 5_000,
    cause: 'rate_limited',
  });
  assert.equal(breakerHeld(held, AT + 4_000, 'other'), held);
});

test('DH-03 a late failure of a call from before does not lengthen an open breaker', () => {
  const open = failedTimes(3);
  assert.equal(breakerFailed(open, AT + 50_000, 'timeout', PARAMS), open);
});

test('DH-03 whatever happens, an open breaker lets no second caller through before its time', () => {
  const step = fc.constantFrom('ask', 'fail', 'succeed', 'release', 'wait');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let state: BreakerState = CLOSED_BREAKER;
      let at = AT;
      for (const what of steps) {
        at += what === 'wait' ? 20_000 : 1;
        const before = state;
        if (what === 'fail') state = breakerFailed(state, at, 'timeout', PARAMS);
        if (what === 'succeed') state = breakerSucceeded();
        if (what === 'release') state = breakerReleased(state);
        if (what === 'ask') {
          const permit = askBreaker(state, at, PARAMS);
          if (permit.kind === 'ask') state = permit.state;
          if (before.kind === 'open') {
            assert.equal(permit.kind, at < before.untilAt ? 'refuse' : 'ask');
          }
          if (before.kind === 'half_open') {
            assert.equal(permit.kind, at < before.trialAt + PARAMS.trialMs ? 'refuse' : 'ask');
          }
        }
        if (state.kind === 'open') {
          assert.ok(state.untilAt - at <= PARAMS.maxOpenMs);
        }
      }
    }),
  );
});
