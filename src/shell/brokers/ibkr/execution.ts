import type { Contract, Execution } from '@stoqey/ib';
import type { OrderSide } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instrumentOf } from '#shell/lib/ibkr/contract.ts';

/** One execution, its newest correction. `feesMinor` is null until the commission report came. */
export type Executed = {
  readonly execId: string;
  /** The id without its revision: corrections share it. */
  readonly base: string;
  readonly revision: number;
  readonly orderRef: string | null;
  readonly permId: number | null;
  readonly instrument: InstrumentId;
  readonly side: OrderSide;
  readonly quantity: number;
  readonly price: number;
  readonly at: number;
};

/** No execution has more shares, and no share a higher price. */
const MOST = 1e9;
const ZONED = /^(\d{4})(\d{2})(\d{2})[ -]+(\d{2}:\d{2}:\d{2})(?: (\S+))?$/;

/**
 * The instant of an execution: `20261120 10:00:00 US/Eastern` or `20261120-15:00:00` (UTC). Null for
 * a time without a zone: it would be in the time zone of somebody's screen.
 */
export function instantOf(text: string): number | null {
  const parts = ZONED.exec(text.trim());
  if (parts === null) return null;
  const [, year, month, day, time, zone] = parts;
  const isUtc = text.includes('-');
  if (zone === undefined && !isUtc) return null;
  try {
    const wall = Temporal.PlainDateTime.from(`${year}-${month}-${day}T${time}`);
    return wall.toZonedDateTime(zone ?? 'UTC').epochMilliseconds;
  } catch {
    return null;
  }
}

/** What of an execution cannot be read, in one line; null when it can be booked or is of no US stock. */
export function faultOfExecution(contract: Contract, found: Execution): string | null {
  const { acctNumber, execId, price, shares, side } = found;
  const place = `execution ${execId === undefined || execId === '' ? 'without an id' : execId}`;
  const { currency, secType, symbol } = contract;
  for (const [field, text] of Object.entries({ execId, acctNumber, secType, symbol, currency }))
    if (text === undefined || text === '')
      return `${place}: ${field}: found nothing, expected a text`;
  if (side !== 'BOT' && side !== 'SLD')
    return `${place}: side: found ${side ?? 'nothing'}, expected BOT or SLD`;
  // a busted one comes again with 0 shares
  if (shares === undefined || !(shares >= 0 && shares <= MOST))
    return `${place}: shares: found ${shares ?? 'nothing'}, expected a number of shares`;
  if (price === undefined || !(price > 0 && price <= MOST))
    return `${place}: price: found ${price ?? 'nothing'}, expected a price above 0`;
  return null;
}

/** Reads an execution; null when a field without which it cannot be booked is missing or absurd. */
export function executedOf(
  contract: Contract,
  found: Execution,
  receivedAt: number,
): Executed | null {
  const { execId, shares, price } = found;
  const side = found.side === 'BOT' ? 'buy' : found.side === 'SLD' ? 'sell' : null;
  const instrument = instrumentOf(contract);
  if (execId === undefined || execId === '' || side === null || instrument === null) return null;
  if (!(shares !== undefined && Number.isFinite(shares) && shares >= 0)) return null;
  if (!(price !== undefined && Number.isFinite(price) && price > 0)) return null;
  const cut = execId.lastIndexOf('.');
  const revision = Number(execId.slice(cut + 1));
  return {
    execId,
    base: cut > 0 ? execId.slice(0, cut) : execId,
    revision: Number.isInteger(revision) ? revision : 1,
    orderRef: found.orderRef === undefined || found.orderRef === '' ? null : found.orderRef,
    permId: found.permId ?? null,
    instrument,
    side,
    quantity: shares,
    price,
    at: instantOf(found.time ?? '') ?? receivedAt,
  };
}
