import { join } from 'node:path';
import process from 'node:process';
import type { AnswerSources } from '#app/answer-question.ts';
import { ConfigError } from '#app/errors.ts';
import type { Channel, Clock, KillFile } from '#app/ports.ts';
import type { StartOptions } from '#app/start-options.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import { loadCalendar, loadEvents } from '#shell/calendars/load.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { loadConfig } from '#shell/config/load.ts';
import { eventWindowsOf, policyOf } from '#shell/config/policy-of.ts';
import { leaveDeskMark } from '#shell/files/desk-mark.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import type { RunResult } from '#shell/runner/run-result.ts';
import { composeTerminal } from './compose-conversation.ts';
import { demoDay, demoMaterial, replayMaterial } from './compose-material.ts';
import { runVirtual } from './compose-run.ts';
import { codeVersionOf, openDeskLog, openDeskStore } from './compose-store.ts';

/** Folder of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** The kill file as a desk sees it: notes older than the run are not about it when it only plays. */
function killFileOf(config: Config, since: number | null): KillFile {
  const file = createKillFile(dataFilesOf(config.dataDir));
  const isAbout = (at: number): boolean => since === null || at >= since;
  return {
    write: (by, scope) => file.write({ by, scope, at: Date.now() }),
    remove: () => {
      const state = file.state();
      if (state.kind !== 'absent') file.remove();
    },
    read: () => {
      const state = file.state();
      if (state.kind === 'present') return isAbout(state.note.at) ? 'present' : 'absent';
      return state.kind;
    },
  };
}

/** Settings of a start. Throws ConfigError. */
export function configOf(options: StartOptions): Config {
  return loadConfig({
    root: ROOT,
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

function calendarFile(name: string): string {
  return join(ROOT, 'config', 'calendars', name);
}

const NO_JOBS: Pick<AnswerSources, 'jobs'> = { jobs: async () => [] };

function sourcesOf(run: { clock: Clock }, startedAt: number): AnswerSources {
  return {
    ...NO_JOBS,
    health: async () => [],
    logs: async () => [],
    report: async () => null,
    ping: () => ({
      uptimeMs: Math.round(performance.now()),
      runningMs: run.clock.now() - startedAt,
    }),
  };
}

/** Plays a demo or a replay to its end. Throws ConfigError, StoreError, RefusedError. */
export async function playRun(options: StartOptions, config: Config): Promise<RunResult> {
  const [desk] = config.desks;
  if (desk === undefined || config.desks.length > 1) {
    throw new ConfigError(`start: found ${config.desks.length} desks, expected one to play`, {
      code: 'one_desk',
      retryable: false,
    });
  }
  const startedAt = Date.now();
  const codeVersion = codeVersionOf(ROOT);
  let abort = (): void => process.exit(1);
  const deskStore = await openDeskStore(config, () => abort());
  try {
    const [calendar, events] = await Promise.all([
      loadCalendar(calendarFile('xnys.yaml')),
      loadEvents(calendarFile('us-events.yaml')),
    ]);
    const { instruments } = policyOf(desk);
    const seed = options.seed ?? config.profile.seed;
    const material =
      options.replay === null
        ? demoMaterial({
            calendar,
            instruments,
            seed,
            day: demoDay(calendar, events, eventWindowsOf(desk), startedAt),
          })
        : await replayMaterial({
            calendar,
            instruments,
            replay: options.replay,
            bars: deskStore.store.bars,
          });
    const operator = options.operator ?? 'terminal';
    const identity = canonicalJson({
      config: config.hash,
      codeVersion,
      days: material.days,
      seed,
      operator,
      channels: config.activeChannels,
    });
    const key = `${material.kind}-${stableHash(identity).slice(0, 10)}`;
    const log = openDeskLog(config, key, 'paper', codeVersion);
    const removeMark = leaveDeskMark(dataFilesOf(config.dataDir).deskMark, {
      startedAt,
      runId: key,
      profile: config.profile.name,
      desks: config.desks.map((each) => each.id),
      environment: 'paper',
    });
    try {
      const { result } = await runVirtual({
        config,
        options,
        deskStore,
        calendar,
        events,
        material,
        codeVersion,
        key,
        log,
        killFile: killFileOf(config, startedAt),
        channels: (clock): readonly Channel[] => [
          composeTerminal(clock, options.json, () => abort()),
        ],
        sources: (run) => sourcesOf(run, startedAt),
        onReady: () => Date.now() - (config.processStartedAt ?? startedAt),
      });
      return result;
    } finally {
      removeMark();
    }
  } finally {
    abort = () => undefined;
    await deskStore.close();
  }
}
