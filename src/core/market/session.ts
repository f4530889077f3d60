import { invariant } from '#core/lib/assert.ts';
import type { Market } from './instrument.ts';
import type { TradingDay } from './trading-day.ts';

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

/** Answers of {@link instantAt}: planning asks for the same opens for every symbol and day again. */
const KNOWN_INSTANTS = new Map<string, number>();
const MOST_KNOWN = 10_000;
const WALL = /^([01]\d|2[0-3]):([0-5]\d)$/;

/**
 * Instant at which the clock of `zone` shows `wallTime` (`HH:MM`) on `day`. In the hour a clock is
 * set back the earlier instant is meant, in the hour it skips the later one (Temporal `compatible`).
 */
export function instantAt(day: TradingDay, wallTime: string, zone: string): number {
  const name = `${day}T${wallTime}${zone}`;
  const known = KNOWN_INSTANTS.get(name);
  if (known !== undefined) return known;
  invariant(WALL.test(wallTime), `wall time: found "${wallTime}", expected HH:MM`);
  const wall = Temporal.PlainDateTime.from(`${day}T${wallTime}`);
  const at = wall.toZonedDateTime(zone).epochMilliseconds;
  if (KNOWN_INSTANTS.size >= MOST_KNOWN) KNOWN_INSTANTS.clear();
  KNOWN_INSTANTS.set(name, at);
  return at;
}

/** Date, `HH:MM` and minute of the day that the clock of `zone` shows at an instant. */
export function wallTimeOf(
  at: number,
  zone: string,
): { readonly day: TradingDay; readonly time: string; readonly minuteOfDay: number } {
  const wall = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const text = wall.toPlainDateTime().toString({ smallestUnit: 'minute', roundingMode: 'floor' });
  return {
    day: text.slice(0, 10),
    time: text.slice(11, 16),
    minuteOfDay: wall.hour * 60 + wall.minute,
  };
}

/** Whole minutes of trading in a session, breaks taken out (390 on a full US day, 210 on a half day). */
export function sessionMinutes(session: Session): number {
  let paused = 0;
  for (const pause of session.breaks) paused += pause.toAt - pause.fromAt;
  return Math.round((session.closeAt - session.openAt - paused) / 60_000);
}
