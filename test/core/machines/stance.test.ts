import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { reason } from '#core/gates/reason.ts';
import { monthReturnOf, restartProgress } from '#core/machines/restart.ts';
import type { Stance, StanceCommand, StanceState } from '#core/machines/stance.ts';
import { decideStance, INITIAL_STANCE, stancePermission } from '#core/machines/stance.ts';
import { pulseParams } from '#test/support/pulse-market.ts';

const PARAMS = pulseParams();
const STANCES: readonly Stance[] = ['attack', 'hold', 'watch', 'dormant'];

function given(stance: Stance, change: Partial<StanceState> = {}): StanceState {
  const sleeping = stance === 'dormant';
  const killLevel = sleeping ? 'l2' : 'none';
  return { ...INITIAL_STANCE, stance, killLevel, isLiquidating: sleeping, ...change };
}

const when = (state: StanceState, command: StanceCommand) =>
  decideStance(state, command, PARAMS.stance);
const gate = (passed: boolean, positionRatio: number | null): StanceCommand => ({
  kind: 'gate_judged',
  passed,
  positionRatio,
});
const found = (level: 'none' | 'l1' | 'l2'): StanceCommand => ({ kind: 'kill_level_found', level });
const resume = (...objections: Parameters<typeof reason>[0][]): StanceCommand => ({
  kind: 'resume_asked',
  objections: objections.map((code) => reason(code)),
});

suite('SP-04 a passed gate, by stance and position ratio', () => {
  const rows: readonly [Stance, number | null, Stance][] = [
    ['attack', 0, 'attack'],
    ['attack', 0.55, 'attack'],
    ['attack', 0.6499, 'attack'],
    ['attack', 0.65, 'hold'],
    ['hold', 0.65, 'hold'],
    ['hold', 0.55, 'hold'],
    ['hold', 0.5499, 'attack'],
    ['watch', 0.5999, 'attack'],
    ['watch', 0.6, 'hold'],
    ['dormant', 0.1, 'dormant'],
    ['attack', null, 'hold'],
    ['watch', null, 'hold'],
    ['hold', null, 'hold'],
  ];
  for (const [from, ratio, to] of rows) {
    test(`SP-04 given ${from} at ratio ${ratio}, when the gate passes, then ${to}`, () => {
      const answer = when(given(from), gate(true, ratio));
      assert.equal(answer.state.stance, to);
      assert.equal(answer.changed, from !== to);
      assert.equal(answer.state.gatePassed, true);
    });
  }
});

suite('SP-04 every stance and every other command', () => {
  const rows: readonly [string, StanceCommand, Readonly<Record<Stance, Stance>>][] = [
    [
      'the gate fails',
      gate(false, 0.9),
      { attack: 'watch', hold: 'watch', watch: 'watch', dormant: 'dormant' },
    ],
    [
      'no level is found',
      found('none'),
      { attack: 'attack', hold: 'hold', watch: 'watch', dormant: 'dormant' },
    ],
    [
      'level 1 is found',
      found('l1'),
      { attack: 'attack', hold: 'hold', watch: 'watch', dormant: 'dormant' },
    ],
    [
      'level 2 is found',
      found('l2'),
      { attack: 'dormant', hold: 'dormant', watch: 'dormant', dormant: 'dormant' },
    ],
    [
      'the sell sheet is confirmed',
      { kind: 'sell_sheet_confirmed' },
      { attack: 'dormant', hold: 'dormant', watch: 'dormant', dormant: 'dormant' },
    ],
    [
      'everything is sold',
      { kind: 'positions_sold' },
      { attack: 'attack', hold: 'hold', watch: 'watch', dormant: 'dormant' },
    ],
    [
      'resume is asked with an objection',
      resume('restart_days_short'),
      { attack: 'attack', hold: 'hold', watch: 'watch', dormant: 'dormant' },
    ],
  ];
  for (const [name, command, expected] of rows) {
    for (const stance of STANCES) {
      test(`SP-04 given ${stance}, when ${name}, then ${expected[stance]}`, () => {
        const answer = when(given(stance), command);
        assert.equal(answer.state.stance, expected[stance]);
        assert.equal(answer.changed, stance !== expected[stance]);
      });
    }
  }
});

test('SP-03 level 2 sleeps: reducing while it liquidates, halted when all is sold', () => {
  const asleep = when(given('attack'), found('l2')).state;
  assert.equal(asleep.isLiquidating, true);
  assert.equal(stancePermission(asleep), 'reducing');
  const flat = when(asleep, { kind: 'positions_sold' }).state;
  assert.equal(stancePermission(flat), 'halted');
  assert.equal(when(flat, found('l1')).state.killLevel, 'l2');
  assert.equal(when(flat, found('none')).state.killLevel, 'l2');
});

