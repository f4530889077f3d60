import process from 'node:process';
import type { Desk } from '#app/desk.ts';
import type { KillReceipt } from '#app/desk-handle.ts';
import type { Clock, KillFile } from '#app/ports.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { Actor } from '#core/replies/act.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import {
  createKillFile,
  type KillFile as KillFileOnDisk,
  type KillNote,
} from '#shell/files/kill-file.ts';

/** The kill file of a desk process: the port of each desk, and a watch for kills that come from elsewhere. */
export type KillSwitch = {
  /** The kill file as one desk sees it: a kill of another desk is none of its business. */
  portOf(policy: Policy): KillFile;
  /** Acts on a kill of another process within a quarter of a second. Answers a stop function. */
  watch(desks: readonly Desk[], clock: Clock): () => void;
};

function actorOf(by: string): Actor {
  return { id: by, name: by, role: 'operator', channel: 'kill file', chatId: 'kill file' };
}

function isMeant(scope: string, { deskId, accountId, market }: Policy): boolean {
  return [`all`, deskId, accountId, market.toLowerCase()].includes(scope);
}

/**
 * Makes the kill switch of a data folder. A played run passes `since`: a note older than the run is
 * about the live book and not about it. An unreadable file counts as present.
 */
export function composeKillSwitch(config: Config, since: number | null): KillSwitch {
  const files = dataFilesOf(config.dataDir);
  const file = createKillFile(files);
  // what a played run kills is its own; the live book does not start halted for it
  const own =
    since === null
      ? file
      : createKillFile({ kill: `${files.kill}.played`, killAnswer: `${files.killAnswer}.played` });
  const isAbout = (at: number): boolean => since === null || at >= since;
  const read = (policy: Policy): 'absent' | 'present' | 'unreadable' => {
    for (const state of [own.state(), file.state()]) {
      if (state.kind === 'unreadable') return 'unreadable';
      if (state.kind !== 'present' || !isAbout(state.note.at)) continue;
      if (isMeant(state.note.scope, policy)) return 'present';
    }
    return 'absent';
  };
  // what every desk has decided on is known to it when it decides on a resume, whatever clock dated it
  let seenAt: number | null = null;
  let newest: number | null = null;
  return {
    portOf: (policy) => ({
      write: (by, scope, at, updateKey) =>
        own.write({
          by,
          scope,
          at: since === null ? at : Date.now(),
          ...(updateKey === undefined ? {} : { updateKey }),
        }),
      remove: (upTo) => {
        // the clock of a played run is not the one the notes are written by
        const state = file.state();
        if (since === null)
          return file.remove(state.kind === 'present' && state.note.at === seenAt ? null : upTo);
        own.remove(null);
        if (state.kind === 'present' && isAbout(state.note.at)) file.remove(null);
      },
      read: () => read(policy),
    }),
    watch(desks, clock) {
      const acted = new KillWatch(file, clock, since !== null);
      return file.watch((state) => {
        const note = state.kind === 'present' && isAbout(state.note.at) ? state.note : null;
        const at = note?.at ?? null;
        newest = at;
        if (at === null) seenAt = null;
        const decided = acted.onChange(desks, note, state.kind === 'unreadable');
        // not before: a resume that waits in front of it must not take the file away
        decided.then(
          () => {
            if (newest === at) seenAt = at;
          },
          () => undefined,
        );
      });
    },
  };
}

/** Acts once on each news of the kill file, for every desk it is about. */
class KillWatch {
  readonly #file: KillFileOnDisk;
  readonly #clock: Clock;
  readonly #known = new Map<Desk, boolean>();
  readonly #acted = new Set<string>();
  readonly #isPlayed: boolean;
  #saidAt: number | null = null;
  #answeredAt: number | null = null;

  /** `isPlayed`: the clock is not the one that the notes are written by. */
  constructor(file: KillFileOnDisk, clock: Clock, isPlayed: boolean) {
    this.#file = file;
    this.#clock = clock;
    this.#isPlayed = isPlayed;
  }

