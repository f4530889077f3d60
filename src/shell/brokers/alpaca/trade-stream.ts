import { z } from 'zod';
import { BrokerError } from '#app/errors.ts';
import type { Clock } from '#app/ports.ts';
import { type AlpacaKeys, withoutKeys } from '#shell/lib/alpaca/keys.ts';
import { StreamError, type StreamLink, StreamSocket } from '#shell/lib/stream-socket.ts';
import { type WireTradeUpdate, wireTradeUpdate } from './wire.ts';

export type TradeStreamOptions = {
  readonly name: string;
  readonly url: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly pauseMs: number;
  readonly onUpdate: (update: WireTradeUpdate) => void;
  /** An event that cannot be read: what it said is to be asked for. */
  readonly onUnreadable: (found: string) => void;
  readonly onUp: () => void;
  readonly onDown: (cause: string) => void;
  readonly onRefused: (cause: string) => void;
};

const LONGEST_PAUSE_MS = 60_000;
const STREAM = 'trade_updates';
const LONGEST_NAME = 40;

const envelope = z.looseObject({ stream: z.string().optional(), data: z.unknown() });
const authorization = z.looseObject({ status: z.string() });
const listening = z.looseObject({ streams: z.array(z.string()) });

/** The account's event stream: signs on, listens to order events, nothing else. */
export class TradeStream {
  readonly #options: TradeStreamOptions;
  readonly #socket: StreamSocket;

  constructor(options: TradeStreamOptions) {
    const { clock, connectTimeoutMs, heartbeatMs, onDown, onRefused, onUp, pauseMs, url } = options;
    this.#options = options;
    this.#socket = new StreamSocket({
      url,
      clock,
      connectTimeoutMs,
      heartbeatMs,
      pauseMs,
      longestPauseMs: LONGEST_PAUSE_MS,
      onOpen: (link) => this.#signOn(link),
      onMessage: (message, link) => this.#onMessage(message, link),
      onUp,
      onDown: (cause) => onDown(this.#clean(cause)),
      onRefused: (cause) => onRefused(this.#clean(cause)),
    });
  }

  /** Resolves when events come. Throws BrokerError `unauthorized` or `disconnected`. */
  async start(): Promise<void> {
    try {
      await this.#socket.start();
    } catch (error) {
      const isFinal = error instanceof StreamError && error.isFinal;
      const found = error instanceof Error ? error.message : 'a failure';
      throw new BrokerError(
        this.#clean(`${this.#options.name} trade stream: found ${found}, expected its events`),
        { code: isFinal ? 'unauthorized' : 'disconnected', retryable: !isFinal },
      );
    }
  }

  stop(): void {
    this.#socket.stop();
  }

  /** Starts over with a new connection. */
  drop(cause: string): void {
    this.#socket.drop(cause);
  }

  #clean(text: string): string {
    return withoutKeys(this.#options.keys, text);
  }

  #signOn(link: StreamLink): void {
    const { keyId, secretKey } = this.#options.keys;
    link.send({ action: 'authenticate', data: { key_id: keyId, secret_key: secretKey } });
  }

  #onMessage(message: unknown, link: StreamLink): void {
    const parsed = envelope.safeParse(message);
    if (!parsed.success) return this.#options.onUnreadable('a message without data');
    const { data, stream } = parsed.data;
    if (stream === STREAM) return this.#onUpdate(data);
    if (stream === 'authorization') return this.#onAuthorization(data, link);
    if (stream === 'listening') return this.#onListening(data, link);
    const said = z.looseObject({ error_message: z.string() }).safeParse(data);
    if (said.success) return link.fail(`the stream said ${said.data.error_message}`);
    // it may have been an event: what it said is asked for
    const found = this.#clean(JSON.stringify(stream ?? null).slice(0, LONGEST_NAME));
    this.#options.onUnreadable(`stream: found ${found}, expected ${STREAM}`);
  }

  #onAuthorization(data: unknown, link: StreamLink): void {
    const said = authorization.safeParse(data);
    if (said.success && said.data.status === 'authorized')
      link.send({ action: 'listen', data: { streams: [STREAM] } });
    else link.fail('keys that are not authorized', { isFinal: true });
  }

  #onListening(data: unknown, link: StreamLink): void {
    const said = listening.safeParse(data);
    if (said.success && said.data.streams.includes(STREAM)) link.ready();
    else link.fail(`no ${STREAM} among what it listens to`);
  }

  #onUpdate(data: unknown): void {
    const update = wireTradeUpdate.safeParse(data);
    if (update.success) return this.#options.onUpdate(update.data);
    const [issue] = update.error.issues;
    this.#options.onUnreadable(
      this.#clean(`${issue?.path.join('.') || 'event'}: expected ${issue?.message ?? 'an event'}`),
    );
  }
}
