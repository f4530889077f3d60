import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import type { RunResult } from '#shell/runner/run-result.ts';
import { type StoredEvent, storedRun } from '#test/support/replays.ts';
import { folderWithChina, needsChina, replayChina } from '#test/support/replays-cn.ts';
import { sharedPath } from '#test/support/shared-data.ts';

const DESK = 'cn-sector-pulse';
/** From the recorded closes of 2025-04-03; the last one is bought in the middle of the crash. */
const BOOK = `positions:
  - { symbol: 600900.SH, quantity: 3500, price: 28.40, boughtOn: 2025-04-02, enteredAt: '2025-04-03T14:50:00+08:00' }
  - { symbol: 600571.SH, quantity: 5000, price: 17.67, boughtOn: 2025-04-02, enteredAt: '2025-04-03T14:50:00+08:00' }
  - { symbol: 600036.SH, quantity: 2400, price: 40.44, boughtOn: 2025-04-07, enteredAt: '2025-04-07T10:15:00+08:00' }
`;

type Fill = {
  readonly orderId: string;
  readonly symbol: string;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly feesMoney: number;
  readonly at: string;
};
type EventOf = {
  readonly at: string;
  readonly type: string;
  readonly data: Record<string, unknown>;
};

const fen = (money: number) => Math.round(money * 100);
const dayOf = (iso: string) => new Date(Date.parse(iso) + 8 * 3_600_000).toISOString().slice(0, 10);

