import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BoardCn } from '#core/market/board-cn.ts';
import { boardOfCn, isOldBseCode, listingOfCn, priceTicksCn } from '#core/market/board-cn.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import { limitPricesFrom, limitRuleOn, limitsOn, listedForDaysOn } from '#core/market/limits-cn.ts';
import { dayOf } from '#test/support/cn.ts';
import { needsShared, sharedPath } from '../../support/shared-data.ts';

const SNAPSHOT = ['data', 'cn', 'snapshot', 'quotes_with_limits_2026-06-25.json'] as const;

/** `up/down`, `free reason` or `unknown reason`. */
function told(facts: Partial<InstrumentDayCn>): string {
  const limits = limitsOn(dayOf(facts));
  if (limits.kind !== 'limits') return `${limits.kind} ${limits.reason}`;
  return `${limits.up}/${limits.down}${limits.isDisputed ? ' disputed' : ''}`;
}

test('RL-04 the code of a security says its board, other codes are refused', () => {
  const boards: [InstrumentId, BoardCn][] = [
    ['600519.SH', 'sse_main'],
    ['605499.SH', 'sse_main'],
    ['688111.SH', 'star'],
    ['689009.SH', 'star'],
    ['510300.SH', 'sse_fund'],
    ['588000.SH', 'sse_fund'],
    ['000001.SZ', 'szse_main'],
    ['002594.SZ', 'szse_main'],
    ['003816.SZ', 'szse_main'],
    ['300750.SZ', 'chinext'],
    ['302132.SZ', 'chinext'],
    ['159915.SZ', 'szse_fund'],
    ['920819.BJ', 'bse'],
    ['430047.BJ', 'bse'],
    ['832175.BJ', 'bse'],
    ['873169.BJ', 'bse'],
    ['889001.BJ', 'bse'],
  ];
  for (const [id, board] of boards) assert.equal(boardOfCn(id), board, id);
  assert.deepEqual(listingOfCn('900901.SH'), { kind: 'refused', reason: 'b_share' });
  assert.deepEqual(listingOfCn('200012.SZ'), { kind: 'refused', reason: 'b_share' });
  assert.deepEqual(listingOfCn('AAPL.US'), { kind: 'refused', reason: 'not_cn' });
  const strange: InstrumentId[] = ['000001.SH', '399001.SZ', '600519.SZ', '110059.SH', '920819.SH'];
  for (const id of strange) {
    assert.deepEqual(listingOfCn(id), { kind: 'refused', reason: 'unknown_code' }, id);
  }
  assert.deepEqual([isOldBseCode('832175.BJ'), isOldBseCode('920819.BJ')], [true, false]);
});

test('RL-04 limits follow board, status and date', () => {
  const main = { instrument: '600519.SH' } as const;
  assert.equal(told({ ...main, previousClose: 10 }), '11/9');
  assert.equal(told({ ...main, status: 'st', tradingDay: '2026-07-03' }), '10.5/9.5');
  assert.equal(told({ ...main, status: 'st', tradingDay: '2026-07-06' }), '11/9');
  assert.equal(told({ ...main, status: 'delisting', tradingDay: '2025-01-02' }), '11/9');
  const growth = { instrument: '300750.SZ', listedOn: '2018-06-11' } as const;
  assert.equal(told({ ...growth, tradingDay: '2020-08-21' }), '11/9');
  assert.equal(told({ ...growth, tradingDay: '2020-08-21', status: 'st' }), '10.5/9.5');
  assert.equal(told({ ...growth, tradingDay: '2020-08-24' }), '12/8');
  assert.equal(told({ ...growth, tradingDay: '2020-08-24', status: 'st' }), '12/8');
  const star = { instrument: '688111.SH', listedOn: '2019-11-18' } as const;
  assert.equal(told({ ...star, status: 'st' }), '12/8');
  assert.equal(told({ ...star, tradingDay: '2019-07-19' }), 'unknown before_coverage');
  const beijing = { instrument: '920819.BJ', listedOn: '2020-07-27' } as const;
  assert.equal(told({ ...beijing, tradingDay: '2021-11-15' }), '13/7');
  assert.equal(told({ ...beijing, tradingDay: '2021-11-12' }), 'unknown before_coverage');
});

