import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { dailyConcentrations, historyFrom, mergedPanel } from '#app/cn-daily.ts';
import type { DayFactsCn, LookRules } from '#app/cn-look.ts';
import {
  bookQuoteFrom,
  heldPriceFrom,
  intradayBarsFrom,
  marginDataFrom,
  marketSnapshotFrom,
  stockTableFrom,
} from '#app/cn-look.ts';
import { CONCENTRATIONS, createCnMarket } from '#app/cn-market.ts';
import type { StoredKindCn } from '#app/ports.ts';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyPanelCn, DailySeriesCn } from '#core/market/panel-cn.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import type { MarginDayCn, SecurityCn } from '#core/market/records-cn.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { emptyMarketStore, fetched, quoteCn, silentMarketData } from '#test/support/cn-market.ts';

const ROOT = join(import.meta.dirname, '../..');
const calendar = await loadMarketCalendar(ROOT, 'CN');
const A: InstrumentId = '000001.SZ';
const B: InstrumentId = '600519.SH';
const C: InstrumentId = '688001.SH';
const RAW = { kind: 'share', source: 'first', basis: 'raw' } as const;
const RULES = { staleMs: 150_000, breaks: [], tradedBy: at('09:35') };

type Bar = readonly [close: number, previousClose: number | null];

/** A panel of one or more stocks, a bar a day; null: no bar. */
function panelOf(
  source: string,
  days: readonly string[],
  rows: Readonly<Record<string, readonly (Bar | null)[]>>,
): DailyPanelCn {
  const instruments = Object.keys(rows) as InstrumentId[];
  const panel = emptyDailyPanel({ ...RAW, source }, instruments, days, 7);
  for (const [row, id] of instruments.entries()) {
    for (const [day, bar] of rows[id]!.entries()) {
      if (bar === null) continue;
      const cell = row * days.length + day;
      panel.close[cell] = bar[0];
      panel.open[cell] = panel.high[cell] = panel.low[cell] = bar[0];
      panel.previousClose[cell] = bar[1] ?? Number.NaN;
      panel.volume[cell] = 1_000;
      panel.amount[cell] = bar[0] * 1_000;
    }
  }
  return panel;
}

function security(instrument: InstrumentId, fields: Partial<SecurityCn> = {}): SecurityCn {
  return { instrument, name: '测试股份', listedOn: '2001-08-27', delistedOn: null, ...fields };
}

function factsOf(securities: readonly SecurityCn[], fields: Partial<DayFactsCn> = {}): DayFactsCn {
  return {
    tradingDay: CN_DAY,
    securities,
    listedOn: new Map(securities.map(({ instrument, listedOn }) => [instrument, listedOn])),
    securitiesAsOf: CN_DAY,
    sectors: [{ code: 'BK1', name: '银行', members: [A] }],
    suspended: new Set(),
    limits: new Map(),
    exDateOpen: new Set(),
    universe: 'test',
    ...fields,
  };
}

function lookOf(
  facts: DayFactsCn,
  quotes: readonly ReturnType<typeof quoteCn>[],
  rules: LookRules = RULES,
  seen: { readonly fetchedAt?: number; readonly asOf?: number } = {},
) {
  const table = stockTableFrom(facts, calendar);
  return marketSnapshotFrom(fetched({ tradingDay: CN_DAY, quotes }, seen), table, facts, rules);
}

test('DH-03 history as traded is put on the basis of the day by the previous close of each row', () => {
  // 10 for 10 new shares on the third day: 20 becomes 10
  const panel = panelOf('first', ['2026-11-16', '2026-11-17', '2026-11-18'], {
    [A]: [
      [19, 18],
      [20, 19],
      [10.5, 10],
    ],
  });
  const { data, degraded } = historyFrom(panel, CN_DAY, []);
  assert.deepEqual([...(data?.close ?? [])], [9.5, 10, 10.5]);
  assert.deepEqual([...(data?.volume ?? [])], [2_000, 2_000, 1_000]);
  assert.equal(data?.turnover[0], 19_000);
  assert.equal(degraded, false);
});

