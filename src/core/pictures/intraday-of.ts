import { pendingTickets } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { FillMark, IntradayPicture, MinutePoint, PriceLevel } from './picture.ts';

type Seen = {
  readonly points: readonly MinutePoint[];
  readonly openingRange: IntradayPicture['openingRange'];
};

function levelsOf(state: DeskState, instrument: InstrumentId, ticket: Ticket | null): PriceLevel[] {
  const held = state.positions[instrument];
  if (held !== undefined && (ticket === null || held.ticketId === ticket.id)) {
    const { entryPrice, stop, firstTarget, isFirstTargetDone } = held;
    return [
      { name: 'entry', price: entryPrice },
      { name: 'stop', price: stop },
      ...(isFirstTargetDone ? [] : [{ name: 'target' as const, price: firstTarget }]),
    ];
  }
  if (ticket === null) return [];
  const second = ticket.legs.find(({ target }) => target !== null && target !== ticket.firstTarget);
  return [
    { name: 'entry', price: ticket.entryLimit },
    { name: 'stop', price: ticket.stop },
    { name: 'target', price: ticket.firstTarget },
    ...(second?.target == null ? [] : [{ name: 'second_target' as const, price: second.target }]),
  ];
}

/** What was bought and sold of a symbol since the session began, order by order, oldest first. */
function fillsOf(state: DeskState, instrument: InstrumentId, fromAt: number): FillMark[] {
  return Object.values(state.orders)
    .flatMap(({ instrument: of, filledAt, averagePrice, side }) =>
      of === instrument && filledAt !== undefined && averagePrice !== null && filledAt >= fromAt
        ? [{ at: filledAt, price: averagePrice, side }]
        : [],
    )
    .sort((a, b) => a.at - b.at);
}

/**
 * The day of one symbol as a desk stands to it: the levels of the ticket meant, else of what is held, else
 * of the ticket that waits. Null before the desk knows of a session.
 */
export function intradayOf(
  state: DeskState,
  instrument: InstrumentId,
  ticket: Ticket | null,
  seen: Seen | null,
): IntradayPicture | null {
  const { day } = state;
  if (day === null) return null;
  const meant =
    ticket ?? pendingTickets(state).find((pending) => pending.instrument === instrument) ?? null;
  return {
    kind: 'intraday',
    deskId: state.deskId,
    instrument,
    session: day.session,
    points: seen?.points ?? [],
    openingRange: seen?.openingRange ?? null,
    levels: levelsOf(state, instrument, meant),
    fills: fillsOf(state, instrument, day.session.openAt),
    dayType: state.symbols[instrument]?.dayType ?? null,
    code: meant?.code ?? null,
  };
}
