import type { BarSource, FeedListener, MarketFeed } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { LiveDesk, LiveHouse } from './compose-live-desk.ts';

/** Prices as an account's broker gives them: live ones and stored bars. */
export type AccountData = {
  readonly feed: MarketFeed;
  readonly history: { bars(series: BarSource, fromAt: number, toAt: number): Promise<Bar[]> };
};

const DAY_MS = 86_400_000;
/** What a session is planned from, with a margin. */
const HISTORY: readonly { readonly timeframe: '1m' | '1d'; readonly days: number }[] = [
  { timeframe: '1d', days: 400 },
  { timeframe: '1m', days: 45 },
];
/** Bars of this many days before the newest stored one are asked for again: a hole closes itself. */
const AGAIN_DAYS = 4;
const REFRESH_EVERY_MS = 60 * 60_000;
/** A sign of life is passed on at most this often. */
const HEARTBEAT_EVERY_MS = 5_000;
/** Before the open the desk begins to look for signs of life. */
const AHEAD_MS = 15 * 60_000;
/** Of a vendor's message in a chat. */
const MOST_WORDS = 160;

/** The regular session of a day; null: no trading, or not known. */
export function sessionOf(house: LiveHouse, day: TradingDay): Session | null {
  const answer = sessionOn(house.deps.calendars.US, day);
  return answer.kind === 'session' ? answer.session : null;
}

/** Files what the vendor has and the store has not. Throws FeedError, StoreError. */
async function fileHistory(live: LiveDesk, house: LiveHouse, data: AccountData): Promise<void> {
  const { bars } = house.deps.deskStore.store;
  const source = data.feed.name;
  const now = house.clock.now();
  for (const instrument of live.desk.policy.instruments) {
    for (const { timeframe, days } of HISTORY) {
      const series = { instrument, timeframe };
      const oldest = now - days * DAY_MS;
      const known = await bars.load(series, oldest, now, source);
      const newest = known.openedAt[known.length - 1];
      const fromAt = newest === undefined ? oldest : Math.max(oldest, newest - AGAIN_DAYS * DAY_MS);
      await bars.save(await data.history.bars(series, fromAt, now), source);
    }
  }
}

function listenerOf(live: LiveDesk, house: LiveHouse, source: string): FeedListener {
  const { desk, onTrouble } = live;
  const { clock, deps } = house;
  let toldAt = 0;
  const prices = new Map<InstrumentId, number>();
  const place = `feed ${source} ${desk.policy.accountId}`;
  return {
    bar(bar) {
      deps.deskStore.store.bars
        .save([bar], source)
        .catch((error: unknown) => onTrouble('bars', error));
    },
    quote(quote) {
      prices.set(quote.instrument, quote.at);
      live.onQuote(quote);
    },
    heartbeat(at) {
      const { day } = desk.state();
      const isWatched =
        day !== null && at >= day.session.openAt - AHEAD_MS && at < day.session.closeAt;
      if (!isWatched || at - toldAt < HEARTBEAT_EVERY_MS) return;
      toldAt = at;
      // that a price was heard of is known of every symbol, its quote only where the desk may act on it
      desk.post({
        kind: 'heartbeat_seen',
        at: clock.now(),
        prices: Object.fromEntries(prices),
      });
    },
    connection: ({ kind, cause }) => deps.log.warn({ line: 'connection', place, cause }, kind),
    denied({ instrument, missing, cause }) {
      const doubt = { cause: 'data_denied', subject: instrument } as const;
      const isKnown = desk
        .state()
        .safeMode.some((entry) => entry.cause === doubt.cause && entry.subject === instrument);
      if (missing.length === 0) {
        if (isKnown) desk.post({ kind: 'doubt_passed', at: clock.now(), ...doubt });
        return;
      }
      deps.log.warn({ place, instrument, missing, cause }, 'data denied');
      const figures = { missing: missing.join(', '), cause: cause.slice(0, MOST_WORDS) };
      desk.post({ kind: 'doubt_noticed', at: clock.now(), ...doubt, figures });
    },
    halt({ instrument, kind, cause }) {
      deps.log.warn({ place, instrument, cause }, kind);
      const isHalted = kind === 'halted';
      desk.post({ kind: 'halt_seen', at: clock.now(), instrument, isHalted, cause });
    },
  };
}

/** Market data of one account: history into the store, live prices to the desk. */
export type AccountMarket = {
  fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null>;
  /** Begins once the broker is connected; what the vendor has stored comes first. */
  start(): void;
  stop(): void;
};

/** Follows the prices that an account's own broker gives. */
export function followAccount(live: LiveDesk, house: LiveHouse, data: AccountData): AccountMarket {
  const { desk, onTrouble } = live;
  const { feed } = data;
  let subscription: { stop(): void } | null = null;
  let isStopped = false;
  let timer: ReturnType<typeof setInterval> | null = null;
  const refresh = (): Promise<void> =>
    fileHistory(live, house, data).catch((error: unknown) => onTrouble(feed.name, error));
  return {
    fetchQuote: (instrument, timeoutMs) => feed.fetchQuote(instrument, timeoutMs),
    start() {
      void refresh().then(() => {
        if (isStopped) return;
        subscription = feed.subscribe(desk.policy.instruments, listenerOf(live, house, feed.name));
        timer = setInterval(() => void refresh(), REFRESH_EVERY_MS);
      });
    },
    stop() {
      isStopped = true;
      if (timer !== null) clearInterval(timer);
      subscription?.stop();
    },
  };
}
