import type { Command } from 'commander';
import {
  collectList,
  MONEY,
  parseCount,
  parseDay,
  parseInstant,
  parseOneOf,
  parsePairs,
  VOLUME,
} from './arguments.ts';
import type { Runner } from './command.ts';
import { jsonOption } from './command.ts';
import { createOutput } from './output.ts';

type Flags = {
  file: string[];
  source: string;
  columns?: string[];
  header: boolean;
  json: boolean;
};

function fileFlags(flags: Flags) {
  return {
    files: flags.file,
    source: flags.source,
    columns: parsePairs(flags.columns ?? [], '--columns'),
    isHeaderless: !flags.header,
  };
}

function dayOrNull(value: string | undefined): string | null {
  return value === undefined ? null : parseDay(value, '--day');
}

/** A subcommand of `data import` with the flags that all of them have. */
function importOf(bring: Command, name: string, description: string, columns: string): Command {
  return bring
    .command(name)
    .description(description)
    .requiredOption('--file <path...>', 'CSV, CSV.gz, JSON or JSON-lines files')
    .option('--columns <pairs>', columns, collectList)
    .option('--no-header', 'the first row is data; columns are called 1, 2, 3 …')
    .option('--source <name>', 'name under which the rows are kept apart', 'csv')
    .addOption(jsonOption());
}

function addIndex(bring: Command, run: Runner): void {
  importOf(bring, 'index', 'daily bars of indexes', 'day=…,close=…,symbol=…')
    .option('--symbol <symbol>', 'index of the file, as 000300.SH, when no column names it')
    .option('--volume <unit>', 'shares or lots (of 100)')
    .option('--amount <unit>', 'yuan, thousand, wan or yi', 'yuan')
    .addHelpText(
      'after',
      `
Examples:
  $ centaur data import index --file sh000300.csv.gz --volume lots
  $ centaur data import index --file 000300.SH.csv.gz --volume lots --amount thousand --source tushare`,
    )
    .action((flags: Flags & { symbol?: string; volume?: string; amount: string }) =>
      run(async () => {
        const { runImportDaily } = await import('./data-cn.ts');
        return runImportDaily(
          {
            ...fileFlags(flags),
            kind: 'index',
            symbol: flags.symbol,
            basis: undefined,
            volume:
              flags.volume === undefined ? undefined : parseOneOf('--volume', flags.volume, VOLUME),
            amount: parseOneOf('--amount', flags.amount, MONEY),
          },
          createOutput(flags.json),
        );
      }),
    );
}

function addMargin(bring: Command, run: Runner): void {
  importOf(bring, 'margin', 'margin trading by exchange and day', 'day=…,exchange=…,balance=…')
    .option('--unit <unit>', 'yuan, thousand, wan or yi', 'yuan')
    .option('--exchange <name>', 'SSE, SZSE or BSE, when no column names it')
    .option('--day <date>', 'day of the file, when no column names it')
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur data import margin --file market_margin.csv.gz --source tushare',
    )
    .action((flags: Flags & { unit: string; exchange?: string; day?: string }) =>
      run(async () => {
        const { runImportMargin } = await import('./data-cn.ts');
        return runImportMargin(
          {
            ...fileFlags(flags),
            unit: parseOneOf('--unit', flags.unit, MONEY),
            exchange:
              flags.exchange === undefined
                ? null
                : parseOneOf('--exchange', flags.exchange, ['SSE', 'SZSE', 'BSE']),
            day: dayOrNull(flags.day),
          },
          createOutput(flags.json),
        );
      }),
    );
}

function addLists(bring: Command, run: Runner): void {
  const kinds = {
    sectors: ['boards and their members', 'symbol=…,sector=…,boardCode=…', 'industry.csv.gz'],
    securities: ['listed shares and their names', 'symbol=…,name=…,listedOn=…', 'names.csv.gz'],
  } as const;
  for (const [kind, [description, columns, file]] of Object.entries(kinds)) {
    importOf(bring, kind, description, columns)
      .requiredOption('--as-of <date>', 'day the list is true for; a replay sees it from then on')
      .addHelpText(
        'after',
        `\nExamples:\n  $ centaur data import ${kind} --file ${file} --as-of 2026-06-17`,
      )
      .action((flags: Flags & { asOf: string }) =>
        run(async () => {
          const { runImportList } = await import('./data-cn.ts');
          const given = { ...fileFlags(flags), asOf: parseDay(flags.asOf, '--as-of') };
          return runImportList(kind as keyof typeof kinds, given, createOutput(flags.json));
        }),
      );
  }
}

