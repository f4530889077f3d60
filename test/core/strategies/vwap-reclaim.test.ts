import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instantAt } from '#core/market/session.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import { buildDayContext } from '#core/strategies/day-context.ts';
import type { Evaluation } from '#core/strategies/strategy.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import type { VwapReclaimParams } from '#core/strategies/vwap-reclaim/params.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { placeStop } from '#core/strategies/vwap-reclaim/stop.ts';
import { createVwapReclaim, stepVwapReclaim } from '#core/strategies/vwap-reclaim/strategy.ts';
import type { Minute } from '../../support/bars.ts';
import { dailyBars, minutesFrom, newYorkSession, weekdaysBefore } from '../../support/bars.ts';

const DAY = '2026-06-02';
const session = newYorkSession(DAY);
const priorDays = weekdaysBefore(DAY, 20);

function contextOf(change: Partial<DayContext> = {}, range = 4, close = 98): DayContext {
  const history = dailyBars(priorDays, close + range / 2, close - range / 2, close);
  const context = buildDayContext({
    instrument: 'QQQM.US',
    session,
    dailyBars: history,
    minuteHistory: new Map(),
    priorDays,
    blackouts: [],
  });
  return { ...context, ...change };
}

/** The worked example of docs/strategies/vwap-reclaim.md. */
const QUIET: Minute = [100.05, 99.95, 100, 1000];
const RISE: Minute[] = [
  [100.4, 100, 100.4, 1000],
  [100.5, 100.3, 100.45, 1000],
];
const PULLBACK: Minute = [100.4, 100.1, 100.15, 1000];
const RECLAIM: Minute = [100.5, 100.12, 100.48, 1000];
const EXAMPLE: Minute[] = [...new Array<Minute>(15).fill(QUIET), ...RISE, PULLBACK, RECLAIM];

type Run = { readonly results: number[]; readonly last: Evaluation };

function run(
  minutes: readonly Minute[],
  context = contextOf(),
  change: Partial<VwapReclaimParams> = {},
): Run {
  const bars = minutesFrom(session, minutes);
  const acc = createVwapReclaim(context, { ...DEFAULT_VWAP_RECLAIM, ...change });
  const results: number[] = [];
  for (let i = 0; i < bars.length; i += 1) results.push(stepVwapReclaim(acc, bars, i));
  return { results, last: evaluationOf(acc, bars, bars.length - 1) };
}

function codes(evaluation: Evaluation): string[] {
  return evaluation.refusals.map((refusal) => refusal.code);
}

function near(actual: number | null, expected: number): void {
  assert.ok(actual !== null && Math.abs(actual - expected) < 5e-7, `${actual}, ${expected}`);
}

test('ID-03 the worked example signals at the close of 9:49 and nowhere before', () => {
  const { results, last } = run(EXAMPLE);
  assert.deepEqual(results, [...new Array(18).fill(0), 1]);
  const signal = last.signal!;
  assert.equal(signal.asOf, instantAt(DAY, '09:49', session.zone));
  assert.equal(signal.side, 'long');
  assert.equal(signal.referencePrice, 100.48);
  assert.equal(signal.pullbackLow, 99.95);
  assert.equal(signal.stop, 99.93);
  assert.equal(signal.stopWidened, false);
  assert.equal(signal.dayType, 'undecided');
  assert.ok(signal.checks.every((check) => check.passed));
  assert.deepEqual(last.refusals, []);
});

test('ID-01 the figures of the worked example, bar by bar', () => {
  const at = (count: number) => run(EXAMPLE.slice(0, count)).last;
  near(at(15).vwap, 100);
  near(at(15).atr1m, 0.1);
  near(at(15).band, 0.1);
  near(at(16).vwap, 100.016667);
  near(at(17).vwap, 100.040196);
  near(at(18).vwap, 100.05);
  near(at(18).band, 0.10005);
  near(at(19).vwap, 100.066667);
  near(at(19).atr1m, 0.159897);
  assert.equal(at(13).atr1m, null);
  assert.deepEqual(at(19).or15, { high: 100.05, low: 99.95 });
  assert.equal(at(14).or15, null);
  assert.equal(at(19).lowestLow5, 99.95);
  assert.equal(at(19).volume5m, 5000);
  assert.equal(at(19).usualVolume5m, null);
});

