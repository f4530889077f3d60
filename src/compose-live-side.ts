import type { SideFound } from '#app/environment-switch.ts';
import { ConfigError } from '#app/errors.ts';
import type { Broker, Clock } from '#app/ports.ts';
import type { Environment } from '#core/engine/policy.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { hasSide, identityOf, variablesOf } from '#shell/config/accounts.ts';
import type { AccountConfig, DeskConfig } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';
import { makeBroker } from './compose-brokers.ts';
import { isSimulated } from './compose-live-market.ts';

/** How long the other side may take to answer. Milliseconds. */
const LOOK_WITHIN_MS = 15_000;

export type SideDeps = {
  readonly root: string;
  readonly clock: Clock;
  /** Names of the variables with brokers' keys that were set at the start. */
  readonly keysSet: readonly string[];
  /** The other desks that run, as they are now. */
  readonly others: () => readonly {
    readonly settings: DeskConfig;
    readonly asked: Environment | null;
  }[];
};

/** The desk's settings on a side of its account; the same ones when the account has only one. */
export function onSide(settings: DeskConfig, environment: Environment): DeskConfig {
  const { accountSettings } = settings;
  if (accountSettings.broker === 'paper') return settings;
  return { ...settings, accountSettings: { ...accountSettings, environment } };
}

function broughtUp(account: AccountConfig, to: Environment, deps: SideDeps): Reason | null {
  const missing = variablesOf(account, to).filter((name) => !deps.keysSet.includes(name));
  if (missing.length > 0) return reason('keys_missing', { names: missing.join(', ') });
  const env = readEnv(deps.root);
  const wanted = identityOf(account, to, env);
  if (wanted === null) return null;
  for (const { settings, asked } of deps.others()) {
    const { accountSettings: theirs, id } = settings;
    const sides = [theirs.environment, ...(asked === null ? [] : [asked])];
    if (sides.some((side) => identityOf(theirs, side, env) === wanted))
      return reason('account_in_use', { desk: id });
  }
  return null;
}

/**
 * Refuses two desks whose accounts are the same one at the broker, on the sides their logs say and by the keys
 * they have: the settings alone do not tell. Throws ConfigError.
 */
export function refuseShared(root: string, desks: readonly DeskConfig[]): void {
  const env = readEnv(root);
  const taken = new Map<string, string>();
  for (const { accountSettings: account, id } of desks) {
    const identity = identityOf(account, account.environment, env);
    if (identity === null) continue;
    const other = taken.get(identity);
    if (other !== undefined)
      throw new ConfigError(
        `desk ${id}: account: found ${account.id} on its ${account.environment} side, the same one at the broker as that of ${other}, expected an account of its own`,
        { code: 'account_in_use', retryable: false },
      );
    taken.set(identity, id);
  }
}

/**
 * Looks at a side of a desk's account: described, with keys, no other desk's, answering, and empty. What
 * it holds already would be nobody's: that is adopted or disowned by a desk that starts there.
 */
export async function lookAtSide(
  settings: DeskConfig,
  to: Environment,
  deps: SideDeps,
): Promise<SideFound> {
  const { accountSettings: account } = settings;
  const no = (why: Reason): SideFound => ({ cashMinor: null, objections: [why] });
  if (!hasSide(account, to)) return no(reason('side_missing', { environment: to }));
  const meant = onSide(settings, to);
  if (isSimulated(settings) && !isSimulated(meant))
    return no(reason('data_not_ready', { fact: 'prices of the real market' }));
  const objection = broughtUp(account, to, deps);
  if (objection !== null) return no(objection);
  // what a person executes is attested by them, and the cash of the file is where it begins
  if (account.broker === 'manual')
    return { cashMinor: Math.round(account.cash * 100), objections: [] };
  try {
    const { root, clock } = deps;
    const { broker } = await makeBroker(meant.accountSettings, {
      root,
      clock,
      simulated: { seed: 0, slippageBps: 0 },
    });
    return await within(LOOK_WITHIN_MS, () => readSide(broker)).finally(() => broker.stop());
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'failed';
    return no(reason('account_unreadable', { cause: cause.slice(0, 160) }));
  }
}

async function readSide(broker: Broker): Promise<SideFound> {
  await broker.start();
  const [positions, orders, cashMinor] = await Promise.all([
    broker.positions(),
    broker.openOrders(),
    broker.cashMinor(),
  ]);
  if (positions.length + orders.length === 0) return { cashMinor, objections: [] };
  const figures = { positions: positions.length, orders: orders.length };
  return { cashMinor, objections: [reason('account_not_empty', figures)] };
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1_000} s`)), ms);
  try {
    return await Promise.race([work(), promise]);
  } finally {
    clearTimeout(timer);
  }
}
