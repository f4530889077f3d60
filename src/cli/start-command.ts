import type { Command } from 'commander';
import { collectList, parseDays, parseOperator, parseSeed, parseSpeed } from './arguments.ts';
import type { Runner, Start } from './command.ts';
import { UsageError } from './exit-code.ts';

type StartFlags = {
  profile?: string;
  desk?: string[];
  symbols?: string[];
  replay?: string;
  speed?: string;
  operator?: string;
  seed?: string;
  book?: string;
  channels?: string[];
  exit: boolean;
  json: boolean;
};

const EXAMPLES = `
Examples:
  $ centaur start
      a simulated US day in about two minutes, on this terminal
  $ centaur start --profile paper --channels terminal,telegram
      the real clock and calendar, simulated prices and broker
  $ centaur start --desk us-vwap --symbols SPY --replay 2024-05-01..2024-05-14 --speed max --operator confirm --exit --json
      ten recorded days at once, every ticket confirmed, one JSON object at the end
  $ centaur start --operator silent --seed 3 --exit
      a day on which nobody answers: every ticket lapses`;

/** `centaur start`: the assistant itself. */
export function addStartCommand(program: Command, start: Start, run: Runner): void {
  program
    .command('start')
    .description('the assistant: desks, chat and protection, until it is stopped')
    .option('--profile <name>', 'demo (default), paper or one of config/local/profiles')
    .option('--desk <id>', 'desk to run, may be repeated', collectList)
    .option('--symbols <list>', 'symbols in place of the desk’s, as SPY,QQQM', collectList)
    .option('--replay <days>', 'play recorded days from the store: FROM or FROM..TO')
    .option('--speed <speed>', 'realtime, max or simulated seconds a second')
    .option('--operator <rule>', 'who answers tickets: terminal, confirm, skip, silent, random')
    .option('--seed <number>', 'seed of the simulated market and of --operator random')
    .option('--book <file>', 'positions to begin with, at the instants the file states')
    .option(
      '--channels <list>',
      'terminal, telegram, wecom, wechat, wecom-webhook, mail',
      collectList,
    )
    .option('--exit', 'end when the played days end', false)
    .option('--json', 'print one JSON object at the end, everything else on standard error', false)
    .addHelpText('after', EXAMPLES)
    .action((flags: StartFlags) => run(() => start(optionsOf(flags))));
}

function optionsOf(flags: StartFlags) {
  const replay = flags.replay === undefined ? null : parseDays(flags.replay);
  const operator = flags.operator === undefined ? null : parseOperator(flags.operator);
  if (flags.json && !flags.exit) {
    throw new UsageError('--json: found it without --exit, expected both: it prints at the end');
  }
  return {
    profile: flags.profile ?? null,
    desks: flags.desk ?? [],
    symbols: flags.symbols ?? [],
    replay,
    speed: flags.speed === undefined ? null : parseSpeed(flags.speed),
    operator,
    seed: flags.seed === undefined ? null : parseSeed(flags.seed),
    book: flags.book ?? null,
    channels: flags.channels ?? [],
    exit: flags.exit,
    json: flags.json,
    dataDir: null,
  };
}
