import { reason } from '#core/gates/reason.ts';
import { isExitExhausted, isSessionOpen, startExit } from './decide-orders.ts';
import { raiseAlarm } from './decide-safety.ts';
import { beginSweep } from './decide-sweep.ts';
import { type Draft, emit } from './draft.ts';
import { killLines, killRest, STALL_MS, stalledSince } from './kill-lines.ts';
import { saleEdges, saleEndsAt } from './kill-times.ts';
import type { Policy } from './policy.ts';
import { isSweepPending, openEntries } from './select.ts';
import type { DeskState, Position } from './state.ts';

/** Progress is told at most this often. Source: chat.md, `kill_progress`. */
const TELL_EVERY_MS = 2_000;

/** Begins stage 2, or begins it anew: what was given up is tried again. */
export function startFlatten(
  draft: Draft,
  by: string,
  updateKey?: string,
  isSoldElsewhere = false,
): void {
  const held = Object.values(draft.state.positions).filter((position) => position.quantity > 0);
  const legs = held.map(({ instrument, quantity }) => ({ instrument, quantity }));
  const key = updateKey === undefined ? {} : { updateKey };
  emit(draft, { type: 'flatten_started', by, legs, ...key });
  for (const position of held) startExit(draft, position, 'kill', by, position.quantity, true);
  if (isSoldElsewhere) return holdBack(draft, held);
  if (isSessionOpen(draft)) beginSweep(draft);
}

/** What is held may be sold already: book and broker are compared first. */
function holdBack(draft: Draft, held: readonly Position[]): void {
  const legs = held.map(({ instrument, quantity }) => ({
    instrument,
    problem: reason('position_mismatch', { ours: quantity, theirs: 'closed elsewhere' }),
  }));
  emit(draft, { type: 'sweep_answered', legs });
}

/** While a flatten runs every position leaves, also one that an entry in flight opened after it began. */
export function flattenAll(draft: Draft): void {
  const { kill } = draft.state;
  if (kill.kind !== 'flattening') return;
  for (const position of Object.values(draft.state.positions))
    startExit(draft, position, 'kill', kill.by, position.quantity);
}

/**
 * Ends a flatten: flat when nothing is held and no entry can fill any more; incomplete when nothing that
 * is left can be sold now, or the session is over. An incomplete one is tried again in the next session
 * and is flat after all once the rest has gone.
 */
export function advanceKill(draft: Draft): void {
  const { kill } = draft.state;
  if (kill.kind !== 'flattening' && kill.kind !== 'incomplete') return;
  const held = Object.values(draft.state.positions).filter((position) => position.quantity > 0);
  const isPending = isSweepPending(draft.state);
  if (held.length === 0 && openEntries(draft.state).length === 0 && !isPending)
    return emit(draft, { type: 'flatten_ended', isFlat: true, left: [] });
  if (kill.kind === 'incomplete') return;
  const isOver = draft.at >= saleEndsAt(draft.state, draft.policy);
  const isStuck =
    !isPending &&
    held.length > 0 &&
    held.every((position) => killRest(draft.state, draft.policy, position, draft.at) !== null);
  if (!isOver && !isStuck) return tellProgress(draft);
  const left = held.map((position) => {
    const { instrument, quantity } = position;
    const why = killRest(draft.state, draft.policy, position, draft.at);
    return { instrument, quantity, reason: why ?? reason('session_closed') };
  });
  emit(draft, { type: 'flatten_ended', isFlat: false, left });
  raiseAlarm(draft, 'kill_incomplete', draft.policy.deskId, { left: left.length });
}

function tellProgress(draft: Draft): void {
  const { kill } = draft.state;
  if (kill.kind !== 'flattening') return;
  const lines = killLines(draft.state, draft.at);
  if (JSON.stringify(lines) === kill.told?.lines) return;
  if (draft.at < (kill.told?.at ?? kill.at) + TELL_EVERY_MS) return;
  emit(draft, { type: 'kill_progressed', lines });
}

/** Instants at which time alone moves stage 2, or any exit, on. */
export function flattenDeadlines(state: DeskState, policy: Policy, after: number): number[] {
  const { kill } = state;
  const isLeaving = Object.values(state.positions).some((position) => position.exiting !== null);
  const due = isLeaving || kill.kind !== 'clear' ? saleEdges(state, policy) : [];
  if (kill.kind !== 'flattening') return due;
  const isNews = JSON.stringify(killLines(state, after)) !== kill.told?.lines;
  if (isNews) due.push((kill.told?.at ?? kill.at) + TELL_EVERY_MS);
  for (const position of Object.values(state.positions)) {
    const since = stalledSince(state, policy, position);
    if (since !== null && !isExitExhausted(state, position)) due.push(since + STALL_MS);
  }
  return due;
}
