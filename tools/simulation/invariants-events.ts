import type { Blackout } from '#core/engine/state.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { Hooks, Observed } from './observed.ts';

/**
 * 5. Nor the limits of a day with an event.
 *
 * When a ticket is opened, and when it is confirmed: by the calendar that the day was planned with, no window of its
 * symbol is open and the day is none that allows nothing. Where such a day allows less, the worth and the risk of the
 * ticket are within that part of the caps.
 */
export function eventsAreKept(world: Observed): Hooks {
  const { risk, capitalMinor } = world.policy;
  const isShrink = risk.eventDays === 'shrink';
  let events: readonly Blackout[] = [];
  const judge = (ticket: Ticket, at: number, what: string) => {
    const own = events.filter(
      ({ instruments }) => instruments?.includes(ticket.instrument) ?? true,
    );
    for (const { fromAt, name, toAt, wholeDay } of own) {
      const isShut = wholeDay ? !isShrink : at >= fromAt && at < toAt;
      if (isShut) world.fail(5, `${ticket.code} was ${what} within ${name}`);
    }
    if (!isShrink || own.length === 0) return;
    const { entryLimit, quantity, stop } = ticket;
    const capMinor = capitalMinor * risk.positionCapRatio * risk.shrinkRatio;
    const budgetMinor = capitalMinor * risk.riskPerTradeRatio * risk.shrinkRatio;
    if (notionalMinor(entryLimit, quantity) > capMinor + 1)
      world.fail(5, `${ticket.code} of ${quantity} is worth more than a day with an event allows`);
    if (notionalMinor(entryLimit - stop, quantity) > budgetMinor + 1)
      world.fail(5, `${ticket.code} of ${quantity} risks more than a day with an event allows`);
  };
  return {
    committed(event) {
      if (event.type === 'session_planned') events = event.blackouts;
      if (event.type === 'ticket_opened') judge(event.ticket, event.at, 'opened');
      if (event.type !== 'ticket_confirmed') return;
      const known = world.tickets.get(event.ticketId);
      if (known !== undefined) judge(known.ticket, event.at, 'confirmed');
    },
  };
}
