import type { QuoteCn } from '#core/market/quote-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import { gbk } from './gbk.ts';
import type { FakeReply, FakeRequest } from './server.ts';
import { truthOf } from './truth.ts';

/* Sina's words: shares, yuan, the open before the previous close, a size before its price. */

export function sinaLine(symbol: string, quote: QuoteCn): string {
  const price = (value: number | null): string => (value ?? 0).toFixed(3);
  const { day, time } =
    quote.at === null ? { day: '', time: '' } : wallTimeOf(quote.at, 'Asia/Shanghai');
  const level = (size: number | null, at: number | null): string[] => [
    String(size ?? 0),
    price(at),
  ];
  const empty = Array.from({ length: 4 }, () => level(0, 0)).flat();
  const fields = [
    quote.name ?? '',
    price(quote.open),
    price(quote.previousClose),
    price(quote.last),
    price(quote.high),
    price(quote.low),
    price(quote.bid),
    price(quote.ask),
    String(quote.volume ?? 0),
    String(quote.amount ?? 0),
    ...level(quote.bidSize, quote.bid),
    ...empty,
    ...level(quote.askSize, quote.ask),
    ...empty,
    day,
    `${time}:00`,
    '00',
  ];
  return `var hq_str_${symbol}="${fields.join(',')}";\n`;
}

/** The replies of a Sina that tells the truth, to who says where they come from. */
export function sinaReply(request: FakeRequest): FakeReply {
  if (request.headers.referer !== 'https://finance.sina.com.cn') return { status: 403, body: '' };
  const symbols = /list=([\w,]*)/.exec(request.path)?.[1]?.split(',') ?? [];
  const lines = symbols.map((symbol) => {
    const id = instrumentOfSymbolCn(symbol);
    const quote = id === null ? undefined : truthOf(id);
    return quote === undefined
      ? `var hq_str_${symbol}="";\n`
      : sinaLine(prefixedSymbolCn(quote.instrument), quote);
  });
  return { body: gbk(lines.join('')) };
}
