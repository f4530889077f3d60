import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreError } from '#app/errors.ts';
import type { MeasuredEdge } from '#core/risk/edge.ts';
import { ny, policyOf, quoteOf, stop, withPosition, withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';

const code = (h: Awaited<ReturnType<typeof chatHarness>>) =>
  Object.values(h.desk.state().tickets)[0]!.code;

test('CX-05 confirms a named ticket with a quote fetched after the tap', async () => {
  const h = await chatHarness(withTicket());
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  await h.say(`/confirm ${code(h)} v1`);
  assert.deepEqual(h.desk.events.map((event) => event.type).slice(0, 2), [
    'ticket_confirmed',
    'order_intended',
  ]);
});

test('CX-05 CX-10 fifty confirmations of one ticket give one order for each leg', async () => {
  const h = await chatHarness(withTicket());
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  const rows = Array.from({ length: 50 }, (_, n) =>
    h.incoming(`/confirm ${code(h)}`, { userId: n % 2 === 0 ? '1' : '2' }),
  );
  await Promise.all(rows.map((row) => h.intake.receive([row])));
  await h.intake.idle();
  const types = h.desk.events.map((event) => event.type);
  assert.equal(types.filter((type) => type === 'ticket_confirmed').length, 1);
  const entries = h.desk.events.filter(
    (event) => event.type === 'order_intended' && event.order.role === 'entry',
  );
  assert.equal(entries.length, 2);
});

test('CX-10 the same update given twice acts once', async () => {
  const h = await chatHarness(withTicket());
  const row = h.incoming(`/skip ${code(h)}`);
  await h.intake.receive([row]);
  await h.intake.receive([row]);
  await h.intake.idle();
  assert.equal(h.desk.inputs.length, 1);
});

test('CX-10 a row drained again after a store failure acts once, in one transaction', async () => {
  const h = await chatHarness(withTicket());
  h.desk.failure = new StoreError('store: connection lost', {
    code: 'connection_lost',
    retryable: true,
  });
  await h.intake.receive([h.incoming(`/skip ${code(h)}`)]);
  await new Promise((resolve) => setImmediate(resolve));
  h.clock.advanceTo(h.clock.now() + 2000);
  await h.intake.idle();
  assert.equal(h.desk.events.filter((event) => event.type === 'ticket_skipped').length, 1);
  assert.deepEqual(await h.store.inbox.pending('live', 10), []);
});

test('CX-05 a bare confirm counts only when the one ticket was delivered three seconds before', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('confirm'))[0]!, /came only a moment ago/);
  await h.desk.submit({
    kind: 'ticket_delivered',
    at: h.clock.now(),
    ticketId: Object.keys(h.desk.state().tickets)[0]!,
    channel: 'fake',
  });
  h.clock.advanceTo(h.clock.now() + 2999);
  assert.match((await h.say('confirm'))[0]!, /came only a moment ago/);
  h.clock.advanceTo(h.clock.now() + 1);
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  await h.say('确认');
  assert.ok(h.desk.events.some((event) => event.type === 'ticket_confirmed'));
});

test('CX-05 a confirm that replies to a message nobody knows any more confirms no other ticket', async () => {
  const h = await chatHarness(withTicket());
  const ticketId = Object.keys(h.desk.state().tickets)[0]!;
  await h.desk.submit({ kind: 'ticket_delivered', at: h.clock.now(), ticketId, channel: 'fake' });
  h.clock.advanceTo(h.clock.now() + 3_000);
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  for (const text of ['confirm', '/half'])
    assert.match((await h.say(text, { replyTo: 'of an earlier process' }))[0]!, /^Which ticket/);
  assert.ok(!h.desk.events.some((event) => event.type === 'ticket_confirmed'));
  await h.say('confirm');
  assert.ok(h.desk.events.some((event) => event.type === 'ticket_confirmed'));
});

