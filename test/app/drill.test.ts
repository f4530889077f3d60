import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDrill } from '#app/drill.ts';
import { appDesk } from '#test/support/app-desk.ts';
import {
  confirm,
  OWNER,
  policyOf,
  QQQM,
  quoteOf,
  withPosition,
  withTicket,
} from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

/** A desk with 200 QQQM under stops on the simulated broker. */
async function held() {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.9, 99.95));
  await world.settle(200);
  assert.equal(desk.state().positions[QQQM]?.quantity, 200);
  return { ...world, desk };
}

test('CX-07 a drill kills for real on paper: its times, the stops stage 1 left alone, and a latch that stays', async () => {
  const world = await held();
  const running = runDrill(world.desk, OWNER, world.clock);
  await world.settle(200);
  world.broker.onQuote(quoteOf(world.clock.now(), 99.8, 99.85));
  await world.settle(2_000);
  const { stageOne, stageTwo } = await running;
  assert.deepEqual([stageOne.entries, stageOne.allOutMs], [0, null]);
  assert.equal(stageOne.protection, 3);
  assert.equal(stageOne.protectionKept, 3);
  assert.equal(stageTwo.positions, 1);
  assert.ok(stageTwo.firstSaleMs !== null && stageTwo.lastFillMs !== null);
  assert.ok(stageTwo.lastFillMs >= stageTwo.firstSaleMs);
  assert.deepEqual([stageTwo.isOver, stageTwo.left], [true, []]);
  assert.equal(world.desk.state().kill.kind, 'flat');
  assert.deepEqual(await world.broker.positions(), []);
});

test('CX-07 a drill with entries at work says when the first cancel left and when the last was gone', async () => {
  const world = appDesk();
  const desk = world.open();
  for (const input of withTicket()) {
    world.clock.advanceTo(input.at);
    await desk.submit(input);
  }
  await desk.submit(confirm(world.clock.now() + 1_000));
  await world.settle(100);
  const running = runDrill(desk, OWNER, world.clock);
  await world.settle(2_000);
  const { stageOne, stageTwo } = await running;
  assert.equal(stageOne.entries, 2);
  assert.ok(stageOne.firstCancelMs !== null);
  assert.ok(stageOne.allOutMs !== null && stageOne.allOutMs <= 1_500);
  assert.deepEqual([stageTwo.positions, stageTwo.firstSaleMs, stageTwo.isOver], [0, null, true]);
});

test('CX-07 a drill is never played on a live account, whatever was agreed to', async () => {
  const h = await chatHarness(withPosition(), { policy: policyOf({ environment: 'live' }) });
  assert.match((await h.say('/drill'))[0] ?? '', /paper only; found paper-us with real money/);
  await assert.rejects(runDrill(h.desk, OWNER, h.clock), /expected a paper one/);
  assert.equal(h.desk.kills.length, 0);
});

test('CX-07 a drill is asked about once, and its report comes to the chat that asked', async () => {
  const h = await chatHarness(withPosition());
  assert.match((await h.say('演练'))[0] ?? '', /^\? Rehearse a kill/);
  assert.equal(h.desk.kills.length, 0);
  assert.match((await h.say('/yes nonce1'))[0] ?? '', /^◇ Drill begun/);
  assert.equal(h.desk.kills.length, 1);
  for (let n = 0; n < 200; n += 1) {
    h.clock.advanceTo(h.clock.now() + 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await h.deliverer.idle();
  const report = h.channel.sent.map(({ card }) => card.lines.join('\n')).at(-1) ?? '';
  assert.match(report, /Drill of us-vwap on paper-us/);
  assert.match(report, /the kill stays in force/);
  assert.deepEqual(h.failures, []);
});
