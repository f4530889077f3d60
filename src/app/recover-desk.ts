import { isSweepPending } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { OrderLane } from './deliver-orders.ts';
import type { Desk } from './desk.ts';
import type { Broker, Outbox, OutboxRow } from './ports.ts';
import { reconcileAccount } from './reconcile-account.ts';

/** What a starting desk needs to find its place again. */
export type RecoverDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly outbox: Outbox;
  readonly lane: OrderLane;
  /** Compares book and account; left out, at once and without a pause between looks. */
  readonly reconcile?: () => Promise<unknown>;
  readonly runId: string;
  readonly now: () => number;
  /** Connects the broker, once the log is folded and before anything is asked of the account. */
  readonly connect?: () => Promise<void>;
  /** Cash of the account at its very first start, minor units. */
  readonly startingCashMinor: () => Promise<number>;
  /**
   * Settles what an earlier process left under way, for all desks of the run at once, and answers the
   * orders in doubt; left out where there is one desk.
   */
  readonly settle?: () => Promise<readonly OutboxRow[]>;
  /** Rebuilds a broker that lived in the process that ended; a broker of its own needs none. */
  readonly rebuildBroker?: (state: DeskState) => void;
  /** Called when the log is folded and before the account is asked, e.g. to let the market run on. */
  readonly onFolded?: () => void;
};

const MOST_ROWS = 500;

async function settleAll(outbox: Outbox, runId: string): Promise<readonly OutboxRow[]> {
  return (await outbox.settleInterrupted(runId)).unknown;
}

/**
 * Starting is recovering: fold the log, settle what was interrupted, reconcile, then go on with what was
 * committed and never attempted. Entries are refused until the account was reconciled. Throws
 * StoreError; a broker that cannot be asked is a difference and leaves the desk unreconciled.
 */
export async function recoverDesk(deps: RecoverDeps): Promise<void> {
  const { desk, broker, outbox, lane, runId, now } = deps;
  const { events } = await desk.recover();
  if (events > 0) deps.rebuildBroker?.(desk.state());
  const ownLane = `order:${desk.policy.accountId}`;
  // before anything new is said: what was under way goes to its chat first
  const interrupted = await (deps.settle?.() ?? settleAll(outbox, runId));
  const unknown = interrupted.filter((row) => row.lane === ownLane);
  await deps.connect?.();
  const cashMinor = events === 0 ? await deps.startingCashMinor() : desk.state().cashMinor;
  await desk.submit({ kind: 'desk_started', at: now(), cashMinor, isRecovery: events > 0 });
  for (const row of unknown) {
    const { order } = row.payload as { order?: { orderId: string } };
    if (order === undefined) continue;
    desk.post({
      kind: 'order_doubtful',
      at: now(),
      orderId: order.orderId,
      cause: 'interrupted',
    });
  }
  // what was in doubt when the process ended is asked about until it is settled, also while no account answers
  for (const order of Object.values(desk.state().orders))
    if (order.state === 'unknown') lane.ask(order.orderId);
  deps.onFolded?.();
  await (deps.reconcile ?? (() => reconcileAccount(desk, broker, now)))();
  const due = await outbox.due(runId, now(), MOST_ROWS, 'order:');
  const own = due.filter((row) => row.lane === ownLane);
  // a request of stage 2 that was never tried leaves now; of one that may have left the broker is asked
  const isUntried = own.some((row) => row.kind === 'sweep_account');
  if (isSweepPending(desk.state()) && !isUntried) lane.doubtSweep('interrupted');
  lane.take(own);
}
