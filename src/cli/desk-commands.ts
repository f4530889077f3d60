import type { Command } from 'commander';
import type { Runner, Start } from './command.ts';
import { jsonOption } from './command.ts';
import { createOutput } from './output.ts';

type Flags = { json: boolean };

const KILL_EXAMPLES = `
Examples:
  $ centaur kill                 everything
  $ centaur kill us-vwap         one desk
Stage 1 of a kill: no entry leaves any more, entry orders are cancelled, protection stays. It asks
nothing, needs neither the store nor a desk that answers, and holds until /resume in the chat.`;

/** Commands about the desk: kill, setup, doctor. */
export function addDeskCommands(program: Command, _start: Start, run: Runner): void {
  program
    .command('kill')
    .description('stop all entries at once, from any terminal')
    .argument('[scope]', 'a desk, an account or all', 'all')
    .addOption(jsonOption())
    .addHelpText('after', KILL_EXAMPLES)
    .action((scope: string, flags: Flags) =>
      run(async () => (await import('./kill.ts')).runKill(scope, {}, createOutput(flags.json))),
    );
  program
    .command('setup')
    .description('asks language, market, capital and Telegram; writes .env and config/local')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      "\nExamples:\n  $ centaur setup\n  $ printf 'zh\\nUS\\nSPY\\n50000\\n\\n' | centaur setup",
    )
    .action((flags: Flags) =>
      run(async () => (await import('./setup.ts')).runSetup(createOutput(flags.json))),
    );
  program
    .command('doctor')
    .description('what stands in the way of a start, one line each with its cure')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur doctor\n  $ centaur doctor --json')
    .action((flags: Flags) =>
      run(async () => (await import('./doctor.ts')).runDoctor(createOutput(flags.json))),
    );
}
