import type { JobRun, JobRuns } from '#app/ports.ts';
import { cleanText } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

function columns(sql: Sql) {
  return sql`job, scheduled_for as "scheduledFor", state, started_at as "startedAt",
    finished_at as "finishedAt", note`;
}

/** Job runs in PostgreSQL: the primary key lets one caller win over all processes. */
export function createJobRuns(db: Caller): JobRuns {
  return {
    claim: (job, scheduledFor, state, note, now) =>
      db.run('claim job', async (sql) => {
        const { count } = await sql`
          insert into job_run (job, scheduled_for, state, started_at, note)
          values (${job}, ${scheduledFor}, ${state}, ${now}, ${cleanText(note)})
          on conflict do nothing`;
        return count === 1;
      }),
    finish: (job, scheduledFor, state, note, now) =>
      db.run('finish job', async (sql) => {
        await sql`update job_run set state = ${state}, finished_at = ${now}, note = ${cleanText(note)}
          where job = ${job} and scheduled_for = ${scheduledFor} and state = 'claimed'`;
      }),
    unfinished: () =>
      db.run('read jobs', async (sql) => [
        ...(await sql<JobRun[]>`select ${columns(sql)} from job_run
          where state = 'claimed' order by scheduled_for, job`),
      ]),
    recent: (limit) =>
      db.run('read jobs', async (sql) => [
        ...(await sql<JobRun[]>`select ${columns(sql)} from job_run
          order by scheduled_for desc, job limit ${limit}`),
      ]),
  };
}
