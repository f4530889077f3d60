import { ConfigError } from '#app/errors.ts';
import { type CalendarTable, previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import { instantAt, type Session, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays, type TradingDay } from '#core/market/trading-day.ts';
import { createCnMarket, type SlotCn } from '#core/simulation/cn-market.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import { type RecordingCn, recordingOf } from '#shell/feeds/cn-recorded/recorded-days-cn.ts';
import { playedCn } from './compose-material-cn.ts';
import type { Material } from './compose-run.ts';

/** Days before the one that is played: 252 values of a 30-day volatility, and some. */
const HISTORY_DAYS = 300;
/** Days with bars within the day: concentration is compared with at least 60 of them. */
const INTRADAY_DAYS = 66;
const BAR_MS = 15 * 60_000;

/** Bars of 15 minutes between the open and the close, none across the break. */
function slotsOf(session: Session): SlotCn[] {
  const slots: SlotCn[] = [];
  for (let openedAt = session.openAt; openedAt < session.closeAt; openedAt += BAR_MS) {
    const isPaused = session.breaks.some(
      (pause) => openedAt >= pause.fromAt && openedAt < pause.toAt,
    );
    if (!isPaused) slots.push({ openedAt, closedAt: openedAt + BAR_MS });
  }
  return slots;
}

/** The newest session up to today, or to the end of the calendar where today lies beyond it. */
export function demoDayCn(calendar: CalendarTable, now: number): TradingDay {
  const today = wallTimeOf(now, calendar.zone).day;
  let day = today;
  if (day > calendar.validThrough) day = calendar.validThrough;
  for (let tries = 0; tries < 60; tries += 1, day = addCalendarDays(day, -1))
    if (sessionOn(calendar, day).kind === 'session') return day;
  throw new ConfigError(`calendar: found no session in the 60 days before ${today}, expected one`, {
    code: 'calendar_ended',
    retryable: false,
  });
}

/** A simulated market with the day that is played at its end; the same for the same seed, on any day. */
export function simulatedRecordingCn(
  calendar: CalendarTable,
  day: TradingDay,
  seed: number,
): RecordingCn {
  const before = previousTradingDays(calendar, day, HISTORY_DAYS) ?? [];
  const days = [...before, day];
  const market = createCnMarket({
    seed,
    days,
    intradayDays: INTRADAY_DAYS,
    slotsOf: (one) => {
      const answer = sessionOn(calendar, one);
      return answer.kind === 'session' ? slotsOf(answer.session) : [];
    },
  });
  const { instruments, composite, large, margin, openedAt, closedAt } = market;
  const series = (closes: Float64Array) => ({
    days,
    closes,
    now: null,
    asOf: 0,
    fetchedAt: 0,
    source: 'simulated',
    degraded: false,
  });
  return recordingOf({
    // adjusted bars beside traded ones: their ratio steps where a stock goes ex
    daily: { instruments, days, ...market.adjusted },
    intraday: { instruments, source: 'simulated', openedAt, closedAt, ...market.intraday },
    composite: series(composite),
    csi300: series(large),
    margin: { rows: margin, source: 'simulated', asOf: 0, fetchedAt: 0, degraded: false },
    sectorOf: (instrument) => market.sectorOf(instrument),
    isSt: (instrument) => market.isSt(instrument),
    actions: market.actions,
    universe: `${instruments.length} simulated stocks in 31 sectors`,
  });
}

/** A simulated A-share day for the demo. */
export function demoMaterialCn(facts: {
  readonly calendar: CalendarTable;
  readonly day: TradingDay;
  readonly seed: number;
  readonly params: SectorPulseParams;
}): Material {
  const { calendar, day, seed, params } = facts;
  const recording = simulatedRecordingCn(calendar, day, seed);
  const played = playedCn({ calendar, params, recording, book: [] });
  return {
    ...played,
    kind: 'demo',
    days: [day],
    // the first thing of the day is its plan at 8:50
    player: { ...played.player, startAt: (first) => instantAt(first, '08:49', calendar.zone) },
  };
}
