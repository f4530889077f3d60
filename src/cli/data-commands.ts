import type { Command } from 'commander';
import { collectList, parseOneOf, parsePairs } from './arguments.ts';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { createOutput } from './output.ts';

type ImportFlags = {
  symbol?: string;
  market: string;
  timeframe: string;
  file: string;
  zone?: string;
  label?: string;
  columns?: string[];
  volume?: string;
  source: string;
  json: boolean;
};

const IMPORT_EXAMPLES = `
Examples:
  $ centaur data import bars --symbol SPY --market US --timeframe 1m --file spy.csv.gz --zone UTC --label start
      times in UTC, each row named by the start of its minute
  $ centaur data import bars --symbol QQQM --market US --timeframe 1m --file q.csv --zone America/New_York --label end --columns time=date,volume=vol
      columns by their names in the file`;

async function importBars(flags: ImportFlags) {
  const { runImportBars } = await import('./data.ts');
  return runImportBars(
    {
      file: flags.file,
      symbol: flags.symbol,
      market: parseOneOf('--market', flags.market, ['US', 'CN']),
      timeframe: parseOneOf('--timeframe', flags.timeframe, ['1m', '5m', '15m', '1d']),
      zone: flags.zone,
      label:
        flags.label === undefined
          ? undefined
          : parseOneOf('--label', flags.label, ['start', 'end']),
      columns: parsePairs(flags.columns ?? [], '--columns'),
      volume:
        flags.volume === undefined
          ? undefined
          : parseOneOf('--volume', flags.volume, ['shares', 'lots']),
      source: flags.source,
    },
    createOutput(flags.json),
  );
}

/** `centaur data …`: what the store knows of the market. */
export function addDataCommands(program: Command, run: Runner): void {
  const data = program
    .command('data')
    .description('recorded market data')
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur data status\n  $ centaur data import bars --help',
    );
  const bring = data
    .command('import')
    .description('bring files into the store')
    .addHelpText('after', '\nExamples:\n  $ centaur data import bars --help');
  bring
    .command('bars')
    .description('bars from CSV or CSV.gz; tells what became of every row')
    .option('--symbol <symbol>', 'symbol of the file, as SPY or 600519.SH')
    .requiredOption('--market <market>', 'US or CN')
    .requiredOption('--timeframe <length>', '1m, 5m, 15m or 1d')
    .requiredOption('--file <path>', 'a CSV file with a header row; gzip when it ends in .gz')
    .option('--zone <zone>', 'IANA zone of times without an offset')
    .option('--label <edge>', 'start or end: which edge of a bar its time names')
    .option('--columns <pairs>', 'time=…,open=…,high=…,low=…,close=…,volume=…', collectList)
    .option('--volume <unit>', 'shares or lots (of 100)')
    .option('--source <name>', 'name under which the bars are kept apart', 'csv')
    .addOption(jsonOption())
    .addHelpText('after', IMPORT_EXAMPLES)
    .action((flags: ImportFlags) => run(() => importBars(flags)));
  data
    .command('status')
    .description('what is stored, by symbol, timeframe and source')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur data status --json')
    .action((flags: { json: boolean }) =>
      run(async () => {
        const { runDataStatus } = await import('./data.ts');
        return runDataStatus(createOutput(flags.json));
      }),
    );
}
