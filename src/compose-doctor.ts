import type { CalendarTable } from '#core/market/calendar.ts';
import { keysOf, missingVariables } from '#shell/config/accounts.ts';
import type { AccountConfig, Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { readEnv } from '#shell/config/env.ts';
import { readFeeds, sourcesOf } from '#shell/config/feeds.ts';
import { askAlpaca } from '#shell/doctor/alpaca-account.ts';
import { checkIbkr } from '#shell/doctor/ibkr-account.ts';
import { type Finding, failed, ok, skipped, warning } from '#shell/doctor/machine.ts';
import { readSide } from '#shell/files/side-marks.ts';
import { isReachedDirectly } from './compose-brokers.ts';

type Tell = (finding: Finding) => void;

/** Markets of a profile that ask nobody. */
const NOT_ASKED: ReadonlySet<string> = new Set(['simulated', 'recorded']);

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/**
 * The sources of Chinese market data: their settings always, and each of them asked one question when a
 * desk lives on them. Never throws.
 */
export async function checkFeeds(tell: Tell, config: Config): Promise<void> {
  try {
    const feeds = readFeeds(config.root, readEnv(config.root));
    const names = sourcesOf(feeds.profile).join(', ');
    const profile = `Chinese feeds ${feeds.profileName} (${names})`;
    const isLive = config.desks.some(({ market }) => market === 'CN');
    if (!isLive || NOT_ASKED.has(config.profile.market)) {
      const asked = `${profile}, not asked: no desk lives on them (centaur data check asks)`;
      tell(skipped('feeds', `${config.profile.market} market; ${asked}`));
      return;
    }
    const { openDataCn } = await import('./compose-data-cn.ts');
    const tools = await openDataCn(config);
    try {
      const lacks = feeds.profile.lacks.length;
      tell(ok('feeds', `${profile}${lacks === 0 ? '' : `, without ${lacks} things (data check)`}`));
      for (const { source, isWell, ms, kind, note } of await tools.check()) {
        const cause = note.at(-1)?.figures['cause'] ?? note.at(-1)?.code ?? 'no answer';
        if (isWell) tell(ok('feeds', `${source}: ${kind} in ${ms} ms`));
        else tell(warning('feeds', `${source}: ${cause}`, 'the next one in its order stands in'));
      }
    } finally {
      await tools.close();
    }
  } catch (error) {
    tell(failed('feeds', firstLine(error), 'correct config/feeds.yaml or .env'));
  }
}

/** Looks at the accounts of all desks: keys by name, and what the broker itself says of them. Never throws. */
export async function checkAccounts(
  tell: Tell,
  config: Config,
  root: string,
  openCalendar: () => Promise<CalendarTable>,
): Promise<void> {
  for (const { accountSettings } of config.desks) {
    const account = onItsSide(accountSettings, dataFilesOf(config.dataDir).sides);
    const name = `${account.id}: ${account.broker}, ${account.environment}`;
    try {
      await checkAccount(tell, account, name, root, openCalendar);
    } catch (error) {
      tell(failed('broker', firstLine(error), 'correct what it names'));
    }
  }
}

/** The account on the side its desk went to by chat; the file's where nobody wrote one down. */
function onItsSide(account: AccountConfig, file: string): AccountConfig {
  if (account.broker === 'paper') return account;
  const side = readSide(file, account.id);
  return side === 'paper' || side === 'live' ? { ...account, environment: side } : account;
}

async function checkAccount(
  tell: Tell,
  account: AccountConfig,
  name: string,
  root: string,
  openCalendar: () => Promise<CalendarTable>,
): Promise<void> {
  const [missing] = missingVariables(account, account.environment, readEnv(root));
  if (missing !== undefined) {
    return tell(failed('broker', `${name}, no ${missing}`, `set ${missing} in .env`));
  }
  const found = `${name}, kill ${isReachedDirectly(account) ? 'reached directly' : 'through the desk'}`;
  if (account.broker === 'alpaca') await checkAlpaca(tell, account, found, root, openCalendar);
  else if (account.broker === 'ibkr') await askGateway(tell, account, found);
  else {
    const who = account.broker === 'paper' ? 'simulated here' : 'a person executes';
    tell(skipped('broker', `${found}, nobody to ask: ${who}`));
  }
}

/** Asks the gateway of Interactive Brokers, which has to be logged in to the account. */
async function askGateway(
  tell: Tell,
  account: Extract<AccountConfig, { broker: 'ibkr' }>,
  found: string,
): Promise<void> {
  const { environment } = account;
  const side = account[environment];
  if (side === null) {
    const where = `config/accounts.yaml: ${account.id}.${environment}`;
    return tell(failed('broker', `${where}: found none, expected a gateway`, 'add it there'));
  }
  const { askIbkr } = await import('#shell/doctor/ibkr-gateway.ts');
  const answer = await askIbkr({ ...side, brokerAccount: side.accountId, environment });
  tell(checkIbkr(found, side, answer));
}

/** Asks Alpaca with the account's own keys: the only way to know that they are the right ones. */
async function checkAlpaca(
  tell: Tell,
  account: Extract<AccountConfig, { broker: 'alpaca' }>,
  found: string,
  root: string,
  openCalendar: () => Promise<CalendarTable>,
): Promise<void> {
  const { environment, id } = account;
  const side = account[environment];
  const keys = keysOf(account, environment, readEnv(root));
  if (keys === null || side === null) return;
  const { tradingUrl } = side;
  const answer = await askAlpaca({
    accountId: id,
    tradingUrl,
    keys,
    calendar: await openCalendar(),
  });
  if (answer.kind === 'refused') {
    const cure = `copy the ${environment} keys again: each side has a pair of its own`;
    return tell(failed('broker', `${found}: Alpaca refuses the keys`, cure));
  }
  if (answer.kind === 'unreachable')
    return tell(warning('broker', `${found}: ${answer.problem}`, 'check the network'));
  if (answer.blocks.length > 0) {
    const cure = 'see the account on the page of Alpaca';
    return tell(failed('broker', `${found}: ${answer.blocks.join(', ')}`, cure));
  }
  tell(ok('broker', `${found}, keys accepted, clocks ${answer.skewMs} ms apart`));
  const [difference] = answer.differences;
  if (difference === undefined) return;
  const days = `${answer.differences.length} days differ from Alpaca's, ${difference}`;
  tell(warning('calendar', days, 'correct config/calendars/xnys.yaml, or wait for a newer one'));
}
