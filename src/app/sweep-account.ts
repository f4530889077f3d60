import type { Input } from '#core/engine/input.ts';
import { isAnyHeldBack, isSweepPending } from '#core/engine/select.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Desk } from './desk.ts';
import { BrokerError } from './errors.ts';
import type { Activity, Broker, BrokerFill, BrokerOrder, BrokerReport, Clock } from './ports.ts';
import { reconcileAccount } from './reconcile-account.ts';

type Legs = Extract<Input, { kind: 'account_swept' }>['legs'];

export type SweepDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly onTrouble: (place: string, error: unknown) => void;
  /** Asks about a closing order until its fate is known: words of it that came too early were not heard. */
  readonly ask: (orderId: string) => void;
};

/** Longest wait for the answer to the one request; adapters end it earlier. */
const ANSWER_WITHIN_MS = 15_000;
/** A broker that shows no closing order this long after the request never got it. */
const NEVER_ARRIVED_MS = 3_000;
const ASK_AFTER_MS = [500, 1_000, 2_000, 4_000, 8_000] as const;
/** Executions are looked for from a little before the request: clocks differ. */
const LOOK_BACK_MS = 10_000;

/**
 * Performs the one request with which stage 2 of a kill begins, at most once. Without a clear answer the
 * broker is asked what it did before anything else may sell: open orders, executions, positions.
 */
export class AccountSweep {
  readonly #deps: SweepDeps;
  /** Words of closing orders whose names the desk has not been told yet. */
  #early: BrokerReport[] = [];
  #isAsking = false;

  constructor(deps: SweepDeps) {
    this.#deps = deps;
    const { broker, desk } = deps;
    broker.onReport((report) => {
      const state = desk.state();
      if (isSweepPending(state) && state.orders[report.orderId] === undefined)
        this.#early.push(report);
    });
  }

  /** Resolves when the broker has answered; rejects when nobody knows whether the request arrived. */
  async perform(way: 'one_request' | 'global_cancel'): Promise<void> {
    const { broker } = this.#deps;
    try {
      const call = way === 'one_request' ? broker.flattenAll() : broker.cancelAll().then(() => []);
      const legs = await this.#inTime<Legs>(call);
      const nameless = legs.find((leg) => leg.outcome === 'sent' && leg.orderId === null);
      if (nameless !== undefined)
        throw new BrokerError(
          `${broker.accountId}: found a closing order of ${nameless.instrument} without an id, expected one`,
          { code: 'nameless_order', retryable: false },
        );
      await this.#answer(legs, way === 'one_request');
    } catch (error) {
      this.doubt(error instanceof BrokerError ? error.code : 'error');
      throw error;
    }
  }

  /** Nobody knows whether the request arrived: asks until it is known. */
  doubt(cause: string): void {
    const { desk, clock } = this.#deps;
    desk.post({ kind: 'sweep_doubtful', at: clock.now(), cause });
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.#askAgain(0, clock.now());
  }

