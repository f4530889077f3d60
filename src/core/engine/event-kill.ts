import type { Reason } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { KillLine } from './message.ts';
import type { KillRest, Sweep } from './state-kill.ts';

/** What a kill did, how far selling has come, and how it ended. */
export type KillEvent =
  | {
      readonly type: 'kill_engaged';
      readonly by: string;
      readonly scope: string;
      readonly entriesToCancel: readonly string[];
      readonly protectionKept: number;
      /** As for `consent_withdrawn`. */
      readonly updateKey?: string;
    }
  | {
      readonly type: 'flatten_started';
      readonly by: string;
      /** Shares held of each symbol. */
      readonly legs: readonly { readonly instrument: InstrumentId; readonly quantity: number }[];
      /** As for `consent_withdrawn`. */
      readonly updateKey?: string;
    }
  /** Entries that were not the desk's, canceled by a kill; `isEverything`: protection as well, it is placed again. */
  | {
      readonly type: 'strangers_canceled';
      readonly orderIds: readonly string[];
      readonly isEverything: boolean;
    }
  /** One request of the account to the broker, and the orders it takes back. */
  | {
      readonly type: 'sweep_asked';
      readonly way: Sweep['way'];
      readonly orderIds: readonly string[];
    }
  | { readonly type: 'sweep_became_doubtful'; readonly cause: string }
  /** Position by position; `problem` null: a closing order is on its way, or none was needed. */
  | {
      readonly type: 'sweep_answered';
      readonly legs: readonly {
        readonly instrument: InstrumentId;
        readonly problem: Reason | null;
      }[];
    }
  /** A closing order that the broker made by itself; it has left already. */
  | { readonly type: 'closing_order_noted'; readonly order: Order }
  | { readonly type: 'kill_progressed'; readonly lines: readonly KillLine[] }
  | {
      readonly type: 'flatten_ended';
      readonly isFlat: boolean;
      readonly left: readonly KillRest[];
    }
  | {
      readonly type: 'kill_resumed';
      readonly by: string;
      readonly reason: string;
      /** Kills said up to this instant are over, later ones stand; left out in old logs: all. */
      readonly upTo?: number;
    }
  /** A file whose kill a resume has ended, found once more: what of it was said up to then goes. */
  | { readonly type: 'kill_file_outlived'; readonly upTo: number }
  | {
      readonly type: 'kill_file_noticed';
      readonly isPresent: boolean;
      readonly by: string;
      /** When the kill in the file was said last; left out: the moment it was noticed. */
      readonly saidAt?: number;
    };
