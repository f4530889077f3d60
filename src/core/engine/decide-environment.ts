import { type Reason, reason } from '#core/gates/reason.ts';
import { hasEnded } from '#core/machines/order.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import type { Policy } from './policy.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { isSweepPending } from './select.ts';
import type { DeskState } from './state.ts';

type Judged = Extract<Input, { kind: 'environment_judged' }>;

/** True when the desk runs on a side of its account that the log has left: it is about to be opened anew. */
export function isLeft(state: DeskState, policy: Pick<Policy, 'environment'>): boolean {
  return state.environment !== undefined && state.environment !== policy.environment;
}

/** True from the open until the day is closed: what raises risk waits for its end. */
function isSessionRunning({ day }: DeskState, at: number): boolean {
  return day !== null && !day.isClosed && at >= day.session.openAt;
}

/**
 * What of the desk itself speaks against leaving the side it is on; null: nothing. A holding or an order
 * would stay behind without anybody who protects it, on either way; a kill or a doubt forbids only what
 * raises risk.
 */
function objection(state: DeskState, to: 'paper' | 'live'): Reason | null {
  const positions = Object.keys(state.positions).length;
  const orders = Object.values(state.orders).filter((order) => !hasEnded(order)).length;
  if (positions + orders > 0) return reason('not_flat', { positions, orders });
  if (state.kill.kind === 'flattening' || isSweepPending(state)) return reason('flatten_running');
  if (to === 'paper') return null;
  if (state.kill.kind !== 'clear')
    return reason('killed', { since: state.kill.at, by: state.kill.by });
  if (state.isKillFilePresent) return reason('kill_file');
  const [doubt] = state.safeMode;
  return doubt === undefined ? null : reason('safe_mode', { causes: doubt.cause });
}

/**
 * A person wants the account on its other side. To live: once more confirmed, on a desk without a doubt,
 * and not within a session. To paper: at once, if nothing is left behind. What is wanted already is
 * taken back by naming the side the desk is on.
 *
 * Source: centaur.md, "One writer" (tightening at once, loosening from the next session); chat.md, `/account`.
 */
export function onAccountAct(
  draft: Draft,
  input: OperatorInput,
  act: Extract<DeskAct, { act: 'account' }>,
): void {
  const { environment: from } = draft.policy;
  const { environment: to } = act;
  const by = input.actor.id;
  const asked = draft.state.environmentAsked ?? null;
  if (isLeft(draft.state, draft.policy)) return refuse(draft, input, reason('already_so'));
  if (to === from) {
    if (asked === null) return refuse(draft, input, reason('already_so', { environment: to }));
    return emit(draft, {
      type: 'environment_dropped',
      to: asked.to,
      by,
      reason: reason('taken_back', { by }),
    });
  }
  if (to === 'live' && !input.isConfirmed)
    return refuse(draft, input, reason('second_confirmation_needed'));
  const why = objection(draft.state, to);
  if (why !== null) return refuse(draft, input, why);
  emit(draft, { type: 'environment_asked', from, to, by });
}

/**
 * The other side was looked at. An objection, or one that has come up at the desk meanwhile, drops the
 * wish; otherwise it is taken, a live one not before the session is over. A desk that enters by itself
 * enters by confirmation on real money until that is confirmed as well.
 */
export function onEnvironmentJudged(draft: Draft, input: Judged): void {
  const { environment: from } = draft.policy;
  const asked = draft.state.environmentAsked ?? null;
  if (asked === null || asked.to !== input.to || isLeft(draft.state, draft.policy)) return;
  const { to, by } = asked;
  const why = input.objections[0] ?? objection(draft.state, to);
  if (why !== null) return emit(draft, { type: 'environment_dropped', to, by, reason: why });
  if (input.cashMinor === null || (to === 'live' && isSessionRunning(draft.state, draft.at)))
    return;
  voidPending(draft, reason('permission_not_given'));
  if (to === 'live' && draft.state.mode === 'auto')
    emit(draft, { type: 'mode_changed', from: 'auto', to: 'semi', by });
  emit(draft, { type: 'environment_changed', from, to, by, cashMinor: input.cashMinor });
}
