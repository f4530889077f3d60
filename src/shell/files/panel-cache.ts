import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/**
 * Columns of many stocks as they were read once. The cell of stock i and day d of a column is at
 * `i * days.length + d`; `byDay` holds columns of one figure a day. `notes` is what the reader had to
 * say of the rows.
 */
export type CachedPanel = {
  readonly days: readonly string[];
  readonly stocks: readonly string[];
  readonly columns: Readonly<Record<string, Float64Array>>;
  readonly byDay: Readonly<Record<string, Float64Array>>;
  readonly notes: readonly string[];
};

/*
 * One file: "CENTPAN1", length of the head, the head as JSON padded to eight bytes, then blocks. A block
 * holds some days of every column, stock by stock, so that who wants the last days reads the last block
 * and nothing else. Blocks are counted from the newest day back; each has its SHA-256 in the head, the
 * head its own behind it. Whole numbers in the machine's order, which is little-endian wherever this
 * runs; elsewhere there is no cache.
 */
const MAGIC = 'CENTPAN1';
const PREFIX_BYTES = 16;
const DIGEST_BYTES = 32;
/** What the longest factor needs of the days up to a night: exactly the newest block. */
const BLOCK_DAYS = 61;

const isUsable = endianness() === 'LE';
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

type Head = {
  readonly days: readonly string[];
  readonly stocks: readonly string[];
  readonly columns: readonly string[];
  readonly byDay: readonly string[];
  readonly notes: readonly string[];
  /** First day of each block, oldest first, and its SHA-256. */
  readonly blocks: readonly { readonly from: number; readonly sha256: string }[];
};

const endOf = ({ blocks, days }: Head, block: number) => blocks[block + 1]?.from ?? days.length;

/** Numbers of a block: every column's cells, then every figure by day. */
function sizeOf(head: Head, block: number): number {
  const width = endOf(head, block) - head.blocks[block]!.from;
  return width * (head.columns.length * head.stocks.length + head.byDay.length);
}

function firstDays(count: number): number[] {
  const starts: number[] = [];
  for (let until = count; until > 0; until -= BLOCK_DAYS)
    starts.unshift(Math.max(0, until - BLOCK_DAYS));
  return starts;
}

/** Copies the cells of the days from `from` up to `until` of every column into one block. */
function packed(panel: CachedPanel, from: number, until: number): Float64Array {
  const width = until - from;
  const days = panel.days.length;
  const columns = Object.values(panel.columns);
  const byDay = Object.values(panel.byDay);
  const block = new Float64Array(width * (columns.length * panel.stocks.length + byDay.length));
  let at = 0;
  for (const column of columns) {
    for (let row = 0; row < panel.stocks.length; row += 1) {
      const start = row * days;
      // cells of a few days: a copy of each is faster than a view of them
      for (let d = from; d < until; d += 1) block[at + d - from] = column[start + d]!;
      at += width;
    }
  }
  for (const figures of byDay) {
    block.set(figures.subarray(from, until), at);
    at += width;
  }
  return block;
}

const bytesOf = (cells: Float64Array) =>
  new Uint8Array(cells.buffer, cells.byteOffset, cells.byteLength);

/** Keeps a panel in `file`, whole or not at all. False when the place cannot be written: then there is no cache. */
export function writePanelCache(file: string, panel: CachedPanel): boolean {
  if (!isUsable) return false;
  const starts = firstDays(panel.days.length);
  const blocks = starts.map((from, n) =>
    bytesOf(packed(panel, from, starts[n + 1] ?? panel.days.length)),
  );
  const head: Head = {
    days: panel.days,
    stocks: panel.stocks,
    columns: Object.keys(panel.columns),
    byDay: Object.keys(panel.byDay),
    notes: panel.notes,
    blocks: blocks.map((block, n) => ({
      from: starts[n]!,
      sha256: digestOf(block).toString('hex'),
    })),
  };
  const text = Buffer.from(JSON.stringify(head));
  const top = Buffer.alloc(PREFIX_BYTES + padded(text.length));
  top.write(MAGIC, 0, 'latin1');
  top.writeUInt32LE(text.length, 8);
  text.copy(top, PREFIX_BYTES);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic.sync(file, Buffer.concat([top, digestOf(top), ...blocks]));
    return true;
  } catch {
    return false;
  }
}

/** Bytes of an open file from a place on; null when there are not so many. */
function bytesAt(fd: number, place: number, count: number): Buffer | null {
  const bytes = Buffer.from(new ArrayBuffer(count));
  for (let done = 0; done < count; ) {
    const read = readSync(fd, bytes, done, count - done, place + done);
    if (read === 0) return null;
    done += read;
  }
  return bytes;
}

