import type {
  BrokerOrder,
  BrokerReport,
  BrokerReportKind,
  Clock,
  OrderRequest,
} from '#app/ports.ts';
import type { Executed } from './execution.ts';

type Prices = { readonly stopPrice?: number; readonly limitPrice?: number };

type Fill = Executed & { feesMicros: number | null; isTold: boolean };

/** An order as far as it is known here. */
export type Tracked = {
  request: OrderRequest;
  /** Its id where this connection may cancel by it; null for an order of another client. */
  ibId: number | null;
  /** False for an order of another client: its id, sent with a price, would be a second order. */
  mayReplace: boolean;
  permId: number | null;
  /** Order whose complete fill activates this one. */
  readonly parentRef: string | null;
  /** The vendor's newest word; null until it said one. */
  status: string | null;
  /** The most shares it was ever for: a sibling's fill shrinks it. */
  mostOrdered: number;
  /** Shares the vendor says were filled; executions may still be on their way. */
  saidFilled: number;
  rejection: string | null;
  readonly fills: Fill[];
  toldQuantity: number;
  toldFeesMinor: number;
  isAcceptedTold: boolean;
  isEndTold: boolean;
  isCancelAsked: boolean;
  replacing: Prices | null;
  /** A listing that was asked for after the order was placed did not have it. */
  isGone: boolean;
  /** Written to a connection, or found at the vendor. */
  isWritten: boolean;
};

export type BookDeps = {
  readonly clock: Clock;
  readonly tell: (report: BrokerReport) => void;
  /** Executions are missing behind what a status said. */
  readonly onMissing: () => void;
};

const MICROS_PER_CENT = 10_000;
/** How long a fill waits for its commission report, which normally follows within a moment. */
const FEE_WAIT_MS = 1_500;
/** How long a status may run ahead of its executions before they are asked for. */
const MISSING_WAIT_MS = 1_000;

const WORKING: ReadonlySet<string> = new Set(['PreSubmitted', 'Submitted']);
const CANCELED: ReadonlySet<string> = new Set(['Cancelled', 'ApiCancelled']);
const KNOWN: ReadonlySet<string> = new Set([
  ...WORKING,
  ...CANCELED,
  'ApiPending',
  'PendingSubmit',
  'PendingCancel',
  'Filled',
  'Inactive',
]);

/** Shares filled by executions, corrections applied. */
export function filledOf(tracked: Tracked): number {
  return tracked.fills.reduce((sum, fill) => sum + fill.quantity, 0);
}

/**
 * What is known of the orders of one account, and what was told of it: fills are counted from
 * executions by id and never from statuses, which may be missed, repeated and out of order. Says
 * everything once.
 */
export class IbkrBook {
  readonly #deps: BookDeps;
  readonly #byRef = new Map<string, Tracked>();
  #refusals = 0;

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  get(orderId: string): Tracked | undefined {
    return this.#byRef.get(orderId);
  }

  all(): Iterable<Tracked> {
    return this.#byRef.values();
  }

