import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, suite, test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import {
  accountOf,
  allKeys,
  hasSide,
  keysOf,
  missingVariables,
  readAccounts,
} from '#shell/config/accounts.ts';
import type { AccountConfig } from '#shell/config/config.ts';
import { loadConfig } from '#shell/config/load.ts';
import { policyOf, simulatedTwinOf, startingCashMinorOf } from '#shell/config/policy-of.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const FILE = 'config/accounts.yaml';
const made: string[] = [];

after(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

function projectWith(change: (before: string) => string, file = FILE): string {
  const root = mkdtempSync(join(tmpdir(), 'centaur-accounts-'));
  made.push(root);
  cpSync(join(PROJECT, 'config'), join(root, 'config'), {
    recursive: true,
    filter: (source) => source !== join(PROJECT, 'config', 'local'),
  });
  const before = readFileSync(join(root, FILE), 'utf8');
  const after = change(before);
  assert.notEqual(after, before);
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), after);
  return root;
}

function lineOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message.includes('\n'), false, 'one line');
    return error.message;
  }
  return assert.fail('expected a refusal');
}

function shipped(id: string): AccountConfig {
  return accountOf(readAccounts(PROJECT), id, 'test');
}

/** What is said of the shipped intraday desk on an account with so many symbols. */
function symbolsOn(account: string, symbols: number, change: (before: string) => string): string {
  const root = projectWith(change);
  const desk = join(root, 'config', 'desks', 'us-vwap.yaml');
  const names = Array.from({ length: symbols }, (_, n) => `S${n}`).join(', ');
  const shippedDesk = readFileSync(desk, 'utf8');
  writeFileSync(
    desk,
    shippedDesk
      .replace('account: paper-us', `account: ${account}`)
      .replace(/^symbols: .*$/m, `symbols: [${names}]`),
  );
  return lineOf(() => loadConfig({ root, env: { CENTAUR_PROFILE: 'paper' } }));
}

