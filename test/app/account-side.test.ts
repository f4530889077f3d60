import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { environmentInLog } from '#app/environment-switch.ts';
import type { CodeAnswer } from '#app/ports.ts';
import { initialState } from '#core/engine/initial-state.ts';
import { markSide, readSide } from '#shell/files/side-marks.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { closed, ny, policyOf, ready } from '#test/support/builders.ts';
import { chatHarness } from '#test/support/chat-harness.ts';

const EVENING = { at: ny('18:00') };
const closedDay = () => [...ready(), closed(ny('16:20'))];

test('CX-08 CX-09 the phrase names the account, and only it, the person and the chat count', async () => {
  const h = await chatHarness(closedDay(), EVENING);
  await h.say('/account paper-us live');
  const question = h.channel.sent.at(-1)?.card.lines.join('\n') ?? '';
  assert.match(question, /account paper-us \(LIVE, REAL MONEY\)/);
  assert.match(question, /type within 60 s: LIVE PAPER-US 4172/);
  await h.say('LIVE PAPER-US 4173');
  await h.say('LIVE PAPER-US 4172', { userId: '2', chatId: '2' });
  assert.equal(h.desk.state().environmentAsked ?? null, null);
  await h.say('live paper-us 4172');
  assert.equal(h.desk.state().environmentAsked?.to, 'live');
});

test('CX-09 with an enrolled device the way to real money takes its code', async () => {
  const asked: string[] = [];
  const codes = {
    check: (code: string): CodeAnswer => {
      asked.push(code);
      return { kind: 'right' };
    },
  };
  const h = await chatHarness(closedDay(), { ...EVENING, codes });
  await h.say('/account paper-us live');
  await h.say('LIVE PAPER-US 4172');
  assert.equal(h.desk.state().environmentAsked ?? null, null);
  await h.say('LIVE PAPER-US 123456');
  assert.deepEqual(asked, ['123456']);
  assert.equal(h.desk.state().environmentAsked?.to, 'live');
});

test('CX-08 only an owner moves an account, and an account without a desk is named as such', async () => {
  const h = await chatHarness(closedDay(), EVENING);
  const operator = { userId: '2', chatId: '2' };
  assert.match((await h.say('/account paper-us live', operator))[0] ?? '', /owner/);
  assert.match((await h.say('/account nobody live'))[0] ?? '', /No desk runs on account "nobody"/);
  assert.match((await h.say('/account paper-us gold'))[0] ?? '', /<account> paper\|live/);
});

test('CX-08 back to paper it goes at once, however late it is said', async () => {
  const h = await chatHarness(closedDay(), {
    ...EVENING,
    policy: policyOf({ environment: 'live' }),
  });
  await h.say('/account paper-us paper', { sentAt: h.clock.now() - 600_000 });
  assert.equal(h.desk.state().environmentAsked?.to, 'paper');
});

test('CX-08 real money asked for long ago is not asked for now', async () => {
  const h = await chatHarness(closedDay(), EVENING);
  const said = await h.say('/account paper-us live', { sentAt: h.clock.now() - 600_000 });
  assert.match(said.join('\n'), /sent at|late|expired/i);
  assert.equal(h.desk.state().environmentAsked ?? null, null);
});

test('CX-08 the side of the log is the newest one, whatever a snapshot that nobody mended yet says', async () => {
  const store = createMemoryStore(() => 0);
  const stream = 'live/desk/us-vwap';
  assert.equal(await environmentInLog(store, stream), null);
  const context = {
    market: 'US',
    tradingDay: null,
    occurredAt: 0,
    runId: 'live',
    correlationId: null,
    causationId: 'x:1',
    configHash: 'x',
    codeVersion: 'x',
  } as const;
  const changed = (to: string) => ({ type: 'environment_changed', data: { at: 0, to } });
  const append = (expectedVersion: number, to: string) =>
    store.events.append({ stream, expectedVersion, context, events: [changed(to)], outbox: [] });
  await append(0, 'live');
  assert.equal(await environmentInLog(store, stream), 'live');
  await append(1, 'paper');
  assert.equal(await environmentInLog(store, stream), 'paper');
  const state = { ...initialState({ deskId: 'us-vwap', mode: 'semi' }), environment: 'live' };
  await store.snapshots.save(stream, 7, state);
  assert.equal(await environmentInLog(store, stream), 'paper');
});

test('CX-07 CX-08 a kill from beside learns the side from a file, and doubt is not a side', () => {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-side-'));
  try {
    const file = join(folder, 'data', 'accounts.json');
    assert.equal(readSide(file, 'alpaca-us'), 'unknown');
    markSide(file, 'alpaca-us', 'live');
    markSide(file, 'ibkr-us', 'paper');
    assert.deepEqual([readSide(file, 'alpaca-us'), readSide(file, 'ibkr-us')], ['live', 'paper']);
    assert.equal(readSide(file, 'other'), 'unknown');
    for (const broken of ['', '{"alpaca-us":"gold"}', '[', 'null']) {
      writeFileSync(file, broken);
      assert.equal(readSide(file, 'alpaca-us'), 'unreadable', broken);
    }
    markSide(file, 'alpaca-us', 'paper');
    assert.equal(readSide(file, 'alpaca-us'), 'paper');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
