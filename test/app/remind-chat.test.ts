import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEARS_ALL, hearingWith, levelFor, levelsOf } from '#core/replies/hearing.ts';
import { parseReply } from '#core/replies/parse.ts';
import { AAPL, bar, ny, policyOf, QQQM, TICKET, tick, withTicket } from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

const LONG = policyOf({ ticket: { lifeMs: 600_000 } });

async function harness() {
  const h = await chatHarness(withTicket(), { policy: LONG, at: ny('10:01:20') });
  let nextBar = ny('10:02');
  const passTo = async (wall: string) => {
    for (; nextBar <= ny(wall); nextBar += 60_000) {
      h.clock.advanceTo(nextBar);
      for (const instrument of [AAPL, QQQM]) await h.desk.submit(bar(nextBar, { instrument }));
    }
    h.clock.advanceTo(ny(wall));
    await h.desk.submit(tick(ny(wall)));
    await h.deliverer.idle();
  };
  const code = h.desk.state().tickets[TICKET]?.code ?? '';
  return { ...h, code, passTo };
}

const firstLines = (h: Awaited<ReturnType<typeof harness>>) =>
  h.channel.sent.map(({ card, edit }) => `${edit === null ? '' : '↻ '}${card.lines[0] ?? ''}`);

test('CX-01 /snooze reminds in the chat that asked, with the buttons of the card, in both languages', async () => {
  const h = await harness();
  assert.match((await h.say(`/snooze ${h.code} 2m`)).join(), new RegExp(`✓ /snooze ${h.code}`));
  await h.passTo('10:03:20');
  const told = h.channel.sent.at(-1);
  assert.match(told?.card.lines[0] ?? '', new RegExp(`⏰ ▲ BUY QQQM 200 .*${h.code} · 7 min 40 s`));
  assert.match(told?.card.lines[1] ?? '', /you wanted to be reminded/);
  assert.equal(told?.card.buttons.flat()[0]?.command, `/confirm ${h.code} v1`);
  await h.say('/lang zh');
  await h.say(`/稍后 ${h.code} 1分`);
  await h.passTo('10:04:20');
  assert.match(h.channel.sent.at(-1)?.card.lines.join('\n') ?? '', /⏰[\s\S]*您要求的提醒/);
});

test('CX-01 /snooze wants one to five minutes within the life, an operator, and no delay', async () => {
  const h = await harness();
  for (const text of [
    '/snooze',
    '/snooze K7QD',
    '/snooze K7QD 0',
    '/snooze K7QD 6m',
    '/snooze K7QD 2m x',
  ])
    assert.equal(parseReply(text).kind, 'bad_arguments', text);
  assert.match(
    (await h.say(`/snooze ${h.code} 2m`, { userId: '3', chatId: '3' })).join(),
    /operator/,
  );
  const sentAt = h.clock.now() - 61_000;
  assert.match((await h.say(`/snooze ${h.code} 2m`, { sentAt })).join(), /Expired/);
  await h.passTo('10:09:20');
  assert.match((await h.say(`/snooze ${h.code} 5m`)).join(), /after the ticket has expired/);
  assert.deepEqual(h.desk.state().tickets[TICKET]?.snoozes ?? [], []);
});

test('CX-01 the card counts down by edits, and half of a long life is said once', async () => {
  const h = await harness();
  await h.passTo('10:06');
  await h.passTo('10:09');
  const [card, reminder, again, ...more] = firstLines(h);
  assert.match(card ?? '', /^▲ BUY QQQM 200 .* 5 min$/);
  assert.match(reminder ?? '', /^⏰ ▲ .* 5 min$/);
  assert.match(again ?? '', /^↻ ▲ BUY QQQM 200 .* 120 s$/);
  assert.deepEqual(more, []);
});

test('CX-01 where an edit would be a message of its own nothing counts down, but the first card is never left out', async () => {
  const h = await harness();
  Object.assign(h.channel, { hasEdits: false });
  await h.passTo('10:06');
  assert.equal(firstLines(h).length, 2);
  await h.passTo('10:09');
  assert.equal(firstLines(h).length, 2);
});

test('CX-01 a reminder may be silent or left out, never late; quiet hours take its sound', () => {
  assert.deepEqual(levelsOf('signal_reminder'), ['on', 'silent', 'off']);
  const push = { kind: 'signal_reminder', priority: 1 } as const;
  const quiet = hearingWith(HEARS_ALL, { set: 'quiet', quiet: { from: '22:00', to: '08:00' } });
  assert.equal(levelFor(quiet, push, 0, '23:00'), 'silent');
  assert.equal(levelFor(quiet, push, 0, '12:00'), 'on');
  const off = hearingWith(HEARS_ALL, { set: 'notify', push: 'signal_reminder', level: 'off' });
  assert.equal(levelFor(off, push, 0, '12:00'), 'off');
});
