import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { SMTPServer } from 'smtp-server';
import type { Channel, Incoming, Outgoing, OutgoingFile } from '#app/ports.ts';
import { createMailChannel } from '#shell/chat/mail.ts';
import { createTelegramChannel } from '#shell/chat/telegram.ts';
import { createBotApi as byGrammy } from '#shell/chat/telegram-by-grammy.ts';
import { createBotApi as byTelegraf } from '#shell/chat/telegram-by-telegraf.ts';
import { createTerminalChannel } from '#shell/chat/terminal.ts';
import { createWecomChannel } from '#shell/chat/wecom.ts';
import { createWecomWebhook } from '#shell/chat/wecom-webhook.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { eventually } from '../support/eventually.ts';
import { FakeTelegram, TOKEN } from '../support/fake-telegram.ts';
import { carryTo, wechatChannel } from '../support/fake-wechat.ts';
import { BOT_ID, BOT_SECRET, FakeWecom } from '../support/fake-wecom.ts';

type Open = {
  readonly channel: Channel;
  readonly chatId: string;
  /** A person writes. */
  write(text: string): void;
  /** What people can read, oldest first. */
  read(): string;
  /** Contents of the files people got, oldest first. */
  files(): Uint8Array[];
  /** A person taps the first button of the last message. */
  tapFirst(): void;
  close(): Promise<void>;
};

async function openTerminal(): Promise<Open> {
  const input = new PassThrough();
  const output = new PassThrough();
  let text = '';
  output.on('data', (chunk) => {
    text += String(chunk);
  });
  const filesDir = mkdtempSync(join(tmpdir(), 'centaur-channel-'));
  const channel = createTerminalChannel({
    input,
    output,
    now: () => Date.now(),
    userName: 'Li',
    filesDir,
  });
  return {
    files: () => [...text.matchAll(/^→ (.+)$/gm)].map((match) => readFileSync(match[1]!)),
    channel,
    chatId: 'terminal',
    write: (line) => void input.write(`${line}\n`),
    read: () => text,
    tapFirst: () => void input.write('1\n'),
    close: async () => {
      await channel.stop();
      rmSync(filesDir, { recursive: true });
    },
  };
}

async function openTelegram(isWebhook = false, library = byGrammy): Promise<Open> {
  const server = new FakeTelegram();
  const apiRoot = await server.listen();
  const channel = createTelegramChannel({
    library,
    token: TOKEN,
    key: new Uint8Array(32),
    clock: createSystemClock(),
    languageOf: () => 'en',
    apiRoot,
    pollSeconds: 5,
    ...(isWebhook ? { webhook: { url: 'https://desk.example.org/telegram', port: 0 } } : {}),
    onTrouble: () => undefined,
  });
  if (isWebhook) server.proxied = () => `http://127.0.0.1:${channel.webhookPort()}/telegram`;
  return {
    channel,
    chatId: '1',
    write: (text) => void server.say(text),
    files: () => server.messages.flatMap(({ file }) => (file === null ? [] : [file.content])),
    read: () => server.messages.map((message) => message.text).join('\n'),
    tapFirst: () =>
      void server.tap(server.messages[server.messages.length - 1]!.keyboard[0]![0]!.callback_data),
    close: async () => {
      await channel.stop();
      await server.close();
    },
  };
}

async function openWecom(): Promise<Open> {
  const server = new FakeWecom();
  const wsUrl = await server.listen();
  const channel = createWecomChannel({
    botId: BOT_ID,
    secret: BOT_SECRET,
    key: new Uint8Array(32),
    clock: createSystemClock(),
    languageOf: () => 'en',
    onTrouble: () => undefined,
    wsUrl,
  });
  const start = channel.start.bind(channel);
  channel.start = async (receive) => {
    await start(receive);
    await eventually(() =>
      channel.probe!().then(
        () => true,
        () => false,
      ),
    );
  };
  return {
    channel,
    chatId: 'li',
    write: (text) => server.say(text),
    files: () =>
      server.sent.flatMap((entry) =>
        entry.kind === 'image' || entry.kind === 'file' ? [entry.content] : [],
      ),
    read: () => server.text(),
    tapFirst: () => {
      const { card } = server.cards().at(-1)!;
      server.tap(card.button_list[0]!.key, card.task_id);
    },
    close: async () => {
      await channel.stop();
      await server.close();
    },
  };
}

