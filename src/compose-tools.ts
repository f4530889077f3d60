import { join } from 'node:path';
import { ConfigError } from '#app/errors.ts';
import type { EventLog } from '#app/ports.ts';
import type { DeskAct } from '#core/replies/act.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { findDataDir } from '#shell/config/env.ts';
import type { ConfigOverrides } from '#shell/config/load.ts';
import type { Finding } from '#shell/doctor/machine.ts';

/*
 * Wires the commands beside the desk. Everything heavy is loaded where it is used: a kill is a
 * command, too.
 */

/** Folder of the project. */
export const ROOT = join(import.meta.dirname, '..');

/** Settings, checked. Throws ConfigError. */
export async function openSettings(overrides: ConfigOverrides = {}): Promise<Config> {
  const { loadConfig } = await import('#shell/config/load.ts');
  return loadConfig({ root: ROOT, overrides });
}

/** What a kill needs: no settings, no store. Throws ConfigError only where .env cannot be read. */
export async function openKillTools(dataDir?: string) {
  const { createKillFile } = await import('#shell/files/kill-file.ts');
  const { findDesk } = await import('#shell/files/desk-mark.ts');
  const { openJournal } = await import('#shell/store/journal.ts');
  const folder = findDataDir({ root: ROOT, dataDir });
  const files = dataFilesOf(folder);
  return {
    dataDir: folder,
    killFile: createKillFile(files),
    killPath: files.kill,
    findDesk: () => findDesk(files.deskMark),
    /** What a command did while nobody could be told: the next desk takes it into its audit. */
    journal: openJournal(files.journal),
  };
}

/** The accounts that a kill may reach past their desks. */
export async function openKillTargets(config: Config) {
  const { killTargets } = await import('./compose-kill-tools.ts');
  return killTargets(ROOT, config);
}

/** The store's server and schema, without opening the store's ports. */
export async function openStoreAccess(config: Config) {
  const { startEmbeddedPostgres } = await import('#shell/store/embedded-postgres.ts');
  if (config.databaseUrl !== null) {
    const owner = { url: config.databaseUrl, role: null };
    return { owner, embedded: null, stop: async () => 'not_ours' as const };
  }
  const embedded = await startEmbeddedPostgres(config.dataDir);
  return { owner: embedded.owner, embedded, stop: () => embedded.stop() };
}

/** The store, migrated, with all its ports. Throws StoreError and ConfigError. */
export async function openStore(config: Config, purpose: string) {
  const { connectStore } = await import('#shell/store/client.ts');
  const { createStore } = await import('#shell/store/store.ts');
  const handle = await connectStore({
    dataFolder: config.dataDir,
    databaseUrl: config.databaseUrl,
    purpose,
  });
  return { handle, store: createStore(handle), close: () => handle.closeAndStop() };
}

/** Rebuilds what is folded from events, for every desk's stream; answers how many there were. */
export async function openReadModels(config: Config, purpose: string) {
  const { handle, store, close } = await openStore(config, purpose);
  const { rebuildReadModels } = await import('#shell/store/read-models.ts');
  return {
    rebuild: async (onStream: (stream: string) => void): Promise<number> => {
      const desks = (await store.events.streams('')).filter(({ stream }) =>
        stream.includes('/desk/'),
      );
      for (const { stream } of desks) {
        onStream(stream);
        await rebuildReadModels(handle, store.events, stream);
      }
      return desks.length;
    },
    close,
  };
}

/** Migrations and backups. */
export async function openStoreAdmin() {
  const migrations = await import('#shell/store/migrate.ts');
  const backups = await import('#shell/store/backup.ts');
  return {
    migrate: migrations.migrateStore,
    reset: migrations.resetStore,
    status: migrations.readSchemaStatus,
    backUp: backups.backUp,
    restore: backups.restore,
  };
}

/** Trading calendar of a market. Throws ConfigError. */
export async function openCalendar(market: 'US' | 'CN') {
  const { loadMarketCalendar } = await import('#shell/calendars/load.ts');
  return loadMarketCalendar(ROOT, market);
}

/** Dates of scheduled events. Throws ConfigError. */
export async function openEvents() {
  const { loadAgenda } = await import('#shell/calendars/load.ts');
  return loadAgenda(ROOT);
}

/** Recorded Chinese market data: the store and the imports into it. Throws ConfigError, StoreError. */
export async function openMarketData(config: Config) {
  const { createMarketStoreCn } = await import('#shell/store/market-store-cn.ts');
  const { createMarketImports } = await import('./compose-data.ts');
  const calendar = await openCalendar('CN');
  const { handle, store, close } = await openStore(config, 'cli');
  const market = createMarketStoreCn(handle);
  return { market, bars: store.bars, imports: createMarketImports(market, calendar), close };
}

