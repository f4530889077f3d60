import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { DeskState } from '#core/engine/state.ts';
import { type OthersBook, otherDeskOf } from '#core/risk/person-book.ts';

type Known = {
  readonly policy: Policy;
  readonly state: () => DeskState;
  /** False until its log is folded. */
  isFolded: boolean;
  /** What it will be once the step under way is stored: others may not decide on what it was. */
  foreseen: DeskState | null;
};

/** The desks of one person in one process, each as the others see it. */
export type PersonDesks = {
  /** A desk of a name takes the place of an earlier one. */
  join(policy: Policy, state: () => DeskState): void;
  noteFolded(deskId: string): void;
  /** The state a decided step leads to; null: it is stored, or it failed. */
  foresee(deskId: string, state: DeskState | null): void;
  /** The input with the other desks as they stand now, where an entry may follow from it. */
  withOthers(deskId: string, input: Input): Input;
};

/** True for inputs that may lead to an entry: answers of people, signals, buy points, and a switch that goes on. */
function mayEnter(input: Input, state: DeskState): boolean {
  switch (input.kind) {
    case 'operator_acted':
      return ['confirm', 'half', 'switch'].includes(input.act.act);
    case 'bar_evaluated':
      return input.evaluation.signal !== null || isSwitching(state);
    case 'minute_watched':
      return input.record.entries.length > 0 || isSwitching(state);
    default:
      return isSwitching(state);
  }
}

function isSwitching({ rotation }: DeskState): boolean {
  return rotation !== undefined && rotation !== null;
}

/** Keeps the desks of one person; one process, so that nothing happens between looking and deciding. */
export function createPersonDesks(): PersonDesks {
  const desks = new Map<string, Known>();
  const othersOf = (deskId: string, at: number): OthersBook => ({
    at,
    desks: [...desks.values()]
      .filter(({ policy }) => policy.deskId !== deskId)
      .map(({ policy, state, foreseen, isFolded }) =>
        otherDeskOf(foreseen ?? state(), policy, isFolded),
      ),
  });
  return {
    join(policy, state) {
      desks.set(policy.deskId, { policy, state, isFolded: false, foreseen: null });
    },
    noteFolded(deskId) {
      const known = desks.get(deskId);
      if (known !== undefined) known.isFolded = true;
    },
    foresee(deskId, state) {
      const known = desks.get(deskId);
      if (known !== undefined) known.foreseen = state;
    },
    withOthers(deskId, input) {
      const known = desks.get(deskId);
      const isAlone = known === undefined || desks.size < 2 || known.policy.person == null;
      if (isAlone || !mayEnter(input, known.state())) return input;
      return { ...input, others: othersOf(deskId, input.at) };
    },
  };
}

/** Lets the person's other desks see what a step leads to until it is stored or has failed. */
export async function foreseen<T>(
  person: PersonDesks | undefined,
  deskId: string,
  state: DeskState,
  events: readonly Event[],
  work: () => Promise<T>,
): Promise<T> {
  if (person === undefined || events.length === 0) return await work();
  person.foresee(deskId, evolveAll(state, events));
  try {
    return await work();
  } finally {
    person.foresee(deskId, null);
  }
}
