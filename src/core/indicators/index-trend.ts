import { relativeChange } from '#core/lib/stats.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { priceAgeMs } from '#core/market/trading-time.ts';
import type { IndexSeries } from '#core/market/whole-market.ts';
import { daysBefore } from '#core/market/whole-market.ts';
import type { Figure, FigureNote } from './figure.ts';
import { figure, noFigure, note, nowhere } from './figure.ts';
import { simpleMovingAverage } from './moving-average.ts';

/** The index against its average and against yesterday. */
export type IndexFigures = {
  readonly now: Figure;
  readonly ma20: Figure;
  readonly aboveMa20: Figure<boolean>;
  readonly return: Figure;
};

/** What the index figures need: how old `now` may be, breaks taken out, and over how many closes the mean runs. */
export type IndexTrendParams = {
  readonly maxAgeMs: number;
  readonly breaks: Session['breaks'];
  readonly averageDays: number;
};

function nowFault(
  index: IndexSeries,
  at: number,
  { maxAgeMs, breaks }: IndexTrendParams,
): FigureNote | null {
  if (index.now === null || !(index.now > 0)) return note('no_data', { column: 'now' });
  const ageMs = priceAgeMs(breaks, index.asOf, at);
  if (!(ageMs >= 0)) return note('from_future', { aheadMs: -ageMs });
  return ageMs <= maxAgeMs ? null : note('stale', { ageMs, limitMs: maxAgeMs });
}

/**
 * `index_above_ma20` (now ≥ mean of the 20 closes up to `previousDay`) and `index_return` (now /
 * close of `previousDay` − 1). Closes of later days are not read.
 */
export function indexFigures(
  index: IndexSeries | null,
  previousDay: TradingDay,
  tradingDay: TradingDay,
  at: number,
  params: IndexTrendParams,
): IndexFigures {
  const origin = index ?? nowhere(at);
  const end = index === null ? 0 : daysBefore(index.days, tradingDay);
  const lastDay = index?.days[end - 1] ?? '';
  const closesFault =
    index === null
      ? note('no_data')
      : lastDay === previousDay
        ? null
        : note('history_old', { found: lastDay, expected: previousDay });
  const average =
    index === null ? null : simpleMovingAverage(index.closes, end, params.averageDays);
  const averageFault =
    closesFault ??
    (average !== null && average > 0
      ? null
      : note('history_short', { days: end, needed: params.averageDays }));
  const lateFault = index === null ? note('no_data') : nowFault(index, at, params);
  const now = index?.now ?? Number.NaN;
  const close = index?.closes[end - 1] ?? Number.NaN;
  const aboveFault = lateFault ?? averageFault;
  const returnFault = lateFault ?? closesFault;
  return {
    now:
      lateFault === null
        ? figure('index_now', now, 'points', origin)
        : noFigure('index_now', 'points', origin, lateFault),
    ma20:
      averageFault === null
        ? figure('index_ma20', average ?? 0, 'points', origin)
        : noFigure('index_ma20', 'points', origin, averageFault),
    aboveMa20:
      aboveFault === null
        ? figure<boolean>('index_above_ma20', now >= (average ?? Number.NaN), '', origin)
        : noFigure<boolean>('index_above_ma20', '', origin, aboveFault),
    return:
      returnFault === null && close > 0
        ? figure('index_return', relativeChange(now, close), 'fraction', origin)
        : noFigure('index_return', 'fraction', origin, returnFault ?? note('no_data')),
  };
}
