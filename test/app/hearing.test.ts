import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createDeliverer } from '#app/deliver-messages.ts';
import { type PushTarget, rowsOf } from '#app/fan-out.ts';
import type { Outgoing } from '#app/ports.ts';
import type { Effect } from '#core/engine/effect.ts';
import { RULES } from '#core/engine/effects-push.ts';
import {
  type ChatHearing,
  HEARS_ALL,
  hearingWith,
  type Level,
  levelFor,
  levelsOf,
} from '#core/replies/hearing.ts';
import { parseReply } from '#core/replies/parse.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { chatHarness, createRecordingChannel } from '../support/chat-harness.ts';

const HOUR = 3_600_000;
const AT = 100 * HOUR;
const push = (kind: string, priority: 0 | 1 | 2 | 3 = 1) => ({ kind, priority });
const settingOf = (text: string) => {
  const reply = parseReply(text);
  return reply.kind === 'setting' ? reply.setting : reply.kind;
};

test('CX-01 /notify, /quiet and /mute are read in both languages, and refuse what cannot be', () => {
  assert.deepEqual(settingOf('/notify order_filled silent'), {
    set: 'notify',
    push: 'order_filled',
    level: 'silent',
  });
  assert.deepEqual(settingOf('/提醒 order_filled 汇总'), {
    set: 'notify',
    push: 'order_filled',
    level: 'digest',
  });
  assert.deepEqual(settingOf('/quiet 22:30-8:00'), {
    set: 'quiet',
    quiet: { from: '22:30', to: '08:00' },
  });
  assert.deepEqual(settingOf('/免打扰 关'), { set: 'quiet', quiet: null });
  assert.deepEqual(settingOf('/mute trail_moved 30m'), {
    set: 'mute',
    push: 'trail_moved',
    minutes: 30,
  });
  for (const text of [
    '/notify kill_stage1 off',
    '/notify signal_entry off',
    '/notify signal_entry digest',
    '/notify nothing off',
    '/notify order_filled loud',
    '/quiet 22:30',
    '/quiet 24:00-08:00',
    '/quiet 08:00-08:00',
    '/mute order_filled 0m',
    '/mute order_filled 1441m',
    '/mute kill_done 5m',
    '/notify constructor off',
  ])
    assert.equal(settingOf(text), 'bad_arguments', text);
  for (const text of ['/settings', '设置', '/notify', '/quiet'])
    assert.deepEqual(parseReply(text), { kind: 'question', question: { ask: 'settings' } }, text);
});

test('CX-11 whatever a chat chose, an alarm sounds, and what waits for a person comes at once', () => {
  const level = fc.constantFrom<Level>('on', 'silent', 'digest', 'off');
  const hearing = fc.record({
    levels: fc.dictionary(fc.constantFrom(...Object.keys(RULES)), level),
    muted: fc.dictionary(
      fc.constantFrom(...Object.keys(RULES)),
      fc.integer({ min: 0, max: 2 * AT }),
    ),
    quiet: fc.option(fc.record({ from: fc.constant('22:30'), to: fc.constant('08:00') })),
  });
  fc.assert(
    fc.property(
      hearing,
      fc.constantFrom(...Object.keys(RULES)),
      fc.constantFrom(0, 1, 2, 3),
      (h, kind, priority) => {
        const heard = levelFor(h as ChatHearing, { kind, priority } as never, AT, '23:00');
        if (priority === 0) assert.equal(heard, 'on');
        if (['signal_entry', 'manual_todo', 'rotation', 'kill_done'].includes(kind))
          assert.ok(heard === 'on' || heard === 'silent');
      },
    ),
  );
});

test('quiet hours over midnight, a mute that ends, a level that ends a mute', () => {
  const quiet = hearingWith(HEARS_ALL, { set: 'quiet', quiet: { from: '22:30', to: '08:00' } });
  const at = (time: string) => levelFor(quiet, push('order_filled'), AT, time);
  assert.deepEqual(['22:29', '22:30', '00:00', '07:59', '08:00'].map(at), [
    'on',
    'silent',
    'silent',
    'silent',
    'on',
  ]);
  const muted = hearingWith(HEARS_ALL, { set: 'mute', push: 'order_filled', untilAt: AT + 1 });
  assert.equal(levelFor(muted, push('order_filled'), AT, '12:00'), 'silent');
  assert.equal(levelFor(muted, push('order_filled'), AT + 1, '12:00'), 'on');
  const on = hearingWith(muted, { set: 'notify', push: 'order_filled', level: 'on' });
  assert.equal(levelFor(on, push('order_filled'), AT, '12:00'), 'on');
  assert.deepEqual(levelsOf('kill_stage1'), []);
});

type Push = Extract<Effect, { kind: 'push' }>;

