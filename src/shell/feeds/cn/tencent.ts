import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { fetchNote } from '#core/quality/note.ts';
import { closeOf } from './daily-rows.ts';
import type { FeedHttp } from './http.ts';
import type { DecodedQuotes } from './quote-rows.ts';
import { gatherQuotes, lookOfQuotes, piecesOf } from './quote-rows.ts';
import type { KindsCn, SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import {
  at,
  dayOfText,
  HAND,
  instantOfText,
  listAt,
  numberOf,
  parseWire,
  priceOf,
  sharesOfHands,
  shownText,
  textOf,
  timesOf,
  WAN,
} from './wire.ts';

/*
 * Tencent's quotes (unofficial): GBK, one line a symbol, fields between tildes. Volume in hands,
 * turnover in 万 yuan, stamps in Shanghai time. Source of the places: the vendor's own pages as read
 * by public clients, checked against a recorded answer of 2026-04-02.
 */

export type TencentSettings = {
  readonly quoteUrl: string;
  readonly historyUrl: string;
  /** Symbols in one request. */
  readonly symbolsPerCall: number;
};

const NAME = 'tencent';
const LINE = /v_([a-z]{2}\w+)="([^"]*)"/g;
/** Up to the lower limit price. */
const LEAST_FIELDS = 49;
/** Days the history gives at once. */
const LONGEST = 640;

/** Sizes and prices of one side that is empty are 0; a source that shows no book at all says nothing. */
function side(price: unknown, size: unknown) {
  const found = numberOf(price);
  return { price: found, size: found === null ? null : timesOf(size, HAND) };
}

function quoteOf(symbol: string, text: string, place: string): QuoteCn | null {
  const fields = text.split('~');
  if (fields.length < LEAST_FIELDS) {
    const found = `${fields.length} fields of ${symbol}`;
    throw feedError(place, FEED_CODES.shapeChanged, found, `at least ${LEAST_FIELDS}`);
  }
  const instrument = instrumentOfSymbolCn(symbol);
  if (instrument === null) return null;
  const name = textOf(fields[1]);
  const [high, low] = [priceOf(fields[33]), priceOf(fields[34])];
  // price/volume/turnover: the only place with the turnover to the yuan
  const exact = numberOf(fields[35]?.split('/')[2]);
  const amount = exact ?? timesOf(fields[37], WAN);
  const stamp = fields[30] ?? '';
  const day = dayOfText(stamp);
  const [bid, ask] = [side(fields[9], fields[10]), side(fields[19], fields[20])];
  const limit = (field: string | undefined): number | null => {
    const price = numberOf(field);
    return price !== null && price > 0 ? price : null;
  };
  return {
    instrument,
    name,
    last: priceOf(fields[3]),
    previousClose: priceOf(fields[4]),
    open: priceOf(fields[5]),
    high,
    low,
    volume: sharesOfHands(instrument, numberOf(fields[6]), { amount, high, low }),
    amount,
    limitUp: limit(fields[47]),
    limitDown: limit(fields[48]),
    bid: bid.price,
    ask: ask.price,
    bidSize: bid.size,
    askSize: ask.size,
    status: name === null ? null : shareStatusOf(name),
    at: day === null ? null : instantOfText(day, stamp.slice(8)),
  };
}

/**
 * Quotes of an answer. Symbols the vendor does not know are absent (`v_pv_none_match`). An answer cut
 * short loses its last symbol; one without a single line is `unreadable`.
 */
export function decodeTencentQuotes(text: string): DecodedQuotes {
  const place = `${NAME} quotes`;
  const quotes: QuoteCn[] = [];
  const anomalies: Anomaly[] = [];
  let lines = 0;
  for (const [, symbol = '', body = ''] of text.matchAll(LINE)) {
    lines += 1;
    if (symbol === 'pv_none_match' || body === '') continue;
    const quote = quoteOf(symbol, body, place);
    if (quote !== null) quotes.push(quote);
    else anomalies.push(anomaly('not_a_symbol', NAME, symbol, 'a share or an index'));
  }
  const isNoneKnown = /v_pv_none_match="\d"/.test(text);
  if (lines === 0 && !isNoneKnown) {
    throw feedError(place, FEED_CODES.unreadable, shownText(text), 'v_sh600519="…";');
  }
  return { quotes, anomalies };
}

/** Rows `[day, open, close, high, low, hands, …]`: the close stands before the high. */
export function decodeTencentDaily(
  text: string,
  instrument: InstrumentId,
): { readonly bars: readonly DailyBarCn[]; readonly anomalies: readonly Anomaly[] } {
  const place = `${NAME} history`;
  const symbol = prefixedSymbolCn(instrument);
  const answered = parseWire(text, place);
  const code = at(answered, 'code');
  if (code !== 0) {
    throw feedError(place, FEED_CODES.httpStatus, `code ${String(code)}`, 'code 0');
  }
  const bars: DailyBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of listAt(answered, place, 'data', symbol, 'day')) {
    if (!Array.isArray(row)) throw feedError(place, FEED_CODES.shapeChanged, 'no row', 'a list');
    const [dayText, open, close, high, low, hands] = row as unknown[];
    const bar = closeOf(NAME, instrument, {
      day: dayOfText(dayText),
      open: numberOf(open),
      close: numberOf(close),
      high: numberOf(high),
      low: numberOf(low),
      volume: timesOf(hands, HAND),
      amount: null,
      previousClose: null,
    });
    if ('code' in bar) anomalies.push(bar);
    else bars.push(bar);
  }
  return { bars, anomalies };
}

/** Tencent: quotes of everything, daily bars and indexes without turnover. */
export function createTencent(http: FeedHttp, settings: TencentSettings): SourceCn {
  const ask = async (piece: readonly InstrumentId[], call: SourceCall): Promise<DecodedQuotes> => {
    const symbols = piece.map(prefixedSymbolCn).join(',');
    const url = `${settings.quoteUrl}/q=${symbols}`;
    const text = await http.text({ endpoint: 'quotes', url, encoding: 'gb18030' }, call);
    return decodeTencentQuotes(text);
  };
  const quotes = (instruments: readonly InstrumentId[], call: SourceCall) =>
    gatherQuotes(NAME, piecesOf(instruments, settings.symbolsPerCall), (piece) => ask(piece, call));
  const daily = async (
    { instrument, from, through }: KindsCn['daily_bars_of']['ask'],
    call: SourceCall,
  ): Promise<SourceAnswer<readonly DailyBarCn[]>> => {
    const symbol = prefixedSymbolCn(instrument);
    const url = `${settings.historyUrl}/appstock/app/fqkline/get?param=${symbol},day,${from},${through},${LONGEST},`;
    const text = await http.text({ endpoint: 'history', url }, call);
    const { bars, anomalies } = decodeTencentDaily(text, instrument);
    const kept = bars.filter(({ day }) => day >= from && day <= through);
    const fields = fetchNote('fields_missing', NAME, { fields: 'amount,previous_close' });
    return answer(kept, null, anomalies, [fields]);
  };
  return {
    name: NAME,
    offers: {
      quotes: ({ instruments }, call) => quotes(instruments, call),
      snapshot: async ({ universe }, call) =>
        lookOfQuotes(NAME, await quotes(universe, call), call),
      daily_bars_of: daily,
      index_daily: daily,
    },
  };
}
