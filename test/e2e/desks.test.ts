import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';
import { createStore, type Store } from '#shell/store/store.ts';
import { copyProject, runCli } from '#test/support/cli.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

const DESKS = ['us-vwap', 'us-second'];
const { root, remove } = copyProject();
const dataDir = makeDataFolder();
const env = { CENTAUR_CHANNELS: 'terminal', CENTAUR_PROFILE: 'paper' };
let handle: StoreHandle;
let store: Store;
let child: ChildProcess | null = null;

before(async () => {
  const local = join(root, 'config', 'local');
  const desk = readFileSync(join(root, 'config', 'desks', 'us-vwap.yaml'), 'utf8');
  const write = (file: string, text: string): void => {
    mkdirSync(join(local, file, '..'), { recursive: true });
    writeFileSync(join(local, file), text);
  };
  const account = { market: 'US', broker: 'paper', environment: 'paper', currency: 'USD' };
  const accounts = [
    { id: 'paper-us', ...account, cash: 100_000 },
    { id: 'paper-second', ...account, cash: 50_000 },
  ];
  write('accounts.yaml', JSON.stringify({ accounts }));
  write(
    'desks/us-second.yaml',
    desk
      .replace('id: us-vwap', 'id: us-second')
      .replace('account: paper-us', 'account: paper-second')
      .replace(/^symbols: .*$/m, 'symbols: [SPY]')
      .replace(/^capital: .*$/m, 'capital: 50000'),
  );
  write('profiles/paper.yaml', JSON.stringify({ desks: DESKS }));
  handle = await connectStore({ dataFolder: dataDir, databaseUrl: null, purpose: 'test' });
  store = createStore(handle);
});

after(async () => {
  child?.kill('SIGKILL');
  await handle.closeAndStop();
  rmSync(dataDir, { recursive: true, force: true });
  remove();
});

/** Starts both desks in one process; answers what the terminal says and how to speak to it. */
function start(): { say(text: string): void; heard(): string; ended: Promise<number | null> } {
  const started = spawn(process.execPath, [join(root, 'bin', 'centaur.mjs'), 'start'], {
    env: { ...process.env, ...env, CENTAUR_DATA_DIR: dataDir },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = started;
  let heard = '';
  started.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  return {
    say: (text) => void started.stdin.write(`${text}\n`),
    heard: () => heard,
    ended: new Promise((resolve) => started.once('exit', resolve)),
  };
}

async function eventsOf(deskId: string): Promise<string[]> {
  return (await store.events.read(`live/desk/${deskId}`)).map(({ type }) => type);
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(performance.now() < end, `waited 30 s for: ${what}`);
    await sleep(30);
  }
}

const haveBoth = async (type: string): Promise<boolean> =>
  (await Promise.all(DESKS.map(eventsOf))).every((types) => types.includes(type));

test('AL-02 two desks run in one process, each on its own account, and one chat speaks to both', async () => {
  const desk = start();
  await until('both desks', () => haveBoth('reconciled'));
  desk.say('/status');
  await until('both in the status', () => DESKS.every((id) => desk.heard().includes(id)));
  desk.say('/allow');
  await until('the question which desk', () => /Which desk\?.*us-second/.test(desk.heard()));
  desk.say('/stop us-second');
  await until('the stop', async () => (await eventsOf('us-second')).includes('consent_withdrawn'));
  assert.equal((await eventsOf('us-vwap')).includes('consent_withdrawn'), false);

  const refused = await runCli(['start', '--profile', 'paper'], { root, dataDir, env });
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /desk: already running as pid \d+/);
  child?.kill('SIGTERM');
  assert.equal(await desk.ended, 0);
});

test('AL-02 after a crash both desks come back, each with its own book', async () => {
  const first = start();
  await until('the first start', async () => (await eventsOf('us-vwap')).length > 3);
  await until('the terminal', () => first.heard() !== '');
  child?.kill('SIGKILL');
  await first.ended;
  const again = start();
  await until('both recovered', () => haveBoth('desk_recovered'));
  const [opened] = await store.events.read('live/desk/us-second');
  assert.partialDeepStrictEqual(opened, { type: 'desk_opened', data: { cashMinor: 5_000_000 } });
  const day = new Date().toISOString();
  const job = await runCli(['job', 'us-premarket', '--at', day, '--json'], { root, dataDir, env });
  assert.ok(job.code === 0 || job.code === 4, job.stderr);
  await until('the day at both', async () => {
    const types = await Promise.all(DESKS.map(eventsOf));
    return types.every(
      (one) => one.includes('session_planned') || one.includes('verdict_declared'),
    );
  });
  child?.kill('SIGTERM');
  assert.equal(await again.ended, 0);
});
