import { pipeline } from 'node:stream/promises';
import type { SavedRows } from '#app/ports.ts';
import { cleanText } from './event-codec.ts';
import type { Sql } from './sql-client.ts';

/** A bulk load may take longer than any other statement. */
export const BULK_TIMEOUT_MS = 600_000;
/** Characters of one piece of the COPY stream. */
const PIECE = 262_144;
const SPECIAL = /[\\\t\n\r]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

export type CopyValue = string | number | null;

/** A value as COPY text: null and NaN as `\N`, text escaped. */
export function copyText(value: CopyValue): string {
  if (value === null) return '\\N';
  if (typeof value === 'number') return Number.isNaN(value) ? '\\N' : String(value);
  return cleanText(value).replaceAll(SPECIAL, (found) => ESCAPES[found] ?? found);
}

/** Lines of `count` rows in pieces of a sensible size. */
export function* copyPieces(count: number, lineOf: (row: number) => string): Generator<string> {
  let text = '';
  for (let row = 0; row < count; row += 1) {
    text += lineOf(row);
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** COPY into `table`, of the columns named, from lines as {@link copyText} writes them. */
export async function copyInto(
  tx: Sql,
  table: string,
  columns: readonly string[],
  pieces: Iterable<string>,
): Promise<void> {
  const target = tx`${tx(table)} (${tx([...columns])})`;
  await pipeline(pieces, await tx`copy ${target} from stdin`.writable());
}

/** Lifts the time limit of a statement for this transaction. */
export async function allowBulk(tx: Sql): Promise<void> {
  await tx`set local statement_timeout = ${tx.unsafe(String(BULK_TIMEOUT_MS))}`;
}

/** A table for one transaction with the columns of `table`. */
export async function makeStaging(tx: Sql, table: string): Promise<string> {
  const staging = `staging_${table}`;
  await tx`create temporary table ${tx(staging)} (like ${tx(table)}) on commit drop`;
  return staging;
}

/** Rows of a small table by its columns; `keys` are those of its primary key. */
export type TableRows = {
  readonly table: string;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly CopyValue[])[];
};

/**
 * Adds what is new, in one transaction. A known row stays as it is; it differs when a column
 * outside the key, the instant of fetching apart, holds another value.
 */
export async function addRows(sql: Sql, given: TableRows): Promise<SavedRows> {
  const { table, keys, columns, rows } = given;
  if (rows.length === 0) return { inserted: 0, known: 0, differing: 0 };
  const values = columns.filter((name) => !keys.includes(name) && name !== 'fetched_at');
  return await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql;
    await allowBulk(tx);
    const staging = await makeStaging(tx, table);
    const line = (row: number) => `${rows[row]!.map(copyText).join('\t')}\n`;
    await copyInto(tx, staging, columns, copyPieces(rows.length, line));
    const match = keys.map((key) => `s.${key} = t.${key}`).join(' and ');
    const other = values.map((name) => `s.${name} is distinct from t.${name}`).join(' or ');
    const [found] = await tx<{ differing: number }[]>`
      select count(*)::int as differing from ${tx(staging)} s join ${tx(table)} t
      on ${tx.unsafe(match)} where ${tx.unsafe(other === '' ? 'false' : other)}`;
    const { count } = await tx`
      insert into ${tx(table)} (${tx([...columns])})
      select ${tx([...columns])} from ${tx(staging)}
      order by ${tx([...keys])} on conflict do nothing`;
    return {
      inserted: count,
      known: rows.length - count,
      differing: found?.differing ?? 0,
    };
  });
}
