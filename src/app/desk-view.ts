import { axesOf } from '#core/engine/effects-push.ts';
import type { DeskView } from '#core/replies/answer.ts';
import { openRiskMinor } from '#core/risk/review.ts';
import type { DeskHandle } from './desk-handle.ts';

/** The desk as questions and cards see it. */
export function viewOf(desk: DeskHandle, at: number): DeskView {
  const state = desk.state();
  return {
    policy: desk.policy,
    state,
    view: desk.view(),
    axes: axesOf(state, desk.policy, at),
    openRiskMinor: openRiskMinor(state, null),
  };
}
