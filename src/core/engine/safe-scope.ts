import { mayFill } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { orderedInstruments, ordersOf } from './order-index.ts';
import type { DeskState, SafeModeCause, SafeModeEntry } from './state.ts';

/** Subject of a silence that is of no single symbol. */
export const ALL_SYMBOLS = 'all symbols';

/** Causes that say something of one symbol's prices and nothing of the others'. */
const OF_ONE_SYMBOL: ReadonlySet<SafeModeCause> = new Set([
  'bar_overdue',
  'quotes_stale',
  'data_denied',
]);

/** Causes that pass by themselves once the session is over: nothing is awaited then. */
export const OF_THE_SESSION: ReadonlySet<SafeModeCause> = new Set([
  'bar_overdue',
  'quotes_stale',
  'risk_not_computable',
]);

/** Causes after which a price may be old: the exit at the market is offered with them. */
const OF_PRICES: ReadonlySet<SafeModeCause> = new Set([
  'heartbeat_lost',
  'bar_overdue',
  'quotes_stale',
  'data_denied',
  'risk_not_computable',
]);

/**
 * The one symbol that a cause blocks; null: it blocks the whole desk. Source: centaur.md "SAFE_MODE",
 * staleness of one symbol blocks that symbol.
 */
export function symbolBlocked(entry: Pick<SafeModeEntry, 'cause' | 'subject'>): string | null {
  return OF_ONE_SYMBOL.has(entry.cause) && entry.subject !== ALL_SYMBOLS ? entry.subject : null;
}

/** Causes that forbid entries of a symbol, gone ones included: a person has not released them. */
export function causesFor(state: DeskState, instrument: string): SafeModeEntry[] {
  return state.safeMode.filter((entry) => {
    const only = symbolBlocked(entry);
    return only === null || only === instrument;
  });
}

/** Symbols that SAFE_MODE is about when it blocks only some; null: the whole desk, or no SAFE_MODE at all. */
export function symbolsBlocked(state: DeskState): InstrumentId[] | null {
  const only = new Set<string>();
  for (const entry of state.safeMode) {
    const symbol = symbolBlocked(entry);
    if (symbol === null) return null;
    only.add(symbol);
  }
  return only.size === 0 ? null : ([...only] as InstrumentId[]);
}

/** A cause as it is told: `others` more of its kind stand beside it, of other orders or symbols. */
export type ToldCause = SafeModeEntry & { readonly others?: number };

/** As many causes of one kind are told one by one. */
const TOLD_APART = 2;

/**
 * Causes as a message tells them. More than two of one kind that are all gone, or none of them, become the first one with a
 * count: a broker may report hundreds of orders the desk does not know. `/health` names each.
 */
export function toldCauses(causes: readonly SafeModeEntry[]): ToldCause[] {
  const kinds = new Map<string, SafeModeEntry[]>();
  for (const entry of causes) {
    const kind = [entry.cause, entry.isGone, ...Object.keys(entry.figures).sort()].join(' ');
    const same = kinds.get(kind);
    if (same === undefined) kinds.set(kind, [entry]);
    else same.push(entry);
  }
  return [...kinds.values()].flatMap((same): ToldCause[] =>
    same.length <= TOLD_APART ? same : [{ ...same[0]!, others: same.length - 1 }],
  );
}

/** True when something of the symbol is held or may still fill. */
export function isSymbolExposed(state: DeskState, instrument: string): boolean {
  return (
    state.positions[instrument] !== undefined ||
    ordersOf(state, instrument).some((order) => mayFill(order) && order.state !== 'held')
  );
}

/** Symbols of which something is held or may still fill. */
export function exposedSymbols(state: DeskState): Set<string> {
  const names = new Set(Object.keys(state.positions));
  for (const instrument of orderedInstruments(state))
    if (isSymbolExposed(state, instrument)) names.add(instrument);
  return names;
}

/** Positions whose price may be old: no stop is fired on it, so a person is offered the exit at the market. */
export function offeredExits(state: DeskState): InstrumentId[] {
  const causes = state.safeMode.filter((entry) => !entry.isGone && OF_PRICES.has(entry.cause));
  return Object.values(state.positions)
    .map((position) => position.instrument)
    .filter((instrument) =>
      causes.some((entry) => {
        const only = symbolBlocked(entry);
        return only === null || only === instrument;
      }),
    );
}
