import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import type { Order } from '#core/machines/order.ts';
import type { Rotation } from '#core/machines/rotation.ts';
import type { Phase } from '#core/machines/session-phase.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type {
  Difference,
  External,
  HoldingDoubt,
  Mismatch,
} from '#core/portfolio/account-reading.ts';
import type { MeanSlippage, Slippage } from '#core/portfolio/slippage.ts';
import type { Mode } from '#core/replies/act.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';
import type { DayType, RegimeLive } from '#core/strategies/strategy.ts';
import type { AlarmKind } from './alarm-kind.ts';
import type { Environment } from './policy.ts';
import type { PulseState } from './pulse-state.ts';
import type { Kill } from './state-kill.ts';

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

export type SafeModeCause =
  | 'heartbeat_lost'
  | 'bar_overdue'
  | 'quotes_stale'
  /** The source refuses prices that were asked for. */
  | 'data_denied'
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
  /** Daily returns of the 60 trading days before, oldest first; null, or left out: not known. */
  readonly returns?: readonly number[] | null;
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
  /** Since when its bars stay away while others come; null, or left out by an older snapshot: they do not. */
  readonly staleSince?: number | null;
  /** The last halt of the day; null, or left out by an older snapshot: there was none. */
  readonly halt?: null | {
    readonly since: number;
    /** When trading went on; null: it is halted. */
    readonly resumedAt: number | null;
    readonly cause: string;
  };
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
  /** To be sold when the next session opens; null or left out: no. */
  readonly exitPlanned?: null | { readonly by: string; readonly quantity: number };
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
  /** Ex-date it was restated on last; absent: none. */
  readonly exDate?: TradingDay;
  /** An ex-date that nobody has confirmed: stop and targets are of another basis and held. Absent: none. */
  readonly exDateOpen?: Reason | null;
  /** Second target and the shares of the first one since the last ex-date; absent: as on the ticket. */
  readonly exPlan?: { readonly secondTarget: number; readonly firstTargetQuantity: number };
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
  /** Symbols it is about; left out: all of the desk. */
  readonly instruments?: readonly InstrumentId[];
};

export type DayState = {
  readonly tradingDay: TradingDay;
  readonly session: Session;
  readonly blackouts: readonly Blackout[];
  /** Those of the next session, told a day ahead; left out by older logs. */
  readonly upcoming?: readonly Blackout[];
  /** What was measured of the strategy before the day; left out: nothing. */
  readonly edge?: MeasuredEdge;
  /** Which of both were told of ahead: `<name>:<fromAt>`. */
  readonly announced?: readonly string[];
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
  /** `kind:subject`. */
  readonly id: string;
  readonly kind: AlarmKind;
  readonly raisedAt: number;
  readonly repeats: number;
  readonly nextAt: number;
  readonly figures: Readonly<Record<string, number | string>>;
  /** When what it was about came to an end: it rings no more, and is listed until it is seen. */
  readonly settledAt: number | null;
};

/** A wish for the other side of the account. */
export type EnvironmentAsked = {
  readonly to: Environment;
  readonly by: string;
  readonly at: number;
};

export type DeskState = {
  readonly deskId: string;
  readonly mode: Mode;
  /** Who had tickets answered although that measurement rules an edge out; null, or left out: nobody. */
  readonly edgeOverride?: null | {
    readonly edgeId: string;
    readonly by: string;
    readonly at: number;
  };
  readonly consent: Consent;
  readonly kill: Kill;
  readonly isKillFilePresent: boolean;
  /** Up to when the last resume ended what was said; left out until there was one, and by older logs. */
  readonly resumedUpTo?: number;
  readonly safeMode: readonly SafeModeEntry[];
  readonly locks: readonly Lock[];
  readonly isReconciled: boolean;
  /** Unsettled lines of the last comparison with the broker; empty while they agree. */
  readonly differences: readonly Difference[];
  readonly mismatches: readonly Mismatch[];
  /** Ids of the charges of the last reading; left out until a broker has listed some. */
  readonly charges?: readonly string[];
  /** Shares that the last reading did not show; left out by older logs and while none are missing. */
  readonly doubts?: readonly HoldingDoubt[];
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
  /**
   * Since when no channel of the operators delivers; null, or left out by an older snapshot: some does, or
   * nobody has looked yet.
   */
  readonly unreachedSince?: number | null;
  /** The operator counts as absent until the next ALLOW; null or left out: no. */
  readonly deadMan?: null | {
    readonly since: number;
    readonly at: number;
    readonly why: 'no_channel' | 'alarm_unanswered';
    readonly subject: string;
  };
  /** Keys of the newest kill and STOP messages that took effect; a channel that gives one again is not heard twice. */
  readonly heard: readonly string[];
  /** Of a sector-pulse desk from its first day on; null, or left out by an older snapshot, elsewhere. */
  readonly pulse?: PulseState | null;
  /** The switch under way, or the last one of the day; null, or left out by an older snapshot, when there is none. */
  readonly rotation?: Rotation | null;
  /**
   * Of an account that a person executes: until when their word on what it holds counts; null: they have not
   * given it since the start. Left out where the broker is asked.
   */
  readonly attestation?: { readonly untilAt: number; readonly by: string } | null;
  /** When a start asked that person. */
  readonly attestAskedAt?: number;
  /** Side of the account that a person chose by chat; left out: the one of the accounts' file. */
  readonly environment?: Environment;
  /** The side that a person wants and that is not taken yet; null or left out: none. */
  readonly environmentAsked?: EnvironmentAsked | null;
  readonly lastVerdict: Verdict | null;
  readonly lastRefusal: null | {
    readonly at: number;
    readonly act: string;
    readonly by: string;
    readonly reason: Reason;
  };
};
