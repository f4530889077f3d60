import { FeedError } from '#app/errors.ts';
import type { Clock, MarketFeed, Timer } from '#app/ports.ts';
import type { SpreadModel } from '#core/backtest/costs.ts';
import { quoteAround } from '#core/backtest/costs.ts';
import type { Bar, BarColumns, Timeframe } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';

/** Stored bars of one instrument, oldest first, regular sessions only. */
export type RecordedSeries = {
  readonly instrument: InstrumentId;
  readonly bars: BarColumns;
};

export type RecordedFeedOptions = {
  readonly clock: Clock;
  readonly series: readonly RecordedSeries[];
  readonly name?: string;
  readonly timeframe?: Timeframe;
  readonly usualDelayMs?: number;
  readonly spread?: SpreadModel;
};

export type RecordedFeed = MarketFeed & {
  /** The quote that stands in the bar in progress; null between a bar's close and the next open seen. */
  standingQuote(instrument: InstrumentId): Quote | null;
};

/** 0.2 bp and at least half a tick to either side: about what SPY showed in 2024. Sizes modest. */
const DEFAULT_SPREAD: SpreadModel = { halfSpreadBps: 0.2, minHalfSpreadTicks: 0.5, size: 400 };

/** A bar's first trade is taken to be known this long after it opened. */
const OPEN_SEEN_AFTER_MS = 1_000;

/** Next delivery of one kind from one series: the quote at a bar's open or the closed bar. */
type Cursor = {
  readonly series: RecordedSeries;
  readonly kind: 'bar' | 'quote';
  index: number;
};

type Player = {
  readonly options: RecordedFeedOptions;
  readonly spread: SpreadModel;
  readonly delayMs: number;
  readonly timeframe: Timeframe;
};

function valueAt(column: Float64Array, i: number): number {
  return column[i] ?? Number.NaN;
}

