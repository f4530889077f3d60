import { BrokerError } from '#app/errors.ts';
import type {
  AttestedAccount,
  Broker,
  BrokerCapabilities,
  BrokerFill,
  BrokerOrder,
  BrokerPosition,
  BrokerReport,
  BrokerReportKind,
  ByHand,
  Clock,
  FlattenOutcome,
  OrderRequest,
} from '#app/ports.ts';
import { isPrice } from '#core/engine/report-check.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';

export type ManualBrokerOptions = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly clock: Clock;
  readonly sellableAfterDays: 0 | 1;
};

/** What the person has to do at the broker. */
export type Todo =
  | { readonly kind: 'enter'; readonly order: OrderRequest }
  | { readonly kind: 'withdraw'; readonly order: OrderRequest };

/** The broker's side for tests and messages: what the person is asked for. */
export type ManualControls = ByHand & { onTodo(listen: (todo: Todo) => void): void };

type Standing = {
  readonly request: OrderRequest;
  state: BrokerOrder['state'];
  filled: number;
  notional: number;
  isWithdrawAsked: boolean;
};

function capabilitiesOf(options: ManualBrokerOptions): BrokerCapabilities {
  return {
    kind: 'manual',
    hasBracket: false,
    hasOco: false,
    hasReplace: false,
    orderTypes: ['limit', 'market'],
    hasExtendedHours: true,
    sellableAfterDays: options.sellableAfterDays,
    isPerson: true,
    flatten: 'each',
  };
}

function canSubmit(order: OrderRequest): Reason | null {
  if (order.type !== 'limit' && order.type !== 'market')
    return reason('order_type_unsupported', { type: order.type });
  if (order.bracket !== null || order.pair !== null) return reason('bracket_unsupported');
  if (order.isExtendedHours && order.type !== 'limit')
    return reason('extended_hours_unsupported', { type: order.type });
  if (!Number.isSafeInteger(order.quantity) || order.quantity <= 0)
    return reason('quantity_out_of_range', { found: order.quantity, expected: 'whole shares' });
  if (order.type === 'limit' && !((order.limitPrice ?? 0) > 0))
    return reason('price_missing', { type: order.type });
  const price = order.limitPrice;
  if (price === null || order.type === 'market') return null;
  const tick = tickSizeOf(order.instrument, price, '');
  const isOnTick = Math.abs(roundToTick(price, tick, 'nearest') - price) < 1e-9;
  return isOnTick ? null : reason('price_not_on_tick', { found: price });
}

/**
 * The person is the broker: an order is a to-do the moment it is taken, what they report is its
 * execution, and a cancel is a wish until they say that it is withdrawn. Holdings and cash are what
 * they attest, carried on by what they report; before that a question about them fails and is never
 * answered "flat".
 */
export function createManualBroker(options: ManualBrokerOptions): Broker & ManualControls {
  return new ManualBroker(options);
}

class ManualBroker implements Broker, ManualControls {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly capabilities: BrokerCapabilities;
  readonly #clock: Clock;
  readonly #orders = new Map<string, Standing>();
  readonly #fills: BrokerFill[] = [];
  readonly #listeners: ((report: BrokerReport) => void)[] = [];
  readonly #todoListeners: ((todo: Todo) => void)[] = [];
  #held: Map<InstrumentId, { quantity: number; averagePrice: number }> | null = null;
  #cashMinor = 0;
  #refusals = 0;

