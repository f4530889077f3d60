import type { Reason } from '#core/gates/reason.ts';
import type { Ticket, TicketProgress, TicketState } from '#core/machines/ticket.ts';
import type { Event } from './event.ts';
import type { DeskState } from './state.ts';
import { withTicketOf } from './under-way.ts';

function withTicket(
  state: DeskState,
  id: string,
  change: (ticket: Ticket) => Partial<Ticket>,
): DeskState {
  const ticket = state.tickets[id];
  if (ticket === undefined) return state;
  return withTicketOf(state, { ...ticket, ...change(ticket) });
}

function ended(
  state: DeskState,
  id: string,
  to: TicketState,
  closed: { at: number; by: string; reason: Reason | null; price: number | null },
): DeskState {
  return withTicket(state, id, (ticket) =>
    ticket.state === 'pending' ? { state: to, closed } : {},
  );
}

/** Adds a step; of moved stops only the newest is kept. */
function progress(state: DeskState, ticketId: string | undefined, step: TicketProgress): DeskState {
  if (ticketId === undefined) return state;
  return withTicket(state, ticketId, (ticket) => {
    const isMovedAgain =
      step.step === 'stop_moved' && ticket.progress.at(-1)?.step === 'stop_moved';
    const before = isMovedAgain ? ticket.progress.slice(0, -1) : ticket.progress;
    return { progress: [...before, step] };
  });
}

function opened(state: DeskState, ticket: Ticket): DeskState {
  const day = state.day;
  return {
    ...state,
    tickets: { ...state.tickets, [ticket.id]: ticket },
    recentCodes: [
      ...state.recentCodes,
      { code: ticket.code, ticketId: ticket.id, createdAt: ticket.createdAt },
    ],
    day:
      day === null
        ? null
        : { ...day, ticketsOpened: day.ticketsOpened + 1, setupsSeen: day.setupsSeen + 1 },
  };
}

function edited(state: DeskState, event: Extract<Event, { type: 'ticket_edited' }>): DeskState {
  const { at, by, ticket } = event;
  const isNext = (old: Ticket) => old.state === 'pending' && ticket.version === old.version + 1;
  const old = state.tickets[ticket.id];
  if (old === undefined || !isNext(old)) return state;
  const figures = { by, version: ticket.version };
  const next = withTicket(state, ticket.id, () => ticket);
  return progress(next, ticket.id, { at, step: 'edited', figures });
}

function reminded(
  state: DeskState,
  event: Extract<Event, { type: 'ticket_counted' | 'ticket_snoozed' | 'ticket_reminded' }>,
): DeskState {
  return withTicket(state, event.ticketId, ({ snoozes = [] }) => {
    if (event.type === 'ticket_counted') return { countdown: event.mark };
    const { channel, chatId } = event;
    const others = snoozes.filter((one) => one.channel !== channel || one.chatId !== chatId);
    if (event.type === 'ticket_reminded') return { snoozes: others };
    return { snoozes: [...others, { at: event.remindAt, channel, chatId }] };
  });
}

function confirmed(
  state: DeskState,
  event: Extract<Event, { type: 'ticket_confirmed' }>,
): DeskState {
  const { at, by, quantity, quote, ticketId } = event;
  const price = (quote.bid + quote.ask) / 2;
  const taken = ended(state, ticketId, 'confirmed', { at, by, reason: null, price });
  const { day } = taken;
  const counted =
    day === null
      ? taken
      : { ...taken, day: { ...day, ticketsConfirmed: day.ticketsConfirmed + 1 } };
  const figures = { by, quantity, limit: event.entryLimit };
  return progress(counted, ticketId, { at, step: 'confirmed', figures });
}

/** Applies what an event means for tickets: their state, which ends once, and the steps shown on the card. */
export function evolveTicket(state: DeskState, event: Event): DeskState {
  const { at } = event;
  switch (event.type) {
    case 'ticket_opened':
      return opened(state, event.ticket);
    case 'ticket_edited':
      return edited(state, event);
    case 'ticket_counted':
    case 'ticket_snoozed':
    case 'ticket_reminded':
      return reminded(state, event);
    case 'ticket_delivered':
      return withTicket(state, event.ticketId, (ticket) => ({
        deliveredAt: ticket.deliveredAt ?? at,
      }));
    case 'ticket_confirmed':
      return confirmed(state, event);
    case 'ticket_skipped': {
      const reason: Reason | null =
        event.reason === null
          ? null
          : { code: 'stopped_by_operator', figures: { words: event.reason } };
      return ended(state, event.ticketId, 'skipped', {
        at,
        by: event.by,
        reason,
        price: event.price,
      });
    }
    case 'ticket_expired':
      return ended(state, event.ticketId, 'expired', {
        at,
        by: 'clock',
        reason: { code: 'life_over', figures: {} },
        price: event.price,
      });
    case 'ticket_superseded':
      return ended(state, event.ticketId, 'superseded', {
        at,
        by: 'desk',
        reason: { code: 'superseded', figures: {} },
        price: event.price,
      });
    case 'ticket_voided':
      return ended(state, event.ticketId, 'void', {
        at,
        by: 'desk',
        reason: event.reason,
        price: event.price,
      });
    case 'trade_closed':
      return progress(state, event.trade.ticketId, {
        at,
        step: 'closed',
        figures: {
          resultR: event.trade.resultR,
          pnlMinor: event.trade.pnlMinor,
          exitReason: event.trade.exitReason,
        },
      });
    default:
      return evolveProgress(state, event);
  }
}

function evolveProgress(state: DeskState, event: Event): DeskState {
  if (!('orderId' in event)) return state;
  const order = state.orders[event.orderId];
  if (order === undefined) return state;
  const { at } = event;
  const isEntry = order.role === 'entry';
  switch (event.type) {
    case 'order_sent':
      return isEntry && order.leg === 1
        ? progress(state, order.ticketId, { at, step: 'sent', figures: {} })
        : state;
    case 'order_filled': {
      const figures = { quantity: event.quantity, price: event.price, orderId: order.orderId };
      if (isEntry)
        return progress(state, order.ticketId, {
          at,
          step: event.isComplete ? 'filled' : 'partly_filled',
          figures,
        });
      if (order.role === 'target')
        return progress(state, order.ticketId, { at, step: 'first_target', figures });
      return progress(state, order.ticketId, { at, step: 'exit_filled', figures });
    }
    case 'order_replaced':
      if (order.role !== 'stop' || event.stopPrice === null) return state;
      return progress(state, order.ticketId, {
        at,
        step: 'stop_moved',
        figures: { stop: event.stopPrice },
      });
    case 'order_canceled':
    case 'order_never_arrived':
      return isEntry
        ? progress(state, order.ticketId, {
            at,
            step: 'entry_canceled',
            figures: { leg: order.leg, filled: order.filledQuantity },
          })
        : state;
    case 'order_rejected':
      return isEntry
        ? progress(state, order.ticketId, {
            at,
            step: 'entry_rejected',
            figures: { leg: order.leg, words: event.reason ?? '' },
          })
        : state;
    case 'order_denied':
      return isEntry
        ? progress(state, order.ticketId, {
            at,
            step: 'entry_denied',
            figures: { leg: order.leg, code: event.reason.code },
          })
        : state;
    case 'order_became_unknown':
      return isEntry
        ? progress(state, order.ticketId, {
            at,
            step: 'entry_unknown',
            figures: { leg: order.leg },
          })
        : state;
    default:
      return state;
  }
}
