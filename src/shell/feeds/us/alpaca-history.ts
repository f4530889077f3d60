import { FeedError } from '#app/errors.ts';
import type { BarSource, BarStore, Clock } from '#app/ports.ts';
import { type Bar, columnsOf } from '#core/market/bar.ts';
import { type InstrumentId, symbolOf } from '#core/market/instrument.ts';
import { type Session, wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { AlpacaKeys } from '#shell/lib/alpaca/keys.ts';
import { type AlpacaCallLine, AlpacaRest } from '#shell/lib/alpaca/rest.ts';
import { barBetween, minuteBarOf, type WireBar, wireBar, wireBarPage } from './alpaca-wire.ts';

export type AlpacaHistoryOptions = {
  readonly feed: 'iex' | 'sip';
  /** `https://data.alpaca.markets`. */
  readonly dataUrl: string;
  readonly keys: AlpacaKeys;
  readonly clock: Clock;
  /** The regular session of a day; null: no trading, or not known. */
  readonly sessionOf: (day: TradingDay) => Session | null;
  /** Longest wait for one page. Default 15,000. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
  readonly onCall?: (line: AlpacaCallLine) => void;
  readonly onNote?: (line: string) => void;
};

/**
 * The vendor's stored bars, in the shape in which the planner reads stored ones: regular hours only,
 * minutes as traded, days adjusted for splits and not for dividends. A day counts once its session
 * is over. Throws FeedError.
 */
export type AlpacaHistory = Pick<BarStore, 'load'> & {
  /** As `load`, as a list. */
  bars(series: BarSource, fromAt: number, toAt: number): Promise<Bar[]>;
};

const ZONE = 'America/New_York';
const TIMEFRAMES = { '1m': '1Min', '1d': '1Day' } as const;
/** Most bars of one page. Source: the vendor's bars. */
const BARS_A_PAGE = 10_000;
const MOST_PAGES = 1_000;

type RawQuery = {
  readonly instrument: InstrumentId;
  readonly timeframe: '1m' | '1d';
  readonly feed: 'iex' | 'sip';
  readonly fromAt: number;
  readonly toAt: number;
};

/** Bars whose start lies in [fromAt, toAt), as the vendor gives them; bad ones are left out and named. */
export async function fetchBars(
  rest: AlpacaRest,
  query: RawQuery,
  onNote: (line: string) => void,
): Promise<WireBar[]> {
  const { feed, fromAt, instrument, timeframe, toAt } = query;
  const symbol = symbolOf(instrument);
  const bars: WireBar[] = [];
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await rest.ask({
      method: 'GET',
      path: '/v2/stocks/bars',
      query: {
        symbols: symbol,
        timeframe: TIMEFRAMES[timeframe],
        start: new Date(fromAt).toISOString(),
        // inclusive there
        end: new Date(toAt - 1).toISOString(),
        limit: BARS_A_PAGE,
        // minutes are used as traded; an average over a split needs days on one scale
        adjustment: timeframe === '1d' ? 'split' : 'raw',
        feed,
        sort: 'asc',
        page_token: token,
      },
      lane: 'poll',
      answer: wireBarPage,
    });
    for (const one of answer.bars?.[symbol] ?? []) {
      const read = wireBar.safeParse(one);
      if (read.success && read.data.t >= fromAt && read.data.t < toAt) bars.push(read.data);
      else if (!read.success)
        onNote(`bars of ${symbol}: left out one: expected ${read.error.issues[0]?.message}`);
    }
    token = answer.next_page_token ?? undefined;
    if (token === undefined) return bars;
  }
  throw rest.failure('GET /v2/stocks/bars', `found over ${MOST_PAGES} pages, expected an end`, {
    code: 'unreadable',
    retryable: false,
  });
}

/** Reads stored bars of US stocks from Alpaca. */
export function createAlpacaHistory(options: AlpacaHistoryOptions): AlpacaHistory {
  const { clock, feed, keys, sessionOf } = options;
  const onNote = options.onNote ?? (() => undefined);
  const rest = new AlpacaRest({
    name: `alpaca ${feed} history`,
    baseUrl: options.dataUrl,
    keys,
    clock,
    fetch: options.fetch ?? globalThis.fetch,
    timeoutMs: options.timeoutMs ?? 15_000,
    Failure: FeedError,
    onCall: options.onCall ?? (() => undefined),
  });
  const bars = async (series: BarSource, fromAt: number, toAt: number): Promise<Bar[]> => {
    const { instrument, timeframe } = series;
    if (timeframe !== '1m' && timeframe !== '1d')
      throw new FeedError(`alpaca ${feed} history: found ${timeframe}, expected 1m or 1d`, {
        code: 'timeframe_unsupported',
        retryable: false,
      });
    const until = Math.min(toAt, clock.now());
    if (until <= fromAt) return [];
    // a day is stamped with its midnight, which lies before the open by which it is asked for
    const from = timeframe === '1d' ? fromAt - 86_400_000 : fromAt;
    const query = { instrument, timeframe, feed, fromAt: from, toAt: until };
    const wire = await fetchBars(rest, query, onNote);
    const found = wire.flatMap((one) => inSession(instrument, timeframe, one, sessionOf));
    const wanted = found.filter(
      ({ closedAt, openedAt }) => openedAt >= fromAt && openedAt < toAt && closedAt <= clock.now(),
    );
    return oneAfterTheOther(wanted);
  };
  return {
    bars,
    load: async (series, fromAt, toAt) => columnsOf(await bars(series, fromAt, toAt)),
  };
}

/** The bar with the instants that bound it, when it lies whole within a regular session. */
function inSession(
  instrument: InstrumentId,
  timeframe: '1m' | '1d',
  wire: WireBar,
  sessionOf: (day: TradingDay) => Session | null,
): Bar[] {
  const session = sessionOf(wallTimeOf(wire.t, ZONE).day);
  if (session === null) return [];
  const { closeAt, openAt } = session;
  if (timeframe === '1d') return [barBetween(instrument, '1d', wire, openAt, closeAt)];
  const bar = minuteBarOf(instrument, wire);
  return bar === null || bar.openedAt < openAt || bar.closedAt > closeAt ? [] : [bar];
}

/** Oldest first, the first of any that overlap. */
function oneAfterTheOther(bars: readonly Bar[]): Bar[] {
  const kept: Bar[] = [];
  for (const bar of bars.toSorted((a, b) => a.openedAt - b.openedAt))
    if (bar.openedAt >= (kept.at(-1)?.closedAt ?? Number.NEGATIVE_INFINITY)) kept.push(bar);
  return kept;
}
