import { shareAtMost, sumOfLargest } from '#core/lib/rank.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import type { FreshnessParams } from './breadth.ts';
import { snapshotFault } from './breadth.ts';
import type { Figure, Origin } from './figure.ts';
import { figure, noFigure, note, nowhere } from './figure.ts';

/** Yuan in one 亿. */
const YI = 100_000_000;

/** Concentrations of earlier days at one wall time, oldest first. */
export type ConcentrationHistory = {
  /** Wall time `HH:MM` the values were taken at. */
  readonly time: string;
  readonly days: readonly TradingDay[];
  readonly values: Float64Array;
};

/** How concentration and its percentile are made. */
export type ConcentrationParams = FreshnessParams & {
  /** How many of the most traded stocks: 20. */
  readonly top: number;
  /** Days the percentile looks back: 250. */
  readonly days: number;
  /** With fewer known days it is unknown. */
  readonly minDays: number;
};

/**
 * The history to judge a figure of wall time `time` by: the latest that is not later, or the
 * earliest of all. Null when there is none.
 */
export function historyAt(
  histories: readonly ConcentrationHistory[],
  time: string,
): ConcentrationHistory | null {
  let found: ConcentrationHistory | null = null;
  for (const history of histories) {
    if (found === null) found = history;
    else if (history.time <= time && (found.time > time || history.time > found.time)) {
      found = history;
    } else if (found.time > time && history.time < found.time) found = history;
  }
  return found;
}

/** The last `count` values of days before `tradingDay`. */
function earlierValues(
  history: ConcentrationHistory,
  tradingDay: TradingDay,
  count: number,
): Float64Array {
  const kept: number[] = [];
  for (let i = history.days.length - 1; i >= 0 && kept.length < count; i -= 1) {
    const value = history.values[i]!;
    if (history.days[i]! < tradingDay && !Number.isNaN(value)) kept.push(value);
  }
  return Float64Array.from(kept);
}

function concentrationNow(
  table: StockTable,
  snapshot: MarketSnapshot | null,
  at: number,
  params: ConcentrationParams,
): Figure {
  const name = 'turnover_concentration';
  const fault = snapshotFault(snapshot, table, at, params);
  if (fault !== null || snapshot === null) {
    return noFigure(name, 'fraction', snapshot ?? nowhere(at), fault ?? note('no_data'));
  }
  let total = 0;
  let known = 0;
  let expected = 0;
  for (let row = 0; row < snapshot.turnover.length; row += 1) {
    const turnover = snapshot.turnover[row]!;
    if (turnover >= 0) {
      known += 1;
      expected += 1;
      total += turnover;
    } else if (!hasFlag(table, row, 'suspended')) expected += 1;
  }
  const missing = note('rows_missing', { missing: expected - known, of: expected });
  if (!(known >= expected * params.minCoverage) || !(total > 0)) {
    return noFigure(name, 'fraction', snapshot, missing);
  }
  const value = sumOfLargest(snapshot.turnover, params.top) / total;
  const origin = { ...snapshot, degraded: snapshot.degraded || known < expected };
  const said =
    known < expected ? missing : note('universe', { universe: table.universe, stocks: known });
  return figure(name, value, 'fraction', origin, said);
}

/**
 * `turnover_concentration` (turnover of the 20 most traded stocks over that of the market so far)
 * and its percentile among up to `days` earlier days. The percentile is degraded when fewer days
 * are known, or when the history is of another wall time than `time`.
 */
