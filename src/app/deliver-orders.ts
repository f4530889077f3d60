import type { Effect } from '#core/engine/effect.ts';
import type { Order } from '#core/machines/order.ts';
import type { Desk } from './desk.ts';
import { BrokerError } from './errors.ts';
import type { Activity, Broker, Clock, OrderRequest, Outbox, OutboxRow } from './ports.ts';
import { settleOrder } from './settle-order.ts';

export type OrderLaneDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** The order lane of one account: takes committed rows, performs each at most once. */
export type OrderLane = {
  /** Takes rows right after their commit, in order. */
  take(rows: readonly OutboxRow[]): void;
  /** Asks the broker about an order whose fate is unknown until it is settled. */
  ask(orderId: string): void;
};

function requestOf(effect: Extract<Effect, { kind: 'submit_order' }>): OrderRequest {
  const { order, stop, target } = effect;
  return {
    orderId: order.orderId,
    instrument: order.instrument,
    side: order.side,
    type: order.type,
    quantity: order.quantity,
    limitPrice: order.limitPrice,
    stopPrice: order.stopPrice,
    ocoGroup: order.ocoGroup,
    bracket:
      stop === null || stop.stopPrice === null
        ? null
        : {
            stop: { orderId: stop.orderId, stopPrice: stop.stopPrice },
            target:
              target === null || target.limitPrice === null
                ? null
                : { orderId: target.orderId, limitPrice: target.limitPrice },
          },
  };
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
  const { desk, broker, clock } = deps;
  let chain: Promise<void> = Promise.resolve();
  const asking = new Set<string>();

  const now = () => clock.now();
  const doubt = (orderId: string, error: unknown) => {
    const cause = error instanceof BrokerError ? error.code : 'error';
    desk.post({ kind: 'order_doubtful', at: now(), orderId, cause });
    ask(orderId, 0, now());
  };
  function ask(orderId: string, attempt: number, since: number): void {
    if (attempt === 0 && asking.has(orderId)) return;
    asking.add(orderId);
    const delay = ASK_AFTER_MS[Math.min(attempt, ASK_AFTER_MS.length - 1)] ?? 15_000;
    clock.at(now() + delay, () => {
      void deps.activity.track(async () => {
        const isLate = now() - since >= NEVER_ARRIVED_MS;
        const settled = await settleOrder(desk, broker, orderId, now(), isLate).catch(
          (error: unknown) => {
            deps.onTrouble(`ask about ${orderId}`, error);
            return false;
          },
        );
        if (settled) asking.delete(orderId);
        else ask(orderId, attempt + 1, since);
      });
    });
  }
  const mark = async (row: OutboxRow, done: (id: number) => Promise<void>): Promise<void> => {
    if (row.id === 0) return;
    await deps.activity
      .track(() => done(row.id))
      .catch((error: unknown) => deps.onTrouble(`outbox ${row.id}`, error));
  };

  /** True when an entry may no longer leave: killed, stopped, canceled or answered meanwhile. */
  const isOvertaken = (order: Order): boolean => {
    const current = desk.state().orders[order.orderId];
    if (order.role !== 'entry') return false;
    if (current === undefined || current.state !== 'intended' || current.cancelRequestedAt !== null)
      return true;
    return desk.areEntriesBlocked() || desk.state().consent.kind !== 'allowed';
  };

  const submit = async (
    row: OutboxRow,
    effect: Extract<Effect, { kind: 'submit_order' }>,
  ): Promise<void> => {
    const { order } = effect;
    if (isOvertaken(order)) {
      await mark(row, (id) => deps.outbox.markDropped(id, 'overtaken before the first byte'));
      desk.post({ kind: 'order_not_found', at: now(), orderId: order.orderId });
      return;
    }
    if (row.id !== 0) {
      const isOurs = await deps.activity.track(() => deps.outbox.markAttempting(row.id));
      if (!isOurs) return;
      if (isOvertaken(order)) {
        await mark(row, (id) => deps.outbox.markDropped(id, 'overtaken before the first byte'));
        desk.post({ kind: 'order_not_found', at: now(), orderId: order.orderId });
        return;
      }
    }
    perform(row, order.orderId, broker.submit(requestOf(effect)), true);
  };

  /** Does not wait for the broker: the next row of the lane leaves at once. */
  const perform = (
    row: OutboxRow,
    orderId: string,
    call: Promise<void>,
    isSubmit: boolean,
  ): void => {
    call.then(
      () => {
        if (isSubmit) desk.post({ kind: 'order_sent', at: now(), orderId });
        void mark(row, (id) => deps.outbox.markDelivered(id, orderId, now()));
      },
      (error: unknown) => {
        deps.onTrouble(`${row.kind} ${orderId}`, error);
        doubt(orderId, error);
        void mark(row, (id) =>
          deps.outbox.markFailed(id, error instanceof Error ? error.message : 'failed', null),
        );
      },
    );
  };

  const run = async (row: OutboxRow): Promise<void> => {
    const effect = row.payload as Effect;
    if (effect.kind === 'submit_order') return submit(row, effect);
    if (effect.kind === 'cancel_order') {
      if (desk.wasCanceledEarly(effect.orderId))
        return mark(row, (id) => deps.outbox.markDelivered(id, effect.orderId, now()));
      return perform(row, effect.orderId, broker.cancel(effect.orderId), false);
    }
    if (effect.kind === 'replace_order') {
      return perform(
        row,
        effect.orderId,
        broker.replace(effect.orderId, { stopPrice: effect.stopPrice }),
        false,
      );
    }
  };

  return {
    take(rows) {
      for (const row of rows) {
        chain = chain
          .then(() => deps.activity.track(() => run(row)))
          .catch((error: unknown) => {
            deps.onTrouble(`order lane ${row.kind}`, error);
            const effect = row.payload as Effect;
            if (effect.kind === 'submit_order') doubt(effect.order.orderId, error);
          });
      }
    },
    ask: (orderId) => ask(orderId, 0, now()),
  };
}
