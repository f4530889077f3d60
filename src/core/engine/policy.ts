import type { RestartParams } from '#core/machines/restart.ts';
import type { StanceParams } from '#core/machines/stance.ts';
import type { InstrumentId, Market } from '#core/market/instrument.ts';
import type { Mode } from '#core/replies/act.ts';
import type { EntryParams } from '#core/strategies/sector-pulse/params.ts';

/** The two sides of an account: made-up money, or real money. */
export type Environment = 'paper' | 'live';

/** What one person may have at stake over all accounts of one side and one currency. Fractions of their capital. */
export type PersonPolicy = {
  /** Of one name. */
  readonly nameCapRatio: number;
  /** Of what is new since a checkpoint. */
  readonly checkpointCapRatio: number;
  /** Of what is new since the open. */
  readonly dayCapRatio: number;
  /** Daily returns of 60 days that correlate more than this share one R. */
  readonly correlationLimit: number;
};

/** Everything configurable that a decision of one desk may depend on; frozen for a run. */
export type Policy = {
  readonly deskId: string;
  readonly strategy: string;
  readonly accountId: string;
  readonly environment: Environment;
  readonly market: Market;
  readonly zone: string;
  readonly currency: string;
  readonly mode: Mode;
  readonly instruments: readonly InstrumentId[];
  /** Money the desk may use, minor units. */
  readonly capitalMinor: number;
  readonly execution: ExecutionPolicy;
  readonly risk: RiskPolicy;
  readonly ticket: TicketPolicy;
  readonly exits: ExitPolicy;
  readonly cost: CostPolicy;
  readonly watch: WatchPolicy;
  readonly breakers: BreakerPolicy;
  /** Its prices are those of one venue or a sample: told with every ticket, and good for no automatic entry. */
  readonly isDataPartial: boolean;
  /** Where several desks of one person run; null, or left out, where one runs alone. */
  readonly person?: PersonPolicy | null;
  /** Of a sector-pulse desk; null for every other strategy. */
  readonly pulse: PulsePolicy | null;
  /** Instants a day after which no entry may be decided: windows as minutes after the open. */
  readonly openingNoTradeMs: number;
  readonly cooldownMs: number;
};

/** How the desk's account executes; follows from the account's broker (centaur.md, "protected" and "confirmed"). */
export type ExecutionPolicy = {
  readonly broker: 'paper' | 'manual' | 'file' | 'alpaca' | 'ibkr';
  /**
   * `broker`: stops and targets rest at the broker. `watched`: nothing rests there, the desk watches
   * fresh prices and sends an exit (A-shares, and accounts a person executes).
   */
  readonly protection: 'broker' | 'watched';
  /** A person executes: entries and exits are to-dos until reported. */
  readonly isPerson: boolean;
  /** 1: shares bought today are sold on the next trading day at the earliest (T+1). */
  readonly sellableAfterDays: 0 | 1;
  /** An entry leaves with its stop and target; otherwise they follow its fill. */
  readonly hasBracket: boolean;
  /** A stop and its target leave as one request; otherwise the stop rests alone. */
  readonly hasOco: boolean;
  /** Prices of working orders can be changed; otherwise cancel, then send anew. */
  readonly hasReplace: boolean;
  /** US: limit orders may trade before the open and after the close. */
  readonly hasExtendedHours: boolean;
  /**
   * How stage 2 of a kill begins: the broker closes everything with one request, takes back all orders
   * with one, or the desk does it order by order.
   */
  readonly flatten: 'one_request' | 'global_cancel' | 'each';
};

