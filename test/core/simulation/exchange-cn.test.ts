import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cnExchange } from '#test/support/cn-exchange.ts';

test('RL-04 an order fills in continuous trading and pays the fees of the day', () => {
  const x = cnExchange({ cashMinor: 10_000_000 });
  x.quote('10:00', 9.99, 10);
  assert.deepEqual(x.place('10:00:01', { quantity: 1_000 }), ['o accepted', 'o filled 1000@10']);
  // 10,000.00, commission 5.00 (least), transfer fee 0.10.
  assert.equal(x.account.cashMinor, 10_000_000 - 1_000_000 - 500 - 10);
});

test('RL-04 the least commission is paid once, however the order fills', () => {
  const x = cnExchange({ cashMinor: 10_000_000 });
  x.quote('10:00', 9.99, 10, 300);
  assert.deepEqual(x.place('10:00:01', { quantity: 1_000 }), [
    'o accepted',
    'o partially_filled 300@10',
  ]);
  assert.deepEqual(x.quote('10:00:05', 9.99, 10, 450), ['o partially_filled 400@10']);
  assert.deepEqual(x.quote('10:00:09', 9.99, 10, 900), ['o filled 300@10']);
  assert.equal(x.account.cashMinor, 10_000_000 - 1_000_000 - 500 - 10);
});

test('RL-04 lots, odd remainders and greatest quantities are judged on the way in', () => {
  const buy = (quantity: number) => cnExchange().place('10:00', { quantity });
  assert.deepEqual(buy(150), ['o rejected quantity_not_in_lots']);
  assert.deepEqual(buy(1_000_100), ['o rejected quantity_too_large']);
  assert.deepEqual(buy(0), ['o rejected invalid_quantity']);
  const x = cnExchange({ held: 250 });
  const sell = (orderId: string, quantity: number) =>
    x.place('10:00', { orderId, side: 'sell', quantity });
  assert.deepEqual(sell('a', 30), ['a rejected quantity_not_in_lots']);
  assert.deepEqual(sell('b', 50), ['b accepted']);
  assert.deepEqual(sell('c', 50), ['c rejected quantity_not_in_lots']);
  assert.deepEqual(sell('d', 200), ['d accepted']);
  assert.deepEqual(sell('e', 100), ['e rejected quantity_out_of_range']);
});

test('RL-04 a fill that is cut leaves whole lots, an odd remainder fills in one piece', () => {
  const x = cnExchange({ held: 250 });
  x.quote('10:00', 9.99, 10, 180);
  const sale = { side: 'sell', quantity: 250, limitPrice: 9.9 } as const;
  assert.deepEqual(x.place('10:00:01', sale), ['o accepted', 'o partially_filled 100@9.99']);
  assert.deepEqual(x.quote('10:00:05', 9.99, 10, 90), []);
  assert.deepEqual(x.quote('10:00:09', 9.99, 10, 150), ['o filled 150@9.9']);
});

test('SP-09 what was bought today is not for sale today', () => {
  const x = cnExchange({ held: 500, boughtToday: 300 });
  const sell = (orderId: string, quantity: number) =>
    x.place('10:00', { orderId, side: 'sell', quantity });
  assert.deepEqual(sell('a', 300), ['a rejected not_sellable_today']);
  assert.deepEqual(sell('b', 200), ['b accepted']);
  assert.deepEqual(sell('c', 100), ['c rejected not_sellable_today']);
  const fund = cnExchange({ held: 500, boughtToday: 500, facts: { isSameDaySale: true } });
  assert.deepEqual(fund.place('10:00', { side: 'sell', quantity: 500 }), ['o accepted']);
});

test('RL-04 prices keep to the grid, the limits and the cage', () => {
  const price = (limitPrice: number, side: 'buy' | 'sell' = 'buy') => {
    const x = cnExchange({ held: 100 });
    x.quote('10:00', 9.99, 10, 0);
    return x.place('10:00:01', { side, limitPrice })[0];
  };
  assert.equal(price(10.001), 'o rejected price_not_on_tick');
  assert.equal(price(11.01), 'o rejected outside_price_limits');
  assert.equal(price(8.99, 'sell'), 'o rejected outside_price_limits');
  assert.equal(price(10.3), 'o rejected outside_price_cage');
  assert.equal(price(10.2), 'o accepted');
  assert.equal(price(9.7, 'sell'), 'o rejected outside_price_cage');
  assert.equal(price(9.8, 'sell'), 'o accepted');
});

