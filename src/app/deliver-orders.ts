import type { Effect } from '#core/engine/effect.ts';
import type { Event } from '#core/engine/event.ts';
import { isUnattested } from '#core/engine/permission-of.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import type { Desk } from './desk.ts';
import { BrokerError } from './errors.ts';
import type { Activity, Broker, Clock, Fence, OrderRequest, Outbox, OutboxRow } from './ports.ts';
import { settleOrder } from './settle-order.ts';
import { AccountSweep } from './sweep-account.ts';

export type OrderLaneDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly activity: Activity;
  /** Whether this process still leads; left out where no other can. */
  readonly fence?: Fence;
  /**
   * False while what people said before the start is not yet read: entries wait in the store for the
   * next look, a STOP may be among it. Left out: always true.
   */
  readonly mayEnter?: () => boolean;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** The order lane of one account: takes committed rows, performs each at most once. */
export type OrderLane = {
  /** Takes rows right after their commit, in order. */
  take(rows: readonly OutboxRow[]): void;
  /** Asks the broker about an order whose fate is unknown until it is settled. */
  ask(orderId: string): void;
  /** Asks about every order that these events leave a question about. */
  follow(events: readonly Event[]): void;
  /** Says that nobody knows whether the one request of stage 2 arrived, and asks until it is known. */
  doubtSweep(cause: string): void;
};

function requestOf(effect: Extract<Effect, { kind: 'submit_order' }>): OrderRequest {
  const { order, stop, target } = effect;
  const held =
    target === null || target.limitPrice === null
      ? null
      : { orderId: target.orderId, limitPrice: target.limitPrice };
  return {
    orderId: order.orderId,
    instrument: order.instrument,
    side: order.side,
    type: order.type,
    quantity: order.quantity,
    limitPrice: order.limitPrice,
    stopPrice: order.stopPrice,
    ocoGroup: order.ocoGroup,
    pair: stop === null ? held : null,
    trailOffset: null,
    timeInForce: 'day',
    isExtendedHours: order.isExtendedHours === true,
    bracket:
      stop === null || stop.stopPrice === null
        ? null
        : { stop: { orderId: stop.orderId, stopPrice: stop.stopPrice }, target: held },
  };
}

/** The order an event leaves a question about: in doubt, or a request was refused, which says nothing of its fate. */
function askedAbout(event: Event): string | null {
  return event.type === 'order_became_unknown' ||
    event.type === 'order_cancel_refused' ||
    event.type === 'order_replace_failed'
    ? event.orderId
    : null;
}

/** Waits before asking about an unknown order, in milliseconds; the last one repeats. */
const ASK_AFTER_MS = [1_000, 2_000, 4_000, 8_000, 15_000] as const;
/** A broker that does not know an order this long after the attempt never got it. */
const NEVER_ARRIVED_MS = 3_000;

/**
 * Orders leave at most once: the attempt is committed before the first byte, nothing is sent twice. A
 * failure is a doubt (`unknown`), settled by asking. Cancels and replaces may be repeated safely.
 */
export function createOrderLane(deps: OrderLaneDeps): OrderLane {
  return new Lane(deps);
}

type Submit = Extract<Effect, { kind: 'submit_order' }>;

class Lane implements OrderLane {
  readonly #deps: OrderLaneDeps;
  readonly #asking = new Set<string>();
  /** Keys of rows carried out from the journal: the store may hold them too, if only its answer was lost. */
  readonly #acted = new Set<string>();
  #chain: Promise<void> = Promise.resolve();

  readonly #sweep: AccountSweep;

  constructor(deps: OrderLaneDeps) {
    this.#deps = deps;
    this.#sweep = new AccountSweep({ ...deps, ask: (orderId) => this.ask(orderId) });
  }

