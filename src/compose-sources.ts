import { readFile, statfs } from 'node:fs/promises';
import { storedExDates } from '#app/answer-ex-dates.ts';
import type { AnswerSources } from '#app/answer-question.ts';
import { dayRecordSource } from '#app/day-records.ts';
import type { Desk } from '#app/desk.ts';
import { deskHealth } from '#app/desk-health.ts';
import { streamOf } from '#app/event-form.ts';
import type { Channel } from '#app/ports.ts';
import { storedCheckpoints } from '#app/read-checkpoints.ts';
import type { Message } from '#core/engine/message.ts';
import { endsSoon } from '#core/gates/calendar-end.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { AccountLine, HealthLine, JobLine } from '#core/replies/answer.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import { hasSide, variablesOf } from '#shell/config/accounts.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { nextDueAt } from '#shell/scheduler/timetable.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { soundingSince } from '#shell/store/outbox.ts';
import type { Store } from '#shell/store/store.ts';
import { timetableOf } from './compose-plans-cn.ts';
import { systemSources } from './compose-system.ts';

export type SourcesDeps = {
  readonly config: Config;
  readonly store: Store;
  readonly runId: string;
  readonly desks: () => readonly Desk[];
  readonly channels: readonly Channel[];
  readonly handle: StoreHandle;
  readonly calendar: CalendarTable;
  /** Trading days of every market, for the timetable. */
  readonly calendars: Calendars;
  /** Scheduled events of the United States. */
  readonly events: EventTable;
  /** Compares the one desk's book with its account now. */
  readonly reconcile: AnswerSources['reconcile'];
  /** What the days of a played run are made of; left out: the sources of the desks. */
  readonly played?: 'simulated' | 'recorded';
  /** Now on the run's clock. */
  readonly now?: () => number;
};

const LOG_LEVEL: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};
/** Most sounding pushes of a normal day. Source: the chat contract. */
const BUDGET = 12;
/** Bytes at the end of the log that /logs looks at. */
const LOG_TAIL = 200_000;

async function logLines(file: string, count: number, level: string | null): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const least = LOG_LEVEL[level ?? 'info'] ?? 30;
  const lines = text
    .slice(-LOG_TAIL)
    .split('\n')
    .slice(text.length > LOG_TAIL ? 1 : 0);
  const shown = lines.flatMap((line) => {
    try {
      const { level: found, at, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
      if ((LOG_LEVEL[String(found)] ?? 30) < least) return [];
      const what = rest['place'] ?? rest['input'] ?? rest['effect'] ?? '';
      return [
        `${String(at).slice(11, 19)} ${found} ${msg} ${String(what)} ${String(rest['error'] ?? '')}`.trim(),
      ];
    } catch {
      return [];
    }
  });
  return shown.slice(-Math.min(count, 100));
}

async function jobLines(deps: SourcesDeps, limit: number): Promise<JobLine[]> {
  const runs = await deps.store.jobs.recent(200);
  const now = Date.now();
  const byJob = Map.groupBy(timetableOf(deps.config, deps.calendars), ({ job }) => job);
  return [...byJob].slice(0, limit).map(([job, plans]) => {
    const last = runs.find((run) => run.job === job);
    return {
      job,
      state: last?.state ?? 'never_ran',
      lastAt: last?.scheduledFor ?? null,
      nextAt: deps.config.profile.isScheduled ? nextDueAt(plans, now) : null,
      note: last?.note ?? null,
    };
  });
}

async function healthLines(deps: SourcesDeps): Promise<HealthLine[]> {
  const startedAt = performance.now();
  const storeLine: HealthLine = await deps.handle
    .run('health', async (sql): Promise<HealthLine> => {
      await sql`select 1`;
      return {
        of: 'store',
        subject: '',
        isWell: true,
        figures: {
          kind: deps.handle.kind,
          ms: Math.round(performance.now() - startedAt),
          protection: deps.handle.protection,
        },
      };
    })
    .catch((error: unknown): HealthLine => {
      const words = error instanceof Error ? error.message : 'failed';
      return { of: 'store', subject: '', isWell: false, figures: { error: words } };
    });
  const disk = await statfs(deps.config.dataDir);
  const freeMb = Math.round((disk.bavail * disk.bsize) / 1_048_576);
  const memory = process.memoryUsage();
  return [
    storeLine,
    { of: 'disk', subject: '', isWell: freeMb > 500, figures: { freeMb } },
    {
      of: 'memory',
      subject: '',
      isWell: true,
      figures: { residentMb: Math.round(memory.rss / 1_048_576) },
    },
    ...(await Promise.all(deps.channels.map(channelHealth))),
    await pushHealth(deps),
    ...calendarHealth(deps),
    ...deps.desks().flatMap((desk) => deskHealth(desk.state(), desk.version())),
  ];
}

