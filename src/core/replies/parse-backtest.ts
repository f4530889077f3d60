import { addCalendarDays, isTradingDayText, type TradingDay } from '#core/market/trading-day.ts';
import type { Reply } from './act.ts';
import { bad, question } from './reply-of.ts';

/** Strategies that can be played over recorded minutes. */
const BACKTESTED: readonly string[] = ['vwap-reclaim'];

const EXPECTED = `<strategy> [from] [to]: ${BACKTESTED.join(' or ')}, then days as YYYY-MM-DD, YYYY-MM or YYYY`;

/** First and last day that a word means: a day, a month or a year; null: it means none. */
function stretchOf(word: string): { readonly first: TradingDay; readonly last: TradingDay } | null {
  const [, year = '', month = '', day = ''] =
    /^((?:19|20)\d{2})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(word) ?? [];
  if (year === '') return null;
  if (month === '') return { first: `${year}-01-01`, last: `${year}-12-31` };
  const first = `${year}-${month}-${day === '' ? '01' : day}`;
  if (!isTradingDayText(first)) return null;
  if (day !== '') return { first, last: first };
  const after = addCalendarDays(first, 31).slice(0, 8);
  return { first, last: addCalendarDays(`${after}01`, -1) };
}

/** Reads `/backtest`: a strategy, then none, one or both ends of the days; a month is meant whole. */
export function parseBacktest(args: readonly string[]): Reply {
  const [strategy = '', ...ends] = args.map((word) => word.toLowerCase());
  const [from, to] = ends.map(stretchOf);
  const isRead = BACKTESTED.includes(strategy) && ends.length <= 2 && from !== null && to !== null;
  if (!isRead || (from !== undefined && to !== undefined && from.first > to.last))
    return bad('backtest', args.join(' '), EXPECTED);
  return question({
    ask: 'backtest',
    strategy,
    from: from?.first ?? null,
    to: to?.last ?? null,
  });
}
