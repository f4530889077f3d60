import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BoardCn } from '#core/market/board-cn.ts';
import {
  canCancelCn,
  canSubmitCn,
  dayEndsAtCn,
  lifeEndsAtCn,
  orderEndsAtCn,
  phaseAtCn,
  phasesCn,
} from '#core/market/phases-cn.ts';
import { wallTimeOf } from '#core/market/session.ts';
import {
  addTradingMillis,
  deadlineBefore,
  tradingMillisBetween,
} from '#core/market/trading-time.ts';
import { newYorkSession } from '#test/support/bars.ts';
import { at, CN_DAY, cnSession, SHANGHAI } from '#test/support/cn.ts';

const session = cnSession();
const MINUTE = 60_000;

function clock(instant: number | null): string | null {
  return instant === null ? null : wallTimeOf(instant, SHANGHAI).time;
}

function spans(board: BoardCn, day: string): string[] {
  return phasesCn(cnSession(day), board).map(
    ({ phase, fromAt, toAt }) => `${clock(fromAt)}-${clock(toAt)} ${phase}`,
  );
}

const MORNING = [
  '09:15-09:20 opening_auction',
  '09:20-09:25 opening_locked',
  '09:25-09:30 opening_pause',
  '09:30-11:30 continuous',
  '11:30-13:00 break',
];
const CLOSE = ['13:00-14:57 continuous', '14:57-15:00 closing_auction'];
const AFTER = ['15:00-15:05 after_close', '15:05-15:30 after_hours'];

test('RL-04 the day has its auctions, its break and its hour after the close by board and date', () => {
  assert.deepEqual(spans('sse_main', '2026-07-06'), [...MORNING, ...CLOSE, ...AFTER]);
  assert.deepEqual(spans('sse_main', '2026-07-03'), [...MORNING, ...CLOSE]);
  assert.deepEqual(spans('star', '2024-01-02'), [...MORNING, ...CLOSE, ...AFTER]);
  assert.deepEqual(spans('chinext', '2020-08-21'), [...MORNING, ...CLOSE]);
  assert.deepEqual(spans('chinext', '2020-08-24'), [...MORNING, ...CLOSE, ...AFTER]);
  assert.deepEqual(spans('bse', CN_DAY), [...MORNING, ...CLOSE]);
  assert.deepEqual(spans('sse_fund', '2026-07-03'), [...MORNING, '13:00-15:00 continuous']);
  assert.deepEqual(spans('sse_fund', '2026-07-06'), [...MORNING, ...CLOSE, ...AFTER]);
  assert.deepEqual(spans('szse_fund', '2026-07-03'), [...MORNING, ...CLOSE]);
  assert.deepEqual(spans('sse_main', '2018-08-17'), [...MORNING, '13:00-15:00 continuous']);
  assert.equal(clock(dayEndsAtCn(session, 'bse')), '15:00');
  assert.equal(clock(dayEndsAtCn(session, 'szse_main')), '15:30');
});

function windows(ask: typeof canSubmitCn, board: BoardCn): Record<string, string> {
  const times = ['09:14', '09:15', '09:20', '09:25', '09:30', '11:30', '13:00', '14:57'];
  return Object.fromEntries(
    [...times, '15:00', '15:05', '15:30'].map((time) => {
      const answer = ask(session, board, at(time));
      const said =
        answer.kind === 'open'
          ? `yes ${clock(answer.worksAt)}`
          : `no ${clock(answer.opensAt) ?? ''}`.trim();
      return [time, said];
    }),
  );
}

test('RL-04 an exchange says when it takes an order and from when it works', () => {
  const shanghai = {
    '09:14': 'no 09:15',
    '09:15': 'yes 09:15',
    '09:20': 'yes 09:20',
    '09:25': 'no 09:30',
    '09:30': 'yes 09:30',
    '11:30': 'no 13:00',
    '13:00': 'yes 13:00',
    '14:57': 'yes 14:57',
    '15:00': 'yes 15:05',
    '15:05': 'yes 15:05',
    '15:30': 'no',
  };
  assert.deepEqual(windows(canSubmitCn, 'sse_main'), shanghai);
  // Shenzhen takes orders in the pause and acts on them at the open.
  assert.deepEqual(windows(canSubmitCn, 'chinext'), { ...shanghai, '09:25': 'yes 09:30' });
  assert.deepEqual(windows(canSubmitCn, 'bse'), { ...shanghai, '15:00': 'no', '15:05': 'no' });
});

