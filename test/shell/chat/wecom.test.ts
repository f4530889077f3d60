import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { ChannelError } from '#app/errors.ts';
import type { Card, Channel, Incoming, Outgoing } from '#app/ports.ts';
import type { ChannelTrouble } from '#shell/chat/channel-trouble.ts';
import { createWecomChannel } from '#shell/chat/wecom.ts';
import { cutToBytes, wecomMarkdownOf } from '#shell/chat/wecom-card.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { BOT_ID, BOT_SECRET, FakeWecom } from '../../support/fake-wecom.ts';

const opened: { channel: Channel; server: FakeWecom }[] = [];
afterEach(async () => {
  for (const { channel, server } of opened.splice(0)) {
    await channel.stop();
    await server.close();
  }
});

const CARD: Card = {
  lines: ['▲ BUY QQQM 21 @ ≤ 252.38 · K7QD · 118 s', 'stop 251.96', 'us-vwap · active'],
  buttons: [
    [
      { label: '✓ Confirm', command: '/confirm K7QD v1' },
      { label: '✕ Skip', command: '/skip K7QD v1' },
    ],
  ],
};
const message = (fields: Partial<Outgoing> = {}): Outgoing => ({
  chatId: 'li',
  card: CARD,
  silent: false,
  edit: null,
  replyTo: null,
  ...fields,
});

async function open(
  fields: { secret?: string; receive?: (rows: readonly Incoming[]) => Promise<void> } = {},
) {
  const server = new FakeWecom();
  const wsUrl = await server.listen();
  const got: Incoming[] = [];
  const troubles: (ChannelTrouble | null)[] = [];
  const channel = createWecomChannel({
    botId: BOT_ID,
    secret: fields.secret ?? BOT_SECRET,
    key: new Uint8Array(32),
    clock: createSystemClock(),
    languageOf: () => 'en',
    onTrouble: (trouble) => troubles.push(trouble),
    wsUrl,
    reconnectMs: 5,
    displacedMs: 5,
  });
  opened.push({ channel, server });
  await channel.start(fields.receive ?? (async (rows) => void got.push(...rows)));
  return { server, channel, got, troubles };
}

const isUp = (channel: Channel) =>
  eventually(() =>
    channel.probe!().then(
      () => true,
      () => false,
    ),
  );

test('CX-01 a ticket in WeCom: its words whole, and a card with buttons; the tap is the act', async () => {
  const { server, channel, got } = await open();
  await isUp(channel);
  const id = await channel.deliver(message());
  const [words, card] = server.sent;
  assert.deepEqual(words, { kind: 'markdown', chatId: 'li', content: CARD.lines.join('\n') });
  assert.ok(card?.kind === 'card');
  assert.equal(card.card.task_id, id);
  assert.deepEqual(
    card.card.button_list.map(({ text }) => text),
    ['✓ Confirm', '✕ Skip'],
  );
  server.tap(card.card.button_list[0]!.key, id);
  await eventually(() => got.length === 1);
  assert.deepEqual(
    { ...got[0], sentAt: 0, receivedAt: 0, updateId: '', callback: null },
    {
      channel: 'wecom',
      updateId: '',
      chatId: 'li',
      userId: 'li',
      userName: 'li',
      chatKind: 'private',
      messageId: id,
      text: '/confirm K7QD v1',
      callback: null,
      replyTo: null,
      sentAt: 0,
      receivedAt: 0,
    },
  );
});

test('CX-01 what follows a tap within 5 s changes its card; what follows later is one new line', async () => {
  const { server, channel, got } = await open();
  await isUp(channel);
  const id = await channel.deliver(message());
  const [shown] = server.cards();
  server.tap(shown!.card.button_list[0]!.key, id);
  await eventually(() => got.length === 1);
  const confirmed = { lines: ['✓ confirmed by Li 10:07:41', ...CARD.lines.slice(1)], buttons: [] };
  assert.equal(await channel.deliver(message({ edit: id, card: confirmed })), id);
  assert.equal(shown?.updates, 1);
  assert.equal(shown?.card.main_title.title, '✓ confirmed by Li 10:07:41');
  assert.deepEqual(
    shown?.card.button_list.map(({ text }) => text),
    ['—'],
  );
  assert.equal(server.sent.length, 2);
  const filled = { lines: [...confirmed.lines, 'filled 21 @ 252.36'], buttons: [] };
  assert.equal(await channel.deliver(message({ edit: id, card: filled })), id);
  assert.match(server.text(), /↻ ✓ confirmed by Li 10:07:41 · filled 21 @ 252\.36$/);
  await channel.deliver(message({ edit: id, card: filled }));
  assert.equal(server.sent.length, 3);
});

test('CX-01 a tap that nothing follows gives the card its buttons back before its 5 s are over', async () => {
  const server = new FakeWecom();
  const wsUrl = await server.listen();
  const clock = createVirtualClock({ startAt: 1_000_000 });
  const got: Incoming[] = [];
  const channel = createWecomChannel({
    botId: BOT_ID,
    secret: BOT_SECRET,
    key: new Uint8Array(32),
    clock,
    languageOf: () => 'en',
    onTrouble: () => undefined,
    wsUrl,
  });
  opened.push({ channel, server });
  await channel.start(async (rows) => void got.push(...rows));
  await isUp(channel);
  const id = await channel.deliver(message());
  server.tap(server.cards()[0]!.card.button_list[1]!.key, id);
  await eventually(() => got.length === 1);
  assert.equal(server.cards()[0]?.updates, 0);
  assert.equal(clock.nextDue(), 1_004_000);
  clock.runNext();
  await eventually(() => server.cards()[0]?.updates === 1);
  assert.equal(server.cards()[0]?.card.button_list.length, 2);
});

