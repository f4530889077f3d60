import type { MarginRow } from '#core/indicators/alt-flow.ts';
import { createRandom, type Random, type Seed } from '#core/lib/random.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { FREE_DAYS, goEx, type StockEventsCn, stockEventsCn } from './cn-events.ts';
import { indexOf, marginOf } from './cn-figures.ts';
import { SECTORS_CN, type StockCn, simulatedStocksCn } from './cn-stocks.ts';

/** Opening and closing instant of one bar of a day. */
export type SlotCn = { readonly openedAt: number; readonly closedAt: number };

/** How the played day goes for the market; null: the seed decides. */
export type MoodCn = 'hot' | 'flat' | 'cold';

export type CnMarketOptions = {
  readonly seed: Seed;
  /** Trading days, oldest first; the last one is played. */
  readonly days: readonly TradingDay[];
  /** How many of the last days have bars within the day. */
  readonly intradayDays: number;
  /** Bars of one day, the same number for every day. */
  readonly slotsOf: (day: TradingDay) => readonly SlotCn[];
  readonly mood?: MoodCn | null;
};

type Columns = Readonly<
  Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'amount', Float64Array>
>;

/**
 * A simulated A-share market, made up: the cell of stock i and day d (slot s) is at i × days + d
 * (i × slots + s). Prices in yuan on whole ticks and within the day's limits, volume in shares.
 */
export type CnMarket = {
  readonly instruments: readonly InstrumentId[];
  readonly days: readonly TradingDay[];
  readonly daily: Columns;
  readonly openedAt: Float64Array;
  readonly closedAt: Float64Array;
  readonly intraday: Columns;
  /** Closes of the composite and of the large stocks, one a day before the last, the played one. */
  readonly composite: Float64Array;
  readonly large: Float64Array;
  readonly margin: readonly MarginRow[];
  readonly mood: MoodCn;
  /** Daily bars as traded; `adjusted` are those on the basis of the last day. */
  readonly adjusted: Columns;
  readonly actions: readonly CorporateActionCn[];
  sectorOf(instrument: InstrumentId): string | null;
  isSt(instrument: InstrumentId): boolean;
};

/** Daily deviation of the market long ago and of late: of late it is calm, so the gate may open. */
const RESTLESS = 0.012;
const CALM = 0.006;
const CALM_DAYS = 70;
const RISING_DAYS = 45;
const RISE = 0.0012;
const OWN_DEVIATION = 0.013;
const SECTOR_DEVIATION = 0.003;
/** Swing of a sector's drift over the weeks in which money turns from one to the next. */
const ROTATION = 0.006;
/** Share of stocks that run to a limit on a day, by mood: up and down. */
const RUNS: Readonly<Record<MoodCn, readonly [up: number, down: number]>> = {
  hot: [0.11, 0.004],
  flat: [0.03, 0.012],
  cold: [0.008, 0.08],
};
const MARKET: Readonly<Record<MoodCn, number>> = { hot: 0.011, flat: 0, cold: -0.024 };
/** Of the boards that were touched this share did not hold (measured: 287 of 939 in 2025). */
const BREAKS = 0.31;
const SUSPENDED = 0.004;
/** An ST stock stays within so many percent, on whatever date: 5 % until 2026-07-05, 10 % since. */
const ST_WITHIN = 4;
/** Most a price without limits moves in a day, as a share of the close before. */
const FREE_WITHIN = [40, 300] as const;
/** A first day goes up by this and more. */
const FIRST_DAY = 0.4;

type Day = {
  readonly market: number;
  readonly sectors: readonly number[];
  readonly drifts: readonly number[];
  readonly mood: MoodCn;
};

function moodOf(random: Random): MoodCn {
  const dice = random.uniform();
  return dice < 0.45 ? 'hot' : dice < 0.85 ? 'flat' : 'cold';
}

