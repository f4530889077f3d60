import type { BarColumns } from '#core/market/bar.ts';
import { columnsOf } from '#core/market/bar.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';
import { addCalendarDays, weekdayOf } from '#core/market/trading-day.ts';

/** high, low, close and volume of a minute; the open is the close before it. */
export type Minute = readonly [high: number, low: number, close: number, volume: number];

/** A regular New York session of 390 minutes on `day`. */
export function newYorkSession(day: string, close = '16:00'): Session {
  const zone = 'America/New_York';
  return {
    market: 'US',
    tradingDay: day,
    zone,
    openAt: instantAt(day, '09:30', zone),
    closeAt: instantAt(day, close, zone),
    isEarlyClose: close !== '16:00',
    breaks: [],
  };
}

/** Consecutive minutes from the open of `session`. */
export function minutesFrom(session: Session, minutes: readonly Minute[]): BarColumns {
  return columnsOf(
    minutes.map(([high, low, close, volume], n) => ({
      openedAt: session.openAt + n * 60_000,
      closedAt: session.openAt + (n + 1) * 60_000,
      open: n === 0 ? close : minutes[n - 1]![2],
      high,
      low,
      close,
      volume,
    })),
  );
}

/** The `count` weekdays before `day`, oldest first. */
export function weekdaysBefore(day: string, count: number): string[] {
  const days: string[] = [];
  for (let at = addCalendarDays(day, -1); days.length < count; at = addCalendarDays(at, -1)) {
    if (weekdayOf(at) <= 5) days.unshift(at);
  }
  return days;
}

/** Daily bars of the regular session, one per day, all with the same high, low and close. */
export function dailyBars(
  days: readonly string[],
  high: number,
  low: number,
  close: number,
): BarColumns {
  return columnsOf(
    days.map((day) => {
      const { openAt, closeAt } = newYorkSession(day);
      return {
        openedAt: openAt,
        closedAt: closeAt,
        open: close,
        high,
        low,
        close,
        volume: 1_000_000,
      };
    }),
  );
}
