import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerError } from '#app/errors.ts';
import type { Clock, OrderRequest } from '#app/ports.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { AlpacaBrokerOptions } from '#shell/brokers/alpaca/alpaca.ts';
import { childIdOf, primariesOf } from '#shell/brokers/alpaca/family.ts';
import type { AlpacaCallLine } from '#shell/lib/alpaca/rest.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { CONTRACT_INSTRUMENT, contractOrder as order } from '#test/support/broker-harness.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca, type FakeAlpacaFault } from '#test/support/fake-alpaca.ts';

const SYMBOL = symbolOf(CONTRACT_INSTRUMENT);
const ENTRY = 'd.entry-1';
const STOP = 'd.stop-1';
const TARGET = 'd.target-1';
const BRACKET: Partial<OrderRequest> = {
  bracket: {
    stop: { orderId: STOP, stopPrice: 99 },
    target: { orderId: TARGET, limitPrice: 102 },
  },
};

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A broker on the fake, not yet started. */
async function setUp(fields: Partial<AlpacaBrokerOptions> = {}) {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  const lines: AlpacaCallLine[] = [];
  const desk = brokerOn(url, { onCall: (line) => void lines.push(line), ...fields });
  open.push(
    () => desk.broker.stop(),
    () => fake.close(),
  );
  const told = (orderId: string): string[] =>
    desk.reports
      .filter((one) => one.orderId === orderId)
      .map(({ kind, lastPrice, lastQuantity }) =>
        lastPrice === null ? kind : `${kind} ${lastQuantity}@${lastPrice}`,
      );
  return { fake, url, lines, told, ...desk };
}

async function started(fields: Partial<AlpacaBrokerOptions> = {}) {
  const all = await setUp(fields);
  await all.broker.start();
  return all;
}

async function failure(call: Promise<unknown>): Promise<BrokerError> {
  try {
    await call;
  } catch (error) {
    return error as BrokerError;
  }
  return assert.fail('the call succeeded, expected a BrokerError');
}

function answer(method: string, path: RegExp, status: number, text: string): FakeAlpacaFault {
  return { method, path, act: { status, text } };
}

