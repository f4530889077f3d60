import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrokerReport } from '#app/ports.ts';
import type { Quote } from '#core/market/quote.ts';
import { createManualBroker } from '#shell/brokers/manual.ts';
import { RateBudget } from '#shell/lib/rate-budget.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { order, paperHarness, QQQM, TEN_O_CLOCK } from '#test/support/paper-harness.ts';

/* The two brokers without a wire: figures of a person, and of the market the simulated one is shown. */

function manual() {
  const clock = createVirtualClock({ startAt: TEN_O_CLOCK });
  const base = { accountId: 'by-hand', environment: 'paper', clock, sellableAfterDays: 0 } as const;
  const broker = createManualBroker(base);
  const reports: BrokerReport[] = [];
  broker.onReport((report) => void reports.push(report));
  return { broker, reports };
}

describe('manual: figures that are none', () => {
  const REPORTS: readonly (readonly [string, number, RegExp])[] = [
    ['quantity', 0, /found 0 at 100, open are 10 for e1/],
    ['quantity', -10, /found -10 at 100/],
    ['quantity', 0.5, /found 0\.5 at 100/],
    ['quantity', 11, /found 11 at 100, open are 10/],
    ['quantity', Number.NaN, /found NaN at 100/],
    ['price', 0, /found a price of 0, expected one above 0 for e1/],
    ['price', -100, /found a price of -100/],
    ['price', Number.NaN, /found a price of NaN/],
    ['price', Number.POSITIVE_INFINITY, /found a price of Infinity/],
    ['price', 1e300, /found a price of 1e\+300/],
    ['feesMinor', Number.NaN, /found fees of NaN, expected minor units/],
    ['feesMinor', 0.5, /found fees of 0\.5/],
    ['feesMinor', Number.POSITIVE_INFINITY, /found fees of Infinity/],
    ['at', Number.NaN, /found the time NaN, expected an instant/],
  ];
  for (const [field, value, words] of REPORTS) {
    test(`ID-06 ID-09 a report with ${field} ${value} is refused in one line and books nothing`, async () => {
      const { broker, reports } = manual();
      broker.attest({ holdings: [], cashMinor: 5_000_000 });
      await broker.submit(order({ orderId: 'e1' }));
      const good = { orderId: 'e1', quantity: 10, price: 100, feesMinor: 0, at: TEN_O_CLOCK };
      assert.throws(() => broker.report({ ...good, [field]: value }), words);
      assert.equal(await broker.cashMinor(), 5_000_000);
      assert.deepEqual(await broker.positions(), []);
      assert.deepEqual(
        reports.map((one) => one.kind),
        ['accepted'],
      );
      // and the same with whole figures counts
      broker.report(good);
      assert.equal(await broker.cashMinor(), 4_900_000);
    });
  }

  const HELD = { instrument: QQQM, quantity: 10, averagePrice: 100 } as const;
  const ACCOUNTS = [
    ['cash that is none', [HELD], Number.NaN, /cash: found NaN, expected minor units/],
    ['parts of a cent', [HELD], 0.5, /cash: found 0\.5/],
    ['shares that are none', [{ ...HELD, quantity: Number.NaN }], 0, /QQQM\.US: found NaN/],
    ['an average that is none', [{ ...HELD, averagePrice: Number.NaN }], 0, /an average of NaN/],
    ['an average below 0', [{ ...HELD, averagePrice: -1 }], 0, /an average of -1/],
    ['one name twice', [HELD, { ...HELD, quantity: 5 }], 0, /QQQM\.US: found twice/],
  ] as const;
  for (const [what, holdings, cashMinor, words] of ACCOUNTS) {
    test(`ID-09 an attested account with ${what} is refused whole, and the one before stands`, async () => {
      const { broker } = manual();
      broker.attest({ holdings: [HELD], cashMinor: 700 });
      assert.throws(() => broker.attest({ holdings, cashMinor }), words);
      assert.equal(await broker.cashMinor(), 700);
      assert.equal((await broker.positions())[0]?.quantity, 10);
    });
  }

  test('CX-07 a holding that cannot be sold holds back the sale of no other', async () => {
    const { broker } = manual();
    const odd = { instrument: 'AAPL.US', averagePrice: 100 } as const;
    const holdings = [
      { ...odd, quantity: -5 },
      { ...odd, instrument: 'MSFT.US', quantity: 0.5 } as const,
      { instrument: QQQM, quantity: 10, averagePrice: 100 },
    ];
    broker.attest({ holdings, cashMinor: 0 });
    const said = (await broker.flattenAll()).map((one) => [
      one.instrument,
      one.outcome,
      one.reason,
    ]);
    assert.deepEqual(said, [
      ['AAPL.US', 'refused', 'quantity_out_of_range'],
      ['MSFT.US', 'refused', 'quantity_out_of_range'],
      [QQQM, 'sent', null],
    ]);
    // said again in the same instant it asks for no second sale
    assert.deepEqual((await broker.flattenAll()).map((one) => one.outcome).at(-1), 'refused');
    assert.equal((await broker.openOrders()).length, 1);
  });

  test('ID-09 each refusal of the same cancel is a word of its own', async () => {
    const { broker, reports } = manual();
    for (let times = 0; times < 3; times += 1) await broker.cancel('nobody');
    await broker.replace('nobody', { limitPrice: 1 });
    await broker.replace('nobody', { limitPrice: 1 });
    assert.equal(new Set(reports.map((one) => one.reportId)).size, 5);
  });
});

