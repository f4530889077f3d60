import { createAktools } from '#shell/feeds/cn/aktools.ts';
import { createEastmoney } from '#shell/feeds/cn/eastmoney.ts';
import type { FeedHttp } from '#shell/feeds/cn/http.ts';
import { createSina } from '#shell/feeds/cn/sina.ts';
import type { DataKindCn, SourceCn } from '#shell/feeds/cn/source.ts';
import { createTencent } from '#shell/feeds/cn/tencent.ts';
import { createTushare } from '#shell/feeds/cn/tushare.ts';
import { aktoolsReply } from './aktools.ts';
import { eastmoneyReply } from './eastmoney.ts';
import type { FakeReply, FakeRequest } from './server.ts';
import { sinaReply } from './sina.ts';
import { tencentReply } from './tencent.ts';
import { TUSHARE_TOKEN, tushareReply } from './tushare.ts';

/** A source with the fake that speaks for it. */
export type FeedUnderTest = {
  readonly name: string;
  readonly reply: (request: FakeRequest) => FakeReply;
  readonly make: (http: FeedHttp, url: string) => SourceCn;
  readonly kinds: readonly DataKindCn[];
  /** Fields of the truth that the source does not state. */
  readonly lacks: ReadonlySet<string>;
};

export const FEEDS: readonly FeedUnderTest[] = [
  {
    name: 'tencent',
    reply: tencentReply,
    make: (http, url) => createTencent(http, { quoteUrl: url, historyUrl: url, symbolsPerCall: 3 }),
    kinds: ['snapshot', 'quotes', 'daily_bars_of', 'index_daily'],
    lacks: new Set(['dailyAmount', 'dailyPreviousClose']),
  },
  {
    name: 'eastmoney',
    reply: eastmoneyReply,
    make: (http, url) =>
      createEastmoney(http, {
        listUrl: url,
        historyUrl: url,
        poolUrl: url,
        datacenterUrl: url,
      }),
    kinds: [
      'snapshot',
      'quotes',
      'limit_pool',
      'minute_bars',
      'daily_bars_on',
      'daily_bars_of',
      'index_daily',
      'margin',
      'sectors',
      'securities',
      'corporate_actions',
      'trading_days',
    ],
    lacks: new Set(['limitUp', 'limitDown', 'bidSize', 'askSize']),
  },
  {
    name: 'sina',
    reply: sinaReply,
    make: (http, url) =>
      createSina(http, {
        quoteUrl: url,
        referer: 'https://finance.sina.com.cn',
        symbolsPerCall: 3,
      }),
    kinds: ['snapshot', 'quotes'],
    lacks: new Set(['limitUp', 'limitDown']),
  },
  {
    name: 'tushare',
    reply: tushareReply,
    make: (http, url) => createTushare(http, { url, token: TUSHARE_TOKEN }),
    kinds: [
      'limit_pool',
      'daily_bars_on',
      'daily_bars_of',
      'index_daily',
      'margin',
      'sectors',
      'securities',
      'corporate_actions',
      'adjustments',
      'suspensions',
      'price_limits',
      'trading_days',
    ],
    lacks: new Set(),
  },
  {
    name: 'aktools',
    reply: aktoolsReply,
    make: (http, url) => createAktools(http, { url }),
    kinds: [
      'snapshot',
      'limit_pool',
      'minute_bars',
      'daily_bars_of',
      'index_daily',
      'margin',
      'sectors',
      'securities',
      'trading_days',
    ],
    lacks: new Set(['limitUp', 'limitDown', 'bid', 'ask', 'bidSize', 'askSize', 'at']),
  },
];
