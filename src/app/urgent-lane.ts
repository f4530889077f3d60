import type { Event } from '#core/engine/event.ts';
import { openEntries, workingProtection } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { KillReceipt } from './desk-handle.ts';
import type { Broker } from './ports.ts';

export type UrgentLaneDeps = {
  readonly broker: Broker;
  readonly stopwatch: () => number;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/**
 * The immediate lane of a desk: cancels of entries go to the broker at once, in parallel, before
 * anything is decided or stored; entries stay blocked until the act behind it was decided.
 */
export class UrgentLane {
  readonly #deps: UrgentLaneDeps;
  readonly #canceled = new Set<string>();
  #underWay = 0;

  constructor(deps: UrgentLaneDeps) {
    this.#deps = deps;
  }

  /** True while an urgent act waits for its decision. */
  isBlocking(): boolean {
    return this.#underWay > 0;
  }

  /** True when the cancel of this order has left already. */
  hasCanceled(orderId: string): boolean {
    return this.#canceled.has(orderId);
  }

  /** An order that is in doubt or works again must be cancelable again: the next cancel of it leaves. */
  noteEvents(events: readonly Event[]): void {
    for (const event of events) {
      const isOpenAgain =
        event.type === 'order_became_unknown' ||
        event.type === 'order_accepted' ||
        event.type === 'order_cancel_refused';
      if (isOpenAgain) this.#canceled.delete(event.orderId);
    }
  }

  /** Cancels now, then hands the act in; entries are free again, if at all, once it was decided. */
  act(state: DeskState, decide: () => Promise<unknown>): KillReceipt {
    this.#underWay += 1;
    const receipt = this.#cancelEntries(state);
    const done = (): void => {
      this.#underWay -= 1;
    };
    const decided = decide();
    decided.then(done, (error: unknown) => {
      done();
      this.#deps.onTrouble('urgent act', error);
    });
    return { ...receipt, decided };
  }

  #cancelEntries(state: DeskState): Omit<KillReceipt, 'decided'> {
    const { broker, stopwatch, onTrouble } = this.#deps;
    const startedAt = stopwatch();
    let firstCancelMs: number | null = null;
    const canceledOrderIds: string[] = [];
    for (const order of openEntries(state)) {
      this.#canceled.add(order.orderId);
      const sent = broker.cancel(order.orderId);
      firstCancelMs ??= stopwatch() - startedAt;
      canceledOrderIds.push(order.orderId);
      sent.catch((error: unknown) => {
        this.#canceled.delete(order.orderId);
        onTrouble(`cancel ${order.orderId}`, error);
      });
    }
    const protectionKept = Object.keys(state.positions).reduce(
      (sum, instrument) => sum + workingProtection(state, instrument).length,
      0,
    );
    return { canceledOrderIds, protectionKept, firstCancelMs };
  }
}
