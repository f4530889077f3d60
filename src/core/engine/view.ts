import type { KillLook } from '#core/gates/kill-switch.ts';
import type { Quote } from '#core/market/quote.ts';
import type { OthersBook } from '#core/risk/person-book.ts';
import type { Evaluation } from '#core/strategies/strategy.ts';
import type { Input } from './input.ts';

/** What was seen of one symbol: the newest evaluated bar and the newest quote. */
export type SymbolView = {
  readonly evaluation: Evaluation | null;
  readonly lastBarClosedAt: number | null;
  readonly quote: Quote | null;
  /** The newest evaluated bar that held a signal; null or left out: none since the start. */
  readonly setup?: Evaluation | null;
};

/**
 * What the desk has seen of the market. A fold of inputs, not of events (bars and quotes are no
 * decisions), so it is empty after a restart: until something fresh arrives, unknown means no.
 */
export type MarketView = {
  readonly symbols: Readonly<Record<string, SymbolView>>;
  /** Instant the view began to watch; the first bar is due after it. */
  readonly since: number | null;
  /** Last sign of life of the data connection; null for sources that give none. */
  readonly heartbeatAt: number | null;
  /** Newest instant at which a price of a symbol was heard of, also where the quote itself was not handed on. */
  readonly heard?: Readonly<Record<string, number>>;
  /** When a card reached an operator last; null or absent: nobody has told since the start. */
  readonly reachedAt?: number | null;
  /** The person's other desks as the newest input had them; null or absent: none told. */
  readonly others?: OthersBook | null;
  /** Newest look of the kill-switch, for two in a row; null or absent: none since the start. */
  readonly killLook?: KillLook | null;
};

export const EMPTY_VIEW: MarketView = { symbols: {}, since: null, heartbeatAt: null };

const NOTHING_SEEN: SymbolView = { evaluation: null, lastBarClosedAt: null, quote: null };

/** Returns what was seen of a symbol; all null when nothing was. */
export function seenOf(view: MarketView, instrument: string): SymbolView {
  return view.symbols[instrument] ?? NOTHING_SEEN;
}

/** When a price of the symbol was heard of last; null: never since the view began. */
export function heardAt(view: MarketView, instrument: string): number | null {
  const told = view.heard?.[instrument] ?? null;
  const quotedAt = seenOf(view, instrument).quote?.at ?? null;
  if (told === null || quotedAt === null) return told ?? quotedAt;
  return Math.max(told, quotedAt);
}

/** A source may repeat an older instant after a reconnect, and none counts from the future. */
function withHeard(
  view: MarketView,
  prices: Readonly<Record<string, number>>,
  at: number,
): MarketView {
  const heard: Record<string, number> = { ...view.heard };
  for (const [instrument, heardAt] of Object.entries(prices))
    if (heardAt <= at) heard[instrument] = Math.max(heard[instrument] ?? 0, heardAt);
  return { ...view, heard };
}

/** What a new session does not begin anew: whether people can be reached is no fact of the market. */
function reachOf({ reachedAt }: MarketView): Pick<MarketView, 'reachedAt' | 'killLook'> {
  return { killLook: null, ...(reachedAt === undefined ? {} : { reachedAt }) };
}

function withQuote(view: MarketView, quote: Quote): MarketView {
  const seen = seenOf(view, quote.instrument);
  if (seen.quote !== null && seen.quote.at > quote.at) return view;
  return { ...view, symbols: { ...view.symbols, [quote.instrument]: { ...seen, quote } } };
}

/** Returns the view after an input. A quote or bar older than the newest one is left out. */
export function observe(view: MarketView, input: Input): MarketView {
  const known = input.others === undefined ? view : { ...view, others: input.others };
  const begun = known.since === null ? { ...known, since: input.at } : known;
  switch (input.kind) {
    case 'quote_seen':
      return withQuote(begun, input.quote);
    case 'operator_acted':
      return input.quote === null ? begun : withQuote(begun, input.quote);
    case 'heartbeat_seen':
      return withHeard({ ...begun, heartbeatAt: input.at }, input.prices ?? {}, input.at);
    case 'reach_seen':
      return input.isReached ? { ...begun, reachedAt: input.at } : begun;
    case 'session_planned':
      return { ...EMPTY_VIEW, since: input.at, heartbeatAt: begun.heartbeatAt, ...reachOf(begun) };
    case 'look_judged':
      return { ...begun, killLook: input.kill.look };
    case 'checkpoint_judged':
      return { ...begun, killLook: input.record.kill.look };
    case 'minute_watched':
      return input.names.reduce<MarketView>(
        (seen, { quote }) => (quote === null ? seen : withQuote(seen, quote)),
        { ...begun, killLook: input.record.kill.look },
      );
    case 'bar_evaluated': {
      const quoted = input.quote === null ? begun : withQuote(begun, input.quote);
      const { instrument, asOf } = input.evaluation;
      const seen = seenOf(quoted, instrument);
      if (seen.lastBarClosedAt !== null && seen.lastBarClosedAt >= asOf) return quoted;
      const { evaluation } = input;
      const setup = evaluation.signal === null ? (seen.setup ?? null) : evaluation;
      const next = { ...seen, evaluation, lastBarClosedAt: asOf, setup };
      return { ...quoted, symbols: { ...quoted.symbols, [instrument]: next } };
    }
    default:
      return begun;
  }
}
