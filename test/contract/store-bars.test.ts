import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import { forEveryStore } from '#test/support/store-contract.ts';
import { AT } from '#test/support/store-rows.ts';

const MINUTE = 60_000;

function bar(i: number, change: Partial<Bar> = {}): Bar {
  return {
    instrument: 'SPY.US',
    timeframe: '1m',
    openedAt: AT + i * MINUTE,
    closedAt: AT + (i + 1) * MINUTE,
    open: 500.1 + i / 3,
    high: 501.25 + i / 3,
    low: 499 + i / 3,
    close: 500.07 + i / 3,
    volume: 1000 + i,
    ...change,
  };
}

function rowsOf(columns: BarColumns): Omit<Bar, 'instrument' | 'timeframe'>[] {
  return Array.from({ length: columns.length }, (_, i) => ({
    openedAt: columns.openedAt[i] ?? Number.NaN,
    closedAt: columns.closedAt[i] ?? Number.NaN,
    open: columns.open[i] ?? Number.NaN,
    high: columns.high[i] ?? Number.NaN,
    low: columns.low[i] ?? Number.NaN,
    close: columns.close[i] ?? Number.NaN,
    volume: columns.volume[i] ?? Number.NaN,
  }));
}

function plain({ instrument: _i, timeframe: _t, ...rest }: Bar) {
  return rest;
}

forEveryStore((store) => {
  test('bars come back bit for bit, in time order, within the asked range', async () => {
    const { bars } = store();
    const given = Array.from({ length: 400 }, (_, i) => bar(i));
    assert.deepEqual(await bars.save(given.toReversed(), 'csv'), { inserted: 400, known: 0 });
    const series = { instrument: 'SPY.US', timeframe: '1m' } as const;
    const all = await bars.load(series, 0, AT * 2, null);
    assert.deepEqual(rowsOf(all), given.map(plain));
    const some = await bars.load(series, AT + 10 * MINUTE, AT + 12 * MINUTE, 'csv');
    assert.deepEqual(rowsOf(some), [bar(10), bar(11)].map(plain));
    assert.equal((await bars.load(series, 0, AT, 'csv')).length, 0);
    assert.equal((await bars.load(series, 0, AT * 2, 'nobody')).length, 0);
  });

  test('a known bar is kept as it is and counted as known', async () => {
    const { bars } = store();
    const change = { instrument: 'QQQ.US' } as const;
    await bars.save([bar(1, change)], 'csv');
    const again = [bar(1, { ...change, close: 1 }), bar(2, change)];
    assert.deepEqual(await bars.save(again, 'csv'), { inserted: 1, known: 1 });
    assert.deepEqual(await bars.save([], 'csv'), { inserted: 0, known: 0 });
    const found = await bars.load({ instrument: 'QQQ.US', timeframe: '1m' }, 0, AT * 2, 'csv');
    assert.deepEqual(rowsOf(found), [bar(1), bar(2)].map(plain));
  });

  test('sources are kept apart; without a name the fuller one is read', async () => {
    const { bars } = store();
    const change = { instrument: 'IWM.US' } as const;
    await bars.save([bar(1, change)], 'thin');
    await bars.save([bar(1, { ...change, open: 500.3 }), bar(2, change)], 'full');
    const series = { instrument: 'IWM.US', timeframe: '1m' } as const;
    assert.equal((await bars.load(series, 0, AT * 2, null)).length, 2);
    assert.equal((await bars.load(series, 0, AT * 2, 'thin')).length, 1);
    assert.deepEqual(
      (await bars.status()).filter((row) => row.instrument === 'IWM.US'),
      [
        {
          instrument: 'IWM.US',
          timeframe: '1m',
          source: 'full',
          bars: 2,
          firstOpenedAt: AT + MINUTE,
          lastOpenedAt: AT + 2 * MINUTE,
        },
        {
          instrument: 'IWM.US',
          timeframe: '1m',
          source: 'thin',
          bars: 1,
          firstOpenedAt: AT + MINUTE,
          lastOpenedAt: AT + MINUTE,
        },
      ],
    );
  });
});
