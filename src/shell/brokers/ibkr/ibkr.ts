import type { IBApi } from '@stoqey/ib';
import { BrokerError } from '#app/errors.ts';
import type {
  Broker,
  BrokerCapabilities,
  BrokerFill,
  BrokerOrder,
  BrokerReport,
  Clock,
  FlattenOutcome,
  OrderRequest,
} from '#app/ports.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { contractOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import type { SendLane } from '#shell/lib/ibkr/send-lanes.ts';
import { Acks } from './acks.ts';
import { IbkrBook, type Tracked } from './book.ts';
import { judgeRequest } from './can-submit.ts';
import { flattenThrough } from './flatten.ts';
import { IbkrIntake } from './intake.ts';
import { familyOf, ibOrderOf } from './orders.ts';
import { createQueries, type Queries } from './queries.ts';

export type IbkrBrokerOptions = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  /** Its connection, which a feed may share; started and stopped by the broker. */
  readonly gateway: IbkrGateway;
  /** Account at the broker, e.g. `DU1234567`. Kept out of every message and log line. */
  readonly brokerAccount: string;
  /** True for the gateway's master client, which a kill from another process connects as. */
  readonly isMaster?: boolean;
  readonly clock: Clock;
  /** One line without secrets, for the log. */
  readonly onNote?: (line: string) => void;
};

const CAPABILITIES: BrokerCapabilities = {
  kind: 'ibkr',
  hasBracket: true,
  hasOco: true,
  hasReplace: true,
  orderTypes: ['limit', 'market', 'stop', 'stop_limit', 'trailing_stop'],
  hasExtendedHours: true,
  sellableAfterDays: 0,
  isPerson: false,
  flatten: 'global_cancel',
};

/**
 * Longest wait of an order for room on the wire. The fence was asked before it: a process that was frozen
 * while its orders waited may have been taken over from, so they do not leave when it wakes. With the
 * lease (2.5 s) still before a standby takes over (5 s).
 */
const SUBMIT_WITHIN_MS = 2_400;

/**
 * An account at Interactive Brokers behind TWS or IB Gateway. Our order id travels as `orderRef`; the
 * vendor does not check it, so a known one is refused here. What was written and not acknowledged is
 * unknown: a submit rejects with `timeout` or `disconnected` and is settled by {@link Broker.find}.
 */
export function createIbkrBroker(options: IbkrBrokerOptions): Broker {
  return new IbkrBroker(options);
}

class IbkrBroker implements Broker {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly capabilities = CAPABILITIES;
  readonly #options: IbkrBrokerOptions;
  readonly #gateway: IbkrGateway;
  readonly #book: IbkrBook;
  readonly #queries: Queries;
  readonly #listeners: ((report: BrokerReport) => void)[] = [];
  readonly #acks: Acks;
  readonly #intake: IbkrIntake;

