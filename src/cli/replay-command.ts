import type { Command } from 'commander';
import { collectList, parseDays } from './arguments.ts';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { createOutput } from './output.ts';

type ReplayFlags = {
  date: string;
  run?: string;
  symbols?: string[];
  backtest: boolean;
  json: boolean;
};

const EXAMPLES = `
Exit 0 only when everything is identical.
Examples:
  $ centaur replay us-vwap --date 2026-11-25
  $ centaur replay us-vwap --date 2024-05-01..2024-05-14 --symbols SPY --backtest`;

async function replay(desk: string, flags: ReplayFlags) {
  const { runReplay } = await import('./replay.ts');
  const { from, to } = parseDays(flags.date, '--date');
  const what = { desk, from, to, run: flags.run };
  return runReplay(
    { ...what, symbols: flags.symbols ?? [], isBacktested: flags.backtest },
    createOutput(flags.json),
  );
}

/** `centaur replay`: a recorded day through the same code again. */
export function addReplayCommand(program: Command, run: Runner): void {
  program
    .command('replay')
    .description('decides recorded days of a desk again from their inputs and compares every event')
    .argument('<desk>', 'a desk, as us-vwap')
    .requiredOption('--date <days>', 'a day or FROM..TO')
    .option('--run <id>', 'a run other than the one that was written last')
    .option('--symbols <list>', 'the symbols that the run was started with', collectList)
    .option('--backtest', 'compares the signals with a backtest over the bars of the store', false)
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action((desk: string, flags: ReplayFlags) => run(() => replay(desk, flags)));
}
