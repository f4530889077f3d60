import type { ConcentrationHistory } from '#core/indicators/alt-flow.ts';
import { sumOfLargest } from '#core/lib/rank.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import type { CorporateActionCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DailyHistory, IndexSeries } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { FetchResult } from './ports.ts';

/*
 * Stored daily bars as the desk reads them. Bars as traded are the same thing whoever tells them, so
 * that days one series lacks may come from another one; adjusted bars are never mixed.
 */

const FIELDS = ['open', 'high', 'low', 'close', 'previousClose', 'volume', 'amount'] as const;

/**
 * Panels of the same instruments put together: the days of the first one, and those that only a later
 * one has. A note names each series that had to help out.
 */
export function mergedPanel(panels: readonly [DailyPanelCn, ...DailyPanelCn[]]): {
  readonly panel: DailyPanelCn;
  readonly note: readonly FetchNote[];
} {
  const [first, ...others] = panels;
  const owner = new Map<TradingDay, DailyPanelCn>(first.days.map((day) => [day, first]));
  const note: FetchNote[] = [];
  for (const other of others) {
    const added = other.days.filter((day) => !owner.has(day));
    for (const day of added) owner.set(day, other);
    const [from, through] = [added[0], added.at(-1)];
    if (from === undefined || through === undefined) continue;
    note.push(
      fetchNote('days_from_elsewhere', other.source, { days: added.length, from, through }),
    );
  }
  if (note.length === 0) return { panel: first, note };
  const days = [...owner.keys()].sort();
  const stocks = first.instruments.length;
  const columns = Object.fromEntries(
    FIELDS.map((field) => [field, new Float64Array(stocks * days.length).fill(Number.NaN)]),
  ) as Record<(typeof FIELDS)[number], Float64Array>;
  for (const [place, day] of days.entries()) {
    const from = owner.get(day) ?? first;
    const its = from.days.indexOf(day);
    for (let row = 0; row < stocks; row += 1) {
      const cell = row * from.days.length + its;
      for (const field of FIELDS) columns[field][row * days.length + place] = from[field][cell]!;
    }
  }
  const fetchedAt = Math.max(...panels.map((one) => one.fetchedAt));
  return { panel: { ...first, days, fetchedAt, ...columns }, note };
}

/** A price on the basis of the day an action goes ex: (price − cash) / (1 + new shares). */
function exFactor(close: number, action: CorporateActionCn): number {
  return (close - action.cashPerShare) / (1 + action.newSharesPerShare) / close;
}

/**
 * Bars as traded on the basis of `tradingDay`: each row's own previous close says what the close
 * before is worth on its day (the exchange adjusts it on an ex-date), and an action on file for
 * `tradingDay` restates the last close once more. Rows without a previous close are taken for days
 * without an ex-date; `fields_missing` says how many. Days from `tradingDay` on are left out.
 */
export function historyFrom(
  panel: DailyPanelCn,
  tradingDay: TradingDay,
  actions: readonly CorporateActionCn[],
  note: readonly FetchNote[] = [],
): FetchResult<DailyHistory> {
  const found = panel.days.findIndex((day) => day >= tradingDay);
  const width = found < 0 ? panel.days.length : found;
  const stocks = panel.instruments.length;
  const column = () => new Float64Array(stocks * width).fill(Number.NaN);
  const into = {
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column(),
  };
  const today = new Map(
    actions.filter(({ exDate }) => exDate === tradingDay).map((one) => [one.instrument, one]),
  );
  let unlinked = 0;
  for (let row = 0; row < stocks; row += 1) {
    const base = row * panel.days.length;
    const action = today.get(panel.instruments[row]!);
    let factor = 1;
    let later = Number.NaN;
    let isFirst = true;
    for (let day = width - 1; day >= 0; day -= 1) {
      const close = panel.close[base + day]!;
      if (!(close > 0)) continue;
      if (isFirst && action !== undefined) factor *= exFactor(close, action);
      if (!isFirst && later > 0) factor *= later / close;
      if (!isFirst && !(later > 0)) unlinked += 1;
      isFirst = false;
      later = panel.previousClose[base + day]!;
      const cell = row * width + day;
      into.open[cell] = panel.open[base + day]! * factor;
      into.high[cell] = panel.high[base + day]! * factor;
      into.low[cell] = panel.low[base + day]! * factor;
      into.close[cell] = close * factor;
      into.volume[cell] = panel.volume[base + day]! / factor;
      into.turnover[cell] = panel.amount[base + day]!;
    }
  }
  const notes = [...note];
  if (unlinked > 0) {
    notes.push(
      fetchNote('fields_missing', panel.source, { fields: 'previous_close', rows: unlinked }),
    );
  }
  const degraded = notes.length > 0;
  const { source, fetchedAt } = panel;
  return {
    data: { days: panel.days.slice(0, width), stocks, source, degraded, fetchedAt, ...into },
    source,
    fetchedAt,
    asOf: fetchedAt,
    degraded,
    note: notes,
  };
}

/** Closes of one index of a panel before `tradingDay`; null when it has none. `now` is still open. */
export function indexSeriesFrom(
  panel: DailyPanelCn,
  index: InstrumentId,
  tradingDay: TradingDay,
  isDegraded: boolean,
): IndexSeries | null {
  const row = panel.instruments.indexOf(index);
  if (row < 0) return null;
  const days: TradingDay[] = [];
  const closes: number[] = [];
  for (const [place, day] of panel.days.entries()) {
    const close = panel.close[row * panel.days.length + place]!;
    if (day >= tradingDay || !(close > 0)) continue;
    days.push(day);
    closes.push(close);
  }
  if (days.length === 0) return null;
  return {
    days,
    closes: Float64Array.from(closes),
    now: null,
    asOf: panel.fetchedAt,
    fetchedAt: panel.fetchedAt,
    source: panel.source,
    degraded: isDegraded,
  };
}

/** The newest close of each row of a panel as traded. */
export function lastClosesOf(panel: DailyPanelCn): Float64Array {
  const width = panel.days.length;
  return Float64Array.from(panel.instruments, (_, row) => {
    for (let day = width - 1; day >= 0; day -= 1) {
      const close = panel.close[row * width + day]!;
      if (close > 0) return close;
    }
    return Number.NaN;
  });
}

/** Time under which concentrations of whole days stand: the close. */
const WHOLE_DAY = '15:00';
/** The most traded stocks of a concentration. */
const TOP = 20;

/**
 * Concentration of whole days, from turnovers of a history: what a look within the session is compared
 * with as long as there are too few looks of its own time. A day without turnovers is NaN.
 */
export function dailyConcentrations(history: DailyHistory): ConcentrationHistory {
  const width = history.days.length;
  const values = Float64Array.from(history.days, (_, day) => {
    const turnovers = Float64Array.from(
      { length: history.stocks },
      (_unused, row) => history.turnover[row * width + day]!,
    );
    const total = turnovers.reduce((sum, value) => (value > 0 ? sum + value : sum), 0);
    return total > 0 ? sumOfLargest(turnovers, TOP) / total : Number.NaN;
  });
  return { time: WHOLE_DAY, days: history.days, values };
}
