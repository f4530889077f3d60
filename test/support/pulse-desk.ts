import type { StanceState } from '#core/machines/stance.ts';
import { INITIAL_STANCE } from '#core/machines/stance.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { CheckpointRecord, DeskInputs } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { IntradayBars } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { LookTime, MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import type { WatchedName } from '#core/strategies/sector-pulse/minute-watch.ts';
import type { BookLook } from '#core/strategies/sector-pulse/propose-entry.ts';
import { cnAt, daysUpTo } from './pulse-market.ts';

/** An account of one million yuan without positions, allowed to trade. */
export function emptyBook(at: number, change: Partial<BookLook> = {}): BookLook {
  return {
    at,
    totalAssetsMinor: 100_000_000,
    freeCashMinor: 100_000_000,
    positionsMinor: 0,
    heldMinor: {},
    ownNames: [],
    soldToday: [],
    newAtCheckpointMinor: 0,
    newTodayMinor: 0,
    dayReturn: 0,
    permission: 'active',
    killLevel: 'none',
    ...change,
  };
}

/** A desk that holds nothing; its stance changed by `stance`, its inputs by `change`. */
export function deskWith(
  at: number,
  stance: Partial<StanceState> = {},
  change: Partial<DeskInputs> = {},
): DeskInputs {
  return {
    stance: { ...INITIAL_STANCE, ...stance },
    lastLook: null,
    book: emptyBook(at),
    positions: [],
    prices: {},
    topBefore: null,
    ownResults: [],
    restart: null,
    ...change,
  };
}

function minuteBars(day: string, through: string, price: number, volume: number): IntradayBars {
  const openAt = cnAt('09:30', day);
  const count = Math.round((cnAt(through, day) - openAt) / 60_000);
  const volumes = new Float64Array(count).fill(volume);
  return {
    openAt,
    barMinutes: 1,
    closedAt: Float64Array.from(volumes, (_, k) => openAt + (k + 1) * 60_000),
    volume: volumes,
    turnover: volumes.map((shares) => shares * price),
  };
}

/** A watched name whose buy point holds: at its VWAP, twice the usual volume, at its high. */
export function goodName(
  instrument: InstrumentId,
  inputs: MarketInputs,
  when: LookTime,
  untilAt: number,
): WatchedName {
  const row = inputs.table.instruments.indexOf(instrument);
  const last = inputs.snapshot!.last[row]!;
  const day = when.session.tradingDay;
  return {
    instrument,
    untilAt,
    quote: null,
    look: {
      instrument,
      origin: { source: 'made up', asOf: when.at - 5_000, fetchedAt: when.at, degraded: false },
      last,
      dayHigh: last,
      dayTurnover: 1e7,
      dayVolume: 1e7 / last,
      today: minuteBars(day, when.time, last, 2_000),
      earlier: daysUpTo(day, 5).map((one) => minuteBars(one, '15:00', last, 1_000)),
      earlierVolumes: [240_000, 240_000, 240_000, 240_000, 240_000],
    },
  };
}

/** The names a checkpoint has put on the watch, all of them good. */
export function goodNames(
  record: CheckpointRecord,
  inputs: MarketInputs,
  when: LookTime,
): WatchedName[] {
  return record.watching.map((name) => goodName(name, inputs, when, record.watchUntilAt));
}