/** What all stocks share, day by day. */
function commonDays(options: CnMarketOptions): Day[] {
  const { seed, days } = options;
  const random = createRandom(`${seed}/cn/market`);
  const waves = SECTORS_CN.map(() => ({
    period: 45 + 45 * random.uniform(),
    phase: random.uniform(),
  }));
  const mood = options.mood ?? moodOf(createRandom(`${seed}/day/cn`));
  return days.map((_, d) => {
    const left = days.length - 1 - d;
    const deviation = left < CALM_DAYS ? CALM : RESTLESS;
    const rise = left > 0 && left < RISING_DAYS ? RISE : 0;
    const noise = random.normal() * deviation;
    const drifts = waves.map(
      ({ period, phase }) => ROTATION * Math.sin(2 * Math.PI * (d / period + phase)),
    );
    return {
      market: left === 0 ? MARKET[mood] + 0.2 * noise : rise + noise,
      drifts,
      sectors: drifts.map((drift) => drift + SECTOR_DEVIATION * random.normal()),
      mood: left === 0 ? mood : 'flat',
    };
  });
}

const cents = (price: number) => Math.round(price * 100);

/** What of its events counts on one day of a stock. */
type Rules = { readonly isSt: boolean; readonly isFree: boolean; readonly isFirst: boolean };

/** Lowest and highest price of a day in whole cents, half up, by integer arithmetic. */
function limitsOf(previous: number, percent: number, rules: Rules): readonly [number, number] {
  const at = (share: number) => Math.floor((previous * share + 50) / 100);
  if (rules.isFree) return [Math.max(1, at(FREE_WITHIN[0])), at(FREE_WITHIN[1])];
  const within = rules.isSt ? ST_WITHIN : percent;
  return [Math.max(1, at(100 - within)), at(100 + within)];
}

/** One day of one stock in cents: open and close, and where it ran to a limit, which and from which bar on. */
type Course = {
  readonly open: number;
  readonly close: number;
  readonly down: number;
  readonly up: number;
  readonly run: null | { readonly limit: number; readonly from: number; readonly holds: boolean };
  readonly turnover: number;
};

function courseOf(
  stock: StockCn,
  day: Day,
  previous: number,
  slots: number,
  random: Random,
  rules: Rules,
): Course {
  const [down, up] = limitsOf(previous, stock.limitPercent, rules);
  const within = (price: number) => Math.min(up, Math.max(down, Math.round(price)));
  const sector = day.sectors[stock.sector]!;
  const own = stock.drift + OWN_DEVIATION * random.normal();
  const first = rules.isFirst ? FIRST_DAY + 20 * Math.abs(own) : 0;
  const change = (rules.isSt ? 0.4 : 1) * (stock.beta * day.market + sector + own) + first;
  const gap = 0.3 * change + 0.003 * random.normal();
  const dice = random.uniform();
  const from = Math.floor(random.uniform() ** 2 * slots);
  const holds = random.uniform() >= BREAKS;
  const heat = 1 + Math.max(-0.6, day.drifts[stock.sector]! / ROTATION) * 0.6;
  const [upShare, downShare] = RUNS[day.mood];
  const isUp = dice < upShare * heat;
  const isDown = !isUp && dice > 1 - downShare;
  const limit = isUp ? up : down;
  const canRun = !rules.isSt && !rules.isFree;
  const run = canRun && (isUp || isDown) ? { limit, from, holds } : null;
  const back = isUp ? -1 : 1;
  const broken = limit * (1 + back * (0.01 + 0.03 * random.uniform()));
  const close = run === null ? within(previous * (1 + change)) : within(holds ? limit : broken);
  const noise = 0.25 * random.normal();
  const turnover = stock.turnover * Math.exp(noise + 90 * day.drifts[stock.sector]!);
  const busy = (run === null ? 1 : 1.8) * (day.mood === 'hot' ? 1.9 : 1);
  const open = within(previous * (1 + gap));
  return { open, close, down, up, run, turnover: turnover * busy };
}

/** Share of the day's turnover by bar: much at the open, little at noon, more at the close. */
function shapeOf(slots: number): number[] {
  const raw = Array.from({ length: slots }, (_, k) => {
    const u = (k + 0.5) / slots;
    return 0.6 + 2.2 * Math.exp(-u / 0.08) + 0.9 * Math.exp(-(1 - u) / 0.06);
  });
  const sum = raw.reduce((all, one) => all + one, 0);
  return raw.map((one) => one / sum);
}

