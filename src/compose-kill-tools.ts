import {
  type AccountFlatten,
  type AccountKill,
  flattenAccount,
  heldAt,
  killAccount,
} from '#app/kill-account.ts';
import type { Broker } from '#app/ports.ts';
import { hasSide } from '#shell/config/accounts.ts';
import type { AccountConfig, Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { readSide } from '#shell/files/side-marks.ts';

/*
 * Wires a kill from another process. The file comes first and needs neither settings nor store; what
 * reaches a broker is loaded after it, so that a broken setting or a broker that hangs delays nothing.
 */

/** How long the whole of one account may take; a broker that answers nothing is given up on then. */
const CONNECT_WITHIN_MS = 4_000;

/** An account of the settings as a kill sees it. */
export type KillTarget = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly deskIds: readonly string[];
  /** True when this process can reach the broker by itself. */
  readonly isReached: boolean;
  /** Connects as far as it can. Throws ConfigError for settings that name no way to the account. */
  connect(): Promise<KillConnection>;
};

export type KillConnection = {
  /** Throws BrokerError when the open orders cannot be read. */
  stageOne(): Promise<AccountKill>;
  /** Throws BrokerError. */
  stageTwo(): Promise<AccountFlatten>;
  /** Shares that are held, by instrument; null: nobody knows. */
  held(): Promise<ReadonlyMap<string, number> | null>;
  close(): Promise<void>;
};

/** Accounts of the desks that the settings run. */
export async function killTargets(root: string, config: Config): Promise<KillTarget[]> {
  const { isReachedDirectly } = await import('./compose-brokers.ts');
  const byId = new Map<string, { account: AccountConfig; deskIds: string[] }>();
  for (const { id, accountSettings } of config.desks) {
    const known = byId.get(accountSettings.id);
    if (known === undefined)
      byId.set(accountSettings.id, { account: accountSettings, deskIds: [id] });
    else known.deskIds.push(id);
  }
  return [...byId.values()].flatMap(({ account, deskIds }) =>
    sidesOf(account, dataFilesOf(config.dataDir).sides).map((meant) => ({
      accountId: meant.id,
      environment: meant.environment,
      deskIds,
      isReached: isReachedDirectly(meant),
      connect: () => connect(root, meant),
    })),
  );
}

/** The account on the side its desk is on, as it wrote it down; where that cannot be read, on every side. */
function sidesOf(account: AccountConfig, file: string): AccountConfig[] {
  if (account.broker === 'paper') return [account];
  const side = readSide(file, account.id);
  if (side === 'unknown') return [account];
  const sides = side === 'unreadable' ? (['live', 'paper'] as const) : [side];
  return sides
    .filter((environment) => hasSide(account, environment))
    .map((environment): AccountConfig => ({ ...account, environment }));
}

async function connect(root: string, account: AccountConfig): Promise<KillConnection> {
  const { makeBroker } = await import('./compose-brokers.ts');
  const { createSystemClock } = await import('#shell/lib/system-clock.ts');
  const clock = createSystemClock();
  const { broker } = await makeBroker(account, { root, clock, simulated: null });
  await startWithin(broker);
  return {
    stageOne: () => killAccount(broker, clock, () => performance.now()),
    stageTwo: () => flattenAccount(broker, clock),
    held: () => heldAt(broker),
    close: () => broker.stop(),
  };
}

/** A connection that is only half there is used all the same: orders may be canceled where no stream runs. */
async function startWithin(broker: Broker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, CONNECT_WITHIN_MS);
  broker.start().then(resolve, () => resolve());
  await promise;
  clearTimeout(timer);
}
