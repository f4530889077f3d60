import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRedactedChannel } from '#shell/chat/redacted.ts';
import { redactorOf } from '#shell/lib/log.ts';
import { createRecordingChannel } from '../../support/chat-harness.ts';

const SECRET = '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw';
const hide = redactorOf([SECRET]);

test('CX-09 no secret leaves by chat: not in a line, a label, an answer to a tap, a caption or a file of text', async () => {
  const inner = createRecordingChannel();
  const answered: (string | null)[] = [];
  inner.acknowledge = async (_id: string, text: string | null) => void answered.push(text);
  const channel = createRedactedChannel(inner, hide);
  const card = {
    lines: ['fine', `token ${SECRET}!`],
    buttons: [[{ label: `use ${SECRET}`, command: '/status' }]],
  };
  const base = { chatId: '1', card, silent: false, edit: null, replyTo: null };
  const fileOf = (mediaType: string) => ({
    kind: 'document' as const,
    name: 'x',
    mediaType,
    content: Buffer.from(`a,${SECRET},中`),
  });
  await channel.deliver(base);
  for (const type of ['text/csv', 'application/json', 'image/svg+xml'])
    await channel.deliver({ ...base, file: fileOf(type) });
  await channel.acknowledge('1', `no ${SECRET}`, true);
  const said = inner.sent.map((message) => JSON.stringify(message)).join();
  assert.ok(!said.includes(SECRET));
  assert.deepEqual(inner.sent[0]?.card.lines, ['fine', 'token [hidden]!']);
  for (const { file } of inner.sent.slice(1))
    assert.equal(Buffer.from(file?.content ?? []).toString(), 'a,[hidden],中');
  assert.deepEqual(answered, ['no [hidden]']);
});

test('CX-05 a picture goes through untouched, also where its bytes are no text', async () => {
  const inner = createRecordingChannel();
  const content = Uint8Array.from([0x89, 0x50, 0xff, 0, 0xc3]);
  const file = { kind: 'photo', name: 'x.png', mediaType: 'image/png', content } as const;
  const message = { chatId: '1', silent: true, edit: null, replyTo: null, file };
  await createRedactedChannel(inner, hide).deliver({
    ...message,
    card: { lines: [], buttons: [] },
  });
  assert.deepEqual(inner.sent[0]?.file?.content, content);
});
