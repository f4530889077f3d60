import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, suite, test } from 'node:test';
import fc from 'fast-check';
import { ConfigError } from '#app/errors.ts';
import { DEFAULT_EVENT_WINDOWS } from '#core/gates/event-window.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { findDataDir } from '#shell/config/env.ts';
import { renderConfigSchemas } from '#shell/config/json-schema.ts';
import type { LoadConfigOptions } from '#shell/config/load.ts';
import { loadConfig } from '#shell/config/load.ts';
import {
  eventWindowsOf,
  policyOf,
  vwapDeskOf,
  vwapReclaimParamsOf,
} from '#shell/config/policy-of.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const DESK = 'config/desks/us-vwap.yaml';
const made: string[] = [];

after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A project folder with the real configuration and the given files changed or added. */
function projectWith(
  files: Record<string, string | ((before: string) => string)> = {},
): LoadConfigOptions & { root: string } {
  const root = mkdtempSync(join(tmpdir(), 'centaur-config-'));
  made.push(root);
  cpSync(join(PROJECT, 'config'), join(root, 'config'), {
    recursive: true,
    filter: (source) => source !== join(PROJECT, 'config', 'local'),
  });
  for (const [file, change] of Object.entries(files)) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    const content = typeof change === 'string' ? change : change(readFileSync(path, 'utf8'));
    writeFileSync(path, content);
  }
  return { root, env: {} };
}

function refusal(options: LoadConfigOptions): string {
  try {
    loadConfig(options);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message.includes('\n'), false, 'one line');
    return error.message;
  }
  return assert.fail('expected a refusal');
}

function deskWith(from: string | RegExp, to: string) {
  return projectWith({
    [DESK]: (before) => {
      const changed = before.replace(from, to);
      assert.notEqual(changed, before, `nothing replaced by ${from}`);
      return changed;
    },
  });
}

suite('what the files say', () => {
  test('the shipped files load and say what the specification says', () => {
    const config = loadConfig(projectWith());
    assert.equal(config.profile.name, 'demo');
    assert.deepEqual(
      config.desks.map((desk) => desk.id),
      ['us-vwap'],
    );
    const desk = vwapDeskOf(config.desks[0]!);
    assert.deepEqual(vwapReclaimParamsOf(desk), DEFAULT_VWAP_RECLAIM);
    assert.deepEqual(eventWindowsOf(desk), DEFAULT_EVENT_WINDOWS);
    const policy = policyOf(desk);
    assert.deepEqual(policy.instruments, ['QQQM.US', 'AAPL.US', 'MU.US']);
    assert.equal(policy.capitalMinor, 10_000_000);
    assert.equal(policy.zone, 'America/New_York');
    assert.equal(policy.risk.riskPerTradeRatio, 0.005);
    assert.equal(policy.risk.eventDays, 'off');
    assert.equal(policy.ticket.lifeMs, 120_000);
    assert.equal(policy.cooldownMs, 900_000);
    assert.deepEqual(policy.watch.alarmRepeatMs, [60_000, 180_000, 600_000, 900_000]);
  });

  test('every shipped profile loads', () => {
    for (const profile of ['demo', 'paper', 'replay-cn']) {
      const config = loadConfig({ ...projectWith(), overrides: { profile } });
      assert.equal(config.profile.name, profile);
    }
  });

  test('SP-01 the A-share desk loads beside the American one, on the set its profile names', () => {
    const shipped = loadConfig({
      ...projectWith(),
      overrides: { profile: 'paper', desks: ['cn-sector-pulse'] },
    });
    const policy = policyOf(shipped.desks[0]!);
    assert.equal(policy.market, 'CN');
    assert.equal(policy.zone, 'Asia/Shanghai');
    assert.equal(policy.execution.isPerson, true);
    assert.equal(policy.execution.protection, 'watched');
    assert.equal(policy.exits.flatBeforeCloseMs, null);
    assert.equal(policy.watch.barOverdueMs, null);
    assert.equal(policy.cost.commissionRate, 0.00025);
    assert.equal(policy.cost.commissionMinimumMinor, 500);
    assert.ok(Math.abs(policy.risk.riskPerTradeRatio - 0.004) < 1e-12);
    assert.deepEqual(policy.pulse?.checkpoints, ['10:00', '14:00']);
    const recorded = loadConfig({ ...projectWith(), overrides: { profile: 'replay-cn' } });
    const [tuned, played] = [shipped.desks[0]!, recorded.desks[0]!];
    assert.ok(tuned.strategy === 'sector-pulse' && played.strategy === 'sector-pulse');
    assert.deepEqual([tuned.set, played.set], ['tuned', 'replay-cn']);
  });

  test('CX-08 a desk in auto mode on the prices of one venue does not start', () => {
    const config = loadConfig(
      projectWith({
        [DESK]: (before) =>
          before
            .replace('mode: semi', 'mode: auto')
            .replace('account: paper-us', 'account: alpaca-us'),
      }),
    );
    assert.throws(() => policyOf(config.desks[0]!), {
      message:
        'config/desks/us-vwap.yaml: mode: found auto, expected alert or semi: the feed of its account is iex, one venue',
    });
  });

  test('CX-03 the demo plays the A-share desk after the US desk, on its own thresholds', () => {
    const { profile } = loadConfig(projectWith());
    assert.deepEqual([profile.playedAfter, profile.set], [['cn-sector-pulse'], 'demo']);
    const later = loadConfig({ ...projectWith(), overrides: { desks: ['cn-sector-pulse'] } });
    const [desk] = later.desks;
    assert.ok(desk?.strategy === 'sector-pulse' && desk.set === 'demo');
  });

  test('SP-01 the A-share desk takes no list of symbols', () => {
    const overrides = { desks: ['cn-sector-pulse'], symbols: ['SPY'] };
    assert.throws(() => loadConfig({ ...projectWith(), overrides }), {
      message: '--symbols: found SPY, expected nothing: cn-sector-pulse chooses its own names',
    });
  });

  test('the checked-in JSON Schemas are what the loader checks', () => {
    for (const [name, content] of renderConfigSchemas()) {
      const path = join(PROJECT, 'config', 'schema', name);
      assert.equal(readFileSync(path, 'utf8'), content, `run node tools/config-schema.ts: ${name}`);
    }
  });
});