/** Price in cents at the end of each bar: a bridge from open to close, at the limit where the board is sealed. */
function pathOf(course: Course, slots: number, random: Random): number[] {
  const { open, close, down, up, run } = course;
  const path: number[] = [];
  let wave = 0;
  for (let k = 0; k < slots; k += 1) {
    const u = (k + 1) / slots;
    wave += random.normal() * 0.0022;
    const bridge = open + (close - open) * u + open * wave * (1 - u);
    const inside = Math.min(up, Math.max(down, Math.round(bridge)));
    const isSealed = run !== null && k >= run.from && (run.holds || k < run.from + 3);
    path.push(isSealed ? run.limit : inside);
  }
  path[slots - 1] = close;
  return path;
}

function emptyColumns(cells: number): Columns {
  const column = () => new Float64Array(cells);
  return {
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    amount: column(),
  };
}

type Writer = {
  readonly daily: Columns;
  readonly intraday: Columns;
  readonly shape: readonly number[];
  readonly slots: number;
  readonly width: number;
  readonly days: number;
  readonly first: number;
};

function bar(to: Columns, cell: number, from: number, end: number, extra: number, money: number) {
  to.open[cell] = from / 100;
  to.close[cell] = end / 100;
  to.high[cell] = (Math.max(from, end) + extra) / 100;
  to.low[cell] = (Math.min(from, end) - extra) / 100;
  const middle = (from + end) / 200;
  to.volume[cell] = Math.max(100, Math.round(money / middle / 100) * 100);
  to.amount[cell] = Math.round(to.volume[cell]! * middle);
}

/** Writes one traded day of stock `row`; answers its high and low in cents. */
function writeDay(w: Writer, row: number, d: number, course: Course, random: Random): void {
  const path = pathOf(course, w.slots, random);
  let [high, low] = [course.open, course.open];
  let before = course.open;
  for (const [k, end] of path.entries()) {
    const isFlat = before === end && (end === course.up || end === course.down);
    const room = Math.min(course.up - Math.max(before, end), Math.min(before, end) - course.down);
    const extra = isFlat ? 0 : Math.max(0, Math.min(room, Math.round(end * 0.0006)));
    high = Math.max(high, before, end + extra);
    low = Math.min(low, before, end - extra);
    if (d >= w.first) {
      const cell = row * w.width + (d - w.first) * w.slots + k;
      bar(w.intraday, cell, before, end, extra, course.turnover * w.shape[k]!);
    }
    before = end;
  }
  const cell = row * w.days + d;
  bar(w.daily, cell, course.open, course.close, 0, course.turnover);
  w.daily.high[cell] = high / 100;
  w.daily.low[cell] = low / 100;
}

/** A day without trading: nothing within the day, no daily bar. */
function writeSuspended(w: Writer, row: number, d: number): void {
  const cell = row * w.days + d;
  for (const column of Object.values(w.daily)) column[cell] = Number.NaN;
}

/** An ex-date of a stock: its day, the close before it and what that is worth on it, in cents. */
type WentEx = {
  readonly day: number;
  readonly before: number;
  readonly after: number;
  readonly cashCents: number;
  readonly newSharesPerShare: number;
};

/** Trades a stock from its first day on; answers its ex-dates, oldest first. */
function writeStock(
  w: Writer,
  stock: StockCn,
  row: number,
  common: readonly Day[],
  seed: Seed,
  events: StockEventsCn,
): readonly WentEx[] {
  const random = createRandom(`${seed}/cn/${stock.instrument}`);
  const { isSt, listedFrom, exDates } = events;
  const wentEx: WentEx[] = [];
  let previous = cents(stock.startPrice);
  let pausedFor = 0;
  for (const [d, day] of common.entries()) {
    const gift = exDates.get(d);
    if (gift !== undefined) {
      const { cashCents, closeCents: after } = goEx(previous, gift);
      const { newSharesPerShare } = gift;
      wentEx.push({ day: d, before: previous, after, cashCents, newSharesPerShare });
      previous = after;
    }
    const isFree = listedFrom > 0 && d < listedFrom + FREE_DAYS;
    const rules = { isSt, isFree, isFirst: listedFrom > 0 && d === listedFrom };
    const course = courseOf(stock, day, previous, w.slots, random, rules);
    if (random.uniform() < SUSPENDED) pausedFor = 1 + Math.floor(random.uniform() * 5);
    const isPaused = pausedFor > 0 && !isFree && gift === undefined;
    if (pausedFor > 0) pausedFor -= 1;
    if (isPaused || d < listedFrom) {
      writeSuspended(w, row, d);
      continue;
    }
    writeDay(w, row, d, course, random);
    previous = course.close;
  }
  return wentEx;
}