function addExDates(bring: Command, run: Runner): void {
  importOf(bring, 'ex-dates', 'ex-dates of shares and their terms', 'symbol=…,exDate=…,cash=…')
    .requiredOption('--per <count>', 'share or ten: what the terms of the file are stated for')
    .addHelpText(
      'after',
      `
Columns: symbol, ex_date, and cash (yuan before tax) or newShares, or both; record_date if there is one.
A row that cannot be true is left out and told in a line; known ex-dates stay as they are. The desk
looks again each minute while an ex-date of a held share is open.

Examples:
  $ centaur data import ex-dates --file dividends.csv --per ten
  $ centaur data import ex-dates --file dividend.csv.gz --per share --source tushare`,
    )
    .action((flags: Flags & { per: string }) =>
      run(async () => {
        const { runImportExDates } = await import('./data-cn.ts');
        return runImportExDates(
          { ...fileFlags(flags), per: parseOneOf('--per', flags.per, ['share', 'ten']) },
          createOutput(flags.json),
        );
      }),
    );
}

function addPools(bring: Command, run: Runner): void {
  importOf(bring, 'pools', 'limit-up, limit-down and broken pools', 'symbol=…,day=…,price=…')
    .requiredOption('--kind <kind>', 'limit_up, limit_down or broken')
    .option('--day <date>', 'day of rows that name none')
    .option(
      '--seen-at <instant>',
      'when the file was made, with its zone: nothing later can be in it',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ centaur data import pools --kind limit_up --file pool.json --seen-at 2026-04-28T16:07+08:00`,
    )
    .action((flags: Flags & { kind: string; day?: string; seenAt?: string }) =>
      run(async () => {
        const { runImportPools } = await import('./data-cn.ts');
        return runImportPools(
          {
            ...fileFlags(flags),
            kind: parseOneOf('--kind', flags.kind, ['limit_up', 'limit_down', 'broken']),
            day: dayOrNull(flags.day),
            seenAt: flags.seenAt === undefined ? null : parseInstant(flags.seenAt, '--seen-at'),
          },
          createOutput(flags.json),
        );
      }),
    );
}

function addFigures(bring: Command, run: Runner): void {
  importOf(bring, 'figures', 'figures of any other kind by name', 'symbol=…,day=…')
    .requiredOption('--dataset <name>', 'name they are kept under, as money_flow')
    .option(
      '--fields <pairs>',
      'field=column: the columns to take; none: every number',
      collectList,
    )
    .option('--day <date>', 'day of rows that name none')
    .addHelpText(
      'after',
      `
Examples:
  $ centaur data import figures --dataset money_flow --file market_moneyflow.csv.gz --source tushare
  $ centaur data import figures --dataset adj_factor --file 600519.SH_techin.csv.gz --fields factor=indiv_techin_adj_factor`,
    )
    .action((flags: Flags & { dataset: string; fields?: string[]; day?: string }) =>
      run(async () => {
        const { runImportFigures } = await import('./data-cn.ts');
        return runImportFigures(
          {
            ...fileFlags(flags),
            dataset: flags.dataset,
            day: dayOrNull(flags.day),
            fields: parsePairs(flags.fields ?? [], '--fields'),
          },
          createOutput(flags.json),
        );
      }),
    );
}

/** `centaur data import …` for everything Chinese but bars. */
export function addMarketImports(bring: Command, run: Runner): void {
  addIndex(bring, run);
  addMargin(bring, run);
  addLists(bring, run);
  addExDates(bring, run);
  addPools(bring, run);
  addFigures(bring, run);
}

/** `centaur data sync` and `data check`: the sources of Chinese market data. */
export function addFeedCommands(data: Command, run: Runner): void {
  data
    .command('sync')
    .description('everything of the last final day of the Chinese market into the store')
    .option('--date <date>', 'another trading day than the last one that is final')
    .option(
      '--history <days>',
      'daily bars of so many trading days before it, too; can be run again',
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ centaur data sync
      after 15:30 the day itself, before that the one before; exits 5 when its bars are not to be had
  $ centaur data sync --history 280
      what a desk needs at first: share by share where no source has whole days`,
    )
    .action((flags: { date?: string; history?: string; json: boolean }) =>
      run(async () => {
        const { runDataSync } = await import('./data-feeds.ts');
        const day = flags.date === undefined ? null : parseDay(flags.date, '--date');
        const history =
          flags.history === undefined ? null : parseCount(flags.history, '--history', 1, 2_000);
        return runDataSync({ day, history }, createOutput(flags.json));
      }),
    );
  data
    .command('check')
    .description('asks every source of the profile one question; how they did lately')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur data check --json')
    .action((flags: { json: boolean }) =>
      run(async () => {
        const { runDataCheck } = await import('./data-feeds.ts');
        return runDataCheck(createOutput(flags.json));
      }),
    );
}
