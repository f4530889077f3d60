import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import type { MarketStoreCn } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { emptyDailyPanel } from '#core/market/panel-cn.ts';
import type { DailyBarCn, LimitPoolCn, MarginDayCn } from '#core/market/records-cn.ts';
import { loadMarketCalendar } from '#shell/calendars/load.ts';
import { createGateCn } from '#shell/feeds/cn/gate.ts';
import { at, CN_DAY } from '#test/support/cn.ts';
import { emptyMarketStore, quoteCn } from '#test/support/cn-market.ts';

const calendar = await loadMarketCalendar(join(import.meta.dirname, '../../../..'), 'CN');
const BEFORE = '2026-11-18';
const IDS = Array.from(
  { length: 25 },
  (_, i): InstrumentId => `6000${String(i).padStart(2, '0')}.SH`,
);

/** A store with closes of the day before: ten yuan each. */
function storeOf(has: Partial<MarketStoreCn> = {}): MarketStoreCn {
  return emptyMarketStore({
    loadDaily: async ({ from }) => {
      const panel = emptyDailyPanel(
        { kind: 'share', source: 'first', basis: 'raw' },
        IDS,
        [from],
        1,
      );
      panel.close.fill(10);
      return panel;
    },
    ...has,
  });
}

function gateOf(now: number, has: Partial<MarketStoreCn> = {}) {
  return createGateCn({ store: storeOf(has), calendar, now: () => now, freshMs: 60_000 });
}

function poolOf(fields: Partial<LimitPoolCn> = {}, price = 11): LimitPoolCn {
  return {
    kind: 'limit_up',
    day: CN_DAY,
    statedDay: CN_DAY,
    rows: IDS.slice(0, 6).map((instrument) => ({
      instrument,
      name: null,
      price,
      amount: 1,
      firstSealedAt: at('09:25'),
      lastSealedAt: null,
      openCount: 0,
      boardsInRow: 1,
      sealedAmount: 1,
      sector: null,
    })),
    ...fields,
  };
}

const ASK = { kind: 'limit_up', day: CN_DAY } as const;

test('SP-10 a pool of its own day, seen in session, passes', async () => {
  const judged = await gateOf(at('10:00'))('limit_pool', ASK, poolOf(), 'x');
  assert.equal(judged.refusal, null);
  assert.equal(judged.kept.rows.length, 6);
});

test('SP-10 a pool that names another day, or was made before the auction, is refused', async () => {
  const other = poolOf({ statedDay: BEFORE });
  assert.equal(
    (await gateOf(at('10:00'))('limit_pool', ASK, other, 'x')).refusal?.code,
    'wrong_day',
  );
  const early = await gateOf(at('07:35'))('limit_pool', ASK, poolOf(), 'x');
  assert.equal(early.refusal?.code, 'label_before_open');
});

test('SP-10 a pool whose prices are the closes of the day before is that day, whatever its label says', async () => {
  const judged = await gateOf(at('10:00'))('limit_pool', ASK, poolOf({}, 10), 'x');
  assert.equal(judged.refusal?.code, 'wrong_day');
  assert.match(judged.refusal?.found ?? '', /6 of 6 prices that are closes of 2026-11-18/);
});

test('SP-10 a pool of a holiday is refused', async () => {
  const day = '2026-10-01';
  const pool = poolOf({ day, statedDay: null });
  const judged = await gateOf(at('10:00'))('limit_pool', { kind: 'limit_up', day }, pool, 'x');
  assert.equal(judged.refusal?.code, 'not_a_trading_day');
});

test('SP-10 an empty limit-down pool is held against the last look, or noted as unchecked', async () => {
  const gate = gateOf(at('10:00:02'));
  const empty = poolOf({ kind: 'limit_down', rows: [] });
  const ask = { kind: 'limit_down', day: CN_DAY } as const;
  const unchecked = await gate('limit_pool', ask, empty, 'x');
  assert.equal(unchecked.refusal, null);
  assert.deepEqual(
    unchecked.note.map(({ code }) => code),
    ['not_checked'],
  );
  const quotes = IDS.map((id) => quoteCn(id, { last: 9, low: 9, open: 9.5, high: 10.3 }));
  const amounts = quotes.map((quote) => ({ ...quote, amount: 950_000 }));
  await gate('snapshot', { universe: IDS }, { tradingDay: CN_DAY, quotes: amounts }, 'y');
  const refused = await gate('limit_pool', ask, empty, 'x');
  assert.equal(refused.refusal?.code, 'empty_pool');
  assert.match(refused.refusal?.expected ?? '', /25/);
});

