import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DayFeatures } from '#core/regimes/day-features.ts';
import {
  createDayFeatures,
  crossesWithin,
  DEFAULT_REGIME,
  regimeEvidenceOf,
  stepDayFeatures,
} from '#core/regimes/day-features.ts';
import { regimeCloseOf } from '#core/regimes/day-label.ts';
import { dayTypeOf } from '#core/regimes/day-regime.ts';
import type { Minute } from '../../support/bars.ts';
import { minutesFrom, newYorkSession } from '../../support/bars.ts';

const session = newYorkSession('2026-06-01');
const { openAt, closeAt } = session;
const minute = (n: number) => openAt + n * 60_000;

function features(atr20d: number | null = 10): DayFeatures {
  return createDayFeatures({ openAt, closeAt, atr20d, meanVolumeSoFar: null }, DEFAULT_REGIME);
}

/** Features after minutes that close at `closes`, VWAP held at 100 and the band at 1. */
function after(closes: readonly number[], atr20d: number | null = 10): DayFeatures {
  const minutes = closes.map((close): Minute => [close, close, close, 100]);
  const bars = minutesFrom(session, minutes);
  const acc = features(atr20d);
  for (let i = 0; i < bars.length; i += 1) stepDayFeatures(acc, bars, i, 100, 1);
  return acc;
}

function repeat(close: number, count: number): number[] {
  return new Array(count).fill(close);
}

test('ID-02 a close within a quarter band keeps the last side of VWAP', () => {
  const acc = after([101, 100.2, 99.9, 99.75, 101, 99, 101]);
  // 99.75 lies on the edge of the dead zone: not beyond it. Only 101 → 99 → 101 crosses.
  assert.equal(crossesWithin(acc, minute(7)), 2);
});

test('ID-02 a cross counts for sixty minutes', () => {
  const acc = after([101, 99, ...repeat(99, 70)]);
  // The cross closed at minute 2.
  assert.equal(crossesWithin(acc, minute(61)), 1);
  assert.equal(crossesWithin(acc, minute(62)), 0);
});

test('ID-02 more crosses than the ring holds are still counted within the window', () => {
  const acc = after(Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 101 : 99)));
  assert.equal(crossesWithin(acc, minute(200)), 60);
});

test('ID-02 time above VWAP counts bars from 9:35 on', () => {
  const acc = after([99, 99, 99, 99, 99, 101, 101, 101, 99]);
  assert.equal(regimeEvidenceOf(acc, minute(9), null).pctTimeAboveVwap, 0.75);
  assert.equal(regimeEvidenceOf(after([99]), minute(1), null).pctTimeAboveVwap, null);
});

test('ID-02 a break of the opening range counts once per way out', () => {
  // OR15 is 99 … 101.
  const opening = [99, 101, ...repeat(100, 13)];
  const acc = after([...opening, 102, 103, 100, 98, 100, 102, 98]);
  assert.equal(acc.breaksUp, 2);
  assert.equal(acc.breaksDown, 1);
  // From above straight to below: the break upward is over and none downward has begun.
  assert.equal(regimeEvidenceOf(acc, minute(22), null).orBreakHeld, 'none');
  assert.equal(regimeEvidenceOf(after([...opening, 102]), minute(16), null).orBreakHeld, 'up');
  assert.equal(
    regimeEvidenceOf(after([...opening, 102, 101]), minute(17), null).orBreakHeld,
    'none',
  );
  assert.equal(regimeEvidenceOf(after([...opening, 98, 97]), minute(17), null).orBreakHeld, 'down');
});

test('ID-02 evidence in units of ATR, unknown without it', () => {
  const closes = [98, 103, ...repeat(100, 28)];
  const known = regimeEvidenceOf(after(closes), minute(30), null);
  assert.equal(known.orWidth, 5);
  assert.equal(known.orWidthAtr, 0.5);
  assert.equal(known.rangeAtr, 0.5);
  assert.ok(Math.abs(known.rangeAtrNeeded - 0.6 * Math.sqrt(30 / 390)) < 1e-12);
  const unknown = regimeEvidenceOf(after(closes, null), minute(30), 'fomc');
  assert.deepEqual([unknown.orWidthAtr, unknown.rangeAtr, unknown.event], [null, null, 'fomc']);
  assert.equal(regimeEvidenceOf(after(closes.slice(0, 14)), minute(14), null).orWidth, null);
});

