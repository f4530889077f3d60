import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { quoteForSwitch } from '#app/quote-for-switch.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { alpacaUnderTest } from '../support/alpaca-contract.ts';
import { memoryJournal, memoryKillFile } from '../support/app-desk.ts';
import type { BrokerUnderTest } from '../support/broker-harness.ts';
import { AAPL, ny, QQQM, quoteOf, ready, signalBar, TICKET } from '../support/builders.ts';
import { chatHarness, type DeskParts } from '../support/chat-harness.ts';
import { ibkrUnderTest } from '../support/ibkr-contract.ts';
import { paperUnderTest } from '../support/paper-contract.ts';
import { AGREED_AT, onePolicy, PROPOSED_AT, SECOND } from '../support/switching.ts';

/*
 * A switch as a person makes it: typed and tapped in a chat, decided by the desk, carried out by each
 * broker's own adapter over its wire. The desk's own time stands still unless a test moves it.
 */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function switchAt(under: BrokerUnderTest) {
  const harness = await under.createHarness();
  open.push(() => harness.close());
  const { broker } = harness;
  const policy = onePolicy({ accountId: broker.accountId });
  const activity = createActivity();
  const troubles: string[] = [];
  const onTrouble = (place: string) => void troubles.push(place);
  const makeDesk = ({ clock, store, handOver }: DeskParts): Desk => {
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
      fetchQuote: async (instrument) => quoteOf(clock.now(), 99.98, 100, instrument),
      handOver: (rows) => {
        lane.take(rows.filter((row) => row.lane.startsWith('order:')));
        handOver(rows.filter((row) => row.lane.startsWith('chat:')));
      },
      onTrouble,
      stopwatch: () => performance.now(),
    });
    const lane: OrderLane = createOrderLane({
      desk,
      broker,
      outbox: store.outbox,
      clock,
      activity,
      mayEnter: () => true,
      fence: { mayLeave: async () => true },
      onTrouble,
    });
    broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
    quoteForSwitch(desk, clock, onTrouble);
    return desk;
  };
  const chat = await chatHarness([], { policy, at: ny('09:59'), desk: makeDesk });
  const { clock, desk } = chat;
  // nothing of A fills while the market asks more than the limit
  harness.quote(100.2, 100.22);
  const setups = [signalBar(ny('10:01')), signalBar(ny('10:01'), { instrument: AAPL })];
  for (const input of [...ready(), ...setups]) {
    clock.advanceTo(input.at);
    await desk.submit(input);
  }
  const stateOf = (id: string): string | undefined => desk.state().orders[id]?.state;
  clock.advanceTo(ny('10:01:10'));
  const first = Object.values(desk.state().tickets)[0];
  await chat.say(`/confirm ${first?.code}`);
  await harness.until(() =>
    ['entry-1', 'entry-2'].every((name) => stateOf(`${TICKET}.${name}`) === 'accepted'),
  );
  clock.advanceTo(PROPOSED_AT);
  await chat.say('/switch QQQM AAPL');
  clock.advanceTo(AGREED_AT);
  const code = desk.state().rotation?.code ?? 'none';
  const agree = () => chat.say(`/confirm ${code}`);
  const stepOf = () => desk.state().rotation?.step;
  return { harness, broker, chat, desk, clock, code, agree, stateOf, stepOf, troubles };
}

for (const under of [paperUnderTest, alpacaUnderTest, ibkrUnderTest]) {
  test(`AL-04 AL-07 ${under.name}: /switch cancels A at the broker, then B is there and A is not`, async () => {
    const world = await switchAt(under);
    const { broker, desk, harness, stateOf, stepOf } = world;
    await world.agree();
    await harness.until(() => stepOf() === 'buying');
    assert.equal(stateOf(`${TICKET}.entry-1`), 'canceled');
    await harness.until(async () =>
      (await broker.openOrders()).some(({ request }) => request.orderId === `${SECOND}.entry-2`),
    );
    const entries = (await broker.openOrders()).filter(({ request }) => request.side === 'buy');
    assert.deepEqual([...new Set(entries.map(({ request }) => request.instrument))], [AAPL]);
    assert.deepEqual(desk.state().safeMode, []);
    assert.deepEqual(world.troubles, []);
  });

  test(`AL-04 AL-07 ${under.name}: A fills while its cancel travels: B is not bought, what filled has its stop, the chat asks`, async () => {
    const world = await switchAt(under);
    const { broker, chat, code, desk, harness, stepOf } = world;
    harness.fillBefore('cancel', 99.97, 99.99);
    await world.agree();
    await harness.until(() => stepOf() === 'asking');
    const held = desk.state().positions[QQQM]?.quantity ?? 0;
    assert.ok(held > 0);
    await harness.until(async () => {
      const stops = (await broker.openOrders()).filter(({ request }) => request.type === 'stop');
      return stops.reduce((sum, { request }) => sum + request.quantity, 0) === held;
    });
    const bought = Object.values(desk.state().orders).filter((one) => one.ticketId === SECOND);
    assert.deepEqual(bought, []);
    const [question] = await chat.say('/status');
    assert.ok(question !== undefined);
    const asked = chat.channel.sent.filter(({ card }) => card.lines[0]?.startsWith('? ⇄'));
    assert.ok(asked.length > 0, 'nobody was asked');
    // sold on a person's word, then B is bought
    await chat.say(`/switch sell ${code}`);
    await harness.until(() => stepOf() === 'buying');
    assert.equal(desk.state().positions[QQQM], undefined);
    await harness.until(async () => (await broker.positions()).every((one) => one.quantity === 0));
  });
}
