import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { runCli } from '#test/support/cli.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { FakeTelegram, TOKEN } from '#test/support/fake-telegram.ts';
import { type LiveProcess, projectWith, startDesk, until } from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * A real desk on an account at the fake of Alpaca whose owner is in Telegram alone, and Telegram is gone:
 * nobody listens at its address. The kill comes from another terminal.
 */

const OURS = '2026-11-20.us-vwap';
const dataDir = makeDataFolder();
const killFile = createKillFile(dataFilesOf(dataDir));
const broker = new FakeAlpaca();
const telegram = new FakeTelegram();
const env = {
  CENTAUR_PROFILE: 'paper',
  CENTAUR_CHANNELS: 'telegram',
  CENTAUR_LANGUAGE: 'en',
  ALPACA_PAPER_KEY_ID: FAKE_KEYS.keyId,
  ALPACA_PAPER_SECRET_KEY: FAKE_KEYS.secretKey,
};
let project: ReturnType<typeof projectWith>;
let desk: LiveProcess;

const tell = () => `${desk.heard().slice(-1_500)}\n${desk.stderr().slice(-1_500)}`;
const working = () =>
  [...broker.exchange.orders.values()]
    .filter((order) => broker.exchange.isWorking(order))
    .map((order) => order.clientOrderId);

before(async () => {
  const url = await broker.listen();
  const account = {
    id: 'alpaca-us',
    market: 'US',
    broker: 'alpaca',
    environment: 'paper',
    currency: 'USD',
    feed: 'iex',
    dataUrl: url,
    dataStreamUrl: url.replace('http', 'ws'),
    paper: { credentials: 'ALPACA_PAPER', tradingUrl: url },
    live: null,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [account] },
    'desks/us-vwap.yaml': { account: 'alpaca-us' },
    // no job plans a session, so that the hour at which the test runs decides nothing
    'schedule.yaml': {
      jobs: [{ job: 'sync-calendar', market: 'US', at: '06:00', graceMinutes: 720 }],
    },
  });
  desk = startDesk(project.root, {
    ...env,
    CENTAUR_DATA_DIR: dataDir,
    TELEGRAM_BOT_TOKEN: TOKEN,
    TELEGRAM_API_ROOT: await telegram.listen(),
  });
  const code = () => /\/pair (\S+)/.exec(`${desk.heard()}${desk.stderr()}`)?.[1];
  await until('a pairing code', () => code() !== undefined, tell);
  telegram.say(`/pair ${code()}`);
  await until('an owner', () => telegram.messages.length > 0, tell);
  await until('the stream of the account', () => broker.streamCount === 1, tell);
});

after(async () => {
  // it ends its own database; a killed one would leave that running
  if (desk.child.exitCode === null && desk.child.kill('SIGTERM')) await desk.ended;
  for (const server of [telegram, broker]) await server.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

/** 20 QQQM under a stop, and two entries that stand. */
function trade(): void {
  const submit = (name: string, fields: Record<string, string>) =>
    broker.exchange.submit({
      symbol: 'QQQM',
      side: 'buy',
      qty: '20',
      time_in_force: 'day',
      client_order_id: `${OURS}.${name}`,
      ...fields,
    });
  broker.quote('QQQM', 99.98, 100);
  submit('QQQM.US.long.1.entry-1', { type: 'limit', limit_price: '100' });
  broker.quote('QQQM', 99.98, 100);
  submit('QQQM.US.long.1.stop-1', { side: 'sell', type: 'stop', stop_price: '95' });
  submit('QQQM.US.long.1.entry-2', { type: 'limit', limit_price: '90' });
  submit('AAPL.US.long.1.entry-1', { symbol: 'AAPL', type: 'limit', limit_price: '90' });
}

test('CX-07 CX-11 a kill from another terminal with the chat down cancels, blocks and reports there; the chat hears it once, with sound, when it is back', async () => {
  await telegram.close();
  const said = telegram.messages.length;
  trade();
  assert.equal(working().length, 3);

  const { code, stdout, stderr } = await runCli(['kill', 'all'], {
    root: project.root,
    dataDir,
    env,
  });
  assert.equal(code, 0, `${stderr}\n${tell()}`);
  assert.match(stdout, /killed: all\. No entry leaves any more/);
  assert.match(stdout, new RegExp(`desk: pid ${desk.child.pid} answered after \\d+ ms`));
  await until('entries gone', () => working().length === 1, tell);
  assert.deepEqual(working(), [`${OURS}.QQQM.US.long.1.stop-1`]);
  assert.equal(killFile.state().kind, 'present');
  assert.equal(telegram.messages.length, said, 'nobody could hear anything yet');

  await telegram.listen();
  const news = () => telegram.messages.slice(said);
  const kills = () => news().filter(({ text }) => /KILL in force/.test(text));
  await until('the kill in the chat', () => kills().length > 0, tell);
  // the lane of a chat is in order: what is answered now was said after everything about the kill
  const from = telegram.messages.length;
  telegram.say('/status');
  const hasStatus = () =>
    telegram.messages.slice(from).some(({ text }) => /kill: halted/.test(text));
  await until('a status', hasStatus, tell);
  const heard = news().map(({ text }) => text);
  assert.equal(kills().length, 1, heard.join('\n---\n'));
  assert.match(kills()[0]?.text ?? '', /everything · by command line/);
  assert.equal(kills()[0]?.silent, false);
  // entries that are in no book of the desk, because another process of its name sent them
  assert.equal(heard.filter((text) => /2 entry orders .* canceled/.test(text)).length, 1);
});
