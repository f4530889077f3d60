import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OrderRequest } from '#app/ports.ts';
import { paperBookOf } from '#app/restore-paper.ts';
import { cnFeeModel } from '#core/backtest/costs.ts';
import type { Event } from '#core/engine/event.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { PaperBrokerOptions } from '#shell/brokers/paper.ts';
import { followExDates } from '#shell/brokers/paper-ex-dates.ts';
import { restated as restatedOf } from '#test/support/builders-cn.ts';
import { at, CN_DAY, cnQuote, cnSession, dayOf, MOUTAI } from '#test/support/cn.ts';
import { COMMISSION } from '#test/support/cn-exchange.ts';
import { order, paperHarness } from '#test/support/paper-harness.ts';

const NEXT_DAY = '2026-11-20';

/** A paper broker under Chinese rules at a Shanghai wall time. */
function harness(time: string, overrides: Partial<PaperBrokerOptions> = {}) {
  const h = paperHarness({
    feesModel: cnFeeModel(COMMISSION),
    venue: 'cn',
    matchBy: 'ticks',
    startAt: at(time),
    ...overrides,
  });
  h.broker.setSession(cnSession());
  h.broker.setInstrumentDay(dayOf());
  const request = (fields: Partial<OrderRequest> & { orderId: string }) =>
    order({ instrument: MOUTAI, quantity: 100, limitPrice: 10, ...fields });
  return {
    ...h,
    request,
    see: (bid: number, ask: number) => h.broker.onQuote(cnQuote(bid, ask, { at: h.clock.now() })),
    go: (clockTime: string, day = CN_DAY) => h.clock.advanceTo(at(clockTime, day)),
    learn: (fields: Partial<InstrumentDayCn>) => h.broker.setInstrumentDay(dayOf(fields)),
  };
}

test('ID-06 a Chinese paper account says what it can do', () => {
  const { capabilities } = harness('10:00').broker;
  assert.deepEqual(
    [capabilities.hasBracket, capabilities.hasOco, capabilities.hasReplace],
    [false, false, false],
  );
  assert.deepEqual(capabilities.orderTypes, ['limit', 'market']);
  assert.deepEqual([capabilities.sellableAfterDays, capabilities.hasExtendedHours], [1, true]);
});

test('ID-06 what the exchange would refuse is refused before it is sent, with figures', async () => {
  const h = harness('10:00');
  h.see(9.99, 10);
  const no = (fields: Partial<OrderRequest>) =>
    h.broker.canSubmit(h.request({ orderId: 'o', ...fields }));
  assert.equal(no({}), null);
  assert.deepEqual(no({ quantity: 150 }), {
    code: 'quantity_not_in_lots',
    figures: { quantity: 150, because: 'not_a_lot', board: 'sse_main' },
  });
  assert.deepEqual(no({ limitPrice: 11.01 }), {
    code: 'outside_price_limits',
    figures: { limitPrice: 11.01, up: 11, down: 9 },
  });
  assert.deepEqual(no({ limitPrice: 10.21 }), {
    code: 'outside_price_cage',
    figures: { limitPrice: 10.21, most: 10.2 },
  });
  assert.equal(no({ type: 'trailing_stop' })?.code, 'order_type_unsupported');
  assert.equal(no({ pair: { orderId: 'p', limitPrice: 11 } })?.code, 'bracket_unsupported');
  await h.submit(h.request({ orderId: 'b' }));
  assert.deepEqual(no({ side: 'sell' }), {
    code: 'not_sellable_today',
    figures: { quantity: 100, sellable: 0, held: 100 },
  });
  h.learn({ isSuspended: true });
  assert.equal(no({})?.code, 'suspended');
});

test('RL-04 T+1 outlives a restart of the account on the same day', async () => {
  const h = harness('10:00');
  h.see(9.99, 10);
  await h.submit(h.request({ orderId: 'b', quantity: 300 }));
  h.broker.restore(h.broker.snapshot());
  const sale = h.request({ orderId: 's', side: 'sell', quantity: 300, limitPrice: 9.9 });
  assert.equal(h.broker.canSubmit(sale)?.code, 'not_sellable_today');
  h.clock.advanceTo(at('10:00', NEXT_DAY));
  h.broker.setSession(cnSession(NEXT_DAY));
  h.learn({ tradingDay: NEXT_DAY });
  assert.equal(h.broker.canSubmit(sale), null);
  assert.equal((await h.broker.positions())[0]?.sellableQuantity, 300);
});

