import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { NO_SLIPPAGE } from '#core/portfolio/slippage.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { Event } from './event.ts';
import { CALIBRATION_DAYS, gateNoteOf } from './gate-history.ts';
import { freshSymbol } from './initial-state.ts';
import { type HeldMark, INITIAL_PULSE, type PulseState, type RankedName } from './pulse-state.ts';
import type { DeskState, Position, SymbolFacts, SymbolState } from './state.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

/** Gates kept: the days of the calibration with two checkpoints each, and some. */
const GATES_KEPT = 2 * CALIBRATION_DAYS + 20;

const NO_MARK: HeldMark = {
  peakPrice: 0,
  sector: null,
  sectorOutBefore: 0,
  sectorOutDays: null,
  strength: null,
};

function marked(state: DeskState, event: Of<'equity_marked'>): DeskState {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const name = event.tradingDay.slice(0, 7);
  const isNewMonth = pulse.month?.name !== name;
  const isAsleep = pulse.stance.stance === 'dormant' && pulse.sleptOn !== event.tradingDay;
  const held = Object.entries(pulse.held)
    .filter(([instrument]) => state.positions[instrument] !== undefined)
    .map(([instrument, mark]) => [
      instrument,
      { ...mark, sectorOutBefore: mark.sectorOutDays ?? mark.sectorOutBefore, sectorOutDays: null },
    ]);
  return {
    ...state,
    pulse: {
      ...pulse,
      topBefore: pulse.topSectors,
      topSectors: null,
      daysAsleep: isAsleep ? [...pulse.daysAsleep, event.tradingDay] : pulse.daysAsleep,
      held: Object.fromEntries(held),
      watching: null,
      checkpointAt: null,
      checkpoints: [],
      path: [{ at: event.at, stance: pulse.stance.stance }],
      dayStartMinor: event.equityMinor,
      month: isNewMonth ? { name, startMinor: event.equityMinor } : pulse.month,
    },
  };
}

function heldAfter(pulse: PulseState, record: CheckpointRecord): PulseState['held'] {
  const held = { ...pulse.held };
  for (const standing of record.standings) {
    const { instrument, sector, sectorOutDays, strength } = standing;
    const exit = record.held.exits.find((one) => one.instrument === instrument);
    const before = held[instrument] ?? NO_MARK;
    const peakPrice = exit?.peakPrice ?? before.peakPrice;
    held[instrument] = { ...before, sector, sectorOutDays, strength, peakPrice };
  }
  return held;
}

function rankedOf(record: CheckpointRecord): Record<string, RankedName> {
  const ranked: Record<string, RankedName> = {};
  for (const one of record.selection?.candidates ?? []) {
    if (!record.watching.includes(one.instrument)) continue;
    const { name, sector, sectorRank, rank, strength } = one;
    ranked[one.instrument] = { name, sector, sectorRank, rank, strength };
  }
  return ranked;
}

/** A name the desk learns of within its day: in the phase of the session, which is told with the same event. */
function learned(
  state: DeskState,
  instrument: InstrumentId,
  facts: SymbolFacts,
  at: number,
): SymbolState {
  const session = state.day?.session;
  const isOpen = session !== undefined && at >= session.openAt && at < session.closeAt;
  return { ...freshSymbol(instrument, facts), phase: isOpen ? 'trading_allowed' : 'premarket' };
}

function recorded(state: DeskState, event: Of<'checkpoint_recorded'>): DeskState {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const { record, facts } = event;
  const { checkpoint } = record;
  const gate = gateNoteOf(record);
  const isRanked = record.topSectors.length > 0;
  const fresh = facts
    .filter(({ instrument }) => state.symbols[instrument] === undefined)
    .map((one) => [one.instrument, learned(state, one.instrument, one, record.at)] as const);
  const note = { checkpoint, at: record.at, verdict: record.verdict };
  return {
    ...state,
    symbols: { ...state.symbols, ...Object.fromEntries(fresh) },
    pulse: {
      ...pulse,
      topSectors: isRanked ? record.topSectors : pulse.topSectors,
      gates: [...pulse.gates, ...(gate === null ? [] : [gate])].slice(-GATES_KEPT),
      held: heldAfter(pulse, record),
      watching:
        record.watching.length === 0
          ? null
          : {
              instruments: record.watching,
              untilAt: record.watchUntilAt,
              ranked: rankedOf(record),
            },
      checkpointAt: record.at,
      checkpoints: [...pulse.checkpoints, note],
    },
  };
}

