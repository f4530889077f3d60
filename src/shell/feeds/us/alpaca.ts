import { FeedError } from '#app/errors.ts';
import type { Clock, DataDenial, FeedListener, MarketFeed } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { AlpacaKeys } from '#shell/lib/alpaca/keys.ts';
import { type AlpacaCallLine, AlpacaRest } from '#shell/lib/alpaca/rest.ts';
import { fetchBars } from './alpaca-history.ts';
import { AlpacaDataStream } from './alpaca-stream.ts';
import {
  haltKindOf,
  minuteBarOf,
  quoteOf,
  wireQuote,
  wireStreamBar,
  wireStreamQuote,
  wireStreamStatus,
} from './alpaca-wire.ts';

export type AlpacaFeedOptions = {
  /** `iex` is free and a small part of the tape; `sip` is the whole one and is paid for. */
  readonly feed: 'iex' | 'sip';
  /** `https://data.alpaca.markets`. */
  readonly dataUrl: string;
  /** `wss://stream.data.alpaca.markets`. */
  readonly dataStreamUrl: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  /** Longest wait for an answer or a handshake. Default 8,000. */
  readonly timeoutMs?: number;
  /** Silence after which the stream is pinged; twice as long ends it. Default 5,000. */
  readonly heartbeatMs?: number;
  /** First pause before the stream is connected again. Default 500. */
  readonly pauseMs?: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly onCall?: (line: AlpacaCallLine) => void;
  /** What is worth a line in the log and nothing more. Never holds a key. */
  readonly onNote?: (line: string) => void;
};

/**
 * An instant further ahead of this machine's clock than clocks differ is none. Taken over, it would be the
 * newest for ever, and everything that is true would come too late.
 */
const MOST_AHEAD_MS = 300_000;
/** A quote of the stream that is younger answers a question at once. */
const FRESH_MS = 1_000;
const EVERYTHING = ['bars', 'quotes', 'halts'] as const;

type Subscriber = { readonly instruments: ReadonlySet<InstrumentId>; readonly on: FeedListener };

/**
 * US stock data of Alpaca: minutes, quotes and halts over one connection, whoever listens. A minute is
 * labelled by its start there. Minutes missed while the connection was lost are read and told before the
 * live ones go on, so that none is missing in a session's VWAP. Closes the connection with its
 * last listener.
 */
export function createAlpacaFeed(options: AlpacaFeedOptions): MarketFeed {
  return new AlpacaFeed(options);
}

class AlpacaFeed implements MarketFeed {
  readonly name: string;
  readonly quality: 'consolidated' | 'partial';
  /** A minute is sent as soon as it is over. */
  readonly usualDelayMs = 0;
  readonly #options: AlpacaFeedOptions;
  readonly #clock: Clock;
  readonly #rest: AlpacaRest;
  readonly #subscribers = new Set<Subscriber>();
  readonly #lastOpenedAt = new Map<InstrumentId, number>();
  readonly #quotes = new Map<InstrumentId, Quote>();
  /** By symbol, what was told last. */
  readonly #denials = new Map<string, DataDenial>();
  /** Live minutes that wait for the missed ones; null when none are being read. */
  #waiting: Bar[] | null = null;
  #stream: AlpacaDataStream | null = null;
  #isLost = false;

