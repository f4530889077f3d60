import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Quote } from '#core/market/quote.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import type { FetchNote } from '#core/quality/note.ts';
import type { BuyPointLook, IntradayBars } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { bookQuoteFrom, heldPriceFrom, instrumentDayFrom, intradayBarsFrom } from './cn-look.ts';
import type { CnMarketSource, MorningCn } from './cn-market.ts';
import type { PulseSight } from './play-pulse-day.ts';
import type { FetchAsk } from './ports.ts';

/** Whole days of volume behind the fallback of the volume ratio. */
const VOLUME_DAYS = 5;

/** What is gathered beside the look at the whole market. */
export type SightAsk = {
  /** Names that are held or have something open: their quotes. */
  readonly names: readonly InstrumentId[];
  /** Names whose buy point is watched: their quotes and minute bars. */
  readonly watched: readonly InstrumentId[];
  readonly ask: FetchAsk;
};

export type LiveSight = {
  readonly sight: PulseSight;
  readonly note: readonly FetchNote[];
};

/** Minute bars of earlier days, fetched once a day and name. */
export type EarlierBars = Map<InstrumentId, readonly IntradayBars[]>;

function rowOf(inputs: MarketInputs, instrument: InstrumentId): number {
  return inputs.table.instruments.indexOf(instrument);
}

/** Facts of one stock from its quote, or from the columns of the look where it has none of its own. */
function factsOf(
  morning: MorningCn,
  inputs: MarketInputs,
  quotes: ReadonlyMap<InstrumentId, QuoteCn>,
  instrument: InstrumentId,
): InstrumentDayCn | null {
  const row = rowOf(inputs, instrument);
  if (row < 0) return null;
  const quote = quotes.get(instrument) ?? null;
  const known = instrumentDayFrom(inputs.table, row, morning.facts, quote);
  const { snapshot } = inputs;
  if (quote !== null || snapshot === null) return known;
  const [close, up, down] = [
    snapshot.previousClose[row]!,
    snapshot.limitUp[row]!,
    snapshot.limitDown[row]!,
  ];
  return {
    ...known,
    previousClose: close > 0 ? close : known.previousClose,
    vendorLimits: up > 0 && down > 0 ? { up, down } : known.vendorLimits,
  };
}

/** Whole volumes of the last days of history, newest last; unknown ones are left out. */
function earlierVolumesOf(inputs: MarketInputs, row: number): number[] {
  const { history } = inputs;
  if (history === null || row < 0) return [];
  const width = history.days.length;
  const volumes: number[] = [];
  for (let day = Math.max(0, width - VOLUME_DAYS); day < width; day += 1) {
    const volume = history.volume[row * width + day]!;
    if (volume > 0) volumes.push(volume);
  }
  return volumes;
}

function lookOf(
  inputs: MarketInputs,
  quote: QuoteCn | undefined,
  bars: { readonly today: IntradayBars | null; readonly earlier: readonly IntradayBars[] },
  instrument: InstrumentId,
  origin: { readonly source: string; readonly fetchedAt: number },
): BuyPointLook | null {
  const row = rowOf(inputs, instrument);
  if (quote?.last == null || !(quote.last > 0) || quote.at === null) return null;
  return {
    instrument,
    origin: { ...origin, asOf: quote.at, degraded: bars.today === null },
    last: quote.last,
    dayHigh: quote.high ?? Number.NaN,
    dayTurnover: quote.amount ?? Number.NaN,
    dayVolume: quote.volume ?? Number.NaN,
    today: bars.today,
    earlier: bars.earlier,
    earlierVolumes: earlierVolumesOf(inputs, row),
  };
}

/** Closed minute bars of one name on the last trading days, as far as a source has them. */
async function earlierBarsOf(
  market: CnMarketSource,
  instrument: InstrumentId,
  days: readonly TradingDay[],
  zone: string,
  ask: FetchAsk,
): Promise<IntradayBars[]> {
  const found = await Promise.all(
    days.map(async (day) => {
      const { data } = await market.minuteBars(instrument, day, ask);
      return intradayBarsFrom(data ?? [], instantAt(day, '09:30', zone), 1);
    }),
  );
  return found.flatMap((bars) => bars ?? []);
}

