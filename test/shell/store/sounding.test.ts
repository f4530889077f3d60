import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { NewOutboxRow } from '#app/ports.ts';
import { soundingSince } from '#shell/store/outbox.ts';
import { type OpenStore, openEmbedded } from '#test/support/store-backends.ts';
import { AT, outboxRow } from '#test/support/store-rows.ts';

let opened: Awaited<ReturnType<typeof openEmbedded>> & OpenStore;
before(async () => {
  opened = await openEmbedded();
});
after(() => opened.close());

test('sounding pushes of a day are those of the busiest chat: no answers, no edits, no silent ones, none of yesterday', async () => {
  const { store, handle } = opened;
  let keys = 0;
  const say = async (change: Partial<NewOutboxRow>, at = AT + 10) => {
    keys += 1;
    const row = outboxRow(`sound-${keys}`, {
      runId: 'sounding',
      lane: 'chat:telegram:1',
      payload: { message: { kind: 'boot' } },
      ...change,
    });
    const [stored] = await store.outbox.enqueue([row]);
    await store.outbox.markDelivered(stored?.id ?? 0, 'm', at);
  };
  const heard = () => handle.run('test', (sql) => soundingSince(sql, 'sounding', AT));
  assert.equal(await heard(), 0);
  await say({});
  await say({ priority: 0 });
  await say({ editKey: 'ticket:1' });
  await say({ editKey: 'ticket:1' });
  assert.equal(await heard(), 3);
  await say({ priority: 2 });
  await say({ payload: { card: { lines: [], buttons: [] } } });
  await say({}, AT - 1);
  await say({ runId: 'another' });
  await say({ lane: 'chat:wecom:li' });
  for (let n = 0; n < 5; n += 1) await say({ lane: 'chat:terminal:terminal' });
  assert.equal(await heard(), 3);
});
