import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '#app/errors.ts';
import { parseInstrumentId } from '#core/market/instrument.ts';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'a day as 2025-04-02' });

const entry = z.strictObject({
  symbol: z.string({ error: 'a symbol as 600150.SH' }).transform((text, context) => {
    const id = parseInstrumentId(text);
    if (id !== null) return id;
    context.addIssue({ code: 'custom', message: 'a symbol as 600150.SH' });
    return z.NEVER;
  }),
  quantity: z.int({ error: 'whole shares' }).positive({ error: 'whole shares' }),
  price: z.number({ error: 'a price in yuan' }).positive({ error: 'a price in yuan' }),
  boughtOn: day,
  enteredAt: z.iso
    .datetime({ offset: true, error: 'an instant as 2025-04-03T09:00:00+08:00' })
    .transform((text) => Date.parse(text)),
});

const bookFile = z.strictObject({ positions: z.array(entry).min(1) });

/** A position to take over: what it cost, when it was bought, and the instant it is entered. */
export type BookEntry = z.infer<typeof entry>;

/** Reads a file of positions (YAML or JSON). Throws ConfigError naming the first thing wrong. */
export function readBook(path: string): readonly BookEntry[] {
  let found: unknown;
  try {
    found = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : 'unreadable';
    throw new ConfigError(`${path}: found ${why}, expected a list of positions`, {
      code: 'book_unreadable',
      retryable: false,
    });
  }
  const read = bookFile.safeParse(found);
  if (read.success) return read.data.positions;
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new ConfigError(`${path}: ${place}: expected ${issue?.message ?? 'positions'}`, {
    code: 'book_invalid',
    retryable: false,
  });
}
