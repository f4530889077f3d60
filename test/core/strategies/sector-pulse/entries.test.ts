import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { figure, noFigure, note } from '#core/indicators/figure.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { BuyPointLook, IntradayBars } from '#core/strategies/sector-pulse/confirm-entry.ts';
import { judgeBuyPoint } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { BookLook, EntryLook } from '#core/strategies/sector-pulse/propose-entry.ts';
import { proposeEntry } from '#core/strategies/sector-pulse/propose-entry.ts';
import { softChecks } from '#core/strategies/sector-pulse/soft-rules.ts';
import { stockNoise } from '#core/strategies/sector-pulse/stock-noise.ts';
import {
  cnAt,
  daysUpTo,
  lookTime,
  PULSE_DAY,
  pulseMarket,
  pulseParams,
} from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();
const SHIP: InstrumentId = '600150.SH';
const ORIGIN = { source: 'test', asOf: cnAt('10:04'), fetchedAt: cnAt('10:04'), degraded: false };
const MINUTE = 60_000;

/** One-minute bars from the open to `time`: `volume(k)` shares at `price` in minute k. */
function minutes(
  day: string,
  time: string,
  volume: (minute: number) => number,
  price = 10,
  barMinutes = 1,
): IntradayBars {
  const openAt = cnAt('09:30', day);
  const count = (cnAt(time, day) - openAt) / MINUTE / barMinutes;
  const volumes = Float64Array.from({ length: count }, (_, k) => volume(k));
  return {
    openAt,
    barMinutes,
    closedAt: Float64Array.from(volumes, (_, k) => openAt + (k + 1) * barMinutes * MINUTE),
    volume: volumes,
    turnover: volumes.map((shares) => shares * price),
  };
}

const AT = cnAt('10:05');

function look(change: Partial<BuyPointLook> = {}): BuyPointLook {
  return {
    instrument: SHIP,
    origin: ORIGIN,
    last: 10.06,
    dayHigh: 10.1,
    dayTurnover: 350_000,
    dayVolume: 35_000,
    today: minutes(PULSE_DAY, '10:05', (k) => (k >= 30 ? 1_600 : 1_000)),
    earlier: daysUpTo(PULSE_DAY, 6).map((day) => minutes(day, '15:00', () => 1_000)),
    earlierVolumes: [240_000, 240_000, 240_000, 240_000, 240_000],
    ...change,
  };
}

const judge = (change: Partial<BuyPointLook> = {}, at = AT, params = PARAMS.buyPoint) =>
  judgeBuyPoint(look(change), lookTime('10:05').session, at, params);
const codes = (change: Partial<BuyPointLook>, at?: number) =>
  judge(change, at).reasons.map(({ code }) => code);

test('SP-07 the buy point holds: +0.6 % from VWAP, 1.6 times the usual volume, 99.6 % of the high', () => {
  const found = judge();
  assert.equal(found.passed, true);
  assert.equal(found.vwap.value, 10);
  assert.equal(found.volumeRatio.value, 1.6);
  assert.equal(found.degraded, false);
  assert.deepEqual(found.reasons, []);
});

test('SP-07 each condition refuses by itself, at its threshold', () => {
  assert.deepEqual(codes({ last: 9.95, dayHigh: 10 }), []);
  assert.deepEqual(codes({ last: 9.94, dayHigh: 10 }), ['vwap_deviation']);
  assert.deepEqual(codes({ last: 10.15, dayHigh: 10.15 }), []);
  assert.deepEqual(codes({ last: 10.16, dayHigh: 10.16 }), ['vwap_deviation']);
  const slow = minutes(PULSE_DAY, '10:05', () => 1_499 / 5 + 1_000 / 1_000);
  assert.deepEqual(codes({ today: slow }), ['volume_ratio_low']);
  assert.deepEqual(codes({ dayHigh: 10.27 }), ['far_from_high']);
  const source = pulseParams('source').buyPoint;
  assert.deepEqual(
    judge({ last: 10.06 }, AT, source).reasons.map(({ code }) => code),
    ['vwap_deviation', 'volume_ratio_low'],
  );
});

test('SP-07 without minute bars the day totals stand in, marked degraded', () => {
  const found = judge({ today: null, dayVolume: 52_500, dayTurnover: 525_000 });
  assert.equal(found.passed, true);
  assert.equal(found.degraded, true);
  assert.equal(found.vwap.note?.code, 'day_totals');
  // 35 of 240 minutes of 240,000 usual shares are 35,000
  assert.equal(found.volumeRatio.value, 1.5);
});

