import type { Phase } from '#core/machines/session-phase.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DeskState, SymbolState } from './state.ts';

type Symbols = DeskState['symbols'];

type Index = {
  readonly names: readonly InstrumentId[];
  readonly list: readonly SymbolState[];
  readonly cooldowns: readonly number[];
  /** Symbols whose bars were told to stay away. */
  readonly stale: readonly InstrumentId[];
  /** Symbols that are not flat, rested and in the phase `usual`. */
  usual: Phase | null;
  others: readonly SymbolState[];
};

/** Symbols never change in place, so what was listed once stays right for as long as they are looked at. */
const KNOWN = new WeakMap<Symbols, Index>();
/** The book that was asked about last, which mostly is asked about again. */
let lastBook: Symbols | null = null;
let lastIndex: Index | null = null;

function indexOf(symbols: Symbols): Index {
  if (symbols === lastBook && lastIndex !== null) return lastIndex;
  const index = KNOWN.get(symbols) ?? listed(symbols);
  lastBook = symbols;
  lastIndex = index;
  return index;
}

function listed(symbols: Symbols): Index {
  const list = Object.values(symbols);
  const cooldowns = list.flatMap(({ cooldownUntil }) => cooldownUntil ?? []);
  const names = Object.keys(symbols) as InstrumentId[];
  const stale = list.filter(({ staleSince }) => (staleSince ?? null) !== null);
  const index = {
    ...{ names, list, cooldowns, usual: null, others: list },
    stale: stale.map(({ instrument }) => instrument),
  };
  KNOWN.set(symbols, index);
  return index;
}

/** Names of the desk's symbols, listed once for a book and not once a question. */
export function namesOf(state: DeskState): readonly InstrumentId[] {
  return indexOf(state.symbols).names;
}

/** Symbols whose bars were told to stay away and have not come again. */
export function staleNames(state: DeskState): readonly InstrumentId[] {
  return indexOf(state.symbols).stale;
}

/** When symbols that rest may trade again. */
export function cooldownsOf(state: DeskState): readonly number[] {
  return indexOf(state.symbols).cooldowns;
}

/**
 * Symbols whose phase may have to change: all but those that are flat, rested and in `usual`, the phase of
 * the flat and rested at this instant.
 */
export function unsettledSymbols(state: DeskState, usual: Phase): readonly SymbolState[] {
  const index = indexOf(state.symbols);
  if (index.usual !== usual) {
    index.usual = usual;
    index.others = index.list.filter(
      ({ phase, cooldownUntil }) => phase !== usual || cooldownUntil !== null,
    );
  }
  const { list, others } = index;
  for (const instrument in state.positions) {
    const symbol = state.symbols[instrument];
    if (symbol !== undefined && !others.includes(symbol)) return list;
  }
  return others;
}

/** Puts a symbol in place of the one of its name, in a book under way. */
export function putSymbol(symbols: Symbols, symbol: SymbolState): void {
  KNOWN.delete(symbols);
  if (symbols === lastBook) lastBook = null;
  (symbols as Record<string, SymbolState>)[symbol.instrument] = symbol;
}
