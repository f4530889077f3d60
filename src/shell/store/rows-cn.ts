import type { FigureCn, MarketStoreCn, SavedRows } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type {
  CorporateActionCn,
  LimitPoolCn,
  MarginDayCn,
  PoolRowCn,
  SectorCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { addRows, type CopyValue } from './copy-rows.ts';
import { cleanText } from './event-codec.ts';
import type { Sql } from './sql-client.ts';

const iso = (at: number): string => new Date(at).toISOString();
const isoOrNull = (at: number | null): string | null => (at === null ? null : iso(at));

type Stored<T> = T & { readonly source: string; readonly fetchedAt: number };

/** Adds margin rows. */
export function saveMargin(
  sql: Sql,
  rows: readonly MarginDayCn[],
  source: string,
  at: number,
): Promise<SavedRows> {
  return addRows(sql, {
    table: 'margin_cn',
    keys: ['source', 'day', 'exchange'],
    columns: ['source', 'day', 'exchange', 'balance', 'bought', 'repaid', 'lent', 'fetched_at'],
    rows: rows.map((row) => [
      source,
      row.day,
      row.exchange,
      row.balance,
      row.bought,
      row.repaid,
      row.lent,
      iso(at),
    ]),
  });
}

export async function readMargin(sql: Sql, from: TradingDay, through: TradingDay) {
  return [
    ...(await sql<Stored<MarginDayCn>[]>`
      select distinct on (day, exchange) day, exchange, balance, bought, repaid, lent, source,
        fetched_at as "fetchedAt"
      from margin_cn where day >= ${from}::date and day <= ${through}::date
      order by day, exchange, fetched_at, source`),
  ];
}

/** Adds boards with their members as of a day. */
export function saveSectors(
  sql: Sql,
  sectors: readonly SectorCn[],
  source: string,
  asOf: TradingDay,
  at: number,
): Promise<SavedRows> {
  const rows = sectors.flatMap(({ code, name, members }) =>
    members.map((id): CopyValue[] => [source, asOf, code, name, id, iso(at)]),
  );
  return addRows(sql, {
    table: 'sectors_cn',
    keys: ['source', 'as_of', 'code', 'instrument'],
    columns: ['source', 'as_of', 'code', 'name', 'instrument', 'fetched_at'],
    rows,
  });
}

export async function readSectors(
  sql: Sql,
  day: TradingDay,
  source: string | null,
): ReturnType<MarketStoreCn['sectors']> {
  const [list] = await sql<{ source: string; asOf: TradingDay; fetchedAt: number }[]>`
    select source, as_of as "asOf", max(fetched_at) as "fetchedAt" from sectors_cn
    where as_of <= ${day}::date ${source === null ? sql`` : sql`and source = ${source}`}
    group by 1, 2 order by 2 desc, count(*) desc, 1 limit 1`;
  if (list === undefined) return null;
  const rows = await sql<{ code: string; name: string; members: InstrumentId[] }[]>`
    select code, name, json_agg(instrument order by instrument) as members from sectors_cn
    where source = ${list.source} and as_of = ${list.asOf} group by 1, 2 order by 1`;
  return { ...list, sectors: [...rows] };
}

/** Adds a pool of a day. */
export function savePool(
  sql: Sql,
  pool: LimitPoolCn,
  source: string,
  at: number,
): Promise<SavedRows> {
  return addRows(sql, {
    table: 'pools_cn',
    keys: ['source', 'kind', 'day', 'instrument'],
    columns: [
      'source',
      'kind',
      'day',
      'instrument',
      'name',
      'price',
      'amount',
      'first_sealed_at',
      'last_sealed_at',
      'open_count',
      'boards_in_row',
      'sealed_amount',
      'sector',
      'fetched_at',
    ],
    rows: pool.rows.map((row) => [
      source,
      pool.kind,
      pool.day,
      row.instrument,
      row.name,
      row.price,
      row.amount,
      isoOrNull(row.firstSealedAt),
      isoOrNull(row.lastSealedAt),
      row.openCount,
      row.boardsInRow,
      row.sealedAmount,
      row.sector,
      iso(at),
    ]),
  });
}

export async function readPool(
  sql: Sql,
  kind: LimitPoolCn['kind'],
  day: TradingDay,
): ReturnType<MarketStoreCn['pool']> {
  const [first] = await sql<{ source: string; fetchedAt: number }[]>`
    select source, min(fetched_at) as "fetchedAt" from pools_cn
    where kind = ${kind} and day = ${day} group by 1 order by 2, 1 limit 1`;
  if (first === undefined) return null;
  const rows = await sql<PoolRowCn[]>`
    select instrument, name, price, amount, first_sealed_at as "firstSealedAt",
      last_sealed_at as "lastSealedAt", open_count as "openCount", boards_in_row as "boardsInRow",
      sealed_amount as "sealedAmount", sector
    from pools_cn where source = ${first.source} and kind = ${kind} and day = ${day}
    order by instrument`;
  return { ...first, kind, day, statedDay: null, rows: [...rows] };
}

/** Adds a list of shares as of a day. */
export function saveSecurities(
  sql: Sql,
  securities: readonly SecurityCn[],
  source: string,
  asOf: TradingDay,
  at: number,
): Promise<SavedRows> {
  return addRows(sql, {
    table: 'securities_cn',
    keys: ['source', 'as_of', 'instrument'],
    columns: ['source', 'as_of', 'instrument', 'name', 'listed_on', 'delisted_on', 'fetched_at'],
    rows: securities.map((one) => [
      source,
      asOf,
      one.instrument,
      one.name,
      one.listedOn,
      one.delistedOn,
      iso(at),
    ]),
  });
}

export async function readSecurities(
  sql: Sql,
  day: TradingDay,
): ReturnType<MarketStoreCn['securities']> {
  const [list] = await sql<{ source: string; asOf: TradingDay; fetchedAt: number }[]>`
    select source, as_of as "asOf", max(fetched_at) as "fetchedAt" from securities_cn
    where as_of <= ${day}::date group by 1, 2 order by 2 desc, count(*) desc, 1 limit 1`;
  if (list === undefined) return null;
  const rows = await sql<SecurityCn[]>`
    select instrument, name, listed_on as "listedOn", delisted_on as "delistedOn"
    from securities_cn where source = ${list.source} and as_of = ${list.asOf}
    order by instrument`;
  return { ...list, securities: [...rows] };
}

/** Adds ex-dates. */
export function saveCorporateActions(
  sql: Sql,
  actions: readonly CorporateActionCn[],
  source: string,
  at: number,
): Promise<SavedRows> {
  return addRows(sql, {
    table: 'corporate_actions_cn',
    keys: ['source', 'ex_date', 'instrument'],
    columns: [
      'source',
      'ex_date',
      'instrument',
      'record_date',
      'cash_per_share',
      'new_shares_per_share',
      'fetched_at',
    ],
    rows: actions.map((one) => [
      source,
      one.exDate,
      one.instrument,
      one.recordDate,
      one.cashPerShare,
      one.newSharesPerShare,
      iso(at),
    ]),
  });
}

export async function readCorporateActions(sql: Sql, from: TradingDay, through: TradingDay) {
  return [
    ...(await sql<CorporateActionCn[]>`
      select distinct on (ex_date, instrument) instrument, ex_date as "exDate",
        record_date as "recordDate", cash_per_share as "cashPerShare",
        new_shares_per_share as "newSharesPerShare"
      from corporate_actions_cn where ex_date >= ${from}::date and ex_date <= ${through}::date
      order by ex_date, instrument, fetched_at, source`),
  ];
}

/** Adds figures of a dataset. */
export function saveFigures(
  sql: Sql,
  dataset: string,
  source: string,
  figures: readonly FigureCn[],
  at: number,
): Promise<SavedRows> {
  return addRows(sql, {
    table: 'figures_cn',
    keys: ['dataset', 'source', 'day', 'instrument', 'field'],
    columns: ['dataset', 'source', 'day', 'instrument', 'field', 'value', 'fetched_at'],
    rows: figures.map((one) => [
      dataset,
      source,
      one.day,
      one.instrument ?? '',
      one.field,
      one.value,
      iso(at),
    ]),
  });
}

export async function readFigures(
  sql: Sql,
  ask: Parameters<MarketStoreCn['figures']>[0],
): Promise<Stored<FigureCn>[]> {
  const { dataset, from, through, field, instrument } = ask;
  const rows = await sql<(Omit<Stored<FigureCn>, 'instrument'> & { instrument: string })[]>`
    select instrument, day, field, value, source, fetched_at as "fetchedAt" from figures_cn
    where dataset = ${dataset} and day >= ${from}::date and day <= ${through}::date
      ${field === undefined ? sql`` : sql`and field = ${field}`}
      ${instrument === undefined ? sql`` : sql`and instrument = ${instrument ?? ''}`}
    order by day, instrument, field, source`;
  return rows.map((row) => ({
    ...row,
    instrument: row.instrument === '' ? null : (row.instrument as InstrumentId),
  }));
}

/** Files what cannot be true. */
export async function addToQuarantine(
  sql: Sql,
  kind: string,
  anomalies: readonly Anomaly[],
  runId: string,
  at: number,
): Promise<void> {
  if (anomalies.length === 0) return;
  const rows = anomalies.map((one) => ({ ...one, found: cleanText(one.found).slice(0, 300) }));
  await sql`
    insert into quarantine
      (run_id, quarantined_at, source, kind, code, instrument, day, found, expected)
    select ${runId}, ${at}, r.source, ${kind}, r.code, r.instrument, r.day::date, r.found, r.expected
    from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as r(source text, code text, instrument text, day text, found text, expected text)`;
}

export async function readQuarantine(sql: Sql, sinceAt: number, limit: number) {
  return [
    ...(await sql<(Anomaly & { kind: string; quarantinedAt: number })[]>`
      select code, source, instrument, day, found, expected, kind,
        quarantined_at as "quarantinedAt"
      from quarantine where quarantined_at >= ${sinceAt} order by id desc limit ${limit}`),
  ];
}