async function openWechat(): Promise<Open> {
  const channel = wechatChannel();
  const start = channel.start.bind(channel);
  let other: ReturnType<typeof carryTo> | null = null;
  channel.start = async (receive) => {
    await start(receive);
    other = carryTo(channel.port()!);
    await eventually(() =>
      channel.probe!().then(
        () => true,
        () => false,
      ),
    );
  };
  return {
    channel,
    chatId: 'wxid-li',
    write: (text) => other?.write(text),
    files: () => other?.bot.files ?? [],
    read: () => other?.bot.texts().join('\n') ?? '',
    tapFirst: () => other?.write(/\[(\d+)\]/.exec(other.bot.texts().at(-1) ?? '')?.[1] ?? ''),
    close: async () => {
      await channel.stop();
      await other?.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const NOBODY = { write: () => undefined, tapFirst: () => undefined };

/** The robot of a group: what it was told by words, pictures and uploads. */
async function openRobot(): Promise<Open> {
  const texts: string[] = [];
  const files: Buffer[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url?.includes('upload_media') === true) {
        const from = body.indexOf('\r\n\r\n') + 4;
        files.push(body.subarray(from, body.lastIndexOf('\r\n--', body.length - 4)));
      } else {
        const said = JSON.parse(String(body));
        if (said.msgtype === 'markdown') texts.push(said.markdown.content);
        if (said.msgtype === 'image') files.push(Buffer.from(said.image.base64, 'base64'));
      }
      response.end(JSON.stringify({ errcode: 0, errmsg: 'ok', media_id: 'm1' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...NOBODY,
    channel: createWecomWebhook({ url: `http://127.0.0.1:${port}/send?key=k` }),
    chatId: 'group',
    files: () => files,
    read: () => texts.join('\n'),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A mailbox: its letters as they came, attachments decoded. */
async function openMail(): Promise<Open> {
  const letters: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData: (stream, _session, done) => {
      void text(stream).then((letter) => {
        letters.push(letter);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const channel = createMailChannel({
    host: '127.0.0.1',
    port,
    security: 'none',
    login: null,
    from: 'desk@example.org',
  });
  const attached = /Content-Disposition: attachment[\s\S]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)/g;
  return {
    ...NOBODY,
    channel,
    chatId: 'li@example.org',
    files: () =>
      letters.flatMap((letter) =>
        [...letter.matchAll(attached)].map(([, content]) => Buffer.from(content ?? '', 'base64')),
      ),
    read: () => letters.join('\n'),
    close: async () => {
      await channel.stop();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function until(isDone: () => boolean): Promise<void> {
  const limit = Date.now() + 30_000;
  while (!isDone()) {
    if (Date.now() > limit) assert.fail('waited 30 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const CARD = {
  lines: ['first <line>', 'second & last'],
  buttons: [[{ label: 'Yes', command: '/yes abcd1234' }]],
};

/** The smallest picture there is. */
const PHOTO: OutgoingFile = {
  kind: 'photo',
  name: 'dot.png',
  mediaType: 'image/png',
  content: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
};
const NOTES: OutgoingFile = {
  kind: 'document',
  name: 'notes.md',
  mediaType: 'text/markdown',
  content: Buffer.from('中文 notes'),
};

const CHANNELS = [
  ['terminal', openTerminal, ''],
  ['telegram', openTelegram, ''],
  ['telegram', () => openTelegram(true), ' webhook'],
  ['telegram', () => openTelegram(false, byTelegraf), ' telegraf'],
  ['telegram', () => openTelegram(true, byTelegraf), ' telegraf webhook'],
  ['wecom', openWecom, ''],
  ['wechat', openWechat, ''],
  ['wecom-webhook', openRobot, ''],
  ['mail', openMail, ''],
] as const;
/** What nobody can answer on has no case of what comes in. */
const ONE_WAY: ReadonlySet<string> = new Set(['wecom-webhook', 'mail']);

for (const [name, open, way] of CHANNELS) {
  const of = `${name}${way}`;
  const isOneWay = ONE_WAY.has(name);
  const answered = { skip: isOneWay ? 'one way' : false };
  suite(`every channel: ${of}`, () => {
    test(
      `CX-10 ${of}: gives what is written, in order, with own ids, until it is committed`,
      answered,
      async () => {
        const o = await open();
        const got: Incoming[] = [];
        let failures = 1;
        await o.channel.start(async (rows) => {
          failures -= 1;
          if (failures >= 0) throw new Error('store down');
          got.push(...rows);
        });
        o.write('/status');
        o.write('持仓');
        await until(() => got.length === 2);
        assert.deepEqual(
          got.map((row) => row.text),
          ['/status', '持仓'],
        );
        assert.notEqual(got[0]?.updateId, got[1]?.updateId);
        assert.ok(
          got.every(
            (row) =>
              row.channel === name &&
              row.chatId === o.chatId &&
              row.userId !== null &&
              row.callback === null,
          ),
        );
        await o.close();
      },
    );

    test(`CX-05 ${of}: a tap comes back as its command`, answered, async () => {
      const o = await open();
      const got: Incoming[] = [];
      await o.channel.start(async (rows) => void got.push(...rows));
      const id = await o.channel.deliver({
        chatId: o.chatId,
        card: CARD,
        silent: false,
        edit: null,
        replyTo: null,
      });
      assert.ok(id.length > 0);
      await until(() => o.read().includes('second'));
      o.tapFirst();
      await until(() => got.length === 1);
      assert.equal(got[0]?.text, '/yes abcd1234');
      assert.notEqual(got[0]?.callback, null);
      await o.close();
    });

    test(`CX-01 ${of}: shows hostile words as they are`, async () => {
      const o = await open();
      await o.channel.start(async () => undefined);
      const card = { lines: ['a <b>&amp; *_`[x](y)', 'second & last'], buttons: [] };
      const words = { chatId: o.chatId, card, silent: false, edit: null, replyTo: null };
      assert.ok((await o.channel.deliver(words)).length > 0);
      await until(() => o.read().includes('second'));
      await o.close();
    });

    test(`CX-01 ${of}: edits keep the id, the same content again is no failure`, async () => {
      const o = await open();
      await o.channel.start(async () => undefined);
      const message = { chatId: o.chatId, card: CARD, silent: true, edit: null, replyTo: null };
      const id = await o.channel.deliver(message);
      assert.equal(await o.channel.deliver({ ...message, edit: id }), id);
      assert.equal(
        await o.channel.deliver({ ...message, card: { lines: ['new'], buttons: [] }, edit: id }),
        id,
      );
      await until(() => o.read().includes('new'));
      await o.close();
    });

    const send = (o: Open, file: OutgoingFile, fields: Partial<Outgoing> = {}) =>
      o.channel.deliver({
        chatId: o.chatId,
        card: CARD,
        silent: true,
        edit: null,
        replyTo: null,
        file,
        ...fields,
      });

    test(`CX-05 ${of}: a photo and a document arrive byte for byte, each with its caption`, async () => {
      const o = await open();
      const got: Incoming[] = [];
      await o.channel.start(async (rows) => void got.push(...rows));
      const first = await send(o, PHOTO);
      const second = await send(o, NOTES, { card: { lines: ['notes <b>&'], buttons: [] } });
      assert.notEqual(first, second);
      await until(() => o.files().length === 2);
      assert.deepEqual(
        o.files().map(Buffer.from),
        [PHOTO, NOTES].map((f) => Buffer.from(f.content)),
      );
      assert.match(o.read(), /first[\s\S]*second[\s\S]*notes/);
      await o.channel.deliver({
        chatId: o.chatId,
        card: CARD,
        silent: true,
        edit: null,
        replyTo: null,
      });
      o.tapFirst();
      await until(() => isOneWay || got.length === 1);
      await o.close();
    });

    test(`CX-11 ${of}: a caption longer than it takes is cut, the file is whole`, async () => {
      const o = await open();
      await o.channel.start(async () => undefined);
      const lines = Array.from({ length: 40 }, (_, n) => `${n} ${'<&>'.repeat(30)}`);
      await send(o, PHOTO, { card: { lines: ['x'.repeat(1500), ...lines], buttons: [] } });
      await send(o, PHOTO, { card: { lines: ['short', ...lines], buttons: [] } });
      await until(() => o.files().length === 2);
      assert.match(o.read(), /xxxx[\s\S]*short/);
      await o.close();
    });

    test(`CX-11 ${of}: the same file given again is no failure`, async () => {
      const o = await open();
      await o.channel.start(async () => undefined);
      await send(o, NOTES);
      await send(o, NOTES);
      await send(o, { ...NOTES, content: Buffer.from('other') });
      await until(() => o.files().length === 3);
      assert.equal(Buffer.from(o.files()[2]!).toString(), 'other');
      assert.equal(Buffer.from(o.files()[0]!).toString(), '中文 notes');
      await o.close();
    });

    test(`CX-11 ${of}: an acknowledgement never throws, and stop may be called twice`, async () => {
      const o = await open();
      await o.channel.start(async () => undefined);
      await o.channel.acknowledge('no such tap', 'text', true);
      await o.channel.stop();
      await o.close();
    });
  });
}
