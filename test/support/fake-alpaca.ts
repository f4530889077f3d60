import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  FakeAlpacaExchange,
  type FakeEvent,
  type FakeOrder,
  FakeRefusal,
} from './fake-alpaca-exchange.ts';

export const FAKE_KEYS = {
  keyId: 'PKFAKEKEYID00000001',
  secretKey: 'fakesecret/000000000000000001',
};

/** Keys of another account. */
export const OTHER_KEYS = {
  keyId: 'AKFAKEKEYID00000002',
  secretKey: 'fakesecret/000000000000000002',
};

type Json = Record<string, unknown>;
type Reply = { status: number; body: unknown };

/**
 * What becomes of the next call that matches: `hang` it is not read and never answered; `lost` it takes
 * effect and is not answered; `reset` the connection breaks before it is read; otherwise this answer.
 */
export type FakeAlpacaFault = {
  readonly method: string;
  readonly path: RegExp;
  readonly act:
    | 'hang'
    | 'lost'
    | 'reset'
    | { status: number; text: string; headers?: Record<string, string> };
};

const NEW_YORK_OFFSET = '-05:00';

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/**
 * The trading API and its stream on loopback, over real HTTP and WebSocket: one account, a market
 * moved by quotes, faults on request. Strict about keys, shapes and states, as the vendor is.
 */
