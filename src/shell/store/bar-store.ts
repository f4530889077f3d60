import { pipeline } from 'node:stream/promises';
import type { BarSource, BarStore } from '#app/ports.ts';
import { invariant } from '#core/lib/assert.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import { cleanText } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

/** Bars formatted into one piece of the COPY stream. */
const COPY_CHUNK = 5_000;
/** Bars of one read; a column of them is packed into one value of this many doubles. */
const READ_CHUNK = 100_000;
/** A bulk load may take longer than any other statement. */
const BULK_TIMEOUT_MS = 600_000;
const COLUMNS = ['openedAt', 'closedAt', 'open', 'high', 'low', 'close', 'volume'] as const;

function* copyLines(bars: readonly Bar[]): Generator<string> {
  for (let from = 0; from < bars.length; from += COPY_CHUNK) {
    let text = '';
    for (const b of bars.slice(from, from + COPY_CHUNK)) {
      text += `${b.instrument}\t${b.timeframe}\t${b.openedAt}\t${b.closedAt}\t${b.open}\t${b.high}\t${b.low}\t${b.close}\t${b.volume}\t${b.amount ?? '\\N'}\n`;
    }
    yield text;
  }
}

async function save(sql: Sql, bars: readonly Bar[], source: string) {
  return await sql.begin(async (tx) => {
    await tx`set local statement_timeout = ${tx.unsafe(String(BULK_TIMEOUT_MS))}`;
    await tx`create temporary table if not exists bars_staging (
      instrument text, timeframe text, opened_ms float8, closed_ms float8,
      open float8, high float8, low float8, close float8, volume float8, amount float8) on commit delete rows`;
    await pipeline(copyLines(bars), await tx`copy bars_staging from stdin`.writable());
    const { count } = await tx`
      insert into bars (instrument, timeframe, source, opened_at, closed_at, open, high, low, close, volume,
        amount)
      select instrument, timeframe, ${cleanText(source)}, instant_of(opened_ms), instant_of(closed_ms),
        open, high, low, close, volume, amount
      from bars_staging on conflict do nothing`;
    return { inserted: count, known: bars.length - count };
  });
}

type Packed = { [K in (typeof COLUMNS)[number]]: Buffer | null };

/** Big-endian doubles, as the server packs them, into `to` from row `at`; answers how many. */
function unpack(packed: Buffer, to: Float64Array, at: number): number {
  const rows = packed.length / 8;
  for (let i = 0; i < rows; i++) to[at + i] = packed.readDoubleBE(i * 8);
  return rows;
}

async function fetchPacked(sql: Sql, s: BarSource, source: string, from: number, to: number) {
  const [row] = await sql<Packed[]>`
    select string_agg(float8send(opened), '') as "openedAt",
      string_agg(float8send(closed), '') as "closedAt", string_agg(float8send(open), '') as open,
      string_agg(float8send(high), '') as high, string_agg(float8send(low), '') as low,
      string_agg(float8send(close), '') as close, string_agg(float8send(volume), '') as volume
    from (
      select (extract(epoch from opened_at) * 1000)::float8 as opened,
        (extract(epoch from closed_at) * 1000)::float8 as closed, open, high, low, close, volume
      from bars where instrument = ${s.instrument} and timeframe = ${s.timeframe}
        and source = ${source} and opened_at >= ${from} and opened_at < ${to}
      order by opened_at limit ${READ_CHUNK}) b`;
  return row ?? null;
}

function emptyColumns(): Record<(typeof COLUMNS)[number], Float64Array[]> {
  return { openedAt: [], closedAt: [], open: [], high: [], low: [], close: [], volume: [] };
}

function joined(parts: readonly Float64Array[], length: number): Float64Array {
  if (parts.length === 1 && parts[0] !== undefined) return parts[0];
  const whole = new Float64Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

async function busiestSource(sql: Sql, s: BarSource, from: number, to: number) {
  const [row] = await sql<{ source: string }[]>`
    select source from bars where instrument = ${s.instrument} and timeframe = ${s.timeframe}
      and opened_at >= ${from} and opened_at < ${to}
    group by source order by count(*) desc, source limit 1`;
  return row?.source ?? null;
}

async function load(
  sql: Sql,
  series: BarSource,
  fromAt: number,
  toAt: number,
  sourceGiven: string | null,
): Promise<BarColumns> {
  const parts = emptyColumns();
  let length = 0;
  const source = sourceGiven ?? (await busiestSource(sql, series, fromAt, toAt));
  for (let from = fromAt; source !== null; ) {
    const packed = await fetchPacked(sql, series, source, from, toAt);
    const rows = (packed?.openedAt?.length ?? 0) / 8;
    if (packed === null || rows === 0) break;
    for (const name of COLUMNS) {
      const bytes = packed[name];
      invariant(bytes?.length === rows * 8, `bar store: column ${name} has another length`);
      const column = new Float64Array(rows);
      unpack(bytes, column, 0);
      parts[name].push(column);
    }
    length += rows;
    if (rows < READ_CHUNK) break;
    from = (parts.openedAt.at(-1)?.at(-1) ?? toAt) + 1;
  }
  return {
    length,
    openedAt: joined(parts.openedAt, length),
    closedAt: joined(parts.closedAt, length),
    open: joined(parts.open, length),
    high: joined(parts.high, length),
    low: joined(parts.low, length),
    close: joined(parts.close, length),
    volume: joined(parts.volume, length),
  };
}

type Status = Awaited<ReturnType<BarStore['status']>>;

/** Bars in PostgreSQL. */
export function createBarStore(db: Caller): BarStore {
  return {
    save: (bars, source) =>
      bars.length === 0
        ? Promise.resolve({ inserted: 0, known: 0 })
        : db.run('save bars', (sql) => save(sql, bars, source), BULK_TIMEOUT_MS),
    load: (series, fromAt, toAt, source) =>
      db.run('load bars', (sql) => load(sql, series, fromAt, toAt, source), BULK_TIMEOUT_MS),
    status: () =>
      db.run('bar status', async (sql) => [
        ...(await sql<Status>`
          select instrument, timeframe, source, count(*)::int as bars,
            min(opened_at) as "firstOpenedAt", max(opened_at) as "lastOpenedAt"
          from bars group by 1, 2, 3 order by 1, 2, 3`),
      ]),
  };
}
