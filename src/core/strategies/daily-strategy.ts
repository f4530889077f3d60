/** Fields of a daily bar that a strategy may ask for. */
export type SightField = 'open' | 'high' | 'low' | 'close' | 'previousClose' | 'volume' | 'amount';

/**
 * What a strategy of daily bars sees at the close of a day: rows are stocks by their place in the
 * market. There is no way to ask it for a later day.
 */
export type DailySight = {
  /** Place of the day, counted from the market's first. */
  readonly day: number;
  /** Figure of a row `back` days ago (0: today); NaN where there is none, or no such day. */
  value(field: SightField, row: number, back: number): number;
  /** Status of a row today; null: not known. */
  status(row: number): 'normal' | 'st' | 'delisting' | null;
  /** Rows that are held, what is to be sold tomorrow included. */
  readonly held: readonly number[];
  /** Money that may be spent tomorrow, and what the account is worth, in fen. */
  readonly spendableMinor: number;
  readonly equityMinor: number;
};

/** What is to be done at the next auction: rows to leave whole, and rows to enter, the most wanted first. */
export type DailyDecision = {
  readonly leave: readonly number[];
  readonly enter: readonly { readonly row: number; readonly valueMinor: number }[];
  /** What the decision was made from, for a reader and for a check; one line. */
  readonly note: string;
};

/** A strategy of daily bars, made for one market and one run; it may remember from day to day. */
export type DailyStrategy = {
  /** Days of history before the first decision. */
  readonly warmUpDays: number;
  /** Asked at every close, oldest first. */
  decide(sight: DailySight): DailyDecision;
};
