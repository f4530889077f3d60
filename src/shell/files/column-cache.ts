import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import type { BarColumns } from '#core/market/bar.ts';

/** Columns as they were read once, with what the reader had to say of the rows. */
export type CachedColumns = { readonly bars: BarColumns; readonly notes: readonly string[] };

/*
 * One file: "CENTCOL1", rows and length of the notes as 32-bit numbers, the notes as JSON padded to
 * eight bytes, seven columns of 64-bit numbers, SHA-256 of all that. Whole numbers in the machine's
 * order, which is little-endian wherever this runs; elsewhere there is no cache.
 */
const MAGIC = 'CENTCOL1';
const HEADER_BYTES = 16;
const DIGEST_BYTES = 32;
/** Columns of times, the first of them. */
const TIMES = 2;
const NAMES = ['openedAt', 'closedAt', 'open', 'high', 'low', 'close', 'volume'] as const;

const isUsable = endianness() === 'LE';
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** The columns of a cache file; null when there is none, or it is not whole. */
export function readColumnCache(file: string): CachedColumns | null {
  if (!isUsable) return null;
  let descriptor: number | null = null;
  try {
    descriptor = openSync(file, 'r');
    return readWhole(descriptor);
  } catch {
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Reads each part to where it stays: times apart from prices, which another series may share. */
function readWhole(descriptor: number): CachedColumns | null {
  const size = fstatSync(descriptor).size;
  if (size < HEADER_BYTES + DIGEST_BYTES) return null;
  const header = take(descriptor, HEADER_BYTES);
  if (header.toString('latin1', 0, 8) !== MAGIC) return null;
  const rows = header.readUInt32LE(8);
  const noteBytes = header.readUInt32LE(12);
  const columnBytes = rows * 8;
  const end = HEADER_BYTES + padded(noteBytes) + columnBytes * NAMES.length;
  if (size !== end + DIGEST_BYTES) return null;
  const notes = take(descriptor, padded(noteBytes));
  const times = take(descriptor, columnBytes * TIMES);
  const values = take(descriptor, columnBytes * (NAMES.length - TIMES));
  const hash = createHash('sha256').update(header).update(notes).update(times).update(values);
  if (!hash.digest().equals(take(descriptor, DIGEST_BYTES))) return null;
  const column = ({ buffer, byteOffset }: Buffer, n: number) =>
    new Float64Array(buffer, byteOffset + n * columnBytes, rows);
  const bars: BarColumns = {
    length: rows,
    openedAt: column(times, 0),
    closedAt: column(times, 1),
    open: column(values, 0),
    high: column(values, 1),
    low: column(values, 2),
    close: column(values, 3),
    volume: column(values, 4),
  };
  return { bars, notes: JSON.parse(notes.toString('utf8', 0, noteBytes)) as string[] };
}

/** The next bytes of a file, where 64-bit numbers may begin. Throws when there are fewer. */
function take(descriptor: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length; ) {
    const read = readSync(descriptor, bytes, done, length - done, null);
    if (read === 0) throw new Error(`found ${done} bytes, expected ${length}`);
    done += read;
  }
  return bytes;
}

/** Keeps columns in `file`, whole or not at all. False when the place cannot be written: then there is no cache. */
export function writeColumnCache(file: string, { bars, notes }: CachedColumns): boolean {
  if (!isUsable) return false;
  const text = Buffer.from(JSON.stringify(notes));
  const header = Buffer.alloc(HEADER_BYTES + padded(text.length));
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt32LE(bars.length, 8);
  header.writeUInt32LE(text.length, 12);
  text.copy(header, HEADER_BYTES);
  const columns = NAMES.map((name) => {
    const used = bars[name].subarray(0, bars.length);
    return Buffer.from(used.buffer, used.byteOffset, used.byteLength);
  });
  const body = Buffer.concat([header, ...columns]);
  const digest = createHash('sha256').update(body).digest();
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic.sync(file, Buffer.concat([body, digest]));
    return true;
  } catch {
    return false;
  }
}
