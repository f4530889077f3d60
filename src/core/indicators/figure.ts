/** Why a figure is null or degraded. Closed; the sentence is made in chat. */
export type FigureNoteCode =
  | 'no_data'
  | 'stale'
  | 'from_future'
  | 'wrong_day'
  | 'rows_missing'
  | 'history_short'
  | 'history_old'
  | 'exchange_missing'
  | 'balance_disagrees'
  | 'other_time'
  | 'universe'
  | 'source_degraded'
  | 'day_totals'
  | 'coarse_bars';

/** A note with the figures behind it (name → value; units as suffix of the name). */
export type FigureNote = {
  readonly code: FigureNoteCode;
  readonly figures: Readonly<Record<string, number | string>>;
};

/**
 * A figure of the market with where it came from. `value` null means it could not be computed and
 * `note` says why; otherwise a note, if any, qualifies it. `asOf` is the instant it is true for,
 * `fetchedAt` when it arrived, both epoch milliseconds. Ratios are fractions.
 */
export type Figure<T extends number | boolean = number> = {
  readonly name: string;
  readonly value: T | null;
  readonly unit: string;
  readonly source: string;
  readonly asOf: number;
  readonly fetchedAt: number;
  readonly degraded: boolean;
  readonly note: FigureNote | null;
};

/** Where a figure comes from. */
export type Origin = {
  readonly source: string;
  readonly asOf: number;
  readonly fetchedAt: number;
  readonly degraded: boolean;
};

/** A note; figures default to none. */
export function note(code: FigureNoteCode, figures: FigureNote['figures'] = {}): FigureNote {
  return { code, figures };
}

/** A known figure. A degraded origin without a note of its own says `source_degraded`. */
export function figure<T extends number | boolean>(
  name: string,
  value: T,
  unit: string,
  origin: Origin,
  why: FigureNote | null = null,
): Figure<T> {
  const { source, asOf, fetchedAt, degraded } = origin;
  const said = why ?? (degraded ? note('source_degraded') : null);
  return { name, value, unit, source, asOf, fetchedAt, degraded, note: said };
}

/** A figure that could not be computed, with the reason. */
export function noFigure<T extends number | boolean = number>(
  name: string,
  unit: string,
  origin: Origin,
  why: FigureNote,
): Figure<T> {
  const { source, asOf, fetchedAt } = origin;
  return { name, value: null, unit, source, asOf, fetchedAt, degraded: true, note: why };
}

/** Origin of something that never arrived. */
export function nowhere(at: number): Origin {
  return { source: 'none', asOf: at, fetchedAt: at, degraded: true };
}
