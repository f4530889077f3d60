import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { decode, encode } from '@msgpack/msgpack';
import { type WebSocket, WebSocketServer } from 'ws';
import { FAKE_KEYS } from './fake-alpaca.ts';

type Json = Record<string, unknown>;
export type FakeBar = {
  t: string;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  n: number;
  vw: number;
};

const CHANNELS = [
  'trades',
  'quotes',
  'bars',
  'updatedBars',
  'dailyBars',
  'statuses',
  'lulds',
] as const;
/** Channel of a message by its `T`. */
const CHANNEL_OF: Readonly<Record<string, string>> = {
  t: 'trades',
  q: 'quotes',
  b: 'bars',
  u: 'updatedBars',
  d: 'dailyBars',
  s: 'statuses',
};

type Session = {
  stream: WebSocket;
  isMsgpack: boolean;
  isAuthenticated: boolean;
  sets: Map<string, Set<string>>;
};

/** The market-data API and the stock stream on loopback: paged bars, latest quotes, one connection a key. */
export class FakeAlpacaData {
  readonly bars = new Map<string, FakeBar[]>();
  readonly dailyBars = new Map<string, FakeBar[]>();
  readonly quotes = new Map<string, Json>();
  readonly calls: URL[] = [];
  readonly faults: { status: number; text: string }[] = [];
  /** What every client asked for, oldest first. */
  readonly said: Json[] = [];
  /** Code with which the next sign-on or subscription is refused. */
  refuseWith: { code: number; msg: string } | null = null;
  /** Symbols that a channel does not give, though they are asked for. */
  readonly withheld = new Map<string, string>();
  pageSize = 10_000;
  isHanging = false;
  /** Pings are not answered. */
  isMute = false;
  #isCut = false;
  readonly #sessions = new Set<Session>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => this.#serve(request, response));
  readonly #streams = new WebSocketServer({ noServer: true, autoPong: false });

  readonly keys: typeof FAKE_KEYS;

