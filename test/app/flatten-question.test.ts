import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import { fill, policyOf, quoteOf, withPosition } from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';
import { cnPolicy, confirmedCn, sh } from '#test/support/cn-desk.ts';
import { deskAfter } from '#test/support/engine.ts';

/*
 * Stage 2 from the chat: the sheet, and who is asked what. Accounts of two markets, some of them live.
 */

const US_LIVE = policyOf({ accountId: 'alpaca-us', environment: 'live' });
const US_PAPER = policyOf({ deskId: 'us-paper', accountId: 'paper-us' });
const CN_LIVE = { ...cnPolicy(), environment: 'live' } as const;

/** The position of the first desk, in the names of another one. */
function heldBy(deskId: string): Input[] {
  return JSON.parse(JSON.stringify(withPosition()).replaceAll('us-vwap', deskId)) as Input[];
}

function bought() {
  const { state } = deskAfter(confirmedCn(), CN_LIVE);
  const entry = Object.values(state.orders).find((order) => order.role === 'entry');
  return [...confirmedCn(), fill(sh('10:06:02'), entry?.orderId ?? '', entry?.quantity ?? 0, 38.6)];
}

async function harness() {
  const h = await chatHarness(withPosition(), {
    policy: US_LIVE,
    others: [
      { policy: US_PAPER, inputs: heldBy('us-paper') },
      { policy: CN_LIVE, inputs: bought() },
    ],
  });
  const [paper, chinese] = h.others;
  assert.ok(paper !== undefined && chinese !== undefined);
  return { ...h, paper, chinese };
}

const cards = (h: Awaited<ReturnType<typeof harness>>, from: number) =>
  h.channel.sent.slice(from).map(({ card }) => card.lines.join('\n'));
const kindOf = (desk: { state(): { kill: { kind: string } } }) => desk.state().kill.kind;

test('CX-07 selling everything asks one question for each live account, each with its own sheet and currency', async () => {
  const h = await harness();
  h.desk.quote = quoteOf(h.clock.now(), 99.5, 99.52);
  await h.say('/flatten all');
  const said = cards(h, 0);
  assert.equal(said.length, 3);
  const us = said.find((text) => text.includes('KILL ALPACA-US 4172')) ?? '';
  const cn = said.find((text) => text.includes('KILL CN-MAIN 4172')) ?? '';
  const simulated = said.find((text) => text.includes('/yes')) ?? '';
  // priced by the quote that was fetched for the question
  assert.match(us, /now QQQM 200 ≈ 99\.50 → \$19,900\.00/);
  assert.match(us, /LIVE, REAL MONEY/);
  assert.doesNotMatch(us, /¥|paper-us/);
  assert.match(cn, /stays 600150 1600 .*¥.* · not sellable today \(T\+1\)/);
  assert.match(cn, /you sell, each is a to-do/);
  assert.doesNotMatch(cn, /\$/);
  assert.match(simulated, /paper-us/);
  assert.doesNotMatch(simulated, /LIVE|alpaca-us|cn-main/);
});

test('CX-07 the phrase of one account sells at that account alone', async () => {
  const h = await harness();
  await h.say('/flatten all');
  await h.say('KILL ALPACA-US 4172');
  assert.equal(kindOf(h.desk), 'flattening');
  assert.equal(kindOf(h.paper), 'clear');
  assert.equal(kindOf(h.chinese), 'clear');
  await h.say('KILL ALPACA-US 4172');
  assert.equal(kindOf(h.chinese), 'clear');
  await h.say('KILL CN-MAIN 4172');
  assert.notEqual(kindOf(h.chinese), 'clear');
  assert.equal(kindOf(h.paper), 'clear');
});

test('CX-07 lifting a kill names what is still held, what still works and why it was not sold', async () => {
  const h = await harness();
  await h.say('kill');
  await h.say('/flatten cn-hand');
  await h.say('KILL CN-MAIN 4172');
  const before = h.channel.sent.length;
  await h.say('/resume all checked');
  const said = cards(h, before).filter((text) => text.startsWith('? Resume'));
  assert.equal(said.length, 3);
  assert.match(said.join('\n'), /held: 600150 1600, not sold: not sellable today \(T\+1\)/);
  assert.match(said.join('\n'), /held: QQQM 200/);
  assert.match(said.join('\n'), /order: stop QQQM 100 · /);
});

test('CX-07 CX-11 a message that hangs holds back neither the answer to a kill nor the question of its second stage', async () => {
  const h = await harness();
  const deliver = h.channel.deliver.bind(h.channel);
  h.channel.deliver = (message) =>
    message.card.lines[0]?.startsWith('pong') === true
      ? new Promise(() => undefined)
      : deliver(message);
  const turns = async () => {
    for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  for (const text of ['/ping', '/kill', '/flatten alpaca-us']) {
    await h.intake.receive([h.incoming(text)]);
    await h.intake.idle();
    await turns();
  }
  const said = cards(h, 0);
  assert.match(said[0] ?? '', /KILL/);
  assert.match(said.at(-1) ?? '', /KILL ALPACA-US 4172/);
  assert.doesNotMatch(said.join('\n'), /pong/);
});
