import process from 'node:process';
import type { Desk } from '#app/desk.ts';
import type { Clock, KillFile } from '#app/ports.ts';
import type { Actor } from '#core/replies/act.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';

/** The kill file of a desk process: the port, and a watch for kills that come from elsewhere. */
export type KillSwitch = {
  readonly port: KillFile;
  /** Acts on a kill of another process within a quarter of a second. Answers a stop function. */
  watch(desks: readonly Desk[], clock: Clock): () => void;
};

function actorOf(by: string): Actor {
  return { id: by, name: by, role: 'operator', channel: 'kill file', chatId: 'kill file' };
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
  const read = (): 'absent' | 'present' | 'unreadable' => {
    for (const state of [own.state(), file.state()]) {
      if (state.kind === 'unreadable') return 'unreadable';
      if (state.kind === 'present' && isAbout(state.note.at)) return 'present';
    }
    return 'absent';
  };
  const port: KillFile = {
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
    read,
  };
  return {
    port,
    watch(desks, clock) {
      const known = new Map(desks.map((desk) => [desk, false]));
      return file.watch((state) => {
        const isPresent =
          state.kind === 'unreadable' || (state.kind === 'present' && isAbout(state.note.at));
        const by = state.kind === 'present' ? state.note.by : 'kill file';
        const scope = state.kind === 'present' ? state.note.scope : 'all';
        const key = state.kind === 'present' ? state.note.updateKey : undefined;
        for (const desk of desks) {
          const isMeant =
            scope === 'all' || scope === desk.policy.deskId || scope === desk.policy.accountId;
          const isOn = isPresent && isMeant;
          if (isOn === known.get(desk)) continue;
          known.set(desk, isOn);
          if (isOn && desk.state().kill.kind === 'clear') {
            const receipt = desk.killNow(actorOf(by), scope, clock.now(), key);
            file.answer({
              at: Date.now(),
              pid: process.pid,
              canceledOrderIds: receipt.canceledOrderIds,
              protectionKept: receipt.protectionKept,
            });
          }
          desk.post({
            kind: 'kill_file_seen',
            at: clock.now(),
            isPresent: isOn,
            by,
            ...(key === undefined ? {} : { updateKey: key }),
          });
        }
      });
    },
  };
}