  constructor(options: ManualBrokerOptions) {
    this.accountId = options.accountId;
    this.environment = options.environment;
    this.capabilities = capabilitiesOf(options);
    this.#clock = options.clock;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  /** A person has no connection that could be lost; the chat's own watch tells when they cannot be reached. */
  onConnection(): void {}

  canSubmit(order: OrderRequest): Reason | null {
    return canSubmit(order);
  }

  onReport(listen: (report: BrokerReport) => void): void {
    this.#listeners.push(listen);
  }

  onTodo(listen: (todo: Todo) => void): void {
    this.#todoListeners.push(listen);
  }

  async submit(order: OrderRequest): Promise<void> {
    if (this.#orders.has(order.orderId))
      throw this.#failure('duplicate_order_id', order.orderId, 'an order id that is known');
    const refusal = canSubmit(order);
    if (refusal !== null) throw this.#failure(refusal.code, order.orderId, 'refused');
    const standing = { request: order, state: 'accepted' as const, filled: 0, notional: 0 };
    this.#orders.set(order.orderId, { ...standing, isWithdrawAsked: false });
    this.#tell(order.orderId, 'accepted', {});
    this.#ask({ kind: 'enter', order });
  }

  async cancel(orderId: string): Promise<void> {
    const standing = this.#orders.get(orderId);
    if (standing === undefined || !isOpen(standing)) {
      const why = standing === undefined ? 'unknown_order' : 'not_working';
      this.#refuse(orderId, 'cancel_rejected', why);
      return;
    }
    if (standing.isWithdrawAsked) return;
    standing.isWithdrawAsked = true;
    this.#ask({ kind: 'withdraw', order: standing.request });
  }

  async replace(orderId: string): Promise<void> {
    this.#refuse(orderId, 'replace_rejected', 'unsupported');
  }

  async find(orderId: string): Promise<BrokerOrder | null> {
    const standing = this.#orders.get(orderId);
    return standing === undefined ? null : orderOf(standing);
  }

  async openOrders(): Promise<BrokerOrder[]> {
    return [...this.#orders.values()].filter(isOpen).map(orderOf);
  }

  async positions(): Promise<BrokerPosition[]> {
    return [...this.#attested().entries()]
      .filter(([, held]) => held.quantity !== 0)
      .map(([instrument, held]) => ({ instrument, sellableQuantity: held.quantity, ...held }));
  }

  async cashMinor(): Promise<number> {
    this.#attested();
    return this.#cashMinor;
  }

  async fills(sinceAt: number): Promise<BrokerFill[]> {
    return this.#fills.filter((fill) => fill.at >= sinceAt);
  }

  async cancelAll(): Promise<void> {
    for (const orderId of [...this.#orders.keys()]) {
      const standing = this.#orders.get(orderId);
      if (standing !== undefined && isOpen(standing)) await this.cancel(orderId);
    }
  }

  /**
   * Every sale is a to-do of its own: `sent` means that the person was asked. What cannot be sold (a part
   * of a share, a short sale) is said so and holds back nothing else.
   */
  async flattenAll(): Promise<FlattenOutcome[]> {
    await this.cancelAll();
    const at = this.#clock.now();
    const outcomes: FlattenOutcome[] = [];
    for (const { instrument, quantity } of await this.positions()) {
      const orderId = `flatten.${instrument}.${at}`;
      const sale: OrderRequest = {
        orderId,
        instrument,
        side: 'sell',
        type: 'market',
        quantity,
        limitPrice: null,
        stopPrice: null,
        bracket: null,
        ocoGroup: null,
        pair: null,
        trailOffset: null,
        timeInForce: 'day',
        isExtendedHours: false,
      };
      const no = canSubmit(sale)?.code ?? (this.#orders.has(orderId) ? 'duplicate_order_id' : null);
      if (no === null) await this.submit(sale);
      const sent = { outcome: 'sent', orderId, reason: null } as const;
      const refused = { outcome: 'refused', orderId: null, reason: no } as const;
      outcomes.push({ instrument, quantity, ...(no === null ? sent : refused) });
    }
    return outcomes;
  }

  report(reported: Parameters<ByHand['report']>[0]): void {
    const { orderId, quantity, price, feesMinor, at } = reported;
    const standing = this.#orders.get(orderId);
    if (standing === undefined || !isOpen(standing))
      throw this.#failure('not_working', orderId, 'no open order');
    const open = standing.request.quantity - standing.filled;
    if (!Number.isSafeInteger(quantity) || quantity <= 0 || quantity > open)
      throw this.#failure('bad_report', orderId, `${quantity} at ${price}, open are ${open}`);
    if (!isPrice(price, quantity))
      throw this.#failure('bad_report', orderId, `a price of ${price}, expected one above 0`);
    if (!Number.isSafeInteger(feesMinor))
      throw this.#failure('bad_report', orderId, `fees of ${feesMinor}, expected minor units`);
    if (!Number.isSafeInteger(at))
      throw this.#failure('bad_report', orderId, `the time ${at}, expected an instant`);
    const { instrument, side } = standing.request;
    standing.filled += quantity;
    standing.notional += quantity * price;
    standing.state = quantity === open ? 'filled' : 'partially_filled';
    this.#book(instrument, side === 'buy' ? quantity : -quantity, price, feesMinor);
    const fillId = `${orderId}:by-hand:${standing.filled}`;
    this.#fills.push({ fillId, orderId, instrument, side, quantity, price, feesMinor, at });
    this.#tell(orderId, standing.state, {
      reportId: fillId,
      filledQuantity: standing.filled,
      lastQuantity: quantity,
      lastPrice: price,
      feesMinor,
    });
    // it was executed before it could be withdrawn
    if (standing.isWithdrawAsked && standing.state === 'filled')
      this.#refuse(orderId, 'cancel_rejected', 'not_working');
  }

  close(orderId: string, why: string): void {
    const standing = this.#orders.get(orderId);
    if (standing === undefined || !isOpen(standing)) return;
    standing.state = 'canceled';
    this.#tell(orderId, 'canceled', { reason: why });
  }

  attest(account: AttestedAccount): void {
    const fault = faultOf(account);
    if (fault !== null)
      throw new BrokerError(`manual broker ${this.accountId}: attested account: ${fault}`, {
        code: 'bad_attestation',
        retryable: false,
      });
    this.#held = new Map(
      account.holdings.map(({ instrument, quantity, averagePrice }) => [
        instrument,
        { quantity, averagePrice: averagePrice ?? 0 },
      ]),
    );
    this.#cashMinor = account.cashMinor;
  }

  restate(change: Parameters<ByHand['restate']>[0]): void {
    const { instrument, fromQuantity, toQuantity, averagePrice, cashMinor } = change;
    const held = this.#held?.get(instrument);
    if (held === undefined || held.quantity !== fromQuantity) return;
    this.#held?.set(instrument, { quantity: toQuantity, averagePrice });
    this.#cashMinor += cashMinor;
  }

  restore(orders: readonly BrokerOrder[]): void {
    for (const { request, state, filledQuantity, averagePrice } of orders) {
      this.#orders.set(request.orderId, {
        request,
        state,
        filled: filledQuantity,
        notional: (averagePrice ?? 0) * filledQuantity,
        isWithdrawAsked: false,
      });
    }
  }

  #attested(): Map<InstrumentId, { quantity: number; averagePrice: number }> {
    if (this.#held !== null) return this.#held;
    throw new BrokerError(
      `manual broker ${this.accountId}: found no attested account, expected /reconcile <symbol> <quantity> … cash <amount>`,
      { code: 'not_attested', retryable: true },
    );
  }

  #book(instrument: InstrumentId, change: number, price: number, feesMinor: number): void {
    if (this.#held === null) return;
    const held = this.#held.get(instrument) ?? { quantity: 0, averagePrice: 0 };
    const quantity = held.quantity + change;
    const averagePrice =
      change > 0
        ? (held.quantity * held.averagePrice + change * price) / quantity
        : held.averagePrice;
    this.#held.set(instrument, { quantity, averagePrice });
    const worth = notionalMinor(price, Math.abs(change));
    this.#cashMinor += (change > 0 ? -worth : worth) - feesMinor;
  }

  #ask(todo: Todo): void {
    for (const listen of this.#todoListeners) listen(todo);
  }

  #failure(code: string, orderId: string, found: string): BrokerError {
    return new BrokerError(`manual broker ${this.accountId}: found ${found} for ${orderId}`, {
      code,
      retryable: false,
      context: { orderId },
    });
  }

