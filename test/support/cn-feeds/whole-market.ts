import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { eastmoneyReply, eastmoneyRow } from './eastmoney.ts';
import { gbk } from './gbk.ts';
import type { FakeReply, FakeRequest } from './server.ts';
import { sinaLine } from './sina.ts';
import { tencentLine } from './tencent.ts';
import { INDEX } from './truth.ts';

/* Every free source tells one made-up market of hundreds of stocks, each in its own words. */

type Column =
  | 'last'
  | 'previousClose'
  | 'high'
  | 'low'
  | 'volume'
  | 'limitUp'
  | 'limitDown'
  | 'bid'
  | 'ask';

/** Quotes of the market at an instant: its stocks and both indexes. */
export function wholeMarketQuotes(market: MarketInputs, at: number): Map<InstrumentId, QuoteCn> {
  const { table, snapshot, composite, csi300 } = market;
  const quotes = new Map<InstrumentId, QuoteCn>();
  if (snapshot === null) return quotes;
  for (const [row, instrument] of table.instruments.entries()) {
    const of = (column: Column): number => snapshot[column][row]!;
    const last = of('last');
    const volume = Math.round(of('volume') / 100) * 100;
    quotes.set(instrument, {
      instrument,
      // a name that begins with st would be one under special treatment
      name: `股份${instrument.slice(0, 6)}`,
      last,
      previousClose: of('previousClose'),
      open: of('previousClose'),
      high: of('high'),
      low: of('low'),
      volume,
      amount: volume * last,
      limitUp: of('limitUp'),
      limitDown: of('limitDown'),
      bid: of('bid'),
      ask: of('ask'),
      bidSize: of('bid') > 0 ? 10_000 : 0,
      askSize: of('ask') > 0 ? 10_000 : 0,
      status: 'normal',
      at,
    });
  }
  const index = (instrument: InstrumentId, series: IndexSeries | null): void => {
    const now = Math.round((series?.now ?? 0) * 100) / 100;
    const levels = { last: now, open: now, high: now, low: now };
    const previousClose = series?.closes.at(-1) ?? 0;
    quotes.set(instrument, { ...INDEX, ...levels, instrument, previousClose, at });
  };
  index('000001.SH', composite);
  index('000300.SH', csi300);
  return quotes;
}

type Told = () => ReadonlyMap<InstrumentId, QuoteCn>;

function linesOf(symbols: string, told: Told, line: (quote: QuoteCn) => string): FakeReply {
  const found = symbols.split(',').flatMap((symbol) => {
    const id = instrumentOfSymbolCn(symbol);
    const quote = id === null ? undefined : told().get(id);
    return quote === undefined ? [] : [line(quote)];
  });
  return { body: gbk(found.length === 0 ? 'v_pv_none_match="1";\n' : found.join('')) };
}

function eastmoneyList(request: FakeRequest, told: Told): FakeReply {
  const { pathname, searchParams } = request.url;
  const json = (body: unknown): FakeReply => ({ body: JSON.stringify(body) });
  const shares = [...told().values()].filter(({ limitUp }) => limitUp !== null);
  if (pathname.endsWith('/clist/get')) {
    const page = Number(searchParams.get('pn'));
    const diff = shares.slice((page - 1) * 100, page * 100).map(eastmoneyRow);
    return json({ rc: 0, data: { total: shares.length, diff } });
  }
  const ids = (searchParams.get('secids') ?? '').split(',').map((secid): InstrumentId => {
    const [place, code = ''] = secid.split('.');
    return `${code}.${place === '1' ? 'SH' : 'SZ'}`;
  });
  const diff = ids.flatMap((id) => {
    const quote = told().get(id);
    return quote === undefined ? [] : [eastmoneyRow(quote)];
  });
  return json({ rc: 0, data: { total: diff.length, diff } });
}

/** How each free source answers when asked for what `told` says now. */
export function wholeMarketReplies(told: Told) {
  return {
    tencent: (request: FakeRequest): FakeReply =>
      linesOf(
        /[/?]q=([\w,%]*)/.exec(decodeURIComponent(request.path))?.[1] ?? '',
        told,
        tencentLine,
      ),
    sina: (request: FakeRequest): FakeReply =>
      linesOf(/list=([\w,]*)/.exec(request.path)?.[1] ?? '', told, (quote) =>
        sinaLine(prefixedSymbolCn(quote.instrument), quote),
      ),
    eastmoney: (request: FakeRequest): FakeReply =>
      /clist|ulist/.test(request.path) ? eastmoneyList(request, told) : eastmoneyReply(request),
  };
}