test('SP-07 too few earlier days for the same minutes falls back as well, gaps and all', () => {
  const four = look().earlier.slice(-4);
  assert.equal(judge({ earlier: four }).volumeRatio.note?.code, 'day_totals');
  const other = look().earlier.map((bars) => ({ ...bars, barMinutes: 15 }));
  assert.equal(judge({ earlier: other }).volumeRatio.note?.code, 'day_totals');
});

test('SP-07 bars longer than the window widen it and are marked', () => {
  const found = judge(
    {
      today: minutes(PULSE_DAY, '10:00', (k) => (k === 1 ? 24_000 : 15_000), 10, 15),
      earlier: daysUpTo(PULSE_DAY, 5).map((day) => minutes(day, '15:00', () => 15_000, 10, 15)),
    },
    cnAt('10:00'),
  );
  assert.equal(found.volumeRatio.value, 1.6);
  assert.deepEqual(found.volumeRatio.note, { code: 'coarse_bars', figures: { minutes: 15 } });
});

test('SP-07 what is still missing makes the stock unexecutable, with the reason', () => {
  const gone = { today: null, dayTurnover: Number.NaN, dayVolume: Number.NaN };
  const found = judge(gone);
  assert.deepEqual([found.passed, found.isExecutable], [false, false]);
  assert.equal(found.reasons[0]?.code, 'intraday_missing');
  assert.deepEqual(codes({ dayHigh: Number.NaN }), ['intraday_missing']);
  assert.ok(codes({ last: Number.NaN }).includes('intraday_missing'));
  assert.deepEqual(codes({ today: null, earlierVolumes: [1, 1, 1, 1] }), ['intraday_missing']);
});

test('SP-07 bars that close later change nothing', () => {
  const early = judge({}, cnAt('10:03'));
  const volumes = look().today!;
  const changed = {
    ...volumes,
    volume: volumes.volume.map((shares, k) => (k >= 33 ? shares * 9 : shares)),
    turnover: volumes.turnover.map((yuan, k) => (k >= 33 ? yuan * 20 : yuan)),
  };
  const tomorrow = minutes('2026-11-19', '15:00', () => 90_000);
  const again = judge({ today: changed, earlier: [...look().earlier, tomorrow] }, cnAt('10:03'));
  assert.deepEqual(again, early);
});

test('SP-07 a missing figure never makes a buy point hold that did not', () => {
  const change = fc.record({
    last: fc.double({ min: 9.8, max: 10.3, noNaN: true }),
    dayHigh: fc.double({ min: 10, max: 10.4, noNaN: true }),
  });
  const missing: Partial<BuyPointLook>[] = [
    { last: Number.NaN },
    { dayHigh: Number.NaN },
    { today: null, dayTurnover: Number.NaN },
    { today: null, dayVolume: Number.NaN },
  ];
  fc.assert(
    fc.property(change, fc.constantFrom(...missing), (values, gone) => {
      assert.equal(judge({ ...values, ...gone }).passed, false);
    }),
  );
});

function entry(change: Partial<EntryLook> = {}): EntryLook {
  const quote = { instrument: SHIP, bid: 38.61, ask: 38.62, bidSize: 900, askSize: 500, at: AT };
  const atr = figure('atr_20d', 1.5, 'cny', ORIGIN);
  const overnightGap = figure('overnight_gap_95', -0.031, 'fraction', ORIGIN);
  return {
    instrument: SHIP,
    tradingDay: PULSE_DAY,
    quote,
    last: 38.61,
    previousClose: 37,
    limitUp: 40.7,
    noise: { atr, overnightGap },
    source: 'test',
    ...change,
  };
}

function book(change: Partial<BookLook> = {}): BookLook {
  return {
    at: AT,
    totalAssetsMinor: 50_500_000,
    freeCashMinor: 20_000_000,
    positionsMinor: 14_291_500,
    heldMinor: {},
    ownNames: [],
    soldToday: [],
    newAtCheckpointMinor: 0,
    newTodayMinor: 0,
    dayReturn: -0.004,
    permission: 'active',
    killLevel: 'none',
    ...change,
  };
}

const denied = (e: Partial<EntryLook>, b: Partial<BookLook> = {}, params = PARAMS.entry) => {
  const answer = proposeEntry(entry(e), book(b), params);
  assert.equal(answer.proposal === null, answer.reasons.length > 0);
  return answer.reasons.map(({ code }) => code);
};

