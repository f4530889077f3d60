import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#app/errors.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { Market } from '#core/market/instrument.ts';
import { isTradingDayText, weekdayOf } from '#core/market/trading-day.ts';

const day = z.string().refine(isTradingDayText, 'expected a date YYYY-MM-DD');
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time HH:MM');
const zone = z.string().refine(isZone, 'expected an IANA time zone');

const calendarSchema = z.strictObject({
  market: z.enum(['US', 'CN']),
  zone,
  validFrom: day,
  validThrough: day,
  regularOpen: wallTime,
  regularClose: wallTime,
  holidays: z.array(day),
  earlyCloses: z.record(day, wallTime),
  breaks: z.array(z.strictObject({ from: wallTime, to: wallTime })),
  source: z.string().min(1),
});

const kind = z.enum(['fomc', 'cpi', 'payrolls', 'release_10', 'earnings']);
const eventsSchema = z.strictObject({
  source: z.string().min(1),
  coverage: z.partialRecord(kind, z.strictObject({ from: day, through: day })),
  events: z.array(
    z
      .strictObject({
        kind,
        day,
        time: wallTime.nullable().default(null),
        symbol: z.string().min(1).optional(),
        timing: z.enum(['before_open', 'after_close', 'unknown']).optional(),
      })
      .refine((event) => event.kind !== 'earnings' || event.symbol !== undefined, {
        error: 'expected a symbol with earnings',
      }),
  ),
});

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function refuse(file: string, found: string, cause?: unknown): never {
  throw new ConfigError(`${file}: ${found}`, { code: 'calendar_invalid', retryable: false, cause });
}

async function readYaml<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  let raw: unknown;
  try {
    raw = parse(await readFile(file, 'utf8'));
  } catch (error) {
    const line = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    refuse(file, `not readable as YAML: ${line}`, error);
  }
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  return refuse(file, `${issue?.path.join('.') || 'file'}: ${issue?.message ?? 'not valid'}`);
}

function checkDays(file: string, table: CalendarTable): void {
  if (table.validFrom > table.validThrough) {
    refuse(file, `validFrom: found ${table.validFrom}, expected at most ${table.validThrough}`);
  }
  const holidays = new Set(table.holidays);
  if (holidays.size !== table.holidays.length) refuse(file, 'holidays: found a day twice');
  for (const listed of [...table.holidays, ...Object.keys(table.earlyCloses)]) {
    if (listed < table.validFrom || listed > table.validThrough) {
      refuse(file, `${listed}: found outside ${table.validFrom} … ${table.validThrough}`);
    }
    if (weekdayOf(listed) > 5) refuse(file, `${listed}: found a weekend day, expected a weekday`);
  }
  for (const [early, close] of Object.entries(table.earlyCloses)) {
    if (holidays.has(early)) refuse(file, `${early}: found as holiday and as early close`);
    if (close <= table.regularOpen || close >= table.regularClose) {
      refuse(file, `${early}: found a close at ${close}, expected one within regular hours`);
    }
  }
}

/**
 * The exchange calendar in a YAML file of `config/calendars`. Throws ConfigError with one line
 * (file, place, what was found or expected) when it cannot be read or contradicts itself.
 */
export async function loadCalendar(file: string): Promise<CalendarTable> {
  const table: CalendarTable = await readYaml(file, calendarSchema);
  checkDays(file, table);
  return table;
}

/** Trading days of every market. */
export type Calendars = Readonly<Record<Market, CalendarTable>>;

/** File of a market's calendar below the project, also its name in messages and in the store. */
export const CALENDAR_FILES: Readonly<Record<Market, string>> = {
  US: 'config/calendars/xnys.yaml',
  CN: 'config/calendars/xshg.yaml',
};

/** The calendar of one market of the project at `root`. Throws ConfigError as above. */
export async function loadMarketCalendar(root: string, market: Market): Promise<CalendarTable> {
  const file = join(root, CALENDAR_FILES[market]);
  const table = await loadCalendar(file);
  if (table.market !== market) refuse(file, `market: found ${table.market}, expected ${market}`);
  return table;
}

/** The calendars of all markets of the project at `root`. Throws ConfigError as above. */
export async function loadCalendars(root: string): Promise<Calendars> {
  const [us, cn] = await Promise.all([
    loadMarketCalendar(root, 'US'),
    loadMarketCalendar(root, 'CN'),
  ]);
  return { US: us, CN: cn };
}

/** The bundled dates, and an operator's own ones beside them: earnings, releases. */
const EVENT_FILE = 'config/calendars/us-events.yaml';
const OWN_EVENT_FILE = 'config/local/calendars/us-events.yaml';

/**
 * All scheduled events of the project at `root`: the bundled file and, where there is one, the operator's own
 * with the same keys. An own span of coverage of a kind replaces the bundled one; an event in both is refused.
 * Throws ConfigError as above.
 */
export async function loadAgenda(root: string): Promise<EventTable> {
  const bundled = await loadEvents(join(root, EVENT_FILE));
  const file = join(root, OWN_EVENT_FILE);
  if (!existsSync(file)) return bundled;
  const own = await loadEvents(file);
  const known = new Set(bundled.events.map(keyOfEvent));
  const twice = own.events.find((event) => known.has(keyOfEvent(event)));
  if (twice !== undefined) refuse(file, `${keyOfEvent(twice)}: found in ${EVENT_FILE} too`);
  return {
    source: `${bundled.source}; ${own.source}`,
    coverage: { ...bundled.coverage, ...own.coverage },
    events: [...bundled.events, ...own.events],
  };
}

function keyOfEvent(event: EventTable['events'][number]): string {
  return `${event.kind} ${event.day} ${event.symbol ?? ''} ${event.time ?? ''}`.trim();
}

/** The scheduled events in a YAML file of `config/calendars`. Throws ConfigError as above. */
export async function loadEvents(file: string): Promise<EventTable> {
  const { events, coverage, source } = await readYaml(file, eventsSchema);
  const seen = new Set<string>();
  for (const event of events) {
    const key = keyOfEvent(event as EventTable['events'][number]);
    if (seen.has(key)) refuse(file, `${key}: found twice`);
    seen.add(key);
  }
  return {
    source,
    coverage: Object.fromEntries(
      Object.entries(coverage).filter(([, span]) => span !== undefined),
    ) as EventTable['coverage'],
    events: events.map(({ symbol, timing, ...event }) => ({
      ...event,
      ...(symbol === undefined ? {} : { symbol }),
      ...(timing === undefined ? {} : { timing }),
    })),
  };
}
