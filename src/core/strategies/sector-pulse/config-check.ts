import type { Calibration, ConditionHistory, FilterReach } from '#core/gates/calibration.ts';
import { calibrate, filterReach } from '#core/gates/calibration.ts';
import type { MarketFigures } from '#core/gates/sentiment.ts';
import { judgeSentiment } from '#core/gates/sentiment.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DailyHistory, StockTable } from '#core/market/whole-market.ts';
import { assertSameStocks, hasFlag } from '#core/market/whole-market.ts';
import type { SectorPulseParams } from './params.ts';
import { strengthColumns } from './select-stocks.ts';
import { stockColumns } from './stock-columns.ts';

/** Days over which a condition must have changed its state once. */
const WINDOW_DAYS = 250;
/** Least share of the market a filter must leave. */
const MIN_SHARE = 0.01;

/** The figures of one checkpoint of one day, for calibration. */
export type FiguresOfDay = {
  readonly day: TradingDay;
  readonly checkpoint: string;
  readonly figures: MarketFigures;
};

/** What the check of the configuration found. */
export type ConfigFinding = {
  readonly conditions: readonly Calibration[];
  /** Names of the conditions that have not changed within the window, with their checkpoint. */
  readonly constant: readonly string[];
  readonly filters: readonly FilterReach[];
  /** Filters that leave less than 1 % of the market: the desk does not start with them. */
  readonly refused: readonly string[];
};

/**
 * Judgements of every condition of the gate, and of the gate as a whole (`gate`), by checkpoint, from
 * the figures of earlier days. What could not be judged is null.
 */
export function conditionHistories(
  days: readonly FiguresOfDay[],
  params: SectorPulseParams,
): ConditionHistory[] {
  const histories = new Map<string, { day: TradingDay; held: boolean | null }[]>();
  for (const { day, checkpoint, figures } of days) {
    const { checks, passed } = judgeSentiment(figures, checkpoint, params.gate);
    const add = (condition: string, isJudged: boolean, held: boolean) => {
      const key = `${condition}@${checkpoint}`;
      const rows = histories.get(key) ?? [];
      rows.push({ day, held: isJudged ? held : null });
      histories.set(key, rows);
    };
    for (const check of checks) add(check.name, check.value !== null, check.passed);
    add(
      'gate',
      checks.every(({ value }) => value !== null),
      passed,
    );
  }
  return [...histories].map(([key, rows]) => {
    const [condition = '', checkpoint = ''] = key.split('@');
    return { condition, checkpoint, days: rows };
  });
}

/** What each filter of stocks, and all of them together, leave of the market on `tradingDay`. */
export function filterReaches(
  table: StockTable,
  history: DailyHistory,
  params: SectorPulseParams,
): FilterReach[] {
  assertSameStocks(table, null, history);
  const { stocks, sectors } = params;
  const columns = stockColumns(history, table.tradingDay, {
    ...stocks,
    averageDays: sectors.averageDays,
  });
  const strength = strengthColumns(table, columns, stocks.weights.attack, stocks);
  const filters: readonly (readonly [string, (row: number) => boolean])[] = [
    ['strength_below_min', (row) => strength.adjusted[row]! >= stocks.strengthMin],
    ['turnover_below_min', (row) => columns.turnover[row]! >= stocks.turnoverMin],
    ['turnover_above_max', (row) => columns.turnover[row]! <= strength.turnoverMax],
    ['st', (row) => !hasFlag(table, row, 'st')],
    ['new_listing', (row) => table.listedDays[row]! >= stocks.listedDaysMin],
  ];
  const of = table.instruments.length;
  const countOf = (keeps: (row: number) => boolean) => {
    let left = 0;
    for (let row = 0; row < of; row += 1) if (keeps(row)) left += 1;
    return left;
  };
  const all = (row: number) => filters.every(([, keeps]) => keeps(row));
  return [
    ...filters.map(([name, keeps]) => filterReach(name, countOf(keeps), of, MIN_SHARE)),
    filterReach('all_filters', countOf(all), of, MIN_SHARE),
  ];
}

/**
 * Checks the thresholds against what the market did: names every condition that has not changed
 * its state in 250 days, and refuses filters that leave less than 1 % of the market. Without a
 * history of daily bars no filter is judged.
 */
export function checkConfig(
  days: readonly FiguresOfDay[],
  market: { readonly table: StockTable; readonly history: DailyHistory } | null,
  params: SectorPulseParams,
): ConfigFinding {
  const conditions = conditionHistories(days, params).map((one) => calibrate(one, WINDOW_DAYS));
  const filters = market === null ? [] : filterReaches(market.table, market.history, params);
  return {
    conditions,
    constant: conditions
      .filter(({ isConstant }) => isConstant)
      .map(({ condition, checkpoint }) => `${condition} ${checkpoint}`),
    filters,
    refused: filters.filter(({ isRefused }) => isRefused).map(({ filter }) => filter),
  };
}
