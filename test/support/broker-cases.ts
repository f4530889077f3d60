import assert from 'node:assert/strict';
import type { OrderRequest } from '#app/ports.ts';
import {
  type BrokerHarness,
  CONTRACT_CASH_MINOR,
  CONTRACT_INSTRUMENT,
  failureOf,
  kindsOf,
  contractOrder as order,
  place,
  wasTold,
} from './broker-harness.ts';

/** One row of the table: what every adapter of the Broker port does, or cannot have for a reason. */
export type BrokerCase = {
  readonly id: string;
  readonly what: string;
  /** `restart`: another process takes over the account of a harness. */
  run(h: BrokerHarness, restart: (h: BrokerHarness) => Promise<BrokerHarness>): Promise<void>;
};

const cases: BrokerCase[] = [];

/** All cases, in the order of the table. */
export const BROKER_CASES: readonly BrokerCase[] = cases;

function check(id: string, what: string, run: BrokerCase['run']): void {
  cases.push({ id, what, run });
}

const ENTRY = 'd.entry-1';
const STOP = 'd.stop-1';
const TARGET = 'd.target-1';

const BRACKET = {
  stop: { orderId: STOP, stopPrice: 99 },
  target: { orderId: TARGET, limitPrice: 102 },
};

const TRADED: ReadonlySet<string> = new Set(['partially_filled', 'filled']);

function filledOf(h: BrokerHarness, orderId: string): number {
  return Math.max(
    0,
    ...h.reports.filter((one) => one.orderId === orderId).map((one) => one.filledQuantity),
  );
}

/** Buys at the market price and waits until the shares are there. */
async function buy(h: BrokerHarness, quantity: number, orderId = 'b.entry-1'): Promise<void> {
  h.quote(99.98, 99.99);
  await h.settle(h.broker.submit(order({ orderId, quantity })));
  await h.until(() => filledOf(h, orderId) === quantity);
}

async function heldQuantity(h: BrokerHarness): Promise<number> {
  const positions = await h.settle(h.broker.positions());
  return positions.find((one) => one.instrument === CONTRACT_INSTRUMENT)?.quantity ?? 0;
}

async function openIds(h: BrokerHarness): Promise<string[]> {
  const open = await h.settle(h.broker.openOrders());
  return open.map((one) => one.request.orderId).sort();
}

check('ID-06', 'accepts an order, fills it and books it', async (h) => {
  h.quote(99.98, 99.99);
  await place(h, order({ orderId: ENTRY }));
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.deepEqual(kindsOf(h, ENTRY), ['accepted', 'filled']);
  const [position] = await h.settle(h.broker.positions());
  assert.equal(position?.instrument, CONTRACT_INSTRUMENT);
  assert.equal(position?.quantity, 10);
  assert.equal(position?.averagePrice, 99.99);
  const fees = h.reports.reduce((sum, report) => sum + report.feesMinor, 0);
  assert.equal(await h.settle(h.broker.cashMinor()), CONTRACT_CASH_MINOR - 99_990 - fees);
  const found = await h.settle(h.broker.find(ENTRY));
  assert.equal(found?.state, 'filled');
  assert.equal(found?.filledQuantity, 10);
  assert.equal(found?.averagePrice, 99.99);
  assert.deepEqual(await openIds(h), []);
});

check('ID-09', 'answers null for an order it does not know', async (h) => {
  assert.equal(await h.settle(h.broker.find('nobody')), null);
});

check('ID-09', 'refuses a known client order id and makes no second order', async (h) => {
  await buy(h, 10, ENTRY);
  const again = h.broker.submit(order({ orderId: ENTRY, quantity: 500 }));
  assert.equal(await failureOf(h.settle(again)), 'duplicate_order_id');
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  const twice = h.broker.submit(order({ orderId: 'w.entry-1', limitPrice: 90 }));
  assert.equal(await failureOf(h.settle(twice)), 'duplicate_order_id');
  await h.quiet();
  assert.equal(await heldQuantity(h), 10);
  assert.deepEqual(await openIds(h), ['w.entry-1']);
  assert.deepEqual(kindsOf(h, ENTRY), ['accepted', 'filled']);
});

check('ID-09', 'refuses the id of a bracket child that is known', async (h) => {
  h.quote(100.5, 100.6);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  const again = h.broker.submit(order({ orderId: STOP }));
  assert.equal(await failureOf(h.settle(again)), 'duplicate_order_id');
});