/** A channel that can say whether it lives says it; of the others `channel_degraded` tells. */
async function channelHealth(channel: Channel): Promise<HealthLine> {
  const what = { of: 'channel', subject: channel.name } as const;
  try {
    await channel.probe?.();
    return { ...what, isWell: true, figures: {} };
  } catch (error) {
    const words = error instanceof Error ? error.message : 'failed';
    return { ...what, isWell: false, figures: { error: words } };
  }
}

/** Pushes with a sound since midnight, in the chat that had most; an edit makes none, an answer is none. */
async function pushHealth(deps: SourcesDeps): Promise<HealthLine> {
  const zone = deps.config.channels.operatorZone ?? Temporal.Now.timeZoneId();
  const now = Temporal.Instant.fromEpochMilliseconds((deps.now ?? Date.now)());
  const since = now.toZonedDateTimeISO(zone).startOfDay().epochMilliseconds;
  const what = { of: 'pushes', subject: '' } as const;
  try {
    const sounding = await deps.handle.run('health', (sql) =>
      soundingSince(sql, deps.runId, since),
    );
    return { ...what, isWell: sounding <= BUDGET, figures: { sounding, budget: BUDGET } };
  } catch (error) {
    const words = error instanceof Error ? error.message : 'failed';
    return { ...what, isWell: false, figures: { error: words } };
  }
}

/** Until when the days of each market that a desk trades are known. */
function calendarHealth({ calendars, config, now = Date.now }: SourcesDeps): HealthLine[] {
  return [...new Set(config.desks.map(({ market }) => market))].map((market) => {
    const { validThrough, zone } = calendars[market];
    const isWell = !endsSoon(validThrough, wallTimeOf(now(), zone).day);
    return { of: 'calendar', subject: market, isWell, figures: { until: validThrough } };
  });
}

/** The daily report of a desk as it was pushed. */
async function reportOf(deps: SourcesDeps, deskId: string, day: string): Promise<Message | null> {
  const today = wallTimeOf((deps.now ?? Date.now)(), deps.calendar.zone).day;
  const wanted = day === 'today' ? today : day === 'yesterday' ? addCalendarDays(today, -1) : day;
  const rows = await deps.store.outbox.ofRun(deps.runId);
  const found = rows.findLast((row) => {
    const { message } = row.payload as { message?: Message };
    return (
      message?.kind === 'daily_report' &&
      message.axes.deskId === deskId &&
      message.verdict.tradingDay === wanted
    );
  });
  return found === undefined ? null : ((found.payload as { message: Message }).message ?? null);
}

/** Every account of the settings; what a running desk says of its own outranks the file. */
function accountLines({ config, desks }: SourcesDeps): AccountLine[] {
  return config.accounts.map((account): AccountLine => {
    const desk = desks().find(({ policy }) => policy.accountId === account.id);
    const { id: accountId, broker, market, currency } = account;
    return {
      accountId,
      broker,
      market,
      currency,
      environment: desk?.policy.environment ?? account.environment,
      asked: desk?.state().environmentAsked?.to ?? null,
      deskId: desk?.policy.deskId ?? null,
      sides: (['paper', 'live'] as const)
        .filter((environment) => hasSide(account, environment))
        .map((environment) => ({
          environment,
          missing: variablesOf(account, environment).filter(
            (name) => !config.keysSet.includes(name),
          ),
        })),
    };
  });
}

/** What questions ask outside the desks: jobs, health, log, reports. */
export function answerSources(deps: SourcesDeps): AnswerSources {
  return {
    audit: deps.store.audit,
    ...systemSources({ ...deps, played: deps.played ?? null, now: deps.now ?? Date.now }),
    jobs: (limit) => jobLines(deps, limit),
    health: () => healthLines(deps),
    logs: (count, level) => logLines(dataFilesOf(deps.config.dataDir).log, count, level),
    report: (deskId, day) => reportOf(deps, deskId, day),
    checkpoints: (deskId, tradingDay, count) =>
      storedCheckpoints(deps.store.events, streamOf(deps.runId, deskId), tradingDay, count),
    exDates: (deskId, count) =>
      storedExDates(deps.store.events, streamOf(deps.runId, deskId), count),
    days: (deskId, from, to) =>
      dayRecordSource(deps.runId, deps.store.events).days(deskId, from, to),
    calendarOf: (market) => deps.calendars[market],
    eventsOf: (market) => (market === 'US' ? deps.events : null),
    reconcile: (deskId, by) => deps.reconcile(deskId, by),
    accounts: () => accountLines(deps),
    ping: () => ({
      uptimeMs: Math.round(performance.now()),
      channels: deps.channels.map((channel) => channel.name).join(', '),
    }),
  };
}
