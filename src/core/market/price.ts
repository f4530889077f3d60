import { invariant } from '#core/lib/assert.ts';
import { boardOfCn, isFundBoard } from './board-cn.ts';
import type { InstrumentId, Market } from './instrument.ts';
import { marketOf } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

const SCALE = 100_000_000;
/** Largest price whose 1e-8 units are still safe integers. */
const MAX_PRICE = 90_000_000;

/**
 * Smallest price step in quote currency per share on `day`.
 * US: 0.01 at or above USD 1, 0.0001 below (Reg NMS Rule 612; the half-cent tick of 2024-09 is
 * deferred to November 2027 and under review, so it is not in force on any day of this table).
 * CN: 0.01; funds have another, see {@link tickSizeOf}.
 */
export function tickSize(price: number, market: Market, _day: TradingDay): number {
  if (market === 'CN') return 0.01;
  return price >= 1 ? 0.01 : 0.0001;
}

/** Smallest price step of one instrument, as {@link tickSize}; 0.001 for Chinese funds. */
export function tickSizeOf(instrument: InstrumentId, price: number, day: TradingDay): number {
  const market = marketOf(instrument);
  const board = market === 'CN' ? boardOfCn(instrument) : null;
  return board !== null && isFundBoard(board) ? 0.001 : tickSize(price, market, day);
}

/**
 * `price` on the grid of `tick`: `nearest` (half goes up), `down` or `up`. Exact: both numbers are
 * taken as decimals of at most eight places, the arithmetic is in integers, and the answer is the
 * double nearest to the decimal, so 0.29 rounded down to 0.01 stays 0.29.
 */
export function roundToTick(price: number, tick: number, mode: 'nearest' | 'down' | 'up'): number {
  if (!(Math.abs(price) <= MAX_PRICE)) {
    invariant(false, `price: found ${price}, expected a finite number up to ${MAX_PRICE}`);
  }
  const tickUnits = Math.round(tick * SCALE);
  if (!(tickUnits > 0)) invariant(false, `tick: found ${tick}, expected a positive number`);
  const units = Math.round(price * SCALE);
  const steps = Math.floor(units / tickUnits);
  const rest = units - steps * tickUnits;
  let whole = steps;
  if (mode === 'up' && rest > 0) whole += 1;
  if (mode === 'nearest' && rest * 2 >= tickUnits) whole += 1;
  return (whole * tickUnits) / SCALE;
}