check('ID-06', 'counts partial fills up and ends with the last', async (h) => {
  h.quote(99.98, 99.99, 4);
  await place(h, order({ orderId: ENTRY }));
  await h.until(() => filledOf(h, ENTRY) === 4);
  assert.equal((await h.settle(h.broker.find(ENTRY)))?.state, 'partially_filled');
  h.quote(99.9, 99.95, 3);
  await h.until(() => filledOf(h, ENTRY) === 7);
  h.quote(99.9, 99.95, 300);
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  const fills = h.reports.filter((one) => TRADED.has(one.kind));
  assert.deepEqual(
    fills.map((one) => [one.kind, one.lastQuantity, one.filledQuantity]),
    [
      ['partially_filled', 4, 4],
      ['partially_filled', 3, 7],
      ['filled', 3, 10],
    ],
  );
});

check('ID-06', 'a cancel takes the order out and keeps what was filled', async (h) => {
  h.quote(99.98, 99.99, 4);
  await place(h, order({ orderId: ENTRY }));
  await h.until(() => filledOf(h, ENTRY) === 4);
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'canceled'));
  const found = await h.settle(h.broker.find(ENTRY));
  assert.equal(found?.state, 'canceled');
  assert.equal(found?.filledQuantity, 4);
  assert.deepEqual(await openIds(h), []);
  assert.equal(await heldQuantity(h), 4);
});

check('ID-06', 'a cancel of a filled or unknown order is refused by a report', async (h) => {
  await buy(h, 10, ENTRY);
  await h.settle(h.broker.cancel(ENTRY));
  await h.settle(h.broker.cancel('nobody'));
  await h.until(() => wasTold(h, ENTRY, 'cancel_rejected'));
  await h.until(() => wasTold(h, 'nobody', 'cancel_rejected'));
  const said = h.reports.filter((one) => one.kind === 'cancel_rejected');
  assert.deepEqual(
    said.map((one) => one.reason),
    ['not_working', 'unknown_order'],
  );
});

check('ID-09', 'a fill that wins the race against a cancel is a fill', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  h.fillBefore('cancel', 99.9, 99.95);
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'cancel_rejected'));
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.equal(wasTold(h, ENTRY, 'canceled'), false);
  assert.equal(await heldQuantity(h), 10);
});

check('ID-06', 'changes the price of a working order under the same id', async (h) => {
  h.quote(100.5, 100.6);
  await place(h, order({ orderId: ENTRY }));
  await h.settle(h.broker.replace(ENTRY, { limitPrice: 100.4 }));
  await h.until(() => wasTold(h, ENTRY, 'replaced'));
  const said = h.reports.find((one) => one.kind === 'replaced');
  assert.equal(said?.limitPrice, 100.4);
  const found = await h.settle(h.broker.find(ENTRY));
  assert.equal(found?.request.limitPrice, 100.4);
  assert.equal(found?.state, 'accepted');
  assert.deepEqual(await openIds(h), [ENTRY]);
  await h.settle(h.broker.replace(ENTRY, { limitPrice: 100.45 }));
  await h.until(() => kindsOf(h, ENTRY).filter((kind) => kind === 'replaced').length === 2);
  h.quote(100.3, 100.4);
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.equal(await heldQuantity(h), 10);
});

check('ID-06', 'an order whose price was changed can be canceled', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  await h.settle(h.broker.replace(ENTRY, { limitPrice: 99.5 }));
  await h.until(() => wasTold(h, ENTRY, 'replaced'));
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'canceled'));
  assert.deepEqual(await openIds(h), []);
});

check('ID-09', 'a fill that wins the race against a replace is a fill', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  h.fillBefore('replace', 99.9, 99.95);
  await h.settle(h.broker.replace(ENTRY, { limitPrice: 99 }));
  await h.until(() => wasTold(h, ENTRY, 'replace_rejected'));
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.equal(wasTold(h, ENTRY, 'replaced'), false);
  assert.equal(await heldQuantity(h), 10);
  assert.deepEqual(await openIds(h), []);
});

check('ID-06', 'a refused new price leaves the old one working', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  await h.settle(h.broker.replace(ENTRY, { limitPrice: 100.005 }));
  await h.until(() => wasTold(h, ENTRY, 'replace_rejected'));
  const found = await h.settle(h.broker.find(ENTRY));
  assert.equal(found?.request.limitPrice, 100);
  assert.equal(found?.state, 'accepted');
});

