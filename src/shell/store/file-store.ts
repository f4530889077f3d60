import { createHash } from 'node:crypto';
import type { FileStore } from '#app/ports.ts';
import type { Caller } from './sql-client.ts';

function bytesOf(content: Uint8Array | string): { bytes: Buffer; hash: string } {
  const bytes = Buffer.from(content as Uint8Array);
  return { bytes, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Contents of files in PostgreSQL, once each; append-only. */
export function createFileStore(db: Caller): FileStore {
  return {
    save: (content, at) =>
      db.run('save file', async (sql) => {
        const { bytes, hash } = bytesOf(content);
        await sql`insert into files (hash, content, saved_at)
          values (${hash}, ${bytes}, ${at}) on conflict do nothing`;
        return hash;
      }),
    load: (hash) =>
      db.run('read file', async (sql) => {
        const [row] = await sql<{ content: Buffer }[]>`
          select content from files where hash = ${hash}`;
        return row === undefined ? null : new Uint8Array(row.content);
      }),
  };
}

/** The same in memory. */
export function createMemoryFiles(): FileStore {
  const kept = new Map<string, Uint8Array>();
  return {
    save: async (content) => {
      const { bytes, hash } = bytesOf(content);
      if (!kept.has(hash)) kept.set(hash, new Uint8Array(bytes));
      return hash;
    },
    load: async (hash) => {
      const content = kept.get(hash);
      return content === undefined ? null : new Uint8Array(content);
    },
  };
}
