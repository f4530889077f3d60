import { FeedError } from '#app/errors.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { MarketLookCn, QuoteCn } from '#core/market/quote-cn.ts';
import type {
  AdjustmentCn,
  CorporateActionCn,
  DailyBarCn,
  LimitPoolCn,
  MarginDayCn,
  MinuteBarCn,
  PoolKindCn,
  PriceLimitCn,
  SectorCn,
  SecurityCn,
  SuspensionCn,
} from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';

type OfDay = { readonly day: TradingDay };
type OfDays = { readonly from: TradingDay; readonly through: TradingDay };

/** Kinds of data by name: what is asked with and what comes back. */
export type KindsCn = {
  readonly snapshot: {
    readonly ask: { readonly universe: readonly InstrumentId[] };
    readonly data: MarketLookCn;
  };
  readonly quotes: {
    readonly ask: { readonly instruments: readonly InstrumentId[] };
    readonly data: readonly QuoteCn[];
  };
  readonly limit_pool: {
    readonly ask: OfDay & { readonly kind: PoolKindCn };
    readonly data: LimitPoolCn;
  };
  readonly minute_bars: {
    readonly ask: OfDay & { readonly instrument: InstrumentId };
    readonly data: readonly MinuteBarCn[];
  };
  readonly daily_bars_on: { readonly ask: OfDay; readonly data: readonly DailyBarCn[] };
  readonly daily_bars_of: {
    readonly ask: OfDays & { readonly instrument: InstrumentId };
    readonly data: readonly DailyBarCn[];
  };
  readonly index_daily: {
    readonly ask: OfDays & { readonly instrument: InstrumentId };
    readonly data: readonly DailyBarCn[];
  };
  readonly margin: { readonly ask: OfDay; readonly data: readonly MarginDayCn[] };
  readonly sectors: { readonly ask: object; readonly data: readonly SectorCn[] };
  readonly securities: { readonly ask: object; readonly data: readonly SecurityCn[] };
  readonly corporate_actions: { readonly ask: OfDay; readonly data: readonly CorporateActionCn[] };
  readonly adjustments: { readonly ask: OfDay; readonly data: readonly AdjustmentCn[] };
  readonly suspensions: { readonly ask: OfDay; readonly data: readonly SuspensionCn[] };
  readonly price_limits: { readonly ask: OfDay; readonly data: readonly PriceLimitCn[] };
  readonly trading_days: { readonly ask: OfDays; readonly data: readonly TradingDay[] };
};

export type DataKindCn = keyof KindsCn;

export const DATA_KINDS_CN = [
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
] as const satisfies readonly DataKindCn[];

/** What a source answers. Anomalies are rows it could not read; the rest is judged by the chain. */
export type SourceAnswer<T> = {
  readonly data: T;
  /** Instant the data is true for; null: the source stamps nothing and the arrival stands in. */
  readonly asOf: number | null;
  readonly anomalies: readonly Anomaly[];
  readonly note: readonly FetchNote[];
};

/** The circumstances of one call. */
export type SourceCall = {
  /** Aborted at the call's deadline and when its asker gives up. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Adds a remark to the answer: a raw answer that could not be kept. */
  readonly tell: (note: FetchNote) => void;
};

/**
 * One source. `offers` holds the kinds of data it has; each throws FeedError with one of the
 * codes of {@link FEED_CODES}.
 */
export type SourceCn = {
  readonly name: string;
  readonly offers: {
    readonly [K in DataKindCn]?: (
      ask: KindsCn[K]['ask'],
      call: SourceCall,
    ) => Promise<SourceAnswer<KindsCn[K]['data']>>;
  };
};

/** How a source can fail. */
export const FEED_CODES = {
  /** No answer in time, also while waiting for the source's own request budget. */
  timeout: 'timeout',
  network: 'network',
  httpStatus: 'http_status',
  /** Refused as such (403 and the like): a block, a missing header. */
  refused: 'refused',
  rateLimited: 'rate_limited',
  budgetUsed: 'budget_used',
  /** The account may not use this interface; asking again changes nothing. */
  rights: 'rights',
  token: 'token',
  /** HTML, half an answer, another encoding. */
  unreadable: 'unreadable',
  shapeChanged: 'shape_changed',
  noData: 'no_data',
  tooLarge: 'too_large',
  canceled: 'canceled',
} as const;

export type FeedCode = (typeof FEED_CODES)[keyof typeof FEED_CODES];

const REPEATABLE: ReadonlySet<FeedCode> = new Set(['timeout', 'network', 'http_status']);

/** A failure of a source: place, found, expected. `retryAfterMs` where the source says it. */
export function feedError(
  place: string,
  code: FeedCode,
  found: string,
  expected: string,
  context: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
): FeedError {
  const { cause, ...figures } = context;
  return new FeedError(`${place}: found ${found}, expected ${expected}`, {
    code,
    retryable: REPEATABLE.has(code),
    context: { place, ...figures },
    cause,
  });
}

/** An answer without remarks. */
export function answer<T>(
  data: T,
  asOf: number | null,
  anomalies: readonly Anomaly[] = [],
  note: readonly FetchNote[] = [],
): SourceAnswer<T> {
  return { data, asOf, anomalies, note };
}