test('CX-06 a typed allow asks one tap; the answer counts once, from the same person and chat', async () => {
  const h = await chatHarness(withTicket().filter((input) => input.kind !== 'operator_acted'));
  assert.match((await h.say('ALLOW'))[0]!, /^\? Allow entries/);
  assert.match((await h.say('/yes nonce1', { userId: '2' }))[0]!, /Only the person who asked/);
  await h.say('/yes nonce1');
  assert.ok(h.desk.events.some((event) => event.type === 'consent_given'));
  assert.match((await h.say('/yes nonce1'))[0]!, /Already answered/);
  assert.equal(h.desk.inputs.length, 1);
});

test('CX-06 a STOP of another person outlives a question that was asked before it', async () => {
  const h = await chatHarness(withPosition());
  await h.say('/allow');
  h.clock.advanceTo(h.clock.now() + 1_000);
  await h.desk.submit(stop(h.clock.now()));
  h.clock.advanceTo(h.clock.now() + 1_000);
  await h.say('/yes nonce1');
  assert.equal(h.desk.state().consent.kind, 'stopped');
  await h.say('/allow');
  await h.say('/yes nonce2');
  assert.equal(h.desk.state().consent.kind, 'allowed');
});

test('CX-06 a question unanswered for sixty seconds is dead', async () => {
  const h = await chatHarness(withTicket());
  await h.say('/allow');
  h.clock.advanceTo(h.clock.now() + 60_001);
  assert.match((await h.say('/yes nonce1'))[0]!, /Too late/);
  assert.equal(h.desk.inputs.length, 0);
});

test('CX-06 the button of the brief allows at once on its day, and is dead on another', async () => {
  const h = await chatHarness(withTicket().filter((input) => input.kind !== 'operator_acted'));
  const tap = { callback: { id: 'c', data: 'd' } };
  assert.match((await h.say('/allow us-vwap 2026-11-19', tap))[0]!, /another day/);
  await h.say('/allow us-vwap 2026-11-20', tap);
  assert.equal(h.desk.inputs.length, 1);
});

test('late: stop, skip and kill are honoured, allow and resume are refused', async () => {
  const h = await chatHarness(withTicket());
  const sentAt = h.clock.now() - 600_000;
  assert.match((await h.say('/allow', { sentAt }))[0]!, /Expired/);
  assert.match((await h.say('/resume checked', { sentAt }))[0]!, /Expired/);
  assert.match((await h.say('/flatten', { sentAt }))[0]!, /Expired/);
  assert.match((await h.say('/safe off', { sentAt }))[0]!, /Expired/);
  assert.equal(h.desk.inputs.length, 0);
  assert.match((await h.say('STOP', { sentAt }))[0]!, /late .* was carried out/);
  assert.equal(h.desk.stops.length, 1);
  assert.match((await h.say('急停', { sentAt }))[0]!, /late .* was carried out/);
  assert.equal(h.desk.kills.length, 1);
  const said = await h.say(`/skip ${code(h)}`, { sentAt });
  assert.ok(said.some((line) => /late .* was carried out/.test(line)));
});

test('late: a confirm sent before the ticket existed is refused', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say(`/confirm ${code(h)}`, { sentAt: ny('09:59') }))[0]!, /Expired/);
  assert.equal(h.desk.inputs.length, 0);
});

test('CX-09 roles: a viewer may ask and not act; only an owner resumes', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('/status', { userId: '3' }))[0]!, /us-vwap/);
  assert.match(
    (await h.say(`/confirm ${code(h)}`, { userId: '3' }))[0]!,
    /needs the role operator/,
  );
  assert.match((await h.say('/kill', { userId: '3' }))[0]!, /needs the role operator/);
  assert.match((await h.say('/resume checked', { userId: '2' }))[0]!, /needs the role owner/);
  assert.equal(h.desk.inputs.length + h.desk.kills.length, 0);
});

test('CX-09 a stranger gets silence, the owner one notice an hour', async () => {
  const h = await chatHarness(withTicket());
  await h.say('/kill', { userId: '99' });
  await h.say('/confirm', { userId: '99' });
  assert.equal(h.desk.kills.length, 0);
  assert.deepEqual(
    h.channel.sent.map((message) => message.chatId),
    ['1'],
  );
  assert.match(h.channel.sent[0]!.card.lines[0]!, /Unknown sender/);
  h.clock.advanceTo(h.clock.now() + 3_600_001);
  await h.say('hello', { userId: '99' });
  assert.match(h.channel.sent[1]!.card.lines[1]!, /2 messages refused/);
});

