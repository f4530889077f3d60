import type { Figure, FigureNote } from '#core/indicators/figure.ts';
import type { Check, DegradedRows } from './gate.ts';

/** Why known rows of a gate are marked, alike reasons together, in the order of the rows. */
export function degradedRows(
  checks: readonly Check[],
  figures: readonly (Figure<number> | Figure<boolean>)[],
): DegradedRows[] {
  const groups = new Map<string, { names: string[]; note: FigureNote | null }>();
  for (const { name, value, degraded } of checks) {
    if (!degraded || value === null) continue;
    const note = figures.find((one) => one.name === name)?.note ?? null;
    const key = JSON.stringify(note);
    const group = groups.get(key) ?? { names: [], note };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}
