import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Environment } from './policy.ts';

/** What is said of an account's sides. */
export type AccountMessage =
  /** A person is to say what their account holds: no entries before. `why` is what asks for it. */
  | {
      readonly kind: 'attest_due';
      readonly accountId: string;
      readonly why: 'start' | 'session' | 'close';
      /** What the book has, to be corrected where it is wrong. */
      readonly holdings: readonly {
        readonly instrument: InstrumentId;
        readonly quantity: number;
      }[];
      readonly cashMinor: number;
    }
  /** The wish for the other side of the account; `isWaiting`: a session runs and it counts after it. */
  | {
      readonly kind: 'account_asked';
      readonly accountId: string;
      readonly to: Environment;
      readonly by: string;
      readonly isWaiting: boolean;
    }
  | {
      readonly kind: 'account_dropped';
      readonly accountId: string;
      readonly to: Environment;
      readonly by: string;
      readonly reason: Reason;
    }
  | {
      readonly kind: 'account_changed';
      readonly accountId: string;
      readonly from: Environment;
      readonly to: Environment;
      readonly by: string;
      readonly cashMinor: number;
    };
