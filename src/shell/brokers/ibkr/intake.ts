import { type Contract, EventName, type IBApi, type Order, type OrderState } from '@stoqey/ib';
import type { BrokerFill, Clock } from '#app/ports.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { filledOf, type IbkrBook, type Tracked } from './book.ts';
import { type Executed, executedOf } from './execution.ts';
import { requestOf } from './orders.ts';
import type { Queries } from './queries.ts';

/** Codes after which a new order is certainly not working. Source: the vendor's message codes. */
const REFUSED: ReadonlySet<number> = new Set([103, 110, 200, 201, 203, 321, 322, 382, 383, 404]);
/** Codes after which a change of an order was not made. */
const NOT_CHANGED: ReadonlySet<number> = new Set([104, 105, 110, 161, 201, 321, 10148, 10149]);
const UNKNOWN_TO_CANCEL: ReadonlySet<number> = new Set([135, 10147]);
const NOT_CANCELABLE: ReadonlySet<number> = new Set([161, 10148]);
/** The vendor's "no value". */
const UNSET_FROM = 1e300;
const LONGEST_NOTE = 200;

export type IntakeDeps = {
  readonly gateway: IbkrGateway;
  readonly book: IbkrBook;
  readonly queries: Queries;
  readonly clock: Clock;
  readonly clientId: number;
  readonly brokerAccount: string;
  /** The gateway's master client hears of the orders of all clients and may cancel them. */
  readonly isMaster: boolean;
  readonly onNote: (line: string) => void;
};

/** Takes what the gateway says of orders and executions of one account into the book. */
export class IbkrIntake {
  readonly #deps: IntakeDeps;
  readonly #foreign = new Map<string, BrokerFill>();
  /** Orders of the listing that is under way. */
  readonly #listed = new Set<Tracked>();
  #reading: Promise<void> | null = null;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Executions of orders that were entered elsewhere and have ended. */
  foreignFills(): readonly BrokerFill[] {
    return [...this.#foreign.values()];
  }

  /** Reads open orders, those that ended and the day's executions; callers share one reading. Throws BrokerError. */
  refresh(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    const { book, queries } = this.#deps;
    const before = [...book.all()].filter((tracked) => tracked.isWritten);
    this.#listed.clear();
    await queries.openOrders();
    const listed = new Set(this.#listed);
    await queries.completedOrders();
    await queries.executions();
    for (const tracked of before) {
      const state = book.stateOf(tracked);
      const isOpen = state === 'held' || state === 'accepted' || state === 'partially_filled';
      if (isOpen && !listed.has(tracked)) book.noteGone(tracked);
    }
  }

  attach(api: IBApi): void {
    const { clientId, brokerAccount, clock } = this.#deps;
    api.on(EventName.openOrder, (ibId, contract, order, orderState) =>
      this.#onOpenOrder(ibId, contract, order, orderState),
    );
    api.on(EventName.completedOrder, (contract, order, orderState) =>
      this.#onCompleted(contract, order, orderState),
    );
    api.on(EventName.orderStatus, (ibId, status, filled, _left, _price, permId, ...rest) => {
      const [, , client] = rest;
      const tracked =
        this.#byPermId(permId) ?? (client === clientId ? this.#deps.book.byIbId(ibId) : undefined);
      if (tracked !== undefined) this.#deps.book.noteStatus(tracked, String(status), filled);
    });
    api.on(EventName.execDetails, (_id, contract, execution) => {
      if (execution.acctNumber !== brokerAccount) return;
      const executed = executedOf(contract, execution, clock.now());
      if (executed === null) {
        this.#deps.onNote('an execution that cannot be read');
        return;
      }
      const tracked =
        (executed.orderRef === null ? undefined : this.#deps.book.get(executed.orderRef)) ??
        this.#byPermId(executed.permId ?? undefined);
      if (tracked !== undefined) this.#deps.book.noteExecution(tracked, executed);
      else this.#noteForeign(executed);
    });
    api.on(EventName.commissionReport, ({ execId, commission }) => {
      if (execId === undefined || commission === undefined || !Number.isFinite(commission)) return;
      if (commission > UNSET_FROM) return;
      this.#deps.book.noteCommission(execId, commission);
      const foreign = this.#foreign.get(execId);
      if (foreign !== undefined)
        this.#foreign.set(execId, { ...foreign, feesMinor: Math.ceil(commission * 100) });
    });
    api.on(EventName.error, (error, code, ibId) =>
      this.#onError(Number(code), ibId, error.message),
    );
  }

  #byPermId(permId: number | undefined): Tracked | undefined {
    if (permId === undefined || permId === 0) return undefined;
    for (const tracked of this.#deps.book.all()) if (tracked.permId === permId) return tracked;
    return undefined;
  }

  #onOpenOrder(ibId: number, contract: Contract, order: Order, orderState: OrderState): void {
    const { clientId, brokerAccount, isMaster } = this.#deps;
    if (order.account !== brokerAccount) return;
    const isOurs = order.clientId === clientId;
    if (isOurs) this.#deps.gateway.noteOrderId(ibId);
    const ref = order.orderRef ?? '';
    const orderId = ref === '' ? `external:${order.permId ?? `${order.clientId}:${ibId}`}` : ref;
    const request = requestOf(contract, order, orderId);
    if (request === null) {
      this.#deps.onNote('left out an open order of another kind');
      return;
    }
    const parent =
      order.parentId === undefined || order.parentId === 0
        ? undefined
        : this.#deps.book.byIbId(order.parentId);
    const tracked =
      this.#deps.book.get(orderId) ??
      this.#deps.book.add(
        request,
        isOurs || isMaster ? ibId : null,
        parent?.request.orderId ?? null,
      );
    tracked.isWritten = true;
    this.#listed.add(tracked);
    if (order.permId !== undefined && order.permId !== 0) tracked.permId = order.permId;
    this.#deps.book.noteOrder(tracked, request, String(orderState.status ?? 'Unknown'));
  }

  /** An order that ended, perhaps before this process was: it has no id of a client any more. */
  #onCompleted(contract: Contract, order: Order, orderState: OrderState): void {
    const { book, brokerAccount } = this.#deps;
    const ref = order.orderRef ?? '';
    if (order.account !== brokerAccount || ref === '') return;
    const request = requestOf(contract, order, ref);
    if (request === null) return;
    const tracked = book.get(ref) ?? book.add(request, null, null);
    if (order.permId !== undefined && order.permId !== 0) tracked.permId = order.permId;
    const status = String(orderState.status ?? 'Unknown');
    if (status === 'Inactive') return book.noteRejection(tracked, orderState.completedStatus ?? '');
    book.noteStatus(tracked, status, Number(order.filledQuantity ?? 0));
  }

