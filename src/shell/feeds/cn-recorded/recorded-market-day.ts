import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import type { Quote } from '#core/market/quote.ts';
import { instantAt, type Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { StockTable } from '#core/market/whole-market.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import type { ExDateFacts } from '#core/portfolio/ex-date.ts';
import type { BuyPointLook, IntradayBars } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import type { RecordedDayCn, RecordingCn } from './recorded-days-cn.ts';
import { concentrations, historyOf, indexAt, marginBefore } from './recorded-inputs.ts';

const ZONE = 'Asia/Shanghai';
const SIZE = 100_000;
const TICK = 0.01;
/** Days before that a volume is compared with. */
const VOLUME_DAYS = 5;

/** One recorded A-share day as the desk may see it at an instant: nothing later is ever told. */
export type RecordedMarketDay = {
  readonly tradingDay: TradingDay;
  /** Instants at which bars close, oldest first. */
  readonly closes: readonly number[];
  /** Everything gathered at `at` for a look at wall time `time`. */
  inputsAt(at: number): MarketInputs;
  /** The price that stands at `at`, with its own instant; null before the first one. */
  quoteAt(instrument: InstrumentId, at: number): Quote | null;
  /** The price of the opening auction, out at 9:25: the first bar begins with it. Null: none was made. */
  openingPriceOf(instrument: InstrumentId): number | null;
  /** The bar that closes at `at`; null when nothing traded in it. */
  barAt(instrument: InstrumentId, at: number): Bar | null;
  heldPriceAt(instrument: InstrumentId, at: number): HeldPrice | null;
  buyPointLookAt(instrument: InstrumentId, at: number): BuyPointLook | null;
  factsOf(instrument: InstrumentId): InstrumentDayCn | null;
  exDateOf(instrument: InstrumentId): ExDateFacts;
};

type Day = {
  readonly rec: RecordingCn;
  readonly day: RecordedDayCn;
  /** Place of the day among those of the recording. */
  readonly place: number;
  readonly session: Session;
};

/** Bars of the day that have closed by `at`. */
function slotsBy({ day }: Day, at: number): number {
  let count = 0;
  while (count < day.slots.length && day.slots[count]!.closedAt <= at) count += 1;
  return count;
}

/** Trading days since the first recorded one, that one being 1: a lower bound; NaN before it. */
function listedDays({ rec, place }: Day, row: number): number {
  const first = rec.firstDay[row]!;
  return first < 0 || first > place ? Number.NaN : place - first + 1;
}

function factsOf(one: Day, row: number): InstrumentDayCn {
  const { rec, day } = one;
  const listed = listedDays(one, row);
  const previousClose = day.previousClose[row]!;
  return {
    instrument: rec.instruments[row]!,
    tradingDay: day.tradingDay,
    previousClose: previousClose > 0 ? previousClose : null,
    status: rec.isSt[row] === 1 ? 'st' : 'normal',
    listedOn: rec.days[rec.firstDay[row]!]?.tradingDay ?? null,
    listedForDays: listed > 0 ? listed : null,
    firstDayOf: 'none',
    vendorLimits: null,
    isSuspended: day.isSuspended[row] === 1,
    halts: [],
    isSameDaySale: false,
    closePrice: null,
  };
}

function tableOf(one: Day): StockTable {
  const { rec, day } = one;
  return {
    tradingDay: day.tradingDay,
    instruments: rec.instruments,
    names: rec.instruments.map((id, row) => `${rec.isSt[row] === 1 ? 'ST' : ''}${id.slice(0, 6)}`),
    sectors: rec.sectors,
    sectorOf: rec.sectorOf,
    flags: Uint8Array.from(
      day.isSuspended,
      (is, row) =>
        (is === 1 ? STOCK_FLAGS.suspended : 0) | (rec.isSt[row] === 1 ? STOCK_FLAGS.st : 0),
    ),
    listedDays: Float64Array.from(rec.instruments, (_, row) => listedDays(one, row)),
    universe: rec.universe,
  };
}

function columns(stocks: number) {
  return () => new Float64Array(stocks).fill(Number.NaN);
}

/** What a sum begins with where nothing is known yet. */
function orZero(value: number): number {
  return Number.isNaN(value) ? 0 : value;
}

/** Sums and extremes of the bars closed by `at`; before the first close the opening price, if it is out. */
function snapshotOf(one: Day, at: number): MarketInputs['snapshot'] {
  const { rec, day } = one;
  const stocks = rec.instruments.length;
  const column = columns(stocks);
  const count = slotsBy(one, at);
  const isOpening = count === 0 && at >= one.session.openAt - 5 * 60_000;
  if (count === 0 && !isOpening) return null;
  const asOf = count === 0 ? at : day.slots[count - 1]!.closedAt;
  const [last, high, low, turnover, volume] = [column(), column(), column(), column(), column()];
  const [limitUp, limitDown] = [column(), column()];
  for (let row = 0; row < stocks; row += 1) {
    const limits = limitsOn(factsOf(one, row));
    if (limits.kind === 'limits') {
      limitUp[row] = limits.up;
      limitDown[row] = limits.down;
    }
    if (isOpening) {
      const open = rec.bars.open[row * rec.width + day.slots[0]!.index]!;
      if (open > 0) last[row] = high[row] = low[row] = open;
      continue;
    }
    for (let slot = 0; slot < count; slot += 1) {
      const cell = row * rec.width + day.slots[slot]!.index;
      if (!(rec.bars.close[cell]! > 0)) continue;
      last[row] = rec.bars.close[cell]!;
      high[row] = Math.max(rec.bars.high[cell]!, orZero(high[row]!));
      low[row] = Math.min(
        rec.bars.low[cell]!,
        low[row]! > 0 ? low[row]! : Number.POSITIVE_INFINITY,
      );
      turnover[row] = orZero(turnover[row]!) + rec.bars.amount[cell]!;
      volume[row] = orZero(volume[row]!) + rec.bars.volume[cell]!;
    }
  }
  return {
    tradingDay: day.tradingDay,
    asOf,
    fetchedAt: at,
    source: rec.source,
    degraded: true,
    last,
    previousClose: day.previousClose,
    high,
    low,
    limitUp,
    limitDown,
    bid: column(),
    ask: column(),
    turnover,
    volume,
  };
}

/** The best prices around a price that was traded: a tick apart, one-sided at a limit. */
function quoteOf(facts: InstrumentDayCn, price: number, at: number): Quote {
  const limits = limitsOn(facts);
  const { instrument } = facts;
  const base = { instrument, bidSize: SIZE, askSize: SIZE, at };
  if (limits.kind === 'limits' && price >= limits.up - TICK / 2)
    return { ...base, bid: price, ask: 0, askSize: 0 };
  if (limits.kind === 'limits' && price <= limits.down + TICK / 2)
    return { ...base, bid: 0, bidSize: 0, ask: price };
  return { ...base, bid: Math.round((price - TICK) * 100) / 100, ask: price };
}

function intradayOf(
  { rec }: Day,
  row: number,
  day: RecordedDayCn,
  openAt: number,
  through: number,
): IntradayBars {
  const slots = day.slots.filter(({ closedAt }) => closedAt <= through);
  const column = (values: Float64Array) =>
    Float64Array.from(slots, ({ index }) => values[row * rec.width + index]!);
  return {
    openAt,
    barMinutes: 15,
    closedAt: Float64Array.from(slots, ({ closedAt }) => closedAt),
    volume: column(rec.bars.volume),
    turnover: column(rec.bars.amount),
  };
}

function buyPointLook(one: Day, row: number, at: number): BuyPointLook | null {
  const { rec, day, session } = one;
  const snapshot = snapshotOf(one, at);
  if (snapshot === null || !(snapshot.last[row]! > 0)) return null;
  const place = rec.days.findIndex(({ tradingDay }) => tradingDay === day.tradingDay);
  const before = rec.days
    .slice(0, place)
    .filter(({ slots }) => slots.length > 0)
    .slice(-VOLUME_DAYS);
  const end = Number.POSITIVE_INFINITY;
  return {
    instrument: rec.instruments[row]!,
    origin: { source: rec.source, asOf: snapshot.asOf, fetchedAt: at, degraded: true },
    last: snapshot.last[row]!,
    dayHigh: snapshot.high[row]!,
    dayTurnover: snapshot.turnover[row]!,
    dayVolume: snapshot.volume[row]!,
    today: intradayOf(one, row, day, session.openAt, at),
    earlier: before.map((other) =>
      intradayOf(one, row, other, instantAt(other.tradingDay, '09:30', ZONE), end),
    ),
    earlierVolumes: before.map((other) =>
      other.slots.reduce((sum, { index }) => sum + rec.bars.volume[row * rec.width + index]!, 0),
    ),
  };
}

/** The price that stands at an instant: the open of the bar in progress, else the last close. */
function standing(one: Day, row: number, at: number): { price: number; at: number } | null {
  const { rec, day } = one;
  const count = slotsBy(one, at);
  const next = day.slots[count];
  if (next !== undefined && at >= next.openedAt + 1_000) {
    const open = rec.bars.open[row * rec.width + next.index]!;
    if (open > 0) return { price: open, at };
  }
  for (let slot = count - 1; slot >= 0; slot -= 1) {
    const close = rec.bars.close[row * rec.width + day.slots[slot]!.index]!;
    if (!(close > 0)) continue;
    const { closedAt } = day.slots[slot]!;
    return { price: close, at: at <= closedAt + 1_000 ? at : closedAt };
  }
  return null;
}

function barAt(one: Day, row: number, at: number): Bar | null {
  const { rec, day } = one;
  const slot = day.slots.find(({ closedAt }) => closedAt === at);
  if (slot === undefined) return null;
  const cell = row * rec.width + slot.index;
  const { open, high, low, close, volume } = rec.bars;
  if (!(close[cell]! > 0) || !(volume[cell]! > 0)) return null;
  return {
    instrument: rec.instruments[row]!,
    timeframe: '15m',
    openedAt: slot.openedAt,
    closedAt: slot.closedAt,
    open: open[cell]!,
    high: high[cell]!,
    low: low[cell]!,
    close: close[cell]!,
    volume: volume[cell]!,
  };
}

/** Last traded close, official previous close, and the terms if any were recorded. */
function exDateOf({ rec, day }: Day, instrument: InstrumentId, row: number): ExDateFacts {
  const known = (price: number | undefined) => (price !== undefined && price > 0 ? price : null);
  return {
    instrument,
    terms: rec.exTerms.get(`${instrument} ${day.tradingDay}`) ?? null,
    lastClose: known(day.lastClose[row]),
    officialPreviousClose: known(day.previousClose[row]),
  };
}

/** A recorded day on which looks can be made. `times`: wall times the concentration is compared at. */
export function recordedMarketDay(
  rec: RecordingCn,
  day: RecordedDayCn,
  session: Session,
  times: readonly string[],
): RecordedMarketDay {
  const one: Day = { rec, day, place: rec.days.indexOf(day), session };
  const table = tableOf(one);
  const history = historyOf(rec, day, session.openAt);
  const known = times.map((time) => concentrations(rec, day.tradingDay, time));
  const rowOf = (instrument: InstrumentId) => rec.rowOf.get(instrument) ?? -1;
  return {
    tradingDay: day.tradingDay,
    closes: day.slots.map(({ closedAt }) => closedAt),
    inputsAt: (at) => {
      const snapshot = snapshotOf(one, at);
      return {
        table,
        snapshot,
        history,
        composite: indexAt(rec.composite, snapshot, day.tradingDay, at),
        csi300: indexAt(rec.csi300, null, day.tradingDay, at),
        margin: marginBefore(rec.margin, day.tradingDay, at),
        concentrations: known,
      };
    },
    quoteAt: (instrument, at) => {
      const row = rowOf(instrument);
      const price = row < 0 ? null : standing(one, row, at);
      return price === null ? null : quoteOf(factsOf(one, row), price.price, price.at);
    },
    openingPriceOf: (instrument) => {
      const row = rowOf(instrument);
      const [first] = day.slots;
      const open =
        row < 0 || first === undefined ? 0 : rec.bars.open[row * rec.width + first.index]!;
      return open > 0 ? open : null;
    },
    barAt: (instrument, at) => {
      const row = rowOf(instrument);
      return row < 0 ? null : barAt(one, row, at);
    },
    heldPriceAt: (instrument, at) => {
      const row = rowOf(instrument);
      if (row < 0) return null;
      const isSuspended = day.isSuspended[row] === 1;
      const price = standing(one, row, at);
      return price === null
        ? { last: day.previousClose[row]!, asOf: at, isSuspended }
        : { last: price.price, asOf: price.at, isSuspended };
    },
    buyPointLookAt: (instrument, at) => {
      const row = rowOf(instrument);
      return row < 0 ? null : buyPointLook(one, row, at);
    },
    exDateOf: (instrument) => exDateOf(one, instrument, rowOf(instrument)),
    factsOf: (instrument) => {
      const row = rowOf(instrument);
      return row < 0 ? null : factsOf(one, row);
    },
  };
}
