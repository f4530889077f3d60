import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createRandom } from '#core/lib/random.ts';
import type { DailyFieldCn } from '#core/market/daily-table-cn.ts';
import {
  createDailyTable,
  DAILY_FIELDS_CN,
  type DailyTableCn,
} from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { connectStore } from '#shell/store/client.ts';
import { createMarketStoreCn, type MarketDatabaseCn } from '#shell/store/market-store-cn.ts';
import { openOwner } from '#shell/store/migrate.ts';
import { grantApp } from '#shell/store/roles.ts';
import { openEmbedded } from '#test/support/store-backends.ts';

const SAVED_AT = Date.UTC(2026, 10, 20, 8);
const SERIES = { kind: 'share', source: 'test', basis: 'raw' } as const;
const ALL = { ...SERIES, instruments: null, from: '2000-01-01', through: '2030-01-01' } as const;
const MIGRATIONS = join(import.meta.dirname, '..', '..', 'migrations');

type Values = Record<DailyFieldCn, number>;

const stock = (n: number): InstrumentId =>
  n % 2 === 0 ? `${600_000 + n}.SH` : `${String(n).padStart(6, '0')}.SZ`;

/** Bars whose numbers tell which they are; `off` makes other ones of them. */
function valuesOf(n: number, d: number, off = 0): Values {
  const close = (1_000 + n * 7 + d + off) / 100;
  return {
    open: close - 0.01,
    high: close + 0.02,
    low: close - 0.03,
    close,
    previousClose: d === 0 ? Number.NaN : close - 0.1,
    volume: n * 1_000 + d,
    amount: n % 5 === 0 ? Number.NaN : n * 1e6 + d / 3,
  };
}

function tableOf(rows: readonly (readonly [InstrumentId, string, Values])[]): DailyTableCn {
  const builder = createDailyTable(rows.length);
  for (const [instrument, day, values] of rows) builder.add(instrument, day, values);
  return builder.build();
}

/** What a panel says of a bar. */
function barIn(
  panel: Awaited<ReturnType<MarketDatabaseCn['loadDaily']>>,
  instrument: InstrumentId,
  day: string,
): Values | null {
  const [row, column] = [panel.instruments.indexOf(instrument), panel.days.indexOf(day)];
  if (row < 0 || column < 0) return null;
  const cell = row * panel.days.length + column;
  return Object.fromEntries(DAILY_FIELDS_CN.map((field) => [field, panel[field][cell]])) as Values;
}

