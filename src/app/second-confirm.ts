import type { DeskAct } from '#core/replies/act.ts';
import type { CommandName } from '#core/replies/command-table.ts';
import { SECOND_CONFIRM_MS } from '#core/replies/conversation.ts';
import type { CodeRefusal } from '#core/replies/notice.ts';
import type { SystemAct } from '#core/replies/system.ts';
import type { Clock, CodeAnswer, OneTimeCodes } from './ports.ts';

/** An act that waits for its second confirmation. */
export type PendingAct = {
  readonly act: DeskAct | Extract<SystemAct, { act: 'config' }>;
  readonly command: CommandName;
  readonly deskIds: readonly string[];
  /** When the act was said, before it was asked about: a later kill or STOP overtakes it. */
  readonly saidAt: number;
  readonly actorId: string;
  readonly channel: string;
  readonly chatId: string;
  /** Ticket of the position an exit was meant for; the exit dies with it. */
  readonly positionTicketId: string | null;
  /** Account to be typed with four digits on a live account; null: one tap. */
  readonly liveAccount: string | null;
  /** On a live account: what raises risk takes a one-time code where one is enrolled, what lowers it never. */
  readonly raisesRisk: boolean;
};

type Entry = PendingAct & {
  readonly nonce: string;
  readonly phrase: string | null;
  /** The phrase is to be followed by a one-time code. */
  readonly needsCode: boolean;
  readonly untilAt: number;
  usedByRow: number | null;
  lastCode: null | { readonly rowId: number; readonly answer: CodeAnswer };
};

type From = {
  readonly actorId: string;
  readonly channel: string;
  readonly chatId: string;
  readonly rowId: number;
};

function isFrom(entry: PendingAct, from: From): boolean {
  const { actorId, channel, chatId } = from;
  return entry.actorId === actorId && entry.channel === channel && entry.chatId === chatId;
}

export type TakeResult =
  | { readonly kind: 'agreed'; readonly pending: PendingAct }
  | { readonly kind: 'dropped'; readonly pending: PendingAct }
  /** The question stays open until its time is over. */
  | { readonly kind: 'code_refused'; readonly answer: CodeRefusal }
  | { readonly kind: 'dead'; readonly cause: 'expired' | 'used' | 'other_person' | 'unknown' };

export type SecondConfirms = {
  /** Opens a question; it lives 60 s and is answered once. */
  ask(pending: PendingAct): {
    readonly nonce: string;
    readonly phrase: string | null;
    readonly needsCode: boolean;
    readonly validMs: number;
  };
  /**
   * Answers it. Same person, same chat, in time, once; `rowId` is the inbox row, so that a row
   * drained again after a store failure meets its own answer.
   */
  take(given: string, agreed: boolean, from: From): TakeResult;
};

const WORDS: Readonly<Partial<Record<CommandName, string>>> = {
  flatten: 'KILL',
  resume: 'RESUME',
  allow: 'ALLOW',
  safe: 'SAFE',
  unlock: 'UNLOCK',
  mode: 'AUTO',
  cancel: 'CANCEL',
  reconcile: 'ACCEPT',
  account: 'LIVE',
  config: 'CONFIG',
};

/** Most questions kept; the oldest goes first. */
const MOST_ENTRIES = 200;

const CODED = /^(.+) (\d{6})$/;

/**
 * Questions in memory: after a restart none is left, and silence is no. `newNonce` answers a fresh
 * unguessable text of 4 to 32 characters `[A-Za-z0-9_-]`, `newDigits` four digits.
 */
export function createSecondConfirms(deps: {
  readonly clock: Clock;
  readonly newNonce: () => string;
  readonly newDigits: () => string;
  /** Null or left out: nobody has enrolled a device. */
  readonly codes?: OneTimeCodes | null;
}): SecondConfirms {
  const entries = new Map<string, Entry>();
  const hasCodes = (deps.codes ?? null) !== null;
  const find = (given: string): Entry | null => {
    const byNonce = entries.get(given);
    if (byNonce !== undefined) return byNonce.phrase === null ? byNonce : null;
    for (const entry of entries.values())
      if (entry.phrase === given && !entry.needsCode) return entry;
    return null;
  };
  /** The newest question that a phrase with a one-time code may mean; somebody else's is met as such. */
  const findCoded = (given: string, from: From): { entry: Entry; code: string } | null => {
    const [, stem, code] = CODED.exec(given) ?? [];
    if (stem === undefined || code === undefined) return null;
    const meant = [...entries.values()].filter((one) => one.needsCode && one.phrase === stem);
    const entry = meant.findLast((one) => isFrom(one, from)) ?? meant.at(-1);
    return entry === undefined ? null : { entry, code };
  };
  /** A row drained again meets the answer it had, so that a bad code counts once. */
  const checkCode = (entry: Entry, code: string, rowId: number): CodeAnswer => {
    if (entry.lastCode?.rowId === rowId) return entry.lastCode.answer;
    const answer: CodeAnswer = deps.codes?.check(code, deps.clock.now()) ?? { kind: 'used' };
    entry.lastCode = { rowId, answer };
    return answer;
  };
  return {
    ask(pending) {
      const nonce = deps.newNonce();
      const account = pending.liveAccount?.toUpperCase() ?? null;
      const word = WORDS[pending.command] ?? 'LIVE';
      const needsCode = account !== null && hasCodes && pending.raisesRisk;
      const stem = `${word} ${account}`;
      const phrase = account === null ? null : needsCode ? stem : `${stem} ${deps.newDigits()}`;
      entries.set(nonce, {
        ...pending,
        nonce,
        phrase,
        needsCode,
        untilAt: deps.clock.now() + SECOND_CONFIRM_MS,
        usedByRow: null,
        lastCode: null,
      });
      const oldest = entries.keys().next();
      if (entries.size > MOST_ENTRIES && oldest.done !== true) entries.delete(oldest.value);
      return { nonce, phrase, needsCode, validMs: SECOND_CONFIRM_MS };
    },
    take(given, agreed, from) {
      const coded = agreed ? findCoded(given, from) : null;
      const entry = coded?.entry ?? (agreed ? find(given) : (entries.get(given) ?? null));
      if (entry === null) return { kind: 'dead', cause: 'unknown' };
      if (!isFrom(entry, from)) return { kind: 'dead', cause: 'other_person' };
      if (entry.usedByRow !== null && entry.usedByRow !== from.rowId)
        return { kind: 'dead', cause: 'used' };
      if (deps.clock.now() > entry.untilAt) return { kind: 'dead', cause: 'expired' };
      if (coded !== null && entry.usedByRow === null) {
        const answer = checkCode(entry, coded.code, from.rowId);
        if (answer.kind !== 'right') return { kind: 'code_refused', answer };
      }
      entry.usedByRow = from.rowId;
      return { kind: agreed ? 'agreed' : 'dropped', pending: entry };
    },
  };
}
