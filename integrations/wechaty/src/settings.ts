import { join, resolve } from 'node:path';
import process from 'node:process';
import type { Allowance } from './carrier.ts';

export type Settings = {
  readonly url: string;
  /** Secret. */
  readonly key: string;
  readonly puppet: string;
  readonly folder: string;
  readonly allowance: Allowance | null;
};

type Env = Readonly<Record<string, string | undefined>>;

/** What this process must not hold: whoever takes it over shall find no key but its own. */
const FOREIGN = /^(?:ALPACA_|IBKR_|DATABASE_URL$|TELEGRAM_BOT_TOKEN$|CENTAUR_TOTP_SECRET$)/;

/** `root` holds the data where no other folder is named. Throws with one line: place, found, expected. */
export function readSettings(root: string, env: Env = process.env): Settings {
  const foreign = Object.keys(env).find((name) => FOREIGN.test(name) && env[name] !== '');
  if (foreign !== undefined)
    throw new Error(`environment: found ${foreign}, expected no key but CENTAUR_WECHAT_KEY`);
  const key = env['CENTAUR_WECHAT_KEY'] ?? '';
  if (!/^[\w-]{32,200}$/.test(key))
    throw new Error('CENTAUR_WECHAT_KEY: found no key, expected the one in the .env of the desk');
  const url = env['CENTAUR_WECHAT_URL'] ?? 'http://127.0.0.1:7421';
  if (!/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+$/.test(url))
    throw new Error(`CENTAUR_WECHAT_URL: found ${url}, expected a port of this machine's loopback`);
  return {
    url,
    key,
    puppet: env['WECHATY_PUPPET'] ?? 'wechaty-puppet-wechat4u',
    folder: resolve(env['CENTAUR_WECHAT_DATA'] ?? join(root, 'data')),
    allowance: allowanceOf(env['CENTAUR_WECHAT_ALLOWANCE']),
  };
}

/** `10/24`: ten sends within 24 hours after a person wrote. */
function allowanceOf(text: string | undefined): Allowance | null {
  if (text === undefined || text === '') return null;
  const [, sends = '', hours = ''] = /^(\d{1,4})\/(\d{1,3})$/.exec(text) ?? [];
  if (Number(sends) < 1 || Number(hours) < 1)
    throw new Error(`CENTAUR_WECHAT_ALLOWANCE: found ${text}, expected SENDS/HOURS such as 10/24`);
  return { sends: Number(sends), hours: Number(hours) };
}
