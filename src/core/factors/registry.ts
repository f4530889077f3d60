import type { FactorField } from './panel.ts';
import type { StockSeries } from './stock-series.ts';
import { windowHighs, windowLows, windowSums } from './windows.ts';

/**
 * A factor: a figure of one stock on each day from what was known at that day's close. `sign` says
 * whether much of it is good (1) or bad (−1) in the rule score, `history` how many days a value
 * needs, its own included.
 */
export type Factor = {
  readonly name: string;
  readonly sign: 1 | -1;
  readonly history: number;
  /** Columns it needs beside prices and volume, which every market has. */
  readonly needs?: readonly FactorField[];
  /** Writes the value of every day of the stock into `out`; what is not known is not finite. */
  readonly compute: (stock: StockSeries, out: Float64Array) => void;
};

function momentum(days: number, sign: 1 | -1 = 1): Factor['compute'] {
  return ({ close, first, days: count }, out) => {
    out.fill(Number.NaN, 0, Math.min(days, count));
    for (let d = Math.max(first, days); d < count; d += 1)
      out[d] = sign * (close[d]! / close[d - days]! - 1);
  };
}

/** Variance of the daily return over `days` days, with days − 1 in the denominator, into `out`. */
function variance(stock: StockSeries, days: number, out: Float64Array): void {
  const { change, changeSquared, room, first, days: count } = stock;
  const [sums] = stock.spare;
  windowSums(room, change, days, sums);
  windowSums(room, changeSquared, days, out);
  for (let d = first; d < count; d += 1) {
    const sum = sums[d]!;
    out[d] = Math.max(0, (out[d]! - (sum * sum) / days) / (days - 1));
  }
}

function volatility(days: number): Factor['compute'] {
  return (stock, out) => {
    variance(stock, days, out);
    for (let d = stock.first; d < stock.days; d += 1) out[d] = Math.sqrt(out[d]!);
  };
}

/** Mean of a series over `days` days. */
function meanOf(
  name: 'turnover' | 'illiquidity' | 'spanRatio' | 'amount',
  days: number,
): Factor['compute'] {
  return (stock, out) => {
    windowSums(stock.room, stock[name], days, out);
    for (let d = stock.first; d < stock.days; d += 1) out[d] = out[d]! / days;
  };
}

function bias(days: number): Factor['compute'] {
  return ({ close, room, first, days: count }, out) => {
    windowSums(room, close, days, out);
    for (let d = first; d < count; d += 1) out[d] = close[d]! / (out[d]! / days) - 1;
  };
}

/** Relative strength by simple means of gains and losses; 50 when the price stood still. */
function rsi(days: number): Factor['compute'] {
  return ({ close, room, spare, first, days: count }, out) => {
    const [moves, losses] = spare;
    const side = (sign: 1 | -1, into: Float64Array) => {
      moves[0] = Number.NaN;
      for (let d = 1; d < count; d += 1) moves[d] = Math.max(0, sign * (close[d]! - close[d - 1]!));
      windowSums(room, moves, days, into);
    };
    side(1, out);
    side(-1, losses);
    for (let d = first; d < count; d += 1) {
      const both = out[d]! + losses[d]!;
      out[d] = both === 0 ? 50 : (100 * out[d]!) / both;
    }
  };
}

/** Covariance with the index over its variance, 60 days. */
function beta(stock: StockSeries, out: Float64Array): void {
  const { change, index, room, spare, first, days } = stock;
  const [sums, products] = spare;
  windowSums(room, change, 60, sums);
  for (let d = 0; d < days; d += 1) products[d] = change[d]! * index.change[d]!;
  windowSums(room, products, 60, out);
  for (let d = first; d < days; d += 1) {
    const covariance = (out[d]! - (sums[d]! * index.sums60[d]!) / 60) / 59;
    out[d] = covariance / index.variance60[d]!;
  }
}

