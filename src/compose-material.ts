import { ConfigError } from '#app/errors.ts';
import { type History, loadHistory } from '#app/open-session.ts';
import type { BarStore, Clock, MarketFeed } from '#app/ports.ts';
import type { StartOptions } from '#app/start-options.ts';
import type { EventTable, EventWindowParams } from '#core/gates/event-window.ts';
import { blackoutsOn } from '#core/gates/event-window.ts';
import { splitByDay } from '#core/market/aggregate.ts';
import { columnsOf } from '#core/market/bar.ts';
import { type CalendarTable, previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt, type Session, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay, weekdayOf } from '#core/market/trading-day.ts';
import { createUsMarket, type UsMarket } from '#core/simulation/us-market.ts';
import { createRecordedFeed, type RecordedSeries } from '#shell/feeds/recorded.ts';
import { createSimulatedFeed } from '#shell/feeds/simulated.ts';
import type { Material } from './compose-run.ts';

/** Days of minute bars, with the histories their player needs. */
type Played = Omit<Material, 'player'> & { readonly histories: readonly History[] };

/** Earlier sessions that the simulated market is given: enough for MA20, ATR20 and usual volume. */
const SIMULATED_HISTORY_DAYS = 25;

function sessionOf(calendar: CalendarTable, day: TradingDay): Session | null {
  const answer = sessionOn(calendar, day);
  return answer.kind === 'session' ? answer.session : null;
}

/** The newest ordinary session up to today: full, and without a scheduled event. */
export function demoDay(
  calendar: CalendarTable,
  events: EventTable,
  windows: EventWindowParams,
  now: number,
): TradingDay {
  let day = wallTimeOf(now, calendar.zone).day;
  for (let tries = 0; tries < 60; tries += 1, day = addCalendarDays(day, -1)) {
    const session = sessionOf(calendar, day);
    if (session === null || session.isEarlyClose) continue;
    const previousDay = previousTradingDays(calendar, day, 1)?.at(-1) ?? null;
    const blackouts = blackoutsOn({
      session,
      previousDay,
      instrument: 'SPY.US',
      table: events,
      params: windows,
    });
    if (blackouts.length === 0) return day;
  }
  throw new ConfigError(
    `calendar: found no ordinary session in the 60 days before ${day}, expected one`,
    {
      code: 'calendar_ended',
      retryable: false,
    },
  );
}

/** A simulated session on a clock, with the history that goes before it. Each date is a market of its own. */
export function simulatedDay(facts: {
  readonly calendar: CalendarTable;
  readonly instruments: readonly InstrumentId[];
  readonly session: Session;
  readonly seed: number;
  readonly clock: Clock;
}): { feed: MarketFeed; market: UsMarket } {
  const { calendar, instruments, session, seed, clock } = facts;
  const prior = previousTradingDays(calendar, session.tradingDay, SIMULATED_HISTORY_DAYS) ?? [];
  const history = prior.flatMap((earlier) => sessionOf(calendar, earlier) ?? []);
  const sessions = [session];
  const market = createUsMarket({
    seed: `${seed}/${session.tradingDay}`,
    instruments,
    history,
    sessions,
  });
  return { market, feed: createSimulatedFeed({ clock, market, sessions, instruments }) };
}

/** A simulated US day with a simulated history before it; the same for the same seed and day. */
export function demoMaterial(facts: {
  readonly calendar: CalendarTable;
  readonly instruments: readonly InstrumentId[];
  readonly day: TradingDay;
  readonly seed: number;
}): Played {
  const { calendar, instruments, day, seed } = facts;
  const prior = previousTradingDays(calendar, day, SIMULATED_HISTORY_DAYS) ?? [];
  const history = prior.flatMap((earlier) => sessionOf(calendar, earlier) ?? []);
  const session = sessionOf(calendar, day);
  const sessions = session === null ? [] : [session];
  const market = createUsMarket({ seed, instruments, history, sessions });
  return {
    kind: 'demo',
    days: [day],
    matchBy: 'ticks',
    histories: instruments.map((instrument) => ({
      instrument,
      minutesByDay: splitByDay(columnsOf(market.historyBars(instrument))),
      dailyBars: columnsOf(market.historyDailyBars(instrument)),
    })),
    makeFeed: (clock) => createSimulatedFeed({ clock, market, sessions, instruments }),
  };
}

/** Weekdays from `from` through `to`; holidays are among them, since they have a verdict too. */
export function weekdays(from: TradingDay, to: TradingDay): TradingDay[] {
  const days: TradingDay[] = [];
  for (let day = from; day <= to; day = addCalendarDays(day, 1))
    if (weekdayOf(day) <= 5) days.push(day);
  return days;
}

/** Recorded days from the store. Throws ConfigError when no bar of a symbol lies in them. */
export async function replayMaterial(facts: {
  readonly calendar: CalendarTable;
  readonly instruments: readonly InstrumentId[];
  readonly replay: NonNullable<StartOptions['replay']>;
  readonly bars: BarStore;
}): Promise<Played> {
  const { calendar, instruments, replay, bars } = facts;
  const fromAt = instantAt(replay.from, '00:00', calendar.zone);
  const toAt = instantAt(addCalendarDays(replay.to, 1), '00:00', calendar.zone);
  const histories: History[] = [];
  const series: RecordedSeries[] = [];
  for (const instrument of instruments) {
    const played = await bars.load({ instrument, timeframe: '1m' }, fromAt, toAt, null);
    if (played.length === 0) {
      throw new ConfigError(
        `replay ${replay.from}..${replay.to}: found no stored 1m bars of ${instrument}, expected some; import them with: centaur data import bars --symbol ${instrument.split('.')[0]} --market US --timeframe 1m --file FILE`,
        { code: 'no_bars', retryable: false },
      );
    }
    histories.push(await loadHistory(bars, calendar, instrument, fromAt, toAt));
    series.push({ instrument, bars: played });
  }
  return {
    kind: 'replay',
    days: weekdays(replay.from, replay.to),
    matchBy: 'bars',
    histories,
    makeFeed: (clock) => createRecordedFeed({ clock, series }),
  };
}
