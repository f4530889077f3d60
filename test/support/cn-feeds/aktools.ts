import type { FakeReply, FakeRequest } from './server.ts';
import { TRUTH, TRUTH_DAY } from './truth.ts';

/*
 * AKTools' words: Chinese columns, midnight behind dates, null for NaN, 404 with a JSON error for a
 * function that fails.
 */

type Frame = readonly Readonly<Record<string, unknown>>[];

const MIDNIGHT = 'T00:00:00.000';

function history(): Frame {
  const row = (
    day: string,
    [open, close, high, low]: readonly number[],
    hands: number,
    change: number,
  ) => ({
    日期: day + MIDNIGHT,
    开盘: open,
    收盘: close,
    最高: high,
    最低: low,
    成交量: hands,
    成交额: hands === 1000 ? 1_010_000 : 2_040_000,
    涨跌额: change,
  });
  return [
    row('2026-11-18', [10, 10.1, 10.2, 9.9], 1000, 0.1),
    row(TRUTH_DAY, [10.1, 10.3, 10.4, 10], 2000, 0.2),
  ];
}

const FRAMES: Readonly<Record<string, (query: URLSearchParams) => Frame>> = {
  stock_zh_a_spot_em: () =>
    TRUTH.map((quote) => ({
      代码: quote.instrument.slice(0, 6),
      名称: quote.name,
      最新价: quote.last,
      成交量: quote.volume === 0 ? null : (quote.volume ?? 0) / 100,
      成交额: quote.amount === 0 ? null : quote.amount,
      最高: quote.high,
      最低: quote.low,
      今开: quote.open,
      昨收: quote.previousClose,
    })),
  stock_zh_a_hist: history,
  index_zh_a_hist: history,
  stock_zh_a_hist_min_em: () => [
    {
      时间: `${TRUTH_DAY} 09:31:00`,
      开盘: 10,
      收盘: 10.1,
      最高: 10.2,
      最低: 9.9,
      成交量: 1000,
      成交额: 1_010_000,
    },
  ],
  tool_trade_date_hist_sina: () =>
    ['2026-11-17', '2026-11-18', TRUTH_DAY].map((day) => ({ trade_date: day + MIDNIGHT })),
  stock_zt_pool_em: () => [
    {
      代码: '000001',
      名称: '平安银行',
      涨跌幅: 10,
      最新价: 11,
      成交额: 540_000_000,
      封板资金: 99_000_000,
      首次封板时间: '092500',
      最后封板时间: '093001',
      炸板次数: 1,
      连板数: 2,
      所属行业: '银行',
    },
  ],
  stock_margin_sse: (query) => [
    {
      信用交易日期: query.get('start_date'),
      融资余额: 1e12,
      融资买入额: 8e10,
      融券余量金额: 1e9,
    },
  ],
  stock_margin_szse: () => [{ 融资买入额: 800.5, 融资余额: 9000.25, 融券余额: 10 }],
  stock_info_a_code_name: () =>
    TRUTH.map(({ instrument, name }) => ({ code: instrument.slice(0, 6), name })),
  stock_board_industry_name_em: () => [
    { 板块名称: '白酒', 板块代码: 'BK0477' },
    { 板块名称: '银行', 板块代码: 'BK0475' },
  ],
  stock_board_industry_cons_em: (query) =>
    TRUTH.filter(
      ({ instrument }) => instrument.startsWith('6') === (query.get('symbol') === 'BK0477'),
    ).map(({ instrument, name }) => ({ 代码: instrument.slice(0, 6), 名称: name })),
};

/** The replies of an AKTools that tells the truth. */
export function aktoolsReply(request: FakeRequest): FakeReply {
  const name = /\/api\/public\/(\w+)$/.exec(request.url.pathname)?.[1] ?? '';
  const frame = FRAMES[name];
  if (frame === undefined) {
    return { status: 404, body: JSON.stringify({ error: `${name} not found` }) };
  }
  return { body: JSON.stringify(frame(request.url.searchParams)) };
}
