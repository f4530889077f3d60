import { ConfigError, RefusedError } from '#app/errors.ts';

/** What a script can rely on. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  refused: 3,
  notTradeDay: 4,
  dataNotReady: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command line that cannot be understood; exit code 2. */
export class UsageError extends Error {}

/** The exit code of whatever ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof ConfigError) return EXIT.usage;
  if (error instanceof RefusedError) return EXIT.refused;
  return EXIT.failed;
}

/** The one line of an error, without its name and stack. */
export function errorLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `error: ${text.trim().replaceAll(/\s*\n\s*/g, '; ') || 'found no message, expected one'}`;
}