test('CX-05 a forged button does nothing and says so; another chat cannot use a button', async () => {
  const { server, channel, got } = await open();
  await isUp(channel);
  const id = await channel.deliver(message());
  const { key } = server.cards()[0]!.card.button_list[0]!;
  server.tap('1:t:/kill:AAAAAAAAAAA', id);
  server.tap(key, id, 'wang');
  await eventually(() => got.length === 2);
  assert.deepEqual(
    got.map(({ text, userId }) => [text, userId]),
    [
      ['', 'li'],
      ['', 'wang'],
    ],
  );
  await eventually(() => /button/i.test(server.text()));
});

test('CX-05 seven buttons are two cards', async () => {
  const { server, channel } = await open();
  await isUp(channel);
  const row = Array.from({ length: 7 }, (_, n) => ({ label: `sell ${n}`, command: `/exit A${n}` }));
  await channel.deliver(message({ card: { lines: ['which one'], buttons: [row] } }));
  assert.deepEqual(
    server.cards().map(({ card }) => card.button_list.length),
    [6, 1],
  );
});

test('CX-10 a group writes with the name of the bot before it; the chat is the group, the sender the person', async () => {
  const { server, channel, got } = await open();
  await isUp(channel);
  server.say('@Centaur /status', { chattype: 'group', chatid: 'wrk1' });
  await eventually(() => got.length === 1);
  const { text, chatId, userId, chatKind } = got[0]!;
  assert.deepEqual(
    { text, chatId, userId, chatKind },
    { text: '/status', chatId: 'wrk1', userId: 'li', chatKind: 'group' },
  );
});

test('CX-07 a kill word is handed over at once while rows before it wait for the store', async () => {
  const seen: string[] = [];
  const { server, channel } = await open({
    receive: async (rows) => {
      seen.push(...rows.map(({ text }) => text));
      throw new Error('store down');
    },
  });
  await isUp(channel);
  server.say('/status');
  server.say('急停');
  await eventually(() => seen.includes('急停'));
});

test('CX-11 another process takes the line: told once, and the line is asked back', async () => {
  const { server, channel, troubles } = await open();
  await isUp(channel);
  server.displace();
  await eventually(() => troubles[0]?.code === 'conflict');
  await eventually(() => server.connects.length >= 2);
  await eventually(() => troubles.at(-1) === null);
  await channel.deliver(message());
});

test('CX-11 a server that goes and comes back: a message fails as one to try again, then leaves once', async () => {
  const { server, channel, troubles } = await open();
  await isUp(channel);
  await server.close();
  await assert.rejects(
    channel.deliver(message()),
    (error) => error instanceof ChannelError && error.retryable && error.code === 'unreachable',
  );
  await assert.rejects(channel.probe!());
  await eventually(() => troubles[0]?.code === 'unreachable');
  await server.listen();
  await isUp(channel);
  await channel.deliver(message());
  assert.equal(server.sent.length, 2);
  assert.deepEqual(
    troubles.map((trouble) => trouble?.code ?? null),
    ['unreachable', null],
  );
});

test('CX-11 a message whose card failed goes on with the card when it is tried again', async () => {
  const { server, channel } = await open();
  await isUp(channel);
  server.onSent = () => {
    server.faults.push(45_009);
    server.onSent = () => undefined;
  };
  await assert.rejects(
    channel.deliver(message()),
    (error) => error instanceof ChannelError && error.retryable && error.code === 'rate_limited',
  );
  await channel.deliver(message());
  assert.deepEqual(
    server.sent.map(({ kind }) => kind),
    ['markdown', 'card'],
  );
});

test('CX-11 what the vendor refuses for good is not tried again', async () => {
  const { server, channel } = await open();
  await isUp(channel);
  server.faults.push(93_006);
  await assert.rejects(
    channel.deliver(message()),
    (error) => error instanceof ChannelError && !error.retryable && error.code === 'errcode_93006',
  );
});

test('CX-09 a refused bot is told once, and its secret never', async () => {
  const { channel, troubles } = await open({ secret: 'wrong-secret-of-the-bot' });
  await eventually(() => troubles[0]?.code === 'unauthorized');
  await assert.rejects(
    channel.deliver(message()),
    (error) => !String(error).includes('wrong-secret'),
  );
  assert.equal(JSON.stringify(troubles).includes('wrong-secret'), false);
});

test('the redelivered message of the vendor has the same update id', async () => {
  const { server, channel, got } = await open();
  await isUp(channel);
  server.say('/status', { msgid: 'same' });
  server.say('/status', { msgid: 'same' });
  await eventually(() => got.length === 2);
  assert.equal(got[0]?.updateId, got[1]?.updateId);
});

test('any words fit the limit in bytes, stay whole letters and mark nothing up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 3000 }), { maxLength: 4 }),
      (lines) => {
        const text = wecomMarkdownOf(lines);
        assert.ok(Buffer.byteLength(text) <= 20_480);
        assert.ok(text.length > 0);
        assert.doesNotMatch(text, /<|\]\(|^\s*[#>]/m);
      },
    ),
    { numRuns: 20 },
  );
  assert.equal(cutToBytes('中文字', 9), '中文字');
  assert.equal(cutToBytes('中文字', 8), '中…');
});