/**
 * Looks at the market once: everything is asked for at the same time, within the ask's deadline, and
 * what does not come is missing. The answer tells of that moment only. Throws StoreError.
 */
export async function gatherSight(
  market: CnMarketSource,
  morning: MorningCn,
  session: Session,
  what: SightAsk & { readonly earlier: EarlierBars; readonly earlierDays: readonly TradingDay[] },
): Promise<LiveSight> {
  const { ask, watched, earlier, earlierDays } = what;
  const names = [...new Set([...what.names, ...watched])];
  const bars = new Map<InstrumentId, IntradayBars | null>();
  const [gathered, quoted] = await Promise.all([
    market.look(morning, ask),
    names.length === 0 ? null : market.quotes(names, ask),
    ...watched.map(async (instrument) => {
      const { data } = await market.minuteBars(instrument, session.tradingDay, ask);
      bars.set(instrument, intradayBarsFrom(data ?? [], session.openAt, 1));
      if (!earlier.has(instrument))
        earlier.set(
          instrument,
          await earlierBarsOf(market, instrument, earlierDays, session.zone, ask),
        );
    }),
  ]);
  const inputs: MarketInputs = { ...gathered.inputs, notes: gathered.note };
  const quotes = new Map((quoted?.data ?? []).map((quote) => [quote.instrument, quote]));
  const origin = { source: quoted?.source ?? 'none', fetchedAt: quoted?.fetchedAt ?? 0 };
  const sight: PulseSight = {
    inputsAt: () => inputs,
    quoteAt: (instrument): Quote | null => {
      const quote = quotes.get(instrument);
      return quote === undefined ? null : bookQuoteFrom(quote);
    },
    heldPriceAt: (instrument): HeldPrice | null => {
      const row = rowOf(inputs, instrument);
      const isSuspended = row >= 0 && hasFlag(inputs.table, row, 'suspended');
      const quote = quotes.get(instrument);
      if (quote !== undefined) return heldPriceFrom(quote, isSuspended);
      const last = row < 0 ? Number.NaN : (inputs.snapshot?.last[row] ?? Number.NaN);
      return last > 0 ? { last, asOf: inputs.snapshot?.asOf ?? 0, isSuspended } : null;
    },
    buyPointLookAt: (instrument) =>
      lookOf(
        inputs,
        quotes.get(instrument),
        { today: bars.get(instrument) ?? null, earlier: earlier.get(instrument) ?? [] },
        instrument,
        origin,
      ),
    factsOf: (instrument) => factsOf(morning, inputs, quotes, instrument),
    learn: async (instruments) => {
      const unknown = instruments.filter((instrument) => !quotes.has(instrument));
      if (unknown.length === 0) return;
      const { data } = await market.quotes(unknown, ask);
      for (const quote of data ?? []) quotes.set(quote.instrument, quote);
    },
  };
  return { sight, note: [...gathered.note, ...(quoted?.note ?? [])] };
}

/** A sight without any look at the market: what the morning knew, for what is judged before the open. */
export function morningSight(morning: MorningCn): PulseSight {
  const { table, history, composite, csi300, margin, concentrations } = morning;
  const inputs: MarketInputs = {
    table,
    snapshot: null,
    history,
    composite,
    csi300,
    margin,
    concentrations,
  };
  const lastCloseOf = (row: number): number =>
    history === null || row < 0 ? Number.NaN : history.close[(row + 1) * history.days.length - 1]!;
  return {
    inputsAt: () => inputs,
    quoteAt: () => null,
    heldPriceAt: (instrument) => {
      const row = rowOf(inputs, instrument);
      const last = lastCloseOf(row);
      const isSuspended = row >= 0 && hasFlag(table, row, 'suspended');
      return last > 0 ? { last, asOf: morning.history?.fetchedAt ?? 0, isSuspended } : null;
    },
    buyPointLookAt: () => null,
    factsOf: (instrument) => {
      const row = rowOf(inputs, instrument);
      if (row < 0) return null;
      const known = instrumentDayFrom(table, row, morning.facts, null);
      const last = lastCloseOf(row);
      // the history lies on the basis of the day: its last close is the official previous close
      return { ...known, previousClose: known.previousClose ?? (last > 0 ? last : null) };
    },
  };
}
