import { Option } from 'commander';
import type { StartOptions } from '#app/start-options.ts';
import type { ExitCode } from './exit-code.ts';

/** How the long-running assistant is entered; given by the root, which alone may import it. */
export type Start = (options: StartOptions) => Promise<ExitCode>;

/** Runs a command and keeps its exit code. */
export type Runner = (run: () => Promise<ExitCode>) => Promise<void>;

/** `--json` for a command that answers. */
export function jsonOption(): Option {
  return new Option('--json', 'print exactly one JSON object on standard output').default(false);
}