test('I9 quotes that stand still are refused in session and kept at noon and after the close', async () => {
  const look = { tradingDay: CN_DAY, quotes: IDS.map((id) => quoteCn(id)) };
  const judge = async (time: string) =>
    (await gateOf(at(time))('snapshot', { universe: IDS }, look, 'x')).refusal?.code ?? null;
  assert.equal(await judge('10:00:10'), null);
  assert.equal(await judge('10:02'), 'stale');
  assert.equal(await judge('12:00'), null);
  assert.equal(await judge('15:10'), null);
});

test('SP-08 a few names may stand still in session: their stamps say how old they are', async () => {
  const judged = await gateOf(at('10:05'))(
    'quotes',
    { instruments: IDS.slice(0, 2) },
    IDS.slice(0, 2).map((id) => quoteCn(id)),
    'x',
  );
  assert.equal(judged.refusal, null);
  assert.equal(judged.kept[0]?.at, at('10:00'));
});

test('SP-10 before the auction quotes are of the trading day before, after it of today', async () => {
  const look = {
    tradingDay: BEFORE,
    quotes: IDS.map((id) => quoteCn(id, { at: at('15:00', BEFORE) })),
  };
  const judge = async (time: string) =>
    (await gateOf(at(time))('snapshot', { universe: IDS }, look, 'x')).refusal?.code ?? null;
  assert.equal(await judge('09:10'), null);
  assert.equal(await judge('09:31'), 'wrong_day');
});

function bar(instrument: InstrumentId, fields: Partial<DailyBarCn> = {}): DailyBarCn {
  return {
    instrument,
    day: CN_DAY,
    open: 10.1,
    high: 10.5,
    low: 10,
    close: 10.4,
    previousClose: 10,
    volume: 10_000,
    amount: 102_000,
    ...fields,
  };
}

test('RL-01 a daily row of minus 100 % or padding of a suspended day is taken out and named', async () => {
  const bars = IDS.map((id) => bar(id));
  bars[0] = bar(IDS[0]!, { open: 0, high: 0, low: 0, close: 0, volume: 0, amount: 0 });
  bars[1] = bar(IDS[1]!, { open: 10, high: 10, low: 10, close: 10, volume: 0, amount: 0 });
  const judged = await gateOf(at('16:00'))('daily_bars_on', { day: CN_DAY }, bars, 'x');
  assert.equal(judged.refusal, null);
  assert.equal(judged.kept.length, 23);
  assert.deepEqual(judged.anomalies.map(({ code }) => code).toSorted(), [
    'minus_100_percent',
    'suspended_padding',
  ]);
});

test('RL-01 a day most of whose rows are those of the day before is refused whole', async () => {
  const days = [BEFORE, CN_DAY].flatMap((day) => IDS.map((id) => bar(id, { day })));
  const judged = await gateOf(at('16:00'))('daily_bars_on', { day: CN_DAY }, days, 'x');
  assert.ok(judged.anomalies.some(({ code, day }) => code === 'same_as_before' && day === CN_DAY));
  assert.equal(
    judged.kept.some(({ day }) => day === CN_DAY),
    false,
  );
});

test('RL-01 bars of a day the calendar does not know are refused', async () => {
  const bars = IDS.map((id) => bar(id, { day: '2027-03-01' }));
  const judged = await gateOf(at('16:00'))('daily_bars_on', { day: '2027-03-01' }, bars, 'x');
  assert.equal(judged.refusal?.code, 'outside_calendar');
});

const MARGIN: MarginDayCn = {
  exchange: 'SSE',
  day: BEFORE,
  balance: 1e12,
  bought: 5e10,
  repaid: 6e10,
  lent: 1,
};