suite('what is refused', () => {
  const cases: [string, string | RegExp, string, string][] = [
    [
      'a percent where a fraction is meant',
      'riskPerTradeRatio: 0.005',
      'riskPerTradeRatio: 5',
      `${DESK}: risk.riskPerTradeRatio: found 5, expected a fraction between 0.0001 and 0.05`,
    ],
    [
      'a percent sign',
      'riskPerTradeRatio: 0.005',
      'riskPerTradeRatio: 0.5 %',
      `${DESK}: risk.riskPerTradeRatio: found "0.5 %", expected a fraction between 0.0001 and 0.05`,
    ],
    [
      'a misspelled key',
      'tradesPerDay: 2',
      'tradesPerDy: 2',
      `${DESK}: risk.tradesPerDy: found an unknown key, expected tradesPerDay`,
    ],
    [
      'a key too many',
      'tradesPerDay: 2',
      'tradesPerDay: 2\n  dayLossLimit: 2',
      `${DESK}: risk.dayLossLimit: found an unknown key, expected no other keys here`,
    ],
    [
      'milliseconds where seconds are meant',
      'lifeSeconds: 120',
      'lifeSeconds: 120000',
      `${DESK}: ticket.lifeSeconds: found 120000, expected seconds between 30 and 600`,
    ],
    [
      'a time that is a number to YAML',
      "from: '09:45'",
      'from: 945',
      `${DESK}: parameters.windows[1].from: found 945, expected a wall time HH:MM in quotes`,
    ],
    [
      'a window that ends before it begins',
      "to: '11:00'",
      "to: '09:00'",
      `${DESK}: parameters.windows[1]: found {"from":"09:45","to":"09:00"}, expected a window whose from is before its to`,
    ],
    [
      'an account that is not there',
      'account: paper-us',
      'account: paper-uss',
      `${DESK}: account: found "paper-uss", expected paper-us`,
    ],
    [
      'more capital than the account has',
      'capital: 100000',
      'capital: 100001',
      `${DESK}: capital: found 100001, expected at most 100000, the account's cash`,
    ],
    [
      'a symbol twice',
      '[QQQM, AAPL, MU]',
      '[QQQM, QQQM]',
      `${DESK}: symbols: found ["QQQM","QQQM"], expected a list of symbols, each once`,
    ],
    [
      'an unquoted word for a number',
      'tradesPerDay: 2',
      'tradesPerDay: .inf',
      `${DESK}: risk.tradesPerDay: found null, expected a whole number between 1 and 50`,
    ],
  ];
  for (const [what, from, to, expected] of cases) {
    test(`refuses ${what} with one line that says where`, () => {
      assert.equal(refusal(deskWith(from, to)), expected);
    });
  }

  test('names the nearest key, and every key where none is near', () => {
    const channels = (change: string) =>
      refusal(
        projectWith({
          'config/channels.yaml': (before) => before.replace('pollSeconds: 50', change),
        }),
      );
    assert.equal(
      channels('pollSecond: 50'),
      'config/channels.yaml: telegram.pollSecond: found an unknown key, expected pollSeconds',
    );
    assert.equal(
      channels('# pollSeconds'),
      'config/channels.yaml: telegram.pollSeconds: found nothing, expected seconds between 1 and 50',
    );
    assert.equal(
      refusal(
        projectWith({
          'config/schedule.yaml': (before) => before.replace("at: '09:00', ", "att: '09:00', "),
        }),
      ),
      'config/schedule.yaml: jobs[2].att: found an unknown key, expected at',
    );
  });

  test('names the file and line of text that is not YAML', () => {
    assert.match(
      refusal(projectWith({ 'config/accounts.yaml': 'accounts:\n  - id: [a\n' })),
      /^config\/accounts\.yaml: line \d+: found .+, expected valid YAML$/,
    );
    assert.match(
      refusal(projectWith({ 'config/accounts.yaml': 'accounts: 1\naccounts: 2\n' })),
      /line \d+: found .+, expected valid YAML$/,
    );
  });

  test('refuses two desks on one account', () => {
    const options = projectWith({
      'config/desks/second.yaml': readFileSync(join(PROJECT, DESK), 'utf8').replace(
        'id: us-vwap',
        'id: second',
      ),
    });
    assert.equal(
      refusal({ ...options, overrides: { desks: ['us-vwap', 'second'] } }),
      'config/desks/second.yaml: account: found paper-us, which us-vwap has, expected an account of its own',
    );
  });

  test('AL-02 refuses two entries for the same account at the broker', () => {
    const accounts = readFileSync(join(PROJECT, 'config/accounts.yaml'), 'utf8');
    const alpaca = / {2}- id: alpaca-us\n(?: {4}.*\n)+/.exec(accounts)?.[0] ?? '';
    const desk = readFileSync(join(PROJECT, DESK), 'utf8');
    const options = projectWith({
      'config/accounts.yaml': `${accounts}\n${alpaca.replace('alpaca-us', 'alpaca-again')}`,
      [DESK]: desk.replace('account: paper-us', 'account: alpaca-us'),
      'config/desks/second.yaml': desk
        .replace('id: us-vwap', 'id: second')
        .replace('account: paper-us', 'account: alpaca-again'),
    });
    assert.equal(
      refusal({ ...options, overrides: { desks: ['us-vwap', 'second'] } }),
      'config/desks/second.yaml: account: found alpaca-again, the same one at the broker as that of us-vwap, expected an account of its own',
    );
  });

  test('names what an argument or a variable had to be', () => {
    const options = projectWith();
    assert.equal(
      refusal({ ...options, overrides: { desks: ['us-vwp'] } }),
      '--desk: found "us-vwp", expected us-vwap',
    );
    assert.equal(
      refusal({ ...options, overrides: { profile: 'dmo' } }),
      '--profile: found "dmo", expected demo',
    );
    assert.match(
      refusal({ ...options, overrides: { symbols: ['spy'] } }),
      /^--symbols: symbols\[1\]: found "spy", expected a symbol in capitals/,
    );
    assert.match(
      refusal({ ...options, overrides: { channels: ['signal'] } }),
      /^--channels: \[1\]: found "signal", expected one of terminal, telegram, wecom/,
    );
    assert.equal(
      refusal({ ...options, overrides: { channels: ['telegram'] } }),
      '--channels: found telegram without a token, expected TELEGRAM_BOT_TOKEN in .env (centaur setup)',
    );
    assert.equal(
      refusal({ ...options, env: { CENTAUR_LOG_LEVEL: 'loud' } }),
      'CENTAUR_LOG_LEVEL: found "loud", expected one of trace, debug, info, warn, error, silent',
    );
  });

  test('never shows a secret', () => {
    const database = refusal({ ...projectWith(), env: { DATABASE_URL: 'mysql://me:pass@host' } });
    assert.equal(database.includes('pass'), false);
    const token = refusal({ ...projectWith(), env: { TELEGRAM_BOT_TOKEN: '123:AB CD' } });
    assert.equal(token.includes('CD'), false);
  });

  test('whatever one number is replaced by, the answer is a config or one line', () => {
    const options = projectWith();
    const path = join(options.root, DESK);
    const source = readFileSync(path, 'utf8');
    fc.assert(
      fc.property(
        fc.constantFrom('capital', 'lifeSeconds', 'tradesPerDay', 'trendShareUp', 'slippageBps'),
        fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.double(), fc.string()),
        (key, value) => {
          const text = JSON.stringify(value) ?? 'null';
          writeFileSync(
            path,
            source.replace(new RegExp(`${key}: [^ \\n]+`), () => `${key}: ${text}`),
          );
          try {
            loadConfig(options);
          } catch (error) {
            assert.ok(error instanceof ConfigError, String(error));
            assert.match(error.message, /^config\/desks\/us-vwap\.yaml: .*found .*expected /);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

suite('which layer wins', () => {
  test('config/local over config, key by key, and is named when it is wrong', () => {
    const local = 'config/local/desks/us-vwap.yaml';
    const options = projectWith({ [local]: 'symbols: [SPY]\nrisk:\n  tradesPerDay: 1\n' });
    const desk = vwapDeskOf(loadConfig(options).desks[0]!);
    assert.deepEqual(desk.symbols, ['SPY']);
    assert.equal(desk.risk.tradesPerDay, 1);
    assert.equal(desk.risk.consecutiveLosses, 2);
    assert.equal(
      refusal(projectWith({ [local]: 'risk:\n  tradesPerDay: 0\n' })),
      `${local}: risk.tradesPerDay: found 0, expected a whole number between 1 and 50`,
    );
  });

  test('environment over config/local, command line over environment, .env below both', () => {
    const options = projectWith({
      'config/local/channels.yaml': 'language: zh\n',
      '.env': 'CENTAUR_LANGUAGE=zh\nTELEGRAM_BOT_TOKEN=1:abc\nDATABASE_URL=\n',
    });
    assert.equal(loadConfig(options).channels.language, 'zh');
    const env = { CENTAUR_LANGUAGE: 'en', CENTAUR_PROFILE: 'paper' };
    assert.equal(loadConfig({ ...options, env }).channels.language, 'en');
    assert.equal(loadConfig({ ...options, env }).profile.name, 'paper');
    const overrides = { profile: 'demo', symbols: ['SPY'] };
    assert.equal(loadConfig({ ...options, env, overrides }).profile.name, 'demo');
    assert.deepEqual(vwapDeskOf(loadConfig({ ...options, env, overrides }).desks[0]!).symbols, [
      'SPY',
    ]);
    const { root } = options;
    const { telegramToken, databaseUrl } = loadConfig({ root });
    assert.equal(telegramToken, process.env['TELEGRAM_BOT_TOKEN'] ?? '1:abc');
    assert.equal(databaseUrl, process.env['DATABASE_URL'] ?? null);
  });

  test('a profile that names Telegram starts without a token and says so', () => {
    const config = loadConfig({ ...projectWith(), overrides: { profile: 'paper' } });
    assert.deepEqual(config.activeChannels, ['terminal']);
    assert.equal(config.notes.length, 1);
    assert.match(config.notes[0]!, /^telegram: found no token/);
  });

  test('CX-11 a channel that lacks its secrets or addresses is refused by name, or left out of a profile with a note', () => {
    const options = projectWith();
    const with_ = (channels: string, env: Record<string, string> = {}) =>
      loadConfig({ ...options, env: { CENTAUR_CHANNELS: channels, ...env } });
    assert.throws(() => with_('terminal,wecom'), /WECOM_BOT_ID and WECOM_BOT_SECRET/);
    assert.throws(() => with_('mail'), /host, from and to of mail/);
    assert.throws(
      () => with_('wecom-webhook', { WECOM_WEBHOOK_URL: 'http://x' }),
      /WECOM_WEBHOOK_URL/,
    );
    assert.throws(() => with_('terminal', { SMTP_USER: 'desk' }), /SMTP_PASSWORD/);
    const secrets = { WECOM_BOT_ID: 'id', WECOM_BOT_SECRET: 'secret' };
    const config = with_('wecom', secrets);
    assert.deepEqual(config.activeChannels, ['wecom']);
    assert.deepEqual(config.wecom, { botId: 'id', secret: 'secret' });
    const profile = projectWith({
      'config/profiles/demo.yaml': (before) =>
        before.replace(/^channels: .*$/m, 'channels: [terminal, wecom]'),
    });
    const left = loadConfig({ ...profile, env: {} });
    assert.deepEqual(left.activeChannels, ['terminal']);
    assert.match(left.notes[0]!, /^wecom: found no WECOM_BOT_ID and WECOM_BOT_SECRET/);
  });

  test('the data folder is found even when the files are broken', () => {
    const options = projectWith({ [DESK]: 'id: [' });
    assert.equal(findDataDir(options), join(options.root, 'data'));
    assert.equal(findDataDir({ ...options, env: { CENTAUR_DATA_DIR: '/srv/desk' } }), '/srv/desk');
  });

  test('the hash follows what decides, not comments, order, secrets or folders', () => {
    const plain = loadConfig(projectWith()).hash;
    assert.match(plain, /^[0-9a-f]{16}$/);
    const commented = deskWith(/^# Desk.*$/m, '# another comment');
    assert.equal(loadConfig({ ...commented, env: { TELEGRAM_BOT_TOKEN: '1:x' } }).hash, plain);
    const tighter = deskWith('tradesPerDay: 2', 'tradesPerDay: 1');
    assert.notEqual(loadConfig(tighter).hash, plain);
  });
});
