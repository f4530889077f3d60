import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDeliverer } from '#app/deliver-messages.ts';
import { ChannelError } from '#app/errors.ts';
import { inOrder, rowsOf } from '#app/fan-out.ts';
import type { OutboxRow, Outgoing } from '#app/ports.ts';
import type { Effect } from '#core/engine/effect.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';

const AT = 1_000_000;
const ORDER = ['telegram', 'wecom'];
const LI = [
  { channel: 'wecom', chatId: 'li', person: 'li' },
  { channel: 'terminal', chatId: 'terminal', person: 'terminal' },
  { channel: 'telegram', chatId: '1', person: 'li' },
];

const DOWN = new ChannelError('down', { code: 'unreachable', retryable: true });
const GONE = new ChannelError('gone', { code: 'status_403', retryable: false });

type Push = Extract<Effect, { kind: 'push' }>;
type Said = { readonly channel: string; readonly text: string; readonly edit: string | null };

/** A desk's pushes to one person who has Telegram, WeCom and the terminal. */
function harness() {
  const clock = createVirtualClock({ startAt: AT });
  const store = createMemoryStore(() => clock.now());
  const said: Said[] = [];
  const failures = new Map<string, Error | 'hangs'>();
  const down: string[] = [];
  let version = 0;
  const channel = (name: string) => ({
    name,
    async start() {},
    async acknowledge() {},
    async stop() {},
    async deliver(message: Outgoing): Promise<string> {
      const failure = failures.get(name);
      if (failure === 'hangs') {
        await new Promise<void>((resolve) => clock.at(clock.now() + 15_000, resolve));
        throw DOWN;
      }
      if (failure !== undefined) throw failure;
      said.push({ channel: name, text: message.card.lines[0] ?? '', edit: message.edit });
      return `${name}${said.length}`;
    },
  });
  const open = () =>
    createDeliverer({
      runId: 'live',
      clock,
      wall: clock,
      outbox: store.outbox,
      files: store.files,
      channel,
      rateOf: () => null,
      render: (message) => ({
        lines: [(message as unknown as { text: string }).text],
        buttons: [],
      }),
      onDelivered: () => undefined,
      onFailure: () => undefined,
      onDown: (chat) => down.push(`${chat.channel}:${chat.chatId}`),
    });
  let deliverer = open();
  const push = async (text: string, fields: Partial<Push> = {}): Promise<readonly OutboxRow[]> => {
    version += 1;
    const effect = {
      kind: 'push',
      message: { kind: 'boot', text },
      priority: 2,
      editKey: null,
      lifeMs: 3_600_000,
      onlyChat: null,
      ...fields,
    } as unknown as Push;
    const rows = rowsOf([effect], {
      runId: 'live',
      accountId: 'a',
      stream: 'desk:a',
      version,
      at: clock.now(),
      targets: inOrder(LI, ORDER),
    });
    const stored = await store.outbox.enqueue(rows);
    deliverer.handOver(stored);
    return stored;
  };
  const settle = async () => {
    for (let i = 0; i < 20; i += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const until = async (instant: number) => {
    for (;;) {
      await settle();
      const next = clock.nextDue();
      if (next === null || next > instant) break;
      clock.runNext();
    }
    clock.advanceTo(instant);
  };
  const texts = (name: string) => said.filter((s) => s.channel === name).map((s) => s.text);
  return {
    clock,
    store,
    said,
    failures,
    down,
    push,
    until,
    settle,
    texts,
    deliverer: () => deliverer,
    /** The process ends without a word to the store, and another one starts. */
    async restart() {
      await deliverer.stop();
      deliverer = open();
      await store.outbox.settleInterrupted('live');
      await deliverer.start();
    },
  };
}

test('CX-11 a person is told on the leading chat; alarms and what is answered go to all, the terminal hears all', async () => {
  const h = harness();
  await h.push('news');
  await h.push('ticket', { priority: 1, editKey: 'ticket:1' });
  await h.push('ALARM', { priority: 0 });
  await h.until(AT + 60_000);
  assert.deepEqual(h.texts('telegram').toSorted(), ['ALARM', 'news', 'ticket']);
  assert.deepEqual(h.texts('wecom').toSorted(), ['ALARM', 'ticket']);
  assert.deepEqual(h.texts('terminal').toSorted(), ['ALARM', 'news', 'ticket']);
  assert.deepEqual(h.down, []);
  assert.deepEqual(await h.store.outbox.due('live', AT + 90_000, 10), []);
});

for (const failure of [DOWN, 'hangs'] as const) {
  test(`CX-11 a leading chat that ${failure === 'hangs' ? 'hangs' : 'fails'}: alarms at once, the rest within 10 s on the next, once, and told once`, async () => {
    const h = harness();
    h.failures.set('telegram', failure);
    await h.push('a');
    await h.push('b');
    await h.push('ALARM', { priority: 0 });
    await h.settle();
    assert.deepEqual(h.texts('wecom'), ['ALARM']);
    await h.until(AT + 10_000);
    assert.deepEqual(h.texts('wecom'), ['ALARM', 'a', 'b']);
    assert.deepEqual(h.down, ['telegram:1']);
    await h.push('c');
    await h.settle();
    assert.deepEqual(h.texts('wecom'), ['ALARM', 'a', 'b', 'c']);
    h.failures.delete('telegram');
    await h.until(AT + 200_000);
    await h.push('d');
    await h.until(AT + 300_000);
    assert.deepEqual(h.texts('telegram'), ['ALARM', 'd']);
    assert.deepEqual(h.texts('wecom'), ['ALARM', 'a', 'b', 'c']);
    assert.deepEqual(h.down, ['telegram:1']);
    assert.deepEqual(await h.store.outbox.due('live', AT + 400_000, 10), []);
  });
}

test('CX-11 that a channel is down is not said any more once it delivers again', async () => {
  const h = harness();
  h.failures.set('telegram', DOWN);
  h.failures.set('wecom', DOWN);
  await h.push('news');
  await h.until(AT + 20_000);
  assert.deepEqual(h.down, ['telegram:1']);
  const about = (channel: string, at: number) => ({
    runId: 'live',
    lane: 'chat:wecom:li',
    kind: 'channel_degraded',
    priority: 1 as const,
    dedupeKey: `degraded:${at}`,
    editKey: null,
    payload: { card: { lines: [`${channel} is down`], buttons: [] }, downOf: channel },
    createdAt: at,
    notBefore: at,
    expiresAt: null,
  });
  h.deliverer().handOver(await h.store.outbox.enqueue([about('telegram', AT + 20_000)]));
  h.failures.delete('telegram');
  await h.until(AT + 120_000);
  h.failures.delete('wecom');
  await h.until(AT + 300_000);
  assert.deepEqual(h.texts('telegram'), ['news']);
  assert.deepEqual(h.texts('wecom'), []);
  h.failures.set('telegram', DOWN);
  await h.push('more');
  await h.until(AT + 310_000);
  h.deliverer().handOver(await h.store.outbox.enqueue([about('telegram', AT + 310_000)]));
  await h.until(AT + 320_000);
  assert.deepEqual(h.texts('wecom'), ['more', 'telegram is down']);
});

test('CX-11 a chat that refuses for good is passed over at once', async () => {
  const h = harness();
  h.failures.set('telegram', GONE);
  await h.push('news');
  await h.settle();
  assert.deepEqual(h.texts('wecom'), ['news']);
});

test('CX-11 a chat that is only slow keeps the lead', async () => {
  const h = harness();
  await h.push('a');
  h.failures.set('telegram', DOWN);
  await h.until(AT + 2000);
  await h.push('b');
  await h.until(AT + 6000);
  h.failures.delete('telegram');
  await h.until(AT + 60_000);
  assert.deepEqual(h.texts('telegram'), ['a', 'b']);
  assert.deepEqual(h.texts('wecom'), []);
  assert.deepEqual(h.down, []);
});

test('CX-11 both down: the first that answers says it, and nothing that died meanwhile is said', async () => {
  const h = harness();
  h.failures.set('telegram', DOWN);
  h.failures.set('wecom', DOWN);
  await h.push('short', { lifeMs: 60_000 });
  await h.push('ticket', { priority: 1, lifeMs: 120_000, editKey: 'ticket:9' });
  await h.push('long', { lifeMs: 7_200_000 });
  await h.until(AT + 3_600_000);
  h.failures.delete('telegram');
  h.failures.delete('wecom');
  await h.until(AT + 3_800_000);
  assert.deepEqual(
    h.said.filter(({ channel }) => channel !== 'terminal').map(({ text }) => text),
    ['long'],
  );
});

test('CX-11 after a restart a copy whose message was said is not said again, and one that was not is', async () => {
  const h = harness();
  const rows = await h.push('said');
  await h.until(AT + 100);
  // the process ended between telling the store of the one copy and dropping the other
  const copy = rows.find(({ lane }) => lane === 'chat:wecom:li');
  const again = await h.store.outbox.enqueue([
    { ...copy!, dedupeKey: `${copy!.dedupeKey}:kept`, notBefore: h.clock.now() },
  ]);
  h.failures.set('telegram', DOWN);
  await h.push('unsaid');
  await h.settle();
  await h.restart();
  await h.until(AT + 30_000);
  assert.equal(again.length, 1);
  assert.deepEqual(h.texts('wecom'), ['unsaid']);
});

test('CX-11 an edit goes to the chat that shows the message, and to the leading one again', async () => {
  const h = harness();
  h.failures.set('telegram', DOWN);
  await h.push('first', { editKey: 'report:1' });
  await h.until(AT + 10_000);
  assert.deepEqual(h.texts('wecom'), ['first']);
  h.failures.delete('telegram');
  await h.until(AT + 100_000);
  await h.push('last', { editKey: 'report:1' });
  await h.until(AT + 120_000);
  assert.deepEqual(h.texts('telegram'), ['last']);
  assert.deepEqual(
    h.said.filter(({ channel }) => channel === 'wecom').map(({ edit }) => edit !== null),
    [false, true],
  );
});

test('CX-11 whatever fails when, every message is said, and on one chat unless it was under way', async () => {
  const event = fc.record({
    afterMs: fc.integer({ min: 0, max: 20_000 }),
    what: fc.constantFrom(
      'push',
      'telegram down',
      'telegram up',
      'wecom down',
      'wecom up',
      'restart',
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 14 }), async (events) => {
      const h = harness();
      let pushes = 0;
      let restarts = 0;
      for (const { afterMs, what } of events) {
        await h.until(h.clock.now() + afterMs);
        if (what === 'push') {
          pushes += 1;
          await h.push(`m${pushes}`);
        } else if (what === 'restart') {
          restarts += 1;
          await h.restart();
        } else {
          const [name, state] = what.split(' ') as [string, string];
          if (state === 'down') h.failures.set(name, DOWN);
          else h.failures.delete(name);
        }
      }
      h.failures.clear();
      await h.until(h.clock.now() + 300_000);
      for (let n = 1; n <= pushes; n += 1) {
        const copies = h.said.filter(
          ({ channel, text }) => channel !== 'terminal' && text === `m${n}`,
        );
        assert.ok(copies.length >= 1, `m${n} was never said`);
        assert.ok(copies.length <= 2 + restarts, `m${n} was said ${copies.length} times`);
      }
      await h.deliverer().stop();
    }),
    { numRuns: 60 },
  );
});

test('AL-09 mailboxes hear reports and alarms, a group reports and verdicts, and neither the rest', () => {
  const heard = (kind: string, priority: 0 | 1 | 2) =>
    rowsOf(
      [
        {
          kind: 'push',
          message: { kind },
          priority,
          editKey: null,
          lifeMs: null,
          onlyChat: null,
        } as unknown as Push,
      ],
      {
        runId: 'live',
        accountId: 'a',
        stream: 'desk:a',
        version: 1,
        at: AT,
        targets: [
          { channel: 'mail', chatId: 'li@example.org', hears: 'alarms' },
          { channel: 'wecom-webhook', chatId: 'group', hears: 'reports' },
        ],
      },
    ).map(({ lane }) => lane);
  const mail = 'chat:mail:li@example.org';
  const group = 'chat:wecom-webhook:group';
  assert.deepEqual(heard('daily_report', 2), [mail, group]);
  assert.deepEqual(heard('kill_stage1', 0), [mail]);
  assert.deepEqual(heard('kill_progress', 0), []);
  assert.deepEqual(heard('verdict_no_trade', 1), [group]);
  assert.deepEqual(heard('signal_entry', 1), []);
});
