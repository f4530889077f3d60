import { join } from 'node:path';
import process from 'node:process';
import { ConfigError } from '#app/errors.ts';
import type { StartOptions } from '#app/start-options.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { type Calendars, loadAgenda, loadCalendars } from '#shell/calendars/load.ts';
import type { Config, DeskConfig, DeskConfigOf } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { readEnv } from '#shell/config/env.ts';
import { loadConfig } from '#shell/config/load.ts';
import { eventWindowsOf, policyOf, simulatedTwinOf } from '#shell/config/policy-of.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import { readBook } from '#shell/files/book-file.ts';
import { leaveDeskMark } from '#shell/files/desk-mark.ts';
import type { Log } from '#shell/lib/log.ts';
import type { RunResult } from '#shell/runner/run-result.ts';
import { createMarketStoreCn } from '#shell/store/market-store-cn.ts';
import { usPlayer } from './compose-day-us.ts';
import { demoDayCn, demoMaterialCn } from './compose-demo-cn.ts';
import { composeKillSwitch } from './compose-kill.ts';
import { runLive } from './compose-live.ts';
import { LIVE_RUN } from './compose-live-deps.ts';
import { demoDay, demoMaterial, replayMaterial } from './compose-material.ts';
import { replayMaterialCn } from './compose-material-cn.ts';
import { type Material, runVirtual } from './compose-run.ts';
import {
  codeVersionOf,
  type DeskStore,
  type LeadTerms,
  openDeskLog,
  openDeskStore,
} from './compose-store.ts';

/** Folder of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** Settings of a start, of this project folder or a copy of it. Throws ConfigError. */
function configOf(options: StartOptions, root: string = ROOT): Config {
  return loadConfig({
    root,
    env: readEnv(ROOT),
    overrides: {
      profile: options.profile ?? undefined,
      desks: options.desks.length > 0 ? options.desks : undefined,
      symbols: options.symbols.length > 0 ? options.symbols : undefined,
      channels:
        options.channels.length > 0
          ? options.channels
          : options.replay === null
            ? undefined
            : ['terminal'],
      dataDir: options.dataDir ?? undefined,
    },
  });
}

/** Ends on the first Ctrl-C or SIGTERM; the second one ends the process at once. */
function endOnSignal(): { signal: AbortSignal; abort: () => void; release: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    abort: onSignal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}

type Assistant = {
  readonly options: StartOptions;
  readonly config: Config;
  readonly deskStore: DeskStore;
  readonly codeVersion: string;
  readonly startedAt: number;
  readonly calendar: CalendarTable;
  readonly calendars: Calendars;
  readonly events: EventTable;
  readonly readSettings: (root: string) => Config;
  readonly ending: ReturnType<typeof endOnSignal>;
};

function leaveMark(assistant: Assistant, runId: string): () => void {
  const { config, startedAt } = assistant;
  return leaveDeskMark(dataFilesOf(config.dataDir).deskMark, {
    startedAt,
    runId,
    profile: config.profile.name,
    desks: config.desks.map((each) => each.id),
    environment: runId === LIVE_RUN ? sideOf(config) : 'paper',
  });
}

/** `live` as soon as the settings have real money behind one desk; each desk's own lines say its side. */
function sideOf(config: Config): 'paper' | 'live' {
  return config.desks.some(({ accountSettings }) => accountSettings.environment === 'live')
    ? 'live'
    : 'paper';
}

function oneDesk(config: Config): DeskConfig {
  const [desk] = config.desks;
  if (desk !== undefined && config.desks.length === 1) return desk;
  throw new ConfigError(`start: found ${config.desks.length} desks, expected one`, {
    code: 'one_desk',
    retryable: false,
  });
}

async function usMaterial(
  assistant: Assistant,
  desk1: DeskConfigOf<'vwap-reclaim'>,
): Promise<Material> {
  const { options, config, calendar, events, startedAt, deskStore } = assistant;
  const { instruments } = policyOf(desk1);
  const seed = options.seed ?? config.profile.seed;
  const { bars } = deskStore.store;
  const { histories, ...played } =
    options.replay === null
      ? demoMaterial({
          calendar,
          instruments,
          seed,
          day: demoDay(calendar, events, eventWindowsOf(desk1), startedAt),
        })
      : await replayMaterial({ calendar, instruments, replay: options.replay, bars });
  const player = usPlayer({ kind: played.kind, desk1, calendar, events, histories });
  return { ...played, player };
}

async function materialOf(assistant: Assistant, desk: DeskConfig): Promise<Material> {
  const { options, calendar, deskStore } = assistant;
  if (desk.strategy === 'vwap-reclaim') return usMaterial(assistant, desk);
  const params = sectorPulseParamsOf(desk);
  if (options.replay === null) {
    const seed = options.seed ?? assistant.config.profile.seed;
    const day = demoDayCn(calendar, assistant.startedAt);
    return demoMaterialCn({ calendar, day, seed, params });
  }
  const { bars } = deskStore.store;
  const book = options.book === null ? [] : readBook(options.book);
  const market = createMarketStoreCn(deskStore.handle);
  return replayMaterialCn({ calendar, replay: options.replay, bars, market, params, book });
}

