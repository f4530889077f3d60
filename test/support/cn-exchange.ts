import { cnFeeModel } from '#core/backtest/costs.ts';
import type { Bar } from '#core/market/bar.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Session } from '#core/market/session.ts';
import type { SimulatedPosition } from '#core/simulation/account.ts';
import { createAccount } from '#core/simulation/account.ts';
import { matchAfterHours, matchAuction } from '#core/simulation/auction-cn.ts';
import { cancelOrder, expireOrders, placeOrder } from '#core/simulation/exchange.ts';
import type { ExchangeReport, OrderTerms } from '#core/simulation/exchange-order.ts';
import type { ExchangeRules } from '#core/simulation/exchange-state.ts';
import { createExchange, setInstrumentDay } from '#core/simulation/exchange-state.ts';
import { matchBar, matchQuote } from '#core/simulation/matching.ts';
import { at, CN_DAY, cnQuote, cnSession, dayOf, MOUTAI } from './cn.ts';

export const COMMISSION = { rate: 0.00025, minimumMinor: 500 };

type Setting = Partial<ExchangeRules> & {
  readonly cashMinor?: number;
  readonly held?: number;
  readonly boughtToday?: number;
  readonly facts?: Partial<InstrumentDayCn> | null;
  readonly session?: Session | null;
};

export function cnTerms(fields: Partial<OrderTerms> = {}): OrderTerms {
  return {
    orderId: 'o',
    instrument: MOUTAI,
    side: 'buy',
    type: 'limit',
    quantity: 100,
    limitPrice: fields.type === 'market' ? null : 10,
    stopPrice: null,
    bracket: null,
    ocoGroup: null,
    ...fields,
  };
}

export function told(reports: readonly ExchangeReport[]): string[] {
  return reports.map((report) => {
    const { orderId, kind, lastQuantity, lastPrice, reason } = report;
    const what = lastQuantity > 0 ? `${kind} ${lastQuantity}@${lastPrice}` : kind;
    return `${orderId} ${what}${reason === null ? '' : ` ${reason}`}`;
  });
}

/** A Chinese exchange at work on CN_DAY, with what a test needs to move it. Times are `HH:MM`. */
export function cnExchange(setting: Setting = {}) {
  const { cashMinor = 100_000_000, held = 0, boughtToday = 0, facts = {}, session } = setting;
  const rules: ExchangeRules = {
    matchBy: setting.matchBy ?? 'ticks',
    fees: setting.fees ?? cnFeeModel(COMMISSION),
    slippage: setting.slippage ?? { slippageBps: 0 },
    volumeCapRatio: setting.volumeCapRatio ?? 0.1,
    rejectRatio: 0,
    partialRatio: setting.partialRatio ?? 0,
    seed: setting.seed ?? 1,
    venue: 'cn',
  };
  const position: SimulatedPosition = {
    instrument: MOUTAI,
    quantity: held,
    averagePrice: 9.5,
    boughtOn: CN_DAY,
    boughtTodayQuantity: boughtToday,
  };
  const account = createAccount(cashMinor, held > 0 ? [position] : []);
  const exchange = createExchange(rules, account, session === undefined ? cnSession() : session);
  if (facts !== null) setInstrumentDay(exchange, dayOf(facts));
  return {
    exchange,
    account,
    place: (time: string, fields: Partial<OrderTerms> = {}) =>
      told(placeOrder(exchange, cnTerms(fields), at(time)).reports),
    cancel: (time: string, orderId = 'o') => told(cancelOrder(exchange, orderId, at(time))),
    expire: (time: string) => told(expireOrders(exchange, at(time))),
    quote: (time: string, bid: number, ask: number, size?: number) => {
      const sizes = size === undefined ? {} : { bidSize: size, askSize: size };
      return told(matchQuote(exchange, cnQuote(bid, ask, { at: at(time), ...sizes }), at(time)));
    },
    bar: (time: string, prices: readonly [number, number, number, number], volume = 1_000_000) => {
      const [open, high, low, close] = prices;
      const openedAt = at(time);
      const bar: Bar = {
        instrument: MOUTAI,
        timeframe: '1m',
        openedAt,
        closedAt: openedAt + 60_000,
        open,
        high,
        low,
        close,
        volume,
      };
      return told(matchBar(exchange, bar, bar.closedAt));
    },
    auction: (time: string, price: number, volume = 1_000_000) => {
      const print = { instrument: MOUTAI, price, volume, at: at(time) };
      return told(matchAuction(exchange, print, at(time)));
    },
    afterHours: (time: string, volume = 1_000_000) =>
      told(matchAfterHours(exchange, { instrument: MOUTAI, volume, at: at(time) }, at(time))),
    learn: (fields: Partial<InstrumentDayCn>) => setInstrumentDay(exchange, dayOf(fields)),
  };
}
