import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BrokerError } from '#app/errors.ts';
import {
  halt,
  mismatch,
  mode,
  ny,
  policyOf,
  QQQM,
  ready,
  reconciled,
} from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';
import { given } from '../support/given.ts';

const doubted = [...ready(), mismatch(ny('10:00:10')), reconciled(ny('10:00:20'))];

test('ID-07 /safe off asks twice and compares book and account before SAFE_MODE ends', async () => {
  const h = await chatHarness(doubted, { at: ny('10:00:30') });
  assert.match((await h.say('/safe off'))[0]!, /Leave SAFE_MODE/);
  await h.say('/yes nonce1');
  const kinds = h.desk.inputs.map((input) => input.kind).filter((kind) => kind !== 'time_passed');
  assert.deepEqual(kinds, ['account_read', 'operator_acted']);
  assert.ok(h.desk.events.some((event) => event.type === 'safe_mode_left'));
});

test('ID-07 /safe off is refused when the account cannot be asked now, though it agreed a moment ago', async () => {
  const h = await chatHarness(doubted, { at: ny('10:00:30') });
  h.account.says.failure = new BrokerError('no answer', { code: 'timeout', retryable: true });
  await h.say('/safe off');
  await h.say('/yes nonce1');
  const codes = h.desk.events.flatMap((event) =>
    event.type === 'act_refused' ? [event.reason.code] : [],
  );
  // the failed reading is a doubt of its own where the reconciler passes it on
  assert.deepEqual(codes, ['cause_persists']);
  assert.ok(!h.desk.events.some((event) => event.type === 'safe_mode_left'));
});

test('ID-07 an operator may switch SAFE_MODE on and not off', async () => {
  const h = await chatHarness(ready(), { at: ny('10:00:30') });
  await h.say('/safe on', { userId: '2' });
  assert.ok(h.desk.events.some((event) => event.type === 'safe_mode_entered'));
  assert.match((await h.say('/safe off', { userId: '2' }))[0]!, /owner/);
});

test('ID-05 ID-08 /locks names each lock with its end and how it ends; /unlock is the owner’s, asked twice', async () => {
  const paused = [...ready(), halt(ny('10:00:10'), true), halt(ny('10:00:20'), false)];
  const h = await chatHarness(paused, { at: ny('10:00:30') });
  const [said] = await h.say('/locks', { userId: '3' });
  assert.match(said!, /trading halt · until 10:05 ET/);
  assert.match(said!, /\/unlock halt:QQQM\.US/);
  assert.match((await h.say('/unlock halt', { userId: '2' }))[0]!, /owner/);
  assert.match((await h.say('/unlock'))[0]!, /lock/);
  assert.match((await h.say('/unlock nothing'))[0]!, /no such lock/);
  assert.match((await h.say(`/unlock halt:${QQQM}`))[0]!, /Lift the lock/);
  await h.say('/yes nonce1');
  assert.deepEqual(h.desk.state().locks, []);
  assert.match((await h.say('锁定'))[0]!, /No lock is in force/);
});

test('CX-08 auto mode is refused on the prices of one venue, and every ticket says so', () => {
  const policy = policyOf({ isDataPartial: true });
  given(ready(), policy)
    .when(mode(ny('10:00:30'), 'auto', true))
    .refuses('data_partial');
  given(ready())
    .when(mode(ny('10:00:30'), 'auto', true))
    .decides('mode_changed');
});
