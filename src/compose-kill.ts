import process from 'node:process';
import type { Desk } from '#app/desk.ts';
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
  return {
    portOf: (policy) => ({
      write: (by, scope, updateKey) =>
        own.write({
          by,
          scope,
          at: Date.now(),
          ...(updateKey === undefined ? {} : { updateKey }),
        }),
      remove: () => {
        own.remove();
        const state = file.state();
        if (state.kind === 'present' && isAbout(state.note.at)) file.remove();
      },
      read: () => read(policy),
    }),
    watch(desks, clock) {
      const acted = new KillWatch(file, clock);
      return file.watch((state) => {
        const note = state.kind === 'present' && isAbout(state.note.at) ? state.note : null;
        acted.onChange(desks, note, state.kind === 'unreadable');
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

  constructor(file: KillFileOnDisk, clock: Clock) {
    this.#file = file;
    this.#clock = clock;
  }

  onChange(desks: readonly Desk[], note: KillNote | null, isUnreadable: boolean): void {
    const scope = note?.scope ?? 'all';
    const isPresent = note !== null || isUnreadable;
    const news = desks.filter((desk) => {
      const isOn = isPresent && isMeant(scope, desk.policy);
      return isOn !== (this.#known.get(desk) ?? false);
    });
    const killed = news.filter((desk) => isPresent && desk.state().kill.kind === 'clear');
    const by = note?.by ?? 'kill file';
    const receipts = killed.map((desk) =>
      desk.killNow(actorOf(by), scope, this.#clock.now(), note?.updateKey),
    );
    if (killed.length > 0)
      this.#file.answer({
        at: Date.now(),
        pid: process.pid,
        canceledOrderIds: receipts.flatMap((receipt) => receipt.canceledOrderIds),
        protectionKept: receipts.reduce((sum, receipt) => sum + receipt.protectionKept, 0),
      });
    const key = note?.updateKey === undefined ? {} : { updateKey: note.updateKey };
    for (const desk of news) {
      const isOn = isPresent && isMeant(scope, desk.policy);
      this.#known.set(desk, isOn);
      const at = this.#clock.now();
      desk.post({ kind: 'kill_file_seen', at, isPresent: isOn, by, ...key });
    }
    for (const desk of desks) {
      this.#noteSold(desk, note);
      this.#flatten(desk, note);
    }
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

  /** Stage 2 from another process: on paper only, a live account is asked for its phrase in the chat. */
  #flatten(desk: Desk, note: KillNote | null): void {
    for (const { scope, key } of note?.flatten ?? []) {
      const id = `${desk.policy.deskId}:${key}`;
      if (desk.policy.environment !== 'paper' || !isMeant(scope, desk.policy)) continue;
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
