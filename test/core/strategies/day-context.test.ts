import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BarColumns } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import { buildDayContext } from '#core/strategies/day-context.ts';
import { dailyBars, minutesFrom, newYorkSession, weekdaysBefore } from '../../support/bars.ts';

const DAY = '2026-06-02';
const session = newYorkSession(DAY);
const priorDays = weekdaysBefore(DAY, 20);

function context(bars: BarColumns, days: readonly string[] | null = priorDays) {
  return buildDayContext({
    instrument: 'QQQM.US',
    session,
    dailyBars: bars,
    minuteHistory: new Map(),
    priorDays: days,
    blackouts: [],
  });
}

test('ID-01 MA20 and ATR20 end the day before', () => {
  const today = [DAY, '2026-06-03'];
  const known = context(dailyBars(priorDays, 102, 98, 100));
  assert.deepEqual([known.ma20, known.atr20d, known.previousClose], [100, 4, 100]);
  const rows = [...priorDays, ...today].map((day, n) => {
    const { openAt, closeAt } = newYorkSession(day);
    const price = n < 20 ? 100 : 900;
    const row = { openedAt: openAt, closedAt: closeAt, open: price, close: price, volume: 1 };
    return { ...row, high: price + 2, low: price - 2 };
  });
  assert.deepEqual(context(columnsOf(rows)), known);
});

test('ID-01 the average of twenty different closes', () => {
  const rows = priorDays.map((day, n) => {
    const { openAt, closeAt } = newYorkSession(day);
    const row = { openedAt: openAt, closedAt: closeAt, open: n, volume: 1 };
    return { ...row, high: 200 + n, low: 100, close: 100 + n };
  });
  assert.equal(context(columnsOf(rows)).ma20, 109.5);
});

test('ID-01 one missing day makes MA20 and ATR20 unknown', () => {
  const holed = dailyBars([...priorDays.slice(0, 7), ...priorDays.slice(8)], 102, 98, 100);
  assert.deepEqual([context(holed).ma20, context(holed).atr20d], [null, null]);
  assert.equal(context(holed).previousClose, 100);
  const old = dailyBars(weekdaysBefore('2026-05-29', 20), 102, 98, 100);
  assert.deepEqual([context(old).ma20, context(old).previousClose], [null, null]);
  const full = dailyBars(priorDays, 102, 98, 100);
  assert.deepEqual([context(full, null).ma20, context(full, null).atr20d], [null, null]);
});

test('ID-01 ATR20 does not depend on history older than its run-in', () => {
  const days = weekdaysBefore(DAY, 300);
  const rows = (from: number) =>
    days.slice(from).map((day) => {
      const { openAt, closeAt } = newYorkSession(day);
      const isOld = day < days[40]!;
      const row = { openedAt: openAt, closedAt: closeAt, open: 100, close: 100, volume: 1 };
      return { ...row, high: isOld ? 500 : 102, low: 98 };
    });
  const short = context(columnsOf(rows(50)));
  const long = context(columnsOf(rows(0)));
  assert.deepEqual(long, short);
});

test('ID-08 usual volume comes from days before the session only', () => {
  const minutes = (volume: number) => new Array(390).fill([1, 1, 1, volume]);
  const history = new Map(
    priorDays.slice(-6).map((day) => [day, minutesFrom(newYorkSession(day), minutes(500))]),
  );
  const input = {
    instrument: 'QQQM.US' as const,
    session,
    dailyBars: dailyBars(priorDays, 102, 98, 100),
    priorDays,
    blackouts: [],
  };
  const known = buildDayContext({ ...input, minuteHistory: history });
  assert.deepEqual([known.usualVolume?.(0), known.usualVolume5m?.(389)], [500, 2500]);
  const figuresOf = (context: typeof known) => ({
    ...context,
    usualVolume: [0, 200, 389].map((minute) => context.usualVolume?.(minute)),
    usualVolume5m: [0, 200, 389].map((minute) => context.usualVolume5m?.(minute)),
    meanVolumeSoFar: [0, 200, 389].map((minute) => context.meanVolumeSoFar?.(minute)),
  });
  const before = figuresOf(known);
  history.set(DAY, minutesFrom(session, minutes(9_000_000)));
  history.set('2026-06-03', minutesFrom(newYorkSession('2026-06-03'), minutes(9_000_000)));
  assert.deepEqual(figuresOf(buildDayContext({ ...input, minuteHistory: history })), before);
  assert.deepEqual(figuresOf(known), before);
});
