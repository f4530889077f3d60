import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { csvOf, simulatedSeries } from '../support/backtest-market.ts';
import { runCli } from '../support/cli.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'centaur-resume-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const bars = join(folder, 'qqqm.csv');
const [series] = simulatedSeries(5, ['QQQM.US'], '2026-03-02', '2026-06-26');
writeFileSync(bars, csvOf(series!.minutes));
const SETS = 16;

function words(out: string, ...more: string[]): string[] {
  return [
    ...['backtest', 'vwap-reclaim', '--bars', bars, '--symbol', 'QQQM', '--label', 'start'],
    ...['--layers', 'c', '--workers', '1', '--set', 'parameters.isMa20Required=false'],
    ...['--sweep', 'parameters.stopAtrMultiple=0.1:0.85:0.05', '--out', join(folder, out), ...more],
  ];
}

const unfinished = (out: string) => join(folder, out, 'unfinished.jsonl');

/** Lines of finished sets that a run has left so far. */
function setsLeft(out: string): number {
  if (!existsSync(unfinished(out))) return 0;
  return readFileSync(unfinished(out), 'utf8').split('\n').length - 2;
}

/** Kills a run, as a machine does that runs out of memory, once it has played some sets. */
async function killInTheMiddle(out: string): Promise<number> {
  const env = { ...process.env, CENTAUR_DATA_DIR: folder };
  const program = [join(ROOT, 'bin', 'centaur.mjs'), ...words(out)];
  const child = spawn(process.execPath, program, { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  while (setsLeft(out) < 2) {
    assert.equal(child.exitCode, null, 'the run ended before it was killed');
    await sleep(5);
  }
  child.kill('SIGKILL');
  await ended;
  return setsLeft(out);
}

const FILES = ['equity.csv', 'report.md', 'run.json', 'summary_by_regime.csv', 'sweep.csv'];
const filesOf = (out: string) => FILES.map((name) => readFileSync(join(folder, out, name), 'utf8'));

test('ID-13 a sweep that was killed takes up what it had finished and writes what an unbroken one writes', async () => {
  const whole = await runCli(words('whole'), { dataDir: folder });
  assert.equal(whole.code, 0, whole.stderr);
  assert.equal(whole.stderr, '');
  const done = await killInTheMiddle('killed');
  assert.ok(done >= 2 && done < SETS, `${done} sets were done`);
  // the last line is torn as by an end in the middle of writing
  writeFileSync(unfinished('killed'), readFileSync(unfinished('killed'), 'utf8').slice(0, -9));
  const again = await runCli(words('killed'), { dataDir: folder });
  assert.equal(again.code, 0, again.stderr);
  assert.equal(
    again.stderr.trim(),
    `${join(folder, 'killed')}: an earlier run did not finish; ${done - 1} of ${SETS} sets are taken from it`,
  );
  assert.deepEqual(filesOf('killed'), filesOf('whole'));
  assert.ok(!readdirSync(join(folder, 'killed')).includes('unfinished.jsonl'));
});

test('ID-13 what an unfinished run found under other settings or from other bars counts for nothing, and is said', async () => {
  await killInTheMiddle('other');
  const other = await runCli(words('other', '--set', 'risk.tradesPerDay=1'), { dataDir: folder });
  assert.equal(other.code, 0, other.stderr);
  const starts =
    'an earlier run did not finish; this one starts over, its bars, settings or code differ';
  assert.equal(other.stderr.trim(), `${join(folder, 'other')}: ${starts}`);
  const plain = words('plain').filter((_, place, all) => {
    return all[place] !== '--sweep' && all[place - 1] !== '--sweep';
  });
  const killed = spawn(process.execPath, [join(ROOT, 'bin', 'centaur.mjs'), ...plain], {
    env: { ...process.env, CENTAUR_DATA_DIR: folder },
    stdio: 'ignore',
  });
  const ended = once(killed, 'exit');
  while (!existsSync(unfinished('plain'))) {
    assert.equal(killed.exitCode, null, 'the run ended before it was killed');
    await sleep(1);
  }
  killed.kill('SIGKILL');
  await ended;
  const again = await runCli(plain, { dataDir: folder });
  assert.equal(again.code, 0, again.stderr);
  assert.match(again.stderr, /did not finish; this one starts over, no layer of it was done/);
});
