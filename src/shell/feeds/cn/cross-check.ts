import type { FetchAsk, FetchResult, MarketDataCn } from '#app/ports.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { CrossCheckParams } from '#core/quality/cross-check.ts';
import { crossCheckQuotes } from '#core/quality/cross-check.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';

export type CrossCheckDeps = CrossCheckParams & {
  /** Sources of quotes by name, in the order they are asked; each answers by itself. */
  readonly against: readonly { readonly name: string; readonly quotes: MarketDataCn['quotes'] }[];
  /** How many names are compared: those with the most turnover. */
  readonly names: number;
  /** Share of the compared names from which on the look is refused. */
  readonly disagreeRatio: number;
  readonly onAnomalies: (anomalies: readonly Anomaly[]) => void;
};

function busiest(look: MarketLookCn, count: number): QuoteCn[] {
  return look.quotes
    .filter(({ last, amount }) => last !== null && (amount ?? 0) > 0)
    .toSorted((a, b) => (b.amount ?? 0) - (a.amount ?? 0))
    .slice(0, count);
}

/** The look without the names two sources disagree about, or none when they are too many. */
async function checked(
  deps: CrossCheckDeps,
  result: FetchResult<MarketLookCn>,
  ask: FetchAsk,
): Promise<FetchResult<MarketLookCn>> {
  const { data: look, source } = result;
  if (look === null) return result;
  const quotes = busiest(look, deps.names);
  const told = (note: FetchNote): FetchResult<MarketLookCn> => ({
    ...result,
    note: [...result.note, note],
  });
  for (const other of deps.against) {
    if (other.name === source) continue;
    const found = await other.quotes(
      quotes.map(({ instrument }) => instrument),
      ask,
    );
    if (found.data === null) continue;
    const names = { source, other: other.name, day: look.tradingDay };
    const { compared, disagreeing } = crossCheckQuotes(quotes, found.data, names, deps);
    if (compared === 0) continue;
    if (disagreeing.length === 0) return result;
    deps.onAnomalies(disagreeing);
    const out = new Set(disagreeing.map(({ instrument }) => instrument));
    const figures = {
      against: other.name,
      rows: disagreeing.length,
      of: compared,
      instruments: [...out].slice(0, 5).join(','),
    };
    const note = [...result.note, fetchNote('sources_disagree', source, figures)];
    if (disagreeing.length > compared * deps.disagreeRatio) {
      return { ...result, data: null, degraded: true, note };
    }
    const kept = look.quotes.filter(({ instrument }) => !out.has(instrument));
    return { ...result, data: { ...look, quotes: kept }, degraded: true, note };
  }
  return told(fetchNote('not_checked', source, { check: 'second_source' }));
}

/**
 * Market data whose looks are held against a second source. A second source that does not answer
 * leaves the look as it is, noted: one feed that is right is better than none.
 */
export function withCrossCheck(data: MarketDataCn, deps: CrossCheckDeps): MarketDataCn {
  if (deps.names === 0 || deps.against.length === 0) return data;
  return {
    ...data,
    snapshot: async (universe, ask) => checked(deps, await data.snapshot(universe, ask), ask),
  };
}
