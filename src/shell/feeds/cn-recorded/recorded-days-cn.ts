import type { MarginData } from '#core/indicators/alt-flow.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import type { ExTerms } from '#core/portfolio/ex-date.ts';

const ZONE = 'Asia/Shanghai';
/** A step of the adjustment factor beyond this is an ex-date, below it rounding of the prices. */
const EX_STEP = 0.003;
/** Days of history a look is given: the longest window of the strategy and some. */
const HISTORY_DAYS = 280;

/**
 * Recorded daily bars: the cell of stock i and day d is at `i * days.length + d`, NaN where there is
 * none. `amount` is turnover in yuan, NaN where the source does not say.
 */
export type RecordedDailyCn = {
  readonly instruments: readonly InstrumentId[];
  readonly days: readonly TradingDay[];
} & Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'amount', Float64Array>>;

/** Recorded intraday bars: the cell of stock i and slot s is at `i * closedAt.length + s`. */
export type RecordedBarsCn = {
  readonly instruments: readonly InstrumentId[];
  readonly source: string;
  readonly openedAt: Float64Array;
  readonly closedAt: Float64Array;
} & Readonly<Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'amount', Float64Array>>;

/** A bar of a day: its place in the columns and its instants. */
export type RecordedSlot = {
  readonly index: number;
  readonly openedAt: number;
  readonly closedAt: number;
};

/** One day of a recording. `previousClose` is official: on an ex-date it is the adjusted one. */
export type RecordedDayCn = {
  readonly tradingDay: TradingDay;
  /** Empty where only daily bars are recorded. */
  readonly slots: readonly RecordedSlot[];
  readonly previousClose: Float64Array;
  /** Last traded close before the day, as it was traded. */
  readonly lastClose: Float64Array;
  /** 1: not one share traded all day, as suspended stocks are padded in recordings. */
  readonly isSuspended: Uint8Array;
};

type DailyColumns = Readonly<
  Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'turnover', Float64Array>
>;

/** Recorded A-share days in memory, the stocks as rows. */
export type RecordingCn = {
  readonly instruments: readonly InstrumentId[];
  readonly rowOf: ReadonlyMap<InstrumentId, number>;
  readonly universe: string;
  readonly source: string;
  readonly sectors: readonly string[];
  readonly sectorOf: Int16Array;
  /** 1: an ST name, all the time. */
  readonly isSt: Uint8Array;
  /** Every day with daily bars, oldest first; the cell of stock i and day d is at `i * days + d`. */
  readonly days: readonly RecordedDayCn[];
  readonly daily: DailyColumns;
  /** Place among `days` of the first bar of each stock; its listing is not later. */
  readonly firstDay: Int32Array;
  readonly historyDays: number;
  readonly bars: Pick<RecordedBarsCn, 'open' | 'high' | 'low' | 'close' | 'volume' | 'amount'>;
  /** Slots of the intraday columns: the cell of stock i and slot s is at `i * width + s`. */
  readonly width: number;
  readonly composite: IndexSeries | null;
  readonly csi300: IndexSeries | null;
  readonly margin: MarginData | null;
  /** Terms of ex-dates by `instrument day`. */
  readonly exTerms: ReadonlyMap<string, ExTerms>;
};

/** What a recording is made of. */
export type RecordingParts = {
  readonly daily: RecordedDailyCn;
  readonly intraday: RecordedBarsCn;
  readonly composite: IndexSeries | null;
  readonly csi300: IndexSeries | null;
  readonly margin: MarginData | null;
  /** Name of the sector of an instrument; null for none. */
  readonly sectorOf: (instrument: InstrumentId) => string | null;
  readonly universe: string;
  /** ST names; absent: no recording tells. */
  readonly isSt?: (instrument: InstrumentId) => boolean;
  /** Terms of ex-dates that were recorded; absent: none were. */
  readonly actions?: readonly CorporateActionCn[];
};

function exTermsOf(actions: readonly CorporateActionCn[]): Map<string, ExTerms> {
  return new Map(
    actions.map(({ instrument, exDate, cashPerShare, newSharesPerShare }) => [
      `${instrument} ${exDate}`,
      { exDate, cashPerShare, newSharesPerShare, rightsPerShare: 0, rightsPrice: 0 },
    ]),
  );
}

