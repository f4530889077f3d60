import type { Position } from '#core/engine/state.ts';
import { hasEnded } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { isShut } from './invariants-shut.ts';
import type { Hooks, Observed } from './observed.ts';
import { openQuantityOf } from './venue.ts';
import { holdsOthers, isLive, type VenueOrder } from './venue-order.ts';

/** What a position may stand without a stop: a refused one, a doubt settled by asking, the next try. */
const COVER_MS = 30_000;
/** Canceling the protection first, a doubt about it, then the exit. */
const EXIT_MS = 45_000;
/** After this many exits that came to nothing the desk calls a person instead. */
const MOST_TRIES = 5;

/**
 * 11. A protective exit that is due, sellable and priced on fresh data is never blocked by any state,
 * lock, kill or store fault.
 *
 * While the exchange trades, the process lives and its broker answers (the store need not): shares that the
 * book holds and the exchange has have a working stop, or an exit on its way, within 30 s, where stops rest
 * at the broker. Within 45 s an exit is at the exchange that was started (time, flatten, a person), that is
 * due before the close, or, where the desk watches, whose stop every fresh quote since is at or below (a seal at
 * limit-down as well: the sale queues there); of shares that may be sold today and are not suspended. Calm is counted anew after each fault of the broker.
 */
export function exitsAlwaysPass(world: Observed): Hooks {
  const bare = new Clocks(world, COVER_MS);
  const blocked = new Clocks(world, EXIT_MS);
  const told = new Map<string, Quote>();
  // what was handed to a person stands with them before the log has it: the store need not live
  const handed = new Set<string>();
  let judgedAt = 0;
  return {
    submitting(_life, order) {
      if (world.policy.execution.isPerson && order.side === 'sell') handed.add(order.orderId);
    },
    told(quote) {
      told.set(quote.instrument, quote);
    },
    step() {
      const { venue } = world;
      // once a second is often enough for what is due within half a minute
      if (world.now() - judgedAt < 1_000 && venue.holdings.size > 0) return;
      judgedAt = world.now();
      const desk = world.desk();
      if (venue.holdings.size === 0 || !venue.isOpen || desk === null) {
        bare.clear();
        blocked.clear();
        return;
      }
      const { orders, positions } = desk.state();
      const isHanded = (instrument: InstrumentId): boolean =>
        Object.values(orders).some(
          (order) =>
            order.instrument === instrument && handed.has(order.orderId) && !hasEnded(order),
        );
      for (const [instrument, { quantity }] of venue.holdings) {
        const position = positions[instrument];
        // with fewer shares than the book holds the book is what has to be settled first, see 4
        const held = position !== undefined && quantity >= position.quantity ? position : null;
        const sells = sellsOf(world, instrument);
        if (bare.isOverdue(instrument, held !== null && isBare(world, held, sells)))
          world.fail(11, `${held?.quantity} ${instrument} without a working stop or exit`);
        const quote = told.get(instrument) ?? null;
        const isWaiting =
          held !== null && !isHanded(instrument) && isBlocked(world, held, sells, quote);
        if (blocked.isOverdue(instrument, isWaiting))
          world.fail(11, `the exit of ${held?.quantity} ${instrument} has not left`);
      }
    },
  };
}

/** How long something has been wrong for each symbol, calm counted only; each is told once. */
class Clocks {
  readonly #world: Observed;
  readonly #limitMs: number;
  readonly #since = new Map<string, number>();

  constructor(world: Observed, limitMs: number) {
    this.#world = world;
    this.#limitMs = limitMs;
  }

