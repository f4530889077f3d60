import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Anomaly, AnomalyCode } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { judgeOneDay } from '#core/quality/judge-one-day.ts';
import { CN_DAY } from '#test/support/cn.ts';

const idOf = (i: number): InstrumentId => `6000${String(i).padStart(2, '0')}.SH`;
const FACTS = { day: CN_DAY, rows: 100, compared: 100 };

function faults(count: number, code: AnomalyCode): Anomaly[] {
  return Array.from({ length: count }, (_, i) =>
    anomaly(code, 'x', 'a', 'b', { instrument: idOf(i), day: CN_DAY }),
  );
}

function earlier(count: number, implied: number) {
  return Array.from({ length: count }, (_, i) => ({
    instrument: idOf(i),
    day: '2026-11-18',
    close: 10,
    implied,
  }));
}

const judge = (
  anomalies: readonly Anomaly[],
  earlierFaults: ReturnType<typeof earlier>,
  facts = FACTS,
) => judgeOneDay({ anomalies, earlierFaults }, facts, 'x')?.code ?? null;

test('RL-01 a day with more wrong rows than it may have is refused, padding of suspended ones aside', () => {
  assert.equal(judge(faults(20, 'amount_disagrees'), []), null);
  assert.equal(judge(faults(21, 'amount_disagrees'), []), 'too_many_disagree');
  assert.equal(judge(faults(50, 'suspended_padding'), []), null);
});

test('RL-01 previous closes beyond any limit show rows of other stocks: the new day is wrong', () => {
  assert.equal(judge([], earlier(30, 5)), 'other_stocks_rows');
  assert.equal(judge([], earlier(20, 5)), null);
});

test('RL-01 previous closes within the limits speak against the day on file, the new one stays', () => {
  assert.equal(judge([], earlier(30, 10.5)), null);
});

test('RL-01 of a few rows nothing is said as a whole', () => {
  const few = { day: CN_DAY, rows: 10, compared: 10 };
  assert.equal(judge(faults(9, 'non_positive'), earlier(9, 5), few), null);
});
