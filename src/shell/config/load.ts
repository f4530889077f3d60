import { parseInstrumentId } from '#core/market/instrument.ts';
import type { Mode } from '#core/replies/act.ts';
import { accountOf, allKeys, identityOf, keyNames, readAccounts, readPerson } from './accounts.ts';
import type { AccountConfig, Config, DeskConfig, LogLevel } from './config.ts';
import type { Env } from './env.ts';
import { findDataDir, given, listFrom, readEnv } from './env.ts';
import { hashConfig } from './hash.ts';
import {
  checkValue,
  listConfigNames,
  readConfigFile,
  refuse,
  shown,
  suggestion,
} from './read-file.ts';
import type { ChannelName, ChannelsFile, DeskFile, ProfileFile } from './schema.ts';
import { channelsFile, deskFile, profileFile, scheduleFile } from './schema.ts';
import { sectorPulseParamsOf } from './sector-pulse.ts';

/** What the command line says over everything else. */
export type ConfigOverrides = {
  readonly profile?: string | undefined;
  readonly desks?: readonly string[] | undefined;
  readonly symbols?: readonly string[] | undefined;
  readonly channels?: readonly string[] | undefined;
  readonly mode?: Mode | undefined;
  readonly dataDir?: string | undefined;
};

export type LoadConfigOptions = {
  /** Project folder: holds config/ and .env. */
  readonly root: string;
  /** Only tests give it; otherwise the process's environment over .env. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly overrides?: ConfigOverrides;
};

/** Quotes are one line of Interactive Brokers, 5-second bars another. */
const LINES_A_SYMBOL = 2;
/** Symbols of trades and quotes together on Alpaca's free feed. Source: the vendor's stream documents. */
const IEX_SYMBOLS = 30;
const DEFAULT_PROFILE = 'demo';
/** Base32 of at least 128 bits. */
const TOTP_SECRET = /^[A-Z2-7]{26,128}$/;
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

function readDesk(root: string, id: string, place: string): DeskFile {
  const known = listConfigNames(root, 'desks');
  if (!known.includes(id)) refuse(place, shown(id), suggestion(id, known));
  const desk = readConfigFile(root, `desks/${id}.yaml`, deskFile);
  if (desk.id !== id) refuse(`config/desks/${id}.yaml: id`, shown(desk.id), id);
  return desk;
}

/** Refuses what the broker's data would refuse: symbols without prices are of no use. */
function checkSymbolCount(found: number, account: AccountConfig, file: string): void {
  if (account.broker === 'ibkr') {
    const most = Math.floor(account.marketDataLines / LINES_A_SYMBOL);
    const of = `the ${account.marketDataLines} market data lines of ${account.id} give (marketDataLines)`;
    if (found > most) refuse(`${file}: symbols`, `${found}`, `at most ${most}, what ${of}`);
  }
  if (account.broker === 'alpaca' && account.feed === 'iex' && found > IEX_SYMBOLS)
    refuse(
      `${file}: symbols`,
      `${found}`,
      `at most ${IEX_SYMBOLS}, whose quotes the free feed of ${account.id} gives (feed: sip has no such limit)`,
    );
}

function checkDesk(desk: DeskFile, accounts: readonly AccountConfig[]): DeskConfig {
  const file = `config/desks/${desk.id}.yaml`;
  const account = accountOf(accounts, desk.account, `${file}: account`);
  if (account.market !== desk.market) {
    refuse(`${file}: market`, desk.market, `${account.market}, the market of ${account.id}`);
  }
  if ('cash' in account && desk.capital > account.cash) {
    refuse(`${file}: capital`, String(desk.capital), `at most ${account.cash}, the account's cash`);
  }
  if (desk.strategy === 'sector-pulse') {
    sectorPulseParamsOf(desk);
    return { ...desk, accountSettings: account };
  }
  checkSymbolCount(desk.symbols.length, account, file);
  for (const symbol of desk.symbols) {
    const text = desk.market === 'US' ? `${symbol}.US` : symbol;
    if (parseInstrumentId(text) === null) {
      refuse(`${file}: symbols`, shown(symbol), `symbols of the market ${desk.market}`);
    }
  }
  const { rangeShareLow, rangeShareHigh } = desk.parameters.regime;
  if (rangeShareLow >= rangeShareHigh) {
    refuse(
      `${file}: parameters.regime.rangeShareLow`,
      String(rangeShareLow),
      `less than rangeShareHigh, ${rangeShareHigh}`,
    );
  }
  return { ...desk, accountSettings: account };
}

function readDesks(
  options: LoadConfigOptions,
  chosen: { readonly ids: readonly string[]; readonly place: string },
  accounts: readonly AccountConfig[],
  set: string | null,
): DeskConfig[] {
  const { overrides } = options;
  const desks = chosen.ids.map((id) => {
    const desk = readDesk(options.root, id, chosen.place);
    const place = overrides?.symbols === undefined ? `config/desks/${id}.yaml` : '--symbols';
    const mode = overrides?.mode ?? desk.mode;
    if (desk.strategy === 'sector-pulse') {
      if (overrides?.symbols !== undefined)
        refuse('--symbols', overrides.symbols.join(','), `nothing: ${id} chooses its own names`);
      return checkDesk({ ...desk, mode, set: set ?? desk.set }, accounts);
    }
    const symbols = overrides?.symbols ?? desk.symbols;
    return checkDesk(checkValue(deskFile, { ...desk, symbols, mode }, place), accounts);
  });
  const taken = new Map<string, string>();
  for (const desk of desks) {
    const other = taken.get(desk.account);
    if (other !== undefined) {
      const found = `${desk.account}, which ${other} has`;
      refuse(`config/desks/${desk.id}.yaml: account`, found, 'an account of its own');
    }
    taken.set(desk.account, desk.id);
    const { accountSettings: account } = desk;
    const identity = identityOf(account, account.environment);
    const same = identity === null ? undefined : taken.get(identity);
    if (same !== undefined) {
      const found = `${desk.account}, the same one at the broker as that of ${same}`;
      refuse(`config/desks/${desk.id}.yaml: account`, found, 'an account of its own');
    }
    if (identity !== null) taken.set(identity, desk.id);
  }
  return desks;
}

function readProfile(
  options: LoadConfigOptions,
  env: Env,
): ProfileFile & { readonly name: string } {
  const fromEnv = given(env, 'CENTAUR_PROFILE');
  const name = options.overrides?.profile ?? fromEnv ?? DEFAULT_PROFILE;
  const known = listConfigNames(options.root, 'profiles');
  if (!known.includes(name)) {
    const place = options.overrides?.profile === undefined ? 'CENTAUR_PROFILE' : '--profile';
    refuse(place, shown(name), suggestion(name, known));
  }
  const profile = readConfigFile(options.root, `profiles/${name}.yaml`, profileFile);
  return { ...profile, name };
}

/** What a channel lacks, in words; null: it may run. */
function lackOf(channel: ChannelName, env: Env, file: ChannelsFile): string | null {
  const missing = SECRETS_OF[channel].filter((name) => given(env, name) === undefined);
  if (missing.length > 0) return `${missing.join(' and ')} in .env`;
  const { host, from, to } = file.mail;
  if (channel === 'mail' && (host === null || from === null || to.length === 0))
    return 'host, from and to of mail in config/channels.yaml';
  return null;
}

/** Channels that run. Named by a profile but without its token or address, one is left out with a note. */
function chooseChannels(
  options: LoadConfigOptions,
  profile: ProfileFile,
  env: Env,
  file: ChannelsFile,
): { readonly channels: ProfileFile['channels']; readonly notes: string[] } {
  const override = options.overrides?.channels ?? listFrom(env, 'CENTAUR_CHANNELS');
  const place = options.overrides?.channels === undefined ? 'CENTAUR_CHANNELS' : '--channels';
  const wanted =
    override === undefined
      ? profile.channels
      : checkValue(profileFile.shape.channels, override, place);
  const notes: string[] = [];
  const channels = wanted.filter((channel) => {
    const lack = lackOf(channel, env, file);
    if (lack === null) return true;
    const isTelegram = channel === 'telegram';
    const hint = isTelegram ? ' (centaur setup)' : '';
    if (override !== undefined)
      refuse(
        place,
        `${channel} without ${isTelegram ? 'a token' : 'what it needs'}`,
        `${lack}${hint}`,
      );
    notes.push(
      isTelegram
        ? 'telegram: found no token, it stays off; centaur setup asks for one'
        : `${channel}: found no ${lack}, it stays off`,
    );
    return false;
  });
  return { channels, notes };
}

/** What must be in the environment before a channel runs. */
const SECRETS_OF: Readonly<Record<ChannelName, readonly string[]>> = {
  terminal: [],
  telegram: ['TELEGRAM_BOT_TOKEN'],
  wecom: ['WECOM_BOT_ID', 'WECOM_BOT_SECRET'],
  wechat: ['CENTAUR_WECHAT_KEY'],
  'wecom-webhook': ['WECOM_WEBHOOK_URL'],
  mail: [],
};

function readChatSecrets(
  env: Env,
): Pick<Config, 'wecom' | 'wechatKey' | 'wecomWebhookUrl' | 'smtp' | 'heartbeatUrl'> {
  const heartbeatUrl = given(env, 'CENTAUR_HEARTBEAT_URL') ?? null;
  if (heartbeatUrl !== null && !/^https?:\/\/\S+$/.test(heartbeatUrl))
    refuse('CENTAUR_HEARTBEAT_URL', 'no address', 'the https:// address that the monitor shows');
  const botId = given(env, 'WECOM_BOT_ID');
  const secret = given(env, 'WECOM_BOT_SECRET');
  const wecomWebhookUrl = given(env, 'WECOM_WEBHOOK_URL') ?? null;
  if (wecomWebhookUrl !== null && !/^https?:\/\/\S+[?&]key=[\w-]+/.test(wecomWebhookUrl)) {
    const expected = 'the address that WeCom shows for the robot of the group, key included';
    refuse('WECOM_WEBHOOK_URL', 'no address of a robot', expected);
  }
  const wechatKey = given(env, 'CENTAUR_WECHAT_KEY') ?? null;
  if (wechatKey !== null && !/^[\w-]{32,200}$/.test(wechatKey))
    refuse('CENTAUR_WECHAT_KEY', 'no key', '32 to 200 letters, digits, - and _, made by chance');
  const user = given(env, 'SMTP_USER');
  const password = given(env, 'SMTP_PASSWORD');
  if ((user === undefined) !== (password === undefined)) {
    const missing = user === undefined ? 'SMTP_USER' : 'SMTP_PASSWORD';
    refuse(missing, 'nothing', 'both SMTP_USER and SMTP_PASSWORD, or neither');
  }
  return {
    wecom: botId === undefined || secret === undefined ? null : { botId, secret },
    wechatKey,
    wecomWebhookUrl,
    heartbeatUrl,
    smtp: user === undefined || password === undefined ? null : { user, password },
  };
}

function readSecrets(env: Env): Pick<Config, 'databaseUrl' | 'telegramToken' | 'totpSecret'> {
  const databaseUrl = given(env, 'DATABASE_URL') ?? null;
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    refuse('DATABASE_URL', 'no PostgreSQL address', 'postgresql://user@host/database');
  }
  const telegramToken = given(env, 'TELEGRAM_BOT_TOKEN') ?? null;
  if (telegramToken !== null && /\s/.test(telegramToken)) {
    refuse('TELEGRAM_BOT_TOKEN', 'white space inside', 'the token as BotFather shows it');
  }
  const totpSecret = given(env, 'CENTAUR_TOTP_SECRET') ?? null;
  if (totpSecret !== null && !TOTP_SECRET.test(totpSecret)) {
    refuse('CENTAUR_TOTP_SECRET', 'no secret of one-time codes', 'the one centaur setup made');
  }
  return { databaseUrl, telegramToken, totpSecret };
}

