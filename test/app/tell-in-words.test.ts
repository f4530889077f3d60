import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Narrator } from '#app/ports.ts';
import { withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { eventually } from '../support/eventually.ts';

test('CX-15 /why says its rows at once and then the same in words, from these rows only', async () => {
  const gate = Promise.withResolvers<string | null>();
  const asked: (readonly string[])[] = [];
  const narrator: Narrator = {
    model: 'some-model',
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