  constructor(options: AlpacaFeedOptions) {
    const { clock, feed, keys } = options;
    this.name = `alpaca-${feed}`;
    this.quality = feed === 'sip' ? 'consolidated' : 'partial';
    this.#options = options;
    this.#clock = clock;
    this.#rest = new AlpacaRest({
      name: `alpaca ${feed}`,
      baseUrl: options.dataUrl,
      keys,
      clock,
      fetch: options.fetch ?? globalThis.fetch,
      timeoutMs: options.timeoutMs ?? 8_000,
      Failure: FeedError,
      onCall: options.onCall ?? (() => undefined),
    });
  }

  subscribe(instruments: readonly InstrumentId[], on: FeedListener): { stop(): void } {
    const subscriber = { instruments: new Set(instruments), on };
    this.#subscribers.add(subscriber);
    for (const denial of this.#denials.values())
      if (subscriber.instruments.has(denial.instrument)) on.denied?.(denial);
    this.#follow();
    return {
      stop: () => {
        if (this.#subscribers.delete(subscriber)) this.#follow();
      },
    };
  }

  async fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null> {
    const { clock, feed } = this.#options;
    const live = this.#quotes.get(instrument);
    const isFresh = live !== undefined && clock.now() - live.at <= FRESH_MS;
    if (isFresh && this.#stream?.isUp === true) return live;
    const symbol = symbolOf(instrument);
    const late = Promise.withResolvers<never>();
    const timer = clock.at(clock.now() + timeoutMs, () =>
      late.reject(
        new FeedError(`feed ${this.name}: found no quote of ${symbol} within ${timeoutMs} ms`, {
          code: 'timeout',
          retryable: true,
        }),
      ),
    );
    const asked = this.#rest.ask({
      method: 'GET',
      path: `/v2/stocks/${encodeURIComponent(symbol)}/quotes/latest`,
      query: { feed },
      lane: 'order',
      answer: wireQuote,
    });
    try {
      const { quote } = await Promise.race([asked, late.promise]);
      if (!this.#isAhead(quote.t))
        return quoteOf(instrument, { ...quote, t: Math.min(quote.t, clock.now()) });
      this.#note(`left out a quote of ${symbol} ahead of the clock`);
      return null;
    } finally {
      timer.cancel();
      asked.catch(() => undefined);
    }
  }

  /** Connects, disconnects or changes the symbols so that every listener is served. */
  #follow(): void {
    const symbols = this.#symbols();
    for (const symbol of this.#denials.keys())
      if (!symbols.includes(symbol)) this.#denials.delete(symbol);
    if (symbols.length === 0) {
      this.#stream?.stop();
      this.#stream = null;
      this.#waiting = null;
      this.#isLost = false;
      return;
    }
    if (this.#stream !== null) {
      this.#stream.change(symbols);
      return;
    }
    const { dataStreamUrl, feed, keys } = this.#options;
    const stream = new AlpacaDataStream({
      url: `${dataStreamUrl}/v2/${feed}`,
      keys,
      clock: this.#clock,
      connectTimeoutMs: this.#options.timeoutMs ?? 8_000,
      heartbeatMs: this.#options.heartbeatMs ?? 5_000,
      pauseMs: this.#options.pauseMs ?? 500,
      onData: (message) => this.#onData(message),
      onUp: () => this.#onUp(),
      onDown: (cause) => this.#onDown(cause),
      onHeard: () => this.#each((on) => on.heartbeat?.(this.#clock.now())),
      onNote: (line) => this.#note(line),
      onGranted: (missing) => this.#onGranted(missing, 'not in the answer to the subscription'),
      onDenied: (cause) =>
        this.#onGranted(new Map(this.#symbols().map((symbol) => [symbol, EVERYTHING])), cause),
    });
    this.#stream = stream;
    stream.start(symbols);
  }

  #symbols(): string[] {
    const instruments = new Set([...this.#subscribers].flatMap((one) => [...one.instruments]));
    return [...instruments].map(symbolOf).sort();
  }

  /** Tells what is missing of each symbol, and that nothing is, whenever that changes. */
  #onGranted(missing: ReadonlyMap<string, DataDenial['missing']>, cause: string): void {
    for (const symbol of this.#symbols()) {
      const parts = missing.get(symbol) ?? [];
      const instrument: InstrumentId = `${symbol}.US`;
      const denial = { instrument, missing: parts, cause: parts.length === 0 ? '' : cause };
      const known = this.#denials.get(symbol);
      const isKnown =
        known?.cause === denial.cause && known.missing.join() === denial.missing.join();
      if (isKnown) continue;
      this.#denials.set(symbol, denial);
      this.#each((on) => on.denied?.(denial), instrument);
    }
  }

  #each(tell: (on: FeedListener) => void, instrument: InstrumentId | null = null): void {
    for (const { instruments, on } of [...this.#subscribers])
      if (instrument === null || instruments.has(instrument)) tell(on);
  }

  #note(line: string): void {
    this.#options.onNote?.(`feed ${this.name}: ${line}`);
  }

  #onData(message: { readonly T: string } & Readonly<Record<string, unknown>>): void {
    switch (message.T) {
      case 'b':
      case 'u':
        return this.#onBar(message, message.T === 'u');
      case 'q':
        return this.#onQuote(message);
      case 's':
        return this.#onStatus(message);
      default:
        return undefined;
    }
  }

  #onBar(message: unknown, isRevised: boolean): void {
    const read = wireStreamBar.safeParse(message);
    if (!read.success) return this.#unreadable('bar', read.error.issues[0]);
    const bar = minuteBarOf(`${read.data.S}.US`, read.data);
    if (bar === null) return this.#note(`left out a bar of ${read.data.S} off the minute`);
    if (this.#isAhead(bar.closedAt))
      return this.#note(`left out a bar of ${read.data.S} ahead of the clock`);
    if (isRevised) return this.#each((on) => on.revised?.(bar, this.#clock.now()), bar.instrument);
    if (this.#waiting === null) this.#deliver(bar);
    else this.#waiting.push(bar);
  }

  /** Each minute once, oldest first. */
  #deliver(bar: Bar): void {
    const { instrument, openedAt } = bar;
    if (openedAt <= (this.#lastOpenedAt.get(instrument) ?? Number.NEGATIVE_INFINITY)) return;
    this.#lastOpenedAt.set(instrument, openedAt);
    this.#each((on) => on.bar(bar, this.#clock.now()), instrument);
  }

  #onQuote(message: unknown): void {
    const read = wireStreamQuote.safeParse(message);
    if (!read.success) return this.#unreadable('quote', read.error.issues[0]);
    if (this.#isAhead(read.data.t))
      return this.#note(`left out a quote of ${read.data.S} ahead of the clock`);
    const said = quoteOf(`${read.data.S}.US`, read.data);
    if (said === null) return;
    // no quote is younger than its arrival, however far the clocks are apart
    const quote = { ...said, at: Math.min(said.at, this.#clock.now()) };
    const { at, instrument } = quote;
    if (at < (this.#quotes.get(instrument)?.at ?? Number.NEGATIVE_INFINITY)) return;
    this.#quotes.set(instrument, quote);
    this.#each((on) => on.quote(quote), instrument);
  }

  #onStatus(message: unknown): void {
    const read = wireStreamStatus.safeParse(message);
    if (!read.success) return this.#unreadable('status', read.error.issues[0]);
    const kind = haltKindOf(read.data);
    const { S, rc, rm, sc, sm, t } = read.data;
    const cause = [sc, sm, rc, rm].filter((part) => part != null && part !== '').join(' ');
    if (kind === null) return this.#note(`status of ${S}: ${cause}`);
    const instrument: InstrumentId = `${S}.US`;
    this.#each((on) => on.halt?.({ instrument, kind, at: t, cause }), instrument);
  }

  #isAhead(at: number): boolean {
    return at > this.#clock.now() + MOST_AHEAD_MS;
  }

  #unreadable(what: string, issue: { path: PropertyKey[]; message: string } | undefined): void {
    const place = issue?.path.join('.') || what;
    this.#note(`left out a ${what}: ${place}: expected ${issue?.message ?? 'another shape'}`);
  }

  #onDown(cause: string): void {
    // minutes that wait, and those being read, are read again after the next connection
    this.#waiting = null;
    if (this.#isLost) return;
    this.#isLost = true;
    this.#quotes.clear();
    this.#each((on) => on.connection?.({ kind: 'lost', at: this.#clock.now(), cause }));
  }

  #onUp(): void {
    if (!this.#isLost) return;
    const waiting: Bar[] = [];
    this.#waiting = waiting;
    const missed = this.#readMissed().catch((error: unknown) => {
      this.#note(`missed minutes: ${error instanceof Error ? error.message : 'failed'}`);
      return [];
    });
    void missed.then((bars) => {
      // a newer connection reads them itself
      if (this.#waiting !== waiting) return;
      this.#waiting = null;
      for (const bar of [...bars, ...waiting]) this.#deliver(bar);
      this.#isLost = false;
      const cause = `connected again, ${bars.length} missed minutes read`;
      this.#each((on) => on.connection?.({ kind: 'restored', at: this.#clock.now(), cause }));
    });
  }

  /** Minutes since the last one told, over all instruments, oldest first. */
  async #readMissed(): Promise<Bar[]> {
    const { feed } = this.#options;
    const now = this.#clock.now();
    const found: Bar[] = [];
    for (const [instrument, openedAt] of this.#lastOpenedAt) {
      const fromAt = openedAt + 1;
      if (fromAt >= now) continue;
      const query = { instrument, timeframe: '1m' as const, feed, fromAt, toAt: now };
      const wire = await fetchBars(this.#rest, query, (line) => this.#note(line));
      const bars = wire.flatMap((one) => minuteBarOf(instrument, one) ?? []);
      found.push(...bars.filter((bar) => bar.closedAt <= now));
    }
    return found.sort((a, b) => a.openedAt - b.openedAt);
  }
}
