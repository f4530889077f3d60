import { heirOf } from '#core/engine/handed-down.ts';
import type { DeskState } from '#core/engine/state.ts';
import { hasEnded, type Order } from '#core/machines/order.ts';
import type { AccountReading, ReadOrder } from '#core/portfolio/account-reading.ts';
import { type Comparison, compareAccount, movedSince } from '#core/portfolio/reconcile.ts';
import type { BothSides } from '#core/replies/answer.ts';
import type { DeskHandle } from './desk-handle.ts';
import { BrokerError } from './errors.ts';
import type { Broker, BrokerOrder } from './ports.ts';

/** A fill may be on its way while the account is asked; a difference must stand this often. */
const LOOKS = 3;
/** Between two looks, in milliseconds: longer than a report usually travels. */
const PAUSE_MS = 500;
/** An order sent less long ago may still be on its way: its absence says nothing. Milliseconds. */
const ON_ITS_WAY_MS = 3_000;

/** Charges are booked within days; older ones were met by an earlier reading. */
const CHARGES_BACK_MS = 10 * 86_400_000;

export type ReconcileOptions = {
  /** Counts the queries as work under way, for a clock that waits for it. */
  readonly track?: <T>(work: () => Promise<T>) => Promise<T>;
  /** An account that could not be read is a verdict only when this is left out or true. */
  readonly tellsFailure?: boolean;
  /** Waits between two looks; left out, they follow at once. */
  readonly pause?: (ms: number) => Promise<void>;
  /** Who asked; left out, nobody did. */
  readonly by?: string | null;
};

function readOrder({ request, state, filledQuantity, averagePrice }: BrokerOrder): ReadOrder {
  const { orderId, instrument, side, quantity, stopPrice, limitPrice } = request;
  return {
    orderId,
    instrument,
    side,
    state,
    quantity,
    filledQuantity,
    averagePrice,
    stopPrice,
    limitPrice,
  };
}

/** Orders of the book that ought to stand at the broker. */
function isExpected(order: Order, now: number): boolean {
  if (hasEnded(order) || order.state === 'intended' || order.state === 'held') return false;
  return order.state !== 'submitted' || now - (order.submittedAt ?? now) >= ON_ITS_WAY_MS;
}

/** From here on fills are wanted: the oldest order the book still knows. */
function fillsSince(state: DeskState, now: number): number {
  return Object.values(state.orders).reduce(
    (earliest, order) => Math.min(earliest, order.intendedAt),
    state.day?.session.openAt ?? now,
  );
}

/** Asks a broker for all that a comparison needs. Throws BrokerError: a query that fails is no answer. */
async function readAccount(
  state: DeskState,
  broker: Broker,
  now: () => number,
): Promise<AccountReading> {
  const beganAt = now();
  const [open, fills, positions, cashMinor, charges] = await Promise.all([
    broker.openOrders(),
    broker.fills(fillsSince(state, beganAt)),
    broker.positions(),
    broker.cashMinor(),
    broker.charges?.(beganAt - CHARGES_BACK_MS) ?? null,
  ]);
  const orders = open.map(readOrder);
  const standing = new Set(orders.map((order) => order.orderId));
  for (const { orderId, instrument } of fills) {
    // what another machine sent while the store was down, and filled at once, stands in no list of open orders
    if (orderId === null || standing.has(orderId)) continue;
    if (heirOf(state, orderId, instrument) === null) continue;
    standing.add(orderId);
    const found = await broker.find(orderId);
    if (found !== null) orders.push(readOrder(found));
  }
  const missing: string[] = [];
  // only what the list of open orders does not hold is asked about by its id
  for (const order of Object.values(state.orders)) {
    if (standing.has(order.orderId) || !isExpected(order, beganAt)) continue;
    const found = await broker.find(order.orderId);
    if (found === null) missing.push(order.orderId);
    else orders.push(readOrder(found));
  }
  return {
    beganAt,
    orders,
    missing,
    fills,
    positions: positions.map(({ instrument, quantity, averagePrice }) => ({
      instrument,
      quantity,
      averagePrice,
    })),
    cashMinor,
    ...(charges === null ? {} : { charges }),
  };
}

/**
 * Reads the account and gives the desk the reading: missed fills are booked once, orders settled, what is
 * left differs. Looks again before a difference counts. A query that fails is a difference of its own,
 * never "flat". Answers both sides. Throws StoreError.
 */
export async function reconcileAccount(
  desk: DeskHandle,
  broker: Broker,
  now: () => number,
  options: ReconcileOptions = {},
): Promise<BothSides> {
  const { by = null } = options;
  const track = options.track ?? (<T>(work: () => Promise<T>) => work());
  for (let look = 1; ; look += 1) {
    // an input that changes nothing, to wait until everything reported so far is in the book
    await desk.submit({ kind: 'time_passed', at: now() });
    let reading: AccountReading;
    try {
      reading = await track(() => readAccount(desk.state(), broker, now));
    } catch (error) {
      return await unread(desk, error, now(), options.tellsFailure ?? true);
    }
    const moved = movedSince(desk.state(), reading.beganAt);
    const isLast = look === LOOKS;
    await desk.submit({ kind: 'account_read', at: now(), reading, isLast, by });
    const compared = compareAccount(desk.state(), reading, moved, now());
    if (compared.differences.length === 0 || isLast)
      return bothSides(desk, reading, compared, null);
    await options.pause?.(PAUSE_MS);
  }
}

async function unread(
  desk: DeskHandle,
  error: unknown,
  at: number,
  isTold: boolean,
): Promise<BothSides> {
  const failure = error instanceof Error ? error.message : 'failed';
  const { cashMinor } = desk.state();
  const differences = [{ subject: 'query of the account', ours: 'an answer', theirs: failure }];
  // nobody has said yet what a person's account holds: a state of its own, asked for once, and no difference
  const isUnattested = error instanceof BrokerError && error.code === 'not_attested';
  if (isTold && !isUnattested)
    await desk.submit({ kind: 'account_reconciled', at, isClean: false, cashMinor, differences });
  const { externals } = desk.state();
  return bothSides(desk, null, { differences, externals }, failure);
}

function bothSides(
  desk: DeskHandle,
  reading: AccountReading | null,
  compared: Pick<Comparison, 'differences' | 'externals'>,
  failure: string | null,
): BothSides {
  const state = desk.state();
  const { deskId, accountId } = desk.policy;
  const theirs = new Map(reading?.positions.map((held) => [held.instrument, held.quantity]));
  const instruments = new Set([
    ...Object.values(state.positions).map((position) => position.instrument),
    ...theirs.keys(),
  ]);
  const isOpen = (one: ReadOrder) => one.state === 'accepted' || one.state === 'partially_filled';
  return {
    deskId,
    accountId,
    failure,
    isClean: compared.differences.length === 0,
    cashMinor: { ours: state.cashMinor, theirs: reading?.cashMinor ?? null },
    openOrders: {
      ours: Object.values(state.orders).filter((one) => isExpected(one, 0)).length,
      theirs: reading === null ? null : reading.orders.filter(isOpen).length,
    },
    holdings: [...instruments].map((instrument) => ({
      instrument,
      ours: state.positions[instrument]?.quantity ?? 0,
      theirs: reading === null ? null : (theirs.get(instrument) ?? 0),
      disowned: compared.externals
        .filter((one) => one.id === instrument && one.state === 'disowned')
        .reduce((sum, one) => sum + one.quantity, 0),
    })),
    differences: compared.differences,
    externals: compared.externals,
  };
}
