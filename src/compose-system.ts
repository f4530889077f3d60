import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import process from 'node:process';
import { z } from 'zod';
import type { SystemSources } from '#app/answer-system.ts';
import type { Desk } from '#app/desk.ts';
import type { ChatSettings, Upkeep } from '#app/ports.ts';
import type { SafeModeCause } from '#core/engine/state.ts';
import { heardAt, seenOf } from '#core/engine/view.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import type { SourceLine } from '#core/replies/system.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import { keyNames } from '#shell/config/accounts.ts';
import { createChatSettings } from '#shell/config/chat-settings.ts';
import type { Config, DeskConfig } from '#shell/config/config.ts';
import { given, readEnv } from '#shell/config/env.ts';
import { TUSHARE_TOKEN } from '#shell/config/feeds.ts';
import type { LiveConfig } from '#shell/config/live-config.ts';
import { LLM_KEY } from '#shell/config/llm.ts';
import { createOwnCommand } from '#shell/runner/own-command.ts';
import { plansOf, slotsOf } from '#shell/scheduler/timetable.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { createMarketStoreCn } from '#shell/store/market-store-cn.ts';
import { knownMigrations } from '#shell/store/migrate.ts';
import { secretOf } from './compose-channels.ts';
import type { LiveJobs } from './compose-live-jobs.ts';
import { barSourceOf } from './compose-live-market.ts';
import { timetableOf } from './compose-plans-cn.ts';
import { codeVersionOf } from './compose-store.ts';

const DAY_MS = 86_400_000;

export type SystemFacts = {
  readonly config: Config;
  readonly runId: string;
  readonly handle: StoreHandle;
  readonly desks: () => readonly Desk[];
  readonly calendars: Calendars;
  /** What the days of a played run are made of; null: the sources of the desks. */
  readonly played: 'simulated' | 'recorded' | null;
  readonly now: () => number;
};

function versionFacts({ config, runId, handle }: SystemFacts) {
  return {
    version: codeVersionOf(config.root),
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
    profile: config.profile.name,
    desks: config.desks.map(({ id }) => id).join(', '),
    config: config.hash,
    run: runId,
    store: handle.kind,
    migrations: String(knownMigrations().length),
    uptimeMs: Math.round(performance.now()),
  };
}

/** Causes of SAFE_MODE that say that a source of prices fails. */
const FAILING: ReadonlySet<SafeModeCause> = new Set([
  'heartbeat_lost',
  'bar_overdue',
  'quotes_stale',
  'data_denied',
]);

/** What a desk heard of its market, as one line. */
function heardLine(desk: Desk, source: string): SourceLine {
  const { instruments } = desk.policy;
  const view = desk.view();
  const seen = [...new Set([...instruments, ...Object.keys(view.symbols)])].flatMap((name) => [
    heardAt(view, name) ?? 0,
    seenOf(view, name).lastBarClosedAt ?? 0,
  ]);
  const newest = Math.max(0, ...seen);
  const cause = desk.state().safeMode.find((entry) => FAILING.has(entry.cause) && !entry.isGone);
  return {
    source,
    what: 'minute bars and quotes',
    state: cause !== undefined ? 'failing' : newest > 0 ? 'well' : 'silent',
    answeredAt: newest > 0 ? newest : null,
    failedAt: cause?.since ?? null,
    failure: cause?.cause ?? null,
  };
}

/** How the sources of the A-share desk did over the last day, by what they were asked for. */
async function sourcesCn({ handle, now }: SystemFacts): Promise<SourceLine[]> {
  const rows = await createMarketStoreCn(handle).sourceHealth(now() - DAY_MS);
  if (rows.length === 0) {
    const none = { state: 'unasked', answeredAt: null, failedAt: null, failure: null } as const;
    return [{ source: 'feeds', what: 'snapshot', ...none }];
  }
  return rows.map(({ source, kind, answeredAt, failedAt, failure }): SourceLine => {
    const isFailing = failedAt !== null && failedAt > (answeredAt ?? 0);
    return {
      source,
      what: kind,
      state: isFailing ? 'failing' : answeredAt === null ? 'silent' : 'well',
      answeredAt,
      failedAt: isFailing ? failedAt : null,
      failure: isFailing ? failure : null,
    };
  });
}

async function sourceLines(facts: SystemFacts): Promise<SourceLine[]> {
  const { config, desks, played, calendars, now } = facts;
  const settingsOf = (desk: Desk): DeskConfig | undefined =>
    config.desks.find(({ id }) => id === desk.policy.deskId);
  const lines = desks().flatMap((desk) => {
    if (played !== null) return [heardLine(desk, played)];
    const settings = settingsOf(desk);
    if (settings === undefined || settings.strategy === 'sector-pulse') return [];
    const today = wallTimeOf(now(), calendars[settings.market].zone).day;
    const source = barSourceOf(settings, today);
    return [heardLine(desk, source.startsWith('simulated') ? 'simulated' : source)];
  });
  const hasPulse = played === null && config.desks.some((one) => one.strategy === 'sector-pulse');
  return [...lines, ...(hasPulse ? await sourcesCn(facts) : [])];
}

