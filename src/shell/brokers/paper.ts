import { BrokerError } from '#app/errors.ts';
import type {
  Broker,
  BrokerFill,
  BrokerReport,
  Clock,
  FlattenOutcome,
  OrderRequest,
  Timer,
} from '#app/ports.ts';
import type { FeeModel } from '#core/backtest/costs.ts';
import type { MatchBy } from '#core/backtest/fills.ts';
import type { Seed } from '#core/lib/random.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { AfterHoursPrint, AuctionPrint } from '#core/simulation/auction-cn.ts';
import { matchAfterHours, matchAuction } from '#core/simulation/auction-cn.ts';
import {
  cancelOrder,
  expireOrders,
  placeOrder,
  placePair,
  replaceOrder,
} from '#core/simulation/exchange.ts';
import type { ExchangeReport } from '#core/simulation/exchange-order.ts';
import { createOrder, isOpen } from '#core/simulation/exchange-order.ts';
import type { Exchange, ExchangeRules } from '#core/simulation/exchange-state.ts';
import { addOrder, endOrder, setInstrumentDay } from '#core/simulation/exchange-state.ts';
import { matchBar, matchQuote } from '#core/simulation/matching.ts';
import { endOrdersWith } from './paper-session.ts';
import type { PaperSnapshot } from './paper-snapshot.ts';
import { brokerOrderOf, exchangeFrom, positionsOf, snapshotOf } from './paper-snapshot.ts';
import { canSubmit, marketSale, pairOf, paperCapabilities, termsOf } from './paper-terms.ts';

export type PaperBrokerOptions = {
  readonly accountId: string;
  readonly environment: 'paper';
  readonly clock: Clock;
  readonly cashMinor: number;
  /** Time from a call to its effect and its answer; a cancel takes effect at once. */
  readonly latencyMs: number;
  readonly feesModel: FeeModel;
  readonly seed: Seed;
  /** Default `bars`: quotes at each open, bars for the rest. `ticks` for the simulated market. */
  readonly matchBy?: MatchBy;
  /** Default 0.1. */
  readonly volumeCapRatio?: number;
  /** Default 0.5. */
  readonly slippageBps?: number;
  /** Default 0. */
  readonly rejectRatio?: number;
  /** Default 0. */
  readonly partialRatio?: number;
  /** How long a call waits for an answer that does not come. Default 3,000. */
  readonly timeoutMs?: number;
  /** Session in which orders are taken; without one the exchange never closes. */
  readonly session?: Session | null;
  /** `cn`: the rules of the Chinese exchanges; buys need the facts of `setInstrumentDay`. */
  readonly venue?: 'cn';
};

/**
 * `timeout`: the call is lost and times out. `lost_ack`: it takes effect, its answer is lost.
 * `disconnect`: the connection breaks before it is sent. `reject`: the exchange says no.
 */
export type PaperFault = 'timeout' | 'disconnect' | 'reject' | 'lost_ack';
export type PaperCall = 'submit' | 'cancel' | 'replace';

/** The side of the paper broker that the market and tests drive. */
export type PaperControls = {
  onQuote(quote: Quote): void;
  onBar(bar: Bar): void;
  /** Facts of one instrument on one day, by which a Chinese exchange judges and fills. */
  setInstrumentDay(facts: InstrumentDayCn): void;
  /** The price of a call auction, which fills what waited for it. */
  onAuction(print: AuctionPrint): void;
  /** Shares traded at the close's price after hours. */
  onAfterHours(print: AfterHoursPrint): void;
  /** Sets the session; orders that live for one expire with it. null closes the exchange. */
  setSession(session: Session | null): void;
  snapshot(): PaperSnapshot;
  /** Replaces orders, holdings and cash. Children of an unfilled bracket that are missing are made. */
  restore(snapshot: PaperSnapshot): void;
  /** Lets the next call of that kind (default `submit`) fail; faults queue up. */
  failNext(fault: PaperFault, call?: PaperCall): void;
  /** Calls back once, inside the next `cancel`, as soon as the order is out of the book. */
  onFirstCancel(listen: (orderId: string) => void): void;
};

type Flight = { isCanceled: boolean };

