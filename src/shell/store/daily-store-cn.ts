import { StoreError } from '#app/errors.ts';
import type { DailyPanelAsk, SavedRows } from '#app/ports.ts';
import { invariant } from '#core/lib/assert.ts';
import { DAILY_FIELDS_CN, type DailyTableCn, dailyRowsKept } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import {
  type DailyPanelCn,
  type DailySeriesCn,
  emptyDailyPanel,
  fillDailyPanel,
} from '#core/market/panel-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { copyBinary } from './copy-in.ts';
import { copyOut } from './copy-out.ts';
import { addRows, allowBulk } from './copy-rows.ts';
import {
  createComparison,
  namesIn,
  PART_COLUMNS,
  partOf,
  partRows,
  WRITTEN_COLUMNS,
} from './daily-parts-cn.ts';
import { cleanText } from './event-codec.ts';
import type { Sql } from './sql-client.ts';

const TABLE = 'daily_parts_cn';

/** The number of a series, made when it is new. */
async function seriesId(sql: Sql, series: DailySeriesCn): Promise<number> {
  const { kind, basis } = series;
  const source = cleanText(series.source);
  await sql`insert into series_cn (kind, source, basis) values (${kind}, ${source}, ${basis})
    on conflict do nothing`;
  const [row] = await sql<{ id: number }[]>`
    select id from series_cn where kind = ${kind} and source = ${source} and basis = ${basis}`;
  if (row === undefined) {
    throw new StoreError('store: series: found none after it was made, expected one', {
      code: 'query_failed',
      retryable: true,
    });
  }
  return row.id;
}

/** Days of the table that have rows. */
function daysOf(table: DailyTableCn): TradingDay[] {
  const used = new Set(table.dayOf);
  return table.days.filter((_, place) => used.has(place));
}

/** A COPY takes no parameters: what goes into its text is an id or a date. */
function safe(text: string): string {
  invariant(/^[\w.-]+$/.test(text), `daily store: found "${text}", expected an id or a date`);
  return `'${text}'`;
}

/** Parts of a series with days of the range and, where they are named, instruments of theirs. */
type PartsAsk = {
  readonly id: number;
  readonly from: TradingDay;
  readonly through: TradingDay;
  readonly instruments: readonly InstrumentId[] | null;
};

async function readParts(
  tx: Sql,
  ask: PartsAsk,
  take: (part: DailyTableCn) => void,
): Promise<void> {
  const { id, from, through, instruments } = ask;
  const [first, last] = boundsOf(instruments);
  const named =
    first === null || last === null
      ? ''
      : `and last_instrument >= ${safe(first)} collate "C"
         and first_instrument <= ${safe(last)} collate "C"`;
  const text = `
    select ${PART_COLUMNS.join(', ')} from ${TABLE} where series_id = ${id}
      and last_day >= ${safe(from)} and first_day <= ${safe(through)} ${named} order by id`;
  await copyOut(tx, text, (fields) => take(partOf(fields)));
}

/** First and last of the names, in the order of their characters; nulls: all are asked for. */
function boundsOf(names: readonly string[] | null): readonly [string | null, string | null] {
  if (names === null || names.length === 0) return [null, null];
  let [first, last] = [names[0]!, names[0]!];
  for (const name of names) {
    if (name < first) first = name;
    if (name > last) last = name;
  }
  return [first, last];
}

/**
 * Adds the rows of a table that the series does not have; known ones stay as they are. Savers of one
 * series wait for each other: both would find a row new.
 */
export async function saveDaily(
  sql: Sql,
  table: DailyTableCn,
  series: DailySeriesCn,
  at: number,
): Promise<SavedRows> {
  const days = daysOf(table);
  const [from, through] = [days[0], days.at(-1)];
  if (from === undefined || through === undefined) return { inserted: 0, known: 0, differing: 0 };
  const id = await seriesId(sql, series);
  return await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql;
    await allowBulk(tx);
    await tx`select pg_advisory_xact_lock(${id})`;
    const comparison = createComparison(table);
    const { instruments } = table;
    await readParts(tx, { id, from, through, instruments }, comparison.take);
    const fresh = dailyRowsKept(table, comparison.added());
    if (fresh.length > 0) await copyBinary(tx, TABLE, WRITTEN_COLUMNS, partRows(fresh, id));
    await tx`insert into daily_batches_cn (series_id, first_day, last_day, rows, saved_at)
      values (${id}, ${from}, ${through}, ${fresh.length}, ${at})`;
    const known = table.length - fresh.length;
    return { inserted: fresh.length, known, differing: comparison.differing() };
  });
}