check('ID-06', 'a refusal is a report with its reason, and nothing works', async (h) => {
  h.failNext('reject', 'submit');
  await h.settle(h.broker.submit(order({ orderId: ENTRY })));
  await h.until(() => wasTold(h, ENTRY, 'rejected'));
  assert.ok((h.reports[0]?.reason ?? '').length > 0);
  const found = await h.settle(h.broker.find(ENTRY));
  assert.ok(found === null || found.state === 'rejected');
  assert.deepEqual(await openIds(h), []);
});

const REFUSED: readonly (readonly [string, Partial<OrderRequest>])[] = [
  ['a sub-penny price', { limitPrice: 100.001 }],
  ['a price that is none', { limitPrice: Number.NaN }],
  ['a limit without a price', { limitPrice: null }],
  ['a stop without a price', { type: 'stop', side: 'sell', limitPrice: null }],
  ['no shares', { quantity: 0 }],
  ['a part of a share', { quantity: 1.5 }],
  ['a market order outside regular hours', { type: 'market', isExtendedHours: true }],
];
for (const [what, fields] of REFUSED) {
  check('ID-06', `${what} is refused before it is sent, or by the broker`, async (h) => {
    h.quote(99, 99.01);
    const request = order({ orderId: ENTRY, limitPrice: null, ...fields });
    const refusal = h.broker.canSubmit(request);
    if (refusal === null) {
      await h.settle(h.broker.submit(request));
      await h.until(() => wasTold(h, ENTRY, 'rejected'));
    }
    assert.equal(h.broker.canSubmit(order({ orderId: 'ok.entry-1' })), null);
    assert.equal(await h.settle(h.broker.cashMinor()), CONTRACT_CASH_MINOR);
    assert.deepEqual(await openIds(h), []);
  });
}

check('ID-06', 'a type it does not know is refused before it is sent', async (h) => {
  const { orderTypes, hasExtendedHours } = h.broker.capabilities;
  const offers = [
    order({ orderId: ENTRY, type: 'limit' }),
    order({ orderId: ENTRY, type: 'market' }),
    order({ orderId: STOP, side: 'sell', type: 'stop', stopPrice: 99 }),
    order({ orderId: STOP, side: 'sell', type: 'stop_limit', stopPrice: 99, limitPrice: 98 }),
    order({ orderId: STOP, side: 'sell', type: 'trailing_stop', trailOffset: 0.5 }),
  ];
  for (const offer of offers) {
    const isKnown = orderTypes.includes(offer.type);
    assert.equal(h.broker.canSubmit(offer) === null, isKnown, offer.type);
  }
  const outside = h.broker.canSubmit(order({ orderId: ENTRY, isExtendedHours: true }));
  assert.equal(outside === null, hasExtendedHours);
});

check('ID-09', 'a call that never arrives is settled by asking: not known', async (h) => {
  h.quote(99.98, 99.99);
  h.failNext('timeout', 'submit');
  const code = await failureOf(h.settle(h.broker.submit(order({ orderId: ENTRY }))));
  assert.equal(code, 'timeout');
  assert.equal(await h.settle(h.broker.find(ENTRY)), null);
  assert.deepEqual(kindsOf(h, ENTRY), []);
});

check('ID-09', 'an order whose answer is lost is found by asking, once', async (h) => {
  h.quote(99.98, 99.99);
  h.failNext('lost_ack', 'submit');
  const code = await failureOf(h.settle(h.broker.submit(order({ orderId: ENTRY }))));
  assert.equal(code, 'timeout');
  assert.equal((await h.settle(h.broker.find(ENTRY)))?.state, 'filled');
  assert.equal(await heldQuantity(h), 10);
});

check('ID-09', 'a connection that breaks before the order is read makes none', async (h) => {
  h.failNext('disconnect', 'submit');
  await failureOf(h.settle(h.broker.submit(order({ orderId: ENTRY }))));
  await h.until(() =>
    h.settle(h.broker.find(ENTRY)).then(
      (found) => found === null,
      () => false,
    ),
  );
  assert.equal(wasTold(h, ENTRY, 'rejected'), false);
  await place(h, order({ orderId: ENTRY }));
  assert.deepEqual(await openIds(h), [ENTRY]);
});

