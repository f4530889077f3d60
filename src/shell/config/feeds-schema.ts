import { z } from 'zod';
import { count, fraction, listOf, minutes, name, oneOf, seconds, section, text } from './fields.ts';

/*
 * Shape of config/feeds.yaml: which sources of Chinese market data are asked in which order, how often
 * and how long. The token of Tushare stays in the environment.
 */

export const FEED_SOURCES = [
  'tencent',
  'eastmoney',
  'sina',
  'tushare',
  'aktools',
  'manual',
  'on_file',
] as const;

const KINDS = [
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
  'adjustments',
  'suspensions',
  'price_limits',
  'trading_days',
] as const;

const address = text(
  'an address that starts with http:// or https:// and ends without a slash',
  /^https?:\/\/[^\s/]+[^\s]*[^\s/]$/,
);
/** AKTools builds calls from its query: it must not be reachable by others. */
const ownAddress = text(
  'an address of this machine, as http://127.0.0.1:8080',
  /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/,
);

const budget = { perMinute: count(6_000), atOnce: count(64) };

const asked = {
  attemptSeconds: seconds(180, 0.5),
  ...budget,
  perDay: count(1_000_000).nullable(),
  endpoints: z.record(z.string(), section(budget), { error: 'budgets by the name of an endpoint' }),
};

const symbolsPerCall = count(800);
/** The store refuses to take out younger ones. */
const rawDays = count(3_650, 7);
const money = oneOf(['yuan', 'thousand', 'wan', 'yi']);
const order = listOf(oneOf(FEED_SOURCES), `a list of ${FEED_SOURCES.join(', ')}`, 0);

const orders = Object.fromEntries(KINDS.map((kind) => [kind, order])) as {
  readonly [K in (typeof KINDS)[number]]: typeof order;
};

/** config/feeds.yaml */
export const feedsFile = section({
  use: name('a profile of feeds'),
  budgetSeconds: seconds(60),
  freshSeconds: seconds(600, 5),
  breaker: section({
    failures: count(20),
    openSeconds: seconds(3_600),
    maxOpenSeconds: seconds(14_400),
    trialSeconds: seconds(300),
  }),
  crossCheck: section({
    against: order,
    names: count(200, 0),
    toleranceRatio: fraction(0.05),
    tickYuan: fraction(1),
    disagreeRatio: fraction(1),
  }),
  calendar: section({
    maxAgeDays: count(400),
    whenUnknown: oneOf(['closed', 'open']),
    openDays: count(30),
  }),
  rawKeepDays: rawDays.nullable(),
  look: section({ staleSeconds: seconds(600, 10), suspendedAfterMinutes: minutes(60, 1) }),
  sources: section({
    tencent: section({ ...asked, quoteUrl: address, historyUrl: address, symbolsPerCall }),
    eastmoney: section({
      ...asked,
      listUrl: address,
      historyUrl: address,
      poolUrl: address,
      datacenterUrl: address,
    }),
    sina: section({ ...asked, quoteUrl: address, referer: address, symbolsPerCall }),
    tushare: section({ ...asked, url: address }),
    aktools: section({ ...asked, url: ownAddress }),
    manual: section({
      attemptSeconds: asked.attemptSeconds,
      volume: oneOf(['shares', 'lots']),
      amount: money,
      margin: money,
    }),
    on_file: section({ attemptSeconds: asked.attemptSeconds }),
  }),
  profiles: z.record(
    name('a profile of feeds'),
    section({
      description: z.string({ error: 'a sentence' }),
      /** What a user of it does without, shown by doctor and `data check`. */
      lacks: z.array(z.string({ error: 'a sentence' }), { error: 'a list of sentences' }),
      order: section(orders),
    }),
    { error: 'profiles by name' },
  ),
});

export type FeedsFile = z.infer<typeof feedsFile>;
export type FeedSourceName = (typeof FEED_SOURCES)[number];