test('CX-09 a missing sender and a foreign chat fail closed', async () => {
  const h = await chatHarness(withTicket());
  await h.say('/kill', { userId: null, chatId: '1' });
  await h.say('/kill', { userId: '1', chatId: '77' });
  assert.equal(h.desk.kills.length, 0);
});

test('CX-09 a group that is not listed may read and stop, and not act otherwise', async () => {
  const h = await chatHarness(withTicket());
  const group = { chatKind: 'group', chatId: '-5' } as const;
  assert.match((await h.say(`/confirm ${code(h)}`, group))[0]!, /may only read/);
  assert.match((await h.say('/positions', group))[0]!, /Nothing is held/);
  await h.say('STOP', group);
  assert.equal(h.desk.stops.length, 1);
});

test('CX-09 pairing: the code makes the first person owner once; five bad tries are a ban', async () => {
  const h = await chatHarness(withTicket(), { users: [] });
  assert.deepEqual(await h.say('/pair ABCDEF', { userId: '8' }), []);
  const { pairingCode } = h.access.offerPairing();
  for (let n = 0; n < 5; n += 1)
    assert.match((await h.say('/pair WRONG1', { userId: '9' }))[0]!, /not valid/);
  assert.deepEqual(await h.say(`/pair ${pairingCode}`, { userId: '9' }), []);
  assert.match((await h.say(`/pair ${pairingCode}`, { userId: '8' }))[0]!, /you are owner/);
  assert.deepEqual(await h.say(`/pair ${pairingCode}`, { userId: '10' }), []);
  assert.match((await h.say('/whoami', { userId: '8' }))[0]!, /owner/);
});

test('CX-07 stage 2 of a kill sells only after the second confirmation', async () => {
  const h = await chatHarness(withPosition());
  assert.match((await h.say('清仓'))[0]!, /nothing done yet/);
  assert.equal(h.desk.kills.length, 0);
  assert.match((await h.say('/flatten'))[0]!, /^\? Sell everything/);
  assert.equal(h.desk.inputs.length, 0);
  await h.say('/yes nonce1');
  assert.ok(h.desk.events.some((event) => event.type === 'flatten_started'));
});

test('an exit asks once and dies with the position it was meant for', async () => {
  const h = await chatHarness(withPosition());
  assert.match((await h.say('/exit QQQM 50%'))[0]!, /Sell QQQM 100/);
  h.desk.quote = quoteOf(h.clock.now(), 99.98, 100);
  const said = await h.say('/yes nonce1');
  assert.ok(said.some((line) => line.startsWith('✓ /exit')));
  assert.ok(h.desk.events.some((event) => event.type === 'exit_started'));
  assert.match((await h.say('/exit MU'))[0]!, /Nothing is held of MU/);
});

test('a protective order is cancelled only after a second confirmation', async () => {
  const h = await chatHarness(withPosition());
  const stopId = Object.values(h.desk.state().orders).find(
    (order) => order.role === 'stop',
  )!.orderId;
  assert.match((await h.say(`/cancel ${stopId}`))[0]!, /protective order/);
  assert.equal(h.desk.inputs.length, 0);
});

test('live accounts want the phrase typed, not a tap', async () => {
  const h = await chatHarness(withPosition(), { policy: policyOf({ environment: 'live' }) });
  await h.say('/flatten');
  const card = h.channel.sent[0]!.card;
  assert.match(card.lines.join('\n'), /KILL PAPER-US 4172/);
  assert.match((await h.say('/yes nonce1'))[0]!, /no such question/);
  await h.say('kill paper-us 4172');
  assert.ok(h.desk.events.some((event) => event.type === 'flatten_started'));
});

test('CX-08 a mode is lowered at once and raised only after a second confirmation', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('/mode auto'))[0]!, /^\? Mode semi → auto/);
  await h.say('/mode us-vwap alert');
  assert.deepEqual(
    h.desk.events.map((event) => event.type).filter((type) => type === 'mode_changed'),
    ['mode_changed'],
  );
});

