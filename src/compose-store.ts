import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RefusedError } from '#app/errors.ts';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { given, readEnv } from '#shell/config/env.ts';
import { LLM_KEY } from '#shell/config/llm.ts';
import { createLog, type Log } from '#shell/lib/log.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { openJournal } from '#shell/store/journal.ts';
import { type Lead, type LeadOptions, takeLead } from '#shell/store/lead.ts';
import { whoLeads } from '#shell/store/lead-session.ts';
import { readSchemaStatus } from '#shell/store/migrate.ts';
import { createStore, type Store } from '#shell/store/store.ts';

/** The store of a desk process, which leads it: no other desk writes or sends meanwhile. */
export type DeskStore = {
  readonly handle: StoreHandle;
  readonly store: Store;
  readonly lead: Lead;
  readonly journal: ReturnType<typeof openJournal>;
  close(): Promise<void>;
};

/** How a desk process comes to lead, and what it is told when it does no longer. */
export type LeadTerms = Pick<LeadOptions, 'onLost' | 'standby'>;

/** A standby of newer code waits for nothing: its migrations would change the store under the leader. */
async function refuseToMigrateUnder(url: string): Promise<void> {
  const access = { url, role: null };
  const { applied, known } = await readSchemaStatus(access);
  if (applied.length === known.length) return;
  const leader = await whoLeads(access);
  if (leader === null) return;
  throw new RefusedError(
    `store: found ${known.length - applied.length} migrations to apply while ${leader} leads, expected none; stop that desk first`,
    { code: 'migrations_under_leader', retryable: false },
  );
}

/**
 * Opens the store and takes the lead over it. Null when waiting for it was ended. Throws RefusedError
 * when another desk leads and this one does not wait.
 */
export async function openDeskStore(config: Config, terms: LeadTerms): Promise<DeskStore | null> {
  if (terms.standby !== null && config.databaseUrl !== null)
    await refuseToMigrateUnder(config.databaseUrl);
  const handle = await connectStore({
    dataFolder: config.dataDir,
    databaseUrl: config.databaseUrl,
    purpose: 'desk',
    maxConnections: 4,
  });
  const { access, ownerAccess } = handle;
  const lead = await takeLead({ access, ownerAccess, ...terms }).catch(async (error: unknown) => {
    await handle.closeAndStop();
    throw error;
  });
  if (lead === null) {
    await handle.closeAndStop();
    return null;
  }
  return {
    handle,
    store: createStore(handle, { epoch: lead.epoch }),
    lead,
    journal: openJournal(dataFilesOf(config.dataDir).journal),
    async close() {
      await lead.release();
      await handle.closeAndStop();
    },
  };
}

/** Version of the code as recorded with every event: the package's version and, in a checkout, its commit. */
export function codeVersionOf(root: string): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  try {
    const head = readFileSync(join(root, '.git', 'HEAD'), 'utf8').trim();
    const commit = head.startsWith('ref: ')
      ? readFileSync(join(root, '.git', head.slice(5)), 'utf8').trim()
      : head;
    return `${version}+${commit.slice(0, 12)}`;
  } catch {
    return version;
  }
}

const ROOT = join(import.meta.dirname, '..');

/** Values that leave the process in no text, neither a log's nor a chat's. */
export function secretsOf(config: Config): readonly string[] {
  const { telegramToken, databaseUrl, totpSecret, brokerKeys, wecomWebhookUrl, wechatKey } = config;
  const wecom = config.wecom?.secret ?? null;
  const smtp = config.smtp?.password ?? null;
  const llm = given(readEnv(ROOT), LLM_KEY) ?? null;
  const chat = [telegramToken, wecom, wechatKey, wecomWebhookUrl, smtp, config.heartbeatUrl, llm];
  return [...chat, databaseUrl, totpSecret, ...brokerKeys].filter((value) => value !== null);
}

/** The desk's log file. */
export function openDeskLog(
  config: Config,
  runId: string,
  environment: 'paper' | 'live',
  codeVersion: string,
): Log {
  return createLog({
    level: config.logLevel,
    to: dataFilesOf(config.dataDir).log,
    runId,
    environment,
    codeVersion,
    secrets: secretsOf(config),
  });
}