/** Everything the calls of one paper broker share. */
type Desk = {
  readonly options: PaperBrokerOptions;
  exchange: Exchange;
  readonly inFlight: Map<string, Flight>;
  readonly faults: { readonly call: PaperCall; readonly fault: PaperFault }[];
  readonly listeners: ((report: BrokerReport) => void)[];
  /** Since the broker was made; the log has what was before. */
  readonly fills: BrokerFill[];
  readonly timers: Set<Timer>;
  closing: Timer[];
  firstCancel: ((orderId: string) => void) | null;
};

function reportIdOf(report: ExchangeReport): string {
  const { orderId, kind, filledQuantity, at, stopPrice, limitPrice } = report;
  const price = kind === 'replaced' ? `:${stopPrice ?? limitPrice ?? ''}` : '';
  return `${orderId}:${kind}:${filledQuantity}:${at}${price}`;
}

function emit(desk: Desk, reports: readonly ExchangeReport[]): void {
  for (const report of reports) {
    const sent: BrokerReport = { reportId: reportIdOf(report), ...report };
    noteFill(desk, sent);
    for (const listen of desk.listeners) listen(sent);
  }
}

function noteFill(desk: Desk, report: BrokerReport): void {
  const order = desk.exchange.orders.get(report.orderId);
  if (order === undefined || report.lastPrice === null || report.lastQuantity <= 0) return;
  const { instrument, side } = order.terms;
  desk.fills.push({
    fillId: report.reportId,
    orderId: report.orderId,
    instrument,
    side,
    quantity: report.lastQuantity,
    price: report.lastPrice,
    feesMinor: report.feesMinor,
    at: report.at,
  });
}

function later(desk: Desk, delayMs: number, run: () => void): void {
  const { clock } = desk.options;
  const timer = clock.at(clock.now() + delayMs, () => {
    desk.timers.delete(timer);
    run();
  });
  desk.timers.add(timer);
}

function takeFault(desk: Desk, call: PaperCall): PaperFault | null {
  const index = desk.faults.findIndex((one) => one.call === call);
  return index < 0 ? null : (desk.faults.splice(index, 1)[0]?.fault ?? null);
}

function failure(desk: Desk, call: PaperCall, orderId: string, code: string): BrokerError {
  return new BrokerError(`paper broker ${desk.options.accountId}: ${call} found ${code}`, {
    code,
    retryable: false,
    context: { orderId, call },
  });
}

/** Sends a call: `act` takes effect after the latency, unless a fault has been set for it. */
function send(
  desk: Desk,
  call: PaperCall,
  orderId: string,
  act: (isRefused: boolean) => { reports: readonly ExchangeReport[]; error: BrokerError | null },
): Promise<void> {
  const { latencyMs, timeoutMs = 3_000 } = desk.options;
  const fault = takeFault(desk, call);
  return new Promise((resolve, reject) => {
    if (fault === 'disconnect') {
      reject(failure(desk, call, orderId, 'disconnected'));
      return;
    }
    const isLost = fault === 'timeout' || fault === 'lost_ack';
    if (isLost) later(desk, timeoutMs, () => reject(failure(desk, call, orderId, 'timeout')));
    if (fault === 'timeout') return;
    later(desk, latencyMs, () => {
      const { reports, error } = act(fault === 'reject');
      emit(desk, reports);
      if (isLost) return;
      if (error === null) resolve();
      else reject(error);
    });
  });
}

