import type { QuoteCn } from '#core/market/quote-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { instrumentOfSymbolCn, prefixedSymbolCn } from '#core/market/symbol-cn.ts';
import { gbk } from './gbk.ts';
import type { FakeReply, FakeRequest } from './server.ts';
import { TRUTH_DAY, truthOf } from './truth.ts';

/*
 * Tencent's words, written from the description of its fields: hands, 万 yuan, a stamp of fourteen
 * digits, 88 fields.
 */

function stampOf(at: number | null): string {
  if (at === null) return '';
  const { day, time } = wallTimeOf(at, 'Asia/Shanghai');
  const seconds = String(Math.floor((at / 1000) % 60)).padStart(2, '0');
  return `${day.replaceAll('-', '')}${time.replace(':', '')}${seconds}`;
}

export function tencentLine(quote: QuoteCn): string {
  const fields = new Array<string>(88).fill('');
  const isIndex = quote.limitUp === null;
  const price = (value: number | null): string => (value ?? 0).toFixed(2);
  const hands = (value: number | null): string => String((value ?? 0) / 100);
  fields[0] = '1';
  fields[1] = quote.name ?? '';
  fields[2] = quote.instrument.slice(0, 6);
  fields[3] = price(quote.last);
  fields[4] = price(quote.previousClose);
  fields[5] = price(quote.open);
  fields[6] = fields[36] = hands(quote.volume);
  if (!isIndex) {
    fields[9] = price(quote.bid);
    fields[10] = hands(quote.bidSize);
    fields[19] = price(quote.ask);
    fields[20] = hands(quote.askSize);
  }
  fields[30] = stampOf(quote.at);
  fields[33] = price(quote.high);
  fields[34] = price(quote.low);
  fields[35] = `${price(quote.last)}/${hands(quote.volume)}/${quote.amount ?? 0}`;
  fields[37] = String(Math.round((quote.amount ?? 0) / 10_000));
  fields[47] = isIndex ? '-1' : price(quote.limitUp);
  fields[48] = isIndex ? '-1' : price(quote.limitDown);
  return `v_${prefixedSymbolCn(quote.instrument)}="${fields.join('~')}";\n`;
}

/** The replies of a Tencent that tells the truth. */
export function tencentReply(request: FakeRequest): FakeReply {
  const symbols = /[/?]q=([\w,%]*)/.exec(decodeURIComponent(request.path))?.[1]?.split(',');
  if (symbols !== undefined) {
    const known = symbols.flatMap((symbol) => {
      const id = instrumentOfSymbolCn(symbol);
      const quote = id === null ? undefined : truthOf(id);
      return quote === undefined ? [] : [tencentLine(quote)];
    });
    return { body: gbk(known.length === 0 ? 'v_pv_none_match="1";\n' : known.join('')) };
  }
  const [symbol = ''] = (request.url.searchParams.get('param') ?? '').split(',');
  const rows = [
    ['2026-11-18', '10.00', '10.10', '10.20', '9.90', '1000.000'],
    [TRUTH_DAY, '10.10', '10.30', '10.40', '10.00', '2000.000'],
  ];
  return { body: JSON.stringify({ code: 0, msg: '', data: { [symbol]: { day: rows } } }) };
}
