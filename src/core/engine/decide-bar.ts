import { roundToTick, tickSize } from '#core/market/price.ts';
import { trailLong } from '#core/portfolio/exits.ts';
import { noteTrading } from './decide-halt.ts';
import { raiseStop } from './decide-protection.ts';
import { causePassed, setLock } from './decide-safety.ts';
import { considerSignal, refuseSetup } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import { seenOf } from './view.ts';

type BarInput = Extract<Input, { kind: 'bar_evaluated' }>;

/** Judges a closed bar with all that was computed from it: day type, breaker, trail, signal. */
export function onBar(draft: Draft, input: BarInput): void {
  const { evaluation } = input;
  const { instrument } = evaluation;
  const symbol = draft.state.symbols[instrument];
  if (symbol === undefined || draft.state.day === null || draft.state.day.isClosed) return;
  // a late bar is recorded by its input; what newer ones decided stands
  const { lastBarClosedAt } = seenOf(draft.view, instrument);
  if (lastBarClosedAt !== null && lastBarClosedAt > evaluation.asOf) return;
  causePassed(draft, 'bar_overdue', instrument);
  causePassed(draft, 'bar_overdue', 'all symbols');
  noteTrading(draft, instrument, evaluation.asOf);
  if (symbol.dayType !== evaluation.regime.dayType) {
    emit(draft, {
      type: 'day_type_changed',
      instrument,
      from: symbol.dayType,
      to: evaluation.regime.dayType,
      regime: evaluation.regime,
    });
  }
  if (evaluation.abnormal !== null) {
    const { rangeOverAtr, volumeOverUsual } = evaluation.abnormal;
    const figures = { rangeOverAtr, volumeOverUsual: volumeOverUsual ?? 'unknown' };
    const until = draft.at + draft.policy.breakers.pauseMs;
    setLock(draft, 'abnormal_range', instrument, until, false, figures);
  }
  trail(draft, input);
  if (evaluation.signal !== null)
    considerSignal(draft, evaluation.signal, evaluation, input.inputHash);
  else if (evaluation.refusals.length > 0 && draft.state.positions[instrument] === undefined) {
    refuseSetup(draft, {
      at: evaluation.asOf,
      instrument,
      side: 'long',
      reasons: evaluation.refusals,
      referencePrice: evaluation.bar.close,
      stop: null,
    });
  }
}

/** Once the first target is done the stop of the rest follows the market, upward only. */
function trail(draft: Draft, input: BarInput): void {
  const { evaluation } = input;
  const position = draft.state.positions[evaluation.instrument];
  if (position === undefined || !position.isFirstTargetDone) return;
  const tick = tickSize(evaluation.bar.close, draft.policy.market, position.tradingDay);
  const stop = trailLong({
    entryPrice: position.entryPrice,
    lowestLow: evaluation.lowestLow5,
    vwap: evaluation.vwap,
    band: evaluation.band,
    tick,
  });
  const highest = roundToTick(evaluation.bar.close - tick, tick, 'down');
  raiseStop(draft, position, Math.min(stop, highest), 'trail');
}
