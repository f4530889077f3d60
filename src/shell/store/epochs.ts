import type { Epochs, Leader } from '#app/ports.ts';
import type { Caller, Sql } from './sql-client.ts';

/**
 * The next epoch is later than every one before and also than the clock, so that a store that was
 * restored from a backup never gives out an epoch a second time.
 */
function nextEpoch(sql: Sql) {
  return sql`greatest(coalesce((select epoch from leadership), 0) + 1,
    (extract(epoch from clock_timestamp()) * 1000)::bigint)`;
}

async function raise(sql: Sql, holder: string): Promise<number> {
  const [row] = await sql<{ epoch: number }[]>`
    insert into leadership (id, epoch, holder, taken_at, seen_at)
    values (1, ${nextEpoch(sql)}, ${holder}, clock_timestamp(), clock_timestamp())
    on conflict (id) do update set epoch = greatest(excluded.epoch, leadership.epoch + 1),
      holder = excluded.holder, taken_at = excluded.taken_at, seen_at = excluded.seen_at
    returning epoch`;
  return (row as { epoch: number }).epoch;
}

/** Epochs in PostgreSQL: one row, whose lock orders what is written against a raise. */
export function createEpochs(db: Caller): Epochs {
  return {
    raise: (holder) => db.run('raise epoch', (sql) => raise(sql, holder)),
    raiseOver: (epoch, silentMs, holder) =>
      db.run('raise epoch', async (sql) => {
        const [row] = await sql<{ epoch: number }[]>`
          update leadership set epoch = ${nextEpoch(sql)}, holder = ${holder},
            taken_at = clock_timestamp(), seen_at = clock_timestamp()
          where epoch = ${epoch}
            and seen_at <= clock_timestamp() - ${silentMs}::float8 * interval '1 millisecond'
          returning epoch`;
        return row?.epoch ?? null;
      }),
    renew: (epoch) =>
      db.run('renew epoch', async (sql) => {
        const { count } = await sql`
          update leadership set seen_at = clock_timestamp() where epoch = ${epoch}`;
        return count === 1;
      }),
    resign: (epoch) =>
      db.run('resign', async (sql) => {
        await sql`update leadership set seen_at = to_timestamp(0) where epoch = ${epoch}`;
      }),
    current: () =>
      db.run('read epoch', async (sql) => {
        const [row] = await sql<Leader[]>`
          select epoch, holder, seen_at as "seenAt", (extract(epoch from clock_timestamp() - seen_at) * 1000)::float8 as "silentMs"
          from leadership`;
        return row ?? null;
      }),
  };
}
