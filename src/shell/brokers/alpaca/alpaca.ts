import pRetry from 'p-retry';
import { BrokerError } from '#app/errors.ts';
import type {
  Broker,
  BrokerFill,
  BrokerPosition,
  BrokerReport,
  Clock,
  ConnectionChange,
} from '#app/ports.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { ReadCharge } from '#core/portfolio/account-reading.ts';
import { blocksOf, readAccount, readSkewMs } from '#shell/lib/alpaca/account.ts';
import type { AlpacaKeys } from '#shell/lib/alpaca/keys.ts';
import { type AlpacaCallLine, AlpacaRest } from '#shell/lib/alpaca/rest.ts';
import { minorOfDecimal } from '#shell/lib/decimal.ts';
import { AlpacaActs } from './acts.ts';
import { AlpacaBook } from './book.ts';
import { ALPACA_CAPABILITIES, judgeRequest } from './can-submit.ts';
import { AlpacaFinder } from './finder.ts';
import { cancelAll, flattenAll } from './flatten.ts';
import { AlpacaIntake } from './intake.ts';
import { hasEnded, instrumentOf } from './states.ts';
import { TradeStream } from './trade-stream.ts';
import { TradingApi } from './trading-api.ts';

export type AlpacaBrokerOptions = {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  /** `https://paper-api.alpaca.markets` or `https://api.alpaca.markets`; the stream is at `/stream` of it. */
  readonly tradingUrl: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  /** Symbols whose listing is looked up at the start, so that a buy of one that does not trade is refused early. */
  readonly instruments?: readonly InstrumentId[];
  /** Longest wait for the answer to one call. Default 8,000. */
  readonly timeoutMs?: number;
  /** Silence after which the stream is pinged; twice as long ends it. Default 5,000. */
  readonly heartbeatMs?: number;
  /** First pause before the stream is connected again. Default 500. */
  readonly pauseMs?: number;
  /** How long an act may stay without an event before the order is asked about. Default 5,000. */
  readonly wordMs?: number;
  /** Silence after which a small question keeps a connection open. Default 15,000. */
  readonly warmMs?: number;
  readonly fetch?: typeof globalThis.fetch;
  /** Every call, for the log. */
  readonly onCall?: (line: AlpacaCallLine) => void;
  /** What is worth a line in the log and nothing more. Never holds a key. */
  readonly onNote?: (line: string) => void;
};

/** A wider gap between the clocks makes instants of fills wrong enough to matter. */
const MOST_SKEW_MS = 2_000;
const RESYNC_PAUSE_MS = 500;
const LONGEST_RESYNC_PAUSE_MS = 15_000;

/**
 * An account at Alpaca, paper or live. Orders go over REST, their fate comes over the trade stream and
 * is asked for whenever the stream may have missed something. Children of a bracket and the second of a
 * pair are found by their group, a changed price by its chain; both keep the desk's order id. Fees are
 * not in executions: the vendor charges regulatory fees at the end of the day, told as charges. Questions, cancels and
 * kills need no `start`, so that a kill from another process does not hang on the stream.
 */
export function createAlpacaBroker(options: AlpacaBrokerOptions): Broker {
  return new AlpacaBroker(options);
}

class AlpacaBroker implements Broker {
  readonly accountId: string;
  readonly environment: 'paper' | 'live';
  readonly capabilities = ALPACA_CAPABILITIES;
  readonly #name: string;
  readonly #options: AlpacaBrokerOptions;
  readonly #clock: Clock;
  readonly #rest: AlpacaRest;
  readonly #api: TradingApi;
  readonly #book: AlpacaBook;
  readonly #finder: AlpacaFinder;
  readonly #acts: AlpacaActs;
  readonly #stream: TradeStream;
  readonly #reportListeners: ((report: BrokerReport) => void)[] = [];
  readonly #connectionListeners: ((change: ConnectionChange) => void)[] = [];
  readonly #intake: AlpacaIntake;
  readonly #untradable = new Set<string>();
  readonly #stopping = new AbortController();
  #phase: 'new' | 'loading' | 'open' | 'stopped' = 'new';
  #isLost = false;
  /** Counts connections that ended. */
  #connection = 0;

