import type { FactorPanel } from './panel.ts';
import { createWindowRoom, type WindowRoom, windowSums } from './windows.ts';

/** The market's index by day: its return, and sum and variance of 60 returns. */
export type IndexSeries60 = {
  readonly change: Float64Array;
  readonly sums60: Float64Array;
  readonly variance60: Float64Array;
};

/** One stock of a panel, by day; the arrays are used again for the next stock. */
export type StockSeries = {
  readonly days: number;
  /** First day whose values anybody reads; what is computed of earlier ones is nothing. */
  readonly first: number;
  close: Float64Array;
  high: Float64Array;
  low: Float64Array;
  volume: Float64Array;
  amount: Float64Array;
  /** Return since the close before. */
  readonly change: Float64Array;
  readonly changeSquared: Float64Array;
  /** Volume over float. */
  readonly turnover: Float64Array;
  /** Size of the return over a billion yuan of turnover (Amihud 2002). */
  readonly illiquidity: Float64Array;
  /** (high − low) / close. */
  readonly spanRatio: Float64Array;
  readonly index: IndexSeries60;
  readonly room: WindowRoom;
  /** Room for what a factor computes on the way. */
  readonly spare: readonly [Float64Array, Float64Array, Float64Array];
};

/** Yuan of turnover that illiquidity is given for. */
const PER_AMOUNT = 1e9;

function changesOf(closes: Float64Array, out: Float64Array): void {
  out[0] = Number.NaN;
  for (let d = 1; d < closes.length; d += 1) out[d] = closes[d]! / closes[d - 1]! - 1;
}

function indexOf(closes: Float64Array, room: WindowRoom): IndexSeries60 {
  const cells = () => new Float64Array(closes.length);
  const [change, squared, sums60, variance60] = [cells(), cells(), cells(), cells()];
  changesOf(closes, change);
  for (let d = 0; d < closes.length; d += 1) squared[d] = change[d]! * change[d]!;
  windowSums(room, change, 60, sums60);
  windowSums(room, squared, 60, variance60);
  for (let d = 0; d < closes.length; d += 1)
    variance60[d] = (variance60[d]! - (sums60[d]! * sums60[d]!) / 60) / 59;
  return { change, sums60, variance60 };
}

/** A stock of the panel, before {@link takeStock} has chosen one; values are read from day `first` on. */
export function createStock(panel: FactorPanel, first = 0): StockSeries {
  const days = panel.days.length;
  const cells = () => new Float64Array(days);
  // a factor may look at the window of the day before
  const room = createWindowRoom(days, Math.max(0, first - 1));
  return {
    ...{ days, first },
    close: cells(),
    high: cells(),
    low: cells(),
    volume: cells(),
    amount: cells(),
    change: cells(),
    changeSquared: cells(),
    turnover: cells(),
    illiquidity: cells(),
    spanRatio: cells(),
    index: indexOf(panel.indexClose, room),
    room,
    spare: [cells(), cells(), cells()],
  };
}

/** Makes `stock` stock `row` of the panel. */
export function takeStock(panel: FactorPanel, row: number, stock: StockSeries): void {
  const { days } = stock;
  const from = row * days;
  stock.close = panel.close.subarray(from, from + days);
  stock.high = panel.high.subarray(from, from + days);
  stock.low = panel.low.subarray(from, from + days);
  stock.volume = panel.volume.subarray(from, from + days);
  stock.amount = panel.amount.subarray(from, from + days);
  const { close, high, low, volume, amount, change } = stock;
  changesOf(close, change);
  for (let d = 0; d < days; d += 1) {
    const move = change[d]!;
    stock.changeSquared[d] = move * move;
    stock.turnover[d] = volume[d]! / panel.floatShares[from + d]!;
    stock.illiquidity[d] = (Math.abs(move) / amount[d]!) * PER_AMOUNT;
    stock.spanRatio[d] = (high[d]! - low[d]!) / close[d]!;
  }
}
