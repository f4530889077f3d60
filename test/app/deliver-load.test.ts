import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deliveryWorld, type KillPoint } from '../support/delivery.ts';

const AT = 1_000_000;
const HOUR_MS = 3_600_000;

const namesOf = (count: number, name: string) =>
  Array.from({ length: count }, (_, n) => `${name}${n}`);

/** The most that falls into any stretch of time of that length. */
function mostWithin(instants: readonly number[], spanMs: number): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of instants.entries()) {
    while (instants[from]! <= at - spanMs) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

test('CX-11 after a restart what waits in one chat holds back neither the alarm nor the word of another', async () => {
  const w = deliveryWorld();
  await w.store.outbox.enqueue(namesOf(1200, 'mirror').map((text) => w.row(text)));
  const lane = 'chat:wecom:li';
  await w.store.outbox.enqueue([w.row('ALARM', { lane, priority: 0 }), w.row('word', { lane })]);
  await w.restart();
  await w.until(AT + 1000);
  const wecom = w.seen.filter(({ channel }) => channel === 'wecom').map(({ text }) => text);
  assert.deepEqual(wecom, ['ALARM', 'word']);
});

test('CX-11 what is new after a restart comes after all that waited, however much it is', async () => {
  const w = deliveryWorld();
  const lane = 'chat:terminal:terminal';
  await w.store.outbox.enqueue(namesOf(700, 'old').map((text) => w.row(text, { lane })));
  await w.restart();
  await w.give([w.row('news', { lane })]);
  await w.until(AT + 60_000);
  assert.deepEqual(
    w.seen.map(({ text }) => text),
    [...namesOf(700, 'old'), 'news'],
  );
});

test('CX-11 many chats at once stay inside the rate of a chat, of a group and of the bot, and lose nothing', async () => {
  const w = deliveryWorld();
  const chats = [...namesOf(60, '7'), '-5'];
  const rows = namesOf(20, 'm').flatMap((text) =>
    chats.map((chat) => w.row(text, { lane: `chat:telegram:${chat}` })),
  );
  await w.give(rows);
  await w.until(AT + 200_000);
  const instants = (chat: string | null) =>
    w.seen.filter(({ chatId }) => chat === null || chatId === chat).map(({ at }) => at);
  assert.equal(w.seen.length, rows.length);
  assert.ok(mostWithin(instants(null), 1000) <= 30, `${mostWithin(instants(null), 1000)} a second`);
  assert.ok(mostWithin(instants('-5'), 60_000) <= 20);
  for (const chat of chats) {
    assert.ok(mostWithin(instants(chat), 1000) <= 3);
    const texts = w.seen.filter(({ chatId }) => chatId === chat).map(({ text }) => text);
    assert.deepEqual(texts, namesOf(20, 'm'));
  }
});

test('CX-11 of thousands of pushes in one chat none is lost or out of order, and no alarm waits for any of them', async () => {
  const w = deliveryWorld();
  const words = namesOf(2000, 'm').map((text, n) =>
    w.row(text, { priority: ((n % 3) + 1) as 1 | 2 | 3 }),
  );
  await w.give(words);
  const alarms = new Map<string, number>();
  for (let n = 0; n < 20; n += 1) {
    await w.until(AT + 500 + n * 97_000);
    alarms.set(`ALARM${n}`, w.clock.now());
    await w.give([w.row(`ALARM${n}`, { priority: 0 })]);
  }
  await w.until(AT + 2_200_000);
  const said = w.seen.filter(({ text }) => !text.startsWith('ALARM')).map(({ text }) => text);
  assert.deepEqual(said, namesOf(2000, 'm'));
  for (const [text, at] of alarms)
    assert.equal(w.seen.find((one) => one.text === text)?.at, at, text);
});

test('CX-11 an hour without any channel: what lives is said after it in its order, what died never, edits once', async () => {
  const w = deliveryWorld();
  w.down.add('telegram');
  const tickets = namesOf(30, 'signal').map((text, n) =>
    w.row(text, { editKey: `ticket:${n}`, priority: 1, expiresAt: AT + 120_000 }),
  );
  await w.give(tickets);
  await w.until(AT + 121_000);
  await w.give(
    tickets.map(({ editKey }, n) =>
      w.row(`expired${n}`, { editKey, expiresAt: AT + 2 * HOUR_MS, priority: 2 }),
    ),
  );
  await w.give([w.row('ALARM', { priority: 0 }), w.row('report', { expiresAt: null })]);
  await w.until(AT + HOUR_MS);
  assert.deepEqual(w.seen, []);
  w.down.clear();
  await w.until(AT + HOUR_MS + 120_000);
  const texts = w.seen.map(({ text }) => text);
  assert.deepEqual(texts.slice(0, 1), ['ALARM']);
  assert.deepEqual(texts.slice(1), [...namesOf(30, 'expired'), 'report']);
  const rows = await w.store.outbox.ofRun('live');
  assert.deepEqual(
    rows.filter(({ state }) => state !== 'delivered' && state !== 'dropped'),
    [],
  );
});

test('CX-11 a process that ends in the middle: each message is seen, in order, and twice at most once a kill', async () => {
  const kill = fc.record({
    point: fc.constantFrom<KillPoint>('before', 'sent'),
    inMessages: fc.integer({ min: 1, max: 6 }),
    deadMs: fc.integer({ min: 0, max: 60_000 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(kill, { minLength: 1, maxLength: 5 }),
      fc.array(fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3), { minLength: 8, maxLength: 40 }),
      async (kills, priorities) => {
        const w = deliveryWorld();
        await w.give(priorities.map((priority, n) => w.row(`m${n}`, { priority })));
        let sentKills = 0;
        for (const { point, inMessages, deadMs } of kills) {
          const died = w.killAt(point, inMessages).then(() => true);
          await w.until(w.clock.now() + 10_000);
          if (point === 'sent' && (await Promise.race([died, Promise.resolve(false)])))
            sentKills += 1;
          await w.until(w.clock.now() + deadMs);
          await w.restart();
        }
        await w.until(w.clock.now() + 200_000);
        const texts = w.seen.map(({ text }) => text);
        const twice = texts.length - new Set(texts).size;
        assert.equal(new Set(texts).size, priorities.length);
        assert.ok(twice <= sentKills, `${twice} twice after ${sentKills} kills`);
        const words = priorities.flatMap((priority, n) => (priority === 0 ? [] : [`m${n}`]));
        const firsts = [...new Set(texts)].filter((text) => words.includes(text));
        assert.deepEqual(firsts, words);
      },
    ),
    { numRuns: 40 },
  );
});
