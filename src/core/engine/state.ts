import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import type { Phase } from '#core/machines/session-phase.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Difference, External, Mismatch } from '#core/portfolio/account-reading.ts';
import type { MeanSlippage, Slippage } from '#core/portfolio/slippage.ts';
import type { Mode } from '#core/replies/act.ts';
import type { DayType, RegimeLive } from '#core/strategies/strategy.ts';
import type { PulseState } from './pulse-state.ts';

/** ALLOW / STOP of the day: denied until allowed. `heldUntil`: given before trading may begin. */
export type Consent =
  | { readonly kind: 'not_given' }
  | {
      readonly kind: 'allowed';
      readonly by: string;
      readonly at: number;
      readonly untilAt: number;
      readonly heldUntilAt: number | null;
    }
  | {
      readonly kind: 'stopped';
      readonly by: string;
      readonly at: number;
      readonly reason: string | null;
    }
  | { readonly kind: 'ended'; readonly at: number };

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

export type SafeModeCause =
  | 'heartbeat_lost'
  | 'bar_overdue'
  | 'quotes_stale'
  | 'order_unconfirmed'
  | 'position_mismatch'
  | 'day_loss'
  | 'risk_not_computable'
  | 'operator'
  | 'internal_error';

/** `gone`: the condition has passed but a person has not yet released it. */
export type SafeModeEntry = {
  readonly cause: SafeModeCause;
  readonly subject: string;
  readonly since: number;
  readonly figures: Readonly<Record<string, number | string>>;
  readonly isGone: boolean;
};

export type LockCause =
  | 'day_loss_limit'
  | 'trades_per_day'
  | 'consecutive_losses'
  | 'abnormal_range'
  | 'slippage'
  | 'halt';

/** Forbids entries until an instant; `scope` is the desk or one instrument. */
export type Lock = {
  readonly id: string;
  readonly cause: LockCause;
  readonly scope: 'desk' | InstrumentId;
  readonly since: number;
  readonly untilAt: number;
  readonly figures: Readonly<Record<string, number | string>>;
  /** Never lifted by chat within its day. */
  readonly isFirm: boolean;
};

/** Facts known before the open, per symbol. */
export type SymbolFacts = {
  readonly instrument: InstrumentId;
  readonly ma20: number | null;
  readonly atr20d: number | null;
  readonly previousClose: number | null;
  readonly usualDays: number;
  /** Facts of a Chinese security on this day; null elsewhere, and where they are not known. */
  readonly instrumentDay: InstrumentDayCn | null;
};

/** What events say of a symbol; prices seen are in the market view, which is a fold of inputs. */
export type SymbolState = {
  readonly instrument: InstrumentId;
  readonly phase: Phase;
  readonly dayType: DayType | null;
  readonly regime: RegimeLive | null;
  readonly cooldownUntil: number | null;
  /** No new ticket of this symbol before this instant (after a skip or an expiry). */
  readonly quietUntil: number | null;
  readonly facts: SymbolFacts | null;
};

/** An open round trip of one ticket. Long: quantity > 0. */
export type Position = {
  readonly instrument: InstrumentId;
  readonly ticketId: string;
  readonly side: 'long' | 'short';
  readonly quantity: number;
  readonly boughtQuantity: number;
  readonly openedAt: number;
  readonly tradingDay: TradingDay;
  /** `adopted`: bought elsewhere and taken over at its price of that moment; it has a stop and no target. */
  readonly origin: 'ticket' | 'adopted';
  readonly entryPrice: number;
  readonly entryMinor: number;
  readonly exitMinor: number;
  readonly feesMinor: number;
  readonly initialStop: number;
  readonly stop: number;
  readonly riskPerShare: number;
  /** Initial risk in money of what was bought: (entry − initial stop) × bought quantity. */
  readonly riskMinor: number;
  readonly firstTarget: number;
  readonly isFirstTargetDone: boolean;
  readonly dayTypeAtEntry: DayType;
  readonly exiting: null | {
    readonly reason: ExitReason;
    readonly at: number;
    readonly by: string;
    readonly quantity: number;
    /** Why it cannot be sold for now, as told; null while it can. */
    readonly waitsFor: ReasonCode | null;
  };
  /** Stop of the conditional order that the person says stands at the broker; null: none does. */
  readonly conditionalStop: number | null;
  /** Since when no stop that the broker has confirmed covers all of it. */
  readonly bareSince: number | null;
  /** Set once a person was called for it. */
  readonly unprotectedSince: number | null;
  /** Who canceled its stop on purpose: it stands without one until a new stop is named; null: nobody. */
  readonly waivedBy: string | null;
  /** A person canceled its target on purpose: no other one is set. */
  readonly isTargetWaived: boolean;
  /** Over the fills so far, bought and sold apart. */
  readonly slippage: { readonly entry: MeanSlippage; readonly exit: MeanSlippage };
};

