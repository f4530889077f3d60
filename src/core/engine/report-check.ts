import type { OrderReport } from './input.ts';

/** What of a report cannot be read: the field, what was found, what was expected. */
export type Unreadable = {
  readonly place: string;
  readonly found: string;
  readonly expected: string;
};

const KINDS: ReadonlySet<unknown> = new Set<OrderReport['kind']>([
  'accepted',
  'rejected',
  'partially_filled',
  'filled',
  'canceled',
  'cancel_rejected',
  'replaced',
  'replace_rejected',
  'expired',
]);
/** A price in 1e-4 units times shares must stay a whole number that can be counted exactly. */
const PRICE_UNITS = 10_000;

/** True for whole shares, 0 included. */
export function isShares(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** True for a price above 0 whose money, times that many shares, can be counted exactly. */
export function isPrice(value: unknown, quantity: number): value is number {
  if (typeof value !== 'number' || !(value > 0)) return false;
  return Number.isSafeInteger(Math.round(value * PRICE_UNITS) * Math.max(1, quantity));
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** No broker charges more than this for a fill however small it is; minor units. */
const LEAST_FEES_MINOR = 100_000;

/** What was found, as text; short, because it came from outside. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'string') return String(value).slice(0, 40);
  return value === null ? 'null' : typeof value;
}

/**
 * Returns the first thing about a broker's report that cannot be so, whatever its type says: an adapter
 * may be wrong, and a figure that is none must not reach the book. Fees are judged apart (`feesOf`),
 * since a fill is a fact without them. Null: it can be read.
 */
export function unreadable(report: OrderReport): Unreadable | null {
  const { reportId, orderId, kind, filledQuantity, lastQuantity } = report;
  const bad = (place: string, value: unknown, expected: string): Unreadable => ({
    place,
    found: shown(value),
    expected,
  });
  if (!isText(orderId)) return bad('orderId', orderId, 'a client order id');
  if (!isText(reportId)) return bad('reportId', reportId, 'a text');
  if (!KINDS.has(kind)) return bad('kind', kind, 'a known word');
  if (!isShares(filledQuantity)) return bad('filledQuantity', filledQuantity, 'whole shares');
  if (!isShares(lastQuantity)) return bad('lastQuantity', lastQuantity, 'whole shares');
  for (const place of ['lastPrice', 'stopPrice', 'limitPrice'] as const)
    if (report[place] !== null && !isPrice(report[place], filledQuantity))
      return bad(place, report[place], 'a price above 0, or none');
  const { reason } = report;
  return reason === null || typeof reason === 'string'
    ? null
    : bad('reason', reason, 'a text, or none');
}

/**
 * Fees of a fill of `quantity` shares in minor units; `problem` when what the report says is no amount, and
 * then they count as 0. Below 0 is a rebate and believed up to a hundredth of the fill's money; above, up
 * to all of it and the most that a small fill may be charged at least.
 */
export function feesOf(
  { feesMinor, lastPrice }: OrderReport,
  quantity: number,
): { minor: number; problem: Unreadable | null } {
  const hundredth = (lastPrice ?? 0) * quantity;
  const isWithin = feesMinor >= -hundredth && feesMinor <= 100 * hundredth + LEAST_FEES_MINOR;
  const isAmount = Number.isSafeInteger(feesMinor) && isWithin;
  if (isAmount) return { minor: feesMinor, problem: null };
  const found = shown(feesMinor);
  return { minor: 0, problem: { place: 'feesMinor', found, expected: 'whole minor units' } };
}