function slotsByDay(intraday: RecordedBarsCn): Map<TradingDay, RecordedSlot[]> {
  const days = new Map<TradingDay, RecordedSlot[]>();
  for (let index = 0; index < intraday.closedAt.length; index += 1) {
    const closedAt = intraday.closedAt[index]!;
    const { day } = wallTimeOf(closedAt, ZONE);
    const slots = days.get(day) ?? [];
    slots.push({ index, openedAt: intraday.openedAt[index]!, closedAt });
    days.set(day, slots);
  }
  return days;
}

/** Last traded price of a stock in the slots of a day; NaN when it did not trade. */
function lastOf(intraday: RecordedBarsCn, row: number, slots: readonly RecordedSlot[]): number {
  const width = intraday.closedAt.length;
  let last = Number.NaN;
  for (const { index } of slots) {
    const close = intraday.close[row * width + index]!;
    if (close > 0 && intraday.volume[row * width + index]! > 0) last = close;
  }
  return last;
}

function amountOf(intraday: RecordedBarsCn, row: number, slots: readonly RecordedSlot[]): number {
  const width = intraday.closedAt.length;
  return slots.reduce((sum, { index }) => sum + (intraday.amount[row * width + index] ?? 0), 0);
}

function emptyColumns(cells: number): DailyColumns {
  const column = () => new Float64Array(cells).fill(Number.NaN);
  return {
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column(),
  };
}

/**
 * Puts recorded series together. Daily bars may be adjusted: their ratio to the traded close of a day
 * is the adjustment factor, and where it steps the day is an ex-date whose previous close is restated.
 * That factor is a term known before the open; no price of a day is read for that day's morning.
 */
export function recordingOf(parts: RecordingParts): RecordingCn {
  const { daily, intraday } = parts;
  const { instruments } = intraday;
  const byDay = slotsByDay(intraday);
  const dailyRow = new Map(daily.instruments.map((id, row) => [id, row]));
  const stocks = instruments.length;
  const width = daily.days.length;
  const columns = emptyColumns(stocks * width);
  const previous = new Float64Array(stocks).fill(Number.NaN);
  const factors = new Float64Array(stocks).fill(Number.NaN);
  const firstDay = new Int32Array(stocks).fill(-1);
  const days = daily.days.map((tradingDay, d): RecordedDayCn => {
    const slots = byDay.get(tradingDay) ?? [];
    const [previousClose, lastClose] = [previous.slice(), previous.slice()];
    const isSuspended = new Uint8Array(stocks);
    for (let row = 0; row < stocks; row += 1) {
      const source = (dailyRow.get(instruments[row]!) ?? -1) * width + d;
      const cell = row * width + d;
      for (const name of ['open', 'high', 'low', 'close', 'volume'] as const)
        columns[name][cell] = source < 0 ? Number.NaN : daily[name][source]!;
      const adjusted = columns.close[cell]!;
      if (adjusted > 0 && firstDay[row]! < 0) firstDay[row] = d;
      const traded = slots.length > 0 ? lastOf(intraday, row, slots) : adjusted;
      const amount = slots.length > 0 ? amountOf(intraday, row, slots) : Number.NaN;
      const known = source < 0 ? Number.NaN : daily.amount[source]!;
      columns.turnover[cell] =
        known >= 0 ? known : amount > 0 ? amount : adjusted * columns.volume[cell]!;
      if (slots.length > 0 && !(traded > 0)) {
        isSuspended[row] = 1;
        continue;
      }
      const factor = slots.length > 0 ? traded / adjusted : Number.NaN;
      const step = factor / factors[row]! - 1;
      if (Math.abs(step) > EX_STEP)
        previousClose[row] = Math.round((previous[row]! / factors[row]!) * factor * 100) / 100;
      if (factor > 0) factors[row] = factor;
      if (traded > 0) previous[row] = traded;
    }
    return { tradingDay, slots, previousClose, lastClose, isSuspended };
  });
  const sectors = [...new Set(instruments.flatMap((id) => parts.sectorOf(id) ?? []))].sort();
  return {
    instruments,
    rowOf: new Map(instruments.map((id, row) => [id, row])),
    universe: parts.universe,
    source: intraday.source,
    sectors,
    sectorOf: Int16Array.from(instruments, (id) => sectors.indexOf(parts.sectorOf(id) ?? '')),
    isSt: Uint8Array.from(instruments, (id) => (parts.isSt?.(id) === true ? 1 : 0)),
    days,
    daily: columns,
    firstDay,
    historyDays: HISTORY_DAYS,
    bars: intraday,
    width: intraday.closedAt.length,
    composite: parts.composite,
    csi300: parts.csi300,
    margin: parts.margin,
    exTerms: exTermsOf(parts.actions ?? []),
  };
}
