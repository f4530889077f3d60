import { StoreError } from '#app/errors.ts';
import type { DailyPanelAsk, SavedRows } from '#app/ports.ts';
import { invariant } from '#core/lib/assert.ts';
import { DAILY_FIELDS_CN, type DailyTableCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { type DailyPanelCn, type DailySeriesCn, emptyDailyPanel } from '#core/market/panel-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { copyOut, doublesOfField } from './copy-out.ts';
import { addRows, allowBulk, copyInto, copyPieces, copyText, makeStaging } from './copy-rows.ts';
import { cleanText } from './event-codec.ts';
import type { Sql } from './sql-client.ts';

const TABLE = 'daily_bars_cn';
const COLUMNS = [
  'series_id',
  'day',
  'instrument',
  'open',
  'high',
  'low',
  'close',
  'previous_close',
  'volume',
  'amount',
] as const;
const VALUES = COLUMNS.slice(3);

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

function lineOf(table: DailyTableCn, id: number): (row: number) => string {
  const prefixes = table.days.map((day) => `${id}\t${day}\t`);
  return (row) => {
    let line = prefixes[table.dayOf[row]!]! + table.instruments[table.instrumentOf[row]!]!;
    for (const field of DAILY_FIELDS_CN) line += `\t${copyText(table[field][row]!)}`;
    return `${line}\n`;
  };
}

/** Days of the table that have rows. */
function daysOf(table: DailyTableCn): TradingDay[] {
  const used = new Set(table.dayOf);
  return table.days.filter((_, place) => used.has(place));
}

async function isNew(tx: Sql, id: number, days: readonly TradingDay[]): Promise<boolean> {
  const [row] = await tx<{ known: boolean }[]>`
    select exists (select 1 from daily_bars_cn where series_id = ${id}
      and day >= ${days[0]!}::date and day <= ${days.at(-1)!}::date) as known`;
  return row?.known === false;
}

async function addKnown(tx: Sql, table: DailyTableCn, id: number): Promise<SavedRows> {
  const staging = await makeStaging(tx, TABLE);
  await copyInto(tx, staging, COLUMNS, copyPieces(table.length, lineOf(table, id)));
  await tx`analyze ${tx(staging)}`;
  const pair = (alias: string) => VALUES.map((name) => `${alias}.${name}`).join(', ');
  const [found] = await tx<{ differing: number }[]>`
    select count(*)::int as differing from ${tx(staging)} s
    join daily_bars_cn d using (series_id, day, instrument)
    where (${tx.unsafe(pair('s'))}) is distinct from (${tx.unsafe(pair('d'))})`;
  const { count } = await tx`
    insert into daily_bars_cn select * from ${tx(staging)}
    order by series_id, day, instrument on conflict do nothing`;
  return { inserted: count, known: table.length - count, differing: found?.differing ?? 0 };
}

/**
 * Adds a table to a series. Days that the series does not reach yet go into the table at once;
 * otherwise known rows are found first.
 */
export async function saveDaily(
  sql: Sql,
  table: DailyTableCn,
  series: DailySeriesCn,
  at: number,
): Promise<SavedRows> {
  const days = daysOf(table);
  if (days.length === 0) return { inserted: 0, known: 0, differing: 0 };
  const id = await seriesId(sql, series);
  return await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql;
    await allowBulk(tx);
    // two savers of one series would both find the days new
    await tx`select pg_advisory_xact_lock(${id})`;
    let saved: SavedRows;
    if (await isNew(tx, id, days)) {
      await copyInto(tx, TABLE, COLUMNS, copyPieces(table.length, lineOf(table, id)));
      saved = { inserted: table.length, known: 0, differing: 0 };
    } else saved = await addKnown(tx, table, id);
    await tx`insert into daily_batches_cn (series_id, first_day, last_day, rows, saved_at)
      values (${id}, ${days[0]!}, ${days.at(-1)!}, ${saved.inserted}, ${at})`;
    return saved;
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

/** Days of a series within a range: one look into the index a day. */
async function listDays(sql: Sql, id: number, from: TradingDay, through: TradingDay) {
  const rows = await sql<{ day: TradingDay }[]>`
    with recursive found(day) as (
      (select day from daily_bars_cn where series_id = ${id}
        and day >= ${from}::date and day <= ${through}::date order by day limit 1)
      union all
      select (select b.day from daily_bars_cn b where b.series_id = ${id}
        and b.day > found.day and b.day <= ${through}::date order by b.day limit 1)
      from found where found.day is not null)
    select day from found where day is not null`;
  return rows.map(({ day }) => day);
}

/** A day as read: its instruments by their place in the panel, and its columns. */
type ReadDay = { readonly places: Int32Array; readonly columns: readonly Float64Array[] };

/** Instruments by their place; without a list given, in the order they are met. */
type Names = { readonly placeOf: Map<string, number>; readonly isGiven: boolean };

function readDay(names: Names, fields: readonly Buffer[]): ReadDay {
  const [instruments, ...values] = fields;
  const list = instruments?.toString('latin1').split(',') ?? [];
  const places = Int32Array.from(list, (name) => {
    const known = names.placeOf.get(name);
    if (known !== undefined) return known;
    if (names.isGiven) return -1;
    names.placeOf.set(name, names.placeOf.size);
    return names.placeOf.size - 1;
  });
  const columns = values.map(doublesOfField);
  const isWhole = columns.every((column) => column.length === list.length);
  invariant(isWhole, 'daily store: found a column of another length');
  return { places, columns };
}

/** The days of the range in their order, each packed into one row by the server. */
async function readDays(
  sql: Sql,
  id: number,
  ask: DailyPanelAsk,
  days: readonly TradingDay[],
  names: Names,
): Promise<ReadDay[]> {
  const packed = VALUES.map(
    (name) => `string_agg(float8send(coalesce(${name}, 'NaN'::float8)), '')`,
  ).join(', ');
  // a COPY takes no parameters: what goes into its text is an id or a date
  const safe = (text: string): string => {
    invariant(/^[\w.-]+$/.test(text), `daily store: found "${text}", expected an id or a date`);
    return `'${text}'`;
  };
  const { instruments } = ask;
  const named =
    instruments === null ? '' : `and instrument in (${instruments.map(safe).join(', ') || "''"})`;
  const read = new Map<string, ReadDay>();
  await sql.begin(async (transaction) => {
    const tx = transaction as unknown as Sql;
    await allowBulk(tx);
    const text = `
      select day::text, string_agg(instrument, ','), ${packed}
      from daily_bars_cn where series_id = ${id}
        and day >= ${safe(days[0]!)} and day <= ${safe(days.at(-1)!)} ${named}
      group by day order by day`;
    await copyOut(tx, text, ([day, ...fields]) => {
      read.set(day?.toString('latin1') ?? '', readDay(names, fields));
    });
  });
  const none: ReadDay = {
    places: new Int32Array(0),
    columns: VALUES.map(() => new Float64Array(0)),
  };
  return days.map((day) => read.get(day) ?? none);
}

/** Where each instrument stands in each day, −1 where it does not: `day * instruments + place`. */
function standingOf(days: readonly ReadDay[], count: number, placeOf: Int32Array): Int32Array {
  const standing = new Int32Array(days.length * count).fill(-1);
  for (const [day, { places }] of days.entries()) {
    for (const [row, place] of places.entries()) {
      if (place >= 0) standing[day * count + placeOf[place]!] = row;
    }
  }
  return standing;
}

/** Fills the panel stock by stock, so that it is written in order. */
function fill(panel: DailyPanelCn, days: readonly ReadDay[], placeOf: Int32Array): void {
  const count = panel.instruments.length;
  const width = days.length;
  const standing = standingOf(days, count, placeOf);
  for (const [f, field] of DAILY_FIELDS_CN.entries()) {
    const to = panel[field];
    const from = days.map(({ columns }) => columns[f]!);
    for (let place = 0; place < count; place += 1) {
      for (let day = 0; day < width; day += 1) {
        const row = standing[day * count + place]!;
        if (row >= 0) to[place * width + day] = from[day]![row]!;
      }
    }
  }
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
  const given = ask.instruments?.map((id, place): [string, number] => [id, place]);
  const names: Names = { placeOf: new Map(given), isGiven: given !== undefined };
  const read = await readDays(sql, found.id, ask, days, names);
  const met = [...names.placeOf.keys()] as InstrumentId[];
  const instruments = ask.instruments ?? met.toSorted();
  const sortedPlace = new Map<string, number>(instruments.map((id, place) => [id, place]));
  const panel = emptyDailyPanel(series, instruments, days, batch?.at ?? 0);
  fill(
    panel,
    read,
    Int32Array.from(met, (id) => sortedPlace.get(id) ?? -1),
  );
  await applyRefusals(sql, found.id, panel);
  return panel;
}
