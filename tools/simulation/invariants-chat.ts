import type { OutboxRow } from '#app/ports.ts';
import type { Hooks, Observed } from './observed.ts';

/**
 * 6. Every verdict reaches the operator's chat at least once; order within a chat holds among P1–P3 (P0 may
 * overtake, edits of one message coalesce to the newest); nothing dead is delivered as alive.
 *
 * At the end, with the chats answering again, each verdict of the log stands in every chat. Messages of
 * their own (no edits) first stand in a chat in the order in which the store took them. When a card leaves
 * the process, a ticket it shows as open is open by the desk's own state, its clock and (but for a commit
 * whose answer is still on its way) the log, and a question it asks
 * can still be answered. Order is judged among rows a process had been given when the later one left: what
 * the store took while its answer was lost is told when it is found.
 */
export function verdictsReachTheChat(world: Observed): Hooks {
  const verdicts: string[] = [];
  const shown = new Map<string, Set<string>>();
  const order = new OrderBook(world);
  return {
    committed(event) {
      if (event.type === 'verdict_declared') verdicts.push(event.verdict.tradingDay);
    },
    delivering(_life, channel, outgoing, facts) {
      const row = world.rowOf(`chat:${channel}:${outgoing.chatId}`, outgoing, facts);
      if (row !== null) order.left(row);
      if (row !== null && row.expiresAt !== null && row.expiresAt <= world.deskNow())
        world.fail(6, `${row.kind} left for ${channel} ${outgoing.chatId} after its life`);
      const { message, question } = facts;
      if (question !== null && row !== null && world.deskNow() - row.createdAt > QUESTION_MS)
        world.fail(
          6,
          `the question ${question.asks} was asked when it could not be answered any more`,
        );
      if (message?.kind !== 'signal_entry' || message.ticket.state !== 'pending') return;
      const { id, code, expiresAt } = message.ticket;
      const logged = world.tickets.get(id);
      const decided = world.desk()?.state().tickets[id]?.state ?? 'pending';
      const isLongEnded = world.now() - (logged?.endedAt ?? world.now()) > ANSWER_MS;
      if (decided !== 'pending' || isLongEnded)
        world.fail(6, `${code} was shown as open and is ${logged?.state ?? decided}`);
      else if (expiresAt <= world.deskNow())
        world.fail(6, `${code} was shown as open after it had expired`);
    },
    shown(channel, chatId, facts, row) {
      const chat = `${channel}:${chatId}`;
      const { message } = facts;
      if (message?.kind === 'verdict_no_trade' || message?.kind === 'verdict_signals') {
        const days = shown.get(chat) ?? new Set<string>();
        shown.set(chat, days.add(message.verdict.tradingDay));
      }
      if (row !== null) order.stands(chat, row);
    },
    end() {
      for (const chat of world.chats)
        for (const day of verdicts)
          if (shown.get(chat)?.has(day) !== true)
            world.fail(6, `the verdict of ${day} never stood in ${chat}`);
    },
  };
}

/** Longest time in which a process may not yet have heard what the store has taken from it. */
const ANSWER_MS = 10_000;
/** How long a second confirmation can be answered. Source: chat.md "Second confirm". */
const QUESTION_MS = 60_000;

/** The order in which messages of their own first leave for a chat and stand in it. */
class OrderBook {
  readonly #world: Observed;
  readonly #leftAt = new Map<number, number>();
  readonly #last = new Map<string, OutboxRow>();
  readonly #known = new Set<string>();

  constructor(world: Observed) {
    this.#world = world;
  }

  left(row: OutboxRow): void {
    if (!this.#leftAt.has(row.id)) this.#leftAt.set(row.id, this.#world.steps());
  }

  stands(chat: string, row: OutboxRow): void {
    const isOwn = row.id !== 0 && row.priority !== 0 && row.editKey === null;
    // said before: by a process that died, or from the journal before the store had it
    const isRepeat = this.#known.has(row.dedupeKey);
    this.#known.add(row.dedupeKey);
    if (!isOwn || isRepeat) return;
    const last = this.#last.get(chat);
    if (last === undefined || last.id < row.id) {
      this.#last.set(chat, row);
      return;
    }
    const givenAt = this.#world.givenAt(row.id) ?? Number.POSITIVE_INFINITY;
    if (givenAt >= (this.#leftAt.get(last.id) ?? 0)) return;
    this.#world.fail(
      6,
      `${row.kind} (row ${row.id}) stood in ${chat} after ${last.kind} (row ${last.id})`,
    );
  }
}