describe('alpaca: keys, calls and answers', () => {
  test('AL-01 keys that are refused end the start and are named nowhere', async () => {
    const keys = { keyId: 'PKWRONGKEYWRONGKEY', secretKey: 'wrongsecretwrongsecret' };
    const { broker, lines, notes } = await setUp({ keys });
    const error = await failure(broker.start());
    assert.equal(error.code, 'unauthorized');
    assert.match(error.message, /alpaca alpaca-us GET \/v2\/account: found 401/);
    const everything = JSON.stringify([error.message, error.context, lines, notes]);
    for (const key of Object.values(keys)) assert.equal(everything.includes(key), false);
  });

  test('AL-01 an account that may not trade ends the start and says why', async () => {
    const { broker, fake } = await setUp();
    fake.accountFields = { trading_blocked: true, status: 'ACCOUNT_UPDATED' };
    const error = await failure(broker.start());
    assert.equal(error.code, 'account_blocked');
    assert.match(error.message, /found status ACCOUNT_UPDATED, trading_blocked, expected/);
  });

  test('AL-01 fields of the old day-trade rule may be missing', async () => {
    const { broker, fake } = await setUp();
    fake.accountFields = { pattern_day_trader: undefined, daytrade_count: undefined };
    await broker.start();
    assert.equal(await broker.cashMinor(), 10_000_000);
  });

  test('AL-01 what does not trade is not bought', async () => {
    const { broker, notes } = await started({ instruments: ['HALT.US', 'QQQM.US'] });
    assert.match(notes.join('\n'), /HALT\.US: found no tradable asset/);
    const buy = order({ orderId: ENTRY, instrument: 'HALT.US' });
    assert.equal(broker.canSubmit(buy)?.code, 'instrument_unsupported');
    assert.equal(broker.canSubmit({ ...buy, side: 'sell' }), null);
    assert.equal(broker.canSubmit(order({ orderId: ENTRY })), null);
  });

  test('AL-01 each call is told with the vendor’s name of it', async () => {
    const { lines } = await started();
    const account = lines.find((line) => line.call === 'GET /v2/account');
    assert.equal(account?.status, 200);
    assert.match(account?.requestId ?? '', /^fake-\d+$/);
  });

  test('AL-01 a redirect is not followed, so the keys stay here', async () => {
    const { broker, fake } = await started();
    const other = new FakeAlpaca();
    const elsewhere = await other.listen();
    open.push(() => other.close());
    const act = { status: 307, text: '', headers: { location: `${elsewhere}/v2/account` } };
    fake.faults.push({ method: 'GET', path: /account$/, act });
    assert.equal((await failure(broker.cashMinor())).code, 'unexpected_status');
    assert.deepEqual(other.calls, []);
  });

  const UNREADABLE = [
    ['an error page', 200, '<html><body>Bad gateway</body></html>', /expected JSON/],
    ['a cut answer', 200, '{"status":"ACTIVE","cas', /expected JSON/],
    ['a missing field', 200, '{"status":"ACTIVE"}', /cash: found nothing, expected a number/],
    ['a number for a text', 200, '{"status":"ACTIVE","cash":12.5}', /cash: found 12.5, expected/],
    ['an empty list', 200, '[]', /found \[\], expected/],
    ['nothing', 200, '', /found 200 ""/],
  ] as const;
  for (const [what, status, text, message] of UNREADABLE) {
    test(`AL-01 ${what} is unreadable and says where`, async () => {
      const { broker, fake } = await started();
      fake.faults.push(answer('GET', /account$/, status, text));
      const error = await failure(broker.cashMinor());
      assert.equal(error.code, 'unreadable');
      assert.match(error.message, /^alpaca alpaca-us GET \/v2\/account: /);
      assert.match(error.message, message);
    });
  }

  test('ID-09 an order with an unknown status is unknown, never a guess', async () => {
    const { broker, fake } = await started();
    await broker.submit(order({ orderId: ENTRY }));
    const [one] = [...fake.exchange.orders.values()];
    const text = JSON.stringify({ ...fake.orderJson(one!, false), status: 'halfway' });
    fake.faults.push(answer('GET', /orders\/.+/, 200, text));
    const error = await failure(broker.find(ENTRY));
    assert.equal(error.code, 'unreadable');
    assert.match(error.message, /status: found "halfway", expected a known order status/);
  });

  test('ID-09 an error page in place of "not found" is not "not found"', async () => {
    const { broker, fake } = await started();
    for (let times = 0; times < 3; times += 1)
      fake.faults.push(answer('GET', /by_client_order_id/, 404, '<html>404</html>'));
    assert.equal((await failure(broker.find('nobody'))).code, 'unexpected_status');
  });

  test('ID-09 a question is asked again after a server error, an order is not sent again', async () => {
    const { broker, fake } = await started();
    fake.faults.push(answer('GET', /account$/, 503, 'unavailable'));
    fake.faults.push(answer('GET', /account$/, 502, '<html>bad gateway</html>'));
    assert.equal(await broker.cashMinor(), 10_000_000);
    fake.faults.push(answer('POST', /orders$/, 504, '<html>gateway timeout</html>'));
    const error = await failure(broker.submit(order({ orderId: ENTRY })));
    assert.equal(error.code, 'server_error');
    assert.equal(fake.calls.filter((call) => call === 'POST /v2/orders').length, 1);
    assert.equal(await broker.find(ENTRY), null);
  });

  test('ID-09 too many calls: the pause is kept, questions go on after it, an order does not', async () => {
    const { broker, fake } = await started();
    const act = { status: 429, text: '{"message":"too many"}', headers: { 'retry-after': '0.2' } };
    fake.faults.push({ method: 'GET', path: /account$/, act });
    const before = fake.calls.length;
    assert.equal(await broker.cashMinor(), 10_000_000);
    assert.equal(fake.calls.length, before + 2);
    fake.faults.push({ method: 'POST', path: /orders$/, act });
    assert.equal((await failure(broker.submit(order({ orderId: ENTRY })))).code, 'rate_limited');
    assert.equal(await broker.find(ENTRY), null);
    await broker.submit(order({ orderId: ENTRY }));
  });

  test('ID-09 a purchase that waited for the limit while its process was frozen does not leave when it wakes', async () => {
    const system = createSystemClock();
    let asleepMs = 0;
    const clock: Clock = {
      now: () => system.now() + asleepMs,
      at: (at, run) => system.at(at - asleepMs, run),
    };
    const { broker, fake } = await started({ clock });
    const act = { status: 429, text: '{"message":"too many"}', headers: { 'retry-after': '0.3' } };
    fake.faults.push({ method: 'GET', path: /account$/, act });
    const limited = broker.cashMinor();
    await eventually(() => fake.faults.length === 0);
    await sleep(50);
    const bought = failure(broker.submit(order({ orderId: ENTRY })));
    asleepMs = 6_000;
    assert.equal((await bought).code, 'disconnected');
    await limited;
    assert.equal(fake.calls.includes('POST /v2/orders'), false);
    await broker.submit(order({ orderId: ENTRY }));
  });

  test('CX-07 a cancel that meets the limit is sent again once it may be', async () => {
    const { broker, fake, told } = await started();
    await broker.submit(order({ orderId: ENTRY }));
    const act = { status: 429, text: '{"message":"too many"}', headers: { 'retry-after': '0.1' } };
    fake.faults.push({ method: 'DELETE', path: /orders/, act });
    await broker.cancel(ENTRY);
    await eventually(() => told(ENTRY).includes('canceled'));
  });

  test('AL-01 clocks that differ are noted', async () => {
    const { broker, fake, notes } = await setUp();
    const text = '{"timestamp":"2026-01-02T09:30:00-05:00","is_open":true}';
    fake.faults.push(answer('GET', /clock$/, 200, text));
    await broker.start();
    assert.match(notes.join('\n'), /clock: this machine is \d+ ms ahead of the broker/);
  });
});

