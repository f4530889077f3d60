import type { ChatPayload } from './chat-payload.ts';
import type { ChatTarget } from './fan-out.ts';
import type { Clock, Outbox, OutboxRow, Timer } from './ports.ts';

/** A chat that leads delivered nothing for this long while something waited for it: the next one takes over. */
const TAKE_OVER_MS = 8000;
/** Rows whose fate another copy decided, kept while they may still be under way. */
const MOST_SAID = 10_000;

export type StandbyDeps = {
  /** Wall time. */
  readonly wall: Clock;
  readonly outbox: Pick<Outbox, 'statesOf'>;
  /** Puts a copy into its own lane. */
  readonly release: (row: OutboxRow) => void;
  /** Takes a row out of its lane, if it waits there, and drops it. */
  readonly withdraw: (dedupeKey: string) => void;
  /** Drops a copy that was held here. */
  readonly drop: (row: OutboxRow, why: string) => void;
  readonly onFailure: (error: unknown, row: OutboxRow | null) => void;
  /** A chat that leads does not deliver; told once an episode. */
  readonly onDown: (chat: ChatTarget) => void;
};

/** Copies that wait behind the one of a person's leading chat. */
export type Standby = {
  /** Takes a copy that stands behind another row; false: it is no such copy, or its turn has come. */
  hold(row: OutboxRow): boolean;
  /** The row was delivered: no other copy of it is needed. */
  delivered(row: OutboxRow, chat: ChatTarget): void;
  /** The row was dropped, and what it said with it: copies behind it are dropped too. */
  dropped(row: OutboxRow, why: string): void;
  /** The row will never be delivered: copies behind it leave at once. */
  failed(row: OutboxRow): void;
  /** True once another copy of this row was delivered. */
  isSaid(row: OutboxRow): boolean;
  /** True when the row tells of a channel that delivers again. */
  isOver(row: OutboxRow): boolean;
  stop(): void;
};

type Held = { readonly row: OutboxRow; readonly since: number };

export const SAID_ELSEWHERE = 'said on another channel';

const nameOf = ({ channel, chatId }: ChatTarget): string => `${channel}:${chatId}`;
const behindOf = (row: OutboxRow) => (row.payload as ChatPayload).behind;

/**
 * A person with several chats is told everything on the leading one, and on the next where that one does not
 * deliver (record 0160): each copy is a row of its own, and is dropped once the one before it was delivered.
 */
export function createStandby(deps: StandbyDeps): Standby {
  return new Waiting(deps);
}

class Waiting implements Standby {
  readonly #deps: StandbyDeps;
  /** By the dedupe key of the row they stand behind. */
  readonly #held = new Map<string, Held[]>();
  /** Copies that left, by the key of the row they stood behind. */
  readonly #left = new Map<string, string[]>();
  readonly #said = new Set<string>();
  readonly #deliveredAt = new Map<string, number>();
  readonly #down = new Set<string>();
  #timer: Timer | null = null;
  #isStopped = false;
  #look: Promise<void> | null = null;

  constructor(deps: StandbyDeps) {
    this.#deps = deps;
  }