test('RL-04 a purchase without the facts of the day is refused, a sale is not', () => {
  const without = (facts: Parameters<typeof cnExchange>[0]) => {
    const of = (side: 'buy' | 'sell') =>
      cnExchange({ held: 100, ...facts }).place('10:00', { side });
    return [of('buy'), of('sell')].flat();
  };
  const known = ['o rejected facts_missing', 'o accepted'];
  assert.deepEqual(without({ facts: null }), known);
  assert.deepEqual(without({ facts: { tradingDay: '2026-11-18' } }), known);
  assert.deepEqual(without({ facts: { status: null } }), known);
  assert.deepEqual(without({ facts: { isSuspended: null } }), known);
  assert.deepEqual(without({ facts: { previousClose: null } }), known);
});

test('RL-04 a suspended share takes no orders and fills none', () => {
  const x = cnExchange({ held: 100 });
  assert.deepEqual(x.place('10:00', { side: 'sell', limitPrice: 10 }), ['o accepted']);
  x.learn({ isSuspended: true });
  assert.deepEqual(x.quote('10:01', 10.5, 10.51), []);
  assert.deepEqual(x.place('10:02', { orderId: 'b' }), ['b rejected suspended']);
  assert.deepEqual(x.cancel('10:03'), ['o canceled']);
});

test('RL-04 a halt within the day fills nothing while it lasts', () => {
  const bars = cnExchange({ matchBy: 'bars', held: 100 });
  const halts = [
    { fromAt: Date.parse('2026-11-19T02:00:00Z'), toAt: Date.parse('2026-11-19T02:10:00Z') },
  ];
  bars.learn({ halts });
  assert.deepEqual(bars.place('10:00', { side: 'sell', type: 'market' }), ['o accepted']);
  assert.deepEqual(bars.bar('10:09', [10, 10, 10, 10]), []);
  assert.deepEqual(bars.quote('10:09:30', 10, 10.01), []);
  assert.deepEqual(bars.bar('10:10', [10, 10, 10, 10]), ['o filled 100@10']);
});

test('RL-04 orders of the opening auction cannot be taken back after 9:20 and fill at its price', () => {
  const x = cnExchange({ held: 300 });
  assert.deepEqual(x.place('09:14'), ['o rejected order_window_shut']);
  const buy = (orderId: string, time: string, limitPrice: number) =>
    x.place(time, { orderId, limitPrice, quantity: 1_000 });
  assert.deepEqual(buy('better', '09:16', 10.5), ['better accepted']);
  assert.deepEqual(buy('equal', '09:16', 10.2), ['equal accepted']);
  assert.deepEqual(buy('worse', '09:22', 10.1), ['worse accepted']);
  assert.deepEqual(buy('back', '09:16', 10.5), ['back accepted']);
  assert.deepEqual(x.cancel('09:19', 'back'), ['back canceled']);
  assert.deepEqual(x.cancel('09:21', 'worse'), ['worse cancel_rejected cancel_window_shut']);
  assert.deepEqual(x.place('09:22', { orderId: 'm', type: 'market' }), [
    'm rejected order_type_unsupported',
  ]);
  assert.deepEqual(x.quote('09:23', 10.1, 10.1), []);
  assert.deepEqual(x.auction('09:25', 10.2, 15_000), ['better filled 1000@10.2']);
  assert.deepEqual(buy('late', '09:26', 10.2), ['late rejected order_window_shut']);
  assert.deepEqual(x.quote('09:30', 10.19, 10.2), ['equal filled 1000@10.2']);
  assert.deepEqual(x.cancel('09:31', 'worse'), ['worse canceled']);
});