describe('alpaca: orders', () => {
  test('ID-06 a market order, a stop, a trailing stop and one outside regular hours go out as the vendor wants them', async () => {
    const { broker, fake } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    await broker.submit(order({ orderId: 'a.entry-1', type: 'market', quantity: 40 }));
    await broker.submit(
      order({ orderId: 'a.stop-1', side: 'sell', type: 'stop', stopPrice: 98.5 }),
    );
    const trail = { side: 'sell', type: 'trailing_stop', trailOffset: 0.5 } as const;
    await broker.submit(order({ orderId: 'a.stop-2', ...trail, timeInForce: 'gtc' }));
    await broker.submit(order({ orderId: 'b.entry-1', limitPrice: 0.5, isExtendedHours: true }));
    assert.deepEqual(fake.bodies, [
      {
        symbol: SYMBOL,
        qty: '40',
        side: 'buy',
        time_in_force: 'day',
        client_order_id: 'a.entry-1',
        type: 'market',
      },
      {
        symbol: SYMBOL,
        qty: '10',
        side: 'sell',
        time_in_force: 'day',
        client_order_id: 'a.stop-1',
        type: 'stop',
        stop_price: '98.50',
      },
      {
        symbol: SYMBOL,
        qty: '10',
        side: 'sell',
        time_in_force: 'gtc',
        client_order_id: 'a.stop-2',
        type: 'trailing_stop',
        trail_price: '0.5000',
      },
      {
        symbol: SYMBOL,
        qty: '10',
        side: 'buy',
        time_in_force: 'day',
        client_order_id: 'b.entry-1',
        type: 'limit',
        extended_hours: true,
        limit_price: '0.5000',
      },
    ]);
  });

  test('ID-06 the vendor’s refusal is told in its words', async () => {
    const { broker, reports } = await started();
    await broker.submit(order({ orderId: ENTRY, quantity: 2_000 }));
    assert.equal(reports[0]?.kind, 'rejected');
    assert.equal(reports[0]?.reason, 'insufficient buying power (40310000)');
    await broker.submit(order({ orderId: 'x.stop-1', side: 'sell', type: 'stop', stopPrice: 90 }));
    assert.match(reports[1]?.reason ?? '', /insufficient qty available/);
  });

  const REFUSED: readonly (readonly [string, Partial<OrderRequest>, string])[] = [
    ['a Chinese symbol', { instrument: '600519.SH' }, 'instrument_unsupported'],
    ['an id with the mark of a change', { orderId: 'd~1' }, 'order_type_unsupported'],
    [
      'a stop off the tick',
      { type: 'stop', limitPrice: null, stopPrice: 10.001 },
      'price_not_on_tick',
    ],
    [
      'a trail of nothing',
      { type: 'trailing_stop', limitPrice: null, trailOffset: 0 },
      'price_missing',
    ],
    [
      'a bracket outside regular hours',
      { ...BRACKET, isExtendedHours: true },
      'extended_hours_unsupported',
    ],
    ['a bracket whose stop is at the entry', { ...BRACKET, limitPrice: 99 }, 'bracket_unsupported'],
    [
      'a bracket whose target is below the entry',
      { ...BRACKET, limitPrice: 103 },
      'bracket_unsupported',
    ],
    [
      'a bracket whose children could not be found again',
      { bracket: { stop: { orderId: 'elsewhere', stopPrice: 99 }, target: null } },
      'bracket_unsupported',
    ],
    [
      'a pair whose target is below its stop',
      {
        orderId: STOP,
        side: 'sell',
        type: 'stop',
        limitPrice: null,
        stopPrice: 99,
        pair: { orderId: TARGET, limitPrice: 98 },
      },
      'bracket_unsupported',
    ],
  ];
  for (const [what, fields, code] of REFUSED) {
    test(`ID-06 ${what} is refused before it is sent`, async () => {
      const { broker, fake } = await started();
      const request = order({ orderId: ENTRY, ...fields });
      assert.equal(broker.canSubmit(request)?.code, code);
      await broker.submit(request);
      assert.equal(fake.calls.includes('POST /v2/orders'), false);
    });
  }

  test('ID-06 a buy that would meet a working sale of the account is refused, an exit never is', async () => {
    const { broker, fake } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    await broker.submit(order({ orderId: 'a.entry-1' }));
    await broker.submit(order({ orderId: 'a.target-1', side: 'sell', limitPrice: 101 }));
    const crossing = order({ orderId: 'b.entry-1', limitPrice: 101 });
    assert.equal(broker.canSubmit(crossing)?.code, 'crosses_own_order');
    assert.equal(broker.canSubmit({ ...crossing, limitPrice: 100.99 }), null);
    assert.equal(
      broker.canSubmit(order({ orderId: 'c.exit-1', side: 'sell', type: 'market' })),
      null,
    );
    await broker.submit(crossing);
    assert.equal(await broker.find('b.entry-1'), null);
  });

  test('ID-06 before the start and after the end nothing may be sent', async () => {
    const { broker } = await setUp();
    assert.equal(broker.canSubmit(order({ orderId: ENTRY }))?.code, 'not_connected');
    await broker.start();
    assert.equal(broker.canSubmit(order({ orderId: ENTRY })), null);
    await broker.stop();
    assert.equal(broker.canSubmit(order({ orderId: ENTRY }))?.code, 'not_connected');
  });

  for (const isFilledCarried of [false, true]) {
    const how = isFilledCarried ? 'counts the fills before it again' : 'is for the rest only';
    test(`ID-06 fills add up over a changed price when the new order ${how}`, async () => {
      const { broker, fake, told } = await started();
      fake.exchange.isFilledCarried = isFilledCarried;
      fake.quote(SYMBOL, 99.98, 99.99, 4);
      await broker.submit(order({ orderId: ENTRY }));
      await eventually(() => told(ENTRY).length === 2);
      await broker.replace(ENTRY, { limitPrice: 99.5 });
      await eventually(() => told(ENTRY).includes('replaced'));
      fake.quote(SYMBOL, 99.4, 99.45);
      await eventually(() => told(ENTRY).length === 4);
      assert.deepEqual(told(ENTRY), [
        'accepted',
        'partially_filled 4@99.99',
        'replaced',
        'filled 6@99.45',
      ]);
      const found = await broker.find(ENTRY);
      assert.equal(found?.filledQuantity, 10);
      assert.equal(found?.request.quantity, 10);
      assert.equal(found?.averagePrice, 99.666);
      const again = brokerOn(fake.url);
      open.unshift(() => again.broker.stop());
      await again.broker.start();
      const refound = await again.broker.find(ENTRY);
      assert.equal(refound?.filledQuantity, 10);
      assert.equal(refound?.averagePrice, 99.666);
    });
  }

  test('ID-09 asking about an order asks about the one that took its place, also without events', async () => {
    const { broker, fake } = await started({ wordMs: 60_000 });
    await broker.submit(order({ orderId: ENTRY }));
    await fake.quiet();
    fake.isDeaf = true;
    await broker.replace(ENTRY, { limitPrice: 99.5 });
    await eventually(() =>
      [...fake.exchange.orders.values()].some((one) => one.status === 'replaced'),
    );
    fake.quote(SYMBOL, 99.4, 99.45);
    const found = await broker.find(ENTRY);
    assert.deepEqual([found?.state, found?.filledQuantity], ['filled', 10]);
  });

  test('ID-09 a cancel during a change reaches the order that took the place', async () => {
    const { broker, fake, told } = await started();
    await broker.submit(order({ orderId: ENTRY }));
    let isRaced = false;
    fake.race('PATCH', () => {
      isRaced = true;
    });
    const replaced = broker.replace(ENTRY, { limitPrice: 99 });
    await Promise.all([replaced, broker.cancel(ENTRY)]);
    await eventually(() => told(ENTRY).includes('canceled'));
    assert.ok(isRaced);
    assert.deepEqual(await broker.openOrders(), []);
  });

  test('ID-09 a cancel that overtakes the answer to its order waits for it and cancels', async () => {
    const { broker, fake, told } = await started();
    const sent = broker.submit(order({ orderId: ENTRY, ...BRACKET }));
    await Promise.all([sent, broker.cancel(ENTRY)]);
    await eventually(() => told(ENTRY).includes('canceled'));
    assert.equal(fake.calls.filter((call) => call.startsWith('DELETE')).length, 1);
    assert.deepEqual(await broker.openOrders(), []);
  });

  test('ID-09 a leg that is listed without its entry is found by its group after a restart', async () => {
    const { broker, fake, told, url } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    await broker.submit(order({ orderId: ENTRY, ...BRACKET }));
    await eventually(() => told(STOP).includes('accepted'));
    await broker.stop();
    fake.areLegsRolledUp = false;
    const again = brokerOn(url);
    open.unshift(() => again.broker.stop());
    await again.broker.start();
    const ids = (await again.broker.openOrders()).map((one) => one.request.orderId).sort();
    assert.deepEqual(ids, [STOP, TARGET]);
    fake.quote(SYMBOL, 98.9, 98.95);
    await eventually(() =>
      again.reports.some((one) => one.orderId === STOP && one.kind === 'filled'),
    );
  });

  test('ID-09 the desk’s own names lead from every leg to its group and back', () => {
    const stem = '2026-11-20.us-vwap.QQQM.US.long.1';
    assert.deepEqual(primariesOf(`${stem}.target-2`), [
      { primaryId: `${stem}.entry-2`, role: 'target' },
    ]);
    for (const { primaryId, role } of primariesOf(`${stem}.stop-3`))
      assert.equal(childIdOf(primaryId, role), `${stem}.stop-3`);
    assert.deepEqual(primariesOf(`${stem}.entry-1`), []);
    assert.deepEqual(primariesOf(`${stem}.exit-1`), []);
  });

  test('ID-06 a day order that is done for the day has expired', async () => {
    const { broker, fake, told } = await started();
    await broker.submit(order({ orderId: ENTRY }));
    fake.exchange.expire([...fake.exchange.orders.keys()][0]!, 'done_for_day');
    await eventually(() => told(ENTRY).includes('expired'));
    assert.equal((await broker.find(ENTRY))?.state, 'expired');
  });

  test('AL-01 executions and orders are read page by page to the end', async () => {
    const { broker, fake } = await started({ timeoutMs: 5_000 });
    fake.exchange.cash = 1e9;
    for (let count = 0; count < 620; count += 1)
      fake.exchange.submit({
        symbol: SYMBOL,
        side: 'buy',
        type: 'limit',
        qty: '1',
        limit_price: '90',
        time_in_force: 'day',
        client_order_id: `n.entry-${count}`,
      });
    assert.equal((await broker.openOrders()).length, 620);
    fake.quote(SYMBOL, 89.9, 89.95, 250);
    const fills = await broker.fills(0);
    assert.equal(fills.length, 250);
    assert.equal(new Set(fills.map((one) => one.orderId)).size, 250);
    assert.ok(fills.every((one, index) => index === 0 || one.at >= (fills[index - 1]?.at ?? 0)));
  });
});

