import type { MarketStoreCn, SourceHealthCn, StoredKindCn } from '#app/ports.ts';
import { BULK_TIMEOUT_MS } from './copy-rows.ts';
import { loadDaily, refuseDaily, saveDaily } from './daily-store-cn.ts';
import { cleanText, encodeJson } from './event-codec.ts';
import { loadIntraday } from './intraday-cn.ts';
import {
  addToQuarantine,
  readCorporateActions,
  readFigures,
  readMargin,
  readPool,
  readQuarantine,
  readSectors,
  readSecurities,
  saveCorporateActions,
  saveFigures,
  saveMargin,
  savePool,
  saveSectors,
  saveSecurities,
} from './rows-cn.ts';
import type { Caller, Sql } from './sql-client.ts';

/** One try of a source, for the record. */
export type FeedAttemptRow = {
  readonly runId: string;
  readonly at: number;
  readonly source: string;
  readonly kind: string;
  readonly outcome: string;
  readonly ms: number;
  readonly quarantined: number;
};

/** A file that was imported. */
export type ImportRow = {
  readonly kind: string;
  readonly file: string;
  /** sha256 of its bytes. */
  readonly fileHash: string;
  readonly at: number;
  readonly report: unknown;
};

/** The store of Chinese market data with what only the feeds themselves write. */
export type MarketDatabaseCn = MarketStoreCn & {
  saveAttempt(row: FeedAttemptRow): Promise<void>;
  /** Notes that a file was imported and what became of its rows. */
  saveImport(done: ImportRow): Promise<void>;
  /** Raw answers kept of a source since an instant: the requests it was sent. */
  requestsSince(source: string, sinceAt: number): Promise<number>;
};

async function readStored(sql: Sql): Promise<StoredKindCn[]> {
  const rows = await sql<StoredKindCn[]>`
    select 'daily ' || s.kind || ' ' || s.basis as what, s.source, sum(b.rows)::int as rows,
      min(b.first_day) as "firstDay", max(b.last_day) as "lastDay", max(b.saved_at) as "savedAt"
    from series_cn s join daily_batches_cn b on b.series_id = s.id group by s.id, s.kind, s.basis, s.source
    union all
    select 'margin', source, count(*)::int, min(day), max(day), max(fetched_at)
    from margin_cn group by source
    union all
    select 'sectors', source, count(*)::int, min(as_of), max(as_of), max(fetched_at)
    from sectors_cn group by source
    union all
    select 'pool ' || kind, source, count(*)::int, min(day), max(day), max(fetched_at)
    from pools_cn group by kind, source
    union all
    select 'securities', source, count(*)::int, min(as_of), max(as_of), max(fetched_at)
    from securities_cn group by source
    union all
    select 'corporate actions', source, count(*)::int, min(ex_date), max(ex_date), max(fetched_at)
    from corporate_actions_cn group by source
    union all
    select 'figures ' || dataset, source, count(*)::int, min(day), max(day), max(fetched_at)
    from figures_cn group by dataset, source
    order by 1, 2`;
  return [...rows];
}

async function readHealth(sql: Sql, sinceAt: number): Promise<SourceHealthCn[]> {
  const rows = await sql<SourceHealthCn[]>`
    select a.source, a.kind,
      max(a.attempted_at) filter (where a.outcome = 'answered') as "answeredAt",
      max(a.attempted_at) filter (where a.outcome <> 'answered') as "failedAt",
      (array_agg(a.outcome order by a.id desc) filter (where a.outcome <> 'answered'))[1] as failure,
      count(*)::int as tries, (count(*) filter (where a.outcome = 'answered'))::int as answers
    from feed_attempts a where a.attempted_at >= ${sinceAt}
    group by a.source, a.kind order by a.source, a.kind`;
  return [...rows];
}

/** Chinese market data in PostgreSQL. */
export function createMarketStoreCn(db: Caller): MarketDatabaseCn {
  const bulk = <T>(place: string, work: (sql: Sql) => Promise<T>): Promise<T> =>
    db.run(place, work, BULK_TIMEOUT_MS);
  return {
    saveDaily: (table, series, at) =>
      bulk('save daily bars', (sql) => saveDaily(sql, table, series, at)),
    refuseDaily: (series, anomalies, at) =>
      bulk('refuse days', (sql) => refuseDaily(sql, series, anomalies, at)),
    loadDaily: (ask) => bulk('load daily bars', (sql) => loadDaily(sql, ask)),
    loadIntraday: (ask) => bulk('load intraday bars', (sql) => loadIntraday(sql, ask)),
    saveMargin: (rows, source, at) =>
      bulk('save margin', (sql) => saveMargin(sql, rows, source, at)),
    margin: (from, through) => db.run('read margin', (sql) => readMargin(sql, from, through)),
    saveSectors: (sectors, source, asOf, at) =>
      bulk('save sectors', (sql) => saveSectors(sql, sectors, source, asOf, at)),
    sectors: (day, source) => db.run('read sectors', (sql) => readSectors(sql, day, source)),
    savePool: (pool, source, at) => bulk('save pool', (sql) => savePool(sql, pool, source, at)),
    pool: (kind, day) => db.run('read pool', (sql) => readPool(sql, kind, day)),
    saveSecurities: (securities, source, asOf, at) =>
      bulk('save securities', (sql) => saveSecurities(sql, securities, source, asOf, at)),
    securities: (day) => db.run('read securities', (sql) => readSecurities(sql, day)),
    saveCorporateActions: (actions, source, at) =>
      bulk('save corporate actions', (sql) => saveCorporateActions(sql, actions, source, at)),
    corporateActions: (from, through) =>
      db.run('read corporate actions', (sql) => readCorporateActions(sql, from, through)),
    saveFigures: (dataset, source, figures, at) =>
      bulk('save figures', (sql) => saveFigures(sql, dataset, source, figures, at)),
    figures: (ask) => bulk('read figures', (sql) => readFigures(sql, ask)),
    quarantine: (kind, anomalies, runId, at) =>
      bulk('quarantine', (sql) => addToQuarantine(sql, kind, anomalies, runId, at)),
    quarantined: (sinceAt, limit) =>
      db.run('read quarantine', (sql) => readQuarantine(sql, sinceAt, limit)),
    stored: () => bulk('market data status', readStored),
    sourceHealth: (sinceAt) => db.run('source health', (sql) => readHealth(sql, sinceAt)),
    saveAttempt: (row) =>
      db.run('save attempt', async (sql) => {
        await sql`
          insert into feed_attempts (run_id, attempted_at, source, kind, outcome, ms, quarantined)
          values (${row.runId}, ${row.at}, ${row.source}, ${row.kind}, ${row.outcome},
            ${Math.round(row.ms)}, ${row.quarantined})`;
      }),
    saveImport: ({ kind, file, fileHash, at, report }) =>
      db.run('save import', async (sql) => {
        await sql`
          insert into imports (kind, file, file_hash, imported_at, report)
          values (${kind}, ${cleanText(file)}, ${fileHash}, ${at}, ${encodeJson(report)}::text::json)`;
      }),
    requestsSince: (source, sinceAt) =>
      db.run('count requests', async (sql) => {
        const [row] = await sql<{ count: number }[]>`
          select count(*)::int as count from snapshot_raw
          where source like ${`${source}:%`} and ingested_at >= ${sinceAt}`;
        return row?.count ?? 0;
      }),
  };
}
