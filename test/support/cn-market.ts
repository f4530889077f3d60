import type { FetchResult, MarketDataCn, MarketStoreCn } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { at, CN_DAY } from './cn.ts';

/** A quote of a stock that trades, ten yuan the day before. */
export function quoteCn(instrument: InstrumentId, fields: Partial<QuoteCn> = {}): QuoteCn {
  return {
    instrument,
    name: '测试股份',
    last: 10.2,
    previousClose: 10,
    open: 10.1,
    high: 10.3,
    low: 10,
    volume: 100_000,
    amount: 1_015_000,
    limitUp: 11,
    limitDown: 9,
    bid: 10.19,
    ask: 10.2,
    bidSize: 1_000,
    askSize: 2_000,
    status: 'normal',
    at: at('10:00', CN_DAY),
    ...fields,
  };
}

/** An answer of a source with nothing to remark. */
export function fetched<T>(data: T | null, fields: Partial<FetchResult<T>> = {}): FetchResult<T> {
  const now = at('10:00:01', CN_DAY);
  return {
    data,
    source: data === null ? 'none' : 'test',
    fetchedAt: now,
    asOf: now,
    degraded: data === null,
    note: [],
    ...fields,
  };
}

/** Sources that have nothing but what is given. */
export function silentMarketData(has: Partial<MarketDataCn> = {}): MarketDataCn {
  const nothing = async () => fetched<never>(null);
  return {
    snapshot: nothing,
    quotes: nothing,
    limitPool: nothing,
    minuteBars: nothing,
    dailyBarsOn: nothing,
    dailyBarsOf: nothing,
    indexDaily: nothing,
    margin: nothing,
    sectors: nothing,
    securities: nothing,
    corporateActions: nothing,
    adjustments: nothing,
    suspensions: nothing,
    priceLimits: nothing,
    tradingDays: nothing,
    ...has,
  };
}

const NOTHING_SAVED = { inserted: 0, known: 0, differing: 0 };

/** A store in which nothing is but what is given; what is not given must not be asked for. */
export function emptyMarketStore(has: Partial<MarketStoreCn> = {}): MarketStoreCn {
  const refuse = (name: string) => async (): Promise<never> => {
    throw new Error(`the test store was asked for ${name}`);
  };
  return {
    saveDaily: refuse('saveDaily'),
    refuseDaily: refuse('refuseDaily'),
    loadDaily: refuse('loadDaily'),
    loadIntraday: refuse('loadIntraday'),
    saveMargin: refuse('saveMargin'),
    margin: async () => [],
    saveSectors: refuse('saveSectors'),
    sectors: async () => null,
    savePool: refuse('savePool'),
    pool: async () => null,
    saveSecurities: refuse('saveSecurities'),
    securities: async () => null,
    saveCorporateActions: refuse('saveCorporateActions'),
    corporateActions: async () => [],
    saveFigures: async () => NOTHING_SAVED,
    figures: async () => [],
    quarantine: async () => undefined,
    quarantined: async () => [],
    stored: async () => [],
    sourceHealth: async () => [],
    ...has,
  };
}
