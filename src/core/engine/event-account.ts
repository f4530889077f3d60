import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type {
  Difference,
  External,
  HoldingDoubt,
  Mismatch,
} from '#core/portfolio/account-reading.ts';
import type { Environment } from './policy.ts';
import type { Position } from './state.ts';

type Change = { readonly from: number; readonly to: number };

/** What a comparison with the account decided, and what a person said about it. */
export type AccountEvent =
  | {
      readonly type: 'reconciled';
      readonly isClean: boolean;
      readonly cashMinor: number;
      readonly differences: readonly Difference[];
      /** Those of the differences that a person may settle by accepting the broker's side. */
      readonly mismatches: readonly Mismatch[];
    }
  /**
   * A reading of the account shows less of these holdings than the book has, and nothing under way explains
   * it. They are all that are doubted from here on; none: every share was found.
   */
  | { readonly type: 'holdings_doubted'; readonly doubts: readonly HoldingDoubt[] }
  | { readonly type: 'external_found'; readonly external: External }
  | { readonly type: 'external_gone'; readonly id: string }
  | { readonly type: 'external_disowned'; readonly external: External; readonly by: string }
  | { readonly type: 'position_adopted'; readonly position: Position; readonly by: string }
  /** A person said what the account holds that they execute by hand. */
  | {
      readonly type: 'account_attested';
      readonly holdings: readonly {
        readonly instrument: InstrumentId;
        readonly quantity: number;
      }[];
      readonly cashMinor: number;
      readonly by: string;
      /** Until when it counts, the end of the market's day; left out by an earlier release: not any more. */
      readonly untilAt?: number;
    }
  /** The broker's executions say what an order's fills were worth. */
  | {
      readonly type: 'fills_corrected';
      readonly orderId: string;
      readonly averagePrice: number;
      readonly filledMinor: Change;
      readonly feesMinor: Change;
    }
  | {
      readonly type: 'cash_corrected';
      readonly fromMinor: number;
      readonly toMinor: number;
      readonly by: string;
    }
  /**
   * Charges apart from executions (fees of the end of the day, interest) are known from here on. Cash moved
   * from one figure to the other by those that were news; equal when it had moved before.
   */
  | {
      readonly type: 'charges_noted';
      readonly chargeIds: readonly string[];
      readonly fromMinor: number;
      readonly toMinor: number;
    }
  /** A person took over the broker's holding; shares beyond or short of ours changed hands at `price`. */
  | {
      readonly type: 'position_corrected';
      readonly instrument: InstrumentId;
      readonly from: number;
      readonly to: number;
      readonly price: number;
      readonly by: string;
    }
  /** The book had the order ended and it works at the broker. */
  | { readonly type: 'order_found_working'; readonly orderId: string }
  /** A person wants the other side of the account; it is looked at first, and never taken within a session when it is live. */
  | {
      readonly type: 'environment_asked';
      readonly from: Environment;
      readonly to: Environment;
      readonly by: string;
    }
  /** The wish is off: something speaks against it, or it was taken back. */
  | {
      readonly type: 'environment_dropped';
      readonly to: Environment;
      readonly by: string;
      readonly reason: Reason;
    }
  /** From here on the desk is on the other side, with what that side has in cash. */
  | {
      readonly type: 'environment_changed';
      readonly from: Environment;
      readonly to: Environment;
      readonly by: string;
      readonly cashMinor: number;
    };
