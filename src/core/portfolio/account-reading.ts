import type { InstrumentId } from '#core/market/instrument.ts';

/** An order as the broker has it: an open one, or one of the book that was asked about by its id. */
export type ReadOrder = {
  /** Client order id, also of an order entered elsewhere. */
  readonly orderId: string;
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly state:
    | 'held'
    | 'accepted'
    | 'partially_filled'
    | 'filled'
    | 'canceled'
    | 'rejected'
    | 'expired';
  readonly quantity: number;
  readonly filledQuantity: number;
  readonly averagePrice: number | null;
  readonly stopPrice: number | null;
  readonly limitPrice: number | null;
};

/** An execution as the broker lists it. Fees in minor units; 0 also means that they are not known yet. */
export type ReadFill = {
  readonly fillId: string;
  /** Client order id; null for an order entered elsewhere. */
  readonly orderId: string | null;
  readonly instrument: InstrumentId;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly feesMinor: number;
  readonly at: number;
};

/** Money that left the account (below 0) or came to it apart from executions, in minor units. */
export type ReadCharge = {
  readonly chargeId: string;
  readonly amountMinor: number;
  readonly at: number;
};

/** A holding as the broker has it; negative for a short. */
export type ReadPosition = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly averagePrice: number;
};

/**
 * What a broker said of one account. The queries were made between `beganAt` and the input's instant,
 * both on the desk's clock, and not at one moment: what the book learned meanwhile is newer.
 */
export type AccountReading = {
  readonly beganAt: number;
  readonly orders: readonly ReadOrder[];
  /** Orders of the book that the broker was asked about and does not know. */
  readonly missing: readonly string[];
  readonly fills: readonly ReadFill[];
  readonly positions: readonly ReadPosition[];
  readonly cashMinor: number;
  /** Of the last days; left out by brokers that do not list them and in older records. */
  readonly charges?: readonly ReadCharge[];
};

/**
 * What stands at the broker and the desk did not make. `found` waits for a person: adopt or disown.
 * `disowned` is left alone, not counted and not traded, and remembered until it changes.
 */
export type External = {
  /** Instrument of a position, client order id of an order. */
  readonly id: string;
  readonly kind: 'position' | 'order';
  readonly instrument: InstrumentId;
  /** Signed for a position; open quantity of an order. */
  readonly quantity: number;
  /** Average price of a position, limit or stop of an order; null when there is none. */
  readonly price: number | null;
  readonly state: 'found' | 'disowned';
  readonly since: number;
};

/** One line of a comparison that failed, both sides in figures a person reads. */
export type Difference = {
  readonly subject: string;
  readonly ours: string;
  readonly theirs: string;
};

/** A holding or the cash in which book and broker differ, as figures, so that a person can accept the broker's. */
export type Mismatch = {
  /** Instrument, or `cash`. */
  readonly id: string;
  readonly kind: 'position' | 'cash';
  /** Shares, or minor units of cash. */
  readonly ours: number;
  readonly theirs: number;
  /** Average price at the broker, or of the executions that explain the difference; null for cash. */
  readonly price: number | null;
};

/**
 * Shares of a held position that the last reading of the account did not show. Until a later reading shows
 * them no new stop is set for them: sold past the desk they would be sold short.
 */
export type HoldingDoubt = {
  readonly instrument: InstrumentId;
  /** Shares, above 0; what the desk itself buys or sells later does not change them. */
  readonly missing: number;
};