/** The head of a file and where its blocks begin; null when it is none, or not whole. */
function headOf(fd: number): { readonly head: Head; readonly from: number } | null {
  const prefix = bytesAt(fd, 0, PREFIX_BYTES);
  if (prefix === null || prefix.toString('latin1', 0, 8) !== MAGIC) return null;
  const length = prefix.readUInt32LE(8);
  const topBytes = PREFIX_BYTES + padded(length);
  if (fstatSync(fd).size < topBytes + DIGEST_BYTES) return null;
  const top = bytesAt(fd, 0, topBytes + DIGEST_BYTES);
  if (top === null || !digestOf(top.subarray(0, topBytes)).equals(top.subarray(topBytes)))
    return null;
  const head = JSON.parse(top.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + length)) as Head;
  return { head, from: topBytes + DIGEST_BYTES };
}

/** Views of a block that holds exactly the days that are asked for. */
function viewed(head: Head, cells: Float64Array): Pick<CachedPanel, 'columns' | 'byDay'> {
  const width = cells.length / (head.columns.length * head.stocks.length + head.byDay.length);
  const size = width * head.stocks.length;
  const figures = head.columns.length * size;
  return {
    columns: Object.fromEntries(
      head.columns.map((name, n) => [name, cells.subarray(n * size, (n + 1) * size)]),
    ),
    byDay: Object.fromEntries(
      head.byDay.map((name, n) => {
        const from = figures + n * width;
        return [name, cells.subarray(from, from + width)];
      }),
    ),
  };
}

/** Spreads the days of a block from day `first` on over columns that begin with it. */
function unpack(
  head: Head,
  block: number,
  cells: Float64Array,
  first: number,
  into: Pick<CachedPanel, 'columns' | 'byDay'>,
): void {
  const start = head.blocks[block]!.from;
  const width = endOf(head, block) - start;
  const days = head.days.length - first;
  const skip = Math.max(0, first - start);
  let at = 0;
  for (const name of head.columns) {
    const column = into.columns[name]!;
    for (let row = 0; row < head.stocks.length; row += 1) {
      const to = row * days + start - first;
      for (let d = skip; d < width; d += 1) column[to + d] = cells[at + d]!;
      at += width;
    }
  }
  for (const name of head.byDay) {
    into.byDay[name]!.set(cells.subarray(at + skip, at + width), start + skip - first);
    at += width;
  }
}

/** Numbers of a block; null when it is not what the head says. */
function cellsOf(fd: number, place: number, head: Head, block: number): Float64Array | null {
  const bytes = bytesAt(fd, place, sizeOf(head, block) * 8);
  const isWhole = bytes !== null && digestOf(bytes).toString('hex') === head.blocks[block]!.sha256;
  return isWhole ? new Float64Array(bytes.buffer) : null;
}

function readOpen(fd: number, lastDays: number): CachedPanel | null {
  const found = headOf(fd);
  if (found === null) return null;
  const { head } = found;
  const { days, stocks, notes, blocks } = head;
  const first = Math.max(0, days.length - lastDays);
  const room = (count: number) => new Float64Array(count);
  const isOne = blocks.at(-1)?.from === first;
  const empty = {
    columns: Object.fromEntries(
      head.columns.map((name) => [name, room(isOne ? 0 : stocks.length * (days.length - first))]),
    ),
    byDay: Object.fromEntries(head.byDay.map((name) => [name, room(days.length - first)])),
  };
  let into: Pick<CachedPanel, 'columns' | 'byDay'> = empty;
  let place = found.from;
  for (let block = 0; block < blocks.length; block += 1) {
    if (endOf(head, block) > first) {
      const cells = cellsOf(fd, place, head, block);
      if (cells === null) return null;
      if (isOne) into = viewed(head, cells);
      else unpack(head, block, cells, first, empty);
    }
    place += sizeOf(head, block) * 8;
  }
  return { days: days.slice(first), stocks, notes, ...into };
}

/**
 * The panel of a cache file, or its `lastDays` newest days; null when there is no such file, or what is
 * read of it is not whole.
 */
export function readPanelCache(
  file: string,
  lastDays: number = Number.POSITIVE_INFINITY,
): CachedPanel | null {
  if (!isUsable) return null;
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    return readOpen(fd, lastDays);
  } finally {
    closeSync(fd);
  }
}
