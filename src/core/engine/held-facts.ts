import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { limitsOn } from '#core/market/limits-cn.ts';
import { mid, type Quote } from '#core/market/quote.ts';
import { isHaltedCn, sealOfCn } from '#core/market/seal-cn.ts';
import { heldTradingDays } from '#core/strategies/sector-pulse/exits.ts';
import type { Policy } from './policy.ts';
import { instrumentDayOf, planOf, sellableQuantity } from './select-cn.ts';
import type { DeskState, Position } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

/** What keeps a held Chinese share from being sold or bought freely now. */
export type HeldFlag =
  | 'bought_today'
  | 'suspended'
  | 'sealed_up'
  | 'sealed_down'
  | 'limit_up'
  | 'limit_down'
  | 'limits_unknown';

/** One held name with what its market's rules make of it today. Shares, yuan a share. */
export type HeldFacts = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  /** Shares that T+1 and a suspension leave for sale today. */
  readonly sellable: number;
  /** Trading days of the market since the entry day; null: the calendar does not tell. */
  readonly heldDays: number | null;
  readonly last: number | null;
  readonly entryPrice: number;
  readonly stop: number;
  /** Null once it is done, or where there is none. */
  readonly firstTarget: number | null;
  readonly secondTarget: number | null;
  readonly flags: readonly HeldFlag[];
};

const TICK = 0.005;

/** Price that a quote shows; a sealed board has one side only. Null: neither side. */
function priceOf(quote: Quote): number | null {
  if (quote.bid > 0 && quote.ask > 0) return mid(quote);
  return Math.max(quote.bid, quote.ask) || null;
}

function flagsOf(
  state: DeskState,
  view: MarketView,
  position: Position,
  sellable: number,
  at: number,
): HeldFlag[] {
  const facts = instrumentDayOf(state, position.instrument);
  const { quote } = seenOf(view, position.instrument);
  const flags: HeldFlag[] = [];
  if (sellable < position.quantity && position.tradingDay === state.day?.tradingDay)
    flags.push('bought_today');
  if (facts === null) return [...flags, 'limits_unknown'];
  if (isHaltedCn(facts, at)) return [...flags, 'suspended'];
  const limits = limitsOn(facts);
  if (limits.kind === 'unknown') return [...flags, 'limits_unknown'];
  if (limits.kind === 'free' || quote === null) return flags;
  const seal = sealOfCn(quote, limits);
  if (seal === 'up') return [...flags, 'sealed_up'];
  if (seal === 'down') return [...flags, 'sealed_down'];
  const last = priceOf(quote) ?? Number.NaN;
  if (last >= limits.up - TICK) return [...flags, 'limit_up'];
  return last <= limits.down + TICK ? [...flags, 'limit_down'] : flags;
}

function lastOf(view: MarketView, instrument: InstrumentId): number | null {
  const { quote, evaluation } = seenOf(view, instrument);
  return quote === null ? (evaluation?.bar.close ?? null) : priceOf(quote);
}

/**
 * What is held by a desk of the Chinese market and what of it may be sold now. `calendar` null: days
 * held are not known. Facts of another day than the desk's are not used.
 */
export function heldFactsOf(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  calendar: CalendarTable | null,
  at: number,
): HeldFacts[] {
  return Object.values(state.positions).map((position) => {
    const { instrument, quantity, entryPrice, stop } = position;
    const today = state.day?.tradingDay ?? null;
    const byDay = sellableQuantity(state, policy, position);
    const flags = flagsOf(state, view, position, byDay, at);
    return {
      instrument,
      quantity,
      sellable: flags.includes('suspended') ? 0 : byDay,
      heldDays:
        calendar === null || today === null
          ? null
          : heldTradingDays(calendar, position.tradingDay, today),
      last: lastOf(view, instrument),
      entryPrice,
      stop,
      firstTarget: position.isFirstTargetDone ? null : position.firstTarget,
      secondTarget: position.origin === 'adopted' ? null : planOf(state, position).secondTarget,
      flags,
    };
  });
}