  /** Resolves once every desk has decided on it. */
  async onChange(
    desks: readonly Desk[],
    note: KillNote | null,
    isUnreadable: boolean,
  ): Promise<void> {
    const scope = note?.scope ?? 'all';
    const isPresent = note !== null || isUnreadable;
    const isSaidAgain = note !== null && this.#saidAt !== null && note.at > this.#saidAt;
    this.#saidAt = note?.at ?? null;
    const news = desks.filter((desk) => {
      const isOn = isPresent && isMeant(scope, desk.policy);
      return isOn !== (this.#known.get(desk) ?? false) || (isOn && isSaidAgain);
    });
    const killed = news.filter((desk) => isPresent && desk.state().kill.kind === 'clear');
    const by = note?.by ?? 'kill file';
    const decided = new Map<Desk, Promise<unknown>>();
    const receipts = killed.map((desk) => {
      // a note that is there stays as it is: written anew it would be news once more
      const isWritten = note !== null;
      const at = this.#clock.now();
      const receipt = desk.killNow(actorOf(by), scope, at, note?.updateKey, isWritten);
      decided.set(desk, receipt.decided);
      return receipt;
    });
    if (killed.length > 0) this.#answer(receipts);
    const key = note?.updateKey === undefined ? {} : { updateKey: note.updateKey };
    const shown = news.map((desk) => {
      const isOn = isPresent && isMeant(scope, desk.policy);
      this.#known.set(desk, isOn);
      const show = (): Promise<unknown> => {
        const at = this.#clock.now();
        const said = note === null ? {} : { saidAt: this.#isPlayed ? at : note.at };
        const seen = { kind: 'kill_file_seen', at, isPresent: isOn, by, ...said, ...key } as const;
        return desk.submit(seen).catch((error: unknown) => {
          desk.post(seen);
          throw error;
        });
      };
      // the kill itself first: the file alone would kill a second time
      const before = decided.get(desk);
      return before === undefined ? show() : before.then(show, show);
    });
    for (const desk of desks) {
      this.#noteSold(desk, note);
      this.#flatten(desk, note);
    }
    await Promise.all(shown);
  }

  /** At once with what left at once, and again when the broker was asked for orders that are not the desk's. */
  #answer(receipts: readonly KillReceipt[]): void {
    const answer = {
      at: Date.now(),
      pid: process.pid,
      canceledOrderIds: receipts.flatMap((receipt) => receipt.canceledOrderIds),
      protectionKept: receipts.reduce((sum, receipt) => sum + receipt.protectionKept, 0),
    };
    this.#file.answer({ ...answer, strangerIds: null });
    this.#answeredAt = answer.at;
    void Promise.all(receipts.map(({ strangers }) => strangers)).then((found) => {
      // a kill after it has answered for itself, and a resume has ended what was said of this one
      const isNewest = this.#answeredAt === answer.at && this.#file.readAnswer(answer.at) !== null;
      if (isNewest) this.#file.answer({ ...answer, strangerIds: found.flat() });
    });
  }

  /** What another process closed past the desk is not sold, nor protected, before book and broker agree. */
  #noteSold(desk: Desk, note: KillNote | null): void {
    for (const { scope, key } of note?.sold ?? []) {
      if (scope !== desk.policy.accountId || !this.#isNew(`sold:${key}`)) continue;
      const at = this.#clock.now();
      const by = note?.by ?? 'kill file';
      desk.post({ kind: 'sold_elsewhere', at, by, updateKey: `sold:${key}` });
    }
  }

  #isNew(id: string): boolean {
    if (this.#acted.has(id)) return false;
    this.#acted.add(id);
    return true;
  }

  /** Stage 2 from another process: a live account only by its own name, once its phrase was typed there. */
  #flatten(desk: Desk, note: KillNote | null): void {
    for (const { scope, key, isConfirmed } of note?.flatten ?? []) {
      const { accountId, deskId, environment } = desk.policy;
      const id = `${deskId}:${key}`;
      const isLiveMeant = isConfirmed === true && scope === accountId;
      if (environment === 'paper' ? !isMeant(scope, desk.policy) : !isLiveMeant) continue;
      if (!this.#isNew(id)) continue;
      const at = this.#clock.now();
      desk.post({
        kind: 'operator_acted',
        at,
        act: { act: 'flatten', scope: null },
        actor: { ...actorOf(note?.by ?? 'kill file'), role: 'owner' },
        sentAt: at,
        quote: null,
        isConfirmed: true,
        updateKey: id,
      });
    }
  }
}
