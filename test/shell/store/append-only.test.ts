import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { StoreHandle } from '#shell/store/client.ts';
import { openSql, type Sql } from '#shell/store/sql-client.ts';
import { backends, type OpenStore } from '#test/support/store-backends.ts';
import { AT, batch, event } from '#test/support/store-rows.ts';

const COLUMNS = {
  events: 'stream',
  inputs: 'stream',
  snapshot_raw: 'payload',
  audit: 'raw_text',
  imports: 'kind',
};
const TABLES = Object.keys(COLUMNS);
const FORBIDDEN = { code: '42501' };
const DAY_MS = 86_400_000;

async function fill({ store, handle }: OpenStore): Promise<void> {
  await store.events.append(batch('s', 0, [event(1)]));
  await store.inputs.append([
    { runId: 'r', stream: 's', ordinal: 1, type: 't', hash: 'h', receivedAt: AT, data: 1 },
  ]);
  await store.raw.save({ source: 's', url: 'u', ingestedAt: AT, runId: 'r', payload: 'p' });
  const sql = (handle as StoreHandle).sql;
  await sql`insert into audit (occurred_at, channel, actor, raw_text, result, latency_ms)
    values (${AT}, 'c', 'a', 't', 'r', 1)`;
  await sql`insert into imports (kind, file, file_hash, imported_at, report)
    values ('bars', 'f', 'h', ${AT}, '{}')`;
}

async function counts(sql: Sql): Promise<number[]> {
  const found = await Promise.all(
    TABLES.map((table) => sql<{ n: number }[]>`select count(*)::int as n from ${sql(table)}`),
  );
  return found.map(([row]) => row?.n ?? 0);
}

for (const { name, open } of backends().filter((backend) => backend.name !== 'memory')) {
  describe(`append-only tables in ${name}`, {
    skip: typeof open === 'string' ? open : false,
  }, () => {
    let opened: OpenStore;
    let app: Sql;
    let owner: Sql;

    before(async () => {
      opened = await (open as () => Promise<OpenStore>)();
      const handle = opened.handle as StoreHandle;
      app = handle.sql;
      owner = openSql(handle.ownerAccess, { purpose: 'test', max: 1, isOwner: true });
      assert.equal(handle.protection, 'roles');
      await fill(opened);
    });
    after(async () => {
      await owner.end();
      await opened.close();
    });

    test('SP-11 neither the app role nor the owner can update, delete or truncate', async () => {
      for (const sql of [app, owner]) {
        for (const [table, column] of Object.entries(COLUMNS)) {
          const attacks = [
            `update ${table} set ${column} = ${column}`,
            `delete from ${table}`,
            `truncate ${table}`,
            `truncate ${table} cascade`,
          ];
          for (const attack of attacks) await assert.rejects(sql.unsafe(attack), FORBIDDEN, attack);
        }
      }
      assert.deepEqual(await counts(owner), [1, 1, 1, 1, 1]);
    });

    test('the app role cannot take the protection away', async () => {
      const attacks = [
        'alter table events disable trigger all',
        'drop trigger events_no_change on events',
        'drop table events',
        'alter table events add column extra int',
        'create or replace function refuse_change() returns trigger language plpgsql as $$ begin return null; end $$',
        'drop function refuse_change cascade',
        'create rule r as on insert to events do instead nothing',
        "insert into events overriding system value select * from events where stream = 'none' on conflict (seq) do update set data = '{}'",
        'merge into events e using inputs i on e.stream = i.stream when matched then delete',
        "set session_replication_role = 'replica'",
      ];
      // without the right to grant this is a warning and gives nothing
      await app`grant all on events to centaur_app`;
      await assert.rejects(app`delete from events`, FORBIDDEN);
      for (const attack of attacks) {
        await assert.rejects(
          app.unsafe(attack),
          (error) => ['42501', '42P16'].includes((error as { code: string }).code),
          attack,
        );
      }
      assert.deepEqual(await counts(owner), [1, 1, 1, 1, 1]);
    });

    test('an inbox row can be marked done but not rewritten or removed', async () => {
      const [row] = await opened.store.inbox.receive([
        { runId: 'r', channel: 'c', updateId: '1', body: {}, receivedAt: AT },
      ]);
      await assert.rejects(app`update inbox set body = '1'`, FORBIDDEN);
      await assert.rejects(app`delete from inbox`, FORBIDDEN);
      await opened.store.inbox.markDone(row?.id ?? 0, 'ok');
      assert.deepEqual(await opened.store.inbox.pending('r', 1), []);
    });

    test('DH-01 raw answers are taken out by age alone: old ones, counted, and never younger ones', async () => {
      const { raw } = opened.store;
      const [{ now } = { now: 0 }] = await app<{ now: number }[]>`
        select extract(epoch from now())::float8 * 1000 as now`;
      const answer = { url: 'u', runId: 'r', payload: '四四' };
      for (const [source, daysAgo] of [
        ['old', 40],
        ['old', 31],
        ['other', 31],
        ['young', 8],
      ] as const)
        await raw.save({ ...answer, source, ingestedAt: now - daysAgo * DAY_MS });
      const [{ count: before } = { count: 0 }] = await app<{ count: number }[]>`
        select count(*)::int as count from snapshot_raw where ingested_at < ${now - 30 * DAY_MS}`;
      assert.equal(await raw.expire(now - 30 * DAY_MS), before);
      assert.equal(await raw.expire(now - 30 * DAY_MS), 0);
      assert.equal(await raw.latest('old'), null);
      assert.equal((await raw.latest('young'))?.payload, '四四');
      const filed = await app<{ source: string; answers: number; bytes: number }[]>`
        select source, answers, bytes::int as bytes from raw_expiries
        where source in ('old', 'other') order by source`;
      assert.deepEqual(filed.map(Object.values), [
        ['old', 2, 12],
        ['other', 1, 6],
      ]);
      for (const sql of [app, owner]) {
        const young = new Date(now - 6 * DAY_MS).toISOString();
        await assert.rejects(sql`select expire_raw(${young}::timestamptz, 10)`, FORBIDDEN);
        await assert.rejects(sql`delete from raw_expiries`, FORBIDDEN);
        await assert.rejects(
          sql.begin(async (tx) => {
            await tx`select set_config('centaur.expiring', 'on', true)`;
            await tx`delete from snapshot_raw where source = 'young' and ingested_at > ${now - 6 * DAY_MS}`;
            await tx`update snapshot_raw set payload = 'x' where source = 'young'`;
          }),
          FORBIDDEN,
        );
      }
      await assert.rejects(
        app`insert into raw_expiries (expired_at, before, source, answers, bytes)
        values (now(), now(), 's', 1, 1)`,
        FORBIDDEN,
      );
      assert.notEqual(await raw.latest('young'), null);
    });
  });
}