test('SP-04 permission by stance, and level 1 allows no entries in any of them', () => {
  assert.equal(stancePermission(given('attack')), 'active');
  assert.equal(stancePermission(given('hold')), 'reducing');
  assert.equal(stancePermission(given('watch')), 'reducing');
  assert.equal(stancePermission(given('attack', { killLevel: 'l1' })), 'reducing');
  assert.equal(stancePermission(INITIAL_STANCE), 'reducing');
});

test('SP-05 resume without objections leaves dormant for the stance of the last gate and ratio', () => {
  const slept = given('dormant', { gatePassed: true, positionRatio: 0.2 });
  const awake = when(slept, resume());
  assert.deepEqual(
    [awake.state.stance, awake.state.killLevel, awake.state.isLiquidating],
    ['attack', 'none', false],
  );
  assert.equal(when({ ...slept, positionRatio: 0.6 }, resume()).state.stance, 'hold');
  assert.equal(when({ ...slept, gatePassed: false }, resume()).state.stance, 'watch');
});

test('SP-05 a resume that stands against something is refused with its reasons', () => {
  const answer = when(given('dormant'), resume('restart_days_short', 'restart_drawdown'));
  assert.deepEqual(
    answer.refused.map(({ code }) => code),
    ['restart_days_short', 'restart_drawdown'],
  );
  assert.equal(when(given('attack'), resume()).refused[0]?.code, 'already_so');
});

test('SP-04 whatever comes, entries are allowed in attack only and dormant is left by resume only', () => {
  const command = fc.oneof(
    fc.record({
      kind: fc.constant('gate_judged' as const),
      passed: fc.boolean(),
      positionRatio: fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1, noNaN: true })),
    }),
    fc.constantFrom(found('none'), found('l1'), found('l2'), resume('restart_days_short')),
    fc.constantFrom<StanceCommand>({ kind: 'positions_sold' }, { kind: 'sell_sheet_confirmed' }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
      let state = INITIAL_STANCE;
      for (const one of commands) {
        const before = state.stance;
        state = when(state, one).state;
        if (before === 'dormant') assert.equal(state.stance, 'dormant');
        const isOpen = stancePermission(state) === 'active';
        assert.ok(!isOpen || (state.stance === 'attack' && state.gatePassed === true));
      }
    }),
  );
});

const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18'];
const BOTH = ['10:00', '14:00'];
const passed = (days: readonly string[], checkpoints = BOTH) =>
  days.flatMap((tradingDay) =>
    checkpoints.map((checkpoint) => ({ tradingDay, checkpoint, passed: true })),
  );

function progress(change: Partial<Parameters<typeof restartProgress>[0]> = {}) {
  const facts = { records: passed(DAYS), tradingDays: DAYS, checkpoints: BOTH, monthReturn: -0.01 };
  const found = restartProgress({ ...facts, ...change }, PARAMS.restart);
  return [found.passedDays, ...found.objections.map(({ code }) => code)];
}

test('SP-05 three trading days in a row on both checkpoints and a month not below −3 %', () => {
  assert.deepEqual(progress(), [3]);
  assert.deepEqual(progress({ monthReturn: -0.03 }), [3]);
  assert.deepEqual(progress({ monthReturn: -0.0301 }), [3, 'restart_drawdown']);
  assert.deepEqual(progress({ monthReturn: null }), [3, 'restart_drawdown']);
});

test('SP-05 a failed checkpoint, one not judged or a day left out breaks the row', () => {
  const failed = { tradingDay: '2026-11-17', checkpoint: '14:00', passed: false };
  const without = passed(DAYS).filter(
    (one) => one.tradingDay !== '2026-11-17' || one.checkpoint !== '14:00',
  );
  assert.deepEqual(progress({ records: [...without, failed] }), [1, 'restart_days_short']);
  assert.deepEqual(progress({ records: without }), [1, 'restart_days_short']);
  assert.deepEqual(progress({ records: passed(DAYS.slice(1)) }), [2, 'restart_days_short']);
});

test('SP-05 a day that is still open does not break the row and does not count', () => {
  const four = [...DAYS, '2026-11-19'];
  const records = [...passed(DAYS), ...passed(['2026-11-19'], ['10:00'])];
  assert.deepEqual(progress({ tradingDays: four, records }), [3]);
  assert.deepEqual(progress({ tradingDays: four }), [3]);
  const failed = { tradingDay: '2026-11-19', checkpoint: '10:00', passed: false };
  assert.deepEqual(progress({ tradingDays: four, records: [...passed(DAYS), failed] }), [
    0,
    'restart_days_short',
  ]);
});

test('SP-05 the month counts from its own start, and unknown equity is unknown', () => {
  assert.equal(monthReturnOf(97_000_00, 100_000_00), -0.03);
  assert.equal(monthReturnOf(null, 100), null);
  assert.equal(monthReturnOf(100, null), null);
  assert.equal(monthReturnOf(100, 0), null);
});
