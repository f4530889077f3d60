import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flattenSheet, type SheetLine } from '#core/engine/flatten-sheet.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import {
  closed,
  fill,
  ny,
  policyOf,
  quote,
  quoteOf,
  report,
  TICKET,
  withPosition,
} from '#test/support/builders.ts';
import {
  cnPolicy,
  confirmedCn,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import { type Desk, deskAfter, run } from '#test/support/engine.ts';

const CN = cnPolicy({ broker: 'paper', isPerson: false });

/** Shares of 600150 bought on Monday at 38.60, on Monday, or on Tuesday with these facts. */
function holding(tuesday?: Partial<InstrumentDayCn>): Desk {
  const confirmed = deskAfter(confirmedCn(), CN);
  const entry = Object.values(confirmed.state.orders).find((order) => order.role === 'entry');
  assert.ok(entry !== undefined);
  const desk = run(confirmed, [fill(sh('10:06:02'), entry.orderId, entry.quantity, 38.6)]);
  if (tuesday === undefined) return desk;
  return run(desk, [closed(sh('15:01')), plannedCn(sh('09:00', TUESDAY), TUESDAY, tuesday)]);
}

const sheetOf = ({ state, view, policy }: Desk, at: number) =>
  flattenSheet(state, view, policy, at);
const only = (desk: Desk, at: number): SheetLine => {
  const { lines } = sheetOf(desk, at);
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.ok(line !== undefined);
  return line;
};
const on = (wall: string) => sh(wall, TUESDAY);

test('CX-07 the sheet prices a holding at the bid: proceeds, fees of the sale, result against the entry', () => {
  const desk = run(holding({}), [quoteCn(on('10:00'), 38.4, 38.42)]);
  const { quantity } = desk.state.positions[STOCK] ?? { quantity: 0 };
  assert.equal(quantity, 1600);
  const line = only(desk, on('10:00:01'));
  assert.equal(line.way, 'continuous');
  assert.equal(line.limitPrice, 38.35);
  // 1600 × 38.40 = 61,440.00; commission 15.36, stamp duty 30.72, transfer fee 0.61
  assert.deepEqual(line.estimate, {
    price: 38.4,
    proceedsMinor: 6_144_000,
    feesMinor: 4_669,
    resultMinor: 6_144_000 - 6_176_000 - 4_669,
    moveRatio: 38.4 / 38.6 - 1,
  });
  const { sold, kept, currency, accountId } = sheetOf(desk, on('10:00:01'));
  assert.deepEqual(sold, {
    lines: 1,
    proceedsMinor: 6_144_000,
    feesMinor: 4_669,
    resultMinor: -36_669,
    unpriced: 0,
  });
  assert.equal(kept.lines, 0);
  assert.deepEqual([currency, accountId], ['CNY', 'cn-main']);
});

test('CX-07 the sheet says what stays and why: bought today, suspended, halted, after the day', () => {
  const seen = (desk: Desk, at: number) => {
    const { way, why, opensAt } = only(desk, at);
    return [way, why, opensAt];
  };
  assert.deepEqual(seen(holding(), sh('10:30')), ['stays', 'not_sellable_today', null]);
  const { kept } = sheetOf(holding(), sh('10:30'));
  assert.equal(kept.lines, 1);
  assert.equal(kept.valueMinor, 1600 * 3_860);
  assert.deepEqual(seen(holding({ isSuspended: true }), on('10:00')), ['stays', 'suspended', null]);
  const halt = { fromAt: on('10:00'), toAt: on('10:10') };
  assert.deepEqual(seen(holding({ halts: [halt] }), on('10:05')), ['stays', 'halt', null]);
  assert.deepEqual(seen(holding({}), on('15:31')), ['stays', 'session_closed', null]);
});

test('CX-07 the sheet names the way by the phase of the day', () => {
  const seen = (wall: string) => {
    const { way, opensAt } = only(run(holding({}), [quoteCn(on('09:10'), 38, 38.02)]), on(wall));
    return [way, opensAt];
  };
  assert.deepEqual(seen('09:14'), ['later', on('09:15')]);
  assert.deepEqual(seen('09:16'), ['auction', null]);
  assert.deepEqual(seen('09:31'), ['continuous', null]);
  assert.deepEqual(seen('11:45'), ['later', on('13:00')]);
  assert.deepEqual(seen('14:58'), ['auction', null]);
  assert.deepEqual(seen('15:02'), ['after_hours', null]);
  assert.deepEqual(seen('15:29'), ['after_hours', null]);
});

test('CX-07 a sealed board is a place in the queue at limit-down, not a sale', () => {
  const sealed = { ...quoteOf(on('10:00'), 0, 34.2, STOCK), bidSize: 0 };
  const desk = run(holding({}), [{ kind: 'quote_seen', at: on('10:00'), quote: sealed }]);
  const { way, why, limitPrice, estimate } = only(desk, on('10:00:01'));
  assert.deepEqual([way, why, limitPrice, estimate?.price], ['queue', 'limit_down', 34.2, 34.2]);
});

test('CX-07 the sheet of a US account: regular hours, extended hours, the next open', () => {
  const can = policyOf({
    execution: { hasExtendedHours: true },
    cost: { commissionPerShareMinor: 0.5, commissionMinimumMinor: 100 },
  });
  const desk = run(deskAfter(withPosition(), can), [quote(ny('10:30'), 99.5, 99.52)]);
  const now = only(desk, ny('10:30:01'));
  // 200 × 0.5 cents are 1.00; section 31 0.41 and TAF 0.04 and CAT come on top
  assert.equal(now.way, 'continuous');
  assert.equal(now.estimate?.proceedsMinor, 1_990_000);
  assert.ok((now.estimate?.feesMinor ?? 0) > 140 && (now.estimate?.feesMinor ?? 0) < 160);
  const after = (at: string, policy = can) => {
    const expired = ['stop-1', 'target-1', 'stop-2'].map((name) =>
      report(ny('16:00'), `${TICKET}.${name}`, 'expired'),
    );
    const late = run(deskAfter([...withPosition(), ...expired], policy), [
      quote(ny('17:00'), 99, 99.2),
    ]);
    const { way, why, limitPrice } = only(late, ny(at));
    return [way, why, limitPrice];
  };
  assert.deepEqual(after('17:00:10'), ['extended_hours', null, 98.5]);
  assert.deepEqual(after('17:01'), ['later', 'quote_missing', null]);
  assert.deepEqual(after('20:01'), ['later', 'session_closed', null]);
  assert.deepEqual(after('17:00:10', policyOf()), ['later', 'session_closed', null]);
});

test('CX-07 without any price the sheet says so and counts nothing', () => {
  const { state, policy } = deskAfter(withPosition());
  const symbols = Object.fromEntries(
    Object.entries(state.symbols).map(([id, symbol]) => [id, { ...symbol, facts: null }]),
  );
  const view = { symbols: {}, since: null, heartbeatAt: null };
  const sheet = flattenSheet({ ...state, symbols }, view, policy, ny('10:30'));
  assert.deepEqual(sheet.lines[0]?.estimate, null);
  assert.deepEqual([sheet.sold.proceedsMinor, sheet.sold.unpriced], [0, 1]);
});
