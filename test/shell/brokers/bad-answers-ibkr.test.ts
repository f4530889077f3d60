import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import type { Broker, BrokerReport } from '#app/ports.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import type { Field } from '#test/support/fake-ibkr-wire.ts';
import { type ConnectOptions, connectIbkr } from '#test/support/ibkr-connect.ts';
import { order } from '#test/support/paper-harness.ts';

/*
 * Interactive Brokers: what becomes of each field that cannot be so, message by message. A listing with one
 * such row is no listing; what was known before stands, and nothing is told of it.
 */

const QUICK: ConnectOptions = { answerTimeoutMs: 5_000, heartbeatMs: 10_000, backoffMs: [10] };

/** Field numbers of the vendor's messages, by the message's id. */
const POSITION = {
  id: 61,
  account: 2,
  symbol: 4,
  secType: 5,
  currency: 11,
  quantity: 14,
  cost: 15,
};
const OPEN = { id: 5, symbol: 3, secType: 4, action: 13, quantity: 14, type: 15, account: 20 };
const EXECUTION = { id: 11, symbol: 4, execId: 14, account: 16, side: 18, shares: 19, price: 20 };
const COMPLETED = { id: 101, action: 12, quantity: 13, account: 19 };
const CASH = { id: 63, value: 5 };

type Change = { readonly at: number; readonly value: Field } | { readonly cutAt: number };

function changed(fields: readonly Field[], change: Change): Field[] {
  if ('cutAt' in change) return fields.slice(0, change.cutAt);
  return fields.map((field, index) => (index === change.at ? change.value : field));
}

async function failure(call: Promise<unknown>): Promise<BrokerError> {
  const answer = await call.catch((error: unknown) => error);
  assert.ok(
    answer instanceof BrokerError,
    `answered ${JSON.stringify(answer)}, expected a failure`,
  );
  assert.doesNotMatch(answer.message, /\n/);
  return answer;
}

const positions = (broker: Broker) => broker.positions();
const openOrders = (broker: Broker) => broker.openOrders();
const fills = (broker: Broker) => broker.fills(0);
const cash = (broker: Broker) => broker.cashMinor();

