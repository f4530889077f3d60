import { boardOfCn } from '#core/market/board-cn.ts';
import { roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { roundToTick, tickSizeOf } from '#core/market/price.ts';
import { type ExBasis, type ExDateFacts, exPrice, judgeExDate } from '#core/portfolio/ex-date.ts';
import { requestCancel } from './decide-orders.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import { ordersOf } from './order-index.ts';
import { planOf } from './select-cn.ts';
import type { DeskState, Position } from './state.ts';

function basisOf(state: DeskState, position: Position): ExBasis {
  const { quantity, entryPrice, stop, firstTarget, instrument } = position;
  const { secondTarget } = planOf(state, position);
  const peakPrice = Math.max(state.pulse?.held[instrument]?.peakPrice ?? 0, entryPrice);
  return { quantity, entryPrice, stop, firstTarget, secondTarget, peakPrice };
}

/** Shares of the first target after new ones came: its part of them, in lots of the board. */
function firstShare(position: Position, before: number, newShares: number, on: string): number {
  const board = boardOfCn(position.instrument);
  const all = position.quantity + newShares;
  const part = Math.min(all, before + (newShares * before) / Math.max(1, position.quantity));
  if (newShares === 0 || board === null) return Math.min(all, before);
  const lots = roundSellQuantityCn({
    board,
    tradingDay: on,
    type: 'limit',
    quantity: Math.floor(part),
    sellable: all,
  });
  return lots > 0 ? lots : all;
}

/**
 * Restates what is held on its ex-date: cost, stop, targets and quantity, before the auction takes an
 * order. What works at the broker is of the old basis and is taken back; a watched stop goes on at the
 * new price. Terms that the exchange's previous close does not confirm hold the stop and call a person.
 */
export function restateExDates(draft: Draft, dates: readonly ExDateFacts[]): void {
  const tradingDay = draft.state.day?.tradingDay;
  if (tradingDay === undefined) return;
  for (const facts of dates) {
    const position = draft.state.positions[facts.instrument];
    if (position === undefined || position.quantity <= 0 || position.exDate === tradingDay)
      continue;
    // bought on its ex-date: it stands on that basis already
    if (position.tradingDay === tradingDay) continue;
    restate(draft, position, facts, tradingDay);
  }
}

function restate(draft: Draft, position: Position, facts: ExDateFacts, tradingDay: string): void {
  const { instrument } = position;
  const from = basisOf(draft.state, position);
  const answer = judgeExDate(from, facts);
  if (answer.kind === 'none') return;
  if (answer.kind === 'held') {
    const isSaid = position.exDateOpen != null;
    if (!isSaid)
      emit(draft, { type: 'ex_date_held', instrument, tradingDay, reason: answer.reason });
    return;
  }
  const { terms } = facts;
  if (terms === null) return;
  const { basis: to, newShares, cash } = answer;
  const { firstTargetQuantity: before } = planOf(draft.state, position);
  const tick = tickSizeOf(instrument, position.initialStop, tradingDay);
  emit(draft, {
    type: 'ex_date_restated',
    instrument,
    terms,
    from,
    to,
    initialStop: roundToTick(exPrice(position.initialStop, terms), tick, 'nearest'),
    firstTargetQuantity: firstShare(position, before, newShares, tradingDay),
    newShares,
    cashMinor: Math.round(cash * 100),
  });
  for (const order of ordersOf(draft.state, instrument)) requestCancel(draft, order, 'ex-date');
}

/** Terms that came after the day was planned. */
export function onExDatesKnown(
  draft: Draft,
  input: Extract<Input, { kind: 'ex_dates_known' }>,
): void {
  const { day } = draft.state;
  if (day === null || day.isClosed || day.tradingDay !== input.tradingDay) return;
  restateExDates(draft, input.exDates);
}
