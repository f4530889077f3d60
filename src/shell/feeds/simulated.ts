import { FeedError } from '#app/errors.ts';
import type { Clock, MarketFeed, Timer } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { UsMarket } from '#core/simulation/us-market.ts';
import { quoteOfTick } from '#core/simulation/us-market.ts';

export type SimulatedFeedOptions = {
  readonly clock: Clock;
  readonly market: UsMarket;
  /** Sessions to play, oldest first; each one of the market's sessions. */
  readonly sessions: readonly Session[];
  readonly instruments: readonly InstrumentId[];
  readonly name?: string;
};

type Delivery =
  | { readonly due: number; readonly bar: Bar }
  | { readonly due: number; readonly quote: Quote };

/** Bars of `bars` from index `from` on that close at or before `at`; answers the next index. */
function* barsClosedBy(
  bars: readonly Bar[],
  from: number,
  at: number,
): Generator<Delivery, number> {
  let i = from;
  for (let bar = bars[i]; bar !== undefined && bar.closedAt <= at; bar = bars[i]) {
    yield { due: bar.closedAt, bar };
    i += 1;
  }
  return i;
}

/** What a session delivers, in time order; at one instant a closed bar comes before a quote. */
function* deliveriesOf(
  market: UsMarket,
  session: Session,
  instruments: readonly InstrumentId[],
): Generator<Delivery> {
  const { tradingDay } = session;
  const bars = instruments
    .flatMap((instrument) => market.barsOf(tradingDay, instrument))
    .sort((a, b) => a.closedAt - b.closedAt);
  let next = 0;
  for (const tick of market.ticks(tradingDay)) {
    if (!instruments.includes(tick.instrument)) continue;
    next = yield* barsClosedBy(bars, next, tick.at);
    yield { due: tick.at, quote: quoteOfTick(tick) };
  }
  yield* barsClosedBy(bars, next, Number.POSITIVE_INFINITY);
}

function* deliveriesFrom(
  options: SimulatedFeedOptions,
  instruments: readonly InstrumentId[],
  startAt: number,
): Generator<Delivery> {
  for (const session of options.sessions) {
    if (session.closeAt < startAt) continue;
    for (const delivery of deliveriesOf(options.market, session, instruments)) {
      if (delivery.due >= startAt) yield delivery;
    }
  }
}

/** Plays deliveries on the clock, one timer at a time. */
function play(
  clock: Clock,
  deliveries: Generator<Delivery>,
  on: { bar(bar: Bar, receivedAt: number): void; quote(quote: Quote): void },
): { stop(): void } {
  let timer: Timer | null = null;
  let isStopped = false;
  const schedule = (): void => {
    if (isStopped) return;
    const next = deliveries.next();
    if (next.done === true) return;
    const delivery = next.value;
    timer = clock.at(delivery.due, () => {
      timer = null;
      if ('bar' in delivery) on.bar(delivery.bar, clock.now());
      else on.quote(delivery.quote);
      schedule();
    });
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
 * Plays a simulated market on a clock: every tick as a quote, every minute as a bar at its close,
 * without delay. A subscription begins with what is due at or after now. A fetched quote is the
 * last tick, stamped now while the session lasts; null before its first tick and outside sessions.
 */
export function createSimulatedFeed(options: SimulatedFeedOptions): MarketFeed {
  const { clock, market, sessions, name = 'simulated' } = options;
  const known = (instrument: InstrumentId): InstrumentId => {
    if (options.instruments.includes(instrument)) return instrument;
    throw new FeedError(`feed ${name}: found no simulated ${instrument}`, {
      code: 'unknown_instrument',
      retryable: false,
      context: { instrument },
    });
  };
  return {
    name,
    quality: 'consolidated',
    usualDelayMs: 0,
    subscribe: (instruments, on) =>
      play(clock, deliveriesFrom(options, instruments.map(known), clock.now()), on),
    fetchQuote: async (instrument) => {
      const at = clock.now();
      const session = sessions.find((one) => at >= one.openAt && at < one.closeAt);
      if (session === undefined) return null;
      const tick = market.tickAt(session.tradingDay, known(instrument), at);
      return tick === null ? null : { ...quoteOfTick(tick), at };
    },
  };
}
