import type { Event } from '#core/engine/event.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { ExDateFacts } from '#core/portfolio/ex-date.ts';
import type { Item, SymbolIndex } from './plan.ts';
import { DAYS, MINUTE, ORIGIN, type Stage } from './stage.ts';
import type { Venue } from './venue.ts';

export type ExItem = Extract<Item, { kind: 'ex_date' }>;

/** Terms that came too late for the morning's plan are told this long after the open. */
const LATE_MS = 2 * MINUTE;

export function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** A price of before the ex-date on the basis of after it. */
export function afterEx(price: number, { cash, newShares }: ExItem): number {
  return (price - cash) / (1 + newShares);
}

function exItemOf({ plan }: Stage, symbol: SymbolIndex): ExItem | null {
  return (
    plan.items.find((item): item is ExItem => item.kind === 'ex_date' && item.symbol === symbol) ??
    null
  );
}

/** Close of the first day as it traded. */
function lastCloseOf({ plan, market }: Stage, symbol: SymbolIndex): number {
  return market.priceAt(symbol, ORIGIN + plan.setting.minutes * MINUTE - 1);
}

/** The exchange's own previous close of the second day, after a close of the first. */
export function officialClose(close: number, item: ExItem | null): number {
  if (item === null) return close;
  return cents(afterEx(close, item) * (item.terms === 'other' ? 0.97 : 1));
}

/** What the morning of the second day says of each name; with `isLate` what came after it was planned. */
export function exDatesOf(stage: Stage, isLate: boolean): ExDateFacts[] {
  return stage.policy.instruments.flatMap((instrument, index): ExDateFacts[] => {
    const symbol = index as SymbolIndex;
    const item = exItemOf(stage, symbol);
    if (isLate && item?.terms !== 'late') return [];
    const isTold = item?.terms === 'told' || item?.terms === 'other' || isLate;
    const rights = { rightsPerShare: 0, rightsPrice: 0 };
    const terms =
      item === null || !isTold
        ? null
        : {
            exDate: DAYS[1],
            cashPerShare: item.cash,
            newSharesPerShare: item.newShares,
            ...rights,
          };
    const lastClose = lastCloseOf(stage, symbol);
    return [
      {
        instrument,
        terms,
        lastClose,
        officialPreviousClose: stage.market.previousCloseOf(symbol, 1),
      },
    ];
  });
}

/** Tells the observer what goes ex on the second day, and the desk, later, the terms that were late. */
export function scheduleExDates(stage: Stage, planAt: number, openAt: number): void {
  const { feed, plan, policy, time, witness } = stage;
  const items = plan.items.filter((item): item is ExItem => item.kind === 'ex_date');
  time.at(planAt - 1, () => {
    for (const item of items)
      witness.tell('wentEx', policy.instruments[item.symbol] as InstrumentId, item);
  });
  if (!items.some(({ terms }) => terms === 'late')) return;
  time.at(openAt + LATE_MS, () => {
    const exDates = exDatesOf(stage, true);
    const tradingDay = DAYS[1];
    feed.handIn(`ex:${tradingDay}`, {
      kind: 'ex_dates_known',
      at: time.now(),
      tradingDay,
      exDates,
    });
  });
}

/**
 * New shares and the dividend are on the account once the desk has restated what it holds, as on a simulated account;
 * also where the old shares were sold in that moment. Of what a person has not listed nothing is credited.
 */
export function creditEx(venue: Venue, event: Event, isByHand: boolean): void {
  if (event.type !== 'ex_date_restated') return;
  const held = venue.holdings.get(event.instrument);
  if (held === undefined && isByHand) return;
  const quantity = (held?.quantity ?? 0) + event.newShares;
  if (quantity > 0)
    venue.holdings.set(event.instrument, { quantity, averagePrice: event.to.entryPrice });
  venue.cashMinor += event.cashMinor;
}