/** Limits that outrank every signal (intraday.md, "Locks"). */
export type RiskPolicy = {
  /** Initial risk per trade as a fraction of capital (0.005 = 0.5 %). */
  readonly riskPerTradeRatio: number;
  readonly positionCapRatio: number;
  /** Positive number of unit R: locked at a day result of −dayLossLimitR or worse. */
  readonly dayLossLimitR: number;
  readonly tradesPerDay: number;
  readonly consecutiveLosses: number;
  readonly openRiskLimitR: number;
  readonly minQuantity: number;
  readonly maxSpreadBps: number;
  readonly maxSpreadRatioOfR: number;
  readonly minVolumeRatio: number;
  readonly maxCostR: number;
  /** `off`: no entries on event days; `shrink`: half size. */
  readonly eventDays: 'off' | 'shrink';
  /** Size of a trade on an event day under `shrink`, over its usual size. */
  readonly shrinkRatio: number;
};

/** What stops entries for a while or for the day (intraday.md, "Breakers"). */
export type BreakerPolicy = {
  /** No entries of a symbol this long after an abnormal minute. */
  readonly pauseMs: number;
  /** No entries of a symbol this long after trading in it resumed. */
  readonly haltPauseMs: number;
  /** A fill this many times worse than its estimate is a bad one. */
  readonly slippageMultiple: number;
  /** Bad fills of a day that lock the desk. */
  readonly slippageFills: number;
};

export type TicketPolicy = {
  readonly lifeMs: number;
  /** Band below and above the entry limit, in R per share. */
  readonly bandBelowR: number;
  readonly bandAboveR: number;
  /** Entry limit = min(ask, reference close + limitOffsetR × R per share). */
  readonly limitOffsetR: number;
  /** No new ticket of the same symbol and side after a skip or an expiry. */
  readonly quietMs: number;
  readonly quoteMaxAgeMs: number;
  /** A working entry is canceled this long after the first bar close that follows it. */
  readonly entryLifeAfterBarMs: number;
  /** A bare `confirm` counts only when the only ticket was delivered at least this long before. */
  readonly bareConfirmMs: number;
};

export type ExitPolicy = {
  readonly firstTargetR: number;
  /** Share of the quantity that leaves at the first target, rounded down; quantity 1: all. */
  readonly firstTargetRatio: number;
  /** The trail looks at the lowest low of this many closed bars. */
  readonly trailBars: number;
  /** null: positions are held overnight. */
  readonly flatBeforeCloseMs: number | null;
};

/** Expected cost of a round trip, for `cost_over_r` and the ticket's cost line. */
export type CostPolicy = {
  readonly commissionPerShareMinor: number;
  readonly commissionMinimumMinor: number;
  /** Commission as a fraction of the turnover, for markets that count it so; 0 elsewhere. */
  readonly commissionRate: number;
  readonly slippageBps: number;
};

/** What the engine itself judges of a sector-pulse desk; the rest is in its records. */
export type PulsePolicy = {
  readonly stance: StanceParams;
  readonly restart: RestartParams;
  /** Wall times of the checkpoints that may open positions. */
  readonly checkpoints: readonly string[];
  /** Caps and day loss, judged once more when an entry is confirmed. */
  readonly entry: EntryParams;
  /** What a checkpoint that was not made counts as: a gate that failed (`closed`, also when absent), or nothing. */
  readonly whenMissed?: 'closed' | 'open';
};

/** How long each silence may last (centaur.md, "SAFE_MODE"). */
export type WatchPolicy = {
  readonly heartbeatMaxAgeMs: number;
  /** Time after a bar's close at which the source usually delivers it. */
  readonly barDelayMs: number;
  /** null: the desk decides at checkpoints and awaits no minute bars. */
  readonly barOverdueMs: number | null;
  readonly quoteStaleMs: number;
  /** A symbol may trade in no minute for this long, beyond an overdue bar, while its quotes go on. */
  readonly quietMinutesMs: number;
  readonly orderConfirmMs: number;
  /** An operator whom no channel reaches, or who answers no alarm, for this long in session: reducing. */
  readonly operatorSilentMs: number;
  /** P0 repeats after these delays, the last one again and again. */
  readonly alarmRepeatMs: readonly number[];
};
