import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCli } from '#test/support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-usage-'));
const dataDir = join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));

const REFUSED: [string[], string][] = [
  [['strat'], 'error: centaur: found strat, expected start'],
  [['start', '--sped', '3'], 'error: centaur start: found --sped, expected one of --seed, --speed'],
  [
    ['start', '--speed', 'fast'],
    'error: --speed: found "fast", expected realtime, max or a factor from 0.1 to 100000',
  ],
  [
    ['start', '--replay', '2024-05-01..2024-13-01'],
    'error: --replay: found "2024-05-01..2024-13-01", expected YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD',
  ],
  [
    ['start', '--replay', '2024-05-02..2024-05-01'],
    'error: --replay: found "2024-05-02..2024-05-01", expected a first day that is not after the last',
  ],
  [
    ['start', '--operator', 'robot'],
    'error: --operator: found "robot", expected one of terminal, confirm, skip, silent, random',
  ],
  [
    ['start', '--seed', '-1'],
    'error: --seed: found "-1", expected a whole number up to 4294967295',
  ],
  [
    ['start', '--json'],
    'error: --json: found it without --exit, expected both: it prints at the end',
  ],
  [['start', '--desk', 'us-vwp'], 'error: --desk: found "us-vwp", expected us-vwap'],
  [['start', '--profile', 'dmo'], 'error: --profile: found "dmo", expected demo'],
  [['data', 'import'], 'error: centaur data import: found no command, expected one of --help'],
  [
    ['data', 'import', 'bars', '--market', 'US'],
    'error: centaur data import bars: found no --timeframe <length>, expected it',
  ],
  [
    ['data', 'import', 'bars', '--market', 'US', '--timeframe', '1h', '--file', 'x.csv'],
    'error: --timeframe: found "1h", expected one of 1m, 5m, 15m, 1d',
  ],
  [['db', 'reset'], 'error: db reset: found no --yes, expected it: everything is removed'],
  [['db', 'restore'], 'error: centaur db restore: found no folder, expected one'],
  [
    ['job', 'us-premarkt', '--dry'],
    'error: job: found "us-premarkt", expected one of sync-calendar, us-premarket, us-intraday, us-close, cn-morning, cn-decision-window, cn-watch, cn-close, cn-data-sync',
  ],
  [
    ['job', 'us-close', '--at', '2026-11-20'],
    'error: --at: found "2026-11-20", expected an instant with its zone, as 2026-11-20T09:45-05:00',
  ],
  [
    ['report', '--date', '2026-11-20', '--week', '2026-11-20'],
    'error: report: found --date and --week, expected one of them',
  ],
];

for (const [args, line] of REFUSED) {
  test(`refuses "${args.join(' ')}" with one line and exit code 2, and writes nothing`, async () => {
    const { code, stdout, stderr } = await runCli(args, { dataDir });
    assert.equal(stderr, `${line}\n`);
    assert.equal(stdout, '');
    assert.equal(code, 2);
    assert.equal(existsSync(dataDir), false);
  });
}

test('every command and every level has help with examples', async () => {
  const commands = [
    [],
    ['start'],
    ['kill'],
    ['status'],
    ['explain'],
    ['report'],
    ['bench'],
    ['session'],
    ['close'],
    ['job'],
    ['setup'],
    ['doctor'],
    ['data'],
    ['data', 'status'],
    ['data', 'import'],
    ['data', 'import', 'bars'],
    ['db'],
    ['db', 'migrate'],
    ['db', 'status'],
    ['db', 'reset'],
    ['db', 'backup'],
    ['db', 'restore'],
  ];
  const results = await Promise.all(
    commands.map((command) => runCli([...command, '--help'], { dataDir })),
  );
  for (const [index, { code, stdout }] of results.entries()) {
    const name = ['centaur', ...(commands[index] ?? [])].join(' ');
    assert.equal(code, 0, name);
    assert.ok(stdout.startsWith(`Usage: ${name}`), name);
    assert.match(stdout, /\nExamples:\n {2}\$ centaur /, name);
  }
});

test('a desk on a day without a session ends with exit code 4', async () => {
  const args = ['close', 'us-vwap', '--date', '2026-11-21', '--json'];
  const { code, stdout } = await runCli(args, { dataDir });
  assert.equal(code, 4);
  assert.deepEqual(JSON.parse(stdout), {
    desk: 'us-vwap',
    tradingDay: '2026-11-21',
    kind: 'not_trade_day',
    reason: 'weekend',
  });
});
