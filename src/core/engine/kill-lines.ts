import { type Reason, reason } from '#core/gates/reason.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { canSubmitCn } from '#core/market/phases-cn.ts';
import { isExitExhausted } from './decide-orders.ts';
import type { KillLine } from './message.ts';
import type { Policy } from './policy.ts';
import { isHeldBack, isSweepPending, workingExits } from './select.ts';
import type { DeskState, Position } from './state.ts';
import type { KillLeg } from './state-kill.ts';

/** An exit that works this long without a fill counts as not sold for now; it goes on working. */
export const STALL_MS = 60_000;

/** Since when the exits of a position work without a fill; null while none does, or a person executes them. */
export function stalledSince(state: DeskState, policy: Policy, position: Position): number | null {
  if (policy.execution.isPerson) return null;
  const working = workingExits(state, position.instrument);
  const isHeard = working.every(
    (order) => order.state === 'accepted' || order.state === 'partially_filled',
  );
  if (working.length === 0 || !isHeard) return null;
  return Math.max(...working.map((order) => order.updatedAt));
}

/** Why a position cannot be sold for now; null while it is being sold. */
export function killRest(
  state: DeskState,
  policy: Policy,
  position: Position,
  at: number,
): Reason | null {
  const leg = legOf(state, position.instrument);
  if (isExitExhausted(state, position)) return leg?.problem ?? reason('order_failed');
  const waitsFor = position.exiting?.waitsFor ?? null;
  if (waitsFor !== null && workingExits(state, position.instrument).length === 0)
    return reason(waitsFor);
  if (!isSweepPending(state) && isHeldBack(state, position)) return reason('position_mismatch');
  const since = stalledSince(state, policy, position);
  return since !== null && at >= since + STALL_MS
    ? reason('exit_not_filled', { sinceAt: since })
    : null;
}

function legOf(state: DeskState, instrument: string): KillLeg | null {
  if (state.kill.kind === 'clear') return null;
  return state.kill.legs.find((leg) => leg.instrument === instrument) ?? null;
}

/** How far stage 2 is, symbol by symbol in the order in which it began. */
export function killLines(state: DeskState, at: number): readonly KillLine[] {
  if (state.kill.kind === 'clear') return [];
  return state.kill.legs.map((leg) => {
    const { instrument, quantity } = leg;
    const position = state.positions[instrument];
    const left = Math.max(0, position?.quantity ?? 0);
    if (position === undefined || left === 0)
      return { instrument, quantity, left: 0, state: 'sold', reason: null };
    return { instrument, quantity, left, ...standOf(state, leg, position, at) };
  });
}

function standOf(
  state: DeskState,
  leg: KillLeg,
  position: Position,
  at: number,
): Pick<KillLine, 'state' | 'reason'> {
  const { sweep } = state.kill.kind === 'clear' ? { sweep: null } : state.kill;
  const working = workingExits(state, position.instrument);
  const isAsked = sweep?.state === 'in_doubt' || working.some((order) => order.state === 'unknown');
  if (isAsked) return { state: 'asking', reason: null };
  if (working.length > 0 || sweep?.state === 'asked') return { state: 'selling', reason: null };
  if (isExitExhausted(state, position))
    return { state: 'failed', reason: leg.problem ?? reason('order_failed') };
  if (isHeldBack(state, position)) return { state: 'asking', reason: leg.problem };
  const waitsFor = position.exiting?.waitsFor ?? null;
  if (waitsFor !== null) return { state: 'waits', reason: reason(waitsFor) };
  const shut = shutFor(state, position.instrument, at);
  if (shut !== null) return { state: 'waits', reason: shut };
  return { state: 'canceling', reason: leg.problem };
}

/** Why the market takes no order now; null while it does. */
function shutFor(state: DeskState, instrument: InstrumentId, at: number): Reason | null {
  const session = state.day?.session;
  if (session === undefined) return reason('session_closed');
  const board = session.market === 'CN' ? boardOfCn(instrument) : null;
  if (board !== null) {
    const window = canSubmitCn(session, board, at);
    if (window.kind === 'open') return null;
    return reason(window.opensAt === null ? 'session_closed' : 'order_window_shut');
  }
  return at >= session.openAt && at < session.closeAt ? null : reason('session_closed');
}
