import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseInstrumentId } from '#core/market/instrument.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { createOneTimeCodes, newTotpSecret } from '#shell/chat/one-time-codes.ts';
import { variablesOf } from '#shell/config/accounts.ts';
import type { AccountConfig, Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { loadConfig } from '#shell/config/load.ts';
import { askAlpaca } from '#shell/doctor/alpaca-account.ts';
import { askTelegram, hasTokenShape } from '#shell/doctor/telegram-token.ts';
import { writeEnvFile, writeSettings } from '#shell/lib/write-settings.ts';
import { tryMail, tryRobot, tryWecom } from './compose-channel-checks.ts';

export type SetupAnswers = {
  readonly language: 'en' | 'zh';
  readonly market: string;
  readonly account: string;
  readonly symbols: readonly string[];
  readonly capital: number;
  /** Variables of .env; an empty value takes one away. */
  readonly secrets: Readonly<Record<string, string>>;
  /** The mail server; null: it stays as it is. */
  readonly mail: Config['channels']['mail'] | null;
};

/** Profile on which the A-share desk runs. */
const CN_PROFILE = 'cn';

/** The settings in which a market's desk runs, and the desk: the US one of the profile, the A-share one of its own. */
function deskOf(settings: Config, root: string, market: string) {
  const own = market === 'CN' ? loadConfig({ root, overrides: { profile: CN_PROFILE } }) : settings;
  const strategy = market === 'CN' ? 'sector-pulse' : 'vwap-reclaim';
  return { own, desk: own.desks.find((one) => one.strategy === strategy) };
}

function writeAnswers(settings: Config, root: string, answers: SetupAnswers): string[] {
  const local = join(root, 'config', 'local');
  const { own, desk } = deskOf(settings, root, answers.market);
  const written: string[] = [];
  const edit = (file: string, edits: Parameters<typeof writeSettings>[1]): void => {
    writeSettings(join(local, file), edits);
    written.push(`config/local/${file}`);
  };
  edit('channels.yaml', [
    { path: ['language'], value: answers.language },
    ...(answers.mail === null ? [] : [{ path: ['mail'], value: answers.mail }]),
  ]);
  if (desk !== undefined) {
    edit(`desks/${desk.id}.yaml`, [
      { path: ['account'], value: answers.account },
      ...('symbols' in desk ? [{ path: ['symbols'], value: answers.symbols }] : []),
      { path: ['capital'], value: answers.capital },
    ]);
    const accounts = own.accounts.map((account) =>
      account.id === answers.account && 'cash' in account
        ? { ...account, cash: answers.capital }
        : account,
    );
    edit('accounts.yaml', [{ path: ['accounts'], value: accounts }]);
  }
  if (Object.keys(answers.secrets).length > 0) {
    writeEnvFile(join(root, '.env'), answers.secrets);
    written.push('.env');
  }
  deskOf(loadConfig({ root }), root, answers.market);
  return written;
}

/** What `setup` asks and writes with. */
export function createSetupTools(settings: Config, root: string) {
  return {
    hasTokenShape,
    askTelegram: (token: string) => askTelegram(settings.channels.telegram.apiRoot, token),
    tryWecom: (botId: string, secret: string) =>
      tryWecom(settings.channels.wecom.wsUrl, { botId, secret }),
    tryRobot,
    tryMail,
    /** Markets a desk can be set up for. */
    markets: ['US', 'CN'] as const,
    /** What stands in the settings of a market's desk; `symbols` null: it looks at the whole market. */
    deskOf(market: string) {
      const { desk } = deskOf(settings, root, market);
      if (desk === undefined) return { account: '', capital: null, symbols: [] };
      const { account, capital } = desk;
      return { account, capital, symbols: 'symbols' in desk ? desk.symbols : null };
    },
    /** Accounts of a market that setup can fill in. */
    accountsOf: (market: string) => settings.accounts.filter((one) => one.market === market),
    /** Names of the variables an account is used with. */
    keyNamesOf: (account: AccountConfig) => variablesOf(account, account.environment),
    /** Asks the broker of an account about keys; null for one that has none. */
    async askBroker(account: AccountConfig, keys: { keyId: string; secretKey: string }) {
      const side = account.broker === 'alpaca' ? account[account.environment] : null;
      if (side === null) return null;
      const calendar = await loadMarketCalendar(root, account.market);
      return askAlpaca({ accountId: account.id, tradingUrl: side.tradingUrl, keys, calendar });
    },
    /** Symbols in capitals; null when one is none or there is none. */
    symbolsOf(text: string): string[] | null {
      const symbols = text
        .toUpperCase()
        .split(/[\s,，、]+/)
        .filter((symbol) => symbol !== '');
      const areKnown = symbols.every((symbol) => parseInstrumentId(`${symbol}.US`) !== null);
      return areKnown && symbols.length > 0 ? [...new Set(symbols)] : null;
    },
    newTotpSecret,
    /** Judges a code by a secret that is not enrolled yet. */
    checkCode: (secret: string, code: string, at: number) =>
      createOneTimeCodes(secret, null).check(code, at),
    write(answers: SetupAnswers): string[] {
      const written = writeAnswers(settings, root, answers);
      // a new secret has used no code and is banned from nothing
      if (answers.secrets['CENTAUR_TOTP_SECRET'] !== undefined)
        rmSync(dataFilesOf(settings.dataDir).codes, { force: true });
      return written;
    },
  };
}
