import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { FEED_CODES, feedError } from './source.ts';
import {
  at,
  dayOfText,
  listAt,
  numberOf,
  parseWire,
  priceOf,
  sharesOfHands,
  textOf,
} from './wire.ts';

/*
 * Eastmoney's lists (unofficial): rows of numbered fields, prices in yuan with fltt=2, volume in
 * hands, turnover in yuan, a dash for what is missing, stamps in seconds.
 */

export const EASTMONEY = 'eastmoney';
/** last, volume, turnover, code, market, name, high, low, open, previous close, listed on, bid, ask, industry, stamp */
export const LIST_FIELDS = 'f2,f5,f6,f12,f13,f14,f15,f16,f17,f18,f26,f31,f32,f100,f124';
const SECOND_MS = 1_000;

/** A row of a list: the quote with what else the list says of the share. */
export type ListedCn = {
  readonly quote: QuoteCn;
  readonly listedOn: TradingDay | null;
  readonly industry: string | null;
};

export type ListPage = {
  /** Rows of the whole list, as the source counts them. */
  readonly total: number;
  readonly rows: readonly ListedCn[];
  readonly anomalies: readonly Anomaly[];
};

/** `1.600519`, `0.000001`: Shanghai is 1, Shenzhen and Beijing are 0. */
export function secidOf(id: InstrumentId): string {
  return `${id.endsWith('.SH') ? 1 : 0}.${symbolOf(id)}`;
}

/** Id of a code with the source's market number; null for what is no share or index of here. */
function idOf(code: unknown, market: unknown): InstrumentId | null {
  const digits = typeof code === 'string' ? code : '';
  if (!/^\d{6}$/.test(digits)) return null;
  if (market === 1) return `${digits}.SH`;
  if (market !== 0) return null;
  const beijing: InstrumentId = `${digits}.BJ`;
  return boardOfCn(beijing) === null ? `${digits}.SZ` : beijing;
}

function listedOf(row: unknown): ListedCn | Anomaly {
  const instrument = idOf(at(row, 'f12'), at(row, 'f13'));
  if (instrument === null) {
    const found = `${String(at(row, 'f13'))}.${String(at(row, 'f12'))}`;
    return anomaly('not_a_symbol', EASTMONEY, found, 'a share or an index');
  }
  const name = textOf(at(row, 'f14'));
  const amount = numberOf(at(row, 'f6'));
  const [high, low] = [priceOf(at(row, 'f15')), priceOf(at(row, 'f16'))];
  const stamp = numberOf(at(row, 'f124'));
  const quote: QuoteCn = {
    instrument,
    name,
    last: priceOf(at(row, 'f2')),
    previousClose: priceOf(at(row, 'f18')),
    open: priceOf(at(row, 'f17')),
    high,
    low,
    volume: sharesOfHands(instrument, numberOf(at(row, 'f5')), { amount, high, low }),
    amount,
    limitUp: null,
    limitDown: null,
    bid: numberOf(at(row, 'f31')),
    ask: numberOf(at(row, 'f32')),
    bidSize: null,
    askSize: null,
    status: name === null ? null : shareStatusOf(name),
    at: stamp !== null && stamp > 0 ? stamp * SECOND_MS : null,
  };
  return { quote, listedOn: dayOfText(at(row, 'f26')), industry: textOf(at(row, 'f100')) };
}

/** Rows of `clist` or `ulist.np`. Data null: nobody. Throws FeedError for any other shape. */
export function decodeEastmoneyList(text: string, place: string): ListPage {
  const answered = parseWire(text, place);
  const data = at(answered, 'data');
  if (data === null) return { total: 0, rows: [], anomalies: [] };
  const total = numberOf(at(data, 'total'));
  if (total === null || !(total >= 0)) {
    throw feedError(place, FEED_CODES.shapeChanged, 'no total', 'data.total');
  }
  const rows: ListedCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of listAt(data, place, 'diff')) {
    if (at(row, 'f2') === undefined || at(row, 'f12') === undefined) {
      throw feedError(place, FEED_CODES.shapeChanged, 'a row without f2 or f12', LIST_FIELDS);
    }
    const found = listedOf(row);
    if ('code' in found) anomalies.push(found);
    else rows.push(found);
  }
  return { total, rows, anomalies };
}