test('RL-04 the last minutes of both auctions let no order be taken back', () => {
  const shanghai = {
    '09:14': 'no 09:15',
    '09:15': 'yes 09:15',
    '09:20': 'no 09:30',
    '09:25': 'no 09:30',
    '09:30': 'yes 09:30',
    '11:30': 'no 13:00',
    '13:00': 'yes 13:00',
    '14:57': 'no 15:00',
    '15:00': 'yes 15:05',
    '15:05': 'yes 15:05',
    '15:30': 'no',
  };
  assert.deepEqual(windows(canCancelCn, 'star'), shanghai);
  assert.deepEqual(windows(canCancelCn, 'szse_main'), {
    ...shanghai,
    '09:20': 'no 09:25',
    '09:25': 'yes 09:30',
  });
  const bse = canCancelCn(session, 'bse', at('14:58'));
  assert.deepEqual(bse, { kind: 'shut', phase: 'closing_auction', opensAt: null });
});

test('RL-04 phases follow each other without a gap and say what a single look says', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<BoardCn>('sse_main', 'chinext', 'star', 'bse', 'sse_fund'),
      fc.integer({ min: 0, max: 8 * 3_600 }),
      (board, second) => {
        const instant = at('08:00') + second * 1_000;
        const list = phasesCn(session, board);
        for (const [index, span] of list.entries()) {
          assert.ok(span.fromAt < span.toAt);
          assert.equal(span.fromAt, list[index - 1]?.toAt ?? span.fromAt);
        }
        const found = list.find((span) => instant >= span.fromAt && instant < span.toAt);
        const outside = instant < list[0]!.fromAt ? 'before_open' : 'closed';
        assert.equal(phaseAtCn(session, board, instant), found?.phase ?? outside);
      },
    ),
  );
});

test('SP-08 ten trading minutes never reach across 11:30 or 14:57', () => {
  const ends = (time: string) => clock(lifeEndsAtCn(session, at(time), 10 * MINUTE));
  assert.equal(ends('10:00'), '10:10');
  assert.equal(ends('11:20'), '11:30');
  assert.equal(ends('11:26'), '11:30');
  assert.equal(ends('11:30'), null);
  assert.equal(ends('12:00'), null);
  assert.equal(ends('13:00'), '13:10');
  assert.equal(ends('14:50'), '14:57');
  assert.equal(ends('14:57'), null);
  assert.equal(ends('09:29'), null);
});

test('SP-08 an order’s life ends while its exchange still takes the cancel, ten seconds before 11:30 and 14:57', () => {
  const ends = (time: string, millis = 10 * MINUTE) => {
    const endsAt = orderEndsAtCn(session, at(time), millis);
    if (endsAt === null) return null;
    const board = 'sse_main';
    assert.equal(canCancelCn(session, board, endsAt).kind, 'open');
    return Math.round((endsAt - at(time)) / 1_000);
  };
  assert.equal(ends('10:00'), 600);
  assert.equal(ends('11:20'), 590);
  assert.equal(ends('11:26'), 230);
  assert.equal(ends('13:00'), 600);
  assert.equal(ends('14:47'), 590);
  assert.equal(ends('14:46'), 600);
  assert.equal(ends('14:56'), 50);
  assert.equal(ends('14:56', 30_000), 30);
  assert.equal(ends('14:56', 55_000), 50);
  assert.equal(ends('11:30'), null);
  assert.equal(ends('14:57'), null);
  const late = at('14:57') - 4_000;
  assert.equal(orderEndsAtCn(session, late, 10 * MINUTE), late, 'taken back at once');
});

test('RL-04 trading time stands still in the break', () => {
  const between = (from: string, to: string) =>
    tradingMillisBetween(session, at(from), at(to)) / MINUTE;
  assert.equal(between('09:30', '15:00'), 240);
  assert.equal(between('11:20', '13:10'), 20);
  assert.equal(between('11:40', '12:40'), 0);
  assert.equal(between('08:00', '09:31'), 1);
  assert.equal(between('14:59', '16:00'), 1);
  const later = (time: string, minutes: number) =>
    clock(addTradingMillis(session, at(time), minutes * MINUTE));
  assert.equal(later('11:25', 10), '13:05');
  assert.equal(later('11:25', 5), '11:30');
  assert.equal(later('09:00', 1), '09:31');
  assert.equal(later('12:00', 1), '13:01');
  assert.equal(later('14:55', 10), null);
  assert.equal(deadlineBefore(5, 10, [5, 12, 20]), 12);
  const newYork = newYorkSession('2026-11-20');
  assert.equal(tradingMillisBetween(newYork, newYork.openAt, newYork.closeAt), 390 * MINUTE);
});

test('RL-04 adding trading time and measuring it are inverse', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 360 }), fc.integer({ min: 0, max: 240 }), (from, add) => {
      const start = at('09:00') + from * MINUTE;
      const end = addTradingMillis(session, start, add * MINUTE);
      if (end === null) {
        assert.ok(tradingMillisBetween(session, start, session.closeAt) < add * MINUTE);
      } else assert.equal(tradingMillisBetween(session, start, end), add * MINUTE);
    }),
  );
});