test('RL-04 the first days of a listing follow the rule of the listing day', () => {
  const fresh = (listedOn: string, listedForDays: number, instrument: InstrumentId = '603001.SH') =>
    told({ instrument, listedOn, listedForDays, tradingDay: listedOn });
  assert.equal(fresh('2023-04-10', 1), 'free listing');
  assert.equal(fresh('2023-04-10', 5), 'free listing');
  assert.equal(fresh('2023-04-10', 6), '11/9');
  assert.equal(fresh('2023-04-07', 1), '14.4/6.4');
  assert.equal(fresh('2023-04-07', 2), '11/9');
  assert.equal(fresh('2013-12-12', 1), 'unknown before_coverage');
  assert.equal(fresh('2020-08-24', 5, '300900.SZ'), 'free listing');
  assert.equal(fresh('2020-08-21', 1, '300900.SZ'), 'unknown before_coverage');
  assert.equal(fresh('2019-07-22', 5, '688001.SH'), 'free listing');
  assert.equal(fresh('2022-01-04', 1, '832175.BJ'), 'free listing');
  assert.equal(fresh('2022-01-04', 2, '832175.BJ'), '13/7');
});

test('RL-04 the first day of a delisting period and of a relisting has no limit', () => {
  assert.equal(
    told({ status: 'delisting', firstDayOf: 'delisting_period' }),
    'free delisting_period',
  );
  assert.equal(told({ firstDayOf: 'relisting' }), 'free relisting');
});

test('RL-04 what is not known is never guessed', () => {
  assert.equal(told({ status: null }), 'unknown status_unknown');
  assert.equal(told({ previousClose: null }), 'unknown previous_close_unknown');
  assert.equal(told({ previousClose: 10.001 }), 'unknown previous_close_unknown');
  assert.equal(told({ previousClose: Number.NaN }), 'unknown previous_close_unknown');
  assert.equal(told({ listedForDays: null }), 'unknown listing_unknown');
  assert.equal(told({ listedOn: null }), 'unknown listing_unknown');
  assert.equal(told({ tradingDay: '1996-12-31' }), 'unknown before_coverage');
  assert.equal(told({ instrument: '900901.SH' }), 'unknown code_unknown');
  assert.equal(told({ instrument: '510300.SH' }), 'unknown fund_limit');
  assert.equal(told({ instrument: '832175.BJ', tradingDay: '2026-01-05' }), 'unknown code_retired');
  // 12.35 × 1.3 = 16.055: whether half a step goes up in Beijing is not settled.
  assert.equal(told({ instrument: '920819.BJ', previousClose: 12.35 }), 'unknown bse_rounding');
});

test("RL-04 the vendor's limits are taken where given, the formula checks them", () => {
  assert.equal(told({ vendorLimits: { up: 11, down: 9 } }), '11/9');
  assert.equal(told({ vendorLimits: { up: 10.5, down: 9.5 } }), '10.5/9.5 disputed');
  const fund = { instrument: '510300.SH', previousClose: 4.123 } as const;
  assert.equal(told({ ...fund, vendorLimits: { up: 4.535, down: 3.711 } }), '4.535/3.711');
  assert.equal(told({ status: null, vendorLimits: { up: 11, down: 9 } }), '11/9');
  assert.equal(told({ vendorLimits: { up: 11.001, down: 9 } }), 'unknown vendor_invalid');
  assert.equal(told({ vendorLimits: { up: 9.9, down: 9 } }), 'unknown vendor_invalid');
  assert.equal(told({ vendorLimits: { up: 0, down: 0 } }), 'unknown vendor_invalid');
  assert.equal(
    told({
      instrument: '920819.BJ',
      previousClose: 12.35,
      vendorLimits: { up: 16.05, down: 8.65 },
    }),
    '16.05/8.65',
  );
});

test('RL-04 limits are rounded half up in integers and never stand on the previous close', () => {
  const prices = (base: number, percent: number) => {
    const limits = limitPricesFrom(base, percent, percent, 'sse_main');
    return limits === null ? null : [limits.up, limits.down];
  };
  // 1.05 × 2.90 = 3.045 and 1.1 × 8.55 = 9.405: doubles say 3.0449… and 9.4050…01.
  assert.deepEqual(prices(2.9, 5), [3.05, 2.76]);
  assert.deepEqual(prices(8.55, 10), [9.41, 7.7]);
  assert.deepEqual(prices(0.04, 10), [0.05, 0.03]);
  assert.deepEqual(prices(0.01, 10), [0.02, 0.01]);
  assert.equal(prices(0, 10), null);
});

