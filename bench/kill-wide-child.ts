import process from 'node:process';
import { FakeAlpaca } from '../test/support/fake-alpaca.ts';
import { FakeIbkr } from '../test/support/fake-ibkr.ts';

/*
 * The broker's side of bench/kill-wide, in a process of its own: what it sees is seen when it arrives, not
 * when the desk's process has time for it. Instants are epoch milliseconds with fractions.
 */
export type ToChild =
  | {
      readonly kind: 'open';
      readonly venue: 'alpaca' | 'ibkr';
      readonly held: readonly string[];
      readonly entries: readonly string[];
      readonly day: string;
    }
  | { readonly kind: 'quote'; readonly symbol: string }
  | { readonly kind: 'armed' }
  | { readonly kind: 'close' };

export type FromChild =
  | {
      readonly kind: 'opened';
      readonly url: string;
      readonly port: number;
      readonly account: string;
    }
  | { readonly kind: 'quoted' }
  | { readonly kind: 'armed' }
  | { readonly kind: 'first'; readonly at: number }
  | { readonly kind: 'out'; readonly at: number; readonly stops: number };

const now = (): number => performance.timeOrigin + performance.now();
const say = (message: FromChild): void => void process.send?.(message);

type Side = {
  quote(symbol: string): void;
  /** Orders that work, by the id of the desk. */
  working(): readonly string[];
  onCancel(listen: () => void): void;
  close(): Promise<void>;
};

async function alpaca(ask: Extract<ToChild, { kind: 'open' }>): Promise<Side> {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  fake.exchange.cash = 10_000_000;
  const idOf = (symbol: string, name: string) => `${ask.day}.us-vwap.${symbol}.US.long.1.${name}`;
  const place = (symbol: string, name: string, fields: Record<string, string>) =>
    fake.exchange.submit({
      symbol,
      side: 'buy',
      type: 'limit',
      qty: '10',
      time_in_force: 'day',
      client_order_id: idOf(symbol, name),
      ...fields,
    });
  for (const symbol of ask.held) {
    fake.quote(symbol, 99.98, 100);
    place(symbol, 'entry-1', { limit_price: '100' });
    fake.quote(symbol, 99.98, 100);
    place(symbol, 'stop-1', { side: 'sell', type: 'stop', stop_price: '90' });
  }
  for (const symbol of ask.entries) place(symbol, 'entry-1', { limit_price: '50' });
  say({ kind: 'opened', url, port: 0, account: '' });
  return {
    quote: (symbol) => fake.quote(symbol, 99.98, 100),
    working: () =>
      [...fake.exchange.orders.values()]
        .filter((order) => fake.exchange.isWorking(order))
        .map((order) => order.clientOrderId),
    onCancel(listen) {
      const { push } = fake.calls;
      fake.calls.push = (...calls: string[]) => {
        if (calls.some((call) => call.startsWith('DELETE'))) listen();
        return push.apply(fake.calls, calls);
      };
    },
    close: () => fake.close(),
  };
}

const OVER = new Set(['Filled', 'Cancelled', 'ApiCancelled', 'Inactive']);

async function ibkr(): Promise<Side> {
  const fake = new FakeIbkr({ cash: 10_000_000 });
  await fake.listen();
  say({ kind: 'opened', url: '', port: fake.port, account: fake.account });
  return {
    quote: (symbol) => fake.quote(symbol, 99.98, 100),
    working: () =>
      fake.market.orders.filter(({ status }) => !OVER.has(status)).map((one) => one.orderRef),
    onCancel(listen) {
      const { push } = fake.received;
      fake.received.push = (...rows: string[][]) => {
        if (rows.some(([kind]) => kind === '4')) listen();
        return push.apply(fake.received, rows);
      };
    },
    close: () => fake.close(),
  };
}

let side: Side | null = null;

function arm(open: Side): void {
  let isFirst = true;
  open.onCancel(() => {
    if (isFirst) say({ kind: 'first', at: now() });
    isFirst = false;
  });
  const look = setInterval(() => {
    const working = open.working();
    if (working.some((id) => id.endsWith('.entry-1'))) return;
    clearInterval(look);
    const stops = working.filter((id) => id.endsWith('.stop-1')).length;
    say({ kind: 'out', at: now(), stops });
  }, 1);
  say({ kind: 'armed' });
}

async function hear(message: ToChild): Promise<void> {
  if (message.kind === 'open')
    side = message.venue === 'alpaca' ? await alpaca(message) : await ibkr();
  if (side === null) return;
  if (message.kind === 'quote') {
    side.quote(message.symbol);
    say({ kind: 'quoted' });
  }
  if (message.kind === 'armed') arm(side);
  if (message.kind === 'close') {
    await side.close();
    process.exit(0);
  }
}

process.on('message', (message: ToChild) => void hear(message));
