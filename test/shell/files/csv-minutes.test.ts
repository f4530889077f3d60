import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '#app/errors.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { loadCalendar } from '#shell/calendars/load.ts';
import { type ReadBarsCsvOptions, readBarsCsv } from '#shell/files/csv-bars.ts';

let us: CalendarTable;
let cn: CalendarTable;

before(async () => {
  us = await loadCalendar('config/calendars/xnys.yaml');
  cn = await loadCalendar('config/calendars/xshg.yaml');
});

type Options = Omit<ReadBarsCsvOptions, 'file' | 'bytes'>;

async function read(text: string, options: Options) {
  const file = 'bars.csv';
  try {
    return await readBarsCsv({ ...options, file, bytes: Buffer.from(text) });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** A header with a quote sends the whole text through the parser of quotes. */
const quoted = (text: string) => text.replace('time', '"time"');

const two = (n: number) => String(n).padStart(2, '0');

type Shape = {
  readonly columns: readonly string[];
  readonly gap: string;
  readonly tail: string;
  readonly hasSeconds: boolean;
  readonly end: string;
};

/** Form of a whole file. */
const shape: fc.Arbitrary<Shape> = fc.record({
  columns: fc
    .tuple(
      fc.shuffledSubarray(['time', 'open', 'high', 'low', 'close', 'volume'], { minLength: 6 }),
      fc.subarray(['amount', 'note', 'count']),
      fc.boolean(),
    )
    .map(([known, more, isFirst]) => (isFirst ? [...more, ...known] : [...known, ...more])),
  gap: fc.constantFrom(' ', 'T'),
  tail: fc.constantFrom('', '', 'Z', '+00:00', '-04:00', '.5Z'),
  hasSeconds: fc.boolean(),
  end: fc.constantFrom('\n', '\r\n'),
});

const price = fc.oneof(
  fc.integer({ min: 9900, max: 10100 }).map((cents) => String(cents / 100)),
  fc.integer({ min: 99_000_000, max: 101_000_000 }).map((micro) => (micro / 1e6).toFixed(6)),
);

/** A run of minutes of one day, prices as they come: some contradict each other. */
const run = fc.record({
  day: fc.constantFrom('2026-06-01', '2026-06-01', '2026-06-02', '2026-06-06', '2026-11-27'),
  /** Minutes after the open of New York or of Shanghai. */
  from: fc.constantFrom(0, 0, -5, 100, 115, 205, 321, 380, 860),
  step: fc.constantFrom(1, 1, 1, -1, 2),
  seconds: fc.constantFrom('00', '00', '00', '30'),
  bars: fc.array(fc.tuple(price, price, fc.nat({ max: 500 })), {
    minLength: 3,
    maxLength: 14,
    size: 'max',
  }),
});

/** What is done to one of the rows. */
const harm = fc.record({
  row: fc.nat(),
  cell: fc.nat(),
  text: fc.constantFrom(
    ...['', '-', '.', '.5', '5.', '0', '0.0', '-100', '+100', '1e2', '0x10', 'NaN', '1.2.3', '1/2'],
    ...['100:', ' 100', '100 ', '１00', '1,2', '9007199254740993', '100.1234567890123456', '\t'],
    ...[
      '00000000000000000100',
      '2026-06-01 10:61:00',
      '2026-06-01',
      '1780320600',
      '20260601 10:00',
    ],
    ...['2026-06-01 24:10:00', '2026-06-01 29:10:00', '2026-06-01 10:1o:00', '2026-06-01 10.10:00'],
    ...[
      '2026-06-01 10:10:00 ',
      '2026-06-01x10:10:00',
      '2026_06_01 10:10:00',
      '2026-06-01 :9:10:00',
    ],
  ),
});

function textOf(
  openMinute: number,
  { columns, gap, tail, hasSeconds, end }: Shape,
  runs: readonly (typeof run extends fc.Arbitrary<infer R> ? R : never)[],
  harms: readonly { readonly row: number; readonly cell: number; readonly text: string }[],
): string {
  const rows: string[][] = [];
  for (const { day, from, step, seconds, bars } of runs) {
    bars.forEach(([first, last, volume], n) => {
      const minute = (openMinute + from + n * step + 1440) % 1440;
      const clock = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
      const low = String(Math.min(Number(first), Number(last)));
      const cells: Record<string, string> = {
        time: `${day}${gap}${clock}${hasSeconds ? `:${seconds}` : ''}${hasSeconds ? tail : ''}`,
        open: first,
        high: String(Math.max(Number(first), Number(last))),
        low: n % 9 === 8 ? last : low,
        close: last,
        volume: String(volume),
        amount: String(volume * 100.5),
        note: 'a b',
        count: String(n),
      };
      rows.push(columns.map((name) => cells[name] ?? ''));
    });
  }
  for (const { row, cell, text } of harms) {
    const harmed = rows[row % rows.length];
    if (harmed !== undefined) harmed[cell % columns.length] = text;
  }
  return [columns, ...rows].map((cells) => cells.join(',')).join(end) + end;
}

const conventions = fc.record({
  zone: fc.constantFrom(undefined, 'America/New_York', 'America/New_York', 'UTC'),
  label: fc.constantFrom<'start' | 'end'>('start', 'end'),
  timeframe: fc.constantFrom<'1m' | '5m'>('1m', '1m', '5m'),
  volume: fc.constantFrom<'shares' | 'lots'>('shares', 'lots'),
});

test('ID-12 minutes read where they lie are those the library reads, row by row, whatever the rows', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(
      shape,
      fc.array(run, { minLength: 1, maxLength: 5, size: 'max' }),
      fc.array(harm, { maxLength: 6 }),
      conventions,
      fc.boolean(),
      fc.boolean(),
      async (form, runs, harms, { zone, ...how }, isCn, isCut) => {
        const isUniversal =
          form.hasSeconds && form.tail !== '' ? form.tail !== '-04:00' : zone === 'UTC';
        const openMinute = isUniversal ? (isCn ? 90 : 810) : 570;
        const whole = textOf(openMinute, form, runs, harms);
        const text = isCut ? whole.slice(0, -form.end.length) : whole;
        const options: Options = {
          instrument: isCn ? '600000.SH' : 'SPY.US',
          calendar: isCn ? cn : us,
          ...(zone === undefined ? {} : { zone: isCn && zone !== 'UTC' ? 'Asia/Shanghai' : zone }),
          ...how,
        };
        const found = await read(text, options);
        assert.deepEqual(found, await read(quoted(text), options));
        kept += typeof found !== 'string' ? found.bars.length : 0;
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(kept > 2500, `only ${kept} bars came through`);
});

/** Cells that are written unlike the others, and rows that are. */
const ODD_CELLS = [
  ...['', '-', '.', '.5', '5.', '0', '0.0', '-100', '+100', '1e2', '0x10', 'NaN', '1.2.3', '1/2'],
  ...['100:', ' 100', '100 ', '１00', '1,2', '9007199254740993', '100.1234567890123456', '\t'],
  ...['848367291047652912', '12345678.1234567891', '00000000000000000100', '1780320600'],
  ...['2026-06-01 09:61:00', '2026-06-01 09:60:00', '2026-06-01 09:3:000', '2026-06-01'],
  ...['2026-06-01 24:10:00', '2026-06-01 19:36:00', '2026-06-01 09.36:00', '20260601 09:36'],
  ...['2026-06-01 09:36:00 ', '2026-06-01x09:36:00', '2026_06-01 09:36:00', '2026-06_01 09:36:00'],
  ...['2026-06-01 09:36:30', '2026-06-01 09:36', '2026-06-01 09:36:00Z', '2026-06-01 09:3600:'],
  ...['2025-06-01 09:36:00', '2026-07-01 09:36:00', '2026-06-02 09:36:00', '2026-06-01 09:29:00'],
];
const ODD_ROWS = [
  ...['', ' ', ',', ',,,,,', '2026-06-01 09:36:00', '2026-06-01 09:36:00,0,0,0,0,0'],
  ...['2026-06-01 09:36:00,0,1,0,1,5', '2026-06-01 09:36:00,1,1,1,1,1,1'],
];

test('ID-12 a row that is written unlike its neighbours is read as the library reads it', async () => {
  const options: Options = {
    ...{ instrument: 'SPY.US', timeframe: '1m', calendar: us, zone: 'America/New_York' },
    label: 'start',
  };
  const rows = Array.from(
    { length: 12 },
    (_, n) => `2026-06-01 09:${30 + n}:00,100,101.5,99,100.5,10`,
  );
  const good = rows[6]!.split(',');
  const odd = [
    ...ODD_ROWS,
    ...ODD_CELLS.flatMap((text) => good.map((_, cell) => good.with(cell, text).join(','))),
  ];
  for (const row of odd) {
    for (const end of ['\n', '\r\n']) {
      const text = `${['time,open,high,low,close,volume', ...rows.with(6, row)].join(end)}${end}`;
      const found = await read(text, options);
      assert.deepEqual(found, await read(quoted(text), options), JSON.stringify(row));
    }
  }
});

test('ID-12 a day on which the clock is changed is read by its hours, as the library reads it', async () => {
  // at midnight of this Friday the clock of Cairo goes on to one
  const zone = 'Africa/Cairo';
  const calendar = { ...us, zone, regularOpen: '00:00', regularClose: '05:00' };
  const rows = Array.from({ length: 300 }, (_, n) => {
    const clock = `${two(Math.floor(n / 60))}:${two(n % 60)}`;
    return `2026-04-24 ${clock}:00,100,101,99,100.5,10`;
  });
  const text = `time,open,high,low,close,volume\n${rows.join('\n')}\n`;
  const options: Options = {
    ...{ instrument: 'SPY.US', timeframe: '1m', calendar, zone, label: 'start' },
  };
  const found = await read(text, options);
  assert.ok(typeof found !== 'string');
  assert.equal(found.report.kept, 240);
  assert.equal(found.report.dropped.duplicate, 60);
  assert.deepEqual(found, await read(quoted(text), options));
});