function submit(desk: Desk, request: OrderRequest): Promise<void> {
  const { orderId } = request;
  const terms = termsOf(request);
  if (terms === null)
    return Promise.reject(failure(desk, 'submit', orderId, 'order_type_unsupported'));
  const grouped = {
    ...terms,
    ocoGroup: terms.ocoGroup ?? (request.pair === null ? null : orderId),
  };
  const partner = pairOf(grouped, request);
  const isDuplicate = desk.inFlight.has(orderId);
  const isSent = desk.faults.find((one) => one.call === 'submit')?.fault;
  const flight: Flight = { isCanceled: false };
  const isTravelling = isSent !== 'timeout' && isSent !== 'disconnect';
  const ids = partner === null ? [orderId] : [orderId, partner.orderId];
  if (!isDuplicate && isTravelling) for (const id of ids) desk.inFlight.set(id, flight);
  return send(desk, 'submit', orderId, (isRefused) => {
    const duplicate = {
      reports: [],
      error: failure(desk, 'submit', orderId, 'duplicate_order_id'),
    };
    if (isDuplicate) return duplicate;
    for (const id of ids) desk.inFlight.delete(id);
    const at = desk.options.clock.now();
    if (flight.isCanceled && !desk.exchange.orders.has(orderId)) {
      const reports: ExchangeReport[] = [];
      for (const one of partner === null ? [grouped] : [grouped, partner]) {
        const order = createOrder(one, 'accepted', null, at);
        addOrder(desk.exchange, order);
        endOrder(desk.exchange, order, 'canceled', null, at, reports);
      }
      return { reports, error: null };
    }
    const refusal = isRefused ? 'broker_reject' : null;
    const placed =
      partner === null
        ? placeOrder(desk.exchange, grouped, at, refusal)
        : placePair(desk.exchange, grouped, partner, at, refusal);
    return placed.kind === 'duplicate' ? duplicate : { reports: placed.reports, error: null };
  });
}

async function cancelAll(desk: Desk): Promise<void> {
  const open = [...desk.exchange.orders.values()].filter(isOpen);
  await Promise.all(open.map((order) => cancel(desk, order.terms.orderId)));
}

/** Cancels all, then sells what is sellable at the market, one order a position. */
async function flattenAll(desk: Desk): Promise<FlattenOutcome[]> {
  await cancelAll(desk);
  const now = desk.options.clock.now();
  const held = positionsOf(desk.exchange, now).filter((position) => position.quantity > 0);
  return Promise.all(
    held.map(async ({ instrument, quantity, sellableQuantity }): Promise<FlattenOutcome> => {
      const orderId = `flatten.${instrument}.${now}`;
      const sold = { instrument, quantity: sellableQuantity };
      const refused = { ...sold, outcome: 'refused' as const, orderId: null };
      if (sellableQuantity <= 0) return { ...refused, reason: `not_sellable_today: ${quantity}` };
      const order = marketSale(orderId, instrument, sellableQuantity);
      const no = canSubmit(desk.exchange, order, now);
      if (no !== null) return { ...refused, reason: no.code };
      await submit(desk, order);
      const placed = desk.exchange.orders.get(orderId);
      if (placed?.state === 'rejected') return { ...refused, reason: 'rejected' };
      return { ...sold, outcome: 'sent', orderId, reason: null };
    }),
  );
}

/** The order is out of the book before this returns; only the answer takes its time. */
function cancel(desk: Desk, orderId: string): Promise<void> {
  const fault = desk.faults.find((one) => one.call === 'cancel')?.fault;
  const isTaken = fault === undefined || fault === 'lost_ack';
  let reports: readonly ExchangeReport[] = [];
  if (isTaken) {
    const flight = desk.inFlight.get(orderId);
    if (flight === undefined) {
      reports = cancelOrder(desk.exchange, orderId, desk.options.clock.now());
    } else flight.isCanceled = true;
    const told = desk.firstCancel;
    desk.firstCancel = null;
    told?.(orderId);
  }
  return send(desk, 'cancel', orderId, (isRefused) => {
    const at = desk.options.clock.now();
    return { reports: isRefused ? [refusedCancel(desk, orderId, at)] : reports, error: null };
  });
}

function refusedCancel(desk: Desk, orderId: string, at: number): ExchangeReport {
  return {
    orderId,
    kind: 'cancel_rejected',
    at,
    filledQuantity: desk.exchange.orders.get(orderId)?.filledQuantity ?? 0,
    lastQuantity: 0,
    lastPrice: null,
    feesMinor: 0,
    reason: 'broker_reject',
    stopPrice: null,
    limitPrice: null,
  };
}

function replace(
  desk: Desk,
  orderId: string,
  price: { readonly stopPrice?: number; readonly limitPrice?: number },
): Promise<void> {
  return send(desk, 'replace', orderId, (isRefused) => {
    const at = desk.options.clock.now();
    if (!isRefused)
      return { reports: replaceOrder(desk.exchange, orderId, price, at), error: null };
    const refused = { ...refusedCancel(desk, orderId, at), kind: 'replace_rejected' as const };
    return { reports: [refused], error: null };
  });
}

