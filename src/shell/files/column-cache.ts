import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
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
const NAMES = ['openedAt', 'closedAt', 'open', 'high', 'low', 'close', 'volume'] as const;

const isUsable = endianness() === 'LE';
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** The columns of a cache file; null when there is none, or it is not whole. */
export function readColumnCache(file: string): CachedColumns | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return null;
  }
  if (!isUsable || bytes.length < HEADER_BYTES + DIGEST_BYTES) return null;
  if (bytes.toString('latin1', 0, 8) !== MAGIC) return null;
  const rows = bytes.readUInt32LE(8);
  const noteBytes = bytes.readUInt32LE(12);
  const from = HEADER_BYTES + padded(noteBytes);
  const end = from + rows * 8 * NAMES.length;
  if (bytes.length !== end + DIGEST_BYTES) return null;
  const digest = createHash('sha256').update(bytes.subarray(0, end)).digest();
  if (!digest.equals(bytes.subarray(end))) return null;
  // a copy whose columns begin where 64-bit numbers may
  const data = new Uint8Array(bytes.subarray(from, end)).buffer;
  const column = (name: (typeof NAMES)[number]) =>
    new Float64Array(data, NAMES.indexOf(name) * rows * 8, rows);
  const bars: BarColumns = {
    length: rows,
    openedAt: column('openedAt'),
    closedAt: column('closedAt'),
    open: column('open'),
    high: column('high'),
    low: column('low'),
    close: column('close'),
    volume: column('volume'),
  };
  const text = bytes.toString('utf8', HEADER_BYTES, HEADER_BYTES + noteBytes);
  return { bars, notes: JSON.parse(text) as string[] };
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
