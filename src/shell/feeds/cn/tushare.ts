import type { InstrumentId } from '#core/market/instrument.ts';
import type {
  CorporateActionCn,
  DailyBarCn,
  MarginDayCn,
  PoolKindCn,
  PoolRowCn,
  PriceLimitCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import { instrumentOfSymbolCn } from '#core/market/symbol-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { closeOf } from './daily-rows.ts';
import { sectorsOfIndustries } from './derived-rows.ts';
import type { FeedHttp } from './http.ts';
import type { KindsCn, SourceAnswer, SourceCall, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';
import {
  createTushareTable,
  TUSHARE,
  type TushareRow,
  type TushareSettings,
  type TushareTable,
} from './tushare-table.ts';
import { dayOfText, eightOf, HAND, instantOfText, numberOf, textOf, timesOf } from './wire.ts';

/*
 * Tushare Pro: volume in hands and turnover in thousand yuan where it trades, yuan in margin tables;
 * newest rows first.
 */

type Offers = SourceCn['offers'];

const THOUSAND = 1000;
const DAILY = [
  'ts_code',
  'trade_date',
  'open',
  'high',
  'low',
  'close',
  'pre_close',
  'vol',
  'amount',
] as const;
const MARGIN = ['trade_date', 'exchange_id', 'rzye', 'rzmre', 'rzche', 'rqye'] as const;
const POOL_TYPES: Readonly<Record<PoolKindCn, string>> = {
  limit_up: 'U',
  limit_down: 'D',
  broken: 'Z',
};
/** The state of a dividend that is carried out; before it terms are only announced. */
const CARRIED_OUT = '实施';

/** Id of a row; what is none is named once. */
function idOf(row: TushareRow, anomalies: Anomaly[]): InstrumentId | null {
  const code = String(row['ts_code'] ?? '');
  const id = instrumentOfSymbolCn(code);
  if (id === null) anomalies.push(anomaly('not_a_symbol', TUSHARE, code, 'a share or an index'));
  return id;
}

function needRows(rows: readonly TushareRow[], name: string, of: string): void {
  if (rows.length > 0) return;
  throw feedError(`${TUSHARE} ${name}`, FEED_CODES.noData, 'no rows', of);
}

function barsOf(rows: readonly TushareRow[]): SourceAnswer<readonly DailyBarCn[]> {
  const bars: DailyBarCn[] = [];
  const anomalies: Anomaly[] = [];
  for (const row of rows) {
    const instrument = idOf(row, anomalies);
    if (instrument === null) continue;
    const bar = closeOf(TUSHARE, instrument, {
      day: dayOfText(row['trade_date']),
      open: numberOf(row['open']),
      high: numberOf(row['high']),
      low: numberOf(row['low']),
      close: numberOf(row['close']),
      previousClose: numberOf(row['pre_close']),
      volume: timesOf(row['vol'], HAND),
      amount: timesOf(row['amount'], THOUSAND),
    });
    if ('code' in bar) anomalies.push(bar);
    else bars.push(bar);
  }
  return answer(bars.toReversed(), null, anomalies);
}

function historyOffers(table: TushareTable): Offers {
  const between =
    (name: string) =>
    async (
      { instrument, from, through }: KindsCn['daily_bars_of']['ask'],
      call: SourceCall,
    ): Promise<SourceAnswer<readonly DailyBarCn[]>> => {
      const params = {
        ts_code: instrument,
        start_date: eightOf(from),
        end_date: eightOf(through),
      };
      const rows = await table(name, params, DAILY, call);
      needRows(rows, name, `bars of ${instrument}`);
      return barsOf(rows);
    };
  return {
    daily_bars_of: between('daily'),
    index_daily: between('index_daily'),
    daily_bars_on: async ({ day }, call) => {
      const rows = await table('daily', { trade_date: eightOf(day) }, DAILY, call);
      needRows(rows, 'daily', `the bars of ${day}`);
      return barsOf(rows);
    },
    trading_days: async ({ from, through }, call) => {
      const params = { exchange: 'SSE', start_date: eightOf(from), end_date: eightOf(through) };
      const rows = await table('trade_cal', params, ['cal_date', 'is_open'], call);
      needRows(rows, 'trade_cal', `days from ${from}`);
      const days = rows.flatMap((row): TradingDay[] => {
        const day = dayOfText(row['cal_date']);
        return day !== null && Number(row['is_open']) === 1 ? [day] : [];
      });
      return answer(days.toSorted(), null);
    },
  };
}

function marginOf(row: TushareRow): MarginDayCn | null {
  const exchange = String(row['exchange_id'] ?? '');
  const day = dayOfText(row['trade_date']);
  if (exchange !== 'SSE' && exchange !== 'SZSE' && exchange !== 'BSE') return null;
  if (day === null) return null;
  return {
    exchange,
    day,
    balance: numberOf(row['rzye']),
    bought: numberOf(row['rzmre']),
    repaid: numberOf(row['rzche']),
    lent: numberOf(row['rqye']),
  };
}

function poolRowOf(row: TushareRow, day: TradingDay, instrument: InstrumentId): PoolRowCn {
  const time = (value: unknown): number | null => {
    const text = String(value ?? '').trim();
    if (text === '' || text === 'null') return null;
    return instantOfText(day, text.includes(':') ? text : text.padStart(6, '0'));
  };
  return {
    instrument,
    name: textOf(row['name']),
    price: numberOf(row['close']),
    // its unit is not documented
    amount: null,
    firstSealedAt: time(row['first_time']),
    lastSealedAt: time(row['last_time']),
    openCount: numberOf(row['open_times']),
    boardsInRow: numberOf(row['limit_times']),
    sealedAmount: numberOf(row['fd_amount']),
    sector: textOf(row['industry']),
  };
}

const POOL = [
  'trade_date',
  'ts_code',
  'industry',
  'name',
  'close',
  'fd_amount',
  'first_time',
  'last_time',
  'open_times',
  'limit_times',
] as const;

function reportOffers(table: TushareTable): Offers {
  return {
    margin: async ({ day }, call) => {
      const rows = await table('margin', { trade_date: eightOf(day) }, MARGIN, call);
      needRows(rows, 'margin', `margin of ${day}, the next morning`);
      return answer(
        rows.flatMap((row) => {
          const found = marginOf(row);
          return found === null || found.day !== day ? [] : [found];
        }),
        null,
      );
    },
    limit_pool: async ({ kind, day }, call) => {
      const params = { trade_date: eightOf(day), limit_type: POOL_TYPES[kind] };
      const rows = await table('limit_list_d', params, POOL, call);
      const anomalies: Anomaly[] = [];
      const kept = rows.flatMap((row) => {
        const instrument = idOf(row, anomalies);
        return instrument === null ? [] : [poolRowOf(row, day, instrument)];
      });
      const stated = rows[0] === undefined ? null : dayOfText(rows[0]['trade_date']);
      return answer({ kind, day, statedDay: stated, rows: kept }, null, anomalies);
    },
    adjustments: async ({ day }, call) => {
      const fields = ['ts_code', 'adj_factor'];
      const rows = await table('adj_factor', { trade_date: eightOf(day) }, fields, call);
      needRows(rows, 'adj_factor', `factors of ${day}`);
      const anomalies: Anomaly[] = [];
      const factors = rows.flatMap((row) => {
        const instrument = idOf(row, anomalies);
        const factor = numberOf(row['adj_factor']);
        return instrument === null || factor === null || !(factor > 0)
          ? []
          : [{ instrument, day, factor }];
      });
      return answer(factors, null, anomalies);
    },
    corporate_actions: async ({ day }, call) => {
      const fields = ['ts_code', 'div_proc', 'stk_div', 'cash_div_tax', 'record_date', 'ex_date'];
      const rows = await table('dividend', { ex_date: eightOf(day) }, fields, call);
      const anomalies: Anomaly[] = [];
      const actions = rows.flatMap((row): CorporateActionCn[] => {
        const instrument = idOf(row, anomalies);
        const isMeant = row['div_proc'] === CARRIED_OUT && dayOfText(row['ex_date']) === day;
        if (instrument === null || !isMeant) return [];
        return [
          {
            instrument,
            exDate: day,
            recordDate: dayOfText(row['record_date']),
            cashPerShare: numberOf(row['cash_div_tax']) ?? 0,
            newSharesPerShare: numberOf(row['stk_div']) ?? 0,
          },
        ];
      });
      return answer(actions, null, anomalies);
    },
  };
}

function listOffers(table: TushareTable): Offers {
  const basics = (call: SourceCall) =>
    table(
      'stock_basic',
      { list_status: 'L' },
      ['ts_code', 'name', 'industry', 'list_date', 'delist_date'],
      call,
    );
  return {
    securities: async (_ask, call) => {
      const rows = await basics(call);
      const anomalies: Anomaly[] = [];
      const list = rows.flatMap((row): SecurityCn[] => {
        const instrument = idOf(row, anomalies);
        if (instrument === null) return [];
        return [
          {
            instrument,
            name: textOf(row['name']) ?? instrument,
            listedOn: dayOfText(row['list_date']),
            delistedOn: dayOfText(row['delist_date']),
          },
        ];
      });
      return answer(list, null, anomalies);
    },
    sectors: async (_ask, call) => {
      const rows = await basics(call);
      const anomalies: Anomaly[] = [];
      const named = rows.flatMap((row) => {
        const instrument = idOf(row, anomalies);
        return instrument === null ? [] : [{ instrument, industry: textOf(row['industry']) }];
      });
      return answer(sectorsOfIndustries(named), null, anomalies);
    },
    suspensions: async ({ day }, call) => {
      const params = { trade_date: eightOf(day), suspend_type: 'S' };
      const rows = await table('suspend_d', params, ['ts_code', 'suspend_timing'], call);
      const anomalies: Anomaly[] = [];
      const list = rows.flatMap((row) => {
        const instrument = idOf(row, anomalies);
        return instrument === null
          ? []
          : [{ instrument, day, timing: textOf(row['suspend_timing']) }];
      });
      return answer(list, null, anomalies);
    },
    price_limits: async ({ day }, call) => {
      const fields = ['ts_code', 'pre_close', 'up_limit', 'down_limit'];
      const rows = await table('stk_limit', { trade_date: eightOf(day) }, fields, call);
      needRows(rows, 'stk_limit', `limits of ${day}`);
      const anomalies: Anomaly[] = [];
      const limits = rows.flatMap((row): PriceLimitCn[] => {
        const instrument = idOf(row, anomalies);
        const [up, down] = [numberOf(row['up_limit']), numberOf(row['down_limit'])];
        if (instrument === null || up === null || down === null) return [];
        return [{ instrument, day, previousClose: numberOf(row['pre_close']), up, down }];
      });
      return answer(limits, null, anomalies);
    },
  };
}

/** Tushare: everything of the evening and the morning before the open, nothing within the session. */
export function createTushare(http: FeedHttp, settings: TushareSettings): SourceCn {
  const table = createTushareTable(http, settings);
  return {
    name: TUSHARE,
    offers: { ...historyOffers(table), ...reportOffers(table), ...listOffers(table) },
  };
}
