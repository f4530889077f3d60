import type { InstrumentId } from '#core/market/instrument.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { fetchNote } from '#core/quality/note.ts';
import type { SourceAnswer, SourceCall } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import { ZONE } from './wire.ts';

/** What a decoder made of one answer. */
export type DecodedQuotes = {
  readonly quotes: readonly QuoteCn[];
  readonly anomalies: readonly Anomaly[];
};

/** Pieces of a list, `size` at a time. */
export function piecesOf<T>(list: readonly T[], size: number): T[][] {
  const pieces: T[][] = [];
  for (let from = 0; from < list.length; from += size) pieces.push(list.slice(from, from + size));
  return pieces;
}

/**
 * Asks piece by piece, all at once (the source's budget puts them in line). Pieces that fail leave
 * their stocks out with a note; when most fail, the whole fails as the first of them did.
 */
export async function gatherQuotes(
  source: string,
  pieces: readonly (readonly InstrumentId[])[],
  ask: (piece: readonly InstrumentId[]) => Promise<DecodedQuotes>,
): Promise<SourceAnswer<readonly QuoteCn[]>> {
  const settled = await Promise.allSettled(pieces.map(ask));
  const quotes: QuoteCn[] = [];
  const anomalies: Anomaly[] = [];
  let lost = 0;
  let failure: unknown = null;
  let failures = 0;
  for (const [i, one] of settled.entries()) {
    if (one.status === 'fulfilled') {
      quotes.push(...one.value.quotes);
      anomalies.push(...one.value.anomalies);
      continue;
    }
    failure ??= one.reason;
    failures += 1;
    lost += pieces[i]?.length ?? 0;
  }
  if (failures * 2 > settled.length) throw failure;
  const of = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const note =
    lost === 0
      ? []
      : [fetchNote('rows_missing', source, { cause: 'source_failed', rows: lost, of })];
  return answer(quotes, oldestAt(quotes), anomalies, note);
}

/** Oldest stamp; null without any. */
function oldestAt(quotes: readonly QuoteCn[]): number | null {
  let oldest: number | null = null;
  for (const { at } of quotes) if (at !== null && (oldest === null || at < oldest)) oldest = at;
  return oldest;
}

/** Quotes as a look; its day is that of the newest stamp, or of the arrival where there is none. */
export function lookOfQuotes(
  source: string,
  found: SourceAnswer<readonly QuoteCn[]>,
  call: SourceCall,
): SourceAnswer<MarketLookCn> {
  const { data: quotes, anomalies, note } = found;
  if (quotes.length === 0) {
    throw feedError(`${source} snapshot`, FEED_CODES.noData, 'no quotes', 'some');
  }
  const newest = quotes.reduce((latest, { at }) => Math.max(latest, at ?? 0), 0);
  const isStamped = newest > 0;
  const { day } = wallTimeOf(isStamped ? newest : call.now(), ZONE);
  return answer({ tradingDay: day, quotes }, found.asOf, anomalies, [
    ...note,
    ...(isStamped ? [] : [fetchNote('no_own_time', source)]),
  ]);
}
