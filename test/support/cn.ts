import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';

export const SHANGHAI = 'Asia/Shanghai';
/** A Thursday after the revision of 2026-07-06. */
export const CN_DAY = '2026-11-19';
export const MOUTAI: InstrumentId = '600519.SH';

const WEEKDAYS: CalendarTable = {
  market: 'CN',
  zone: SHANGHAI,
  validFrom: '1997-01-01',
  validThrough: '2026-12-31',
  regularOpen: '09:30',
  regularClose: '15:00',
  holidays: [],
  earlyCloses: {},
  breaks: [{ from: '11:30', to: '13:00' }],
  source: 'test',
};

/** Regular Chinese session of a weekday. */
export function cnSession(day: string = CN_DAY): Session {
  const answer = sessionOn(WEEKDAYS, day);
  if (answer.kind !== 'session') throw new Error(`${day}: expected a weekday`);
  return answer.session;
}

/** Instant of a Shanghai wall time, `HH:MM` or `HH:MM:SS`. */
export function at(time: string, day: string = CN_DAY): number {
  return instantAt(day, time.slice(0, 5), SHANGHAI) + Number(time.slice(6) || 0) * 1_000;
}

/** Facts of an ordinary, long-listed share. */
export function dayOf(fields: Partial<InstrumentDayCn> = {}): InstrumentDayCn {
  return {
    instrument: MOUTAI,
    tradingDay: CN_DAY,
    previousClose: 10,
    status: 'normal',
    listedOn: '2001-08-27',
    listedForDays: 60,
    firstDayOf: 'none',
    vendorLimits: null,
    isSuspended: false,
    halts: [],
    isSameDaySale: false,
    closePrice: null,
    ...fields,
  };
}

/** A quote; a side of 0 is empty. */
export function cnQuote(bid: number, ask: number, fields: Partial<Quote> = {}): Quote {
  return {
    instrument: MOUTAI,
    bid,
    ask,
    bidSize: bid > 0 ? 100_000 : 0,
    askSize: ask > 0 ? 100_000 : 0,
    at: at('10:00'),
    ...fields,
  };
}