test('RL-04 an auction serves orders as they came, within its volume', () => {
  const x = cnExchange();
  for (const orderId of ['first', 'second']) {
    x.place('09:16', { orderId, limitPrice: 10.5, quantity: 1_000 });
  }
  assert.deepEqual(x.auction('09:25', 10.2, 15_000), [
    'first filled 1000@10.2',
    'second partially_filled 500@10.2',
  ]);
});

test('RL-04 Shenzhen takes orders before the open and lets them work at 9:30', () => {
  const instrument = '000001.SZ';
  const x = cnExchange({ facts: { instrument } });
  assert.deepEqual(x.place('09:26', { instrument }), ['o accepted']);
  assert.equal(x.exchange.orders.get('o')?.workingAt, Date.parse('2026-11-19T01:30:00Z'));
  assert.deepEqual(x.cancel('09:27'), ['o canceled']);
});

test('RL-04 the break takes neither orders nor cancels', () => {
  const x = cnExchange();
  assert.deepEqual(x.place('11:29'), ['o accepted']);
  assert.deepEqual(x.cancel('11:30'), ['o cancel_rejected cancel_window_shut']);
  assert.deepEqual(x.place('12:00', { orderId: 'b' }), ['b rejected order_window_shut']);
  assert.deepEqual(x.quote('12:30', 9.9, 9.91), []);
  assert.deepEqual(x.quote('13:00', 9.9, 9.91), ['o filled 100@9.91']);
});

test('RL-04 the closing auction lets no order go and fills at its price', () => {
  const x = cnExchange({ held: 200 });
  assert.deepEqual(x.place('14:57', { side: 'sell', limitPrice: 9.8, quantity: 200 }), [
    'o accepted',
  ]);
  assert.deepEqual(x.cancel('14:58'), ['o cancel_rejected cancel_window_shut']);
  assert.deepEqual(x.quote('14:59', 9.9, 9.91), []);
  assert.deepEqual(x.auction('15:00', 9.95), ['o filled 200@9.95']);
  const bars = cnExchange({ matchBy: 'bars', held: 200 });
  bars.place('14:57', { side: 'sell', limitPrice: 9.8, quantity: 200 });
  assert.deepEqual(bars.bar('14:59', [9.95, 9.95, 9.95, 9.95]), ['o filled 200@9.95']);
});

test('RL-04 orders end with the day, on both sides', () => {
  const x = cnExchange({ held: 100 });
  x.place('10:00', { orderId: 'b', limitPrice: 9.9 });
  x.place('10:00', { orderId: 's', side: 'sell', limitPrice: 10.5 });
  assert.deepEqual(x.expire('15:05'), ['b expired session_end', 's expired session_end']);
});

test('RL-04 a purchase at a sealed limit-up queues, a sale there fills', () => {
  const x = cnExchange({ held: 100 });
  x.quote('10:00', 11, 0);
  assert.deepEqual(x.place('10:00:01', { orderId: 'b', limitPrice: 11 }), ['b accepted']);
  assert.deepEqual(x.place('10:00:01', { orderId: 'm', type: 'market' }), ['m accepted']);
  assert.deepEqual(x.quote('10:00:05', 11, 0), []);
  assert.deepEqual(x.place('10:00:06', { orderId: 's', side: 'sell', limitPrice: 11 }), [
    's accepted',
    's filled 100@11',
  ]);
  // the board breaks
  assert.deepEqual(x.quote('10:00:30', 10.98, 10.99), ['m filled 100@10.99', 'b filled 100@11']);
});

test('RL-04 a sale at a sealed limit-down queues, a purchase there fills', () => {
  const x = cnExchange({ held: 200 });
  x.quote('10:00', 0, 9);
  assert.deepEqual(x.place('10:00:01', { orderId: 's', side: 'sell', limitPrice: 9 }), [
    's accepted',
  ]);
  assert.deepEqual(x.place('10:00:01', { orderId: 'm', side: 'sell', type: 'market' }), [
    'm accepted',
  ]);
  assert.deepEqual(x.quote('10:05', 0, 9), []);
  assert.deepEqual(x.place('10:05:01', { orderId: 'b', limitPrice: 9 }), [
    'b accepted',
    'b filled 100@9',
  ]);
  assert.deepEqual(x.expire('15:05'), ['s expired session_end', 'm expired session_end']);
});