test('ID-03 without an excursion beyond the band there is no pullback', () => {
  const tame: Minute[] = [
    [100.09, 100, 100.08, 1000],
    [100.08, 99.98, 100, 1000],
    [100.5, 100, 100.48, 1000],
  ];
  const minutes = [...EXAMPLE.slice(0, 15), ...tame];
  assert.ok(run(minutes).results.every((result) => result === 0));
});

test('ID-03 a low that stays above the band is no pullback', () => {
  const high: Minute = [100.4, 100.2, 100.3, 1000];
  const reclaim: Minute = [100.5, 100.35, 100.48, 1000];
  const minutes = [...EXAMPLE.slice(0, 15), RISE[1]!, RISE[1]!, high, reclaim];
  assert.ok(run(minutes).results.every((result) => result === 0));
});

test('ID-03 a low beyond the far side of the band is no touch, the bar that comes back is', () => {
  const deep: Minute = [100.4, 99.5, 99.6, 1000];
  const through: Minute = [100.5, 99.6, 100.48, 1000];
  assert.deepEqual(run([...EXAMPLE.slice(0, 17), deep, through]).results.slice(15), [0, 0, 0, 0]);
  const back: Minute = [100.5, 99.99, 100.48, 1000];
  assert.equal(run([...EXAMPLE.slice(0, 17), deep, back], contextOf({}, 8)).results.at(-1), 1);
});

test('ID-03 a touch serves for ten bars, the reclaim bar included', () => {
  // Waiting bars stay above the band and never close above the high before them.
  const wait: Minute = [100.6, 100.3, 100.4, 1000];
  const reclaim: Minute = [100.7, 100.3, 100.65, 1000];
  const after = (bars: number) =>
    run([...EXAMPLE.slice(0, 18), ...new Array<Minute>(bars).fill(wait), reclaim]).results.at(-1);
  assert.equal(after(8), 1);
  assert.equal(after(9), 0);
});

test('ID-03 an excursion serves a touch for twenty bars', () => {
  // Waiting bars lie inside the band without reaching its upper edge and touch it every time.
  const wait: Minute = [100.08, 100.02, 100.03, 1000];
  const reclaim: Minute = [100.3, 100.02, 100.25, 1000];
  const after = (bars: number) => {
    const minutes = [...EXAMPLE.slice(0, 16), ...new Array<Minute>(bars).fill(wait), reclaim];
    return run(minutes).results.at(-1);
  };
  // The last touch that counts is 20 bars after the excursion and serves for 10 bars.
  assert.equal(after(28), 1);
  assert.equal(after(29), 0);
});

test('ID-03 a reclaim closes above VWAP and above the high before it', () => {
  const below: Minute = [100.4, 100.12, 100.4, 1000];
  assert.equal(run([...EXAMPLE.slice(0, 18), below]).results.at(-1), 0);
  const small: Minute[] = [
    [100.03, 99.98, 100, 1000],
    [100.05, 99.98, 100.04, 1000],
  ];
  // Above the high before it (100.03) but below VWAP.
  const { results, last } = run([...EXAMPLE.slice(0, 18), ...small]);
  assert.equal(results.at(-1), 0);
  assert.ok(last.bar.close < last.vwap);
});

test('ID-03 entries are looked for inside the windows only', () => {
  assert.equal(run(EXAMPLE, contextOf(), { windows: [] }).results.at(-1), 0);
  const window = (from: string, to: string) => ({ windows: [{ from, to }] });
  assert.equal(run(EXAMPLE, contextOf(), window('09:49', '09:50')).results.at(-1), 1);
  assert.equal(run(EXAMPLE, contextOf(), window('09:45', '09:49')).results.at(-1), 0);
  const { last } = run(EXAMPLE, contextOf(), window('13:30', '15:30'));
  assert.deepEqual([last.inWindow, last.signal, last.refusals.length], [false, null, 0]);
});