test('DH-03 an ex-date of today is restated by its terms, and one without terms is not', () => {
  const panel = panelOf('first', ['2026-11-17', '2026-11-18'], {
    [A]: [
      [10, 10],
      [11, 10],
    ],
  });
  const action = { instrument: A, exDate: CN_DAY, recordDate: null, cashPerShare: 1 };
  const terms = { ...action, newSharesPerShare: 0.25 };
  assert.equal(historyFrom(panel, CN_DAY, [terms]).data?.close[1], 8);
  assert.equal(historyFrom(panel, CN_DAY, []).data?.close[1], 11);
});

test('I7 days from the trading day on are not in the history', () => {
  const panel = panelOf('first', ['2026-11-18', CN_DAY, '2026-11-20'], {
    [A]: [
      [10, 10],
      [11, 10],
      [12, 11],
    ],
  });
  assert.deepEqual(historyFrom(panel, CN_DAY, []).data?.days, ['2026-11-18']);
});

test('DH-03 rows without a previous close are counted and make the history degraded', () => {
  const panel = panelOf('first', ['2026-11-17', '2026-11-18'], {
    [A]: [
      [10, 10],
      [11, null],
    ],
  });
  const result = historyFrom(panel, CN_DAY, []);
  assert.equal(result.degraded, true);
  assert.equal(result.data?.degraded, true);
  assert.deepEqual(result.note[0]?.figures, { fields: 'previous_close', rows: 1 });
});

test('SP-02 whole days stand in for looks: the share of the twenty most traded, unknown without turnover', () => {
  const ids = Array.from(
    { length: 30 },
    (_, i): InstrumentId => `6000${String(i).padStart(2, '0')}.SH`,
  );
  const panel = panelOf(
    'first',
    ['2026-11-17', '2026-11-18'],
    Object.fromEntries(
      ids.map((id) => [
        id,
        [
          [10, 10],
          [10, 10],
        ] as const,
      ]),
    ),
  );
  // one stock trades as much as all the others together; the day after nobody says
  panel.amount.fill(100);
  panel.amount[0] = 2_900;
  for (let row = 0; row < ids.length; row += 1) panel.amount[row * 2 + 1] = Number.NaN;
  const history = historyFrom(panel, CN_DAY, []).data;
  assert.ok(history !== null);
  const { time, days, values } = dailyConcentrations(history);
  assert.deepEqual([time, days], ['15:00', ['2026-11-17', '2026-11-18']]);
  assert.ok(Math.abs((values[0] ?? 0) - (2_900 + 19 * 100) / 5_800) < 1e-12);
  assert.ok(Number.isNaN(values[1]));
});

test('SP-10 days one series lacks come from another one and are named', () => {
  const first = panelOf('first', ['2026-11-16', '2026-11-17'], {
    [A]: [
      [10, 9],
      [11, 10],
    ],
  });
  const second = panelOf('second', ['2026-11-17', '2026-11-18'], {
    [A]: [
      [99, 98],
      [12, 11],
    ],
  });
  const { panel, note } = mergedPanel([first, second]);
  assert.deepEqual(panel.days, ['2026-11-16', '2026-11-17', '2026-11-18']);
  assert.deepEqual([...panel.close], [10, 11, 12]);
  assert.deepEqual(note, [
    {
      code: 'days_from_elsewhere',
      source: 'second',
      figures: { days: 1, from: '2026-11-18', through: '2026-11-18' },
    },
  ]);
});

test('SP-10 a look has a row for every stock, and what no quote says is not known', () => {
  const found = lookOf(factsOf([security(A), security(B)]), [quoteCn(A)]);
  const snapshot = found.data?.snapshot;
  assert.equal(snapshot?.last[0], 10.2);
  assert.ok(Number.isNaN(snapshot?.last[1]));
  assert.deepEqual(found.note, [
    { code: 'rows_missing', source: 'test', figures: { cause: 'absent', rows: 1, of: 2 } },
  ]);
});

test('I9 a quote that is too old or has no price gives no figure, and asOf is the oldest one used', () => {
  const found = lookOf(factsOf([security(A), security(B), security(C)]), [
    quoteCn(A, { at: at('09:59:50') }),
    quoteCn(B, { at: at('09:50') }),
    quoteCn(C, { last: null, limitUp: null, limitDown: null }),
  ]);
  const { snapshot } = found.data ?? {};
  assert.equal(snapshot?.asOf, at('09:59:50'));
  assert.ok(Number.isNaN(snapshot?.last[1]) && Number.isNaN(snapshot?.turnover[1]));
  assert.ok(Number.isNaN(snapshot?.last[2]));
  assert.deepEqual(
    found.note.map(({ figures }) => figures['cause']),
    ['stale', 'no_price'],
  );
});