  constructor(options: AlpacaBrokerOptions) {
    const { accountId, clock, environment, keys } = options;
    this.accountId = accountId;
    this.environment = environment;
    this.#options = options;
    this.#clock = clock;
    const name = `alpaca ${accountId}`;
    this.#name = name;
    this.#rest = new AlpacaRest({
      name,
      baseUrl: options.tradingUrl,
      keys,
      clock,
      fetch: options.fetch ?? globalThis.fetch,
      timeoutMs: options.timeoutMs ?? 8_000,
      Failure: BrokerError,
      onCall: options.onCall ?? (() => undefined),
    });
    const api = new TradingApi(this.#rest);
    const book = new AlpacaBook({
      clock,
      tell: (report) => this.#report(report),
      onOpenQuestion: (tracked) => this.#intake.readAgain(tracked),
    });
    const finder = new AlpacaFinder({ name, clock, api, book });
    this.#api = api;
    this.#book = book;
    this.#finder = finder;
    this.#intake = new AlpacaIntake({
      clock,
      book,
      finder,
      wordMs: options.wordMs ?? 5_000,
      onDeaf: (cause) => this.#stream.drop(cause),
      onNote: (line) => this.#note(line),
    });
    this.#acts = new AlpacaActs({
      name,
      clock,
      api,
      book,
      finder,
      expectWord: (tracked) => this.#intake.expectWord(tracked),
      onSettled: () => this.#intake.release(),
    });
    this.#stream = new TradeStream({
      name,
      url: `${options.tradingUrl.replace(/^http/, 'ws')}/stream`,
      keys,
      clock,
      connectTimeoutMs: options.timeoutMs ?? 8_000,
      heartbeatMs: options.heartbeatMs ?? 5_000,
      pauseMs: options.pauseMs ?? 500,
      onUpdate: (update) => this.#intake.onUpdate(update),
      onUnreadable: (found) => {
        this.#note(`trade stream: an event that cannot be read: ${found}`);
        this.#intake.syncSoon();
      },
      onUp: () => this.#onUp(),
      onDown: (cause) => this.#onDown(cause),
      onRefused: (cause) => this.#note(`trade stream: still refused: ${cause}`),
    });
  }

  async start(): Promise<void> {
    if (this.#phase !== 'new')
      throw new BrokerError(
        `${this.#name}: found ${this.#phase}, expected a broker not yet started`,
        {
          code: 'started_twice',
          retryable: false,
        },
      );
    this.#phase = 'loading';
    try {
      await this.#checkAccount();
      await this.#checkAssets();
      // the stream first: what happens while the orders are read is kept and taken in after them
      await this.#stream.start();
      await this.#finder.openOrders();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#phase = 'open';
    this.#intake.open();
    this.#rest.keepWarm('/v2/clock', this.#options.warmMs ?? 15_000);
  }

  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#stopping.abort();
    this.#stream.stop();
    this.#rest.stop();
    this.#intake.stop();
  }

  onConnection(listen: (change: ConnectionChange) => void): void {
    this.#connectionListeners.push(listen);
  }

  onReport(listen: (report: BrokerReport) => void): void {
    this.#reportListeners.push(listen);
  }

  canSubmit(order: Parameters<Broker['canSubmit']>[0]): ReturnType<Broker['canSubmit']> {
    if (this.#phase !== 'open') return { code: 'not_connected', figures: { found: this.#phase } };
    const working = [...this.#book.all()].flatMap((tracked) => {
      const known = this.#book.orderOf(tracked);
      return known === null || hasEnded(known.state) ? [] : [known];
    });
    return judgeRequest(order, working, (instrument) => !this.#untradable.has(instrument));
  }

  submit: Broker['submit'] = (order) => this.#acts.submit(order);
  cancel: Broker['cancel'] = (orderId) => this.#acts.cancel(orderId);
  replace: Broker['replace'] = (orderId, price) => this.#acts.replace(orderId, price);
  cancelAll: Broker['cancelAll'] = () => cancelAll(this.#api, this.#name);
  flattenAll: Broker['flattenAll'] = () =>
    flattenAll(this.#api, (order) => {
      const word = { from: 'answer' as const, at: this.#clock.now(), execution: null };
      this.#intake.expectWord(this.#book.take(order, word));
    });
  openOrders: Broker['openOrders'] = () => this.#finder.openOrders();

  find: Broker['find'] = async (orderId) => {
    // a question about every order of a book must not use up what orders need
    const tracked = await this.#finder.locate(orderId, 'poll');
    return tracked === null ? null : this.#book.orderOf(tracked);
  };

  async positions(): Promise<BrokerPosition[]> {
    const rows = await this.#api.positions();
    return rows.map(({ avg_entry_price, qty, qty_available, side, symbol }) => {
      const sign = side === 'short' ? -1 : 1;
      const available = qty_available == null ? qty : Number(qty_available);
      return {
        instrument: instrumentOf(symbol),
        quantity: sign * Math.abs(qty),
        sellableQuantity: sign * Math.abs(available),
        averagePrice: avg_entry_price,
      };
    });
  }

  async cashMinor(): Promise<number> {
    return minorOfDecimal((await readAccount(this.#rest)).cash);
  }

  async fills(sinceAt: number): Promise<BrokerFill[]> {
    const fills: BrokerFill[] = [];
    for (const row of await this.#api.fills(sinceAt)) {
      fills.push({
        fillId: row.id,
        orderId: await this.#finder.orderIdOf(row.order_id),
        instrument: instrumentOf(row.symbol),
        // a short sale is told as a side of its own
        side: row.side === 'buy' ? 'buy' : 'sell',
        quantity: row.qty,
        price: row.price,
        feesMinor: 0,
        at: row.transaction_time,
      });
    }
    return fills;
  }

  async charges(sinceAt: number): Promise<ReadCharge[]> {
    return (await this.#api.charges(sinceAt)).map(({ date, id, net_amount }) => ({
      chargeId: id,
      amountMinor: minorOfDecimal(net_amount),
      at: Date.parse(date),
    }));
  }

  async #checkAccount(): Promise<void> {
    const blocks = blocksOf(await readAccount(this.#rest));
    if (blocks.length > 0)
      throw new BrokerError(
        `${this.#name}: found ${blocks.join(', ')}, expected an account that may trade`,
        { code: 'account_blocked', retryable: false },
      );
    const skewMs = await readSkewMs(this.#rest, () => this.#clock.now());
    if (Math.abs(skewMs) > MOST_SKEW_MS)
      this.#note(`clock: this machine is ${skewMs} ms ahead of the broker, expected at most 2000`);
  }

  async #checkAssets(): Promise<void> {
    for (const instrument of this.#options.instruments ?? []) {
      const answer = await this.#api.asset(symbolOf(instrument));
      const isTradable = answer.kind === 'answered' && answer.data.tradable;
      if (isTradable) continue;
      this.#untradable.add(instrument);
      this.#note(`${instrument}: found no tradable asset, expected one; buys of it are refused`);
    }
  }

  #note(line: string): void {
    this.#options.onNote?.(`${this.#name} ${line}`);
  }

  #report(report: BrokerReport): void {
    for (const listen of this.#reportListeners) listen(report);
  }

  #onDown(cause: string): void {
    this.#connection += 1;
    if (this.#isLost || this.#phase === 'stopped') return;
    this.#isLost = true;
    this.#tellConnection('lost', cause);
  }

  #onUp(): void {
    if (!this.#isLost) return;
    const connection = this.#connection;
    const isCurrent = (): boolean => this.#connection === connection;
    // told once the orders were read: whoever hears it finds nothing missing here
    pRetry(() => this.#intake.readAll(), {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: RESYNC_PAUSE_MS,
      maxTimeout: LONGEST_RESYNC_PAUSE_MS,
      randomize: true,
      signal: this.#stopping.signal,
      // what broke again is read after the next connection
      shouldRetry: isCurrent,
    }).then(
      () => {
        if (!isCurrent() || this.#phase === 'stopped') return;
        this.#isLost = false;
        this.#tellConnection('restored', 'connected again, orders read');
      },
      (error: unknown) => {
        if (isCurrent() && this.#phase !== 'stopped') this.#note(`orders not read: ${error}`);
      },
    );
  }

  #tellConnection(kind: ConnectionChange['kind'], cause: string): void {
    const change = { kind, at: this.#clock.now(), cause };
    for (const listen of this.#connectionListeners) listen(change);
  }
}
