import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ConfigError } from '#app/errors.ts';
import { type InstrumentId, parseInstrumentId } from '#core/market/instrument.ts';
import type { UserBook } from './authorize.ts';

const WALL_TIME = z.string().regex(/^\d{2}:\d{2}$/);

const CONTENT = z.strictObject({
  users: z.array(
    z.strictObject({
      channel: z.string().min(1),
      userId: z.string().min(1),
      name: z.string(),
      role: z.enum(['viewer', 'operator', 'owner']),
      person: z.string().min(1).optional(),
    }),
  ),
  groups: z.array(z.strictObject({ channel: z.string(), chatId: z.string() })),
  languages: z.array(
    z.strictObject({ channel: z.string(), chatId: z.string(), language: z.enum(['zh', 'en']) }),
  ),
  zones: z
    .array(z.strictObject({ channel: z.string(), chatId: z.string(), zone: z.string().min(1) }))
    .optional(),
  hearing: z
    .array(
      z.strictObject({
        channel: z.string(),
        chatId: z.string(),
        levels: z.record(z.string(), z.enum(['on', 'silent', 'digest', 'off'])),
        muted: z.record(z.string(), z.number()),
        quiet: z.strictObject({ from: WALL_TIME, to: WALL_TIME }).nullable(),
      }),
    )
    .optional(),
  choices: z
    .array(
      z.strictObject({
        channel: z.string(),
        chatId: z.string(),
        account: z.string().nullable(),
        watched: z.array(
          z.custom<InstrumentId>(
            (value) => typeof value === 'string' && parseInstrumentId(value) !== null,
          ),
        ),
      }),
    )
    .optional(),
});

/**
 * Users in one JSON file, replaced atomically and readable by its owner only. An unreadable file
 * is a ConfigError: a lost list must never let a stranger become owner.
 */
export function createFileUserBook(path: string): UserBook {
  let last: Promise<void> = Promise.resolve();
  const write = async (text: string): Promise<void> => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const next = `${path}.${randomBytes(4).toString('hex')}.new`;
    const file = await open(next, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  };
  return {
    async load() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw new ConfigError('chat users: file cannot be read', {
          code: 'user_book_unreadable',
          retryable: false,
          cause: error,
        });
      }
      try {
        return CONTENT.parse(JSON.parse(text));
      } catch (error) {
        throw new ConfigError(
          'chat users: found a damaged file, expected users, groups and languages',
          {
            code: 'user_book_damaged',
            retryable: false,
            cause: error,
          },
        );
      }
    },
    save(content) {
      last = last.catch(() => undefined).then(() => write(`${JSON.stringify(content, null, 2)}\n`));
      return last;
    },
  };
}