test('ID-03 below the daily MA20 the setup is refused, with figures, unless switched off', () => {
  const context = contextOf({}, 4, 101);
  const { results, last } = run(EXAMPLE, context);
  assert.equal(results.at(-1), 2);
  assert.deepEqual(last.refusals, [{ code: 'below_ma20', figures: { close: 100.48, ma20: 101 } }]);
  assert.equal(run(EXAMPLE, context, { isMa20Required: false }).results.at(-1), 1);
});

test('ID-03 a stop farther than a quarter of ATR(20,1d) is refused as stop_too_wide', () => {
  const { results, last } = run(EXAMPLE, contextOf({}, 2.1));
  assert.equal(results.at(-1), 2);
  assert.equal(last.refusals[0]?.code, 'stop_too_wide');
  assert.equal(last.refusals[0]?.figures['stop'], 99.93);
  near(last.refusals[0]?.figures['widest'] as number, 0.525);
  assert.equal(run(EXAMPLE, contextOf({}, 2.3)).results.at(-1), 1);
});

test('ID-03 the stop lies below the pullback, at least 0.10 % away, on the tick grid', () => {
  const stop = { price: 0, isWidened: false, distance: 0 };
  const place = (sign: number, reference: number, extreme: number, atr: number) => {
    placeStop(stop, sign, reference, extreme, atr, 'US', DAY, DEFAULT_VWAP_RECLAIM);
    return [stop.price, stop.isWidened];
  };
  // 99.95 − 0.1 × 0.159897 = 99.934010 → 99.93.
  assert.deepEqual(place(1, 100.48, 99.95, 0.159897), [99.93, false]);
  // One tick is the least: 99.95 − 0.01.
  assert.deepEqual(place(1, 100.48, 99.95, 0.02), [99.94, false]);
  // 100.44 is 0.04 away, less than 0.10048: 100.48 × 0.999 = 100.37952 → 100.37.
  assert.deepEqual(place(1, 100.48, 100.45, 0.1), [100.37, true]);
  // Mirrored: 100.05 + 0.015990 = 100.065990 → 100.07.
  assert.deepEqual(place(-1, 99.52, 100.05, 0.159897), [100.07, false]);
  assert.deepEqual(place(-1, 99.52, 99.55, 0.1), [99.62, true]);
});

test('ID-02 event, range and trend down refuse a long', () => {
  const blackout = {
    fromAt: session.openAt,
    toAt: session.openAt + 30 * 60_000,
    name: 'cpi',
    wholeDay: false,
  };
  const event = run(EXAMPLE, contextOf({ blackouts: [blackout] }));
  assert.deepEqual(event.last.refusals, [{ code: 'day_type_event', figures: { event: 'cpi' } }]);
  assert.equal(event.last.regime.dayType, 'event');
  const { regime } = DEFAULT_VWAP_RECLAIM;
  const range = { ...regime, trendFromMinute: 0, rangeFromMinute: 0, rangeMinCrosses: 0 };
  assert.deepEqual(codes(run(EXAMPLE, contextOf(), { regime: range }).last), ['day_type_range']);
  const down = {
    ...regime,
    trendFromMinute: 0,
    trendShareUp: 2,
    trendShareDown: 1,
    trendRangeFactor: 0,
  };
  assert.deepEqual(codes(run(EXAMPLE, contextOf(), { regime: down }).last), [
    'day_type_trend_down',
  ]);
});