/** Plays a demo or a replay to its end. */
async function playRun(assistant: Assistant): Promise<RunResult> {
  const { options, deskStore, codeVersion, startedAt, calendar, calendars, ending } = assistant;
  // whoever holds the desk's money, a day that is played is played with made-up money
  const config = { ...assistant.config, desks: assistant.config.desks.map(simulatedTwinOf) };
  const material = await materialOf(assistant, oneDesk(config));
  const identity = canonicalJson({
    config: config.hash,
    codeVersion,
    days: material.days,
    seed: options.seed ?? config.profile.seed,
    operator: options.operator ?? 'terminal',
    channels: config.activeChannels,
    book: options.book === null ? null : readBook(options.book),
  });
  const key = `${material.kind}-${stableHash(identity).slice(0, 10)}`;
  const log = openDeskLog(config, key, 'paper', codeVersion);
  const removeMark = leaveMark(assistant, key);
  try {
    return await runVirtual({
      config,
      options,
      deskStore,
      calendar,
      calendars,
      events: assistant.events,
      readSettings: assistant.readSettings,
      material,
      codeVersion,
      key,
      log,
      killSwitch: composeKillSwitch(config, startedAt),
      signal: ending.signal,
      onInterrupt: ending.abort,
      onReady: () => Date.now() - (config.processStartedAt ?? startedAt),
    });
  } finally {
    removeMark();
  }
}

/** What is played after the first desk: in a demo nobody asked anything else of. */
function laterOptions(options: StartOptions, config: Config): StartOptions[] {
  const isAsked = options.replay !== null || options.desks.length > 0 || options.symbols.length > 0;
  if (isAsked) return [];
  return (config.profile.playedAfter ?? []).map((id) => ({ ...options, desks: [id] }));
}

/** Plays the desks of a demo one after the other; one desk, one result. Ends early with the run that is cut off. */
async function playRuns(assistant: Assistant): Promise<RunResult | { readonly runs: RunResult[] }> {
  const { options, config, calendars, ending } = assistant;
  const first = await playRun(assistant);
  const later = laterOptions(options, config);
  if (later.length === 0) return first;
  const runs = [first];
  for (const own of later) {
    if (ending.signal.aborted) break;
    const readSettings = (root: string): Config => configOf(own, root);
    const next = readSettings(ROOT);
    const calendar = calendars[next.desks[0]?.market ?? 'US'];
    runs.push(await playRun({ ...assistant, config: next, calendar, readSettings }));
  }
  return { runs };
}

function noteLead({ before, epoch }: DeskStore['lead'], log: Log): void {
  log.info({ line: 'run', phase: 'leading', epoch, before: before?.holder ?? null }, 'leading');
  if (before === null) return;
  const silent = `silent for ${(before.silentMs / 1_000).toFixed(1)} s`;
  process.stderr.write(`standby: leads now in place of ${before.holder}, ${silent}\n`);
}

async function runOnTheClock(assistant: Assistant): Promise<void> {
  const { config, deskStore, codeVersion, calendar, calendars, ending, options } = assistant;
  const log = openDeskLog(config, LIVE_RUN, sideOf(config), codeVersion);
  noteLead(deskStore.lead, log);
  const removeMark = leaveMark(assistant, LIVE_RUN);
  try {
    await runLive({
      root: ROOT,
      config,
      deskStore,
      calendar,
      calendars,
      events: assistant.events,
      readSettings: assistant.readSettings,
      codeVersion,
      log,
      killSwitch: composeKillSwitch(config, null),
      isJson: options.json,
      signal: ending.signal,
      onInterrupt: ending.abort,
      onReady: () =>
        log.info(
          { line: 'run', phase: 'ready', ms: Date.now() - (config.processStartedAt ?? Date.now()) },
          'ready',
        ),
    });
  } finally {
    removeMark();
  }
}

/**
 * How this process comes to lead the store. On a server of several machines a desk on the clock waits
 * until the one that leads is gone; a played day, and a second process on one data folder, is refused.
 * Whoever loses the lead ends at once: with its process every connection to a broker is closed.
 */
function leadTerms(config: Config, isPlayed: boolean, signal: AbortSignal): LeadTerms {
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  return {
    onLost: (error) => {
      say(error.message);
      // a failure, not a refusal: a supervisor starts it again, and it waits as a standby
      process.exit(1);
    },
    standby:
      isPlayed || config.databaseUrl === null
        ? null
        : {
            signal,
            onWaiting: (leader) =>
              say(`standby: ${leader} leads; this process waits and takes over when it is gone`),
          },
  };
}

/**
 * Runs the assistant to its end: a demo or replay is played, every other profile runs on the clock.
 * Answers the run's result (of several desks one each), null for a live run. Throws ConfigError,
 * StoreError, RefusedError.
 */
export async function runAssistant(
  options: StartOptions,
): Promise<RunResult | { readonly runs: readonly RunResult[] } | null> {
  const config = configOf(options);
  if (options.book !== null && config.desks.some((desk) => desk.strategy !== 'sector-pulse')) {
    throw new ConfigError(
      '--book: found it, expected a desk that takes positions over; us-vwap trades its own only',
      { code: 'no_book', retryable: false },
    );
  }
  const ending = endOnSignal();
  const isPlayed = options.replay !== null || !config.profile.isScheduled;
  const deskStore = await openDeskStore(config, leadTerms(config, isPlayed, ending.signal));
  if (deskStore === null) {
    ending.release();
    return null;
  }
  try {
    const [calendars, events] = await Promise.all([loadCalendars(ROOT), loadAgenda(ROOT)]);
    const assistant: Assistant = {
      options,
      config,
      deskStore,
      codeVersion: codeVersionOf(ROOT),
      startedAt: Date.now(),
      calendar: calendars[config.desks[0]?.market ?? 'US'],
      calendars,
      events,
      readSettings: (root) => configOf(options, root),
      ending,
    };
    if (isPlayed) return await playRuns(assistant);
    await runOnTheClock(assistant);
    return null;
  } finally {
    ending.release();
    await deskStore.close();
  }
}
