import process from 'node:process';
import { streamOf } from '#app/event-form.ts';
import { handIn } from '#app/job-work.ts';
import {
  type PulseJob,
  type PulseJobDone,
  runCheckpoint,
  runClose,
  runMorning,
  runWatch,
} from '#app/pulse-jobs.ts';
import { checkpointNear, watchUntil } from '#app/pulse-plans.ts';
import { createRemoteDesk } from '#app/remote-desk.ts';
import { reason } from '#core/gates/reason.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import type { Config, DeskConfigOf } from '#shell/config/config.ts';
import { policyOf } from '#shell/config/policy-of.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import type { Store } from '#shell/store/store.ts';
import { dataCnOver } from './compose-data-cn.ts';
import type { JobReport, JobRequest } from './compose-jobs.ts';
import { openLiveCn } from './compose-live-cn.ts';
import { LIVE_RUN } from './compose-live-deps.ts';
import { checkpointsOf } from './compose-plans-cn.ts';

/** Jobs of the A-share desk that look at its market. */
export type PulseJobName = 'cn-morning' | 'cn-decision-window' | 'cn-watch' | 'cn-close';

type PulseDesk = DeskConfigOf<'sector-pulse'>;

export type PulseWork = {
  readonly request: JobRequest;
  readonly config: Config;
  readonly handle: StoreHandle;
  readonly store: Store;
  readonly calendars: Calendars;
};

/** A clock of a job that is run for a past moment by hand: it stands at that moment and never waits. */
function standingClock(at: number): PulseJob['clock'] {
  let now = at;
  return {
    now: () => now,
    at(instant, run) {
      now = Math.max(now, instant);
      const timer = setTimeout(run, 0);
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** A run for now follows the clock; one asked for an earlier or later moment stands at it. */
const NOW_WITHIN_MS = 10 * 60_000;

function clockOf({ at }: JobRequest): PulseJob['clock'] {
  return Math.abs(Date.now() - at) < NOW_WITHIN_MS ? createSystemClock() : standingClock(at);
}

async function act(
  name: PulseJobName,
  job: PulseJob,
  desk: PulseDesk,
  at: number,
): Promise<PulseJobDone> {
  const { calendar, session } = job;
  switch (name) {
    case 'cn-morning':
      return await runMorning(job);
    case 'cn-watch':
      return await runWatch(job, Math.min(watchUntil(calendar, at), session.closeAt));
    case 'cn-close':
      return await runClose(job);
    case 'cn-decision-window': {
      const times = checkpointsOf(desk);
      const { missedAfterMs } = job.params.clock;
      const checkpoint = checkpointNear(times, calendar, at, missedAfterMs);
      if (checkpoint === null)
        return {
          line: `no checkpoint within two minutes; there are ${times.join(', ')}`,
          figures: {},
        };
      return await runCheckpoint(job, checkpoint);
    }
  }
}

/** The evening's sync of the newest day whose figures are final; in the morning the day before. */
export async function syncMarketCn(work: PulseWork): Promise<JobReport> {
  const { config, handle, request } = work;
  const data = await dataCnOver(config, handle, () => request.at);
  const day = data.finalDay();
  if (day === null || data.kindOf(data.today()) !== 'session')
    return { kind: 'not_trade_day', line: `${data.today()}: nothing to sync`, figures: {} };
  if (request.isDry) return { kind: 'done', line: `${day}: to be synced`, figures: { day } };
  const report = await data.sync(day, ({ what, state, source, rows }) => {
    process.stderr.write(`job cn-data-sync: ${day} ${what}: ${state} ${source} ${rows} rows\n`);
  });
  await data.settled();
  const missing = report.steps.filter(({ state }) => state === 'none' || state === 'refused');
  const names = missing.map(({ what }) => what).join(', ');
  const line = `${day}: ${report.hasDay ? 'bars stored' : 'no bars'}${names === '' ? '' : `; missing ${names}`}`;
  return {
    kind: report.hasDay ? 'done' : 'data_not_ready',
    line,
    figures: { day, missing: names, rawExpired: report.rawExpired },
  };
}

/** Does one job for one A-share desk. Throws ConfigError, StoreError. */
export async function doPulseJob(
  name: PulseJobName,
  work: PulseWork,
  desk: PulseDesk,
): Promise<JobReport> {
  const { request, config, handle, store, calendars } = work;
  const clock = clockOf(request);
  const { root, dataDir } = config;
  const cn = await openLiveCn({ root, dataDir, handle, calendar: calendars.CN }, () => clock.now());
  const { calendar } = cn;
  const tradingDay = wallTimeOf(request.at, calendar.zone).day;
  const policy = policyOf(desk);
  const remote = createRemoteDesk({
    events: store.events,
    snapshots: store.snapshots,
    stream: streamOf(LIVE_RUN, desk.id),
    policy,
    handIn: async (key, input) => {
      if (request.isDry) return;
      const jobDesk = { runId: LIVE_RUN, deskId: desk.id, inbox: store.inbox };
      await handIn(jobDesk, key, input, clock.now());
    },
  });
  const answer = sessionOn(calendar, tradingDay);
  if (answer.kind !== 'session') {
    const why = reason('not_trading_day', { why: answer.reason, calendar: calendar.source });
    if (name === 'cn-morning')
      await remote.submit({ kind: 'day_unplanned', at: clock.now(), tradingDay, reason: why });
    return { kind: 'not_trade_day', line: `${tradingDay}: no session`, figures: { tradingDay } };
  }
  const logged = new Map<string, string>();
  const job: PulseJob = {
    desk: remote,
    market: cn.market,
    session: answer.session,
    calendar,
    params: sectorPulseParamsOf(desk),
    clock,
    budgetMs: cn.budgetMs,
    signal: request.signal,
    onNote: (place, notes) => {
      const said = notes.map(({ code, source, figures }) =>
        `${code} ${source} ${Object.values(figures).join(' ')}`.trim(),
      );
      const line = said.slice(0, 8).join('; ');
      // what stays as it is from one minute to the next is logged once
      if (logged.get(place) === line) return;
      logged.set(place, line);
      process.stderr.write(`job ${name}: ${place}: ${line}\n`);
    },
  };
  const done = await act(name, job, desk, request.at);
  await cn.settled();
  return { kind: 'done', line: `${tradingDay}: ${done.line}`, figures: done.figures };
}
