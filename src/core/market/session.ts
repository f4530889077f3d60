import { invariant } from '#core/lib/assert.ts';
import type { Market } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';
import { dayNumber, dayOfNumber } from './trading-day.ts';
import { zoneStretchAt } from './zone-offset.ts';

/** A pause inside a session as instants; `[fromAt, toAt)`. */
export type SessionBreak = { readonly fromAt: number; readonly toAt: number };

/** Regular session of one trading day. Instants in epoch milliseconds, `zone` an IANA name. */
export type Session = {
  readonly market: Market;
  readonly tradingDay: TradingDay;
  readonly zone: string;
  readonly openAt: number;
  readonly closeAt: number;
  readonly isEarlyClose: boolean;
  readonly breaks: readonly SessionBreak[];
};

const WALL = /^([01]\d|2[0-3]):([0-5]\d)$/;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * Instant at which the clock of `zone` shows `wallTime` (`HH:MM`) on `day`. In the hour a clock is
 * set back the earlier instant is meant, in the hour it skips the later one (Temporal `compatible`).
 */
export function instantAt(day: TradingDay, wallTime: string, zone: string): number {
  const match = WALL.exec(wallTime);
  if (match === null) invariant(false, `wall time: found "${wallTime}", expected HH:MM`);
  const minute = Number(match[1]) * 60 + Number(match[2]);
  const local = dayNumber(day) * DAY_MS + minute * MINUTE_MS;
  const before = zoneStretchAt(local - DAY_MS, zone);
  // no clock differs from UTC by a day: without a change in between there is one answer
  if (local + DAY_MS < before.to) return local - before.offsetMs;
  const wall = Temporal.PlainDateTime.from(`${day}T${wallTime}`);
  return wall.toZonedDateTime(zone).epochMilliseconds;
}

/** Date, `HH:MM` and minute of the day that the clock of `zone` shows at an instant. */
export function wallTimeOf(
  at: number,
  zone: string,
): { readonly day: TradingDay; readonly time: string; readonly minuteOfDay: number } {
  const local = at + zoneStretchAt(at, zone).offsetMs;
  const day = Math.floor(local / DAY_MS);
  const minuteOfDay = Math.floor((local - day * DAY_MS) / MINUTE_MS);
  const hour = Math.floor(minuteOfDay / 60);
  return {
    day: dayOfNumber(day),
    time: `${twoDigits(hour)}:${twoDigits(minuteOfDay - hour * 60)}`,
    minuteOfDay,
  };
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** Whole minutes of trading in a session, breaks taken out (390 on a full US day, 210 on a half day). */
export function sessionMinutes(session: Session): number {
  let paused = 0;
  for (const pause of session.breaks) paused += pause.toAt - pause.fromAt;
  return Math.round((session.closeAt - session.openAt - paused) / 60_000);
}
