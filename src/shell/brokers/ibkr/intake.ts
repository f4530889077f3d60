import { type Contract, EventName, type IBApi, type Order, type OrderState } from '@stoqey/ib';
import type { BrokerFill, Clock } from '#app/ports.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { filledOf, type IbkrBook, type Tracked } from './book.ts';
import { type Executed, executedOf, faultOfExecution } from './execution.ts';
import { faultOfOrder, requestOf } from './orders.ts';
import type { Queries, SpoiledMessage } from './queries.ts';

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
  readonly brokerAccount: string;
  /** The gateway's master client hears of the orders of all clients and may cancel them. */
  readonly isMaster: boolean;
  readonly onNote: (line: string) => void;
};

/** Takes what the gateway says of orders and executions of one account into the book. */
export class IbkrIntake {
  readonly #deps: IntakeDeps;
  readonly #foreign = new Map<string, BrokerFill>();
  /** Ids of this desk that open orders stand under although this connection may not cancel them. */
  #isOutOfReach = false;
  /** Orders heard of since the end of the last listing, and those of the last one. */
  #underWay = new Set<Tracked>();
  #listed: ReadonlySet<Tracked> = new Set();
  #reading: Promise<void> | null = null;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Executions of orders that were entered elsewhere and have ended. */
  foreignFills(): readonly BrokerFill[] {
    return [...this.#foreign.values()];
  }

  /** True when the last listing had orders of this desk that only its other client id may cancel. */
  isOutOfReach(): boolean {
    return this.#isOutOfReach;
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
    this.#isOutOfReach = false;
    await queries.openOrders();
    const listed = this.#listed;
    await queries.completedOrders();
    await queries.executions();
    for (const tracked of before) {
      const state = book.stateOf(tracked);
      const isOpen = state === 'held' || state === 'accepted' || state === 'partially_filled';
      if (isOpen && !listed.has(tracked)) book.noteGone(tracked);
    }
  }

  attach(api: IBApi): void {
    const { gateway, brokerAccount, clock } = this.#deps;
    this.#underWay = new Set();
    api.on(EventName.openOrder, (ibId, contract, order, orderState) =>
      this.#onOpenOrder(ibId, contract, order, orderState),
    );
    api.on(EventName.openOrderEnd, () => {
      this.#listed = this.#underWay;
      this.#underWay = new Set();
    });
    api.on(EventName.completedOrder, (contract, order, orderState) =>
      this.#onCompleted(contract, order, orderState),
    );
    api.on(EventName.orderStatus, (ibId, status, filled, _left, _price, permId, ...rest) => {
      const [, , client] = rest;
      const tracked =
        this.#byPermId(permId) ??
        (client === gateway.clientId() ? this.#deps.book.byIbId(ibId) : undefined);
      if (tracked !== undefined) this.#deps.book.noteStatus(tracked, String(status), filled);
    });
    api.on(EventName.execDetails, (_id, contract, execution) => {
      const fault = faultOfExecution(contract, execution);
      if (fault !== null) return this.#unreadable('EXECUTION_DATA', fault);
      if (execution.acctNumber !== brokerAccount) return;
      const executed = executedOf(contract, execution, clock.now());
      if (executed === null)
        return this.#deps.onNote(`left out an execution in ${contract.secType} ${contract.symbol}`);
      const tracked =
        (executed.orderRef === null ? undefined : this.#deps.book.get(executed.orderRef)) ??
        this.#byPermId(executed.permId ?? undefined);
      // more than was ever ordered is a figure read at the wrong place
      if (tracked !== undefined && executed.quantity > tracked.mostOrdered)
        return this.#unreadable(
          'EXECUTION_DATA',
          `execution ${executed.execId} of ${tracked.request.orderId}: shares: found ${executed.quantity}, expected at most ${tracked.mostOrdered}`,
        );
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
    const { gateway, brokerAccount, isMaster } = this.#deps;
    const ref = order.orderRef ?? '';
    const orderId = ref === '' ? `external:${order.permId ?? `${order.clientId}:${ibId}`}` : ref;
    const fault = faultOfOrder(contract, order);
    if (fault !== null) return this.#unreadable('OPEN_ORDER', `order ${orderId}: ${fault}`);
    if (order.account !== brokerAccount) return;
    // an id is free under one of our clients when no other has it: the master cancels by the id alone
    if (gateway.isOwnId(order.clientId)) gateway.noteOrderId(ibId);
    const isInReach = isMaster || gateway.mayCancel(order.clientId);
    if (!isInReach && gateway.isOwnId(order.clientId)) this.#isOutOfReach = true;
    const request = requestOf(contract, order, orderId);
    if (request === null && this.#deps.book.get(orderId) !== undefined) {
      // what this desk sent is of a kind it knows: left out, it would count as gone
      const found = `${contract.secType} ${order.orderType}`;
      const text = `order ${orderId}: kind: found ${found}, expected the one that was sent`;
      return this.#unreadable('OPEN_ORDER', text);
    }
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
      this.#deps.book.add(request, isInReach ? ibId : null, parent?.request.orderId ?? null);
    if (isInReach) tracked.ibId = ibId;
    tracked.mayReplace = order.clientId === gateway.clientId();
    tracked.isWritten = true;
    this.#underWay.add(tracked);
    if (order.permId !== undefined && order.permId !== 0) tracked.permId = order.permId;
    this.#deps.book.noteOrder(tracked, request, String(orderState.status ?? 'Unknown'));
  }

  /** An order that ended, perhaps before this process was: it has no id of a client any more. */
  #onCompleted(contract: Contract, order: Order, orderState: OrderState): void {
    const { book, brokerAccount } = this.#deps;
    const ref = order.orderRef ?? '';
    const fault = ref === '' ? null : faultOfOrder(contract, order);
    if (fault !== null) return this.#unreadable('COMPLETED_ORDER', `order ${ref}: ${fault}`);
    if (order.account !== brokerAccount || ref === '') return;
    const request = requestOf(contract, order, ref);
    if (request === null) return;
    const tracked = book.get(ref) ?? book.add(request, null, null);
    if (order.permId !== undefined && order.permId !== 0) tracked.permId = order.permId;
    const status = String(orderState.status ?? 'Unknown');
    if (status === 'Inactive') return book.noteRejection(tracked, orderState.completedStatus ?? '');
    book.noteStatus(tracked, status, Number(order.filledQuantity ?? 0));
  }

  /** The listing under way is not whole without it; out of one the account is asked. */
  #unreadable(listing: SpoiledMessage, fault: string): void {
    this.#deps.queries.spoil(listing, fault);
    this.#deps.onNote(fault);
    if (this.#reading === null) void this.refresh().catch(() => undefined);
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