  constructor(keys = FAKE_KEYS) {
    this.keys = keys;
    this.#server.on('connection', (socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request, socket, head) => {
      if (!/^\/v2\/(iex|sip)$/.test(request.url ?? '')) {
        socket.destroy();
        return;
      }
      this.#streams.handleUpgrade(request, socket, head, (stream) => this.#greet(stream, request));
    });
  }

  async listen(): Promise<{ dataUrl: string; dataStreamUrl: string }> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return { dataUrl: `http://${host}`, dataStreamUrl: `ws://${host}` };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  get sessionCount(): number {
    return [...this.#sessions].filter((session) => session.isAuthenticated).length;
  }

  /** Symbols that are subscribed on a channel. */
  symbolsOf(channel: string): string[] {
    return [...this.#sessions].flatMap((session) => [...(session.sets.get(channel) ?? [])]).sort();
  }

  /** Sends messages to whoever subscribed to their channel and symbol, in one array. */
  tell(...messages: readonly Json[]): void {
    for (const session of this.#sessions) {
      const wanted = messages.filter((message) => {
        const channel = CHANNEL_OF[String(message['T'])];
        return (
          channel === undefined || session.sets.get(channel)?.has(String(message['S'])) === true
        );
      });
      if (wanted.length > 0) this.#send(session, wanted);
    }
  }

  /** Ends every connection, as the vendor does with one that is silent; new ones are taken. */
  dropStreams(): void {
    for (const session of this.#sessions) session.stream.terminate();
  }

  /** A frame as it is. */
  say(frame: string): void {
    for (const session of this.#sessions) session.stream.send(frame);
  }

  #send(session: Session, messages: readonly unknown[]): void {
    session.stream.send(session.isMsgpack ? encode(messages) : JSON.stringify(messages));
  }

  #greet(stream: WebSocket, request: IncomingMessage): void {
    const isMsgpack = request.headers['content-type'] === 'application/msgpack';
    const session: Session = { stream, isMsgpack, isAuthenticated: false, sets: new Map() };
    this.#sessions.add(session);
    stream.on('close', () => this.#sessions.delete(session));
    stream.on('error', () => undefined);
    stream.on('ping', (data) => {
      if (!this.isMute) stream.pong(data);
    });
    stream.on('message', (data) => {
      const message = isMsgpack ? decode(data as Buffer) : JSON.parse(String(data));
      this.#onMessage(session, message as Json);
    });
    this.#send(session, [{ T: 'success', msg: 'connected' }]);
  }

  #onMessage(session: Session, message: Json): void {
    this.said.push(message);
    const refuse = (code: number, msg: string) => this.#send(session, [{ T: 'error', code, msg }]);
    const { action, key, secret } = message;
    if (this.refuseWith !== null) {
      const { code, msg } = this.refuseWith;
      this.refuseWith = null;
      return refuse(code, msg);
    }
    if (action === 'auth') {
      if (key !== this.keys.keyId || secret !== this.keys.secretKey)
        return refuse(402, 'auth failed');
      if (this.sessionCount > 0) return refuse(406, 'connection limit exceeded');
      session.isAuthenticated = true;
      return this.#send(session, [{ T: 'success', msg: 'authenticated' }]);
    }
    if (!session.isAuthenticated) return refuse(401, 'not authenticated');
    if (action !== 'subscribe' && action !== 'unsubscribe') return refuse(400, 'invalid syntax');
    for (const channel of CHANNELS) {
      const set = session.sets.get(channel) ?? new Set<string>();
      session.sets.set(channel, set);
      for (const symbol of (message[channel] ?? []) as string[])
        if (this.withheld.get(channel) === symbol) continue;
        else if (action === 'subscribe') set.add(symbol);
        else set.delete(symbol);
    }
    const lists = CHANNELS.map((channel) => [channel, [...(session.sets.get(channel) ?? [])]]);
    this.#send(session, [{ T: 'subscription', ...Object.fromEntries(lists) }]);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://fake');
    this.calls.push(url);
    if (this.isHanging) return;
    const fault = this.faults.shift();
    response.setHeader('X-Request-ID', `fake-${this.calls.length}`);
    if (fault !== undefined) {
      response.writeHead(fault.status).end(fault.text);
      return;
    }
    const { headers } = request;
    const isKnown =
      headers['apca-api-key-id'] === this.keys.keyId &&
      headers['apca-api-secret-key'] === this.keys.secretKey;
    const { body, status } = isKnown
      ? this.#route(url)
      : { status: 401, body: { message: 'unauthorized' } };
    response.setHeader('Content-Type', 'application/json');
    response.writeHead(status).end(JSON.stringify(body));
  }

  #route(url: URL): { status: number; body: unknown } {
    const latest = /^\/v2\/stocks\/([^/]+)\/quotes\/latest$/.exec(url.pathname)?.[1];
    if (latest !== undefined) {
      const quote = this.quotes.get(latest);
      if (quote === undefined) return { status: 404, body: { message: 'no quote found' } };
      return { status: 200, body: { symbol: latest, quote } };
    }
    if (url.pathname === '/v2/stocks/bars') return { status: 200, body: this.#page(url) };
    return { status: 404, body: { message: 'endpoint not found' } };
  }

  #page(url: URL): unknown {
    const { searchParams: query } = url;
    const source = query.get('timeframe') === '1Day' ? this.dailyBars : this.bars;
    const symbol = query.get('symbols') ?? '';
    const start = Date.parse(query.get('start') ?? '');
    const end = Date.parse(query.get('end') ?? '');
    const rows = (source.get(symbol) ?? []).filter((bar) => {
      const at = Date.parse(bar.t);
      return at >= start && at <= end;
    });
    const offset = Number(query.get('page_token') ?? 0);
    const size = Math.min(this.pageSize, Number(query.get('limit') ?? 1_000));
    const bars = rows.slice(offset, offset + size);
    const next = offset + size < rows.length ? String(offset + size) : null;
    return { bars: bars.length === 0 ? {} : { [symbol]: bars }, next_page_token: next };
  }
}
