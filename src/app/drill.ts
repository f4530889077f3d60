import { workingProtection } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import { hasEnded, mayFill } from '#core/machines/order.ts';
import type { Actor } from '#core/replies/act.ts';
import type { DrillReport } from '#core/replies/notice.ts';
import type { DeskHandle } from './desk-handle.ts';
import type { Clock } from './ports.ts';

/** How often the desk is looked at; the instants told are those of its own book. */
const LOOK_EVERY_MS = 20;
/** Longest wait for the entries to go, and for stage 2 to end. */
const ENTRIES_WITHIN_MS = 15_000;
const FLAT_WITHIN_MS = 180_000;

/**
 * Rehearses a kill on a simulated or paper account: stage 1 as it is said in the chat, then stage 2, both
 * real, and says how long each step took. The latch stays closed, as after any kill. Throws for a live
 * account, whatever was agreed to; rejects with StoreError when stage 2 could not be decided.
 */
export async function runDrill(desk: DeskHandle, actor: Actor, clock: Clock): Promise<DrillReport> {
  const { policy } = desk;
  if (policy.environment !== 'paper')
    throw new Error(`drill: found ${policy.accountId}, a live account, expected a paper one`);
  const before = protectionOf(desk.state());
  const startedAt = clock.now();
  const receipt = desk.killNow(actor, policy.deskId, startedAt);
  await receipt.decided;
  const ids = receipt.canceledOrderIds;
  const areGone = (state: DeskState): boolean =>
    ids.every((id) => state.orders[id] === undefined || hasEnded(state.orders[id]));
  const isOut = await waitFor(desk, clock, areGone, ENTRIES_WITHIN_MS);
  const state = desk.state();
  const lastAt = Math.max(...ids.map((id) => state.orders[id]?.updatedAt ?? startedAt));
  const kept = before.filter((id) => {
    const order = state.orders[id];
    return order !== undefined && mayFill(order) && order.cancelRequestedAt === null;
  });
  const stageOne = {
    entries: ids.length,
    firstCancelMs: receipt.firstCancelMs,
    allOutMs: ids.length === 0 || !isOut ? null : Math.max(0, lastAt - startedAt),
    protection: before.length,
    protectionKept: kept.length,
  };
  return {
    deskId: policy.deskId,
    accountId: policy.accountId,
    stageOne,
    ...(await flatten(desk, actor, clock)),
  };
}

function protectionOf(state: DeskState): string[] {
  return Object.keys(state.positions).flatMap((instrument) =>
    workingProtection(state, instrument).map((order) => order.orderId),
  );
}

async function flatten(
  desk: DeskHandle,
  actor: Actor,
  clock: Clock,
): Promise<Pick<DrillReport, 'stageTwo'>> {
  const at = clock.now();
  const positions = Object.keys(desk.state().positions).length;
  await desk.submit({
    kind: 'operator_acted',
    at,
    act: { act: 'flatten', scope: null },
    actor,
    sentAt: at,
    quote: null,
    isConfirmed: true,
  });
  // orders of a closed trade leave the book, so what was seen of them is kept
  const sent: number[] = [];
  const filled: number[] = [];
  const isOver = ({ day, kill, orders }: DeskState): boolean => {
    for (const order of Object.values(orders)) {
      if (order.role !== 'exit' || order.intendedAt < at) continue;
      sent.push(order.submittedAt ?? order.intendedAt);
      if (order.filledQuantity > 0) filled.push(order.updatedAt);
    }
    for (const trade of day?.trades ?? []) if (trade.closedAt >= at) filled.push(trade.closedAt);
    return kill.kind !== 'flattening';
  };
  const hasEndedInTime = await waitFor(desk, clock, isOver, FLAT_WITHIN_MS);
  const { kill } = desk.state();
  return {
    stageTwo: {
      positions,
      firstSaleMs: sent.length === 0 ? null : Math.min(...sent) - at,
      lastFillMs: filled.length === 0 ? null : Math.max(...filled) - at,
      isOver: hasEndedInTime,
      left: kill.kind === 'clear' ? [] : kill.left,
    },
  };
}

/** True once it is so; false when it was not in time. */
async function waitFor(
  desk: DeskHandle,
  clock: Clock,
  isSo: (state: DeskState) => boolean,
  withinMs: number,
): Promise<boolean> {
  const until = clock.now() + withinMs;
  while (!isSo(desk.state())) {
    if (clock.now() >= until) return false;
    await new Promise<void>((resolve) => void clock.at(clock.now() + LOOK_EVERY_MS, resolve));
  }
  return true;
}
