import type { LimitPoolCn, PoolKindCn, PoolRowCn } from '#core/market/records-cn.ts';
import { shareOfCodeCn } from '#core/market/symbol-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import { EASTMONEY } from './eastmoney-quotes.ts';
import { FEED_CODES, feedError } from './source.ts';
import { at, dayOfText, instantOfText, listAt, numberOf, parseWire, textOf } from './wire.ts';

/** Prices of pools are thousandths of a yuan, those of quotes are not. */
const POOL_SCALE = 1000;
/** A change of no more than this is no price but a pool of another day. */
const GONE_PERCENT = -99;

/** Names of the pools at the source. */
export const POOL_ENDPOINTS: Readonly<Record<PoolKindCn, string>> = {
  limit_up: 'getTopicZTPool',
  limit_down: 'getTopicDTPool',
  broken: 'getTopicZBPool',
};

function timeOf(day: TradingDay, value: unknown): number | null {
  const number = numberOf(value);
  return number === null ? null : instantOfText(day, String(number).padStart(6, '0'));
}

function rowOf(row: unknown, day: TradingDay): PoolRowCn | Anomaly {
  const code = String(at(row, 'c') ?? '');
  const instrument = shareOfCodeCn(code);
  if (instrument === null) return anomaly('not_a_symbol', EASTMONEY, code, 'a share', { day });
  const place = { instrument, day };
  const price = numberOf(at(row, 'p'));
  const change = numberOf(at(row, 'zdp'));
  if (price === 0 || (change !== null && change <= GONE_PERCENT)) {
    const found = `price ${price ?? 'none'}, change ${change ?? 'none'} %`;
    return anomaly('minus_100_percent', EASTMONEY, found, 'a price', place);
  }
  if (price !== null && !(price > 0)) {
    return anomaly('not_a_number', EASTMONEY, String(at(row, 'p')), 'a price', place);
  }
  return {
    instrument,
    name: textOf(at(row, 'n')),
    price: price === null ? null : price / POOL_SCALE,
    amount: numberOf(at(row, 'amount')),
    firstSealedAt: timeOf(day, at(row, 'fbt')),
    lastSealedAt: timeOf(day, at(row, 'lbt')),
    openCount: numberOf(at(row, 'zbc') ?? at(row, 'oc')),
    boardsInRow: numberOf(at(row, 'lbc') ?? at(row, 'days')),
    sealedAmount: numberOf(at(row, 'fund')),
    sector: textOf(at(row, 'hybk')),
  };
}

/**
 * A pool. `qdate` is the day the answer itself names; data null is a closed or future day. Rows the
 * source counts and did not send are noted.
 */
export function decodeEastmoneyPool(
  text: string,
  kind: PoolKindCn,
  day: TradingDay,
): {
  readonly pool: LimitPoolCn;
  readonly anomalies: readonly Anomaly[];
  readonly note: readonly FetchNote[];
} {
  const place = `${EASTMONEY} ${POOL_ENDPOINTS[kind]}`;
  const answered = parseWire(text, place);
  const data = at(answered, 'data');
  if (data === null) throw feedError(place, FEED_CODES.noData, 'nothing', `a pool of ${day}`);
  const rows: PoolRowCn[] = [];
  const anomalies: Anomaly[] = [];
  const list = listAt(data, place, 'pool');
  for (const row of list) {
    const found = rowOf(row, day);
    if ('code' in found) anomalies.push(found);
    else rows.push(found);
  }
  const total = numberOf(at(data, 'tc')) ?? list.length;
  const missing = total - list.length;
  const note =
    missing > 0 ? [fetchNote('rows_missing', EASTMONEY, { rows: missing, of: total })] : [];
  const statedDay = dayOfText(at(data, 'qdate'));
  return { pool: { kind, day, statedDay, rows }, anomalies, note };
}
