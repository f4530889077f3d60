import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAnnouncer } from '#app/announce.ts';
import { chatHarness } from '../support/chat-harness.ts';

test('a degraded channel is told of to operators on the other channels, and not to viewers', async () => {
  const h = await chatHarness([]);
  const rows: string[] = [];
  const announce = createAnnouncer({
    runId: 'live',
    clock: h.clock,
    access: {
      ...h.access,
      chats: () => [{ channel: 'telegram', chatId: '1' }, ...h.access.chats('operator')],
    } as typeof h.access,
    outbox: h.store.outbox,
    speaker: {
      notice: (notice) => ({ lines: [notice.kind], buttons: [] }),
      answer: () => ({ lines: [], buttons: [] }),
      message: () => ({ lines: [], buttons: [] }),
    },
    mirrors: [],
    isSpoken: () => true,
    handOver: (added) => void rows.push(...added.map((row) => row.lane)),
  });
  const notice = {
    kind: 'channel_degraded',
    channel: 'telegram',
    cause: 'conflict',
    since: 0,
    zone: 'UTC',
  } as const;
  await announce(notice, 'telegram');
  await announce(notice, 'telegram');
  assert.deepEqual(rows, ['chat:fake:1', 'chat:fake:2', 'chat:fake:1', 'chat:fake:2']);
});

test('SP-12 what is told once a day is not told again by a process that starts again', async () => {
  const h = await chatHarness([]);
  // what still waits is handed over again, as the same row
  const rows = new Map<number, string>();
  const started = () =>
    createAnnouncer({
      runId: 'live',
      clock: h.clock,
      access: h.access,
      outbox: h.store.outbox,
      speaker: {
        notice: (notice) => ({ lines: [notice.kind], buttons: [] }),
        answer: () => ({ lines: [], buttons: [] }),
        message: () => ({ lines: [], buttons: [] }),
      },
      mirrors: [],
      isSpoken: () => true,
      handOver: (added) => {
        for (const { id, lane } of added) rows.set(id, lane);
      },
    });
  const notice = { kind: 'calendar_ending', ends: [] } as const;
  const first = started();
  await first(notice, null, 'CN:2026-12-02');
  await first(notice, null, 'US:2026-12-02');
  h.clock.advanceTo(h.clock.now() + 60_000);
  await started()(notice, null, 'CN:2026-12-02');
  const both = ['chat:fake:1', 'chat:fake:2'];
  assert.deepEqual([...rows.values()], [...both, ...both]);
  await started()(notice, null, 'CN:2026-12-03');
  assert.equal(rows.size, 6);
});
