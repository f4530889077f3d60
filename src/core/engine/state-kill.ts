import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** What stage 2 of a kill is to sell of one symbol. */
export type KillLeg = {
  readonly instrument: InstrumentId;
  /** Shares held when it began. */
  readonly quantity: number;
  /** Why the last order that was to sell them did not; null: none failed yet. */
  readonly problem: Reason | null;
};

/** What of a leg stage 2 could not sell, and why. */
export type KillRest = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly reason: Reason;
};

/**
 * The one request with which stage 2 began: the broker closes everything, or takes back every order. Until
 * it is answered nothing else sells; `in_doubt`: nobody knows whether it arrived, the broker is asked.
 */
export type Sweep = {
  readonly way: 'one_request' | 'global_cancel';
  readonly state: 'asked' | 'in_doubt' | 'answered';
  readonly at: number;
};

/** Two-stage latch; left only by resume. */
export type Kill =
  | { readonly kind: 'clear' }
  | {
      readonly kind: 'halted' | 'flattening' | 'flat' | 'incomplete';
      readonly by: string;
      /** Desk, account, market or `all`, as it was said. */
      readonly scope: string;
      readonly at: number;
      /** When it was said last, by a person or by the kill file: what was said earlier does not undo it. */
      readonly saidAt: number;
      readonly flattenBy: string | null;
      readonly left: readonly KillRest[];
      readonly legs: readonly KillLeg[];
      readonly sweep: Sweep | null;
      /** The progress told last, and when; told at most every two seconds. */
      readonly told: { readonly at: number; readonly lines: string } | null;
    };
