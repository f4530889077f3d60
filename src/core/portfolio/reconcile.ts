import type { OrderReport } from '#core/engine/input.ts';
import type { DeskState } from '#core/engine/state.ts';
import { hasEnded, type Order } from '#core/machines/order.ts';
import { notionalMinor } from '#core/market/money.ts';
import type {
  AccountReading,
  Difference,
  External,
  Mismatch,
  ReadFill,
  ReadOrder,
} from './account-reading.ts';

/*
 * The comparison of a desk's book with a broker's account, as pure functions, each one pass over the
 * orders, fills and positions. The broker is right about holdings, the log about intentions.
 */

/** Cash may differ by this much (interest, a fee booked at night) and is then taken over. Minor units. */
export const CASH_TOLERANCE_MINOR = 100;

/** What changed in the book while an account was read: of it the book is newer than the reading. */
export type Movement = {
  readonly orders: ReadonlySet<string>;
  readonly instruments: ReadonlySet<string>;
};

/** Orders that changed at or after `beganAt`, and their instruments. An order in doubt waits for any word. */
export function movedSince(state: DeskState, beganAt: number): Movement {
  const orders = new Set<string>();
  const instruments = new Set<string>();
  for (const order of Object.values(state.orders)) {
    if (order.updatedAt < beganAt) continue;
    instruments.add(order.instrument);
    if (order.state !== 'unknown') orders.add(order.orderId);
  }
  return { orders, instruments };
}

function isSound(fill: ReadFill, order: Order): boolean {
  return (
    Number.isSafeInteger(fill.quantity) &&
    fill.quantity > 0 &&
    Number.isFinite(fill.price) &&
    fill.price > 0 &&
    fill.side === order.side
  );
}

/** Sound fills of the book's own orders, once by their id, oldest first. */
function fillsByOrder(state: DeskState, fills: readonly ReadFill[]): Map<string, ReadFill[]> {
  const byOrder = new Map<string, ReadFill[]>();
  const seen = new Set<string>();
  for (const fill of fills) {
    const order = fill.orderId === null ? undefined : state.orders[fill.orderId];
    if (order === undefined || seen.has(fill.fillId) || !isSound(fill, order)) continue;
    seen.add(fill.fillId);
    const known = byOrder.get(order.orderId);
    if (known === undefined) byOrder.set(order.orderId, [fill]);
    else known.push(fill);
  }
  for (const list of byOrder.values()) list.sort((a, b) => a.at - b.at);
  return byOrder;
}

function total(fills: readonly ReadFill[]): number {
  return fills.reduce((sum, fill) => sum + fill.quantity, 0);
}

function blankReport(order: Order, at: number): Omit<OrderReport, 'reportId' | 'kind'> {
  return {
    orderId: order.orderId,
    at,
    filledQuantity: order.filledQuantity,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: null,
    stopPrice: null,
    limitPrice: null,
  };
}

/** Fills that the book does not have, as reports with cumulative quantities: booked once whatever came before. */
export function missedFills(state: DeskState, reading: AccountReading): OrderReport[] {
  const reports: OrderReport[] = [];
  const read = new Map(reading.orders.map((one) => [one.orderId, one]));
  for (const [orderId, fills] of fillsByOrder(state, reading.fills)) {
    const order = state.orders[orderId];
    if (order === undefined) continue;
    // a sibling's fill shrinks an order at the broker: done is what it calls filled
    const found = read.get(orderId);
    const whole = found?.state === 'filled' ? found.filledQuantity : order.quantity;
    let filledQuantity = 0;
    for (const fill of fills) {
      const before = Math.max(filledQuantity, order.filledQuantity);
      filledQuantity += fill.quantity;
      const lastQuantity = filledQuantity - before;
      if (lastQuantity <= 0) continue;
      const share = lastQuantity / fill.quantity;
      reports.push({
        ...blankReport(order, fill.at),
        reportId: `listed:${fill.fillId}`,
        kind: filledQuantity >= whole ? 'filled' : 'partially_filled',
        filledQuantity,
        lastQuantity,
        lastPrice: fill.price,
        feesMinor: share === 1 ? fill.feesMinor : Math.round(fill.feesMinor * share),
      });
    }
  }
  return reports;
}

/** What the broker says of the book's orders beyond fills; what the book heard during the reading is newer and stays. */
export function orderNews(
  state: DeskState,
  reading: AccountReading,
  moved: Movement,
  at: number,
): OrderReport[] {
  const reports: OrderReport[] = [];
  for (const read of reading.orders) {
    const order = state.orders[read.orderId];
    if (order === undefined || hasEnded(order)) continue;
    const base = blankReport(order, at);
    const isUnlisted = read.filledQuantity > order.filledQuantity && read.averagePrice !== null;
    if (isUnlisted) {
      reports.push({
        ...base,
        reportId: `asked:${order.orderId}:${read.filledQuantity}`,
        kind: read.state === 'filled' ? 'filled' : 'partially_filled',
        filledQuantity: read.filledQuantity,
        lastQuantity: read.filledQuantity - order.filledQuantity,
        lastPrice: read.averagePrice,
      });
    }
    if (moved.orders.has(order.orderId)) continue;
    const filledQuantity = Math.max(order.filledQuantity, read.filledQuantity);
    const kind = wordOf(read, order);
    if (kind !== null)
      reports.push({
        ...base,
        reportId: `asked:${order.orderId}:${kind}`,
        kind,
        filledQuantity,
        reason: 'asked',
      });
  }
  return reports;
}

