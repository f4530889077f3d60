import type { Item, Plan, SymbolIndex } from './plan.ts';
import { MINUTE, openOf } from './stage.ts';

export type Seal = Extract<Item, { kind: 'seal' }>;
type Suspension = Extract<Item, { kind: 'suspension' }>;
type Span = { readonly fromAt: number; readonly toAt: number };

/** When shares that are listed do not trade, or on one side only. */
export type Shut = {
  /** The seal in which the price of a symbol stands at an instant; null: none. */
  sealAt(symbol: SymbolIndex, at: number): Seal | null;
  isSuspended(symbol: SymbolIndex, at: number): boolean;
  /** What the facts of the morning say: nothing trades all day, or not for a while. */
  isSuspendedAllDay(symbol: SymbolIndex, day: number): boolean;
  haltsOf(symbol: SymbolIndex, day: number): Span[];
};

export function createShut({ setting, items }: Plan): Shut {
  const spanOf = ({ day, fromMinute, toMinute }: Seal | Suspension): Span => {
    const openAt = openOf(setting, day);
    return { fromAt: openAt + fromMinute * MINUTE, toAt: openAt + toMinute * MINUTE };
  };
  const seals = items
    .filter((item): item is Seal => item.kind === 'seal')
    .map((item) => ({ item, ...spanOf(item) }));
  const suspensions = items
    .filter((item): item is Suspension => item.kind === 'suspension')
    .map((item) => ({ item, ...spanOf(item) }));
  return {
    sealAt(symbol, at) {
      for (const { item, fromAt, toAt } of seals)
        if (item.symbol === symbol && at >= fromAt && at < toAt) return item;
      return null;
    },
    isSuspended: (symbol, at) =>
      suspensions.some(
        ({ item, fromAt, toAt }) => item.symbol === symbol && at >= fromAt && at < toAt,
      ),
    isSuspendedAllDay: (symbol, day) =>
      suspensions.some(({ item }) => item.symbol === symbol && item.day === day && item.isWholeDay),
    haltsOf: (symbol, day) =>
      suspensions
        .filter(({ item }) => item.symbol === symbol && item.day === day && !item.isWholeDay)
        .map(({ fromAt, toAt }) => ({ fromAt, toAt })),
  };
}