describe('daily bars in parts', () => {
  let opened: Awaited<ReturnType<typeof openEmbedded>>;
  let store: MarketDatabaseCn;
  before(async () => {
    opened = await openEmbedded();
    store = createMarketStoreCn(opened.handle);
  });
  after(() => opened.close());

  test('RL-01 days, histories and mixtures in any order make the same rows as saving them one by one', async () => {
    const random = createRandom('parts');
    const held = new Map<string, readonly [InstrumentId, string, Values]>();
    for (let round = 0; round < 40; round += 1) {
      const rows: [InstrumentId, string, Values][] = [];
      const [least, most] = [random.uniform() * 30, random.uniform() * 30].sort((a, b) => a - b);
      const first = Math.floor(random.uniform() * 700);
      const length = 1 + Math.floor(random.uniform() * (round % 2 === 0 ? 3 : 400));
      for (let n = Math.floor(least!); n <= most!; n += 1) {
        for (let d = first; d < first + length; d += 1) {
          const off = random.uniform() < 0.02 ? 1 : 0;
          if (random.uniform() < 0.8) {
            rows.push([stock(n), addCalendarDays('2024-06-01', d), valuesOf(n, d, off)]);
          }
        }
      }
      const expected = { inserted: 0, known: 0, differing: 0 };
      for (const row of rows) {
        const [instrument, day, values] = row;
        const before = held.get(`${instrument} ${day}`);
        if (before === undefined) {
          held.set(`${instrument} ${day}`, row);
          expected.inserted += 1;
        } else {
          expected.known += 1;
          const isSame = DAILY_FIELDS_CN.every((field) =>
            Object.is(before[2][field], values[field]),
          );
          if (!isSame) expected.differing += 1;
        }
      }
      const saved = await store.saveDaily(tableOf(rows), SERIES, SAVED_AT + round);
      assert.deepEqual(saved, expected, `round ${round}`);
    }
    const rows = [...held.values()];
    const ranges = [
      ['2024-06-01', '2026-12-31'],
      ['2024-12-30', '2025-01-02'],
      ['2025-03-03', '2025-03-03'],
    ] as const;
    for (const [from, through] of ranges) {
      for (const instruments of [null, [stock(7)], [stock(20), stock(99), stock(3)]]) {
        const panel = await store.loadDaily({ ...ALL, instruments, from, through });
        const inRange = rows.filter(([, day]) => day >= from && day <= through);
        assert.deepEqual(panel.days, [...new Set(inRange.map(([, day]) => day))].sort());
        const asked = instruments ?? [...new Set(inRange.map(([id]) => id))].sort();
        assert.deepEqual(panel.instruments, asked);
        let found = 0;
        for (const [instrument, day, values] of inRange) {
          const bar = barIn(panel, instrument, day);
          if (!asked.includes(instrument)) continue;
          found += 1;
          assert.deepEqual(bar, values, `${instrument} ${day}`);
        }
        const filled = panel.close.filter((close) => !Number.isNaN(close)).length;
        assert.equal(filled, found);
      }
    }
  });

  test('RL-01 a part holds whole days of one year, and a history of one stock is a part a year', async () => {
    const source = 'whole';
    const days = Array.from({ length: 14 }, (_, d) => addCalendarDays('2024-12-26', d));
    const market = days.flatMap((day, d) =>
      Array.from({ length: 5_000 }, (_, n) => [stock(n), day, valuesOf(n, d)] as const),
    );
    await store.saveDaily(tableOf(market), { ...SERIES, source }, SAVED_AT);
    const one = Array.from({ length: 700 }, (_, d) => {
      const day = addCalendarDays('2024-01-01', d);
      return ['900001.SZ', day, valuesOf(1, d)] as const;
    });
    await store.saveDaily(tableOf(one), { ...SERIES, source }, SAVED_AT);
    const parts = await opened.handle.run('parts', async (sql) => [
      ...(await sql<{ first: string; last: string; rows: number; stocks: number }[]>`
        select first_day as first, last_day as last, length(day_of) / 4 as rows,
          array_length(string_to_array(instruments, ','), 1) as stocks
        from daily_parts_cn where series_id = (select id from series_cn where source = ${source})
        order by id`),
    ]);
    assert.deepEqual(parts.map(Object.values), [
      ['2024-12-26', '2024-12-31', 30_000, 5_000],
      ['2025-01-01', '2025-01-07', 35_000, 5_000],
      ['2025-01-08', '2025-01-08', 5_000, 5_000],
      ['2024-01-01', '2024-12-31', 366, 1],
      ['2025-01-01', '2025-11-30', 334, 1],
    ]);
    const panel = await store.loadDaily({
      ...ALL,
      source,
      from: '2024-12-31',
      through: '2025-01-01',
    });
    assert.equal(panel.instruments.length, 5_001);
    assert.deepEqual(barIn(panel, stock(4_321), '2025-01-01'), valuesOf(4_321, 6));
  });

  test('RL-01 two savers of one series at once add each bar once', async () => {
    const source = 'twice';
    const rows = Array.from(
      { length: 300 },
      (_, n) => [stock(n), '2026-01-05', valuesOf(n, 1)] as const,
    );
    const other = createMarketStoreCn(opened.handle);
    const saved = await Promise.all(
      [store, other].map((one) => one.saveDaily(tableOf(rows), { ...SERIES, source }, SAVED_AT)),
    );
    assert.deepEqual(
      saved.map(({ inserted }) => inserted).sort((a, b) => a - b),
      [0, 300],
    );
  });

  test('RL-01 bars on file from before are the same after the store was brought up to parts', async () => {
    const owner = openOwner(opened.handle.ownerAccess);
    const recorded = readFileSync(join(MIGRATIONS, '0003_market_data_cn.sql'), 'utf8');
    const table = /CREATE TABLE "daily_bars_cn" \([^;]*\);/.exec(recorded)?.[0] ?? '';
    const bars = [
      [stock(2), '2026-01-05', valuesOf(2, 1)],
      [stock(1), '2026-01-05', valuesOf(1, 1)],
      [stock(10), '2026-01-05', valuesOf(10, 1)],
      [stock(1), '2026-01-06', valuesOf(1, 0)],
    ] as const;
    try {
      await owner.unsafe(`drop table daily_parts_cn; ${table}`);
      const [{ id } = { id: 0 }] = await owner<{ id: number }[]>`
        insert into series_cn (kind, source, basis) values ('share', 'before', 'raw') returning id`;
      for (const [instrument, day, values] of bars) {
        const known = DAILY_FIELDS_CN.map((field) =>
          Number.isNaN(values[field]) ? null : values[field],
        );
        await owner`insert into daily_bars_cn values (${id}, ${day}, ${instrument}, ${known[0]!},
          ${known[1]!}, ${known[2]!}, ${known[3]!}, ${known[4]!}, ${known[5]!}, ${known[6]!})`;
      }
      await owner`insert into daily_batches_cn (series_id, first_day, last_day, rows, saved_at)
        values (${id}, '2026-01-05', '2026-01-06', 4, now())`;
      await owner.unsafe(readFileSync(join(MIGRATIONS, '0005_daily_parts.sql'), 'utf8'));
      await grantApp(owner);
    } finally {
      await owner.end();
    }
    const again = await connectStore({
      dataFolder: opened.folder,
      databaseUrl: null,
      purpose: 'test',
    });
    try {
      const panel = await createMarketStoreCn(again).loadDaily({ ...ALL, source: 'before' });
      assert.deepEqual(panel.instruments, [stock(1), stock(10), stock(2)].sort());
      assert.deepEqual(panel.days, ['2026-01-05', '2026-01-06']);
      for (const [instrument, day, values] of bars) {
        assert.deepEqual(barIn(panel, instrument, day), values);
      }
      const saved = await createMarketStoreCn(again).saveDaily(
        tableOf(bars),
        { ...SERIES, source: 'before' },
        SAVED_AT,
      );
      assert.deepEqual(saved, { inserted: 0, known: 4, differing: 0 });
    } finally {
      await again.close();
    }
  });
});