function wordOf(read: ReadOrder, order: Order): OrderReport['kind'] | null {
  switch (read.state) {
    case 'canceled':
    case 'rejected':
    case 'expired':
      return read.state;
    case 'filled':
      return read.filledQuantity === order.filledQuantity ? 'filled' : null;
    case 'held':
      return null;
    case 'accepted':
    case 'partially_filled': {
      const isAwaited =
        order.state === 'submitted' ||
        order.state === 'unknown' ||
        order.state === 'held' ||
        order.cancelRefusedAt !== null;
      return isAwaited ? 'accepted' : null;
    }
  }
}

function isWorking(read: ReadOrder): boolean {
  return read.state === 'accepted' || read.state === 'partially_filled';
}

/** Orders that work at the broker although the book has them ended. */
export function workingThoughEnded(state: DeskState, reading: AccountReading): Order[] {
  return reading.orders.flatMap((read) => {
    const order = state.orders[read.orderId];
    const isOdd = order !== undefined && hasEnded(order) && order.updatedAt < reading.beganAt;
    return isOdd && isWorking(read) && read.filledQuantity < read.quantity ? [order] : [];
  });
}

/** Working orders whose prices were changed at the broker, by no request of the desk that is still open. */
export function movedPrices(
  state: DeskState,
  reading: AccountReading,
  moved: Movement,
): readonly ReadOrder[] {
  return reading.orders.filter((read) => {
    const order = state.orders[read.orderId];
    if (order === undefined || hasEnded(order) || !isWorking(read)) return false;
    if (moved.orders.has(order.orderId) || order.replaceTo !== null) return false;
    return (
      (read.stopPrice !== null && read.stopPrice !== order.stopPrice) ||
      (read.limitPrice !== null && read.limitPrice !== order.limitPrice)
    );
  });
}

/** Exact money of an order whose fills the broker lists completely. */
export type FillCorrection = {
  readonly orderId: string;
  readonly averagePrice: number;
  readonly filledMinor: { readonly from: number; readonly to: number };
  readonly feesMinor: { readonly from: number; readonly to: number };
};

/**
 * Orders whose money differs from the listed fills although the quantity agrees: a fill was booked at an
 * average, or its fees came later. Fees that the broker lists as 0 are not known yet and correct nothing.
 */
export function fillCorrections(state: DeskState, reading: AccountReading): FillCorrection[] {
  const corrections: FillCorrection[] = [];
  for (const [orderId, fills] of fillsByOrder(state, reading.fills)) {
    const order = state.orders[orderId];
    if (order === undefined || total(fills) !== order.filledQuantity) continue;
    let filledMinor = 0;
    let paid = 0;
    let fees = 0;
    for (const fill of fills) {
      filledMinor += notionalMinor(fill.price, fill.quantity);
      paid += fill.price * fill.quantity;
      fees += fill.feesMinor;
    }
    const feesMinor = fees > 0 && Number.isSafeInteger(fees) ? fees : order.feesMinor;
    if (filledMinor === order.filledMinor && feesMinor === order.feesMinor) continue;
    const averagePrice = paid / order.filledQuantity;
    corrections.push({
      orderId,
      averagePrice,
      filledMinor: { from: order.filledMinor, to: filledMinor },
      feesMinor: { from: order.feesMinor, to: feesMinor },
    });
  }
  return corrections;
}

/** What is left of a comparison once everything that explains itself was booked. */
export type Comparison = {
  readonly differences: readonly Difference[];
  readonly mismatches: readonly Mismatch[];
  /** All that stands at the broker and is not the desk's, decided upon or not. */
  readonly externals: readonly External[];
  /** A difference concerns something that moved while the account was read: look again before saying so. */
  readonly isRacing: boolean;
};

/**
 * Compares book and broker: holdings less what was disowned, open orders, cash. `moved` are the
 * instruments that changed while the account was read. What the desk did not make is a difference until
 * a person has adopted or disowned it. Linear in orders, positions and fills.
 */
export function compareAccount(
  state: DeskState,
  reading: AccountReading,
  moved: Movement,
  at: number,
): Comparison {
  const holdings = compareHoldings(state, reading, moved, at);
  const orders = externalOrders(state, reading, at);
  const fills = unsoundFills(state, reading);
  const gap = reading.cashMinor - state.cashMinor;
  const cash: Mismatch[] =
    gap === 0
      ? []
      : [
          {
            id: 'cash',
            kind: 'cash',
            ours: state.cashMinor,
            theirs: reading.cashMinor,
            price: null,
          },
        ];
  const externals = [...holdings.externals, ...orders];
  const foreign = externals.filter((external) => external.state === 'found').map(foreignLine);
  const mismatches = [...holdings.mismatches, ...cash];
  return {
    differences: [...mismatches.map(mismatchLine), ...foreign, ...fills],
    mismatches,
    externals,
    isRacing: holdings.isRacing || (cash.length > 0 && moved.instruments.size > 0),
  };
}

