import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { RefusedError, StoreError } from '#app/errors.ts';
import { backUp, restore, verifyBackup } from '#shell/store/backup.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import type { Store } from '#shell/store/store.ts';
import { backends, makeDataFolder, type OpenStore } from '#test/support/store-backends.ts';
import { AT, batch, event, outboxRow } from '#test/support/store-rows.ts';

const HOSTILE = { text: 'tab\there\nnew \\N line \\. “quotes” 😀', list: [1.1, -0, 1e300, null] };

async function fill({ events, inbox, outbox, inputs, jobs, bars, snapshots, raw }: Store) {
  for (let n = 0; n < 30; n++) {
    const note = { type: 'note', data: { n, ...HOSTILE } };
    const change = { outbox: [outboxRow(`m-${n}`)] };
    await events.append(batch('desk', 2 * n, [event(n), note], change));
  }
  const [row] = await inbox.receive([
    { runId: 'run-1', channel: 'c', updateId: '1', body: HOSTILE, receivedAt: AT },
    { runId: 'run-1', channel: 'c', updateId: '2', body: null, receivedAt: AT },
  ]);
  await inbox.markDone(row?.id ?? 0, { kind: 'done' });
  await outbox.markAttempting(1);
  const input = { runId: 'r', stream: 'desk', type: 't', receivedAt: AT, data: HOSTILE };
  await inputs.append([1, 2, 3].map((ordinal) => ({ ...input, ordinal, hash: `h${ordinal}` })));
  await jobs.claim('job', AT, 'claimed', 'n', AT);
  await snapshots.save('desk', 60, { state: HOSTILE });
  await raw.save({ source: 's', url: 'u', ingestedAt: AT, runId: 'r', payload: HOSTILE.text });
  const bar = { instrument: 'SPY.US', timeframe: '1m', open: 0.1, high: 1 / 3, low: 1e-7 } as const;
  await bars.save(
    [0, 1, 2].map((i) => ({ ...bar, close: 2, volume: 3, openedAt: AT + i, closedAt: AT + i + 1 })),
    'csv',
  );
}

async function everything(store: Store) {
  return {
    events: await store.events.read('desk'),
    inputs: await store.inputs.read('desk'),
    inbox: await store.inbox.pending('run-1', 99),
    outbox: await store.outbox.due('run-1', AT + 1e9, 99),
    jobs: await store.jobs.recent(9),
    snapshot: await store.snapshots.latest('desk'),
    raw: await store.raw.latest('s'),
    bars: await store.bars.load({ instrument: 'SPY.US', timeframe: '1m' }, 0, AT * 2, null),
  };
}

for (const { name, open } of backends().filter((backend) => backend.name !== 'memory')) {
  describe(`backup in ${name}`, { skip: typeof open === 'string' ? open : false }, () => {
    const folder = makeDataFolder();
    const backup = join(folder, 'backup');
    let source: OpenStore & { handle: StoreHandle };

    before(async () => {
      source = (await (open as () => Promise<OpenStore>)()) as typeof source;
      await fill(source.store);
      await backUp(source.handle.ownerAccess, backup);
    });
    after(async () => {
      await source.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test('SP-11 a restored store equals the one backed up and goes on where it was', async () => {
      const manifest = await verifyBackup(backup);
      assert.equal(manifest.tables['events']?.rows, 60);
      const copy = (await (open as () => Promise<OpenStore>)()) as typeof source;
      try {
        await restore(copy.handle.ownerAccess, backup);
        assert.deepEqual(await everything(copy.store), await everything(source.store));
        const next = await copy.store.events.append(
          batch('desk', 60, [event(60)], { outbox: [outboxRow('m-0'), outboxRow('m-next')] }),
        );
        assert.ok(next.kind === 'appended' && next.outbox.length === 1);
        assert.equal((await copy.store.events.read('desk', 60))[0]?.seq, 61);
        await assert.rejects(copy.handle.sql`delete from events`, { code: '42501' });
        await assert.rejects(
          restore(copy.handle.ownerAccess, backup),
          (error) => error instanceof RefusedError && error.code === 'store_not_empty',
        );
      } finally {
        await copy.close();
      }
    });

    test('a damaged or unfinished backup is refused before anything is written', async () => {
      const file = join(backup, 'events.copy.gz');
      const bytes = readFileSync(file);
      const cases = [bytes.subarray(0, bytes.length - 40), Buffer.from(bytes).fill(7, 60, 70)];
      for (const bad of cases) {
        writeFileSync(file, bad);
        await assert.rejects(
          restore(source.handle.ownerAccess, backup),
          (error) => error instanceof StoreError && error.code === 'backup_damaged',
        );
      }
      writeFileSync(file, bytes);
      await assert.rejects(verifyBackup(join(folder, 'none')), StoreError);
    });

    test('a backup that fails leaves no folder behind', async () => {
      const inTheWay = join(folder, 'file');
      writeFileSync(inTheWay, '');
      await assert.rejects(backUp(source.handle.ownerAccess, join(inTheWay, 'b')), StoreError);
      await assert.rejects(backUp(source.handle.ownerAccess, backup), StoreError);
      assert.equal(existsSync(`${backup}.partial`), false);
      assert.equal((await verifyBackup(backup)).tables['events']?.rows, 60);
    });
  });
}
