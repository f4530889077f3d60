import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerReport, ConnectionChange } from '#app/ports.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { type BrokerHarness, type BrokerUnderTest, CONTRACT_INSTRUMENT } from './broker-harness.ts';
import { eventually } from './eventually.ts';
import { FakeIbkr } from './fake-ibkr.ts';
import { connectIbkr } from './ibkr-connect.ts';

const SYMBOL = symbolOf(CONTRACT_INSTRUMENT);
/** Longer than anything on loopback takes, commission reports included. */
const QUIET_MS = 60;

async function harnessOn(gateway: FakeIbkr): Promise<BrokerHarness> {
  const { broker } = connectIbkr(gateway, {
    answerTimeoutMs: 500,
    heartbeatMs: 10_000,
    backoffMs: [20],
  });
  const reports: BrokerReport[] = [];
  const changes: ConnectionChange[] = [];
  broker.onReport((report) => void reports.push(report));
  broker.onConnection((change) => void changes.push(change));
  await broker.start();
  return {
    broker,
    reports,
    changes,
    settle: (call) => call,
    until: eventually,
    quiet: () => pause(QUIET_MS),
    quote: (bid, ask, size) => gateway.quote(SYMBOL, bid, ask, size),
    failNext: (kind, call) => gateway.failNext({ kind, call }),
    fillBefore: (call, bid, ask) => gateway.before(call, () => gateway.quote(SYMBOL, bid, ask)),
    line: { cut: () => gateway.cut(), mend: () => gateway.mend() },
    async enterElsewhere(order) {
      const side = order.side === 'buy' ? 'BUY' : 'SELL';
      const { permId } = gateway.external(SYMBOL, side, order.quantity, order.limitPrice ?? 0);
      return `external:${permId}`;
    },
    async restart() {
      await broker.stop();
      return harnessOn(gateway);
    },
    async close() {
      await broker.stop();
      await gateway.close();
    },
  };
}

/** Interactive Brokers over the stand-in gateway, by real sockets. */
export const ibkrUnderTest: BrokerUnderTest = {
  name: 'ibkr',
  async createHarness() {
    const gateway = new FakeIbkr();
    await gateway.listen();
    return harnessOn(gateway);
  },
  without: {},
};