test('RL-04 on a one-price board bars fill no queue', () => {
  const up = cnExchange({ matchBy: 'bars' });
  up.place('09:31', { orderId: 'b', limitPrice: 10.2 });
  up.place('09:31', { orderId: 'm', type: 'market' });
  assert.deepEqual(up.bar('09:32', [11, 11, 11, 11]), []);
  // it opens: the market order pays at most the limit, the lower limit order waits
  assert.deepEqual(up.bar('09:33', [11, 11, 10.8, 10.9]), ['m filled 100@11']);
  const down = cnExchange({ matchBy: 'bars', held: 200, slippage: { slippageBps: 50 } });
  down.place('09:31', { orderId: 'm', side: 'sell', type: 'market' });
  assert.deepEqual(down.bar('09:32', [9, 9, 9, 9]), []);
  assert.deepEqual(down.bar('09:33', [9.02, 9.05, 9, 9]), ['m filled 100@9']);
});

test('RL-04 a quote made around a price at the limit lies beyond it and fills nothing', () => {
  const x = cnExchange({ matchBy: 'bars' });
  x.place('10:00', { type: 'market' });
  assert.deepEqual(x.quote('10:01', 10.99, 11.01), []);
  assert.deepEqual(x.quote('10:02', 10.98, 11), ['o filled 100@11']);
});

test('RL-04 on a day without limits nothing is bounded but the cage', () => {
  const x = cnExchange({ facts: { listedOn: '2026-11-19', listedForDays: 1 } });
  x.quote('10:00', 30, 30.1);
  assert.deepEqual(x.place('10:00:01', { limitPrice: 31 }), ['o rejected outside_price_cage']);
  assert.deepEqual(x.place('10:00:01', { orderId: 'b', limitPrice: 30.5 }), [
    'b accepted',
    'b filled 100@30.1',
  ]);
});

test('RL-04 after the close orders trade at the close, worse limits are void', () => {
  const x = cnExchange({ held: 400, facts: { closePrice: 10.1 } });
  const sell = (orderId: string, time: string, limitPrice: number, isExtendedHours = true) =>
    x.place(time, { orderId, side: 'sell', limitPrice, isExtendedHours });
  assert.deepEqual(sell('plain', '15:01', 10.1, false), ['plain rejected order_window_shut']);
  assert.deepEqual(sell('void', '15:01', 10.2), ['void rejected after_hours_price']);
  assert.deepEqual(sell('a', '15:01', 10.1), ['a accepted']);
  assert.deepEqual(x.expire('15:05'), []);
  assert.deepEqual(sell('b', '15:06', 9.5), ['b accepted']);
  assert.deepEqual(x.afterHours('15:10', 1_500), ['a filled 100@10.1']);
  assert.deepEqual(x.quote('15:11', 10.1, 0, 100), ['b filled 100@10.1']);
  assert.deepEqual(sell('c', '15:20', 10.1), ['c accepted']);
  assert.deepEqual(x.cancel('15:21', 'c'), ['c canceled']);
  assert.deepEqual(sell('d', '15:22', 10.1), ['d accepted']);
  assert.deepEqual(x.expire('15:30'), ['d expired session_end']);
});

test('RL-04 an order for after the close waits out the day and ends when its limit is void', () => {
  const x = cnExchange({ held: 200 });
  const sell = (orderId: string, limitPrice: number) =>
    x.place('14:00', { orderId, side: 'sell', limitPrice, isExtendedHours: true });
  assert.deepEqual([sell('good', 9.9), sell('void', 10.3)], [['good accepted'], ['void accepted']]);
  assert.deepEqual(x.quote('14:01', 10.2, 10.21), []);
  assert.deepEqual(x.auction('15:00', 10.2), []);
  assert.deepEqual(x.afterHours('15:06'), []);
  x.learn({ closePrice: 10.2 });
  assert.deepEqual(x.afterHours('15:07'), [
    'void expired after_hours_price',
    'good filled 100@10.2',
  ]);
});