test('SP-01 after the midday break quotes from before it are as old as trading makes them', () => {
  const breaks = [{ fromAt: at('11:30'), toAt: at('13:00') }];
  const facts = factsOf([security(A), security(B)]);
  const quotes = [quoteCn(A, { at: at('11:29') }), quoteCn(B, { at: at('11:20') })];
  const seen = { fetchedAt: at('13:01'), asOf: at('13:01') };
  const found = lookOf(facts, quotes, { ...RULES, breaks }, seen);
  assert.equal(found.data?.snapshot.asOf, at('11:29'));
  assert.ok(Number.isNaN(found.data?.snapshot.last[1]));
});

test('SP-01 ST follows the name of today; an ST name of an earlier list is never taken for sound', () => {
  const facts = factsOf([security(A, { name: '*ST旧' }), security(B)], {
    securitiesAsOf: '2026-11-10',
  });
  const found = lookOf(facts, [
    quoteCn(A, { status: null }),
    quoteCn(B, { name: 'ST新', status: 'st', limitUp: null, limitDown: null }),
  ]);
  const { table, snapshot } = found.data ?? {};
  assert.equal(table?.flags[0], STOCK_FLAGS.st);
  assert.equal(table?.flags[1], STOCK_FLAGS.st);
  assert.equal(snapshot?.limitUp[0], 11);
});

test('SP-01 a stock that has not traded some minutes after the open is suspended, before that it is not', () => {
  const idle = quoteCn(A, { volume: 0, amount: 0, open: 0, last: 10, high: null, low: null });
  const facts = factsOf([security(A)]);
  assert.equal(lookOf(facts, [idle]).data?.table.flags[0], STOCK_FLAGS.suspended);
  const table = stockTableFrom(facts, calendar);
  const early = fetched(
    { tradingDay: CN_DAY, quotes: [{ ...idle, at: at('09:20') }] },
    {
      fetchedAt: at('09:20:01'),
    },
  );
  assert.equal(marketSnapshotFrom(early, table, facts, RULES).data?.table.flags[0], 0);
});

test('SP-01 a stock in its days without limits has none and says so', () => {
  const facts = factsOf([security(C, { listedOn: '2026-11-18' })]);
  const found = lookOf(facts, [quoteCn(C, { limitUp: null, limitDown: null, last: 19 })]);
  assert.equal(found.data?.table.flags[0], STOCK_FLAGS.noLimit);
  assert.equal(found.data?.table.listedDays[0], 2);
  assert.ok(Number.isNaN(found.data?.snapshot.limitUp[0]));
});

test('SP-01 without stated limits the rule gives them, and a vendor that errs is counted', () => {
  const facts = factsOf([security(A), security(B)]);
  const found = lookOf(facts, [
    quoteCn(A, { limitUp: null, limitDown: null }),
    quoteCn(B, { limitUp: 12, limitDown: 8 }),
  ]);
  assert.equal(found.data?.snapshot.limitUp[0], 11);
  assert.equal(found.degraded, true);
  assert.deepEqual(found.note, [{ code: 'limits_disputed', source: 'test', figures: { rows: 1 } }]);
});

test('I9 no look is no snapshot, with the notes of the sources', () => {
  const facts = factsOf([security(A)]);
  const table = stockTableFrom(facts, calendar);
  const failed = fetched<never>(null, {
    note: [{ code: 'source_failed', source: 'x', figures: { cause: 'timeout' } }],
  });
  const found = marketSnapshotFrom(failed, table, facts, RULES);
  assert.equal(found.data, null);
  assert.equal(found.note[0]?.figures['cause'], 'timeout');
});

const MARGIN: MarginDayCn = {
  exchange: 'SSE',
  day: '2026-11-18',
  balance: 100,
  bought: 5,
  repaid: null,
  lent: 1,
};

