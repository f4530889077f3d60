import { EventName, type IBApi, MarketDataType, WhatToShow } from '@stoqey/ib';
import { FeedError } from '#app/errors.ts';
import type { Clock, ConnectionChange, FeedListener, MarketFeed } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { contractOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { RateWindow } from '#shell/lib/rate-window.ts';
import type { IbkrHistory } from './ibkr-history.ts';
import { forget, type Line, NOT_ASKED, newLine, type Part, quoteOf } from './ibkr-line.ts';
import { isSound, type Minute, type MinuteMaker } from './ibkr-minutes.ts';

export type IbkrFeedOptions = {
  readonly gateway: IbkrGateway;
  readonly history: IbkrHistory;
  readonly clock: Clock;
  /** `delayed` is free and 15 minutes late: it gives bars to look at and no quotes. */
  readonly marketData: 'live' | 'delayed';
  readonly onNote?: (line: string) => void;
  /** Waits before what was refused is asked for again, the last one repeats. */
  readonly againMs?: readonly number[];
  /** A request put again that was not refused within this time is given. Default 8,000. */
  readonly refusalMs?: number;
  /** Requests for 5-second bars that the vendor takes in ten minutes. Default 60. */
  readonly barRequests?: number;
};

const MINUTE_MS = 60_000;
/** The last slice of a minute comes within this time after its close, or not at all. */
const LAST_SLICE_MS = 4_000;
const LOOK_EVERY_MS = 50;
/** An instant further ahead of this machine's clock than clocks differ is none, and would end all that follow. */
const MOST_AHEAD_MS = 300_000;
/** Ticks of live quotes; the delayed ones have other numbers and are never taken for them. */
const TICK = { bidSize: 0, bid: 1, ask: 2, askSize: 3, halted: 49 } as const;
/** The vendor's own numbers: beyond them it refuses, and then it ends the connection. */
const BAR_REQUESTS = 60;
const BAR_REQUESTS_WITHIN_MS = 600_000;
const AGAIN_MS = [30_000, 60_000, 120_000, 300_000] as const;
/** The connection came back with its subscriptions. */
const KEPT = '1102';

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
  readonly #barPace: RateWindow;

  constructor(options: IbkrFeedOptions) {
    this.#options = options;
    this.#barPace = new RateWindow(options.barRequests ?? BAR_REQUESTS, BAR_REQUESTS_WITHIN_MS);
    options.gateway.attach((api) => this.#attach(api));
    options.gateway.onConnection((change) => this.#onConnection(change));
  }

  subscribe(instruments: readonly InstrumentId[], on: FeedListener): { stop(): void } {
    const subscriber = { instruments: new Set(instruments), on };
    this.#subscribers.add(subscriber);
    for (const instrument of instruments) {
      const denial = this.#lines.get(instrument)?.denial ?? null;
      if (denial !== null) on.denied?.(denial);
      this.#follow(instrument);
    }
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
    const line = newLine(instrument, this.#options.clock.now() - MINUTE_MS);
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
    for (const timer of line.again.values()) timer.cancel();
    this.#send((api) => {
      api.cancelMktData(line.quoteId);
      if (line.barsId !== NOT_ASKED) api.cancelRealTimeBars(line.barsId);
    });
  }

  #send(write: (api: IBApi) => void): void {
    // without a connection nothing is asked for: the next one asks anew
    this.#options.gateway.send('normal', write).catch(() => undefined);
  }

  #request(line: Line): void {
    forget(line);
    line.came.clear();
    this.#ask(line, 'quotes');
    this.#ask(line, 'bars');
  }

  #ask(line: Line, part: Part): void {
    line.again.get(part)?.cancel();
    line.again.delete(part);
    if (this.#lines.get(line.instrument) !== line) return;
    if (part === 'quotes') this.#askQuotes(line);
    else this.#askBars(line);
    if (!line.refused.has(part) || line.again.has(part)) return;
    // at night nothing comes by itself: who does not refuse gives; a bar that stays away in session is noticed
    const { clock, refusalMs = 8_000 } = this.#options;
    const until = clock.now() + refusalMs;
    line.again.set(
      part,
      clock.at(until, () => this.#grant(line, part)),
    );
  }

  #askQuotes(line: Line): void {
    const { gateway, marketData } = this.#options;
    line.quoteId = gateway.takeRequestId();
    line.isLive = false;
    const contract = contractOf(line.instrument);
    const type = marketData === 'live' ? MarketDataType.REALTIME : MarketDataType.DELAYED;
    this.#send((api) => {
      api.reqMarketDataType(type);
      api.reqMktData(line.quoteId, contract, '', false, false);
    });
  }

  /** When the vendor takes no more such requests it waits, and what was missed is read from the history. */
  #askBars(line: Line): void {
    const { clock, gateway } = this.#options;
    const roomAt = this.#barPace.take(clock.now());
    if (roomAt !== null) {
      line.barsId = NOT_ASKED;
      const minutes = Math.ceil((roomAt - clock.now()) / MINUTE_MS);
      const cause = `the vendor takes no more requests now; asked for in ${minutes} min`;
      return this.#refuse(line, 'bars', cause, roomAt);
    }
    line.barsId = gateway.takeRequestId();
    const contract = contractOf(line.instrument);
    this.#send((api) => api.reqRealTimeBars(line.barsId, contract, 5, WhatToShow.TRADES, true));
  }

  /** The vendor gives no such prices: it is told, and asked for again at `againAt` or after a growing pause. */
  #refuse(line: Line, part: Part, cause: string, againAt: number | null = null): void {
    const { againMs = AGAIN_MS, clock } = this.#options;
    const pause = againMs[Math.min(line.refusals, againMs.length - 1)] ?? 300_000;
    line.refusals += 1;
    line.came.delete(part);
    line.refused.set(part, cause);
    line.again.get(part)?.cancel();
    const at = againAt ?? clock.now() + pause;
    line.again.set(
      part,
      clock.at(at, () => this.#ask(line, part)),
    );
    this.#tellDenial(line);
  }

  /** Prices came: what had been refused is given. */
  #came(line: Line, part: Part): void {
    if (line.came.has(part)) return;
    line.came.add(part);
    this.#grant(line, part);
  }

  #grant(line: Line, part: Part): void {
    const wasRefused = line.refused.delete(part);
    if (wasRefused && part === 'bars') void this.#fill(line, line.toldAt + MINUTE_MS);
    line.again.get(part)?.cancel();
    line.again.delete(part);
    const isWhole =
      line.came.has('bars') && (line.came.has('quotes') || this.#options.marketData === 'delayed');
    if (line.refused.size === 0) line.refusals = 0;
    if (isWhole || wasRefused) this.#tellDenial(line);
  }

  #tellDenial(line: Line): void {
    const { instrument } = line;
    const parts = [...line.refused.keys()].sort();
    const cause = [...new Set(line.refused.values())].join('; ');
    const known = line.denial;
    if (known?.cause === cause && known.missing.join() === parts.join()) return;
    const denial = { instrument, missing: parts, cause };
    line.denial = denial;
    this.#tell(instrument, (on) => on.denied?.(denial));
  }

  #attach(api: IBApi): void {
    const byQuote = (id: number): Line | undefined =>
      [...this.#lines.values()].find((line) => line.quoteId === id);
    api.on(EventName.marketDataType, (id, type) => {
      const line = byQuote(id);
      const isLive = Number(type) === MarketDataType.REALTIME;
      if (line === undefined || this.#options.marketData !== 'live') return;
      line.isLive = isLive;
      if (!isLive) this.#refuse(line, 'quotes', `delayed or frozen prices (${type}) for live ones`);
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
      const quoted = byQuote(id);
      const line = quoted ?? [...this.#lines.values()].find((each) => each.barsId === id);
      if (line === undefined) return;
      const cause = `${String(code)} ${error.message}`;
      this.#options.onNote?.(`feed ibkr: ${line.instrument}: ${cause}`);
      this.#refuse(line, quoted === undefined ? 'bars' : 'quotes', cause);
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
    if (line.isLive) this.#came(line, 'quotes');
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
    this.#came(line, 'bars');
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
