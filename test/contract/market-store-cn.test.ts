import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { dailyTableOf } from '#core/market/daily-table-cn.ts';
import type { DailyBarCn, MarginDayCn } from '#core/market/records-cn.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { createMarketStoreCn, type MarketDatabaseCn } from '#shell/store/market-store-cn.ts';
import { createStore } from '#shell/store/store.ts';
import { at as cnAt } from '#test/support/cn.ts';
import { backends, type OpenStore } from '#test/support/store-backends.ts';

const SAVED_AT = Date.UTC(2026, 10, 20, 8);
const RAW = { kind: 'share', source: 'test', basis: 'raw' } as const;
const ASK = {
  kind: 'share',
  basis: 'raw',
  source: null,
  instruments: null,
  from: '2026-01-01',
  through: '2026-12-31',
} as const;

function bar(instrument: DailyBarCn['instrument'], day: string, close: number): DailyBarCn {
  return {
    instrument,
    day,
    open: close - 0.1,
    high: close + 0.2,
    low: close - 0.3,
    close,
    previousClose: day === '2026-11-18' ? null : close - 0.05,
    volume: close * 1000,
    amount: close * close * 1000,
  };
}

for (const { name, open } of backends().filter((backend) => backend.name !== 'memory')) {
  if (typeof open === 'string') {
    describe(`Chinese market data in ${name}`, { skip: open }, () => {});
    continue;
  }
  describe(`Chinese market data in ${name}`, () => {
    let opened: OpenStore;
    let store: MarketDatabaseCn;
    before(async () => {
      opened = await open();
      store = createMarketStoreCn(opened.handle!);
    });
    after(() => opened.close());

    test('RL-01 daily bars come back bit for bit as a panel, gaps as NaN', async () => {
      const bars = [
        bar('600519.SH', '2026-11-18', 1459.88),
        bar('600519.SH', '2026-11-19', 1461.37),
        bar('000001.SZ', '2026-11-19', 10.01),
      ];
      const saved = await store.saveDaily(dailyTableOf(bars.toReversed()), RAW, SAVED_AT);
      assert.deepEqual(saved, { inserted: 3, known: 0, differing: 0 });
      const panel = await store.loadDaily(ASK);
      assert.deepEqual(panel.instruments, ['000001.SZ', '600519.SH']);
      assert.deepEqual(panel.days, ['2026-11-18', '2026-11-19']);
      assert.deepEqual([...panel.close], [Number.NaN, 10.01, 1459.88, 1461.37]);
      assert.deepEqual(
        [...panel.previousClose],
        [Number.NaN, 10.01 - 0.05, Number.NaN, 1461.37 - 0.05],
      );
      const amounts = [bars[2], bars[0], bars[1]].map((one) => one?.amount);
      assert.deepEqual([...panel.amount], [Number.NaN, ...amounts]);
      assert.equal(panel.source, 'test');
      assert.equal(panel.fetchedAt, SAVED_AT);
    });

    test('RL-01 a panel has the rows that were asked for, in their order', async () => {
      const instruments = ['600519.SH', '300750.SZ', '000001.SZ'] as const;
      const panel = await store.loadDaily({ ...ASK, instruments, from: '2026-11-19' });
      assert.deepEqual(panel.instruments, instruments);
      assert.deepEqual([...panel.close], [1461.37, Number.NaN, 10.01]);
    });

    test('RL-01 a known bar stays as it is, and one that says something else is counted', async () => {
      const again = [
        bar('600519.SH', '2026-11-19', 1461.37),
        bar('000001.SZ', '2026-11-19', 10.02),
        bar('000001.SZ', '2026-11-20', 10.1),
      ];
      const saved = await store.saveDaily(dailyTableOf(again), RAW, SAVED_AT + 1);
      assert.deepEqual(saved, { inserted: 1, known: 2, differing: 1 });
      const panel = await store.loadDaily({ ...ASK, from: '2026-11-19', through: '2026-11-19' });
      assert.deepEqual([...panel.close], [10.01, 1461.37]);
    });

    test('SP-10 a refused day and a refused row are left out of every later read', async () => {
      const series = { ...RAW, source: 'doubtful' };
      const days = ['2026-11-18', '2026-11-19', '2026-11-20'];
      const bars = days.flatMap((day) => [bar('600519.SH', day, 10), bar('000001.SZ', day, 20)]);
      await store.saveDaily(dailyTableOf(bars), series, SAVED_AT);
      const day = anomaly('too_many_disagree', 'x', 'a', 'b', { day: '2026-11-18' });
      const row = anomaly('close_disagrees', 'x', 'a', 'b', {
        day: '2026-11-20',
        instrument: '000001.SZ',
      });
      assert.equal(await store.refuseDaily(series, [day, row], SAVED_AT), 2);
      assert.equal(await store.refuseDaily(series, [row], SAVED_AT), 0);
      const panel = await store.loadDaily({ ...ASK, source: 'doubtful' });
      assert.deepEqual([...panel.close], [Number.NaN, 20, Number.NaN, Number.NaN, 10, 10]);
    });

    test('RL-01 without a source the one that reaches furthest is read, and bases never mix', async () => {
      const later = { ...RAW, source: 'later' };
      await store.saveDaily(dailyTableOf([bar('600519.SH', '2026-11-23', 7)]), later, SAVED_AT);
      const adjusted = { ...RAW, source: 'later', basis: 'forward_adjusted' } as const;
      await store.saveDaily(dailyTableOf([bar('600519.SH', '2026-11-23', 3)]), adjusted, SAVED_AT);
      assert.equal((await store.loadDaily(ASK)).source, 'later');
      const before = await store.loadDaily({ ...ASK, through: '2026-11-20' });
      assert.notEqual(before.source, 'later');
      const own = await store.loadDaily({ ...ASK, basis: 'forward_adjusted' });
      assert.deepEqual([...own.close], [3]);
      const none = await store.loadDaily({ ...ASK, kind: 'index' });
      assert.deepEqual([none.source, none.days, none.fetchedAt], ['none', [], 0]);
    });

    test('RL-01 intraday bars come back as a panel with their turnover', async () => {
      const quarter = 15 * 60_000;
      const from = cnAt('09:30');
      const { bars } = createStore(opened.handle!);
      const made = ['600519.SH', '600036.SH'].flatMap((instrument, i) =>
        [0, 1].slice(i).map((slot) => ({
          instrument: instrument as DailyBarCn['instrument'],
          timeframe: '15m' as const,
          openedAt: from + slot * quarter,
          closedAt: from + (slot + 1) * quarter,
          open: 1,
          high: 3,
          low: 0.5,
          close: 2 + slot,
          volume: 100,
          amount: 250 + slot,
        })),
      );
      await bars.save(made, 'csv');
      const panel = await store.loadIntraday({
        instruments: ['600036.SH', '600519.SH', '000001.SZ'],
        timeframe: '15m',
        source: null,
        fromAt: from,
        toAt: from + 2 * quarter,
      });
      assert.deepEqual([...panel.closedAt], [from + quarter, from + 2 * quarter]);
      const none = [Number.NaN, Number.NaN];
      assert.deepEqual([...panel.amount], [Number.NaN, 251, 250, 251, ...none]);
      assert.deepEqual([...panel.close], [Number.NaN, 3, 2, 3, ...none]);
      assert.equal(panel.source, 'csv');
    });

    test('DH-03 margin, sectors, pools, shares, ex-dates and figures come back as they were', async () => {
      const margin: MarginDayCn[] = [
        {
          exchange: 'SSE',
          day: '2026-11-19',
          balance: 967026910148,
          bought: 1.5,
          repaid: null,
          lent: null,
        },
      ];
      await store.saveMargin(margin, 'test', SAVED_AT);
      assert.deepEqual(await store.saveMargin(margin, 'test', SAVED_AT + 9), {
        inserted: 0,
        known: 1,
        differing: 0,
      });
      assert.deepEqual(await store.margin('2026-11-18', '2026-11-20'), [
        { ...margin[0], source: 'test', fetchedAt: SAVED_AT },
      ]);

      const sectors = [
        { code: 'BK1', name: '银行', members: ['600036.SH', '601398.SH'] as const },
        { code: 'BK2', name: 'tab\there\\', members: ['600519.SH'] as const },
      ];
      await store.saveSectors(sectors, 'test', '2026-11-19', SAVED_AT);
      assert.deepEqual((await store.sectors('2026-11-20', null))?.sectors, sectors);
      assert.equal(await store.sectors('2026-11-18', null), null);

      const pool = {
        kind: 'limit_up',
        day: '2026-11-19',
        statedDay: null,
        rows: [
          {
            instrument: '600519.SH',
            name: '贵州茅台',
            price: 1605.38,
            amount: 1,
            firstSealedAt: cnAt('09:25'),
            lastSealedAt: null,
            openCount: 0,
            boardsInRow: 2,
            sealedAmount: null,
            sector: '酿酒行业',
          },
        ],
      } as const;
      await store.savePool(pool, 'test', SAVED_AT);
      assert.deepEqual(await store.pool('limit_up', '2026-11-19'), {
        ...pool,
        source: 'test',
        fetchedAt: SAVED_AT,
      });
      assert.equal(await store.pool('broken', '2026-11-19'), null);

      const securities = [
        { instrument: '600519.SH', name: '贵州茅台', listedOn: '2001-08-27', delistedOn: null },
      ] as const;
      await store.saveSecurities(securities, 'test', '2026-11-19', SAVED_AT);
      assert.deepEqual(await store.securities('2026-11-20'), {
        source: 'test',
        asOf: '2026-11-19',
        fetchedAt: SAVED_AT,
        securities,
      });

      const actions = [
        {
          instrument: '600519.SH',
          exDate: '2026-11-19',
          recordDate: null,
          cashPerShare: 27.6,
          newSharesPerShare: 0,
        },
      ] as const;
      await store.saveCorporateActions(actions, 'test', SAVED_AT);
      assert.deepEqual(await store.corporateActions('2026-11-01', '2026-11-30'), actions);

      const day = '2026-11-19';
      const figures = [
        { instrument: null, day, field: 'up', value: 12 },
        { instrument: '600519.SH' as const, day, field: 'factor', value: 8.305 },
      ];
      await store.saveFigures('test', 'test', figures, SAVED_AT);
      const ask = { dataset: 'test', from: day, through: day };
      const origin = { source: 'test', fetchedAt: SAVED_AT };
      assert.deepEqual(
        await store.figures(ask),
        figures.map((one) => ({ ...one, ...origin })),
      );
      assert.equal((await store.figures({ ...ask, instrument: null })).length, 1);
      assert.equal((await store.figures({ ...ask, field: 'factor' })).length, 1);
    });

    test('SP-10 what cannot be true is filed and never changed', async () => {
      const one = anomaly('stale', 'tencent', '09:20', '10:00', { instrument: '600519.SH' });
      await store.quarantine('quotes', [one], 'test', SAVED_AT);
      assert.deepEqual(await store.quarantined(0, 10), [
        { ...one, kind: 'quotes', quarantinedAt: SAVED_AT },
      ]);
      await assert.rejects(
        opened.handle!.run('test', (sql) => sql`delete from quarantine`),
        /append-only|permission denied/,
      );
    });

    test('DH-03 tries of sources and the requests they cost are counted', async () => {
      const row = {
        runId: 'test',
        source: 'tencent',
        kind: 'snapshot',
        ms: 12.4,
        quarantined: 0,
      };
      await store.saveAttempt({ ...row, at: SAVED_AT, outcome: 'answered' });
      await store.saveAttempt({ ...row, at: SAVED_AT + 1000, outcome: 'timeout' });
      assert.deepEqual(await store.sourceHealth(SAVED_AT), [
        {
          source: 'tencent',
          kind: 'snapshot',
          answeredAt: SAVED_AT,
          failedAt: SAVED_AT + 1000,
          failure: 'timeout',
          tries: 2,
          answers: 1,
        },
      ]);
      const { raw } = createStore(opened.handle!);
      const kept = { url: 'x', runId: 'test', payload: 'a' };
      await raw.save({ ...kept, source: 'tencent:quotes', ingestedAt: SAVED_AT });
      assert.equal(await store.requestsSince('tencent', SAVED_AT), 1);
      assert.equal(await store.requestsSince('tencent', SAVED_AT + 1), 0);
      assert.equal(await store.requestsSince('sina', 0), 0);
    });

    test('RL-01 the status says what is stored, by kind and source, and how far it reaches', async () => {
      const stored = await store.stored();
      assert.ok(stored.length >= 9);
      assert.deepEqual(
        stored.find(({ what, source }) => what === 'daily share raw' && source === 'test'),
        {
          what: 'daily share raw',
          source: 'test',
          rows: 4,
          firstDay: '2026-11-18',
          lastDay: '2026-11-20',
          savedAt: SAVED_AT + 1,
        },
      );
    });
  });
}