  isOverdue(id: string, isWrong: boolean): boolean {
    if (!isWrong) {
      this.#since.delete(id);
      return false;
    }
    const now = this.#world.now();
    const first = this.#since.get(id) ?? now;
    this.#since.set(id, first);
    const isOverdue = now - Math.max(first, this.#world.brokerCalmSince()) >= this.#limitMs;
    if (isOverdue) this.#since.set(id, Number.POSITIVE_INFINITY);
    return isOverdue;
  }

  clear(): void {
    this.#since.clear();
  }
}

/** Shares without a working stop at the broker and without an exit on its way; a target protects nothing. */
function isBare(world: Observed, position: Position, sells: readonly VenueOrder[]): boolean {
  if (world.policy.execution.protection === 'watched') return false;
  const offered = sells
    .filter((order) => order.request.type !== 'limit')
    .reduce((sum, order) => sum + openQuantityOf(world.venue, order), 0);
  return offered < position.quantity;
}

/** An exit is due, may be sold today, and no order of it is at the exchange. */
function isBlocked(
  world: Observed,
  position: Position,
  sells: readonly VenueOrder[],
  quote: Quote | null,
): boolean {
  const { execution, exits } = world.policy;
  const isWatched = execution.protection === 'watched';
  const isUnderWay = sells.some((order) => isWatched || order.request.type === 'market');
  const { venue } = world;
  // shares beside the book's own, which a list has just told of, are not the desk's to sell
  const beside = (venue.holdings.get(position.instrument)?.quantity ?? 0) - position.quantity;
  if (isUnderWay || venue.sellable(position.instrument) <= beside) return false;
  // a list told of shares, and not of the day they were bought on: that may be this one
  const { tradingDay } = world.session() ?? {};
  const isOfToday = execution.sellableAfterDays > 0 && position.tradingDay === tradingDay;
  if (execution.isPerson && isOfToday && holdsOthers(venue, position.instrument)) return false;
  if (isShut(world, position.instrument)) return false;
  if (triesOf(world, position.instrument) >= MOST_TRIES) return false;
  const session = world.session();
  const at = world.deskNow();
  // a clock that stands wrong opens and closes at the wrong time: the desk goes by its own
  const isOpen = session !== null && at >= session.openAt && at < session.closeAt;
  if (!isOpen || session.breaks.some((pause) => at >= pause.fromAt && at < pause.toAt))
    return false;
  const { flatBeforeCloseMs } = exits;
  const isTime = flatBeforeCloseMs !== null && at >= session.closeAt - flatBeforeCloseMs;
  // terms that nobody knows hold the stop: its price is of another basis
  const isKnown = position.exDateOpen == null;
  const isStopped = isWatched && isKnown && isAtStop(world, position, quote);
  const isStarted = position.exiting !== null && isInLots(world, position);
  return isTime || isStarted || isStopped;
}

/** What was asked to leave can: of A-shares less than a lot is sold only as the odd rest of what is held. */
function isInLots(world: Observed, position: Position): boolean {
  const quantity = position.exiting?.quantity ?? 0;
  if (world.policy.market !== 'CN' || quantity >= 100) return true;
  return quantity === world.venue.sellable(position.instrument) % 100;
}

/** The desk was told a fresh bid at or below the stop; at limit-down nobody bids, and the limit is the price. */
function isAtStop(world: Observed, position: Position, quote: Quote | null): boolean {
  if (quote === null) return false;
  const { bid, ask, askSize } = quote;
  const isSealed = bid === 0 && askSize > 0 && ask === world.limitDown(position.instrument);
  if (!isSealed && (!(bid > 0) || ask < bid)) return false;
  const ageMs = world.deskNow() - quote.at;
  const isFresh = ageMs >= 0 && ageMs <= world.policy.ticket.quoteMaxAgeMs;
  return isFresh && (isSealed ? ask : bid) <= position.stop;
}

function sellsOf(world: Observed, instrument: InstrumentId): VenueOrder[] {
  return [...world.venue.orders.values()].filter(
    (order) =>
      order.request.instrument === instrument &&
      order.request.side === 'sell' &&
      isLive(order) &&
      order.state !== 'held',
  );
}

/** Exits that came to nothing: the exchange refused them, or the person who executes said that none was done. */
/** Exits that ended without a fill: at the exchange, or on their way to it, which the desk was told by its broker. */
function triesOf(world: Observed, instrument: InstrumentId): number {
  const refused = world.policy.execution.isPerson ? ['rejected', 'canceled'] : ['rejected'];
  let tries = 0;
  for (const { request, state } of world.venue.orders.values())
    if (request.instrument === instrument && request.side === 'sell' && refused.includes(state))
      tries += 1;
  for (const event of world.log) {
    if (event.type !== 'order_never_arrived' || world.venue.orders.has(event.orderId)) continue;
    if (event.orderId.includes(`.${instrument}.`) && event.orderId.includes('.exit-')) tries += 1;
  }
  return tries;
}