test('RL-04 limits are on the grid, around the previous close, and grow with it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 300_000 }),
      fc.constantFrom(5, 10, 20, 30),
      (cents, percent) => {
        const at = (ticks: number) => {
          const limits = limitPricesFrom(ticks / 100, percent, percent, 'szse_main');
          assert.ok(limits !== null);
          const up = priceTicksCn(limits.up, 'szse_main');
          const down = priceTicksCn(limits.down, 'szse_main');
          assert.ok(up !== null && down !== null);
          return { up, down };
        };
        const { up, down } = at(cents);
        assert.ok(down < cents && cents < up);
        const exactUp = cents * (100 + percent);
        if (up > cents + 1) assert.ok(up * 100 - 50 <= exactUp && exactUp < up * 100 + 50);
        const next = at(cents + 1);
        assert.ok(next.up >= up && next.down >= down);
      },
    ),
  );
});

test('RL-04 days since the listing are counted on the calendar, or not known', () => {
  const calendar: CalendarTable = {
    market: 'CN',
    zone: 'Asia/Shanghai',
    validFrom: '2026-01-05',
    validThrough: '2026-12-31',
    regularOpen: '09:30',
    regularClose: '15:00',
    holidays: ['2026-02-16'],
    earlyCloses: {},
    breaks: [],
    source: 'test',
  };
  assert.equal(listedForDaysOn(calendar, '2026-02-13', '2026-02-13'), 1);
  assert.equal(listedForDaysOn(calendar, '2026-02-13', '2026-02-18'), 3);
  assert.equal(listedForDaysOn(calendar, '2026-01-05', '2026-12-31'), 60);
  assert.equal(listedForDaysOn(calendar, '2001-08-27', '2026-12-31'), 60);
  assert.equal(listedForDaysOn(calendar, '2001-08-27', '2026-01-06'), null);
  assert.equal(listedForDaysOn(calendar, '2026-02-13', '2026-02-16'), null);
  assert.equal(listedForDaysOn(calendar, '2026-02-13', '2026-02-12'), null);
  assert.equal(listedForDaysOn(calendar, '2026-02-13', '2027-01-04'), null);
});

type Row = {
  readonly date: string;
  readonly name: string;
  readonly price: number;
  readonly change_pct: number;
  readonly limit_up: number;
  readonly limit_down: number;
};

/** Previous closes in fen that the recorded price and its rounded change allow. */
function previousCloses(row: Row): number[] {
  const near = Math.round((row.price / (1 + row.change_pct / 100)) * 100);
  // The change is rounded to 0.01 %, which is several fen on a dear share.
  const span = Math.ceil(near / 10_000) + 1;
  const around = Array.from({ length: span * 2 + 1 }, (_, index) => near - span + index);
  return around.filter((cents) => {
    const change = (row.price * 100 - cents) / cents;
    return cents > 0 && Math.abs(change * 100 - row.change_pct) < 0.0051;
  });
}

test(
  'RL-04 the formula gives 625 of 630 recorded limits, and the ST rule the other five',
  needsShared(...SNAPSHOT),
  () => {
    const rows = Object.entries(
      JSON.parse(readFileSync(sharedPath(...SNAPSHOT)!, 'utf8')) as Record<string, Row>,
    );
    const fits = (code: string, row: Row, status: 'normal' | 'st') =>
      previousCloses(row).some((cents) => {
        const instrument: InstrumentId = `${code}.${code.startsWith('6') ? 'SH' : 'SZ'}`;
        const limits = limitsOn(
          dayOf({ instrument, tradingDay: row.date, previousClose: cents / 100, status }),
        );
        return (
          limits.kind === 'limits' && limits.up === row.limit_up && limits.down === row.limit_down
        );
      });
    const others = rows.filter(([code, row]) => !fits(code, row, 'normal'));
    assert.equal(rows.length, 630);
    assert.equal(others.length, 5);
    for (const [code, row] of others) {
      assert.ok(fits(code, row, 'st'), `${code} ${row.name}`);
    }
  },
);

test('RL-04 the rule of a day is known without its previous close', () => {
  assert.deepEqual(limitRuleOn(dayOf({ previousClose: null })), {
    kind: 'percent',
    upPercent: 10,
    downPercent: 10,
    base: 'previous_close',
  });
});