test('RL-04 T+1 holds for an account that is rebuilt from the log', async () => {
  const h = harness('10:00');
  const position = { instrument: MOUTAI, quantity: 300, tradingDay: CN_DAY, entryPrice: 10 };
  const state = { orders: {}, positions: { [MOUTAI]: position }, cashMinor: 1_000 };
  const book = paperBookOf(state as unknown as Parameters<typeof paperBookOf>[0]);
  h.broker.restore(book);
  assert.equal((await h.broker.positions())[0]?.sellableQuantity, 0);
  h.clock.advanceTo(at('10:00', NEXT_DAY));
  h.broker.setSession(cnSession(NEXT_DAY));
  assert.equal((await h.broker.positions())[0]?.sellableQuantity, 300);
});

test('RL-04 orders of the day end at 15:05, orders for after the close at 15:30', async () => {
  const h = harness('14:50');
  await h.submit(h.request({ orderId: 'day', limitPrice: 9.9 }));
  h.learn({ closePrice: 10 });
  h.go('15:04');
  await h.submit(h.request({ orderId: 'late', isExtendedHours: true }));
  assert.deepEqual(h.told('day'), ['accepted']);
  h.go('15:05');
  assert.deepEqual(h.told('day'), ['accepted', 'expired session_end']);
  assert.deepEqual(h.told('late'), ['accepted']);
  h.go('15:30');
  assert.deepEqual(h.told('late'), ['accepted', 'expired session_end']);
});

test('RL-04 auction and after-hours prints fill through the account', async () => {
  const h = harness('09:16');
  await h.submit(h.request({ orderId: 'open', limitPrice: 10.5 }));
  h.go('09:25');
  h.broker.onAuction({ instrument: MOUTAI, price: 10.2, volume: 50_000, at: h.clock.now() });
  assert.deepEqual(h.told('open'), ['accepted', 'filled 100@10.2']);
  h.go('15:06');
  h.learn({ closePrice: 10.1 });
  await h.submit(h.request({ orderId: 'after', limitPrice: 10.1, isExtendedHours: true }));
  h.broker.onAfterHours({ instrument: MOUTAI, volume: 5_000, at: h.clock.now() });
  assert.deepEqual(h.told('after'), ['accepted', 'filled 100@10.1']);
});

test('CX-07 flattening sells what T+1 lets go and says why the rest stays', async () => {
  const h = harness('10:00');
  h.see(9.99, 10);
  await h.submit(h.request({ orderId: 'b' }));
  // The sales leave once the cancels are through.
  const flatten = async () => {
    const call = h.broker.flattenAll();
    await new Promise(setImmediate);
    return h.settle(call);
  };
  assert.deepEqual(await flatten(), [
    {
      instrument: MOUTAI,
      quantity: 0,
      outcome: 'refused',
      orderId: null,
      reason: 'not_sellable_today: 100',
    },
  ]);
  h.clock.advanceTo(at('12:00', NEXT_DAY));
  h.broker.setSession(cnSession(NEXT_DAY));
  h.learn({ tradingDay: NEXT_DAY });
  const [shut] = await flatten();
  assert.deepEqual([shut?.outcome, shut?.reason], ['refused', 'order_window_shut']);
  h.clock.advanceTo(at('13:00', NEXT_DAY));
  h.see(9.9, 9.91);
  const [sent] = await flatten();
  assert.equal(sent?.outcome, 'sent');
  assert.deepEqual(await h.broker.positions(), []);
});

test('SP-09 new shares of an ex-date come also where the old ones were sold before the terms were known', async () => {
  const restated = (newShares: number): Event => ({
    ...restatedOf(100, 100 + newShares, 5_000),
    instrument: MOUTAI,
  });
  for (const isSold of [false, true]) {
    const h = harness('10:00');
    h.see(9.99, 10);
    await h.submit(h.request({ orderId: 'buy' }));
    h.go('10:00', NEXT_DAY);
    h.broker.setSession(cnSession(NEXT_DAY));
    h.learn({ tradingDay: NEXT_DAY });
    h.see(9.99, 10);
    if (isSold) await h.submit(h.request({ orderId: 'sell', side: 'sell', limitPrice: 9.9 }));
    const before = await h.broker.cashMinor();
    followExDates(h.broker, [restated(30)]);
    const [held] = await h.broker.positions();
    const shares = isSold ? 30 : 130;
    assert.deepEqual([held?.quantity, held?.sellableQuantity], [shares, shares]);
    assert.equal((await h.broker.cashMinor()) - before, 5_000);
  }
});
