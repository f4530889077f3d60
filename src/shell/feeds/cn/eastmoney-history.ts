import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn, MinuteBarCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { closeOf, minuteFault } from './daily-rows.ts';
import { EASTMONEY } from './eastmoney-quotes.ts';
import { FEED_CODES, feedError } from './source.ts';
import {
  at,
  dayOfText,
  instantOfText,
  listAt,
  numberOf,
  parseWire,
  sharesOfHands,
} from './wire.ts';

const MINUTE_MS = 60_000;
const DAILY_COLUMNS = 11;
const MINUTE_COLUMNS = 7;

/** Rows of a k-line answer, each split at its commas. Throws `no_data` when the source has none. */
function linesOf(text: string, place: string, least: number): string[][] {
  const answered = parseWire(text, place);
  const data = at(answered, 'data');
  if (data === null) throw feedError(place, FEED_CODES.noData, 'nothing', 'bars');
  return listAt(data, place, 'klines').map((line) => {
    const cells = String(line).split(',');
    if (cells.length < least) {
      const found = `${cells.length} columns`;
      throw feedError(place, FEED_CODES.shapeChanged, found, `${least} of them`);
    }
    return cells;
  });
}

/** A price less its change, on the grid of prices. */
function before(close: number | null, change: number | null): number | null {
  return close === null || change === null ? null : Math.round((close - change) * 1000) / 1000;
}

export type DecodedBars<T> = {
  readonly bars: readonly T[];
  readonly anomalies: readonly Anomaly[];
};

/** Daily rows: date, open, close, high, low, hands, yuan, amplitude, %, change, turnover rate. */
export function decodeEastmoneyDaily(
  text: string,
  instrument: InstrumentId,
): DecodedBars<DailyBarCn> {
  const place = `${EASTMONEY} kline`;
  const bars: DailyBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const cells of linesOf(text, place, DAILY_COLUMNS)) {
    const [open, close, high, low, hands, amount] = cells.slice(1, 7).map(numberOf);
    const range = { amount: amount ?? null, high: high ?? null, low: low ?? null };
    const volume = sharesOfHands(instrument, hands ?? null, range);
    const bar = closeOf(EASTMONEY, instrument, {
      day: dayOfText(cells[0]),
      open: open ?? null,
      close: close ?? null,
      high: high ?? null,
      low: low ?? null,
      volume,
      amount: amount ?? null,
      previousClose: before(close ?? null, numberOf(cells[9])),
    });
    if ('code' in bar) anomalies.push(bar);
    else bars.push(bar);
  }
  return { bars, anomalies };
}

/** Minute rows: `2026-11-20 09:31` (the end of the bar), open, close, high, low, hands, yuan. */
export function decodeEastmoneyMinutes(
  text: string,
  instrument: InstrumentId,
  day: TradingDay,
  now: number,
): DecodedBars<MinuteBarCn> {
  const place = `${EASTMONEY} kline`;
  const bars: MinuteBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const cells of linesOf(text, place, MINUTE_COLUMNS)) {
    const [stamp = ''] = cells;
    if (dayOfText(stamp) !== day) {
      anomalies.push(anomaly('wrong_day', EASTMONEY, stamp, day, { instrument, day }));
      continue;
    }
    const closedAt = instantOfText(day, stamp.slice(11));
    if (closedAt === null) {
      anomalies.push(anomaly('not_a_day', EASTMONEY, stamp, 'a time', { instrument, day }));
      continue;
    }
    // the bar in progress
    if (closedAt > now) continue;
    const [open, close, high, low, hands, amount] = cells.slice(1, 7).map(numberOf);
    const range = { amount: amount ?? null, high: high ?? null, low: low ?? null };
    const bar: MinuteBarCn = {
      instrument,
      openedAt: closedAt - MINUTE_MS,
      closedAt,
      open: open ?? Number.NaN,
      high: high ?? Number.NaN,
      low: low ?? Number.NaN,
      close: close ?? Number.NaN,
      volume: sharesOfHands(instrument, hands ?? null, range) ?? Number.NaN,
      amount: amount ?? null,
    };
    const fault = minuteFault(EASTMONEY, bar);
    if (fault === null) bars.push(bar);
    else anomalies.push(fault);
  }
  return { bars, anomalies };
}
