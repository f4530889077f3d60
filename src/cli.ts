import process from 'node:process';
import type { StartOptions } from '#app/start-options.ts';
import type { ExitCode } from './cli/exit-code.ts';
import { runCommandLine } from './cli/program.ts';

/** A reader that went away (`centaur … | head`) is no failure. */
function bearClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

async function start(options: StartOptions): Promise<ExitCode> {
  const { startAssistant } = await import('./main.ts');
  const { exitCode, summary } = await startAssistant(options);
  if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  return exitCode;
}

bearClosedPipes();
process.exitCode = await runCommandLine(process.argv.slice(2), start, (line) => {
  process.stderr.write(`${line}\n`);
});
