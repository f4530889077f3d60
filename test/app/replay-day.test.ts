import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toStored } from '#app/event-form.ts';
import type { RecordedInput, StoredEvent } from '#app/ports.ts';
import { replayDays } from '#app/replay-day.ts';
import { decide } from '#core/engine/decide.ts';
import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import { EMPTY_VIEW, observe } from '#core/engine/view.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { bars, ny, policyOf, ready } from '../support/builders.ts';

const policy = policyOf();
const dayOf = (at: number) => wallTimeOf(at, policy.zone).day;
const day = dayOf(ny('10:00'));

/** Log and inputs as a desk's process leaves them. */
function recorded(given: readonly Input[]): { events: StoredEvent[]; inputs: RecordedInput[] } {
  const events: StoredEvent[] = [];
  const inputs: RecordedInput[] = [];
  let state = initialState(policy);
  let view = EMPTY_VIEW;
  for (const [n, input] of given.entries()) {
    const ordinal = n + 1;
    const where = { runId: 'live', stream: 'live/desk/us-vwap' };
    inputs.push({
      ...where,
      ...{
        ordinal,
        type: input.kind,
        hash: '',
        receivedAt: input.at,
        data: { input, inboxId: null },
      },
    });
    view = observe(view, input);
    for (const event of decide(state, view, input, policy)) {
      state = evolve(state, event);
      const version = events.length + 1;
      events.push({
        ...where,
        ...toStored(event),
        ...{ seq: version, version, schemaVersion: 1, recordedAt: input.at, occurredAt: input.at },
        ...{ market: 'US', tradingDay: day, correlationId: null },
        ...{ causationId: `${input.kind}:${ordinal}`, configHash: 'c', codeVersion: 'v' },
      });
    }
  }
  return { events, inputs };
}

const LIVED: readonly Input[] = [...ready(), ...bars('10:01', '10:20')];
const log = recorded(LIVED);
const facts = { policy, ...log, dayOf, from: day, to: day };

test('ID-17 a recorded day decided again is the same, byte for byte', () => {
  const [found] = replayDays(facts);
  assert.equal(found?.isIdentical, true, JSON.stringify(found?.first));
  assert.equal(found?.inputs, LIVED.length);
  assert.equal(found?.events, log.events.length);
  assert.ok(log.events.length > 3);
});

test('ID-17 another decision is found and named with what was stored and what is decided', () => {
  const [found] = replayDays({
    ...facts,
    decide: (state, view, input, held) =>
      input.kind === 'session_planned' ? [] : decide(state, view, input, held),
  });
  assert.equal(found?.isIdentical, false);
  assert.equal(found?.first?.input, 'session_planned');
  assert.equal(found?.first?.decided, 'nothing');
  assert.match(found?.first?.stored ?? '', /"type"/);
});

test('ID-17 a changed event, one too many, and inputs that a crash lost are no identical day', () => {
  const [last] = log.events.slice(-1);
  const changed = log.events.map((event) =>
    event === last ? { ...event, data: { ...(event.data as object), at: 0 } } : event,
  );
  assert.ok(replayDays({ ...facts, events: changed })[0]!.different > 0);
  assert.ok(replayDays({ ...facts, events: log.events.slice(0, -1) })[0]!.different > 0);
  const lost = replayDays({ ...facts, inputs: log.inputs.filter(({ ordinal }) => ordinal !== 3) });
  assert.ok((lost[0]?.unrecorded ?? 0) > 0);
  assert.equal(lost[0]?.different, 0);
  assert.equal(lost[0]?.isIdentical, false);
});

test('ID-17 days that are not asked for are walked over and not told', () => {
  assert.deepEqual(replayDays({ ...facts, from: '2000-01-01', to: '2000-01-02' }), []);
});