/** What questions about the process are answered from, the rest of which the store gives. */
export function systemSources(facts: SystemFacts): Pick<SystemSources, 'version' | 'dataSources'> {
  return { version: async () => versionFacts(facts), dataSources: () => sourceLines(facts) };
}

const SECRETS = [
  'TELEGRAM_BOT_TOKEN',
  'WECOM_BOT_ID',
  'WECOM_BOT_SECRET',
  'WECOM_WEBHOOK_URL',
  'SMTP_USER',
  'SMTP_PASSWORD',
  'DATABASE_URL',
  'CENTAUR_TOTP_SECRET',
  'CENTAUR_HEARTBEAT_URL',
  TUSHARE_TOKEN,
  LLM_KEY,
] as const;

const MARK_DIGITS = 8;

/** Settings for a chat; secrets are marked with a key of the data folder, so that no mark can be guessed back. */
export function composeSettings(live: LiveConfig, read: (root: string) => Config): ChatSettings {
  const { root, accounts } = live.config;
  const names = [...new Set([...SECRETS, ...keyNames(accounts)])];
  const key = secretOf(live.config);
  return createChatSettings({
    live,
    read,
    secrets: () => {
      const env = readEnv(root);
      return Object.fromEntries(names.map((name) => [name, given(env, name)]));
    },
    markOf: (secret) =>
      createHmac('sha256', key).update(secret).digest('hex').slice(0, MARK_DIGITS),
  });
}

/** Jobs that may be run at any time, since what they file is filed once. */
const ANY_TIME: readonly string[] = ['sync-calendar', 'cn-data-sync'];
/** Jobs whose word counts once a day: before they are due they would say it too early. */
const ONCE_DUE: readonly string[] = ['us-premarket', 'us-close'];

const backupShape = z.object({
  folder: z.string(),
  tables: z.record(z.string(), z.object({ rows: z.number() })),
});
const doctorShape = z.object({
  findings: z.array(
    z.object({
      name: z.string(),
      state: z.enum(['ok', 'warning', 'failed', 'skipped']),
      found: z.string(),
      cure: z.string().nullable(),
    }),
  ),
});

/** When a job of the timetable is due today, if it is not yet. */
function dueLater(job: string, config: Config, calendars: Calendars, at: number): number | null {
  if (!ONCE_DUE.includes(job)) return null;
  const [plan] = plansOf(config.schedule.jobs, calendars).filter((one) => one.job === job);
  if (plan === undefined) return null;
  const { calendar } = plan;
  const { day } = wallTimeOf(at, calendar.zone);
  // on a day without a session its word is that there is none
  if (sessionOn(calendar, day).kind !== 'session') return null;
  const midnight = instantAt(day, '00:00', calendar.zone);
  const [due] = slotsOf(plan, midnight, midnight + DAY_MS);
  return due !== undefined && due > at ? due : null;
}

/** Work that a chat may ask for. `jobs`: the timetable once it runs; null where there is none. */
export function composeUpkeep(
  { config, calendars }: Pick<SystemFacts, 'config' | 'calendars'>,
  jobs: () => LiveJobs | null,
): Upkeep {
  const { root, dataDir, profile } = config;
  const desks = config.desks.map(({ id }) => id).join(',');
  const env = {
    ...readEnv(root),
    CENTAUR_DATA_DIR: dataDir,
    CENTAUR_PROFILE: profile.name,
    CENTAUR_DESKS: desks,
  };
  const command = createOwnCommand({ program: join(root, 'bin', 'centaur.mjs'), env });
  const running = new Set<string>();
  // by the wall: a played day's clock runs ahead of it
  const noting = async <T>(name: string, work: () => Promise<T>) => {
    running.add(name);
    const from = performance.now();
    try {
      const came = await work();
      return { ...came, tookMs: Math.round(performance.now() - from) };
    } finally {
      running.delete(name);
    }
  };
  return {
    jobs() {
      if (jobs() === null) return null;
      const planned = new Set(timetableOf(config, calendars).map(({ job }) => job));
      return [...ANY_TIME, ...ONCE_DUE].filter((job) => planned.has(job));
    },
    dueAt: (job) => dueLater(job, config, calendars, Date.now()),
    runJob: (job) =>
      noting(job, async () => {
        const outcome = await jobs()?.runNow(job);
        if (outcome?.kind === 'failed') throw new Error(outcome.message);
        return {};
      }),
    backUp: () =>
      noting('backup', async () => {
        const { folder, tables } = backupShape.parse(await command.run(['db', 'backup']));
        const all = Object.values(tables);
        const rows = all.reduce((sum, table) => sum + table.rows, 0);
        return { folder, tables: all.length, rows };
      }),
    check: () =>
      noting('selftest', async () => ({
        checks: doctorShape.parse(await command.run(['doctor'])).findings,
      })),
    running: () => [...running],
    stop: async () => command.stop(),
  };
}
