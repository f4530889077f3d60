import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { Incoming } from '#app/ports.ts';
import { createReachWatch } from '#app/reach-watch.ts';
import { createTelegramChannel, type TelegramOptions } from '#shell/chat/telegram.ts';
import { createBotApi } from '#shell/chat/telegram-by-grammy.ts';
import { webhookSecret } from '#shell/chat/telegram-webhook.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { FakeTelegram, TOKEN } from '../../support/fake-telegram.ts';

const KEY = new Uint8Array(32).fill(7);
const URL_ = 'https://desk.example.org/telegram';
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function bot(
  receive: (rows: readonly Incoming[]) => Promise<void>,
  fields: Partial<TelegramOptions> = {},
  server = new FakeTelegram(),
) {
  const apiRoot = await server.listen();
  closers.push(() => server.close());
  const channel = createTelegramChannel({
    library: createBotApi,
    token: TOKEN,
    key: KEY,
    clock: createSystemClock(),
    languageOf: () => 'en',
    apiRoot,
    pollSeconds: 1,
    onTrouble: () => undefined,
    ...fields,
  });
  closers.push(() => channel.stop());
  await channel.start(receive);
  const local = () => `http://127.0.0.1:${channel.webhookPort()}/telegram`;
  server.proxied = local;
  return { server, channel, local };
}

const webhook = { url: URL_, port: 0 };

test('CX-01 a webhook: Telegram is told the address and a secret, and an update comes until it is committed', async () => {
  const given: string[] = [];
  let failures = 2;
  const { server } = await bot(
    async (rows) => {
      given.push(...rows.map(({ updateId }) => updateId));
      failures -= 1;
      if (failures >= 0) throw new Error('store down');
    },
    { webhook },
  );
  await eventually(() => server.webhook !== null);
  assert.deepEqual(server.webhook, { url: URL_, secret: webhookSecret(KEY) });
  server.say('/status');
  await eventually(() => server.webhookAnswers.includes(200));
  assert.deepEqual(given, ['1', '1', '1']);
  assert.deepEqual(server.webhookAnswers, [503, 503, 200]);
});

test('CX-09 without the secret nothing is read, and what is no update is refused', async () => {
  const got: Incoming[] = [];
  const { local } = await bot(async (rows) => void got.push(...rows), { webhook });
  const secret = { 'x-telegram-bot-api-secret-token': webhookSecret(KEY) };
  const forged = JSON.stringify({ update_id: 1, message: { text: '/kill' } });
  const statusOf = async (body: string, headers: Record<string, string>, method = 'POST') =>
    (await fetch(local(), { method, headers, ...(method === 'POST' ? { body } : {}) })).status;
  assert.equal(await statusOf(forged, {}), 401);
  const wrong = { 'x-telegram-bot-api-secret-token': webhookSecret(new Uint8Array(32)) };
  assert.equal(await statusOf(forged, wrong), 401);
  assert.equal(await statusOf('', secret, 'GET'), 405);
  assert.equal(await statusOf('{"update_id":"x"}', secret), 400);
  assert.equal(await statusOf('{', secret), 400);
  assert.equal(await statusOf(`{"update_id":1,"a":"${'x'.repeat(1_000_001)}"}`, secret), 400);
  assert.deepEqual(got, []);
});

test('CX-01 back to polling: a webhook of before is taken away, and what waited there comes', async () => {
  const server = new FakeTelegram();
  server.webhook = { url: URL_, secret: 'old' };
  const got: string[] = [];
  server.say('/status');
  await bot(async (rows) => void got.push(...rows.map(({ text }) => text)), {}, server);
  await eventually(() => got.length > 0);
  assert.deepEqual(got, ['/status']);
  assert.equal(server.webhook, null);
});

test('CX-01 a topic of a group is a chat of its own: what is asked there is answered there', async () => {
  const got: Incoming[] = [];
  const { server, channel } = await bot(async (rows) => void got.push(...rows));
  const chat = { id: -100123, type: 'supergroup' };
  server.say('/status', { chat, message_thread_id: 45, is_topic_message: true });
  server.say('/status', { chat, message_thread_id: 46 });
  await eventually(() => got.length === 2);
  assert.deepEqual(
    got.map(({ chatId, chatKind }) => [chatId, chatKind]),
    [
      ['-100123/45', 'group'],
      ['-100123', 'group'],
    ],
  );
  const card = { lines: ['status'], buttons: [] };
  const message = { card, silent: true, edit: null, replyTo: null };
  const id = await channel.deliver({ ...message, chatId: '-100123/45' });
  await channel.deliver({
    ...message,
    chatId: '-100123/45',
    edit: id,
    card: { lines: ['s'], buttons: [] },
  });
  await channel.deliver({ ...message, chatId: '-100123' });
  assert.deepEqual(
    server.messages.map(({ chat_id, topic, edits }) => [chat_id, topic, edits]),
    [
      ['-100123', 45, 1],
      ['-100123', null, 0],
    ],
  );
});

test('CX-11 the status message is pinned once, edited in place, and found again by the next process', async () => {
  const { server, channel } = await bot(async () => undefined);
  let status = 'reducing';
  const clock = createSystemClock();
  const watch = () =>
    createReachWatch({
      clock,
      channels: [channel],
      chats: () => [{ channel: 'telegram', chatId: '1' }],
      statusCard: () => ({ lines: [status], buttons: [] }),
      isWatched: () => true,
      onSeen: () => undefined,
      everyMs: 20,
    });
  const first = watch();
  first.start();
  await eventually(() => server.pins.length === 1);
  status = 'active';
  await eventually(() => server.messages[0]?.text === '<b>active</b>');
  first.stop();
  status = 'halted';
  const second = watch();
  second.start();
  await eventually(() => server.messages[0]?.text === '<b>halted</b>');
  second.stop();
  assert.equal(server.messages.length, 1);
  assert.equal(server.pins.length, 1);
  assert.equal(server.messages[0]?.silent, true);
});

test('CX-11 a pinned message of somebody else is left alone', async () => {
  const { server, channel } = await bot(async () => undefined);
  server.pins.push({ chat: '1', messageId: 5 });
  server.pinnedBy = 77;
  assert.equal(await channel.pinned!('1'), null);
});