test('ID-02 early volume is compared with the same minutes and freezes after an hour', () => {
  const meanVolumeSoFar = (minute: number) => (minute + 1) * 50;
  const bars = minutesFrom(session, new Array(70).fill([100, 100, 100, 100]));
  const acc = createDayFeatures({ openAt, closeAt, atr20d: 10, meanVolumeSoFar }, DEFAULT_REGIME);
  for (let i = 0; i < 10; i += 1) stepDayFeatures(acc, bars, i, 100, 1);
  assert.equal(regimeEvidenceOf(acc, minute(10), null).earlyVolumeRatio, 2);
  for (let i = 10; i < 70; i += 1) stepDayFeatures(acc, bars, i, 100, 1);
  assert.equal(acc.earlyVolume, 6000);
  assert.equal(regimeEvidenceOf(acc, minute(70), null).earlyVolumeRatio, 2);
});

test('ID-02 a trend needs 10:00, one side, few crosses and width', () => {
  // Range 98 … 102.5 over ATR 10 is 0.45; needed at 10:00 0.6 × √(30/390) = 0.166.
  const up = [98, ...repeat(102.5, 29)];
  assert.equal(dayTypeOf(after(up.slice(0, 29)), minute(29), false), 'undecided');
  assert.equal(dayTypeOf(after(up), minute(30), false), 'trend_up');
  assert.equal(dayTypeOf(after(up), minute(30), true), 'event');
  const down = [102, ...repeat(97.5, 29)];
  assert.equal(dayTypeOf(after(down), minute(30), false), 'trend_down');
  // Narrow (0.02 of ATR) and no break held: nothing.
  const narrow = [99.9, ...repeat(100.1, 29)];
  assert.equal(dayTypeOf(after(narrow), minute(30), false), 'undecided');
  // Without ATR a held break of OR15 still makes the trend.
  const broken = [...repeat(100.1, 15), ...repeat(100.5, 15)];
  assert.equal(dayTypeOf(after(broken, null), minute(30), false), 'trend_up');
  assert.equal(dayTypeOf(after(narrow, null), minute(30), false), 'undecided');
});

test('ID-02 four crosses are too many for a trend', () => {
  const closes = [...repeat(102, 30), 99, 102, 99, 102];
  const acc = after(closes);
  assert.equal(acc.crosses, 4);
  assert.equal(dayTypeOf(acc, minute(34), false), 'undecided');
});

test('ID-02 a range needs 10:15 and six crosses, or breaks on both sides in the middle', () => {
  const swings = Array.from({ length: 45 }, (_, n) => (n % 6 < 3 ? 101 : 99));
  assert.equal(dayTypeOf(after(swings.slice(0, 44)), minute(44), false), 'undecided');
  assert.equal(dayTypeOf(after(swings), minute(45), false), 'range');
  const both = [99.5, 100.5, ...repeat(100, 13), ...repeat(101, 15), 100, ...repeat(99, 14)];
  const acc = after(both);
  assert.deepEqual([acc.breaksUp, acc.breaksDown, acc.crosses], [1, 1, 2]);
  assert.equal(dayTypeOf(acc, minute(45), false), 'range');
});

test('ID-02 the label after the close is its own kind and counts the whole day', () => {
  const rising = Array.from({ length: 390 }, (_, n): Minute => [100 + n, 100 + n, 100 + n, 10]);
  const label = regimeCloseOf(minutesFrom(session, rising), session)!;
  assert.equal(label.kind, 'close');
  assert.equal(label.label, 'trend_up');
  assert.equal(label.trendContinuation, 1);
  assert.equal(label.firstHourShare, 60 / 390);
  assert.equal('dayType' in label, false);
});

test('ID-02 the label after the close by the size of the continuation', () => {
  const day = (low: number, high: number, close: number) => {
    const minutes: Minute[] = [
      [100, 100, 100, 1],
      [high, low, close, 1],
    ];
    return regimeCloseOf(minutesFrom(session, minutes), session)!.label;
  };
  assert.equal(day(98, 108, 106), 'trend_up');
  assert.equal(day(92, 102, 94), 'trend_down');
  assert.equal(day(95, 105, 102.9), 'range');
  assert.equal(day(95, 105, 103), 'mixed');
  assert.equal(day(95, 105, 97.1), 'range');
  assert.equal(day(100, 100, 100), 'range');
  assert.equal(regimeCloseOf(minutesFrom(session, []), session), null);
});