test('SP-08 a tenth of the assets in whole lots, stop −4 %, +8 % for half, +15 % for the rest', () => {
  const { proposal, reasons } = proposeEntry(entry(), book(), PARAMS.entry);
  assert.deepEqual(reasons, []);
  assert.deepEqual(proposal, {
    instrument: SHIP,
    quantity: 1_300,
    entryLimit: 38.62,
    bandLow: 38.43,
    bandHigh: 38.81,
    stop: 37.08,
    firstTarget: 41.71,
    secondTarget: 44.41,
    legs: [
      { leg: 1, quantity: 600, target: 41.71 },
      { leg: 2, quantity: 700, target: 44.41 },
    ],
    costMinor: 5_020_600,
    riskMinor: 5_020_600 - 4_820_400,
    ratioBefore: 0.283,
    ratioAfter: (14_291_500 + 5_020_600) / 50_500_000,
    isHalved: false,
    sellableFrom: 'next_trading_day',
    overnightGap: -0.031,
    lifeMs: 600_000,
  });
});

suite('SP-08 lots by board', () => {
  const rows: readonly [InstrumentId, number, number, readonly number[]][] = [
    ['600150.SH', 38.62, 1_300, [600, 700]],
    ['600150.SH', 404, 100, [100]], // one lot goes to the first target whole
    ['688981.SH', 38.62, 1_307, [653, 654]],
    ['688981.SH', 240, 210, [210]], // neither part could be sold alone below 200
    ['920002.BJ', 38.62, 1_307, [653, 654]],
    ['300750.SZ', 250, 200, [100, 100]],
  ];
  for (const [instrument, price, quantity, legs] of rows) {
    test(`SP-08 ${instrument} at ${price} gives ${quantity} in ${legs.join(' + ')}`, () => {
      const change = {
        instrument,
        quote: null,
        last: price,
        limitUp: Number.POSITIVE_INFINITY,
        previousClose: price,
      };
      const noise = { ...entry().noise, atr: figure('atr_20d', 0, 'cny', ORIGIN) };
      const { proposal, reasons } = proposeEntry(entry({ ...change, noise }), book(), PARAMS.entry);
      assert.deepEqual(reasons, []);
      assert.equal(proposal?.quantity, quantity);
      assert.deepEqual(
        proposal?.legs.map((leg) => leg.quantity),
        legs,
      );
    });
  }
});

test('SP-08 the caps: 60 % in all, 20 % a name, 20 % a checkpoint, 30 % a day; passing one denies', () => {
  const assets = 50_500_000;
  const cost = 5_020_600;
  const most = (ratio: number) => Math.floor(assets * ratio) - cost;
  assert.deepEqual(denied({}, { positionsMinor: most(0.6) }), []);
  assert.deepEqual(denied({}, { positionsMinor: most(0.6) + 1 }), ['risk_total_cap']);
  assert.deepEqual(denied({}, { heldMinor: { [SHIP]: most(0.2) } }), []);
  assert.deepEqual(denied({}, { heldMinor: { [SHIP]: most(0.2) + 1 } }), ['risk_single_cap']);
  assert.deepEqual(denied({}, { newAtCheckpointMinor: most(0.2) + 1 }), ['risk_checkpoint_cap']);
  assert.deepEqual(denied({}, { newTodayMinor: most(0.3) + 1 }), ['risk_day_cap']);
  assert.deepEqual(denied({}, { freeCashMinor: cost }), []);
  assert.deepEqual(denied({}, { freeCashMinor: cost - 1 }), ['risk_cash_short']);
});

test('SP-08 what the desk and the book forbid', () => {
  assert.deepEqual(denied({}, { permission: 'reducing' }), ['risk_permission']);
  assert.deepEqual(denied({}, { killLevel: 'l1' }), ['risk_kill_switch']);
  assert.deepEqual(denied({}, { dayReturn: -0.02 }), ['risk_day_loss']);
  assert.deepEqual(denied({}, { dayReturn: -0.0199 }), []);
  assert.deepEqual(denied({}, { ownNames: [SHIP] }), ['risk_already_held']);
  assert.deepEqual(denied({}, { soldToday: [SHIP] }), ['risk_opposite_side']);
  assert.deepEqual(denied({ last: 5_100, quote: null, limitUp: Number.POSITIVE_INFINITY }), [
    'risk_size_too_small',
  ]);
});

test('SP-08 what is not known denies', () => {
  assert.ok(denied({}, { totalAssetsMinor: null }).includes('risk_total_cap'));
  assert.deepEqual(denied({}, { positionsMinor: null }), ['risk_total_cap']);
  assert.deepEqual(denied({}, { freeCashMinor: null }), ['risk_cash_short']);
  assert.deepEqual(denied({}, { dayReturn: null }), ['risk_day_loss']);
  assert.ok(denied({ last: Number.NaN, quote: null }).includes('risk_price_unknown'));
  assert.ok(denied({ instrument: '900901.SH' }).includes('risk_price_unknown'));
});

test('SP-08 a stock that reached its limit meanwhile, or whose limit is not known, is not bought', () => {
  assert.deepEqual(denied({ last: 40.7 }), ['limit_up']);
  assert.deepEqual(denied({ limitUp: Number.NaN }).slice(0, 2), ['limit_up', 'risk_price_unknown']);
});