test('CX-08 ID-13 the same mode again asks about tickets that have no measured edge, and the yes has them answered', async () => {
  const edge: MeasuredEdge = {
    ...{ id: 'first', from: '2024-03-26', to: '2025-01-31', precision: [] },
    rows: [{ dayType: 'all', trades: 177, meanR: -0.169, lowR: -0.326, highR: -0.002 }],
  };
  const day = withTicket().map((input) =>
    input.kind === 'session_planned' ? { ...input, edge } : input,
  );
  const h = await chatHarness(day);
  await h.say('/mode us-vwap semi');
  const asked = h.channel.sent[0]!.card.lines.join('\n');
  assert.match(asked, /Mode semi without a measured edge/);
  assert.match(asked, /no edge was measured: all day types −0\.17R \[−0\.33 … −0\.00\], n 177/);
  assert.match(asked, /its tickets are traded all the same until it is measured anew/);
  await h.say('/yes nonce1');
  assert.equal(h.desk.events.filter(({ type }) => type === 'edge_overridden').length, 1);
  assert.equal(h.desk.events.filter(({ type }) => type === 'mode_changed').length, 0);
});

test('text that is no command gets one hint; an unknown command the nearest one; nothing acts', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('please buy now'))[0]!, /Not understood/);
  assert.match((await h.say('/stats'))[0]!, /Did you mean \/status/);
  assert.match((await h.say('x'.repeat(10_000)))[0]!, /Not understood/);
  assert.equal(h.desk.inputs.length, 0);
});

test('every question is answered, and the answer and the mark are one transaction', async () => {
  const h = await chatHarness(withPosition());
  const questions = [
    '/help',
    '/start',
    '/status',
    '/pending',
    '/ticket',
    '/why',
    '/positions',
    '/orders',
    '/trades',
    '/pnl',
    '/regime',
    '/report',
    '/jobs',
    '/health',
    '/logs',
    '/ping',
    '/whoami',
    '/menu',
    '/version',
    '/sources',
    '/degraded',
    '/audit',
    '/rbook',
    '/config',
    '/export trades',
    '/mode',
    '/exit',
    '/lang en',
  ];
  for (const question of questions) {
    const said = await h.say(question);
    // the list of all commands is longer than one message
    const most = question === '/help' ? 3 : 1;
    assert.ok(said.length >= 1 && said.length <= most, question);
    assert.notEqual(said[0], '', question);
  }
  assert.deepEqual(h.failures, []);
  assert.deepEqual(await h.store.inbox.pending('live', 100), []);
});

test('CX-14 /lang changes the language of this chat only and is kept', async () => {
  const h = await chatHarness(withTicket());
  assert.match((await h.say('/lang zh'))[0]!, /中文/);
  assert.match((await h.say('hm'))[0]!, /没有听懂/);
  assert.match((await h.say('hm', { userId: '2' }))[0]!, /Not understood/);
  assert.ok(JSON.stringify(h.book.content).includes('"zh"'));
});

test('a failure inside the desk is said, and the row is done', async () => {
  const h = await chatHarness(withTicket());
  h.desk.failure = new Error('bug');
  assert.match((await h.say(`/skip ${code(h)}`))[0]!, /failed inside the desk/);
  assert.equal(h.failures.length, 1);
  assert.deepEqual(await h.store.inbox.pending('live', 10), []);
});

const AAPL_HELD = {
  instrument: 'AAPL.US' as const,
  quantity: 50,
  sellableQuantity: 50,
  averagePrice: 190,
};

/** A conversation whose broker holds 50 AAPL that the desk did not buy, and USD 7 less cash. */
async function withForeignHolding() {
  const h = await chatHarness(withTicket());
  h.account.says = {
    positions: [AAPL_HELD],
    cashMinor: h.desk.state().cashMinor - 700,
  };
  return h;
}

