import type { InstrumentId } from '#core/market/instrument.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type {
  DailyBarCn,
  MarginDayCn,
  MinuteBarCn,
  PoolKindCn,
  PoolRowCn,
  SectorCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import { shareOfCodeCn } from '#core/market/symbol-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { fetchNote } from '#core/quality/note.ts';
import {
  AKTOOLS,
  type AkRow,
  type AktoolsSettings,
  type AktoolsTable,
  createAktoolsTable,
} from './aktools-table.ts';
import { closeOf, minuteFault } from './daily-rows.ts';
import type { FeedHttp } from './http.ts';
import { lookOfQuotes } from './quote-rows.ts';
import type { KindsCn, SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import {
  dayOfText,
  eightOf,
  instantOfText,
  numberOf,
  priceOf,
  sharesOfHands,
  textOf,
  timesOf,
  YI,
} from './wire.ts';

/*
 * AKTools: AkShare behind HTTP on this machine. Chinese column names, hands and yuan where it trades,
 * 亿 in Shenzhen's margin table, no stamps on quotes. Slow: a look takes about a minute.
 */

type Offers = SourceCn['offers'];

const MINUTE_MS = 60_000;
const GONE_PERCENT = -99;

function shareOf(row: AkRow, column: string, anomalies: Anomaly[]): InstrumentId | null {
  const code = String(row[column] ?? '');
  const id = shareOfCodeCn(code);
  if (id === null) anomalies.push(anomaly('not_a_symbol', AKTOOLS, code, 'a share'));
  return id;
}

function quoteOf(row: AkRow, instrument: InstrumentId): QuoteCn {
  const name = textOf(row['名称']);
  const amount = numberOf(row['成交额']);
  const [high, low] = [priceOf(row['最高']), priceOf(row['最低'])];
  return {
    instrument,
    name,
    last: priceOf(row['最新价']),
    previousClose: priceOf(row['昨收']),
    open: priceOf(row['今开']),
    high,
    low,
    volume: sharesOfHands(instrument, numberOf(row['成交量']), { amount, high, low }),
    amount,
    limitUp: null,
    limitDown: null,
    bid: null,
    ask: null,
    bidSize: null,
    askSize: null,
    status: name === null ? null : shareStatusOf(name),
    at: null,
  };
}

const SPOT = ['代码', '名称', '最新价', '成交量', '成交额', '昨收'] as const;
const BARS = ['日期', '开盘', '收盘', '最高', '最低', '成交量', '成交额', '涨跌额'] as const;
const MINUTES = ['时间', '开盘', '收盘', '最高', '最低', '成交量', '成交额'] as const;

function barsOf(
  rows: readonly AkRow[],
  { instrument, from, through }: KindsCn['daily_bars_of']['ask'],
): SourceAnswer<readonly DailyBarCn[]> {
  const bars: DailyBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of rows) {
    const close = numberOf(row['收盘']);
    const change = numberOf(row['涨跌额']);
    const amount = numberOf(row['成交额']);
    const range = { amount, high: numberOf(row['最高']), low: numberOf(row['最低']) };
    const before = close === null || change === null ? null : close - change;
    const bar = closeOf(AKTOOLS, instrument, {
      day: dayOfText(row['日期']),
      open: numberOf(row['开盘']),
      close,
      ...range,
      volume: sharesOfHands(instrument, numberOf(row['成交量']), range),
      previousClose: before === null ? null : Math.round(before * 1000) / 1000,
    });
    if ('code' in bar) anomalies.push(bar);
    else if (bar.day >= from && bar.day <= through) bars.push(bar);
  }
  return answer(bars, null, anomalies);
}

