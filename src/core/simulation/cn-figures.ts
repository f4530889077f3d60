import type { MarginRow } from '#core/indicators/alt-flow.ts';
import { createRandom, type Seed } from '#core/lib/random.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { FREE_DAYS, type StockEventsCn } from './cn-events.ts';

/**
 * Closes of an index of `rows`, by turnover; the first day is its base. Bars are adjusted ones; a new
 * listing counts once its days without limits are over.
 */
export function indexOf(
  daily: Readonly<Record<'close' | 'amount', Float64Array>>,
  rows: readonly number[],
  events: readonly StockEventsCn[],
  days: number,
  base: number,
): Float64Array {
  const closes = new Float64Array(days);
  let level = base;
  for (let d = 0; d < days; d += 1) {
    let [weight, sum] = [0, 0];
    for (const row of rows) {
      const [now, before] = [daily.close[row * days + d]!, daily.close[row * days + d - 1]!];
      const money = daily.amount[row * days + d]!;
      const { listedFrom } = events[row]!;
      if (d === 0 || !(now > 0 && before > 0)) continue;
      if (listedFrom > 0 && d < listedFrom + FREE_DAYS) continue;
      weight += money;
      sum += money * (now / before - 1);
    }
    if (weight > 0) level *= 1 + sum / weight;
    closes[d] = Math.round(level * 100) / 100;
  }
  return closes;
}

/** Margin trading of both exchanges, quiet. */
export function marginOf(seed: Seed, days: readonly TradingDay[]): MarginRow[] {
  const random = createRandom(`${seed}/cn/margin`);
  const balances = { SSE: 9_400e8, SZSE: 8_900e8 };
  return days.flatMap((day) =>
    (['SSE', 'SZSE'] as const).map((exchange): MarginRow => {
      const previousBalance = balances[exchange];
      const bought = Math.round((420 + 60 * random.normal()) * 1e8);
      const repaid = Math.round(bought + 12e8 * random.normal());
      balances[exchange] += bought - repaid;
      return { exchange, day, balance: balances[exchange], bought, repaid, previousBalance };
    }),
  );
}
