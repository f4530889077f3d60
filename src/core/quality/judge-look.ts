import { boardOfCn } from '#core/market/board-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { QuoteCn } from '#core/market/quote-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly, Judged } from './anomaly.ts';
import { anomaly } from './anomaly.ts';

/** What a look is compared with. */
export type LookContext = {
  readonly source: string;
  /** What was asked for; null: everything the source has. */
  readonly asked: ReadonlySet<InstrumentId> | null;
  /** Trading day the quotes must be of; null: nobody knows, days are not compared. */
  readonly day: TradingDay | null;
  /** Date that an instant has in Shanghai. */
  readonly dayOf: (at: number) => TradingDay;
  readonly now: number;
  /** Oldest newest quote of a look, in milliseconds before now; null: out of trading, nothing moves. */
  readonly freshMs: number | null;
  /** True: a look at the market, judged as a whole too. */
  readonly isWhole: boolean;
};

/** From when on a whole look is refused, as shares of its rows. */
export type LookLimits = {
  /** Rows that may be wrong by themselves. */
  readonly faultShare: number;
  /** Rows of another day. */
  readonly otherDayShare: number;
  /** Least share of what was asked that must remain. */
  readonly rowsShare: number;
};

export const LOOK_LIMITS: LookLimits = { faultShare: 0.2, otherDayShare: 0.5, rowsShare: 0.5 };

/** Clocks of exchanges and of this machine may differ by this much. */
const CLOCK_MS = 30_000;
const STEP = 0.0101;
/** A mean price may stand outside the day's range by a rounded lot or amount. */
const MEAN_SHARE = 0.01;

type Fault = Pick<Anomaly, 'code' | 'found' | 'expected'>;

function figure(value: number): string {
  return String(Number(value.toPrecision(8)));
}

function numbersFault(quote: QuoteCn): Fault | null {
  const { last, previousClose, open, high, low, volume, amount } = quote;
  const given = [last, previousClose, open, high, low, volume, amount].filter(
    (value) => value !== null,
  );
  if (given.some((value) => !Number.isFinite(value))) {
    return { code: 'not_a_number', found: 'a figure that is none', expected: 'numbers' };
  }
  if (given.some((value) => value < 0)) {
    return { code: 'non_positive', found: figure(Math.min(...given)), expected: 'from 0 on' };
  }
  const isTraded = (volume ?? 0) > 0 || (amount ?? 0) > 0;
  const isGone = last === null || last === 0 || last < (previousClose ?? 0) * 0.01;
  if (isTraded && isGone) {
    const found = `last ${last ?? 'none'} after ${previousClose ?? 'nothing'}, a fall of 100 %`;
    return { code: 'minus_100_percent', found, expected: 'a price where shares traded' };
  }
  return null;
}

function pricesFault(quote: QuoteCn): Fault | null {
  const { last, open, high, low, volume, amount, limitUp, limitDown } = quote;
  if (last === null || !(last > 0)) return null;
  const isOver = limitUp !== null && last > limitUp + STEP;
  const isUnder = limitDown !== null && last < limitDown - STEP;
  if (isOver || isUnder) {
    const expected = `${figure(limitDown ?? 0)} … ${figure(limitUp ?? 0)}`;
    return { code: 'outside_limits', found: figure(last), expected };
  }
  if (high === null || low === null || !(high > 0) || !(low > 0)) return null;
  const inner = [last, open ?? last].filter((value) => value > 0);
  if (high < low || inner.some((value) => value > high + STEP || value < low - STEP)) {
    const found = `open ${open} high ${high} low ${low} last ${last}`;
    return { code: 'high_low_inconsistent', found, expected: 'low ≤ open, last ≤ high' };
  }
  // points of an index are no prices
  if (boardOfCn(quote.instrument) === null) return null;
  if (volume === null || amount === null || !(volume > 0) || !(amount > 0)) return null;
  const mean = amount / volume;
  const slack = STEP + high * (MEAN_SHARE + 100 / volume);
  if (mean > high + slack || mean < low - slack) {
    const expected = `${figure(low)} … ${figure(high)}`;
    return { code: 'amount_disagrees', found: `amount / volume ${figure(mean)}`, expected };
  }
  return null;
}

