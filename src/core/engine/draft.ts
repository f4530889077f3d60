import type { Event } from './event.ts';
import { evolve } from './evolve.ts';
import type { Policy } from './policy.ts';
import type { DeskState } from './state.ts';
import { keepUnderWay } from './under-way.ts';
import type { MarketView } from './view.ts';

type WithoutAt<E> = E extends unknown ? Omit<E, 'at'> : never;

/** An event whose instant is the draft's. */
export type EventBody = WithoutAt<Event>;

/**
 * A decision in the making: events so far and the state they lead to, so that later rules of one
 * step see what earlier ones decided. Lives within one call of `decide`.
 */
export type Draft = {
  state: DeskState;
  readonly events: Event[];
  readonly view: MarketView;
  readonly policy: Policy;
  readonly at: number;
};

export function startDraft(state: DeskState, view: MarketView, policy: Policy, at: number): Draft {
  return { state, events: [], view, policy, at };
}

/** Adds an event and applies it. */
export function emit(draft: Draft, body: EventBody): void {
  const event = { at: draft.at, ...body } as Event;
  draft.events.push(event);
  const before = draft.state;
  draft.state = evolve(before, event);
  keepUnderWay(before, draft.state);
}
