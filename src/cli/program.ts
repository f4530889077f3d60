import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { addBacktestCommand, addWorkerCommand } from './backtest-command.ts';
import type { Runner, Start } from './command.ts';
import { addDataCommands } from './data-commands.ts';
import { addDbCommands } from './db-commands.ts';
import { addDeskCommands } from './desk-commands.ts';
import { EXIT, type ExitCode, errorLine, exitCodeOf } from './exit-code.ts';
import { addReplayCommand } from './replay-command.ts';
import { addStartCommand } from './start-command.ts';

const VERSION_FILE = join(import.meta.dirname, '..', '..', 'package.json');

function readVersion(): string {
  return (JSON.parse(readFileSync(VERSION_FILE, 'utf8')) as { version: string }).version;
}

const NAMED = /'([^']+)'/;
const SUGGESTED = /\(Did you mean (.+?)\?\)/;

/** The parser's complaint in our form: place, found, expected. */
function usageLine(error: CommanderError, command: string): string {
  const found = NAMED.exec(error.message)?.[1] ?? '';
  const nearest = SUGGESTED.exec(error.message)?.[1];
  const help = nearest ?? `${command} --help`;
  switch (error.code) {
    case 'commander.unknownOption':
    case 'commander.unknownCommand':
      return `error: ${command}: found ${found}, expected ${help}`;
    case 'commander.missingArgument':
      return `error: ${command}: found no ${found}, expected one`;
    case 'commander.optionMissingArgument':
      return `error: ${command}: found ${found} without a value, expected one`;
    case 'commander.missingMandatoryOptionValue':
      return `error: ${command}: found no ${found}, expected it`;
    case 'commander.excessArguments':
      return `error: ${command}: found too many arguments, expected ${command} --help`;
    default:
      return errorLine(error.message.replace(/^error: /, ''));
  }
}

/** `centaur data import`: the words of the command that a line was meant for. */
function commandPath(program: Command, argv: readonly string[]): string {
  let command = program;
  let path = program.name();
  for (const word of argv) {
    const next = command.commands.find((entry) => entry.name() === word);
    if (next === undefined) break;
    command = next;
    path = `${path} ${word}`;
  }
  return path;
}

function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  command.showSuggestionAfterError(true).helpCommand(false).allowExcessArguments(false);
  for (const child of command.commands) silence(child);
}

function createProgram(start: Start, run: Runner): Command {
  const program = new Command('centaur')
    .description(
      'A trading desk that lives in a chat: the machine cuts losses, you pull the trigger.',
    )
    .version(readVersion(), '--version', 'print the version')
    .addHelpText(
      'after',
      `
Examples:
  $ centaur start                            a simulated day in the terminal, nothing to configure
  $ centaur setup                            language, capital, Telegram
  $ centaur kill all                         from any other terminal, also when the desk hangs
  $ centaur doctor                           what stands in the way of a start

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by a gate or lock, 4 not a trade day, 5 data not ready.`,
    );
  addStartCommand(program, start, run);
  addDeskCommands(program, start, run);
  addBacktestCommand(program, run);
  addWorkerCommand(program, run);
  addReplayCommand(program, run);
  addDataCommands(program, run);
  addDbCommands(program, run);
  silence(program);
  return program;
}

/** Runs one command line and answers its exit code; errors are told in one line. */
export async function runCommandLine(
  argv: readonly string[],
  start: Start,
  writeError: (line: string) => void,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = createProgram(start, async (run) => {
    code = await run();
  });
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return EXIT.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (error.code !== 'commander.help') {
        writeError(usageLine(error, commandPath(program, argv)));
      } else {
        writeError(
          `error: ${commandPath(program, argv)}: found no command, expected one of --help`,
        );
      }
      return EXIT.usage;
    }
    writeError(errorLine(error));
    return exitCodeOf(error);
  }
}
