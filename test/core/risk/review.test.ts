import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Blackout } from '#core/engine/state.ts';
import { priceAtR, resultInR, riskPerShare } from '#core/risk/r-multiple.ts';
import {
  legsOf,
  openRiskMinor,
  quoteObjections,
  reviewSignal,
  roundTripCostMinor,
} from '#core/risk/review.ts';
import { type SizingFacts, sizeLong } from '#core/risk/sizing.ts';
import { newYorkSession } from '#test/support/bars.ts';
import {
  DAY,
  evaluationOf,
  ny,
  policyOf,
  quoteOf,
  ready,
  signalOf,
  withFirstTarget,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { deskAfter } from '#test/support/engine.ts';

const AT = ny('10:01');
const FACTS: SizingFacts = {
  entryPrice: 100,
  stopPrice: 99,
  capitalMinor: 10_000_000,
  cashMinor: 10_000_000,
  riskPerTradeRatio: 0.005,
  positionCapRatio: 0.2,
  shrinkRatio: 1,
};

test('ID-05 size is the least of risk, position cap and cash, in whole shares', () => {
  const cases: [Partial<SizingFacts>, ReturnType<typeof sizeLong>][] = [
    [{}, { quantity: 200, limitedBy: 'position_cap', riskMinor: 20_000 }],
    [{ stopPrice: 95 }, { quantity: 100, limitedBy: 'risk', riskMinor: 50_000 }],
    [
      { stopPrice: 95, shrinkRatio: 0.5 },
      { quantity: 50, limitedBy: 'risk', riskMinor: 25_000 },
    ],
    [{ cashMinor: 1_234_567 }, { quantity: 123, limitedBy: 'cash', riskMinor: 12_300 }],
    [{ cashMinor: 0 }, { quantity: 0, limitedBy: 'cash', riskMinor: 0 }],
    [{ stopPrice: 100 }, { quantity: 0, limitedBy: 'risk', riskMinor: 0 }],
    [{ stopPrice: 101 }, { quantity: 0, limitedBy: 'risk', riskMinor: 0 }],
  ];
  for (const [change, expected] of cases)
    assert.deepEqual(sizeLong({ ...FACTS, ...change }), expected);
});

test('ID-03 R of prices and of results', () => {
  assert.equal(riskPerShare(100, 99), 1);
  assert.equal(priceAtR(100, 99, 1.5), 101.5);
  assert.equal(resultInR(-15_000, 10_000), -1.5);
  assert.equal(resultInR(5, 0), 0);
});

test('ID-03 the first leg is half rounded down; one share is all at the target', () => {
  assert.deepEqual(legsOf(5, 101, 0.5), [
    { leg: 1, quantity: 2, target: 101 },
    { leg: 2, quantity: 3, target: null },
  ]);
  assert.deepEqual(legsOf(1, 101, 0.5), [{ leg: 1, quantity: 1, target: 101 }]);
  assert.deepEqual(legsOf(3, 101, 0.2), [{ leg: 1, quantity: 3, target: null }]);
});

test('ID-05 the cost of a round trip is commission twice, the spread once, slippage twice', () => {
  const cost = { commissionPerShareMinor: 0.5, commissionMinimumMinor: 35, slippageBps: 1 };
  assert.equal(roundTripCostMinor(policyOf({ cost }), 100, 10, 3), 2 * 35 + 50);
  assert.equal(roundTripCostMinor(policyOf({ cost }), 100, 1_000, 3), 2 * 500 + 5_000);
});

test('ID-05 open risk counts waiting tickets, working entries and positions, not what is locked in', () => {
  const riskOf = (inputs: Parameters<typeof deskAfter>[0]) =>
    openRiskMinor(deskAfter(inputs).state, null);
  assert.equal(riskOf(ready()), 0);
  assert.equal(riskOf(withTicket()), 20_000);
  assert.equal(riskOf(withWorkingEntries()), 20_000);
  assert.equal(riskOf(withPosition()), 20_000);
  assert.equal(riskOf(withFirstTarget()), 0);
  const { state } = deskAfter(withTicket());
  assert.equal(openRiskMinor(state, Object.keys(state.tickets)[0] ?? null), 0);
});

test('ID-05 a stop that the broker did not move keeps its risk, whatever the book wanted', () => {
  const { state } = deskAfter(withPosition());
  const [position] = Object.values(state.positions);
  assert.ok(position !== undefined);
  const moved = { ...position, stop: position.entryPrice };
  const positions = { [position.instrument]: moved };
  assert.equal(openRiskMinor({ ...state, positions }, null), 20_000);
});

test('ID-08 a quote is refused when missing, old, from the future, wide or one-sided', () => {
  const desk = deskAfter(ready());
  const codes = (quote: ReturnType<typeof quoteOf> | null, perShare = 1) =>
    quoteObjections({ ...desk, quote, at: AT }, perShare).map((why) => why.code);
  assert.deepEqual(codes(null), ['quote_missing']);
  assert.deepEqual(codes(quoteOf(AT - 5_001, 99.98, 100)), ['quote_stale']);
  assert.deepEqual(codes(quoteOf(AT + 1, 99.98, 100)), ['quote_stale']);
  assert.deepEqual(codes(quoteOf(AT - 5_000, 99.98, 100)), []);
  assert.deepEqual(codes(quoteOf(AT, 99.9, 100)), ['spread_too_wide']);
  assert.deepEqual(codes(quoteOf(AT, 99.98, 100), 0.1), ['spread_too_wide']);
  assert.deepEqual(codes(quoteOf(AT, 0, 100)), ['spread_too_wide']);
  assert.deepEqual(codes(quoteOf(AT, 100.1, 100)), ['spread_too_wide']);
});

test('ID-05 a signal is judged by every rule and all objections are named', () => {
  const codes = (
    change: Parameters<typeof policyOf>[0],
    signal = signalOf(AT),
    evaluation = evaluationOf(AT),
    blackouts: readonly Blackout[] = [],
  ) => {
    const inputs = ready().map((input) =>
      input.kind === 'session_planned'
        ? { ...input, session: newYorkSession(DAY), blackouts }
        : input,
    );
    const desk = deskAfter(inputs, policyOf(change));
    const review = reviewSignal(
      { ...desk, quote: quoteOf(AT, 99.98, 100), at: AT },
      signal,
      evaluation,
    );
    return review.kind === 'approved'
      ? [`approved ${review.proposal.quantity}`]
      : review.reasons.map((why) => why.code);
  };
  const hour = { fromAt: ny('10:00'), toAt: ny('10:30'), name: 'ISM', wholeDay: false };
  const day = { fromAt: ny('09:30'), toAt: ny('16:00'), name: 'FOMC', wholeDay: true };
  const evaluation = evaluationOf(AT);
  assert.deepEqual(codes({}), ['approved 200']);
  assert.deepEqual(codes({}, signalOf(AT, { side: 'short' })), ['short_not_allowed']);
  assert.deepEqual(codes({}, signalOf(AT, { stop: 100 })), ['stop_touched']);
  assert.deepEqual(codes({ capitalMinor: 10_000 }), ['size_too_small']);
  assert.deepEqual(codes({ risk: { maxCostR: 0.02 } }), ['cost_over_r']);
  assert.deepEqual(codes({ risk: { openRiskLimitR: 0.39 } }), ['open_risk_limit']);
  assert.deepEqual(codes({}, undefined, { ...evaluation, volume5m: 1_499 }), ['volume_too_low']);
  assert.deepEqual(codes({}, undefined, { ...evaluation, usualVolume5m: null }), [
    'warmup_incomplete',
  ]);
  assert.deepEqual(codes({}, undefined, evaluation, [hour]), ['blackout']);
  assert.deepEqual(codes({}, undefined, evaluation, [{ ...hour, toAt: AT }]), ['approved 200']);
  assert.deepEqual(codes({}, undefined, evaluation, [day]), ['event_day']);
  const shrink = { risk: { eventDays: 'shrink' as const } };
  assert.deepEqual(codes(shrink, signalOf(AT, { stop: 95 }), evaluation, [day]), ['approved 50']);
  assert.deepEqual(
    codes({ risk: { maxSpreadBps: 1, maxCostR: 0.01 } }, undefined, { ...evaluation, volume5m: 0 }),
    ['volume_too_low', 'spread_too_wide', 'cost_over_r'],
  );
});