export class FakeAlpaca {
  readonly exchange = new FakeAlpacaExchange(100_000);
  readonly faults: FakeAlpacaFault[] = [];
  /** Calls as `METHOD /path`, oldest first. */
  readonly calls: string[] = [];
  readonly bodies: Json[] = [];
  /** Frames of the stream are binary, as on the vendor's paper host. */
  isBinary = true;
  /** Nothing is said on the stream, though it stands. */
  isDeaf = false;
  /** How often each event is sent. */
  repeats = 1;
  /** Events kept back until `flush`, which sends them last first. */
  isReordering = false;
  /** What is sent in place of a frame: itself, nothing, something else, several. */
  frames: (frame: string) => readonly string[] = (frame) => [frame];
  /** Pings are not answered: the connection looks alive and is dead. */
  isMute = false;
  /** The stream cannot be reached, REST can. */
  isStreamGone = false;
  /** Every sign-on to the stream is refused. */
  isStreamShut = false;
  url = '';
  accountFields: Json = {};
  readonly charges: Json[] = [];
  /** Calls a minute after which the answer is 429; null: no limit. */
  limitPerMinute: number | null = null;
  #left = 0;
  #resetAt = 0;
  #isCut = false;
  #requests = 0;
  /** Connections that were made so far. */
  connections = 0;
  readonly #kept: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #listening = new Set<WebSocket>();
  /** Connections stand until somebody closes them, and nothing is said of how long. */
  readonly #server = createServer(
    { keepAliveTimeout: 0 },
    (request, response) => void this.#serve(request, response),
  );
  readonly #streams = new WebSocketServer({ noServer: true, autoPong: false });
  #races: { call: string; run: () => void }[] = [];

  readonly keys: typeof FAKE_KEYS;

  constructor(keys = FAKE_KEYS) {
    this.keys = keys;
    this.exchange.onEvent = (event) => this.#broadcast(event);
    this.#server.on('connection', (socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      if (request.url !== '/stream' || this.isStreamGone) {
        socket.destroy();
        return;
      }
      this.#streams.handleUpgrade(request, socket, head, (stream) => this.#greet(stream));
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this.url;
  }

  /** Waits long enough for whatever still wants to connect. */
  async idle(): Promise<void> {
    await pause(150);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get streamCount(): number {
    return this.#listening.size;
  }

  quote(symbol: string, bid: number, ask: number, size = 1_000): void {
    this.exchange.quote(symbol, { bid, ask, bidSize: size, askSize: size });
  }

  /** Breaks every connection and refuses new ones. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  dropStreams(): void {
    for (const stream of this.#listening) stream.terminate();
  }

  /** Runs just before the next call of that method is looked at. */
  race(call: 'DELETE' | 'PATCH', run: () => void): void {
    this.#races.push({ call, run });
  }

  /** Sends a frame as it is to everybody who listens. */
  say(frame: string): void {
    for (const stream of this.#listening) this.#send(stream, frame);
  }

  /** Sends the events that were kept back, last first. */
  flush(): void {
    for (const frame of this.#kept.splice(0).reverse()) this.say(frame);
  }

  /** Waits until everybody who listens has taken in all that was said: the answer to a ping comes after it. */
  async quiet(): Promise<void> {
    await Promise.all(
      [...this.#listening].map(
        (stream) =>
          new Promise<void>((resolve) => {
            stream.once('pong', () => resolve());
            stream.once('close', () => resolve());
            stream.ping();
          }),
      ),
    );
  }

  // ── stream ───────────────────────────────────────────────────────────────────────────────────

  #send(stream: WebSocket, frame: string): void {
    if (this.isBinary) stream.send(Buffer.from(frame));
    else stream.send(frame);
  }

  #greet(stream: WebSocket): void {
    let isAuthorized = false;
    stream.on('close', () => this.#listening.delete(stream));
    stream.on('error', () => undefined);
    stream.on('ping', (data) => {
      if (!this.isMute) stream.pong(data);
    });
    stream.on('message', (data) => {
      const {
        action,
        data: body,
        key,
        secret,
      } = JSON.parse(String(data)) as Json & { data?: Json };
      const say = (message: unknown) => this.#send(stream, JSON.stringify(message));
      if (action === 'authenticate' || action === 'auth') {
        const keyId = body?.['key_id'] ?? key;
        const secretKey = body?.['secret_key'] ?? secret;
        const isKey = keyId === this.keys.keyId && secretKey === this.keys.secretKey;
        isAuthorized = isKey && !this.isStreamShut;
        const status = isAuthorized ? 'authorized' : 'unauthorized';
        say({ stream: 'authorization', data: { status, action: 'authenticate' } });
      } else if (action === 'listen' && isAuthorized) {
        const streams = (body?.['streams'] ?? []) as string[];
        if (streams.includes('trade_updates')) this.#listening.add(stream);
        else this.#listening.delete(stream);
        say({ stream: 'listening', data: { streams } });
      } else say({ stream: 'authorization', data: { status: 'unauthorized', action: 'listen' } });
    });
  }

  #broadcast(event: FakeEvent): void {
    const order = this.exchange.orders.get(event.orderId);
    if (order === undefined || this.isDeaf) return;
    const { execution } = event;
    const data = {
      event: event.event,
      event_id: String(this.exchange.now()),
      execution_id: execution?.id ?? crypto.randomUUID(),
      timestamp: iso(order.updatedAt),
      at: iso(order.updatedAt),
      order: this.orderJson(order, false),
      ...(execution === null
        ? {}
        : {
            price: String(execution.price),
            qty: String(execution.quantity),
            position_qty: String(execution.position),
          }),
    };
    const frame = JSON.stringify({ stream: 'trade_updates', data });
    for (let copy = 0; copy < this.repeats; copy += 1) {
      if (this.isReordering) this.#kept.push(frame);
      else for (const sent of this.frames(frame)) this.say(sent);
    }
  }

  // ── REST ─────────────────────────────────────────────────────────────────────────────────────

  orderJson(order: FakeOrder, isNested: boolean): Json {
    const price = (value: number | null) => (value === null ? null : String(value));
    const legs = order.legIds.flatMap((id) => this.exchange.orders.get(id) ?? []);
    return {
      id: order.id,
      client_order_id: order.clientOrderId,
      created_at: iso(order.createdAt),
      updated_at: iso(order.updatedAt),
      submitted_at: iso(order.createdAt),
      filled_at: iso(order.filledAt),
      expired_at: null,
      canceled_at: iso(order.canceledAt),
      failed_at: null,
      replaced_at: iso(order.replacedAt),
      replaced_by: order.replacedBy,
      replaces: order.replaces,
      asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
      symbol: order.symbol,
      asset_class: 'us_equity',
      notional: null,
      qty: String(order.quantity),
      filled_qty: String(order.filled),
      filled_avg_price:
        order.filled === 0 ? null : String(Math.round((order.notional / order.filled) * 1e6) / 1e6),
      order_class: order.orderClass,
      order_type: order.type,
      type: order.type,
      side: order.side,
      position_intent: order.side === 'buy' ? 'buy_to_open' : 'sell_to_close',
      time_in_force: order.timeInForce,
      limit_price: price(order.limitPrice),
      stop_price: price(order.stopPrice),
      status: order.status,
      extended_hours: order.isExtendedHours,
      legs: isNested && legs.length > 0 ? legs.map((leg) => this.orderJson(leg, false)) : null,
      trail_percent: null,
      trail_price: price(order.trail),
      hwm: price(order.mark),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const method = request.method ?? 'GET';
    const path = url.pathname;
    this.calls.push(`${method} ${path}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const index = this.faults.findIndex((one) => one.method === method && one.path.test(path));
    const fault = index < 0 ? null : this.faults.splice(index, 1)[0]?.act;
    if (fault === 'hang') return;
    if (fault === 'reset') {
      request.socket.destroy();
      return;
    }
    const text = Buffer.concat(chunks).toString();
    const body = text === '' ? {} : (JSON.parse(text) as Json);
    if (text !== '') this.bodies.push(body);
    const limited = this.#count();
    response.setHeader('X-Request-ID', `fake-${this.#requests}`);
    response.setHeader('X-RateLimit-Limit', this.limitPerMinute ?? 200);
    response.setHeader('X-RateLimit-Remaining', this.limitPerMinute === null ? 199 : this.#left);
    response.setHeader('X-RateLimit-Reset', Math.ceil(this.#resetAt / 1_000));
    if (typeof fault === 'object' && fault !== null) {
      for (const [name, value] of Object.entries(fault.headers ?? {}))
        response.setHeader(name, value);
      response.writeHead(fault.status).end(fault.text);
      return;
    }
    const race = this.#races.findIndex((one) => one.call === method);
    if (race >= 0 && method === 'DELETE') this.#races.splice(race, 1)[0]?.run();
    const reply = limited ?? this.#reply(method, path, url.searchParams, body, request);
    if (fault === 'lost') return;
    if (reply.status === 204) response.writeHead(204).end();
    else {
      response.setHeader('Content-Type', 'application/json; charset=UTF-8');
      response.writeHead(reply.status).end(JSON.stringify(reply.body));
    }
  }

  #count(): Reply | null {
    this.#requests += 1;
    if (this.limitPerMinute === null) {
      this.#resetAt = Date.now() + 60_000;
      return null;
    }
    if (Date.now() >= this.#resetAt) {
      this.#resetAt = Date.now() + 60_000;
      this.#left = this.limitPerMinute;
    }
    if (this.#left === 0)
      return { status: 429, body: { code: 42910000, message: 'rate limit exceeded' } };
    this.#left -= 1;
    return null;
  }

  #reply(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Json,
    request: IncomingMessage,
  ): Reply {
    const { headers } = request;
    const isKnown =
      headers['apca-api-key-id'] === this.keys.keyId &&
      headers['apca-api-secret-key'] === this.keys.secretKey;
    if (!isKnown)
      return { status: 401, body: { code: 40110000, message: 'request is not authorized' } };
    try {
      return this.#route(method, path, query, body);
    } catch (error) {
      if (!(error instanceof FakeRefusal)) throw error;
      const { code, extra, message, status } = error;
      return { status, body: { code, message, ...extra } };
    }
  }

  #route(method: string, path: string, query: URLSearchParams, body: Json): Reply {
    const isNested = query.get('nested') === 'true';
    const orderId = /^\/v2\/orders\/([^/]+)$/.exec(path)?.[1];
    const asset = /^\/v2\/assets\/([^/]+)$/.exec(path)?.[1];
    const ok = (answer: unknown): Reply => ({ status: 200, body: answer });
    if (orderId !== undefined) return this.#routeOrder(method, orderId, isNested, body);
    if (asset !== undefined && method === 'GET') return this.#asset(asset);
    switch (`${method} ${path}`) {
      case 'GET /v2/account':
        return ok(this.#account());
      case 'GET /v2/clock':
        return ok(this.#clockJson());
      case 'GET /v2/calendar':
        return ok(this.calendarDays(query.get('start') ?? '', query.get('end') ?? ''));
      case 'GET /v2/orders':
        return ok(this.#list(query, isNested));
      case 'POST /v2/orders':
        return ok(this.orderJson(this.exchange.submit(body), true));
      case 'DELETE /v2/orders':
        return this.#cancelAll();
      case 'GET /v2/orders:by_client_order_id': {
        const order = this.exchange.byClientId(query.get('client_order_id') ?? '');
        if (order === undefined) throw new FakeRefusal(404, 40410000, 'order not found');
        return ok(this.orderJson(order, false));
      }
      case 'GET /v2/positions':
        return ok(this.#positions());
      case 'DELETE /v2/positions':
        return this.#closeAll(query.get('cancel_orders') === 'true');
      case 'GET /v2/account/activities':
        return ok(this.#chargesSince(query));
      case 'GET /v2/account/activities/FILL':
        return ok(this.#activities(query));
      default:
        throw new FakeRefusal(404, 40410000, `endpoint not found: ${method} ${path}`);
    }
  }

  #routeOrder(method: string, id: string, isNested: boolean, body: Json): Reply {
    const { exchange } = this;
    if (method === 'DELETE') {
      exchange.cancel(id);
      return { status: 204, body: null };
    }
    if (method === 'PATCH') {
      const { finish, order } = exchange.replace(id, body);
      const race = this.#races.findIndex((one) => one.call === 'PATCH');
      const run = race < 0 ? undefined : this.#races.splice(race, 1)[0]?.run;
      const answer = this.orderJson(order, false);
      // a 200 does not mean that the old order is gone
      setImmediate(() => {
        run?.();
        finish();
      });
      return { status: 200, body: answer };
    }
    const order = exchange.orders.get(id);
    if (order === undefined) throw new FakeRefusal(404, 40410000, `order not found for ${id}`);
    return { status: 200, body: this.orderJson(order, isNested) };
  }

  #asset(symbol: string): Reply {
    if (!/^[A-Z.]{1,6}$/.test(symbol) || symbol === 'NONE')
      throw new FakeRefusal(404, 40410000, `asset not found for ${symbol}`);
    return {
      status: 200,
      body: {
        id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
        class: 'us_equity',
        exchange: 'NASDAQ',
        symbol,
        name: `${symbol} of the fake`,
        status: 'active',
        tradable: symbol !== 'HALT',
        marginable: true,
        maintenance_margin_requirement: 30,
        margin_requirement_long: '30',
        margin_requirement_short: '30',
        shortable: true,
        easy_to_borrow: true,
        fractionable: true,
        attributes: [],
      },
    };
  }

  #clockJson(): Json {
    const local = new Date(Date.now() - 5 * 3_600_000).toISOString().slice(0, 19);
    return {
      timestamp: `${local}${NEW_YORK_OFFSET}`,
      is_open: true,
      next_open: `2026-11-23T09:30:00${NEW_YORK_OFFSET}`,
      next_close: `2026-11-20T16:00:00${NEW_YORK_OFFSET}`,
    };
  }

  /** Sessions between two days; weekends off unless a test says otherwise. */
  calendarDays: (start: string, end: string) => Json[] = (start, end) => {
    const days: Json[] = [];
    const last = Date.parse(`${end}T12:00:00Z`);
    for (let at = Date.parse(`${start}T12:00:00Z`); at <= last; at += 86_400_000) {
      const date = new Date(at).toISOString().slice(0, 10);
      const isWeekend = [0, 6].includes(new Date(at).getUTCDay());
      if (!isWeekend) days.push(FakeAlpaca.sessionOf(date, '16:00'));
    }
    return days;
  };

  static sessionOf(date: string, close: string): Json {
    const hours = { session_open: '0400', session_close: '2000', settlement_date: date };
    return { date, open: '09:30', close, ...hours };
  }

  #account(): Json {
    const cash = this.exchange.cash.toFixed(2);
    return {
      id: 'c4ce6b6b-6a1c-4f0c-9d3f-0f5d8a6f8c11',
      account_number: '010203ABCD',
      status: 'ACTIVE',
      crypto_status: 'ACTIVE',
      currency: 'USD',
      cash,
      buying_power: cash,
      regt_buying_power: cash,
      non_marginable_buying_power: cash,
      portfolio_value: cash,
      equity: cash,
      last_equity: '100000',
      accrued_fees: '0',
      long_market_value: '0',
      short_market_value: '0',
      initial_margin: '0',
      maintenance_margin: '0',
      last_maintenance_margin: '0',
      multiplier: '1',
      sma: '0',
      shorting_enabled: false,
      account_blocked: false,
      trading_blocked: false,
      transfers_blocked: false,
      trade_suspended_by_user: false,
      created_at: '2026-03-13T17:38:35.639864Z',
      ...this.accountFields,
    };
  }

  #list(query: URLSearchParams, isNested: boolean): Json[] {
    const status = query.get('status') ?? 'open';
    const limit = Math.min(500, Number(query.get('limit') ?? 50));
    const symbols = query.get('symbols')?.split(',') ?? null;
    const after = query.get('after');
    const beforeId = query.get('before_order_id');
    if (beforeId !== null && after !== null)
      throw new FakeRefusal(422, 40010001, 'before_order_id cannot be combined with after');
    const isDescending = query.get('direction') !== 'asc';
    const before = beforeId === null ? null : this.exchange.orders.get(beforeId);
    const { exchange } = this;
    const isOpen = (order: FakeOrder): boolean =>
      exchange.isWorking(order) ||
      (isNested && order.legIds.some((id) => exchange.isWorking(exchange.orders.get(id)!)));
    const rows = [...exchange.orders.values()]
      .filter(
        (order) =>
          !isNested || order.parentId === null || order.replaces !== null || !this.#isListed(order),
      )
      .filter((order) => status === 'all' || isOpen(order) === (status === 'open'))
      .filter((order) => symbols === null || symbols.includes(order.symbol))
      .filter((order) => after === null || order.createdAt > Date.parse(after))
      .filter((order) => before == null || order.createdAt < before.createdAt)
      .sort((a, b) => (a.createdAt - b.createdAt) * (isDescending ? -1 : 1));
    return rows.slice(0, limit).map((order) => this.orderJson(order, isNested));
  }

  /** Where false, a leg whose entry has ended stands in listings by itself. */
  areLegsRolledUp = true;

  #isListed(leg: FakeOrder): boolean {
    const parent = this.exchange.orders.get(leg.parentId ?? '');
    return this.areLegsRolledUp || (parent !== undefined && this.exchange.isWorking(parent));
  }

  #cancelAll(): Reply {
    const open = [...this.exchange.orders.values()].filter((order) =>
      this.exchange.isWorking(order),
    );
    const body = open.map((order) => {
      try {
        if (this.exchange.isWorking(order)) this.exchange.cancel(order.id);
        return { id: order.id, status: 200 };
      } catch {
        return { id: order.id, status: 422 };
      }
    });
    return { status: 207, body };
  }

  #positions(): Json[] {
    return [...this.exchange.positions]
      .filter(([, position]) => position.quantity !== 0)
      .map(([symbol, { cost, quantity }]) => {
        const quote = this.exchange.quoteOf(symbol);
        const price = quote?.bid ?? cost / quantity;
        const average = Math.round((cost / quantity) * 1e6) / 1e6;
        return {
          asset_id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
          symbol,
          exchange: 'NASDAQ',
          asset_class: 'us_equity',
          asset_marginable: true,
          avg_entry_price: String(average),
          qty: String(quantity),
          qty_available: String(quantity - this.exchange.heldForSale(symbol)),
          side: quantity > 0 ? 'long' : 'short',
          market_value: (price * quantity).toFixed(2),
          cost_basis: cost.toFixed(2),
          unrealized_pl: '0',
          unrealized_plpc: '0',
          unrealized_intraday_pl: '0',
          unrealized_intraday_plpc: '0',
          current_price: String(price),
          lastday_price: String(price),
          change_today: '0',
        };
      });
  }

  #closeAll(isCanceling: boolean): Reply {
    const body = this.exchange.closeAll(isCanceling).map(({ order, symbol }) =>
      order instanceof FakeRefusal
        ? {
            symbol,
            status: order.status,
            body: { code: order.code, message: order.message, ...order.extra },
          }
        : { symbol, status: 200, body: this.orderJson(order, false) },
    );
    return { status: 207, body };
  }

  /** Money that moves apart from executions: its row, its cash, or both at once. */
  charge(amount: string, day: string, what: 'row' | 'cash' | 'both' = 'both', type = 'FEE'): void {
    if (what !== 'cash')
      this.charges.push({
        activity_type: type,
        id: `${day.replaceAll('-', '')}000000000::${this.charges.length + 1}`,
        date: day,
        net_amount: amount,
        description: 'REG fee for proceed of $1000000.00 on 2026-11-19 by TESTACCOUNT',
        status: 'executed',
      });
    if (what !== 'row') this.exchange.cash += Number(amount);
  }

  #chargesSince(query: URLSearchParams): Json[] {
    const types = (query.get('activity_types') ?? '').split(',');
    const after = (query.get('after') ?? '').slice(0, 10);
    const rows = this.charges.filter(
      ({ activity_type, date }) => types.includes(String(activity_type)) && String(date) > after,
    );
    const token = query.get('page_token');
    const start = token === null ? 0 : rows.findIndex(({ id }) => id === token) + 1;
    return rows.slice(start, start + Number(query.get('page_size') ?? 100));
  }

  #activities(query: URLSearchParams): Json[] {
    const size = Math.min(100, Number(query.get('page_size') ?? 100));
    const after = query.get('after');
    const token = query.get('page_token');
    const isAscending = query.get('direction') === 'asc';
    const rows = this.exchange.fills
      .filter((fill) => after === null || fill.at > Date.parse(after))
      .sort((a, b) => (a.at - b.at) * (isAscending ? 1 : -1));
    const start = token === null ? 0 : rows.findIndex((fill) => fill.id === token) + 1;
    return rows.slice(start, start + size).map((fill) => ({
      activity_type: 'FILL',
      id: fill.id,
      cum_qty: String(fill.cumulative),
      leaves_qty: String(fill.leaves),
      order_id: fill.orderId,
      order_status: fill.leaves === 0 ? 'filled' : 'partially_filled',
      price: String(fill.price),
      qty: String(fill.quantity),
      side: fill.side,
      symbol: fill.symbol,
      transaction_time: iso(fill.at),
      type: fill.leaves === 0 ? 'fill' : 'partial_fill',
    }));
  }
}