check('ID-09', 'a cancel whose answer is lost has taken effect', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  h.failNext('lost_ack', 'cancel');
  await failureOf(h.settle(h.broker.cancel(ENTRY)));
  await h.until(async () => (await h.settle(h.broker.find(ENTRY)))?.state === 'canceled');
});

check('ID-09', 'a cancel that never arrives leaves the order working', async (h) => {
  await place(h, order({ orderId: ENTRY }));
  h.failNext('timeout', 'cancel');
  await failureOf(h.settle(h.broker.cancel(ENTRY)));
  assert.equal((await h.settle(h.broker.find(ENTRY)))?.state, 'accepted');
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'canceled'));
});

check('ID-06', 'holds bracket children until the entry has filled whole', async (h) => {
  h.quote(99.98, 99.99, 6);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => filledOf(h, ENTRY) === 6);
  assert.equal((await h.settle(h.broker.find(STOP)))?.state, 'held');
  assert.equal((await h.settle(h.broker.find(TARGET)))?.state, 'held');
  assert.deepEqual(kindsOf(h, STOP), []);
  h.quote(99.5, 99.6, 300);
  await h.until(() => wasTold(h, STOP, 'accepted') && wasTold(h, TARGET, 'accepted'));
  assert.equal((await h.settle(h.broker.find(STOP)))?.state, 'accepted');
  assert.deepEqual(await openIds(h), [STOP, TARGET]);
  h.quote(102.05, 102.06);
  await h.until(() => wasTold(h, TARGET, 'filled') && wasTold(h, STOP, 'canceled'));
  assert.equal(await heldQuantity(h), 0);
  assert.deepEqual(await openIds(h), []);
});

