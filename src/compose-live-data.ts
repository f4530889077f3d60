import type { BarSource, Clock, DataDenial, FeedListener, MarketFeed, Timer } from '#app/ports.ts';
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
/** A refusal that lasts longer is told; a request is put again after 30 s. */
const DENIED_FOR_MS = 45_000;
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

/**
 * Puts the desk in doubt of a symbol whose prices have been refused for a while. What is refused and given
 * again in between, as while a gateway restarts at night, is left to the log: nobody is to release it.
 */
class Denials {
  readonly #live: LiveDesk;
  readonly #clock: Clock;
  readonly #waiting = new Map<InstrumentId, { newest: DataDenial; readonly timer: Timer }>();

  constructor(live: LiveDesk, clock: Clock) {
    this.#live = live;
    this.#clock = clock;
  }

  take(denial: DataDenial): void {
    const { instrument, missing } = denial;
    const waiting = this.#waiting.get(instrument);
    if (missing.length === 0) return this.#given(instrument);
    if (waiting !== undefined) {
      waiting.newest = denial;
      return;
    }
    const timer = this.#clock.at(this.#clock.now() + DENIED_FOR_MS, () => this.#doubt(instrument));
    this.#waiting.set(instrument, { newest: denial, timer });
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #given(instrument: InstrumentId): void {
    const { desk } = this.#live;
    this.#waiting.get(instrument)?.timer.cancel();
    this.#waiting.delete(instrument);
    const isDoubted = desk
      .state()
      .safeMode.some((entry) => entry.cause === 'data_denied' && entry.subject === instrument);
    if (!isDoubted) return;
    const passed = { cause: 'data_denied', subject: instrument } as const;
    desk.post({ kind: 'doubt_passed', at: this.#clock.now(), ...passed });
  }

  #doubt(instrument: InstrumentId): void {
    const waiting = this.#waiting.get(instrument);
    if (waiting === undefined) return;
    this.#waiting.delete(instrument);
    const { missing, cause } = waiting.newest;
    this.#live.desk.post({
      kind: 'doubt_noticed',
      at: this.#clock.now(),
      cause: 'data_denied',
      subject: instrument,
      figures: { missing: missing.join(', '), cause: cause.slice(0, MOST_WORDS) },
    });
  }
}

function listenerOf(
  live: LiveDesk,
  house: LiveHouse,
  source: string,
  denials: Denials,
): FeedListener {
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
    denied: (denial) => {
      const { instrument, missing, cause } = denial;
      if (missing.length > 0) deps.log.warn({ place, instrument, missing, cause }, 'data denied');
      denials.take(denial);
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
  const denials = new Denials(live, house.clock);
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
        const listener = listenerOf(live, house, feed.name, denials);
        subscription = feed.subscribe(desk.policy.instruments, listener);
        timer = setInterval(() => void refresh(), REFRESH_EVERY_MS);
      });
    },
    stop() {
      isStopped = true;
      if (timer !== null) clearInterval(timer);
      subscription?.stop();
      denials.stop();
    },
  };
}
