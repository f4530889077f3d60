import { randomUUID } from 'node:crypto';
import type { Broker, BrokerReport, ConnectionChange, OrderRequest } from '#app/ports.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { type AlpacaBrokerOptions, createAlpacaBroker } from '#shell/brokers/alpaca/alpaca.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import {
  type BrokerFault,
  type BrokerHarness,
  type BrokerUnderTest,
  CONTRACT_INSTRUMENT,
} from './broker-harness.ts';
import { eventually } from './eventually.ts';
import { FAKE_KEYS, FakeAlpaca } from './fake-alpaca.ts';

const SYMBOL = symbolOf(CONTRACT_INSTRUMENT);
const CALLS = {
  submit: { method: 'POST', path: /^\/v2\/orders$/ },
  cancel: { method: 'DELETE', path: /^\/v2\/orders\/.+/ },
  replace: { method: 'PATCH', path: /^\/v2\/orders\/.+/ },
} as const;
const ACTS = {
  timeout: 'hang',
  lost_ack: 'lost',
  disconnect: 'reset',
  reject: { status: 403, text: '{"code":40310000,"message":"account not eligible"}' },
} as const satisfies Record<BrokerFault, unknown>;

/** An Alpaca broker on a fake, with the waits of a test. */
export function brokerOn(url: string, fields: Partial<AlpacaBrokerOptions> = {}) {
  const notes: string[] = [];
  const broker = createAlpacaBroker({
    accountId: 'alpaca-us',
    environment: 'paper',
    tradingUrl: url,
    keys: FAKE_KEYS,
    clock: createSystemClock(),
    timeoutMs: 800,
    heartbeatMs: 500,
    pauseMs: 30,
    wordMs: 300,
    onNote: (line) => void notes.push(line),
    ...fields,
  });
  const reports: BrokerReport[] = [];
  const changes: ConnectionChange[] = [];
  broker.onReport((report) => void reports.push(report));
  broker.onConnection((change) => void changes.push(change));
  return { broker, reports, changes, notes };
}

async function harnessOn(fake: FakeAlpaca, url: string): Promise<BrokerHarness> {
  const { broker, changes, reports } = brokerOn(url);
  await broker.start();
  return harnessOf(fake, url, { broker, changes, reports });
}

type Desk = { broker: Broker; changes: ConnectionChange[]; reports: BrokerReport[] };

function harnessOf(fake: FakeAlpaca, url: string, desk: Desk): BrokerHarness {
  const { broker } = desk;
  return {
    ...desk,
    settle: (call) => call,
    until: eventually,
    quiet: () => fake.quiet(),
    quote: (bid, ask, size) => fake.quote(SYMBOL, bid, ask, size),
    failNext: (fault, call) => void fake.faults.push({ ...CALLS[call], act: ACTS[fault] }),
    fillBefore: (call, bid, ask) =>
      fake.race(call === 'cancel' ? 'DELETE' : 'PATCH', () => fake.quote(SYMBOL, bid, ask)),
    line: { cut: () => fake.cut(), mend: () => fake.mend() },
    enterElsewhere: async ({ limitPrice, quantity, side }: OrderRequest) => {
      const order = fake.exchange.submit({
        symbol: SYMBOL,
        side,
        type: 'limit',
        qty: String(quantity),
        limit_price: String(limitPrice),
        time_in_force: 'day',
        client_order_id: randomUUID(),
      });
      return order.clientOrderId;
    },
    restart: async () => {
      await broker.stop();
      return await harnessOn(fake, url);
    },
    close: async () => {
      await broker.stop();
      await fake.close();
    },
  };
}

export const alpacaUnderTest: BrokerUnderTest = {
  name: 'alpaca',
  createHarness: async () => {
    const fake = new FakeAlpaca();
    return await harnessOn(fake, await fake.listen());
  },
  without: {},
};