  #noteForeign(executed: Executed): void {
    const { execId, orderRef, instrument, side, quantity, price, at } = executed;
    for (const [id, known] of this.#foreign) {
      // a correction stands in for what it corrects
      if (id !== execId && id.startsWith(`${executed.base}.`) && known.at === at)
        this.#foreign.delete(id);
    }
    const feesMinor = this.#foreign.get(execId)?.feesMinor ?? 0;
    const fill = { fillId: execId, orderId: orderRef, instrument, side, quantity, price, at };
    this.#foreign.set(execId, { ...fill, feesMinor });
  }

  #onError(code: number, ibId: number, text: string): void {
    const tracked = this.#deps.book.byIbId(ibId);
    if (ibId < 0 || this.#deps.gateway.isRequestId(ibId) || tracked === undefined)
      return this.#deps.onNote(`${code} ${text}`.slice(0, LONGEST_NOTE));
    const { orderId } = tracked.request;
    if (code === 202) return this.#deps.book.noteStatus(tracked, 'Cancelled', tracked.saidFilled);
    if (tracked.isCancelAsked && UNKNOWN_TO_CANCEL.has(code))
      return this.#deps.book.refuseCancel(orderId, 'unknown_order');
    if (tracked.isCancelAsked && NOT_CANCELABLE.has(code))
      return this.#deps.book.refuseCancel(orderId, 'not_working');
    if (tracked.replacing !== null && NOT_CHANGED.has(code))
      return this.#deps.book.refuseReplace(orderId, `${code} ${text}`);
    if (REFUSED.has(code) && filledOf(tracked) === 0 && !tracked.isAcceptedTold)
      return this.#deps.book.noteRejection(tracked, `${code} ${text}`);
    this.#deps.onNote(`${code} ${text}`);
  }
}
