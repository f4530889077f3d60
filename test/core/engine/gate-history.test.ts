import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CALIBRATION_DAYS,
  type GateNote,
  gateHistoryOf,
  gateNoteOf,
} from '#core/engine/gate-history.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import { deskWith } from '../../support/pulse-desk.ts';
import { cnAt, lookTime, pulseMarket, pulseParams } from '../../support/pulse-market.ts';

function note(k: number, passed: boolean, limitUps: boolean | null): GateNote {
  const tradingDay = `2026-${String(1 + Math.floor(k / 28)).padStart(2, '0')}-${String(1 + (k % 28)).padStart(2, '0')}`;
  return {
    tradingDay,
    checkpoint: '10:00',
    passed,
    conditions: { limit_up_count: limitUps },
    kill: { margin: passed ? 'none' : 'l1' },
  };
}

test('SP-02 the note of a checkpoint says of each row whether it held, and null where it was not known', () => {
  const at = cnAt('10:00');
  const whole = decideCheckpoint(pulseMarket(), lookTime('10:00'), deskWith(at), pulseParams());
  assert.deepEqual(gateNoteOf(whole)?.conditions, {
    limit_up_count: true,
    limit_up_down_ratio: true,
    concentration_percentile: true,
    vol_percentile: true,
    index_above_ma20: true,
  });
  const blind = { ...pulseMarket(), snapshot: null };
  const missing = gateNoteOf(
    decideCheckpoint(blind, lookTime('10:00'), deskWith(at), pulseParams()),
  );
  assert.equal(missing?.passed, false);
  assert.equal(missing?.conditions?.['limit_up_count'], null);
  assert.equal(missing?.kill?.['limit_ratio'], null);
});

test('SP-02 the history counts how often each condition held and when the gate last passed', () => {
  const notes = [note(0, true, true), note(1, false, false), note(2, false, null)];
  const history = gateHistoryOf(
    [...notes, { ...note(2, true, true), checkpoint: '14:00' }],
    '10:00',
  );
  assert.equal(history.gate.judged, 3);
  assert.equal(history.gate.held, 1);
  assert.equal(history.gate.lastHeldDaysAgo, 2);
  const [limits, margin] = history.conditions;
  assert.deepEqual([limits?.condition, limits?.judged, limits?.held], ['limit_up_count', 2, 1]);
  assert.deepEqual([margin?.condition, margin?.judged, margin?.held], ['kill_margin', 3, 2]);
});

test('SP-02 only the last 250 days count, and notes of older versions are days without conditions', () => {
  const many = Array.from({ length: CALIBRATION_DAYS + 10 }, (_, k) => note(k, k < 10, true));
  assert.equal(gateHistoryOf(many, '10:00').gate.lastHeldDaysAgo, null);
  assert.equal(gateHistoryOf(many, '10:00').gate.judged, CALIBRATION_DAYS);
  const old = { tradingDay: '2026-01-05', checkpoint: '10:00', passed: true };
  const history = gateHistoryOf([old, note(9, true, true)], '10:00');
  assert.equal(history.gate.held, 2);
  assert.equal(history.conditions[0]?.judged, 1);
});