  /** Each refusal is a word of its own, however often the same is refused. */
  #refuse(orderId: string, kind: 'cancel_rejected' | 'replace_rejected', reason: string): void {
    this.#refusals += 1;
    const reportId = `${orderId}:${kind}:${this.#clock.now()}.${this.#refusals}`;
    this.#tell(orderId, kind, { reportId, reason });
  }

  #tell(orderId: string, kind: BrokerReportKind, fields: Partial<BrokerReport>): void {
    const standing = this.#orders.get(orderId);
    const report: BrokerReport = {
      reportId: `${orderId}:${kind}`,
      orderId,
      kind,
      at: this.#clock.now(),
      filledQuantity: standing?.filled ?? 0,
      lastQuantity: 0,
      lastPrice: null,
      feesMinor: 0,
      reason: null,
      stopPrice: null,
      limitPrice: null,
      ...fields,
    };
    for (const listen of this.#listeners) listen(report);
  }
}

/** What of an attested account is no figure, in one line; null when it can be taken over whole. */
function faultOf({ cashMinor, holdings }: AttestedAccount): string | null {
  if (!Number.isSafeInteger(cashMinor)) return `cash: found ${cashMinor}, expected minor units`;
  const seen = new Set<InstrumentId>();
  for (const { averagePrice, instrument, quantity } of holdings) {
    if (!Number.isFinite(quantity)) return `${instrument}: found ${quantity}, expected shares`;
    if (averagePrice !== null && !(Number.isFinite(averagePrice) && averagePrice >= 0))
      return `${instrument}: found an average of ${averagePrice}, expected a price`;
    if (seen.has(instrument)) return `${instrument}: found twice, expected once`;
    seen.add(instrument);
  }
  return null;
}

function isOpen(standing: Standing): boolean {
  return standing.state === 'accepted' || standing.state === 'partially_filled';
}

function orderOf(standing: Standing): BrokerOrder {
  const { request, state, filled, notional } = standing;
  const averagePrice = filled > 0 ? notional / filled : null;
  return { request, state, filledQuantity: filled, averagePrice };
}
