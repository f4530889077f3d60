import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BacktestPlanFacts, planBacktest } from '#app/backtest-plan.ts';
import { runBacktest } from '#core/backtest/run.ts';
import type { Event } from '#core/engine/event.ts';
import { stableHash } from '#core/lib/hash.ts';
import { tradingDaysBetween } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { readBarColumnsCsv } from '#shell/files/csv-bars.ts';
import { CALENDAR, COSTLY, QUIET } from './backtest-market.ts';
import { policyOf } from './builders.ts';

/*
 * Golden sessions: minutes of the simulated market as they were recorded once, twenty days before them
 * included, with what the desk decided on them. They stay when the simulated market changes.
 */

const FOLDER = join(import.meta.dirname, '..', 'golden');
export const GOLDEN_BARS = join(FOLDER, 'us-sessions.csv.gz');
export const GOLDEN_DECISIONS = join(FOLDER, 'us-sessions.json');
export const GOLDEN_INSTRUMENT: InstrumentId = 'QQQM.US';
/** First day of the bars, the days that are played, and the kind each was simulated as. */
export const GOLDEN_FROM = '2026-03-02';
export const GOLDEN_DAYS: Readonly<Record<string, 'trend' | 'range' | 'event'>> = {
  '2026-03-30': 'trend',
  '2026-03-31': 'range',
  '2026-04-01': 'trend',
  '2026-04-02': 'event',
  '2026-04-03': 'range',
  '2026-04-06': 'trend',
};
/** Days before the first that is played. */
export const GOLDEN_HISTORY = tradingDaysBetween(CALENDAR, GOLDEN_FROM, '2026-03-29');

/** How every golden session is played. */
export const GOLDEN_SETUP = {
  params: { ...DEFAULT_VWAP_RECLAIM, isMa20Required: false },
  policy: policyOf({ instruments: [GOLDEN_INSTRUMENT] }),
  model: COSTLY,
};

/** What was decided on one session: signal bars, events by minute and name, and a hash of all of it. */
export type GoldenDecisions = {
  readonly day: string;
  readonly signals: number;
  readonly events: readonly string[];
  readonly hash: string;
};

/** Plan of one golden session, over the recorded bars. */
export async function goldenFacts(day: string): Promise<BacktestPlanFacts> {
  const { bars } = await readBarColumnsCsv({
    file: GOLDEN_BARS,
    instrument: GOLDEN_INSTRUMENT,
    timeframe: '1m',
    calendar: CALENDAR,
    label: 'start',
  });
  const series = [{ instrument: GOLDEN_INSTRUMENT, minutes: bars, daily: null }];
  return { series, calendar: CALENDAR, ...QUIET, from: day, to: day };
}

/** Plays one session and tells what was decided. */
export function decisionsOn(day: string, facts: BacktestPlanFacts): GoldenDecisions {
  const { days } = planBacktest(facts);
  const { log, signals } = runBacktest({ days, ...GOLDEN_SETUP, isLogged: true });
  const events = log.flatMap(({ at, text }) => {
    if (!text.startsWith('{')) return [];
    const time = new Date(at).toISOString().slice(11, 16);
    return [`${time} ${(JSON.parse(text) as Event).type}`];
  });
  return { day, signals, events, hash: stableHash(log.map(({ text }) => text).join('\n')) };
}

/** The decisions as they were recorded. */
export function recordedDecisions(): readonly GoldenDecisions[] {
  return JSON.parse(readFileSync(GOLDEN_DECISIONS, 'utf8')) as GoldenDecisions[];
}
