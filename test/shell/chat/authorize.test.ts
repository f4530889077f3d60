import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import type { Incoming } from '#app/ports.ts';
import { createAccess } from '#shell/chat/authorize.ts';
import { createFileUserBook } from '#shell/chat/user-book.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function access(hasTerminal = false) {
  const folder = await mkdtemp(join(tmpdir(), 'centaur-users-'));
  folders.push(folder);
  const path = join(folder, 'users.json');
  const clock = createVirtualClock({ startAt: 1_000_000 });
  const open = () =>
    createAccess({
      book: createFileUserBook(path),
      clock,
      defaultLanguage: 'en',
      newPairingCode: () => 'CODE23',
      hasTerminal,
    });
  return { folder, path, clock, open, table: await open() };
}

function row(fields: Partial<Incoming> = {}): Incoming {
  return {
    channel: 'telegram',
    updateId: '1',
    chatId: '8',
    userId: '8',
    userName: 'Li',
    chatKind: 'private',
    messageId: '1',
    text: '',
    callback: null,
    replyTo: null,
    sentAt: 0,
    receivedAt: 0,
    ...fields,
  };
}

test('CX-09 the paired owner is known after a restart, in a file only its owner reads', async () => {
  const a = await access();
  assert.equal(a.table.isUnused('telegram'), true);
  const { pairingCode } = a.table.offerPairing();
  assert.equal((await a.table.pair(row(), pairingCode)).kind, 'paired');
  await a.table.setLanguage(row(), 'zh');
  assert.equal((await stat(a.path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(a.folder), ['users.json']);
  const again = await a.open();
  const who = again.identify(row());
  assert.ok(
    who.kind === 'known' &&
      who.actor.role === 'owner' &&
      who.language === 'zh' &&
      who.actor.id === 'telegram:8',
  );
});

test('CX-09 a code lives ten minutes and pairs one person; the second pairing is a viewer', async () => {
  const a = await access();
  a.table.offerPairing();
  a.clock.advanceTo(a.clock.now() + 600_001);
  assert.equal((await a.table.pair(row(), 'CODE23')).kind, 'ignored');
  a.table.offerPairing();
  assert.equal((await a.table.pair(row(), 'CODE23')).kind, 'paired');
  assert.equal((await a.table.pair(row({ userId: '9', chatId: '9' }), 'CODE23')).kind, 'ignored');
  a.table.offerPairing();
  const second = await a.table.pair(row({ userId: '9', chatId: '9' }), 'CODE23');
  assert.ok(second.kind === 'paired' && second.actor.role === 'viewer');
});

test('CX-09 the ban of an hour ends', async () => {
  const a = await access();
  a.table.offerPairing();
  for (let n = 0; n < 5; n += 1) assert.equal((await a.table.pair(row(), 'WRONG')).kind, 'refused');
  assert.equal((await a.table.pair(row(), 'CODE23')).kind, 'ignored');
  a.clock.advanceTo(a.clock.now() + 3_600_001);
  a.table.offerPairing();
  assert.equal((await a.table.pair(row(), 'CODE23')).kind, 'paired');
});

test('CX-09 pairing works in a private chat with a visible sender only', async () => {
  const a = await access();
  a.table.offerPairing();
  assert.equal((await a.table.pair(row({ userId: null }), 'CODE23')).kind, 'ignored');
  assert.equal(
    (await a.table.pair(row({ chatKind: 'group', chatId: '-5' }), 'CODE23')).kind,
    'ignored',
  );
});

test('CX-09 nobody is the terminal owner where there is no terminal, or on another channel', async () => {
  const a = await access();
  const claim = row({
    channel: 'terminal',
    chatKind: 'terminal',
    chatId: 'terminal',
    userId: 'owner',
  });
  assert.equal(a.table.identify(claim).kind, 'stranger');
  const b = await access(true);
  assert.equal(b.table.identify(claim).kind, 'known');
  assert.equal(b.table.identify({ ...claim, channel: 'telegram' }).kind, 'stranger');
});

test('CX-09 a damaged user file is refused, not taken for an empty one', async () => {
  const a = await access();
  await writeFile(a.path, '{"users": [');
  await assert.rejects(a.open(), ConfigError);
  await writeFile(a.path, '{"users": [], "groups": [], "languages": [], "extra": 1}');
  await assert.rejects(a.open(), ConfigError);
  assert.ok((await readFile(a.path, 'utf8')).includes('extra'));
});

test('CX-11 an owner pairs a second channel: another chat of the same person, also after a restart', async () => {
  const a = await access();
  const first = a.table.offerPairing('owner', 'telegram');
  assert.equal(first.ownerName, null);
  await a.table.pair(row(), first.pairingCode);
  const second = a.table.offerPairing('owner', 'wecom');
  assert.equal(second.ownerName, 'Li');
  const other = row({ channel: 'wecom', chatId: 'li', userId: 'li', userName: null });
  assert.equal((await a.table.pair(row({ userId: '9', chatId: '9' }), 'CODE23')).kind, 'ignored');
  assert.equal((await a.table.pair(other, second.pairingCode)).kind, 'paired');
  for (const table of [a.table, await a.open()]) {
    assert.deepEqual(table.chats('owner'), [
      { channel: 'telegram', chatId: '8', person: 'telegram:8' },
      { channel: 'wecom', chatId: 'li', person: 'telegram:8' },
    ]);
  }
  assert.equal(a.table.offerPairing('owner', 'wecom').ownerName, null);
});