test('SP-06 margin carries the balance of the trading day before, and a missing exchange stays missing', () => {
  const rows = [MARGIN, { ...MARGIN, day: '2026-11-17', balance: 90 }];
  const data = marginDataFrom(fetched(rows), CN_DAY, calendar);
  assert.equal(data?.rows.length, 2);
  assert.equal(data?.rows[0]?.previousBalance, 90);
  assert.equal(
    data?.rows.some(({ exchange }) => exchange === 'SZSE'),
    false,
  );
  assert.equal(marginDataFrom(fetched<readonly MarginDayCn[]>(null), CN_DAY, calendar), null);
});

test('SP-08 book, held price and bars of a quote without book, stamp or trades are not made up', () => {
  assert.equal(bookQuoteFrom(quoteCn(A, { bid: null })), null);
  assert.equal(bookQuoteFrom(quoteCn(A, { at: null })), null);
  assert.deepEqual(bookQuoteFrom(quoteCn(A, { ask: 0, askSize: null }))?.ask, 0);
  assert.equal(heldPriceFrom(quoteCn(A, { at: null }), false)?.asOf, 0);
  assert.equal(heldPriceFrom(quoteCn(A, { last: 0 }), true)?.last, 10);
  assert.equal(heldPriceFrom(quoteCn(A, { last: null, previousClose: null }), true), null);
  assert.equal(intradayBarsFrom([], 0, 1), null);
});

/** A store with bars of two days, lists and margin of the day before. */
function morningStore() {
  const shares = panelOf('first', ['2026-11-17', '2026-11-18'], {
    [A]: [
      [10, 10],
      [10, 10],
    ],
  });
  const stored = (what: string): StoredKindCn => ({
    what,
    source: 'first',
    rows: 2,
    firstDay: '2026-11-17',
    lastDay: '2026-11-18',
    savedAt: 1,
  });
  const saved: unknown[] = [];
  const store = emptyMarketStore({
    stored: async () => [stored('daily share raw'), stored('daily index raw')],
    loadDaily: async ({ kind }) =>
      kind === 'share'
        ? shares
        : panelOf('first', ['2026-11-17', '2026-11-18'], {
            '000001.SH': [
              [3000, 2990],
              [3010, 3000],
            ],
            '000300.SH': [
              [4000, 3990],
              [4010, 4000],
            ],
          }),
    securities: async () => ({
      source: 'first',
      asOf: '2026-11-18',
      fetchedAt: 1,
      securities: [security(A)],
    }),
    sectors: async () => ({
      source: 'first',
      asOf: '2026-11-18',
      fetchedAt: 1,
      sectors: [{ code: 'BK1', name: '银行', members: [A] }],
    }),
    margin: async () => [{ ...MARGIN, repaid: 7, source: 'first', fetchedAt: 1 }],
    figures: async ({ dataset }) =>
      dataset === CONCENTRATIONS
        ? [
            {
              instrument: null,
              day: '2026-11-18',
              field: '10:00',
              value: 0.1,
              source: 'desk',
              fetchedAt: 1,
            },
          ]
        : [],
    saveFigures: async (...args) => {
      saved.push(args);
      return { inserted: 1, known: 0, differing: 0 };
    },
  });
  return { store, saved };
}

const ASK = { deadlineAt: at('10:00:20') };

test('SP-10 a morning and a look give the strategy its inputs, with what is missing named', async () => {
  const { store } = morningStore();
  const market = createCnMarket({
    store,
    calendar,
    now: () => at('09:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData({
      snapshot: async (universe) =>
        fetched({ tradingDay: CN_DAY, quotes: universe.map((id) => quoteCn(id)) }),
      quotes: async (ids) => fetched(ids.map((id) => quoteCn(id, { last: 3050 }))),
      margin: async () => fetched([{ ...MARGIN, exchange: 'SZSE' as const, repaid: 9 }]),
    }),
  });
  const morning = await market.morning(CN_DAY, ASK);
  assert.ok(morning.data !== null);
  const { inputs, degraded } = await market.look(morning.data, ASK);
  assert.equal(degraded, false);
  assert.equal(inputs.snapshot?.last[0], 10.2);
  assert.equal(inputs.history?.days.length, 2);
  assert.equal(inputs.composite?.now, 3050);
  assert.deepEqual(inputs.margin?.rows.map(({ exchange }) => exchange).toSorted(), ['SSE', 'SZSE']);
  assert.deepEqual(
    inputs.concentrations.map(({ time, values }) => [time, values[0]]),
    [['15:00', 1]],
  );
});

