import type { Check, DegradedRows } from '#core/gates/gate.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Distance } from '#core/gates/sentiment.ts';
import type { Order } from '#core/machines/order.ts';
import type { Rotation } from '#core/machines/rotation.ts';
import type { Phase } from '#core/machines/session-phase.ts';
import type { Stance } from '#core/machines/stance.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { Difference, External } from '#core/portfolio/account-reading.ts';
import type { ExBasis, ExTerms } from '#core/portfolio/ex-date.ts';
import type { Slippage } from '#core/portfolio/slippage.ts';
import type { RegimeClose } from '#core/regimes/day-label.ts';
import type { Mode } from '#core/replies/act.ts';
import type { EdgeRow } from '#core/risk/edge.ts';
import type { Permission } from '#core/risk/permission.ts';
import type { SheetLine } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { FunnelStage } from '#core/strategies/sector-pulse/select-stocks.ts';
import type { DayType, RegimeLive } from '#core/strategies/strategy.ts';
import type { AlarmKind } from './alarm-kind.ts';
import type { AccountMessage } from './message-account.ts';
import type { TicketMessage } from './message-ticket.ts';
import type { Environment } from './policy.ts';
import type { PulseReport } from './pulse-report.ts';
import type { ToldCause } from './safe-scope.ts';
import type { Blackout, ExitReason, Lock, SymbolFacts, Trade, Verdict } from './state.ts';
import type { KillRest } from './state-kill.ts';
import type { OpenHolding, OpenOrder } from './still-open.ts';

/** How far stage 2 of a kill is with one symbol. Shares. */
export type KillLine = {
  readonly instrument: InstrumentId;
  /** Held when it began, and now. */
  readonly quantity: number;
  readonly left: number;
  /** `waits`: it cannot be sold for now, `asking`: the broker is asked what became of it. */
  readonly state: 'sold' | 'canceling' | 'selling' | 'waits' | 'asking' | 'failed';
  readonly reason: Reason | null;
};

type Figures = Readonly<Record<string, number | string>>;

/** The three axes, printed with every push and by /status. */
export type Axes = {
  readonly deskId: string;
  /** Left out by messages of an earlier release. */
  readonly environment?: Environment;
  readonly mode: Mode;
  readonly permission: Permission;
  readonly isSafeMode: boolean;
  /** Of an account that a person executes: nobody's word stands on what it holds. */
  readonly isUnattested?: true;
  /** Symbols that SAFE_MODE blocks when it blocks no others; left out: the whole desk. */
  readonly safeModeOf?: readonly InstrumentId[];
  readonly phases: readonly { readonly instrument: InstrumentId; readonly phase: Phase }[];
};

