import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { findDesk } from '#shell/files/desk-mark.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { copyProject, runCli } from '#test/support/cli.ts';
import { eventually } from '#test/support/eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * A real desk of the project on an account at the fake of Alpaca, stopped in its tracks (SIGSTOP): what
 * another terminal can still do about its orders. The command has no store it could reach.
 */

const OURS = '2026-11-20.us-vwap.QQQM.US.long.1';
const project = copyProject();
const fake = new FakeAlpaca();
const dataDir = makeDataFolder();
const files = dataFilesOf(dataDir);
let desk: ChildProcess;
let output = '';

const env = {
  ALPACA_PAPER_KEY_ID: FAKE_KEYS.keyId,
  ALPACA_PAPER_SECRET_KEY: FAKE_KEYS.secretKey,
  CENTAUR_CHANNELS: 'terminal',
};

function settings(url: string): void {
  const local = join(project.root, 'config', 'local');
  mkdirSync(join(local, 'desks'), { recursive: true });
  writeFileSync(join(local, 'desks', 'us-vwap.yaml'), 'account: alpaca-us\n');
  const account = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'paper',
    currency: 'USD',
    feed: 'iex',
    dataUrl: url,
    dataStreamUrl: `${url.replace('http', 'ws')}`,
    paper: { credentials: 'ALPACA_PAPER', tradingUrl: url },
    live: null,
  };
  // JSON is YAML
  writeFileSync(join(local, 'accounts.yaml'), JSON.stringify({ accounts: [account] }));
}

function submit(clientId: string, fields: Record<string, string>): void {
  fake.exchange.submit({
    symbol: 'QQQM',
    side: 'buy',
    qty: '20',
    time_in_force: 'day',
    client_order_id: clientId,
    ...fields,
  });
}

const working = () =>
  [...fake.exchange.orders.values()]
    .filter((order) => fake.exchange.isWorking(order))
    .map((order) => order.clientOrderId);

/** 20 QQQM under a stop, and two entries that stand. */
function trade(): void {
  fake.quote('QQQM', 99.98, 100);
  submit(`${OURS}.entry-1`, { type: 'limit', limit_price: '100' });
  fake.quote('QQQM', 99.98, 100);
  submit(`${OURS}.stop-1`, { side: 'sell', type: 'stop', stop_price: '95' });
  submit(`${OURS}.entry-2`, { type: 'limit', limit_price: '90' });
  submit('2026-11-20.us-vwap.AAPL.US.long.1.entry-1', {
    symbol: 'AAPL',
    type: 'limit',
    limit_price: '90',
  });
}

const kill = (...args: string[]) =>
  runCli(['kill', 'all', '--json', ...args], {
    root: project.root,
    dataDir,
    env: { ...env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
  });

before(async () => {
  settings(await fake.listen());
  const args = [join(project.root, 'bin', 'centaur.mjs'), 'start', '--profile', 'paper'];
  desk = spawn(process.execPath, args, {
    env: { ...process.env, CENTAUR_DATA_DIR: dataDir, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  for (const stream of [desk.stdout, desk.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  await eventually(
    () => findDesk(files.deskMark).kind === 'running' && fake.streamCount === 1,
    60_000,
  );
});

after(async () => {
  // it ends its own database; a killed one would leave that running
  const ended = new Promise((resolve) => desk.once('exit', resolve));
  if (desk.exitCode === null && desk.kill('SIGTERM')) await ended;
  await fake.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

test('CX-07 AL-01 a kill reaches the broker past a desk that is stopped in its tracks, without the store', async (t) => {
  trade();
  assert.equal(working().length, 3);
  desk.kill('SIGSTOP');
  const startedAt = performance.now();
  const { code, stdout, stderr } = await kill();
  const tookMs = Math.round(performance.now() - startedAt);
  assert.equal(code, 0, `${stderr}\n${output}`);
  const result = JSON.parse(stdout) as {
    desk: string;
    accounts: { accountId: string; stageOne: { canceled: string[]; kept: string[] } }[];
  };
  assert.equal(result.desk, 'silent');
  const [account] = result.accounts;
  assert.equal(account?.accountId, 'alpaca-us');
  assert.deepEqual(account?.stageOne.kept, [`${OURS}.stop-1`]);
  assert.equal(account?.stageOne.canceled.length, 2);
  assert.deepEqual(working(), [`${OURS}.stop-1`]);
  t.diagnostic(`the whole command took ${tookMs} ms`);
});

test('CX-07 stage 2 past the desk sells on paper, and the desk that wakes up sells nothing more', async () => {
  const posts = () => fake.calls.filter((call) => call.startsWith('POST')).length;
  const before = posts();
  const killing = kill('--yes');
  await eventually(() => fake.calls.includes('DELETE /v2/positions'), 20_000);
  fake.quote('QQQM', 99.9, 99.92);
  const { code, stdout, stderr } = await killing;
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  assert.deepEqual(working(), []);
  assert.equal(fake.exchange.positions.get('QQQM')?.quantity ?? 0, 0);
  desk.kill('SIGCONT');
  await eventually(() => createKillFile(files).readAnswer(0) !== null, 20_000);
  await fake.idle();
  assert.equal(posts(), before);
  assert.equal(fake.exchange.positions.get('QQQM')?.quantity ?? 0, 0);
});
