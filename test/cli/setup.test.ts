import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { SMTPServer } from 'smtp-server';
import { createOneTimeCodes, newTotpSecret } from '#shell/chat/one-time-codes.ts';
import { loadConfig } from '#shell/config/load.ts';
import { copyProject, runCli } from '#test/support/cli.ts';
import { FAKE_KEYS, FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { BOT_ID, BOT_SECRET, FakeWecom } from '#test/support/fake-wecom.ts';
import { enrolCodes } from '../../src/cli/enrol-codes.ts';
import { SETUP_TEXT } from '../../src/cli/setup-text.ts';

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
    account: 'paper-us',
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
  const input = ['de', 'fr', 'en', 'HK', 'US', 'not a symbol!', 'SPY', 'much', '1000', '-', ''];
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

test('SP-12 setup puts the A-share desk on an account and names its profile', async () => {
  const own = copyProject();
  try {
    const input = ['zh', 'cn', '800000', '', 'manual-cn', ''].join('\n');
    const options = { root: own.root, dataDir: join(own.root, 'data'), input, env };
    const { code, stdout, stderr } = await runCli(['setup', '--json'], options);
    assert.equal(code, 0, stderr);
    const answers = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(answers['market'], 'CN');
    assert.equal(answers['account'], 'manual-cn');
    assert.equal(answers['next'], 'npm start -- --profile cn');
    const config = loadConfig({ root: own.root, env: {}, overrides: { profile: 'cn' } });
    assert.equal(config.desks[0]?.capital, 800_000);
    assert.equal(config.desks[0]?.account, 'manual-cn');
    assert.match(stderr, /data sync/);
  } finally {
    own.remove();
  }
});

test('setup needs no store', () => {
  assert.equal(existsSync(join(dataDir, 'pg')), false);
});

test('AL-02 setup puts the desk on an account and keeps its keys by name, shown nowhere', async () => {
  const broker = new FakeAlpaca();
  const tradingUrl = await broker.listen();
  const own = copyProject();
  try {
    const accounts = join(own.root, 'config', 'accounts.yaml');
    const shipped = readFileSync(accounts, 'utf8');
    writeFileSync(accounts, shipped.replace('https://paper-api.alpaca.markets', tradingUrl));
    const { keyId, secretKey } = FAKE_KEYS;
    const input = ['en', 'US', 'SPY', '20000', '', 'alpaca-us', keyId, secretKey, ''].join('\n');
    const options = { root: own.root, dataDir: join(own.root, 'data'), input, env };
    const { code, stdout, stderr } = await runCli(['setup', '--json'], options);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /the broker knows the keys of alpaca-us/);
    assert.equal(
      readFileSync(join(own.root, '.env'), 'utf8'),
      `ALPACA_PAPER_KEY_ID=${keyId}\nALPACA_PAPER_SECRET_KEY=${secretKey}\n`,
    );
    assert.equal(`${stdout}${stderr}`.includes(secretKey), false);
    const config = loadConfig({ root: own.root, env: {} });
    assert.equal(config.desks[0]?.accountSettings.id, 'alpaca-us');
    assert.ok(config.accounts.length > 1, 'the other accounts stay');
    const wrong = ['en', 'US', 'SPY', '20000', '', 'alpaca-us', 'PKOTHER', 'wrong', ''].join('\n');
    writeFileSync(join(own.root, '.env'), '');
    const refused = await runCli(['setup'], { ...options, input: wrong });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /setup: the broker refuses the keys of alpaca-us/);
  } finally {
    await broker.close();
    own.remove();
  }
});

