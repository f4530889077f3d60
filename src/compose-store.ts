import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createLog, type Log } from '#shell/lib/log.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { type DeskLock, takeDeskLock } from '#shell/store/desk-lock.ts';
import { openJournal } from '#shell/store/journal.ts';
import { createStore, type Store } from '#shell/store/store.ts';

/** The store of a desk process: held by the desk lock, so that a second desk is refused. */
export type DeskStore = {
  readonly handle: StoreHandle;
  readonly store: Store;
  readonly journal: ReturnType<typeof openJournal>;
  close(): Promise<void>;
};

/** Opens the store and takes the desk lock. Throws RefusedError when another desk runs on the data folder. */
export async function openDeskStore(
  config: Config,
  onTaken: (error: Error) => void,
): Promise<DeskStore> {
  const handle = await connectStore({
    dataFolder: config.dataDir,
    databaseUrl: config.databaseUrl,
    purpose: 'desk',
    maxConnections: 4,
  });
  let lock: DeskLock;
  try {
    lock = await takeDeskLock(handle.access, onTaken);
  } catch (error) {
    await handle.closeAndStop();
    throw error;
  }
  return {
    handle,
    store: createStore(handle),
    journal: openJournal(dataFilesOf(config.dataDir).journal),
    async close() {
      await lock.release();
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
    secrets: [config.telegramToken, config.databaseUrl, ...config.brokerKeys].filter(
      (secret) => secret !== null,
    ),
  });
}
