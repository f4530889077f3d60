import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { ChannelError } from '#app/errors.ts';
import type { Card, Incoming } from '#app/ports.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { createTerminalChannel } from '#shell/chat/terminal.ts';
import { CLOSED_TICKET, SAMPLES } from '../../support/chat-samples.ts';

const FILES = join(tmpdir(), 'centaur-terminal-files');
const NOW = SAMPLES.signal_entry.at + 2000;

async function terminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  const got: Incoming[] = [];
  const channel = createTerminalChannel({
    input,
    output,
    now: () => NOW,
    userName: 'Li',
    filesDir: FILES,
  });
  await channel.start(async (rows) => void got.push(...rows));
  const read = () => String(output.read() ?? '');
  const send = (card: Card, edit: string | null = null) =>
    channel.deliver({ chatId: 'terminal', card, silent: false, edit, replyTo: null });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { input, output, got, channel, read, send, turn };
}

const ticketCard = (ticket = SAMPLES.signal_entry.ticket) =>
  renderMessage({ ...SAMPLES.signal_entry, ticket }, 'en', { now: NOW });

test('CX-03 works in a pipe: line in, card out, without colours or prompts', async () => {
  const t = await terminal();
  t.input.write('/status\n\n  停止开仓 \n');
  await t.turn();
  assert.deepEqual(
    t.got.map((row) => row.text),
    ['/status', '停止开仓'],
  );
  assert.equal(new Set(t.got.map((row) => row.updateId)).size, 2);
  await t.send(ticketCard());
  assert.equal(
    t.read(),
    `${ticketCard().lines.join('\n')}\n[1] ✓ Confirm  [2] ½ Half  [3] ✕ Skip  [4] Why  [5] Chart\n`,
  );
  await t.channel.stop();
});

test('CX-03 a number taps its button; numbers run on, so an old number never means a new button', async () => {
  const t = await terminal();
  await t.send(ticketCard());
  await t.send({ lines: ['other'], buttons: [[{ label: 'A', command: '/allow' }]] });
  t.input.write('1\n6\n');
  await t.turn();
  assert.deepEqual(
    t.got.map((row) => [row.text, row.callback !== null]),
    [
      ['/confirm K7QD v1', true],
      ['/allow', true],
    ],
  );
  await t.channel.stop();
});

test('an edit is one new line and takes the old buttons away', async () => {
  const t = await terminal();
  const id = await t.send(ticketCard());
  t.read();
  assert.equal(await t.send(ticketCard(CLOSED_TICKET), id), id);
  const text = t.read();
  assert.equal(text.split('\n').length, 2);
  assert.match(text, /^↻ ✓ confirmed: BUY QQQM 21 .* closed \+0\.90R/);
  t.input.write('1\n');
  await t.turn();
  assert.deepEqual(
    t.got.map((row) => [row.text, row.callback]),
    [['1', null]],
  );
  await t.channel.stop();
});

test('a line that could not be committed is given again, in order', async () => {
  const input = new PassThrough();
  const got: string[] = [];
  let failures = 2;
  const channel = createTerminalChannel({
    input,
    output: new PassThrough(),
    now: () => NOW,
    userName: 'Li',
    filesDir: FILES,
  });
  const done = new Promise<void>((resolve) => {
    void channel.start(async (rows) => {
      failures -= 1;
      if (failures >= 0) throw new Error('store down');
      got.push(...rows.map((row) => row.text));
      if (got.length === 2) resolve();
    });
  });
  input.write('/kill\n/status\n');
  await done;
  assert.deepEqual(got, ['/kill', '/status']);
  await channel.stop();
});

test('the end of the input ends nothing, a closed output is a failure and no crash', async () => {
  const input = new PassThrough();
  const output = new Writable({
    write: (_chunk, _encoding, callback) =>
      callback(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  const channel = createTerminalChannel({
    input,
    output,
    now: () => NOW,
    userName: 'Li',
    filesDir: FILES,
  });
  await channel.start(async () => undefined);
  input.end();
  const card = { lines: ['x'], buttons: [] };
  const message = { chatId: 'terminal', card, silent: false, edit: null, replyTo: null };
  await assert.rejects(channel.deliver(message), ChannelError);
  await assert.rejects(channel.deliver(message), ChannelError);
  await channel.stop();
});

test('escape sequences in a card do not reach the terminal', async () => {
  const t = await terminal();
  await t.send({ lines: ['a\u001b[2Jb\rc'], buttons: [] });
  assert.doesNotMatch(t.read().trimEnd(), /\p{Cc}/u);
  await t.channel.stop();
});
