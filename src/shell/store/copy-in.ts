import { pipeline } from 'node:stream/promises';
import type { Sql } from './sql-client.ts';

/*
 * Rows into a table in PostgreSQL's binary COPY format, the counterpart of copy-out.ts: bytes go as
 * they are, where text would write each of them as two digits.
 */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const END = Buffer.from([0xff, 0xff]);
/** 2000-01-01, the day a date is counted from. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** A field of the type `integer`. */
export function intField(value: number): Buffer {
  return int32(value);
}

/** A field of the type `date`, of a day YYYY-MM-DD. */
export function dateField(day: string): Buffer {
  return int32((Date.parse(day) - EPOCH_MS) / DAY_MS);
}

/** A field of the type `text`. */
export function textField(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** A field of the type `bytea`: doubles in network order, as `float8send` writes them. */
export function doublesField(values: Float64Array): Buffer {
  const bytes = Buffer.from(new Float64Array(values).buffer);
  return bytes.swap64();
}

/** A field of the type `bytea`: whole numbers in network order, as `int4send` writes them. */
export function intsField(values: Int32Array): Buffer {
  const bytes = Buffer.from(new Int32Array(values).buffer);
  return bytes.swap32();
}

function* pieces(rows: Iterable<readonly Buffer[]>): Generator<Buffer> {
  yield HEADER;
  for (const fields of rows) {
    const count = Buffer.allocUnsafe(2);
    count.writeInt16BE(fields.length);
    yield Buffer.concat([count, ...fields.flatMap((field) => [int32(field.length), field])]);
  }
  yield END;
}

/** COPY into `table`, of the columns named, a row a list of fields. */
export async function copyBinary(
  tx: Sql,
  table: string,
  columns: readonly string[],
  rows: Iterable<readonly Buffer[]>,
): Promise<void> {
  const target = tx`${tx(table)} (${tx([...columns])})`;
  await pipeline(pieces(rows), await tx`copy ${target} from stdin (format binary)`.writable());
}
