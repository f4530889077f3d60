import type { Reason } from '#core/gates/reason.ts';
import type { Distance } from '#core/gates/sentiment.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { AccountReading, Difference } from '#core/portfolio/account-reading.ts';
import type { ExDateFacts } from '#core/portfolio/ex-date.ts';
import type { RegimeClose } from '#core/regimes/day-label.ts';
import type { Actor, DeskAct } from '#core/replies/act.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';
import type { OthersBook } from '#core/risk/person-book.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { SheetLine } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { KillRecord } from '#core/strategies/sector-pulse/look.ts';
import type { WatchRecord } from '#core/strategies/sector-pulse/minute-watch.ts';
import type { Evaluation } from '#core/strategies/strategy.ts';
import type { Blackout, SafeModeCause, SymbolFacts } from './state.ts';

/** What a broker said of an order, already in the desk's words (mirrors the broker port's report). */
export type OrderReport = {
  readonly reportId: string;
  readonly orderId: string;
  readonly kind:
    | 'accepted'
    | 'rejected'
    | 'partially_filled'
    | 'filled'
    | 'canceled'
    | 'cancel_rejected'
    | 'replaced'
    | 'replace_rejected'
    | 'expired';
  readonly at: number;
  readonly filledQuantity: number;
  readonly lastQuantity: number;
  readonly lastPrice: number | null;
  readonly feesMinor: number;
  readonly reason: string | null;
  readonly stopPrice: number | null;
  readonly limitPrice: number | null;
};

/** Where an adopted position is left; yuan per share, the quantity that leaves at the first target. */
export type EntryPlan = {
  readonly stop: number;
  readonly firstTarget: number;
  readonly secondTarget: number;
  readonly firstTargetQuantity: number;
};