test('ID-10 a whole-day event refuses too, unless event days are traded; minutes of it never', () => {
  const day = { fromAt: session.openAt, toAt: session.closeAt, name: 'half_day', wholeDay: true };
  const context = contextOf({ blackouts: [day] });
  assert.deepEqual(codes(run(EXAMPLE, context).last), ['day_type_event']);
  const traded = run(EXAMPLE, context, { isEventDayTraded: true });
  assert.equal(traded.results.at(-1), 1);
  assert.equal(traded.last.signal?.dayType, 'event');
  assert.ok(traded.last.checks.every((check) => check.passed));
  const minutes = { ...day, name: 'cpi', wholeDay: false };
  const both = contextOf({ blackouts: [day, minutes] });
  assert.deepEqual(codes(run(EXAMPLE, both, { isEventDayTraded: true }).last), ['day_type_event']);
});

test('ID-03 missing history refuses the setup: unknown means no', () => {
  const { results, last } = run(EXAMPLE, contextOf({ ma20: null, atr20d: null }));
  assert.equal(results.at(-1), 2);
  assert.deepEqual(last.refusals, [
    { code: 'warmup_incomplete', figures: { missing: 'ma20 atr20d' } },
  ]);
  assert.equal(last.checks.find((check) => check.name === 'close_beyond_ma20')?.passed, false);
});

test('ID-03 a setup in a morning of fewer than fourteen minutes is refused, not a failure', () => {
  // the worked example without nine of its quiet minutes: VWAP and band are known, the ATR is not
  const { results, last } = run(EXAMPLE.slice(9), contextOf(), {
    windows: [{ from: '09:31', to: '11:00' }],
  });
  assert.equal(results.at(-1), 2);
  const [missing] = last.refusals;
  assert.deepEqual(missing, { code: 'warmup_incomplete', figures: { missing: 'atr14_1m' } });
});

test('ID-03 shorts mirror longs and are off by default', () => {
  const mirrored = EXAMPLE.map(([high, low, close, volume]): Minute => {
    const flip = (price: number) => Math.round((200 - price) * 100) / 100;
    return [flip(low), flip(high), flip(close), volume];
  });
  const context = contextOf({}, 4, 102);
  assert.ok(run(mirrored, context).results.every((result) => result === 0));
  const { results, last } = run(mirrored, context, { isShortAllowed: true });
  assert.deepEqual(results, [...new Array(18).fill(0), 1]);
  assert.equal(last.signal?.side, 'short');
  assert.equal(last.signal?.pullbackLow, 100.05);
  assert.equal(last.signal?.stop, 100.07);
  const above = run(mirrored, contextOf(), { isShortAllowed: true });
  assert.deepEqual(codes(above.last), ['above_ma20']);
});

test('ID-08 a minute beyond five ATR and ten times the usual volume is abnormal', () => {
  const wild: Minute = [101.2, 99.9, 101, 20_000];
  const { last } = run([...EXAMPLE, wild], contextOf({ usualVolume: () => 1000 }));
  near(last.abnormal?.rangeOverAtr ?? null, 1.3 / run(EXAMPLE).last.atr1m!);
  assert.equal(last.abnormal?.volumeOverUsual, 20);
  const busy = contextOf({ usualVolume: () => 2000 });
  assert.equal(run([...EXAMPLE, wild], busy).last.abnormal, null);
  // Unknown volume does not excuse the range.
  const blind = run([...EXAMPLE, wild], contextOf()).last.abnormal;
  assert.deepEqual([blind === null, blind?.volumeOverUsual], [false, null]);
});

test('ID-01 the kernel refuses a row out of turn and a bar outside its session', () => {
  const bars = minutesFrom(session, EXAMPLE);
  const acc = createVwapReclaim(contextOf(), DEFAULT_VWAP_RECLAIM);
  stepVwapReclaim(acc, bars, 0);
  assert.throws(() => stepVwapReclaim(acc, bars, 2), /expected 1/);
  assert.throws(() => evaluationOf(acc, bars, 1), /expected 0/);
  const next = minutesFrom(newYorkSession('2026-06-03'), EXAMPLE);
  assert.throws(() => stepVwapReclaim(acc, next, 1), /outside the session/);
});