/** The sources of Chinese market data with their sync and checks. Throws ConfigError, StoreError. */
export async function openFeedsTools(config: Config) {
  const { openDataCn } = await import('./compose-data-cn.ts');
  return openDataCn(config);
}

/** The reader of recorded bars. */
export async function openBarReader() {
  const { readBarsCsv } = await import('#shell/files/csv-bars.ts');
  return readBarsCsv;
}

type Tell = (finding: Finding) => void;

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

async function checkSettings(tell: Tell): Promise<Config | null> {
  const { failed, ok } = await import('#shell/doctor/machine.ts');
  const { listConfigNames } = await import('#shell/config/read-file.ts');
  try {
    const config = await openSettings();
    const profiles = listConfigNames(ROOT, 'profiles');
    for (const profile of profiles) await openSettings({ profile });
    const desks = config.desks.map((desk) => `${desk.id} (${desk.mode})`).join(', ');
    tell(ok('config', `profile ${config.profile.name}, desks ${desks}, hash ${config.hash}`));
    return config;
  } catch (error) {
    tell(failed('config', firstLine(error), 'correct the value it names'));
    return null;
  }
}

async function checkCalendars(tell: Tell, config: Config | null): Promise<void> {
  const { checkCalendar, checkEvents } = await import('#shell/doctor/calendar-reach.ts');
  const { failed } = await import('#shell/doctor/machine.ts');
  try {
    const calendar = await openCalendar('US');
    const traded = new Set(config?.desks.map((desk) => desk.market) ?? ['US', 'CN']);
    for (const table of [calendar, await openCalendar('CN')]) {
      tell(checkCalendar(table, Date.now(), traded.has(table.market)));
    }
    const desk = config?.desks.find((one) => one.strategy === 'vwap-reclaim');
    const kinds = desk?.parameters.events.kinds ?? [];
    tell(checkEvents(await openEvents(), kinds, Date.now(), calendar.zone));
  } catch (error) {
    tell(failed('calendar', firstLine(error), 'restore config/calendars from the repository'));
  }
}

async function checkStore(tell: Tell, config: Config): Promise<void> {
  const { failed, ok, warning } = await import('#shell/doctor/machine.ts');
  try {
    const access = await openStoreAccess(config);
    try {
      const { status } = await openStoreAdmin();
      const { applied, known, isNewer } = await status(access.owner);
      const { embedded } = access;
      const elsewhere =
        embedded?.place.isElsewhere === true
          ? `, files in ${embedded.place.home}: its user cannot enter the data folder`
          : '';
      const place = embedded === null ? 'server by DATABASE_URL' : 'embedded';
      const found = `${place}, ${applied.length} of ${known.length} migrations${elsewhere}`;
      if (isNewer) tell(failed('store', found, 'use the newer code or restore a backup'));
      else if (applied.length === known.length) tell(ok('store', found));
      else tell(warning('store', found, 'the next start applies them, after a backup'));
    } finally {
      await access.stop();
    }
  } catch (error) {
    tell(failed('store', firstLine(error), 'see postgres.log beside the database files'));
  }
}

async function checkChat(tell: Tell, config: Config): Promise<number | null> {
  const { failed, ok, warning } = await import('#shell/doctor/machine.ts');
  const { askTelegram, hasTokenShape } = await import('#shell/doctor/telegram-token.ts');
  const { telegramToken } = config;
  if (telegramToken === null) {
    tell(ok('chat', 'terminal; no Telegram token (centaur setup asks for one)'));
    return null;
  }
  if (!hasTokenShape(telegramToken)) {
    tell(failed('chat', 'the Telegram token has another shape', 'copy it from BotFather again'));
    return null;
  }
  const answer = await askTelegram(config.channels.telegram.apiRoot, telegramToken);
  if (answer.kind === 'valid') {
    tell(ok('chat', `Telegram bot @${answer.username}`));
    return answer.serverTimeAt;
  }
  if (answer.kind === 'refused') {
    tell(
      failed('chat', 'Telegram refuses the token', 'ask BotFather for a new one, centaur setup'),
    );
  } else {
    const cure = 'check the network, or name a reachable TELEGRAM_API_ROOT';
    tell(warning('chat', `Telegram not reached: ${answer.problem}`, cure));
  }
  return null;
}

/**
 * The smoke test: one finding after the other, told as it comes. Starts nothing but the embedded
 * database, and ends it when nobody else uses it. Never throws.
 */
