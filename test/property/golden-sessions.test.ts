import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLookahead } from '#app/lookahead-check.ts';
import type { BarColumns } from '#core/market/bar.ts';
import type { VwapReclaimAcc } from '#core/strategies/vwap-reclaim/strategy.ts';
import { stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import {
  decisionsOn,
  GOLDEN_DAYS,
  GOLDEN_SETUP,
  goldenFacts,
  recordedDecisions,
} from '../support/golden-sessions.ts';

/** Moments of each session at which its future is changed. */
const MOMENTS = 12;
const recorded = recordedDecisions();

test('ID-16 the golden sessions hold signals, tickets and trades on days of every kind', () => {
  assert.deepEqual(
    recorded.map(({ day }) => day),
    Object.keys(GOLDEN_DAYS),
  );
  assert.ok(recorded.reduce((sum, { signals }) => sum + signals, 0) >= 20);
  const all = recorded.flatMap(({ events }) => events).join('\n');
  for (const type of ['ticket_opened', 'ticket_confirmed', 'trade_closed', 'setup_refused'])
    assert.match(all, new RegExp(` ${type}`), type);
});

for (const day of Object.keys(GOLDEN_DAYS)) {
  test(`ID-16 ID-17 the golden session of ${day} is decided as it was recorded`, async () => {
    const expected = recorded.find((one) => one.day === day);
    assert.deepEqual(decisionsOn(day, await goldenFacts(day)), expected);
  });

  test(`ID-16 on the golden session of ${day} what comes later changes no decision`, async () => {
    const plan = await goldenFacts(day);
    const finding = checkLookahead({ ...GOLDEN_SETUP, plan, cuts: MOMENTS, seed: day });
    assert.equal(finding.leaks, 0, JSON.stringify(finding.first));
    assert.ok(finding.compared > 1_000, `${finding.compared} answers compared`);
  });
}

/** The kernel, with a glance at whether the next bar closes higher. */
function leakyStep(acc: VwapReclaimAcc, bars: BarColumns, i: number): 0 | 1 | 2 {
  const result = stepVwapReclaim(acc, bars, i);
  return i + 1 < bars.length && bars.close[i + 1]! > bars.close[i]! ? 2 : result;
}

test('ID-16 a planted glance at the next bar is found on golden sessions', async () => {
  const [day = ''] = Object.keys(GOLDEN_DAYS);
  const plan = await goldenFacts(day);
  const check = { ...GOLDEN_SETUP, plan, cuts: 4 * MOMENTS, seed: day, step: leakyStep };
  assert.ok(checkLookahead(check).leaks > 0);
});
