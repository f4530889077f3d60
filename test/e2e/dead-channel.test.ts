import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { fileRow, keepFile } from '#app/chat-file.ts';
import { createDeliverer } from '#app/deliver-messages.ts';
import { Desk } from '#app/desk.ts';
import type { Incoming, OutboxRow } from '#app/ports.ts';
import { createReachWatch, needsOperator } from '#app/reach-watch.ts';
import { deskPermission } from '#core/engine/permission-of.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { createTelegramChannel } from '#shell/chat/telegram.ts';
import { createBotApi } from '#shell/chat/telegram-by-grammy.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { memoryJournal, memoryKillFile } from '#test/support/app-desk.ts';
import { bookBroker } from '#test/support/book-broker.ts';
import { allow, bars, ny, policyOf, ready } from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeTelegram, TOKEN } from '#test/support/fake-telegram.ts';

/*
 * A desk whose only chat is Telegram, over real sockets. The desk's time is moved by the test; the service
 * stops answering and comes back.
 */

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function deskOnTelegram() {
  const server = new FakeTelegram();
  const apiRoot = await server.listen();
  open.push(() => server.close());
  const clock = createVirtualClock({ startAt: ny('09:59') });
  const store = createMemoryStore(() => clock.now());
  const policy = policyOf();
  const wall = createSystemClock();
  const channel = createTelegramChannel({
    library: createBotApi,
    token: TOKEN,
    key: new Uint8Array(32),
    clock: wall,
    wall,
    languageOf: () => 'en',
    apiRoot,
    pollSeconds: 0,
    onTrouble: () => undefined,
  });
  open.unshift(() => channel.stop());
  await channel.start(async (_rows: readonly Incoming[]) => undefined);
  const target = { channel: 'telegram', chatId: '1' };
  const deliverer = createDeliverer({
    runId: 'test',
    clock,
    wall,
    outbox: store.outbox,
    files: store.files,
    channel: () => channel,
    rateOf: () => null,
    render: (message) => renderMessage(message, 'en', { now: clock.now() }),
    onDelivered: () => undefined,
    onFailure: () => undefined,
    sweepEveryMs: 200,
    onReach: (name, chatId, isReached) => watch.delivered(name, chatId, isReached),
  });
  // as the product does it: first the channel, so that nothing waits for an upload
  open.splice(1, 0, () => deliverer.stop());
  const handOver = (rows: readonly OutboxRow[]) => deliverer.handOver(rows);
  const desk: Desk = new Desk({
    policy,
    runId: 'test',
    configHash: 'test',
    codeVersion: 'test',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    killFile: memoryKillFile(),
    broker: bookBroker({ state: () => desk.state() }),
    activity: createActivity(),
    targets: () => [target],
    fetchQuote: async () => null,
    handOver,
    onTrouble: () => undefined,
    stopwatch: () => 0,
  });
  const watch = createReachWatch({
    clock,
    channels: [channel],
    chats: () => [target],
    statusCard: () => ({ lines: [`status at ${clock.now()}`], buttons: [] }),
    isWatched: () => needsOperator(desk.state(), clock.now()),
    onSeen: (isReached, name) =>
      desk.post({ kind: 'reach_seen', at: clock.now(), isReached, channel: name }),
  });
  await desk.recover();
  return { clock, desk, server, watch, deliverer, store, target };
}

test('CX-11 a chat that dies makes the desk reducing after ten minutes, a restored one and ALLOW bring it back', async () => {
  const { clock, desk, server, watch, deliverer } = await deskOnTelegram();
  await deliverer.start();
  for (const input of ready()) {
    clock.advanceTo(Math.max(clock.now(), input.at));
    await desk.submit(input);
  }
  watch.start();
  await eventually(() => desk.view().reachedAt != null);
  assert.equal(deskPermission(desk.state(), clock.now()), 'active');
  server.isDown = true;
  const minute = async (): Promise<void> => {
    const at = clock.now() + 60_000;
    clock.advanceTo(at);
    for (const input of bars('10:00', '10:00'))
      await desk.submit({ ...input, at } as Parameters<Desk['submit']>[0]);
    await new Promise((resolve) => setTimeout(resolve, 60));
  };
  // how soon a failed try is known depends on the machine; that it is not before ten minutes does not
  let minutes = 0;
  while ((desk.state().deadMan ?? null) === null && minutes < 60) {
    await minute();
    minutes += 1;
  }
  assert.ok(minutes >= 10, `after ${minutes} minutes`);
  const gone = desk.state().deadMan ?? null;
  assert.equal(gone?.why, 'no_channel');
  assert.equal(deskPermission(desk.state(), clock.now()), 'reducing');
  server.isDown = false;
  for (let n = 0; n < 60 && (desk.state().unreachedSince ?? null) !== null; n += 1) await minute();
  assert.equal(desk.state().unreachedSince ?? null, null);
  assert.equal(deskPermission(desk.state(), clock.now()), 'reducing');
  await eventually(() =>
    server.messages.some(({ text }) => text.includes('no chat has been reached')),
  );
  await desk.submit(allow(clock.now()));
  assert.equal(deskPermission(desk.state(), clock.now()), 'active');
});

test('CX-07 CX-11 a kill is answered while the upload of a picture hangs in the same chat', async () => {
  const { clock, desk, server, deliverer, store, target } = await deskOnTelegram();
  await deliverer.start();
  for (const input of ready()) {
    clock.advanceTo(Math.max(clock.now(), input.at));
    await desk.submit(input);
  }
  server.isHoldingUploads = true;
  const at = clock.now();
  const chart = { kind: 'photo', name: 'chart.png', mediaType: 'image/png' } as const;
  const file = await keepFile({ ...chart, content: Buffer.from('a picture') }, store.files, at);
  const row = { runId: 'test', kind: 'chart', dedupeKey: 'chart', replyTo: null, expiresAt: null };
  const caption = { lines: ['chart'], buttons: [] };
  deliverer.handOver(await store.outbox.enqueue([fileRow({ ...row, file, caption, at }, target)]));
  await eventually(() => server.uploads === 1);
  const owner = { id: 'telegram:1', name: 'Li', role: 'owner', ...target } as const;
  await desk.killNow(owner, 'all', at, 'telegram:1').decided;
  await eventually(() => server.messages.some(({ text }) => text.includes('KILL in force')));
  assert.equal(server.messages.filter((message) => message.file !== null).length, 0);
  assert.equal(deskPermission(desk.state(), clock.now()), 'halted');
});
