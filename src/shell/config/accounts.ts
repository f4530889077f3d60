import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PersonPolicy } from '#core/engine/policy.ts';
import type { AccountConfig, AlpacaSide, IbkrSide } from './account-schema.ts';
import { type Env, given } from './env.ts';
import { readConfigFile, refuse, suggestion } from './read-file.ts';
import { accountsFile } from './schema.ts';

const FILE = 'accounts.yaml';
const CURRENCIES = { US: 'USD', CN: 'CNY' } as const;
/** Markets that Alpaca and Interactive Brokers trade here. */
const FOREIGN_MARKET = 'US';
/** Source: facts of TWS and IB Gateway: TWS live 7496, paper 7497, Gateway live 4001, paper 4002. */
const IBKR_PORTS: Readonly<Record<Environment, readonly number[]>> = {
  paper: [7497, 4002],
  live: [7496, 4001],
};
/** The trading addresses of Alpaca; keys of one side are refused by the other. */
const ALPACA_HOSTS: Readonly<Record<Environment, string>> = {
  paper: 'paper-api.alpaca.markets',
  live: 'api.alpaca.markets',
};
/** Numbers of paper accounts of Interactive Brokers begin with this letter, those of live ones do not. */
const IBKR_PAPER_LETTER = 'D';

export type Environment = 'paper' | 'live';

/** Keys of a broker's account. Secret. */
export type BrokerKeys = { readonly keyId: string; readonly secretKey: string };

const OTHER = { paper: 'live', live: 'paper' } as const;

type Place = (key: string) => string;

function checkAlpacaSide(place: Place, environment: Environment, side: AlpacaSide): void {
  const { host } = new URL(side.tradingUrl);
  if (host !== ALPACA_HOSTS[OTHER[environment]]) return;
  const found = `${host}, the ${OTHER[environment]} address`;
  refuse(place(`${environment}.tradingUrl`), found, ALPACA_HOSTS[environment]);
}

function checkIbkrSide(place: Place, environment: Environment, side: IbkrSide): void {
  const other = OTHER[environment];
  if (IBKR_PORTS[other].includes(side.port)) {
    const found = `${side.port}, a ${other} port`;
    refuse(place(`${environment}.port`), found, IBKR_PORTS[environment].join(' or '));
  }
  const isPaper = side.accountId.startsWith(IBKR_PAPER_LETTER);
  if (isPaper === (environment === 'paper')) return;
  const expected = isPaper ? 'one that does not begin with D' : 'one that begins with D';
  refuse(place(`${environment}.accountId`), `${side.accountId}, a ${other} account`, expected);
}

function checkAccount(account: AccountConfig, place: Place): void {
  const { market, currency, environment } = account;
  if (currency !== CURRENCIES[market])
    refuse(place('currency'), currency, `${CURRENCIES[market]}, that of ${market}`);
  if (account.broker !== 'alpaca' && account.broker !== 'ibkr') return;
  if (market !== FOREIGN_MARKET)
    refuse(place('market'), market, `${FOREIGN_MARKET}, what ${account.broker} trades`);
  if (account[environment] === null)
    refuse(place(environment), 'null', `the settings of its ${environment} side`);
  for (const side of ['paper', 'live'] as const) {
    if (account.broker === 'alpaca' && account[side] !== null)
      checkAlpacaSide(place, side, account[side]);
    if (account.broker === 'ibkr' && account[side] !== null)
      checkIbkrSide(place, side, account[side]);
  }
}

/** Accounts as their file states them, each checked in itself. Throws ConfigError. */
export function readAccounts(root: string): readonly AccountConfig[] {
  const { accounts } = readConfigFile(root, FILE, accountsFile);
  // a list of config/local replaces the other one whole
  const file = existsSync(join(root, 'config', 'local', FILE)) ? `local/${FILE}` : FILE;
  const seen = new Set<string>();
  for (const account of accounts) {
    const { id } = account;
    if (seen.has(id)) refuse(`config/${file}: accounts`, `${id} twice`, 'each id once');
    seen.add(id);
    checkAccount(account, (key) => `config/${file}: ${id}.${key}`);
  }
  return accounts;
}

