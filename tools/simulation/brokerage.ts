import { BrokerError } from '#app/errors.ts';
import type {
  Broker,
  BrokerCapabilities,
  BrokerOrder,
  BrokerReport,
  ConnectionChange,
  FlattenOutcome,
  OrderRequest,
} from '#app/ports.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { VirtualClock } from '#shell/lib/virtual-clock.ts';
import type { Faults } from './faults.ts';
import type { Life } from './life.ts';
import type { Item } from './plan.ts';
import type { Venue } from './venue.ts';
import { isLive, type VenueOrder } from './venue-order.ts';

/** How long a call waits for an answer that does not come. */
const TIMEOUT_MS = 3_000;

/** Who looks over the wire's shoulder. */
export type WireWatcher = {
  /** The first byte of an order is about to leave. */
  submitting(life: Life, order: OrderRequest): void;
  calling(life: Life, call: 'cancel' | 'replace', orderId: string): void;
  arrived(order: OrderRequest, isTaken: boolean): void;
  reported(life: Life, report: BrokerReport): void;
  /** A call, an answer or a report went wrong. */
  troubled(): void;
};

export type BrokerageDeps = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly venue: Venue;
  readonly time: VirtualClock;
  readonly faults: Faults;
  readonly usualMs: number;
  readonly watcher: WireWatcher;
};

type Client = {
  readonly life: Life;
  readonly reports: ((report: BrokerReport) => void)[];
  readonly connections: ((change: ConnectionChange) => void)[];
};

type Call = Extract<Item, { kind: 'broker' }>['call'];

const CAPABILITIES: BrokerCapabilities = {
  kind: 'paper',
  hasBracket: true,
  hasOco: true,
  hasReplace: true,
  orderTypes: ['limit', 'market', 'stop'],
  hasExtendedHours: false,
  sellableAfterDays: 0,
  isPerson: false,
  flatten: 'each',
};

/**
 * The broker between the processes and the exchange: it takes time, loses calls and answers, breaks the
 * connection, repeats and reorders reports. It outlives every process, as a broker does.
 */
export class Brokerage {
  readonly #deps: BrokerageDeps;
  readonly #clients: Client[] = [];
  #isLinkUp = true;
  #told = 0;

  constructor(deps: BrokerageDeps) {
    this.#deps = deps;
  }

  isLinkUp(): boolean {
    return this.#isLinkUp;
  }

