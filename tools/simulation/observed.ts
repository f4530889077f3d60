import type { Desk } from '#app/desk.ts';
import type { EventLog, OrderRequest, OutboxRow, Outgoing } from '#app/ports.ts';
import type { Event } from '#core/engine/event.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { Update } from './chat.ts';
import type { Kept } from './disk.ts';
import type { ExItem } from './ex-dates.ts';
import type { Life } from './life.ts';
import type { Facts } from './meaning.ts';
import type { ChannelName } from './plan.ts';
import type { Venue } from './venue.ts';

/** A ticket as the log tells it. */
export type LoggedTicket = {
  readonly ticket: Ticket;
  state: Ticket['state'];
  /** True time of its end in the log; null while it is open. */
  endedAt: number | null;
};

/** What an observer outside the desk can see. Nothing here is the desk's own say but `desk`, which is judged. */
export type Observed = {
  readonly policy: Policy;
  /** True time. */
  readonly now: () => number;
  /** What the clock of the desk's machine shows. */
  readonly deskNow: () => number;
  readonly venue: Venue;
  /** The session that is planned or open; null before the first. */
  readonly session: () => Session | null;
  /** Chats that hear the desk, as `channel:chatId`. */
  readonly chats: readonly string[];
  readonly events: EventLog;
  readonly stream: string;
  /** Committed events, oldest first. */
  readonly log: readonly Event[];
  readonly tickets: ReadonlyMap<string, LoggedTicket>;
  /** The desk of the living process once it has recovered; null: there is none. */
  readonly desk: () => Desk | null;
  readonly life: () => Life | null;
  /** True time since which the process lives, its broker answers and its clock runs even. */
  readonly brokerCalmSince: () => number;
  /** The same with the store. */
  readonly calmSince: () => number;
  /** The exchange takes orders of it at an instant. */
  readonly takesOrders: (instrument: InstrumentId, at: number) => boolean;
  /** Chinese exchanges take orders for the trading at the close's price. */
  readonly isAfterHours: (at: number) => boolean;
  /** Nothing of it trades at an instant. */
  readonly isSuspended: (instrument: InstrumentId, at: number) => boolean;
  /** The lowest price of an A-share in the session; null before the first. */
  readonly limitDown: (instrument: InstrumentId) => number | null;
  /** True when the feed has emitted this very quote. */
  readonly wasQuoted: (quote: Quote) => boolean;
  /** Step at which a process was first given a row to deliver; null: never. */
  readonly givenAt: (rowId: number) => number | null;
  readonly steps: () => number;
  readonly rowOf: (lane: string, outgoing: Outgoing, facts: Facts) => OutboxRow | null;
  /** Notes that an invariant does not hold. */
  readonly fail: (invariant: number, words: string) => void;
};

/** What an invariant wants to be told. Every part is called at the instant it happens. */
export type Hooks = {
  /** A batch of events became part of the log. */
  committed?(event: Event, life: Life): void;
  /** The first byte of an order is about to leave. */
  submitting?(life: Life, order: OrderRequest): void;
  receiving?(life: Life, update: Update): void;
  received?(life: Life, update: Update): void;
  acknowledged?(update: Update): void;
  killFileWritten?(machine: string): void;
  /** A step with the store down lies in the journal: from here on it acts. */
  journaled?(life: Life, kept: Kept): void;
  delivering?(life: Life, channel: ChannelName, outgoing: Outgoing, facts: Facts): void;
  shown?(channel: ChannelName, chatId: string, facts: Facts, row: OutboxRow | null): void;
  /** A running process is told that the exchange halted a symbol, or lets it trade again. */
  halted?(life: Life, instrument: string, isHalted: boolean): void;
  /** A symbol goes ex this morning. */
  wentEx?(instrument: InstrumentId, item: ExItem): void;
  /** A quote is told to the living process. */
  told?(quote: Quote): void;
  died?(life: Life): void;
  recovered?(life: Life): Promise<void> | void;
  /** After each step of the simulation, when everything that followed from it has run. */
  step?(): void;
  /** After the last one, with all faults over for minutes. */
  end?(): Promise<void> | void;
};

export type Invariant = (world: Observed) => Hooks;

/** The ticket and the leg of an entry order, from its client order id; null for another order. */
export function entryOf(order: OrderRequest): { ticketId: string; leg: string } | null {
  if (order.side !== 'buy') return null;
  const match = /^(.+)\.entry-(\d+)$/.exec(order.orderId);
  return match === null
    ? { ticketId: order.orderId, leg: '' }
    : { ticketId: match[1]!, leg: match[2]! };
}
