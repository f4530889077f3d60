import type { MarketFeed } from '#app/ports.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { PaperControls } from '#shell/brokers/paper.ts';
import type { Config, DeskConfig } from '#shell/config/config.ts';
import { policyOf } from '#shell/config/policy-of.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import type { LiveDeps } from './compose-live-deps.ts';
import { simulatedDay } from './compose-material.ts';

/** Name under which a simulated day's bars are stored; each day is a market of its own. */
function simulatedSource(tradingDay: TradingDay): string {
  return `simulated:${tradingDay}`;
}

/**
 * True for a desk whose prices are made up: its money is, too. There is a simulated market of the US
 * only; what a person trades with real money is never priced by it.
 */
export function isSimulated({ market, accountSettings }: DeskConfig): boolean {
  const { broker, environment } = accountSettings;
  return (
    market === 'US' && (broker === 'paper' || (broker === 'manual' && environment === 'paper'))
  );
}

/** Name under which the bars that a desk decides on are stored; `none`: nobody gives it any. */
export function barSourceOf(desk: DeskConfig, tradingDay: TradingDay): string {
  if (isSimulated(desk)) return simulatedSource(tradingDay);
  const { accountSettings: account } = desk;
  if (account.broker === 'alpaca') return `alpaca-${account.feed}`;
  return account.broker === 'ibkr' ? 'ibkr' : 'none';
}

/** What the simulated market trades: the symbols of all its desks, since each stock follows the others. */
export function simulatedInstruments(config: Config): readonly InstrumentId[] {
  const desks = config.desks.filter(isSimulated);
  return [...new Set(desks.flatMap((desk) => policyOf(desk).instruments))];
}

/** A desk that follows a market: what is shown to its exchange and to itself. */
export type MarketFollower = {
  readonly instruments: readonly InstrumentId[];
  readonly exchange: PaperControls | null;
  onQuote(quote: Quote): void;
};

/** One simulated market for all desks that trade on it, played on the wall clock. */
export type SimulatedMarket = {
  follow(follower: MarketFollower): void;
  /** Plays a session; asked again for the same one it goes on. */
  play(session: Session): void;
  fetchQuote(instrument: InstrumentId, timeoutMs: number): Promise<Quote | null>;
  stop(): void;
};

/** Plays today's simulated market on the wall clock: to the exchanges, into the store, to the desks. */
export function createSimulatedMarket(
  deps: LiveDeps,
  onTrouble: (place: string, error: unknown) => void,
): SimulatedMarket {
  const { bars } = deps.deskStore.store;
  const clock = createSystemClock();
  const instruments = simulatedInstruments(deps.config);
  const followers: MarketFollower[] = [];
  let feed: MarketFeed | null = null;
  let playing: { tradingDay: TradingDay; stop: () => void } | null = null;
  const onBar = (bar: Bar, tradingDay: TradingDay): void => {
    for (const { exchange } of meant(bar.instrument)) exchange?.onBar(bar);
    bars
      .save([bar], simulatedSource(tradingDay))
      .catch((error: unknown) => onTrouble('bars', error));
  };
  const meant = (instrument: InstrumentId): MarketFollower[] =>
    followers.filter((follower) => follower.instruments.includes(instrument));
  return {
    follow: (follower) => {
      followers.push(follower);
    },
    play(session) {
      const { tradingDay } = session;
      if (playing?.tradingDay === tradingDay) return;
      playing?.stop();
      const { calendars, config } = deps;
      const { seed } = config.profile;
      const day = simulatedDay({ calendar: calendars.US, instruments, session, seed, clock });
      feed = day.feed;
      for (const { exchange } of followers) exchange?.setSession(session);
      const { stop } = feed.subscribe(instruments, {
        bar: (bar) => onBar(bar, tradingDay),
        quote(quote) {
          for (const follower of meant(quote.instrument)) {
            follower.exchange?.onQuote(quote);
            follower.onQuote(quote);
          }
        },
      });
      playing = { tradingDay, stop };
    },
    fetchQuote: async (instrument, timeoutMs) =>
      (await feed?.fetchQuote(instrument, timeoutMs)) ?? null,
    stop: () => playing?.stop(),
  };
}