function mismatchLine({ id, kind, ours, theirs }: Mismatch): Difference {
  const subject = kind === 'cash' ? 'cash, minor units' : id;
  return { subject, ours: String(ours), theirs: String(theirs) };
}

function foreignLine({ id, kind, quantity }: External): Difference {
  return kind === 'order'
    ? { subject: `order ${id}`, ours: 'unknown', theirs: `open ${quantity}` }
    : { subject: id, ours: '0', theirs: String(quantity) };
}

/** The entry as it was remembered, or anew: what changed must be decided upon again. */
function remembered(known: External | undefined, fresh: External): External {
  if (known === undefined || !isSame(known.quantity, fresh.quantity)) return fresh;
  // the average price of a holding is the broker's bookkeeping; that of an order is the order
  return known.kind === 'position' || known.price === fresh.price ? known : fresh;
}

/** Shares held elsewhere may be fractions. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) < 1e-9;
}

function compareHoldings(
  state: DeskState,
  reading: AccountReading,
  moved: Movement,
  at: number,
): Pick<Comparison, 'mismatches' | 'externals' | 'isRacing'> {
  const theirs = new Map(reading.positions.map((held) => [held.instrument as string, held]));
  const known = new Map(
    state.externals.filter((one) => one.kind === 'position').map((one) => [one.id, one]),
  );
  const foreign = foreignFills(state, reading);
  const mismatches: Mismatch[] = [];
  const externals: External[] = [];
  let isRacing = false;
  for (const id of new Set([...theirs.keys(), ...Object.keys(state.positions), ...known.keys()])) {
    const held = theirs.get(id);
    const position = state.positions[id];
    const external = known.get(id);
    const disowned = external?.state === 'disowned' ? external : undefined;
    const rest = (held?.quantity ?? 0) - (position?.quantity ?? 0);
    if (isSame(rest, disowned?.quantity ?? 0)) {
      if (disowned !== undefined) externals.push(disowned);
      continue;
    }
    isRacing ||= moved.instruments.has(id);
    if (position === undefined && held !== undefined) {
      const { instrument, quantity, averagePrice: price } = held;
      if (quantity === 0) continue;
      const fresh = { id, kind: 'position', instrument, quantity, price } as const;
      externals.push(remembered(external, { ...fresh, state: 'found', since: at }));
    } else if (position !== undefined) {
      if (disowned !== undefined) externals.push(disowned);
      const left = rest - (disowned?.quantity ?? 0);
      mismatches.push({
        id,
        kind: 'position',
        ours: position.quantity,
        theirs: position.quantity + left,
        price: meanPrice(foreign.get(id) ?? [], left) ?? held?.averagePrice ?? null,
      });
    }
  }
  return { mismatches, externals, isRacing };
}

/** Executions of orders that are not the desk's, by instrument. */
function foreignFills(state: DeskState, reading: AccountReading): Map<string, ReadFill[]> {
  const byInstrument = new Map<string, ReadFill[]>();
  for (const fill of reading.fills) {
    if (fill.orderId !== null && state.orders[fill.orderId] !== undefined) continue;
    const known = byInstrument.get(fill.instrument);
    if (known === undefined) byInstrument.set(fill.instrument, [fill]);
    else known.push(fill);
  }
  return byInstrument;
}

/** Their mean price when they go one way and explain a difference exactly; null otherwise. */
function meanPrice(fills: readonly ReadFill[], wanted: number): number | null {
  const [first] = fills;
  if (first === undefined || fills.some((fill) => fill.side !== first.side)) return null;
  const net = first.side === 'buy' ? total(fills) : -total(fills);
  if (!isSame(net, wanted)) return null;
  return fills.reduce((sum, fill) => sum + fill.price * fill.quantity, 0) / total(fills);
}

function externalOrders(state: DeskState, reading: AccountReading, at: number): External[] {
  const known = new Map(
    state.externals.filter((one) => one.kind === 'order').map((one) => [one.id, one]),
  );
  return reading.orders.flatMap((read) => {
    const { orderId: id, instrument } = read;
    if (state.orders[id] !== undefined || !(isWorking(read) || read.state === 'held')) return [];
    const quantity = read.quantity - read.filledQuantity;
    const price = read.limitPrice ?? read.stopPrice;
    const fresh = { id, kind: 'order', instrument, quantity, price } as const;
    return [remembered(known.get(id), { ...fresh, state: 'found', since: at })];
  });
}

function unsoundFills(state: DeskState, reading: AccountReading): Difference[] {
  return reading.fills.flatMap((fill) => {
    const order = fill.orderId === null ? undefined : state.orders[fill.orderId];
    if (order === undefined || isSound(fill, order)) return [];
    const theirs = `${fill.side} ${fill.quantity} at ${fill.price}`;
    return [{ subject: `fill ${fill.fillId}`, ours: `${order.side} at a price above 0`, theirs }];
  });
}
