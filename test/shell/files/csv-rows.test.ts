import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvRows } from '#shell/files/csv-rows.ts';
import { parseFileTime } from '#shell/files/csv-times.ts';

type Cells = readonly { readonly text: string; readonly number: number; readonly time: unknown }[];

function rowsOf(text: string): Cells[] {
  const rows = csvRows(Buffer.from(text));
  const all: Cells[] = [];
  while (rows.next()) {
    const { row } = rows;
    all.push(
      Array.from({ length: row.count() }, (_, cell) => ({
        text: row.text(cell),
        number: row.number(cell),
        time: structuredClone(row.time(cell)),
      })),
    );
  }
  return all;
}

/** A header with a quote sends the whole text through the parser of quotes. */
const QUOTED = '"h",x\n';
const PLAIN = 'h,x\n';

const two = (most: number) =>
  fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
const time = fc
  .tuple(
    fc.constantFrom('2026-06-01', '2026-06-02', '2026-02-30', '20260601'),
    fc.constantFrom(' ', 'T'),
    fc.constantFrom('09', '10', '24'),
    two(62),
    fc.option(two(62), { nil: null }),
    fc.constantFrom('', 'Z', '+00:00', ' -0400', '.5Z'),
  )
  .map(
    ([day, gap, hour, minute, second, zone]) =>
      `${day}${gap}${hour}:${minute}${second === null ? '' : `:${second}`}${zone}`,
  );
const number = fc.oneof(
  fc.double({ noNaN: true }).map(String),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }), fc.nat({ max: 9 }))
    .map(([whole, places]) => {
      const text = String(whole);
      return places < text.length
        ? `${text.slice(0, -places || undefined)}.${text.slice(-places)}`
        : text;
    }),
  fc.constantFrom(
    '',
    '-',
    '.',
    '-.5',
    '5.',
    '-0',
    '+1',
    '1_0',
    '0x10',
    '1e3',
    'NaN',
    '1.2.3',
    '１',
  ),
);
const cell = fc.oneof(
  number,
  time,
  fc.constantFrom('1780320600', '1780320600000', '茅台', '\u00a0'),
);
const spaced = fc
  .tuple(fc.constantFrom('', ' ', '\t', ' \f'), cell, fc.constantFrom('', ' ', '  '))
  .map((parts) => parts.join(''));
const line = fc
  .array(spaced, { minLength: 0, maxLength: 40, size: 'medium' })
  .map((cells) => cells.join(','));

test('text without quotes is read cell for cell as the parser of quotes reads it', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      fc.boolean(),
      (lines, end, isEnded, hasMark) => {
        const body = lines.join(end) + (isEnded ? end : '');
        const mark = hasMark ? '\ufeff' : '';
        const plain = rowsOf(mark + PLAIN.replace('\n', end) + body);
        const quoted = rowsOf(mark + QUOTED.replace('\n', end) + body);
        assert.deepEqual(plain, quoted);
      },
    ),
    { numRuns: 400 },
  );
});

test('a time that differs from the one before in its minute alone is read as by itself', () => {
  fc.assert(
    fc.property(fc.array(time, { minLength: 2, maxLength: 30 }), (times) => {
      const read = rowsOf(`t\n${times.join('\n')}\n`).slice(1);
      assert.deepEqual(
        read.map(([first]) => first?.time),
        times.map((text) => parseFileTime(text)),
      );
    }),
    { numRuns: 400 },
  );
});

test('decimal prices are the nearest number, as Number gives it', () => {
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 50 }), (numbers) => {
      const read = rowsOf(`n,\n${numbers.map((text) => `${text},`).join('\n')}\n`).slice(1);
      read.forEach(([first], at) => {
        const text = numbers[at]!;
        assert.ok(Object.is(first?.number, text === '' ? Number.NaN : Number(text)), text);
      });
    }),
    { numRuns: 400 },
  );
});
