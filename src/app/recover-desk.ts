import type { DeskState } from '#core/engine/state.ts';
import type { OrderLane } from './deliver-orders.ts';
import type { Desk } from './desk.ts';
import type { Broker, Outbox } from './ports.ts';
import { reconcileAccount } from './reconcile-account.ts';

/** What a starting desk needs to find its place again. */
export type RecoverDeps = {
  readonly desk: Desk;
  readonly broker: Broker;
  readonly outbox: Outbox;
  readonly lane: OrderLane;
  readonly runId: string;
  readonly now: () => number;
  /** Cash of the account at its very first start, minor units. */
  readonly startingCashMinor: number;
  /** Rebuilds a broker that lived in the process that ended; a broker of its own needs none. */
  readonly rebuildBroker?: (state: DeskState) => void;
  /** Called when the log is folded and before the account is asked, e.g. to let the market run on. */
  readonly onFolded?: () => void;
};

const MOST_ROWS = 500;

/**
 * Starting is recovering: fold the log, settle what was interrupted, reconcile, then go on with what was
 * committed and never attempted. Entries are refused until the account was reconciled. Throws
 * StoreError; a broker that cannot be asked is a difference and leaves the desk unreconciled.
 */
export async function recoverDesk(deps: RecoverDeps): Promise<void> {
  const { desk, broker, outbox, lane, runId, now } = deps;
  const { events } = await desk.recover();
  if (events > 0) deps.rebuildBroker?.(desk.state());
  // before anything new is said: what was under way goes to its chat first
  const settled = await outbox.settleInterrupted(runId);
  const cashMinor = events === 0 ? deps.startingCashMinor : desk.state().cashMinor;
  await desk.submit({ kind: 'desk_started', at: now(), cashMinor, isRecovery: events > 0 });
  for (const row of settled.unknown) {
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
  await reconcileAccount(desk, broker, now);
  lane.take(await outbox.due(runId, now(), MOST_ROWS, 'order:'));
}
