import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread } from 'node:worker_threads';
import { ConfigError } from '#app/errors.ts';
import { createSessionReader, handIn, type JobDesk } from '#app/job-work.ts';
import { type History, loadHistory, planSession, type SessionPlan } from '#app/open-session.ts';
import type { Input } from '#core/engine/input.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import { reason } from '#core/gates/reason.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import {
  CALENDAR_FILES,
  type Calendars,
  loadCalendars,
  loadEvents,
} from '#shell/calendars/load.ts';
import type { Config, DeskConfigOf } from '#shell/config/config.ts';
import { loadConfig } from '#shell/config/load.ts';
import {
  eventWindowsOf,
  policyOf,
  vwapDeskOf,
  vwapReclaimParamsOf,
} from '#shell/config/policy-of.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { LIVE_RUN, simulatedSource } from './compose-live.ts';
import { simulatedDay } from './compose-material.ts';

/** What a job is asked to do. */
export type JobRequest = {
  readonly at: number;
  readonly isDry: boolean;
  readonly dataDir: string | null;
  readonly profile: string | null;
  /** Aborted when the job is asked to stop. */
  readonly signal: AbortSignal;
};

/** What a job came to, one line for people and figures for --json. */
export type JobReport = {
  readonly kind: 'done' | 'not_trade_day' | 'data_not_ready';
  readonly line: string;
  readonly figures: Readonly<Record<string, unknown>>;
};

export type JobName = 'sync-calendar' | 'us-premarket' | 'us-intraday' | 'us-close';

type Work = {
  readonly request: JobRequest;
  readonly config: Config;
  readonly desk1: DeskConfigOf<'vwap-reclaim'>;
  readonly store: Store;
  readonly calendar: CalendarTable;
  readonly calendars: Calendars;
  readonly events: EventTable;
  readonly tradingDay: string;
  readonly jobDesk: JobDesk;
};

const ROOT = join(import.meta.dirname, '..');
/** How often the session job looks for new bars, in milliseconds. */
const LOOK_EVERY_MS = 250;
/** The calendar must reach this many days ahead. */
const CALENDAR_AHEAD_DAYS = 20;

async function historiesOf(work: Work): Promise<History[]> {
  const { store, calendar, config, desk1, tradingDay } = work;
  const answer = sessionOn(calendar, tradingDay);
  const { instruments } = policyOf(desk1);
  if (answer.kind !== 'session') return [];
  const { session } = answer;
  const source = simulatedSource(tradingDay);
  const { market } = simulatedDay({
    calendar,
    instruments,
    session,
    seed: config.profile.seed,
    clock: { now: () => session.openAt, at: () => ({ cancel: () => {} }) },
  });
  const histories: History[] = [];
  for (const instrument of instruments) {
    await store.bars.save(market.historyBars(instrument), source);
    await store.bars.save(market.historyDailyBars(instrument), source);
    histories.push(
      await loadHistory(store.bars, calendar, instrument, session.openAt, session.openAt, source),
    );
  }
  return histories;
}

async function planOf(
  work: Work,
): Promise<SessionPlan | Extract<Input, { kind: 'day_unplanned' }>> {
  return planSession({
    tradingDay: work.tradingDay,
    at: work.request.at,
    calendar: work.calendar,
    events: work.events,
    windows: eventWindowsOf(work.desk1),
    histories: await historiesOf(work),
  });
}

/**
 * Files what is known of the trading days. A market that a desk trades must be known far enough
 * ahead; one that nobody trades is only told.
 */
async function syncCalendar(work: Work): Promise<JobReport> {
  const { calendars, config, store, request, tradingDay } = work;
  const needed = addCalendarDays(tradingDay, CALENDAR_AHEAD_DAYS);
  for (const market of new Set(config.desks.map((desk) => desk.market))) {
    const { source, validThrough } = calendars[market];
    if (validThrough >= needed) continue;
    throw new ConfigError(
      `calendar ${source}: found it ending ${validThrough}, expected it to reach ${needed}`,
      { code: 'calendar_ending', retryable: false },
    );
  }
  const told: string[] = [];
  const figures: Record<string, string> = {};
  for (const calendar of Object.values(calendars)) {
    const { market, validFrom, validThrough } = calendar;
    const url = CALENDAR_FILES[market];
    const name = basename(url, '.yaml');
    told.push(`calendar ${name.toUpperCase()} valid ${validFrom} … ${validThrough}`);
    figures[name] = validThrough;
    if (request.isDry) continue;
    await store.raw.save({
      source: `calendar:${name}`,
      url,
      ingestedAt: request.at,
      runId: LIVE_RUN,
      payload: canonicalJson(calendar),
    });
  }
  return {
    kind: 'done',
    line: told.join('; '),
    figures: { validThrough: work.calendar.validThrough, calendars: figures },
  };
}

