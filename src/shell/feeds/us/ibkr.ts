import { EventName, type IBApi, MarketDataType, WhatToShow } from '@stoqey/ib';
import { FeedError } from '#app/errors.ts';
import type { Clock, ConnectionChange, FeedListener, MarketFeed, Timer } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { contractOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import type { IbkrHistory } from './ibkr-history.ts';
import { isSound, type Minute, MinuteMaker } from './ibkr-minutes.ts';

export type IbkrFeedOptions = {
  readonly gateway: IbkrGateway;
  readonly history: IbkrHistory;
  readonly clock: Clock;
  /** `delayed` is free and 15 minutes late: it gives bars to look at and no quotes. */
  readonly marketData: 'live' | 'delayed';
  readonly onNote?: (line: string) => void;
};

const MINUTE_MS = 60_000;
/** The last slice of a minute comes within this time after its close, or not at all. */
const LAST_SLICE_MS = 4_000;
const LOOK_EVERY_MS = 50;
/** An instant further ahead of this machine's clock than clocks differ is none, and would end all that follow. */
const MOST_AHEAD_MS = 300_000;
/** Ticks of live quotes; the delayed ones have other numbers and are never taken for them. */
const TICK = { bidSize: 0, bid: 1, ask: 2, askSize: 3, halted: 49 } as const;
/** The connection came back with its subscriptions. */
const KEPT = '1102';

type Line = {
  readonly instrument: InstrumentId;
  readonly maker: MinuteMaker;
  quoteId: number;
  barsId: number;
  bid: number;
  ask: number;
  bidSize: number;
  askSize: number;
  quotedAt: number | null;
  isLive: boolean;
  isHalted: boolean;
  /** Ends the minute under way when its last slice does not come. */
  ending: Timer | null;
  /** Opening of the newest minute told; what is older is not told again. */
  toldAt: number;
};

type Subscriber = { readonly instruments: ReadonlySet<InstrumentId>; readonly on: FeedListener };

/**
 * US stock data of Interactive Brokers over the account's own connection: minutes made of its 5-second
 * bars (labelled by their start), top-of-book quotes stamped with their arrival, halts. A minute that is
 * short of slices and minutes missed while the connection was lost are read from the vendor's history.
 */
export function createIbkrFeed(options: IbkrFeedOptions): MarketFeed {
  return new IbkrFeed(options);
}

class IbkrFeed implements MarketFeed {
  readonly name = 'ibkr';
  readonly quality = 'consolidated';
  readonly usualDelayMs = 1_000;
  readonly #options: IbkrFeedOptions;
  readonly #lines = new Map<InstrumentId, Line>();
  readonly #subscribers = new Set<Subscriber>();

  constructor(options: IbkrFeedOptions) {
    this.#options = options;
    options.gateway.attach((api) => this.#attach(api));
    options.gateway.onConnection((change) => this.#onConnection(change));
  }

  subscribe(instruments: readonly InstrumentId[], on: FeedListener): { stop(): void } {
    const subscriber = { instruments: new Set(instruments), on };
    this.#subscribers.add(subscriber);
    for (const instrument of instruments) this.#follow(instrument);
    return {
      stop: () => {
        this.#subscribers.delete(subscriber);
        for (const instrument of instruments) this.#leave(instrument);
      },
    };
  }

  async fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null> {
    const { clock } = this.#options;
    if (this.#options.marketData === 'delayed') return null;
    const isOwn = !this.#lines.has(instrument);
    const line = this.#follow(instrument);
    const since = clock.now();
    try {
      while (clock.now() - since < timeoutMs) {
        const quote = quoteOf(line);
        if (quote !== null) return quote;
        await new Promise<void>((resolve) => void clock.at(clock.now() + LOOK_EVERY_MS, resolve));
      }
    } finally {
      if (isOwn) this.#leave(instrument);
    }
    throw new FeedError(
      `feed ibkr: found no quote of ${symbolOf(instrument)} within ${timeoutMs} ms`,
      { code: 'timeout', retryable: true },
    );
  }

  #follow(instrument: InstrumentId): Line {
    const known = this.#lines.get(instrument);
    if (known !== undefined) return known;
    const line: Line = {
      instrument,
      maker: new MinuteMaker(instrument),
      quoteId: 0,
      barsId: 0,
      bid: 0,
      ask: 0,
      bidSize: 0,
      askSize: 0,
      quotedAt: null,
      isLive: false,
      isHalted: false,
      ending: null,
      toldAt: this.#options.clock.now() - MINUTE_MS,
    };
    this.#lines.set(instrument, line);
    this.#request(line);
    return line;
  }

  #leave(instrument: InstrumentId): void {
    for (const { instruments } of this.#subscribers) if (instruments.has(instrument)) return;
    const line = this.#lines.get(instrument);
    if (line === undefined) return;
    this.#lines.delete(instrument);
    line.ending?.cancel();
    this.#send((api) => {
      api.cancelMktData(line.quoteId);
      api.cancelRealTimeBars(line.barsId);
    });
  }

  #send(write: (api: IBApi) => void): void {
    // without a connection nothing is asked for: the next one asks anew
    this.#options.gateway.send('normal', write).catch(() => undefined);
  }

  #request(line: Line): void {
    const { gateway, marketData } = this.#options;
    line.quoteId = gateway.takeRequestId();
    line.barsId = gateway.takeRequestId();
    forget(line);
    line.isLive = false;
    const contract = contractOf(line.instrument);
    const type = marketData === 'live' ? MarketDataType.REALTIME : MarketDataType.DELAYED;
    this.#send((api) => {
      api.reqMarketDataType(type);
      api.reqMktData(line.quoteId, contract, '', false, false);
    });
    this.#send((api) => api.reqRealTimeBars(line.barsId, contract, 5, WhatToShow.TRADES, true));
  }

  #attach(api: IBApi): void {
    const byQuote = (id: number): Line | undefined =>
      [...this.#lines.values()].find((line) => line.quoteId === id);
    api.on(EventName.marketDataType, (id, type) => {
      const line = byQuote(id);
      const isLive = Number(type) === MarketDataType.REALTIME;
      if (line !== undefined) line.isLive = isLive && this.#options.marketData === 'live';
    });
    api.on(EventName.tickPrice, (id, field, value) => {
      const line = byQuote(id);
      if (line !== undefined) this.#onTick(line, Number(field), value);
    });
    api.on(EventName.tickSize, (id, field, value) => {
      const line = byQuote(id);
      if (line !== undefined && value !== undefined) this.#onTick(line, Number(field), value);
    });
    api.on(EventName.tickGeneric, (id, field, value) => {
      const line = byQuote(id);
      if (line !== undefined && Number(field) === TICK.halted) this.#onHalted(line, value);
    });
    api.on(EventName.realtimeBar, (id, second, open, high, low, close, volume) => {
      const line = [...this.#lines.values()].find((each) => each.barsId === id);
      if (line === undefined) return;
      const slice = { openedAt: second * 1_000, open, high, low, close, volume };
      const isAhead = slice.openedAt > this.#now() + MOST_AHEAD_MS;
      if (isSound(slice) && !isAhead) this.#onSlice(line, slice);
      else this.#options.onNote?.(`feed ibkr: left out a bar of ${line.instrument}`);
    });
    api.on(EventName.received, () => this.#tell(null, (on) => on.heartbeat?.(this.#now())));
    api.on(EventName.error, (error, code, id) => {
      const line = byQuote(id) ?? [...this.#lines.values()].find((each) => each.barsId === id);
      if (line !== undefined)
        this.#options.onNote?.(`feed ibkr: ${line.instrument}: ${String(code)} ${error.message}`);
    });
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** Calls listeners of an instrument, or all of them. */
  #tell(instrument: InstrumentId | null, call: (on: FeedListener) => void): void {
    for (const { instruments, on } of this.#subscribers)
      if (instrument === null || instruments.has(instrument)) call(on);
  }

  #onTick(line: Line, field: number, value: number): void {
    // −1 and 0 say that there is no such price now
    const usable = Number.isFinite(value) && value > 0 ? value : 0;
    if (field === TICK.bid) line.bid = usable;
    else if (field === TICK.ask) line.ask = usable;
    else if (field === TICK.bidSize) line.bidSize = usable;
    else if (field === TICK.askSize) line.askSize = usable;
    else return;
    line.quotedAt = this.#now();
    const quote = quoteOf(line);
    if (quote !== null) this.#tell(line.instrument, (on) => on.quote(quote));
  }

  #onHalted(line: Line, value: number): void {
    const isHalted = value > 0;
    if (isHalted === line.isHalted) return;
    line.isHalted = isHalted;
    const { instrument } = line;
    const kind = isHalted ? 'halted' : 'resumed';
    const cause = value === 2 ? 'volatility pause' : 'regulatory halt';
    this.#tell(instrument, (on) => on.halt?.({ instrument, kind, at: this.#now(), cause }));
  }

  #onSlice(line: Line, slice: Parameters<MinuteMaker['add']>[0]): void {
    const { clock } = this.#options;
    this.#onMinutes(line, line.maker.add(slice));
    const minute = Math.floor(slice.openedAt / MINUTE_MS) * MINUTE_MS;
    if (slice.openedAt % MINUTE_MS !== MINUTE_MS - 10_000) return;
    line.ending?.cancel();
    line.ending = clock.at(minute + MINUTE_MS + LAST_SLICE_MS, () =>
      this.#onMinutes(line, line.maker.endAt(minute)),
    );
  }

  #onMinutes(line: Line, minutes: readonly Minute[]): void {
    for (const minute of minutes) {
      if (minute.kind === 'whole') this.#give(line, minute.bar);
      else void this.#fill(line, minute.openedAt);
    }
  }

  #give(line: Line, bar: Bar): void {
    if (bar.openedAt <= line.toldAt || this.#lines.get(line.instrument) !== line) return;
    line.toldAt = bar.openedAt;
    this.#tell(line.instrument, (on) => on.bar(bar, this.#now()));
  }

  /** Reads minutes from the history; what it does not have stays a gap, which the desk notices. */
  async #fill(line: Line, fromAt: number): Promise<void> {
    try {
      for (const bar of await this.#options.history.minutesSince(line.instrument, fromAt))
        this.#give(line, bar);
    } catch (error) {
      const found = error instanceof Error ? error.message : 'failed';
      this.#options.onNote?.(`feed ibkr: ${line.instrument}: ${found}`);
    }
  }

  #onConnection(change: ConnectionChange): void {
    if (change.kind === 'lost') {
      for (const line of this.#lines.values()) forget(line);
      this.#tell(null, (on) => on.connection?.(change));
      return;
    }
    if (!change.cause.startsWith(KEPT))
      for (const line of this.#lines.values()) this.#request(line);
    const missed = [...this.#lines.values()].map((line) =>
      this.#fill(line, line.toldAt + MINUTE_MS),
    );
    void Promise.all(missed).then(() => this.#tell(null, (on) => on.connection?.(change)));
  }
}

/** What was seen before says nothing of now: one new side must not make the other one look fresh. */
function forget(line: Line): void {
  Object.assign(line, { bid: 0, ask: 0, bidSize: 0, askSize: 0, quotedAt: null });
  line.maker.reset();
}

/** The quote as it stands; null while a side is missing, the sides are crossed, the line is not live or nothing was heard. */
function quoteOf(line: Line): Quote | null {
  const { instrument, bid, ask, bidSize, askSize, quotedAt, isLive } = line;
  if (!isLive || quotedAt === null || bid <= 0 || ask <= 0 || bid > ask) return null;
  // a price's size follows it at once
  if (bidSize <= 0 || askSize <= 0) return null;
  return { instrument, bid, ask, bidSize, askSize, at: quotedAt };
}
