import { decide } from '#core/engine/decide.ts';
import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { EMPTY_VIEW, type MarketView, observe } from '#core/engine/view.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { fromStored, toStored } from './event-form.ts';
import type { NewEvent, RecordedInput, StoredEvent } from './ports.ts';

export type ReplayFacts = {
  readonly policy: Policy;
  /** The whole log and every recorded input of one desk, oldest first. */
  readonly events: readonly StoredEvent[];
  readonly inputs: readonly RecordedInput[];
  /** Trading day of an instant. */
  readonly dayOf: (at: number) => TradingDay;
  readonly from: TradingDay;
  readonly to: TradingDay;
  /** The decision under test; left out, the desk's own. */
  readonly decide?: typeof decide;
};

/** What deciding a recorded day again came to. */
export type ReplayedDay = {
  readonly day: TradingDay;
  readonly inputs: number;
  readonly events: number;
  /** Events of which no input was recorded: a crash lost what was not written yet. */
  readonly unrecorded: number;
  /** Inputs that are answered by other events now, and the first of them. */
  readonly different: number;
  readonly first: ReplayDifference | null;
  readonly isIdentical: boolean;
  /** The evaluations that held a signal, as the desk was told them. */
  readonly signals: readonly string[];
};

export type ReplayDifference = {
  readonly at: number;
  readonly input: string;
  readonly stored: string;
  readonly decided: string;
};

const formOf = (event: NewEvent): string => canonicalJson({ type: event.type, data: event.data });

/** Position of the input that an event followed from, which its causation ends with; 0: none. */
function ordinalOf({ causationId }: StoredEvent): number {
  const text = causationId?.slice(causationId.lastIndexOf(':') + 1) ?? '';
  return /^\d+$/.test(text) ? Number(text) : 0;
}

/** A signal as text: the same in a recorded input and in a backtest. */
export function signalText(input: {
  readonly evaluation: Extract<Input, { kind: 'bar_evaluated' }>['evaluation'];
}): string | null {
  const { signal, instrument, asOf } = input.evaluation;
  return signal === null ? null : canonicalJson({ instrument, asOf, signal });
}

type Tally = {
  inputs: number;
  events: number;
  unrecorded: number;
  different: number;
  first: ReplayDifference | null;
  readonly signals: string[];
};

type Walk = { state: DeskState; view: MarketView };

function stepOver(
  facts: ReplayFacts,
  walk: Walk,
  input: Input,
  stored: readonly StoredEvent[],
  tally: Tally | null,
): void {
  // a process that starts has seen nothing of the market yet
  if (input.kind === 'desk_started') walk.view = EMPTY_VIEW;
  walk.view = observe(walk.view, input);
  if (tally !== null) {
    const decideNow = facts.decide ?? decide;
    const decided = decideNow(walk.state, walk.view, input, facts.policy).map(toStored);
    const [was, is] = [stored.map(formOf), decided.map(formOf)];
    tally.inputs += 1;
    tally.events += stored.length;
    const place = is.findIndex((text, n) => text !== was[n]);
    if (place >= 0 || was.length !== is.length) {
      tally.different += 1;
      const n = place >= 0 ? place : is.length;
      tally.first ??= {
        ...{ at: input.at, input: input.kind },
        ...{ stored: was[n] ?? 'nothing', decided: is[n] ?? 'nothing' },
      };
    }
    const signal = input.kind === 'bar_evaluated' ? signalText(input) : null;
    if (signal !== null) tally.signals.push(signal);
  }
  for (const event of stored) walk.state = evolve(walk.state, fromStored(event));
}

/**
 * Decides every recorded input of some days again, on the state that the log had and the view that the
 * inputs made, and compares the events byte for byte. The walk goes on with the stored events, so one
 * difference does not make all that follows differ.
 */
export function replayDays(facts: ReplayFacts): ReplayedDay[] {
  const { events, inputs, dayOf, from, to, policy } = facts;
  const byInput = new Map<number, StoredEvent[]>();
  for (const event of events) {
    const ordinal = ordinalOf(event);
    const known = byInput.get(ordinal);
    if (known === undefined) byInput.set(ordinal, [event]);
    else known.push(event);
  }
  const tallies = new Map<TradingDay, Tally>();
  const tallyOf = (at: number): Tally | null => {
    const day = dayOf(at);
    if (day < from || day > to) return null;
    const known = tallies.get(day);
    if (known !== undefined) return known;
    const made = { inputs: 0, events: 0, unrecorded: 0, different: 0, first: null, signals: [] };
    tallies.set(day, made);
    return made;
  };
  const walk: Walk = { state: initialState(policy), view: EMPTY_VIEW };
  let next = 1;
  for (const recorded of inputs) {
    for (; next < recorded.ordinal; next += 1) fold(walk, byInput.get(next) ?? [], tallyOf);
    next = recorded.ordinal + 1;
    const { input } = recorded.data as { readonly input: Input };
    stepOver(facts, walk, input, byInput.get(recorded.ordinal) ?? [], tallyOf(input.at));
  }
  const last = inputs.at(-1)?.ordinal ?? 0;
  for (const [ordinal, left] of byInput)
    if (ordinal === 0 || ordinal > last) fold(walk, left, tallyOf);
  return [...tallies].map(([day, tally]) => ({
    day,
    ...tally,
    isIdentical: tally.different === 0 && tally.unrecorded === 0,
  }));
}

/** Takes in events of which no input was recorded. */
function fold(
  walk: Walk,
  events: readonly StoredEvent[],
  tallyOf: (at: number) => Tally | null,
): void {
  for (const event of events) {
    walk.state = evolve(walk.state, fromStored(event));
    const tally = tallyOf(event.occurredAt);
    if (tally !== null) tally.unrecorded += 1;
  }
}
