import { join } from 'node:path';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** Every weekday of the generated years is a day of trading. */
export const BENCH_CALENDAR: CalendarTable = {
  ...{ market: 'US', zone: 'America/New_York', source: 'generated' },
  ...{ validFrom: '2023-01-01', validThrough: '2027-12-31' },
  ...{ regularOpen: '09:30', regularClose: '16:00', holidays: [], earlyCloses: {}, breaks: [] },
};

/** Files of a generated symbol: the peers' two, and our cache of columns. */
export function filesOf(folder: string, n: number) {
  const name = join(folder, `S${String(n).padStart(3, '0')}`);
  return { csv: `${name}.csv`, binary: `${name}.bin`, cache: `${name}.cols` };
}

/** A symbol of capitals for a number. */
export function instrumentFor(n: number): InstrumentId {
  return `S${String.fromCharCode(65 + Math.floor(n / 26))}${String.fromCharCode(65 + (n % 26))}.US`;
}

/** How the generated CSV files are meant. */
export const BENCH_FORM = {
  timeframe: '1m',
  calendar: BENCH_CALENDAR,
  zone: BENCH_CALENDAR.zone,
  label: 'start',
} as const;
