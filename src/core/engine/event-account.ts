import type { InstrumentId } from '#core/market/instrument.ts';
import type { Difference, External, Mismatch } from '#core/portfolio/account-reading.ts';
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
  | { readonly type: 'order_found_working'; readonly orderId: string };