test('SP-08 the limit stays inside the cage and under the limit price', () => {
  const at = (change: Partial<EntryLook>) =>
    proposeEntry(entry(change), book(), PARAMS.entry).proposal?.entryLimit;
  assert.equal(at({ limitUp: 38.615 }), 38.61);
  assert.equal(at({ quote: null, last: 38.61 }), 38.61);
  const crossed = { instrument: SHIP, bid: 38, ask: 0, bidSize: 900, askSize: 0, at: AT };
  assert.equal(at({ quote: crossed, last: 40 }), 38.76, '102 % of the best bid');
});

test('SP-08 a stop inside 0.7 ATR halves the size, or rejects; an unknown ATR counts as inside', () => {
  // 0.7 × 2.21 / 38.62 = 4.006 %
  const noise = { ...entry().noise, atr: figure('atr_20d', 2.21, 'cny', ORIGIN) };
  const halved = proposeEntry(entry({ noise }), book(), PARAMS.entry).proposal;
  assert.deepEqual([halved?.isHalved, halved?.quantity], [true, 600]);
  assert.deepEqual(denied({ noise }, {}, { ...PARAMS.entry, insideNoise: 'reject' }), [
    'stop_inside_noise',
  ]);
  const unknown = { ...noise, atr: noFigure('atr_20d', 'cny', ORIGIN, note('no_data')) };
  assert.equal(
    proposeEntry(entry({ noise: unknown }), book(), PARAMS.entry).proposal?.isHalved,
    true,
  );
});

test('SP-08 no state of the book that forbids more ever gives a larger entry', () => {
  const burdens: Partial<BookLook>[] = [
    { totalAssetsMinor: null },
    { freeCashMinor: null },
    { positionsMinor: null },
    { dayReturn: null },
    { permission: 'halted' },
    { killLevel: 'l2' },
    { ownNames: [SHIP] },
    { soldToday: [SHIP] },
  ];
  const state = fc.record({
    totalAssetsMinor: fc.integer({ min: 0, max: 200_000_000 }),
    freeCashMinor: fc.integer({ min: 0, max: 50_000_000 }),
    positionsMinor: fc.integer({ min: 0, max: 100_000_000 }),
    newTodayMinor: fc.integer({ min: 0, max: 50_000_000 }),
  });
  fc.assert(
    fc.property(state, fc.constantFrom(...burdens), (change, burden) => {
      const free = proposeEntry(entry(), book(change), PARAMS.entry).proposal;
      const heavy = proposeEntry(entry(), book({ ...change, ...burden }), PARAMS.entry).proposal;
      assert.equal(heavy, null);
      if (free === null) return;
      const { totalAssetsMinor: assets } = change;
      assert.ok(free.costMinor <= assets * 0.1);
      assert.ok(free.costMinor + change.positionsMinor <= assets * 0.6);
      assert.ok(free.costMinor + change.newTodayMinor <= assets * 0.3);
      assert.ok(free.costMinor <= change.freeCashMinor);
    }),
  );
});

test('SP-08 noise of a stock: ATR and the night that one day in twenty was worse than', () => {
  const { history } = pulseMarket({ stocks: 12, days: 260 });
  const { atr, overnightGap } = stockNoise(history!, 3, PULSE_DAY, PARAMS.entry);
  assert.ok(Number(atr.value) > 0);
  assert.ok(Number(overnightGap.value) < 0 && Number(overnightGap.value) > -0.03);
  assert.equal(overnightGap.degraded, false);
  const short = pulseMarket({ stocks: 12, days: 70 }).history!;
  assert.equal(stockNoise(short, 3, PULSE_DAY, PARAMS.entry).overnightGap.degraded, true);
  assert.equal(stockNoise(short, 3, short.days[5]!, PARAMS.entry).atr.value, null);
});

test('SP-06 soft rules speak from 100 closed trades on and refuse nothing', () => {
  const results = Array.from({ length: 100 }, (_, k) => (k % 5 < 3 ? 0.05 : -0.02));
  const rows = softChecks(results, AT, PARAMS.soft);
  assert.deepEqual(
    rows.map(({ name, value, passed }) => [name, Number(value).toFixed(2), passed]),
    [
      ['reward_risk', '2.50', true],
      ['win_probability', '0.60', true],
      ['expected_value', '220.00', true],
    ],
  );
  const few = softChecks(results.slice(1), AT, PARAMS.soft);
  assert.deepEqual(
    few.map(({ value }) => value),
    [null, null, null],
  );
  assert.deepEqual(
    softChecks([], AT, PARAMS.soft).map(({ passed }) => passed),
    [false, false, false],
  );
});
