import type { FakeReply, FakeRequest } from './server.ts';
import { TRUTH, TRUTH_DAY } from './truth.ts';

/* Tushare's words: hands, thousand yuan, eight digits, newest first. */

type Table = readonly Readonly<Record<string, unknown>>[];

const DAY = TRUTH_DAY.replaceAll('-', '');
export const TUSHARE_TOKEN = 'token-of-a-test';

function bars(code: string): Table {
  const row = (trade_date: string, open: number, high: number, low: number, close: number) => ({
    ts_code: code,
    trade_date,
    open,
    high,
    low,
    close,
  });
  return [
    { ...row(DAY, 10.1, 10.4, 10, 10.3), pre_close: 10.1, vol: 2000, amount: 2040 },
    { ...row('20261118', 10, 10.2, 9.9, 10.1), pre_close: 10, vol: 1000, amount: 1010 },
  ];
}

const MARKET: Table = TRUTH.filter(({ volume }) => (volume ?? 0) > 0).map((quote) => ({
  ts_code: quote.instrument,
  trade_date: DAY,
  open: quote.open,
  high: quote.high,
  low: quote.low,
  close: quote.last,
  pre_close: quote.previousClose,
  vol: (quote.volume ?? 0) / 100,
  amount: (quote.amount ?? 0) / 1000,
}));

function tableOf(name: string, params: Readonly<Record<string, string>>): Table {
  if (name === 'daily' && params['trade_date'] !== undefined) {
    return params['trade_date'] === DAY ? MARKET : [];
  }
  if (name === 'daily' || name === 'index_daily') return bars(params['ts_code'] ?? '');
  if (name === 'trade_cal') {
    return [
      { cal_date: DAY, is_open: 1 },
      { cal_date: '20261118', is_open: '1' },
      { cal_date: '20261121', is_open: 0 },
    ];
  }
  if (name === 'margin') {
    return ['SSE', 'SZSE', 'BSE'].map((exchange_id, i) => ({
      trade_date: params['trade_date'],
      exchange_id,
      rzye: 1e12 - i * 1e11,
      rzmre: 8e10 + i,
      rzche: 9e10 + i,
      rqye: 1e9,
    }));
  }
  if (name === 'limit_list_d') {
    const row = { trade_date: DAY, ts_code: '000001.SZ', industry: '银行', name: '平安银行' };
    const seal = { fd_amount: 99_000_000, first_time: '92500', last_time: '93001' };
    return [{ ...row, ...seal, close: 11, open_times: 1, limit_times: 2 }];
  }
  if (name === 'adj_factor') return [{ ts_code: '600519.SH', adj_factor: 8.2 }];
  if (name === 'dividend') {
    const row = { ts_code: '600519.SH', ex_date: params['ex_date'], record_date: '20261118' };
    return [
      { ...row, div_proc: '实施', stk_div: 0, cash_div_tax: 27.624 },
      { ...row, ts_code: '000001.SZ', div_proc: '预案', stk_div: 1, cash_div_tax: 1 },
    ];
  }
  if (name === 'stock_basic') {
    return TRUTH.map(({ instrument, name: title }) => ({
      ts_code: instrument,
      name: title,
      industry: instrument.startsWith('6') ? '白酒' : '银行',
      list_date: '20010827',
      delist_date: null,
    }));
  }
  if (name === 'suspend_d') return [{ ts_code: '600000.SH', suspend_timing: null }];
  if (name === 'stk_limit') {
    return [{ ts_code: '600519.SH', pre_close: 1459.44, up_limit: 1605.38, down_limit: 1313.5 }];
  }
  return [];
}

/** The replies of a Tushare that tells the truth: 200 whatever happens. */
export function tushareReply(request: FakeRequest): FakeReply {
  const asked = JSON.parse(request.body) as {
    api_name: string;
    token: string;
    params: Record<string, string>;
    fields: string;
  };
  const json = (body: unknown): FakeReply => ({ body: JSON.stringify(body) });
  if (asked.token !== TUSHARE_TOKEN) {
    return json({ code: 40101, msg: '您的token不对，请确认。', data: null });
  }
  const fields = asked.fields.split(',');
  const rows = tableOf(asked.api_name, asked.params);
  const items = rows.map((row) => fields.map((field) => row[field] ?? null));
  return json({ request_id: 'x', code: 0, msg: '', data: { fields, items, has_more: false } });
}
