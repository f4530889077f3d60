import { instantAt } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';

const SHAPE =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s?(Z|[+-]\d{2}:?\d{2})?)?$/;
const HOUR_MS = 3_600_000;

/** A time as a file writes it: an instant when it has an offset, else wall time of some zone. */
export type FileTime =
  | { readonly kind: 'instant'; readonly at: number; readonly day: string }
  | { readonly kind: 'wall'; readonly hour: string; readonly restMs: number; readonly day: string }
  | { readonly kind: 'day'; readonly day: string };

/**
 * Reads `YYYY-MM-DD`, `YYYYMMDD`, either with `HH:MM[:SS]` and an offset (`Z`, `+00:00`) or without, and
 * epoch seconds or milliseconds. Null when it is none of these or no such date exists.
 */
export function parseFileTime(text: string): FileTime | null {
  const match = SHAPE.exec(text);
  if (match === null) return parseEpoch(text);
  const [, year, month, date, hour, minute, second, offset] = match;
  const day = `${year}-${month}-${date}`;
  const dayAt = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(dayAt) || new Date(dayAt).getUTCDate() !== Number(date)) return null;
  if (hour === undefined) return { kind: 'day', day };
  const restMs = Number(minute) * 60_000 + Number(second ?? 0) * 1000;
  if (Number(hour) > 23 || restMs >= HOUR_MS) return null;
  if (offset === undefined) return { kind: 'wall', hour: `${day}T${hour}`, restMs, day };
  return { kind: 'instant', at: dayAt + Number(hour) * HOUR_MS + restMs - offsetMs(offset), day };
}

function parseEpoch(text: string): FileTime | null {
  if (!/^\d{10}$|^\d{13}$/.test(text)) return null;
  const at = text.length === 10 ? Number(text) * 1000 : Number(text);
  return { kind: 'instant', at, day: new Date(at).toISOString().slice(0, 10) };
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0;
  const digits = offset.replace(':', '');
  const size = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (offset.startsWith('-') ? -size : size) * 60_000;
}

type WallClock = (hour: string, restMs: number) => number;

const CLOCKS = new Map<string, WallClock>();
/** Days of the longest history, twice over. */
const MOST_HOURS = 50_000;

/**
 * Turns wall times of one zone into instants; remembers each hour, and asks for a day of which the
 * clock is not changed once, so a year of minutes is cheap, and the next file's year more so.
 */
export function wallClockOf(zone: string): WallClock {
  const known = CLOCKS.get(zone);
  if (known !== undefined) return known;
  const made = createWallClock(zone);
  CLOCKS.set(zone, made);
  return made;
}

function createWallClock(zone: string): WallClock {
  const hours = new Map<string, number>();
  const instantOf = (wall: string): number => {
    let at = hours.get(wall);
    if (at === undefined) {
      at = instantAt(wall.slice(0, 10), `${wall.slice(11)}:00`, zone);
      if (hours.size >= MOST_HOURS) hours.clear();
      hours.set(wall, at);
    }
    return at;
  };
  let lastHour = '';
  let lastAt = 0;
  return (hour, restMs) => {
    if (hour !== lastHour) {
      const day = hour.slice(0, 10);
      const startAt = instantOf(`${day}T00`);
      const isWhole = instantOf(`${addCalendarDays(day, 1)}T00`) - startAt === 24 * HOUR_MS;
      lastAt = isWhole ? startAt + Number(hour.slice(11)) * HOUR_MS : instantOf(hour);
      lastHour = hour;
    }
    return lastAt + restMs;
  };
}