export type ExitReason =
  | 'stop'
  | 'target'
  | 'trail'
  | 'time'
  | 'operator'
  | 'kill'
  | 'event'
  | 'unprotected'
  | 'sector_out'
  | 'external';

/** A finished round trip. Money net of fees; `resultR` = pnl / risk. */
export type Trade = {
  readonly ticketId: string;
  readonly code: string;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly openedAt: number;
  readonly closedAt: number;
  readonly quantity: number;
  readonly entryPrice: number;
  readonly exitPrice: number;
  readonly stop: number;
  readonly feesMinor: number;
  readonly pnlMinor: number;
  readonly riskMinor: number;
  readonly resultR: number;
  readonly dayTypeAtEntry: DayType;
  readonly exitReason: ExitReason;
  readonly slippage: { readonly entry: Slippage; readonly exit: Slippage };
};

export type SetupRefused = {
  readonly at: number;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly reasons: readonly Reason[];
  readonly referencePrice: number | null;
  readonly stop: number | null;
};

export type Blackout = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly name: string;
  readonly wholeDay: boolean;
};

export type DayState = {
  readonly tradingDay: TradingDay;
  readonly session: Session;
  readonly blackouts: readonly Blackout[];
  readonly trades: readonly Trade[];
  /** Counted from the first fill of each ticket. */
  readonly tradesStarted: number;
  readonly consecutiveLosses: number;
  readonly realizedMinor: number;
  /** Fills of the day whose slippage was far beyond its estimate. */
  readonly fillsBeyondEstimate: number;
  readonly feesMinor: number;
  /** Risk per trade × capital: what one trade may risk at most. */
  readonly riskBudgetMinor: number;
  /** min(budget, mean initial risk of today's trades): what day limits are counted in. */
  readonly unitRMinor: number;
  readonly ticketsOpened: number;
  readonly ticketsConfirmed: number;
  readonly setupsRefused: readonly SetupRefused[];
  readonly setupsSeen: number;
  readonly isClosed: boolean;
  readonly verdict: Verdict | null;
};

export type VerdictKind = 'signals' | 'no_trade' | 'not_trade_day' | 'data_not_ready' | 'blocked';

/** What a desk says at the end of a session (and at checkpoints): definite, with reasons and figures. */
export type Verdict = {
  readonly kind: VerdictKind;
  readonly tradingDay: TradingDay;
  readonly at: number;
  readonly checkpoint: string;
  readonly reasons: readonly Reason[];
  readonly tickets: number;
  readonly confirmed: number;
  readonly trades: number;
  readonly resultR: number;
  readonly resultMinor: number;
  readonly setupsSeen: number;
  readonly refused: readonly SetupRefused[];
  readonly evidence: readonly {
    readonly instrument: InstrumentId;
    readonly dayType: DayType | null;
    readonly rows: Readonly<Record<string, number | string | null>>;
  }[];
};

/** A P0 that repeats until somebody says "seen". */
export type Alarm = {
  readonly id: string;
  readonly kind: string;
  readonly raisedAt: number;
  readonly repeats: number;
  readonly nextAt: number;
  readonly figures: Readonly<Record<string, number | string>>;
  /** When what it was about came to an end: it rings no more, and is listed until it is seen. */
  readonly settledAt: number | null;
};

export type DeskState = {
  readonly deskId: string;
  readonly mode: Mode;
  readonly consent: Consent;
  readonly kill: Kill;
  readonly isKillFilePresent: boolean;
  readonly safeMode: readonly SafeModeEntry[];
  readonly locks: readonly Lock[];
  readonly isReconciled: boolean;
  /** Unsettled lines of the last comparison with the broker; empty while they agree. */
  readonly differences: readonly Difference[];
  readonly mismatches: readonly Mismatch[];
  /** What stands at the broker and is not the desk's. */
  readonly externals: readonly External[];
  readonly day: DayState | null;
  readonly symbols: Readonly<Record<string, SymbolState>>;
  /** Tickets of the day and every ticket that is still pending or has an open order or position. */
  readonly tickets: Readonly<Record<string, Ticket>>;
  readonly orders: Readonly<Record<string, Order>>;
  readonly positions: Readonly<Record<string, Position>>;
  readonly cashMinor: number;
  /** Codes of the last 7 days, so that a code stays unique. */
  readonly recentCodes: readonly {
    readonly code: string;
    readonly ticketId: string;
    readonly createdAt: number;
  }[];
  readonly alarms: readonly Alarm[];
  /** Keys of the newest kill and STOP messages that took effect; a channel that gives one again is not heard twice. */
  readonly heard: readonly string[];
  /** Of a sector-pulse desk from its first day on; null, or left out by an older snapshot, elsewhere. */
  readonly pulse?: PulseState | null;
  readonly lastVerdict: Verdict | null;
  readonly lastRefusal: null | {
    readonly at: number;
    readonly act: string;
    readonly by: string;
    readonly reason: Reason;
  };
};