  #inTime<T>(call: Promise<T>): Promise<T> {
    const { broker, clock } = this.#deps;
    return new Promise((resolve, reject) => {
      const timer = clock.at(clock.now() + ANSWER_WITHIN_MS, () =>
        reject(
          new BrokerError(`${broker.accountId}: no answer in ${ANSWER_WITHIN_MS} ms`, {
            code: 'timeout',
            retryable: false,
          }),
        ),
      );
      call.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  /** Hands the answer in. What is held and not named is compared with the account before the desk sells it. */
  async #answer(legs: Legs, isByBroker: boolean): Promise<void> {
    const { ask, broker, clock, desk, onTrouble } = this.#deps;
    await desk.submit({ kind: 'account_swept', at: clock.now(), legs });
    for (const report of this.#early.splice(0))
      if (desk.state().orders[report.orderId] !== undefined)
        desk.post({ kind: 'order_reported', at: clock.now(), report });
    for (const { orderId } of legs) if (orderId !== null) ask(orderId);
    if (isByBroker && isAnyHeldBack(desk.state()))
      await reconcileAccount(desk, broker, () => clock.now()).catch((error: unknown) =>
        onTrouble('reconcile', error),
      );
  }

  #askAgain(attempt: number, since: number): void {
    const { activity, clock, desk, onTrouble } = this.#deps;
    const delay = ASK_AFTER_MS[Math.min(attempt, ASK_AFTER_MS.length - 1)] ?? 8_000;
    clock.at(clock.now() + delay, () => {
      void activity.track(async () => {
        // a global cancel is not asked about: the orders are taken back one by one
        if (isSweepPending(desk.state())) {
          const isKnown = await this.#settle(since).catch((error: unknown) => {
            onTrouble('ask what the broker closed', error);
            return false;
          });
          if (!isKnown) return this.#askAgain(attempt + 1, since);
        }
        this.#isAsking = false;
      });
    });
  }

  /** True once it is known of every position whether a closing order exists. Throws BrokerError. */
  async #settle(since: number): Promise<boolean> {
    const { broker, clock, desk } = this.#deps;
    const [open, fills, positions] = await Promise.all([
      broker.openOrders(),
      broker.fills(since - LOOK_BACK_MS),
      broker.positions(),
    ]);
    const orders = [...open, ...(await this.#heardOf())].filter(
      ({ request }) =>
        request.side === 'sell' && desk.state().orders[request.orderId] === undefined,
    );
    const isLate = clock.now() - since >= NEVER_ARRIVED_MS;
    const legs: Legs[number][] = [];
    const reports: BrokerReport[] = [];
    for (const { instrument, quantity } of heldOf(desk)) {
      const leg = { instrument, outcome: 'sent' as const, reason: null };
      const order = orders.find(({ request }) => request.instrument === instrument)?.request;
      const sold = soldElsewhere(fills, instrument, desk.state().orders);
      if (order !== undefined)
        legs.push({ ...leg, orderId: order.orderId, quantity: order.quantity });
      else if (sold !== null) {
        const { orderId } = sold;
        legs.push({ ...leg, orderId, quantity: sold.filledQuantity });
        reports.push(sold);
      } else if (positions.some((one) => one.instrument === instrument && one.quantity !== 0)) {
        if (!isLate) return false;
        const none = { outcome: 'refused', orderId: null, reason: 'never arrived' } as const;
        legs.push({ ...leg, ...none, quantity });
      }
    }
    this.#early.push(...reports);
    await this.#answer(legs, true);
    return true;
  }

  /** Orders that the broker spoke of and the desk does not know. Throws BrokerError. */
  async #heardOf(): Promise<BrokerOrder[]> {
    const ids = new Set(this.#early.map((report) => report.orderId));
    const found = await Promise.all([...ids].map((id) => this.#deps.broker.find(id)));
    return found.filter((order) => order !== null);
  }
}

/**
 * Sales of a symbol by orders that nobody can name, as the report of one closing order; null when there was
 * none. An execution entered elsewhere is listed without an order id of ours.
 */
function soldElsewhere(
  fills: readonly BrokerFill[],
  instrument: InstrumentId,
  known: Readonly<Record<string, unknown>>,
): BrokerReport | null {
  const sales = fills.filter(
    (fill) =>
      fill.instrument === instrument &&
      fill.side === 'sell' &&
      (fill.orderId === null || known[fill.orderId] === undefined),
  );
  const last = sales.at(-1);
  if (last === undefined) return null;
  const filledQuantity = sales.reduce((sum, fill) => sum + fill.quantity, 0);
  const paid = sales.reduce((sum, fill) => sum + fill.quantity * fill.price, 0);
  return {
    reportId: `closed.${last.fillId}`,
    orderId: `closed.${instrument}.${last.fillId}`,
    kind: 'filled',
    at: last.at,
    filledQuantity,
    lastQuantity: filledQuantity,
    lastPrice: paid / filledQuantity,
    feesMinor: sales.reduce((sum, fill) => sum + fill.feesMinor, 0),
    reason: null,
    stopPrice: null,
    limitPrice: null,
  };
}

function heldOf(desk: Desk) {
  return Object.values(desk.state().positions).filter((position) => position.quantity > 0);
}