check('ID-06', 'a stop that is reached sells and takes its target away', async (h) => {
  h.quote(99.98, 99.99);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => wasTold(h, STOP, 'accepted'));
  h.quote(98.9, 98.92);
  await h.until(() => wasTold(h, STOP, 'filled') && wasTold(h, TARGET, 'canceled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-06', 'a bracket with a stop alone protects as well', async (h) => {
  h.quote(99.98, 99.99);
  const bracket = { ...BRACKET, target: null };
  await place(h, order({ orderId: ENTRY, bracket }));
  await h.until(() => wasTold(h, STOP, 'accepted'));
  h.quote(98.9, 98.92);
  await h.until(() => wasTold(h, STOP, 'filled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-06', 'children go with a canceled entry, filled in part or not', async (h) => {
  h.quote(99.98, 99.99, 4);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => filledOf(h, ENTRY) === 4);
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'canceled'));
  await h.until(async () => (await openIds(h)).length === 0);
  assert.equal((await h.settle(h.broker.find(STOP)))?.state, 'canceled');
  assert.equal(await heldQuantity(h), 4);
});

check('ID-06', 'the stop of a bracket can be moved and keeps its id', async (h) => {
  h.quote(99.98, 99.99);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => wasTold(h, STOP, 'accepted'));
  await h.settle(h.broker.replace(STOP, { stopPrice: 99.5 }));
  await h.until(() => wasTold(h, STOP, 'replaced'));
  assert.equal((await h.settle(h.broker.find(STOP)))?.request.stopPrice, 99.5);
  assert.deepEqual(await openIds(h), [STOP, TARGET]);
  h.quote(99.4, 99.42);
  await h.until(() => wasTold(h, STOP, 'filled') && wasTold(h, TARGET, 'canceled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-06', 'a stop and a target leave as a pair, one cancels the other', async (h) => {
  await buy(h, 10);
  h.quote(100.5, 100.6);
  const pair = { orderId: TARGET, limitPrice: 102 };
  const stop = order({ orderId: STOP, side: 'sell', type: 'stop', stopPrice: 99, pair });
  await place(h, stop);
  await h.until(() => wasTold(h, STOP, 'accepted') && wasTold(h, TARGET, 'accepted'));
  assert.deepEqual(await openIds(h), [STOP, TARGET]);
  h.quote(102.05, 102.06);
  await h.until(() => wasTold(h, TARGET, 'filled') && wasTold(h, STOP, 'canceled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-06', 'a stop by itself sells once it is reached', async (h) => {
  await buy(h, 10);
  await place(h, order({ orderId: STOP, side: 'sell', type: 'stop', stopPrice: 99 }));
  h.quote(99.5, 99.6);
  await h.quiet();
  assert.equal(wasTold(h, STOP, 'filled'), false);
  h.quote(98.9, 98.95);
  await h.until(() => wasTold(h, STOP, 'filled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-06', 'a stop-limit order rests at its limit once triggered', async (h) => {
  await buy(h, 10);
  const prices = { stopPrice: 99, limitPrice: 98.95 };
  await place(h, order({ orderId: STOP, side: 'sell', type: 'stop_limit', ...prices }));
  h.quote(98.9, 98.92);
  await h.quiet();
  assert.equal(wasTold(h, STOP, 'filled'), false);
  h.quote(98.96, 98.98);
  await h.until(() => wasTold(h, STOP, 'filled'));
});

check('ID-06', 'a trailing stop follows the price', async (h) => {
  await buy(h, 10);
  h.quote(100, 100.02);
  const trail = { type: 'trailing_stop', trailOffset: 0.5 } as const;
  await place(h, order({ orderId: STOP, side: 'sell', ...trail }));
  h.quote(101, 101.02);
  h.quote(100.6, 100.62);
  await h.quiet();
  assert.equal(wasTold(h, STOP, 'filled'), false);
  h.quote(100.45, 100.47);
  await h.until(() => wasTold(h, STOP, 'filled'));
  assert.equal(await heldQuantity(h), 0);
});

check('ID-09', 'orders entered elsewhere are seen with their holdings', async (h) => {
  h.quote(99.98, 99.99);
  const id = await h.enterElsewhere(order({ orderId: 'hand', limitPrice: 95 }));
  await h.until(async () => (await openIds(h)).includes(id));
  await h.enterElsewhere(order({ orderId: 'hand2', quantity: 3 }));
  await h.until(async () => (await heldQuantity(h)) === 3);
});

check('ID-09', 'another process finds the orders again and goes on', async (first, restart) => {
  first.quote(99.98, 99.99, 4);
  await place(first, order({ orderId: ENTRY, bracket: BRACKET }));
  await first.until(() => filledOf(first, ENTRY) === 4);
  await place(first, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  const h = await restart(first);
  assert.deepEqual(await openIds(h), [ENTRY, STOP, TARGET, 'w.entry-1'].sort());
  assert.equal((await h.settle(h.broker.find(STOP)))?.state, 'held');
  assert.equal((await h.settle(h.broker.find(ENTRY)))?.filledQuantity, 4);
  h.quote(99.5, 99.6, 300);
  await h.until(() => wasTold(h, ENTRY, 'filled') && wasTold(h, STOP, 'accepted'));
  assert.equal(filledOf(h, ENTRY), 10);
  await h.settle(h.broker.cancel('w.entry-1'));
  await h.until(() => wasTold(h, 'w.entry-1', 'canceled'));
  h.quote(98.9, 98.92);
  await h.until(() => wasTold(h, STOP, 'filled') && wasTold(h, TARGET, 'canceled'));
  const again = h.broker.submit(order({ orderId: ENTRY }));
  assert.equal(await failureOf(h.settle(again)), 'duplicate_order_id');
});

check(
  'ID-09',
  'an exit that another process sent is no second one under its id',
  async (first, restart) => {
    const exit = order({ orderId: 't.exit-1', side: 'sell', type: 'market', limitPrice: null });
    await buy(first, 10, ENTRY);
    await place(first, exit);
    await first.until(() => wasTold(first, 't.exit-1', 'filled'));
    const h = await restart(first);
    assert.equal(await failureOf(h.settle(h.broker.submit(exit))), 'duplicate_order_id');
    const found = await h.settle(h.broker.find('t.exit-1'));
    assert.deepEqual([found?.state, found?.filledQuantity], ['filled', 10]);
    await h.quiet();
    assert.equal(await heldQuantity(h), 0);
    assert.deepEqual(await openIds(h), []);
    assert.ok(!kindsOf(h, 't.exit-1').includes('rejected'));
  },
);

check('ID-09', 'a moved stop is found again by another process', async (first, restart) => {
  first.quote(99.98, 99.99);
  await place(first, order({ orderId: ENTRY, bracket: BRACKET }));
  await first.until(() => wasTold(first, STOP, 'accepted'));
  await first.settle(first.broker.replace(STOP, { stopPrice: 99.5 }));
  await first.until(() => wasTold(first, STOP, 'replaced'));
  const h = await restart(first);
  assert.deepEqual(await openIds(h), [STOP, TARGET]);
  assert.equal((await h.settle(h.broker.find(STOP)))?.request.stopPrice, 99.5);
  await h.settle(h.broker.replace(STOP, { stopPrice: 99.6 }));
  await h.until(() => wasTold(h, STOP, 'replaced'));
  h.quote(99.4, 99.42);
  await h.until(() => wasTold(h, STOP, 'filled') && wasTold(h, TARGET, 'canceled'));
});

check(
  'ID-09',
  'lists what was executed since an instant, after a restart too',
  async (first, restart) => {
    await buy(first, 10, ENTRY);
    await first.enterElsewhere(order({ orderId: 'hand', quantity: 3 }));
    await first.until(async () => (await heldQuantity(first)) === 13);
    const h = await restart(first);
    const fills = await h.settle(h.broker.fills(0));
    assert.deepEqual(
      fills.map((one) => [one.orderId === ENTRY, one.side, one.quantity, one.price]),
      [
        [true, 'buy', 10, 99.99],
        [false, 'buy', 3, 99.99],
      ],
    );
    assert.equal(new Set(fills.map((one) => one.fillId)).size, 2);
    const last = fills.at(-1)?.at ?? 0;
    assert.deepEqual(await h.settle(h.broker.fills(last + 1)), []);
  },
);

check('ID-09', 'a lost connection is told, and its return', async (h) => {
  h.line?.cut();
  await h.until(() => h.changes.some((one) => one.kind === 'lost'));
  h.line?.mend();
  await h.until(() => h.changes.at(-1)?.kind === 'restored');
  assert.deepEqual(
    h.changes.map((one) => one.kind),
    ['lost', 'restored'],
  );
  await place(h, order({ orderId: ENTRY }));
});

check('ID-09', 'what fills while the connection is lost is told after it', async (h) => {
  h.quote(100.5, 100.6);
  await place(h, order({ orderId: ENTRY }));
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  h.line?.cut();
  await h.until(() => h.changes.some((one) => one.kind === 'lost'));
  h.quote(99.9, 99.95);
  h.line?.mend();
  await h.until(() => h.changes.at(-1)?.kind === 'restored');
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.equal(filledOf(h, ENTRY), 10);
  assert.deepEqual(await openIds(h), ['w.entry-1']);
});

check(
  'ID-09',
  'a query without a connection fails instead of saying that nothing is there',
  async (h) => {
    await buy(h, 10);
    h.line?.cut();
    await failureOf(h.settle(h.broker.positions()));
    await failureOf(h.settle(h.broker.openOrders()));
    await failureOf(h.settle(h.broker.cashMinor()));
    await failureOf(h.settle(h.broker.find('b.entry-1')));
    h.line?.mend();
  },
);

check('CX-07', 'cancels all orders at once, protection and foreign ones too', async (h) => {
  h.quote(99.98, 99.99);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => wasTold(h, STOP, 'accepted'));
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  await h.enterElsewhere(order({ orderId: 'hand', limitPrice: 91 }));
  await h.settle(h.broker.cancelAll());
  await h.until(async () => (await openIds(h)).length === 0);
  await h.until(() => wasTold(h, STOP, 'canceled') && wasTold(h, 'w.entry-1', 'canceled'));
  assert.equal(await heldQuantity(h), 10);
});

check('CX-07', 'leaves everything: no order, no position, said one by one', async (h) => {
  h.quote(99.98, 99.99);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => wasTold(h, STOP, 'accepted'));
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  const outcomes = await h.settle(h.broker.flattenAll());
  assert.deepEqual(
    outcomes.map((one) => [one.instrument, one.quantity, one.outcome, one.reason]),
    [[CONTRACT_INSTRUMENT, 10, 'sent', null]],
  );
  h.quote(99.9, 99.95);
  await h.until(async () => (await heldQuantity(h)) === 0);
  assert.deepEqual(await openIds(h), []);
  assert.deepEqual(await h.settle(h.broker.flattenAll()), []);
});

check('ID-09', 'gives each report an id of its own', async (h) => {
  h.quote(99.98, 99.99, 4);
  await place(h, order({ orderId: ENTRY, bracket: BRACKET }));
  await h.until(() => filledOf(h, ENTRY) === 4);
  h.quote(99.9, 99.95, 3);
  await h.until(() => filledOf(h, ENTRY) === 7);
  h.quote(99.9, 99.95, 300);
  await h.until(() => wasTold(h, STOP, 'accepted'));
  for (const stopPrice of [99.2, 99.3]) {
    const before = h.reports.length;
    await h.settle(h.broker.replace(STOP, { stopPrice }));
    await h.until(() => h.reports.length > before);
  }
  h.quote(98.5, 98.6);
  await h.until(() => wasTold(h, STOP, 'filled') && wasTold(h, TARGET, 'canceled'));
  const ids = h.reports.map((one) => one.reportId);
  assert.equal(new Set(ids).size, ids.length);
});

check('ID-09', 'an order by itself is found again by another process', async (first, restart) => {
  first.quote(99.98, 99.99, 4);
  await place(first, order({ orderId: ENTRY }));
  await first.until(() => filledOf(first, ENTRY) === 4);
  const h = await restart(first);
  assert.deepEqual(await openIds(h), [ENTRY]);
  const found = await h.settle(h.broker.find(ENTRY));
  assert.deepEqual([found?.state, found?.filledQuantity], ['partially_filled', 4]);
  assert.equal(await heldQuantity(h), 4);
  const again = h.broker.submit(order({ orderId: ENTRY }));
  assert.equal(await failureOf(h.settle(again)), 'duplicate_order_id');
  h.quote(99.5, 99.6, 300);
  await h.until(() => wasTold(h, ENTRY, 'filled'));
  assert.equal(filledOf(h, ENTRY), 10);
  assert.equal(await heldQuantity(h), 10);
});

check('ID-09', 'lists what was executed since an instant', async (h) => {
  await buy(h, 10, ENTRY);
  const fills = await h.settle(h.broker.fills(0));
  assert.deepEqual(
    fills.map((one) => [one.orderId, one.side, one.quantity, one.price]),
    [[ENTRY, 'buy', 10, 99.99]],
  );
  assert.deepEqual(await h.settle(h.broker.fills((fills[0]?.at ?? 0) + 1)), []);
});

check('CX-07', 'cancels all entries at once', async (h) => {
  await place(h, order({ orderId: 'v.entry-1', limitPrice: 90 }));
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 91 }));
  await h.settle(h.broker.cancelAll());
  await h.until(() => wasTold(h, 'v.entry-1', 'canceled') && wasTold(h, 'w.entry-1', 'canceled'));
  assert.deepEqual(await openIds(h), []);
  assert.equal(await heldQuantity(h), 0);
});

check('CX-07', 'leaves a holding that nothing protects, and the orders that wait', async (h) => {
  await buy(h, 10);
  await place(h, order({ orderId: 'w.entry-1', limitPrice: 90 }));
  const outcomes = await h.settle(h.broker.flattenAll());
  assert.deepEqual(
    outcomes.map((one) => [one.instrument, one.quantity, one.outcome, one.reason]),
    [[CONTRACT_INSTRUMENT, 10, 'sent', null]],
  );
  h.quote(99.9, 99.95);
  await h.until(async () => (await heldQuantity(h)) === 0);
  await h.until(async () => (await openIds(h)).length === 0);
  assert.deepEqual(await h.settle(h.broker.flattenAll()), []);
});

check('ID-09', 'gives each fill and each refusal an id of its own', async (h) => {
  h.quote(99.98, 99.99, 4);
  await place(h, order({ orderId: ENTRY }));
  await h.until(() => filledOf(h, ENTRY) === 4);
  h.quote(99.9, 99.95, 3);
  await h.until(() => filledOf(h, ENTRY) === 7);
  await h.settle(h.broker.cancel(ENTRY));
  await h.until(() => wasTold(h, ENTRY, 'canceled'));
  const refusals = () => h.reports.filter((one) => one.kind === 'cancel_rejected').length;
  for (const orderId of [ENTRY, ENTRY, 'nobody', 'nobody']) {
    const before = refusals();
    await h.settle(h.broker.cancel(orderId));
    await h.until(() => refusals() > before);
  }
  const ids = h.reports.map((one) => one.reportId);
  assert.equal(new Set(ids).size, ids.length);
});