function eventsOf(stored: readonly StoredEvent[]): EventOf[] {
  return stored.map(({ occurredAt, text }) => {
    const { type, data } = JSON.parse(text) as { type: string; data: Record<string, unknown> };
    const at = new Date(occurredAt + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    return { at, type, data };
  });
}

/** Fees of an order by the rates of 2025, reckoned apart from the product: in fen, each part half up. */
function feesOf(side: 'buy' | 'sell', turnoverFen: number): number {
  const part = (perMillion: number) =>
    Math.floor((turnoverFen * perMillion * 2 + 1_000_000) / 2_000_000);
  return Math.max(500, part(250)) + part(10) + (side === 'sell' ? part(500) : 0);
}

let folder: Awaited<ReturnType<typeof folderWithChina>> | null = null;

suite('recorded A-share days through the whole desk', needsChina, () => {
  before(async () => {
    const bars = sharedPath('data', 'cn', 'bars_15m');
    folder = await folderWithChina(bars === null ? [] : readdirSync(bars));
  });
  after(() => folder?.remove());

  async function played(days: string, book: string | null = null) {
    const dataDir = folder?.dataDir ?? '';
    const result = await replayChina(dataDir, days, book);
    const { stored } = await storedRun(dataDir, result.runId, DESK);
    return { result, events: eventsOf(stored) };
  }

  suite('73 days from 2025-07-01, answered by a rule that confirms', () => {
    let result: RunResult & { shown: string };
    let events: EventOf[];
    before(async () => {
      ({ result, events } = await played('2025-07-01..2025-10-17'));
    });

    test('CX-04 SP-02 every trading day has a verdict at each checkpoint and at its close', () => {
      const closes = result.verdicts.filter(({ checkpoint }) => checkpoint === 'close');
      assert.equal(closes.length, 73);
      for (const { tradingDay } of closes) {
        const times = result.verdicts
          .filter((verdict) => verdict.tradingDay === tradingDay)
          .map(({ checkpoint }) => checkpoint);
        assert.deepEqual(times, ['10:00', '14:00', '14:45', 'close'], tradingDay);
      }
      for (const { tradingDay, kind, reasons } of closes)
        assert.ok(kind === 'signals' || reasons.length > 0, `${tradingDay} ${kind}`);
    });

    test('SP-06 SP-08 tickets are raised, and the rest of the funnel is lost for counted reasons', () => {
      assert.ok(result.tickets.length >= 8, `${result.tickets.length} tickets`);
      const records = events.filter(({ type }) => type === 'checkpoint_recorded');
      const lost = new Map<string, number>();
      let passed = 0;
      for (const { data } of records) {
        const { gate, selection } = data['record'] as {
          gate: { passed: boolean } | null;
          selection: null | { candidates: { reasons: { code: string }[] }[] };
        };
        if (gate?.passed === true) passed += 1;
        for (const { reasons } of selection?.candidates ?? [])
          for (const { code } of reasons) lost.set(code, (lost.get(code) ?? 0) + 1);
      }
      assert.ok(passed > 0);
      assert.ok((lost.get('strength_below_min') ?? 0) > 0, [...lost.keys()].join());
      assert.ok((lost.get('rank_out_of_range') ?? 0) > 0);
    });

    test('SP-09 nothing is sold on the day it was bought', () => {
      const fills = result.fills as unknown as Fill[];
      const boughtOn = new Map<string, string>();
      let sales = 0;
      for (const { symbol, side, at } of fills) {
        if (side === 'buy') boughtOn.set(symbol, dayOf(at));
        else {
          sales += 1;
          assert.ok(dayOf(at) > (boughtOn.get(symbol) ?? '9999'), `${symbol} ${at}`);
        }
      }
      assert.ok(sales > 0);
    });

    test('RL-04 fees of every order and the result of every trade are right to the fen', () => {
      const fills = result.fills as unknown as Fill[];
      const orders = new Map<string, { side: 'buy' | 'sell'; turnover: number; fees: number }>();
      for (const { orderId, side, quantity, price, feesMoney } of fills) {
        const known = orders.get(orderId) ?? { side, turnover: 0, fees: 0 };
        const turnover = known.turnover + fen(price) * quantity;
        orders.set(orderId, { side, turnover, fees: known.fees + fen(feesMoney) });
      }
      assert.ok(orders.size > 0);
      for (const [id, { side, turnover, fees }] of orders)
        assert.equal(fees, feesOf(side, turnover), id);
      const booked = result.trades.reduce((sum, trade) => sum + fen(Number(trade['pnlMoney'])), 0);
      const closed = new Set(result.trades.map((trade) => String(trade['ticket'])));
      let earned = 0;
      for (const { orderId, side, quantity, price, feesMoney } of fills) {
        if (![...closed].some((ticket) => orderId.startsWith(`${ticket}.`))) continue;
        earned += (side === 'sell' ? 1 : -1) * fen(price) * quantity - fen(feesMoney);
      }
      assert.equal(booked, earned);
      assert.equal(fen(result.resultMoney), booked);
    });

    test('SP-03 before the first turnover of a day the kill-switch can be computed', () => {
      const unknown = events.filter(
        ({ type, data }) =>
          type === 'kill_level_changed' && JSON.stringify(data).includes('not_computable'),
      );
      assert.deepEqual(unknown, []);
    });
  });

  suite('the crash of 2025-04-07 with a book of positions', () => {
    let result: RunResult & { shown: string };
    let events: EventOf[];
    before(async () => {
      ({ result, events } = await played('2025-03-20..2025-07-15', BOOK));
    });
    const fillsOf = (symbol: string) =>
      (result.fills as unknown as Fill[])
        .filter((fill) => fill.symbol === symbol)
        .map(({ side, quantity, price, at }) => [side, quantity, price, at.slice(0, 19)]);

    test('SP-03 level 2 at 10:00 sells what can be sold', () => {
      const levels = events.filter(({ type }) => type === 'kill_level_changed');
      const second = levels.find(({ data }) => data['to'] === 'l2');
      assert.equal(second?.at, '2025-04-07 10:00:00');
      assert.deepEqual(fillsOf('600900.SH'), [['sell', 3500, 28.5, '2025-04-07T02:00:00']]);
    });

    test('SP-03 SP-09 what is sealed or under T+1 is reported and leaves in the next auction', () => {
      const waits = events
        .filter(({ type }) => type === 'exit_waits')
        .map(({ at, data }) => [at, data['instrument'], (data['reason'] as { code: string }).code]);
      assert.deepEqual(waits, [
        ['2025-04-07 09:30:01', '600571.SH', 'sealed_down'],
        ['2025-04-07 10:15:00', '600036.SH', 'not_sellable_today'],
      ]);
      assert.match(result.shown, /Cannot be sold now: 600571 5000/);
      // both wait from 9:15 on and leave at the first prices of the day
      const queued = events
        .filter(({ at, type }) => type === 'order_intended' && at.startsWith('2025-04-08'))
        .map(({ at }) => at);
      assert.deepEqual(queued, ['2025-04-08 09:15:00', '2025-04-08 09:15:00']);
      assert.deepEqual(fillsOf('600571.SH'), [['sell', 5000, 14.31, '2025-04-08T01:30:01']]);
      assert.deepEqual(fillsOf('600036.SH'), [['sell', 2400, 40.77, '2025-04-08T01:30:01']]);
      assert.ok(!events.some(({ type }) => type === 'order_denied'), 'no price outside the cage');
      assert.ok(!JSON.stringify(events).includes('exit_failed'));
    });

    test('SP-05 dormant until three days passed at both checkpoints and a person resumed', () => {
      const asleep = events.filter(
        ({ at, type }) =>
          type === 'checkpoint_recorded' && at > '2025-04-08' && at < '2025-07-14 14',
      );
      const stances = new Set(
        asleep.map(({ data }) => {
          const { stance } = data['record'] as { stance: { after: { stance: string } } };
          return stance.after.stance;
        }),
      );
      assert.deepEqual([...stances], ['dormant']);
      const woken = events.find(
        ({ at, type, data }) =>
          type === 'kill_level_changed' && at > '2025-04-08' && data['to'] === 'none',
      );
      assert.equal(woken?.at, '2025-07-14 14:00:00');
      const last = events.findLast(({ type }) => type === 'stance_changed');
      const { stance } = (last?.data['to'] ?? { stance: 'none' }) as { stance: string };
      assert.ok(['attack', 'hold', 'watch'].includes(stance), stance);
    });

    test('SP-02 no three days pass in May: volatility until the 22nd, then too few limit-ups', () => {
      const failed = new Map<string, Set<string>>();
      for (const { tradingDay, checkpoint, reasons } of result.verdicts) {
        if (!tradingDay.startsWith('2025-05') || !['10:00', '14:00'].includes(checkpoint)) continue;
        const names = failed.get(tradingDay) ?? new Set();
        for (const { code, figures } of reasons)
          if (code === 'gate_failed') names.add(String(figures['condition']));
        failed.set(tradingDay, names);
      }
      assert.equal(failed.size, 19);
      for (const [day, names] of failed)
        assert.ok(names.has(day <= '2025-05-22' ? 'vol_percentile' : 'limit_up_count'), day);
    });
  });

  test('SP-01 SP-03 margin that contradicts itself is named on import and stops entries the day after', async () => {
    assert.match(
      folder?.margin ?? '',
      /2025-01-13: balance_disagrees: found SZSE repaid 705.25 亿/,
    );
    assert.match(
      folder?.margin ?? '',
      /2024-07-08: balance_disagrees: found SZSE repaid 344.77 亿/,
    );
    const { events } = await played('2025-01-13..2025-01-15');
    const reasonsAt = (instant: string) => {
      const found = events.find(({ at, type }) => type === 'checkpoint_recorded' && at === instant);
      assert.ok(found !== undefined, instant);
      const { kill } = found.data['record'] as {
        kill: { look: { reasons: { code: string; figures: Record<string, unknown> }[] } };
      };
      return kill.look.reasons.filter(({ figures }) => figures['cause'] === 'margin');
    };
    assert.deepEqual(reasonsAt('2025-01-13 10:00:00'), []);
    assert.deepEqual(reasonsAt('2025-01-14 10:00:00'), [
      {
        code: 'not_computable',
        figures: {
          cause: 'margin',
          exchange: 'SZSE',
          figure: 'l2_margin_net_repay',
          why: 'balance_disagrees',
        },
      },
    ]);
  });
});
