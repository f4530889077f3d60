import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import type { Broker } from '#app/ports.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { contractOrder as order } from '#test/support/broker-harness.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';

/*
 * Alpaca: what becomes of each kind of bad answer, case by case. A question fails with one line that names
 * the place and is never answered "flat" or "not known"; an order is a doubt and is sent once.
 */

type Json = Record<string, unknown>;
type Answer = { readonly status: number; readonly text: string; readonly headers?: Json };

const ORDER: Json = {
  id: 'order-1',
  client_order_id: 'd.entry-1',
  symbol: 'QQQM',
  qty: '10',
  filled_qty: '4',
  filled_avg_price: '99.99',
  side: 'buy',
  type: 'limit',
  time_in_force: 'day',
  limit_price: '100',
  stop_price: null,
  trail_price: null,
  status: 'partially_filled',
  order_class: 'simple',
  submitted_at: '2026-11-20T15:00:00.123456Z',
  updated_at: '2026-11-20T15:00:01.5Z',
};
const POSITION: Json = {
  symbol: 'QQQM',
  qty: '4',
  qty_available: '4',
  side: 'long',
  avg_entry_price: '99.99',
};
const FILL: Json = {
  id: '20261120::1',
  order_id: 'order-1',
  symbol: 'QQQM',
  side: 'buy',
  qty: '4',
  price: '99.99',
  transaction_time: '2026-11-20T15:00:01Z',
};
const GOOD: Readonly<Record<string, unknown>> = {
  '/v2/account': { status: 'ACTIVE', cash: '99600.04' },
  '/v2/orders': [ORDER],
  '/v2/orders:by_client_order_id': ORDER,
  '/v2/orders/order-1': ORDER,
  '/v2/positions': [POSITION],
  '/v2/account/activities/FILL': [FILL],
};

/** A broker whose vendor answers well, but for one path. */
function asking(path: string, answer: Answer) {
  const calls: string[] = [];
  const { broker } = brokerOn('http://127.0.0.1:1', {
    fetch: async (input, init) => {
      const url = new URL(String(input));
      calls.push(`${init?.method} ${url.pathname}`);
      const { headers, status, text } =
        url.pathname === path
          ? answer
          : { status: 200, text: JSON.stringify(GOOD[url.pathname] ?? null), headers: {} };
      return new Response(status === 204 ? null : text, {
        status,
        headers: (headers ?? {}) as Record<string, string>,
      });
    },
  });
  return { broker, calls };
}

async function failure(call: Promise<unknown>): Promise<BrokerError> {
  const answer = await call.catch((error: unknown) => error);
  assert.ok(
    answer instanceof BrokerError,
    `answered ${JSON.stringify(answer)}, expected a failure`,
  );
  assert.doesNotMatch(answer.message, /\n/);
  assert.ok(answer.message.length < 300, answer.message);
  return answer;
}

const QUESTIONS: Readonly<Record<string, (broker: Broker) => Promise<unknown>>> = {
  '/v2/account': (broker) => broker.cashMinor(),
  '/v2/orders': (broker) => broker.openOrders(),
  '/v2/orders:by_client_order_id': (broker) => broker.find('d.entry-1'),
  '/v2/positions': (broker) => broker.positions(),
  '/v2/account/activities/FILL': (broker) => broker.fills(0),
};

const HTML = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';