function harness(levels: Readonly<Record<string, Level>>, startAt = AT + 600_000) {
  const clock = createVirtualClock({ startAt });
  const store = createMemoryStore(() => clock.now());
  const channel = createRecordingChannel('telegram');
  const wecom = createRecordingChannel('wecom');
  const open = () =>
    createDeliverer({
      runId: 'live',
      clock,
      wall: clock,
      outbox: store.outbox,
      files: store.files,
      channel: (name) => (name === 'telegram' ? channel : wecom),
      rateOf: () => null,
      render: (message) => ({
        lines: [(message as unknown as { text: string }).text, 'more'],
        buttons: [],
      }),
      onDelivered: () => undefined,
      onFailure: () => undefined,
    });
  const hearing = { ...HEARS_ALL, levels };
  const levelOf: PushTarget['levelOf'] = (one) => levelFor(hearing, one, clock.now(), '12:00');
  const lead = { channel: 'telegram', chatId: '1' };
  const targets: PushTarget[] = [
    { ...lead, levelOf },
    { channel: 'wecom', chatId: 'li', behind: lead },
  ];
  let deliverer = open();
  let version = 0;
  return {
    channel,
    wecom,
    async say(kind: string, text: string, fields: Partial<Push> = {}) {
      version += 1;
      const effect = {
        kind: 'push',
        message: { kind, text },
        priority: 1,
        editKey: null,
        lifeMs: 600_000,
        onlyChat: null,
        ...fields,
      } as unknown as Push;
      const facts = { runId: 'live', accountId: 'a', stream: 'desk:a', version };
      const rows = rowsOf([effect], { ...facts, at: clock.now(), targets });
      deliverer.handOver(await store.outbox.enqueue(rows));
      await new Promise((resolve) => setImmediate(resolve));
    },
    async until(instant: number) {
      for (;;) {
        await new Promise((resolve) => setImmediate(resolve));
        const next = clock.nextDue();
        if (next === null || next > instant) break;
        clock.runNext();
      }
      clock.advanceTo(instant);
    },
    async restart() {
      await deliverer.stop();
      deliverer = open();
      await deliverer.start();
    },
    start: () => deliverer.start(),
    stop: () => deliverer.stop(),
    shown: (sent: readonly Outgoing[]) => sent.map(({ card, silent }) => [card.lines, silent]),
  };
}

test('CX-11 silent comes without a sound, off comes on no chat of the person, an alarm as ever', async () => {
  const h = harness({ order_filled: 'silent', regime_change: 'off' });
  await h.say('order_filled', 'filled');
  await h.say('regime_change', 'day type');
  await h.say('order_filled', 'ALARM', { priority: 0 });
  await h.until(AT + 700_000);
  assert.deepEqual(h.shown(h.channel.sent), [
    [['filled', 'more'], true],
    [['ALARM', 'more'], false],
  ]);
  assert.deepEqual(h.shown(h.wecom.sent), [[['ALARM', 'more'], false]]);
  await h.stop();
});

test('CX-11 a digest is one silent message at the full hour, also over a restart, and no life is lost in it', async () => {
  const h = harness({ trail_moved: 'digest' });
  await h.start();
  await h.say('trail_moved', 'stop one');
  await h.say('order_filled', 'filled');
  await h.until(AT + 900_000);
  await h.restart();
  await h.say('trail_moved', 'stop two', { editKey: 'trail:1' });
  await h.say('trail_moved', 'stop three', { editKey: 'trail:1' });
  await h.until(AT + HOUR - 1);
  assert.deepEqual(h.shown(h.channel.sent), [[['filled', 'more'], false]]);
  await h.until(AT + HOUR + 5000);
  assert.deepEqual(h.shown(h.channel.sent.slice(1)), [
    [['stop one', 'stop two', 'stop three'], true],
  ]);
  await h.until(AT + 3 * HOUR);
  assert.equal(h.channel.sent.length, 2);
  await h.stop();
});

test('CX-14 the settings of a chat by text and buttons, in its language; each chat has its own', async () => {
  const h = await chatHarness([]);
  const lines = async (text: string, userId = '1') => {
    await h.say(text, { userId, chatId: userId });
    return h.channel.sent.at(-1)?.card.lines.join('\n') ?? '';
  };
  assert.match(await lines('/settings'), /Settings of this chat[\s\S]*everything else as it comes/);
  assert.match(await lines('/notify order_filled silent'), /order_filled · silent/);
  assert.match(await lines('/quiet 22:30-08:00'), /quiet, your time 22:30–08:00/);
  assert.match(await lines('/notify kill_done off'), /P0 always sounds/);
  await lines('/lang zh');
  const chinese = await lines('/设置');
  assert.match(chinese, /免打扰（您的时间） 22:30–08:00[\s\S]*order_filled · 静音/);
  const buttons = h.channel.sent
    .at(-1)
    ?.card.buttons.flat()
    .map(({ command }) => command);
  assert.deepEqual(buttons, [
    '/lang en',
    '/quiet off',
    '/notify order_filled digest',
    '/notify verdict_no_trade silent',
    '/notify regime_change silent',
    '/notify trail_moved silent',
    '/notify daily_report silent',
  ]);
  assert.match(await lines('/settings', '2'), /everything else as it comes/);
});
