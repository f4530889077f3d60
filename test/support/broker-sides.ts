import { type FAKE_KEYS, FakeAlpaca } from './fake-alpaca.ts';
import { FakeAlpacaData } from './fake-alpaca-data.ts';
import type { FakeOrder } from './fake-alpaca-exchange.ts';
import { FakeIbkr } from './fake-ibkr.ts';

/** An account at a broker's fake, as a desk process is told of it and as a test looks at it. */
export type BrokerSide = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  /** The entry of the accounts' file. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  /** What market data says, now: bid 99.98, ask 100. The exchange itself asks more, so nothing fills. */
  offer(symbol: string): void;
  /** The exchange trades at this price. */
  trade(symbol: string, bid: number, ask: number): void;
  /** Client order ids of every order this account was ever given. */
  orderIds(): string[];
  working(): string[];
  held(symbol: string): number;
  /** Prices of the stops of a symbol that work. */
  stops(symbol: string): number[];
  /** How many times an order was sent here, taken or not. */
  sent(): number;
  close(): Promise<void>;
};

const COMMON = { market: 'US', currency: 'USD' };
const OFFER = { bid: 99.98, ask: 100 } as const;
const ELSEWHERE = [100.5, 100.52] as const;

type Id = { readonly accountId: string; readonly environment: 'paper' | 'live' };

/** An account of Alpaca with keys of its own, in variables that begin with `credentials`. */
export async function alpacaSide(
  id: Id,
  keys: typeof FAKE_KEYS,
  credentials: string,
): Promise<BrokerSide & { readonly fake: FakeAlpaca }> {
  const fake = new FakeAlpaca(keys);
  const prices = new FakeAlpacaData(keys);
  const urls = await prices.listen();
  const { exchange } = fake;
  const side = { credentials, tradingUrl: await fake.listen() };
  const orders = () => [...exchange.orders.values()];
  /** The vendor names the legs of a bracket itself; here they go by the order they left with. */
  const nameOf = ({ clientOrderId, id: own, type }: FakeOrder): string => {
    const entry = orders().find(({ legIds }) => legIds.includes(own));
    return entry === undefined ? clientOrderId : `${entry.clientOrderId}/${type}`;
  };
  return {
    ...id,
    fake,
    settings: {
      id: id.accountId,
      ...COMMON,
      broker: 'alpaca',
      environment: id.environment,
      feed: 'sip',
      ...urls,
      paper: null,
      live: null,
      [id.environment]: side,
    },
    env: {
      [`${credentials}_KEY_ID`]: keys.keyId,
      [`${credentials}_SECRET_KEY`]: keys.secretKey,
    },
    offer(symbol) {
      const { bid, ask } = OFFER;
      const venues = { ax: 'V', bx: 'V', c: ['R'], z: 'C' };
      const quote = { t: new Date().toISOString(), bp: bid, bs: 5, ap: ask, as: 5, ...venues };
      prices.quotes.set(symbol, quote);
      fake.quote(symbol, ...ELSEWHERE);
    },
    trade: (symbol, bid, ask) => fake.quote(symbol, bid, ask),
    orderIds: () => orders().map(nameOf),
    working: () =>
      orders()
        .filter((order) => exchange.isWorking(order))
        .map(nameOf),
    held: (symbol) => exchange.positions.get(symbol)?.quantity ?? 0,
    stops: (symbol) =>
      orders()
        .filter((order) => order.symbol === symbol && order.type === 'stop')
        .filter((order) => exchange.isWorking(order))
        .map((order) => Number(order.stopPrice)),
    sent: () => fake.calls.filter((call) => call.startsWith('POST')).length,
    async close() {
      await fake.close();
      await prices.close();
    },
  };
}

const ENDED = ['Filled', 'Cancelled', 'ApiCancelled', 'Inactive'];

/** An account of Interactive Brokers behind a gateway of its own. */
export async function ibkrSide(
  id: Id,
  account: string,
): Promise<BrokerSide & { readonly fake: FakeIbkr }> {
  const fake = new FakeIbkr({ account });
  await fake.listen();
  const side = {
    host: '127.0.0.1',
    port: fake.port,
    clientId: 11,
    masterClientId: fake.masterClientId,
    accountId: account,
  };
  const { orders } = fake.market;
  return {
    ...id,
    fake,
    settings: {
      id: id.accountId,
      ...COMMON,
      broker: 'ibkr',
      environment: id.environment,
      marketData: 'live',
      paper: null,
      live: null,
      [id.environment]: side,
    },
    env: {},
    offer(symbol) {
      // data and exchange are one thing at this fake: what is told is not what the exchange then asks
      fake.market.quotes.delete(symbol);
      fake.quote(symbol, OFFER.bid, OFFER.ask);
      fake.market.quote(symbol, ...ELSEWHERE, 1_000);
      fake.offered.set(symbol, { ...OFFER, size: 1_000 });
    },
    trade: (symbol, bid, ask) => fake.quote(symbol, bid, ask),
    orderIds: () => orders.map((order) => order.orderRef),
    working: () =>
      orders.filter(({ status }) => !ENDED.includes(status)).map((order) => order.orderRef),
    held: (symbol) => fake.positions.get(symbol)?.quantity ?? 0,
    stops: (symbol) =>
      orders
        .filter(({ status }) => !ENDED.includes(status))
        .filter((order) => order.symbol === symbol && order.type === 'STP')
        .map((order) => order.aux ?? Number.NaN),
    sent: () => fake.received.filter(([kind]) => kind === '3').length,
    close: () => fake.close(),
  };
}
