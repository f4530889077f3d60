import { fromStored } from '#app/event-form.ts';
import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import { isUnattested } from '#core/engine/permission-of.ts';
import type { DeskState } from '#core/engine/state.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { Hooks, Observed } from './observed.ts';

/** The slow poll of the account and the three looks it takes before a difference counts. */
const BOOK_SETTLES_MS = 330_000;

/** What the desk holds, and what a person has said is none of its business. */
function bookOf(state: DeskState): Map<string, number> {
  const book = new Map<string, number>();
  const add = (instrument: string, quantity: number) =>
    book.set(instrument, (book.get(instrument) ?? 0) + quantity);
  for (const { instrument, quantity } of Object.values(state.positions)) add(instrument, quantity);
  for (const { kind, state: whose, instrument, quantity } of state.externals)
    if (kind === 'position' && whose === 'disowned') add(instrument, quantity);
  return book;
}

function isEqualBook(world: Observed, state: DeskState): boolean {
  const ours = bookOf(state);
  const theirs = world.venue.holdings;
  if (ours.size !== theirs.size) return false;
  for (const [instrument, { quantity }] of theirs)
    if (ours.get(instrument) !== quantity) return false;
  return true;
}

/** SAFE_MODE, not reconciled or nobody's word on the account: no entry, and a person was told. */
function isHeld(world: Observed, state: DeskState): boolean {
  if (state.safeMode.length > 0 || !state.isReconciled) return true;
  return world.policy.execution.isPerson && isUnattested(state, world.deskNow());
}

/**
 * 4. Book equals the sum of fills equals the broker, or the desk is in SAFE_MODE.
 *
 * The book of the living desk is held against the exchange's holdings after every step. A difference may
 * stand for 330 s of calm (process up, broker and store answering: the slow poll of the account); after
 * that the desk must be in SAFE_MODE or unreconciled. What a person has disowned counts for neither. At the
 * end it must be equal or held. The fills in the log always add up to the book's quantities, at once. An order's
 * end in the log is its end at the broker: a timeout is no rejection, and no order that works is called gone.
 */
export function bookIsTrue(world: Observed): Hooks {
  const filled = new Map<string, number>();
  const instruments = new Map<string, string>();
  const sides = new Map<string, 'buy' | 'sell'>();
  let differsSince: number | null = null;
  let isTold = false;
  let judgedAt = -1;
  const judge = (limitMs: number): void => {
    const state = world.desk()?.state();
    if (state === undefined || isHeld(world, state) || isEqualBook(world, state)) {
      differsSince = null;
      return;
    }
    differsSince ??= world.now();
    const since = Math.max(differsSince, world.calmSince());
    if (world.now() - since < limitMs || isTold) return;
    isTold = true;
    const ours = [...bookOf(state)].join(' ');
    const theirs = [...world.venue.holdings]
      .map(([id, held]) => `${id},${held.quantity}`)
      .join(' ');
    world.fail(4, `book ${ours || 'flat'}, broker ${theirs || 'flat'}, and the desk is not held`);
  };
  return {
    committed(event) {
      // the broker's own closing orders are the desk's from the moment it is told of them
      if (event.type === 'order_intended' || event.type === 'closing_order_noted') {
        instruments.set(event.order.orderId, event.order.instrument);
        sides.set(event.order.orderId, event.order.side);
      }
      const found = world.policy.execution.isPerson ? null : endsUntrue(world, event);
      if (found !== null) world.fail(4, found);
      const moved = movedByPerson(event);
      if (moved !== null)
        filled.set(moved.instrument, (filled.get(moved.instrument) ?? 0) + moved.quantity);
      if (event.type !== 'order_filled') return;
      const instrument = instruments.get(event.orderId) ?? '';
      const sign = sides.get(event.orderId) === 'sell' ? -1 : 1;
      filled.set(instrument, (filled.get(instrument) ?? 0) + sign * event.quantity);
    },
    step() {
      const seen = world.log.length + world.venue.fills.length;
      // nothing new, and nothing that could become overdue
      if (seen === judgedAt && differsSince === null) return;
      judgedAt = seen;
      judge(BOOK_SETTLES_MS);
    },
    end() {
      judge(0);
      const desk = world.desk();
      if (desk === null || isHeld(world, desk.state())) return;
      const { positions } = desk.state();
      for (const [instrument, quantity] of filled)
        if ((positions[instrument]?.quantity ?? 0) !== quantity)
          world.fail(
            4,
            `fills of ${instrument} add up to ${quantity}, book ${positions[instrument]?.quantity ?? 0}`,
          );
    },
  };
}

/** Shares that came into or left the book by a person's word about what others traded, or on an ex-date. */
function movedByPerson(event: Event): { instrument: string; quantity: number } | null {
  if (event.type === 'position_adopted') return event.position;
  if (event.type === 'ex_date_restated')
    return { instrument: event.instrument, quantity: event.newShares };
  if (event.type !== 'position_corrected') return null;
  return { instrument: event.instrument, quantity: event.to - event.from };
}

const ENDS = {
  order_rejected: 'rejected',
  order_canceled: 'canceled',
  order_expired: 'expired',
} as const;

/** What the log says of an order's end and the exchange does not know of; null: it is true. */
function endsUntrue(world: Observed, event: Event): string | null {
  if (event.type === 'order_never_arrived') {
    const order = world.venue.orders.get(event.orderId);
    return order === undefined ? null : `${event.orderId} never arrived, and is ${order.state}`;
  }
  if (!(event.type in ENDS)) return null;
  const { orderId } = event as { orderId: string };
  const state = world.venue.orders.get(orderId)?.state ?? 'unknown';
  const said = ENDS[event.type as keyof typeof ENDS];
  return state === said ? null : `${orderId} is ${said} in the log and ${state} at the broker`;
}

/**
 * 8. Shares under T+1 are never offered for sale on the day they were bought.
 *
 * At the first byte of a sale: the shares bought on this trading day and those that other working sales
 * already offer are left alone.
 */
export function neverSoldTheSameDay(world: Observed): Hooks {
  return {
    submitting(_life, order) {
      if (order.side !== 'sell' || world.policy.execution.sellableAfterDays === 0) return;
      const sellable = world.venue.sellable(order.instrument);
      if (order.quantity > sellable)
        world.fail(8, `${order.orderId} offers ${order.quantity}, sellable ${sellable}`);
    },
  };
}

/**
 * 9. State equals the fold of its events; a snapshot plus tail equals the whole fold.
 *
 * Each time a process has recovered (newest snapshot, tail, journal) and at the end, its state is held
 * against the fold of the whole log, as long as nothing waits in the journal.
 */
export function stateIsFold(world: Observed): Hooks {
  const judge = async (): Promise<void> => {
    const desk = world.desk();
    if (desk === null) return;
    const stored = await world.events.read(world.stream);
    if (stored.length !== desk.version()) return;
    const fold = evolveAll(
      initialState(world.policy),
      stored.map((event) => fromStored(event)),
    );
    const ours = canonicalJson(desk.state());
    const theirs = canonicalJson(fold);
    if (ours !== theirs) world.fail(9, `state differs from its log: ${difference(ours, theirs)}`);
  };
  return { recovered: judge, end: judge };
}

function difference(ours: string, theirs: string): string {
  let at = 0;
  while (ours[at] === theirs[at]) at += 1;
  const from = Math.max(0, at - 40);
  return `${ours.slice(from, at + 60)} … ${theirs.slice(from, at + 60)}`;
}
