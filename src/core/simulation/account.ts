import { invariant } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { marketOf } from '#core/market/instrument.ts';
import { addMinor, notionalMinor, subtractMinor } from '#core/market/money.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** Holding of a simulated account. Long only; `averagePrice` is per share, fees left out. */
export type SimulatedPosition = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly averagePrice: number;
  /** Day of the newest purchase and the shares bought on it; null when not known. */
  readonly boughtOn: TradingDay | null;
  readonly boughtTodayQuantity: number;
};

/** Cash and holdings of a simulated account; changed in place. Cash in minor units. */
export type SimulatedAccount = {
  cashMinor: number;
  readonly positions: Map<InstrumentId, SimulatedPosition>;
};

/** One fill as it changes an account. */
export type AccountFill = {
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly price: number;
  readonly quantity: number;
  readonly feesMinor: number;
  readonly tradingDay: TradingDay;
};

/** An account with `cashMinor` and `positions`. */
export function createAccount(
  cashMinor: number,
  positions: readonly SimulatedPosition[] = [],
): SimulatedAccount {
  return { cashMinor, positions: new Map(positions.map((held) => [held.instrument, held])) };
}

/**
 * Shares that may be sold on `tradingDay`. US: all that is held (proceeds settle T+1, the shares
 * themselves may be sold at once). CN: not what was bought the same day (T+1).
 */
export function sellableQuantity(
  account: SimulatedAccount,
  instrument: InstrumentId,
  tradingDay: TradingDay,
): number {
  const held = account.positions.get(instrument);
  if (held === undefined) return 0;
  const isLocked = marketOf(instrument) === 'CN' && held.boughtOn === tradingDay;
  return held.quantity - (isLocked ? held.boughtTodayQuantity : 0);
}

/**
 * Books a fill: cash by notional and fees, quantity, and the average price of what is held.
 * Throws InvariantError when more would be sold than is held or cash would be negative.
 */
export function bookFill(account: SimulatedAccount, fill: AccountFill): void {
  const { instrument, side, price, quantity, tradingDay } = fill;
  const held = account.positions.get(instrument);
  const before = held?.quantity ?? 0;
  const notional = notionalMinor(price, quantity);
  if (side === 'buy') {
    const after = before + quantity;
    const isSameDay = held?.boughtOn === tradingDay;
    account.cashMinor = subtractMinor(account.cashMinor, addMinor(notional, fill.feesMinor));
    account.positions.set(instrument, {
      instrument,
      quantity: after,
      averagePrice: ((held?.averagePrice ?? 0) * before + price * quantity) / after,
      boughtOn: tradingDay,
      boughtTodayQuantity: (isSameDay ? (held?.boughtTodayQuantity ?? 0) : 0) + quantity,
    });
  } else {
    invariant(quantity <= before, `account: found a sale of ${quantity}, expected up to ${before}`);
    account.cashMinor = addMinor(account.cashMinor, subtractMinor(notional, fill.feesMinor));
    if (quantity === before) account.positions.delete(instrument);
    else if (held !== undefined) {
      const after = before - quantity;
      account.positions.set(instrument, {
        ...held,
        quantity: after,
        boughtTodayQuantity: Math.min(held.boughtTodayQuantity, after),
      });
    }
  }
  invariant(account.cashMinor >= 0, `account: found cash ${account.cashMinor}, expected 0 or more`);
}
