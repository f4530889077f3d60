import type { Command } from 'commander';
import { collectList, MONEY, parseOneOf, parsePairs, VOLUME } from './arguments.ts';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { addFeedCommands, addMarketImports } from './data-commands-cn.ts';
import { createOutput } from './output.ts';

type ImportFlags = {
  symbol?: string;
  market: string;
  timeframe: string;
  file: string[];
  zone?: string;
  label?: string;
  columns?: string[];
  volume?: string;
  amount: string;
  basis?: string;
  source: string;
  json: boolean;
};

const IMPORT_EXAMPLES = `
Examples:
  $ centaur data import bars --symbol SPY --market US --timeframe 1m --file spy.csv.gz --zone UTC --label start
      times in UTC, each row named by the start of its minute
  $ centaur data import bars --symbol QQQM --market US --timeframe 1m --file q.csv --zone America/New_York --label end --columns time=date,volume=vol
      columns by their names in the file
  $ centaur data import bars --market CN --timeframe 15m --file bars_15m/*.csv.gz --zone Asia/Shanghai --label end
      many Chinese files at once; each row names its share in the symbol column
  $ centaur data import bars --market CN --timeframe 1d --file daily.csv.gz --volume lots --basis raw
      daily bars of the Chinese market: judged by day, corrupt days are refused and named`;

function oneOf<const T extends string>(
  flag: string,
  value: string | undefined,
  known: readonly T[],
) {
  return value === undefined ? undefined : parseOneOf(flag, value, known);
}

async function importBars(flags: ImportFlags) {
  const market = parseOneOf('--market', flags.market, ['US', 'CN']);
  const timeframe = parseOneOf('--timeframe', flags.timeframe, ['1m', '5m', '15m', '1d']);
  const given = {
    files: flags.file,
    symbol: flags.symbol,
    columns: parsePairs(flags.columns ?? [], '--columns'),
    volume: oneOf('--volume', flags.volume, VOLUME),
    source: flags.source,
  };
  const output = createOutput(flags.json);
  if (market === 'CN' && timeframe === '1d') {
    const { runImportDaily } = await import('./data-cn.ts');
    const basis = oneOf('--basis', flags.basis, ['raw', 'qfq', 'hfq']);
    const amount = parseOneOf('--amount', flags.amount, MONEY);
    return runImportDaily({ ...given, kind: 'share', isHeaderless: false, basis, amount }, output);
  }
  const { runImportBars } = await import('./data.ts');
  const label = oneOf('--label', flags.label, ['start', 'end']);
  return runImportBars({ ...given, market, timeframe, zone: flags.zone, label }, output);
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
    .option('--symbol <symbol>', 'symbol of the file, as SPY or 600519.SH; CN: else by its column')
    .requiredOption('--market <market>', 'US or CN')
    .requiredOption('--timeframe <length>', '1m, 5m, 15m or 1d')
    .requiredOption('--file <path...>', 'CSV files with a header row; gzip when they end in .gz')
    .option('--zone <zone>', 'IANA zone of times without an offset')
    .option('--label <edge>', 'start or end: which edge of a bar its time names')
    .option('--columns <pairs>', 'time=…,open=…,high=…,low=…,close=…,volume=…', collectList)
    .option('--volume <unit>', 'shares or lots (of 100)')
    .option('--amount <unit>', 'daily bars of CN: yuan, thousand, wan or yi', 'yuan')
    .option('--basis <basis>', 'daily bars of CN: raw, or adjusted: qfq, hfq')
    .option('--source <name>', 'name under which the bars are kept apart', 'csv')
    .addOption(jsonOption())
    .addHelpText('after', IMPORT_EXAMPLES)
    .action((flags: ImportFlags) => run(() => importBars(flags)));
  addMarketImports(bring, run);
  addFeedCommands(data, run);
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
