import type { DeskAct } from '#core/replies/act.ts';
import type { CommandName } from '#core/replies/command-table.ts';
import { SECOND_CONFIRM_MS } from '#core/replies/conversation.ts';
import type { Clock } from './ports.ts';

/** An act that waits for its second confirmation. */
export type PendingAct = {
  readonly act: DeskAct;
  readonly command: CommandName;
  readonly deskIds: readonly string[];
  readonly actorId: string;
  readonly channel: string;
  readonly chatId: string;
  /** Ticket of the position an exit was meant for; the exit dies with it. */
  readonly positionTicketId: string | null;
  /** Account to be typed with four digits on a live account; null: one tap. */
  readonly liveAccount: string | null;
};

type Entry = PendingAct & {
  readonly nonce: string;
  readonly phrase: string | null;
  readonly untilAt: number;
  usedByRow: number | null;
};

export type TakeResult =
  | { readonly kind: 'agreed'; readonly pending: PendingAct }
  | { readonly kind: 'dropped'; readonly pending: PendingAct }
  | { readonly kind: 'dead'; readonly cause: 'expired' | 'used' | 'other_person' | 'unknown' };

export type SecondConfirms = {
  /** Opens a question; it lives 60 s and is answered once. */
  ask(pending: PendingAct): {
    readonly nonce: string;
    readonly phrase: string | null;
    readonly validMs: number;
  };
  /**
   * Answers it. Same person, same chat, in time, once; `rowId` is the inbox row, so that a row
   * drained again after a store failure meets its own answer.
   */
  take(
    given: string,
    agreed: boolean,
    from: { actorId: string; channel: string; chatId: string; rowId: number },
  ): TakeResult;
};

const WORDS: Readonly<Partial<Record<CommandName, string>>> = {
  flatten: 'KILL',
  resume: 'RESUME',
  allow: 'ALLOW',
  safe: 'SAFE',
  mode: 'AUTO',
  cancel: 'CANCEL',
  reconcile: 'ACCEPT',
};

/** Most questions kept; the oldest goes first. */
const MOST_ENTRIES = 200;

/**
 * Questions in memory: after a restart none is left, and silence is no. `newNonce` answers a fresh
 * unguessable text of 4 to 32 characters `[A-Za-z0-9_-]`, `newDigits` four digits.
 */
export function createSecondConfirms(deps: {
  readonly clock: Clock;
  readonly newNonce: () => string;
  readonly newDigits: () => string;
}): SecondConfirms {
  const entries = new Map<string, Entry>();
  const find = (given: string): Entry | null => {
    const byNonce = entries.get(given);
    if (byNonce !== undefined) return byNonce.phrase === null ? byNonce : null;
    for (const entry of entries.values()) if (entry.phrase === given) return entry;
    return null;
  };
  return {
    ask(pending) {
      const nonce = deps.newNonce();
      const account = pending.liveAccount?.toUpperCase() ?? null;
      const word = WORDS[pending.command] ?? 'LIVE';
      const phrase = account === null ? null : `${word} ${account} ${deps.newDigits()}`;
      entries.set(nonce, {
        ...pending,
        nonce,
        phrase,
        untilAt: deps.clock.now() + SECOND_CONFIRM_MS,
        usedByRow: null,
      });
      const oldest = entries.keys().next();
      if (entries.size > MOST_ENTRIES && oldest.done !== true) entries.delete(oldest.value);
      return { nonce, phrase, validMs: SECOND_CONFIRM_MS };
    },
    take(given, agreed, from) {
      const entry = agreed ? find(given) : (entries.get(given) ?? null);
      if (entry === null) return { kind: 'dead', cause: 'unknown' };
      const isSame =
        entry.actorId === from.actorId &&
        entry.channel === from.channel &&
        entry.chatId === from.chatId;
      if (!isSame) return { kind: 'dead', cause: 'other_person' };
      if (entry.usedByRow !== null && entry.usedByRow !== from.rowId)
        return { kind: 'dead', cause: 'used' };
      if (deps.clock.now() > entry.untilAt) return { kind: 'dead', cause: 'expired' };
      entry.usedByRow = from.rowId;
      return { kind: agreed ? 'agreed' : 'dropped', pending: entry };
    },
  };
}