function rulesOf(options: PaperBrokerOptions): ExchangeRules {
  return {
    matchBy: options.matchBy ?? 'bars',
    fees: options.feesModel,
    slippage: { slippageBps: options.slippageBps ?? 0.5 },
    volumeCapRatio: options.volumeCapRatio ?? 0.1,
    rejectRatio: options.rejectRatio ?? 0,
    partialRatio: options.partialRatio ?? 0,
    seed: options.seed,
    ...(options.venue === undefined ? {} : { venue: options.venue }),
  };
}

function setSession(desk: Desk, session: Session | null): void {
  const { clock } = desk.options;
  for (const timer of desk.closing) timer.cancel();
  desk.exchange.session = session;
  desk.closing = endOrdersWith(session, clock, () =>
    emit(desk, expireOrders(desk.exchange, clock.now())),
  );
}

/**
 * A broker account that exists in memory only, with simulated matching on the quotes and bars it
 * is given. It knows no future: what it fills follows from data handed in before. Equal inputs at
 * equal instants give equal reports; chance depends on the seed and the order, not on history.
 * A known order id is refused with BrokerError `duplicate_order_id` and without a report.
 */
export function createPaperBroker(options: PaperBrokerOptions): Broker & PaperControls {
  const { clock } = options;
  const rules = rulesOf(options);
  const empty: PaperSnapshot = { orders: [], positions: [], cashMinor: options.cashMinor };
  const desk: Desk = {
    options,
    exchange: exchangeFrom(rules, options.session, empty, clock.now()),
    inFlight: new Map(),
    faults: [],
    listeners: [],
    fills: [],
    timers: new Set(),
    closing: [],
    firstCancel: null,
  };
  if (options.session !== undefined) setSession(desk, options.session);
  return {
    accountId: options.accountId,
    environment: options.environment,
    capabilities: paperCapabilities(options.venue),
    start: async () => undefined,
    // it has no connection that could be lost
    onConnection: () => undefined,
    canSubmit: (order) => canSubmit(desk.exchange, order, clock.now()),
    onReport: (listen) => void desk.listeners.push(listen),
    submit: (order) => submit(desk, order),
    cancel: (orderId) => cancel(desk, orderId),
    replace: (orderId, price) => replace(desk, orderId, price),
    find: async (orderId) => {
      const order = desk.exchange.orders.get(orderId);
      return order === undefined ? null : brokerOrderOf(order);
    },
    openOrders: async () => [...desk.exchange.orders.values()].filter(isOpen).map(brokerOrderOf),
    positions: async () => positionsOf(desk.exchange, clock.now()),
    cashMinor: async () => desk.exchange.account.cashMinor,
    fills: async (sinceAt) => desk.fills.filter((fill) => fill.at >= sinceAt),
    cancelAll: () => cancelAll(desk),
    flattenAll: () => flattenAll(desk),
    onQuote: (quote) => emit(desk, matchQuote(desk.exchange, quote, clock.now())),
    onBar: (bar) => emit(desk, matchBar(desk.exchange, bar, clock.now())),
    setInstrumentDay: (facts) => setInstrumentDay(desk.exchange, facts),
    onAuction: (print) => emit(desk, matchAuction(desk.exchange, print, clock.now())),
    onAfterHours: (print) => emit(desk, matchAfterHours(desk.exchange, print, clock.now())),
    setSession: (session) => setSession(desk, session),
    snapshot: () => snapshotOf(desk.exchange, clock.now()),
    restore: (snapshot) => {
      const { session, days } = desk.exchange;
      desk.inFlight.clear();
      desk.exchange = exchangeFrom(rules, session, snapshot, clock.now());
      // what is known of the day is the market's, not the account's
      for (const [instrument, known] of days) desk.exchange.days.set(instrument, known);
    },
    failNext: (fault, call = 'submit') => void desk.faults.push({ call, fault }),
    onFirstCancel: (listen) => {
      desk.firstCancel = listen;
    },
    stop: async () => {
      for (const timer of desk.closing) timer.cancel();
      for (const timer of desk.timers) timer.cancel();
      desk.timers.clear();
    },
  };
}
