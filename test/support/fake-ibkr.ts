import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { FakeMarket, isOver, type Quoted, type Working } from './fake-ibkr-market.ts';
import {
  commissionFields,
  completedOrderFields,
  errorFields,
  executionFields,
  type Field,
  frame,
  openOrderFields,
  readClient,
  statusFields,
  type WireExecution,
} from './fake-ibkr-wire.ts';

const SERVER_VERSION = 176;
const COMMISSION = 1;
const TIME = '20261120 10:00:00 US/Eastern';

type Client = {
  readonly socket: Socket;
  clientId: number;
  readonly subscriptions: Map<number, string>;
  readonly bars: Map<number, string>;
};

/**
 * What the next call meets. `lost_ack`: taken, but nothing is said of it before it is asked for.
 * `timeout`: not taken, nothing is said. `disconnect`: the connection breaks instead.
 */
export type IbkrFault = {
  readonly kind: 'lost_ack' | 'timeout' | 'disconnect' | 'reject';
  readonly call?: 'submit' | 'cancel' | 'replace';
  readonly code?: number;
};

export type FakeIbkrOptions = {
  readonly account?: string;
  readonly cash?: number;
  /** Sends every order message twice and orderStatus before its execution. */
  readonly isNoisy?: boolean;
};

/**
 * A TWS or IB Gateway on a loopback socket, at server version 176 in text messages: connection, orders
 * with brackets and groups, executions with commissions, listings, positions, cash, quotes, 5-second
 * bars, history, and the faults a desk must live through.
 */
export class FakeIbkr {
  readonly account: string;
  readonly received: string[][] = [];
  readonly market: FakeMarket;
  /** What data says where it is not what the exchange trades at. */
  readonly offered = new Map<string, Quoted>();
  readonly positions = new Map<string, { quantity: number; average: number }>();
  readonly executions: (WireExecution & { readonly commission: number })[] = [];
  cash: number;
  /** What is sent in place of a message: itself, nothing, something else, several. */
  rewrite: (fields: readonly Field[]) => readonly (readonly Field[])[] = (fields) => [fields];
  isSilent = false;
  /** Orders are taken and nothing is said of them; what is asked for is answered. */
  isMute = false;
  /** Sign-ons that meet a client id that is not free yet, though nobody seems to have it. */
  idsHeld = 0;
  port = 0;
  readonly #isNoisy: boolean;
  readonly #clients = new Set<Client>();
  readonly #faults: IbkrFault[] = [];
  /** Orders of which nothing is said until somebody asks. */
  readonly #muted = new Set<Working>();
  #before: { readonly call: 'cancel' | 'replace'; readonly run: () => void } | null = null;
  isCut = false;
  #server: Server | null = null;
  #nextPermId = 500_001;
  #nextExecution = 1;
  nextValidId = 1;
  /** What `reqMarketDataType` leads to: 1 live, 3 delayed. */
  marketDataType = 1;
  /** Rows (time, open, high, low, close, volume) by `SYMBOL 1 min` or `SYMBOL 1 day`. */
  readonly history = new Map<
    string,
    readonly (readonly [string, number, number, number, number, number])[]
  >();
  historyError: string | null = null;
  /** Code and words with which requests for quotes or 5-second bars are refused. */
  readonly denied = new Map<'quotes' | 'bars', readonly [number, string]>();
  /** Client that hears of all orders and may cancel them. */
  readonly masterClientId = 99;

  constructor(options: FakeIbkrOptions = {}) {
    this.account = options.account ?? 'DU1111111';
    this.cash = options.cash ?? 100_000;
    this.#isNoisy = options.isNoisy ?? false;
    this.market = new FakeMarket({
      filled: (order, quantity, price) => this.#onFilled(order, quantity, price),
      changed: (order) => this.#tellOrder(order),
    });
  }

  async listen(port = 0): Promise<void> {
    this.#server = createServer((socket) => this.#onClient(socket));
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.dropConnections();
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.close();
    await once(server, 'close');
  }

