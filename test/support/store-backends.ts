import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { createStore, type Store } from '#shell/store/store.ts';

/** An open store of one kind, and how to end it. */
export type OpenStore = {
  readonly store: Store;
  /** The same store as a desk of that epoch may write to it. */
  readonly under: (epoch: number) => Store;
  /** Null for the store in memory. */
  readonly handle: StoreHandle | null;
  close(): Promise<void>;
};

export type Backend = { readonly name: string; readonly open: (() => Promise<OpenStore>) | string };

/** A fresh data folder the database's own user can enter, also when the tests run as root. */
export function makeDataFolder(mode = 0o755): string {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-test-'));
  chmodSync(folder, mode);
  return folder;
}

/** An embedded server in a folder of its own; ended and removed by `close`. */
export async function openEmbedded(): Promise<OpenStore & { handle: StoreHandle; folder: string }> {
  const folder = makeDataFolder();
  const handle = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'test' });
  return {
    store: createStore(handle),
    under: (epoch) => createStore(handle, { epoch }),
    handle,
    folder,
    close: async () => {
      await handle.closeAndStop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A database of its own on the server at `url`, dropped by `close`. */
export async function openOnServer(
  url: string,
): Promise<OpenStore & { handle: StoreHandle; url: string }> {
  const name = `centaur_test_${randomBytes(6).toString('hex')}`;
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const handle = await connectStore({
    dataFolder: tmpdir(),
    databaseUrl: own.href,
    purpose: 'test',
  });
  return {
    store: createStore(handle),
    under: (epoch) => createStore(handle, { epoch }),
    handle,
    url: own.href,
    close: async () => {
      await handle.close();
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}

async function openMemory(): Promise<OpenStore> {
  let at = 1_700_000_000_000;
  const store = createMemoryStore(() => at++);
  return { store, under: store.under, handle: null, close: async () => {} };
}

/** Every kind of store the contract holds for; a text instead of a way to open says why it is skipped. */
export function backends(): Backend[] {
  const url = process.env['CENTAUR_TEST_DATABASE_URL'];
  return [
    { name: 'memory', open: openMemory },
    { name: 'embedded', open: openEmbedded },
    {
      name: 'server',
      open:
        url === undefined
          ? 'CENTAUR_TEST_DATABASE_URL names no PostgreSQL server'
          : () => openOnServer(url),
    },
  ];
}