describe('alpaca: events', () => {
  test('ID-09 events that come twice change nothing', async () => {
    const { broker, fake, told } = await started();
    fake.repeats = 3;
    fake.quote(SYMBOL, 99.98, 99.99, 4);
    await broker.submit(order({ orderId: ENTRY }));
    fake.quote(SYMBOL, 99.9, 99.95);
    await eventually(() => told(ENTRY).some((one) => one.startsWith('filled')));
    await fake.quiet();
    assert.deepEqual(told(ENTRY), ['accepted', 'partially_filled 4@99.99', 'filled 6@99.95']);
  });

  test('ID-09 events that come last first tell the same shares and money', async () => {
    const { broker, fake, told, reports } = await started({ wordMs: 60_000 });
    await broker.submit(order({ orderId: ENTRY }));
    fake.isReordering = true;
    fake.quote(SYMBOL, 99.98, 99.99, 4);
    fake.quote(SYMBOL, 99.9, 99.95, 3);
    fake.quote(SYMBOL, 99.9, 99.95);
    fake.flush();
    await eventually(() => told(ENTRY).some((one) => one.startsWith('filled')));
    await fake.quiet();
    const money = reports.reduce((sum, one) => sum + one.lastQuantity * (one.lastPrice ?? 0), 0);
    assert.equal(Math.round(money * 100), Math.round((4 * 99.99 + 6 * 99.95) * 100));
    assert.equal(reports.at(-1)?.filledQuantity, 10);
    assert.equal(reports.filter((one) => one.kind === 'filled').length, 1);
  });

  for (const isBinary of [true, false]) {
    test(`AL-01 reads ${isBinary ? 'binary' : 'text'} frames`, async () => {
      const { broker, fake, told } = await setUp();
      fake.isBinary = isBinary;
      await broker.start();
      await broker.submit(order({ orderId: ENTRY }));
      fake.quote(SYMBOL, 99.9, 99.95);
      await eventually(() => told(ENTRY).includes('filled 10@99.95'));
    });
  }

  test('ID-09 a stream that is silent while orders move is given up for a new one', async () => {
    const { broker, changes, fake, told } = await started({ wordMs: 100 });
    fake.isDeaf = true;
    await broker.submit(order({ orderId: ENTRY }));
    fake.quote(SYMBOL, 99.9, 99.95);
    await eventually(() => told(ENTRY).includes('filled 10@99.95'));
    fake.isDeaf = false;
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.match(changes[0]?.cause ?? '', /silent while orders moved/);
    assert.equal(fake.streamCount, 1);
  });

  test('ID-09 a connection that no longer answers is given up', async () => {
    const { changes, fake } = await started({ heartbeatMs: 60 });
    fake.isMute = true;
    await eventually(() => changes[0]?.kind === 'lost');
    assert.match(changes[0]?.cause ?? '', /no traffic for \d+ ms/);
    fake.isMute = false;
    await eventually(() => changes.at(-1)?.kind === 'restored');
  });

  test('ID-09 a cut frame ends the connection, and what it said is read after the next', async () => {
    const { broker, changes, fake, told } = await started();
    await broker.submit(order({ orderId: ENTRY }));
    fake.isDeaf = true;
    fake.quote(SYMBOL, 99.9, 99.95);
    fake.isDeaf = false;
    fake.say('{"stream":"trade_updates","data":{"event":"fill","order":{"id":');
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.match(changes[0]?.cause ?? '', /a frame that is no JSON/);
    assert.ok(told(ENTRY).includes('filled 10@99.95'));
  });

  test('ID-09 an event that cannot be read is named, and the orders are read', async () => {
    const { broker, fake, notes, told } = await started({ wordMs: 60_000 });
    await broker.submit(order({ orderId: ENTRY }));
    fake.isDeaf = true;
    fake.quote(SYMBOL, 99.9, 99.95);
    fake.say('{"stream":"trade_updates","data":{"event":"fill","order":{"id":"x"}}}');
    await eventually(() => told(ENTRY).includes('filled 10@99.95'));
    assert.match(
      notes.join('\n'),
      /an event that cannot be read: order\.client_order_id: expected/,
    );
  });

  test('ID-09 never more than one connection, however often it breaks', async () => {
    const { broker, changes, fake } = await started();
    for (let times = 1; times <= 4; times += 1) {
      fake.dropStreams();
      await eventually(() => changes.filter((one) => one.kind === 'restored').length === times);
      assert.equal(fake.streamCount, 1);
    }
    await broker.stop();
    await eventually(() => fake.streamCount === 0);
  });

  test('ID-09 a connection that breaks again while the orders are read is not told as restored', async () => {
    const { changes, fake, lines } = await started();
    fake.faults.push({ method: 'GET', path: /orders$/, act: 'hang' });
    fake.dropStreams();
    await eventually(() => fake.faults.length === 0);
    fake.isStreamGone = true;
    fake.dropStreams();
    // the reading is tried again, and succeeds without a stream
    const before = lines.length;
    await eventually(() => lines.slice(before).some((line) => line.failure !== null));
    await fake.idle();
    await fake.idle();
    await fake.idle();
    await fake.idle();
    await fake.idle();
    assert.deepEqual(
      changes.map((one) => one.kind),
      ['lost'],
    );
    fake.isStreamGone = false;
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.equal(changes.length, 2);
  });

  test('ID-09 a stop during the reconnecting leaves nothing behind', async () => {
    const { broker, changes, fake } = await started();
    fake.cut();
    await eventually(() => changes[0]?.kind === 'lost');
    await broker.stop();
    fake.mend();
    await fake.idle();
    assert.equal(fake.streamCount, 0);
    assert.equal(changes.length, 1);
  });

  test('AL-01 a sign-on that is refused ends the start', async () => {
    const { broker, fake } = await setUp();
    fake.isStreamShut = true;
    const error = await failure(broker.start());
    assert.equal(error.code, 'unauthorized');
    assert.match(error.message, /trade stream: found keys that are not authorized/);
  });

  test('ID-09 orders of another program are told as well', async () => {
    const { fake, reports } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    const { clientOrderId } = fake.exchange.submit({
      symbol: SYMBOL,
      side: 'buy',
      type: 'market',
      qty: '3',
      time_in_force: 'day',
    });
    await eventually(() => reports.some((one) => one.kind === 'filled'));
    assert.deepEqual([...new Set(reports.map((one) => one.orderId))], [clientOrderId]);
  });
});

