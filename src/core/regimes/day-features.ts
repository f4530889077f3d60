/**
 * Everything the live day type is judged from, as known at one closed bar. `null` means not known
 * (yet): no OR15 before 9:45, no ATR(20,1d) without history, no share before the first bar after
 * 9:35. Ratios are fractions.
 */
export type RegimeEvidence = {
  /** Closed minutes since the open, 1 at the close of the first bar. */
  readonly minuteOfSession: number;
  /** Sign changes of close − VWAP within the last 60 minutes, dead zone 0.25 band. */
  readonly vwapCrossCount: number;
  /** Share of closed bars since 9:35 whose close is above VWAP. */
  readonly pctTimeAboveVwap: number | null;
  /** High − low of the first 15 minutes, in price. */
  readonly orWidth: number | null;
  /** The same over ATR(20,1d). */
  readonly orWidthAtr: number | null;
  /** (high − low so far) / ATR(20,1d). */
  readonly rangeAtr: number | null;
  /** rangeAtr that a trend needs at this time of day: 0.6 × √(share of the session passed). */
  readonly rangeAtrNeeded: number;
  /** Volume 9:30–10:30 so far / mean of the same minutes of up to 20 days, same source. */
  readonly earlyVolumeRatio: number | null;
  /** Closes above OR15 after having been inside. */
  readonly orBreaksUp: number;
  /** Closes below OR15 after having been inside. */
  readonly orBreaksDown: number;
  /** Side of an OR15 break that no later close has gone back inside of. */
  readonly orBreakHeld: 'up' | 'down' | 'none';
  /** Name of the blackout this bar lies in. */
  readonly event: string | null;
};
