import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { atrOver, createAtr, stepAtr } from '#core/indicators/atr.ts';
import { simpleMovingAverage } from '#core/indicators/moving-average.ts';
import { createOpeningRange, stepOpeningRange } from '#core/indicators/opening-range.ts';
import { volumeProfileOf } from '#core/indicators/volume-profile.ts';
import { bandWidth, createVwap, stepVwap } from '#core/indicators/vwap.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { Minute } from '../../support/bars.ts';
import { minutesFrom, newYorkSession } from '../../support/bars.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const session = newYorkSession('2026-06-01');

function lines(path: string): string[][] {
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(','));
}

test('ID-01 session VWAP is the volume-weighted mean of typical prices', () => {
  // Typical 100 × 1,000, then (103 + 100 + 102) / 3 = 101.6667 × 3,000, then a minute without trades.
  const bars = minutesFrom(session, [
    [101, 99, 100, 1000],
    [103, 100, 102, 3000],
    [110, 110, 110, 0],
  ]);
  const acc = createVwap();
  assert.equal(stepVwap(acc, bars, 0), 100);
  assert.equal(stepVwap(acc, bars, 1), 101.25);
  assert.equal(stepVwap(acc, bars, 2), 101.25);
});

test('ID-01 VWAP is not known before anything has traded', () => {
  const bars = minutesFrom(session, [[1, 1, 1, 0]]);
  assert.ok(Number.isNaN(stepVwap(createVwap(), bars, 0)));
});

test('ID-01 the band is the wider of 0.10 % of VWAP and a quarter of ATR', () => {
  const params = { fraction: 0.001, atrMultiple: 0.25 };
  assert.equal(bandWidth(500, 1, params), 0.5);
  assert.equal(bandWidth(500, 4, params), 1);
  assert.equal(bandWidth(500, Number.NaN, params), 0.5);
  assert.equal(bandWidth(500, 4, { fraction: 0.002, atrMultiple: 0 }), 1);
});

test('ID-01 ATR starts as a mean of true ranges and then smooths after Wilder', () => {
  // True ranges 2, 3 (gap from 10 up to 13), 4 (down from 12 to 8); period 2.
  const bars = minutesFrom(session, [
    [11, 9, 10, 1],
    [13, 11, 12, 1],
    [9, 8, 8, 1],
  ]);
  const acc = createAtr(2);
  assert.ok(Number.isNaN(stepAtr(acc, bars, 0)));
  assert.equal(stepAtr(acc, bars, 1), 2.5);
  assert.equal(stepAtr(acc, bars, 2), (2.5 + 4) / 2);
  assert.equal(atrOver(bars, 0, 3, 4), null);
});

test(
  'ID-01 ATR agrees with the published Wilder series',
  needsShared('data', 'reference', 'lean_indicators', 'spy_atr_wilder.txt.gz'),
  () => {
    const path = sharedPath('data', 'reference', 'lean_indicators', 'spy_atr_wilder.txt.gz')!;
    const rows = lines(path).slice(1);
    const bars = columnsOf(
      rows.map(([, open, high, low, close], n) => ({
        openedAt: n * 86_400_000,
        closedAt: (n + 1) * 86_400_000,
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
        volume: 1,
      })),
    );
    const acc = createAtr(14);
    let compared = 0;
    for (let i = 0; i < rows.length; i += 1) {
      const value = stepAtr(acc, bars, i);
      const expected = rows[i]![5]!;
      if (expected === '') continue;
      compared += 1;
      assert.ok(Math.abs(value - Number(expected)) < 1e-4, `${rows[i]![0]}: ${value}, ${expected}`);
    }
    assert.ok(compared > 400);
  },
);

