import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { marginFigures } from '#core/indicators/alt-flow.ts';
import { countLimits } from '#core/indicators/breadth.ts';
import { volatilityFigures } from '#core/indicators/volatility.ts';
import { sumOfLargest } from '#core/lib/rank.ts';
import { previousTradingDays, sessionOn } from '#core/market/calendar.ts';
import { isBeforeClosure } from '#core/market/closure.ts';
import { instantAt } from '#core/market/session.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { LookTime, MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { judgeLook } from '#core/strategies/sector-pulse/look.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { deskWith } from '#test/support/pulse-desk.ts';
import { pulseParams } from '#test/support/pulse-market.ts';
import {
  recordedBars,
  recordedIndex,
  recordedMargin,
  recordedSnapshot,
  recordedTable,
  weighedReturn,
} from '#test/support/pulse-recorded.ts';
import { needsShared } from '#test/support/shared-data.ts';

const needs = needsShared('data', 'cn');
const CALENDAR = await loadMarketCalendar(join(import.meta.dirname, '../../../..'), 'CN');
const PARAMS = pulseParams('replay-cn');

function whenOf(day: string, time: string): LookTime {
  const answer = sessionOn(CALENDAR, day);
  assert.ok(answer.kind === 'session');
  const previousDay = previousTradingDays(CALENDAR, day, 1)?.[0] ?? '';
  const at = instantAt(day, time, 'Asia/Shanghai');
  return { at, time, session: answer.session, previousDay, calendar: CALENDAR };
}

test(
  'SP-01 SP-03 of 363 recorded days four had a net repayment of 200 亿 and of 1.5 %',
  needs,
  () => {
    const margin = recordedMargin();
    const days = [...new Set(margin.rows.map(({ day }) => day))].sort();
    const heavy = days.flatMap((day) => {
      const { netRepaid, share } = marginFigures(margin, day, 0);
      assert.ok(netRepaid.value !== null && share.value !== null, day);
      return netRepaid.value >= 200
        ? [[day, netRepaid.value.toFixed(2), share.value >= 0.015]]
        : [];
    });
    assert.equal(days.length, 363);
    assert.deepEqual(heavy, [
      ['2024-02-02', '289.98', true],
      ['2024-02-05', '392.04', true],
      ['2025-01-13', '314.67', true],
      ['2025-01-27', '343.57', true],
    ]);
    const lowered = heavy.map(([day]) => isBeforeClosure(CALENDAR, String(day), 2, 3));
    assert.deepEqual(
      lowered,
      [false, false, false, true],
      '2025-01-27 is the last day of the year',
    );
  },
);

test(
  'SP-01 volatility of CSI 300 and its percentile, before and after the fall of 2025-04-07',
  needs,
  () => {
    const index = recordedIndex('sh000300', null, 0);
    const of = (day: string) => {
      const { previousDay, at } = whenOf(day, '10:00');
      const params = { returns: 30, values: 252 };
      const { volatility, percentile } = volatilityFigures(index, previousDay, day, at, params);
      return [volatility.value?.toFixed(6), percentile.value?.toFixed(6)];
    };
    assert.deepEqual(of('2025-04-07'), ['0.134361', '0.420635']);
    assert.deepEqual(of('2025-04-08'), ['0.245135', '0.873016']);
    assert.deepEqual(of('2024-10-08'), ['0.325298', '1.000000']);
    assert.deepEqual(of('2025-06-30'), ['0.089703', '0.142857']);
  },
);

test(
  'SP-01 limit counts and concentration of the 230 recorded stocks, 2025-04-07 to 04-09',
  needs,
  () => {
    const recording = recordedBars('2025-04-03', '2025-04-09');
    const of = (day: string, time: string) => {
      const { previousDay } = whenOf(day, time);
      const snapshot = recordedSnapshot(recording, day, previousDay, time);
      const counts = countLimits(recordedTable(recording, day), snapshot);
      const known = snapshot.turnover.filter((value) => value >= 0);
      const total = known.reduce((sum, value) => sum + value, 0);
      const { up, down, touchedUp, touchedDown, counted } = counts;
      const top = (sumOfLargest(snapshot.turnover, 20) / total).toFixed(6);
      return [up, down, touchedUp, touchedDown, counted, top];
    };
    assert.deepEqual(of('2025-04-07', '10:00'), [2, 15, 0, 77, 228, '0.495074']);
    assert.deepEqual(of('2025-04-07', '15:00'), [2, 129, 0, 44, 228, '0.540396']);
    assert.deepEqual(of('2025-04-08', '10:00'), [2, 0, 0, 4, 228, '0.469663']);
    assert.deepEqual(of('2025-04-09', '15:00'), [8, 1, 2, 5, 228, '0.480848']);
  },
);

test(
  'SP-03 on 2025-04-07 two looks in a row show level 2: the desk is dormant at 10:00',
  needs,
  () => {
    const recording = recordedBars('2025-04-03', '2025-04-09');
    const day = '2025-04-07';
    const inputsAt = (time: string): MarketInputs => {
      const when = whenOf(day, time);
      const snapshot = recordedSnapshot(recording, day, when.previousDay, time);
      const composite = recordedIndex('sh000001', null, when.at);
      const close = composite.closes[composite.days.indexOf(when.previousDay)]!;
      const now = close * (1 + weighedReturn(snapshot));
      return {
        table: recordedTable(recording, day),
        snapshot,
        history: null,
        composite: { ...composite, now, degraded: true },
        csi300: recordedIndex('sh000300', null, when.at),
        margin: recordedMargin(),
        concentrations: [],
      };
    };
    const early = whenOf(day, '09:45');
    const nothing = { level: 'none' as const, look: null };
    const { kill } = judgeLook(inputsAt('09:45'), early, 'watch', nothing, PARAMS);
    assert.deepEqual([kill.look.level, kill.level], ['l2', 'none']);
    assert.deepEqual(kill.ignored, ['margin'], 'the recording ends on 2025-03-31');
    const ten = whenOf(day, '10:00');
    const desk = deskWith(ten.at, { stance: 'attack' }, { lastLook: kill.look });
    const record = decideCheckpoint(inputsAt('10:00'), ten, desk, PARAMS);
    assert.equal(record.figures.limitRatio.value, 3 / 16);
    assert.equal(record.figures.indexReturn.value?.toFixed(4), '-0.0474');
    assert.deepEqual([record.kill.level, record.stance.after.stance], ['l2', 'dormant']);
    assert.equal(record.verdict.kind, 'blocked');
    assert.equal(record.permission, 'reducing');
  },
);
