import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import fc from 'fast-check';
import { ChannelError } from '#app/errors.ts';
import type { Outgoing } from '#app/ports.ts';
import { createWecomWebhook, WEBHOOK_CHAT, wecomParts } from '#shell/chat/wecom-webhook.ts';

type Body = {
  msgtype: string;
  markdown?: { content: string };
  image?: { base64: string; md5: string };
};

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function read(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

async function robot() {
  const bodies: Body[] = [];
  const uploads: string[] = [];
  const answers: { errcode: number; errmsg: string }[] = [];
  const server = createServer((request, response) => {
    void read(request).then((content) => {
      const url = new URL(request.url ?? '', 'http://x');
      assert.equal(url.searchParams.get('key'), 'k3y-of-the-robot');
      const fault = answers.shift();
      if (fault === undefined && url.pathname.endsWith('/upload_media'))
        uploads.push(content.toString('latin1'));
      else if (fault === undefined) bodies.push(JSON.parse(String(content)));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ errcode: 0, errmsg: 'ok', media_id: 'm1', ...fault }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/cgi-bin/webhook/send?key=k3y-of-the-robot`;
  return { bodies, uploads, answers, channel: createWecomWebhook({ url }) };
}

const message = (lines: readonly string[], fields: Partial<Outgoing> = {}): Outgoing => ({
  chatId: WEBHOOK_CHAT,
  card: { lines, buttons: [[{ label: 'Why', command: '/why' }]] },
  silent: false,
  edit: null,
  replyTo: null,
  ...fields,
});

test('CX-11 the group hears words, and of an edit only what is new', async () => {
  const { bodies, channel } = await robot();
  const id = await channel.deliver(message(['Daily report', 'two trades']));
  assert.equal(await channel.deliver(message(['Daily report', 'two trades'], { edit: id })), id);
  await channel.deliver(message(['Daily report, final', 'two trades'], { edit: id }));
  assert.deepEqual(
    bodies.map(({ markdown }) => markdown?.content),
    ['Daily report\ntwo trades', '↻ Daily report, final'],
  );
});

test('CX-12 pictures go in the message, other files by an upload', async () => {
  const { bodies, uploads, channel } = await robot();
  const content = Buffer.from('picture');
  const file = { kind: 'photo', name: 'a.png', mediaType: 'image/png', content } as const;
  await channel.deliver(message(['chart'], { file }));
  await channel.deliver(message(['report'], { file: { ...file, kind: 'document', name: 'r.md' } }));
  assert.deepEqual(
    bodies.map(({ msgtype }) => msgtype),
    ['markdown', 'image', 'markdown', 'file'],
  );
  assert.equal(Buffer.from(bodies[1]!.image!.base64, 'base64').toString(), 'picture');
  assert.match(uploads[0]!, /name="media"; filename="r\.md"[\s\S]*picture/);
});

test('CX-11 too often waits a minute, a refusal is final, silence is tried again, and no word holds the key', async () => {
  const { answers, channel } = await robot();
  answers.push({ errcode: 45_009, errmsg: 'api freq out of limit' });
  await assert.rejects(
    channel.deliver(message(['a'])),
    (e) => e instanceof ChannelError && e.retryable && e.context['retryAfterMs'] === 60_000,
  );
  answers.push({ errcode: 93_000, errmsg: 'invalid webhook url' });
  await assert.rejects(
    channel.deliver(message(['a'])),
    (e) => e instanceof ChannelError && !e.retryable && !String(e.stack).includes('k3y'),
  );
  await closers.pop()!();
  await assert.rejects(
    channel.deliver(message(['a'])),
    (e) => e instanceof ChannelError && e.retryable && !String(e.stack).includes('k3y'),
  );
});

test('every part fits 4,096 bytes, and together they are the whole text where no line is longer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 }), {
        minLength: 1,
        maxLength: 60,
      }),
      (lines) => {
        const parts = wecomParts(lines);
        for (const part of parts) assert.ok(Buffer.byteLength(part) <= 4096);
        assert.equal(parts.join('\n').split('\n').length, lines.join('\n').split('\n').length);
      },
    ),
    { numRuns: 50 },
  );
  const chinese = '字'.repeat(1365);
  assert.deepEqual(wecomParts([chinese, chinese]), [chinese, chinese]);
});
