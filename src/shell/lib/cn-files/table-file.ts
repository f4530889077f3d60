import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ConfigError } from '#app/errors.ts';
import { csvBatches, type TableRow } from './csv-rows.ts';

/** A file as a table of texts, whatever its format. Rows come some at a time and can be read once. */
export type Table = {
  readonly header: readonly string[];
  readonly batches: AsyncIterable<readonly TableRow[]>;
};

export type TableOptions = {
  /** The first line is data; columns are called 1, 2, 3 …. */
  readonly isHeaderless?: boolean;
  /** Names of columns that will be asked for; in JSON they may be paths, `boards.name`. */
  readonly wanted?: readonly string[];
};

/** Larger JSON files are no market data. */
const JSON_LIMIT = 256 * 1024 * 1024;

function refuse(file: string, found: string, expected: string, cause?: unknown): never {
  throw new ConfigError(`${file}: found ${found}, expected ${expected}`, {
    code: 'file_unreadable',
    retryable: false,
    cause,
  });
}

function why(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Rows of a CSV file. What ends in the middle of gzip or of a quote is refused, never taken short. */
async function* csvRows(file: string): AsyncGenerator<readonly TableRow[]> {
  try {
    yield* csvBatches(file);
  } catch (error) {
    refuse(file, `a file that cannot be read (${why(error)})`, 'CSV, plain or gzip', error);
  }
}

async function openCsv(file: string, options: TableOptions): Promise<Table> {
  const batches = csvRows(file);
  const first = await batches.next();
  const [top, ...others] = first.done === true ? [] : first.value;
  if (top === undefined) return refuse(file, 'an empty file', 'a header row');
  const isHeaderless = options.isHeaderless === true;
  async function* all(): AsyncGenerator<readonly TableRow[]> {
    yield isHeaderless ? [top as TableRow, ...others] : others;
    yield* batches;
  }
  const { cells } = top;
  return { header: isHeaderless ? cells.map((_, i) => String(i + 1)) : cells, batches: all() };
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keys under which answers hold their rows. */
const ROW_KEYS = ['rows', 'data', 'items', 'pool', 'diff'];

/** Records of a JSON value: a list, a list inside an object, or an object by key. */
function recordsOf(file: string, value: unknown): Json[] {
  if (Array.isArray(value)) {
    return value.map((item, i) => (isObject(item) ? item : { key: String(i + 1), value: item }));
  }
  if (!isObject(value)) return refuse(file, `a JSON ${typeof value}`, 'a list or an object');
  for (const key of ROW_KEYS) {
    const inner = value[key];
    if (!Array.isArray(inner)) continue;
    const { [key]: _rows, ...outer } = value;
    return inner.filter(isObject).map((item) => ({ ...outer, ...item }));
  }
  return Object.entries(value).map(([key, item]) =>
    isObject(item) ? { key, ...item } : { key, value: item },
  );
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value).trim();
}

/** Values at a path; a list on the way gives several. */
function valuesAt(record: Json, path: string): string[] {
  let values: unknown[] = [record];
  for (const key of path.split('.')) {
    values = values
      .flatMap((value) => (Array.isArray(value) ? value : [value]))
      .map((value) => (isObject(value) ? value[key] : undefined));
  }
  const flat = values.flatMap((value) => (Array.isArray(value) ? value : [value]));
  return flat.map(textOf);
}

/** Rows of one record: as many as the longest of its columns; single values are repeated. */
function* fannedOut(record: Json, header: readonly string[], line: number): Generator<TableRow> {
  const columns = header.map((path) => valuesAt(record, path));
  const rows = Math.max(0, ...columns.map(({ length }) => (length > 1 ? length : 0))) || 1;
  for (let i = 0; i < rows; i += 1) {
    yield {
      line,
      cells: columns.map((values) => (values.length > 1 ? values[i] : values[0]) ?? ''),
    };
  }
}

async function openJson(file: string, options: TableOptions): Promise<Table> {
  const inner = file.endsWith('.gz') ? file.slice(0, -3) : file;
  let records: Json[];
  try {
    const bytes = await readFile(file);
    if (bytes.length > JSON_LIMIT) refuse(file, `${bytes.length} bytes`, 'at most 256 MB of JSON');
    const plain = file.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes;
    const text = plain.toString('utf8').replace(/^\uFEFF/, '');
    records = inner.endsWith('.jsonl')
      ? text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as Json]))
      : recordsOf(file, JSON.parse(text));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return refuse(file, `a file that cannot be read (${why(error)})`, 'JSON', error);
  }
  if (records.length === 0) return refuse(file, 'no rows', 'at least one');
  // a record's own columns that hold lists are no columns: they are reached by a path only
  const names = new Set<string>();
  for (const record of records.slice(0, 50)) {
    for (const [name, value] of Object.entries(record)) {
      if (!Array.isArray(value) && !isObject(value)) names.add(name);
    }
  }
  for (const path of options.wanted ?? []) names.add(path);
  const header = [...names];
  async function* batches(): AsyncGenerator<readonly TableRow[]> {
    yield records.flatMap((record, i) => [...fannedOut(record, header, i + 1)]);
  }
  return { header, batches: batches() };
}

/**
 * Opens a CSV (`.csv`, `.csv.gz`), JSON or JSON-lines file as a table. Throws ConfigError with one
 * line when it cannot be read, is empty or ends in the middle; rows are read as they are asked for.
 */
export function openTable(file: string, options: TableOptions = {}): Promise<Table> {
  const isJson = /\.jsonl?(\.gz)?$/.test(file);
  return isJson ? openJson(file, options) : openCsv(file, options);
}
