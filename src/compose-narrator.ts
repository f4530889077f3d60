import { join } from 'node:path';
import type { Narrator } from '#app/ports.ts';
import { readEnv } from '#shell/config/env.ts';
import { readWhyInWords } from '#shell/config/llm.ts';

const ROOT = join(import.meta.dirname, '..');

/** What says `/why` in words; null: switched off, and the library is not even loaded. Throws ConfigError. */
export async function composeNarrator(
  now: () => number,
  onTrouble: (place: string, error: unknown) => void,
): Promise<Narrator | null> {
  const found = readWhyInWords(ROOT, readEnv(ROOT));
  if (found === null) return null;
  const { createNarrator } = await import('#shell/llm/narrator.ts');
  const { isEnabled: _, ...settings } = found.settings;
  return createNarrator({ ...settings, key: found.key, now, onTrouble });
}
