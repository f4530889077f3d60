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
import { type Session, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { UsMarket } from '#core/simulation/us-market.ts';
import {
  CALENDAR_FILES,
  type Calendars,
  loadAgenda,
  loadCalendars,
} from '#shell/calendars/load.ts';
import type { Config, DeskConfigOf } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { edgeSettingsOf } from '#shell/config/edge-settings.ts';
import { loadConfig } from '#shell/config/load.ts';
import { eventWindowsOf, policyOf, vwapReclaimParamsOf } from '#shell/config/policy-of.ts';
import { type KnownEdge, readEdge } from '#shell/files/edge-file.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { doPulseJob, type PulseJobName, syncMarketCn } from './compose-jobs-cn.ts';
import { isPulseDesk } from './compose-live-cn.ts';
import { LIVE_RUN } from './compose-live-deps.ts';
import { barSourceOf, isSimulated, simulatedInstruments } from './compose-live-market.ts';
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

export type JobName = 'sync-calendar' | 'cn-data-sync' | VwapJobName | PulseJobName;

type VwapJobName = 'us-premarket' | 'us-intraday' | 'us-close';

type VwapDesk = DeskConfigOf<'vwap-reclaim'>;

type Work = {
  readonly request: JobRequest;
  readonly config: Config;
  readonly desk: VwapDesk;
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

/** The made-up past of a simulated day. */
function simulatedMarketOf({ calendar, config }: Work, session: Session): UsMarket {
  return simulatedDay({
    calendar,
    instruments: simulatedInstruments(config),
    session,
    seed: config.profile.seed,
    clock: { now: () => session.openAt, at: () => ({ cancel: () => {} }) },
  }).market;
}

async function historiesOf(work: Work): Promise<History[]> {
  const { store, calendar, desk, tradingDay } = work;
  const answer = sessionOn(calendar, tradingDay);
  const { instruments } = policyOf(desk);
  if (answer.kind !== 'session') return [];
  const { session } = answer;
  const source = barSourceOf(desk, tradingDay);
  const market = isSimulated(desk) ? simulatedMarketOf(work, session) : null;
  const histories: History[] = [];
  for (const instrument of instruments) {
    if (market !== null) {
      await store.bars.save(market.historyBars(instrument), source);
      await store.bars.save(market.historyDailyBars(instrument), source);
    }
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
    windows: eventWindowsOf(work.desk),
    histories: await historiesOf(work),
    hasOthers: work.config.person !== null,
  });
}

type CalendarWork = Pick<Work, 'request' | 'config' | 'store' | 'calendars'>;

/**
 * Files what is known of the trading days. A market that a desk trades must be known far enough
 * ahead; one that nobody trades is only told.
 */
async function syncCalendar(work: CalendarWork): Promise<JobReport> {
  const { calendars, config, store, request } = work;
  const tradingDay = wallTimeOf(request.at, calendars.US.zone).day;
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
    figures: { validThrough: calendars.US.validThrough, calendars: figures },
  };
}

const EDGE_WORDS: Readonly<Record<KnownEdge['kind'], string>> = {
  unmeasured: '',
  measured: ', with what was measured of its edge',
  other_settings: ', without the edge on file: it was measured with other settings',
};

async function premarket(work: Work): Promise<JobReport> {
  const plan = await planOf(work);
  const { request, jobDesk, tradingDay, config, desk } = work;
  const known = readEdge(dataFilesOf(config.dataDir).edge, desk.id, edgeSettingsOf(desk));
  const edge = known.kind === 'measured' ? { edge: known.edge } : {};
  const input = 'reason' in plan ? plan : { ...plan.input, ...edge };
  if (!request.isDry)
    await handIn(jobDesk, `us-premarket:${jobDesk.deskId}:${tradingDay}`, input, request.at);
  if ('reason' in plan)
    return {
      kind: 'not_trade_day',
      line: `${tradingDay}: no session (${canonicalJson(plan.reason.figures)})`,
      figures: { tradingDay },
    };
  return {
    kind: 'done',
    line: `${tradingDay}: session planned${EDGE_WORDS[known.kind]}`,
    figures: { facts: plan.input.facts, blackouts: plan.input.blackouts, ...edge },
  };
}

