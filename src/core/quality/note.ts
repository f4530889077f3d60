/** What befell an answer on its way. Closed; the sentence is made where it is shown. */
export type FetchNoteCode =
  /** A source failed: `cause` is its error code. */
  | 'source_failed'
  /** A source was not asked: `cause` is breaker_open, budget_used, not_configured. */
  | 'source_skipped'
  /** The deadline passed or the asker gave up before any source answered. */
  | 'out_of_time'
  | 'canceled'
  /** No source of the profile has this kind of data. */
  | 'not_offered'
  /** What was found cannot be true, so the whole answer was refused: `cause` is the anomaly's code. */
  | 'answer_refused'
  /** Rows were taken out: `cause` is the anomaly's code, `rows` how many. */
  | 'rows_quarantined'
  /** Rows that were asked for and did not come: `rows` of `of`. */
  | 'rows_missing'
  /** Days that the first series lacks came from this one: `days`, `from`, `through`. */
  | 'days_from_elsewhere'
  /** Two sources state different prices: `rows` of `of` compared ones, `instruments`. */
  | 'sources_disagree'
  /** The vendor's limit prices are others than the rule gives: `rows`. */
  | 'limits_disputed'
  /** Columns this source does not have: `fields`. */
  | 'fields_missing'
  /** The answer was read from what is on file: `day` or `ageMs` says how old it is. */
  | 'from_cache'
  /** The raw answer could not be kept before it was used. */
  | 'raw_not_kept'
  /** A check could not be made for lack of something to compare with: `check`. */
  | 'not_checked'
  /** The source stamps its data with no instant; the arrival stands in for it. */
  | 'no_own_time';

/** One remark on an answer, with the source it is about and its figures. */
export type FetchNote = {
  readonly code: FetchNoteCode;
  readonly source: string;
  readonly figures: Readonly<Record<string, string | number>>;
};

/** A remark; figures default to none. */
export function fetchNote(
  code: FetchNoteCode,
  source: string,
  figures: FetchNote['figures'] = {},
): FetchNote {
  return { code, source, figures };
}
