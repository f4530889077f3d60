import type { Readable } from 'node:stream';
import { StoreError } from '#app/errors.ts';
import type { Sql } from './sql-client.ts';

/*
 * Rows in PostgreSQL's binary COPY format: a header, then for each row the count of its fields and
 * each field with its length (−1 for null), then a count of −1. Half the bytes of a query's text.
 */
const SIGNATURE = 'PGCOPY\n\xff\r\n\0';
const HEADER = 19;
const END = -1;

function damaged(found: string): StoreError {
  return new StoreError(`store: binary copy: found ${found}, expected whole rows`, {
    code: 'query_failed',
    retryable: false,
  });
}

/** The fields of the row at `at` and where it ends; null when it is not whole yet. */
function rowAt(bytes: Buffer, at: number): { fields: Buffer[] | null; end: number } | null {
  if (bytes.length < at + 2) return null;
  const count = bytes.readInt16BE(at);
  if (count === END) return { fields: null, end: at + 2 };
  const fields: Buffer[] = [];
  let place = at + 2;
  for (let i = 0; i < count; i += 1) {
    if (bytes.length < place + 4) return null;
    const length = bytes.readInt32BE(place);
    if (length < 0) throw damaged('a null field');
    if (bytes.length < place + 4 + length) return null;
    fields.push(bytes.subarray(place + 4, place + 4 + length));
    place += 4 + length;
  }
  return { fields, end: place };
}

/** Where the first row begins; refuses what is no binary COPY. */
function firstRow(bytes: Buffer): number {
  if (bytes.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) throw damaged('no header');
  return HEADER + bytes.readInt32BE(HEADER - 4);
}

/** Hands on whole rows; pieces are joined when they have doubled, so that none is copied often. */
function createReader(take: (fields: readonly Buffer[]) => void) {
  let pieces: Buffer[] = [];
  let held = 0;
  let wanted = HEADER;
  let hasHeader = false;
  let isOver = false;
  const read = (): void => {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, held);
    let at = hasHeader ? 0 : firstRow(bytes);
    hasHeader = true;
    for (let row = rowAt(bytes, at); row !== null && !isOver; row = rowAt(bytes, at)) {
      at = row.end;
      if (row.fields === null) isOver = true;
      else take(row.fields);
    }
    const rest = bytes.subarray(at);
    pieces = rest.length === 0 ? [] : [rest];
    held = rest.length;
    wanted = held * 2;
  };
  return {
    push(piece: Buffer): void {
      pieces.push(piece);
      held += piece.length;
      if (held >= wanted) read();
    },
    end(): void {
      if (held >= HEADER || (hasHeader && held > 0)) read();
      if (!isOver) throw damaged('a row cut off');
    },
  };
}

/** Runs the query `text` as a binary COPY and hands every row's fields to `take`, as they come. */
export async function copyOut(
  tx: Sql,
  text: string,
  take: (fields: readonly Buffer[]) => void,
): Promise<void> {
  const reader = createReader(take);
  const source: Readable = await tx.unsafe(`copy (${text}) to stdout (format binary)`).readable();
  for await (const piece of source as AsyncIterable<Buffer>) reader.push(piece);
  reader.end();
  // the driver pauses its socket when the last rows fill the stream and nothing asks for more
  source._read(0);
}

/** Big-endian doubles of a field, as the machine reads them. */
export function doublesOfField(field: Buffer): Float64Array {
  const swapped = Buffer.allocUnsafeSlow(field.length);
  field.copy(swapped);
  swapped.swap64();
  return new Float64Array(swapped.buffer, swapped.byteOffset, field.length / 8);
}

/** Big-endian whole numbers of a field, as the machine reads them. */
export function intsOfField(field: Buffer): Int32Array {
  const swapped = Buffer.allocUnsafeSlow(field.length);
  field.copy(swapped);
  swapped.swap32();
  return new Int32Array(swapped.buffer, swapped.byteOffset, field.length / 4);
}
