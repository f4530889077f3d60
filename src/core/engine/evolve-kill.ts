import { type Reason, reason } from '#core/gates/reason.ts';
import { hasEnded } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Event } from './event.ts';
import type { DeskState } from './state.ts';
import type { Kill, KillLeg } from './state-kill.ts';

type Engaged = Exclude<Kill, { kind: 'clear' }>;

/** Applies what an event means for the kill: a latch that only a person opens. */
export function evolveKill(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'kill_engaged':
      return engaged(state, event);
    case 'flatten_started':
      return withKill(heard(state, event.updateKey), (kill) => ({
        kind: 'flattening',
        at: event.at,
        saidAt: event.at,
        by: event.by,
        flattenBy: event.by,
        left: [],
        legs: event.legs.map((leg) => ({ ...leg, problem: null })),
        // a request under way is still waited for
        sweep: kill.sweep?.state === 'answered' ? null : kill.sweep,
        told: null,
      }));
    case 'flatten_ended':
      return withKill(state, () => ({
        kind: event.isFlat ? 'flat' : 'incomplete',
        left: event.left,
      }));
    case 'kill_progressed':
      return withKill(state, () => ({
        told: { at: event.at, lines: JSON.stringify(event.lines) },
      }));
    case 'kill_resumed':
      // what was allowed before the kill is not allowed again by lifting it, and a STOP said meanwhile stands
      return {
        ...state,
        kill: { kind: 'clear' },
        isKillFilePresent: false,
        ...(event.upTo === undefined ? {} : { resumedUpTo: event.upTo }),
        consent: state.consent.kind === 'stopped' ? state.consent : { kind: 'not_given' },
      };
    case 'kill_file_noticed':
      return {
        ...(event.isPresent ? withKill(state, (kill) => laterSaid(kill, event)) : state),
        isKillFilePresent: event.isPresent,
      };
    default:
      return evolveLegs(state, event);
  }
}

function engaged(state: DeskState, event: Extract<Event, { type: 'kill_engaged' }>): DeskState {
  const { at, by, scope } = event;
  const known = heard(state, event.updateKey);
  // a latch: said again it repeats the cancels and takes nothing back
  if (state.kill.kind !== 'clear')
    return withKill(known, (kill) => ({
      saidAt: at,
      // one of the whole account is not narrowed again by one of the desk
      scope: scope === 'all' ? scope : kill.scope,
    }));
  const empty = { flattenBy: null, left: [], legs: [], sweep: null, told: null };
  return { ...known, kill: { kind: 'halted', by, scope, at, saidAt: at, ...empty } };
}

/** A resume that was asked for before the kill was said last does not open the latch. */
function laterSaid(
  kill: Engaged,
  event: Extract<Event, { type: 'kill_file_noticed' }>,
): Pick<Engaged, 'saidAt'> {
  return { saidAt: Math.max(kill.saidAt, event.saidAt ?? event.at) };
}

function withKill(state: DeskState, change: (kill: Engaged) => Partial<Engaged>): DeskState {
  const { kill } = state;
  return kill.kind === 'clear' ? state : { ...state, kill: { ...kill, ...change(kill) } };
}

/** What became of the one request, and of the orders that sell. */
function evolveLegs(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'sweep_asked':
      return withKill(state, () => ({ sweep: { way: event.way, state: 'asked', at: event.at } }));
    case 'sweep_became_doubtful':
      return withKill(state, ({ sweep }) => ({
        sweep: sweep === null ? null : { ...sweep, state: 'in_doubt' },
      }));
    case 'sweep_answered':
      return withKill(state, ({ legs, sweep }) => ({
        sweep: sweep === null ? null : { ...sweep, state: 'answered' },
        legs: legs.map((leg) => {
          const answer = event.legs.find((one) => one.instrument === leg.instrument);
          return answer === undefined ? leg : { ...leg, problem: answer.problem };
        }),
      }));
    case 'reconciled':
      return event.isClean ? agreed(state) : state;
    case 'exit_started':
      // an entry in flight may have opened it after stage 2 began
      return event.reason !== 'kill'
        ? state
        : withKill(state, ({ legs }) => ({
            legs: legs.some((leg) => leg.instrument === event.instrument)
              ? legs
              : [
                  ...legs,
                  { instrument: event.instrument, quantity: event.quantity, problem: null },
                ],
          }));
    case 'order_denied':
      return failed(state, event.orderId, event.reason);
    case 'order_rejected':
      return failed(state, event.orderId, reason('order_failed', words(event.reason)));
    case 'order_canceled':
      return failed(state, event.orderId, reason('order_failed', words(event.reason)));
    case 'order_expired':
    case 'order_never_arrived':
      return failed(state, event.orderId, reason('order_failed', { cause: event.type.slice(6) }));
    default:
      return state;
  }
}

/** Book and broker agree: what the broker did not name may be sold by the desk. */
function agreed(state: DeskState): DeskState {
  return withKill(state, ({ legs }) => ({
    legs: legs.map((leg) =>
      leg.problem?.code === 'position_mismatch' ? { ...leg, problem: null } : leg,
    ),
  }));
}

function words(said: string | null): { readonly words: string } | Record<string, never> {
  return said === null ? {} : { words: said.slice(0, 120) };
}

/** An exit that ended without a fill is the problem of its leg. */
function failed(state: DeskState, orderId: string, problem: Reason): DeskState {
  const order = state.orders[orderId];
  if (order?.role !== 'exit' || hasEnded(order)) return state;
  return withKill(state, ({ legs }) => ({ legs: withProblem(legs, order.instrument, problem) }));
}

function withProblem(
  legs: readonly KillLeg[],
  instrument: InstrumentId,
  problem: Reason,
): readonly KillLeg[] {
  return legs.map((leg) => {
    // what may be closed already stays held back whatever became of an earlier order
    const isMeant = leg.instrument === instrument && leg.problem?.code !== 'position_mismatch';
    return isMeant ? { ...leg, problem } : leg;
  });
}

/** Most messages kept. A channel gives a message again within a day, and nobody says so many kills in one. */
const MOST_HEARD = 200;

/** Notes that a message took effect; left out where it came from no channel. */
export function heard(state: DeskState, updateKey: string | undefined): DeskState {
  if (updateKey === undefined || state.heard.includes(updateKey)) return state;
  return { ...state, heard: [...state.heard, updateKey].slice(-MOST_HEARD) };
}
