import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import { ConfigError } from '#app/errors.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { stableHash } from '#core/lib/hash.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';

const DAY_TYPES = ['trend_up', 'trend_down', 'range', 'event', 'undecided'] as const;
const EXPECTED = 'a measurement of `centaur backtest --for-desk`';

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'a day as 2025-04-02' });
const count = z.int().nonnegative();

const edgeFile = z.strictObject({
  settings: z.string(),
  from: day,
  to: day,
  rows: z.array(
    z.strictObject({
      dayType: z.enum([...DAY_TYPES, 'all']),
      trades: count,
      meanR: z.number(),
      lowR: z.number(),
      highR: z.number(),
    }),
  ),
  precision: z.array(
    z.strictObject({ minute: count, dayType: z.enum(DAY_TYPES), said: count, right: count }),
  ),
});

const fileOf = (folder: string, deskId: string): string => join(folder, `${deskId}.json`);

/** Keeps what was measured as the desk's own; answers the file. The one before is written over. */
export function keepEdge(
  folder: string,
  deskId: string,
  settings: string,
  edge: Omit<MeasuredEdge, 'id'>,
): string {
  mkdirSync(folder, { recursive: true });
  const file = fileOf(folder, deskId);
  writeFileAtomic(file, `${JSON.stringify({ settings, ...edge }, null, 2)}\n`, { mode: 0o600 });
  return file;
}

/** What is known of a desk's edge. `other_settings`: it was measured before its settings changed, and counts no more. */
export type KnownEdge =
  | { readonly kind: 'unmeasured' | 'other_settings' }
  | { readonly kind: 'measured'; readonly edge: MeasuredEdge };

/** What was measured under these settings. Throws ConfigError where the file is there and no measurement. */
export function readEdge(folder: string, deskId: string, settings: string): KnownEdge {
  const file = fileOf(folder, deskId);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'unmeasured' };
    throw broken(file, error);
  }
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw broken(file, error);
  }
  const read = edgeFile.safeParse(found);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new ConfigError(
      `${file}: ${issue?.path.join('.')}: ${issue?.message}, expected ${EXPECTED}`,
      { code: 'edge_invalid', retryable: false },
    );
  }
  const { settings: measured, ...edge } = read.data;
  if (measured !== settings) return { kind: 'other_settings' };
  return { kind: 'measured', edge: { id: stableHash(canonicalJson(edge)), ...edge } };
}

function broken(file: string, error: unknown): ConfigError {
  const why = error instanceof Error ? error.message.split('\n')[0] : 'unreadable';
  return new ConfigError(`${file}: found ${why}, expected ${EXPECTED}`, {
    code: 'edge_unreadable',
    retryable: false,
  });
}
