import type { Ticket } from '#core/machines/ticket.ts';

/** What is told of a ticket until it has ended. */
export type TicketMessage =
  /** One card for the whole life of a ticket; `ticket.state` and `ticket.progress` tell how far it is. */
  | {
      readonly kind: 'signal_entry' | 'signal_expired' | 'signal_superseded' | 'signal_void';
      readonly ticket: Ticket;
      /** The same as before but for the time left; left out: it says something new. */
      readonly isCountdown?: true;
    }
  /** A ticket waits still; `isAsked`: by whom it is told. */
  | { readonly kind: 'signal_reminder'; readonly ticket: Ticket; readonly isAsked: boolean };