async function intraday(work: Work): Promise<JobReport> {
  const plan = await planOf(work);
  const { request, jobDesk, tradingDay, store, desk } = work;
  if ('reason' in plan)
    return { kind: 'not_trade_day', line: `${tradingDay}: no session`, figures: { tradingDay } };
  const inbox = request.isDry
    ? { ...jobDesk, inbox: { ...jobDesk.inbox, receive: async () => [] } }
    : jobDesk;
  const reader = createSessionReader(
    plan,
    vwapReclaimParamsOf(desk),
    store.bars,
    barSourceOf(desk, tradingDay),
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
  const { request, jobDesk, tradingDay, store, desk } = work;
  if ('reason' in plan)
    return { kind: 'not_trade_day', line: `${tradingDay}: no session`, figures: { tradingDay } };
  const silent: JobDesk = { ...jobDesk, inbox: { ...jobDesk.inbox, receive: async () => [] } };
  const reader = createSessionReader(
    plan,
    vwapReclaimParamsOf(desk),
    store.bars,
    barSourceOf(desk, tradingDay),
    silent,
  );
  const bars = await reader.read(request.at);
  const labels = reader.kernel.labels();
  if (!request.isDry)
    await handIn(
      jobDesk,
      `us-close:${jobDesk.deskId}:${tradingDay}`,
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

/** Jobs that are done for each desk of the market, the session's at the same time. */
const DESK_WORK: Readonly<Record<VwapJobName, (work: Work) => Promise<JobReport>>> = {
  'us-premarket': premarket,
  'us-intraday': intraday,
  'us-close': close,
};

const PULSE_JOBS: readonly PulseJobName[] = [
  'cn-morning',
  'cn-decision-window',
  'cn-watch',
  'cn-close',
];

function isVwapJob(name: JobName): name is VwapJobName {
  return name in DESK_WORK;
}

function isPulseJob(name: JobName): name is PulseJobName {
  return (PULSE_JOBS as readonly string[]).includes(name);
}

/** Names of the jobs. */
export const JOB_NAMES = [
  'sync-calendar',
  ...Object.keys(DESK_WORK),
  ...PULSE_JOBS,
  'cn-data-sync',
] as readonly JobName[];

/** One report of a job that was done for several desks: the best news of them is its kind. */
function together(reports: readonly { desk: string; report: JobReport }[]): JobReport {
  const [first] = reports;
  if (first !== undefined && reports.length === 1) return first.report;
  const kinds = reports.map(({ report }) => report.kind);
  const kind = (['done', 'data_not_ready', 'not_trade_day'] as const).find((one) =>
    kinds.includes(one),
  );
  return {
    kind: kind ?? 'not_trade_day',
    line: reports.map(({ desk, report }) => `${desk}: ${report.line}`).join('; '),
    figures: Object.fromEntries(reports.map(({ desk, report }) => [desk, report.figures])),
  };
}

function noDesk(name: JobName, strategy: string): ConfigError {
  return new ConfigError(`job ${name}: found no ${strategy} desk in the profile, expected one`, {
    code: 'no_desk',
    retryable: false,
  });
}

/** Does one job for one moment with a store session of its own. Throws ConfigError, StoreError. */
export async function doJob(name: JobName, request: JobRequest): Promise<JobReport> {
  const config = loadConfig({
    root: ROOT,
    overrides: { profile: request.profile ?? undefined, dataDir: request.dataDir ?? undefined },
  });
  const desks = config.desks.filter((desk): desk is VwapDesk => desk.strategy === 'vwap-reclaim');
  const pulseDesks = config.desks.filter(isPulseDesk);
  if (isVwapJob(name) && desks.length === 0) throw noDesk(name, 'vwap-reclaim');
  if (isPulseJob(name) && pulseDesks.length === 0) throw noDesk(name, 'sector-pulse');
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
    const [calendars, events] = await Promise.all([loadCalendars(ROOT), loadAgenda(ROOT)]);
    const workOf = (desk: VwapDesk): Work => {
      const calendar = calendars[desk.market];
      const tradingDay = wallTimeOf(request.at, calendar.zone).day;
      const jobDesk: JobDesk = { runId: LIVE_RUN, deskId: desk.id, inbox: store.inbox };
      return { request, config, desk, store, calendar, calendars, events, tradingDay, jobDesk };
    };
    if (name === 'sync-calendar') return await syncCalendar({ request, config, store, calendars });
    const pulseWork = { request, config, handle, store, calendars };
    if (name === 'cn-data-sync') return await syncMarketCn(pulseWork);
    if (!isVwapJob(name)) {
      const done = await Promise.all(
        pulseDesks.map(async (desk) => ({
          desk: desk.id,
          report: await doPulseJob(name, pulseWork, desk),
        })),
      );
      return together(done);
    }
    const work = DESK_WORK[name];
    const reports = await Promise.all(
      desks.map(async (desk) => ({ desk: desk.id, report: await work(workOf(desk)) })),
    );
    return together(reports);
  } finally {
    // a thread shares its process with the desk, whose server this is
    await (isMainThread ? handle.closeAndStop() : handle.close());
  }
}
