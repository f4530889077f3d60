import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { BrokerError } from '#app/errors.ts';
import type { BrokerReport, ConnectionChange, OrderRequest } from '#app/ports.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr, type FakeIbkrOptions } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';
import { order } from '#test/support/paper-harness.ts';

const ACCOUNT = 'DU1111111';
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

type Options = FakeIbkrOptions & {
  readonly answerTimeoutMs?: number;
  readonly clientId?: number;
  readonly isMaster?: boolean;
  readonly idWaitMs?: number;
};

function brokerOn(gateway: FakeIbkr, options: Options = {}) {
  const notes: string[] = [];
  const { broker } = connectIbkr(gateway, {
    clientId: options.clientId ?? 7,
    brokerAccount: ACCOUNT,
    isMaster: options.isMaster ?? false,
    answerTimeoutMs: options.answerTimeoutMs ?? 1_000,
    heartbeatMs: 400,
    backoffMs: [50],
    idWaitMs: options.idWaitMs ?? 0,
    onNote: (line) => void notes.push(line),
  });
  const reports: BrokerReport[] = [];
  const changes: ConnectionChange[] = [];
  broker.onReport((report) => void reports.push(report));
  broker.onConnection((change) => void changes.push(change));
  open.unshift(() => broker.stop());
  const told = (orderId: string): string[] =>
    reports
      .filter((report) => report.orderId === orderId)
      .map(({ kind, lastQuantity, lastPrice, reason }) =>
        lastPrice === null
          ? [kind, reason].filter((part) => part !== null).join(' ')
          : `${kind} ${lastQuantity}@${lastPrice}`,
      );
  return { broker, reports, changes, notes, told };
}

async function start(options: Options = {}) {
  const gateway = new FakeIbkr(options);
  await gateway.listen();
  open.push(() => gateway.close());
  const desk = brokerOn(gateway, options);
  await desk.broker.start();
  return { gateway, ...desk };
}

const BRACKET: Partial<OrderRequest> = {
  bracket: {
    stop: { orderId: 'e1.stop', stopPrice: 99 },
    target: { orderId: 'e1.target', limitPrice: 102 },
  },
};

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => (error as BrokerError).code === code;
}

