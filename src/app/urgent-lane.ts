import type { Event } from '#core/engine/event.ts';
import { openEntries, workingProtection } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import { mayFill } from '#core/machines/order.ts';
import type { KillReceipt } from './desk-handle.ts';
import { cancelNow } from './kill-account.ts';
import type { Broker, Clock, KillFile } from './ports.ts';

/** What a message does that has taken effect before. */
export const NOTHING_NEW: KillReceipt = {
  canceledOrderIds: [],
  protectionKept: 0,
  firstCancelMs: null,
  strangers: Promise.resolve([]),
  decided: Promise.resolve(),
};

export type UrgentLaneDeps = {
  readonly broker: Broker;
  readonly killFile: KillFile;
  /**
   * Resolves when what was handed to sockets so far has been written: the cancels leave before the kill file
   * is put on the disk. Left out: the file is written in the same turn.
   */
  readonly flushed?: () => Promise<void>;
  readonly clock: Clock;
  readonly stopwatch: () => number;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** What is known of the orders of the book. */
type Receipt = Omit<KillReceipt, 'strangers'>;

/** Of a kill: what its file says. */
type KillNote = {
  readonly by: string;
  readonly scope: string;
  readonly at: number;
  readonly updateKey?: string;
};

/** Waits before a cancel that the broker did not take is sent again, in milliseconds; after the last one it is left to asking. */
const AGAIN_AFTER_MS = [150, 400, 1_000, 2_000] as const;

/**
 * The immediate lane of a desk: cancels of entries go to the broker at once, in parallel, before
 * anything is decided or stored; entries stay blocked until the act behind it was decided. A cancel that
 * fails is sent again: it can only take risk away.
 */
export class UrgentLane {
  /** Orders the desk did not know, of whose cancel it was told, and when. */
  readonly toldStrangers = new Map<string, number>();
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

  /** Cancels now, then writes the kill file and hands the act in; entries are free again, if at all, once it was decided. */
  act(state: () => DeskState, note: KillNote | null, decide: () => Promise<unknown>): Receipt {
    this.#underWay += 1;
    const receipt = this.#cancelEntries(state);
    const done = (): void => {
      this.#underWay -= 1;
    };
    const { flushed } = this.#deps;
    const goOn = (): Promise<unknown> => {
      if (note !== null) this.#writeFile(note);
      return decide();
    };
    const decided = flushed === undefined ? goOn() : flushed().then(goOn, goOn);
    decided.then(done, (error: unknown) => {
      done();
      this.#deps.onTrouble('urgent act', error);
    });
    return { ...receipt, decided };
  }

  /** A file that cannot be written, on a full disk, is no reason not to decide the kill. */
  #writeFile({ by, scope, at, updateKey }: KillNote): void {
    try {
      this.#deps.killFile.write(by, scope, at, updateKey);
    } catch (error) {
      this.#deps.onTrouble('kill file', error);
    }
  }

  #cancelEntries(state: () => DeskState): Omit<Receipt, 'decided'> {
    const { stopwatch } = this.#deps;
    const startedAt = stopwatch();
    let firstCancelMs: number | null = null;
    const canceledOrderIds: string[] = [];
    const now = state();
    for (const order of openEntries(now)) {
      this.#cancel(order.orderId, state, 0);
      firstCancelMs ??= stopwatch() - startedAt;
      canceledOrderIds.push(order.orderId);
    }
    const protectionKept = Object.keys(now.positions).reduce(
      (sum, instrument) => sum + workingProtection(now, instrument).length,
      0,
    );
    return { canceledOrderIds, protectionKept, firstCancelMs };
  }

  #cancel(orderId: string, state: () => DeskState, attempt: number): void {
    const { broker, clock, onTrouble } = this.#deps;
    this.#canceled.add(orderId);
    cancelNow(broker, orderId).catch((error: unknown) => {
      this.#canceled.delete(orderId);
      onTrouble(`cancel ${orderId}`, error);
      const wait = AGAIN_AFTER_MS[attempt];
      if (wait === undefined) return;
      clock.at(clock.now() + wait, () => {
        const order = state().orders[orderId];
        const isOpen = order !== undefined && mayFill(order);
        if (isOpen && !this.#canceled.has(orderId)) this.#cancel(orderId, state, attempt + 1);
      });
    });
  }
}
