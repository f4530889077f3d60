import { fromStored } from '#app/event-form.ts';
import type { EventLog, OutboxRow, Outgoing } from '#app/ports.ts';
import type { Event } from '#core/engine/event.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { INVARIANTS } from './invariants.ts';
import type { Life } from './life.ts';
import type { Facts } from './meaning.ts';
import type { Hooks, LoggedTicket, Observed } from './observed.ts';
import type { DeskProcess } from './process-parts.ts';
import type { DeskTables } from './store-wire.ts';
import type { Venue } from './venue.ts';

/** An invariant that did not hold. */
export type Finding = { readonly invariant: number; readonly at: number; readonly words: string };

export type WitnessDeps = {
  readonly policy: Policy;
  readonly now: () => number;
  readonly deskNow: () => number;
  readonly venue: () => Venue;
  readonly events: EventLog;
  readonly stream: string;
  readonly chats: readonly string[];
  readonly session: () => Session | null;
  readonly process: () => DeskProcess | null;
  readonly wasQuoted: (quote: Quote) => boolean;
  readonly isLinkUp: () => boolean;
  /** The process that leads stands still. */
  readonly isStopped: () => boolean;
  readonly isStoreUp: () => boolean;
  readonly takesOrders: Observed['takesOrders'];
  readonly isAfterHours: Observed['isAfterHours'];
  readonly isSuspended: Observed['isSuspended'];
  readonly limitDown: Observed['limitDown'];
  /** Told first, before any invariant. */
  readonly onCommitted: (event: Event) => void;
  readonly note: (words: string) => void;
};

const TICKET_STATE = {
  ticket_confirmed: 'confirmed',
  ticket_skipped: 'skipped',
  ticket_expired: 'expired',
  ticket_superseded: 'superseded',
  ticket_voided: 'void',
} as const;

/**
 * The observer: sees the log, the wires and the people, keeps what they show, and asks every invariant
 * after every step. It decides nothing and the desk cannot see it.
 */
export class Witness implements Observed {
  readonly policy: Policy;
  readonly now: () => number;
  readonly deskNow: () => number;
  readonly events: EventLog;
  readonly stream: string;
  readonly chats: readonly string[];
  readonly session: () => Session | null;
  readonly wasQuoted: (quote: Quote) => boolean;
  readonly takesOrders: Observed['takesOrders'];
  readonly isAfterHours: Observed['isAfterHours'];
  readonly isSuspended: Observed['isSuspended'];
  readonly limitDown: Observed['limitDown'];
  readonly log: Event[] = [];
  readonly tickets = new Map<string, LoggedTicket>();
  finding: Finding | null = null;
  readonly #deps: WitnessDeps;
  readonly #rows = new WeakMap<object, Map<string, OutboxRow>>();
  readonly #given = new Map<number, number>();
  /** Keys of what a process was given from its journal. */
  readonly #journaled = new WeakMap<Life, Set<string>>();
  #steps = 0;
  readonly #hooks: readonly Hooks[];
  readonly #stepping: readonly Hooks[];
  #brokerCalmSince = 0;
  #calmSince = 0;

  constructor(deps: WitnessDeps) {
    this.#deps = deps;
    this.policy = deps.policy;
    this.now = deps.now;
    this.deskNow = deps.deskNow;
    this.events = deps.events;
    this.stream = deps.stream;
    this.chats = deps.chats;
    this.session = deps.session;
    this.wasQuoted = deps.wasQuoted;
    this.takesOrders = deps.takesOrders;
    this.isAfterHours = deps.isAfterHours;
    this.isSuspended = deps.isSuspended;
    this.limitDown = deps.limitDown;
    this.#hooks = INVARIANTS.map((invariant) => invariant(this));
    this.#stepping = this.#hooks.filter((hooks) => hooks.step !== undefined);
  }

  get venue(): Venue {
    return this.#deps.venue();
  }

