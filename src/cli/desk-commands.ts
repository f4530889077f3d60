import type { Command } from 'commander';
import { parseDay, parseInstant, parseOneOf } from './arguments.ts';
import type { Runner, Start } from './command.ts';
import { jsonOption } from './command.ts';
import { UsageError } from './exit-code.ts';
import { createOutput } from './output.ts';
import type { StopsFlags } from './stops.ts';

type Flags = { json: boolean; yes?: boolean };

const KILL_EXAMPLES = `
Examples:
  $ centaur kill                 everything
  $ centaur kill us-vwap         one desk
  $ centaur kill all --yes       and sell everything; a live account asks for its phrase
Stage 1 of a kill: no entry leaves any more, entry orders are cancelled, protection stays. It asks
nothing, needs neither the store nor a desk that answers, and holds until /resume in the chat.`;

/** Commands about the desk: kill, status, explain, report, session, close, job, setup, doctor, bench. */
export function addDeskCommands(program: Command, start: Start, run: Runner): void {
  program
    .command('kill')
    .description('stop all entries at once, from any terminal')
    .argument('[scope]', 'a desk, an account or all', 'all')
    .option(
      '--yes',
      'sell everything as well (stage 2); a live account asks for its phrase here',
      false,
    )
    .addOption(jsonOption())
    .addHelpText('after', KILL_EXAMPLES)
    .action((scope: string, flags: Flags) =>
      run(async () =>
        (await import('./kill.ts')).runKill(
          scope,
          { isFlatten: flags.yes === true },
          createOutput(flags.json),
        ),
      ),
    );
  program
    .command('stops')
    .description('protective stops of an account')
    .command('set')
    .description('sets the stops of all positions at once; what would lose more is left alone')
    .requiredOption('--account <id>', 'an account or its desk')
    .option('--percent <number>', 'below the cost of each position')
    .option('--file <csv>', 'symbol,stop a line')
    .option('--dry', 'only say what would be set', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur stops set --account paper-us --percent 2 --dry\n  $ centaur stops set --account paper-us --file stops.csv',
    )
    .action((flags: StopsFlags & { json: boolean }) =>
      run(async () => (await import('./stops.ts')).runStops(flags, createOutput(flags.json))),
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
  addSessionCommands(program, start, run);
  addReadCommands(program, run);
}

function addReadCommands(program: Command, run: Runner): void {
  program
    .command('status')
    .description('permission, health and phase of every desk, from the log')
    .option('--run <id>', 'a run other than the one that runs or ran last')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur status\n  $ centaur status --run live --json')
    .action((flags: { run?: string; json: boolean }) =>
      run(async () => (await import('./status.ts')).runStatus(flags.run, createOutput(flags.json))),
    );
  program
    .command('explain')
    .description('the chain of events behind one ticket, with every check and threshold')
    .argument('<id>', 'a ticket code, ticket id or order id')
    .option('--run <id>', 'look in this run only')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur explain K7QD\n  $ centaur explain 2026-11-18.10:00',
    )
    .action((id: string, flags: { run?: string; json: boolean }) =>
      run(async () =>
        (await import('./explain.ts')).runExplain(id, flags.run, createOutput(flags.json)),
      ),
    );
  program
    .command('report')
    .description('recorded days added up: a day, a week or a month, as /report in the chat')
    .option('--date <day>', 'of this day; default the newest')
    .option('--week <day>', 'of the week this day lies in')
    .option('--month <day>', 'of the month this day lies in')
    .option('--format <format>', 'md, html, csv or json', 'md')
    .option('--language <language>', 'zh or en; default that of the settings')
    .option('--out <folder>', 'write a file there instead of printing')
    .option('--run <id>', 'a run other than the one that runs or ran last')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur report\n  $ centaur report --month 2024-05-01 --format html --out reports',
    )
    .action((flags: ReportFlags) => run(() => report(flags)));
  program
    .command('bench')
    .description('runs one benchmark and prints its figures')
    .argument('<name>', 'a file of bench/')
    .argument('[rest...]', 'arguments of the benchmark')
    .addHelpText('after', '\nExamples:\n  $ centaur bench commit')
    .action((name: string, rest: string[]) =>
      run(async () => (await import('./bench.ts')).runBench(name, rest)),
    );
}

type ReportFlags = {
  date?: string;
  week?: string;
  month?: string;
  format: string;
  language?: string;
  out?: string;
  run?: string;
  json: boolean;
};

async function report(flags: ReportFlags) {
  const { runReport } = await import('./report.ts');
  const periods = (['date', 'week', 'month'] as const).filter((name) => flags[name] !== undefined);
  if (periods.length > 1) {
    throw new UsageError(`report: found --${periods.join(' and --')}, expected one of them`);
  }
  const [period] = periods;
  const text = period === undefined ? undefined : flags[period];
  return runReport(
    {
      day: text === undefined ? null : parseDay(text, `--${period}`),
      period: period === 'week' || period === 'month' ? period : 'day',
      format: parseOneOf('--format', flags.format, ['md', 'html', 'csv', 'json']),
      language:
        flags.language === undefined
          ? null
          : parseOneOf('--language', flags.language, ['zh', 'en']),
      out: flags.out,
      run: flags.run,
    },
    createOutput(flags.json),
  );
}

function addSessionCommands(program: Command, start: Start, run: Runner): void {
  program
    .command('session')
    .description("today's live session in the foreground; exit code 4 when there is none")
    .argument('<desk>', 'a desk, as us-vwap')
    .addHelpText('after', '\nExamples:\n  $ centaur session us-vwap')
    .action((desk: string) =>
      run(async () => (await import('./jobs.ts')).runSession(desk, start, createOutput(false))),
    );
  program
    .command('close')
    .description('the summary after the close')
    .argument('<desk>', 'a desk, as us-vwap')
    .option('--date <day>', 'a trading day; default today')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ centaur close us-vwap --date 2026-11-20')
    .action((desk: string, flags: { date?: string; json: boolean }) =>
      run(async () => {
        const day = flags.date === undefined ? null : parseDay(flags.date, '--date');
        return (await import('./jobs.ts')).runClose(desk, day, createOutput(flags.json));
      }),
    );
  program
    .command('job')
    .description('runs one job of the timetable now, for any past moment')
    .argument('<name>', 'sync-calendar, us-premarket, us-intraday or us-close')
    .option('--at <instant>', 'the moment it is for, with its zone; default now')
    .option('--dry', 'change nothing outside the run', false)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ centaur job us-premarket --dry\n  $ centaur job us-close --at 2026-11-20T16:20-05:00',
    )
    .action((name: string, flags: { at?: string; dry: boolean; json: boolean }) =>
      run(async () => {
        const at = flags.at === undefined ? null : parseInstant(flags.at, '--at');
        const { runJobNow } = await import('./jobs.ts');
        return runJobNow(name, { at, isDry: flags.dry }, createOutput(flags.json));
      }),
    );
}
