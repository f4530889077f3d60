import type { Anomaly } from './anomaly.ts';

/** Anomalies kept whole; beyond them rows are counted only. */
const KEPT = 20_000;
/** Rows shown of each reason, where nobody asks for more. */
const SAMPLES = 3;

/** What became of the rows of a file: `read` = kept + every count of `dropped`. */
export type Tally = {
  read: number;
  /** Rows by reason: an anomaly's code, or `day_refused` for rows of a day that was refused whole. */
  readonly dropped: Map<string, number>;
  /** First rows of each reason; `line` 0: not of one line. */
  readonly samples: { readonly line: number; readonly anomaly: Anomaly }[];
  readonly anomalies: Anomaly[];
  /** Rows shown of each reason. */
  readonly shownOfEach: number;
};

/** A tally in which nothing was read. */
export function createTally(shownOfEach = SAMPLES): Tally {
  return { read: 0, dropped: new Map(), samples: [], anomalies: [], shownOfEach };
}

/** Adds rows to a reason; 0 adds no reason. */
export function countDropped(tally: Tally, reason: string, rows: number): void {
  if (rows > 0) tally.dropped.set(reason, (tally.dropped.get(reason) ?? 0) + rows);
}

/** Counts a row that is left out. `line` 0: not of one line. */
export function dropRow(tally: Tally, anomaly: Anomaly, line: number): void {
  countDropped(tally, anomaly.code, 1);
  const shown = tally.samples.filter((sample) => sample.anomaly.code === anomaly.code).length;
  if (shown < tally.shownOfEach) tally.samples.push({ line, anomaly });
  if (tally.anomalies.length < KEPT) tally.anomalies.push(anomaly);
}

/** Rows that were left out so far. */
export function rowsDropped(tally: Tally): number {
  let rows = 0;
  for (const count of tally.dropped.values()) rows += count;
  return rows;
}
