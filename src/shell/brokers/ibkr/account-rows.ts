import type { Contract } from '@stoqey/ib';
import { BrokerError } from '#app/errors.ts';
import type { BrokerPosition } from '#app/ports.ts';
import { DECIMAL, minorOfDecimal } from '#shell/lib/decimal.ts';

/** A value of the account as it comes: text. */
export type CashRow = { readonly tag: string; readonly value: string; readonly currency: string };

/** Cash of the account in US dollars; the ledger knows it under either name. */
const CASH_TAGS = ['CashBalance', 'TotalCashBalance'] as const;
/** No holding and no price of a share is above this; what is, is a field read at the wrong place. */
const MOST = 1e12;

/** What of a position cannot be read, in one line; null when all of it can. */
export function faultOfPosition(
  account: string,
  { currency, secType, symbol }: Contract,
  quantity: number | undefined,
  averageCost: number | undefined,
): string | null {
  const place = `position in ${symbol === undefined || symbol === '' ? 'nothing' : symbol}`;
  for (const [field, text] of Object.entries({ account, secType, symbol, currency }))
    if (text === undefined || text === '')
      return `${place}: ${field}: found nothing, expected a text`;
  if (quantity === undefined || !isWithin(quantity))
    return `${place}: quantity: found ${quantity ?? 'nothing'}, expected a number of shares`;
  if (averageCost !== undefined && (!isWithin(averageCost) || averageCost < 0))
    return `${place}: average cost: found ${averageCost}, expected a price`;
  return null;
}

function isWithin(number: number): boolean {
  return Number.isFinite(number) && Math.abs(number) <= MOST;
}

/** The vendor says a holding again when it changes: of each the newest word counts, and none is left of 0. */
export function newestOf(rows: readonly BrokerPosition[]): BrokerPosition[] {
  const newest = new Map(rows.map((row) => [row.instrument, row]));
  return [...newest.values()].filter(({ quantity }) => quantity !== 0);
}

/** Cash in minor units. Throws BrokerError `unreadable`. */
export function cashOf(rows: readonly CashRow[]): number {
  const failure = (found: string): BrokerError =>
    new BrokerError(`ibkr cash: found ${found}, expected CashBalance in USD`, {
      code: 'unreadable',
      retryable: true,
    });
  for (const tag of CASH_TAGS) {
    const row = rows.find((found) => found.tag === tag && found.currency === 'USD');
    if (row === undefined) continue;
    if (!DECIMAL.test(row.value)) throw failure(`${tag} ${JSON.stringify(row.value.slice(0, 40))}`);
    return minorOfDecimal(row.value);
  }
  throw failure(`${rows.length} rows`);
}
