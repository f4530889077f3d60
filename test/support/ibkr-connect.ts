import { createIbkrBroker } from '#shell/brokers/ibkr/ibkr.ts';
import { type GatewayOptions, IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import type { FakeIbkr } from './fake-ibkr.ts';

export type ConnectOptions = Partial<GatewayOptions> & { readonly isMaster?: boolean };

/** A paper account on a stand-in gateway, not yet started, with the connection it uses. */
export function connectIbkr(
  fake: Pick<FakeIbkr, 'account' | 'port'>,
  options: ConnectOptions = {},
) {
  const { isMaster = false, ...rest } = options;
  const shared = {
    clientId: 7,
    brokerAccount: fake.account,
    environment: 'paper' as const,
    clock: createSystemClock(),
    ...rest,
  };
  const gateway = new IbkrGateway({ host: '127.0.0.1', port: fake.port, ...shared });
  const broker = createIbkrBroker({ ...shared, accountId: 'ibkr-paper', gateway, isMaster });
  return { gateway, broker };
}
