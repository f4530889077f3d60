import { BarSizeSetting, EventName, type IBApi, WhatToShow } from '@stoqey/ib';
import { FeedError } from '#app/errors.ts';
import type { BarSource, BarStore, Clock } from '#app/ports.ts';
import { type Bar, columnsOf } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { contractOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { isSound } from './ibkr-minutes.ts';

export type IbkrHistoryOptions = {
  readonly gateway: IbkrGateway;
  readonly clock: Clock;
  /** The regular session of a day; null: no trading, or not known. */
  readonly sessionOf: (day: TradingDay) => Session | null;
  /** Waits before a question that came too soon after others is put again. */
  readonly pacedMs?: readonly number[];
};

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** The vendor gives minutes of at most this many days at a time without complaint. */
const MINUTE_DAYS_A_CALL = 5;
const LONGEST_DAYS = 730;
/** The vendor takes no more questions for a while, in its words. */
const TOO_SOON = /pacing violation/i;
const PACED_MS = [15_000, 60_000, 300_000] as const;

type Row = {
  readonly time: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
};

type Waiting = {
  readonly rows: Row[];
  readonly resolve: (rows: Row[]) => void;
  readonly reject: (error: FeedError) => void;
};

/**
 * The vendor's stored bars of US stocks: regular hours, minutes and days, as traded. The gateway
 * answers one question at a time, since it forbids more than a few at once. Throws FeedError.
 */
export class IbkrHistory implements Pick<BarStore, 'load'> {
  readonly #options: IbkrHistoryOptions;
  readonly #waiting = new Map<number, Waiting>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Before the gateway starts: it listens on every connection. */
  constructor(options: IbkrHistoryOptions) {
    this.#options = options;
    options.gateway.attach((api) => this.#attach(api));
    options.gateway.onConnection((change) => {
      if (change.kind === 'lost') this.#failAll('disconnected', change.cause);
    });
  }

  async load(series: BarSource, fromAt: number, toAt: number) {
    return columnsOf(await this.bars(series, fromAt, toAt));
  }

  /** As `load`, as a list, oldest first; bars with fromAt ≤ openedAt < toAt that are closed by now. */
  async bars(series: BarSource, fromAt: number, toAt: number): Promise<Bar[]> {
    const { instrument, timeframe } = series;
    if (timeframe !== '1m' && timeframe !== '1d')
      throw this.#failure('timeframe_unsupported', `${timeframe}, expected 1m or 1d`);
    const until = Math.min(toAt, this.#options.clock.now());
    const bars = new Map<number, Bar>();
    const stepDays = timeframe === '1d' ? LONGEST_DAYS : MINUTE_DAYS_A_CALL;
    for (let end = until; end > fromAt; end -= stepDays * DAY_MS) {
      const days = Math.min(stepDays, Math.max(1, Math.ceil((end - fromAt) / DAY_MS)));
      const duration = days > 365 ? `${Math.ceil(days / 365)} Y` : `${days} D`;
      for (const bar of await this.#ask(instrument, timeframe, duration, end))
        if (bar.openedAt >= fromAt && bar.openedAt < toAt && bar.closedAt <= until)
          bars.set(bar.openedAt, bar);
    }
    return [...bars.values()].sort((a, b) => a.openedAt - b.openedAt);
  }

  /** Closed minutes since an instant, for what a lost connection missed. */
  async minutesSince(instrument: InstrumentId, fromAt: number): Promise<Bar[]> {
    const now = this.#options.clock.now();
    const seconds = Math.max(120, Math.ceil((now - fromAt) / 1_000 / 60) * 60 + 60);
    const duration = seconds > 86_400 ? '1 D' : `${seconds} S`;
    const bars = await this.#ask(instrument, '1m', duration, now);
    return bars.filter((bar) => bar.openedAt >= fromAt && bar.closedAt <= now);
  }

  #failure(code: string, found: string): FeedError {
    const retryable = code === 'disconnected' || code === 'timeout';
    return new FeedError(`ibkr history: found ${found}`, { code, retryable });
  }

  #ask(instrument: InstrumentId, timeframe: '1m' | '1d', duration: string, end: number) {
    const answer = this.#turn.then(() => this.#askPaced(instrument, timeframe, duration, end));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  /** Who asks too soon is refused, and asks again after a growing pause; the others wait as long. */
  async #askPaced(
    instrument: InstrumentId,
    timeframe: '1m' | '1d',
    duration: string,
    end: number,
  ): Promise<Bar[]> {
    const { clock, pacedMs = PACED_MS } = this.#options;
    for (const pause of pacedMs) {
      try {
        return await this.#askNow(instrument, timeframe, duration, end);
      } catch (error) {
        if (!(error instanceof FeedError) || !TOO_SOON.test(error.message)) throw error;
        await new Promise<void>((resolve) => void clock.at(clock.now() + pause, resolve));
      }
    }
    return await this.#askNow(instrument, timeframe, duration, end);
  }

  async #askNow(
    instrument: InstrumentId,
    timeframe: '1m' | '1d',
    duration: string,
    end: number,
  ): Promise<Bar[]> {
    const { clock, gateway } = this.#options;
    const id = gateway.takeRequestId();
    const { promise, resolve, reject } = Promise.withResolvers<Row[]>();
    promise.catch(() => undefined);
    this.#waiting.set(id, { rows: [], resolve, reject });
    const limitMs = gateway.answerTimeoutMs() * 3;
    const timer = clock.at(clock.now() + limitMs, () =>
      reject(this.#failure('timeout', `no end within ${limitMs} ms, expected bars`)),
    );
    const size = timeframe === '1d' ? BarSizeSetting.DAYS_ONE : BarSizeSetting.MINUTES_ONE;
    const until = `${new Date(end).toISOString().slice(0, 19).replaceAll('-', '').replace('T', '-')}`;
    try {
      await gateway.send('normal', (api) =>
        api.reqHistoricalData(
          id,
          contractOf(instrument),
          until,
          duration,
          size,
          WhatToShow.TRADES,
          1,
          2,
          false,
        ),
      );
      const rows = await promise;
      return rows.flatMap((row) => this.#barOf(instrument, timeframe, row) ?? []);
    } finally {
      timer.cancel();
      this.#waiting.delete(id);
    }
  }

  #barOf(instrument: InstrumentId, timeframe: '1m' | '1d', row: Row): Bar | null {
    const { open, high, low, close, volume } = row;
    const span = timeframe === '1d' ? this.#dayOf(row.time) : minuteOf(row.time);
    if (span === null || !isSound({ openedAt: span.openedAt, open, high, low, close, volume }))
      return null;
    return { instrument, timeframe, ...span, open, high, low, close, volume };
  }

  #dayOf(text: string): { openedAt: number; closedAt: number } | null {
    if (!/^\d{8}$/.test(text)) return null;
    const day = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;
    const session = this.#options.sessionOf(day);
    return session === null ? null : { openedAt: session.openAt, closedAt: session.closeAt };
  }

  #attach(api: IBApi): void {
    api.on(EventName.historicalData, (id, time, open, high, low, close, volume) => {
      const waiting = this.#waiting.get(id);
      if (waiting === undefined) return;
      if (time.startsWith('finished')) waiting.resolve(waiting.rows);
      else waiting.rows.push({ time, open, high, low, close, volume });
    });
    api.on(EventName.error, (error, code, id) => {
      const waiting = this.#waiting.get(id);
      waiting?.reject(this.#failure('refused', `${String(code)} ${error.message}`));
    });
  }

  #failAll(code: string, cause: string): void {
    for (const waiting of this.#waiting.values())
      waiting.reject(this.#failure(code, `a lost connection (${cause})`));
  }
}

/** A minute by the epoch second it began at. */
function minuteOf(text: string): { openedAt: number; closedAt: number } | null {
  if (!/^\d{9,11}$/.test(text)) return null;
  const openedAt = Number(text) * 1_000;
  return { openedAt, closedAt: openedAt + MINUTE_MS };
}