test('SP-06 margin of one exchange is kept, the other one named, a repayment the balance denies unknown', async () => {
  const has: Partial<MarketStoreCn> = {
    margin: async () => [
      { ...MARGIN, day: '2026-11-17', balance: 1.01e12, source: 'x', fetchedAt: 1 },
    ],
  };
  const judged = await gateOf(at('09:00'), has)('margin', { day: BEFORE }, [MARGIN], 'x');
  assert.deepEqual(
    judged.note.map(({ code, figures }) => [code, figures['cause']]),
    [['rows_missing', 'SZSE']],
  );
  assert.equal(judged.kept[0]?.repaid, 6e10);
  const wrong = { ...MARGIN, repaid: 9e10 };
  const denied = await gateOf(at('09:00'), has)('margin', { day: BEFORE }, [wrong], 'x');
  assert.equal(denied.kept[0]?.repaid, null);
  assert.equal(denied.anomalies[0]?.code, 'balance_disagrees');
});

test('I9 margin without any exchange is refused, never taken for nothing repaid', async () => {
  const judged = await gateOf(at('09:00'))('margin', { day: BEFORE }, [], 'x');
  assert.equal(judged.refusal?.code, 'exchange_missing');
});

test('RL-01 a list of shares shorter than the one on file is half an answer', async () => {
  const shares = IDS.map((instrument) => ({
    instrument,
    name: 'a',
    listedOn: null,
    delistedOn: null,
  }));
  const has: Partial<MarketStoreCn> = {
    securities: async () => ({ source: 'x', asOf: BEFORE, fetchedAt: 1, securities: shares }),
  };
  const judge = async (list: typeof shares) =>
    (await gateOf(at('16:00'), has)('securities', {}, list, 'x')).refusal?.code ?? null;
  assert.equal(await judge(shares), null);
  assert.equal(await judge(shares.slice(0, 20)), 'too_few_rows');
  assert.equal(await judge([]), 'too_few_rows');
});

test('SP-04 boards are counted by their members; none at all, or half of them, are refused', async () => {
  const boards = (size: number) => [
    { code: 'a', name: 'a', members: IDS.slice(0, size) },
    { code: 'b', name: 'b', members: [IDS[20]!, IDS[21]!] },
  ];
  const has: Partial<MarketStoreCn> = {
    sectors: async () => ({ source: 'x', asOf: BEFORE, fetchedAt: 1, sectors: boards(20) }),
  };
  const judge = async (list: ReturnType<typeof boards>) =>
    (await gateOf(at('16:00'), has)('sectors', {}, list, 'x')).refusal?.code ?? null;
  assert.equal(await judge(boards(20)), null);
  assert.equal(await judge(boards(10)), 'too_few_rows');
  assert.equal(await judge([]), 'too_few_rows');
  const first = await gateOf(at('16:00'))('sectors', {}, boards(1), 'x');
  assert.equal(first.refusal, null);
});

test('SP-10 limit prices that do not enclose the previous close are taken out', async () => {
  const limit = { instrument: IDS[0]!, day: CN_DAY, previousClose: 10, up: 11, down: 9 };
  const judged = await gateOf(at('08:45'))(
    'price_limits',
    { day: CN_DAY },
    [limit, { ...limit, instrument: IDS[1]!, up: 9.5 }],
    'x',
  );
  assert.equal(judged.kept.length, 1);
  assert.equal(judged.anomalies[0]?.code, 'outside_limits');
});

test('I3 a store that cannot be read leaves its comparisons out, noted; the answer is used', async () => {
  const down = async (): Promise<never> => {
    throw new StoreError('store: found nothing, expected an answer', {
      code: 'down',
      retryable: true,
    });
  };
  const gate = gateOf(at('16:00'), { loadDaily: down, margin: down, securities: down });
  const judged = await gate('daily_bars_on', { day: CN_DAY }, [bar(IDS[0]!)], 'x');
  assert.equal(judged.kept.length, 1);
  assert.deepEqual(judged.note[0]?.figures, { check: 'on_file', cause: 'down' });
});