describe('paper: a market that cannot be so', () => {
  const QUOTES: readonly (readonly [string, Partial<Quote>])[] = [
    ['an ask of 0', { ask: 0 }],
    ['an ask below 0', { ask: -1, bid: -2 }],
    ['an ask that is none', { ask: Number.NaN }],
    ['sides that are none', { ask: Number.NaN, bid: Number.NaN }],
    ['an ask of infinity', { ask: Number.POSITIVE_INFINITY }],
    ['no size', { askSize: 0 }],
    ['a size below 0', { askSize: -100 }],
    ['a size that is none', { askSize: Number.NaN }],
  ];
  for (const [what, fields] of QUOTES) {
    test(`ID-06 ID-09 ${what} fills nothing, and the next good quote fills once`, async () => {
      const paper = paperHarness();
      await paper.submit(order({ orderId: 'e1', limitPrice: 100 }));
      const good = { instrument: QQQM, bid: 99.98, ask: 99.99, bidSize: 100, askSize: 100 };
      paper.broker.onQuote({ ...good, at: paper.clock.now(), ...fields });
      assert.deepEqual(paper.told('e1'), ['accepted']);
      paper.quote(99.98, 99.99, 100);
      // it rested when the good one came, or met it at once
      assert.match(paper.told('e1').join(), /^accepted,filled 10@(99\.99|100)$/);
      assert.ok(Number.isSafeInteger(await paper.broker.cashMinor()));
    });
  }

  test('ID-06 ID-09 a quote of another year fills at no other price than it shows, and once', async () => {
    for (const at of [0, Date.parse('2099-01-01T00:00:00Z')]) {
      const paper = paperHarness();
      await paper.submit(order({ orderId: 'e1', limitPrice: 100 }));
      const good = { instrument: QQQM, bid: 99.98, ask: 99.99, bidSize: 100, askSize: 100 };
      for (let times = 0; times < 2; times += 1) paper.broker.onQuote({ ...good, at });
      paper.quote(99.98, 99.99, 100);
      assert.deepEqual(paper.told('e1'), ['accepted', 'filled 10@99.99']);
    }
  });
});

test('ID-09 headers of limits that no plan has leave every lane its calls', () => {
  const clock = createVirtualClock({ startAt: TEN_O_CLOCK });
  const budget = new RateBudget({ clock, perMinute: 200 });
  budget.note(1, -5, null);
  budget.note(0, null, Number.MAX_SAFE_INTEGER);
  for (const lane of ['poll', 'order', 'urgent'] as const) assert.equal(budget.take(lane), null);
  budget.close();
});
