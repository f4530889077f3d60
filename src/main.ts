import type { StartOptions } from '#app/start-options.ts';
import { runAssistant } from '#compose';

/** How the assistant ended: the command line's exit code and what `--json` prints. */
export type StartResult = { readonly exitCode: 0 | 1 | 2 | 3 | 4 | 5; readonly summary: unknown };

/** Starts the assistant and resolves when it has ended. Throws ConfigError, RefusedError, StoreError. */
export async function startAssistant(options: StartOptions): Promise<StartResult> {
  return { exitCode: 0, summary: await runAssistant(options) };
}
