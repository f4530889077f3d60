import type { Input } from '#core/engine/input.ts';
import type { Blackout } from '#core/engine/state.ts';
import { blackoutsOn, type EventTable, type EventWindowParams } from '#core/gates/event-window.ts';
import { reason } from '#core/gates/reason.ts';
import { dailyBarsOf, splitByDay } from '#core/market/aggregate.ts';
import type { BarColumns } from '#core/market/bar.ts';
import { type CalendarTable, previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import {
  buildDayContext,
  CONTEXT_DAYS,
  type DayContext,
  dailyReturns,
  RETURN_DAYS,
} from '#core/strategies/day-context.ts';
import type { BarStore } from './ports.ts';

/** Stored history of one instrument, cut by day once and used for every session after it. */
export type History = {
  readonly instrument: InstrumentId;
  readonly minutesByDay: ReadonlyMap<TradingDay, BarColumns>;
  readonly dailyBars: BarColumns;
};

/** Calendar days of minute bars that are read before a session: 20 trading days and holidays. */
const MINUTE_HISTORY_MS = 45 * 86_400_000;
/** Calendar days of daily bars: the run-in of the daily ATR. */
const DAILY_HISTORY_MS = 400 * 86_400_000;

function sessionOrNull(calendar: CalendarTable, day: TradingDay): Session | null {
  const answer = sessionOn(calendar, day);
  return answer.kind === 'session' ? answer.session : null;
}

/**
 * Reads the history of one instrument before `toAt`. Daily bars are the stored daily series where
 * there is one, else aggregated from the minute bars (regular hours, same source). Throws what the
 * source throws: StoreError, or FeedError where it is a vendor's history.
 */
export async function loadHistory(
  store: Pick<BarStore, 'load'>,
  calendar: CalendarTable,
  instrument: InstrumentId,
  fromAt: number,
  toAt: number,
  source: string | null = null,
): Promise<History> {
  const daily = await store.load(
    { instrument, timeframe: '1d' },
    fromAt - DAILY_HISTORY_MS,
    toAt,
    source,
  );
  const minuteFrom = daily.length > 0 ? fromAt - MINUTE_HISTORY_MS : fromAt - DAILY_HISTORY_MS;
  const minutes = await store.load({ instrument, timeframe: '1m' }, minuteFrom, toAt, source);
  const minutesByDay = splitByDay(minutes);
  const dailyBars =
    daily.length > 0
      ? daily
      : dailyBarsOf(minutesByDay, (day) => sessionOrNull(calendar, day)).bars;
  return { instrument, minutesByDay, dailyBars };
}

type OfSymbol = Pick<DayContext, 'instrument' | 'blackouts'>;

/** Blackouts of a session over its symbols, each once; one that is not of all of them names them. */
function merged(symbols: readonly OfSymbol[]): Blackout[] {
  const found = new Map<string, Blackout & { readonly instruments: InstrumentId[] }>();
  for (const { instrument, blackouts } of symbols)
    for (const blackout of blackouts) {
      const key = `${blackout.name}:${blackout.fromAt}`;
      const known = found.get(key) ?? { ...blackout, instruments: [] };
      found.set(key, { ...known, instruments: [...known.instruments, instrument] });
    }
  return [...found.values()]
    .map(({ instruments, ...blackout }) =>
      instruments.length === symbols.length ? blackout : { ...blackout, instruments },
    )
    .sort((a, b) => a.fromAt - b.fromAt);
}

/** Calendar days within which the next session lies, holidays included. */
const NEXT_WITHIN_DAYS = 10;

/** Blackouts of the session after this one; none where the calendar does not reach so far. */
function nextBlackouts(facts: OpenSessionFacts, session: Session): Blackout[] {
  const { calendar, events, histories, windows } = facts;
  let day = session.tradingDay;
  for (let n = 0; n < NEXT_WITHIN_DAYS; n += 1) {
    day = addCalendarDays(day, 1);
    const next = sessionOrNull(calendar, day);
    if (next === null) continue;
    return merged(
      histories.map(({ instrument }) => ({
        instrument,
        blackouts: blackoutsOn({
          session: next,
          previousDay: session.tradingDay,
          instrument,
          table: events,
          params: windows,
        }),
      })),
    );
  }
  return [];
}

export type SessionPlan = {
  readonly session: Session;
  readonly contexts: readonly DayContext[];
  readonly input: Extract<Input, { kind: 'session_planned' }>;
};

export type OpenSessionFacts = {
  readonly tradingDay: TradingDay;
  readonly at: number;
  readonly calendar: CalendarTable;
  readonly events: EventTable;
  readonly windows: EventWindowParams;
  readonly histories: readonly History[];
  /** Several desks of one person compare their names by daily returns. */
  readonly hasOthers?: boolean;
};

/**
 * Plans a session from what is known before it opens: per instrument MA20, ATR20, usual volume,
 * blackouts. A day that is no trading day, or that the calendar does not know, is an answer of its
 * own and never a guess.
 */
export function planSession(
  facts: OpenSessionFacts,
): SessionPlan | Extract<Input, { kind: 'day_unplanned' }> {
  const { tradingDay, at, calendar, events, windows, histories } = facts;
  const answer = sessionOn(calendar, tradingDay);
  if (answer.kind !== 'session') {
    return {
      kind: 'day_unplanned',
      at,
      tradingDay,
      reason: reason('not_trading_day', { why: answer.reason }),
    };
  }
  const { session } = answer;
  const priorDays = previousTradingDays(calendar, tradingDay, CONTEXT_DAYS);
  const previousDay = priorDays?.at(-1) ?? null;
  const contexts = histories.map((history) =>
    buildDayContext({
      instrument: history.instrument,
      session,
      dailyBars: history.dailyBars,
      minuteHistory: history.minutesByDay,
      priorDays,
      blackouts: blackoutsOn({
        session,
        previousDay,
        instrument: history.instrument,
        table: events,
        params: windows,
      }),
    }),
  );
  const returnDays = previousTradingDays(calendar, tradingDay, RETURN_DAYS + 1);
  const returnsOf = (instrument: InstrumentId) => {
    const history = histories.find((one) => one.instrument === instrument);
    if (facts.hasOthers !== true || history === undefined) return {};
    return { returns: dailyReturns(history.dailyBars, session.openAt, returnDays) };
  };
  const input: SessionPlan['input'] = {
    kind: 'session_planned',
    at,
    session,
    blackouts: merged(contexts),
    upcoming: nextBlackouts(facts, session),
    facts: contexts.map((context) => ({
      instrument: context.instrument,
      ma20: context.ma20,
      atr20d: context.atr20d,
      previousClose: context.previousClose,
      ...returnsOf(context.instrument),
      instrumentDay: null,
      usualDays:
        context.usualVolume === null
          ? 0
          : (histories.find((history) => history.instrument === context.instrument)?.minutesByDay
              .size ?? 0),
    })),
  };
  return { session, contexts, input };
}
