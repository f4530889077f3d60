import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { ChannelError } from '#app/errors.ts';
import type { Incoming, Outgoing } from '#app/ports.ts';
import type { WechatOptions } from '#shell/chat/wechat.ts';
import type { WechatWindow } from '#shell/chat/wechat-wire.ts';
import { partsOf } from '../../../integrations/wechaty/src/message-parts.ts';
import { readSettings } from '../../../integrations/wechaty/src/settings.ts';
import { eventually } from '../../support/eventually.ts';
import { carryTo, FakeWechat, WECHAT_KEY, wechatChannel } from '../../support/fake-wechat.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'centaur-wechat-'));
  open.push(async () => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function desk(change: Partial<WechatOptions> = {}) {
  const rows: Incoming[] = [];
  const faults: Error[] = [];
  const channel = wechatChannel(change);
  open.push(() => channel.stop());
  await channel.start(async (given) => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    rows.push(...given);
  });
  const port = channel.port()!;
  const post = (route: string, body: unknown, key: string | null = WECHAT_KEY) =>
    fetch(`http://127.0.0.1:${port}/v1/${route}`, {
      method: 'POST',
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  /** A process that carries, once the desk has heard of it. */
  const carried = async (more: Parameters<typeof carryTo>[1] = {}) => {
    const other = carryTo(port, more);
    open.push(() => other.close());
    await eventually(() =>
      channel.probe!().then(
        () => true,
        () => false,
      ),
    );
    return other;
  };
  return { channel, rows, faults, port, post, carried };
}

const message = (lines: readonly string[], fields: Partial<Outgoing> = {}): Outgoing => ({
  chatId: 'wxid-li',
  card: { lines, buttons: [] },
  silent: false,
  edit: null,
  replyTo: null,
  ...fields,
});

const TICKET = {
  lines: ['BUY QQQM 3VEV'],
  buttons: [
    [
      { label: 'Confirm', command: '/confirm 3VEV v1' },
      { label: 'Skip', command: '/skip 3VEV v1' },
    ],
  ],
};

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'delivered',
    (error: unknown) => (error instanceof ChannelError ? error.code : String(error)),
  );

test('CX-02 buttons are numbers that run on: an answer is its button, an old number is none', async () => {
  const { channel, rows, carried } = await desk();
  const { bot, write } = await carried();
  const id = await channel.deliver({ ...message([]), card: TICKET });
  await channel.deliver({ ...message([]), card: { ...TICKET, lines: ['SELL MU 7K3Q'] } });
  assert.deepEqual(bot.texts(), [
    'BUY QQQM 3VEV\n[1] Confirm  [2] Skip',
    'SELL MU 7K3Q\n[3] Confirm  [4] Skip',
  ]);
  write('2');
  await eventually(() => rows.length === 1);
  assert.equal(rows[0]?.text, '/skip 3VEV v1');
  assert.notEqual(rows[0]?.callback, null);
  assert.deepEqual([rows[0]?.chatId, rows[0]?.userId], ['wxid-li', 'wxid-li']);
  await channel.deliver(message(['BUY QQQM 3VEV', 'skipped'], { edit: id }));
  assert.equal(bot.texts().at(-1), '↻ BUY QQQM 3VEV · skipped');
  write('1');
  write('确认 3VEV');
  await eventually(() => rows.length === 3);
  assert.deepEqual(
    rows.slice(1).map(({ text, callback }) => [text, callback]),
    [
      ['1', null],
      ['确认 3VEV', null],
    ],
  );
});

test('CX-11 a message whose answer was lost is not said again, by the same process and by the next one', async () => {
  const { channel, carried, post } = await desk();
  const kept = folder();
  const bot = new FakeWechat();
  const first = await carried({ bot, folder: kept });
  const row = message(['once'], { key: 'row-1' });
  await channel.deliver(row);
  await channel.deliver(row);
  assert.deepEqual(bot.texts(), ['once']);
  // it ended between sending and answering; another one starts on the same state
  first.carrier.stop();
  await first.ended;
  const again = channel.deliver(row);
  await carried({ bot, folder: kept });
  await again;
  assert.deepEqual(bot.texts(), ['once']);
  assert.equal(
    (await post('wechat/acks', { acks: [{ id: 'row-9', outcome: 'sent' }] })).status,
    200,
  );
});

test('CX-11 a message of several parts goes on where it failed', async () => {
  const { channel, carried } = await desk();
  const { bot } = await carried();
  const row = message(['a'.repeat(1700), 'b'.repeat(1700)], { key: 'row-1' });
  bot.say = async (chatId, text) => {
    if (text.startsWith('b') && bot.said.length === 1) {
      bot.said.push({ chatId, text: 'failed' });
      throw new Error('busy');
    }
    bot.said.push({ chatId, text: text.slice(0, 1) });
  };
  assert.equal(await codeOf(channel.deliver(row)), 'failed');
  await channel.deliver(row);
  assert.deepEqual(bot.texts(), ['a', 'failed', 'b']);
});

test('CX-11 nobody asks, nobody is logged in, no such chat: what may be tried again says so', async () => {
  const trouble: (string | null)[] = [];
  const { channel, carried } = await desk({
    onTrouble: (found) => trouble.push(found?.message ?? null),
  });
  assert.equal(await codeOf(channel.deliver(message(['x']))), 'unreachable');
  const { bot, carrier } = await carried();
  assert.equal(await codeOf(channel.deliver(message(['x'], { chatId: 'nobody' }))), 'refused');
  bot.isOnline = false;
  carrier.changed();
  await eventually(() => trouble.length === 1);
  assert.match(trouble[0] ?? '', /not logged in/);
  assert.equal(await codeOf(channel.deliver(message(['x']))), 'unreachable');
  bot.isOnline = true;
  carrier.changed();
  await eventually(() => trouble.length === 2);
  assert.equal(await codeOf(channel.deliver(message(['x']))), 'delivered');
});

test('CX-10 what a person wrote is kept until the desk has committed it, also over a restart, and comes once', async () => {
  const { rows, faults, carried, post } = await desk();
  const kept = folder();
  const first = await carried({ folder: kept });
  faults.push(...Array.from({ length: 3 }, () => new Error('store down')));
  first.write('允许开仓', 'w-1');
  await eventually(() => faults.length < 3);
  first.carrier.stop();
  await first.ended;
  await carried({ folder: kept });
  await eventually(() => rows.length > 0);
  assert.deepEqual([...new Set(rows.map(({ updateId }) => updateId))], ['w-1']);
  // the same update given again has the same id: the inbox counts it once
  const again = { id: 'w-1', chatId: 'c', userId: 'c', userName: null, chatKind: 'private' };
  const sentAt = Date.now();
  assert.equal(
    (await post('wechat/inbox', { messages: [{ ...again, text: 'x', sentAt }] })).status,
    200,
  );
  assert.equal(rows.at(-1)?.updateId, 'w-1');
});

test('CX-09 RL-09 the door is on loopback, opens to its key only, and limits who knocks; health needs no key', async () => {
  const { port, post } = await desk();
  const health = () => fetch(`http://127.0.0.1:${port}/v1/health`);
  assert.deepEqual(await (await health()).json(), { ok: true });
  assert.equal((await post('wechat/inbox', { messages: [] }, null)).status, 401);
  assert.equal((await post('wechat/inbox', { messages: [] }, 'x'.repeat(40))).status, 401);
  assert.equal((await post('wechat/inbox', { messages: [] })).status, 200);
  assert.equal((await post('wechat/inbox', 'no json')).status, 400);
  const bad = await post('wechat/inbox', { messages: [{ id: 7 }] });
  assert.equal(bad.status, 400);
  assert.match(((await bad.json()) as { error: string }).error, /messages\.0\.id/);
  assert.equal((await post('orders', {})).status, 404);
  const strange: number[] = [];
  for (let n = 0; n < 30; n += 1)
    strange.push((await post('wechat/acks', { acks: [] }, null)).status);
  assert.equal(strange.at(-1), 429);
  // who has the key is not held up by who has not
  assert.equal((await post('wechat/acks', { acks: [] })).status, 200);
  const known = await Promise.all(
    Array.from({ length: 250 }, () => post('wechat/acks', { acks: [] })),
  );
  const over = known.filter(({ status }) => status === 429);
  assert.ok(over.length >= 40 && over.length < 60, `${over.length}`);
  assert.match(over[0]?.headers.get('retry-after') ?? '', /^\d+$/);
});

test('CX-10 the newest process counts: one that another followed is told so and ends', async () => {
  const { channel, carried } = await desk();
  const first = await carried();
  const second = await carried();
  assert.match(String(await first.ended), /409/);
  await channel.deliver(message(['to the second']));
  assert.deepEqual(second.bot.texts(), ['to the second']);
  assert.deepEqual(first.bot.texts(), []);
});

test('CX-02 an allowance is counted: its end is told once, the last sends are kept for what sounds, a word opens it again', async () => {
  const closing: WechatWindow[] = [];
  const { channel, rows, carried } = await desk({ onClosing: (window) => closing.push(window) });
  const { bot, write } = await carried({ allowance: { sends: 4, hours: 24 } });
  const say = (text: string, silent: boolean) =>
    codeOf(channel.deliver(message([text], { silent })));
  write('/ping');
  await eventually(() => rows.length === 1);
  const windows = (left: number) => eventually(() => channel.windows()[0]?.left === left);
  await windows(4);
  assert.equal(await say('a', true), 'delivered');
  await windows(3);
  assert.equal(await say('b', true), 'delivered');
  await windows(2);
  assert.equal(await say('c', true), 'window_closed');
  assert.equal(await say('ALARM', false), 'delivered');
  await windows(1);
  assert.equal(await say('ALARM 2', false), 'delivered');
  await windows(0);
  assert.equal(await say('ALARM 3', false), 'window_closed');
  assert.deepEqual(
    closing.map(({ left }) => left),
    [2],
  );
  write('here I am');
  await windows(4);
  assert.equal(await say('d', true), 'delivered');
  assert.deepEqual(bot.texts(), ['a', 'b', 'ALARM', 'ALARM 2', 'd']);
});

test('parts of a message fit, are whole letters, and together are the text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('汉字🚀'.repeat(700)))),
      (lines) => {
        const parts = partsOf(lines.join('\n'));
        assert.ok(parts.every((part) => part.length <= 1800 && part.isWellFormed()));
        assert.equal(parts.join('').replaceAll('\n', ''), lines.join('').replaceAll('\n', ''));
      },
    ),
  );
});

test('CX-09 the process that speaks WeChat takes no key but its own, and no address but loopback', () => {
  const key = { CENTAUR_WECHAT_KEY: WECHAT_KEY };
  const settings = readSettings('/x', { ...key, CENTAUR_WECHAT_ALLOWANCE: '10/24' });
  assert.deepEqual(settings.allowance, { sends: 10, hours: 24 });
  assert.equal(settings.puppet, 'wechaty-puppet-wechat4u');
  for (const [env, found] of [
    [{}, /CENTAUR_WECHAT_KEY/],
    [{ ...key, ALPACA_LIVE_KEY_ID: 'PK1' }, /found ALPACA_LIVE_KEY_ID/],
    [{ ...key, CENTAUR_WECHAT_URL: 'http://10.0.0.1:7421' }, /loopback/],
    [{ ...key, CENTAUR_WECHAT_ALLOWANCE: 'ten' }, /SENDS\/HOURS/],
  ] as const)
    assert.throws(() => readSettings('/x', env), found);
});