  dropConnections(): void {
    for (const client of this.#clients) client.socket.destroy();
  }

  connections(): number {
    return this.#clients.size;
  }

  /** Ids of the clients that are connected. */
  clientIds(): number[] {
    return [...this.#clients].map(({ clientId }) => clientId);
  }

  failNext(fault: IbkrFault): void {
    this.#faults.push(fault);
  }

  /** Runs before the next cancel or replace is looked at: the race between two wires. */
  before(call: 'cancel' | 'replace', run: () => void): void {
    this.#before = { call, run };
  }

  #faultOf(call: 'submit' | 'cancel' | 'replace'): IbkrFault | null {
    const index = this.#faults.findIndex((fault) => (fault.call ?? 'submit') === call);
    return index < 0 ? null : (this.#faults.splice(index, 1)[0] ?? null);
  }

  #runBefore(call: 'cancel' | 'replace'): void {
    const waiting = this.#before;
    if (waiting?.call !== call) return;
    this.#before = null;
    waiting.run();
  }

  /** A message to every client, as it stands. */
  say(...fields: Field[]): void {
    for (const client of this.#clients) client.socket.write(frame(fields));
  }

  sayBytes(bytes: Buffer): void {
    for (const client of this.#clients) client.socket.write(bytes);
  }

  notice(code: number, text: string): void {
    this.say(...errorFields(-1, code, text));
  }

  quote(symbol: string, bid: number, ask: number, size = 1_000): void {
    this.offered.delete(symbol);
    this.market.quote(symbol, bid, ask, size);
    for (const client of this.#clients) {
      for (const [id, subscribed] of client.subscriptions) {
        if (subscribed !== symbol) continue;
        this.#tellQuote(client, id, { bid, ask, size });
      }
    }
  }

  /** A price carries its size; the client library drops that of a bid, so sizes come by themselves, too. */
  #tellQuote(client: Client, id: number, quoted: Quoted): void {
    const { bid, ask, size } = quoted;
    this.#send(client, [1, 6, id, 1, bid, size, 0]);
    this.#send(client, [2, 6, id, 0, size]);
    this.#send(client, [1, 6, id, 2, ask, size, 0]);
    this.#send(client, [2, 6, id, 3, size]);
  }

  /** Five seconds of trading, `second` in epoch seconds, to whoever asked for them. */
  slice(
    symbol: string,
    second: number,
    ohlc: readonly [number, number, number, number],
    volume = 100,
  ): void {
    for (const client of this.#clients)
      for (const [id, subscribed] of client.bars)
        if (subscribed === symbol) this.#send(client, [50, 3, id, second, ...ohlc, volume, 0, 1]);
  }

  /** A tick by its number: 49 is a halt. */
  generic(symbol: string, tick: number, value: number): void {
    for (const client of this.#clients)
      for (const [id, subscribed] of client.subscriptions)
        if (subscribed === symbol) this.#send(client, [45, 6, id, tick, value]);
  }

  #onHistory(client: Client, fields: readonly string[]): void {
    const id = Number(fields[1]);
    const symbol = String(fields[3]);
    if (this.historyError !== null) {
      this.#send(client, errorFields(id, 162, this.historyError));
      return;
    }
    const rows = this.history.get(`${symbol} ${fields[16]}`) ?? [];
    const all = rows.flatMap(([time, o, h, l, c, volume]) => [time, o, h, l, c, volume, 0, 1]);
    this.#send(client, [17, id, '20261120', '20261120', rows.length, ...all]);
  }

  /** Breaks every connection and takes no new one before `mend`. */
  cut(): void {
    this.isCut = true;
    this.dropConnections();
  }

  mend(): void {
    this.isCut = false;
  }

  /** An order that somebody entered elsewhere. */
  external(symbol: string, side: 'BUY' | 'SELL', quantity: number, limit: number): Working {
    const order = this.#working({
      ibId: 0,
      clientId: 77,
      symbol,
      side,
      quantity,
      limit,
      orderRef: '',
    });
    this.market.place(order);
    return order;
  }

  order(orderRef: string): Working | undefined {
    return this.market.orders.find((order) => order.orderRef === orderRef);
  }

  /** A corrected execution: the same id with a raised revision. */
  correct(execId: string, price: number): void {
    const found = this.executions.find((execution) => execution.execId === execId);
    if (found === undefined) throw new Error(`execution ${execId}: not found`);
    const execution = { ...found, execId: execId.replace(/\.01$/, '.02'), price };
    this.executions.push(execution);
    this.say(...executionFields(-1, execution));
  }

  #working(fields: Partial<Working> & { symbol: string; side: 'BUY' | 'SELL' }): Working {
    this.#nextPermId += 1;
    return {
      ibId: 0,
      clientId: 0,
      permId: this.#nextPermId,
      quantity: 0,
      type: 'LMT',
      limit: null,
      aux: null,
      tif: 'DAY',
      ocaGroup: '',
      account: this.account,
      orderRef: '',
      parentId: 0,
      outsideRth: false,
      status: 'PendingSubmit',
      filled: 0,
      notional: 0,
      isTransmitted: true,
      isTriggered: false,
      best: null,
      ...fields,
    };
  }

