import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn, SecurityCn } from '#core/market/records-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { fetchNote } from '#core/quality/note.ts';
import { barsOfQuotes, sectorsOfIndustries } from './derived-rows.ts';
import { decodeEastmoneyActions, decodeEastmoneyMargin, REPORTS } from './eastmoney-datacenter.ts';
import { decodeEastmoneyDaily, decodeEastmoneyMinutes } from './eastmoney-history.ts';
import { createEastmoneyLists, missingOf } from './eastmoney-lists.ts';
import { decodeEastmoneyPool, POOL_ENDPOINTS } from './eastmoney-pools.ts';
import { EASTMONEY, secidOf } from './eastmoney-quotes.ts';
import type { FeedHttp } from './http.ts';
import { lookOfQuotes } from './quote-rows.ts';
import type { KindsCn, SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import { eightOf, ZONE } from './wire.ts';

export type EastmoneySettings = {
  readonly listUrl: string;
  readonly historyUrl: string;
  readonly poolUrl: string;
  readonly datacenterUrl: string;
};

type Offers = SourceCn['offers'];

/** The page's own constant; it is the same for everybody. */
const POOL_TOKEN = '7eea3edcaed734bea9cbfc24409ed989';
const COMPOSITE: InstrumentId = '000001.SH';

/** What comes out of the lists: quotes, the day's bars once they are final, names, industries. */
function listOffers(http: FeedHttp, listUrl: string): Offers {
  const { whole, quotes } = createEastmoneyLists(http, listUrl);
  return {
    quotes: ({ instruments }, call) => quotes(instruments, call),
    snapshot: async (_ask, call) => {
      const found = await whole(call);
      const list = found.rows.map(({ quote }) => quote);
      const stamps = list.flatMap(({ at }) => (at === null ? [] : [at]));
      const asOf = stamps.length === 0 ? null : stamps.reduce((a, b) => Math.min(a, b));
      const given = answer(list, asOf, found.anomalies, missingOf(found));
      return lookOfQuotes(EASTMONEY, given, call);
    },
    daily_bars_on: async ({ day }, call) => {
      const found = await whole(call);
      const list = found.rows.map(({ quote }) => quote);
      const { bars, anomalies } = barsOfQuotes(EASTMONEY, list, day, call.now());
      return answer(bars, null, [...found.anomalies, ...anomalies], missingOf(found));
    },
    securities: async (_ask, call) => {
      const found = await whole(call);
      const list = found.rows.map(
        ({ quote, listedOn }): SecurityCn => ({
          instrument: quote.instrument,
          name: quote.name ?? quote.instrument,
          listedOn,
          delistedOn: null,
        }),
      );
      return answer(list, null, found.anomalies, missingOf(found));
    },
    sectors: async (_ask, call) => {
      const found = await whole(call);
      const list = sectorsOfIndustries(
        found.rows.map(({ quote, industry }) => ({ instrument: quote.instrument, industry })),
      );
      if (list.length === 0) {
        throw feedError(`${EASTMONEY} clist`, FEED_CODES.shapeChanged, 'no industries', 'f100');
      }
      return answer(list, null, found.anomalies, missingOf(found));
    },
  };
}

/** Bars of one name, and the days the index traded on. */
function historyOffers(http: FeedHttp, historyUrl: string): Offers {
  const klines = (
    instrument: InstrumentId,
    days: { readonly from: TradingDay; readonly through: TradingDay },
    klt: 1 | 101,
    call: SourceCall,
  ): Promise<string> => {
    const url = `${historyUrl}/api/qt/stock/kline/get?secid=${secidOf(instrument)}&klt=${klt}&fqt=0&beg=${eightOf(days.from)}&end=${eightOf(days.through)}&lmt=10000&fields1=f1,f2,f3,f4,f5,f6&fields2=f51,f52,f53,f54,f55,f56,f57,f58,f59,f60,f61`;
    return http.text({ endpoint: 'kline', url }, call);
  };
  const daily = async (
    ask: KindsCn['daily_bars_of']['ask'],
    call: SourceCall,
  ): Promise<SourceAnswer<readonly DailyBarCn[]>> => {
    const text = await klines(ask.instrument, ask, 101, call);
    const { bars, anomalies } = decodeEastmoneyDaily(text, ask.instrument);
    const kept = bars.filter(({ day }) => day >= ask.from && day <= ask.through);
    return answer(kept, null, anomalies);
  };
  return {
    daily_bars_of: daily,
    index_daily: daily,
    minute_bars: async ({ instrument, day }, call) => {
      const text = await klines(instrument, { from: day, through: day }, 1, call);
      const found = decodeEastmoneyMinutes(text, instrument, day, call.now());
      return answer(found.bars, found.bars.at(-1)?.closedAt ?? null, found.anomalies);
    },
    trading_days: async (ask, call) => {
      const { day: today } = wallTimeOf(call.now(), ZONE);
      const isPast = ask.through <= today;
      const through = isPast ? ask.through : today;
      const text = await klines(COMPOSITE, { from: ask.from, through }, 101, call);
      const { bars, anomalies } = decodeEastmoneyDaily(text, COMPOSITE);
      const days = bars.map(({ day }) => day);
      const future = { cause: 'future_days', from: today };
      const note = isPast ? [] : [fetchNote('rows_missing', EASTMONEY, future)];
      return answer(days, null, anomalies, note);
    },
  };
}

/** Pools of the day, margin trading and ex-dates. */
function reportOffers(http: FeedHttp, poolUrl: string, datacenterUrl: string): Offers {
  const report = (name: string, filter: string, call: SourceCall): Promise<string> => {
    const url = `${datacenterUrl}/api/data/v1/get?reportName=${name}&columns=ALL&source=WEB&client=WEB&pageNumber=1&pageSize=500&filter=${encodeURIComponent(filter)}`;
    return http.text({ endpoint: 'datacenter', url }, call);
  };
  return {
    limit_pool: async ({ kind, day }, call) => {
      const endpoint = POOL_ENDPOINTS[kind];
      const url = `${poolUrl}/${endpoint}?ut=${POOL_TOKEN}&dpt=wz.ztzt&Pageindex=0&pagesize=10000&sort=fbt:asc&date=${eightOf(day)}`;
      const text = await http.text({ endpoint: 'pool', url }, call);
      const { pool, anomalies, note } = decodeEastmoneyPool(text, kind, day);
      return answer(pool, null, anomalies, note);
    },
    margin: async ({ day }, call) => {
      const text = await report(REPORTS.margin, `(DIM_DATE='${day}')`, call);
      return answer(decodeEastmoneyMargin(text, day), null);
    },
    corporate_actions: async ({ day }, call) => {
      const text = await report(REPORTS.actions, `(EX_DIVIDEND_DATE='${day}')`, call);
      const { actions, anomalies } = decodeEastmoneyActions(text, day);
      return answer(actions, null, anomalies);
    },
  };
}

/** Eastmoney: quotes of everything, histories, pools, industries, margin and ex-dates. */
export function createEastmoney(http: FeedHttp, settings: EastmoneySettings): SourceCn {
  const { listUrl, historyUrl, poolUrl, datacenterUrl } = settings;
  return {
    name: EASTMONEY,
    offers: {
      ...listOffers(http, listUrl),
      ...historyOffers(http, historyUrl),
      ...reportOffers(http, poolUrl, datacenterUrl),
    },
  };
}