test('RL-04 boards without trading after the close take no orders for it', () => {
  const instrument = '920819.BJ';
  const x = cnExchange({ facts: { instrument, listedOn: '2021-11-15' } });
  assert.deepEqual(x.place('14:00', { instrument, isExtendedHours: true }), [
    'o rejected extended_hours_unsupported',
  ]);
});

test('RL-04 a Chinese exchange knows no stops, brackets, groups and changes', () => {
  const x = cnExchange({ held: 100 });
  assert.deepEqual(x.place('10:00', { type: 'stop', stopPrice: 9.5, side: 'sell' }), [
    'o rejected order_type_unsupported',
  ]);
  const bracket = { stop: { orderId: 's', stopPrice: 9.5 }, target: null };
  assert.deepEqual(x.place('10:00', { orderId: 'b', bracket }), ['b rejected bracket_unsupported']);
  assert.deepEqual(x.place('10:00', { orderId: 'g', ocoGroup: 'g' }), [
    'g rejected bracket_unsupported',
  ]);
  assert.deepEqual(x.place('10:00', { orderId: 'u', instrument: 'AAPL.US' }), [
    'u rejected instrument_unsupported',
  ]);
  assert.deepEqual(x.place('10:00', { orderId: 'i', instrument: '900901.SH' }), [
    'i rejected instrument_unsupported',
  ]);
});

test('RL-04 an investor buys at most half a million shares of an ST stock a day', () => {
  const x = cnExchange({ facts: { status: 'st' }, cashMinor: 10_000_000_000 });
  assert.deepEqual(x.place('10:00', { orderId: 'a', quantity: 400_000 }), ['a accepted']);
  assert.deepEqual(x.place('10:00', { orderId: 'b', quantity: 100_100 }), [
    'b rejected quantity_too_large',
  ]);
  assert.deepEqual(x.place('10:00', { orderId: 'c', quantity: 100_000 }), ['c accepted']);
});

test('RL-04 a market purchase needs the cash for the limit-up, fees included', () => {
  const x = cnExchange({ cashMinor: 110_000 });
  assert.deepEqual(x.place('10:00', { type: 'market' }), ['o rejected insufficient_cash']);
  const rich = cnExchange({ cashMinor: 110_502 });
  assert.deepEqual(rich.place('10:00', { type: 'market' }), ['o accepted']);
});

test('RL-04 a quote of an auction or of before the break is no price to trade at', () => {
  const x = cnExchange({ held: 300 });
  x.quote('09:23', 9.9, 9.9);
  assert.deepEqual(x.place('09:30', { orderId: 'a', limitPrice: 10 }), ['a accepted']);
  assert.deepEqual(x.quote('11:29', 9.99, 10.01), []);
  assert.deepEqual(x.place('13:00', { orderId: 'b', limitPrice: 10.01 }), ['b accepted']);
  assert.deepEqual(x.quote('13:00:03', 10, 10.02), []);
  const late = cnExchange({ held: 300, facts: { closePrice: 10 } });
  late.quote('14:56', 9.99, 10);
  const sale = { side: 'sell', limitPrice: 10, isExtendedHours: true } as const;
  assert.deepEqual(late.place('15:06', sale), ['o accepted']);
});

test('RL-04 a quote of before a halt is no price to trade at after it', () => {
  const x = cnExchange();
  x.quote('09:59', 9.99, 10);
  const fromAt = Date.parse('2026-11-19T02:00:00Z');
  x.learn({ halts: [{ fromAt, toAt: fromAt + 600_000 }] });
  assert.deepEqual(x.place('10:10', { type: 'market' }), ['o accepted']);
  assert.deepEqual(x.quote('10:10:03', 9.5, 9.51), ['o filled 100@9.51']);
});

test('RL-04 the cage looks at trades of the day only', () => {
  const x = cnExchange();
  x.exchange.lastPrices.set('600519.SH', { price: 20, at: Date.parse('2026-11-18T06:59:00Z') });
  assert.deepEqual(x.place('10:00', { limitPrice: 10.2 }), ['o accepted']);
  x.bar('10:01', [9.5, 9.5, 9.5, 9.5]);
  assert.deepEqual(x.place('10:02', { orderId: 'b', limitPrice: 9.8 }), [
    'b rejected outside_price_cage',
  ]);
});
