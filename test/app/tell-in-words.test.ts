import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Narrator } from '#app/ports.ts';
import type { ModelSpent } from '#core/replies/system.ts';
import { withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { eventually } from '../support/eventually.ts';

const spent = (): ModelSpent => ({
  model: 'some-model',
  asked: 3,
  mostPerDay: 50,
  thrownAway: 1,
  failed: 0,
  waitedMs: 4_200,
  tokensIn: 1_200,
  tokensOut: 340,
  cost: { amount: 0.00048, currency: 'USD' },
});

test('CX-01 /budget tells what the model was asked today and what that took, or that none is in use', async () => {
  const narrator: Narrator = { model: 'some-model', tell: async () => null, spent };
  const h = await chatHarness(withTicket(), { narrator });
  await h.say('/budget');
  const lines = h.channel.sent.at(-1)?.card.lines.join('\n') ?? '';
  assert.match(lines, /some-model · 3 of 50 answers/);
  assert.match(lines, /thrown away 1 · failed 0 · waited 5 ?s · tokens 1200 in, 340 out/);
  assert.match(lines, /0\.0005 USD at the prices/);
  await h.say('/lang zh');
  assert.match((await h.say('预算')).join('\n'), /已请求 3 次,上限 50 次/);
  const none = await chatHarness(withTicket());
  assert.match((await none.say('/budget')).join('\n'), /No language model is in use/);
});

test('CX-15 /why says its rows at once and then the same in words, from these rows only', async () => {
  const gate = Promise.withResolvers<string | null>();
  const asked: (readonly string[])[] = [];
  const narrator: Narrator = {
    model: 'some-model',
    spent,
    tell: (facts) => {
      asked.push(facts);
      return gate.promise;
    },
  };
  const h = await chatHarness(withTicket(), { narrator });
  const [head = ''] = await h.say('/why');
  assert.match(head, /^Why/);
  assert.deepEqual(asked, [h.channel.sent.at(-1)?.card.lines]);
  gate.resolve('It came back to its line.');
  await eventually(() => h.channel.sent.some(({ card }) => /some-model/.test(card.lines[0] ?? '')));
  assert.equal(h.channel.sent.at(-1)?.card.lines[1], 'It came back to its line.');
  assert.deepEqual(h.failures, []);
});

test('CX-15 without words the rows stand alone, and no other answer is put into words', async () => {
  let asked = 0;
  const narrator: Narrator = {
    model: 'some-model',
    spent,
    tell: async () => {
      asked += 1;
      return null;
    },
  };
  const h = await chatHarness(withTicket(), { narrator });
  assert.equal((await h.say('/why')).length, 1);
  await h.say('/status');
  assert.equal(asked, 1);
});
