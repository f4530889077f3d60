import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, suite, test } from 'node:test';
import fc from 'fast-check';
import type { TelegramServer as TestApi } from 'telegram-test-api/lib/telegramServer.js';
import { ChannelError } from '#app/errors.ts';
import type { Card, Incoming, Outgoing } from '#app/ports.ts';
import { createCallbackData } from '#shell/chat/callback-data.ts';
import type { ChannelTrouble } from '#shell/chat/channel-trouble.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { createTelegramChannel, type TelegramOptions } from '#shell/chat/telegram.ts';
import { createBotApi } from '#shell/chat/telegram-by-grammy.ts';
import { htmlOf } from '#shell/chat/telegram-html.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { CLOSED_TICKET, SAMPLES } from '../../support/chat-samples.ts';
import { FakeTelegram, TOKEN } from '../../support/fake-telegram.ts';

// The package's types do not say what its CommonJS exports are.
const TelegramServer = createRequire(import.meta.url)('telegram-test-api') as typeof TestApi;

const KEY = new Uint8Array(32).fill(7);
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function until(isDone: () => boolean): Promise<void> {
  const limit = Date.now() + 30_000;
  while (!isDone()) {
    if (Date.now() > limit) assert.fail('waited 30 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function bot(
  change: Partial<TelegramOptions> & {
    receive?: (rows: readonly Incoming[]) => Promise<void>;
  } = {},
) {
  const server = new FakeTelegram();
  const apiRoot = await server.listen();
  closers.push(() => server.close());
  const got: Incoming[] = [];
  const troubles: (ChannelTrouble | null)[] = [];
  const { receive = async (rows) => void got.push(...rows), ...options } = change;
  const make = async () => {
    const channel = createTelegramChannel({
      library: createBotApi,
      token: TOKEN,
      key: KEY,
      clock: createSystemClock(),
      languageOf: () => 'en',
      apiRoot,
      pollSeconds: 5,
      onTrouble: (trouble) => troubles.push(trouble),
      ...options,
    });
    closers.push(() => channel.stop());
    await channel.start(receive);
    return channel;
  };
  return { server, apiRoot, got, troubles, make, channel: await make() };
}

const out = (card: Card, fields: Partial<Outgoing> = {}): Outgoing => ({
  chatId: '1',
  card,
  silent: false,
  edit: null,
  replyTo: null,
  ...fields,
});
const ticket = renderMessage(SAMPLES.signal_entry, 'en', { now: SAMPLES.signal_entry.at });
const later = renderMessage({ ...SAMPLES.signal_entry, ticket: CLOSED_TICKET }, 'en', {
  now: SAMPLES.signal_entry.at,
});

suite('CX-01 Telegram over HTTP against a strict server', () => {
  test('receives messages with sender, chat and instant', async () => {
    const b = await bot();
    b.server.say('/status');
    await until(() => b.got.length === 1);
    const [row] = b.got;
    assert.deepEqual(
      [row?.text, row?.userId, row?.chatId, row?.chatKind, row?.userName],
      ['/status', '1', '1', 'private', 'Li'],
    );
    assert.ok(Math.abs(row!.sentAt - Date.now()) < 3000);
  });

  test('a message keeps its age on a played clock', async () => {
    const played = createVirtualClock({ startAt: 1_000_000_000 });
    const b = await bot({ clock: played, wall: createSystemClock() });
    b.server.say('/allow', { date: Math.floor(Date.now() / 1000) - 120 });
    await until(() => b.got.length === 1);
    const ageMs = played.now() - b.got[0]!.sentAt;
    assert.ok(ageMs >= 120_000 && ageMs < 125_000, `${ageMs}`);
    assert.equal(b.got[0]?.receivedAt, played.now());
  });

  test('CX-10 the offset moves only after the commit; after a crash the update comes again', async () => {
    let isDown = true;
    const given: string[] = [];
    const b = await bot({
      receive: async (rows) => {
        given.push(...rows.map((row) => row.updateId));
        if (isDown) throw new Error('store down');
      },
    });
    const id = b.server.say('/kill');
    await until(() => given.length >= 2);
    assert.ok(b.server.offsets.every((offset) => offset === 0));
    await b.channel.stop();
    isDown = false;
    await b.make();
    await until(() => b.server.offsets.includes(id + 1));
    assert.ok(given.every((given) => given === String(id)));
  });

  test('a button comes back as its command and is answered before anything else', async () => {
    let release = () => {};
    const b = await bot({
      receive: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    });
    await b.channel.deliver(out(ticket));
    b.server.tap(b.server.messages[0]!.keyboard[0]![0]!.callback_data);
    await until(() => b.server.answered.length === 1);
    assert.equal(b.server.answered[0]?.text, undefined);
    release();
  });

  test('a forged button and one from another chat are told so and carry no text', async () => {
    const b = await bot();
    const real = createCallbackData(KEY).encode('/confirm K7QD v1', '1');
    b.server.tap(`${real.slice(0, -2)}xx`);
    b.server.tap(real, 2, 2);
    b.server.tap('');
    b.server.tap(real);
    await until(() => b.got.length === 4 && b.server.answered.length === 4);
    assert.deepEqual(
      b.got.map((row) => row.text),
      ['', '', '', '/confirm K7QD v1'],
    );
    assert.equal(
      b.server.answered.filter(
        (answer) => answer.alert && /no longer valid/.test(answer.text ?? ''),
      ).length,
      3,
    );
  });

  test('CX-01 one message for the life of a ticket: edited, and its buttons go', async () => {
    const b = await bot();
    const id = await b.channel.deliver(out(ticket));
    assert.equal(await b.channel.deliver(out(later, { edit: id })), id);
    assert.equal(b.server.messages.length, 1);
    assert.deepEqual(b.server.messages[0]?.keyboard, []);
    assert.match(b.server.messages[0]!.text, /<code>K7QD<\/code>/);
  });

  test('an edit that changes nothing is a success; one of a lost message is sent anew', async () => {
    const b = await bot();
    const id = await b.channel.deliver(out(ticket));
    assert.equal(await b.channel.deliver(out(ticket, { edit: id })), id);
    assert.notEqual(await b.channel.deliver(out(ticket, { edit: '99999' })), '99999');
    b.server.faults.push({
      method: 'editMessageText',
      status: 400,
      description: "Bad Request: message can't be edited",
    });
    assert.notEqual(await b.channel.deliver(out(later, { edit: id })), id);
    assert.equal(b.server.messages.length, 3);
  });

  test('text the server cannot parse is sent once more as plain text', async () => {
    const b = await bot();
    b.server.faults.push({
      method: 'sendMessage',
      status: 400,
      description: "Bad Request: can't parse entities: Unsupported start tag",
    });
    await b.channel.deliver(out({ lines: ['a < b'], buttons: [] }));
    assert.deepEqual(
      b.server.messages.map((message) => [message.text, message.parse_mode]),
      [['a < b', undefined]],
    );
  });

  test('CX-11 429 is a failure that may be repeated after the time asked for', async () => {
    const b = await bot();
    b.server.faults.push({
      method: 'sendMessage',
      status: 429,
      description: 'Too Many Requests: retry after 7',
      retryAfter: 7,
    });
    await assert.rejects(b.channel.deliver(out(ticket)), (error) => {
      assert.ok(error instanceof ChannelError);
      assert.deepEqual(
        [error.retryable, error.code, error.context['retryAfterMs']],
        [true, 'rate_limited', 7000],
      );
      return true;
    });
  });

  test('a blocked bot is not retried, and no failure names the token', async () => {
    const b = await bot();
    b.server.faults.push({
      method: 'sendMessage',
      status: 403,
      description: 'Forbidden: bot was blocked by the user',
    });
    await assert.rejects(b.channel.deliver(out(ticket)), {
      name: 'ChannelError',
      retryable: false,
    });
    await b.channel.stop();
    await b.server.close();
    await assert.rejects(b.channel.deliver(out(ticket)), (error) => {
      assert.ok(error instanceof ChannelError && error.retryable);
      assert.ok(!`${error.message}${error.stack}${JSON.stringify(error)}`.includes(TOKEN));
      return true;
    });
  });

  test('CX-11 another poller (409) and a revoked token (401) are told once, tried again, and recovered', async () => {
    const b = await bot({ pollSeconds: 0 });
    b.server.isHoldingOther = true;
    await until(() => b.troubles.length === 1);
    assert.equal(b.troubles[0]?.code, 'conflict');
    b.server.isHoldingOther = false;
    await until(() => b.troubles.length === 2);
    assert.equal(b.troubles[1], null);
    b.server.isRevoked = true;
    await until(() => b.troubles.length === 3);
    assert.equal(b.troubles[2]?.code, 'unauthorized');
    b.server.isRevoked = false;
    b.server.say('/ping');
    await until(() => b.got.length === 1);
    assert.equal(b.troubles[3], null);
  });

  test('P2 is silent; a message too long for Telegram is cut, not lost', async () => {
    const b = await bot();
    await b.channel.deliver(out({ lines: ['&<'.repeat(4000)], buttons: [] }, { silent: true }));
    assert.equal(b.server.messages[0]?.silent, true);
  });

  test('menus show what a role may do, to its chat only', async () => {
    const b = await bot({ menus: () => [{ chatId: '3', role: 'viewer', language: 'zh' }] });
    await until(() => b.server.menus.length === 3);
    const names = (menu: Record<string, unknown>) =>
      (menu['commands'] as { command: string }[]).map((command) => command.command);
    assert.deepEqual(names(b.server.menus[0]!), ['pair']);
    assert.ok(
      names(b.server.menus[2]!).includes('status') && !names(b.server.menus[2]!).includes('kill'),
    );
  });

  test('CX-01 a menu follows a person whose role or language changed; who is out sees what strangers see', async () => {
    const b = await bot({ menus: () => [] });
    await until(() => b.server.menus.length === 2);
    await b.channel.showMenu?.({ chatId: '3', role: 'owner', language: 'en' });
    await b.channel.showMenu?.({ chatId: '3', role: null, language: 'zh' });
    const [owner, nobody] = b.server.menus.slice(2).map((menu) => {
      const commands = (menu['commands'] as { command: string }[]).map(({ command }) => command);
      return { commands, scope: menu['scope'] };
    });
    assert.ok(owner?.commands.includes('config') && owner.commands.length <= 100);
    assert.deepEqual(nobody?.commands, ['pair']);
    assert.deepEqual(owner?.scope, nobody?.scope);
  });

  test('stopping ends a poll that waits, at once', async () => {
    const b = await bot({ pollSeconds: 50 });
    await until(() => b.server.offsets.length === 1);
    const began = Date.now();
    await b.channel.stop();
    assert.ok(Date.now() - began < 20_000);
  });

  test('speaks through a proxy', async () => {
    let proxied = 0;
    const proxy = createServer((request, response) => {
      proxied += 1;
      const onward = httpRequest(
        request.url!,
        { method: request.method ?? 'GET', headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
        },
      );
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const b = await bot({ proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
    closers.push(async () => {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    });
    await b.channel.deliver(out(ticket));
    assert.equal(b.server.messages.length, 1);
    assert.ok(proxied >= 1);
  });

  test('CX-01 CX-14 every message in both languages is accepted, buttons and all', async () => {
    const b = await bot();
    for (const language of ['en', 'zh'] as const) {
      for (const message of Object.values(SAMPLES)) {
        await b.channel.deliver(out(renderMessage(message, language, { now: message.at })));
      }
    }
    assert.equal(b.server.messages.length, 2 * Object.keys(SAMPLES).length);
    assert.ok(b.server.messages.every((message) => message.parse_mode === 'HTML'));
  });
});

test('CX-01 works against telegram-test-api: command in, card out, tap in, edit out', async () => {
  const port = await freePort();
  const api = new TelegramServer({ port, host: '127.0.0.1', protocol: 'http' });
  await api.start();
  closers.push(async () => void (await api.stop()));
  const got: Incoming[] = [];
  const channel = createTelegramChannel({
    library: createBotApi,
    token: TOKEN,
    key: KEY,
    clock: createSystemClock(),
    languageOf: () => 'en',
    apiRoot: `http://127.0.0.1:${port}`,
    pollSeconds: 0,
    onTrouble: () => undefined,
  });
  closers.push(() => channel.stop());
  await channel.start(async (rows) => void got.push(...rows));
  const client = api.getClient(TOKEN, { userId: 1, chatId: 1 });
  await client.sendCommand(client.makeCommand('/status'));
  await until(() => got.length === 1);
  assert.equal(got[0]?.text, '/status');
  const id = await channel.deliver(out(ticket));
  const first = await client.getUpdates();
  assert.match(JSON.stringify(first.result), /BUY QQQM 21/);
  const data = createCallbackData(KEY).encode('/confirm K7QD v1', '1');
  await client.sendCallback(
    client.makeCallbackQuery(data, { message: { message_id: Number(id) } as never }),
  );
  await until(() => got.length === 2);
  assert.equal(got[1]?.text, '/confirm K7QD v1');
  assert.equal(await channel.deliver(out(later, { edit: id })), id);
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

test('callback data has the documented shape, fits 64 bytes and survives a restart', () => {
  const data = createCallbackData(KEY);
  const again = createCallbackData(KEY);
  assert.match(data.encode('/confirm K7QD v12', '-1001234567890'), /^1:c:K7QD:12:[\w-]{11}$/);
  for (const command of [
    '/confirm K7QD v1',
    '/half K7QD v2',
    '/skip K7QD v3',
    '/why K7QD',
    '/allow us-vwap 2026-11-20',
    '/yes aB3-_x9',
    '/ack a:1',
  ]) {
    assert.equal(again.decode(data.encode(command, '1'), '1'), command);
    assert.equal(again.decode(data.encode(command, '1'), '2'), null);
    assert.equal(
      createCallbackData(new Uint8Array(32)).decode(data.encode(command, '1'), '1'),
      null,
    );
  }
  const long = `/ack ${'x'.repeat(80)}`;
  assert.equal(data.decode(data.encode(long, '1'), '1'), long);
  assert.equal(again.decode(data.encode(long, '1'), '1'), null);
});

test('no forged callback data is ever a command', () => {
  const data = createCallbackData(KEY);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 80 }),
        fc.string({ minLength: 11, maxLength: 11 }).map((sign) => `1:t:/kill:${sign}`),
      ),
      (forged) => {
        assert.equal(data.decode(forged, '1'), null);
      },
    ),
    { numRuns: 1000 },
  );
});

test('HTML is escaped whatever the words', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 8 }),
      (lines) => {
        const bare = htmlOf(lines).replace(/<\/?(b|code)>/g, '');
        assert.doesNotMatch(bare, /[<>]|&(?!amp;|lt;|gt;)/);
      },
    ),
  );
});
