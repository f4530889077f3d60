import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AAPL, fill, QQQM, quoteOf, report, TICKET } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { AGREED_AT, onePolicy, PROPOSED_AT, withSetupOfBoth } from '../support/switching.ts';

async function switching() {
  const h = await chatHarness(withSetupOfBoth(), { policy: onePolicy(), at: PROPOSED_AT });
  h.desk.quote = quoteOf(PROPOSED_AT, 99.98, 100, AAPL);
  return h;
}

type Harness = Awaited<ReturnType<typeof switching>>;

/** The newest card about a switch. */
function cardOf(h: Harness) {
  const card = h.channel.sent.findLast(({ card: { lines } }) => lines[0]?.includes('⇄'))?.card;
  assert.ok(card, 'no message of a switch was sent');
  return card;
}
const commandsOf = (h: Harness) =>
  cardOf(h)
    .buttons.flat()
    .map(({ command }) => command);
const stepOf = (h: Harness) => h.desk.state().rotation?.step;

/** As a verified tap. */
async function tap(h: Harness, command: string, fields = {}): Promise<string[]> {
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100, AAPL);
  return await h.say(command, { callback: { id: 'c', command } as never, ...fields });
}

test('AL-04 /switch shows what would be left and B in full, with one tap to begin; twice it is refused', async () => {
  const h = await switching();
  await h.say('/switch QQQM AAPL');
  const [first, second] = cardOf(h).lines;
  assert.match(
    first ?? '',
    /switch QQQM → AAPL .* cancel QQQM 200, then buy AAPL; nothing happens/,
  );
  assert.match(second ?? '', /AAPL 200 @ 100\.00.*stop 99\.00.*risk \$200\.00/);
  const code = h.desk.state().rotation?.code;
  assert.deepEqual(commandsOf(h), [`/confirm ${code} v1`, `/skip ${code} v1`, `/why ${code}`]);
  assert.match((await h.say('/switch QQQM AAPL')).join(' '), /a switch is under way/);
  assert.equal(h.desk.events.filter(({ type }) => type === 'rotation_proposed').length, 1);
});

test('AL-04 /换股 is the same command, and the message speaks the language of the chat', async () => {
  const h = await switching();
  await h.say('/lang zh');
  await h.say('/换股 QQQM AAPL');
  assert.match(cardOf(h).lines[0] ?? '', /换股 QQQM → AAPL .* 撤单 QQQM 200股,然后买入 AAPL/);
});

test('AL-04 a viewer may not switch, an operator may', async () => {
  const h = await switching();
  assert.match((await h.say('/switch QQQM AAPL', { userId: '3', chatId: '3' })).join(), /operator/);
  assert.equal(h.desk.state().rotation, null);
  await h.say('/switch QQQM AAPL', { userId: '2', chatId: '2' });
  assert.equal(stepOf(h), 'proposed');
});

test('AL-04 late is no: a switch said two minutes ago is not proposed', async () => {
  const h = await switching();
  const said = await h.say('/switch QQQM AAPL', { sentAt: h.clock.now() - 120_000 });
  assert.match(said.join(), /Expired/);
  assert.equal(h.desk.state().rotation, null);
});

test('AL-04 arguments that make no sense are named, and nothing is proposed', async () => {
  const h = await switching();
  for (const text of [
    '/switch',
    '/switch QQQM',
    '/switch QQQM AAPL 0',
    '/switch QQQM AAPL 101',
    '/switch QQQM AAPL 5 6',
  ])
    assert.match((await h.say(text)).join(), /switch/, text);
  assert.match((await h.say('/switch MSFT AAPL')).join(), /MSFT/);
  assert.equal(h.desk.state().rotation, null);
});

test('AL-04 one message is edited from the tap to the end, and a second tap does nothing', async () => {
  const h = await switching();
  await h.say('/switch QQQM AAPL');
  const code = h.desk.state().rotation?.code ?? '';
  h.clock.advanceTo(AGREED_AT);
  await tap(h, `/confirm ${code} v1`);
  assert.equal(stepOf(h), 'canceling');
  assert.match((await tap(h, `/confirm ${code} v1`)).join(' '), /a switch is under way/);
  for (const name of ['entry-1', 'entry-2'])
    await h.desk.submit(report(AGREED_AT + 100, `${TICKET}.${name}`, 'canceled'));
  await h.desk.submit({
    kind: 'quote_seen',
    at: AGREED_AT + 200,
    quote: quoteOf(AGREED_AT + 200, 99.98, 100, AAPL),
  });
  await h.deliverer.idle();
  assert.equal(stepOf(h), 'buying');
  const messages = h.channel.sent.filter(({ card: { lines } }) => lines[0]?.includes('⇄'));
  assert.deepEqual(
    messages.map(({ edit }) => edit !== null),
    [false, true, true],
  );
  assert.match(cardOf(h).lines[0] ?? '', /AAPL is being bought/);
});

test('AL-04 a fill while canceling asks in a message of its own; keep and sell are its buttons', async () => {
  const h = await switching();
  await h.say('/switch QQQM AAPL');
  const code = h.desk.state().rotation?.code ?? '';
  h.clock.advanceTo(AGREED_AT);
  await tap(h, `/confirm ${code} v1`);
  await h.desk.submit(fill(AGREED_AT + 100, `${TICKET}.entry-1`, 100, 100));
  await h.desk.submit(report(AGREED_AT + 200, `${TICKET}.entry-2`, 'canceled'));
  await h.deliverer.idle();
  assert.deepEqual(commandsOf(h), [`/switch keep ${code}`, `/switch sell ${code}`, `/why ${code}`]);
  const fresh = h.channel.sent.filter(
    ({ card, edit }) => edit === null && card.lines[0]?.startsWith('? ⇄'),
  );
  assert.equal(fresh.length, 1);
  h.clock.advanceTo(AGREED_AT + 90_000);
  const sentAt = AGREED_AT + 10_000;
  assert.match((await tap(h, `/switch sell ${code}`, { sentAt })).join(), /Expired/);
  await tap(h, `/switch keep ${code}`, { sentAt });
  assert.equal(h.desk.state().rotation?.outcome, 'kept');
  assert.equal(h.desk.state().positions[QQQM]?.exiting, null);
});

test('AL-04 /status, /orders and /why show the switch', async () => {
  const h = await switching();
  await h.say('/switch QQQM AAPL');
  const shown = async (text: string): Promise<string> => {
    const before = h.channel.sent.length;
    await h.say(text);
    return h.channel.sent
      .slice(before)
      .flatMap(({ card }) => card.lines)
      .join('\n');
  };
  for (const text of ['/status', '/orders', '/why QQQM', '/why AAPL', '/why'])
    assert.match(await shown(text), /⇄ switch QQQM → AAPL/, text);
});
