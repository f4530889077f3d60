import type { CalendarTable } from '#core/market/calendar.ts';
import { previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { FetchNote } from '#core/quality/note.ts';
import { INDEXES_CN } from './cn-market.ts';
import type { FetchAsk, FetchResult, MarketDataCn } from './ports.ts';

/** One question to one source, and what came of it. */
export type SourceCheck = {
  readonly source: string;
  /** The kind of data it was asked for. */
  readonly kind: string;
  readonly isWell: boolean;
  readonly ms: number;
  /** Instant the answer is true for. */
  readonly asOf: number | null;
  readonly rows: number;
  readonly note: readonly FetchNote[];
};

/** A source with the kinds of data it offers, and a way to ask it alone. */
export type CheckedSource = {
  readonly name: string;
  readonly offers: readonly string[];
  readonly data: MarketDataCn;
};

const SAMPLE: readonly InstrumentId[] = ['600519.SH', '000001.SZ', INDEXES_CN.composite];

type Ask = (
  data: MarketDataCn,
  days: { readonly from: TradingDay; readonly day: TradingDay },
  ask: FetchAsk,
) => Promise<FetchResult<unknown>>;

/** The cheapest question of each kind, cheapest first; the first a source offers is asked. */
const QUESTIONS: readonly (readonly [kind: string, ask: Ask])[] = [
  ['quotes', (data, _days, ask) => data.quotes(SAMPLE, ask)],
  ['trading_days', (data, { from, day }, ask) => data.tradingDays(from, day, ask)],
  [
    'index_daily',
    (data, { from, day }, ask) => data.indexDaily(INDEXES_CN.composite, from, day, ask),
  ],
  ['margin', (data, { from }, ask) => data.margin(from, ask)],
];

function rowsOf(data: unknown): number {
  return Array.isArray(data) ? data.length : data === null ? 0 : 1;
}

/** Asks every source one cheap question by itself, all at the same time. Never throws for a source. */
export async function checkSources(
  sources: readonly CheckedSource[],
  facts: {
    readonly calendar: CalendarTable;
    readonly today: TradingDay;
    readonly now: () => number;
  },
  askMs: number,
): Promise<SourceCheck[]> {
  const back = previousTradingDays(facts.calendar, facts.today, 3);
  const day = back?.at(-1) ?? addCalendarDays(facts.today, -1);
  const from = back?.[0] ?? addCalendarDays(facts.today, -5);
  const checks = sources.map(async ({ name, offers, data }): Promise<SourceCheck | null> => {
    const question = QUESTIONS.find(([kind]) => offers.includes(kind));
    if (question === undefined) return null;
    const [kind, put] = question;
    const startedAt = facts.now();
    const {
      data: found,
      asOf,
      note,
    } = await put(data, { from, day }, { deadlineAt: startedAt + askMs });
    return {
      source: name,
      kind,
      isWell: found !== null,
      ms: facts.now() - startedAt,
      asOf: found === null ? null : asOf,
      rows: rowsOf(found),
      note,
    };
  });
  return (await Promise.all(checks)).filter((check) => check !== null);
}