/** Number of bars whose open instant plus `offsetMs` lies before or at `at`. */
function countOpenedBy(bars: BarColumns, at: number): number {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueAt(bars.openedAt, middle) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Instant of what the cursor delivers next; Infinity at the end. */
function dueOf(cursor: Cursor, delayMs: number): number {
  const { index, kind, series } = cursor;
  if (index >= series.bars.length) return Number.POSITIVE_INFINITY;
  if (kind === 'bar') return valueAt(series.bars.closedAt, index) + delayMs;
  return valueAt(series.bars.openedAt, index) + OPEN_SEEN_AFTER_MS;
}

/** A cursor that stands at the first delivery due at or after `now`. */
function cursorFrom(
  series: RecordedSeries,
  kind: 'bar' | 'quote',
  delayMs: number,
  now: number,
): Cursor {
  const cursor: Cursor = { series, kind, index: countOpenedBy(series.bars, now) };
  while (cursor.index > 0) {
    cursor.index -= 1;
    if (dueOf(cursor, delayMs) < now) {
      cursor.index += 1;
      break;
    }
  }
  return cursor;
}

/** Cursor with the earliest delivery; at one instant the first of the list, null at the end. */
function earliest(cursors: readonly Cursor[], delayMs: number): Cursor | null {
  let best: Cursor | null = null;
  let bestDue = Number.POSITIVE_INFINITY;
  for (const cursor of cursors) {
    const due = dueOf(cursor, delayMs);
    if (due >= bestDue) continue;
    best = cursor;
    bestDue = due;
  }
  return best;
}

function barAt(series: RecordedSeries, timeframe: Timeframe, i: number): Bar {
  const { instrument, bars } = series;
  return {
    instrument,
    timeframe,
    openedAt: valueAt(bars.openedAt, i),
    closedAt: valueAt(bars.closedAt, i),
    open: valueAt(bars.open, i),
    high: valueAt(bars.high, i),
    low: valueAt(bars.low, i),
    close: valueAt(bars.close, i),
    volume: valueAt(bars.volume, i),
  };
}

/** The quote of the bar in progress at `now`, from its open only; null when that is not known yet. */
function openQuote(player: Player, series: RecordedSeries, now: number): Quote | null {
  const { bars, instrument } = series;
  const i = countOpenedBy(bars, now) - 1;
  if (i < 0 || now >= valueAt(bars.closedAt, i)) return null;
  const seenAt = valueAt(bars.openedAt, i) + OPEN_SEEN_AFTER_MS;
  if (now < seenAt) return null;
  return quoteAround(instrument, valueAt(bars.open, i), seenAt, player.spread);
}

/**
 * The price that stands at `now`: the open of the bar in progress once seen, else the last close.
 * It is stamped now while the next open is still to come; a minute that brings no open leaves the
 * old close with its own instant.
 */
function standingPrice(player: Player, series: RecordedSeries, now: number): Quote | null {
  const open = openQuote(player, series, now);
  if (open !== null) return { ...open, at: now };
  const { bars, instrument } = series;
  let i = countOpenedBy(bars, now) - 1;
  while (i >= 0 && valueAt(bars.closedAt, i) + player.delayMs > now) i -= 1;
  if (i < 0) return null;
  const knownAt = valueAt(bars.closedAt, i) + player.delayMs;
  const isExpected = now <= knownAt + OPEN_SEEN_AFTER_MS;
  return quoteAround(instrument, valueAt(bars.close, i), isExpected ? now : knownAt, player.spread);
}

/** Plays the cursors on the clock, one timer at a time. */
function play(
  player: Player,
  cursors: readonly Cursor[],
  on: { bar(bar: Bar, receivedAt: number): void; quote(quote: Quote): void },
): { stop(): void } {
  const { clock } = player.options;
  let timer: Timer | null = null;
  let isStopped = false;
  const deliver = (cursor: Cursor): void => {
    const { series, kind, index } = cursor;
    const due = dueOf(cursor, player.delayMs);
    cursor.index += 1;
    if (kind === 'bar') {
      on.bar(barAt(series, player.timeframe, index), clock.now());
      return;
    }
    on.quote(quoteAround(series.instrument, valueAt(series.bars.open, index), due, player.spread));
  };
  const schedule = (): void => {
    const next = earliest(cursors, player.delayMs);
    if (next !== null && !isStopped) timer = clock.at(dueOf(next, player.delayMs), run);
  };
  const run = (): void => {
    timer = null;
    const next = earliest(cursors, player.delayMs);
    if (next !== null) deliver(next);
    schedule();
  };
  schedule();
  return {
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}

/**
 * Replays stored bars on a clock: for each bar a quote one second after its open, made from the
 * open alone, and the bar itself at its close plus the usual delay. Missing minutes deliver
 * nothing. Nothing of a bar in progress but its open is ever told. A subscription begins with what
 * is due at or after now, so that a restarted desk goes on where it stood.
 */
export function createRecordedFeed(options: RecordedFeedOptions): RecordedFeed {
  const player: Player = {
    options,
    spread: options.spread ?? DEFAULT_SPREAD,
    delayMs: options.usualDelayMs ?? 0,
    timeframe: options.timeframe ?? '1m',
  };
  const byInstrument = new Map(options.series.map((series) => [series.instrument, series]));
  const name = options.name ?? 'recorded';
  const seriesOf = (instrument: InstrumentId): RecordedSeries => {
    const series = byInstrument.get(instrument);
    if (series !== undefined) return series;
    throw new FeedError(`feed ${name}: found no bars of ${instrument}`, {
      code: 'unknown_instrument',
      retryable: false,
      context: { instrument },
    });
  };
  return {
    name,
    quality: 'consolidated',
    usualDelayMs: player.delayMs,
    subscribe(instruments, on) {
      const now = options.clock.now();
      // Bars first: at one instant a closed bar comes before the next quote.
      const cursors = (['bar', 'quote'] as const).flatMap((kind) =>
        instruments.map((one) => cursorFrom(seriesOf(one), kind, player.delayMs, now)),
      );
      return play(player, cursors, on);
    },
    fetchQuote: async (instrument) =>
      standingPrice(player, seriesOf(instrument), options.clock.now()),
    standingQuote: (instrument) => openQuote(player, seriesOf(instrument), options.clock.now()),
  };
}
