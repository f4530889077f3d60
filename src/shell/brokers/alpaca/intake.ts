import type { Clock, Timer } from '#app/ports.ts';
import type { AlpacaBook } from './book.ts';
import { currentOf, type Tracked } from './chain.ts';
import type { AlpacaFinder } from './finder.ts';
import { hasEnded } from './states.ts';
import type { WireTradeUpdate } from './wire.ts';

export type IntakeDeps = {
  readonly clock: Clock;
  readonly book: AlpacaBook;
  readonly finder: AlpacaFinder;
  /** How long an act may stay without an event before the order is asked about. */
  readonly wordMs: number;
  /** The stream says nothing of what happens. */
  readonly onDeaf: (cause: string) => void;
  readonly onNote: (line: string) => void;
};

/** Least time between two readings of the account that events asked for. Source: centaur.md "Reconciliation". */
const SYNC_EVERY_MS = 3_000;

/** Takes events in, in whatever order they come, and reads again where they leave something open. */
export class AlpacaIntake {
  readonly #deps: IntakeDeps;
  readonly #timers = new Set<Timer>();
  #parked: WireTradeUpdate[] = [];
  #learning: Promise<void> = Promise.resolve();
  #phase: 'loading' | 'open' | 'stopped' = 'loading';
  #isSyncDue = false;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** The account's orders were read: events that came meanwhile are taken in. */
  open(): void {
    this.#phase = 'open';
    this.release();
  }

  stop(): void {
    this.#phase = 'stopped';
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  onUpdate(update: WireTradeUpdate): void {
    const { book, finder } = this.#deps;
    const { order } = update;
    if (this.#phase !== 'loading' && book.isKnown(order)) return this.#apply(update);
    const isSending = [...book.all()].some((tracked) => tracked.sending !== null);
    // a leg's first event may overtake the answer that says whose leg it is
    if (this.#phase === 'loading' || isSending) {
      this.#parked.push(update);
      return;
    }
    this.#learning = this.#learning
      .then(() => finder.learn(order))
      .then(() => this.#apply(update))
      .catch((error: unknown) => this.#troubled('whose order an event is about', error));
  }

  /** Takes in what had to wait for the answer to a request. */
  release(): void {
    if (this.#phase !== 'open') return;
    for (const update of this.#parked.splice(0)) this.onUpdate(update);
  }

  /** Asks about an order of which more is to be known than was said. */
  readAgain(tracked: Tracked): void {
    const { orderId } = tracked.request;
    this.#deps.finder
      .locate(orderId)
      .catch((error: unknown) => this.#troubled(`the fate of ${orderId}`, error));
  }

  /** After an act the stream must speak; if it does not and the order has moved, the stream is deaf. */
  expectWord(tracked: Tracked): void {
    const { clock, finder, onDeaf, wordMs } = this.#deps;
    const { orderId } = tracked.request;
    const since = clock.now();
    const before = standOf(tracked);
    this.#later(wordMs, () => {
      if (tracked.heardAt >= since) return;
      finder.locate(orderId).then(
        () => {
          const hasMoved = standOf(tracked) !== before && tracked.heardAt < since;
          if (hasMoved) onDeaf('silent while orders moved');
        },
        (error: unknown) => this.#troubled(`the fate of ${orderId}`, error),
      );
    });
  }

  /** Reads the orders again, once for everything that asks for it within a while. */
  syncSoon(): void {
    if (this.#isSyncDue || this.#phase === 'stopped') return;
    this.#isSyncDue = true;
    this.#later(SYNC_EVERY_MS, () => {
      this.#isSyncDue = false;
      this.readAll().catch((error: unknown) => this.#troubled('the open orders', error));
    });
  }

  /** Open orders as listed, and one by one those that should be open and are not listed. Throws BrokerError. */
  async readAll(): Promise<void> {
    const { book, finder } = this.#deps;
    const open = new Set((await finder.openOrders()).map(({ request }) => request.orderId));
    for (const tracked of [...book.all()]) {
      const state = book.stateOf(tracked);
      const { orderId } = tracked.request;
      if (state !== null && !hasEnded(state) && !open.has(orderId)) await finder.locate(orderId);
    }
  }

  #apply(update: WireTradeUpdate): void {
    const { book, clock } = this.#deps;
    const { event, execution_id, order, price, qty, timestamp } = update;
    const execution =
      execution_id == null || !(Number(price ?? 0) > 0) || !(Number(qty ?? 0) > 0)
        ? null
        : { id: execution_id, quantity: Number(qty), price: Number(price) };
    const at = timestamp ?? order.updated_at ?? clock.now();
    const tracked = book.take(order, { from: 'stream', at, execution });
    const { orderId } = tracked.request;
    if (event === 'order_cancel_rejected') book.refuseCancel(orderId, 'refused');
    if (event === 'order_replace_rejected' && tracked.replacing !== null)
      book.refuseReplace(orderId, 'not_working');
    if (order.status === 'replaced' && currentOf(tracked)?.status === 'replaced')
      this.readAgain(tracked);
  }

  #later(ms: number, run: () => void): void {
    const { clock } = this.#deps;
    const timer = clock.at(clock.now() + ms, () => {
      this.#timers.delete(timer);
      if (this.#phase !== 'stopped') run();
    });
    this.#timers.add(timer);
  }

  #troubled(place: string, error: unknown): void {
    if (this.#phase === 'stopped') return;
    this.#deps.onNote(`${place}: ${error instanceof Error ? error.message : 'failed'}`);
    this.syncSoon();
  }
}

function standOf(tracked: Tracked): string {
  const link = currentOf(tracked);
  return `${link?.id} ${link?.status} ${link?.filled}`;
}
