import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { projectWith, until } from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * Stage 2 of a live account from a terminal: no chat, no store, no desk. The phrase is typed where the command
 * runs; a wrong one sells nothing.
 */

const OURS = '2026-11-20.us-vwap.QQQM.US.long.1';
const PHRASE = /type within 60 s: (KILL ALPACA-US \d{4})/;
const fake = new FakeAlpaca();
const dataDir = makeDataFolder();
const files = dataFilesOf(dataDir);
const killFile = createKillFile(files);
let project: ReturnType<typeof projectWith>;

type Command = { readonly child: ChildProcess; out: string; err: string };

function killAll(...args: string[]): Command {
  const program = join(project.root, 'bin', 'centaur.mjs');
  const child = spawn(process.execPath, [program, 'kill', 'all', '--yes', ...args], {
    env: {
      ...process.env,
      CENTAUR_PROFILE: 'paper',
      CENTAUR_DATA_DIR: dataDir,
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      ALPACA_LIVE_KEY_ID: FAKE_KEYS.keyId,
      ALPACA_LIVE_SECRET_KEY: FAKE_KEYS.secretKey,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const command: Command = { child, out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    command.out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    command.err += chunk.toString();
  });
  return command;
}

/** Waits for the question and answers it; the text after the command has ended, and its code. */
async function answered(command: Command, answer: (phrase: string) => string) {
  const ended = new Promise((resolve) => command.child.once('close', resolve));
  const tell = () => `${command.out}\n${command.err}`;
  await until('the question', () => PHRASE.test(command.err), tell);
  const [, phrase = ''] = PHRASE.exec(command.err) ?? [];
  command.child.stdin?.write(`${answer(phrase)}\n`);
  return { code: await ended, ...command };
}

const held = (): number => fake.exchange.positions.get('QQQM')?.quantity ?? 0;

before(async () => {
  const url = await fake.listen();
  const account = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'live',
    currency: 'USD',
    feed: 'sip',
    dataUrl: url,
    dataStreamUrl: url.replace('http', 'ws'),
    paper: null,
    live: { credentials: 'ALPACA_LIVE', tradingUrl: url },
  };
  project = projectWith({
    'accounts.yaml': { accounts: [account] },
    'desks/us-vwap.yaml': { account: 'alpaca-us' },
  });
  const order = { symbol: 'QQQM', side: 'buy', qty: '20', time_in_force: 'day' };
  fake.quote('QQQM', 99.98, 100);
  fake.exchange.submit({
    ...order,
    type: 'limit',
    limit_price: '100',
    client_order_id: `${OURS}.entry-1`,
  });
  fake.quote('QQQM', 99.98, 100);
  fake.exchange.submit({
    ...order,
    side: 'sell',
    type: 'stop',
    stop_price: '95',
    client_order_id: `${OURS}.stop-1`,
  });
  assert.equal(held(), 20);
});

after(async () => {
  await fake.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

test('CX-07 a wrong phrase, none in time and --json sell nothing of a live account, and say so', async () => {
  const wrong = await answered(killAll(), (phrase) => phrase.replace(/\d{4}$/, '0'));
  assert.match(wrong.err, /alpaca-us, LIVE, REAL MONEY: sells 20 QQQM\.US/);
  assert.match(wrong.err, /found no phrase for alpaca-us.*nothing of it is sold/);
  const silent = killAll();
  silent.child.stdin?.end();
  await new Promise((resolve) => silent.child.once('close', resolve));
  assert.match(silent.err, /found no phrase for alpaca-us.*nothing of it is sold/);
  const program = killAll('--json');
  await new Promise((resolve) => program.child.once('close', resolve));
  assert.doesNotMatch(program.err, PHRASE);
  assert.match(program.err, /nothing of it is sold/);
  assert.equal(held(), 20);
  assert.equal(
    fake.calls.some((call) => /^DELETE \/v2\/positions/.test(call)),
    false,
  );
});

test('CX-07 a desk that answers is told by the file to sell, once the phrase was typed', async () => {
  // a desk that answers, in the place of a real one
  const desk = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  mkdirSync(dirname(files.deskMark), { recursive: true });
  writeFileSync(
    files.deskMark,
    JSON.stringify({
      pid: desk.pid,
      startedAt: 1,
      runId: 'live',
      profile: 'paper',
      desks: ['us-vwap'],
      environment: 'live',
    }),
  );
  const stop = killFile.watch((state) => {
    if (state.kind !== 'present') return;
    const answer = { at: Date.now() + 5, pid: 1, canceledOrderIds: [], protectionKept: 1 };
    killFile.answer({ ...answer, strangerIds: [] });
  }, 5);
  try {
    const { code, out } = await answered(killAll(), (phrase) => phrase.toLowerCase());
    assert.equal(code, 0);
    assert.match(out, /stage 2 handed to us-vwap/);
    const state = killFile.state();
    assert.ok(state.kind === 'present');
    assert.deepEqual(
      state.note.flatten?.map(({ scope, isConfirmed }) => [scope, isConfirmed]),
      [['alpaca-us', true]],
    );
    assert.equal(held(), 20);
  } finally {
    stop();
    desk.kill('SIGKILL');
    rmSync(files.deskMark);
    killFile.remove(null);
  }
});

test('CX-07 without a desk the right phrase sells the live account at the broker, and the file says so', async () => {
  const sold = answered(killAll(), (phrase) => phrase);
  await until('the market order', () => {
    fake.quote('QQQM', 99.98, 100);
    return held() === 0;
  });
  const { code, out, err } = await sold;
  assert.equal(code, 0, err);
  assert.match(out, /alpaca-us: QQQM\.US 20: sold at the broker/);
  assert.match(out, /alpaca-us: flat/);
  const state = killFile.state();
  assert.ok(state.kind === 'present');
  assert.deepEqual(
    state.note.sold?.map(({ scope }) => scope),
    ['alpaca-us'],
  );
});
