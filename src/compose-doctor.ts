import type { CalendarTable } from '#core/market/calendar.ts';
import { keysOf, missingVariables } from '#shell/config/accounts.ts';
import type { AccountConfig, Config } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';
import { askAlpaca } from '#shell/doctor/alpaca-account.ts';
import { type Finding, failed, ok, warning } from '#shell/doctor/machine.ts';
import { isReachedDirectly } from './compose-brokers.ts';

type Tell = (finding: Finding) => void;

/** Looks at the accounts of all desks: keys by name, and what the broker itself says of them. Never throws. */
export async function checkAccounts(
  tell: Tell,
  config: Config,
  root: string,
  openCalendar: () => Promise<CalendarTable>,
): Promise<void> {
  for (const { accountSettings: account } of config.desks) {
    const name = `${account.id}: ${account.broker}, ${account.environment}`;
    try {
      await checkAccount(tell, account, name, root, openCalendar);
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      tell(failed('broker', found.split('\n')[0] ?? '', 'correct what it names'));
    }
  }
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
  else tell(ok('broker', found));
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
