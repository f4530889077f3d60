import { stopChange, wantedStop } from '#core/engine/decide-stops.ts';
import type { Position } from '#core/engine/state.ts';
import { seenOf } from '#core/engine/view.ts';
import type { Quote } from '#core/market/quote.ts';
import type { StopAct } from '#core/replies/act.ts';
import type { StopLine } from '#core/replies/notice.ts';
import type { DeskHandle } from './desk-handle.ts';
import { positionOf } from './find-desk.ts';

/** What an act on stops would do to each position it is about, by quotes asked for now or else what the desks saw. */
export function stopLines(
  act: StopAct,
  desks: readonly DeskHandle[],
  asked: readonly Quote[],
  now: number,
): readonly StopLine[] {
  if (act.act !== 'stops') {
    const found = positionOf(act.target, desks);
    return found === null ? [] : [lineOf(act, found, asked, now)];
  }
  return desks.flatMap((desk) =>
    Object.values(desk.state().positions).map((position) =>
      lineOf(act, { desk, position }, asked, now),
    ),
  );
}

function lineOf(
  act: StopAct,
  { desk, position }: { readonly desk: DeskHandle; readonly position: Position },
  asked: readonly Quote[],
  now: number,
): StopLine {
  const { instrument, quantity, entryPrice, stop } = position;
  const found = asked.find((one) => one.instrument === instrument);
  const quote = found ?? seenOf(desk.view(), instrument).quote;
  const isFresh =
    quote !== null && quote.bid > 0 && now - quote.at <= desk.policy.ticket.quoteMaxAgeMs;
  const to = wantedStop(position, act);
  const change = stopChange(position, to, isFresh ? quote.bid : null);
  return { deskId: desk.policy.deskId, instrument, quantity, entryPrice, stop, to, change };
}