describe('alpaca: whole answers that are none', () => {
  test('ID-09 the answers of the table are good ones', async () => {
    const { broker } = asking('nowhere', { status: 200, text: '' });
    for (const ask of Object.values(QUESTIONS)) assert.ok((await ask(broker)) !== null);
    assert.equal(await broker.cashMinor(), 9_960_004);
  });

  const WHOLE: readonly (readonly [string, Answer, RegExp])[] = [
    ['an error page with status 200', { status: 200, text: HTML }, /found 200 "<html>.*JSON/],
    ['an error page with status 403', { status: 403, text: HTML }, /found 403, expected/],
    ['an error page with status 404', { status: 404, text: HTML }, /found 404, expected/],
    [
      'a gateway’s own "not found"',
      { status: 404, text: '{"code":404,"message":"no route"}' },
      /found 404 \(404 no route\)/,
    ],
    ['a refusal without a code', { status: 422, text: '{"message":"no"}' }, /found 422/],
    ['a cut answer', { status: 200, text: '[{"id":"order-1","sta' }, /expected JSON/],
    ['nothing', { status: 200, text: '' }, /found 200 ""/],
    ['null', { status: 200, text: 'null' }, /the answer: found null/],
    ['a number', { status: 200, text: '17' }, /the answer: found 17/],
    ['bytes that are no text', { status: 200, text: '\ufffd\u0000\u0001' }, /expected JSON/],
    [
      'a redirect',
      { status: 302, text: '', headers: { location: 'http://127.0.0.1:1/' } },
      /found 302/,
    ],
  ];
  for (const [what, answer, words] of WHOLE) {
    test(`ID-09 ${what} fails every question, naming the call`, async () => {
      for (const [path, ask] of Object.entries(QUESTIONS)) {
        const error = await failure(ask(asking(path, answer).broker));
        assert.match(error.message, words);
        assert.ok(error.message.includes(`GET ${path}`), error.message);
      }
    });
  }
});

describe('alpaca: fields that cannot be so', () => {
  const ROWS: readonly (readonly [string, string, unknown, RegExp])[] = [
    // path, field, value, place and words
    ['/v2/account', 'cash', undefined, /cash: found nothing/],
    ['/v2/account', 'cash', 99600.04, /cash: found 99600.04, expected a number in a string/],
    ['/v2/account', 'cash', 'NaN', /cash: found "NaN"/],
    ['/v2/account', 'cash', '1e9', /cash: found "1e9"/],
    ['/v2/account', 'cash', '99,600.04', /cash: found "99,600.04"/],
    ['/v2/account', 'cash', '99999999999999999999', /cash: found "9+"/],
    ['/v2/positions', 'qty', undefined, /0\.qty: found nothing/],
    ['/v2/positions', 'qty', 4, /0\.qty: found 4/],
    ['/v2/positions', 'qty', '-4', /0\.qty: found "-4", expected shares of its side/],
    ['/v2/positions', 'qty', 'Infinity', /0\.qty: found "Infinity"/],
    ['/v2/positions', 'side', 'flat', /0\.side: found "flat", expected long or short/],
    ['/v2/positions', 'symbol', '', /0\.symbol: found ""/],
    ['/v2/positions', 'avg_entry_price', '-1', /0\.avg_entry_price: found "-1"/],
    ['/v2/account/activities/FILL', 'side', 'mystery', /0\.side: found "mystery"/],
    ['/v2/account/activities/FILL', 'qty', '0', /0\.qty: found "0", expected shares above 0/],
    ['/v2/account/activities/FILL', 'qty', '-4', /0\.qty: found "-4"/],
    ['/v2/account/activities/FILL', 'price', '0', /0\.price: found "0", expected a price above 0/],
    ['/v2/account/activities/FILL', 'price', '-99.99', /0\.price: found "-99.99"/],
    ['/v2/account/activities/FILL', 'order_id', null, /0\.order_id: found null/],
    ['/v2/account/activities/FILL', 'transaction_time', 'yesterday', /0\.transaction_time/],
    ['/v2/account/activities/FILL', 'transaction_time', 1763650800, /0\.transaction_time/],
    [
      '/v2/orders',
      'status',
      'mystery',
      /0\.status: found "mystery", expected a known order status/,
    ],
    ['/v2/orders', 'type', 'iceberg', /0\.type: found "iceberg"/],
    ['/v2/orders', 'side', 'hold', /0\.side: found "hold"/],
    ['/v2/orders', 'side', undefined, /found .*, expected an order with symbol, side and type/],
    ['/v2/orders', 'id', undefined, /0\.id: found nothing/],
    ['/v2/orders', 'client_order_id', null, /0\.client_order_id: found null/],
    ['/v2/orders', 'filled_qty', undefined, /0\.filled_qty: found nothing/],
    ['/v2/orders', 'filled_qty', '-4', /0\.filled_qty: found "-4", expected shares/],
    ['/v2/orders', 'filled_qty', '11', /0\.filled_qty: found "11", expected at most the 10/],
    ['/v2/orders', 'filled_qty', '2147483647', /0\.filled_qty: found "2147483647"/],
    ['/v2/orders', 'status', 'filled', /0\.filled_qty: found "4", expected all 10/],
    ['/v2/orders', 'qty', '0', /0\.qty: found "0"/],
    ['/v2/orders', 'qty', '-10', /0\.qty: found "-10"/],
    ['/v2/orders', 'limit_price', '-100', /0\.limit_price: found "-100"/],
    ['/v2/orders', 'filled_avg_price', '-1', /0\.filled_avg_price: found "-1"/],
    ['/v2/orders', 'submitted_at', 'now', /0\.submitted_at: found "now"/],
  ];
  for (const [path, field, value, words] of ROWS) {
    test(`ID-09 ${path} ${field} ${JSON.stringify(value)} fails the question and is named`, async () => {
      const good = GOOD[path];
      const row = { ...((Array.isArray(good) ? good[0] : good) as Json), [field]: value };
      const text = JSON.stringify(Array.isArray(good) ? [row] : row);
      const ask = QUESTIONS[path] ?? assert.fail(path);
      const error = await failure(ask(asking(path, { status: 200, text }).broker));
      assert.equal(error.code, 'unreadable');
      assert.match(error.message, words);
    });
  }

  test('ID-09 a symbol that is listed twice is no listing of what is held', async () => {
    const text = JSON.stringify([POSITION, POSITION]);
    const error = await failure(asking('/v2/positions', { status: 200, text }).broker.positions());
    assert.match(error.message, /1\.symbol: found "QQQM", expected each symbol once/);
  });

  test('ID-09 an answer about another order settles nothing', async () => {
    const other = JSON.stringify({
      ...ORDER,
      client_order_id: 'other.entry-1',
      status: 'canceled',
    });
    const path = '/v2/orders:by_client_order_id';
    const { broker } = asking(path, { status: 200, text: other });
    const error = await failure(broker.find('d.entry-1'));
    assert.match(error.message, /client_order_id: found other\.entry-1, expected d\.entry-1/);
  });

  test('ID-09 instants of 1970 and of 2099 change no money and no share', async () => {
    for (const at of ['1970-01-01T00:00:00Z', '2099-01-01T00:00:00+09:00']) {
      const text = JSON.stringify([{ ...ORDER, submitted_at: at, updated_at: at }]);
      const { broker } = asking('/v2/orders', { status: 200, text });
      const [found] = await broker.openOrders();
      assert.deepEqual([found?.state, found?.filledQuantity], ['partially_filled', 4]);
    }
  });
});

describe('alpaca: bad answers to what is sent', () => {
  const SENT: readonly (readonly [string, Answer])[] = [
    ['an error page with status 200', { status: 200, text: HTML }],
    ['an error page with status 403', { status: 403, text: HTML }],
    ['a gateway’s "forbidden"', { status: 403, text: '{"code":403,"message":"blocked"}' }],
    ['a refusal without a code', { status: 422, text: '{"message":"no"}' }],
    ['a server error', { status: 500, text: '{"code":50010000,"message":"oops"}' }],
    ['a cut answer', { status: 200, text: '{"id":"order-1"' }],
    ['nothing', { status: 200, text: '' }],
    ['an unknown status', { status: 200, text: JSON.stringify({ ...ORDER, status: 'mystery' }) }],
    ['another order', { status: 200, text: JSON.stringify({ ...ORDER, client_order_id: 'x' }) }],
  ];
  for (const [what, answer] of SENT) {
    test(`ID-09 ${what} leaves the order in doubt: sent once, never told as refused`, async () => {
      const fake = new FakeAlpaca();
      const url = await fake.listen();
      const { broker, reports } = brokerOn(url, { timeoutMs: 5_000 });
      try {
        await broker.start();
        const act = { status: answer.status, text: answer.text };
        fake.faults.push({ method: 'POST', path: /^\/v2\/orders$/, act });
        await failure(broker.submit(order({ orderId: 'd.entry-1' })));
        assert.equal(fake.calls.filter((call) => call === 'POST /v2/orders').length, 1);
        assert.deepEqual(reports, []);
      } finally {
        await broker.stop();
        await fake.close();
      }
    });
  }

  test('ID-09 limits that no plan has and a date of another year hold back no call', async () => {
    const headers = {
      date: 'Thu, 01 Jan 1970 00:00:00 GMT',
      'x-ratelimit-limit': '0.001',
      'x-ratelimit-remaining': '-100000',
      'x-ratelimit-reset': '99999999999999',
      'retry-after': '-1',
    };
    const text = JSON.stringify(GOOD['/v2/account']);
    const { broker, calls } = asking('/v2/account', { status: 200, text, headers });
    for (let count = 0; count < 5; count += 1) await broker.cashMinor();
    assert.equal(calls.length, 5);
  });
});

describe('alpaca: bad frames of the stream', () => {
  test('ID-09 each is named or ends the connection, tells nothing, and the orders are read', async () => {
    const fake = new FakeAlpaca();
    const url = await fake.listen();
    const { broker, changes, notes, reports } = brokerOn(url, { timeoutMs: 5_000 });
    try {
      await broker.start();
      await broker.submit(order({ orderId: 'd.entry-1', limitPrice: 90 }));
      await eventually(() => reports.length === 1);
      const data = { ...ORDER, id: [...fake.exchange.orders.keys()].at(-1), filled_qty: '0' };
      const event = (change: Json, fields: Json = {}) =>
        JSON.stringify({
          stream: 'trade_updates',
          data: { event: 'fill', ...fields, order: { ...data, ...change } },
        });
      const FRAMES: readonly (readonly [string, RegExp])[] = [
        ['[]', /a message without data/],
        ['null', /a message without data/],
        ['7', /a message without data/],
        ['{}', /a message without data/],
        ['{"data":{}}', /stream: found null, expected trade_updates/],
        ['{"stream":"trade_upd","data":{}}', /stream: found "trade_upd", expected trade_updates/],
        ['{"stream":"trade_updates"}', /a message without data/],
        ['{"stream":"trade_updates","data":{"event":"fill"}}', /order: expected/],
        [event({ status: 'mystery' }), /order\.status: expected a known order status/],
        [event({ filled_qty: '2147483647' }), /order\.filled_qty: expected at most the 10/],
        [event({ filled_qty: '-10' }), /order\.filled_qty: expected shares/],
        [event({ filled_qty: 10 }), /order\.filled_qty: expected a number in a string/],
        [event({ status: 'filled' }), /order\.filled_qty: expected all 10/],
        [event({}, { price: 99 }), /price: expected a number in a string/],
        [event({}, { timestamp: 'soon' }), /timestamp: expected an instant/],
      ];
      for (const [frame, words] of FRAMES) {
        const before = notes.length;
        fake.say(frame);
        await eventually(() => notes.length > before);
        assert.match(notes.slice(before).join('; '), words, frame);
      }
      // shares with prices that are none are told once a good price is known, and none is here
      for (const price of ['0', '-99', null])
        fake.say(
          event(
            { filled_qty: '4', filled_avg_price: null, updated_at: '2099-01-01T00:00:00Z' },
            { event: 'partial_fill', execution_id: `x${price}`, price, qty: '4' },
          ),
        );
      await fake.quiet();
      assert.equal(reports.length, 1);
      assert.equal(changes.length, 0);
      fake.say('{"stream":"trade_upd');
      await eventually(() => changes.at(-1)?.kind === 'restored');
      assert.deepEqual(
        changes.map((change) => change.kind),
        ['lost', 'restored'],
      );
    } finally {
      await broker.stop();
      await fake.close();
    }
  });
});
