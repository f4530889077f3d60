import { canonicalJson } from '#core/lib/canonical-json.ts';
import type { Kept } from './disk.ts';
import type { Life } from './life.ts';
import type { Hooks, Observed } from './observed.ts';

/**
 * 9. Nor does the log forget what a process did while the store was down.
 *
 * What stands in the journal of a machine has acted: orders left on it and people were told. Once a later
 * process of that machine has recovered, the log holds it, at the version it was decided on; only where
 * another machine decided in its place there may be something else, from there on.
 */
export function journalIsKept(world: Observed): Hooks {
  let kept: { readonly entry: Kept; readonly life: Life }[] = [];
  /** The machine that wrote each event of the log, oldest first. */
  const writers: string[] = [];
  return {
    journaled: (life, entry) => void kept.push({ entry, life }),
    committed: (_event, life) => void writers.push(life.machine),
    async recovered(life) {
      const isPast = (one: { readonly life: Life }) =>
        one.life !== life && one.life.machine === life.machine;
      const past = kept.filter(isPast);
      kept = kept.filter((one) => !isPast(one));
      if (past.length === 0) return;
      const stored = await world.events.read(world.stream);
      for (const { entry } of past) {
        const isStored = entry.events.every((event, place) => {
          const found = stored[entry.after + place];
          const said = found === undefined ? null : { type: found.type, data: found.data };
          return canonicalJson(said) === canonicalJson(event);
        });
        if (isStored) continue;
        const writer = writers[entry.after];
        // what follows was decided on top of what never was part of the log
        if (writer !== undefined && writer !== life.machine) return;
        const [first] = entry.events;
        world.fail(9, `${first?.type} acted from the journal and the log does not know it`);
      }
    },
  };
}