function readLogLevel(env: Env): LogLevel {
  const value = given(env, 'CENTAUR_LOG_LEVEL') ?? 'info';
  const level = LOG_LEVELS.find((known) => known === value);
  return level ?? refuse('CENTAUR_LOG_LEVEL', shown(value), `one of ${LOG_LEVELS.join(', ')}`);
}

function readChannels(options: LoadConfigOptions, env: Env): ChannelsFile {
  const file = readConfigFile(options.root, 'channels.yaml', channelsFile);
  const apiRoot = given(env, 'TELEGRAM_API_ROOT') ?? file.telegram.apiRoot;
  const language = given(env, 'CENTAUR_LANGUAGE') ?? file.language;
  const wsUrl = given(env, 'WECOM_WS_URL') ?? file.wecom.wsUrl;
  return checkValue(
    channelsFile,
    { ...file, language, telegram: { ...file.telegram, apiRoot }, wecom: { wsUrl } },
    'environment',
  );
}

/**
 * Reads everything the assistant runs on: command line over environment (.env included) over
 * config/local over config. Throws ConfigError with one line: place, found, expected.
 */
export function loadConfig(options: LoadConfigOptions): Config {
  const env = options.env ?? readEnv(options.root);
  const profile = readProfile(options, env);
  const fromEnv = listFrom(env, 'CENTAUR_DESKS');
  const ids = options.overrides?.desks ?? fromEnv ?? profile.desks;
  const place = options.overrides?.desks !== undefined ? '--desk' : 'CENTAUR_DESKS';
  const isOwn = ids === profile.desks;
  const accounts = readAccounts(options.root);
  const chosen = {
    ids: [...new Set(ids)],
    place: isOwn ? `config/profiles/${profile.name}.yaml: desks` : place,
  };
  const desks = readDesks(options, chosen, accounts, profile.set);
  const channelsOf = readChannels(options, env);
  const { channels, notes } = chooseChannels(options, profile, env, channelsOf);
  const startedAt = Number(given(env, 'CENTAUR_STARTED_AT'));
  return {
    root: options.root,
    dataDir: findDataDir({ root: options.root, env, dataDir: options.overrides?.dataDir }),
    ...readSecrets(env),
    ...readChatSecrets(env),
    logLevel: readLogLevel(env),
    processStartedAt: Number.isFinite(startedAt) && startedAt > 0 ? startedAt : null,
    profile,
    accounts,
    person: desks.length > 1 ? readPerson(options.root) : null,
    brokerKeys: allKeys(accounts, env),
    keysSet: keyNames(accounts).filter((name) => given(env, name) !== undefined),
    desks,
    activeChannels: channels,
    channels: channelsOf,
    schedule: readConfigFile(options.root, 'schedule.yaml', scheduleFile),
    notes,
    hash: hashConfig(desks),
  };
}
