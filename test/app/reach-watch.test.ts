import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChannelError } from '#app/errors.ts';
import type { Channel } from '#app/ports.ts';
import { createReachWatch } from '#app/reach-watch.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createRecordingChannel } from '../support/chat-harness.ts';

const MINUTE = 60_000;
const down = () => new ChannelError('fake: unreachable', { code: 'unreachable', retryable: true });
const settle = () => new Promise((resolve) => setImmediate(resolve));

function world(channels: Channel[] = [createRecordingChannel('telegram')]) {
  const clock = createVirtualClock({ startAt: 1_000_000 });
  const seen: [boolean, string][] = [];
  const facts = { isWatched: true };
  const watch = createReachWatch({
    clock,
    channels,
    chats: () => channels.map(({ name }) => ({ channel: name, chatId: '1' })),
    statusCard: () => ({ lines: [`status ${clock.now()}`], buttons: [] }),
    isWatched: () => facts.isWatched,
    onSeen: (isReached, channel) => seen.push([isReached, channel]),
  });
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 5_000) {
      clock.advanceTo(clock.now() + 5_000);
      await settle();
    }
  };
  return { clock, watch, seen, facts, pass };
}

test('CX-11 one status message a chat, silent, is edited each minute while nothing else is said', async () => {
  const telegram = createRecordingChannel('telegram');
  const { watch, seen, pass } = world([telegram]);
  watch.start();
  await settle();
  await pass(3 * MINUTE);
  watch.stop();
  assert.deepEqual(
    telegram.sent.map(({ edit, silent }) => [edit, silent]),
    [
      [null, true],
      ['m1', true],
      ['m2', true],
      ['m3', true],
    ],
  );
  assert.ok(seen.length >= 3 && seen.every(([isReached]) => isReached));
});

test('CX-11 a message that reached an operator is a sign too, and saves the probe; one to a viewer is none', async () => {
  const telegram = createRecordingChannel('telegram');
  const { watch, seen, pass } = world([telegram]);
  watch.start();
  await settle();
  const before = telegram.sent.length;
  for (let round = 0; round < 5; round += 1) {
    await pass(25_000);
    watch.delivered('telegram', '1', true);
    await pass(25_000);
  }
  assert.equal(telegram.sent.length, before);
  const told = seen.length;
  telegram.failure = down();
  watch.delivered('telegram', 'viewer', true);
  assert.equal(seen.length, told);
});

test('CX-11 silence after a message is noticed a minute later, not at the look after the next', async () => {
  const telegram = createRecordingChannel('telegram');
  const { watch, seen, pass } = world([telegram]);
  watch.start();
  await settle();
  await pass(MINUTE + 5_000);
  watch.delivered('telegram', '1', true);
  telegram.failure = down();
  await pass(MINUTE - 5_000);
  assert.ok(seen.every(([isReached]) => isReached));
  await pass(5_000);
  assert.deepEqual(seen.at(-1), [false, 'telegram']);
});

test('CX-11 only when every channel fails is it told that nobody is reached, once, and the change back at once', async () => {
  const telegram = createRecordingChannel('telegram');
  const second = createRecordingChannel('second');
  const { watch, seen, pass } = world([telegram, second]);
  watch.start();
  await settle();
  telegram.failure = down();
  await pass(2 * MINUTE);
  assert.ok(seen.every(([isReached]) => isReached));
  second.failure = down();
  await pass(2 * MINUTE);
  const lost = seen.filter(([isReached]) => !isReached);
  assert.deepEqual(lost[0], [false, 'telegram, second']);
  second.failure = null;
  await pass(MINUTE);
  assert.deepEqual(seen.at(-1), [true, 'second']);
});

test('CX-11 a probe that never answers is a failure after its time', async () => {
  const hanging: Channel = {
    ...createRecordingChannel('telegram'),
    deliver: () => new Promise(() => undefined),
  };
  const { watch, seen, pass } = world([hanging]);
  watch.start();
  await pass(20_000);
  assert.deepEqual(seen, [[false, 'telegram']]);
});

test('CX-11 a limit of the platform shows that it lives; a deleted status message is shown anew', async () => {
  const telegram = createRecordingChannel('telegram');
  const { watch, seen, pass } = world([telegram]);
  telegram.failure = new ChannelError('fake: slow down', { code: 'rate_limited', retryable: true });
  watch.start();
  await pass(MINUTE);
  assert.ok(seen.every(([isReached]) => isReached));
  telegram.failure = null;
  await pass(MINUTE);
  const gone = new ChannelError('fake: no such message', { code: 'bad_request', retryable: false });
  const { deliver } = telegram;
  telegram.deliver = async (message) => {
    if (message.edit !== null) throw gone;
    return await deliver(message);
  };
  const before = telegram.sent.length;
  await pass(MINUTE);
  assert.equal(telegram.sent.length, before + 1);
  assert.equal(telegram.sent.at(-1)?.edit, null);
});

test('CX-11 outside the session nothing is probed, and a channel that can tell by itself gets no card', async () => {
  const terminal = { ...createRecordingChannel('terminal'), probe: async () => undefined };
  const { watch, seen, facts, pass } = world([terminal]);
  facts.isWatched = false;
  watch.start();
  await pass(3 * MINUTE);
  assert.deepEqual(seen, []);
  facts.isWatched = true;
  await pass(MINUTE);
  assert.deepEqual(seen[0], [true, 'terminal']);
  assert.deepEqual(terminal.sent, []);
});
