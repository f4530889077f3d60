import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blackoutsOn, DEFAULT_EVENT_WINDOWS } from '#core/gates/event-window.ts';
import { dailyBarsOf, splitByDay } from '#core/market/aggregate.ts';
import { columnsOf } from '#core/market/bar.ts';
import { previousTradingDays, sessionOn, tradingDaysBetween } from '#core/market/calendar.ts';
import { regimeCloseOf } from '#core/regimes/day-label.ts';
import { buildDayContext } from '#core/strategies/day-context.ts';
import { evaluationOf } from '#core/strategies/vwap-reclaim/evaluation.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import {
  createVwapReclaim,
  judgeDay,
  stepVwapReclaim,
} from '#core/strategies/vwap-reclaim/strategy.ts';
import { loadCalendar, loadEvents } from '#shell/calendars/load.ts';
import { readBarsCsv } from '#shell/files/csv-bars.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const SPY = ['data', 'us', 'minute', 'SPY_1m_2024-03-26_2025-01-31.csv.gz'] as const;

type Tally = Record<string, number>;

function count(tally: Tally, key: string): void {
  tally[key] = (tally[key] ?? 0) + 1;
}

async function runSpy(from: string, through: string) {
  const calendar = await loadCalendar('config/calendars/xnys.yaml');
  const table = await loadEvents('config/calendars/us-events.yaml');
  const instrument = 'SPY.US' as const;
  const file = sharedPath(...SPY)!;
  const read = await readBarsCsv({ file, instrument, timeframe: '1m', calendar, label: 'start' });
  const days = splitByDay(columnsOf(read.bars));
  const sessionOf = (day: string) => {
    const answer = sessionOn(calendar, day);
    return answer.kind === 'session' ? answer.session : null;
  };
  const daily = dailyBarsOf(days, sessionOf).bars;
  const results: Tally = {};
  const reasons: Tally = {};
  const live1100: Tally = {};
  const labels: Tally = {};
  const signalDays = new Set<string>();
  for (const day of tradingDaysBetween(calendar, from, through)) {
    const session = sessionOf(day)!;
    const priorDays = previousTradingDays(calendar, day, 20);
    const blackouts = blackoutsOn({
      session,
      previousDay: priorDays?.at(-1) ?? null,
      instrument,
      table,
      params: DEFAULT_EVENT_WINDOWS,
    });
    const context = buildDayContext({
      instrument,
      session,
      dailyBars: daily,
      minuteHistory: days,
      priorDays,
      blackouts,
    });
    const bars = days.get(day)!;
    const acc = createVwapReclaim(context, DEFAULT_VWAP_RECLAIM);
    for (let i = 0; i < bars.length; i += 1) {
      const result = stepVwapReclaim(acc, bars, i);
      if (i === 89) count(live1100, judgeDay(acc, bars.closedAt[i]!));
      if (result === 0) continue;
      count(results, result === 1 ? 'signal' : 'refused');
      if (result === 1) signalDays.add(day);
      for (const { code } of evaluationOf(acc, bars, i).refusals) count(reasons, code);
    }
    count(labels, regimeCloseOf(bars, session)!.label);
  }
  return { results, reasons, live1100, labels, signalDays: signalDays.size };
}

test(
  'ID-03 SPY in May and June 2024: signals, refusals and day types of the default rules',
  needsShared(...SPY),
  async () => {
    const found = await runSpy('2024-05-01', '2024-06-28');
    assert.deepEqual(found.results, { refused: 150, signal: 407 });
    assert.equal(found.signalDays, 29);
    assert.deepEqual(found.reasons, {
      day_type_event: 31,
      below_ma20: 36,
      stop_too_wide: 25,
      day_type_trend_down: 6,
      day_type_range: 87,
    });
    assert.deepEqual(found.live1100, {
      undecided: 16,
      trend_down: 5,
      trend_up: 14,
      range: 6,
    });
    assert.deepEqual(found.labels, { range: 16, trend_up: 11, mixed: 13, trend_down: 1 });
  },
);

test(
  'ID-03 the first days of a series are warm-up and give no signal',
  needsShared(...SPY),
  async () => {
    const found = await runSpy('2024-03-26', '2024-04-23');
    assert.equal(found.results['signal'], undefined);
    assert.equal(found.reasons['warmup_incomplete'], found.results['refused']);
    assert.ok((found.results['refused'] ?? 0) > 50);
  },
);
