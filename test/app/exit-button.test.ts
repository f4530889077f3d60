import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { memoryJournal, memoryKillFile } from '../support/app-desk.ts';
import { newYorkSession } from '../support/bars.ts';
import {
  confirm,
  DAY,
  ny,
  policyOf,
  QQQM,
  quoteOf,
  tick,
  withTicket,
} from '../support/builders.ts';
import { chatHarness, type DeskParts } from '../support/chat-harness.ts';

/*
 * The button *Exit at market*, from the tap to the order at the broker and back into the card: the real
 * conversation, desk and order lane over the simulated exchange, on a virtual clock.
 */

async function held() {
  const activity = createActivity();
  const policy = policyOf();
  const make = ({ clock, store, handOver }: DeskParts) => {
    const broker = createPaperBroker({
      accountId: policy.accountId,
      environment: 'paper',
      clock,
      cashMinor: policy.capitalMinor,
      latencyMs: 5,
      feesModel: usFeeModel('alpaca'),
      seed: 1,
      matchBy: 'ticks',
      session: newYorkSession(DAY),
    });
    const desk: Desk = new Desk({
      policy,
      runId: 'live',
      configHash: 'test',
      codeVersion: 'test',
      clock,
      events: store.events,
      inputs: store.inputs,
      snapshots: store.snapshots,
      outbox: store.outbox,
      journal: memoryJournal(),
      killFile: memoryKillFile(),
      broker,
      activity,
      targets: () => [{ channel: 'fake', chatId: '1' }],
      fetchQuote: async () => null,
      handOver: (rows) => {
        lane.take(rows.filter((row) => row.lane.startsWith('order:')));
        handOver(rows.filter((row) => row.lane.startsWith('chat:')));
      },
      onTrouble: () => undefined,
      stopwatch: () => 0,
    });
    const lane: OrderLane = createOrderLane({
      desk,
      broker,
      outbox: store.outbox,
      clock,
      activity,
      onTrouble: () => undefined,
    });
    broker.onReport((report) =>
      desk.post({ kind: 'order_reported', at: clock.now(), report: { ...report } }),
    );
    return Object.assign(desk, { broker });
  };
  const h = await chatHarness([], { policy, at: ny('09:00'), desk: make });
  const { clock, desk } = h;
  const { broker } = desk;
  const settle = async (ms: number): Promise<void> => {
    await activity.settled();
    const until = clock.now() + ms;
    for (let due = clock.nextDue(); due !== null && due <= until; due = clock.nextDue()) {
      clock.runNext();
      await activity.settled();
    }
    clock.advanceTo(until);
    await h.deliverer.idle();
  };
  for (const input of withTicket()) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  broker.onQuote(quoteOf(clock.now(), 99.98, 100));
  await desk.submit(confirm(clock.now()));
  await settle(50);
  broker.onQuote(quoteOf(clock.now(), 99.98, 100));
  await settle(50);
  assert.equal(desk.state().positions[QQQM]?.quantity, 200);
  /** As a verified tap on a button of a card that was sent. */
  const tap = async (label: RegExp): Promise<string[]> => {
    const buttons = h.channel.sent.flatMap(({ card }) => card.buttons.flat());
    const button = buttons.findLast((one) => label.test(one.label));
    assert.ok(button !== undefined, `no button ${label} among ${buttons.map((one) => one.label)}`);
    const said = await h.say(button.command, {
      callback: { id: 'c', command: button.command } as never,
    });
    await settle(50);
    return said;
  };
  /** The market trades on: what sells at the market is filled. */
  const tradeOn = async (): Promise<void> => {
    broker.onQuote(quoteOf(clock.now(), 99.9, 99.92));
    await settle(50);
  };
  return { ...h, broker, settle, tap, tradeOn };
}

type Held = Awaited<ReturnType<typeof held>>;

const sales = ({ desk }: Held) =>
  Object.values(desk.state().orders).filter(({ role }) => role === 'exit');
const soldAt = async ({ broker }: Held) =>
  (await broker.fills(0)).filter(({ side }) => side === 'sell').map(({ quantity }) => quantity);

/** The price stands still until the desk no longer knows it, and says so with the button. */
async function stale(): Promise<Held> {
  const h = await held();
  for (let second = 0; second < 150; second += 5) {
    await h.settle(5_000);
    await h.desk.submit(tick(h.clock.now()));
  }
  assert.ok(h.desk.state().safeMode.length > 0);
  return h;
}

test('CX-05 the button on the card of an unknown price asks once, takes the stops back and sells all at the market', async () => {
  const h = await stale();
  assert.match((await h.tap(/Exit at market QQQM/)).join(), /Sell QQQM 200/);
  assert.deepEqual(sales(h), [], 'nothing leaves before the second tap');
  await h.tap(/Yes$/);
  await h.tradeOn();
  assert.deepEqual(await soldAt(h), [200]);
  assert.deepEqual(await h.broker.openOrders(), []);
  assert.equal(h.desk.state().positions[QQQM], undefined);
  assert.ok(h.channel.sent.some(({ card }) => /Sold .*QQQM 200/.test(card.lines[0] ?? '')));
});

test('CX-05 two taps on the button and two on its yes are one sale', async () => {
  const h = await stale();
  await h.tap(/Exit at market QQQM/);
  await h.tap(/Exit at market QQQM/);
  await h.tap(/Yes$/);
  await h.tap(/Yes$/);
  // the first question's yes is still on its card
  const [first] = h.channel.sent
    .flatMap(({ card }) => card.buttons.flat())
    .filter(({ label }) => /Yes$/.test(label));
  await h.say(first?.command ?? '', { callback: { id: 'c', command: first?.command } as never });
  await h.settle(50);
  assert.equal(sales(h).length, 1);
  await h.tradeOn();
  await h.tap(/Yes$/);
  await h.tap(/Exit at market QQQM/);
  await h.settle(50);
  await h.tradeOn();
  assert.deepEqual(await soldAt(h), [200]);
  assert.deepEqual(await h.broker.positions(), []);
});

test('CX-05 CX-07 a kill does not block the button, and sells nothing a second time', async () => {
  const h = await stale();
  await h.say('kill');
  await h.settle(50);
  assert.equal(h.desk.state().kill.kind === 'clear', false);
  await h.tap(/Exit at market QQQM/);
  await h.tap(/Yes$/);
  assert.equal(sales(h).length, 1);
  await h.say('/flatten');
  await h.tap(/Yes$/);
  await h.tradeOn();
  await h.settle(1_000);
  assert.deepEqual(await soldAt(h), [200]);
  assert.deepEqual(await h.broker.openOrders(), []);
  assert.deepEqual(h.desk.state().positions, {});
});
