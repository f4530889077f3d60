import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatHarness } from '../support/chat-harness.ts';

async function harness() {
  const h = await chatHarness([]);
  const say = async (text: string, userId: string, chatId = userId) => {
    const before = h.channel.sent.length;
    await h.say(text, { userId, chatId, ...(chatId === userId ? {} : { chatKind: 'group' }) });
    return h.channel.sent
      .slice(before)
      .map(({ chatId: to, card }) => `${to}: ${card.lines.join(' / ')}`);
  };
  const owner = h.access.users().find(({ role }) => role === 'owner');
  const operator = h.access.users().find(({ role }) => role === 'operator');
  assert.ok(owner !== undefined && operator !== undefined);
  return { h, say, owner, operator };
}

test('CX-09 an owner lists users, gives roles and takes people out; who is out is a stranger at once', async () => {
  const { h, say, owner, operator } = await harness();
  const user = `${operator.channel}:${operator.userId}`;
  const [list] = await say('/users', owner.userId);
  assert.match(list ?? '', new RegExp(`${user} · ${operator.name} · operator`));
  const [made] = await say(`/role ${user} owner`, owner.userId);
  assert.match(made ?? '', /is owner now/);
  const told = await say(`/role ${user} V`, owner.userId);
  assert.equal(told.length, 1);
  assert.equal(h.access.users().find(({ userId }) => userId === operator.userId)?.role, 'viewer');
  await say(`/revoke ${user}`, owner.userId);
  const heard = await say('/status', operator.userId);
  assert.ok(heard.every((line) => line.startsWith(`${owner.userId}: ! Unknown sender`)));
});

test('CX-09 another owner is told of a change of roles', async () => {
  const { say, owner, operator } = await harness();
  const user = `${operator.channel}:${operator.userId}`;
  await say(`/role ${user} owner`, owner.userId);
  const told = await say(`/revoke ${owner.channel}:${owner.userId}`, operator.userId);
  assert.deepEqual(
    told.map((line) => line.split(':')[0]),
    [operator.userId],
  );
  const again = await say(`/revoke ${user}`, operator.userId);
  assert.match(again[0] ?? '', /last owner/);
});

test('CX-09 nobody but an owner changes roles, an unknown user is named, a bad one refused', async () => {
  const { say, owner, operator } = await harness();
  const user = `${operator.channel}:${operator.userId}`;
  assert.match(
    (await say(`/role ${user} owner`, operator.userId))[0] ?? '',
    /needs the role owner/,
  );
  assert.match((await say('/users', operator.userId))[0] ?? '', /needs the role owner/);
  assert.match((await say('/revoke fake:999', owner.userId))[0] ?? '', /No user fake:999/);
  assert.match((await say(`/role ${user} king`, owner.userId))[0] ?? '', /expected <user of/);
});