  setLink(isUp: boolean): void {
    if (isUp === this.#isLinkUp) return;
    this.#isLinkUp = isUp;
    const at = this.#deps.time.now();
    const kind = isUp ? 'restored' : 'lost';
    for (const client of this.#clients)
      client.life.run(() => {
        for (const listen of client.connections) listen({ kind, at, cause: 'simulated' });
      });
  }

  /** Sends what the exchange has reported since the last call on its way to the processes. */
  flush(): void {
    const { venue, time, faults, usualMs } = this.#deps;
    for (; this.#told < venue.reports.length; this.#told += 1) {
      const report = venue.reports[this.#told] as BrokerReport;
      const fault = faults.report();
      if (fault !== null) this.#deps.watcher.troubled();
      if (fault?.fault === 'lost') continue;
      const delay = Math.ceil(usualMs / 2) + (fault?.fault === 'late' ? fault.ms : 0);
      time.at(time.now() + delay, () => this.#hand(report));
      if (fault?.fault === 'twice')
        time.at(time.now() + delay + fault.ms, () => this.#hand(report));
    }
  }

  /** The connection of one process. */
  connect(life: Life): Broker {
    const { accountId, venue } = this.#deps;
    const client: Client = { life, reports: [], connections: [] };
    this.#clients.push(client);
    const query = <T>(read: () => T): Promise<T> =>
      life.reach('broker.query', () => this.#query(read));
    return {
      accountId,
      environment: this.#deps.environment,
      capabilities: CAPABILITIES,
      start: async () => undefined,
      stop: async () => undefined,
      onConnection: (listen) => void client.connections.push(listen),
      onReport: (listen) => void client.reports.push(listen),
      canSubmit: () => null,
      submit: (order) => life.reach('broker.submit', () => this.#submit(life, order)),
      cancel: (orderId) => life.reach('broker.cancel', () => this.#cancel(life, orderId)),
      replace: (orderId, price) =>
        life.reach('broker.replace', () => this.#replace(life, orderId, price)),
      find: (orderId) => query(() => brokerOrder(venue.orders.get(orderId))),
      openOrders: () =>
        query(() => [...venue.orders.values()].filter(isLive).flatMap((o) => brokerOrder(o) ?? [])),
      positions: () =>
        query(() =>
          [...venue.holdings].map(([instrument, { quantity, averagePrice }]) => ({
            instrument,
            quantity,
            sellableQuantity: venue.sellable(instrument),
            averagePrice,
          })),
        ),
      cashMinor: () => query(() => venue.cashMinor),
      fills: (sinceAt) => query(() => venue.fills.filter((fill) => fill.at >= sinceAt)),
      cancelAll: () => life.reach('broker.flatten', () => this.#cancelAll(life)),
      flattenAll: () => life.reach('broker.flatten', () => this.#flattenAll(life)),
    };
  }

  #submit(life: Life, order: OrderRequest): Promise<void> {
    const { venue, time, watcher } = this.#deps;
    watcher.submitting(life, order);
    return this.#act(life, 'submit', (isRefused) => {
      const isTaken = venue.place(order, time.now(), isRefused ? 'broker_reject' : null);
      watcher.arrived(order, isTaken);
      if (!isTaken) throw failure('duplicate_order_id');
    });
  }

  #cancel(life: Life, orderId: string): Promise<void> {
    const { venue, time, watcher, faults } = this.#deps;
    watcher.calling(life, 'cancel', orderId);
    return this.#act(life, 'cancel', (isRefused) => {
      const order = venue.orders.get(orderId);
      const isEntry = order?.request.side === 'buy' && isLive(order);
      if (isEntry && venue.isOpen && faults.isRace()) fillWhole(venue, order, time.now());
      if (isRefused || !venue.cancel(orderId, time.now())) this.#say(orderId, 'cancel_rejected');
    });
  }

  #replace(
    life: Life,
    orderId: string,
    price: { readonly stopPrice?: number; readonly limitPrice?: number },
  ): Promise<void> {
    const { venue, time, watcher } = this.#deps;
    watcher.calling(life, 'replace', orderId);
    return this.#act(life, 'replace', (isRefused) => {
      const isDone = !isRefused && venue.replace(orderId, { ...price }, time.now());
      if (!isDone) this.#say(orderId, 'replace_rejected');
    });
  }

  /** Takes back every order of the account. */
  #cancelAll(life: Life): Promise<void> {
    const { venue, time, watcher } = this.#deps;
    watcher.calling(life, 'cancel', 'all');
    return this.#act(life, 'flatten', (isRefused) => {
      if (isRefused) throw failure('broker_reject');
      for (const order of venue.orders.values()) venue.cancel(order.request.orderId, time.now());
    });
  }

  /** Takes everything back and sells what is held, by orders of the broker's own. */
  async #flattenAll(life: Life): Promise<FlattenOutcome[]> {
    const { venue, time, watcher } = this.#deps;
    const outcomes: FlattenOutcome[] = [];
    watcher.calling(life, 'cancel', 'all, and close all');
    await this.#act(life, 'flatten', (isRefused) => {
      if (isRefused) throw failure('broker_reject');
      for (const order of venue.orders.values()) venue.cancel(order.request.orderId, time.now());
      for (const [instrument, { quantity }] of [...venue.holdings]) {
        const orderId = venue.sellAll(instrument, time.now());
        const outcome = orderId === null ? 'refused' : 'sent';
        const reason = orderId === null ? 'market_closed' : null;
        outcomes.push({ instrument, quantity, outcome, orderId, reason });
      }
    });
    return outcomes;
  }

  /** A call that acts: on its way, at the exchange, and back, each of which can go wrong. */
  #act(life: Life, call: Call, act: (isRefused: boolean) => void): Promise<void> {
    const { time, faults, usualMs, watcher } = this.#deps;
    const fault = faults.broker(call);
    if (fault !== null) watcher.troubled();
    if (!this.#isLinkUp || fault?.fault === 'disconnect')
      return Promise.reject(failure('disconnected'));
    return new Promise((resolve, reject) => {
      const isLost = fault?.fault === 'timeout' || fault?.fault === 'lost_ack';
      if (isLost) time.at(time.now() + TIMEOUT_MS, () => reject(failure('timeout')));
      if (fault?.fault === 'timeout') return;
      const slowMs = fault?.fault === 'slow' ? fault.ms : 0;
      time.at(time.now() + Math.ceil(usualMs / 2) + slowMs, () => {
        if (!this.#isLinkUp) {
          time.at(time.now() + TIMEOUT_MS, () => reject(failure('timeout')));
          return;
        }
        const error = attempt(() => act(fault?.fault === 'reject'));
        this.flush();
        if (isLost || !life.isAlive) return;
        time.at(time.now() + Math.ceil(usualMs / 2), () =>
          error === null ? resolve() : reject(error),
        );
      });
    });
  }

  #query<T>(read: () => T): Promise<T> {
    const { time, faults, usualMs, watcher } = this.#deps;
    const fault = faults.broker('query');
    if (fault !== null) watcher.troubled();
    const isBroken = !this.#isLinkUp || fault?.fault === 'disconnect' || fault?.fault === 'reject';
    if (isBroken) return Promise.reject(failure('disconnected'));
    return new Promise((resolve, reject) => {
      const isLost = fault?.fault === 'timeout' || fault?.fault === 'lost_ack';
      if (isLost) time.at(time.now() + TIMEOUT_MS, () => reject(failure('timeout')));
      else
        time.at(time.now() + usualMs + (fault?.fault === 'slow' ? fault.ms : 0), () =>
          resolve(read()),
        );
    });
  }

  #say(orderId: string, kind: 'cancel_rejected' | 'replace_rejected'): void {
    const { venue, time } = this.#deps;
    const order = venue.orders.get(orderId);
    venue.reports.push({
      reportId: `${orderId}:${kind}:${venue.reports.length}`,
      orderId,
      kind,
      at: time.now(),
      filledQuantity: order?.filled ?? 0,
      lastQuantity: 0,
      lastPrice: null,
      feesMinor: 0,
      reason: order === undefined ? 'unknown_order' : 'not_working',
      stopPrice: null,
      limitPrice: null,
    });
  }

  #hand(report: BrokerReport): void {
    if (!this.#isLinkUp) return;
    for (const client of this.#clients) {
      if (!client.life.isAlive) continue;
      this.#deps.watcher.reported(client.life, report);
      client.life.run(() => {
        for (const listen of client.reports) listen({ ...report });
      });
    }
  }
}

function failure(code: string): BrokerError {
  return new BrokerError(`simulated broker: found ${code}`, { code, retryable: false });
}

function attempt(run: () => void): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

function fillWhole(venue: Venue, order: VenueOrder, at: number): void {
  const price = order.limitPrice ?? 0;
  const left = order.request.quantity - order.filled;
  if (venue.cashMinor >= notionalMinor(price, left)) venue.fill(order, left, price, at);
}

function brokerOrder(order: VenueOrder | undefined): BrokerOrder | null {
  if (order === undefined) return null;
  const { request, stopPrice, limitPrice, state, filled, worth } = order;
  return {
    request: { ...request, stopPrice, limitPrice },
    state,
    filledQuantity: filled,
    averagePrice: filled === 0 ? null : worth / filled,
  };
}
