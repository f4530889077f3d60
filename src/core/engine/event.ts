import type { KillLevel } from '#core/gates/kill-switch.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Distance } from '#core/gates/sentiment.ts';
import type { Order } from '#core/machines/order.ts';
import type { Phase } from '#core/machines/session-phase.ts';
import type { StanceState } from '#core/machines/stance.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { Slippage } from '#core/portfolio/slippage.ts';
import type { RegimeClose } from '#core/regimes/day-label.ts';
import type { Mode } from '#core/replies/act.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { SheetLine } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { Reduction } from '#core/strategies/sector-pulse/exits.ts';
import type { DayType, RegimeLive, Signal } from '#core/strategies/strategy.ts';
import type { AccountEvent } from './event-account.ts';
import type { ExDateEvent } from './event-ex-date.ts';
import type { KillEvent } from './event-kill.ts';
import type { RotationEvent } from './event-rotation.ts';
import type { SafetyEvent } from './event-safety.ts';
import type { Blackout, ExitReason, SetupRefused, SymbolFacts, Trade, Verdict } from './state.ts';

/** The vocabulary of the log: decisions and changes only, in the past tense. `at` is domain time. */
export type Event = { readonly at: number } & ( // the desk and its day
  | {
      readonly type: 'desk_opened';
      readonly deskId: string;
      readonly mode: Mode;
      readonly cashMinor: number;
      /** A person executes, and says what the account holds. */
      readonly isByHand?: true;
    }
  | {
      readonly type: 'desk_recovered';
      /** As for `desk_opened`. */
      readonly isByHand?: true;
      readonly pending: readonly string[];
      readonly openOrders: number;
      readonly positions: number;
    }
  | {
      readonly type: 'session_planned';
      readonly session: Session;
      readonly blackouts: readonly Blackout[];
      readonly upcoming?: readonly Blackout[];
      readonly edge?: MeasuredEdge;
      readonly facts: readonly SymbolFacts[];
      readonly unitRMinor: number;
    }
  | {
      readonly type: 'phase_changed';
      readonly instrument: InstrumentId;
      readonly from: Phase;
      readonly to: Phase;
    }
  | {
      readonly type: 'day_type_changed';
      readonly instrument: InstrumentId;
      readonly from: DayType | null;
      readonly to: DayType;
      readonly regime: RegimeLive;
    }
  /** A blackout lies ahead: a day before it, or half an hour. */
  | { readonly type: 'event_ahead'; readonly blackout: Blackout }
  | { readonly type: 'verdict_declared'; readonly verdict: Verdict }
  | {
      readonly type: 'day_closed';
      readonly labels: readonly {
        readonly instrument: InstrumentId;
        readonly label: RegimeClose;
      }[];
      readonly isFlat: boolean;
      /** Of a sector-pulse desk; absent in what older versions wrote. */
      readonly equityMinor?: number | null;
    }
  // a sector-pulse desk
  /** Equity before the open, minor units; null when a price of a held name is not known. */
  | {
      readonly type: 'equity_marked';
      readonly tradingDay: string;
      readonly equityMinor: number | null;
    }
  | {
      readonly type: 'checkpoint_recorded';
      readonly record: CheckpointRecord;
      readonly facts: readonly SymbolFacts[];
    }
  /** A checkpoint that could not be made; `isGate`: it would have judged the gate. */
  | {
      readonly type: 'checkpoint_missed';
      readonly tradingDay: string;
      readonly checkpoint: string;
      readonly reasons: readonly Reason[];
      readonly isGate: boolean;
    }
  | {
      readonly type: 'sheet_prepared';
      readonly tradingDay: string;
      readonly lines: readonly SheetLine[];
      readonly gate: readonly Distance[];
      readonly killSwitch: readonly Distance[];
    }
  | {
      readonly type: 'report_finalized';
      readonly tradingDay: string;
      readonly equityMinor: number | null;
    }
  | {
      readonly type: 'kill_level_changed';
      readonly from: KillLevel;
      readonly to: KillLevel;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly type: 'stance_changed';
      readonly from: StanceState;
      readonly to: StanceState;
      readonly reasons: readonly Reason[];
    }
  /** Taken over with its plan: its cost has left the cash, its ticket is answered already. */
  | {
      readonly type: 'book_entered';
      readonly ticket: Ticket;
      readonly boughtOn: string;
      readonly facts: SymbolFacts;
    }
  /** New highs of held names. */
  | {
      readonly type: 'held_marked';
      readonly marks: readonly { readonly instrument: InstrumentId; readonly peakPrice: number }[];
    }
  /** Sales a person is asked for: towards the ratio of the stance, or all of it on margin alone. */
  | {
      readonly type: 'sale_proposed';
      readonly checkpoint: string;
      readonly why: 'reduce' | 'sell_sheet';
      readonly sales: readonly Reduction[];
    }
  // who may trade
  | {
      readonly type: 'consent_given';
      readonly by: string;
      readonly untilAt: number;
      readonly heldUntilAt: number | null;
    }
  | {
      readonly type: 'consent_withdrawn';
      readonly by: string;
      readonly reason: string | null;
      /** The message that said so, `<channel>:<update id>`; left out where it came from no channel. */
      readonly updateKey?: string;
    }
  | { readonly type: 'consent_ended' }
  /** Tickets are to be answered although a measurement rules an edge out; until it is measured anew. */
  | { readonly type: 'edge_overridden'; readonly edgeId: string; readonly by: string }
  | { readonly type: 'mode_changed'; readonly from: Mode; readonly to: Mode; readonly by: string }
  | KillEvent
  | AccountEvent
  | ExDateEvent
  | RotationEvent
  | SafetyEvent
  | {
      readonly type: 'act_refused';
      readonly act: string;
      readonly by: string;
      readonly channel: string;
      readonly chatId: string;
      readonly reason: Reason;
    }
  // signals and tickets
  | { readonly type: 'signal_raised'; readonly signal: Signal; readonly inputHash: string }
  | { readonly type: 'setup_refused'; readonly setup: SetupRefused }
  | { readonly type: 'ticket_opened'; readonly ticket: Ticket }
  /** A person's next version of a ticket that waits, whole; the one before it is void. */
  | { readonly type: 'ticket_edited'; readonly ticket: Ticket; readonly by: string }
  /** Half of its life is over, or four fifths of it. */
  | {
      readonly type: 'ticket_counted';
      readonly ticketId: string;
      readonly mark: 'half' | 'last';
    }
  /** A chat wants to be reminded of it; in place of what it wanted before. */
  | {
      readonly type: 'ticket_snoozed';
      readonly ticketId: string;
      readonly by: string;
      readonly channel: string;
      readonly chatId: string;
      readonly remindAt: number;
    }
  /** The time a chat wanted to be reminded at has come. */
  | {
      readonly type: 'ticket_reminded';
      readonly ticketId: string;
      readonly channel: string;
      readonly chatId: string;
    }
  | { readonly type: 'ticket_delivered'; readonly ticketId: string; readonly channel: string }
  | {
      readonly type: 'ticket_confirmed';
      readonly ticketId: string;
      readonly version: number;
      readonly by: string;
      readonly quantity: number;
      readonly entryLimit: number;
      readonly quote: Quote;
    }
  | {
      readonly type: 'ticket_skipped';
      readonly ticketId: string;
      readonly by: string;
      readonly reason: string | null;
      readonly price: number | null;
      readonly quietUntil: number;
    }
  | {
      readonly type: 'ticket_expired';
      readonly ticketId: string;
      readonly price: number | null;
      readonly quietUntil: number;
    }
  | { readonly type: 'ticket_superseded'; readonly ticketId: string; readonly price: number | null }
  | {
      readonly type: 'ticket_voided';
      readonly ticketId: string;
      readonly reason: Reason;
      readonly price: number | null;
    }
  // orders
  | { readonly type: 'order_intended'; readonly order: Order }
  | { readonly type: 'order_sent'; readonly orderId: string }
  | { readonly type: 'order_became_unknown'; readonly orderId: string; readonly cause: string }
  | { readonly type: 'order_accepted'; readonly orderId: string }
  | {
      readonly type: 'order_filled';
      readonly orderId: string;
      readonly reportId: string;
      readonly quantity: number;
      readonly price: number;
      readonly feesMinor: number;
      readonly isComplete: boolean;
      readonly slippage: Slippage;
      /** Far beyond what the ticket had estimated; twice in a day locks the desk. */
      readonly isBeyondEstimate: boolean;
      /** `listed`: no report told of it, the broker's list of executions did. */
      readonly source: 'reported' | 'listed';
    }
  | { readonly type: 'order_canceled'; readonly orderId: string; readonly reason: string | null }
  | { readonly type: 'order_rejected'; readonly orderId: string; readonly reason: string | null }
  /** Refused by the desk itself before the first byte: the broker would have refused it. */
  | { readonly type: 'order_denied'; readonly orderId: string; readonly reason: Reason }
  | { readonly type: 'order_expired'; readonly orderId: string }
  | { readonly type: 'order_never_arrived'; readonly orderId: string }
  | {
      readonly type: 'order_replaced';
      readonly orderId: string;
      readonly stopPrice: number | null;
      readonly limitPrice: number | null;
    }
  | {
      readonly type: 'order_replace_failed';
      readonly orderId: string;
      readonly reason: string | null;
    }
  /** The broker refused a cancel, mostly because the order was just filled; the request stands and it is asked about. */
  | {
      readonly type: 'order_cancel_refused';
      readonly orderId: string;
      readonly reason: string | null;
    }
  /** A cancel was never made: it counts as not asked for. */
  | {
      readonly type: 'order_cancel_failed';
      readonly orderId: string;
      readonly reason: string | null;
    }
  | { readonly type: 'cancel_requested'; readonly orderId: string; readonly why: string }
  | {
      readonly type: 'replace_requested';
      readonly orderId: string;
      readonly stopPrice: number;
      readonly why: string;
    }
  // positions
  /** A person wants a position sold when the next session opens. */
  | {
      readonly type: 'exit_planned';
      readonly instrument: InstrumentId;
      readonly by: string;
      readonly quantity: number;
    }
  | {
      readonly type: 'exit_started';
      readonly instrument: InstrumentId;
      readonly reason: ExitReason;
      readonly by: string;
      readonly quantity: number;
    }
  /** The exit goes on when this has passed; said once. */
  | {
      readonly type: 'exit_waits';
      readonly instrument: InstrumentId;
      readonly quantity: number;
      readonly reason: Reason;
    }
  /**
   * The stop of a position moved in the book: one that the desk watches, or one that is canceled and sent
   * anew because its broker changes no prices. Up only unless a person moved it.
   */
  | {
      readonly type: 'watched_stop_moved';
      readonly instrument: InstrumentId;
      readonly from: number;
      readonly stop: number;
      readonly why: string;
    }
  /** The person says that a conditional order with this trigger stands at the broker. */
  | {
      readonly type: 'conditional_order_set';
      readonly instrument: InstrumentId;
      readonly stop: number;
      readonly by: string;
    }
  /** An order that a person executes is not reported yet; `nags` counts the reminders. */
  | {
      readonly type: 'manual_nagged';
      readonly orderId: string;
      readonly nags: number;
      readonly isLifeOver: boolean;
    }
  | {
      readonly type: 'position_found_unprotected';
      readonly instrument: InstrumentId;
      readonly quantity: number;
    }
  /**
   * A person canceled a protective order for good: the position stands without a stop until a new one is
   * named, or without its target.
   */
  | {
      readonly type: 'protection_waived';
      readonly instrument: InstrumentId;
      readonly orderId: string;
      readonly what: 'stop' | 'target';
      readonly by: string;
    }
  | {
      readonly type: 'position_protected';
      readonly instrument: InstrumentId;
      readonly stop: number;
    }
  | { readonly type: 'trade_closed'; readonly trade: Trade; readonly cooldownUntil: number }
);