function withPulse(state: DeskState, change: Partial<PulseState>): DeskState {
  return { ...state, pulse: { ...(state.pulse ?? INITIAL_PULSE), ...change } };
}

/** A gate that nobody judged: it did not pass, and nothing is watched after it. */
function missed(state: DeskState, event: Of<'checkpoint_missed'>): DeskState {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const { tradingDay, checkpoint, at, reasons, isGate } = event;
  const verdict = { kind: 'data_not_ready', reasons, funnel: [], rejected: [] } as const;
  const gate = { tradingDay, checkpoint, passed: false, conditions: {}, kill: {} };
  return withPulse(state, {
    gates: [...pulse.gates, ...(isGate ? [gate] : [])].slice(-GATES_KEPT),
    watching: null,
    checkpointAt: at,
    checkpoints: [...pulse.checkpoints, { checkpoint, at, verdict }],
  });
}

function stanceChanged(state: DeskState, event: Of<'stance_changed'>): DeskState {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const isDormant = event.to.stance === 'dormant';
  const falls = isDormant && pulse.stance.stance !== 'dormant';
  return {
    ...state,
    pulse: {
      ...pulse,
      stance: event.to,
      path:
        event.from.stance === event.to.stance
          ? (pulse.path ?? [])
          : [...(pulse.path ?? []), { at: event.at, stance: event.to.stance }],
      sleptOn: falls ? (state.day?.tradingDay ?? null) : isDormant ? pulse.sleptOn : null,
      daysAsleep: falls || !isDormant ? [] : pulse.daysAsleep,
      watching: event.to.stance === 'attack' ? pulse.watching : null,
    },
  };
}

function withMarks(state: DeskState, event: Of<'held_marked'>): DeskState {
  const pulse = state.pulse ?? INITIAL_PULSE;
  const held = { ...pulse.held };
  for (const { instrument, peakPrice } of event.marks)
    held[instrument] = { ...(held[instrument] ?? NO_MARK), peakPrice };
  return { ...state, pulse: { ...pulse, held } };
}

/** Applies an adoption: ticket, position, cash, and the symbol where it is new. */
function adopted(state: DeskState, event: Of<'book_entered'>): DeskState {
  const { ticket, boughtOn, facts } = event;
  const { instrument, quantity, entryLimit, stop } = ticket;
  const entryMinor = notionalMinor(entryLimit, quantity);
  const position: Position = {
    instrument,
    ticketId: ticket.id,
    side: 'long',
    quantity,
    boughtQuantity: quantity,
    openedAt: event.at,
    tradingDay: boughtOn,
    entryPrice: entryLimit,
    entryMinor,
    exitMinor: 0,
    feesMinor: 0,
    initialStop: stop,
    stop,
    riskPerShare: ticket.riskPerShare,
    riskMinor: Math.max(1, ticket.riskMinor),
    firstTarget: ticket.firstTarget,
    isFirstTargetDone: false,
    dayTypeAtEntry: 'undecided',
    origin: 'ticket',
    exiting: null,
    conditionalStop: null,
    bareSince: null,
    unprotectedSince: null,
    waivedBy: null,
    isTargetWaived: false,
    slippage: { entry: NO_SLIPPAGE, exit: NO_SLIPPAGE },
  };
  return {
    ...state,
    symbols: {
      ...state.symbols,
      [instrument]: state.symbols[instrument] ?? learned(state, instrument, facts, event.at),
    },
    tickets: { ...state.tickets, [ticket.id]: ticket },
    recentCodes: [
      ...state.recentCodes,
      { code: ticket.code, ticketId: ticket.id, createdAt: ticket.createdAt },
    ],
    positions: { ...state.positions, [instrument]: position },
    cashMinor: state.cashMinor - entryMinor,
  };
}

/** Applies what an event means for a sector-pulse desk; other desks have none of these events. */
export function evolvePulse(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'equity_marked':
      return marked(state, event);
    case 'checkpoint_recorded':
      return recorded(state, event);
    case 'checkpoint_missed':
      return missed(state, event);
    case 'sheet_prepared':
      return withPulse(state, { sheetOn: event.tradingDay });
    case 'report_finalized':
      return withPulse(state, { finalOn: event.tradingDay });
    case 'stance_changed':
      return stanceChanged(state, event);
    case 'book_entered':
      return adopted(state, event);
    case 'held_marked':
      return withMarks(state, event);
    default:
      return state;
  }
}
