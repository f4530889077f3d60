import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '#core/engine/policy.ts';
import { parseReply } from '#core/replies/parse.ts';
import { policyOf, quoteOf, TICKET, withTicket } from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

async function harness(change: { policy?: Policy } = {}) {
  const h = await chatHarness(withTicket(), change);
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  return h;
}

type Harness = Awaited<ReturnType<typeof harness>>;

const ticketOf = (h: Harness) => {
  const ticket = h.desk.state().tickets[TICKET];
  assert.ok(ticket);
  return ticket;
};
const codeOf = (h: Harness) => ticketOf(h).code;

/** All that is sent upon a text. */
async function heard(h: Harness, text: string, fields = {}): Promise<string> {
  const before = h.channel.sent.length;
  await h.say(text, fields);
  await h.deliverer.idle();
  return h.channel.sent
    .slice(before)
    .flatMap(({ card }) => card.lines)
    .join('\n');
}

const tap = (h: Harness, command: string, fields = {}) =>
  heard(h, command, { callback: { id: 'c', command } as never, ...fields });

test('CX-01 /edit shows what would change, one tap makes it, and the card has the buttons of the new version', async () => {
  const h = await harness();
  const code = codeOf(h);
  const question = await heard(h, `/edit ${code} qty=100 stop=98.5`);
  assert.match(question, /\? Change ticket .* QQQM · version 1 → 2 · us-vwap\?/);
  assert.match(
    question,
    /quantity 200 → 100 · stop 99\.00 → 98\.50 · target 101\.00 → 101\.50 · at risk \$200\.00 → \$150\.00/,
  );
  assert.equal(ticketOf(h).version, 1);
  const said = await tap(h, '/yes nonce1');
  assert.equal(ticketOf(h).version, 2);
  assert.equal(ticketOf(h).quantity, 100);
  assert.match(said, new RegExp(`edit.*${code}`));
  const card = h.channel.sent.findLast(({ card: { lines } }) => lines[0]?.startsWith('▲'))?.card;
  assert.ok(card);
  assert.match(card.lines.join('\n'), /QQQM 100 .*\n[\s\S]*v2 by fake:1/);
  const commands = card.buttons.flat().map(({ command }) => command);
  assert.ok(commands.includes(`/confirm ${code} v2`), commands.join());
  assert.match(await tap(h, `/confirm ${code} v1`), /there is a newer version: seen 1, newest 2/);
  assert.equal(ticketOf(h).state, 'pending');
  await tap(h, `/confirm ${code} v2`);
  assert.equal(ticketOf(h).state, 'confirmed');
});

test('CX-01 CX-10 the tap of an edit counts once, also tapped twice or after another edit', async () => {
  const h = await harness();
  const code = codeOf(h);
  await h.say(`/edit ${code} qty=100`);
  await h.say(`/edit ${code} qty=50`);
  await tap(h, '/yes nonce1');
  assert.match(await tap(h, '/yes nonce1'), /Already answered/);
  assert.match(await tap(h, '/yes nonce2'), /there is a newer version/);
  assert.equal(ticketOf(h).version, 2);
  assert.equal(ticketOf(h).quantity, 100);
});

test('CX-01 on real money an edit takes one tap, too, and no digits: what it makes is confirmed apart', async () => {
  const h = await harness({ policy: policyOf({ environment: 'live' }) });
  const question = await heard(h, `/edit ${codeOf(h)} qty=100`);
  assert.match(question, /LIVE, REAL MONEY/);
  assert.match(question, /\/yes nonce1/);
  await tap(h, '/yes nonce1');
  assert.equal(ticketOf(h).version, 2);
  assert.equal(ticketOf(h).state, 'pending');
});

test('CX-01 a viewer may not edit, another person may not agree, and late is no', async () => {
  const h = await harness();
  const text = `/edit ${codeOf(h)} qty=100`;
  assert.match((await h.say(text, { userId: '3', chatId: '3' })).join(), /operator/);
  assert.match((await h.say(text, { sentAt: h.clock.now() - 61_000 })).join(), /Expired/);
  await h.say(text);
  assert.match(
    (await h.say('/yes nonce1', { userId: '2', chatId: '2' })).join(),
    /Only the person who asked/,
  );
  h.clock.advanceTo(h.clock.now() + 60_001);
  assert.match((await h.say('/yes nonce1')).join(), /expired/);
  assert.equal(ticketOf(h).version, 1);
});

test('CX-01 an edit that breaks a limit is refused with its figures before anybody is asked', async () => {
  const h = await harness();
  const code = codeOf(h);
  assert.match(
    await heard(h, `/edit ${code} stop=97`),
    /\/edit refused: more shares than the risk allows: found 200, largest 166, limited by risk/,
  );
  assert.match(await heard(h, `/edit ${code} price=100.3`), /above the band/);
  assert.match(await heard(h, '/edit ZZZZ qty=1'), /unknown|no such|ZZZZ/i);
  await h.say('/lang zh');
  assert.match(
    await heard(h, `/改单 ${code} 止损=97`),
    /股数超过风险限额:所填 200, 最多 166, 受限于 单笔风险/,
  );
  assert.match(
    await heard(h, `/改单 ${code} 数量=1手 止损=98.5`),
    /修改提案 .*版本 1 → 2[\s\S]*数量 200 → 100/,
  );
});

test('CX-01 /edit reads fields in both languages and names in one line what it cannot read', () => {
  const read = (text: string, replyToCode: string | null = null) =>
    parseReply(text, { replyToCode });
  const meant = {
    act: 'edit',
    code: 'K7QD',
    version: null,
    quantity: 300,
    price: 99.5,
    stop: 98,
    target: 104,
  };
  for (const text of [
    '/edit K7QD qty=300 price=99.5 stop=98 tp=104',
    '/edit k7qd STOP=98 Limit=99.5 target=104 quantity=300股',
    '/改单 K7QD 数量=3手 限价=99.5 止损=98 止盈=104',
  ])
    assert.deepEqual(read(text), { kind: 'act', act: meant, day: null }, text);
  const reply = read('/edit qty=5', 'K7QD');
  assert.ok(reply.kind === 'act' && reply.act.act === 'edit' && reply.act.code === 'K7QD');
  for (const text of [
    '/edit',
    '/edit K7QD',
    '/edit qty=5',
    '/edit K7QD qty=0',
    '/edit K7QD qty=-5',
    '/edit K7QD qty=5 qty=6',
    '/edit K7QD qty=1.5',
    '/edit K7QD price=1e5',
    '/edit K7QD price=1=2',
    '/edit K7QD toString=1',
    '/edit K7QD <b>=1',
    '/edit K7QD 5',
  ])
    assert.equal(read(text).kind, 'bad_arguments', text);
  assert.equal(read('edit K7QD qty=5').kind, 'not_understood');
});

test('CX-01 a price that ran away between the question and the tap refuses the edit, and the ticket waits on', async () => {
  const h = await harness();
  await h.say(`/edit ${codeOf(h)} stop=99.5`);
  h.desk.quote = quoteOf(h.clock.now(), 99.48, 99.5);
  assert.match(await tap(h, '/yes nonce1'), /stop/);
  assert.equal(ticketOf(h).version, 1);
  assert.equal(ticketOf(h).state, 'pending');
});