test(
  'ID-01 from 9:45 on session VWAP stays within 2 basis points of one of the vendor’s bar averages',
  needsShared('data', 'us', 'minute', 'ibkr'),
  () => {
    const path = sharedPath(
      'data',
      'us',
      'minute',
      'ibkr',
      'QQQ_1min_2025-11-06_2025-12-05.csv.gz',
    )!;
    let day = '';
    let acc = createVwap();
    let sum = 0;
    let volume = 0;
    let minutes = 0;
    let worst = 0;
    for (const [open, high, low, close, size, average, date] of lines(path).slice(1)) {
      if (date!.slice(0, 10) !== day) {
        day = date!.slice(0, 10);
        acc = createVwap();
        sum = 0;
        volume = 0;
        minutes = 0;
      }
      const row = { openedAt: 0, closedAt: 60_000, open: Number(open), high: Number(high) };
      const bars = columnsOf([
        { ...row, low: Number(low), close: Number(close), volume: Number(size) },
      ]);
      sum += Number(average) * Number(size);
      volume += Number(size);
      minutes += 1;
      const apart = Math.abs(stepVwap(acc, bars, 0) / (sum / volume) - 1) * 10_000;
      if (minutes > 15) worst = Math.max(worst, apart);
    }
    assert.ok(worst > 0 && worst < 2, `worst ${worst} basis points`);
  },
);

test('ID-01 a simple moving average ends before its end', () => {
  assert.equal(simpleMovingAverage([1, 2, 3, 4], 4, 2), 3.5);
  assert.equal(simpleMovingAverage([1, 2, 3, 4], 3, 2), 2.5);
  assert.equal(simpleMovingAverage([1, 2], 2, 3), null);
});

test('ID-01 the opening range is known at the close of its last minute, not before', () => {
  const minutes: Minute[] = [
    [101, 99, 100, 1],
    [104, 100, 103, 1],
    [103, 98, 99, 1],
    [100, 99, 99, 1],
    [100, 99, 99, 1],
    [110, 90, 99, 1],
  ];
  const bars = minutesFrom(session, minutes);
  const acc = createOpeningRange(session.openAt, 5);
  for (let i = 0; i < 4; i += 1) stepOpeningRange(acc, bars, i);
  assert.equal(acc.known, false);
  stepOpeningRange(acc, bars, 4);
  assert.deepEqual([acc.known, acc.high, acc.low], [true, 104, 98]);
  stepOpeningRange(acc, bars, 5);
  assert.deepEqual([acc.high, acc.low], [104, 98]);
});

test('ID-08 usual volume is the median of the same minutes of earlier days', () => {
  const days = [10, 20, 30, 40, 1000].map((volume) => ({
    bars: minutesFrom(session, new Array(6).fill([1, 1, 1, volume])),
    openAt: session.openAt,
  }));
  const profile = volumeProfileOf(days, 390)!;
  assert.equal(profile.usual(0), 30);
  assert.equal(profile.usual5m(1), 60);
  assert.equal(profile.usual5m(5), 150);
  assert.equal(profile.meanSoFar(1), (20 + 40 + 60 + 80 + 2000) / 5);
  assert.ok(Number.isNaN(profile.usual(6)));
  assert.equal(volumeProfileOf(days.slice(1), 390), null);
});

test('ID-08 a minute without a bar inside a day counts as no volume, one after its end not at all', () => {
  const full = minutesFrom(session, new Array(4).fill([1, 1, 1, 10]));
  const holed = columnsOf(
    [0, 3].map((n) => ({
      openedAt: session.openAt + n * 60_000,
      closedAt: session.openAt + (n + 1) * 60_000,
      open: 1,
      high: 1,
      low: 1,
      close: 1,
      volume: 10,
    })),
  );
  const day = (bars: typeof full) => ({ bars, openAt: session.openAt });
  const profile = volumeProfileOf(
    [...new Array(2).fill(day(full)), ...new Array(3).fill(day(holed))],
    5,
  )!;
  assert.equal(profile.usual(1), 0);
  assert.equal(profile.usual(3), 10);
  assert.ok(Number.isNaN(profile.usual(4)));
});
