import type { VerdictKind } from '#core/engine/state.ts';
import type { Agenda } from '#core/gates/agenda.ts';
import { addCalendarDays, type TradingDay, weekdayOf } from '#core/market/trading-day.ts';
import type { CurvesPicture } from '#core/pictures/picture.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { DayRecord, ProposalAnswer, RuleBreak } from './day-record.ts';

export type Span = 'day' | 'week' | 'month';

/** The days of a span that `day` lies in, both ends included. Weeks begin on Monday. */
export function boundsOf(span: Span, day: TradingDay): { from: TradingDay; to: TradingDay } {
  if (span === 'day') return { from: day, to: day };
  if (span === 'week') {
    const from = addCalendarDays(day, 1 - weekdayOf(day));
    return { from, to: addCalendarDays(from, 6) };
  }
  const from = `${day.slice(0, 7)}-01`;
  const next = addCalendarDays(from, 31);
  return { from, to: addCalendarDays(`${next.slice(0, 7)}-01`, -1) };
}

/** Proposals with one answer: how many, how many of them have a result, and its sum in R. */
export type ScoreRow = {
  readonly answer: ProposalAnswer;
  readonly count: number;
  readonly judged: number;
  readonly sumR: number;
};

export type DayTypeRow = {
  readonly dayType: DayType;
  readonly trades: number;
  readonly wins: number;
  readonly sumR: number;
};

/** Days of one desk added up. */
export type PeriodFigures = {
  readonly days: number;
  readonly verdicts: readonly { readonly kind: VerdictKind; readonly count: number }[];
  readonly resultMinor: number;
  readonly resultR: number;
  readonly feesMinor: number;
  readonly byDayType: readonly DayTypeRow[];
  readonly score: readonly ScoreRow[];
  /** Mean over trades, worse being positive; null: none could be compared. */
  readonly entryBps: number | null;
  readonly exitBps: number | null;
  readonly breaks: readonly { readonly kind: RuleBreak; readonly count: number }[];
  readonly gates: { readonly passed: number; readonly judged: number };
};

/** A period of a desk as it is told. */
export type PeriodReport = {
  /** `score`: only what a person's answers brought. */
  readonly span: Span | 'score';
  readonly deskId: string;
  readonly currency: string;
  readonly from: TradingDay;
  readonly to: TradingDay;
  readonly figures: PeriodFigures;
  /** Answers over a longer time than the period, where that says more: from this day on. */
  readonly scoreFrom: TradingDay;
  readonly score: readonly ScoreRow[];
  /** The next session of the market; null: not known. */
  readonly ahead: Agenda | null;
};

/** A period of a desk with the days it is made of. */
export type FullReport = { readonly report: PeriodReport; readonly records: readonly DayRecord[] };

const ANSWERS: readonly ProposalAnswer[] = ['confirmed', 'skipped', 'expired', 'void', 'refused'];

function counted<T>(values: readonly T[]): { kind: T; count: number }[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([kind, count]) => ({ kind, count }));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known) / known.length;
}

/** Adds up days of one desk. */
export function periodFigures(records: readonly DayRecord[]): PeriodFigures {
  const trades = records.flatMap((record) => record.trades);
  const proposals = records.flatMap((record) => record.proposals);
  const gates = records.flatMap((record) => record.gates);
  const byType = Map.groupBy(trades, ({ dayType }) => dayType);
  const breaks = new Map<RuleBreak, number>();
  for (const { kind, count } of records.flatMap((record) => record.breaks))
    breaks.set(kind, (breaks.get(kind) ?? 0) + count);
  return {
    days: records.length,
    verdicts: counted(records.map(({ verdict }) => verdict)),
    resultMinor: sum(records.map(({ resultMinor }) => resultMinor)),
    resultR: sum(records.map(({ resultR }) => resultR)),
    feesMinor: sum(records.map(({ feesMinor }) => feesMinor)),
    byDayType: [...byType].map(([dayType, of]) => ({
      dayType,
      trades: of.length,
      wins: of.filter(({ resultR }) => resultR > 0).length,
      sumR: sum(of.map(({ resultR }) => resultR)),
    })),
    score: ANSWERS.flatMap((answer) => {
      const of = proposals.filter((proposal) => proposal.answer === answer);
      const results = of.flatMap(({ resultR }) => (resultR === null ? [] : [resultR]));
      if (of.length === 0) return [];
      return [{ answer, count: of.length, judged: results.length, sumR: sum(results) }];
    }),
    entryBps: mean(trades.map(({ entryBps }) => entryBps)),
    exitBps: mean(trades.map(({ exitBps }) => exitBps)),
    breaks: [...breaks].map(([kind, count]) => ({ kind, count })),
    gates: { passed: gates.filter(({ passed }) => passed).length, judged: gates.length },
  };
}

/** Equity day by day, where it is known, and R trade by trade. */
export function curvesOf(records: readonly DayRecord[], subject: string): CurvesPicture {
  return {
    kind: 'curves',
    subject,
    currency: records[0]?.currency ?? 'USD',
    equity: records.flatMap(({ tradingDay, equityMinor }) =>
      equityMinor === null ? [] : [{ tradingDay, valueMinor: equityMinor }],
    ),
    trades: records.flatMap(({ tradingDay, trades }) =>
      trades.map(({ resultR }) => ({ tradingDay, resultR })),
    ),
  };
}
