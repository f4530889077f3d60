import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import type { FeedHttp } from './http.ts';
import type { DecodedQuotes } from './quote-rows.ts';
import { gatherQuotes, lookOfQuotes, piecesOf } from './quote-rows.ts';
import type { SourceCall, SourceCn } from './source.ts';
import { FEED_CODES, feedError } from './source.ts';
import { dayOfText, instantOfText, numberOf, priceOf, shownText, textOf } from './wire.ts';

/*
 * Sina's quotes (unofficial): GB18030, one line a symbol, fields between commas. Volume of shares in
 * shares, turnover in yuan, the open before the previous close, a level's size before its price.
 */

export type SinaSettings = {
  readonly quoteUrl: string;
  /** Without it the source answers 403. */
  readonly referer: string;
  readonly symbolsPerCall: number;
};

const NAME = 'sina';
const LINE = /var hq_str_([a-z]{2}\w+)="([^"]*)"/g;
const LEAST_FIELDS = 32;

function quoteOf(instrument: InstrumentId, text: string, place: string): QuoteCn {
  const fields = text.split(',');
  if (fields.length < LEAST_FIELDS) {
    const found = `${fields.length} fields of ${instrument}`;
    throw feedError(place, FEED_CODES.shapeChanged, found, `at least ${LEAST_FIELDS}`);
  }
  const name = textOf(fields[0]);
  const day = dayOfText(fields[30]);
  // what the volume of an index is counted in is not known
  const isIndex = boardOfCn(instrument) === null;
  const book = (field: number): number | null => (isIndex ? null : numberOf(fields[field]));
  return {
    instrument,
    name,
    last: priceOf(fields[3]),
    previousClose: priceOf(fields[2]),
    open: priceOf(fields[1]),
    high: priceOf(fields[4]),
    low: priceOf(fields[5]),
    volume: isIndex ? null : numberOf(fields[8]),
    amount: numberOf(fields[9]),
    limitUp: null,
    limitDown: null,
    bid: book(6),
    ask: book(7),
    bidSize: book(10),
    askSize: book(20),
    status: name === null ? null : shareStatusOf(name),
    at: day === null ? null : instantOfText(day, fields[31] ?? ''),
  };
}

/** Quotes of an answer. An empty line is a symbol nobody knows, or one that was delisted: absent. */
export function decodeSinaQuotes(text: string): DecodedQuotes {
  const place = `${NAME} quotes`;
  const quotes: QuoteCn[] = [];
  const anomalies: Anomaly[] = [];
  let lines = 0;
  for (const [, symbol = '', body = ''] of text.matchAll(LINE)) {
    lines += 1;
    if (body === '') continue;
    const instrument = instrumentOfSymbolCn(symbol);
    if (instrument === null) {
      anomalies.push(anomaly('not_a_symbol', NAME, symbol, 'a share or an index'));
    } else quotes.push(quoteOf(instrument, body, place));
  }
  if (lines === 0) {
    throw feedError(place, FEED_CODES.unreadable, shownText(text), 'var hq_str_sh600519="…";');
  }
  return { quotes, anomalies };
}

/** Sina: quotes of everything, without limit prices. */
export function createSina(http: FeedHttp, settings: SinaSettings): SourceCn {
  const ask = async (piece: readonly InstrumentId[], call: SourceCall): Promise<DecodedQuotes> => {
    const url = `${settings.quoteUrl}/list=${piece.map(prefixedSymbolCn).join(',')}`;
    const headers = { referer: settings.referer };
    const text = await http.text({ endpoint: 'quotes', url, headers, encoding: 'gb18030' }, call);
    return decodeSinaQuotes(text);
  };
  const quotes = (instruments: readonly InstrumentId[], call: SourceCall) =>
    gatherQuotes(NAME, piecesOf(instruments, settings.symbolsPerCall), (piece) => ask(piece, call));
  return {
    name: NAME,
    offers: {
      quotes: ({ instruments }, call) => quotes(instruments, call),
      snapshot: async ({ universe }, call) =>
        lookOfQuotes(NAME, await quotes(universe, call), call),
    },
  };
}
