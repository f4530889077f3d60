import type { MarginData } from '#core/indicators/alt-flow.ts';
import { sumOfLargest } from '#core/lib/rank.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DailyHistory, IndexSeries, MarketSnapshot } from '#core/market/whole-market.ts';
import type { RecordedDayCn, RecordingCn } from './recorded-days-cn.ts';

/*
 * What a look is given beside its prices: history, indexes, margin and concentrations, all of days
 * before the one that is played.
 */

const ZONE = 'Asia/Shanghai';

/** Yesterday's close times one plus the return of the recorded stocks; no index was recorded. */
export function indexAt(
  series: IndexSeries | null,
  snapshot: MarketSnapshot | null,
  day: TradingDay,
  at: number,
): IndexSeries | null {
  if (series === null) return null;
  const end = series.days.findIndex((one) => one >= day);
  const known = end < 0 ? series.days.length : end;
  const closes = series.closes.subarray(0, known);
  const base = { ...series, days: series.days.slice(0, known), closes, fetchedAt: at };
  const close = closes.at(-1);
  const change = snapshot === null ? null : weighedReturn(snapshot);
  if (close === undefined || change === null || snapshot === null)
    return { ...base, now: null, asOf: at };
  return { ...base, now: close * (1 + change), asOf: snapshot.asOf, degraded: true };
}

/** Return since the previous close by turnover; before the first turnover, at the auction, the plain mean. */
function weighedReturn(snapshot: MarketSnapshot): number | null {
  let total = 0;
  let weighed = 0;
  let count = 0;
  let sum = 0;
  for (let row = 0; row < snapshot.last.length; row += 1) {
    const change = snapshot.last[row]! / snapshot.previousClose[row]! - 1;
    const turnover = snapshot.turnover[row]!;
    if (Number.isNaN(change)) continue;
    count += 1;
    sum += change;
    if (!(turnover > 0)) continue;
    total += turnover;
    weighed += turnover * change;
  }
  if (total > 0) return weighed / total;
  return count > 0 ? sum / count : null;
}

/** Daily bars before the day, on its basis: the last close is its official previous close. */
export function historyOf(rec: RecordingCn, day: RecordedDayCn, at: number): DailyHistory {
  const width = rec.days.length;
  const end = rec.days.findIndex((one) => one.tradingDay >= day.tradingDay);
  const known = end < 0 ? width : end;
  const stocks = rec.instruments.length;
  const from = Math.max(0, known - rec.historyDays);
  const count = known - from;
  const cells = () => new Float64Array(stocks * count).fill(Number.NaN);
  const history = {
    days: rec.days.slice(from, known).map(({ tradingDay }) => tradingDay),
    stocks,
    source: rec.source,
    degraded: true,
    fetchedAt: at,
    open: cells(),
    high: cells(),
    low: cells(),
    close: cells(),
    volume: cells(),
    turnover: cells(),
  };
  for (let row = 0; row < stocks; row += 1) {
    let lastClose = Number.NaN;
    for (let d = known - 1; d >= from && !(lastClose > 0); d -= 1)
      lastClose = rec.daily.close[row * width + d]!;
    // on the basis of this day: the last close is its official previous close
    const factor = day.previousClose[row]! / lastClose;
    for (let d = from; d < known; d += 1) {
      const source = row * width + d;
      const cell = row * count + d - from;
      history.open[cell] = rec.daily.open[source]! * factor;
      history.high[cell] = rec.daily.high[source]! * factor;
      history.low[cell] = rec.daily.low[source]! * factor;
      history.close[cell] = rec.daily.close[source]! * factor;
      history.volume[cell] = rec.daily.volume[source]! / factor;
      history.turnover[cell] = rec.daily.turnover[source]!;
    }
  }
  return history;
}

/** Margin of days before today: today's figures come out after its close. */
export function marginBefore(
  margin: MarginData | null,
  day: TradingDay,
  at: number,
): MarginData | null {
  if (margin === null) return null;
  const rows = margin.rows.filter((row) => row.day < day);
  return { ...margin, rows, asOf: at, fetchedAt: at };
}

/** Share of the twenty most traded stocks at `time` of each recorded day before `tradingDay`. */
export function concentrations(rec: RecordingCn, tradingDay: TradingDay, time: string) {
  const days = rec.days.filter((one) => one.tradingDay < tradingDay && one.slots.length > 0);
  const values = days.map((one) => {
    const at = instantAt(one.tradingDay, time, ZONE);
    const slots = one.slots.filter(({ closedAt }) => closedAt <= at);
    const turnover = rec.instruments.map((_, row) =>
      slots.reduce((sum, { index }) => {
        const amount = rec.bars.amount[row * rec.width + index]!;
        return amount > 0 ? sum + amount : sum;
      }, 0),
    );
    const total = turnover.reduce((sum, one_) => sum + one_, 0);
    return total > 0 ? sumOfLargest(Float64Array.from(turnover), 20) / total : Number.NaN;
  });
  return { time, days: days.map((one) => one.tradingDay), values: Float64Array.from(values) };
}
