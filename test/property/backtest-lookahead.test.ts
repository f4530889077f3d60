import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLookahead } from '#app/lookahead-check.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import type { VwapReclaimAcc } from '#core/strategies/vwap-reclaim/strategy.ts';
import { stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import { CALENDAR, COSTLY, QUIET, simulatedSeries } from '../support/backtest-market.ts';
import { policyOf } from '../support/builders.ts';

const INSTRUMENTS: readonly InstrumentId[] = ['QQQM.US', 'AAPL.US'];
const FROM = '2026-03-02';
const TO = '2026-05-29';
const facts = {
  plan: {
    series: simulatedSeries(11, INSTRUMENTS, FROM, TO),
    calendar: CALENDAR,
    ...QUIET,
    from: FROM,
    to: TO,
  },
  params: { ...DEFAULT_VWAP_RECLAIM, isMa20Required: false },
  policy: policyOf({ instruments: INSTRUMENTS }),
  model: COSTLY,
  cuts: 12,
  seed: 1,
};

test('ID-16 a backtest decides the same whatever comes later, in minute and daily bars', () => {
  const finding = checkLookahead(facts);
  assert.equal(finding.leaks, 0, JSON.stringify(finding.first));
  assert.ok(finding.compared > 1_000, `${finding.compared} answers compared`);
});

/** The kernel, with a glance at the bar that comes next. */
function leakyStep(acc: VwapReclaimAcc, bars: BarColumns, i: number): 0 | 1 | 2 {
  const result = stepVwapReclaim(acc, bars, i);
  return i + 1 < bars.length && bars.close[i + 1]! > bars.close[i]! * 1.01 ? 2 : result;
}

test('ID-16 a planted glance at the next bar is found', () => {
  const finding = checkLookahead({ ...facts, step: leakyStep });
  assert.ok(finding.leaks > 0);
  assert.notEqual(finding.first, null);
});
