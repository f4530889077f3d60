import type { BacktestDay, BacktestSymbolDay } from '#core/backtest/run.ts';
import { type SpreadColumns, spreadsOver } from '#core/backtest/spreads.ts';
import type { EventTable, EventWindowParams } from '#core/gates/event-window.ts';
import { dailyBarsOf, splitByDay } from '#core/market/aggregate.ts';
import type { BarColumns } from '#core/market/bar.ts';
import { type CalendarTable, sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DayContext } from '#core/strategies/day-context.ts';
import { type History, planSession } from './open-session.ts';

/** Bars of one instrument: minutes, and the daily series where there is one. */
export type BarSeries = {
  readonly instrument: InstrumentId;
  readonly minutes: BarColumns;
  readonly daily: BarColumns | null;
  /** Spreads that were recorded; null or left out: none. */
  readonly spreads?: SpreadColumns | null;
};

export type BacktestPlanFacts = {
  readonly series: readonly BarSeries[];
  readonly calendar: CalendarTable;
  readonly events: EventTable;
  readonly windows: EventWindowParams;
  readonly from: TradingDay;
  readonly to: TradingDay;
};

/** Days to play, and the symbol days left out because their history does not reach far enough. */
export type BacktestPlan = {
  readonly days: readonly BacktestDay[];
  readonly warmUp: readonly { readonly day: TradingDay; readonly instrument: InstrumentId }[];
};

/** Cuts a series by day, with daily bars made from the minutes where none are given. */
export function historyOf(series: BarSeries, calendar: CalendarTable): History {
  const minutesByDay = splitByDay(series.minutes);
  const sessionOrNull = (day: TradingDay) => {
    const answer = sessionOn(calendar, day);
    return answer.kind === 'session' ? answer.session : null;
  };
  const dailyBars = series.daily ?? dailyBarsOf(minutesByDay, sessionOrNull).bars;
  return { instrument: series.instrument, minutesByDay, dailyBars };
}

function isWarm(context: DayContext): boolean {
  return context.ma20 !== null && context.atr20d !== null && context.usualVolume5m !== null;
}

function symbolDay(
  { series }: BacktestPlanFacts,
  present: readonly History[],
  context: DayContext,
  day: TradingDay,
): BacktestSymbolDay {
  const { instrument } = context;
  const bars = present.find((history) => history.instrument === instrument)!.minutesByDay.get(day)!;
  const spreads = series.find((entry) => entry.instrument === instrument)?.spreads ?? null;
  if (spreads === null) return { instrument, bars, context };
  return { instrument, bars, context, spreads: spreadsOver(spreads, bars) };
}

/**
 * Plans every session from `from` through `to` with the live desk's own planning: what is known of
 * a day is what was known before it opened. A symbol's days are left out until MA20, ATR20 and the
 * usual volume are known.
 */
export function planBacktest(facts: BacktestPlanFacts): BacktestPlan {
  const { calendar, events, windows, from, to } = facts;
  const histories = facts.series.map((series) => historyOf(series, calendar));
  const days: BacktestDay[] = [];
  const warmUp: { day: TradingDay; instrument: InstrumentId }[] = [];
  for (const day of tradingDaysBetween(calendar, from, to)) {
    const present = histories.filter((history) => history.minutesByDay.has(day));
    if (present.length === 0) continue;
    const answer = sessionOn(calendar, day);
    if (answer.kind !== 'session') continue;
    const at = answer.session.openAt - 1;
    const plan = planSession({
      tradingDay: day,
      at,
      calendar,
      events,
      windows,
      histories: present,
    });
    if ('kind' in plan) continue;
    const warm = plan.contexts.filter(isWarm);
    for (const context of plan.contexts)
      if (!isWarm(context)) warmUp.push({ day, instrument: context.instrument });
    if (warm.length === 0) continue;
    const names = new Set(warm.map((context) => context.instrument));
    days.push({
      session: plan.session,
      planned: {
        ...plan.input,
        facts: plan.input.facts.filter(({ instrument }) => names.has(instrument)),
      },
      symbols: warm.map((context) => symbolDay(facts, present, context, day)),
    });
  }
  return { days, warmUp };
}
