/** How fast the desk's clock runs: wall time, simulated seconds a second, or as fast as possible. */
export type Speed = 'realtime' | 'max' | number;

/** Who answers tickets: the person, or a rule (only on simulated accounts). */
export type Operator = 'terminal' | 'confirm' | 'skip' | 'silent' | 'random';

/** What `centaur start` was asked for. Undefined and null mean: as the configuration says. */
export type StartOptions = {
  readonly profile: string | null;
  /** Desk ids; empty means those of the profile. */
  readonly desks: readonly string[];
  /** Replaces the symbols of every desk that runs; empty means those of the desk. */
  readonly symbols: readonly string[];
  /** Recorded trading days to play, both included. */
  readonly replay: { readonly from: string; readonly to: string } | null;
  readonly speed: Speed | null;
  readonly operator: Operator | null;
  readonly seed: number | null;
  /** File with positions that stand at the instants it states. */
  readonly book: string | null;
  /** Empty means those of the profile. */
  readonly channels: readonly string[];
  /** End when the played days end. */
  readonly exit: boolean;
  /** Print one JSON object on standard output at the end, everything else on standard error. */
  readonly json: boolean;
  readonly dataDir: string | null;
};