export function concentrationFigures(
  table: StockTable,
  snapshot: MarketSnapshot | null,
  histories: readonly ConcentrationHistory[],
  when: { readonly at: number; readonly time: string },
  params: ConcentrationParams,
): { readonly level: Figure; readonly percentile: Figure } {
  const level = concentrationNow(table, snapshot, when.at, params);
  const name = 'concentration_percentile';
  if (level.value === null) {
    return { level, percentile: { ...level, name } };
  }
  const history = historyAt(histories, when.time);
  const values =
    history === null ? new Float64Array(0) : earlierValues(history, table.tradingDay, params.days);
  if (history === null || values.length < Math.max(1, params.minDays)) {
    const why = note('history_short', { days: values.length, needed: params.minDays });
    return { level, percentile: noFigure(name, 'fraction', level, why) };
  }
  const isShort = values.length < params.days;
  const isOther = history.time !== when.time;
  const why = isOther
    ? note('other_time', { found: history.time, expected: when.time })
    : isShort
      ? note('history_short', { days: values.length, needed: params.days })
      : null;
  const origin: Origin = { ...level, degraded: level.degraded || isShort || isOther };
  const share = shareAtMost(values, level.value) ?? 1;
  return { level, percentile: figure(name, share, 'fraction', origin, why) };
}

/**
 * Margin trading of one exchange on one day, in yuan (rzye, rzmre, rzche of the exchanges).
 * `repaid` is not published by every source; the balance of the day before stands in for it.
 */
export type MarginRow = {
  readonly exchange: 'SSE' | 'SZSE';
  readonly day: TradingDay;
  readonly balance: number | null;
  readonly bought: number | null;
  readonly repaid: number | null;
  readonly previousBalance: number | null;
  /** The balances contradict what was published as repaid, so the day is unknown and not guessed. */
  readonly isContradicted?: boolean;
};

/** Margin rows and where they came from. */
export type MarginData = Origin & { readonly rows: readonly MarginRow[] };

/** Net repayment of one row in yuan: repaid − bought, or the fall of the balance; null unknown. */
function netRepaidOf(row: MarginRow): number | null {
  const { repaid, bought, previousBalance, balance } = row;
  if (row.isContradicted === true) return null;
  if (repaid !== null && bought !== null) return repaid - bought;
  return previousBalance !== null && balance !== null ? previousBalance - balance : null;
}

/**
 * `margin_net_repay_prev` of `previousDay` in 亿 yuan, its share of the balance, and the balance.
 * SSE and SZSE together; with one of them missing all are unknown, never 0. The share needs the
 * balance of both.
 */
export function marginFigures(
  margin: MarginData | null,
  previousDay: TradingDay,
  at: number,
): { readonly netRepaid: Figure; readonly share: Figure; readonly balance: Figure } {
  const origin = margin ?? nowhere(at);
  let netRepaid = 0;
  let balance = 0;
  const lacking: string[] = [];
  const contradicted: string[] = [];
  const noBalance: string[] = [];
  for (const exchange of ['SSE', 'SZSE'] as const) {
    const row = margin?.rows.find((r) => r.exchange === exchange && r.day === previousDay);
    const net = row === undefined ? null : netRepaidOf(row);
    if (net === null || !Number.isFinite(net)) lacking.push(exchange);
    else netRepaid += net;
    if (row?.isContradicted === true) contradicted.push(exchange);
    const own = row?.balance ?? null;
    if (own === null || !(own > 0)) noBalance.push(exchange);
    else balance += own;
  }
  const why = (exchanges: readonly string[]) =>
    margin === null
      ? note('no_data')
      : contradicted.length > 0
        ? note('balance_disagrees', { exchange: contradicted.join('|'), day: previousDay })
        : note('exchange_missing', { exchange: exchanges.join('|'), day: previousDay });
  const isKnown = lacking.length === 0;
  const isShareKnown = isKnown && noBalance.length === 0;
  const names = {
    net: 'margin_net_repay_prev',
    share: 'margin_net_repay_share',
    balance: 'margin_balance_prev',
  };
  return {
    netRepaid: isKnown
      ? figure(names.net, netRepaid / YI, '1e8_cny', origin)
      : noFigure(names.net, '1e8_cny', origin, why(lacking)),
    share: isShareKnown
      ? figure(names.share, netRepaid / balance, 'fraction', origin)
      : noFigure(names.share, 'fraction', origin, why([...new Set([...lacking, ...noBalance])])),
    balance:
      noBalance.length === 0
        ? figure(names.balance, balance / YI, '1e8_cny', origin)
        : noFigure(names.balance, '1e8_cny', origin, why(noBalance)),
  };
}