suite('accounts', () => {
  test('ID-18 more symbols than the broker gives prices of are refused, with the most there can be', () => {
    const shortOf = (before: string) =>
      before.replace('marketDataLines: 100', 'marketDataLines: 7');
    assert.equal(
      symbolsOn('ibkr-us', 4, shortOf),
      'config/desks/us-vwap.yaml: symbols: found 4, expected at most 3, what the 7 market data lines of ibkr-us give (marketDataLines)',
    );
    const unsaid = (before: string) => before.replace(/ *marketDataLines: .*\n/, '');
    assert.match(symbolsOn('ibkr-us', 51, unsaid), /found 51, expected at most 50, .* 100 market/);
    assert.match(
      symbolsOn('alpaca-us', 31, (before) => `${before}\n`),
      /found 31, expected at most 30, whose quotes the free feed of alpaca-us gives/,
    );
  });

  test('AL-02 the shipped accounts are of four brokers, and none of them is live', () => {
    const accounts = readAccounts(PROJECT);
    assert.deepEqual(
      new Set(accounts.map((account) => account.broker)),
      new Set(['paper', 'manual', 'alpaca', 'ibkr']),
    );
    assert.deepEqual(
      accounts.filter((account) => account.environment === 'live'),
      [],
    );
  });

  const mistakes: [string, string | RegExp, string, string][] = [
    [
      'a broker nobody knows',
      'broker: alpaca',
      'broker: alpacca',
      `${FILE}: accounts[4].broker: found "alpacca", expected a broker: one of paper, manual, alpaca, ibkr`,
    ],
    [
      'a key of another broker',
      'feed: iex',
      'feed: iex\n    cash: 1000',
      `${FILE}: accounts[4].cash: found an unknown key, expected no other keys here`,
    ],
    [
      'the currency of another market',
      /currency: CNY/,
      'currency: USD',
      `${FILE}: paper-cn.currency: found USD, expected CNY, that of CN`,
    ],
    [
      'a live side that reaches the paper server',
      'tradingUrl: https://api.alpaca.markets',
      'tradingUrl: https://paper-api.alpaca.markets',
      `${FILE}: alpaca-us.live.tradingUrl: found paper-api.alpaca.markets, the paper address, expected api.alpaca.markets`,
    ],
    [
      'a paper side that reaches the live server',
      'tradingUrl: https://paper-api.alpaca.markets',
      'tradingUrl: https://api.alpaca.markets',
      `${FILE}: alpaca-us.paper.tradingUrl: found api.alpaca.markets, the live address, expected paper-api.alpaca.markets`,
    ],
    [
      'a paper side on a live port',
      'port: 4002',
      'port: 4001',
      `${FILE}: ibkr-us.paper.port: found 4001, a live port, expected 7497 or 4002`,
    ],
    [
      'a live account number on the paper side',
      'accountId: DU0000000',
      'accountId: U1234567',
      `${FILE}: ibkr-us.paper.accountId: found U1234567, a live account, expected one that begins with D`,
    ],
    [
      'a live account without a live side',
      /environment: paper\n {4}currency: USD\n {4}marketData/,
      'environment: live\n    currency: USD\n    marketData',
      `${FILE}: ibkr-us.live: found null, expected the settings of its live side`,
    ],
    [
      'an id twice',
      'id: paper-cn',
      'id: paper-us',
      `${FILE}: accounts: found paper-us twice, expected each id once`,
    ],
    [
      'a value where the name of a key belongs',
      'credentials: ALPACA_PAPER',
      'credentials: PKabc123',
      `${FILE}: accounts[4].paper.credentials: found "PKabc123", expected the name of its keys without _KEY_ID and _SECRET_KEY, in capitals`,
    ],
  ];
  for (const [what, from, to, expected] of mistakes) {
    test(`AL-02 refuses ${what} with one line`, () => {
      const root = projectWith((before) => before.replace(from, to));
      assert.equal(
        lineOf(() => readAccounts(root)),
        expected,
      );
    });
  }

  test('names config/local where the list stands there', () => {
    const local = 'config/local/accounts.yaml';
    const root = projectWith((before) => before.replace(/currency: USD/, 'currency: CNY'), local);
    assert.equal(
      lineOf(() => readAccounts(root)),
      `${local}: paper-us.currency: found CNY, expected USD, that of US`,
    );
  });

  test('AL-02 keys come from the environment by name, are refused by name and never shown', () => {
    const alpaca = shipped('alpaca-us');
    const env = { ALPACA_PAPER_KEY_ID: 'PK-1', ALPACA_PAPER_SECRET_KEY: 'paper secret' };
    assert.deepEqual(missingVariables(alpaca, 'paper', env), []);
    assert.deepEqual(missingVariables(alpaca, 'live', env), [
      'ALPACA_LIVE_KEY_ID',
      'ALPACA_LIVE_SECRET_KEY',
    ]);
    assert.equal(
      lineOf(() => keysOf(alpaca, 'live', env)),
      'ALPACA_LIVE_KEY_ID: found nothing, expected a key of alpaca-us (live) in .env',
    );
    assert.equal(
      lineOf(() => keysOf(alpaca, 'paper', env)),
      'ALPACA_PAPER_SECRET_KEY: found white space inside, expected the key as the broker shows it',
    );
    const good = { ...env, ALPACA_PAPER_SECRET_KEY: 'secret' };
    assert.deepEqual(keysOf(alpaca, 'paper', good), { keyId: 'PK-1', secretKey: 'secret' });
    assert.equal(keysOf(shipped('ibkr-us'), 'paper', {}), null);
    assert.deepEqual(allKeys([alpaca], good), ['PK-1', 'secret']);
  });

  test('AL-02 an account can be switched to the sides it has', () => {
    assert.equal(hasSide(shipped('paper-us'), 'live'), false);
    assert.equal(hasSide(shipped('manual-cn'), 'live'), true);
    assert.equal(hasSide(shipped('alpaca-us'), 'live'), true);
    assert.equal(hasSide(shipped('ibkr-us'), 'live'), false);
  });

  test('the policy says what the broker of the account does by itself', () => {
    const executionOn = (accountId: string) => {
      const [desk] = loadConfig({ root: PROJECT, env: {} }).desks;
      assert.ok(desk?.strategy === 'vwap-reclaim');
      const accountSettings = shipped(accountId);
      return policyOf({ ...desk, market: accountSettings.market, symbols: [], accountSettings })
        .execution;
    };
    const atBroker = {
      protection: 'broker',
      isPerson: false,
      sellableAfterDays: 0,
      hasBracket: true,
      hasOco: true,
      hasReplace: true,
      hasExtendedHours: true,
    };
    const watched = {
      protection: 'watched',
      isPerson: false,
      sellableAfterDays: 1,
      hasBracket: false,
      hasOco: false,
      hasReplace: false,
      hasExtendedHours: false,
      flatten: 'each',
    };
    assert.deepEqual(executionOn('paper-us'), {
      broker: 'paper',
      ...atBroker,
      hasExtendedHours: false,
      flatten: 'each',
    });
    assert.deepEqual(executionOn('alpaca-us'), {
      broker: 'alpaca',
      ...atBroker,
      flatten: 'one_request',
    });
    assert.deepEqual(executionOn('ibkr-us'), {
      broker: 'ibkr',
      ...atBroker,
      flatten: 'global_cancel',
    });
    assert.deepEqual(executionOn('paper-cn'), { broker: 'paper', ...watched });
    assert.deepEqual(executionOn('manual-cn'), { broker: 'manual', ...watched, isPerson: true });
  });

  test('a desk whose money is elsewhere is played with made-up money', () => {
    const [desk] = loadConfig({ root: PROJECT, env: {} }).desks;
    assert.ok(desk !== undefined);
    const real = { ...desk, accountSettings: shipped('alpaca-us') };
    assert.equal(startingCashMinorOf(real), null);
    const twin = simulatedTwinOf(real);
    assert.equal(policyOf(twin).execution.broker, 'paper');
    assert.equal(policyOf(twin).accountId, desk.account);
    assert.equal(startingCashMinorOf(twin), desk.capital * 100);
  });
});