  readonly desk = () => {
    if (this.#deps.isStopped()) return null;
    const running = this.#deps.process();
    return running?.life.isAlive === true && running.isRecovered ? running.desk : null;
  };
  readonly life = () => this.#deps.process()?.life ?? null;
  readonly brokerCalmSince = () => (this.#deps.isLinkUp() ? this.#brokerCalmSince : this.now());
  readonly calmSince = () =>
    this.#deps.isStoreUp() ? Math.max(this.#calmSince, this.brokerCalmSince()) : this.now();
  readonly rowOf = (lane: string, outgoing: Outgoing, facts: Facts): OutboxRow | null =>
    this.#rows.get(facts.message ?? outgoing.card)?.get(lane) ?? null;

  readonly givenAt = (rowId: number): number | null => this.#given.get(rowId) ?? null;

  readonly fail = (invariant: number, words: string): void => {
    this.#deps.note(`INVARIANT ${invariant}: ${words}`);
    this.finding ??= { invariant, at: this.now(), words };
  };

  /** The broker or the process is in trouble now: what it owes is counted from here. */
  disturbBroker(): void {
    this.#brokerCalmSince = this.now();
  }

  disturb(): void {
    this.#calmSince = this.now();
  }

  /**
   * A process was given rows to deliver: it knows of them from here on, and what belongs to which. What it has
   * from its journal it says in the order in which it was decided; that the store takes it later, with another
   * row, changes nothing for this process.
   */
  given(rows: readonly OutboxRow[], life: Life): void {
    const journaled = this.#journaled.get(life) ?? new Set<string>();
    this.#journaled.set(life, journaled);
    for (const row of rows) {
      if (row.id === 0) journaled.add(row.dedupeKey);
      else if (journaled.has(row.dedupeKey)) continue;
      if (!this.#given.has(row.id)) this.#given.set(row.id, this.#steps);
      const payload = row.payload as { message?: object; card?: object };
      const key = payload.message ?? payload.card;
      if (key === undefined) continue;
      const byLane = this.#rows.get(key) ?? new Map<string, OutboxRow>();
      this.#rows.set(key, byLane.set(row.lane, row));
    }
  }

  /** Tells every invariant that wants to hear of it. */
  tell<K extends keyof Hooks>(what: K, ...facts: Parameters<NonNullable<Hooks[K]>>): void {
    for (const hooks of this.#hooks) {
      const hook = hooks[what] as ((...facts: unknown[]) => unknown) | undefined;
      const answer = hook?.call(hooks, ...facts);
      if (answer instanceof Promise) void answer;
    }
  }

  async tellAndWait(what: 'recovered' | 'end', life: Life | null): Promise<void> {
    for (const hooks of this.#hooks) {
      if (what === 'end') await hooks.end?.();
      else if (life !== null) await hooks.recovered?.(life);
    }
  }

  readonly steps = () => this.#steps;

  step(): void {
    this.#steps += 1;
    for (const hooks of this.#stepping) hooks.step?.();
  }

  #committed(event: Event, life: Life): void {
    this.log.push(event);
    this.#deps.onCommitted(event);
    if (event.type === 'ticket_opened')
      this.tickets.set(event.ticket.id, {
        ticket: event.ticket,
        state: 'pending',
        endedAt: null,
      });
    if (event.type === 'ticket_edited') {
      const known = this.tickets.get(event.ticket.id);
      if (known?.state === 'pending') Object.assign(known, { ticket: event.ticket });
    }
    if (event.type in TICKET_STATE) {
      const { ticketId } = event as { ticketId: string };
      const known = this.tickets.get(ticketId);
      const state = TICKET_STATE[event.type as keyof typeof TICKET_STATE];
      if (known?.state === 'pending') Object.assign(known, { state, endedAt: this.now() });
    }
    this.#deps.note(`#${life.number} ${event.type}${subjectOf(event)}`);
    this.tell('committed', event, life);
  }

  /** The tables as a process reaches them, with the observer reading along. */
  tap(tables: DeskTables, life: Life): DeskTables {
    const { events } = tables;
    return {
      ...tables,
      events: {
        ...events,
        append: async (batch) => {
          const answer = await events.append(batch);
          if (answer.kind === 'appended')
            for (const event of batch.events) this.#committed(fromStored(event), life);
          return answer;
        },
      },
    };
  }
}

function subjectOf(event: Event): string {
  if ('orderId' in event) return ` ${event.orderId}`;
  if ('ticketId' in event) return ` ${event.ticketId}`;
  if (event.type === 'ticket_opened') return ` ${event.ticket.id} ${event.ticket.code}`;
  if (event.type === 'order_intended') return ` ${event.order.orderId}`;
  if (event.type === 'safe_mode_entered') return ` ${event.cause} ${event.subject}`;
  if (event.type === 'act_refused') return ` ${event.act} ${event.reason.code}`;
  if (event.type === 'setup_refused') return ` ${event.setup.reasons.map((r) => r.code).join()}`;
  return '';
}
