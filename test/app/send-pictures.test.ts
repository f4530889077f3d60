import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatTarget } from '#app/fan-out.ts';
import type { NewOutboxRow, OutboxRow, Pictures } from '#app/ports.ts';
import type { Speaker } from '#app/reply-rows.ts';
import { createPictureSender } from '#app/send-pictures.ts';
import { createSessionTape } from '#app/session-tape.ts';
import type { Picture } from '#core/pictures/picture.ts';
import type { Notice } from '#core/replies/notice.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { ny, withTicket } from '../support/builders.ts';
import { chatHarness } from '../support/chat-harness.ts';

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const CHATS: readonly ChatTarget[] = [
  { channel: 'telegram', chatId: '1' },
  { channel: 'telegram', chatId: '2' },
  { channel: 'wecom', chatId: '3' },
];

async function sending(draw: Pictures['draw'], targets = CHATS) {
  const inputs = withTicket();
  const h = await chatHarness(inputs);
  const tape = createSessionTape();
  for (const input of inputs) tape.note(input);
  const store = createMemoryStore(() => h.clock.now());
  const handed: OutboxRow[] = [];
  const troubles: string[] = [];
  const show = createPictureSender({
    runId: 'live',
    clock: h.clock,
    access: { languageOf: (_, chatId) => (chatId === '2' ? 'zh' : 'en') },
    files: store.files,
    speaker: {
      notice: ({ kind }: Notice) => ({ lines: [kind], buttons: [] }),
    } as unknown as Speaker,
    pictures: { draw, stop: async () => undefined },
    outbox: store.outbox,
    handOver: (rows) => handed.push(...rows),
    targets: () => targets,
    tapeOf: () => tape,
    onTrouble: (place) => troubles.push(place),
  });
  const ticket = Object.values(h.desk.state().tickets)[0]!;
  const opened = { type: 'ticket_opened' as const, at: ny('10:00'), ticket };
  return { h, show, handed, troubles, ticket, opened };
}

test('CX-05 a ticket is shown with the day so far: silent, as long as it lives, once a language', async () => {
  const drawn: [Picture['kind'], string][] = [];
  const s = await sending(async (picture, language) => {
    drawn.push([picture.kind, language]);
    return PNG;
  });
  await s.show(s.h.desk, [s.opened]);
  assert.deepEqual(drawn.toSorted(), [
    ['intraday', 'en'],
    ['intraday', 'zh'],
  ]);
  assert.equal(s.handed.length, 3);
  for (const row of s.handed as NewOutboxRow[]) {
    assert.equal(row.priority, 2);
    assert.equal(row.expiresAt, s.ticket.expiresAt);
    assert.match(row.lane, /\+files:/);
  }
  await s.show(s.h.desk, [s.opened]);
  const keys = new Set(s.handed.map(({ dedupeKey }) => dedupeKey));
  assert.equal(keys.size, 3, 'met again it is not sent again');
});

test('CX-12 the report is shown with the day of each symbol that had a ticket', async () => {
  const s = await sending(async () => PNG, CHATS.slice(0, 1));
  await s.show(s.h.desk, [{ type: 'day_closed', at: ny('16:20'), labels: [], isFlat: true }]);
  assert.deepEqual(
    s.handed.map(({ kind }) => kind),
    ['report_chart'],
  );
});

test('CX-05 what cannot be drawn takes nothing with it', async () => {
  const silent = await sending(async () => null);
  await silent.show(silent.h.desk, [silent.opened]);
  assert.deepEqual([silent.handed, silent.troubles], [[], []]);
  const broken = await sending(async () => {
    throw new Error('no');
  });
  await broken.show(broken.h.desk, [broken.opened]);
  assert.deepEqual([broken.handed, broken.troubles], [[], ['pictures']]);
});

test('without a chat that is shown pictures none is drawn', async () => {
  let drawn = 0;
  const s = await sending(async () => {
    drawn += 1;
    return PNG;
  }, []);
  await s.show(s.h.desk, [s.opened]);
  assert.equal(drawn, 0);
});
