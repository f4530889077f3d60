/**
 * Keeps a source that fails from being asked again and again. `closed`: it is asked, with the
 * failures in a row so far. `open`: it is left alone until `untilAt`. `half_open`: one trial is
 * under way since `trialAt`, nobody else asks. Instants are epoch milliseconds.
 */
export type BreakerState =
  | { readonly kind: 'closed'; readonly failures: number }
  | {
      readonly kind: 'open';
      readonly untilAt: number;
      /** Openings in a row without a success between them, from 1. */
      readonly openings: number;
      /** Code of the failure that opened it. */
      readonly cause: string;
    }
  | {
      readonly kind: 'half_open';
      readonly trialAt: number;
      readonly openings: number;
      readonly cause: string;
    };

export type BreakerParams = {
  /** Failures in a row that open a closed breaker. */
  readonly failures: number;
  /** How long it stays open the first time; doubled at each opening in a row. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** A trial without an outcome for this long is taken for lost, and another one may begin. */
  readonly trialMs: number;
};

/** A breaker that has seen nothing yet. */
export const CLOSED_BREAKER: BreakerState = { kind: 'closed', failures: 0 };

/** Whether the source may be asked at `at`, and the state that follows from asking. */
export type BreakerPermit =
  | { readonly kind: 'ask'; readonly state: BreakerState }
  | { readonly kind: 'refuse'; readonly untilAt: number; readonly cause: string };

/** Asks for leave. Exactly one caller gets the trial of a breaker whose time is over. */
export function askBreaker(state: BreakerState, at: number, params: BreakerParams): BreakerPermit {
  if (state.kind === 'closed') return { kind: 'ask', state };
  const { openings, cause } = state;
  const freeAt = state.kind === 'open' ? state.untilAt : state.trialAt + params.trialMs;
  if (at < freeAt) return { kind: 'refuse', untilAt: freeAt, cause };
  return { kind: 'ask', state: { kind: 'half_open', trialAt: at, openings, cause } };
}

/** The source answered: closed, whatever was before. */
export function breakerSucceeded(): BreakerState {
  return CLOSED_BREAKER;
}

function openedAt(
  at: number,
  openings: number,
  cause: string,
  params: BreakerParams,
): BreakerState {
  const lengthMs = Math.min(params.maxOpenMs, params.openMs * 2 ** (openings - 1));
  return { kind: 'open', untilAt: at + lengthMs, openings, cause };
}

/**
 * The source failed with `cause`. A failed trial opens again for twice as long. A failure of a call
 * that began before the breaker opened changes nothing.
 */
export function breakerFailed(
  state: BreakerState,
  at: number,
  cause: string,
  params: BreakerParams,
): BreakerState {
  if (state.kind === 'open') return state;
  if (state.kind === 'half_open') return openedAt(at, state.openings + 1, cause, params);
  const failures = state.failures + 1;
  if (failures < params.failures) return { kind: 'closed', failures };
  return openedAt(at, 1, cause, params);
}

/**
 * The source said itself when it may be asked again (a rate limit, a used-up day): open until then,
 * at once and whatever the count. A later end that is already known stays.
 */
export function breakerHeld(state: BreakerState, untilAt: number, cause: string): BreakerState {
  if (state.kind === 'open' && state.untilAt >= untilAt) return state;
  const openings = state.kind === 'closed' ? 1 : state.openings;
  return { kind: 'open', untilAt, openings, cause };
}

/** The asker gave up, which says nothing of the source: a trial is given back, at once. */
export function breakerReleased(state: BreakerState): BreakerState {
  if (state.kind !== 'half_open') return state;
  return { kind: 'open', untilAt: state.trialAt, openings: state.openings, cause: state.cause };
}