test('CX-09 a device is enrolled only after a code of it was right, and from a pipe not at all', async () => {
  const shown: string[] = [];
  const said: string[] = [];
  const now = Date.UTC(2026, 10, 20, 15, 0, 5);
  const made = newTotpSecret();
  const codeAt = (at: number) =>
    new TOTP({ secret: Secret.fromBase32(made.secret) }).generate({ timestamp: at });
  const enrol = (answers: string[]) =>
    enrolCodes(
      {
        async ask(_question, fallback, check) {
          for (;;) {
            const answer = answers.shift() ?? fallback;
            const complaint = check(answer);
            if (complaint === null) return answer;
            said.push(complaint);
          }
        },
        close: () => undefined,
      },
      {
        newTotpSecret: () => made,
        checkCode: (secret, code, at) => createOneTimeCodes(secret, null).check(code, at),
      },
      SETUP_TEXT.en,
      { hasSecret: false, show: (lines) => void shown.push(lines), now: () => now },
    );
  assert.equal(await enrol(['n']), null);
  assert.equal(shown.length, 0);
  const codes = ['12', codeAt(now + 240_000), `${codeAt(now).slice(0, 3)} ${codeAt(now).slice(3)}`];
  assert.equal(await enrol(['maybe', 'y', ...codes]), made.secret);
  assert.ok(shown[0]?.includes(made.uri) && shown[0].includes(made.picture));
  assert.deepEqual(said, [
    'expected y or n',
    'expected the 6 digits the app shows now',
    'that code is of another time: a clock is off by about 240 s; set the clocks and try again',
  ]);
});

test('setup tries WeCom and mail with what it was told, writes it and shows no secret; doctor knows both', async () => {
  const project = copyProject();
  const wecom = new FakeWecom();
  const mails: string[] = [];
  const mailServer = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      password === 'p4ss-of-the-desk'
        ? done(null, { user: username })
        : done(new Error('Invalid login')),
    onData: (stream, _session, done) => {
      void text(stream).then((mail) => {
        mails.push(mail);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  const { port } = mailServer.server.address() as AddressInfo;
  try {
    const more = { root: project.root, dataDir, env: { WECOM_WS_URL: await wecom.listen() } };
    const answers = (secret: string, password: string) =>
      [
        ...['en', 'us', 'SPY', '1000', '', '', BOT_ID, secret, '', '127.0.0.1', String(port)],
        ...['none', 'desk@example.org', 'li@example.org', 'desk', password],
      ].join('\n');
    const refused = await runCli(['setup'], { ...more, input: answers('wrong', 'x') });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /WeCom says no: .*WECOM_BOT_SECRET/);
    const noLogin = await runCli(['setup'], { ...more, input: answers(BOT_SECRET, 'wr0ng') });
    assert.equal(noLogin.code, 1);
    assert.match(noLogin.stderr, /mail says no: .*refuses the login/);
    const good = await runCli(['setup'], {
      ...more,
      input: answers(BOT_SECRET, 'p4ss-of-the-desk'),
    });
    assert.equal(good.code, 0, good.stderr);
    assert.match(good.stderr, /WeCom works[\s\S]*mail works/);
    assert.equal(mails.length, 1);
    assert.match(mails[0] ?? '', /this channel works/);
    const env = readFileSync(join(project.root, '.env'), 'utf8');
    assert.match(env, /^CENTAUR_CHANNELS=terminal,wecom,mail$/m);
    assert.match(env, /^SMTP_PASSWORD=p4ss-of-the-desk$/m);
    const settings = loadConfig({ root: project.root });
    assert.deepEqual(settings.channels.mail.to, ['li@example.org']);
    const again = await runCli(['setup'], { ...more, input: '' });
    assert.equal(again.code, 0, again.stderr);
    assert.equal(readFileSync(join(project.root, '.env'), 'utf8'), env);
    const doctor = await runCli(['doctor'], more);
    assert.match(doctor.stdout, /chat: WeCom bot, id and secret set, runs/);
    assert.match(
      doctor.stdout,
      /ok {4}chat: mail 127\.0\.0\.1:\d+ \(none\): the server takes the login/,
    );
    const shown = [refused, noLogin, good, again, doctor].map((r) => `${r.stdout}${r.stderr}`);
    for (const secret of [BOT_SECRET, 'p4ss-of-the-desk', 'wr0ng'])
      assert.ok(!shown.some((words) => words.includes(secret)), 'a secret is shown');
  } finally {
    await wecom.close();
    await new Promise<void>((resolve) => mailServer.close(() => resolve()));
    project.remove();
  }
});