test('SP-02 looks of their own time are compared once there are sixty of them', async () => {
  const { store } = morningStore();
  const figures = async () =>
    Array.from({ length: 60 }, (_, i) => ({
      instrument: null,
      day: `2026-0${1 + Math.floor(i / 28)}-${String(1 + (i % 28)).padStart(2, '0')}`,
      field: '10:00',
      value: 0.1,
      source: 'desk',
      fetchedAt: 1,
    }));
  const market = createCnMarket({
    store: { ...store, figures },
    calendar,
    now: () => at('09:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData(),
  });
  const { data, note } = await market.morning(CN_DAY, ASK);
  assert.deepEqual(
    data?.concentrations.map(({ time, days }) => [time, days.length]),
    [['10:00', 60]],
  );
  assert.equal(
    note.some(({ figures: found }) => found['check'] === 'concentration_at_its_time'),
    false,
  );
});

test('DH-03 a day the evening did not bring is brought in the morning, and judged like any other', async () => {
  const { store } = morningStore();
  const saved: string[] = [];
  const behind = {
    ...store,
    stored: async () =>
      (await store.stored()).map((one) => ({ ...one, lastDay: '2026-11-17' as const })),
    refuseDaily: async () => 0,
    saveDaily: async (table: DailyTableCn, series: DailySeriesCn) => {
      saved.push(`${series.kind} ${series.source} ${table.days.join(',')} ${table.length}`);
      return { inserted: table.length, known: 0, differing: 0 };
    },
  };
  const bar = {
    instrument: A,
    day: '2026-11-18',
    open: 10,
    high: 10.1,
    low: 9.9,
    close: 10,
    previousClose: 10,
    volume: 1_000,
    amount: 10_000,
  };
  const market = createCnMarket({
    store: behind,
    calendar,
    now: () => at('09:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData({
      dailyBarsOn: async () => fetched([bar, { ...bar, instrument: B, close: 0, volume: 0 }]),
      indexDaily: async (index) => fetched([{ ...bar, instrument: index }]),
    }),
  });
  await market.morning(CN_DAY, ASK);
  assert.deepEqual(saved, [
    'share test 2026-11-18 1',
    'index test 2026-11-18 1',
    'index test 2026-11-18 1',
  ]);
});

test('I9 with silent sources a look has no snapshot, and margin of one exchange is named', async () => {
  const { store } = morningStore();
  const market = createCnMarket({
    store,
    calendar,
    now: () => at('09:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData(),
  });
  const morning = await market.morning(CN_DAY, ASK);
  assert.equal(morning.degraded, true);
  assert.ok(
    morning.note.some(
      ({ code, figures }) => code === 'rows_missing' && figures['cause'] === 'SZSE',
    ),
  );
  assert.ok(morning.data !== null);
  const { inputs } = await market.look(morning.data, ASK);
  assert.equal(inputs.snapshot, null);
  assert.equal(inputs.composite?.now, null);
});

test('I9 without any list of shares there is no morning', async () => {
  const market = createCnMarket({
    store: emptyMarketStore(),
    calendar,
    now: () => at('09:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData(),
  });
  const morning = await market.morning(CN_DAY, ASK);
  assert.equal(morning.data, null);
  assert.equal(morning.note.at(-1)?.figures['cause'], 'securities');
});

test('SP-02 a concentration is kept under its wall time for the percentile of later days', async () => {
  const { store, saved } = morningStore();
  const market = createCnMarket({
    store,
    calendar,
    now: () => at('10:00'),
    rules: () => RULES,
    runId: 'test',
    data: silentMarketData(),
  });
  await market.keepConcentration(CN_DAY, '10:00', 0.12, at('10:00'));
  assert.deepEqual(saved, [
    [
      CONCENTRATIONS,
      'desk',
      [{ instrument: null, day: CN_DAY, field: '10:00', value: 0.12 }],
      at('10:00'),
    ],
  ]);
});
