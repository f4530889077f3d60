import { hasEnded } from '#core/machines/order.ts';
import { isRunning } from '#core/machines/rotation.ts';
import type { Event } from './event.ts';
import { keyOfBlackout } from './event-ahead.ts';
import { evolveAccount } from './evolve-account.ts';
import { withCover } from './evolve-cover.ts';
import { evolveExDate } from './evolve-ex-date.ts';
import { evolveKill, heard } from './evolve-kill.ts';
import { evolveOrder } from './evolve-order.ts';
import { evolvePosition } from './evolve-position.ts';
import { evolvePulse } from './evolve-pulse.ts';
import { evolveRotation } from './evolve-rotation.ts';
import { evolveTicket } from './evolve-ticket.ts';
import { freshSymbol } from './initial-state.ts';
import type { DayState, DeskState, SymbolState } from './state.ts';
import { withSymbolOf } from './under-way.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/**
 * Returns the state after one event. Total: every event of the vocabulary is handled, an event that
 * names something unknown changes nothing. Pure; the fold of all events of a stream is the state.
 */
export function evolve(state: DeskState, event: Event): DeskState {
  const afterDay = evolveDay(evolveExDate(evolvePulse(state, event), event), event);
  const afterTicket = evolveTicket(evolveRotation(afterDay, event), event);
  // position and account look at the order before this event to know what is new
  const afterPosition = evolvePosition(afterTicket, event);
  return withCover(evolveOrder(evolveAccount(afterPosition, event), event), event);
}

/** Returns the fold of events over a state, oldest first. */
export function evolveAll(state: DeskState, events: readonly Event[]): DeskState {
  return events.reduce(evolve, state);
}

function withSymbol(state: DeskState, instrument: string, change: Partial<SymbolState>): DeskState {
  const symbol = state.symbols[instrument];
  if (symbol === undefined) return state;
  return withSymbolOf(state, { ...symbol, ...change });
}

function withHalt(state: DeskState, event: Of<'halt_changed'>): DeskState {
  const { at, cause, instrument, isHalted } = event;
  const since = state.symbols[instrument]?.halt?.since ?? at;
  return withSymbol(state, instrument, {
    halt: isHalted ? { since: at, resumedAt: null, cause } : { since, resumedAt: at, cause },
  });
}

function withDay(state: DeskState, change: (day: DayState) => Partial<DayState>): DeskState {
  return state.day === null ? state : { ...state, day: { ...state.day, ...change(state.day) } };
}

function planned(state: DeskState, event: Of<'session_planned'>): DeskState {
  // an ended order stays while its ticket lives: order ids count on from it
  const needed = new Set([
    ...Object.values(state.orders)
      .filter((order) => !hasEnded(order))
      .map((order) => order.ticketId),
    ...Object.values(state.positions).map((position) => position.ticketId),
  ]);
  const orders = Object.fromEntries(
    Object.entries(state.orders).filter(([, order]) => needed.has(order.ticketId)),
  );
  const symbols = Object.fromEntries(
    event.facts.map((facts) => [facts.instrument, freshSymbol(facts.instrument, facts)]),
  );
  return {
    ...state,
    consent: { kind: 'not_given' },
    locks: state.locks.filter((lock) => lock.untilAt > event.at),
    day: {
      tradingDay: event.session.tradingDay,
      session: event.session,
      blackouts: event.blackouts,
      ...(event.upcoming === undefined ? {} : { upcoming: event.upcoming }),
      ...(event.edge === undefined ? {} : { edge: event.edge }),
      trades: [],
      tradesStarted: 0,
      consecutiveLosses: 0,
      realizedMinor: 0,
      fillsBeyondEstimate: 0,
      feesMinor: 0,
      riskBudgetMinor: event.unitRMinor,
      unitRMinor: event.unitRMinor,
      ticketsOpened: 0,
      ticketsConfirmed: 0,
      setupsRefused: [],
      setupsSeen: 0,
      isClosed: false,
      verdict: null,
    },
    symbols,
    tickets: Object.fromEntries(Object.entries(state.tickets).filter(([id]) => needed.has(id))),
    orders,
    rotation: isRunning(state.rotation) ? state.rotation : null,
    recentCodes: state.recentCodes.filter((known) => known.createdAt > event.at - 7 * 86_400_000),
  };
}

/** A start asks a person anew: what they said lived with the process. Where a broker is asked nobody is. */
function withAttestation(
  state: DeskState,
  event: { readonly at: number; readonly isByHand?: true },
): DeskState {
  if (event.isByHand === true) return { ...state, attestation: null, attestAskedAt: event.at };
  const { attestation: _, ...rest } = state;
  return rest;
}