describe('ibkr', () => {
  test('ID-18 connects, submits, fills with the commission in the fill and knows position and cash', async () => {
    const { gateway, broker, reports, told } = await start();
    gateway.quote('QQQM', 99.98, 99.99);
    await broker.submit(order({ orderId: 'e1' }));
    await eventually(() => told('e1').length === 2);
    assert.deepEqual(told('e1'), ['accepted', 'filled 10@99.99']);
    assert.deepEqual(
      reports.map((report) => report.feesMinor),
      [0, 100],
    );
    const [position] = await broker.positions();
    assert.equal(position?.instrument, 'QQQM.US');
    assert.equal(position?.quantity, 10);
    assert.equal(await broker.cashMinor(), 10_000_000 - 99_990 - 100);
    const found = await broker.find('e1');
    assert.equal(found?.state, 'filled');
    assert.equal(found?.averagePrice, 99.99);
  });

  test('ID-18 a bracket leaves as one family: held until the entry has filled, then one cancels the other', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1', ...BRACKET }));
    const placed = gateway.received.filter((fields) => fields[0] === '3');
    assert.deepEqual(
      placed.map((fields) => [fields[26], fields[27], fields[28]]),
      [
        ['e1', '0', ''],
        ['e1.stop', '0', placed[0]?.[1]],
        ['e1.target', '1', placed[0]?.[1]],
      ],
    );
    assert.equal((await broker.find('e1.stop'))?.state, 'held');
    assert.deepEqual(told('e1.stop'), []);
    gateway.quote('QQQM', 99.9, 99.95);
    await eventually(() => told('e1.stop').includes('accepted'));
    gateway.quote('QQQM', 102.1, 102.2);
    await eventually(() => told('e1.stop').includes('canceled'));
    assert.equal(told('e1.target').at(-1), 'filled 10@102.1');
  });

  test('ID-06 a stop and its target leave as a pair whose rest shrinks with a partial fill', async () => {
    const { gateway, broker, told } = await start();
    gateway.positions.set('QQQM', { quantity: 10, average: 100 });
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(
      order({
        orderId: 'p.stop',
        side: 'sell',
        type: 'stop',
        stopPrice: 99,
        limitPrice: null,
        pair: { orderId: 'p.target', limitPrice: 102 },
      }),
    );
    gateway.quote('QQQM', 102, 102.1, 4);
    await eventually(() => told('p.target').includes('partially_filled 4@102'));
    assert.equal((await broker.find('p.stop'))?.request.quantity, 6);
    gateway.quote('QQQM', 98.9, 99);
    await eventually(() => told('p.stop').some((word) => word.startsWith('filled 6')));
    await eventually(() => told('p.target').includes('canceled'));
  });

  test('ID-09 refuses a known client order id, which the vendor would take again', async () => {
    const { broker } = await start();
    await broker.submit(order({ orderId: 'e1', ...BRACKET }));
    await assert.rejects(broker.submit(order({ orderId: 'e1' })), hasCode('duplicate_order_id'));
    await assert.rejects(
      broker.submit(order({ orderId: 'e1.stop' })),
      hasCode('duplicate_order_id'),
    );
  });

  test('ID-06 a rejected order says so with the reason, and its bracket with it', async () => {
    const { gateway, broker, told } = await start();
    gateway.failNext({ kind: 'reject' });
    await broker.submit(order({ orderId: 'e1' }));
    assert.deepEqual(told('e1'), ['rejected 201 Order rejected - reason:not allowed here']);
    assert.equal((await broker.find('e1'))?.state, 'rejected');
  });

  test('ID-09 an order that was written and not acknowledged is unknown until it is found', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    gateway.failNext({ kind: 'lost_ack' });
    await assert.rejects(broker.submit(order({ orderId: 'e1' })), hasCode('timeout'));
    assert.equal((await broker.find('e1'))?.state, 'accepted');
    assert.deepEqual(told('e1'), ['accepted']);
    gateway.failNext({ kind: 'timeout' });
    await assert.rejects(broker.submit(order({ orderId: 'e2' })), hasCode('timeout'));
    assert.equal(await broker.find('e2'), null);
  });

  test('ID-06 replaces a price; after a fill the change is refused', async () => {
    const { gateway, broker, reports, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    await broker.replace('e1', { limitPrice: 100.4 });
    await eventually(() => told('e1').includes('replaced'));
    assert.equal(reports.at(-1)?.limitPrice, 100.4);
    gateway.quote('QQQM', 100.2, 100.3);
    await eventually(() => told('e1').some((word) => word.startsWith('filled')));
    await broker.replace('e1', { limitPrice: 100.1 });
    assert.equal(told('e1').at(-1), 'replace_rejected not_working');
  });

  test('ID-06 a cancel ends an order once; of a filled or unknown one it is refused', async () => {
    const { gateway, broker, told } = await start({ isNoisy: true });
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1', ...BRACKET }));
    await broker.cancel('e1');
    await eventually(() => told('e1.target').includes('canceled'));
    assert.deepEqual(told('e1'), ['accepted', 'canceled']);
    await broker.cancel('e1');
    await broker.cancel('nobody');
    assert.equal(told('e1').at(-1), 'cancel_rejected not_working');
    assert.deepEqual(told('nobody'), ['cancel_rejected unknown_order']);
  });

  test('ID-09 repeated and reordered messages count a fill once', async () => {
    const { gateway, broker, told } = await start({ isNoisy: true });
    gateway.quote('QQQM', 99.98, 99.99, 4);
    await broker.submit(order({ orderId: 'e1' }));
    gateway.quote('QQQM', 99.98, 99.99, 3);
    gateway.quote('QQQM', 99.98, 99.99, 100);
    await eventually(() => told('e1').length === 4);
    assert.deepEqual(told('e1'), [
      'accepted',
      'partially_filled 4@99.99',
      'partially_filled 3@99.99',
      'filled 3@99.99',
    ]);
    assert.equal((await broker.fills(0)).length, 3);
  });

  test('ID-09 a fill whose messages were lost is read from the executions', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    gateway.isSilent = true;
    gateway.quote('QQQM', 99.9, 99.95);
    gateway.isSilent = false;
    assert.equal((await broker.find('e1'))?.state, 'filled');
    await eventually(() => told('e1').at(-1) === 'filled 10@99.95');
  });

  test('ID-09 a corrected execution replaces what it corrects', async () => {
    const { gateway, broker } = await start();
    gateway.quote('QQQM', 99.98, 99.99);
    await broker.submit(order({ orderId: 'e1' }));
    await eventually(async () => (await broker.fills(0)).length === 1);
    gateway.correct(gateway.executions[0]?.execId ?? '', 99.95);
    await eventually(async () => (await broker.fills(0))[0]?.price === 99.95);
    assert.equal((await broker.fills(0)).length, 1);
    assert.equal((await broker.find('e1'))?.filledQuantity, 10);
  });

  test('ID-09 connects again after a restart and sends nothing that waited', async () => {
    const { gateway, broker, changes, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1', ...BRACKET }));
    const { port } = gateway;
    await gateway.close();
    await eventually(() => changes.at(-1)?.kind === 'lost');
    assert.equal(broker.canSubmit(order({ orderId: 'e2' }))?.code, 'not_connected');
    await assert.rejects(broker.submit(order({ orderId: 'e2' })), hasCode('not_connected'));
    await assert.rejects(broker.positions(), hasCode('disconnected'));
    const before = gateway.received.filter((fields) => fields[0] === '3').length;
    await gateway.listen(port);
    await eventually(() => changes.at(-1)?.kind === 'restored');
    await eventually(async () => (await broker.openOrders()).length === 3);
    assert.equal(gateway.received.filter((fields) => fields[0] === '3').length, before);
    await broker.cancel('e1');
    await eventually(() => told('e1').includes('canceled'));
  });

  test('ID-09 a new process knows its orders by their references, ended ones too', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    await broker.submit(order({ orderId: 'e2' }));
    await broker.submit(order({ orderId: 'e3' }));
    await broker.cancel('e3');
    await eventually(() => told('e3').includes('canceled'));
    await broker.stop();
    gateway.quote('QQQM', 99.98, 99.99, 10);
    const second = brokerOn(gateway);
    await second.broker.start();
    assert.equal((await second.broker.find('e1'))?.state, 'filled');
    assert.equal((await second.broker.find('e2'))?.state, 'accepted');
    assert.equal((await second.broker.find('e3'))?.state, 'canceled');
    assert.equal(await second.broker.find('e4'), null);
    await assert.rejects(
      second.broker.submit(order({ orderId: 'e1' })),
      hasCode('duplicate_order_id'),
    );
    await second.broker.submit(order({ orderId: 'e4' }));
    const ids = gateway.received.filter((fields) => fields[0] === '3').map((fields) => fields[1]);
    assert.equal(new Set(ids).size, ids.length);
  });

  test('ID-07 the loss of the vendor behind a standing socket is told, and its return', async () => {
    const { gateway, broker, changes } = await start();
    gateway.notice(1100, 'Connectivity between IB and TWS has been lost.');
    await eventually(() => changes.at(-1)?.kind === 'lost');
    assert.equal(broker.canSubmit(order({ orderId: 'e1' }))?.code, 'not_connected');
    gateway.notice(1102, 'Connectivity restored, data maintained.');
    await eventually(() => changes.at(-1)?.kind === 'restored');
    assert.equal(broker.canSubmit(order({ orderId: 'e1' })), null);
  });

  test('ID-07 a gateway that falls silent is a lost connection', async () => {
    const { gateway, changes } = await start({ answerTimeoutMs: 300 });
    gateway.isSilent = true;
    await eventually(() => changes.at(-1)?.kind === 'lost');
    assert.match(changes.at(-1)?.cause ?? '', /^silent for/);
    gateway.isSilent = false;
    await eventually(() => changes.at(-1)?.kind === 'restored');
  });

  test('AL-02 another account, or paper for live, is refused at the start', async () => {
    const gateway = new FakeIbkr({ account: 'U7654321' });
    await gateway.listen();
    open.push(() => gateway.close());
    const { broker } = brokerOn(gateway);
    await assert.rejects(broker.start(), (error: unknown) => {
      assert.equal((error as BrokerError).code, 'wrong_account');
      assert.doesNotMatch((error as BrokerError).message, /DU1111111|U7654321/);
      return true;
    });
  });

  test('ID-18 a client id that is in use is named', async () => {
    const { gateway } = await start();
    const second = brokerOn(gateway);
    await assert.rejects(second.broker.start(), hasCode('client_id_in_use'));
  });

  test('ID-09 a client id that the gateway has not let go of yet is asked for again', async () => {
    const gateway = new FakeIbkr();
    await gateway.listen();
    open.push(() => gateway.close());
    gateway.idsHeld = 2;
    const { broker, notes } = brokerOn(gateway, { idWaitMs: 5_000 });
    await broker.start();
    assert.equal(gateway.idsHeld, 0);
    assert.equal(gateway.connections(), 1);
    assert.equal(notes.filter((line) => /client id is still in use/.test(line)).length, 2);
    await broker.submit(order({ orderId: 'a.entry-1', limitPrice: 100 }));
  });

  test('ID-09 orders entered elsewhere are listed as external and their fills without our id', async () => {
    const { gateway, broker } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    gateway.external('QQQM', 'BUY', 5, 100);
    const [foreign] = await broker.openOrders();
    assert.match(foreign?.request.orderId ?? '', /^external:/);
    gateway.quote('QQQM', 99.9, 99.95);
    const fills = await broker.fills(0);
    assert.deepEqual(
      fills.map(({ orderId, quantity }) => ({ orderId, quantity })),
      [{ orderId: null, quantity: 5 }],
    );
  });

  test('CX-07 flatten is a global cancel and one market order a position', async () => {
    const { gateway, broker, told } = await start();
    gateway.positions.set('AAPL', { quantity: 7, average: 200 });
    gateway.positions.set('QQQM', { quantity: 10, average: 100 });
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    const outcomes = await broker.flattenAll();
    assert.deepEqual(
      outcomes.map(({ instrument, quantity, outcome }) => `${instrument} ${quantity} ${outcome}`),
      ['AAPL.US 7 sent', 'QQQM.US 10 sent'],
    );
    await eventually(() => told('e1').includes('canceled'));
    assert.equal(gateway.received.filter((fields) => fields[0] === '58').length, 1);
    assert.equal(gateway.positions.get('QQQM')?.quantity, 0);
  });

  test('CX-07 the master client of a kill from elsewhere cancels what the desk’s client entered', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    const kill = brokerOn(gateway, { clientId: 99, isMaster: true });
    await kill.broker.start();
    const [working] = await kill.broker.openOrders();
    await kill.broker.cancel(working?.request.orderId ?? '');
    await eventually(() => told('e1').includes('canceled'));
  });

  test('CX-07 fifty cancels leave within the message limit while ordinary traffic waits', async () => {
    const { gateway, broker } = await start({ answerTimeoutMs: 8_000 });
    gateway.quote('QQQM', 100.5, 100.6);
    gateway.quote('AAPL', 200, 200.1);
    gateway.quote('MU', 90, 90.1);
    for (let index = 0; index < 45; index += 1) {
      const instrument = (['QQQM.US', 'AAPL.US', 'MU.US'] as const)[index % 3] ?? 'QQQM.US';
      await broker.submit(order({ orderId: `e${index}`, instrument, limitPrice: 50 }));
    }
    const questions = Promise.all([broker.positions(), broker.cashMinor()]);
    await Promise.all(Array.from({ length: 45 }, (_, index) => broker.cancel(`e${index}`)));
    await questions;
    await eventually(async () => (await broker.openOrders()).length === 0);
    assert.equal(gateway.received.filter((fields) => fields[0] === '4').length, 45);
  });

  test('AL-03 says before sending what the vendor would refuse', async () => {
    const { broker } = await start();
    const judge = (fields: Partial<OrderRequest>): string | undefined =>
      broker.canSubmit(order({ orderId: 'x', ...fields }))?.code;
    assert.equal(judge({}), undefined);
    assert.equal(judge({ limitPrice: 100.001 }), 'price_not_on_tick');
    assert.equal(judge({ limitPrice: 0.1234 }), undefined);
    assert.equal(judge({ limitPrice: null }), 'price_missing');
    assert.equal(judge({ quantity: 1.5 }), 'quantity_out_of_range');
    assert.equal(judge({ instrument: '600519.SH' }), 'instrument_unsupported');
    assert.equal(judge({ type: 'market', isExtendedHours: true }), 'extended_hours_unsupported');
    assert.equal(judge({ isExtendedHours: true }), undefined);
  });
});