async function premarket(work: Work): Promise<JobReport> {
  const plan = await planOf(work);
  const { request, jobDesk, tradingDay } = work;
  const input = 'reason' in plan ? plan : plan.input;
  if (!request.isDry) await handIn(jobDesk, `us-premarket:${tradingDay}`, input, request.at);
  if ('reason' in plan)
    return {
      kind: 'not_trade_day',
      line: `${tradingDay}: no session (${canonicalJson(plan.reason.figures)})`,
      figures: { tradingDay },
    };
  return {
    kind: 'done',
    line: `${tradingDay}: session planned`,
    figures: { facts: plan.input.facts, blackouts: plan.input.blackouts },
  };
}

async function intraday(work: Work): Promise<JobReport> {
  const plan = await planOf(work);
  const { request, jobDesk, tradingDay, store, desk1 } = work;
  if ('reason' in plan)
    return { kind: 'not_trade_day', line: `${tradingDay}: no session`, figures: { tradingDay } };
  const inbox = request.isDry
    ? { ...jobDesk, inbox: { ...jobDesk.inbox, receive: async () => [] } }
    : jobDesk;
  const reader = createSessionReader(
    plan,
    vwapReclaimParamsOf(desk1),
    store.bars,
    simulatedSource(tradingDay),
    inbox,
  );
  let bars = 0;
  const endAt = plan.session.closeAt + 5_000;
  do {
    bars += await reader.read(Date.now());
    if (Date.now() >= endAt || request.signal.aborted) break;
    await sleep(LOOK_EVERY_MS, undefined, { signal: request.signal }).catch(() => undefined);
  } while (!request.signal.aborted);
  return { kind: 'done', line: `${tradingDay}: ${bars} bars evaluated`, figures: { bars } };
}

async function close(work: Work): Promise<JobReport> {
  const plan = await planOf(work);
  const { request, jobDesk, tradingDay, store, desk1 } = work;
  if ('reason' in plan)
    return { kind: 'not_trade_day', line: `${tradingDay}: no session`, figures: { tradingDay } };
  const silent: JobDesk = { ...jobDesk, inbox: { ...jobDesk.inbox, receive: async () => [] } };
  const reader = createSessionReader(
    plan,
    vwapReclaimParamsOf(desk1),
    store.bars,
    simulatedSource(tradingDay),
    silent,
  );
  const bars = await reader.read(request.at);
  const labels = reader.kernel.labels();
  if (!request.isDry)
    await handIn(
      jobDesk,
      `us-close:${tradingDay}`,
      { kind: 'session_closed', at: request.at, labels },
      request.at,
    );
  if (bars === 0)
    return {
      kind: 'data_not_ready',
      line: `${tradingDay}: no bars stored`,
      figures: { reason: reason('data_not_ready') },
    };
  return {
    kind: 'done',
    line: `${tradingDay}: ${labels.map(({ instrument, label }) => `${instrument} ${label.label}`).join(', ')}`,
    figures: { labels },
  };
}

const WORK: Readonly<Record<JobName, (work: Work) => Promise<JobReport>>> = {
  'sync-calendar': syncCalendar,
  'us-premarket': premarket,
  'us-intraday': intraday,
  'us-close': close,
};

/** Names of the jobs. */
export const JOB_NAMES = Object.keys(WORK) as readonly JobName[];

/** Does one job for one moment with a store session of its own. Throws ConfigError, StoreError. */
export async function doJob(name: JobName, request: JobRequest): Promise<JobReport> {
  const config = loadConfig({
    root: ROOT,
    overrides: { profile: request.profile ?? undefined, dataDir: request.dataDir ?? undefined },
  });
  const [found] = config.desks;
  if (found === undefined)
    throw new ConfigError('job: found no desk in the profile, expected one', {
      code: 'one_desk',
      retryable: false,
    });
  const desk1 = vwapDeskOf(found);
  const handle = await connectStore({
    dataFolder: config.dataDir,
    databaseUrl: config.databaseUrl,
    purpose: `job:${name}`,
    maxConnections: 1,
    shouldRevive: false,
    shouldMigrate: isMainThread,
  });
  try {
    const store = createStore(handle);
    const [calendars, events] = await Promise.all([
      loadCalendars(ROOT),
      loadEvents(join(ROOT, 'config', 'calendars', 'us-events.yaml')),
    ]);
    const calendar = calendars[desk1.market];
    const tradingDay = wallTimeOf(request.at, calendar.zone).day;
    const jobDesk: JobDesk = { runId: LIVE_RUN, deskId: desk1.id, inbox: store.inbox };
    return await WORK[name]({
      request,
      config,
      desk1,
      store,
      calendar,
      calendars,
      events,
      tradingDay,
      jobDesk,
    });
  } finally {
    // a thread shares its process with the desk, whose server this is
    await (isMainThread ? handle.closeAndStop() : handle.close());
  }
}
