import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { quoteCn } from '#test/support/cn-market.ts';

/*
 * One small market that every fake source tells in its own words: four shares and an index at a moment
 * of a trading day, all in shares and yuan.
 */

export const TRUTH_AT = at('10:00:00');
export const COMPOSITE: InstrumentId = '000001.SH';

export const TRUTH: readonly QuoteCn[] = [
  quoteCn('600519.SH', {
    name: '贵州茅台',
    last: 1459.88,
    previousClose: 1459.44,
    open: 1459.44,
    high: 1464.88,
    low: 1452.1,
    volume: 2_106_400,
    amount: 3_071_809_846,
    limitUp: 1605.38,
    limitDown: 1313.5,
    bid: 1459.44,
    ask: 1459.88,
    bidSize: 100,
    askSize: 300,
  }),
  quoteCn('000001.SZ', {
    name: '平安银行',
    last: 11,
    previousClose: 10,
    open: 10.2,
    high: 11,
    low: 10.1,
    volume: 50_000_000,
    amount: 540_000_000,
    ask: 0,
    askSize: 0,
    bid: 11,
    bidSize: 90_000,
  }),
  quoteCn('300750.SZ', {
    name: '宁德时代',
    last: 250,
    previousClose: 248,
    open: 249,
    high: 252,
    low: 247,
    volume: 1_000_000,
    amount: 250_000_000,
    limitUp: 297.6,
    limitDown: 198.4,
    bid: 249.9,
    ask: 250,
  }),
  quoteCn('600000.SH', {
    name: 'ST浦发',
    status: 'st',
    last: null,
    previousClose: 9,
    open: null,
    high: null,
    low: null,
    volume: 0,
    amount: 0,
    limitUp: 9.9,
    limitDown: 8.1,
    bid: 0,
    ask: 0,
    bidSize: 0,
    askSize: 0,
  }),
];

export const INDEX: QuoteCn = quoteCn(COMPOSITE, {
  name: '上证指数',
  last: 3010.5,
  previousClose: 3000,
  open: 3001,
  high: 3020,
  low: 2999,
  volume: 30_000_000_000,
  amount: 400_000_000_000,
  limitUp: null,
  limitDown: null,
  bid: null,
  ask: null,
  bidSize: null,
  askSize: null,
});

export const TRUTH_IDS: readonly InstrumentId[] = TRUTH.map(({ instrument }) => instrument);

/** The truth about an id; undefined for what nobody knows. */
export function truthOf(id: InstrumentId): QuoteCn | undefined {
  return id === COMPOSITE ? INDEX : TRUTH.find(({ instrument }) => instrument === id);
}

export { CN_DAY as TRUTH_DAY };
