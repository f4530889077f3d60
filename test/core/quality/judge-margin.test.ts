import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MarginDayCn } from '#core/market/records-cn.ts';
import type { MarginContext } from '#core/quality/judge-margin.ts';
import { balanceKey, judgeMargin } from '#core/quality/judge-margin.ts';

const DAYS = ['2026-11-17', '2026-11-18', '2026-11-19'];
const YI = 100_000_000;

const CONTEXT: MarginContext = {
  source: 'test',
  dayBefore: (day) => DAYS[DAYS.indexOf(day) - 1] ?? null,
  dayKind: (day) => (DAYS.includes(day) ? 'session' : 'closed'),
  balances: new Map(),
};

function row(fields: Partial<MarginDayCn>): MarginDayCn {
  return {
    exchange: 'SSE',
    day: '2026-11-18',
    balance: 9000 * YI,
    bought: 500 * YI,
    repaid: 480 * YI,
    lent: null,
    ...fields,
  };
}

const both = (day: string): MarginDayCn[] => [row({ day }), row({ day, exchange: 'SZSE' })];

test('SP-01 a repayment that the balances contradict is unknown, its row and balance stay', () => {
  const balances = new Map([[balanceKey('SSE', '2026-11-17'), 8980 * YI]]);
  const verdict = judgeMargin([row({ repaid: 700 * YI }), row({ exchange: 'SZSE' })], {
    ...CONTEXT,
    balances,
  });
  assert.deepEqual(
    verdict.kept.map(({ exchange, repaid }) => [exchange, repaid]),
    [
      ['SSE', null],
      ['SZSE', 480 * YI],
    ],
  );
  assert.deepEqual(
    verdict.anomalies.map(({ code, found }) => [code, found]),
    [['balance_disagrees', 'SSE repaid 700.00 亿, the balance off by 220.00 亿']],
  );
});

test('SP-01 rows of following days are held against each other, Beijing against nothing', () => {
  const rows = [
    ...both('2026-11-18'),
    row({ day: '2026-11-19', balance: 9020 * YI }),
    row({ day: '2026-11-19', exchange: 'SZSE', balance: 9520 * YI }),
    row({ day: '2026-11-18', exchange: 'BSE', balance: 50 * YI, bought: 5 * YI, repaid: 16 * YI }),
    row({ day: '2026-11-19', exchange: 'BSE', balance: 50 * YI, bought: 5 * YI, repaid: 16 * YI }),
  ];
  const verdict = judgeMargin(rows, CONTEXT);
  assert.deepEqual(
    verdict.anomalies.map(({ code, day, found }) => [code, day, found.slice(0, 4)]),
    [['balance_disagrees', '2026-11-19', 'SZSE']],
  );
  assert.equal(verdict.kept.length, 6);
});

test('SP-01 a day with one exchange only is named, never counted as 0', () => {
  const verdict = judgeMargin([row({}), ...both('2026-11-19')], CONTEXT);
  assert.deepEqual(verdict.incomplete, [{ day: '2026-11-18', exchange: 'SZSE' }]);
});

test('SP-10 margin rows that cannot be true are taken out with their reason', () => {
  const cases: [Partial<MarginDayCn>, string][] = [
    [{ balance: 0 }, 'non_positive'],
    [{ balance: null }, 'non_positive'],
    [{ bought: -1 }, 'non_positive'],
    [{ repaid: Number.NaN }, 'not_a_number'],
    [{ day: '2026-11-21' }, 'not_a_trading_day'],
  ];
  for (const [fields, code] of cases) {
    const verdict = judgeMargin([row(fields)], CONTEXT);
    assert.deepEqual(
      [verdict.kept.length, verdict.anomalies.map((one) => one.code)],
      [0, [code]],
      code,
    );
  }
  const twice = judgeMargin([row({}), row({ balance: 1 })], CONTEXT);
  assert.deepEqual(
    [twice.kept.length, twice.kept[0]?.balance, twice.anomalies[0]?.code],
    [1, 9000 * YI, 'duplicate'],
  );
});
