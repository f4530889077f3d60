import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BarColumns } from '#core/market/bar.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import {
  createVwapReclaim,
  judgeDay,
  stepVwapReclaim,
} from '#core/strategies/vwap-reclaim/strategy.ts';
import type { Minute } from '../support/bars.ts';
import { minutesFrom, newYorkSession } from '../support/bars.ts';
import { naiveResults } from '../support/naive-vwap-reclaim.ts';

const session = newYorkSession('2026-06-02');
const context: DayContext = {
  instrument: 'QQQM.US',
  session,
  ma20: 99.9,
  atr20d: 2.4,
  previousClose: 100,
  usualVolume: null,
  usualVolume5m: null,
  meanVolumeSoFar: null,
  blackouts: [],
};

/** A walk around 100 in cents with a drift that changes, so that trends, ranges and setups occur. */
const walk = (most: number) =>
  fc
    .record({
      drift: fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 4, maxLength: 4 }),
      moves: fc.array(
        fc.tuple(
          fc.integer({ min: -12, max: 12 }),
          fc.integer({ min: 0, max: 8 }),
          fc.integer({ min: 0, max: 8 }),
          fc.integer({ min: 0, max: 5000 }),
        ),
        { minLength: 20, maxLength: most, size: 'max' },
      ),
    })
    .map(({ drift, moves }) => {
      let cents = 10_000;
      return moves.map(([move, up, down, volume], n): Minute => {
        const before = cents;
        cents += move + drift[Math.floor((n * 4) / moves.length)]!;
        const high = (Math.max(before, cents) + up) / 100;
        const low = (Math.min(before, cents) - down) / 100;
        return [high, low, cents / 100, volume + (n === 0 ? 1 : 0)];
      });
    });

function evaluateAll(bars: BarColumns): string[] {
  const acc = createVwapReclaim(context, { ...DEFAULT_VWAP_RECLAIM, isShortAllowed: true });
  return Array.from({ length: bars.length }, (_, i) => {
    const result = stepVwapReclaim(acc, bars, i);
    return JSON.stringify([result, evaluationOf(acc, bars, i)]);
  });
}

test('ID-16 changing or removing the future changes no answer of the past', () => {
  fc.assert(
    fc.property(walk(150), walk(150), fc.nat(), (minutes, other, at) => {
      const cut = 1 + (at % minutes.length);
      const past = evaluateAll(minutesFrom(session, minutes.slice(0, cut)));
      const full = evaluateAll(minutesFrom(session, minutes));
      assert.deepEqual(full.slice(0, cut), past);
      // Rows that already stand behind row i in the same columns are not read either.
      const changed = minutesFrom(session, [...minutes.slice(0, cut), ...other]);
      assert.deepEqual(evaluateAll(changed).slice(0, cut), past);
    }),
    { numRuns: 60 },
  );
});

test('ID-01 ID-02 ID-03 the streaming kernel answers as the rules written out over the whole prefix', () => {
  let signals = 0;
  let refused = 0;
  const types = new Set<string>();
  fc.assert(
    fc.property(walk(120), (minutes) => {
      const bars = minutesFrom(session, minutes);
      const naive = naiveResults(bars, context, DEFAULT_VWAP_RECLAIM);
      const acc = createVwapReclaim(context, DEFAULT_VWAP_RECLAIM);
      for (let i = 0; i < bars.length; i += 1) {
        const result = stepVwapReclaim(acc, bars, i);
        const expected = naive[i]!;
        assert.ok(Math.abs(acc.vwap.value - expected.vwap) < 1e-9, `vwap at ${i}`);
        if (i >= 13) assert.ok(Math.abs(acc.atr.value - expected.atr) < 1e-9, `atr at ${i}`);
        const dayType = judgeDay(acc, bars.closedAt[i]!);
        assert.equal(dayType, expected.dayType, `day type at ${i}`);
        assert.equal(result, expected.result, `result at ${i}`);
        if (result === 1) signals += 1;
        if (result === 2) refused += 1;
        types.add(dayType);
      }
    }),
    { numRuns: 150, seed: 20_260_602 },
  );
  assert.ok(signals > 20 && refused > 20, `${signals} signals, ${refused} refused`);
  assert.deepEqual([...types].sort(), ['range', 'trend_down', 'trend_up', 'undecided']);
});
