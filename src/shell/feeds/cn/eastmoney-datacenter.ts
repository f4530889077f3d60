import type { CorporateActionCn, MarginDayCn } from '#core/market/records-cn.ts';
import { shareOfCodeCn } from '#core/market/symbol-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { EASTMONEY } from './eastmoney-quotes.ts';
import { FEED_CODES, feedError } from './source.ts';
import { at, dayOfText, listAt, numberOf, parseWire } from './wire.ts';

/*
 * Reports of Eastmoney's data centre: margin trading by exchange in yuan, and ex-dates with terms per
 * ten shares.
 */

export const REPORTS = { margin: 'RPTA_WEB_RZRQ_LSSH', actions: 'RPT_SHAREBONUS_DET' } as const;
/** The source's word for "no rows". */
const NO_ROWS = 9201;
const TEN_SHARES = 10;

const EXCHANGE_OF: Readonly<Record<string, MarginDayCn['exchange']>> = {
  '007': 'SSE',
  '001': 'SZSE',
  '002': 'BSE',
};

/** Rows of a report; none when the source says there are none. */
function rowsOf(text: string, place: string): unknown[] {
  const answered = parseWire(text, place);
  if (at(answered, 'code') === NO_ROWS) return [];
  if (at(answered, 'success') !== true) {
    const found = String(at(answered, 'message') ?? 'no success').slice(0, 60);
    throw feedError(place, FEED_CODES.shapeChanged, found, 'a report');
  }
  return listAt(answered, place, 'result', 'data');
}

/** Margin rows of one day. Throws `no_data` when it is not published yet. */
export function decodeEastmoneyMargin(text: string, day: TradingDay): readonly MarginDayCn[] {
  const place = `${EASTMONEY} margin`;
  const rows = rowsOf(text, place);
  if (rows.length === 0) {
    throw feedError(place, FEED_CODES.noData, 'no rows', `margin of ${day}, the next morning`);
  }
  return rows.flatMap((row): MarginDayCn[] => {
    if (at(row, 'RZYE') === undefined || at(row, 'SCDM') === undefined) {
      throw feedError(place, FEED_CODES.shapeChanged, 'a row without RZYE or SCDM', 'both');
    }
    const exchange = EXCHANGE_OF[String(at(row, 'SCDM'))];
    const stated = dayOfText(at(row, 'DIM_DATE'));
    if (exchange === undefined || stated === null || stated !== day) return [];
    return [
      {
        exchange,
        day: stated,
        balance: numberOf(at(row, 'RZYE')),
        bought: numberOf(at(row, 'RZMRE')),
        repaid: numberOf(at(row, 'RZCHE')),
        lent: numberOf(at(row, 'RQYE')),
      },
    ];
  });
}

/** Ex-dates of one day; an empty list says nobody. */
export function decodeEastmoneyActions(
  text: string,
  day: TradingDay,
): { readonly actions: readonly CorporateActionCn[]; readonly anomalies: readonly Anomaly[] } {
  const place = `${EASTMONEY} actions`;
  const actions: CorporateActionCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of rowsOf(text, place)) {
    const code = at(row, 'SECURITY_CODE');
    if (code === undefined || at(row, 'EX_DIVIDEND_DATE') === undefined) {
      throw feedError(place, FEED_CODES.shapeChanged, 'a row without code or date', 'both');
    }
    const instrument = shareOfCodeCn(String(code));
    const exDate = dayOfText(at(row, 'EX_DIVIDEND_DATE'));
    if (instrument === null || exDate !== day) continue;
    const cash = numberOf(at(row, 'PRETAX_BONUS_RMB')) ?? 0;
    const shares = numberOf(at(row, 'BONUS_IT_RATIO')) ?? 0;
    if (!(cash >= 0 && shares >= 0) || cash + shares === 0) {
      const found = `cash ${cash}, shares ${shares} per ten`;
      anomalies.push(anomaly('not_a_number', EASTMONEY, found, 'terms', { instrument, day }));
      continue;
    }
    actions.push({
      instrument,
      exDate: day,
      recordDate: dayOfText(at(row, 'EQUITY_RECORD_DATE')),
      cashPerShare: cash / TEN_SHARES,
      newSharesPerShare: shares / TEN_SHARES,
    });
  }
  return { actions, anomalies };
}