  #onClient(socket: Socket): void {
    if (this.isCut) {
      socket.destroy();
      return;
    }
    const client: Client = { socket, clientId: -1, subscriptions: new Map(), bars: new Map() };
    this.#clients.add(client);
    socket.on('close', () => this.#clients.delete(client));
    socket.on('error', () => undefined);
    readClient(socket, {
      hello: () => {
        if (!this.isSilent) socket.write(frame([SERVER_VERSION, `${TIME}`]));
      },
      message: (fields) => {
        this.received.push([...fields]);
        if (!this.isSilent) this.#onMessage(client, fields);
      },
    });
  }

  #send(client: Client, fields: readonly Field[]): void {
    for (const sent of this.rewrite(fields)) client.socket.write(frame(sent));
  }

  #onMessage(client: Client, fields: readonly string[]): void {
    const id = Number(fields[0]);
    const handler = this.#handlers[id];
    handler?.(client, fields);
  }

  readonly #handlers: Readonly<
    Record<number, (client: Client, fields: readonly string[]) => void>
  > = {
    71: (client, fields) => this.#onStart(client, Number(fields[2])),
    49: (client) =>
      this.#send(client, [49, 1, Math.floor(Date.parse('2026-11-20T15:00:00Z') / 1000)]),
    3: (client, fields) => this.#onPlace(client, fields),
    4: (client, fields) => this.#onCancel(client, Number(fields[2])),
    58: () => {
      for (const order of this.market.orders) this.market.cancel(order);
    },
    16: (client) => {
      this.#muted.clear();
      for (const order of this.market.orders)
        if (!isOver(order)) {
          this.#send(client, openOrderFields(order, order.status));
          this.#send(client, this.#statusOf(order));
        }
      this.#send(client, [53, 1]);
    },
    99: (client) => {
      for (const order of this.market.orders)
        if (isOver(order))
          this.#send(client, completedOrderFields(order, order.status, order.filled));
      this.#send(client, [102]);
    },
    7: (client, fields) => {
      const requestId = Number(fields[2]);
      for (const execution of this.executions) {
        this.#send(client, executionFields(requestId, execution));
        this.#send(client, commissionFields(execution.execId, execution.commission));
      }
      this.#send(client, [55, 1, requestId]);
    },
    61: (client) => {
      for (const [symbol, { quantity, average }] of this.positions) {
        const head = [61, 3, this.account, 756733, symbol, 'STK', null, 0, null, null, 'NASDAQ'];
        this.#send(client, [...head, 'USD', symbol, symbol, quantity, average]);
      }
      this.#send(client, [62, 1]);
    },
    62: (client, fields) => {
      const requestId = Number(fields[2]);
      const row = [63, 1, requestId, this.account];
      this.#send(client, [...row, 'CashBalance', this.cash.toFixed(2), 'USD']);
      this.#send(client, [64, 1, requestId]);
    },
    1: (client, fields) => {
      const requestId = Number(fields[2]);
      const symbol = String(fields[4]);
      if (this.#isDenied(client, requestId, 'quotes')) return;
      client.subscriptions.set(requestId, symbol);
      this.#send(client, [58, 1, requestId, this.marketDataType]);
      const quoted = this.offered.get(symbol) ?? this.market.quotes.get(symbol);
      if (quoted === undefined) return;
      this.#tellQuote(client, requestId, quoted);
    },
    2: (client, fields) => void client.subscriptions.delete(Number(fields[2])),
    50: (client, fields) => {
      const requestId = Number(fields[2]);
      if (!this.#isDenied(client, requestId, 'bars')) client.bars.set(requestId, String(fields[4]));
    },
    51: (client, fields) => void client.bars.delete(Number(fields[2])),
    59: () => undefined,
    20: (client, fields) => this.#onHistory(client, fields),
  };

  #isDenied(client: Client, requestId: number, what: 'quotes' | 'bars'): boolean {
    const words = this.denied.get(what);
    if (words === undefined) return false;
    this.#send(client, errorFields(requestId, ...words));
    return true;
  }

  #onStart(client: Client, clientId: number): void {
    const isTaken = [...this.#clients].some(
      (other) => other !== client && other.clientId === clientId,
    );
    if (isTaken || this.idsHeld > 0) {
      this.idsHeld -= isTaken ? 0 : 1;
      this.#send(client, errorFields(-1, 326, 'client id is already in use'));
      client.socket.end(frame(errorFields(0, 326, 'client id is already in use')));
      return;
    }
    client.clientId = clientId;
    this.#send(client, [15, 1, this.account]);
    this.#send(client, [9, 1, this.nextValidId]);
    this.#send(client, errorFields(-1, 2104, 'Market data farm connection is OK:usfarm'));
  }

  #onPlace(client: Client, fields: readonly string[]): void {
    const ibId = Number(fields[1]);
    this.nextValidId = Math.max(this.nextValidId, ibId + 1);
    const number = (text: string | undefined): number | null =>
      text === undefined || text === '' || Number(text) > 1e300 ? null : Number(text);
    const known = this.market.orders.find(
      (order) => order.ibId === ibId && order.clientId === client.clientId,
    );
    const [limit, aux] = [number(fields[19]), number(fields[20])];
    if (known !== undefined) {
      this.#onReplace(client, known, Number(fields[17]), limit, aux);
      return;
    }
    const order = this.#working({
      ibId,
      clientId: client.clientId,
      symbol: String(fields[3]),
      side: fields[16] === 'SELL' ? 'SELL' : 'BUY',
      quantity: Number(fields[17]),
      type: String(fields[18]),
      limit,
      aux,
      tif: String(fields[21]),
      ocaGroup: fields[22] ?? '',
      orderRef: fields[26] ?? '',
      isTransmitted: fields[27] === '1',
      parentId: Number(fields[28] ?? 0),
    });
    const fault = order.isTransmitted ? this.#faultOf('submit') : null;
    if (fault?.kind === 'timeout') return;
    if (fault?.kind === 'disconnect') {
      client.socket.destroy();
      return;
    }
    if (fault?.kind === 'reject') {
      this.#rejectAll(client, order, fault.code ?? 201);
      return;
    }
    if (fault?.kind === 'lost_ack') this.#muted.add(order);
    this.market.place(order);
  }

  #onReplace(
    client: Client,
    known: Working,
    quantity: number,
    limit: number | null,
    aux: number | null,
  ): void {
    this.#runBefore('replace');
    const fault = this.#faultOf('replace');
    if (fault?.kind === 'timeout') return;
    if (fault?.kind === 'disconnect') client.socket.destroy();
    else if (fault?.kind === 'reject')
      this.#send(client, errorFields(known.ibId, fault.code ?? 201, 'Order rejected - reason:no'));
    else if (isOver(known))
      this.#send(client, errorFields(known.ibId, 104, 'Cannot modify a filled order'));
    else {
      if (fault?.kind === 'lost_ack') this.#muted.add(known);
      this.market.change(known, quantity, limit, aux);
    }
  }

  #rejectAll(client: Client, order: Working, code: number): void {
    const group = this.market.orders.filter(
      (other) => other.clientId === client.clientId && other.ibId === order.parentId,
    );
    for (const each of [...group, order]) {
      each.status = 'Inactive';
      if (!this.market.orders.includes(each)) this.market.orders.push(each);
      this.#send(client, errorFields(each.ibId, code, 'Order rejected - reason:not allowed here'));
    }
  }

  #onCancel(client: Client, ibId: number): void {
    this.#runBefore('cancel');
    const fault = this.#faultOf('cancel');
    const order = this.market.orders.find(
      (each) =>
        each.ibId === ibId &&
        (each.clientId === client.clientId || client.clientId === this.masterClientId),
    );
    if (fault?.kind === 'timeout') return;
    if (fault?.kind === 'disconnect') {
      client.socket.destroy();
      return;
    }
    if (fault?.kind === 'reject') {
      this.#send(client, errorFields(ibId, fault.code ?? 10148, 'OrderId cannot be cancelled'));
      return;
    }
    if (fault?.kind === 'lost_ack' && order !== undefined) this.#muted.add(order);
    if (order === undefined)
      this.#send(
        client,
        errorFields(ibId, 10147, `OrderId ${ibId} that needs to be cancelled is not found`),
      );
    else if (isOver(order))
      this.#send(
        client,
        errorFields(ibId, 10148, `OrderId ${ibId} cannot be cancelled, state: ${order.status}`),
      );
    else {
      this.market.cancel(order);
      if (this.#muted.has(order)) return;
      this.#send(client, errorFields(ibId, 202, 'Order Canceled - reason:'));
    }
  }

  #statusOf(order: Working): Field[] {
    const average = order.filled > 0 ? order.notional / order.filled : 0;
    return statusFields(order, order.status, order.filled, average);
  }

  #tellOrder(order: Working): void {
    if (this.isSilent || this.isMute || this.#muted.has(order)) return;
    for (const client of this.#clients) {
      if (client.clientId !== order.clientId && client.clientId !== this.masterClientId) continue;
      for (let times = 0; times < (this.#isNoisy ? 2 : 1); times += 1) {
        this.#send(client, openOrderFields(order, order.status));
        this.#send(client, this.#statusOf(order));
      }
    }
  }

  #onFilled(order: Working, quantity: number, price: number): void {
    const sign = order.side === 'BUY' ? 1 : -1;
    const held = this.positions.get(order.symbol) ?? { quantity: 0, average: 0 };
    const total = held.quantity + sign * quantity;
    const average =
      sign > 0
        ? (held.quantity * held.average + quantity * price) / Math.max(1, total)
        : held.average;
    this.positions.set(order.symbol, { quantity: total, average });
    this.cash -= sign * quantity * price + COMMISSION;
    const execution = {
      order: { ...order },
      execId: `0000e0d5.${String(this.#nextExecution).padStart(8, '0')}.01.01`,
      time: TIME,
      quantity,
      price,
      cumulative: order.filled,
      average: order.notional / order.filled,
      commission: COMMISSION,
    };
    this.#nextExecution += 1;
    this.executions.push(execution);
    if (this.isSilent || this.isMute || this.#muted.has(order)) return;
    if (this.#isNoisy) this.#tellOrder(order);
    for (const client of this.#clients) {
      if (client.clientId !== order.clientId) continue;
      this.#send(client, executionFields(-1, execution));
      if (this.#isNoisy) this.#send(client, executionFields(-1, execution));
      this.#send(client, commissionFields(execution.execId, execution.commission));
    }
    this.#tellOrder(order);
  }
}