  take(rows: readonly OutboxRow[]): void {
    const { mayEnter } = this.#deps;
    for (const row of rows) {
      if (row.priority !== 0 && mayEnter?.() === false) continue;
      this.#chain = this.#chain
        .then(() => this.#deps.activity.track(() => this.#run(row)))
        .catch((error: unknown) => {
          this.#deps.onTrouble(`order lane ${row.kind}`, error);
          const effect = row.payload as Effect;
          if (effect.kind === 'submit_order') this.#doubt(effect.order.orderId, error);
        });
    }
  }

  follow(events: readonly Event[]): void {
    for (const event of events) {
      const orderId = askedAbout(event);
      if (orderId !== null) this.ask(orderId);
    }
  }

  ask(orderId: string): void {
    this.#askAgain(orderId, 0, this.#now());
  }

  doubtSweep(cause: string): void {
    this.#sweep.doubt(cause);
  }

  #now(): number {
    return this.#deps.clock.now();
  }

  async #run(row: OutboxRow): Promise<void> {
    const { broker, desk, outbox } = this.#deps;
    const effect = row.payload as Effect;
    if (row.id === 0) this.#acted.add(row.dedupeKey);
    else if (this.#acted.has(row.dedupeKey))
      return this.#mark(row, (id) => outbox.markDropped(id, 'acted on from the journal'));
    if (effect.kind === 'submit_order') return this.#submit(row, effect);
    if (effect.kind === 'cancel_order') {
      const { orderId } = effect;
      if (!desk.wasCanceledEarly(orderId)) {
        if (await this.#mayLeave(false)) this.#send(row, orderId, broker.cancel(orderId), false);
        return;
      }
      return this.#mark(row, (id) => outbox.markDelivered(id, orderId, this.#now()));
    }
    if (effect.kind === 'replace_order') {
      const { orderId, stopPrice } = effect;
      if (await this.#mayLeave(false))
        this.#send(row, orderId, broker.replace(orderId, { stopPrice }), false);
    }
    if (effect.kind === 'sweep_account') return this.#sweepOnce(row, effect.way);
  }

  /** The account is swept at most once for a request: its attempt is committed before the first byte. */
  async #sweepOnce(row: OutboxRow, way: 'one_request' | 'global_cancel'): Promise<void> {
    const { activity, desk, onTrouble, outbox } = this.#deps;
    const { kill } = desk.state();
    const isAsked = kill.kind !== 'clear' && kill.sweep?.state === 'asked';
    if (!isAsked) return this.#mark(row, (id) => outbox.markDropped(id, 'overtaken'));
    if (row.id !== 0 && !(await activity.track(() => outbox.markAttempting(row.id)))) return;
    if (!(await this.#mayLeave(false))) return;
    // the next row of the lane does not wait for the broker
    void this.#sweep.perform(way).then(
      () => this.#mark(row, (id) => outbox.markDelivered(id, null, this.#now())),
      (error: unknown) => {
        onTrouble(row.kind, error);
        const found = error instanceof Error ? error.message : 'failed';
        return this.#mark(row, (id) => outbox.markFailed(id, found, null));
      },
    );
  }

  async #submit(row: OutboxRow, effect: Submit): Promise<void> {
    const { activity, broker, outbox } = this.#deps;
    if (this.#isOvertaken(effect.order)) return this.#drop(row, effect.order);
    const request = requestOf(effect);
    const objection = this.#unattested(effect.order) ?? broker.canSubmit(request);
    if (objection !== null) return this.#deny(row, effect.order, objection);
    if (row.id !== 0) {
      const isOurs = await activity.track(() => outbox.markAttempting(row.id));
      if (!isOurs) return;
    }
    const mayLeave = await this.#mayLeave(effect.order.role === 'entry');
    // while the attempt was committed somebody may have said stop
    if (!mayLeave || this.#isOvertaken(effect.order)) return this.#drop(row, effect.order);
    this.#send(row, effect.order.orderId, broker.submit(request), true);
  }

  async #mayLeave(raisesRisk: boolean): Promise<boolean> {
    const { fence } = this.#deps;
    return fence === undefined || (await fence.mayLeave(raisesRisk));
  }

  /**
   * True when an order may no longer leave: the desk has settled it meanwhile (asked about, never
   * arrived, replaced by another one), or it is an entry and somebody said kill, stop or cancel.
   */
  #isOvertaken(order: Order): boolean {
    const { desk } = this.#deps;
    const current = desk.state().orders[order.orderId];
    if (current?.state !== 'intended') return true;
    if (order.role !== 'entry') return false;
    if (current.cancelRequestedAt !== null) return true;
    return desk.areEntriesBlocked() || desk.state().consent.kind !== 'allowed';
  }

  /** What was agreed to before a start is no word on the account since: an entry is not handed over. */
  #unattested(order: Order): Reason | null {
    if (order.role !== 'entry') return null;
    return isUnattested(this.#deps.desk.state(), this.#now()) ? reason('not_attested') : null;
  }

  async #drop(row: OutboxRow, order: Order): Promise<void> {
    await this.#mark(row, (id) =>
      this.#deps.outbox.markDropped(id, 'overtaken before the first byte'),
    );
    this.#deps.desk.post({ kind: 'order_not_found', at: this.#now(), orderId: order.orderId });
  }

  /** Said before the attempt is committed: nothing has left, and nothing will. */
  async #deny(row: OutboxRow, order: Order, why: Reason): Promise<void> {
    const { orderId } = order;
    await this.#mark(row, (id) => this.#deps.outbox.markDropped(id, `denied: ${why.code}`));
    this.#deps.desk.post({ kind: 'order_denied', at: this.#now(), orderId, reason: why });
  }

  /** Does not wait for the broker: the next row of the lane leaves at once. */
  #send(row: OutboxRow, orderId: string, call: Promise<void>, isSubmit: boolean): void {
    const { desk, outbox, onTrouble } = this.#deps;
    call.then(
      () => {
        if (isSubmit) desk.post({ kind: 'order_sent', at: this.#now(), orderId });
        void this.#mark(row, (id) => outbox.markDelivered(id, orderId, this.#now()));
      },
      (error: unknown) => {
        onTrouble(`${row.kind} ${orderId}`, error);
        this.#doubt(orderId, error);
        const found = error instanceof Error ? error.message : 'failed';
        void this.#mark(row, (id) => outbox.markFailed(id, found, null));
      },
    );
  }

  async #mark(row: OutboxRow, done: (id: number) => Promise<void>): Promise<void> {
    if (row.id === 0) return;
    await this.#deps.activity
      .track(() => done(row.id))
      .catch((error: unknown) => this.#deps.onTrouble(`outbox ${row.id}`, error));
  }

  #doubt(orderId: string, error: unknown): void {
    const cause = error instanceof BrokerError ? error.code : 'error';
    this.#deps.desk.post({ kind: 'order_doubtful', at: this.#now(), orderId, cause });
    this.ask(orderId);
  }

  #askAgain(orderId: string, attempt: number, since: number): void {
    if (attempt === 0 && this.#asking.has(orderId)) return;
    this.#asking.add(orderId);
    const delay = ASK_AFTER_MS[Math.min(attempt, ASK_AFTER_MS.length - 1)] ?? 15_000;
    this.#deps.clock.at(this.#now() + delay, () => {
      void this.#deps.activity.track(async () => {
        if (await this.#isSettled(orderId, since)) this.#asking.delete(orderId);
        else this.#askAgain(orderId, attempt + 1, since);
      });
    });
  }

  async #isSettled(orderId: string, since: number): Promise<boolean> {
    const { desk, broker, onTrouble } = this.#deps;
    const isLate = this.#now() - since >= NEVER_ARRIVED_MS;
    return settleOrder(desk, broker, orderId, this.#now(), isLate).catch((error: unknown) => {
      onTrouble(`ask about ${orderId}`, error);
      return false;
    });
  }
}
