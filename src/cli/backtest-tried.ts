import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Parameter sets tried on the same data in earlier runs into the same folder. */
export function triedBefore(out: string, data: readonly string[]): string[] {
  const file = join(out, 'run.json');
  if (!existsSync(file)) return [];
  try {
    const before = JSON.parse(readFileSync(file, 'utf8')) as {
      data?: { hash: string }[];
      tried?: { sets: string[] };
    };
    const known = (before.data ?? []).map(({ hash }) => hash).join();
    return known === data.join() ? (before.tried?.sets ?? []) : [];
  } catch {
    return [];
  }
}
