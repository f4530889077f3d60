import type { Input } from '#core/engine/input.ts';
import { EMPTY_VIEW, type MarketView, observe, type SymbolView } from '#core/engine/view.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';

type Own<T> = { -readonly [K in keyof T]: T[K] };

/** What one desk alone has seen of a symbol; changed in place. */
export type OwnSymbolView = Own<SymbolView>;

/**
 * A market view that one desk alone looks at. It says what `observe` says and changes in place where the
 * live desk copies, or a minute of fifty symbols would copy fifty symbols fifty times.
 */
export type OwnView = Omit<Own<MarketView>, 'symbols'> & {
  readonly symbols: Record<string, OwnSymbolView>;
};

/** A view that has seen nothing. */
export function createOwnView(): OwnView {
  return { ...EMPTY_VIEW, symbols: {} };
}

/** What was seen of a symbol, to be noted where it stands; made empty where nothing was. */
export function ownSeen(view: OwnView, instrument: InstrumentId): OwnSymbolView {
  const known = view.symbols[instrument];
  if (known !== undefined) return known;
  const made: OwnSymbolView = { evaluation: null, lastBarClosedAt: null, quote: null };
  view.symbols[instrument] = made;
  return made;
}

/** Takes a quote in, as `observe` does. */
export function noteQuote(view: OwnView, quote: Quote): void {
  const seen = ownSeen(view, quote.instrument);
  if (seen.quote === null || seen.quote.at <= quote.at) seen.quote = quote;
}

/** Takes an input in; answers the view to go on with, which a new session begins anew. */
export function noteInput(view: OwnView, input: Input): OwnView {
  switch (input.kind) {
    case 'quote_seen':
    case 'operator_acted':
    case 'bar_evaluated': {
      if (input.others !== undefined) view.others = input.others;
      if (view.since === null) view.since = input.at;
      if (input.quote !== null) noteQuote(view, input.quote);
      if (input.kind === 'bar_evaluated') noteEvaluation(view, input);
      return view;
    }
    default: {
      const next = observe(view, input);
      // a view that was copied has symbols that are not its own, those of the empty one for instance
      return next === view ? view : { ...next, symbols: { ...next.symbols } };
    }
  }
}

function noteEvaluation(view: OwnView, input: Extract<Input, { kind: 'bar_evaluated' }>): void {
  const { evaluation } = input;
  const seen = ownSeen(view, evaluation.instrument);
  if (seen.lastBarClosedAt !== null && seen.lastBarClosedAt >= evaluation.asOf) return;
  seen.evaluation = evaluation;
  seen.lastBarClosedAt = evaluation.asOf;
  seen.setup = evaluation.signal === null ? (seen.setup ?? null) : evaluation;
}