/** What one person may have at stake over all accounts. Throws ConfigError. */
export function readPerson(root: string): PersonPolicy {
  return readConfigFile(root, FILE, accountsFile).person;
}

/** The account of an id. Throws ConfigError naming `place` and the nearest id. */
export function accountOf(
  accounts: readonly AccountConfig[],
  id: string,
  place: string,
): AccountConfig {
  const found = accounts.find((account) => account.id === id);
  return (
    found ??
    refuse(
      place,
      JSON.stringify(id),
      suggestion(
        id,
        accounts.map((each) => each.id),
      ),
    )
  );
}

/** True when the account has a side for the environment: it can be switched to it. */
export function hasSide(account: AccountConfig, environment: Environment): boolean {
  if (account.broker === 'paper') return environment === 'paper';
  return account.broker === 'manual' || account[environment] !== null;
}

/**
 * Which account at which broker a side is, so that two entries for the same one are found; null for one
 * that is only of this desk's making. With the environment, two names of the same key are one, too. Secret
 * then: it names a key.
 */
export function identityOf(
  account: AccountConfig,
  environment: Environment,
  env: Env = {},
): string | null {
  if (account.broker === 'alpaca') {
    const side = account[environment];
    if (side === null) return null;
    const key = given(env, `${side.credentials}_KEY_ID`) ?? side.credentials;
    return `alpaca ${side.tradingUrl} ${key}`;
  }
  if (account.broker === 'ibkr') {
    const side = account[environment];
    return side === null ? null : `ibkr ${side.accountId}`;
  }
  return null;
}

/** Names of the variables that must be set before the account can be used in an environment. */
export function variablesOf(account: AccountConfig, environment: Environment): readonly string[] {
  if (account.broker !== 'alpaca') return [];
  const prefix = account[environment]?.credentials;
  return prefix === undefined ? [] : [`${prefix}_KEY_ID`, `${prefix}_SECRET_KEY`];
}

/** Variables of the account that are not set, by name. */
export function missingVariables(
  account: AccountConfig,
  environment: Environment,
  env: Env,
): readonly string[] {
  return variablesOf(account, environment).filter((name) => given(env, name) === undefined);
}

/**
 * Keys of an account in an environment, read when they are used and kept nowhere; null for a broker
 * without keys. Throws ConfigError naming the variable that is missing.
 */
export function keysOf(
  account: AccountConfig,
  environment: Environment,
  env: Env,
): BrokerKeys | null {
  const [missing] = missingVariables(account, environment, env);
  if (missing !== undefined)
    refuse(missing, 'nothing', `a key of ${account.id} (${environment}) in .env`);
  const [keyName, secretName] = variablesOf(account, environment);
  if (keyName === undefined || secretName === undefined) return null;
  const keyId = given(env, keyName) ?? '';
  const secretKey = given(env, secretName) ?? '';
  for (const [name, value] of [
    [keyName, keyId],
    [secretName, secretKey],
  ] as const)
    if (/\s/.test(value)) refuse(name, 'white space inside', 'the key as the broker shows it');
  return { keyId, secretKey };
}

/** Names of every variable that the accounts may be used with, each once. */
export function keyNames(accounts: readonly AccountConfig[]): readonly string[] {
  const names = accounts.flatMap((account) => [
    ...variablesOf(account, 'paper'),
    ...variablesOf(account, 'live'),
  ]);
  return [...new Set(names)];
}

/** Every key of the accounts that is set in the environment, for the redactor of the log. */
export function allKeys(accounts: readonly AccountConfig[], env: Env): readonly string[] {
  return keyNames(accounts).flatMap((name) => given(env, name) ?? []);
}
