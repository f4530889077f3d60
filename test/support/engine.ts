import { decide } from '#core/engine/decide.ts';
import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { EMPTY_VIEW, type MarketView, observe } from '#core/engine/view.ts';
import { policyOf } from './builders.ts';

/** A desk as a fold: what it is, what it has seen, what it decided so far. */
export type Desk = {
  readonly policy: Policy;
  readonly state: DeskState;
  readonly view: MarketView;
  readonly events: readonly Event[];
};

export function newDesk(policy: Policy = policyOf()): Desk {
  return { policy, state: initialState(policy), view: EMPTY_VIEW, events: [] };
}

/** The desk after one input, and what it decided on it. */
export function step(desk: Desk, input: Input): { desk: Desk; events: readonly Event[] } {
  const view = observe(desk.view, input);
  const events = decide(desk.state, view, input, desk.policy);
  const state = evolveAll(desk.state, events);
  return { desk: { ...desk, state, view, events: [...desk.events, ...events] }, events };
}

export function run(desk: Desk, inputs: readonly Input[]): Desk {
  return inputs.reduce((before, input) => step(before, input).desk, desk);
}

/** A new desk after these inputs. */
export function deskAfter(inputs: readonly Input[], policy: Policy = policyOf()): Desk {
  return run(newDesk(policy), inputs);
}
