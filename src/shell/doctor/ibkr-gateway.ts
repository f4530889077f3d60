import { EventName } from '@stoqey/ib';
import { BrokerError } from '#app/errors.ts';
import { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';

/** What TWS or IB Gateway says of an account. The account's number is in no text of the answer. */
export type IbkrCheck =
  | { readonly kind: 'valid'; readonly serverVersion: number; readonly hasServers: boolean }
  /** It answers, and the account configured is not the one of its login, or not of this environment. */
  | { readonly kind: 'wrong_account'; readonly problem: string }
  | { readonly kind: 'unreachable'; readonly problem: string };

/** Apart from the ids of desks and kills, which go on meanwhile. */
const ID_BEYOND = 1_000;
const TIMEOUT_MS = 5_000;
/** The gateway says right behind its accounts that it lost the vendor. */
const SETTLE_MS = 200;

/** Connects under a client id of its own, looks at the accounts of the login, and leaves. Never throws. */
export async function askIbkr(options: {
  readonly host: string;
  readonly port: number;
  readonly clientId: number;
  readonly masterClientId: number | null;
  readonly brokerAccount: string;
  readonly environment: 'paper' | 'live';
  readonly timeoutMs?: number;
}): Promise<IbkrCheck> {
  const { host, port, brokerAccount, environment, timeoutMs = TIMEOUT_MS } = options;
  const clock = createSystemClock();
  const gateway = new IbkrGateway({
    host,
    port,
    clientId: Math.max(options.clientId, options.masterClientId ?? 0) + ID_BEYOND,
    brokerAccount,
    environment,
    clock,
    connectTimeoutMs: timeoutMs,
    idWaitMs: 0,
  });
  let serverVersion = 0;
  gateway.attach((api) => {
    api.on(EventName.server, (version) => {
      serverVersion = version;
    });
  });
  try {
    await gateway.start();
    await new Promise<void>((resolve) => void clock.at(clock.now() + SETTLE_MS, resolve));
    return { kind: 'valid', serverVersion, hasServers: gateway.isReady() };
  } catch (error) {
    const problem = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const isWrong = error instanceof BrokerError && error.code === 'wrong_account';
    return { kind: isWrong ? 'wrong_account' : 'unreachable', problem };
  } finally {
    await gateway.stop();
  }
}
