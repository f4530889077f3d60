import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import type { SymbolFacts } from '#core/engine/state.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { instantAt, type Session } from '#core/market/session.ts';
import type { DeskAct } from '#core/replies/act.ts';
import {
  actOf,
  allow,
  attest,
  bar,
  planned,
  policyOf,
  quoteOf,
  reconciled,
  signalOf,
  started,
} from './builders.ts';

/** A stock of Shanghai's main board: previous close 38.00, so limits 34.20 and 41.80. */
export const STOCK: InstrumentId = '600150.SH';
export const MONDAY = '2026-11-16';
export const TUESDAY = '2026-11-17';

/** Instant at which the Shanghai clock shows `HH:MM` or `HH:MM:SS`. */
export function sh(wall: string, day = MONDAY): number {
  return instantAt(day, wall.slice(0, 5), 'Asia/Shanghai') + Number(wall.slice(6) || '0') * 1000;
}

export function shanghaiSession(tradingDay: string): Session {
  return {
    market: 'CN',
    tradingDay,
    zone: 'Asia/Shanghai',
    openAt: sh('09:30', tradingDay),
    closeAt: sh('15:00', tradingDay),
    isEarlyClose: false,
    breaks: [{ fromAt: sh('11:30', tradingDay), toAt: sh('13:00', tradingDay) }],
  };
}

/** Facts of the stock on a day, as known before the open. */
export function stockDay(
  tradingDay: string,
  change: Partial<InstrumentDayCn> = {},
): InstrumentDayCn {
  return {
    instrument: STOCK,
    tradingDay,
    previousClose: 38,
    status: 'normal',
    listedOn: '1998-05-20',
    listedForDays: 6,
    firstDayOf: 'none',
    vendorLimits: null,
    isSuspended: false,
    halts: [],
    isSameDaySale: false,
    closePrice: null,
    ...change,
  };
}

/** A desk on A-shares whose orders a person executes, unless `execution` says otherwise. */
export function cnPolicy(execution: Partial<Policy['execution']> = {}): Policy {
  return policyOf({
    deskId: 'cn-hand',
    accountId: 'cn-main',
    market: 'CN',
    zone: 'Asia/Shanghai',
    currency: 'CNY',
    instruments: [STOCK],
    capitalMinor: 50_000_000,
    execution: {
      broker: 'manual',
      protection: 'watched',
      isPerson: true,
      sellableAfterDays: 1,
      hasBracket: false,
      hasOco: false,
      hasReplace: false,
      hasExtendedHours: false,
      flatten: 'each',
      ...execution,
    },
    risk: { maxSpreadBps: 20, maxSpreadRatioOfR: 1, minQuantity: 100 },
    ticket: { lifeMs: 600_000 },
    exits: { flatBeforeCloseMs: null },
    cost: { commissionRate: 0.000_25, commissionMinimumMinor: 500 },
    // its figures come at checkpoints, not minute by minute
    watch: { barOverdueMs: null },
  });
}

export function plannedCn(
  at: number,
  tradingDay: string,
  change: Partial<InstrumentDayCn> = {},
): Input {
  const facts: SymbolFacts = {
    instrument: STOCK,
    ma20: 37,
    atr20d: 1.5,
    previousClose: 38,
    usualDays: 20,
    instrumentDay: stockDay(tradingDay, change),
  };
  return planned(at, shanghaiSession(tradingDay), [], [facts]);
}

/** Bid and ask around the stock's price. */
export const quoteCn = (at: number, bid: number, ask: number): Input => ({
  kind: 'quote_seen',
  at,
  quote: quoteOf(at, bid, ask, STOCK),
});

/** A signal to buy at 38.62 with the stop at 37.08, seen at 10:05. */
export function signalCn(at: number): Input {
  const signal = signalOf(at, {
    instrument: STOCK,
    referencePrice: 38.62,
    pullbackLow: 37.1,
    stop: 37.08,
  });
  return bar(at, { instrument: STOCK, signal }, quoteOf(at, 38.6, 38.62, STOCK));
}

/** What leads to a confirmed ticket at 10:06 on Monday. */
export function confirmedCn(): readonly Input[] {
  const quote = quoteOf(sh('10:06'), 38.6, 38.62, STOCK);
  const confirm = {
    act: 'confirm',
    code: null,
    version: null,
    quantity: null,
    price: null,
  } as const;
  return [
    started(sh('09:00')),
    attest(sh('09:00:30')),
    reconciled(sh('09:01')),
    plannedCn(sh('09:05'), MONDAY),
    allow(sh('09:50')),
    bar(sh('10:04'), { instrument: STOCK }, quoteOf(sh('10:04'), 38.5, 38.52, STOCK)),
    signalCn(sh('10:05')),
    actOf(sh('10:06'), confirm, { quote }),
  ];
}

export const fillAct = (
  at: number,
  target: string,
  price: number,
  quantity: number,
  more: { time?: string; isConfirmed?: boolean } = {},
): Input => {
  const { time = null, isConfirmed = false } = more;
  const act: DeskAct = { act: 'fill', target, verb: 'fill', price, quantity, time };
  return actOf(at, act, { isConfirmed });
};