/** Daily bars on the basis of the last day: what lies before an ex-date is worth less, and more shares of it traded. */
function adjustedOf(w: Writer, exDates: readonly (readonly WentEx[])[]): Columns {
  const adjusted = emptyColumns(w.daily.close.length);
  for (const name of Object.keys(adjusted) as (keyof Columns)[]) adjusted[name].set(w.daily[name]);
  for (const [row, wentEx] of exDates.entries()) {
    for (const { day, before, after } of wentEx) {
      for (let cell = row * w.days; cell < row * w.days + day; cell += 1) {
        for (const name of ['open', 'high', 'low', 'close'] as const)
          adjusted[name][cell] = (adjusted[name][cell]! * after) / before;
        adjusted.volume[cell] = (adjusted.volume[cell]! * before) / after;
      }
    }
  }
  return adjusted;
}

/**
 * Makes a market of a few hundred stocks in 31 sectors: boards with their limits, boards sealed and
 * broken, money that turns from sector to sector over weeks, suspensions, ST names, ex-dates and new
 * listings in their days without limits. The same for the same seed and number of days, on whatever
 * dates. Stocks, prices and news of it are invented.
 */
export function createCnMarket(options: CnMarketOptions): CnMarket {
  const { seed, days, slotsOf } = options;
  const stocks = simulatedStocksCn(seed);
  const first = Math.max(0, days.length - options.intradayDays);
  const bars = days.slice(first).flatMap((day) => slotsOf(day));
  const slots = bars.length / Math.max(1, days.length - first);
  const common = commonDays(options);
  const w: Writer = {
    daily: emptyColumns(stocks.length * days.length),
    intraday: emptyColumns(stocks.length * bars.length),
    shape: shapeOf(slots),
    slots,
    width: bars.length,
    days: days.length,
    first,
  };
  const events = stockEventsCn(seed, stocks, days.length);
  const exDates = stocks.map((stock, row) => writeStock(w, stock, row, common, seed, events[row]!));
  const adjusted = adjustedOf(w, exDates);
  const rows = stocks.map((_, row) => row);
  const large = [...rows].sort((a, b) => stocks[b]!.turnover - stocks[a]!.turnover).slice(0, 60);
  const sectors = new Map(stocks.map((stock) => [stock.instrument, SECTORS_CN[stock.sector]!]));
  const isSt = new Map(stocks.map(({ instrument }, row) => [instrument, events[row]!.isSt]));
  return {
    instruments: stocks.map(({ instrument }) => instrument),
    days,
    daily: w.daily,
    openedAt: Float64Array.from(bars, ({ openedAt }) => openedAt),
    closedAt: Float64Array.from(bars, ({ closedAt }) => closedAt),
    intraday: w.intraday,
    composite: indexOf(adjusted, rows, events, days.length, 3_300),
    large: indexOf(adjusted, large, events, days.length, 3_900),
    margin: marginOf(seed, days),
    mood: common.at(-1)?.mood ?? 'flat',
    adjusted,
    actions: stocks.flatMap(({ instrument }, row) =>
      exDates[row]!.map(({ day, cashCents, newSharesPerShare }) => ({
        instrument,
        exDate: days[day]!,
        recordDate: days[day - 1] ?? null,
        cashPerShare: cashCents / 100,
        newSharesPerShare,
      })),
    ),
    isSt: (instrument) => isSt.get(instrument) ?? false,
    sectorOf: (instrument) => sectors.get(instrument) ?? null,
  };
}
