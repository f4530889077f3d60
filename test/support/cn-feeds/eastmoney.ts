import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { FakeReply, FakeRequest } from './server.ts';
import { TRUTH, TRUTH_DAY, truthOf } from './truth.ts';

/* Eastmoney's words: numbered fields, hands, yuan, a dash for nothing, thousandths in pools. */

export function eastmoneyRow(quote: QuoteCn) {
  const or = (value: number | null) => value ?? '-';
  return {
    f2: or(quote.last),
    f5: quote.volume === null || quote.volume === 0 ? '-' : quote.volume / 100,
    f6: quote.amount === null || quote.amount === 0 ? '-' : quote.amount,
    f12: quote.instrument.slice(0, 6),
    f13: quote.instrument.endsWith('.SH') ? 1 : 0,
    f14: quote.name,
    f15: or(quote.high),
    f16: or(quote.low),
    f17: or(quote.open),
    f18: or(quote.previousClose),
    f26: 20010827,
    f31: or(quote.bid),
    f32: or(quote.ask),
    f100: quote.instrument.startsWith('6') ? '白酒' : '银行',
    f124: quote.at === null ? '-' : quote.at / 1000,
  };
}

function idOf(secid: string): InstrumentId {
  const [market, code = ''] = secid.split('.');
  return `${code}.${market === '1' ? 'SH' : 'SZ'}`;
}

function klines(request: FakeRequest): FakeReply {
  const query = request.url.searchParams;
  const isMinutes = query.get('klt') === '1';
  const lines = isMinutes
    ? [
        `${TRUTH_DAY} 09:31,10.00,10.10,10.20,9.90,1000,1010000.00,0,0,0,0`,
        `${TRUTH_DAY} 10:01,10.10,10.20,10.20,10.10,500,507500.00,0,0,0,0`,
      ]
    : [
        '2026-11-18,10.00,10.10,10.20,9.90,1000,1010000.00,3.0,1.00,0.10,0.5',
        `${TRUTH_DAY},10.10,10.30,10.40,10.00,2000,2040000.00,4.0,1.98,0.20,0.9`,
      ];
  return { body: JSON.stringify({ rc: 0, data: { code: '600519', market: 1, klines: lines } }) };
}

const POOL = [
  {
    c: '000001',
    m: 0,
    n: '平安银行',
    p: 11_000,
    zdp: 10,
    amount: 540_000_000,
    lbc: 2,
    fbt: 92_500,
    lbt: 93_001,
    fund: 99_000_000,
    zbc: 1,
    hybk: '银行',
  },
];

const REPORTS: Readonly<Record<string, readonly object[]>> = {
  RPTA_WEB_RZRQ_LSSH: ['007', '001', '002'].map((SCDM, i) => ({
    DIM_DATE: `2026-11-18 00:00:00`,
    SCDM,
    RZYE: 1e12 - i * 1e11,
    RZMRE: 8e10 + i,
    RZCHE: 9e10 + i,
    RQYE: 1e9,
  })),
  RPT_SHAREBONUS_DET: [
    {
      SECURITY_CODE: '600519',
      EX_DIVIDEND_DATE: `${TRUTH_DAY} 00:00:00`,
      EQUITY_RECORD_DATE: '2026-11-18 00:00:00',
      PRETAX_BONUS_RMB: 276.24,
      BONUS_IT_RATIO: null,
    },
  ],
};

/** The replies of an Eastmoney that tells the truth; two rows a page. */
export function eastmoneyReply(request: FakeRequest): FakeReply {
  const { pathname, searchParams } = request.url;
  const json = (body: unknown): FakeReply => ({ body: JSON.stringify(body) });
  if (pathname.endsWith('/clist/get')) {
    const page = Number(searchParams.get('pn'));
    const diff = TRUTH.slice((page - 1) * 100, page * 100).map(eastmoneyRow);
    return json({ rc: 0, data: { total: TRUTH.length, diff } });
  }
  if (pathname.endsWith('/ulist.np/get')) {
    const ids = (searchParams.get('secids') ?? '').split(',').map(idOf);
    const diff = ids.flatMap((id) => {
      const quote = truthOf(id);
      return quote === undefined ? [] : [eastmoneyRow(quote)];
    });
    return json({ rc: 0, data: { total: diff.length, diff } });
  }
  if (pathname.endsWith('/kline/get')) return klines(request);
  if (pathname.includes('getTopic')) {
    const qdate = Number(searchParams.get('date'));
    const body = JSON.stringify({ rc: 0, data: { tc: POOL.length, qdate, pool: POOL } });
    return { body: `callbackdata1(${body});` };
  }
  if (pathname.endsWith('/data/v1/get')) {
    const data = REPORTS[searchParams.get('reportName') ?? ''] ?? [];
    return data.length === 0
      ? json({ success: false, code: 9201, message: '返回数据为空', result: null })
      : json({ success: true, code: 0, result: { pages: 1, count: data.length, data } });
  }
  return { status: 404, body: '' };
}
