import { notionalMinor } from '#core/market/money.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { ExBooking } from './ex-dates.ts';
import type { DailyFill, DailyOutcome } from './run.ts';

/** A share from its first purchase until nothing of it is left, or the end. Money in fen. */
export type DailyTrade = {
  readonly row: number;
  readonly openedOn: TradingDay;
  /** Null: still held at the end, and valued there. */
  readonly closedOn: TradingDay | null;
  readonly days: number;
  readonly bought: number;
  readonly averageEntry: number;
  readonly averageExit: number;
  readonly feesMinor: number;
  readonly slippageMinor: number;
  readonly dividendsMinor: number;
  readonly resultMinor: number;
  /** Result over what was paid for the shares, fees left out. */
  readonly resultRatio: number;
};

type Open = {
  readonly row: number;
  readonly openedAt: number;
  quantity: number;
  bought: number;
  sold: number;
  paidMinor: number;
  gotMinor: number;
  feesMinor: number;
  slippageMinor: number;
  dividendsMinor: number;
};

const feesOf = (fill: DailyFill) => fill.commissionMinor + fill.stampMinor + fill.transferMinor;

/** Money lost against the price of the auction. */
export function slippageOf({ price, auctionPrice, quantity }: DailyFill): number {
  return Math.abs(notionalMinor(price, quantity) - notionalMinor(auctionPrice, quantity));
}

function newOpen(row: number, openedAt: number): Open {
  const counts = { quantity: 0, bought: 0, sold: 0 };
  const money = { paidMinor: 0, gotMinor: 0, feesMinor: 0, slippageMinor: 0, dividendsMinor: 0 };
  return { row, openedAt, ...counts, ...money };
}

function take(open: Open, fill: DailyFill): void {
  const { side, quantity, price } = fill;
  const worth = notionalMinor(price, quantity);
  if (side === 'buy') {
    open.bought += quantity;
    open.paidMinor += worth;
    open.quantity += quantity;
  } else {
    open.sold += quantity;
    open.gotMinor += worth;
    open.quantity -= quantity;
  }
  open.feesMinor += feesOf(fill);
  open.slippageMinor += slippageOf(fill);
}

function finished(open: Open, closedAt: number, isOpen: boolean, outcome: DailyOutcome) {
  const { days, firstDay } = outcome;
  const { paidMinor, gotMinor, feesMinor, dividendsMinor } = open;
  const resultMinor = gotMinor + dividendsMinor - paidMinor - feesMinor;
  return {
    row: open.row,
    openedOn: days[open.openedAt - firstDay]!,
    closedOn: isOpen ? null : days[closedAt - firstDay]!,
    days: closedAt - open.openedAt,
    bought: open.bought,
    averageEntry: paidMinor / open.bought / 100,
    averageExit: gotMinor / open.sold / 100,
    feesMinor,
    slippageMinor: open.slippageMinor,
    dividendsMinor,
    resultMinor,
    resultRatio: resultMinor / paidMinor,
  };
}

/** What happened to holdings, in the order of the days: ex-dates of a morning before its fills. */
function* happened({ exDates, fills }: DailyOutcome): Generator<ExBooking | DailyFill> {
  let next = 0;
  for (const fill of fills) {
    for (; next < exDates.length && exDates[next]!.day <= fill.day; next += 1) yield exDates[next]!;
    yield fill;
  }
  yield* exDates.slice(next);
}

/** Trades in the order they ended; those that are still open come last, valued at the end. */
export function tradesOf(outcome: DailyOutcome): DailyTrade[] {
  const open = new Map<number, Open>();
  const trades: DailyTrade[] = [];
  for (const one of happened(outcome)) {
    if (!('side' in one)) {
      const held = open.get(one.row);
      if (held === undefined) continue;
      held.quantity += one.newShares;
      held.dividendsMinor += one.cashMinor;
      continue;
    }
    const held = open.get(one.row) ?? newOpen(one.row, one.day);
    open.set(one.row, held);
    take(held, one);
    if (held.quantity > 0) continue;
    trades.push(finished(held, one.day, false, outcome));
    open.delete(one.row);
  }
  const last = outcome.firstDay + outcome.days.length - 1;
  for (const { row, quantity, worth } of outcome.held) {
    const held = open.get(row);
    if (held === undefined) continue;
    held.gotMinor += notionalMinor(worth, quantity);
    held.sold += quantity;
    trades.push(finished(held, last, true, outcome));
  }
  return trades;
}

