import type { Random } from '#core/lib/random.ts';

export const MINUTE = 60_000;
export const SECOND = 1_000;

/** A random sequence with the draws a plan needs. */
export type Dice = {
  chance(probability: number): boolean;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
};

export function diceOf(random: Random): Dice {
  const whole = (low: number, high: number) =>
    low + Math.floor(random.uniform() * (high - low + 1));
  return {
    chance: (probability) => random.uniform() < probability,
    whole,
    pick: (list) => list[whole(0, list.length - 1)] as (typeof list)[number],
  };
}
