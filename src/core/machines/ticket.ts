import type { Check } from '#core/gates/gate.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DayType } from '#core/strategies/strategy.ts';

/** `pending` is the only state that can change; the fate of the order belongs to the order. */
export type TicketState = 'pending' | 'confirmed' | 'skipped' | 'expired' | 'superseded' | 'void';

/** One bracket of a ticket: n/2 rounded down to the first target, the rest with a stop only. */
export type TicketLeg = {
  readonly leg: 1 | 2;
  readonly quantity: number;
  /** Limit of the target order; null: the leg leaves by stop, trail or time. */
  readonly target: number | null;
};

/** A step in the life of a ticket, shown on its card. */
export type TicketProgress = {
  readonly at: number;
  readonly step:
    | 'edited'
    | 'confirmed'
    | 'sent'
    | 'partly_filled'
    | 'filled'
    | 'protected'
    | 'first_target'
    | 'stop_moved'
    | 'exit_filled'
    | 'closed'
    | 'entry_canceled'
    | 'entry_rejected'
    | 'entry_denied'
    | 'entry_unknown';
  readonly figures: Readonly<Record<string, number | string>>;
};

/** Where a ticket of a sector-pulse desk comes from. Ratios are fractions; null is not known. */
export type TicketPulse = {
  readonly name: string;
  readonly sector: string | null;
  readonly sectorRank: number | null;
  /** Place inside the sector. */
  readonly rank: number | null;
  readonly strength: number | null;
  readonly vwapDeviation: number | null;
  readonly volumeRatio: number | null;
  /** This entry, and all positions before and after it, over total assets. */
  readonly ratioBefore: number;
  readonly ratioAfter: number;
  /** 95th percentile of this stock's overnight losses. */
  readonly overnightGap: number | null;
  /** The stop lies inside the usual noise, so the size was halved. */
  readonly isHalved: boolean;
  /** A person executes; absent on tickets from before it was kept. */
  readonly isByHand?: boolean;
};

/**
 * A sized, risk-checked proposal. Immutable but for `state`, `closed`, `deliveredAt` and `progress`:
 * a change of size or price is a new version under the same code.
 */
export type Ticket = {
  /** `2026-11-20.us-vwap.QQQM.US.long.1`: day, desk, instrument, side, count. */
  readonly id: string;
  /** Four of 2-9A-HJ-NP-Z, derived from the id, unique among the tickets of the last 7 days. */
  readonly code: string;
  readonly version: number;
  /** Content hash of what the person sees and agrees to. */
  readonly hash: string;
  readonly deskId: string;
  readonly accountId: string;
  readonly strategy: string;
  readonly tradingDay: TradingDay;
  readonly instrument: InstrumentId;
  readonly side: 'long' | 'short';
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lifeMs: number;
  readonly state: TicketState;
  /** Advice only: shown without buttons, never becomes an order (mode alert). */
  readonly isAdvice: boolean;
  /** Proposed by a switch and answered as one; left out: by a signal. */
  readonly isOfSwitch?: true;
  readonly quantity: number;
  readonly entryLimit: number;
  readonly bandLow: number;
  readonly bandHigh: number;
  readonly stop: number;
  readonly stopWidened: boolean;
  readonly firstTarget: number;
  readonly legs: readonly TicketLeg[];
  /** Entry limit − stop, in price per share. */
  readonly riskPerShare: number;
  /** riskPerShare × quantity, minor units. */
  readonly riskMinor: number;
  readonly riskOfCapital: number;
  readonly costMinor: number;
  readonly costR: number;
  readonly referencePrice: number;
  readonly spreadBps: number;
  readonly dayType: DayType;
  readonly checks: readonly Check[];
  /** Measured expectancy of this day type; null: not measured yet. */
  readonly expectancy: null | {
    readonly meanR: number;
    readonly lowR: number;
    readonly highR: number;
    readonly trades: number;
    /** Measured over all day types: of this one there are too few trades. */
    readonly isOfAllDays?: true;
  };
  /** How often the day type was right by the close when told at that minute after the open; left out: not measured. */
  readonly label?: { readonly minute: number; readonly said: number; readonly right: number };
  /** Advice only because a measurement rules an edge out; left out: it does not. */
  readonly isWithoutEdge?: true;
  /** Of a sector-pulse desk: what its card shows; absent elsewhere. */
  readonly pulse?: TicketPulse;
  /** Its prices are those of one venue; left out: of the whole tape, or simulated. */
  readonly isDataPartial?: boolean;
  /** Why it is smaller than usual: share of the usual size, and the events of the day; left out: it is not. */
  readonly shrink?: { readonly ratio: number; readonly events: string };
  /** When a person made this version of it; left out: it is the first. */
  readonly editedAt?: number;
  /** How far its card has counted down; left out: not yet. */
  readonly countdown?: 'half' | 'last';
  /** Who wants to be reminded of it, and when; one a chat. */
  readonly snoozes?: readonly {
    readonly at: number;
    readonly channel: string;
    readonly chatId: string;
  }[];
  readonly deliveredAt: number | null;
  readonly closed: null | {
    readonly at: number;
    readonly by: string;
    readonly reason: Reason | null;
    /** Mid price when the ticket ended, for the operator score; null when no quote was known. */
    readonly price: number | null;
  };
  readonly progress: readonly TicketProgress[];
};
