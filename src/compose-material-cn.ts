import type { BarStore, MarketFeed, MarketStoreCn } from '#app/ports.ts';
import type { StartOptions } from '#app/start-options.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { instantAt } from '#core/market/session.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import type { RecordingCn } from '#shell/feeds/cn-recorded/recorded-days-cn.ts';
import type { RecordedMarketDay } from '#shell/feeds/cn-recorded/recorded-market-day.ts';
import type { BookEntry } from '#shell/files/book-file.ts';
import { playDayCn } from './compose-day-cn.ts';
import { weekdays } from './compose-material.ts';
import { loadRecordingCn } from './compose-recording-cn.ts';
import type { Material } from './compose-run.ts';

/** A feed that delivers nothing by itself: the days are played from the recording. */
function silentFeed(quoteNow: (instrument: InstrumentId) => Quote | null): MarketFeed {
  return {
    name: 'recorded',
    quality: 'consolidated',
    usualDelayMs: 0,
    subscribe: () => ({ stop: () => undefined }),
    fetchQuote: async (instrument) => quoteNow(instrument),
  };
}

/** How days of a recording are played by a sector-pulse desk. */
export function playedCn(facts: {
  readonly calendar: CalendarTable;
  readonly params: SectorPulseParams;
  readonly recording: RecordingCn;
  readonly book: readonly BookEntry[];
}): Pick<Material, 'matchBy' | 'makeFeed' | 'player'> {
  const shown: { day: RecordedMarketDay | null } = { day: null };
  const onDay = (day: RecordedMarketDay): void => {
    shown.day = day;
  };
  return {
    matchBy: 'bars',
    makeFeed: (clock) =>
      silentFeed((instrument) => shown.day?.quoteAt(instrument, clock.now()) ?? null),
    player: {
      startAt: (first) => instantAt(first, '08:00', facts.calendar.zone),
      begin: () => undefined,
      play: (stage, tradingDay, onDone) =>
        playDayCn({ ...stage, ...facts, onDay, onDone }, tradingDay),
    },
  };
}

/** Recorded A-share days from the store, with the player of a sector-pulse desk. Throws ConfigError. */
export async function replayMaterialCn(facts: {
  readonly calendar: CalendarTable;
  readonly replay: NonNullable<StartOptions['replay']>;
  readonly bars: BarStore;
  readonly market: MarketStoreCn;
  readonly params: SectorPulseParams;
  readonly book: readonly BookEntry[];
}): Promise<Material> {
  const { calendar, replay, params, book } = facts;
  const recording = await loadRecordingCn(facts);
  const days = weekdays(replay.from, replay.to);
  return { kind: 'replay', days, ...playedCn({ calendar, params, recording, book }) };
}