type Row = readonly [
  what: string,
  message: number,
  change: Change,
  ask: (broker: Broker) => Promise<unknown>,
  words: RegExp,
];
const ROWS: readonly Row[] = [
  ['a position cut short', POSITION.id, { cutAt: 9 }, positions, /found POSITION cut short/],
  [
    'a position without an account',
    POSITION.id,
    { at: POSITION.account, value: '' },
    positions,
    /QQQM: account: found nothing/,
  ],
  [
    'a position without a symbol',
    POSITION.id,
    { at: POSITION.symbol, value: '' },
    positions,
    /symbol: found nothing/,
  ],
  [
    'a position of no kind',
    POSITION.id,
    { at: POSITION.secType, value: '' },
    positions,
    /secType: found nothing/,
  ],
  [
    'a position in no currency',
    POSITION.id,
    { at: POSITION.currency, value: '' },
    positions,
    /currency: found nothing/,
  ],
  [
    'a position of many',
    POSITION.id,
    { at: POSITION.quantity, value: 'many' },
    positions,
    /QQQM: quantity: found NaN/,
  ],
  [
    'a position of nothing',
    POSITION.id,
    { at: POSITION.quantity, value: '' },
    positions,
    /QQQM: quantity: found nothing/,
  ],
  [
    'a position of 1e300',
    POSITION.id,
    { at: POSITION.quantity, value: '1e300' },
    positions,
    /QQQM: quantity: found 1e\+300/,
  ],
  [
    'a position below cost 0',
    POSITION.id,
    { at: POSITION.cost, value: -5 },
    positions,
    /QQQM: average cost: found -5/,
  ],
  ['cash of nothing', CASH.id, { at: CASH.value, value: '' }, cash, /CashBalance "", expected/],
  ['cash in words', CASH.id, { at: CASH.value, value: 'much' }, cash, /CashBalance "much"/],
  [
    'cash with commas',
    CASH.id,
    { at: CASH.value, value: '99,600.04' },
    cash,
    /CashBalance "99,600.04"/,
  ],
  ['cash cut short', CASH.id, { cutAt: 5 }, cash, /found ACCOUNT_SUMMARY cut short/],
  ['an order cut short', OPEN.id, { cutAt: 16 }, openOrders, /found OPEN_ORDER cut short/],
  [
    'an order to hold',
    OPEN.id,
    { at: OPEN.action, value: 'HOLD' },
    openOrders,
    /order e1: action: found HOLD/,
  ],
  [
    'an order for many',
    OPEN.id,
    { at: OPEN.quantity, value: 'many' },
    openOrders,
    /order e1: quantity: found NaN/,
  ],
  [
    'an order for -10',
    OPEN.id,
    { at: OPEN.quantity, value: -10 },
    openOrders,
    /order e1: quantity: found -10/,
  ],
  [
    'an order without an account',
    OPEN.id,
    { at: OPEN.account, value: '' },
    openOrders,
    /order e1: account: found nothing/,
  ],
  [
    'an order of no kind',
    OPEN.id,
    { at: OPEN.secType, value: '' },
    openOrders,
    /order e1: secType: found nothing/,
  ],
  [
    'our order as an option',
    OPEN.id,
    { at: OPEN.secType, value: 'OPT' },
    openOrders,
    /order e1: kind: found OPT LMT/,
  ],
  [
    'our order of another type',
    OPEN.id,
    { at: OPEN.type, value: 'MOC' },
    openOrders,
    /order e1: kind: found STK MOC/,
  ],
  ['an execution cut short', EXECUTION.id, { cutAt: 12 }, fills, /found EXECUTION_DATA cut short/],
  [
    'an execution without an id',
    EXECUTION.id,
    { at: EXECUTION.execId, value: '' },
    fills,
    /without an id: execId/,
  ],
  [
    'an execution of no account',
    EXECUTION.id,
    { at: EXECUTION.account, value: '' },
    fills,
    /acctNumber: found nothing/,
  ],
  [
    'an execution of no side',
    EXECUTION.id,
    { at: EXECUTION.side, value: 'XXX' },
    fills,
    /side: found XXX, expected BOT or SLD/,
  ],
  [
    'an execution of many',
    EXECUTION.id,
    { at: EXECUTION.shares, value: 'many' },
    fills,
    /shares: found NaN/,
  ],
  [
    'an execution of -4',
    EXECUTION.id,
    { at: EXECUTION.shares, value: -4 },
    fills,
    /shares: found -4/,
  ],
  [
    'an execution of 2147483647',
    EXECUTION.id,
    { at: EXECUTION.shares, value: 2147483647 },
    fills,
    /shares: found 2147483647/,
  ],
  [
    'an execution of 11 of 10',
    EXECUTION.id,
    { at: EXECUTION.shares, value: 11 },
    fills,
    /of e1: shares: found 11, expected at most 10/,
  ],
  [
    'an execution at 0',
    EXECUTION.id,
    { at: EXECUTION.price, value: 0 },
    fills,
    /price: found 0, expected a price above 0/,
  ],
  [
    'an execution at -1',
    EXECUTION.id,
    { at: EXECUTION.price, value: -1 },
    fills,
    /price: found -1/,
  ],
  [
    'an ended order to hold',
    COMPLETED.id,
    { at: COMPLETED.action, value: 'HOLD' },
    openOrders,
    /order gone: action: found HOLD/,
  ],
  [
    'an ended order for many',
    COMPLETED.id,
    { at: COMPLETED.quantity, value: 'many' },
    openOrders,
    /order gone: quantity: found NaN/,
  ],
  [
    'an ended order cut short',
    COMPLETED.id,
    { cutAt: 14 },
    openOrders,
    /found COMPLETED_ORDER cut short/,
  ],
];