function minutesOf(
  rows: readonly AkRow[],
  instrument: InstrumentId,
  day: TradingDay,
  now: number,
): SourceAnswer<readonly MinuteBarCn[]> {
  const bars: MinuteBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of rows) {
    const stamp = String(row['时间'] ?? '').replace('T', ' ');
    if (dayOfText(stamp) !== day) continue;
    const closedAt = instantOfText(day, stamp.slice(11, 19));
    if (closedAt === null || closedAt > now) continue;
    const amount = numberOf(row['成交额']);
    const [high, low] = [numberOf(row['最高']), numberOf(row['最低'])];
    const volume = sharesOfHands(instrument, numberOf(row['成交量']), { amount, high, low });
    const bar: MinuteBarCn = {
      instrument,
      openedAt: closedAt - MINUTE_MS,
      closedAt,
      open: numberOf(row['开盘']) ?? Number.NaN,
      high: high ?? Number.NaN,
      low: low ?? Number.NaN,
      close: numberOf(row['收盘']) ?? Number.NaN,
      volume: volume ?? Number.NaN,
      amount,
    };
    const fault = minuteFault(AKTOOLS, bar);
    if (fault === null) bars.push(bar);
    else anomalies.push(fault);
  }
  return answer(bars, bars.at(-1)?.closedAt ?? null, anomalies);
}

function marketOffers(table: AktoolsTable): Offers {
  const history =
    (name: string, adjust: Readonly<Record<string, string>>) =>
    async (ask: KindsCn['daily_bars_of']['ask'], call: SourceCall) => {
      const params = {
        symbol: symbolOf(ask.instrument),
        period: 'daily',
        start_date: eightOf(ask.from),
        end_date: eightOf(ask.through),
        ...adjust,
      };
      return barsOf(await table(name, params, BARS, call), ask);
    };
  return {
    snapshot: async (_ask, call) => {
      const rows = await table('stock_zh_a_spot_em', {}, SPOT, call);
      const anomalies: Anomaly[] = [];
      const quotes = rows.flatMap((row) => {
        const instrument = shareOf(row, '代码', anomalies);
        return instrument === null ? [] : [quoteOf(row, instrument)];
      });
      return lookOfQuotes(AKTOOLS, answer(quotes, null, anomalies), call);
    },
    daily_bars_of: history('stock_zh_a_hist', { adjust: '' }),
    index_daily: history('index_zh_a_hist', {}),
    minute_bars: async ({ instrument, day }, call) => {
      const params = {
        symbol: symbolOf(instrument),
        period: '1',
        adjust: '',
        start_date: `${day} 09:00:00`,
        end_date: `${day} 15:30:00`,
      };
      const rows = await table('stock_zh_a_hist_min_em', params, MINUTES, call);
      return minutesOf(rows, instrument, day, call.now());
    },
    trading_days: async ({ from, through }, call) => {
      const rows = await table('tool_trade_date_hist_sina', {}, ['trade_date'], call);
      const days = rows.flatMap((row) => dayOfText(row['trade_date']) ?? []);
      return answer(days.filter((day) => day >= from && day <= through).toSorted(), null);
    },
  };
}

const POOLS: Readonly<
  Record<PoolKindCn, { readonly name: string; readonly columns: readonly string[] }>
> = {
  limit_up: {
    name: 'stock_zt_pool_em',
    columns: ['代码', '最新价', '涨跌幅', '首次封板时间', '封板资金', '连板数'],
  },
  limit_down: { name: 'stock_zt_pool_dtgc_em', columns: ['代码', '最新价', '涨跌幅', '封单资金'] },
  broken: { name: 'stock_zt_pool_zbgc_em', columns: ['代码', '最新价', '涨跌幅', '炸板次数'] },
};

function poolRowOf(row: AkRow, day: TradingDay, instrument: InstrumentId): PoolRowCn | Anomaly {
  const price = numberOf(row['最新价']);
  const change = numberOf(row['涨跌幅']);
  if (price === 0 || (change !== null && change <= GONE_PERCENT)) {
    const found = `price ${price ?? 'none'}, change ${change ?? 'none'} %`;
    return anomaly('minus_100_percent', AKTOOLS, found, 'a price', { instrument, day });
  }
  const time = (value: unknown): number | null => {
    const text = textOf(value);
    return text === null ? null : instantOfText(day, text);
  };
  return {
    instrument,
    name: textOf(row['名称']),
    price,
    amount: numberOf(row['成交额']),
    firstSealedAt: time(row['首次封板时间']),
    lastSealedAt: time(row['最后封板时间']),
    openCount: numberOf(row['炸板次数'] ?? row['开板次数']),
    boardsInRow: numberOf(row['连板数'] ?? row['连续跌停']),
    sealedAmount: numberOf(row['封板资金'] ?? row['封单资金']),
    sector: textOf(row['所属行业']),
  };
}

