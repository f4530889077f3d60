import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CodeAnswer } from '#app/ports.ts';
import { policyOf, withPosition } from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

const LIVE = policyOf({ environment: 'live' });

/** Codes that answer what they are told to; what was asked is kept. */
function fakeCodes(answers: CodeAnswer[]) {
  const asked: string[] = [];
  return {
    asked,
    check: (code: string): CodeAnswer => {
      asked.push(code);
      return answers.shift() ?? { kind: 'right' };
    },
  };
}

const liveHarness = async (codes = fakeCodes([])) => ({
  codes,
  ...(await chatHarness(withPosition(), { policy: LIVE, codes })),
});

test('CX-09 on a live account an enrolled device is asked for its code, not for digits shown', async () => {
  const h = await liveHarness();
  await h.say('/mode auto');
  const question = h.channel.sent.at(-1)?.card.lines.join('\n') ?? '';
  assert.match(question, /LIVE, REAL MONEY/);
  assert.match(
    question,
    /type within .*: AUTO PAPER-US and the 6 digits of your authenticator app/,
  );
  assert.equal(question.includes('4172'), false);
  await h.say('AUTO PAPER-US 4172');
  assert.equal(h.desk.state().mode, 'semi', 'digits that were never shown do nothing');
  assert.deepEqual(h.codes.asked, []);
  await h.say('auto paper-us 123456');
  assert.deepEqual(h.codes.asked, ['123456']);
  assert.equal(h.desk.state().mode, 'auto');
});

test('CX-09 a refused code leaves the question open until its time is over', async () => {
  const h = await liveHarness(fakeCodes([{ kind: 'wrong', triesLeft: 4 }, { kind: 'used' }]));
  await h.say('/mode auto');
  assert.match((await h.say('AUTO PAPER-US 000001'))[0] ?? '', /Wrong code\..* 4 tries left/);
  assert.match((await h.say('AUTO PAPER-US 000002'))[0] ?? '', /used already/);
  assert.equal(h.desk.state().mode, 'semi');
  await h.say('AUTO PAPER-US 000003');
  assert.equal(h.desk.state().mode, 'auto');
  assert.match((await h.say('AUTO PAPER-US 000004'))[0] ?? '', /Already answered/);
});

test('CX-09 a code for nothing that was asked is not even looked at', async () => {
  const h = await liveHarness();
  assert.match((await h.say('AUTO PAPER-US 123456'))[0] ?? '', /no such question/);
  await h.say('/mode auto');
  await h.say('AUTO OTHER-US 123456');
  const owner = { userId: '1' };
  assert.match(
    (await h.say('AUTO PAPER-US 123456', { userId: '2', chatId: '2' }))[0] ?? '',
    /Only the person who asked/,
  );
  h.clock.advanceTo(h.clock.now() + 60_001);
  assert.match((await h.say('AUTO PAPER-US 123456', owner))[0] ?? '', /expired/);
  assert.deepEqual(h.codes.asked, []);
  assert.equal(h.desk.state().mode, 'semi');
});

test('CX-07 selling everything on a live account takes the digits shown: no lost device is in its way', async () => {
  const h = await liveHarness(fakeCodes([{ kind: 'banned', untilAt: 9e15 }]));
  await h.say('kill');
  await h.say('/flatten');
  await h.say('KILL PAPER-US 4172');
  assert.deepEqual(h.codes.asked, []);
  assert.notEqual(h.desk.state().kill.kind, 'halted');
  assert.notEqual(h.desk.state().kill.kind, 'clear');
});
