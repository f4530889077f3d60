import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { projectWith, startDesk, until } from '../support/live-process.ts';
import { makeDataFolder } from '../support/store-backends.ts';

/*
 * A simulated day spoken over personal WeChat: a running desk, the process of integrations/wechaty on the account
 * of wechaty-puppet-mock, and one person who has nothing else.
 */
const PACKAGE = join(import.meta.dirname, '..', '..', 'integrations', 'wechaty');
const isInstalled = existsSync(join(PACKAGE, 'node_modules', 'wechaty-puppet-mock'));
const skip = isInstalled ? false : 'wechaty is not installed: (cd integrations/wechaty && npm ci)';
const KEY = 'test-key-of-the-wechat-process-0123456789';

const folder = mkdtempSync(join(tmpdir(), 'centaur-wechaty-'));
const dataDir = makeDataFolder();
const running: ChildProcess[] = [];
after(() => {
  for (const child of running) child.kill('SIGKILL');
  for (const path of [folder, dataDir]) rmSync(path, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The process that speaks, and what its person has read. */
async function startWechat(port: number, read: string[]) {
  const { PATH = '', TMPDIR = '' } = process.env;
  const child = fork(join(PACKAGE, 'test', 'mock-child.ts'), [], {
    env: {
      PATH,
      TMPDIR,
      CENTAUR_WECHAT_KEY: KEY,
      CENTAUR_WECHAT_URL: `http://127.0.0.1:${port}`,
      CENTAUR_WECHAT_DATA: folder,
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  running.push(child);
  let isStarted = false;
  let errors = '';
  child.stderr?.on('data', (chunk) => {
    errors += String(chunk);
  });
  child.on('message', (message: { read?: string; started?: boolean }) => {
    if (message.started === true) isStarted = true;
    if (message.read !== undefined) read.push(message.read);
  });
  await until(
    'the process that speaks WeChat',
    () => isStarted,
    () => errors.slice(-800),
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return { child, ended, say: (text: string) => void child.send({ say: text }) };
}

test('CX-02 CX-05 CX-07 CX-10 a simulated day over personal WeChat: pair, allow, confirm by a number, a process killed in the middle, kill', {
  skip,
}, async () => {
  const port = await freePort();
  const project = projectWith({ 'channels.yaml': { wechat: { port } } });
  const env = { CENTAUR_DATA_DIR: dataDir, CENTAUR_WECHAT_KEY: KEY, CENTAUR_LANGUAGE: 'en' };
  const desk = startDesk(project.root, env, ['--channels', 'wechat']);
  running.push(desk.child);
  after(() => project.remove());
  const read: string[] = [];
  const tell = () => `${desk.stderr().slice(-800)}\n${read.slice(-8).join('\n--\n')}`;
  const reads = (what: RegExp) =>
    until(`${what}`, () => read.some((text) => what.test(text)), tell);
  /** The number to answer with, once it is read. */
  const numberOf = async (what: RegExp): Promise<string> => {
    await reads(what);
    return what.exec(read.find((text) => what.test(text)) ?? '')?.[1] ?? '';
  };
  await until('a pairing code', () => /\/pair \w+/.test(desk.stderr()), tell);
  const first = await startWechat(port, read);
  first.say('允许开仓');
  first.say(/\/pair \w+/.exec(desk.stderr())?.[0] ?? '');
  await reads(/owner/i);
  // what a stranger said before is not done afterwards
  assert.ok(!read.some((text) => /ALLOW noted|Entries allowed/.test(text)));
  first.say('ALLOW');
  first.say(await numberOf(/^\? Allow entries[\s\S]*\[(\d+)\] ✓ Yes/));
  await reads(/ALLOW noted|Entries allowed/);
  first.say(await numberOf(/^▲ BUY [\s\S]*\[(\d+)\] ✓ Confirm/));
  await reads(/confirmed/);
  first.child.kill('SIGKILL');
  await first.ended;
  const before = read.length;
  const second = await startWechat(port, read);
  second.say('状态');
  await until('the status', () => read.slice(before).some((text) => /us-vwap/.test(text)), tell);
  second.say('急停');
  await reads(/KILL in force/);
  // it ended after a message was seen and before it was noted at most once
  const said = read.filter((text) => /^▲ BUY/.test(text));
  assert.ok(said.length - new Set(said).size <= 1, said.join('\n--\n'));
  second.child.kill('SIGTERM');
  assert.equal(await second.ended, 0);
  desk.child.kill('SIGTERM');
  await desk.ended;
});