/** What the desk tells its people, free of language. Rendered when delivered, per chat and language. */
export type Message = {
  readonly at: number;
  readonly zone: string;
  readonly currency: string;
  readonly axes: Axes;
} & (
  | { readonly kind: 'boot'; readonly cashMinor: number }
  | {
      readonly kind: 'recovered';
      readonly pending: readonly string[];
      readonly openOrders: number;
      readonly positions: number;
    }
  | {
      readonly kind: 'premarket_brief';
      readonly session: Session;
      readonly blackouts: readonly Blackout[];
      readonly facts: readonly SymbolFacts[];
      readonly unitRMinor: number;
      /** Measurements that rule an edge out: their tickets are advice only. Left out: none. */
      readonly withoutEdge?: readonly EdgeRow[];
    }
  /** A blackout lies ahead. */
  | { readonly kind: 'event_ahead'; readonly blackout: Blackout; readonly isShrink: boolean }
  | {
      readonly kind: 'consent_given';
      readonly by: string;
      readonly untilAt: number;
      readonly heldUntilAt: number | null;
    }
  | {
      readonly kind: 'consent_withdrawn';
      readonly by: string;
      readonly reason: string | null;
      readonly entriesToCancel: number;
    }
  | { readonly kind: 'mode_changed'; readonly from: Mode; readonly to: Mode; readonly by: string }
  | { readonly kind: 'edge_overridden'; readonly rows: readonly EdgeRow[]; readonly by: string }
  | AccountMessage
  | {
      readonly kind: 'regime_change';
      readonly instrument: InstrumentId;
      readonly from: DayType | null;
      readonly to: DayType;
      readonly regime: RegimeLive;
    }
  | {
      readonly kind: 'state_change';
      readonly instrument: InstrumentId;
      readonly from: Phase;
      readonly to: Phase;
    }
  | TicketMessage
  /** One message for the whole life of a switch; `ticket` null: it is older than the day. */
  | { readonly kind: 'rotation'; readonly rotation: Rotation; readonly ticket: Ticket | null }
  | {
      readonly kind: 'order_filled';
      readonly ticket: Ticket;
      readonly order: Order;
      /** Over all legs: shares bought and their average price. */
      readonly quantity: number;
      readonly price: number;
      /** Of all that was bought. */
      readonly slippage: Slippage;
      readonly riskMinor: number;
    }
  | {
      readonly kind: 'order_rejected';
      readonly ticketCode: string;
      readonly order: Order;
      readonly reason: string | null;
    }
  /** Not sent: the broker would have refused it. */
  | {
      readonly kind: 'order_denied';
      readonly ticketCode: string;
      readonly order: Order;
      readonly reason: Reason;
    }
  | {
      readonly kind: 'order_unknown';
      readonly ticketCode: string;
      readonly order: Order;
      readonly cause: string;
    }
  | {
      readonly kind: 'stop_hit' | 'take_profit' | 'time_stop' | 'signal_exit';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly order: Order;
      readonly exitReason: ExitReason;
      readonly quantity: number;
      readonly price: number;
      readonly remaining: number;
      readonly slippage: Slippage;
      readonly trade: Trade | null;
    }
  | {
      readonly kind: 'trail_moved';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly stop: number;
      readonly why: 'breakeven' | 'trail' | 'operator';
    }
  /** `by`: the person who lifted it; left out when its time was over, and by older logs. */
  | { readonly kind: 'lock_on' | 'lock_off'; readonly lock: Lock; readonly by?: string }
  | {
      readonly kind: 'safe_mode_on';
      readonly causes: readonly ToldCause[];
      readonly isExposed: boolean;
      /** Positions whose price may be old: no stop is fired on it, the exit at the market is offered. */
      readonly offered?: readonly InstrumentId[];
    }
  /** One symbol without bars while others have theirs; `closedAt`: of its newest, null: none came. */
  | {
      readonly kind: 'data_stale' | 'data_recovered';
      readonly instrument: InstrumentId;
      readonly closedAt: number | null;
      /** True when nothing else forbids its entries. */
      readonly isBlocking: boolean;
    }
  /** Nobody could be reached, or answered an alarm, for too long: reducing until ALLOW. */
  | {
      readonly kind: 'operator_gone';
      readonly since: number;
      readonly why: 'no_channel' | 'alarm_unanswered';
      readonly subject: string;
      readonly tradingDay: string;
      readonly entriesToCancel: number;
      readonly positions: number;
    }
  | { readonly kind: 'safe_mode_off'; readonly by: string }
  | {
      readonly kind: 'kill_stage1';
      readonly by: string;
      readonly scope: string;
      readonly canceled: readonly string[];
      readonly protectionKept: number;
      /** From the kill to the broker's word that the last entry is gone; null: not yet, or there was none. */
      readonly allOutMs: number | null;
    }
  | {
      readonly kind: 'kill_strangers';
      readonly orderIds: readonly string[];
      readonly isEverything: boolean;
    }
  | { readonly kind: 'kill_flatten'; readonly by: string; readonly positions: number }
  | { readonly kind: 'kill_progress'; readonly lines: readonly KillLine[] }
  | { readonly kind: 'kill_done'; readonly positions: number }
  | {
      readonly kind: 'kill_incomplete';
      readonly left: readonly KillRest[];
      /** Symbols that were to be sold, and of them those that are. */
      readonly positions: number;
      readonly sold: number;
      /** What is left is tried again by itself when the next session opens. */
      readonly isRetried: boolean;
    }
  | {
      readonly kind: 'kill_resumed';
      readonly by: string;
      readonly reason: string;
      readonly openOrders: number;
      readonly positions: number;
      /** What they are; left out by an older row. */
      readonly orders?: readonly OpenOrder[];
      readonly held?: readonly OpenHolding[];
    }
  | { readonly kind: 'recon_ok' }
  | {
      readonly kind: 'recon_blocked';
      readonly differences: readonly Difference[];
      /** Of the differences, what the desk did not make and a person has not decided upon. */
      readonly externals: readonly External[];
    }
  /** The book was brought in line with the broker; both sides as figures of their kind. */
  | {
      readonly kind: 'recon_diff';
      readonly what: 'missed_fill' | 'fills' | 'fees' | 'charges' | 'cash' | 'holding' | 'order';
      readonly subject: string;
      readonly ours: number;
      readonly theirs: number;
      /** Who took the broker's side over; null: the comparison itself, within `toleranceMinor` for cash. */
      readonly by: string | null;
      readonly toleranceMinor: number | null;
    }
  | {
      readonly kind: 'position_adopted';
      readonly instrument: InstrumentId;
      readonly quantity: number;
      readonly price: number;
      readonly stop: number;
      readonly by: string;
    }
  /** An order a person executes: what to enter at the broker. `remaining`: shares not reported yet. */
  | {
      readonly kind: 'manual_todo';
      readonly ticketCode: string;
      readonly order: Order;
      readonly remaining: number;
    }
  /** It is not reported yet, or its life is over and it is to be withdrawn. */
  | {
      readonly kind: 'manual_overdue';
      readonly ticketCode: string;
      readonly order: Order;
      readonly remaining: number;
      readonly ageMs: number;
      readonly isLifeOver: boolean;
    }
  /** The conditional order that would protect what is held, ready to be copied to the broker. */
  | {
      readonly kind: 'manual_protection';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly quantity: number;
      readonly triggerPrice: number;
      readonly limitPrice: number;
      /** Trading days after the purchase through which it should stand. */
      readonly validDays: number;
    }
  /** A position was restated on its ex-date: cost, stop, targets, shares and cash before tax. */
  | {
      readonly kind: 'ex_date_restated';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly terms: ExTerms;
      readonly from: ExBasis;
      readonly to: ExBasis;
      readonly newShares: number;
      readonly cashMinor: number;
    }
  /** An ex-date nobody confirms: the stop is held until the person names one on today's basis. */
  | {
      readonly kind: 'ex_date_held';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly quantity: number;
      readonly stop: number;
      readonly reason: Reason;
    }
  /** Shares that an exit cannot sell for now, and why. */
  | {
      readonly kind: 'limit_locked';
      readonly instrument: InstrumentId;
      readonly ticketCode: string;
      readonly quantity: number;
      readonly reason: Reason;
    }
  | {
      readonly kind: 'position_unprotected';
      readonly instrument: InstrumentId;
      readonly quantity: number;
    }
  /** The session is over and it is still held. `price`, `stop`, `why` are left out by older logs. */
  | {
      readonly kind: 'done_with_position';
      readonly instrument: InstrumentId;
      readonly quantity: number;
      readonly price?: number | null;
      readonly stop?: number;
      readonly why?: 'halted' | 'exit_failed';
    }
  | {
      readonly kind: 'alarm_repeat';
      readonly alarmId: string;
      readonly of: AlarmKind;
      readonly repeats: number;
      readonly figures: Figures;
    }
  | {
      readonly kind: 'act_refused';
      readonly act: string;
      readonly by: string;
      readonly reason: Reason;
    }
  /** The gate of one checkpoint with every row, and how many names each stage of the funnel left. */
  | {
      readonly kind: 'gate_result';
      readonly checkpoint: string;
      readonly isPassed: boolean;
      readonly checks: readonly Check[];
      readonly degraded?: readonly DegradedRows[];
      readonly funnel: readonly FunnelStage[];
      readonly topSectors: readonly string[];
      readonly watching: readonly InstrumentId[];
    }
  /** What is held and planned at 9:10, and how far gate and kill-switch are. */
  | {
      readonly kind: 'day_sheet';
      readonly tradingDay: string;
      readonly lines: readonly SheetLine[];
      readonly gate: readonly Distance[];
      readonly killSwitch: readonly Distance[];
    }
  | {
      readonly kind: 'stance_change';
      readonly from: Stance;
      readonly to: Stance;
      readonly reasons: readonly Reason[];
    }
  /** The strategy's own kill-switch: its first level, its second one, and neither any more. */
  | {
      readonly kind: 'risk_l1' | 'risk_l2' | 'risk_off';
      readonly reasons: readonly Reason[];
      readonly positions: number;
    }
  /** Sales a person is asked for; nothing is sold without an answer. `share` of what is held, 0 … 1. */
  | {
      readonly kind: 'sale_proposed';
      readonly checkpoint: string;
      readonly why: 'reduce' | 'sell_sheet';
      readonly sales: readonly {
        readonly instrument: InstrumentId;
        readonly quantity: number;
        readonly share: number;
        readonly valueMinor: number;
      }[];
    }
  | { readonly kind: 'verdict_no_trade' | 'verdict_signals'; readonly verdict: Verdict }
  | {
      readonly kind: 'daily_report';
      readonly verdict: Verdict;
      readonly trades: readonly Trade[];
      readonly tickets: readonly Ticket[];
      readonly labels: readonly {
        readonly instrument: InstrumentId;
        readonly label: RegimeClose;
      }[];
      readonly cashMinor: number;
      readonly feesMinor: number;
      readonly isFlat: boolean;
      /** Of a sector-pulse desk; null or absent elsewhere. */
      readonly pulse?: PulseReport | null;
    }
);

export type MessageKind = Message['kind'];
