import type { BrokerOrder, BrokerReport, Clock, OrderRequest } from '#app/ports.ts';
import { currentOf, type Tracked, totalsOf, type Word } from './chain.ts';
import { childIdOf, idsOf, orderIdOf } from './family.ts';
import { noteChildren, noteTarget, roleOf } from './group.ts';
import {
  hasEnded,
  type Link,
  linkOf,
  mergeLink,
  type OrderState,
  requestOf,
  stateOfLink,
} from './states.ts';
import type { WireLeg, WireOrder } from './wire.ts';

export type BookDeps = {
  readonly clock: Clock;
  readonly tell: (report: BrokerReport) => void;
  /** More is to be asked about this order than the stream said: what became of its children, or a price. */
  readonly onOpenQuestion: (tracked: Tracked) => void;
};

/** How a leg belongs to the order it came in. */
type LegOf = {
  readonly childId: string;
  readonly entryId: string | null;
  readonly partnerId: string | null;
  readonly isActive: boolean;
};

/** Places of a price made from averages. */
const PRICE_UNITS = 1_000_000;

/**
 * Orders of one account and what was told of each. Shares are counted from the vendor's cumulative
 * figures, so an event that is lost, repeated or late changes nothing: the next one tells the rest.
 */
export class AlpacaBook {
  readonly #deps: BookDeps;
  #refusals = 0;
  readonly #byOrderId = new Map<string, Tracked>();
  readonly #byLinkId = new Map<string, Tracked>();

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  get(orderId: string): Tracked | undefined {
    return this.#byOrderId.get(orderId);
  }

  byLinkId(id: string): Tracked | undefined {
    return this.#byLinkId.get(id);
  }

  all(): Iterable<Tracked> {
    return this.#byOrderId.values();
  }

  /** True when the vendor's order can be told whose it is without asking. */
  isKnown(order: WireLeg): boolean {
    return this.#trackedOf(order) !== undefined;
  }