/** Deepest fall of a curve from its highest point before, as a fraction, and between which days. */
export type Fall = {
  readonly ratio: number;
  readonly from: TradingDay | null;
  readonly to: TradingDay | null;
};

function deepestFall(values: Float64Array, days: readonly TradingDay[], start: number): Fall {
  let [highest, peak, fall] = [start, -1, 0];
  let found: Fall = { ratio: 0, from: null, to: null };
  for (let d = 0; d < values.length; d += 1) {
    if (values[d]! > highest) [highest, peak] = [values[d]!, d];
    const ratio = values[d]! / highest - 1;
    if (ratio >= fall) continue;
    fall = ratio;
    found = { ratio, from: peak < 0 ? (days[0] ?? null) : days[peak]!, to: days[d]! };
  }
  return found;
}

/** Figures of a stretch of days. Ratios are fractions; costs over the mean equity. */
export type DailyFigures = {
  readonly name: string;
  readonly days: number;
  readonly returnRatio: number;
  readonly benchmarkRatio: number | null;
  readonly fall: Fall;
  /** Half of what was bought and sold, over the mean equity. */
  readonly turnover: number;
  readonly feesMinor: number;
  readonly slippageMinor: number;
  /** Fees and slippage over the mean equity. */
  readonly costRatio: number;
  readonly dividendsMinor: number;
  readonly fills: number;
  /** Mean share of the equity that stood in shares. */
  readonly invested: number;
};

/** Change of the benchmark between two places, each by its newest known close up to it; null: not known. */
function benchmarkRatioOf(benchmark: Float64Array | null, before: number, last: number) {
  const closeUpTo = (day: number): number => {
    for (let d = day; d >= 0; d -= 1) if (benchmark![d]! > 0) return benchmark![d]!;
    return Number.NaN;
  };
  if (benchmark === null) return null;
  const ratio = closeUpTo(last) / closeUpTo(before) - 1;
  return Number.isFinite(ratio) ? ratio : null;
}

/**
 * Figures of the places `from` up to `until` (left out) of the outcome's days. `benchmark` holds closes by
 * the market's days; null: none.
 */
export function figuresOfDays(
  outcome: DailyOutcome,
  name: string,
  [from, until]: readonly [number, number],
  startMinor: number,
  benchmark: Float64Array | null,
): DailyFigures {
  const { firstDay, equityMinor, cashMinor, days } = outcome;
  const equity = equityMinor.subarray(from, until);
  const inside = ({ day }: { readonly day: number }) =>
    day >= firstDay + from && day < firstDay + until;
  const fills = outcome.fills.filter(inside);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const mean = sum([...equity]) / Math.max(1, equity.length);
  const traded = sum(fills.map(({ price, quantity }) => notionalMinor(price, quantity)));
  const feesMinor = sum(fills.map(feesOf));
  const slippageMinor = sum(fills.map(slippageOf));
  const before = from === 0 ? startMinor : equityMinor[from - 1]!;
  let invested = 0;
  for (let at = from; at < until; at += 1) invested += 1 - cashMinor[at]! / equityMinor[at]!;
  return {
    name,
    days: until - from,
    returnRatio: (equity.at(-1) ?? before) / before - 1,
    benchmarkRatio: benchmarkRatioOf(
      benchmark,
      firstDay + Math.max(0, from - 1),
      firstDay + until - 1,
    ),
    fall: deepestFall(equity, days.slice(from, until), before),
    turnover: traded / 2 / mean,
    ...{ feesMinor, slippageMinor, costRatio: (feesMinor + slippageMinor) / mean },
    dividendsMinor: sum(outcome.exDates.filter(inside).map(({ cashMinor: cash }) => cash)),
    fills: fills.length,
    invested: invested / Math.max(1, until - from),
  };
}

/** Figures of every calendar year, oldest first. */
export function yearsOfDays(
  outcome: DailyOutcome,
  startMinor: number,
  benchmark: Float64Array | null,
): DailyFigures[] {
  const { days } = outcome;
  const years: DailyFigures[] = [];
  for (let from = 0; from < days.length; ) {
    const year = days[from]!.slice(0, 4);
    let until = from + 1;
    while (until < days.length && days[until]!.startsWith(year)) until += 1;
    years.push(figuresOfDays(outcome, year, [from, until], startMinor, benchmark));
    from = until;
  }
  return years;
}

/** Daily returns of the equity, as fractions. */
export function dailyReturns({ equityMinor }: DailyOutcome): number[] {
  return [...equityMinor].slice(1).map((value, at) => value / equityMinor[at]! - 1);
}