  byIbId(ibId: number): Tracked | undefined {
    for (const tracked of this.#byRef.values()) if (tracked.ibId === ibId) return tracked;
    return undefined;
  }

  /** An order that is being placed, or was found at the vendor. */
  add(request: OrderRequest, ibId: number | null, parentRef: string | null): Tracked {
    const tracked: Tracked = {
      request,
      ibId,
      mayReplace: true,
      permId: null,
      parentRef,
      status: null,
      mostOrdered: request.quantity,
      saidFilled: 0,
      rejection: null,
      fills: [],
      toldQuantity: 0,
      toldFeesMinor: 0,
      isAcceptedTold: false,
      isEndTold: false,
      isCancelAsked: false,
      replacing: null,
      isGone: false,
      isWritten: false,
    };
    this.#byRef.set(request.orderId, tracked);
    return tracked;
  }

  /** Takes the vendor's listing of an order: prices and status. */
  noteOrder(tracked: Tracked, listed: OrderRequest, status: string): void {
    const { stopPrice, limitPrice, quantity } = listed;
    tracked.request = { ...tracked.request, stopPrice, limitPrice, quantity };
    tracked.mostOrdered = Math.max(tracked.mostOrdered, quantity);
    tracked.isGone = false;
    const { replacing } = tracked;
    const isNew =
      replacing !== null &&
      (replacing.stopPrice === undefined || replacing.stopPrice === stopPrice) &&
      (replacing.limitPrice === undefined || replacing.limitPrice === limitPrice);
    if (isNew && WORKING.has(status)) {
      tracked.replacing = null;
      this.#tell(tracked, 'replaced', `${stopPrice}:${limitPrice}`, { stopPrice, limitPrice });
    }
    this.noteStatus(tracked, status, tracked.saidFilled);
  }

  noteStatus(tracked: Tracked, status: string, filled: number): void {
    tracked.status = status;
    // more than was ordered is no figure, and waiting for its executions would never end
    if (filled > tracked.saidFilled && filled <= tracked.mostOrdered) tracked.saidFilled = filled;
    this.#settle(tracked);
  }

  /** Books an execution once; a correction replaces what it corrects. Answers false for a repeat. */
  noteExecution(tracked: Tracked, executed: Executed): boolean {
    const known = tracked.fills.findIndex((fill) => fill.base === executed.base);
    const before = tracked.fills[known];
    if (before !== undefined && before.revision >= executed.revision) return false;
    const fill: Fill = {
      ...executed,
      feesMicros: before?.feesMicros ?? null,
      // a correction of what was told is found by comparing fills and positions, not by a second fill
      isTold: before?.isTold ?? false,
    };
    if (known >= 0) tracked.fills[known] = fill;
    else tracked.fills.push(fill);
    const { clock } = this.#deps;
    clock.at(clock.now() + FEE_WAIT_MS, () => this.#tellFills(tracked, true));
    this.#settle(tracked);
    return true;
  }

  /** `amount` in the account's currency, positive. */
  noteCommission(execId: string, amount: number): void {
    for (const tracked of this.#byRef.values()) {
      const fill = tracked.fills.find((known) => known.execId === execId);
      if (fill === undefined) continue;
      fill.feesMicros = Math.round(amount * 100 * MICROS_PER_CENT);
      this.#settle(tracked);
    }
  }

  /** The vendor refused the order; nothing of it works. */
  noteRejection(tracked: Tracked, text: string): void {
    tracked.rejection = text;
    this.#settle(tracked);
  }

  /** The order was never at the vendor. */
  forget(tracked: Tracked): void {
    this.#byRef.delete(tracked.request.orderId);
  }

  /** A whole listing did not have the order: it ended unheard, or it never arrived. */
  noteGone(tracked: Tracked): void {
    const wasHeardOf =
      tracked.status !== null || tracked.fills.length > 0 || tracked.rejection !== null;
    if (!wasHeardOf) return this.forget(tracked);
    tracked.isGone = true;
    this.#settle(tracked);
  }

  refuseCancel(orderId: string, why: string): void {
    const tracked = this.#byRef.get(orderId);
    if (tracked !== undefined) tracked.isCancelAsked = false;
    this.#say(orderId, 'cancel_rejected', this.#refusalMark(), tracked, {
      reason: why,
    });
  }