function timeFault(quote: QuoteCn, context: LookContext): Fault | null {
  const { at } = quote;
  if (at === null) return null;
  if (at > context.now + CLOCK_MS) {
    const ahead = Math.round((at - context.now) / 1000);
    return { code: 'future_stamp', found: `a stamp ${ahead} s ahead`, expected: 'at most 30 s' };
  }
  const day = context.dayOf(at);
  if (context.day === null || day === context.day) return null;
  return { code: 'wrong_day', found: `a quote of ${day}`, expected: context.day };
}

function percent(part: number, whole: number): string {
  return `${part} of ${whole} quotes`;
}

/** Why the look as a whole cannot be used, or null. */
function refusalOf(
  quotes: readonly QuoteCn[],
  kept: readonly QuoteCn[],
  counts: ReadonlyMap<string, number>,
  context: LookContext,
  limits: LookLimits,
): Fault | null {
  const of = quotes.length;
  if (of === 0) return { code: 'too_few_rows', found: 'no quotes', expected: 'some' };
  const otherDay = counts.get('wrong_day') ?? 0;
  if (otherDay > of * limits.otherDayShare) {
    const found = `${percent(otherDay, of)} of another day`;
    return { code: 'wrong_day', found, expected: context.day ?? '' };
  }
  const faults = [...counts].filter(([code]) => code !== 'not_asked' && code !== 'wrong_day');
  const faulty = faults.reduce((sum, [, count]) => sum + count, 0);
  if (faulty > of * limits.faultShare) {
    const kinds = faults.map(([code, count]) => `${code} ${count}`).join(', ');
    const expected = `at most ${limits.faultShare * 100} %`;
    return { code: 'too_many_disagree', found: `${percent(faulty, of)}: ${kinds}`, expected };
  }
  const asked = context.asked?.size ?? 0;
  if (context.isWhole && kept.length < asked * limits.rowsShare) {
    const expected = `at least ${limits.rowsShare * 100} % of ${asked}`;
    return { code: 'too_few_rows', found: `${kept.length} quotes`, expected };
  }
  const stamps = kept.flatMap(({ at }) => (at === null ? [] : [at]));
  if (context.freshMs === null || stamps.length === 0) return null;
  const ageMs = context.now - stamps.reduce((newest, at) => Math.max(newest, at), 0);
  if (ageMs <= context.freshMs) return null;
  const found = `the newest quote ${Math.round(ageMs / 1000)} s old`;
  return { code: 'stale', found, expected: `at most ${context.freshMs / 1000} s` };
}

/**
 * Judges quotes: each by itself and by its own stamp, a look as a whole by how many remain, of which
 * day they are and whether anything still moves. Quotes nobody asked for are left out without a word.
 */
export function judgeLook(
  quotes: readonly QuoteCn[],
  context: LookContext,
  limits: LookLimits = LOOK_LIMITS,
): Judged<readonly QuoteCn[]> {
  const anomalies: Anomaly[] = [];
  const counts = new Map<string, number>();
  const seen = new Set<InstrumentId>();
  const kept = quotes.filter((quote) => {
    const { instrument } = quote;
    if (context.asked !== null && !context.asked.has(instrument)) return false;
    const again: Fault | null = seen.has(instrument)
      ? { code: 'duplicate', found: 'the stock again', expected: 'one quote' }
      : null;
    seen.add(instrument);
    const fault = again ?? numbersFault(quote) ?? timeFault(quote, context) ?? pricesFault(quote);
    if (fault === null) return true;
    counts.set(fault.code, (counts.get(fault.code) ?? 0) + 1);
    const place = { instrument, day: context.day };
    anomalies.push(anomaly(fault.code, context.source, fault.found, fault.expected, place));
    return false;
  });
  const fault = refusalOf(quotes, kept, counts, context, limits);
  if (fault === null) return { kept, anomalies, refusal: null };
  const refusal = anomaly(fault.code, context.source, fault.found, fault.expected, {
    day: context.day,
  });
  return { kept, anomalies: [refusal, ...anomalies], refusal };
}
