import { createHash } from 'node:crypto';
import type { StateSnapshots } from '#app/ports.ts';
import { cleanText, encodeJson } from './event-codec.ts';
import type { Caller } from './sql-client.ts';

/** Older snapshots of a stream than this many are removed; the log can rebuild them. */
const KEPT = 3;
/** Raw answers taken out in one transaction. */
const EXPIRED_AT_ONCE = 2_000;

/** State snapshots in PostgreSQL. */
export function createStateSnapshots(db: Caller, epoch: number | null): StateSnapshots {
  return {
    save: (stream, version, state) =>
      db.run('save snapshot', async (sql) => {
        await sql`
          with kept as (
            insert into state_snapshots (stream, version, state, recorded_at)
            select ${stream}, ${version}::int, ${encodeJson(state)}::text::json, clock_timestamp()
            where leads(${epoch}::bigint)
            on conflict do nothing
          )
          delete from state_snapshots where stream = ${stream} and version < (
            select min(version) from (
              select version from state_snapshots where stream = ${stream}
              order by version desc limit ${KEPT - 1}) newest)`;
      }),
    latest: (stream) =>
      db.run('read snapshot', async (sql) => {
        const [row] = await sql<{ version: number; state: unknown }[]>`
          select version, state from state_snapshots where stream = ${stream}
          order by version desc limit 1`;
        return row ?? null;
      }),
    removeAstray: (stream) =>
      db.run('remove snapshots the log did not lead to', async (sql) => {
        const [row] = await sql<{ version: number | null; logEnd: number }[]>`
          with log as (
            select coalesce(max(version), 0)::int as "logEnd" from events where stream = ${stream}
          ), astray as (
            select min(s.version) as version from state_snapshots s, log
            where s.stream = ${stream} and (s.version > log."logEnd" or exists (
              select 1 from events e where e.stream = s.stream and e.version = s.version
                and e.recorded_at > s.recorded_at))
          ), removed as (
            delete from state_snapshots s using astray
            where s.stream = ${stream} and s.version >= astray.version
            returning s.version
          )
          select (select max(version) from removed) as version, "logEnd" from log`;
        return row === undefined || row.version === null
          ? null
          : { version: row.version, logEnd: row.logEnd };
      }),
  };
}

/** An answer of a source as it came; the caller has masked secrets in the address. */
export type RawSnapshot = {
  readonly source: string;
  readonly url: string;
  readonly ingestedAt: number;
  readonly runId: string;
  readonly payload: string;
};

export type RawSnapshots = {
  /** Answers the payload's sha256. */
  save(snapshot: RawSnapshot): Promise<string>;
  latest(source: string): Promise<(RawSnapshot & { readonly payloadHash: string }) | null>;
  /** Takes out answers that came before an instant, at least 7 days ago; answers how many. */
  expire(beforeAt: number): Promise<number>;
};

/** Raw snapshots in PostgreSQL: never changed, and taken out by age only. */
export function createRawSnapshots(db: Caller): RawSnapshots {
  return {
    save: (snapshot) =>
      db.run('save raw snapshot', async (sql) => {
        const payload = cleanText(snapshot.payload);
        const hash = createHash('sha256').update(payload).digest('hex');
        await sql`
          insert into snapshot_raw (source, url, ingested_at, run_id, payload_hash, payload)
          values (${snapshot.source}, ${snapshot.url}, ${snapshot.ingestedAt}, ${snapshot.runId},
            ${hash}, ${payload})`;
        return hash;
      }),
    latest: (source) =>
      db.run('read raw snapshot', async (sql) => {
        const [row] = await sql<(RawSnapshot & { payloadHash: string })[]>`
          select source, url, ingested_at as "ingestedAt", run_id as "runId",
            payload_hash as "payloadHash", payload
          from snapshot_raw where source = ${source} order by ingested_at desc, id desc limit 1`;
        return row ?? null;
      }),
    expire: async (beforeAt) => {
      let expired = 0;
      // some at a time: no transaction is long, and a stop loses nothing
      for (let taken = EXPIRED_AT_ONCE; taken === EXPIRED_AT_ONCE; expired += taken) {
        taken = await db.run('expire raw snapshots', async (sql) => {
          const [row] = await sql<{ taken: number }[]>`
            select expire_raw(${beforeAt}, ${EXPIRED_AT_ONCE}) as taken`;
          return row?.taken ?? 0;
        });
      }
      return expired;
    },
  };
}
