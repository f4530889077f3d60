import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn, MinuteBarCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Anomaly } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';

/** Figures of a bar as a source states them; null is a dash. */
export type RawBar = {
  readonly day: TradingDay | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
  readonly amount: number | null;
  readonly previousClose: number | null;
};

/** A daily bar of what a source states, or what cannot be read of it. */
export function closeOf(
  source: string,
  instrument: InstrumentId,
  raw: RawBar,
): DailyBarCn | Anomaly {
  const { day, open, high, low, close, volume, amount, previousClose } = raw;
  if (day === null) return anomaly('not_a_day', source, 'no date', 'a date', { instrument });
  const isWhole = [open, high, low, close, volume].every(
    (value) => value !== null && Number.isFinite(value),
  );
  if (!isWhole) {
    const found = `open ${open} high ${high} low ${low} close ${close} volume ${volume}`;
    return anomaly('not_a_number', source, found, 'numbers', { instrument, day });
  }
  const known = (value: number | null) =>
    value !== null && Number.isFinite(value) && value > 0 ? value : null;
  return {
    instrument,
    day,
    open: open ?? 0,
    high: high ?? 0,
    low: low ?? 0,
    close: close ?? 0,
    previousClose: known(previousClose),
    volume: volume ?? 0,
    amount: amount === 0 ? 0 : known(amount),
  };
}

/** A minute bar with what is wrong with it, or null. */
export function minuteFault(source: string, bar: MinuteBarCn): Anomaly | null {
  const { instrument, open, high, low, close, volume } = bar;
  const place = { instrument };
  if (![open, high, low, close, volume].every(Number.isFinite)) {
    return anomaly('not_a_number', source, 'a price or volume that is none', 'numbers', place);
  }
  if (open === 0 && close === 0 && volume === 0) {
    return anomaly('suspended_padding', source, 'zeros', 'no bar without trades', place);
  }
  if (!(open > 0 && high > 0 && low > 0 && close > 0) || volume < 0) {
    const found = String(Math.min(open, high, low, close, volume));
    return anomaly('non_positive', source, found, 'prices above 0', place);
  }
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) {
    const found = `open ${open} high ${high} low ${low} close ${close}`;
    return anomaly('high_low_inconsistent', source, found, 'low ≤ open, close ≤ high', place);
  }
  return null;
}
