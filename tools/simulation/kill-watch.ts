import type { Desk } from '#app/desk.ts';
import type { Clock } from '#app/ports.ts';
import type { KillSaid } from './disk.ts';

/** Tells a desk what its kill file says, as the watch of the product does; then `onSeen`, once it has decided. */
export function showKillFile(
  desk: Desk,
  clock: Clock,
  said: KillSaid | null,
  by: string,
  onSeen: (at: number | null) => void,
): void {
  const key = said?.updateKey;
  const show = async (): Promise<void> => {
    const saying = said === null ? {} : { saidAt: said.at };
    const named = key === undefined ? {} : { updateKey: key };
    const isPresent = said !== null;
    const at = clock.now();
    const seen = { kind: 'kill_file_seen', at, isPresent, by, ...saying, ...named } as const;
    try {
      await desk.submit(seen);
      onSeen(said?.at ?? null);
    } catch {
      desk.post(seen);
    }
  };
  if (said === null || desk.state().kill.kind !== 'clear') return void show();
  const actor = { id: by, name: by, role: 'operator', channel: by, chatId: by } as const;
  desk.killNow(actor, 'all', clock.now(), key, true).decided.then(show, show);
}