/** What of the variance the index does not explain, as a deviation; 60 days. */
function idiosyncratic(stock: StockSeries, out: Float64Array): void {
  const [, , betas] = stock.spare;
  beta(stock, betas);
  variance(stock, 60, out);
  for (let d = stock.first; d < stock.days; d += 1) {
    const explained = betas[d]! * betas[d]! * stock.index.variance60[d]!;
    out[d] = Math.sqrt(Math.max(0, out[d]! - explained));
  }
}

/** Volume of the day over the mean of the five days before. */
function volumeRatio({ volume, room, first, days }: StockSeries, out: Float64Array): void {
  windowSums(room, volume, 5, out);
  for (let d = days - 1; d >= Math.max(1, first); d -= 1) out[d] = volume[d]! / (out[d - 1]! / 5);
  out[0] = Number.NaN;
}

function turnoverTrend(stock: StockSeries, out: Float64Array): void {
  const [long] = stock.spare;
  windowSums(stock.room, stock.turnover, 20, long);
  windowSums(stock.room, stock.turnover, 5, out);
  for (let d = stock.first; d < stock.days; d += 1) out[d] = out[d]! / 5 / (long[d]! / 20);
}

function fromHigh({ close, high, room, first, days }: StockSeries, out: Float64Array): void {
  windowHighs(room, high, 20, out);
  for (let d = first; d < days; d += 1) out[d] = close[d]! / out[d]! - 1;
}

function fromLow({ close, low, room, first, days }: StockSeries, out: Float64Array): void {
  windowLows(room, low, 20, out);
  for (let d = first; d < days; d += 1) out[d] = close[d]! / out[d]! - 1;
}

function logAmount(stock: StockSeries, out: Float64Array): void {
  meanOf('amount', 20)(stock, out);
  for (let d = stock.first; d < stock.days; d += 1) out[d] = Math.log(out[d]!);
}

/**
 * The factors of the daily rule score. Returns are closes over the close before; a window needs all
 * of its values. Common price and volume factors.
 */
export const FACTORS: readonly Factor[] = [
  { name: 'mom5', sign: -1, history: 6, compute: momentum(5) },
  { name: 'mom20', sign: 1, history: 21, compute: momentum(20) },
  { name: 'mom60', sign: 1, history: 61, compute: momentum(60) },
  { name: 'vol20', sign: -1, history: 21, compute: volatility(20) },
  { name: 'vol60', sign: -1, history: 61, compute: volatility(60) },
  {
    name: 'turn20',
    sign: -1,
    history: 20,
    needs: ['floatShares'],
    compute: meanOf('turnover', 20),
  },
  { name: 'turn5_20', sign: -1, history: 20, needs: ['floatShares'], compute: turnoverTrend },
  {
    name: 'amihud20',
    sign: -1,
    history: 21,
    needs: ['amount'],
    compute: meanOf('illiquidity', 20),
  },
  { name: 'rev1', sign: -1, history: 2, compute: momentum(1, -1) },
  { name: 'rev5', sign: -1, history: 6, compute: momentum(5, -1) },
  { name: 'rsi14', sign: -1, history: 15, compute: rsi(14) },
  { name: 'bias20', sign: -1, history: 20, compute: bias(20) },
  { name: 'bias60', sign: 1, history: 60, compute: bias(60) },
  { name: 'volratio', sign: 1, history: 6, compute: volumeRatio },
  { name: 'beta60', sign: -1, history: 61, compute: beta },
  { name: 'idio60', sign: -1, history: 61, compute: idiosyncratic },
  { name: 'high20', sign: 1, history: 20, compute: fromHigh },
  { name: 'low20', sign: -1, history: 20, compute: fromLow },
  { name: 'range20', sign: -1, history: 20, compute: meanOf('spanRatio', 20) },
  { name: 'logamt20', sign: -1, history: 20, needs: ['amount'], compute: logAmount },
];
