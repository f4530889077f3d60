import { drawPlan } from './draw.ts';
import { PLANTED } from './planted.ts';
import type { PlantedBug } from './planted-bug.ts';
import { play } from './world.ts';

/** Most seeds a planted bug may take. */
export const HUNT_SEEDS = 2_000;

export type PlantedResult = {
  readonly id: string;
  readonly sentence: string;
  readonly found: boolean;
  /** The seed that found it; null: none of the first 2,000 did. */
  readonly seed: number | null;
  /** The invariant it broke. */
  readonly invariant: number | null;
};

/** Looks for one planted bug, seed by seed from 1 on. */
export async function hunt(bug: PlantedBug, seeds = HUNT_SEEDS): Promise<PlantedResult> {
  const { id, sentence } = bug;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { finding } = await play({ plan: drawPlan(seed), tamper: bug.plant() });
    if (finding !== null) return { id, sentence, found: true, seed, invariant: finding.invariant };
  }
  return { id, sentence, found: false, seed: null, invariant: null };
}

/** Looks for every planted bug. */
export async function huntPlanted(onBug: (id: string) => void): Promise<PlantedResult[]> {
  const results: PlantedResult[] = [];
  for (const bug of PLANTED) {
    onBug(bug.id);
    results.push(await hunt(bug));
  }
  return results;
}
