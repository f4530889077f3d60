import type { Phase } from '#core/machines/session-phase.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DeskState, SymbolState } from './state.ts';

type Symbols = DeskState['symbols'];

type Index = {
  readonly names: readonly InstrumentId[];
  readonly list: readonly SymbolState[];
  readonly cooldowns: readonly number[];
  /** Symbols that are not flat, rested and in the phase `usual`. */
  usual: Phase | null;
  others: readonly SymbolState[];
};

/** Symbols never change in place, so what was listed once stays right for as long as they are looked at. */
const KNOWN = new WeakMap<Symbols, Index>();

function indexOf(symbols: Symbols): Index {
  const known = KNOWN.get(symbols);
  if (known !== undefined) return known;
  const list = Object.values(symbols);
  const cooldowns = list.flatMap(({ cooldownUntil }) => cooldownUntil ?? []);
  const names = Object.keys(symbols) as InstrumentId[];
  const index = { names, list, cooldowns, usual: null, others: list };
  KNOWN.set(symbols, index);
  return index;
}

/** Names of the desk's symbols, listed once for a book and not once a question. */
export function namesOf(state: DeskState): readonly InstrumentId[] {
  return indexOf(state.symbols).names;
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