  refuseReplace(orderId: string, why: string): void {
    const tracked = this.#byRef.get(orderId);
    if (tracked !== undefined) tracked.replacing = null;
    this.#say(orderId, 'replace_rejected', this.#refusalMark(), tracked, {
      reason: why,
    });
  }

  /** Each refusal is a word of its own, also several of one millisecond. */
  #refusalMark(): string {
    this.#refusals += 1;
    return `${this.#deps.clock.now()}.${this.#refusals}`;
  }

  /** The state in the port's words; null when the vendor used a word that is not known. */
  stateOf(tracked: Tracked): BrokerOrder['state'] | null {
    const filled = filledOf(tracked);
    if (filled > 0 && filled >= tracked.request.quantity) return 'filled';
    if (tracked.rejection !== null) return 'rejected';
    if (tracked.isGone || CANCELED.has(tracked.status ?? '')) return 'canceled';
    if (tracked.status !== null && !KNOWN.has(tracked.status)) return null;
    if (filled > 0) return 'partially_filled';
    return this.#waitsForParent(tracked) ? 'held' : 'accepted';
  }

  orderOf(tracked: Tracked): BrokerOrder | null {
    const state = this.stateOf(tracked);
    if (state === null) return null;
    const filledQuantity = filledOf(tracked);
    const notional = tracked.fills.reduce((sum, fill) => sum + fill.price * fill.quantity, 0);
    return {
      request: tracked.request,
      state,
      filledQuantity,
      averagePrice: filledQuantity > 0 ? notional / filledQuantity : null,
    };
  }

  #waitsForParent(tracked: Tracked): boolean {
    const parent = tracked.parentRef === null ? undefined : this.#byRef.get(tracked.parentRef);
    return parent !== undefined && filledOf(parent) < parent.request.quantity;
  }

  #settle(tracked: Tracked): void {
    const { status } = tracked;
    const isWorking = status !== null && WORKING.has(status) && !this.#waitsForParent(tracked);
    if (isWorking && !tracked.isAcceptedTold) {
      tracked.isAcceptedTold = true;
      this.#tell(tracked, 'accepted', '', {});
    }
    this.#tellFills(tracked, false);
    this.#askForMissing(tracked);
    this.#tellEnd(tracked);
    if (filledOf(tracked) >= tracked.request.quantity) this.#wakeChildren(tracked);
  }

  #wakeChildren(parent: Tracked): void {
    for (const child of this.#byRef.values()) {
      if (child.parentRef === parent.request.orderId && !child.isAcceptedTold) this.#settle(child);
    }
  }

  /** Tells fills in order, each with its fees; without them only when they have been waited for. */
  #tellFills(tracked: Tracked, isOverdue: boolean): void {
    const now = this.#deps.clock.now();
    for (const fill of tracked.fills) {
      if (fill.isTold) continue;
      if (fill.feesMicros === null && !isOverdue) return;
      fill.isTold = true;
      tracked.toldQuantity += fill.quantity;
      const isComplete = tracked.toldQuantity >= tracked.request.quantity;
      this.#tell(tracked, isComplete ? 'filled' : 'partially_filled', fill.execId, {
        at: Math.min(fill.at, now),
        filledQuantity: tracked.toldQuantity,
        lastQuantity: fill.quantity,
        lastPrice: fill.price,
        feesMinor: this.#feesOf(tracked),
      });
    }
    if (isOverdue) this.#tellEnd(tracked);
  }

  /** Whole cents of the order's fees so far, rounded up, less what was told: parts of a cent are kept. */
  #feesOf(tracked: Tracked): number {
    const micros = tracked.fills
      .filter((fill) => fill.isTold)
      .reduce((sum, fill) => sum + (fill.feesMicros ?? 0), 0);
    const due = Math.ceil(micros / MICROS_PER_CENT);
    const added = Math.max(0, due - tracked.toldFeesMinor);
    tracked.toldFeesMinor += added;
    return added;
  }

  #askForMissing(tracked: Tracked): void {
    const expected = tracked.status === 'Filled' ? tracked.request.quantity : tracked.saidFilled;
    if (filledOf(tracked) >= expected) return;
    const { clock, onMissing } = this.#deps;
    clock.at(clock.now() + MISSING_WAIT_MS, () => {
      if (filledOf(tracked) < expected) onMissing();
    });
  }

  #tellEnd(tracked: Tracked): void {
    if (tracked.isEndTold) return;
    const isCanceled = tracked.isGone || CANCELED.has(tracked.status ?? '');
    if (tracked.rejection !== null && filledOf(tracked) === 0) {
      tracked.isEndTold = true;
      this.#tell(tracked, 'rejected', '', { reason: tracked.rejection });
      return;
    }
    const isAllTold = tracked.fills.every((fill) => fill.isTold);
    const isAllHere = tracked.isGone || filledOf(tracked) >= tracked.saidFilled;
    if (!isCanceled || !isAllTold || !isAllHere) return;
    if (tracked.toldQuantity >= tracked.request.quantity) return;
    tracked.isEndTold = true;
    this.#tell(tracked, 'canceled', '', { reason: tracked.rejection });
  }

  #tell(
    tracked: Tracked,
    kind: BrokerReportKind,
    mark: string,
    fields: Partial<BrokerReport>,
  ): void {
    this.#say(tracked.request.orderId, kind, mark, tracked, fields);
  }

  #say(
    orderId: string,
    kind: BrokerReportKind,
    mark: string,
    tracked: Tracked | undefined,
    fields: Partial<BrokerReport>,
  ): void {
    this.#deps.tell({
      reportId: `${orderId}:${kind}:${mark}`,
      orderId,
      kind,
      at: this.#deps.clock.now(),
      filledQuantity: tracked?.toldQuantity ?? 0,
      lastQuantity: 0,
      lastPrice: null,
      feesMinor: 0,
      reason: null,
      stopPrice: null,
      limitPrice: null,
      ...fields,
    });
  }
}
