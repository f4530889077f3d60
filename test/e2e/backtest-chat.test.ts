import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { csvOf, simulatedSeries } from '../support/backtest-market.ts';
import { runCli } from '../support/cli.ts';
import { projectWith, startDesk, until } from '../support/live-process.ts';
import { makeDataFolder } from '../support/store-backends.ts';

/* A desk on the clock is asked in its terminal for a backtest over bars of its store. */

const folder = mkdtempSync(join(tmpdir(), 'centaur-backtest-chat-'));
const dataDir = makeDataFolder();
const project = projectWith({
  'desks/us-vwap.yaml': { symbols: ['QQQM'] },
  'schedule.yaml': {
    jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
  },
});
const env = { CENTAUR_PROFILE: 'paper', CENTAUR_LANGUAGE: 'en', CENTAUR_DATA_DIR: dataDir };
after(() => {
  project.remove();
  for (const path of [folder, dataDir]) rmSync(path, { recursive: true, force: true });
});

async function bringBars(): Promise<void> {
  const calendar = await loadMarketCalendar(project.root, 'US');
  const [series] = simulatedSeries(5, ['QQQM.US'], '2026-03-02', '2026-05-08', calendar);
  const file = join(folder, 'qqqm.csv');
  writeFileSync(file, csvOf(series!.minutes));
  const what = ['--symbol', 'QQQM', '--market', 'US', '--timeframe', '1m', '--label', 'start'];
  const words = ['data', 'import', 'bars', '--file', file, ...what];
  const { code, stderr } = await runCli(words, { root: project.root, dataDir, env });
  assert.equal(code, 0, stderr);
}

test('ID-13 CX-03 CX-10 a backtest asked for in the chat is played beside the desk, which stays killable, and one that is cut off is named at the next start', async () => {
  await bringBars();
  const results = join(dataDir, 'backtests');
  const first = startDesk(project.root, env);
  const tell = () => `${first.heard().slice(-1_500)}\n${first.stderr().slice(-1_500)}`;
  try {
    first.say('/ping');
    await until('an answer', () => /ping|pong/i.test(first.heard()), tell);
    first.say('/backtest vwap-reclaim 2026-05 2026-13');
    await until('a refusal', () => /2026-13/.test(first.heard()), tell);
    first.say('/backtest vwap-reclaim 2025-01 2025-02');
    await until('a failure', () => /Not played: .*no 1m bars/.test(first.heard()), tell);
    first.say('/backtest vwap-reclaim 2026-04 2026-05');
    await until('the first message', () => /Backtest .*\n.*begun/.test(first.heard()), tell);
    // the desk answers while it is played
    first.say('/kill');
    await until('the kill', () => /KILL in force/.test(first.heard()), tell);
    await until('the result', () => /done in \d+ s/.test(first.heard()), tell);
    assert.match(first.heard(), /QQQM · \d+ days played/);
    assert.match(first.heard(), /B signals, no friction: \d+ trades/);
    const out = join(results, 'vwap-reclaim_2026-04-01_2026-05-31');
    assert.match(readFileSync(join(out, 'report.md'), 'utf8'), /^---\ntype: backtest/);
    // the curves come as a file, where there are any
    if (existsSync(join(out, 'curves_C.png')))
      await until(
        'the curves',
        () => /files\/[0-9a-f]{8}-vwap-reclaim.*\.png/.test(first.heard()),
        tell,
      );
    assert.equal(existsSync(join(results, 'running.json')), false);
    first.say('/backtest vwap-reclaim 2026');
    await until('another one', () => existsSync(join(results, 'running.json')), tell);
  } finally {
    first.child.kill('SIGTERM');
    await first.ended;
  }
  const second = startDesk(project.root, env);
  const heard = () => `${second.heard().slice(-1_500)}\n${second.stderr().slice(-1_500)}`;
  try {
    await until(
      'word of the one cut off',
      () => /vwap-reclaim from 2026-01-01\n.*ended before it was done/.test(second.heard()),
      heard,
    );
    assert.equal(existsSync(join(results, 'running.json')), false);
    second.say('/backtest vwap-reclaim 2025-01 2025-02');
    await until('a failure', () => /Not played: .*no 1m bars/.test(second.heard()), heard);
    assert.equal(second.heard().match(/ended before it was done/g)?.length, 1);
  } finally {
    second.child.kill('SIGTERM');
    await second.ended;
  }
});
