import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { copyProject, runCli } from '#test/support/cli.ts';

const TOKEN = '123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0';
const { root, remove } = copyProject();
const dataDir = join(root, 'data');
let server: Server;
let env: Record<string, string>;

before(async () => {
  server = createServer((request, response) => {
    const isKnown = request.url === `/bot${TOKEN}/getMe`;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify(isKnown ? { ok: true, result: { username: 'my_desk_bot' } } : { ok: false }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  env = { TELEGRAM_API_ROOT: `http://127.0.0.1:${port}` };
});
after(() => {
  server.close();
  remove();
});

test('setup from a pipe writes the settings and the token, its owner’s only', async () => {
  const input = ['zh', 'us', 'spy, qqqm', '50000', TOKEN, ''].join('\n');
  const { code, stdout, stderr } = await runCli(['setup', '--json'], { root, dataDir, input, env });
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), {
    language: 'zh',
    market: 'US',
    symbols: ['SPY', 'QQQM'],
    capital: 50000,
    telegram: 'valid',
    written: [
      'config/local/channels.yaml',
      'config/local/desks/us-vwap.yaml',
      'config/local/accounts.yaml',
      '.env',
    ],
    next: 'npm start -- --profile paper',
  });
  assert.match(stderr, /@my_desk_bot/);
  assert.equal(readFileSync(join(root, '.env'), 'utf8'), `TELEGRAM_BOT_TOKEN=${TOKEN}\n`);
  if (process.platform !== 'win32') {
    assert.equal(statSync(join(root, '.env')).mode & 0o777, 0o600);
  }
  assert.equal(`${stdout}${stderr}`.includes(TOKEN), false, 'the token is shown nowhere');
});

test('setup a second time keeps what was answered and what stands beside it', async () => {
  const desk = join(root, 'config', 'local', 'desks', 'us-vwap.yaml');
  writeFileSync(desk, `# mine\nrisk:\n  tradesPerDay: 1\n${readFileSync(desk, 'utf8')}`);
  writeFileSync(join(root, '.env'), `# secrets\nDATABASE_URL=\nTELEGRAM_BOT_TOKEN=${TOKEN}\n`);
  const { code, stdout } = await runCli(['setup', '--json'], { root, dataDir, input: '', env });
  assert.equal(code, 0);
  const answers = JSON.parse(stdout) as { symbols: string[]; capital: number; language: string };
  assert.deepEqual(answers.symbols, ['SPY', 'QQQM']);
  assert.equal(answers.capital, 50000);
  assert.equal(answers.language, 'zh');
  assert.match(readFileSync(desk, 'utf8'), /^# mine\nrisk:\n {2}tradesPerDay: 1\n/);
  assert.match(readFileSync(join(root, '.env'), 'utf8'), /^# secrets\nDATABASE_URL=\nTELEGRAM/);
});

test('setup asks again where an answer does not fit, and gives up at the end of input', async () => {
  const input = ['de', 'fr', 'en', 'CN', 'US', 'not a symbol!', 'SPY', 'much', '1000', '-', ''];
  const good = await runCli(['setup', '--json'], { root, dataDir, input: input.join('\n'), env });
  assert.equal(good.code, 0, good.stderr);
  assert.equal((JSON.parse(good.stdout) as { capital: number }).capital, 1000);
  assert.match(readFileSync(join(root, '.env'), 'utf8'), /TELEGRAM_BOT_TOKEN=\n/);
  const bad = await runCli(['setup'], { root, dataDir, input: 'de', env });
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /error: setup: found no usable answer to .*, expected one\n$/);
});

test('setup writes nothing when Telegram refuses the token', async () => {
  const before = readFileSync(join(root, '.env'), 'utf8');
  const other = TOKEN.replace('AAH', 'BBH');
  const input = ['en', 'US', 'AAPL', '77000', other, ''].join('\n');
  const { code, stderr } = await runCli(['setup'], { root, dataDir, input, env });
  assert.equal(code, 1);
  assert.match(stderr, /error: setup: Telegram refuses this token\n$/);
  assert.equal(readFileSync(join(root, '.env'), 'utf8'), before);
  assert.equal(
    readFileSync(join(root, 'config', 'local', 'desks', 'us-vwap.yaml'), 'utf8').includes('77000'),
    false,
  );
});

test('setup needs no store', () => {
  assert.equal(existsSync(join(dataDir, 'pg')), false);
});
