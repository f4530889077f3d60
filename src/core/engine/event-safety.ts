import type { InstrumentId } from '#core/market/instrument.ts';
import type { Alarm, Lock, SafeModeCause } from './state.ts';

type Figures = Readonly<Record<string, number | string>>;

/** What keeps a desk from trading for a while: locks, halts, SAFE_MODE, an operator who is not there; and its alarms. */
export type SafetyEvent =
  | { readonly type: 'lock_set'; readonly lock: Lock }
  | {
      readonly type: 'lock_released';
      readonly lockId: string;
      /** The lock itself; left out by older logs. */
      readonly lock?: Lock;
      /** The person who lifted it; left out when its time was over. */
      readonly by?: string;
    }
  | {
      readonly type: 'safe_mode_entered';
      readonly cause: SafeModeCause;
      readonly subject: string;
      readonly figures: Figures;
      readonly isExposed: boolean;
    }
  | {
      readonly type: 'safe_mode_cause_passed';
      readonly cause: SafeModeCause;
      readonly subject: string;
    }
  | { readonly type: 'safe_mode_left'; readonly by: string }
  | {
      readonly type: 'halt_changed';
      readonly instrument: InstrumentId;
      readonly isHalted: boolean;
      readonly cause: string;
    }
  /** The bars of one symbol that is not held stay away while others come, or come again. */
  | {
      readonly type: 'symbol_data_changed';
      readonly instrument: InstrumentId;
      readonly isStale: boolean;
      /** Close of its newest bar; null: none came. */
      readonly closedAt: number | null;
    }
  /** No channel of an operator delivers any more, and some one does again. */
  | { readonly type: 'reach_lost'; readonly since: number; readonly cause: string }
  | { readonly type: 'reach_restored'; readonly channel: string }
  /** Nobody could be reached, or answered an alarm, for too long: reducing until the next ALLOW. */
  | {
      readonly type: 'operator_gone';
      readonly since: number;
      readonly why: 'no_channel' | 'alarm_unanswered';
      /** The alarm that waits; the channels that do not deliver. */
      readonly subject: string;
    }
  | { readonly type: 'alarm_raised'; readonly alarm: Alarm }
  | {
      readonly type: 'alarm_repeated';
      readonly alarmId: string;
      readonly repeats: number;
      readonly nextAt: number;
    }
  | { readonly type: 'alarm_seen'; readonly alarmId: string; readonly by: string }
  /** What it was about has come to an end. */
  | { readonly type: 'alarm_settled'; readonly alarmId: string };
