import type { Event } from './event.ts';
import type { DeskState, Position } from './state.ts';

type Of<T extends Event['type']> = Extract<Event, { type: T }>;

function withPosition(state: DeskState, position: Position): DeskState {
  return { ...state, positions: { ...state.positions, [position.instrument]: position } };
}

function restated(state: DeskState, event: Of<'ex_date_restated'>): DeskState {
  const { instrument, to, newShares, cashMinor, initialStop, firstTargetQuantity } = event;
  const { exDate } = event.terms;
  const held = state.positions[instrument];
  if (held === undefined) return state;
  const { exiting } = held;
  const isWhole = exiting !== null && exiting.quantity >= held.quantity;
  const position: Position = {
    ...held,
    quantity: to.quantity,
    boughtQuantity: held.boughtQuantity + newShares,
    entryPrice: to.entryPrice,
    // the dividend came out of what was paid, so the trade's result counts it
    entryMinor: held.entryMinor - cashMinor,
    initialStop,
    stop: to.stop,
    riskPerShare: to.entryPrice - initialStop,
    firstTarget: to.firstTarget,
    conditionalStop: null,
    exiting: isWhole ? { ...exiting, quantity: to.quantity } : exiting,
    exDate,
    exDateOpen: null,
    exPlan: { secondTarget: to.secondTarget, firstTargetQuantity },
  };
  const mark = state.pulse?.held[instrument];
  const pulse =
    state.pulse === null || state.pulse === undefined || mark === undefined
      ? state.pulse
      : {
          ...state.pulse,
          held: { ...state.pulse.held, [instrument]: { ...mark, peakPrice: to.peakPrice } },
        };
  // what was doubted stays so, and what the ex-date adds to it
  const doubts = state.doubts?.map((doubt) =>
    doubt.instrument === instrument
      ? { instrument, missing: doubt.missing + to.quantity - held.quantity }
      : doubt,
  );
  const known = doubts === undefined ? state : { ...state, doubts };
  const next = withPosition({ ...known, cashMinor: state.cashMinor + cashMinor }, position);
  return pulse === undefined ? next : { ...next, pulse };
}

/** Applies what an ex-date did to a position. */
export function evolveExDate(state: DeskState, event: Event): DeskState {
  if (event.type === 'ex_date_restated') return restated(state, event);
  if (event.type !== 'ex_date_held') return state;
  const held = state.positions[event.instrument];
  return held === undefined ? state : withPosition(state, { ...held, exDateOpen: event.reason });
}
