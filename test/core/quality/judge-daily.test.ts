import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import { dailyBarAt, dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import { weekdayOf } from '#core/market/trading-day.ts';
import { anomalyLine, countByCode } from '#core/quality/anomaly.ts';
import type { DailyContext } from '#core/quality/judge-daily.ts';
import { judgeDailyTable } from '#core/quality/judge-daily.ts';

/** Five trading days and the one before them. */
const BEFORE = '2026-11-13';
const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'] as const;
const ALL: readonly string[] = [BEFORE, ...DAYS];

const CONTEXT: DailyContext = {
  source: 'test',
  basis: 'raw',
  dayBefore: (day) => ALL[ALL.indexOf(day) - 1] ?? null,
  dayKind: (day) => (weekdayOf(day) < 6 ? 'session' : 'closed'),
  closesBefore: new Map(),
  isExDate: () => false,
};

const id = (n: number): DailyBarCn['instrument'] => `${600_000 + n}.SH`;

/** A market of `stocks` stocks whose links all hold; each has a price level of its own. */
function market(stocks = 40): DailyBarCn[] {
  return DAYS.flatMap((day, d) =>
    Array.from({ length: stocks }, (_, n) => {
      const level = 5 + n * 3;
      const previousClose = round(level + d * 0.05);
      const close = round(level + (d + 1) * 0.05);
      const volume = (n + 1) * 10_000 + d * 700;
      return {
        instrument: id(n),
        day,
        open: previousClose,
        high: round(close + 0.1),
        low: round(previousClose - 0.1),
        close,
        previousClose,
        volume,
        amount: volume * ((previousClose + close) / 2),
      };
    }),
  );
}

const round = (price: number): number => Math.round(price * 100) / 100;
const judge = (bars: readonly DailyBarCn[], change: Partial<DailyContext> = {}) =>
  judgeDailyTable(dailyTableOf(bars), { ...CONTEXT, ...change });

function changed(
  bars: readonly DailyBarCn[],
  day: string,
  share: (n: number) => boolean,
  change: (bar: DailyBarCn, n: number) => Partial<DailyBarCn>,
): DailyBarCn[] {
  return bars.map((bar) => {
    const n = Number(bar.instrument.slice(0, 6)) - 600_000;
    return bar.day === day && share(n) ? { ...bar, ...change(bar, n) } : bar;
  });
}

/** The row of another stock, many levels away. */
const foreign =
  (bars: readonly DailyBarCn[]) =>
  (bar: DailyBarCn): Partial<DailyBarCn> => {
    const n = Number(bar.instrument.slice(0, 6)) - 600_000;
    const other = bars.find((one) => one.day === bar.day && one.instrument === id((n + 17) % 40));
    return { ...other, instrument: bar.instrument };
  };

test('SP-10 a market whose links hold is kept whole', () => {
  const verdict = judge(market());
  assert.equal(verdict.kept.length, 200);
  assert.deepEqual(verdict.anomalies, []);
  assert.equal(verdict.compared, 160);
});

test('SP-10 a day with rows of other stocks is refused and named, its neighbors are kept', () => {
  const bars = market();
  const verdict = judge(changed(bars, '2026-11-18', (n) => n % 3 === 0, foreign(bars)));
  assert.deepEqual(
    verdict.refusedDays.map((one) => [one.day, one.code]),
    [['2026-11-18', 'too_many_disagree']],
  );
  assert.match(
    anomalyLine(verdict.refusedDays[0]!),
    /^test 2026-11-18: .*14 of 40 rows \(35\.0 %\)/,
  );
  assert.equal(verdict.kept.length, 160);
  assert.equal(verdict.anomalies.length, 1);
});

test('SP-10 a day whose closes are a look during the day is refused: the next day contradicts it', () => {
  const early = changed(
    market(),
    '2026-11-18',
    (n) => n % 5 < 2,
    (bar, n) => ({ close: round(bar.close + (n % 2 === 0 ? 0.06 : -0.06)) }),
  );
  const verdict = judge(early);
  assert.deepEqual(
    verdict.refusedDays.map(({ day }) => day),
    ['2026-11-18'],
  );
  assert.match(verdict.refusedDays[0]!.found, /close_disagrees 16/);
});

test('SP-10 an ex-dividend day of many stocks is not called corrupt', () => {
  const ex = (n: number) => n % 3 === 0;
  let bars: readonly DailyBarCn[] = market();
  for (const day of ['2026-11-18', '2026-11-19', '2026-11-20']) {
    bars = changed(bars, day, ex, (bar) => ({
      open: round(bar.open * 0.97),
      high: round(bar.high * 0.97),
      low: round(bar.low * 0.97),
      close: round(bar.close * 0.97),
      previousClose: round(bar.previousClose! * 0.97),
      amount: bar.amount! * 0.97,
    }));
  }
  const verdict = judge(bars);
  assert.deepEqual(verdict.anomalies, []);
  assert.equal(verdict.exDates.length, 14);
  assert.deepEqual(new Set(verdict.exDates.map(({ day }) => day)), new Set(['2026-11-18']));
});

test('SP-10 an ex-date on file explains a fall without a guess', () => {
  const bars = market().filter((bar) => bar.instrument === id(9));
  const ex = changed(
    bars,
    '2026-11-18',
    () => true,
    () => ({ previousClose: 20 }),
  );
  assert.equal(judge(ex).exDates.length, 1);
  const known = judge(ex, { isExDate: (_id, day) => day === '2026-11-18' });
  assert.deepEqual([known.exDates, known.anomalies], [[], []]);
});

test('SP-10 foreign rows of a few stocks are taken out one by one, the day stays', () => {
  const bars = market();
  const few = (n: number) => n < 2;
  const two = changed(
    changed(bars, '2026-11-17', few, foreign(bars)),
    '2026-11-18',
    few,
    foreign(bars),
  );
  const verdict = judge(two);
  assert.deepEqual(verdict.refusedDays, []);
  assert.deepEqual(countByCode(verdict.anomalies), [['other_stocks_rows', 4]]);
  assert.equal(verdict.kept.length, 196);
});

test('SP-10 rows that cannot be true by themselves are taken out with their reason', () => {
  const cases: [Partial<DailyBarCn>, string][] = [
    [{ open: 0, high: 0, low: 0, close: 0, volume: 0, amount: 0 }, 'minus_100_percent'],
    [
      { open: 0, high: 0, low: 0, close: 0, volume: 0, amount: 0, previousClose: null },
      'suspended_padding',
    ],
    [{ open: 5, high: 5, low: 5, close: 5, volume: 0, amount: 5.9e-39 }, 'suspended_padding'],
    [{ open: -1 }, 'non_positive'],
    [{ volume: -5 }, 'non_positive'],
    [{ high: 1 }, 'high_low_inconsistent'],
    [{ close: Number.NaN }, 'not_a_number'],
    [{ volume: 1_000_000 }, 'amount_disagrees'],
  ];
  for (const [change, code] of cases) {
    const bars = changed(
      market(1),
      '2026-11-20',
      () => true,
      () => change,
    );
    assert.deepEqual(countByCode(judge(bars).anomalies), [[code, 1]], code);
  }
});

test('SP-10 a volume in another unit is told apart, and amounts of adjusted prices are not judged', () => {
  const lots = changed(
    market(1),
    '2026-11-20',
    () => true,
    (bar) => ({ volume: bar.volume * 100 }),
  );
  assert.match(judge(lots).anomalies[0]!.found, /another unit/);
  assert.deepEqual(judge(lots, { basis: 'forward_adjusted' }).anomalies, []);
});

test('SP-10 a day that repeats the day before is refused, and one with half the rows missing', () => {
  const repeated = changed(
    market(),
    '2026-11-20',
    () => true,
    (bar) => {
      const before = market().find(
        (one) => one.instrument === bar.instrument && one.day === '2026-11-19',
      )!;
      return { ...before, day: '2026-11-20', previousClose: null };
    },
  );
  assert.deepEqual(
    judge(repeated).refusedDays.map(({ code }) => code),
    ['same_as_before'],
  );
  const half = market().filter((bar) => bar.day !== '2026-11-20' || bar.close < 60);
  assert.deepEqual(
    judge(half).refusedDays.map(({ code }) => code),
    ['too_few_rows'],
  );
});

test('SP-10 a day the market was closed is refused', () => {
  const bars = market(2).map((bar) =>
    bar.day === '2026-11-20' ? { ...bar, day: '2026-11-21' } : bar,
  );
  const verdict = judge(bars);
  assert.deepEqual(
    verdict.refusedDays.map(({ code, day }) => [code, day]),
    [['not_a_trading_day', '2026-11-21']],
  );
});

test('SP-10 closes on file that the first day contradicts are named with their own day', () => {
  const closesBefore = new Map(
    Array.from({ length: 40 }, (_, n) => [id(n), n < 10 ? 4 + n * 3 : 5 + n * 3] as const),
  );
  const verdict = judge(market(), { closesBefore });
  assert.equal(verdict.earlierFaults.length, 10);
  assert.deepEqual(verdict.earlierFaults[0], {
    instrument: id(0),
    day: BEFORE,
    close: 4,
    implied: 5,
  });
  assert.equal(verdict.compared, 200);
});

test('SP-10 of repeated rows the first stays, equal and different ones told apart', () => {
  const [bar] = market(1);
  const told: boolean[] = [];
  const table = dailyTableOf([bar!, bar!, { ...bar!, close: 5.06 }], (_id, _day, isEqual) =>
    told.push(isEqual),
  );
  assert.equal(table.length, 1);
  assert.deepEqual(told, [true, false]);
  assert.deepEqual(dailyBarAt(table, 0), bar);
});

function rowsOf(table: DailyTableCn): DailyBarCn[] {
  return Array.from({ length: table.length }, (_, row) => dailyBarAt(table, row));
}

test('SP-10 the order of the rows changes neither the verdict nor the table', () => {
  const bars = market(25);
  const broken = changed(
    bars,
    '2026-11-18',
    (n) => n % 4 === 0,
    (bar) => ({ close: bar.close - 1, low: 1 }),
  );
  const usual = judge(broken);
  fc.assert(
    fc.property(fc.shuffledSubarray(broken, { minLength: broken.length }), (shuffled) => {
      const verdict = judge(shuffled);
      assert.deepEqual(rowsOf(verdict.kept), rowsOf(usual.kept));
      assert.deepEqual(verdict.anomalies, usual.anomalies);
    }),
    { numRuns: 20 },
  );
});

test('SP-10 whatever the numbers are, a row is kept or named, never lost and never a crash', () => {
  const odd = fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, 1e300, 5.05);
  const field = fc.constantFrom(
    'open',
    'high',
    'low',
    'close',
    'previousClose',
    'volume',
    'amount',
  );
  const mutation = fc.tuple(fc.nat(199), field, odd);
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 60 }), (mutations) => {
      const bars = market();
      for (const [place, name, value] of mutations) {
        bars[place] = { ...bars[place]!, [name]: value };
      }
      const verdict = judge(bars);
      const refused = new Set(verdict.refusedDays.map(({ day }) => day));
      const gone = bars.filter(({ day }) => refused.has(day)).length;
      const single = verdict.anomalies.filter(({ instrument }) => instrument !== null).length;
      assert.equal(verdict.kept.length + gone + single, bars.length);
      for (const bar of rowsOf(verdict.kept)) {
        assert.ok(bar.low > 0 && bar.low <= bar.close && bar.close <= bar.high && bar.volume > 0);
      }
    }),
  );
});