describe('ibkr: what cannot be read', () => {
  test('ID-09 a frame of no length, garbage and a cut message end the connection, not the process', async () => {
    const bad = [
      Buffer.from([0xff, 0xff, 0xff, 0xfc, 1, 2, 3, 4]),
      Buffer.from('<html>502 Bad Gateway</html>'),
      Buffer.concat([
        Buffer.from([0, 0, 0, 30]),
        Buffer.from('4\x002\x001\x00201\x00no\x00{broken\x00'.padEnd(30, 'x')),
      ]),
    ];
    for (const bytes of bad) {
      const { gateway, changes } = await start();
      gateway.sayBytes(bytes);
      await eventually(() => changes.some((change) => change.kind === 'lost'));
      await eventually(() => changes.at(-1)?.kind === 'restored');
    }
  });

  test('ID-09 missing fields, unknown statuses and words for numbers change nothing that was known', async () => {
    const { gateway, broker, told } = await start();
    gateway.quote('QQQM', 100.5, 100.6);
    await broker.submit(order({ orderId: 'e1' }));
    const ibId = gateway.order('e1')?.ibId ?? 0;
    gateway.say(3, ibId, 'Submitted');
    gateway.say(3, ibId, 'Submitted', 'many', 'few', 'x', 1, 0, 0, 7, null, 0);
    gateway.say(11, -1, ibId, 756733, 'QQQM');
    gateway.say(59, 1, 'nobody', 'much', 'USD', null, null, null);
    gateway.say(4711, 'what', 'is', 'this');
    assert.equal((await broker.find('e1'))?.state, 'accepted');
    assert.deepEqual(told('e1'), ['accepted']);
  });
});
