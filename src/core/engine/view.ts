import type { KillLook } from '#core/gates/kill-switch.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Evaluation } from '#core/strategies/strategy.ts';
import type { Input } from './input.ts';

/** What was seen of one symbol: the newest evaluated bar and the newest quote. */
export type SymbolView = {
  readonly evaluation: Evaluation | null;
  readonly lastBarClosedAt: number | null;
  readonly quote: Quote | null;
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
  /** Newest look of the kill-switch, for two in a row; null or absent: none since the start. */
  readonly killLook?: KillLook | null;
};

export const EMPTY_VIEW: MarketView = { symbols: {}, since: null, heartbeatAt: null };

const NOTHING_SEEN: SymbolView = { evaluation: null, lastBarClosedAt: null, quote: null };

/** Returns what was seen of a symbol; all null when nothing was. */
export function seenOf(view: MarketView, instrument: string): SymbolView {
  return view.symbols[instrument] ?? NOTHING_SEEN;
}

function withQuote(view: MarketView, quote: Quote): MarketView {
  const seen = seenOf(view, quote.instrument);
  if (seen.quote !== null && seen.quote.at > quote.at) return view;
  return { ...view, symbols: { ...view.symbols, [quote.instrument]: { ...seen, quote } } };
}

/** Returns the view after an input. A quote or bar older than the newest one is left out. */
export function observe(view: MarketView, input: Input): MarketView {
  const begun = view.since === null ? { ...view, since: input.at } : view;
  switch (input.kind) {
    case 'quote_seen':
      return withQuote(begun, input.quote);
    case 'operator_acted':
      return input.quote === null ? begun : withQuote(begun, input.quote);
    case 'heartbeat_seen':
      return { ...begun, heartbeatAt: input.at };
    case 'session_planned':
      return { symbols: {}, since: input.at, heartbeatAt: begun.heartbeatAt, killLook: null };
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
      const next = { ...seen, evaluation: input.evaluation, lastBarClosedAt: asOf };
      return { ...quoted, symbols: { ...quoted.symbols, [instrument]: next } };
    }
    default:
      return begun;
  }
}