  hold(row: OutboxRow): boolean {
    const behind = behindOf(row);
    if (behind === undefined || this.#isStopped) return false;
    if (this.#left.get(behind.key)?.includes(row.dedupeKey) === true) return false;
    if (this.#down.has(nameOf(behind))) {
      this.#note(row);
      return false;
    }
    const held = this.#held.get(behind.key) ?? [];
    held.push({ row, since: this.#deps.wall.now() });
    this.#held.set(behind.key, held);
    this.#plan();
    return true;
  }

  delivered(row: OutboxRow, chat: ChatTarget): void {
    this.#deliveredAt.set(nameOf(chat), this.#deps.wall.now());
    this.#down.delete(nameOf(chat));
    this.#dropBehind(row, SAID_ELSEWHERE);
    for (const key of this.#left.get(row.dedupeKey) ?? []) this.#sayElsewhere(key);
    this.#left.delete(row.dedupeKey);
    const behind = behindOf(row);
    if (behind === undefined) return;
    this.#sayElsewhere(behind.key);
    this.#left.delete(behind.key);
  }

  dropped(row: OutboxRow, why: string): void {
    this.#dropBehind(row, why);
  }

  failed(row: OutboxRow): void {
    for (const { row: copy } of this.#take(row.dedupeKey)) this.#leave(copy);
  }

  isSaid(row: OutboxRow): boolean {
    return this.#said.has(row.dedupeKey);
  }

  isOver(row: OutboxRow): boolean {
    const { downOf } = row.payload as ChatPayload;
    return downOf !== undefined && ![...this.#down].some((name) => name.startsWith(`${downOf}:`));
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#held.clear();
  }

  #dropBehind(row: OutboxRow, why: string): void {
    for (const { row: copy } of this.#take(row.dedupeKey)) this.#deps.drop(copy, why);
  }

  #take(key: string): readonly Held[] {
    const held = this.#held.get(key) ?? [];
    this.#held.delete(key);
    return held;
  }

  #sayElsewhere(key: string): void {
    this.#said.add(key);
    const oldest = this.#said.keys().next();
    if (this.#said.size > MOST_SAID && oldest.done !== true) this.#said.delete(oldest.value);
    this.#deps.withdraw(key);
  }

  #note(row: OutboxRow): void {
    const { key } = behindOf(row)!;
    this.#left.set(key, [...(this.#left.get(key) ?? []), row.dedupeKey]);
    const oldest = this.#left.keys().next();
    if (this.#left.size > MOST_SAID && oldest.done !== true) this.#left.delete(oldest.value);
  }

  #leave(copy: OutboxRow): void {
    this.#note(copy);
    // what stands behind this copy has waited for its turn only from now on
    const next = this.#held.get(copy.dedupeKey);
    if (next !== undefined) {
      const since = this.#deps.wall.now();
      this.#held.set(
        copy.dedupeKey,
        next.map(({ row }) => ({ row, since })),
      );
    }
    this.#deps.release(copy);
  }

  /** When a held copy's turn comes, unless its leading chat delivers something before; null: not from here. */
  #turnOf({ row, since }: Held, heldKeys: ReadonlySet<string>): number | null {
    const behind = behindOf(row)!;
    if (heldKeys.has(behind.key)) return null;
    const deliveredAt = this.#deliveredAt.get(nameOf(behind)) ?? Number.NEGATIVE_INFINITY;
    return Math.max(since, deliveredAt) + TAKE_OVER_MS;
  }

  #turns(): { readonly held: Held; readonly at: number }[] {
    const all = [...this.#held.values()].flat();
    const keys = new Set(all.map(({ row }) => row.dedupeKey));
    return all.flatMap((held) => {
      const at = this.#turnOf(held, keys);
      return at === null ? [] : [{ held, at }];
    });
  }

  #plan(): void {
    if (this.#timer !== null || this.#look !== null || this.#isStopped) return;
    const turns = this.#turns();
    if (turns.length === 0) return;
    const first = turns.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    this.#timer = this.#deps.wall.at(first, () => {
      this.#timer = null;
      this.#look = this.#giveTurns().finally(() => {
        this.#look = null;
        this.#plan();
      });
    });
  }

  /** Lets copies go whose leading row is still not delivered, and drops those whose is. */
  async #giveTurns(): Promise<void> {
    const now = this.#deps.wall.now();
    const due = this.#turns().filter(({ at }) => at <= now);
    const keys = due.map(({ held }) => behindOf(held.row)!.key);
    let states: ReadonlyMap<string, string> = new Map();
    try {
      states = await this.#deps.outbox.statesOf([...new Set(keys)]);
    } catch (error) {
      // twice is better than never
      this.#deps.onFailure(error, null);
    }
    for (const { held } of due) {
      const behind = behindOf(held.row)!;
      const rest = this.#held.get(behind.key) ?? [];
      // meanwhile the leading row was settled
      if (this.#isStopped || !rest.includes(held)) continue;
      const left = rest.filter((other) => other !== held);
      if (left.length === 0) this.#held.delete(behind.key);
      else this.#held.set(behind.key, left);
      const state = states.get(behind.key);
      if (state === 'delivered' || state === 'dropped') {
        this.#deps.drop(held.row, SAID_ELSEWHERE);
        continue;
      }
      const name = nameOf(behind);
      const isNew = !this.#down.has(name);
      this.#down.add(name);
      if (isNew) this.#deps.onDown(behind);
      this.#leave(held.row);
    }
  }
}