/** All that can change a desk, in one serial queue. `at` is the instant it happened on the desk's clock. */
export type Input = {
  readonly at: number;
  /** The person's other desks at this instant; left out where there is none, or no entry can follow. */
  readonly others?: OthersBook;
} & (
  | { readonly kind: 'desk_started'; readonly cashMinor: number; readonly isRecovery: boolean }
  | {
      readonly kind: 'session_planned';
      readonly session: Session;
      readonly blackouts: readonly Blackout[];
      /** Those of the session after it, where it is known. */
      readonly upcoming?: readonly Blackout[];
      /** What a backtest measured under the desk's settings; left out: nothing. */
      readonly edge?: MeasuredEdge;
      readonly facts: readonly SymbolFacts[];
      /** A-shares: the morning of each held name. Absent where ex-dates are not followed. */
      readonly exDates?: readonly ExDateFacts[];
    }
  /** Terms of ex-dates that came after the day was planned. */
  | {
      readonly kind: 'ex_dates_known';
      readonly tradingDay: TradingDay;
      readonly exDates: readonly ExDateFacts[];
    }
  | { readonly kind: 'day_unplanned'; readonly tradingDay: string; readonly reason: Reason }
  | {
      readonly kind: 'bar_evaluated';
      readonly evaluation: Evaluation;
      readonly inputHash: string /** Fetched when the evaluation holds a signal. */;
      readonly quote: Quote | null;
    }
  /** A checkpoint of a sector-pulse desk, whole; `facts` are those of the names it puts on the watch. */
  | {
      readonly kind: 'checkpoint_judged';
      readonly record: CheckpointRecord;
      readonly facts: readonly SymbolFacts[];
    }
  /** A checkpoint that could not be made in time, with what was missing. */
  | {
      readonly kind: 'checkpoint_missed';
      readonly tradingDay: string;
      readonly checkpoint: string;
      readonly reasons: readonly Reason[];
    }
  /** The sheet of the morning: what is held and planned, and how far gate and kill-switch are. */
  | {
      readonly kind: 'sheet_prepared';
      readonly tradingDay: string;
      readonly lines: readonly SheetLine[];
      readonly gate: readonly Distance[];
      readonly killSwitch: readonly Distance[];
    }
  /** The time of the last word on a closed day; equity in minor units, null unknown. */
  | {
      readonly kind: 'report_due';
      readonly tradingDay: string;
      readonly equityMinor: number | null;
    }
  /** A minute of its watch. `names`: what was seen of the names whose buy point held, with their quotes. */
  | {
      readonly kind: 'minute_watched';
      readonly record: WatchRecord;
      readonly names: readonly {
        readonly instrument: InstrumentId;
        readonly last: number;
        readonly quote: Quote | null;
      }[];
    }
  /** A position the person held before the desk: `ticketId` names it, `boughtOn` is for T+1. */
  | {
      readonly kind: 'book_entered';
      readonly instrument: InstrumentId;
      readonly quantity: number;
      readonly price: number;
      readonly boughtOn: string;
      readonly facts: SymbolFacts;
      readonly plan: EntryPlan;
    }
  /** The kill-switch at 9:00 or 9:26. */
  | {
      readonly kind: 'look_judged';
      readonly tradingDay: string;
      readonly kill: KillRecord;
    }
  | { readonly kind: 'quote_seen'; readonly quote: Quote }
  | {
      readonly kind: 'operator_acted';
      readonly act: DeskAct;
      readonly actor: Actor;
      readonly sentAt: number;
      /** Fetched after the tap, for confirm and exits; null: none could be had in time. */
      readonly quote: Quote | null;
      /** True once the second confirmation of this act was given. */
      readonly isConfirmed: boolean;
      /** Of a kill, its stage 2 or STOP: the channel and the update that carried it; the same one never acts twice. */
      readonly updateKey?: string;
      /**
       * What a comparison of book and account made for this act said; SAFE_MODE is left only after a clean
       * one. Left out by what was recorded before there was one, and where no account can be asked.
       */
      readonly comparison?: 'clean' | 'differs' | 'failed';
    }
  | {
      readonly kind: 'ticket_delivered';
      readonly ticketId: string;
      readonly channel: string;
      /** The one that is shown; left out by what was recorded before a ticket could have another. */
      readonly version?: number;
    }
  | { readonly kind: 'order_sent'; readonly orderId: string }
  | { readonly kind: 'order_doubtful'; readonly orderId: string; readonly cause: string }
  | { readonly kind: 'order_not_found'; readonly orderId: string }
  /** The broker would refuse it, so it was not sent. */
  | { readonly kind: 'order_denied'; readonly orderId: string; readonly reason: Reason }
  | { readonly kind: 'order_reported'; readonly report: OrderReport }
  /** What the broker says of the account. `isLast`: a difference is not looked at once more. */
  | {
      readonly kind: 'account_read';
      readonly reading: AccountReading;
      readonly isLast: boolean;
      /** Who asked for the comparison; null: it was due by itself. */
      readonly by: string | null;
    }
  /** The broker has taken the one request of stage 2; `orderId` null: no closing order is known. */
  | {
      readonly kind: 'account_swept';
      readonly legs: readonly {
        readonly instrument: InstrumentId;
        readonly quantity: number;
        readonly outcome: 'sent' | 'refused';
        readonly orderId: string | null;
        readonly reason: string | null;
      }[];
    }
  /**
   * A kill found entries at the broker that the desk does not know and had them canceled; `isEverything`:
   * they could be told neither entry nor protection, so every order of the account was.
   */
  | {
      readonly kind: 'strangers_canceled';
      readonly orderIds: readonly string[];
      readonly isEverything: boolean;
    }
  /** Another process closed what the account holds, past this desk, while it did not answer. */
  | { readonly kind: 'sold_elsewhere'; readonly by: string; readonly updateKey: string }
  /** Nobody knows whether that request arrived. */
  | { readonly kind: 'sweep_doubtful'; readonly cause: string }
  /** A comparison made outside the desk: by a person, or one that failed because the account could not be read. */
  | {
      readonly kind: 'account_reconciled';
      readonly isClean: boolean;
      readonly cashMinor: number;
      readonly differences: readonly Difference[];
    }
  | {
      readonly kind: 'doubt_noticed';
      readonly cause: SafeModeCause;
      readonly subject: string;
      readonly figures: Readonly<Record<string, number | string>>;
    }
  /**
   * The side of the account that a person wants was looked at, without touching it. `cashMinor` is what it
   * has, minor units; null: not known, and the wish stays open.
   */
  | {
      readonly kind: 'environment_judged';
      readonly to: 'paper' | 'live';
      readonly cashMinor: number | null;
      readonly objections: readonly Reason[];
    }
  | { readonly kind: 'doubt_passed'; readonly cause: SafeModeCause; readonly subject: string }
  /** The data connection lives. `prices`: when a price of each symbol was heard of last, where the source says so. */
  | { readonly kind: 'heartbeat_seen'; readonly prices?: Readonly<Record<string, number>> }
  /**
   * Whether a card reached a chat of an operator over any channel: the outcome of a delivery or of a probe.
   * `channel`: the one that delivered, or those that did not.
   */
  | { readonly kind: 'reach_seen'; readonly isReached: boolean; readonly channel: string }
  /** The exchange halted a symbol or resumed trading in it; `cause`: its codes and words. */
  | {
      readonly kind: 'halt_seen';
      readonly instrument: InstrumentId;
      readonly isHalted: boolean;
      readonly cause: string;
    }
  | {
      readonly kind: 'kill_file_seen';
      readonly isPresent: boolean;
      readonly by: string;
      /** When the kill in the file was said last; left out: not known, the moment it is seen. */
      readonly saidAt?: number;
      /** The message that wrote the file, as for `operator_acted`. */
      readonly updateKey?: string;
    }
  | { readonly kind: 'time_passed' }
  | {
      readonly kind: 'session_closed';
      readonly labels: readonly {
        readonly instrument: InstrumentId;
        readonly label: RegimeClose;
      }[];
      /** Of a sector-pulse desk: equity at the close, minor units; null or absent: not known. */
      readonly equityMinor?: number | null;
    }
);