/** Shanghai's rows name their day, Shenzhen's do not; an exchange that fails is missing and noted. */
async function marginOf(
  table: AktoolsTable,
  day: TradingDay,
  call: SourceCall,
): Promise<SourceAnswer<readonly MarginDayCn[]>> {
  const date = eightOf(day);
  const settled = await Promise.allSettled([
    table(
      'stock_margin_sse',
      { start_date: date, end_date: date },
      ['信用交易日期', '融资余额', '融资买入额'],
      call,
    ),
    table('stock_margin_szse', { date }, ['融资余额', '融资买入额'], call),
  ]);
  const rows: MarginDayCn[] = [];
  const note: FetchNote[] = [];
  for (const [i, one] of settled.entries()) {
    const exchange = i === 0 ? 'SSE' : 'SZSE';
    const scale = i === 0 ? 1 : YI;
    const found =
      one.status === 'rejected'
        ? undefined
        : one.value.find((row) => i === 1 || dayOfText(row['信用交易日期']) === day);
    if (found === undefined) {
      note.push(fetchNote('rows_missing', AKTOOLS, { cause: exchange, rows: 1, of: 2, day }));
      continue;
    }
    rows.push({
      exchange,
      day,
      balance: timesOf(found['融资余额'], scale),
      bought: timesOf(found['融资买入额'], scale),
      repaid: null,
      lent: timesOf(found['融券余量金额'] ?? found['融券余额'], scale),
    });
  }
  const [first] = settled;
  if (rows.length === 0 && first.status === 'rejected') throw first.reason;
  if (rows.length === 0) {
    throw feedError(`${AKTOOLS} margin`, FEED_CODES.noData, 'no rows', `margin of ${day}`);
  }
  return answer(
    rows,
    null,
    [],
    [...note, fetchNote('fields_missing', AKTOOLS, { fields: 'repaid' })],
  );
}

function listOffers(table: AktoolsTable): Offers {
  return {
    limit_pool: async ({ kind, day }, call) => {
      const { name, columns } = POOLS[kind];
      const rows = await table(name, { date: eightOf(day) }, columns, call);
      const anomalies: Anomaly[] = [];
      const kept = rows.flatMap((row): PoolRowCn[] => {
        const instrument = shareOf(row, '代码', anomalies);
        if (instrument === null) return [];
        const found = poolRowOf(row, day, instrument);
        if (!('code' in found)) return [found];
        anomalies.push(found);
        return [];
      });
      return answer({ kind, day, statedDay: null, rows: kept }, null, anomalies);
    },
    margin: ({ day }, call) => marginOf(table, day, call),
    securities: async (_ask, call) => {
      const rows = await table('stock_info_a_code_name', {}, ['code', 'name'], call);
      const anomalies: Anomaly[] = [];
      const list = rows.flatMap((row): SecurityCn[] => {
        const instrument = shareOf(row, 'code', anomalies);
        const name = textOf(row['name']);
        if (instrument === null || name === null) return [];
        return [{ instrument, name, listedOn: null, delistedOn: null }];
      });
      const fields = fetchNote('fields_missing', AKTOOLS, { fields: 'listed_on' });
      return answer(list, null, anomalies, [fields]);
    },
    sectors: async (_ask, call) => {
      const boards = await table(
        'stock_board_industry_name_em',
        {},
        ['板块名称', '板块代码'],
        call,
      );
      const anomalies: Anomaly[] = [];
      const sectors = await Promise.all(
        boards.map(async (board): Promise<SectorCn> => {
          const code = String(board['板块代码'] ?? '');
          const rows = await table(
            'stock_board_industry_cons_em',
            { symbol: code },
            ['代码'],
            call,
          );
          const members = rows.flatMap((row) => shareOf(row, '代码', anomalies) ?? []);
          return { code, name: String(board['板块名称'] ?? code), members };
        }),
      );
      return answer(sectors, null, anomalies);
    },
  };
}

/** AKTools: everything AkShare reads, at its own pace. */
export function createAktools(http: FeedHttp, settings: AktoolsSettings): SourceCn {
  const table = createAktoolsTable(http, settings);
  return { name: AKTOOLS, offers: { ...marketOffers(table), ...listOffers(table) } };
}