  constructor(options: IbkrBrokerOptions) {
    const { clock, brokerAccount } = options;
    this.accountId = options.accountId;
    this.environment = options.environment;
    this.#options = options;
    this.#gateway = options.gateway;
    this.#acks = new Acks({
      clock,
      limitMs: this.#gateway.answerTimeoutMs(),
      failure: (code, orderId, found) => this.#failure(code, orderId, found),
    });
    const note = (what: string): void => options.onNote?.(`ibkr ${options.accountId}: ${what}`);
    this.#queries = createQueries({
      gateway: this.#gateway,
      clock,
      brokerAccount,
      onSkipped: (what) => note(`left out: ${what}`),
    });
    this.#book = new IbkrBook({
      clock,
      tell: (report) => this.#tell(report),
      onMissing: () => void this.#intake.refresh().catch(() => undefined),
    });
    this.#intake = new IbkrIntake({
      gateway: this.#gateway,
      book: this.#book,
      queries: this.#queries,
      clock,
      brokerAccount,
      isMaster: options.isMaster ?? false,
      onNote: note,
    });
    this.#gateway.attach((api) => {
      this.#queries.attach(api);
      this.#intake.attach(api);
    });
    this.#gateway.onConnection((change) => {
      if (change.kind === 'lost') this.#onLost(change.cause);
      else
        void this.#intake
          .refresh()
          .catch(() => note('orders could not be read after the connection'));
    });
  }

  async start(): Promise<void> {
    await this.#gateway.start();
    await this.#intake.refresh();
    // what a desk entered as the master client, after a takeover, its own id can neither hear of nor cancel
    if (!this.#intake.isOutOfReach() || this.#gateway.isStandIn()) return;
    await this.#gateway.standIn();
    await this.#intake.refresh();
  }

  stop(): Promise<void> {
    this.#onLost('stopped');
    return this.#gateway.stop();
  }

  onConnection(listen: Parameters<Broker['onConnection']>[0]): void {
    this.#gateway.onConnection(listen);
  }

  onReport(listen: (report: BrokerReport) => void): void {
    this.#listeners.push(listen);
  }

  canSubmit(order: OrderRequest): Reason | null {
    if (!this.#gateway.isReady()) return reason('not_connected', { broker: 'ibkr' });
    return judgeRequest(order, CAPABILITIES, this.#openOf(order));
  }

  async submit(order: OrderRequest): Promise<void> {
    const refusal = this.canSubmit(order);
    if (refusal !== null)
      throw this.#failure(refusal.code, order.orderId, 'refused before sending');
    const family = familyOf(order);
    const known = family.find((member) => this.#book.get(member.orderId) !== undefined);
    if (known !== undefined)
      throw this.#failure('duplicate_order_id', known.orderId, 'an order id that is known');
    const parentRef = order.bracket === null ? null : order.orderId;
    const members = family.map((request, index) => {
      const ibId = this.#gateway.takeOrderId();
      return this.#book.add(request, ibId, index === 0 ? null : parentRef);
    });
    const lane: SendLane = order.side === 'sell' ? 'urgent' : 'normal';
    try {
      await this.#acks.await('submit', order.orderId, () =>
        this.#gateway.send(
          lane,
          (api) => this.#write(api, members, parentRef !== null),
          SUBMIT_WITHIN_MS,
        ),
      );
    } catch (error) {
      // nothing was written: the ids are free of any doubt
      for (const member of members) if (!member.isWritten) this.#book.forget(member);
      throw error;
    }
  }

  async cancel(orderId: string): Promise<void> {
    const tracked = this.#book.get(orderId);
    if (tracked === undefined) return this.#book.refuseCancel(orderId, 'unknown_order');
    const state = this.#book.stateOf(tracked);
    const isOver = state === 'filled' || state === 'canceled' || state === 'rejected';
    if (isOver) return this.#book.refuseCancel(orderId, 'not_working');
    const { ibId } = tracked;
    if (ibId === null) return this.#book.refuseCancel(orderId, 'other_client');
    tracked.isCancelAsked = true;
    await this.#acks.await('cancel', orderId, () =>
      this.#gateway.send('urgent', (api) => api.cancelOrder(ibId)),
    );
  }

  async replace(
    orderId: string,
    price: { readonly stopPrice?: number; readonly limitPrice?: number },
  ): Promise<void> {
    const tracked = this.#book.get(orderId);
    const state = tracked === undefined ? null : this.#book.stateOf(tracked);
    const isWorking = state === 'accepted' || state === 'partially_filled' || state === 'held';
    if (tracked === undefined || !isWorking || tracked.ibId === null)
      return this.#book.refuseReplace(
        orderId,
        tracked === undefined ? 'unknown_order' : 'not_working',
      );
    const { ibId } = tracked;
    if (!tracked.mayReplace) return this.#book.refuseReplace(orderId, 'other_client');
    const changed = { ...tracked.request, ...price };
    const refusal = judgeRequest(changed, CAPABILITIES, 0);
    if (refusal !== null) return this.#book.refuseReplace(orderId, refusal.code);
    tracked.replacing = price;
    const parent = tracked.parentRef === null ? undefined : this.#book.get(tracked.parentRef);
    const place = {
      account: this.#options.brokerAccount,
      parentId: state === 'held' ? (parent?.ibId ?? null) : null,
      isLast: true,
    };
    await this.#acks.await('replace', orderId, () =>
      this.#gateway.send('urgent', (api) =>
        api.placeOrder(ibId, contractOf(changed.instrument), ibOrderOf(changed, place)),
      ),
    );
  }

  async find(orderId: string): Promise<BrokerOrder | null> {
    const before = this.#book.get(orderId);
    if (before === undefined || !before.isEndTold) await this.#intake.refresh();
    const tracked = this.#book.get(orderId);
    if (tracked === undefined) return null;
    const wasSeen =
      tracked.status !== null || tracked.fills.length > 0 || tracked.rejection !== null;
    if (tracked.isGone && !wasSeen) return null;
    const found = this.#book.orderOf(tracked);
    if (found === null)
      throw this.#failure('unreadable', orderId, `the status ${tracked.status ?? 'none'}`);
    return found;
  }

  async openOrders(): Promise<BrokerOrder[]> {
    await this.#intake.refresh();
    const open: BrokerOrder[] = [];
    for (const tracked of this.#book.all()) {
      const found = this.#book.orderOf(tracked);
      if (found === null)
        throw this.#failure('unreadable', tracked.request.orderId, `status ${tracked.status}`);
      if (['held', 'accepted', 'partially_filled'].includes(found.state)) open.push(found);
    }
    return open;
  }

  positions() {
    return this.#queries.positions();
  }

  cashMinor(): Promise<number> {
    return this.#queries.cashMinor();
  }

  async fills(sinceAt: number): Promise<BrokerFill[]> {
    await this.#intake.refresh();
    const ours = [...this.#book.all()].flatMap((tracked) =>
      tracked.fills.map(
        (fill): BrokerFill => ({
          fillId: fill.execId,
          orderId: isForeign(tracked) ? null : tracked.request.orderId,
          instrument: fill.instrument,
          side: fill.side,
          quantity: fill.quantity,
          price: fill.price,
          feesMinor: Math.ceil((fill.feesMicros ?? 0) / 10_000),
          at: fill.at,
        }),
      ),
    );
    return [...ours, ...this.#intake.foreignFills()]
      .filter((fill) => fill.at >= sinceAt)
      .sort((a, b) => a.at - b.at);
  }

  async cancelAll(): Promise<void> {
    await this.#gateway.send('urgent', (api) => api.reqGlobalCancel());
  }

  flattenAll(): Promise<FlattenOutcome[]> {
    const { clock } = this.#options;
    return flattenThrough({
      clock,
      cancelAll: () => this.cancelAll(),
      openOrders: () => this.openOrders(),
      positions: () => this.#queries.positions(),
      submit: (order) => this.submit(order),
      rejectionOf: (orderId) => this.#book.get(orderId)?.rejection ?? null,
    });
  }

  #failure(code: string, orderId: string, found: string): BrokerError {
    return new BrokerError(`ibkr ${this.accountId}: found ${found} for ${orderId}`, {
      code,
      retryable: false,
      context: { orderId },
    });
  }

  #openOf(order: OrderRequest): number {
    let open = 0;
    for (const tracked of this.#book.all()) {
      const { instrument, side } = tracked.request;
      if (instrument !== order.instrument || side !== order.side) continue;
      const state = this.#book.stateOf(tracked);
      if (state !== 'filled' && state !== 'canceled' && state !== 'rejected') open += 1;
    }
    return open;
  }

  #write(api: IBApi, members: readonly Tracked[], isBracket: boolean): void {
    const parentId = isBracket ? (members[0]?.ibId ?? null) : null;
    members.forEach((member, index) => {
      const { request, ibId } = member;
      if (ibId === null) return;
      const isLast = !isBracket || index === members.length - 1;
      const place = {
        account: this.#options.brokerAccount,
        parentId: index === 0 ? null : parentId,
        isLast,
      };
      api.placeOrder(ibId, contractOf(request.instrument), ibOrderOf(request, place));
      member.isWritten = true;
    });
  }

  #tell(report: BrokerReport): void {
    this.#acks.hear(report);
    for (const listen of this.#listeners) listen(report);
  }

  #onLost(cause: string): void {
    this.#queries.failAll(cause);
    this.#acks.failAll('disconnected', `a lost connection (${cause})`);
  }
}

function isForeign(tracked: Tracked): boolean {
  return tracked.request.orderId.startsWith('external:');
}
