import { BrokerError } from '#app/errors.ts';
import type { Clock, OrderRequest } from '#app/ports.ts';
import { decimalOfPrice } from '#shell/lib/decimal.ts';
import type { AlpacaBook } from './book.ts';
import { judgeRequest } from './can-submit.ts';
import { currentOf, type Tracked, type Word } from './chain.ts';
import { idsOf, successorId } from './family.ts';
import type { AlpacaFinder } from './finder.ts';
import { submitBodyOf } from './request-body.ts';
import { hasEnded } from './states.ts';
import type { TradingApi } from './trading-api.ts';
import type { WireOrder } from './wire.ts';

export type ActsDeps = {
  readonly name: string;
  readonly clock: Clock;
  readonly api: TradingApi;
  readonly book: AlpacaBook;
  readonly finder: AlpacaFinder;
  /** The vendor took an act on this order; its event is due. */
  readonly expectWord: (tracked: Tracked) => void;
  /** A request settled: what waited for it can be told apart now. */
  readonly onSettled: () => void;
};

type Prices = { readonly stopPrice?: number; readonly limitPrice?: number };

/** Source: the vendor's error documents, and threads of its users for the words. */
const DUPLICATE = /client_order_id must be unique/i;
/** An order that is being replaced cannot be canceled for a moment; a cancel is not given up for that. */
const CANCEL_TRIES = 8;
const CANCEL_PAUSE_MS = 120;
/**
 * Longest wait of a purchase for the budget. The fence was asked before it: a process that was frozen while
 * it waited may have been taken over from. With the lease (2.5 s) still before a standby takes over (5 s).
 */
const BUY_WITHIN_MS = 2_400;
/** A request that never left leaves no doubt. */
const NEVER_SENT: ReadonlySet<string> = new Set(['disconnected', 'rate_limited', 'stopped']);

/** Submits, cancels and changes orders of one account. */
export class AlpacaActs {
  readonly #deps: ActsDeps;

  constructor(deps: ActsDeps) {
    this.#deps = deps;
  }

  /**
   * Sends once. A refusal is a report; a known id throws `duplicate_order_id`; every other failure
   * leaves open whether the order exists, except `disconnected` and `rate_limited`.
   */
  async submit(request: OrderRequest): Promise<void> {
    const { book, expectWord, onSettled } = this.#deps;
    const objection = judgeRequest(request, [], () => true);
    if (objection !== null) return this.#reject(request, objection.code);
    for (const orderId of idsOf(request)) {
      const before = book.get(orderId);
      if (before !== undefined && (before.links.size > 0 || before.sending !== null))
        throw this.#duplicate(orderId);
    }
    const tracked = book.add(request);
    const sent =
      request.side === 'buy'
        ? this.#deps.api.submit(submitBodyOf(request), BUY_WITHIN_MS)
        : this.#deps.api.submit(submitBodyOf(request));
    tracked.sending = sent.then(
      () => undefined,
      () => undefined,
    );
    try {
      const answer = await sent;
      tracked.sending = null;
      if (answer.kind === 'answered') {
        book.take(answer.data, this.#word(answer.data));
        expectWord(tracked);
        return;
      }
      book.forget(request);
      if (DUPLICATE.test(answer.message)) throw this.#duplicate(request.orderId);
      this.#reject(request, `${answer.message} (${answer.code})`);
    } catch (error) {
      tracked.sending = null;
      if (error instanceof BrokerError && NEVER_SENT.has(error.code)) book.forget(request);
      throw error;
    } finally {
      onSettled();
    }
  }

  /** Sends at once what is known; a refusal is a report. Throws BrokerError: the order may still work. */
  async cancel(orderId: string): Promise<void> {
    const { api, book, expectWord, finder } = this.#deps;
    let tracked = book.get(orderId) ?? null;
    if (tracked?.sending != null) await tracked.sending;
    for (let tries = 0; tries < CANCEL_TRIES; tries += 1) {
      const current = tracked === null ? null : currentOf(tracked);
      if (tracked === null || current === null) {
        tracked = await finder.locate(orderId, 'urgent');
        if (tracked === null) return book.refuseCancel(orderId, 'unknown_order');
        continue;
      }
      const answer = await api.cancel(current.id);
      if (answer.kind === 'answered') return expectWord(tracked);
      // why not: it has ended, or another order has taken its place, or is about to
      tracked = await finder.locate(orderId, 'urgent');
      if (tracked === null) return book.refuseCancel(orderId, 'unknown_order');
      const state = book.stateOf(tracked);
      const newest = currentOf(tracked);
      if (state !== null && hasEnded(state)) return book.refuseCancel(orderId, 'not_working');
      if (newest?.status === 'pending_cancel') return expectWord(tracked);
      if (newest?.id === current.id) await this.#pause(CANCEL_PAUSE_MS);
    }
    book.refuseCancel(orderId, 'refused');
  }

  /** Changes a price; the vendor makes a new order of it. A refusal is a report. Throws BrokerError. */
  async replace(orderId: string, price: Prices): Promise<void> {
    const { api, book, clock, expectWord, finder } = this.#deps;
    const limit = price.limitPrice === undefined ? undefined : decimalOfPrice(price.limitPrice);
    const stop = price.stopPrice === undefined ? undefined : decimalOfPrice(price.stopPrice);
    if (limit === null || stop === null) return book.refuseReplace(orderId, 'price_not_on_tick');
    const known = book.get(orderId);
    if (known?.sending != null) await known.sending;
    const isHere = known !== undefined && currentOf(known) !== null;
    const tracked = isHere ? known : await finder.locate(orderId);
    const current = tracked === null ? null : currentOf(tracked);
    if (tracked === null || current === null) return book.refuseReplace(orderId, 'unknown_order');
    const replacing = { successor: null as string | null };
    tracked.replacing = replacing;
    const answer = await api.replace(current.id, {
      ...(limit === undefined ? {} : { limit_price: limit }),
      ...(stop === undefined ? {} : { stop_price: stop }),
      client_order_id: successorId(orderId, clock.now()),
    });
    if (answer.kind === 'answered') {
      replacing.successor = answer.data.id;
      book.link(
        tracked,
        { ...answer.data, replaces: answer.data.replaces ?? current.id },
        this.#word(answer.data),
      );
      return expectWord(tracked);
    }
    const found = await finder.locate(orderId);
    const state = found === null ? null : book.stateOf(found);
    const isOver = answer.status === 404 || (state !== null && hasEnded(state));
    if (tracked.replacing !== replacing) return;
    book.refuseReplace(orderId, isOver ? 'not_working' : `${answer.message} (${answer.code})`);
  }

  #word(order: WireOrder): Word {
    const now = this.#deps.clock.now();
    return { from: 'answer', at: order.updated_at ?? order.submitted_at ?? now, execution: null };
  }

  #reject(request: OrderRequest, why: string): void {
    const { book } = this.#deps;
    book.reject(request.orderId, why);
    if (request.pair !== null) book.reject(request.pair.orderId, why);
  }

  #duplicate(orderId: string): BrokerError {
    return new BrokerError(
      `${this.#deps.name} submit: found ${orderId} at the broker, expected a client order id not used before`,
      { code: 'duplicate_order_id', retryable: false, context: { orderId } },
    );
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#deps;
    return new Promise((resolve) => void clock.at(clock.now() + ms, resolve));
  }
}
