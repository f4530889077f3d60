import { z } from 'zod';
import type { Clock, DataDenial } from '#app/ports.ts';
import { type AlpacaKeys, withoutKeys } from '#shell/lib/alpaca/keys.ts';
import { type StreamLink, StreamSocket } from '#shell/lib/stream-socket.ts';
import { wireControl } from './alpaca-wire.ts';

export type DataStreamOptions = {
  readonly url: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly pauseMs: number;
  /** A message that is no control message. */
  readonly onData: (message: { readonly T: string } & Readonly<Record<string, unknown>>) => void;
  readonly onUp: () => void;
  /** The connection ended, or could not be made; told of each attempt. */
  readonly onDown: (cause: string) => void;
  readonly onHeard: () => void;
  readonly onNote: (line: string) => void;
  /** The vendor said what it gives: symbols of which something that was asked for is missing. */
  readonly onGranted: (missing: ReadonlyMap<string, readonly Part[]>) => void;
  /** The vendor lets nobody in with these keys or symbols, or for long. */
  readonly onDenied: (cause: string) => void;
};

type Part = DataDenial['missing'][number];

const LONGEST_PAUSE_MS = 60_000;
/** The session that holds the one connection needs a while to be seen as gone: so many first pauses. */
const TAKEN_PAUSES = 10;
const CONNECTION_LIMIT = 406;
/** So often another session may be in the way before it is said: the one that left just now is seen for a while. */
const TAKEN_BEFORE_TOLD = 2;
/** Channels of a subscription whose absence matters, and what they are to a desk. */
const PARTS = { bars: 'bars', quotes: 'quotes', statuses: 'halts' } as const;

/** Errors after which the same keys will be refused again. Source: the vendor's stream errors. */
const FINAL: Readonly<Record<number, string>> = {
  401: 'not authenticated',
  402: 'keys that are refused',
  404: 'an authentication that came too late',
  405: 'more symbols than the subscription allows',
  409: 'a feed the subscription does not hold',
};

const anyMessage = z.looseObject({ T: z.string() });
const messages = z.array(z.unknown());

/** The stock data stream: one connection, one set of symbols, asked for again after each reconnect. */
export class AlpacaDataStream {
  readonly #options: DataStreamOptions;
  readonly #socket: StreamSocket;
  #symbols: readonly string[] = [];
  #link: StreamLink | null = null;
  /** Requests on this connection that were not answered yet: an earlier answer says nothing of a later request. */
  #unanswered = 0;
  #taken = 0;

  constructor(options: DataStreamOptions) {
    const { clock, connectTimeoutMs, heartbeatMs, onDown, onHeard, onNote, onUp, pauseMs, url } =
      options;
    this.#options = options;
    this.#socket = new StreamSocket({
      url,
      clock,
      connectTimeoutMs,
      heartbeatMs,
      pauseMs,
      longestPauseMs: LONGEST_PAUSE_MS,
      onOpen: (link) => {
        this.#link = link;
        this.#unanswered = 0;
      },
      onMessage: (message, link) => this.#onMessage(message, link),
      onUp,
      onDown: (cause) => onDown(this.#clean(cause)),
      onFailed: (cause) => onDown(this.#clean(cause)),
      onRefused: (cause) => onNote(`data stream: refused: ${this.#clean(cause)}`),
      onHeard,
    });
  }

  get isUp(): boolean {
    return this.#socket.isUp;
  }

  start(symbols: readonly string[]): void {
    this.#symbols = symbols;
    this.#socket.startInBackground();
  }

  /** Asks for exactly these symbols from now on. */
  change(symbols: readonly string[]): void {
    const gone = this.#symbols.filter((symbol) => !symbols.includes(symbol));
    const added = symbols.filter((symbol) => !this.#symbols.includes(symbol));
    this.#symbols = symbols;
    if (!this.#socket.isUp) return;
    if (this.#link === null) return;
    if (gone.length > 0) this.#ask(this.#link, 'unsubscribe', gone);
    if (added.length > 0) this.#ask(this.#link, 'subscribe', added);
  }

  stop(): void {
    this.#socket.stop();
  }

  #clean(text: string): string {
    return withoutKeys(this.#options.keys, text);
  }

  #onMessage(message: unknown, link: StreamLink): void {
    const list = messages.safeParse(message);
    if (!list.success) return this.#options.onNote('data stream: a message that is no list');
    for (const one of list.data) {
      const read = anyMessage.safeParse(one);
      if (!read.success) this.#options.onNote('data stream: an entry without a kind');
      else if (/^(success|error|subscription)$/.test(read.data.T)) this.#onControl(one, link);
      else this.#options.onData(read.data);
    }
  }

  #onControl(message: unknown, link: StreamLink): void {
    const read = wireControl.safeParse(message);
    if (!read.success)
      return this.#options.onNote('data stream: a control message of no known shape');
    const said = read.data;
    const { keyId, secretKey } = this.#options.keys;
    if (said.T === 'subscription') return this.#onSubscription(said, link);
    if (said.T === 'error') return this.#onError(said.code, said.msg, link);
    if (said.msg === 'connected') link.send({ action: 'auth', key: keyId, secret: secretKey });
    if (said.msg === 'authenticated') this.#ask(link, 'subscribe', this.#symbols);
  }

  #ask(link: StreamLink, action: 'subscribe' | 'unsubscribe', symbols: readonly string[]): void {
    this.#unanswered += 1;
    link.send(channelsOf(action, symbols));
  }

  #onSubscription(given: Record<keyof typeof PARTS, readonly string[]>, link: StreamLink): void {
    this.#taken = 0;
    this.#unanswered -= 1;
    link.ready();
    if (this.#unanswered > 0) return;
    const missing = new Map<string, Part[]>();
    for (const channel of ['bars', 'quotes', 'statuses'] as const) {
      const all = new Set(given[channel]);
      if (all.has('*')) continue;
      for (const symbol of this.#symbols.filter((one) => !all.has(one)))
        missing.set(symbol, [...(missing.get(symbol) ?? []), PARTS[channel]]);
    }
    this.#options.onGranted(missing);
  }

  #onError(code: number, text: string, link: StreamLink): void {
    const final = FINAL[code];
    const cause = `${code} ${final ?? text}`;
    this.#taken = code === CONNECTION_LIMIT ? this.#taken + 1 : 0;
    if (final !== undefined || this.#taken >= TAKEN_BEFORE_TOLD)
      this.#options.onDenied(this.#clean(cause));
    if (code === CONNECTION_LIMIT)
      link.fail(cause, { pauseMs: TAKEN_PAUSES * this.#options.pauseMs });
    else link.fail(cause, { isFinal: final !== undefined });
  }
}

function channelsOf(action: 'subscribe' | 'unsubscribe', symbols: readonly string[]): unknown {
  return { action, bars: symbols, updatedBars: symbols, quotes: symbols, statuses: symbols };
}