/** Marks days of a series, or single rows, as not to be used. */
export async function refuseDaily(
  sql: Sql,
  series: DailySeriesCn,
  anomalies: readonly Anomaly[],
  at: number,
): Promise<number> {
  const rows = anomalies.filter(({ day }) => day !== null);
  if (rows.length === 0) return 0;
  const id = await seriesId(sql, series);
  const { inserted } = await addRows(sql, {
    table: 'daily_refusals_cn',
    keys: ['series_id', 'day', 'instrument'],
    columns: ['series_id', 'day', 'instrument', 'code', 'found', 'expected', 'refused_at'],
    rows: rows.map((one) => [
      id,
      one.day,
      one.instrument ?? '',
      one.code,
      one.found,
      one.expected,
      new Date(at).toISOString(),
    ]),
  });
  return inserted;
}

/** The series asked for: of the source named, else the one that reaches furthest, then the fullest. */
async function findSeries(sql: Sql, ask: DailyPanelAsk) {
  const { kind, basis, source, through } = ask;
  const [row] = await sql<{ id: number; source: string }[]>`
    select s.id, s.source from series_cn s
    join lateral (
      select max(least(b.last_day, ${through}::date)) as reach, sum(b.rows) as rows
      from daily_batches_cn b where b.series_id = s.id and b.first_day <= ${through}::date) b on true
    where s.kind = ${kind} and s.basis = ${basis}
      ${source === null ? sql`` : sql`and s.source = ${source}`}
      and b.reach is not null
    order by b.reach desc, b.rows desc, s.source limit 1`;
  return row ?? null;
}

/** Days of a series within a range, oldest first. */
async function listDays(sql: Sql, id: number, from: TradingDay, through: TradingDay) {
  const rows = await sql<{ days: string }[]>`
    select distinct days from ${sql(TABLE)} where series_id = ${id}
      and last_day >= ${from}::date and first_day <= ${through}::date`;
  const days = new Set(rows.flatMap((row) => namesIn(row.days)));
  return [...days].filter((day) => day >= from && day <= through).sort();
}

/** Instruments with a row on one of the days, in the order of their names. */
function instrumentsIn(
  parts: readonly DailyTableCn[],
  columnOf: ReadonlyMap<TradingDay, number>,
): InstrumentId[] {
  const met = new Set<InstrumentId>();
  for (const part of parts) {
    const isAsked = part.days.map((day) => columnOf.has(day));
    const has = new Uint8Array(part.instruments.length);
    for (let row = 0; row < part.length; row += 1) {
      if (isAsked[part.dayOf[row]!]) has[part.instrumentOf[row]!] = 1;
    }
    for (const [place, id] of part.instruments.entries()) if (has[place] === 1) met.add(id);
  }
  return [...met].sort();
}

async function applyRefusals(sql: Sql, id: number, panel: DailyPanelCn): Promise<void> {
  const width = panel.days.length;
  const [first, last] = [panel.days[0], panel.days.at(-1)];
  if (first === undefined || last === undefined) return;
  const rows = await sql<{ day: TradingDay; instrument: string }[]>`
    select day, instrument from daily_refusals_cn
    where series_id = ${id} and day >= ${first}::date and day <= ${last}::date`;
  const dayOf = new Map(panel.days.map((day, place) => [day, place]));
  const placeOf = new Map<string, number>(panel.instruments.map((name, place) => [name, place]));
  for (const { day, instrument } of rows) {
    const column = dayOf.get(day);
    const one = placeOf.get(instrument);
    if (column === undefined) continue;
    const places = instrument === '' ? panel.instruments.keys() : one === undefined ? [] : [one];
    for (const place of places) {
      for (const field of DAILY_FIELDS_CN) panel[field][place * width + column] = Number.NaN;
    }
  }
}

/** The panel asked for; without instruments and days when nothing is stored. */
export async function loadDaily(sql: Sql, ask: DailyPanelAsk): Promise<DailyPanelCn> {
  const found = await findSeries(sql, ask);
  const { kind, basis } = ask;
  const series = { kind, basis, source: found?.source ?? ask.source ?? 'none' };
  if (found === null) return emptyDailyPanel(series, ask.instruments ?? [], [], 0);
  const days = await listDays(sql, found.id, ask.from, ask.through);
  const [last] = days.slice(-1);
  if (last === undefined) return emptyDailyPanel(series, ask.instruments ?? [], [], 0);
  const [batch] = await sql<{ at: number | null }[]>`
    select max(saved_at) as at from daily_batches_cn
    where series_id = ${found.id} and last_day >= ${last}::date and first_day <= ${last}::date`;
  const parts: DailyTableCn[] = [];
  await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql;
    await allowBulk(tx);
    await readParts(tx, { id: found.id, ...ask }, (part) => parts.push(part));
  });
  const columnOf = new Map(days.map((day, column) => [day, column]));
  const instruments = ask.instruments ?? instrumentsIn(parts, columnOf);
  const panel = emptyDailyPanel(series, instruments, days, batch?.at ?? 0);
  const placeOf = new Map(instruments.map((id, place) => [id, place]));
  for (const part of parts) fillDailyPanel(panel, part, columnOf, placeOf);
  await applyRefusals(sql, found.id, panel);
  return panel;
}