test('ID-09 /reconcile compares now and shows both sides, to operators only', async () => {
  const h = await withForeignHolding();
  assert.match((await h.say('/reconcile', { userId: '3' }))[0]!, /needs the role operator/);
  await h.say('/reconcile', { userId: '2' });
  const cards = h.channel.sent.map((message) => message.card.lines.join('\n'));
  const card = cards.find((text) => text.startsWith('paper-us')) ?? '';
  assert.match(card, /paper-us · us-vwap: ✕ 2 differences/);
  assert.match(card, /AAPL: book 0, broker 50/);
  assert.match(card, /cash: book \$100,000.00, broker \$99,993.00/);
  assert.match(card, /\/adopt AAPL or \/reconcile disown AAPL/);
  assert.ok(h.channel.sent.some((message) => /differ/.test(message.card.lines[0]!)));
  assert.match((await h.say('/reconcile nowhere'))[0]!, /No desk "nowhere"/);
});

test('ID-09 accepting the broker’s side is the owner’s and asked twice; disowning is not', async () => {
  const h = await withForeignHolding();
  await h.say('/reconcile');
  assert.match(
    (await h.say('/reconcile accept cash', { userId: '2' }))[0]!,
    /needs the role owner/,
  );
  assert.match((await h.say('/reconcile accept cash'))[0]!, /Accept the broker’s side of cash/);
  await h.say('/yes nonce1');
  assert.ok(h.desk.events.some((event) => event.type === 'cash_corrected'));
  assert.match((await h.say('/reconcile disown MU'))[0]!, /Nothing at the broker is in question/);
  const said = await h.say('/reconcile disown AAPL', { userId: '2' });
  assert.ok(said.some((line) => line.startsWith('✓ /reconcile disown AAPL')));
  await h.say('/对账');
  assert.equal(h.desk.state().isReconciled, true);
  await h.say('/positions');
  assert.match(h.channel.sent.at(-1)!.card.lines[0]!, /left alone: AAPL 50/);
});

test('ID-09 /adopt asks once, then takes the holding over with a quote fetched after the tap', async () => {
  const h = await withForeignHolding();
  await h.say('/reconcile');
  const late = { sentAt: h.clock.now() - 120_000 };
  assert.match((await h.say('/adopt AAPL stop=180', late))[0]!, /Expired/);
  assert.match((await h.say('/adopt AAPL stop=180'))[0]!, /Take over AAPL 50, bought at 190.00/);
  h.desk.quote = quoteOf(h.clock.now(), 195, 195.02, 'AAPL.US');
  const said = await h.say('/yes nonce1');
  assert.ok(
    said.some((line) => /Taken over AAPL 50 @ 195.00 · stop 180.00/.test(line)),
    said.join(),
  );
  assert.match((await h.say('/adopt MU'))[0]!, /Nothing at the broker/);
});

/** Asks for the log and answers what came back, with the given number of lines of 100 letters in it. */
async function logOf(lines: number) {
  const h = await chatHarness(withTicket(), {
    logs: Array.from({ length: lines }, (_, n) => `${n} ${'x'.repeat(96)}`),
  });
  await h.say('/logs 500');
  return h.channel.sent;
}

test('CX-11 a long answer comes in up to three numbered messages that hold every line once', async () => {
  const sent = await logOf(100);
  const texts = sent.map(({ card }) => card.lines.join('\n'));
  assert.equal(sent.length, 3);
  assert.ok(texts.every((text) => text.length <= 4096));
  assert.deepEqual(
    texts.map((text) => /\((\d\/\d)\)$/.exec(text)?.[1]),
    ['1/3', '2/3', '3/3'],
  );
  for (let n = 0; n < 100; n += 1)
    assert.equal(
      texts
        .join('\n')
        .split('\n')
        .filter((line) => line.startsWith(`${n} x`)).length,
      1,
    );
});

test('CX-11 an answer longer than three messages comes as its beginning and the whole of it in a file', async () => {
  const sent = await logOf(400);
  assert.equal(sent.length, 2);
  assert.ok(sent.every(({ card }) => card.lines.join('\n').length <= 4096));
  const [head, file] = sent;
  assert.equal(head?.card.lines.at(-1), '…');
  assert.equal(file?.file?.name, 'logs.txt');
  const whole = Buffer.from(file?.file?.content ?? []).toString();
  assert.ok(whole.startsWith(head?.card.lines.slice(0, -1).join('\n') ?? '?'));
  assert.match(whole, /\n399 x/);
});
