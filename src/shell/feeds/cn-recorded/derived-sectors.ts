import type { RecordedDailyCn } from './recorded-days-cn.ts';

/** Days of returns the likeness of two stocks is taken from. */
const RETURN_DAYS = 250;
/** Stocks a group has in the mean. */
const MEAN_MEMBERS = 10;

/** Daily returns of the last days before `end`, less their mean, scaled to length 1; unknown is 0. */
function directions(daily: RecordedDailyCn, end: number): Float64Array[] {
  const width = daily.days.length;
  const from = Math.max(1, end - RETURN_DAYS);
  return daily.instruments.map((_, row) => {
    const values = new Float64Array(Math.max(0, end - from));
    for (let d = from; d < end; d += 1) {
      const change = daily.close[row * width + d]! / daily.close[row * width + d - 1]! - 1;
      values[d - from] = Number.isFinite(change) ? change : 0;
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const centred = values.map((value) => value - mean);
    const length = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0));
    return length > 0 ? centred.map((value) => value / length) : centred;
  });
}

function likeness(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Groups of stocks that moved alike before day `end` of the panel, for a recording without sectors:
 * the least alike stocks lead, every other one joins the leader it resembles most. Named
 * `derived 01`…, in the order of the instruments; the same for the same prices.
 */
export function derivedSectors(daily: RecordedDailyCn, end: number): string[] {
  const rows = directions(daily, end);
  const count = Math.max(1, Math.round(rows.length / MEAN_MEMBERS));
  const leaders: number[] = rows.length === 0 ? [] : [0];
  const nearest = rows.map((row) => likeness(row, rows[0]!));
  while (leaders.length < count) {
    let next = -1;
    for (let row = 0; row < rows.length; row += 1)
      if (!leaders.includes(row) && (next < 0 || nearest[row]! < nearest[next]!)) next = row;
    if (next < 0) break;
    leaders.push(next);
    for (let row = 0; row < rows.length; row += 1)
      nearest[row] = Math.max(nearest[row]!, likeness(rows[row]!, rows[next]!));
  }
  return rows.map((row) => {
    let best = 0;
    let found = Number.NEGATIVE_INFINITY;
    for (const [place, leader] of leaders.entries()) {
      const like = likeness(row, rows[leader]!);
      if (like > found) {
        found = like;
        best = place;
      }
    }
    return `derived ${String(best + 1).padStart(2, '0')}`;
  });
}