  /** A request about to leave, with the orders that leave inside it. */
  add(request: OrderRequest): Tracked {
    const { bracket, pair } = request;
    const tracked = this.#create(request, null, pair?.orderId ?? null);
    const single = { ...request, bracket: null, pair: null };
    if (bracket !== null) {
      const entryId = request.orderId;
      const side = request.side === 'buy' ? ('sell' as const) : ('buy' as const);
      const child = { ...single, side };
      const { orderId, stopPrice } = bracket.stop;
      this.#create({ ...child, orderId, type: 'stop', stopPrice, limitPrice: null }, entryId, null);
      if (bracket.target !== null)
        this.#create(
          { ...child, ...bracket.target, type: 'limit', stopPrice: null },
          entryId,
          null,
        );
    }
    if (pair !== null)
      this.#create({ ...single, ...pair, type: 'limit', stopPrice: null }, null, request.orderId);
    return tracked;
  }

  /** Forgets a request that made nothing. */
  forget(request: OrderRequest): void {
    for (const id of idsOf(request))
      if (this.#byOrderId.get(id)?.links.size === 0) this.#byOrderId.delete(id);
  }

  /** Takes an order of the vendor in, with its legs, and tells what is new. */
  take(order: WireOrder, word: Word): Tracked {
    const tracked = this.#takeOne(order, word, null);
    const { orderId } = tracked.request;
    const isPair = order.order_class === 'oco';
    const legs = order.legs ?? [];
    for (const leg of legs) {
      const childId = childIdOf(orderId, roleOf(leg)) ?? orderIdOf(leg.client_order_id);
      this.#takeOne(leg, word, {
        childId,
        entryId: isPair ? null : orderId,
        partnerId: isPair ? orderId : null,
        // one listing shows both: the entry has filled, and this is how the leg stands since
        isActive: order.status === 'filled',
      });
      if (isPair) tracked.partnerId = childId;
    }
    if (isPair) noteTarget(this.#partnerOf(tracked), tracked);
    else if (legs.length > 0) noteChildren(tracked, legs);
    return tracked;
  }

  /** Takes another order of the same chain in. */
  link(tracked: Tracked, order: WireOrder, word: Word): void {
    const isFirst = tracked.links.size === 0;
    this.#noteLink(tracked, order, word);
    // what came before an order that was found as it stands was told in its time
    const isBefore = [...tracked.links.values()].some((link) => link.replaces === order.id);
    if (!isFirst && isBefore) this.#adopt(tracked);
    else this.#settle(tracked, word, false);
  }

  /** The state in the port's words; null while the vendor has not shown the order. */
  stateOf(tracked: Tracked): OrderState | null {
    const link = currentOf(tracked);
    if (link === null) return null;
    const isDay = tracked.request.timeInForce === 'day';
    return stateOfLink(link, isDay, this.#isWaiting(tracked, link));
  }

  /** Null while the vendor has not shown the order. */
  orderOf(tracked: Tracked): BrokerOrder | null {
    const state = this.stateOf(tracked);
    const link = currentOf(tracked);
    if (state === null || link === null) return null;
    const { filled, notional, before } = totalsOf(tracked);
    const { limitPrice, stopPrice } = link;
    const quantity = link.quantity === null ? tracked.request.quantity : link.quantity + before;
    return {
      request: { ...tracked.request, quantity, limitPrice, stopPrice },
      state,
      filledQuantity: filled,
      averagePrice: filled > 0 ? rounded(notional / filled) : null,
    };
  }

  /** Refused by the vendor before it worked. */
  reject(orderId: string, reason: string): void {
    this.#say(orderId, 'rejected', '', { reason });
  }

  refuseCancel(orderId: string, reason: string): void {
    this.#say(orderId, 'cancel_rejected', this.#refusalMark(), {
      reason,
      filledQuantity: this.#byOrderId.get(orderId)?.toldQuantity ?? 0,
    });
  }

  refuseReplace(orderId: string, reason: string): void {
    const tracked = this.#byOrderId.get(orderId);
    if (tracked !== undefined) tracked.replacing = null;
    this.#say(orderId, 'replace_rejected', this.#refusalMark(), {
      reason,
      filledQuantity: tracked?.toldQuantity ?? 0,
    });
  }

  #refusalMark(): string {
    this.#refusals += 1;
    return `${this.#deps.clock.now()}.${this.#refusals}`;
  }

  #create(request: OrderRequest, entryId: string | null, partnerId: string | null): Tracked {
    const tracked: Tracked = {
      request,
      entryId,
      partnerId,
      links: new Map(),
      executions: new Set(),
      toldQuantity: 0,
      toldNotional: 0,
      toldLink: null,
      isAcceptedTold: false,
      isEndTold: false,
      replacing: null,
      sending: null,
      heardAt: 0,
    };
    this.#byOrderId.set(request.orderId, tracked);
    return tracked;
  }

  #trackedOf(order: WireLeg): Tracked | undefined {
    const replaced = order.replaces == null ? undefined : this.#byLinkId.get(order.replaces);
    return (
      this.#byLinkId.get(order.id) ??
      replaced ??
      this.#byOrderId.get(orderIdOf(order.client_order_id))
    );
  }

  #takeOne(order: WireLeg, word: Word, leg: LegOf | null): Tracked {
    const childId = leg?.childId ?? orderIdOf(order.client_order_id);
    const known = this.#trackedOf(order) ?? this.#byOrderId.get(childId);
    const { entryId = null, partnerId = null } = leg ?? {};
    const tracked = known ?? this.#create(requestOf(childId, order), entryId, partnerId);
    tracked.entryId ??= entryId;
    tracked.partnerId ??= partnerId;
    this.#noteLink(tracked, order, word);
    if (known === undefined && word.from === 'listing') this.#adopt(tracked);
    else this.#settle(tracked, word, leg?.isActive ?? false);
    return tracked;
  }

  #noteLink(tracked: Tracked, order: WireLeg, word: Word): void {
    const link = tracked.links.get(order.id);
    if (link === undefined) {
      tracked.links.set(order.id, linkOf(order));
      this.#byLinkId.set(order.id, tracked);
    } else mergeLink(link, order);
    if (word.from === 'stream') tracked.heardAt = this.#deps.clock.now();
  }

  /** An order that was there before: it stands as it stands, and news of it begins now. */
  #adopt(tracked: Tracked): void {
    const state = this.stateOf(tracked);
    const { filled, notional } = totalsOf(tracked);
    tracked.toldQuantity = filled;
    tracked.toldNotional = notional;
    tracked.toldLink = currentOf(tracked)?.id ?? null;
    tracked.isAcceptedTold = state !== 'held';
    tracked.isEndTold = state !== null && hasEnded(state);
  }

  /** A leg waits until its entry has filled whole. */
  #isWaiting(tracked: Tracked, link: Link): boolean {
    if (tracked.entryId === null) return false;
    const entry = this.#byOrderId.get(tracked.entryId);
    const state = entry === undefined ? null : this.stateOf(entry);
    return state === null ? link.status === 'held' : state !== 'filled';
  }

  #partnerOf(tracked: Tracked): Tracked | undefined {
    return tracked.partnerId === null ? undefined : this.#byOrderId.get(tracked.partnerId);
  }

  #settle(tracked: Tracked, word: Word, isActive: boolean): void {
    this.#settleOne(tracked, word, isActive);
    const partner = this.#partnerOf(tracked);
    if (partner !== undefined && !partner.isAcceptedTold) this.#settleOne(partner, word, false);
  }

  #settleOne(tracked: Tracked, word: Word, isActive: boolean): void {
    const link = currentOf(tracked);
    const state = this.stateOf(tracked);
    if (link === null || state === null) return;
    if (this.#doesWork(tracked, link, isActive)) this.#tellAccepted(tracked, state, word);
    this.#tellReplaced(tracked, link, word);
    this.#tellFills(tracked, state, word);
    this.#tellEnd(tracked, state, word);
    this.#tellFailedReplace(tracked);
  }

  /** A leg that says `held` works when its partner does; that of an entry only where it was seen with it. */
  #doesWork(tracked: Tracked, link: Link, isActive: boolean): boolean {
    if (link.status === 'pending_new') return false;
    if (link.status !== 'held' || isActive) return true;
    const partner = this.#partnerOf(tracked);
    if (partner === undefined) return tracked.entryId === null;
    const other = currentOf(partner);
    return other !== null && other.status !== 'pending_new' && other.status !== 'held';
  }

  #tellAccepted(tracked: Tracked, state: OrderState, word: Word): void {
    if (tracked.isAcceptedTold || state === 'held') return;
    if (hasEnded(state) && totalsOf(tracked).filled === 0) return;
    tracked.isAcceptedTold = true;
    this.#tell(tracked, 'accepted', '', word, {});
  }

  #tellReplaced(tracked: Tracked, link: Link, word: Word): void {
    tracked.toldLink ??= link.id;
    if (tracked.toldLink === link.id) return;
    tracked.toldLink = link.id;
    tracked.replacing = null;
    const { limitPrice, stopPrice } = link;
    tracked.request = { ...tracked.request, limitPrice, stopPrice };
    this.#tell(tracked, 'replaced', link.id, word, { limitPrice, stopPrice });
  }

  #tellFills(tracked: Tracked, state: OrderState, word: Word): void {
    const { execution } = word;
    const isRepeat = execution !== null && tracked.executions.has(execution.id);
    if (execution !== null) tracked.executions.add(execution.id);
    const { filled, notional } = totalsOf(tracked);
    const quantity = filled - tracked.toldQuantity;
    if (quantity <= 0) return;
    const isThisOne = execution !== null && !isRepeat && execution.quantity === quantity;
    const price = isThisOne
      ? execution.price
      : rounded((notional - tracked.toldNotional) / quantity);
    if (!(price > 0)) {
      // shares without a price are told once it is known
      if (word.from === 'stream') this.#deps.onOpenQuestion(tracked);
      return;
    }
    tracked.toldQuantity = filled;
    tracked.toldNotional += price * quantity;
    this.#tell(tracked, state === 'filled' ? 'filled' : 'partially_filled', `${filled}`, word, {
      lastQuantity: quantity,
      lastPrice: price,
    });
    // an answer that holds the legs as well needs no further question
    if (state === 'filled' && tracked.request.bracket !== null && word.from === 'stream')
      this.#deps.onOpenQuestion(tracked);
  }

  #tellEnd(tracked: Tracked, state: OrderState, word: Word): void {
    if (tracked.isEndTold || !hasEnded(state)) return;
    tracked.isEndTold = true;
    if (state === 'filled') return;
    const kind = state as 'canceled' | 'expired' | 'rejected';
    const reason = kind === 'rejected' ? 'rejected by the exchange' : null;
    this.#tell(tracked, kind, '', word, { reason });
  }

  /** The order that was to take the place of this one was refused: the old one goes on, or has filled. */
  #tellFailedReplace(tracked: Tracked): void {
    const successor = tracked.replacing?.successor ?? null;
    if (successor === null) return;
    const status = tracked.links.get(successor)?.status;
    if (status === 'rejected' || status === 'canceled' || status === 'expired')
      this.refuseReplace(tracked.request.orderId, 'not_working');
  }

  #tell(
    tracked: Tracked,
    kind: BrokerReport['kind'],
    mark: string,
    word: Word,
    fields: Partial<BrokerReport>,
  ): void {
    const at = Math.min(word.at, this.#deps.clock.now());
    const { toldQuantity } = tracked;
    const { orderId } = tracked.request;
    this.#say(orderId, kind, mark, { at, filledQuantity: toldQuantity, ...fields });
  }

  #say(
    orderId: string,
    kind: BrokerReport['kind'],
    mark: string,
    fields: Partial<BrokerReport>,
  ): void {
    this.#deps.tell({
      reportId: `${orderId}:${kind}:${mark}`,
      orderId,
      kind,
      at: this.#deps.clock.now(),
      filledQuantity: 0,
      lastQuantity: 0,
      lastPrice: null,
      // the vendor charges regulatory fees at the end of the day, apart from executions
      feesMinor: 0,
      reason: null,
      stopPrice: null,
      limitPrice: null,
      ...fields,
    });
  }
}

function rounded(price: number): number {
  return Math.round(price * PRICE_UNITS) / PRICE_UNITS;
}