export async function runChecks(tell: Tell): Promise<Finding[]> {
  const machine = await import('#shell/doctor/machine.ts');
  const findings: Finding[] = [];
  const note: Tell = (finding) => {
    findings.push(finding);
    tell(finding);
  };
  note(machine.checkNode());
  const config = await checkSettings(note);
  const tools = await openKillTools();
  note(machine.checkDataFolder(tools.dataDir));
  note(machine.checkDisk(tools.dataDir));
  note(machine.checkSecretFile('.env', join(ROOT, '.env')));
  await checkCalendars(note, config);
  if (config !== null) {
    await checkStore(note, config);
    const { checkAccounts, checkFeeds } = await import('./compose-doctor.ts');
    await checkFeeds(note, config);
    await checkAccounts(note, config, ROOT, () => openCalendar('US'));
  }
  const serverTimeAt = config === null ? null : await checkChat(note, config);
  const { checkChannels } = await import('./compose-channel-checks.ts');
  if (config !== null) await checkChannels(note, config);
  note(machine.checkClock(Date.now(), serverTimeAt));
  const killed = tools.killFile.state();
  note(
    killed.kind === 'absent'
      ? machine.ok('kill', 'not killed')
      : machine.warning(
          'kill',
          `kill file ${tools.killPath}`,
          '/resume in the chat, once it is safe',
        ),
  );
  const desk = tools.findDesk();
  note(
    machine.ok('desk', desk.kind === 'running' ? `running, pid ${desk.mark.pid}` : 'not running'),
  );
  return findings;
}

/** What `setup` asks and writes with. */
export async function openSetupTools(settings: Config) {
  const { createSetupTools } = await import('./compose-setup.ts');
  return createSetupTools(settings, ROOT);
}

/** Reports over recorded days of a run, as the chat makes them. Throws ConfigError. */
export async function openReports(settings: Config, events: EventLog, runId: string) {
  const { openReportsOf } = await import('./compose-reports.ts');
  return openReportsOf(ROOT, settings, events, runId);
}

/**
 * Hands acts of the command line to a live desk that runs, in order; it judges them as it judges a
 * person's. `isConfirmed`: the second confirmation was given where the command was typed.
 */
export async function handInActs(
  deskId: string,
  acts: readonly DeskAct[],
  at: number,
  isConfirmed: boolean,
): Promise<void> {
  const { handIn } = await import('#app/job-work.ts');
  const { store, close } = await openStore(await openSettings(), 'cli');
  const actor = {
    id: 'cli:owner',
    name: 'command line',
    role: 'owner',
    channel: 'cli',
    chatId: 'cli',
  } as const;
  try {
    for (const [index, act] of acts.entries())
      await handIn(
        { runId: 'live', deskId, inbox: store.inbox },
        `cli-${act.act}:${deskId}:${at}:${index}`,
        { kind: 'operator_acted', at, act, actor, sentAt: at, quote: null, isConfirmed },
        at,
      );
  } finally {
    await close();
  }
}

/** Rows of a CSV file's text by its header. Throws ConfigError for a text that is none. */
export async function readTable(
  text: string,
  name: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const { csvTable } = await import('#shell/files/csv-table.ts');
  try {
    return csvTable(text);
  } catch (error) {
    const found = error instanceof Error ? error.message.split('\n')[0] : 'no CSV';
    throw new ConfigError(`${name}: found ${found}, expected a CSV with a header`, {
      code: 'bad_csv',
      retryable: false,
    });
  }
}

/**
 * Log and recorded inputs of a desk: of the run named, else of the one that runs or was written last, with
 * the policy it has by today's settings. Null: no such desk has a log. Throws ConfigError, StoreError.
 */
export async function openReplayedBook(
  deskId: string,
  run: string | undefined,
  symbols: readonly string[],
) {
  const { environmentInLog } = await import('#app/environment-switch.ts');
  const { listBooks } = await import('#app/read-book.ts');
  const { policyOf, simulatedTwinOf } = await import('#shell/config/policy-of.ts');
  const { onSide } = await import('./compose-live-side.ts');
  const { LIVE_RUN } = await import('./compose-live-deps.ts');
  const settings = await openSettings({
    desks: [deskId],
    ...(symbols.length === 0 ? {} : { symbols }),
  });
  const desk = settings.desks.find(({ id }) => id === deskId);
  const { store, close } = await openStore(settings, 'cli');
  try {
    const books = (await listBooks(store.events)).filter((book) => book.deskId === deskId);
    const book = books.find(({ runId }) => run === undefined || runId === run);
    if (book === undefined || desk === undefined) return null;
    const events = await store.events.read(book.stream);
    const side = await environmentInLog(store, book.stream);
    const isLive = book.runId === LIVE_RUN;
    const meant = !isLive ? simulatedTwinOf(desk) : side === null ? desk : onSide(desk, side);
    return {
      runId: book.runId,
      policy: policyOf(meant),
      events,
      inputs: await store.inputs.read(book.stream),
      configHash: settings.hash,
      recordedConfigs: [...new Set(events.map(({ configHash }) => configHash))],
    };
  } finally {
    await close();
  }
}
