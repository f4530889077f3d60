import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { runCli } from '#test/support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'centaur-clistore-'));
const dataDir = join(folder, 'data');
const file = join(folder, 'bars.csv');
const MINUTE = 60_000;
const OPEN = Date.parse('2024-05-01T13:30:00Z');
/** More than the stream of a copy holds at once. */
const DAYS = 60;

after(() => rmSync(folder, { recursive: true, force: true }));

/** Whole sessions of made-up bars, with one row of each kind that is dropped. */
function writeBars(): { rows: number; kept: number } {
  const lines = ['time,open,high,low,close,volume'];
  let kept = 0;
  for (let day = 0; day < DAYS; day += 1) {
    const at = OPEN + day * 86_400_000;
    const weekday = new Date(at).getUTCDay();
    if (weekday === 0 || weekday === 6) continue;
    const name = new Date(at).toISOString().slice(0, 10);
    if (name === '2024-05-27' || name === '2024-06-19') continue;
    for (let minute = 0; minute < 390; minute += 1) {
      const time = new Date(at + minute * MINUTE).toISOString().slice(0, 19);
      lines.push(`${time},100,101,99,100.5,${1000 + minute}`);
      kept += 1;
    }
  }
  lines.push('2024-05-01T23:00:00,100,101,99,100,5');
  lines.push('2024-05-01T13:30:00,100,101,99,100.5,1000');
  lines.push('2024-05-01T13:31:00,-1,101,99,100,5');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { rows: lines.length - 1, kept };
}

suite('commands on the store', () => {
  const args = ['data', 'import', 'bars', '--symbol', 'SPY', '--market', 'US', '--timeframe', '1m'];
  chmodSync(folder, 0o755);
  mkdirSync(dataDir, { mode: 0o755 });
  const { rows, kept } = writeBars();

  test('data import asks for what the file does not tell and stores nothing', async () => {
    const { code, stderr } = await runCli([...args, '--file', file], { dataDir });
    assert.equal(code, 2);
    assert.match(stderr, /^error: .*bars\.csv: .*give --zone and --label start\|end\n$/);
  });

  test('data import tells what became of every row, and a second time finds all known', async () => {
    const full = [...args, '--file', file, '--zone', 'UTC', '--label', 'start', '--json'];
    const first = await runCli(full, { dataDir });
    assert.equal(first.code, 0, first.stderr);
    const report = JSON.parse(first.stdout) as Record<string, unknown>;
    assert.equal(report['read'], rows);
    assert.equal(report['kept'], kept);
    assert.equal(report['inserted'], kept);
    assert.deepEqual(report['dropped'], { outside_session: 1, duplicate: 1, non_positive: 1 });
    const again = JSON.parse((await runCli(full, { dataDir })).stdout) as Record<string, unknown>;
    assert.equal(again['inserted'], 0);
    assert.equal(again['known'], kept);
  });

  test('data status names what is stored', async () => {
    const { stdout } = await runCli(['data', 'status', '--json'], { dataDir });
    assert.deepEqual(JSON.parse(stdout), {
      series: [
        {
          instrument: 'SPY.US',
          timeframe: '1m',
          source: 'csv',
          bars: kept,
          firstOpenedAt: '2024-05-01T13:30:00.000Z',
          lastOpenedAt: '2024-06-28T19:59:00.000Z',
        },
      ],
      stored: [],
    });
  });

  test('SP-11 db backup, reset and restore bring back every row', async () => {
    const backup = await runCli(['db', 'backup', join(folder, 'backup')], { dataDir });
    assert.equal(backup.code, 0, backup.stderr);
    const refused = await runCli(['db', 'restore', join(folder, 'backup')], { dataDir });
    assert.equal(refused.code, 3);
    assert.match(refused.stderr, /^error: restore: found rows in bars, expected an empty store/);
    assert.equal((await runCli(['db', 'reset', '--yes'], { dataDir })).code, 0);
    assert.equal(readdirSync(join(dataDir, 'backups')).length, 1, 'a reset keeps a backup');
    const restored = await runCli(['db', 'restore', join(folder, 'backup')], { dataDir });
    assert.equal(restored.code, 0, restored.stderr);
    const { stdout } = await runCli(['data', 'status', '--json'], { dataDir });
    const { series } = JSON.parse(stdout) as { series: { bars: number }[] };
    assert.equal(series[0]?.bars, kept);
  });

  test('doctor finds nothing in the way, in one object', async () => {
    const { code, stdout } = await runCli(['doctor', '--json'], {
      dataDir,
      env: { TELEGRAM_BOT_TOKEN: '' },
    });
    const { passed, findings } = JSON.parse(stdout) as {
      passed: boolean;
      findings: { name: string; state: string; cure: string | null }[];
    };
    assert.equal(code, 0, stdout);
    assert.equal(passed, true);
    const names = findings.map((finding) => finding.name);
    for (const name of ['node', 'config', 'disk', 'calendar', 'store', 'broker', 'chat', 'clock']) {
      assert.ok(names.includes(name), name);
    }
    // nobody was asked: that is no ok
    assert.equal(findings.find((finding) => finding.name === 'broker')?.state, 'skipped');
  });

  test('doctor names a broken setting with its cure and fails', async () => {
    const { code, stdout } = await runCli(['doctor'], {
      dataDir,
      env: { CENTAUR_LOG_LEVEL: 'loud' },
    });
    assert.equal(code, 1);
    assert.match(stdout, /FAIL {2}config: CENTAUR_LOG_LEVEL: found "loud".*→ correct the value/);
  });

  test('status and report of an empty log say so', async () => {
    const status = await runCli(['status', '--json'], { dataDir });
    assert.deepEqual(JSON.parse(status.stdout), { running: null, killFile: 'absent', desks: [] });
    const report = await runCli(['report'], { dataDir });
    assert.equal(report.code, 5);
    assert.match(report.stderr, /^error: report: found no recorded day/);
    const explain = await runCli(['explain', 'K7QD'], { dataDir });
    assert.equal(explain.code, 1);
    assert.match(explain.stderr, /^error: explain: found nothing named K7QD/);
  });
});
