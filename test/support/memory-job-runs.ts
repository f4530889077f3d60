import type { JobRun, JobRuns } from '#app/ports.ts';

/** The job table in memory; `failures` counts down the calls that throw first. */
export function createMemoryJobRuns(): JobRuns & {
  readonly rows: Map<string, JobRun>;
  failures: number;
} {
  const rows = new Map<string, JobRun>();
  const table = {
    rows,
    failures: 0,
    async claim(
      job: string,
      scheduledFor: number,
      state: 'claimed' | 'missed',
      note: string,
      now: number,
    ) {
      fail();
      const key = `${job}@${scheduledFor}`;
      if (rows.has(key)) return false;
      rows.set(key, { job, scheduledFor, state, startedAt: now, finishedAt: null, note });
      return true;
    },
    async finish(
      job: string,
      scheduledFor: number,
      state: 'done' | 'failed' | 'crashed',
      note: string,
      now: number,
    ) {
      fail();
      const key = `${job}@${scheduledFor}`;
      const row = rows.get(key);
      if (row?.state === 'claimed') rows.set(key, { ...row, state, note, finishedAt: now });
    },
    async unfinished() {
      fail();
      return [...rows.values()].filter((row) => row.state === 'claimed');
    },
    async recent(limit: number) {
      fail();
      return [...rows.values()].sort((a, b) => b.scheduledFor - a.scheduledFor).slice(0, limit);
    },
  };
  function fail(): void {
    if (table.failures > 0) {
      table.failures -= 1;
      throw new Error('store is down');
    }
  }
  return table;
}