describe('ibkr: rows that cannot be read', () => {
  const gateway = new FakeIbkr();
  let broker: Broker;
  const reports: BrokerReport[] = [];
  before(async () => {
    await gateway.listen();
    broker = connectIbkr(gateway, QUICK).broker;
    broker.onReport((report) => void reports.push(report));
    await broker.start();
    gateway.quote('QQQM', 99.98, 99.99, 4);
    await broker.submit(order({ orderId: 'gone', limitPrice: 90 }));
    await broker.cancel('gone');
    await broker.submit(order({ orderId: 'e1' }));
    await eventually(() => reports.some((report) => report.kind === 'partially_filled'));
    await eventually(() => reports.some((report) => report.kind === 'canceled'));
  });
  after(async () => {
    await broker.stop();
    await gateway.close();
  });

  for (const [what, message, change, ask, words] of ROWS) {
    test(`ID-09 ${what} fails the question, is named, and changes nothing that was known`, async () => {
      const told = reports.length;
      gateway.rewrite = (fields) => [
        Number(fields[0]) === message ? changed(fields, change) : fields,
      ];
      const error = await failure(ask(broker));
      gateway.rewrite = (fields) => [fields];
      assert.equal(error.code, 'unreadable');
      assert.match(error.message, words);
      assert.deepEqual(reports.slice(told), []);
    });
  }

  test('ID-09 once answers are whole again everything stands as it did', async () => {
    const [found, ...more] = await broker.openOrders();
    assert.deepEqual([found?.request.orderId, found?.filledQuantity, more], ['e1', 4, []]);
    assert.deepEqual(
      (await broker.positions()).map((held) => held.quantity),
      [4],
    );
    assert.equal((await broker.fills(0)).length, 1);
    assert.equal(await broker.cashMinor(), 10_000_000 - 39_996 - 100);
  });

  test('ID-09 a status that says more was filled than ordered holds back no later word', async () => {
    const e1 = gateway.order('e1');
    const said = (filled: Field) => [
      3,
      e1?.ibId ?? 0,
      'Submitted',
      filled,
      6,
      0,
      e1?.permId ?? 0,
      0,
      0,
      7,
      null,
      0,
    ];
    for (const filled of [2147483647, 'many', -5, '1e300', 11]) gateway.say(...said(filled));
    await broker.openOrders();
    await broker.cancel('e1');
    await eventually(() => reports.some((one) => one.orderId === 'e1' && one.kind === 'canceled'));
    assert.equal((await broker.find('e1'))?.filledQuantity, 4);
  });
});

describe('ibkr: answers that come late', () => {
  test('ID-09 the rest of an answer that was given up is never taken for a short one', async () => {
    const gateway = new FakeIbkr();
    await gateway.listen();
    const { broker } = connectIbkr(gateway, { ...QUICK, answerTimeoutMs: 800 });
    const told: string[] = [];
    broker.onReport(({ kind, orderId }) => void told.push(`${orderId} ${kind}`));
    try {
      await broker.start();
      for (const orderId of ['a', 'b']) await broker.submit(order({ orderId, limitPrice: 90 }));
      // of the first answer only the first order comes in time, the rest with the second question
      const late: (readonly Field[])[] = [];
      let listed = 0;
      gateway.rewrite = (fields) => {
        const id = Number(fields[0]);
        if (id !== 5 && id !== 53) return [fields];
        listed += id === 5 ? 1 : 0;
        if (id === 5 && listed === 1) return [fields];
        late.push(fields);
        return [];
      };
      assert.equal((await failure(broker.openOrders())).code, 'timeout');
      gateway.rewrite = (fields) => (late.length > 0 ? [...late.splice(0), fields] : [fields]);
      const open = await broker.openOrders();
      assert.deepEqual(open.map((one) => one.request.orderId).sort(), ['a', 'b']);
      assert.deepEqual(told, ['a accepted', 'b accepted']);
    } finally {
      await broker.stop();
      await gateway.close();
    }
  });

  for (const id of ['many', '', -7, 2147483647])
    test(`ID-18 a next order id of ${JSON.stringify(id)} ends the start and is named`, async () => {
      const gateway = new FakeIbkr();
      await gateway.listen();
      gateway.rewrite = (fields) => [Number(fields[0]) === 9 ? [9, 1, id] : fields];
      const { broker } = connectIbkr(gateway, { ...QUICK, connectTimeoutMs: 5_000 });
      try {
        assert.match((await failure(broker.start())).message, /found next order id/);
      } finally {
        await broker.stop();
        await gateway.close();
      }
    });
});