describe('alpaca: kill', () => {
  test('CX-07 leaves with one request, and says what was refused', async () => {
    const { broker, fake } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    await broker.submit(order({ orderId: ENTRY, ...BRACKET }));
    await broker.submit(order({ orderId: 'h.entry-1', instrument: 'MU.US' }));
    fake.quote('MU', 99.98, 99.99);
    fake.exchange.refuseClosing.add('MU');
    const before = fake.calls.length;
    const outcomes = await broker.flattenAll();
    const calls = fake.calls.slice(before);
    assert.deepEqual(calls, ['DELETE /v2/positions', 'GET /v2/positions']);
    assert.deepEqual(
      outcomes.map(({ instrument, outcome, quantity, reason }) => [
        instrument,
        quantity,
        outcome,
        reason,
      ]),
      [
        ['QQQM.US', 10, 'sent', null],
        ['MU.US', 10, 'refused', '403 trading in MU is halted'],
      ],
    );
    assert.match(outcomes[0]?.orderId ?? '', /^[0-9a-f-]{36}$/);
    // taken is not filled
    assert.equal((await broker.positions()).length, 2);
  });

  test('CX-07 another process leaves everything although the stream lets nobody in', async () => {
    const { broker, fake, url } = await started();
    fake.quote(SYMBOL, 99.98, 99.99);
    await broker.submit(order({ orderId: ENTRY, ...BRACKET }));
    await broker.submit(order({ orderId: 'w.entry-1', limitPrice: 90 }));
    await broker.stop();
    fake.isStreamShut = true;
    const killer = brokerOn(url);
    open.unshift(() => killer.broker.stop());
    await killer.broker.cancel('w.entry-1');
    assert.equal((await killer.broker.find('w.entry-1'))?.state, 'canceled');
    const [outcome] = await killer.broker.flattenAll();
    assert.deepEqual([outcome?.quantity, outcome?.outcome], [10, 'sent']);
    fake.quote(SYMBOL, 99.9, 99.95);
    assert.deepEqual(await killer.broker.positions(), []);
    assert.deepEqual(await killer.broker.openOrders(), []);
  });

  test('CX-07 cancels of fifty entries leave before the polls that wait', async () => {
    const { broker, fake, told } = await started({ timeoutMs: 5_000 });
    fake.exchange.cash = 1e9;
    const ids = Array.from({ length: 50 }, (_, index) => `k${index}.entry-1`);
    await Promise.all(ids.map((orderId) => broker.submit(order({ orderId, limitPrice: 90 }))));
    const polls = Array.from({ length: 150 }, () => broker.cashMinor().catch(() => null));
    const before = fake.calls.length;
    await Promise.all(ids.map((orderId) => broker.cancel(orderId)));
    const calls = fake.calls.slice(before);
    assert.equal(calls.filter((call) => call.startsWith('DELETE')).length, 50);
    assert.ok(calls.filter((call) => call === 'GET /v2/account').length < 100);
    await eventually(() => ids.every((orderId) => told(orderId).includes('canceled')));
    await broker.stop();
    await Promise.race([Promise.all(polls), fake.idle()]);
  });

  test('CX-07 a cancel of everything that is refused for one order fails, naming how many', async () => {
    const { broker, fake } = await started();
    await broker.submit(order({ orderId: ENTRY, limitPrice: 90 }));
    const [id] = [...fake.exchange.orders.keys()];
    fake.faults.push(answer('DELETE', /orders$/, 207, JSON.stringify([{ id, status: 500 }])));
    const error = await failure(broker.cancelAll());
    assert.equal(error.code, 'partly_refused');
    assert.match(error.message, /found 1 of 1 orders refused \(500\)/);
  });

  test('CX-07 a kill of everything that fails is a failure, never "all left"', async () => {
    const { broker, fake } = await started();
    fake.faults.push(
      answer('DELETE', /positions$/, 500, '{"code":50010000,"message":"failed to liquidate"}'),
    );
    assert.equal((await failure(broker.flattenAll())).code, 'server_error');
    fake.faults.push(answer('DELETE', /positions$/, 207, '[{"symbol":"QQQM"}]'));
    const error = await failure(broker.flattenAll());
    assert.equal(error.code, 'unreadable');
    assert.match(error.message, /0\.status: found nothing/);
  });
});