function evolveDay(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'desk_opened':
      return {
        ...withAttestation(state, event),
        deskId: event.deskId,
        mode: event.mode,
        cashMinor: event.cashMinor,
      };
    case 'desk_recovered':
      return { ...withAttestation(state, event), isReconciled: false };
    case 'session_planned':
      return planned(state, event);
    case 'phase_changed':
      return withSymbol(state, event.instrument, { phase: event.to });
    case 'event_ahead':
      return withDay(state, ({ announced = [] }) => ({
        announced: [...announced, keyOfBlackout(event.blackout)],
      }));
    case 'symbol_data_changed':
      return withSymbol(state, event.instrument, { staleSince: event.isStale ? event.at : null });
    case 'halt_changed':
      return withHalt(state, event);
    case 'day_type_changed':
      return withSymbol(state, event.instrument, { dayType: event.to, regime: event.regime });
    case 'setup_refused':
      return withDay(state, (day) => ({
        setupsSeen: day.setupsSeen + 1,
        setupsRefused: [...day.setupsRefused, event.setup].slice(-200),
      }));
    case 'verdict_declared':
      return withDay({ ...state, lastVerdict: event.verdict }, () => ({ verdict: event.verdict }));
    case 'day_closed':
      return withDay({ ...state, consent: { kind: 'ended', at: event.at } }, () => ({
        isClosed: true,
      }));
    case 'trade_closed':
      return withSymbol(state, event.trade.instrument, { cooldownUntil: event.cooldownUntil });
    case 'ticket_skipped':
    case 'ticket_expired': {
      const instrument = state.tickets[event.ticketId]?.instrument;
      return instrument === undefined
        ? state
        : withSymbol(state, instrument, { quietUntil: event.quietUntil });
    }
    default:
      return evolveAuthority(state, event);
  }
}

function evolveAuthority(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'reach_lost':
      return { ...state, unreachedSince: event.since };
    case 'reach_restored':
      return { ...state, unreachedSince: null };
    case 'operator_gone': {
      const { at, since, subject, why } = event;
      return { ...state, deadMan: { at, since, subject, why } };
    }
    case 'consent_given':
      return {
        ...state,
        deadMan: null,
        consent: {
          kind: 'allowed',
          by: event.by,
          at: event.at,
          untilAt: event.untilAt,
          heldUntilAt: event.heldUntilAt,
        },
      };
    case 'consent_withdrawn':
      return {
        ...heard(state, event.updateKey),
        consent: { kind: 'stopped', by: event.by, at: event.at, reason: event.reason },
      };
    case 'consent_ended':
      return { ...state, consent: { kind: 'ended', at: event.at } };
    case 'mode_changed':
      return event.to === 'alert'
        ? { ...state, mode: event.to, edgeOverride: null }
        : { ...state, mode: event.to };
    case 'edge_overridden':
      return { ...state, edgeOverride: { edgeId: event.edgeId, by: event.by, at: event.at } };
    case 'lock_set':
      return {
        ...state,
        locks: [...state.locks.filter((lock) => lock.id !== event.lock.id), event.lock],
      };
    case 'lock_released':
      return { ...state, locks: state.locks.filter((lock) => lock.id !== event.lockId) };
    case 'act_refused':
      return {
        ...state,
        lastRefusal: { at: event.at, act: event.act, by: event.by, reason: event.reason },
      };
    default:
      return evolveSafety(state, event);
  }
}

function evolveSafety(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'safe_mode_entered': {
      const others = state.safeMode.filter(
        (entry) => !(entry.cause === event.cause && entry.subject === event.subject),
      );
      const entry = {
        cause: event.cause,
        subject: event.subject,
        since: event.at,
        figures: event.figures,
        isGone: false,
      };
      return { ...state, safeMode: [...others, entry] };
    }
    case 'safe_mode_cause_passed':
      return {
        ...state,
        safeMode: state.safeMode.map((entry) =>
          entry.cause === event.cause && entry.subject === event.subject
            ? { ...entry, isGone: true }
            : entry,
        ),
      };
    case 'safe_mode_left':
      return { ...state, safeMode: [] };
    case 'alarm_raised':
      return {
        ...state,
        alarms: [...state.alarms.filter((alarm) => alarm.id !== event.alarm.id), event.alarm],
      };
    case 'alarm_repeated':
      return {
        ...state,
        alarms: state.alarms.map((alarm) =>
          alarm.id === event.alarmId
            ? { ...alarm, repeats: event.repeats, nextAt: event.nextAt }
            : alarm,
        ),
      };
    case 'alarm_seen':
      return { ...state, alarms: state.alarms.filter((alarm) => alarm.id !== event.alarmId) };
    case 'alarm_settled':
      return {
        ...state,
        alarms: state.alarms.map((alarm) =>
          alarm.id === event.alarmId ? { ...alarm, settledAt: event.at } : alarm,
        ),
      };
    default:
      return evolveKill(state, event);
  }
}
