import type { Tamper } from './boot.ts';

/** A bug put into the desk from outside, to prove that the simulation finds what it should. */
export type PlantedBug = {
  readonly id: string;
  /** What the desk does wrong. */
  readonly sentence: string;
  /** A fresh one for each session. */
  readonly plant: () => Tamper;
};
