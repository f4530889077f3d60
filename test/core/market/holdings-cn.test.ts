import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limitsOn } from '#core/market/limits-cn.ts';
import { saleWaysCn } from '#core/market/sale-ways-cn.ts';
import { isHaltedCn, onePriceSideCn, sealOfCn, tradabilityCn } from '#core/market/seal-cn.ts';
import { afterSaleCn, sellableQuantityCn } from '#core/market/settlement-cn.ts';
import { at, CN_DAY, cnQuote, cnSession, dayOf } from '#test/support/cn.ts';

const DAYS = ['2026-11-17', '2026-11-18', CN_DAY, '2026-11-20'];

test('SP-09 what was bought today is sold on the next trading day at the earliest', () => {
  const held = [
    { boughtOn: '2026-11-18', quantity: 300 },
    { boughtOn: CN_DAY, quantity: 200 },
  ];
  assert.equal(sellableQuantityCn(held, CN_DAY), 300);
  assert.equal(sellableQuantityCn(held, '2026-11-20'), 500);
  assert.equal(sellableQuantityCn(held, CN_DAY, true), 500);
  assert.deepEqual(afterSaleCn(held, 350), [{ boughtOn: CN_DAY, quantity: 150 }]);
  assert.equal(afterSaleCn(held, 501), null);
});

test('SP-09 shares are never sold on the day they were bought, whatever the order of trades', () => {
  const act = fc.record({
    isBuy: fc.boolean(),
    lots: fc.integer({ min: 1, max: 9 }),
    day: fc.nat(DAYS.length - 1),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 30 }), (acts) => {
      let held: readonly { boughtOn: string; quantity: number }[] = [];
      for (const { isBuy, lots, day } of acts.toSorted((a, b) => a.day - b.day)) {
        const today = DAYS[day]!;
        if (isBuy) held = [...held, { boughtOn: today, quantity: lots * 100 }];
        else {
          const boughtToday = (list: typeof held) =>
            list.reduce((sum, one) => sum + (one.boughtOn === today ? one.quantity : 0), 0);
          const sold = Math.min(lots * 100, sellableQuantityCn(held, today));
          const after = afterSaleCn(held, sold);
          assert.ok(after !== null);
          assert.equal(boughtToday(after), boughtToday(held));
          held = after;
        }
      }
    }),
  );
});

test('SP-09 a board is sealed when the limit is bid and nobody offers, or the reverse', () => {
  const limits = limitsOn(dayOf());
  assert.equal(sealOfCn(cnQuote(11, 0), limits), 'up');
  assert.equal(sealOfCn(cnQuote(0, 9), limits), 'down');
  assert.equal(sealOfCn(cnQuote(10.99, 11), limits), 'none');
  assert.equal(sealOfCn(cnQuote(9, 9.01), limits), 'none');
  assert.equal(sealOfCn(cnQuote(10.9, 0), limits), 'none');
  assert.equal(sealOfCn(cnQuote(11, 11.5, { askSize: 0 }), limits), 'up');
  assert.equal(sealOfCn(null, limits), 'unknown');
  assert.equal(sealOfCn(cnQuote(11, 0), limitsOn(dayOf({ status: null }))), 'unknown');
  assert.equal(sealOfCn(cnQuote(30, 0), limitsOn(dayOf({ firstDayOf: 'relisting' }))), 'none');
});

test('SP-09 a bar of one price at the limit is a one-price board', () => {
  const limits = limitsOn(dayOf());
  const flat = (price: number) => ({ open: price, high: price, low: price, close: price });
  assert.equal(onePriceSideCn(flat(11), limits), 'up');
  assert.equal(onePriceSideCn(flat(9), limits), 'down');
  assert.equal(onePriceSideCn(flat(10.5), limits), null);
  assert.equal(onePriceSideCn({ ...flat(11), low: 10.99 }, limits), null);
  assert.equal(onePriceSideCn(flat(11), limitsOn(dayOf({ status: null }))), null);
});

test('SP-09 a suspended or halted share trades neither way, unknown facts are said', () => {
  const now = at('10:00');
  const halts = [{ fromAt: at('09:50'), toAt: at('10:20') }];
  const quote = cnQuote(10, 10.01);
  const of = (fields: Parameters<typeof dayOf>[0], side: 'buy' | 'sell' = 'sell') =>
    tradabilityCn(side, dayOf(fields), quote, now);
  assert.deepEqual(of({}), { kind: 'open' });
  assert.deepEqual(of({ isSuspended: true }), { kind: 'blocked', reason: 'suspended' });
  assert.deepEqual(of({ halts }), { kind: 'blocked', reason: 'halted' });
  assert.deepEqual(of({ isSuspended: null }), { kind: 'unknown', reason: 'suspension_unknown' });
  assert.deepEqual(of({ status: null }), { kind: 'unknown', reason: 'limits_unknown' });
  assert.equal(isHaltedCn(dayOf({ halts }), at('10:20')), false);
  const facts = dayOf();
  assert.deepEqual(tradabilityCn('buy', facts, cnQuote(11, 0), now), {
    kind: 'queues',
    reason: 'sealed_up',
  });
  assert.deepEqual(tradabilityCn('sell', facts, cnQuote(11, 0), now), { kind: 'open' });
  assert.deepEqual(tradabilityCn('sell', facts, null, now), {
    kind: 'unknown',
    reason: 'quote_unknown',
  });
});

test('CX-07 the sheet says what can be sold now, what queues, what waits and what stays', () => {
  const session = cnSession();
  const ways = (fields: Partial<Parameters<typeof saleWaysCn>[0]> = {}) =>
    saleWaysCn({
      facts: dayOf(),
      session,
      at: at('14:21'),
      quote: cnQuote(10, 10.01),
      held: 500,
      sellable: 300,
      ...fields,
    });
  const locked = { kind: 'stays', quantity: 200, reason: 't_plus_one' };
  const now = { kind: 'now', quantity: 300, phase: 'continuous', isCertain: true };
  assert.deepEqual(ways(), [now, locked]);
  assert.deepEqual(ways({ quote: cnQuote(0, 9) }), [
    { kind: 'queue', quantity: 300, reason: 'sealed_down' },
    locked,
  ]);
  assert.deepEqual(ways({ quote: null }), [{ ...now, isCertain: false }, locked]);
  assert.deepEqual(ways({ at: at('15:02') }), [{ ...now, phase: 'after_close' }, locked]);
  assert.deepEqual(ways({ at: at('15:30') }), [
    { kind: 'stays', quantity: 300, reason: 'day_over' },
    locked,
  ]);
  assert.deepEqual(ways({ at: at('12:00'), sellable: 500 }), [
    { kind: 'later', quantity: 500, phase: 'break', opensAt: at('13:00') },
  ]);
  assert.deepEqual(ways({ facts: dayOf({ isSuspended: true }) }), [
    { kind: 'stays', quantity: 300, reason: 'suspended' },
    locked,
  ]);
  assert.deepEqual(ways({ sellable: 0 }), [{ ...locked, quantity: 500 }]);
});
