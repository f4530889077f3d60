import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { planBacktest } from '#app/backtest-plan.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { playSweep, type SweepTask } from '../../src/cli/backtest-sweep.ts';
import { CALENDAR, QUIET, simulatedSeries } from '../support/backtest-market.ts';
import { policyOf } from '../support/builders.ts';

const INSTRUMENTS: readonly InstrumentId[] = ['QQQM.US', 'MU.US'];
const [FROM, TO] = ['2026-03-02', '2026-05-29'];
const series = simulatedSeries(7, INSTRUMENTS, FROM, TO);
const plan = { series, calendar: CALENDAR, ...QUIET, from: FROM, to: TO };
const { days } = planBacktest(plan);
const facts = { layer: 'C', plan } as const;

const tasks: SweepTask[] = [0.1, 0.2, 0.3, 0.4, 0.5].map((stopAtrMultiple) => ({
  values: { stopAtrMultiple },
  set: {
    policy: policyOf({ instruments: INSTRUMENTS }),
    params: { ...DEFAULT_VWAP_RECLAIM, isMa20Required: false, stopAtrMultiple },
  },
  execution: {
    commission: 'alpaca',
    halfSpreadBps: 0.5,
    slippageBps: 0.5,
    spreadAtrRatio: 0,
    slippageAtrRatio: 0,
    spread: 'recorded',
    limitFillRatio: 1,
    latencySeconds: 45,
    entry: 'open',
    volumeCapRatio: 0.1,
  },
}));
const alone = await playSweep(facts, days, tasks, { workers: 1 });

test('ID-13 sets played in several threads give what one thread gives, in the same order', async () => {
  assert.ok(alone.every(({ results }) => results.length > 5));
  assert.notDeepEqual(alone[0]?.results, alone[4]?.results);
  const done: number[] = [];
  const onDone = (count: number) => done.push(count);
  assert.deepEqual(await playSweep(facts, days, tasks, { workers: 3, onDone }), alone);
  assert.deepEqual(done, [1, 2, 3, 4, 5]);
  assert.deepEqual(await playSweep(facts, days, [], { workers: 3 }), []);
});

test('ID-13 the set of a thread that dies is played again, and the results are the same', async () => {
  const mark = join(tmpdir(), `centaur-dying-thread-${process.pid}`);
  const script = 'test/support/dying-thread.ts';
  try {
    assert.deepEqual(await playSweep(facts, days, tasks, { workers: 2, script }), alone);
    assert.equal(existsSync(mark), true, 'a thread died');
  } finally {
    rmSync(mark, { force: true });
  }
});

test('ID-13 what a set throws ends the sweep with its words', async () => {
  const [first, ...others] = tasks;
  const params = { ...DEFAULT_VWAP_RECLAIM, atrPeriod: 0 };
  const broken = { ...first!, set: { ...first!.set, params } };
  const sweep = playSweep(facts, days, [...others, broken], { workers: 2 });
  await assert.rejects(sweep, /atr period: found 0, expected >= 1/);
});

test('ID-13 a sweep whose threads all die is given up', async () => {
  const script = 'test/support/no-such-thread.ts';
  const sweep = playSweep(facts, days, tasks, { workers: 2, script });
  await assert.rejects(sweep, /backtest: found 4 threads that died \(.*\), gave up/);
});
