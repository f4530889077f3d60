import type { InstrumentId } from '#core/market/instrument.ts';
import { sellableQuantityCn } from '#core/market/settlement-cn.ts';
import type { ExitDecision, HeldPosition } from './exits.ts';
import { heldTradingDays, quantityOf } from './exits.ts';
import type { LookTime } from './figures.ts';
import type { SectorPulseParams } from './params.ts';

/** One held name on the sheet of the morning. */
export type SheetLine = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly sellable: number;
  /** Trading days of the market since the entry day; null: the calendar does not tell. */
  readonly heldDays: number | null;
  readonly stop: number;
  readonly firstTarget: number | null;
  readonly secondTarget: number;
  /** What is planned for today, most urgent first. */
  readonly plans: readonly SheetPlan[];
};

/**
 * `auction_sell`: an exit of an earlier day that could not be done is an instruction for the
 * opening auction. `last_day_exit`: leaves today at `at`. `review`: held for three days or more.
 * `stop_held`: an ex-date of today is not confirmed.
 */
export type SheetPlan =
  | {
      readonly kind: 'auction_sell';
      readonly quantity: number;
      readonly because: NonNullable<ExitDecision['kind']>;
    }
  | { readonly kind: 'last_day_exit'; readonly time: string; readonly again: string | null }
  | { readonly kind: 'review' }
  | { readonly kind: 'stop_held' };

/** An exit that was due on an earlier day and left shares behind. */
export type UnfinishedExit = {
  readonly instrument: InstrumentId;
  readonly kind: NonNullable<ExitDecision['kind']>;
  readonly quantity: number;
};

function plansOf(
  position: HeldPosition,
  unfinished: readonly UnfinishedExit[],
  sellable: number,
  heldDays: number | null,
  params: SectorPulseParams,
): SheetPlan[] {
  const plans: SheetPlan[] = [];
  if (position.isExDateOpen) plans.push({ kind: 'stop_held' });
  const open = unfinished.find(({ instrument }) => instrument === position.instrument);
  if (open !== undefined && sellable > 0) {
    const quantity = Math.min(open.quantity, sellable);
    plans.push({ kind: 'auction_sell', quantity, because: open.kind });
  }
  const { lastDay, reviewDay } = params.exits;
  if (heldDays !== null && heldDays >= lastDay) {
    const { lastDayExit, sellOnly } = params.clock;
    plans.push({ kind: 'last_day_exit', time: lastDayExit, again: sellOnly });
  } else if (heldDays !== null && heldDays >= reviewDay) plans.push({ kind: 'review' });
  return plans;
}

/** The sheet of 9:10: what is held, what may be sold today, how long it is held, what is planned. */
export function daySheet(
  positions: readonly HeldPosition[],
  unfinished: readonly UnfinishedExit[],
  when: LookTime,
  params: SectorPulseParams,
): SheetLine[] {
  const { tradingDay } = when.session;
  return positions.map((position) => {
    const sellable = sellableQuantityCn(position.purchases, tradingDay);
    const heldDays = heldTradingDays(when.calendar, position.entryDay, tradingDay);
    return {
      instrument: position.instrument,
      quantity: quantityOf(position),
      sellable,
      heldDays,
      stop: position.stop,
      firstTarget: position.isFirstTargetDone ? null : position.firstTarget,
      secondTarget: position.secondTarget,
      plans: plansOf(position, unfinished, sellable, heldDays, params),
    };
  });
}
