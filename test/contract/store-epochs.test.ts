import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StoreError } from '#app/errors.ts';
import type { Store } from '#shell/store/store.ts';
import { forEveryStore } from '#test/support/store-contract.ts';
import { AT, batch, event, outboxRow } from '#test/support/store-rows.ts';

const isDeposed = (error: unknown) => error instanceof StoreError && error.code === 'deposed';
const LANE = { lane: 'order:paper-us', kind: 'submit_order' };

async function queued(store: Store, key: string): Promise<number> {
  const [row] = await store.outbox.enqueue([outboxRow(key, { runId: key, ...LANE })]);
  return row?.id ?? 0;
}

forEveryStore((store, _kind, under) => {
  test('ID-09 an epoch is raised in the name of a process, and only the newest gives signs of life', async () => {
    const { epochs } = store();
    const first = await epochs.raise('pid 1 on a');
    const leader = await epochs.current();
    assert.deepEqual([leader?.epoch, leader?.holder], [first, 'pid 1 on a']);
    assert.equal(await epochs.renew(first), true);
    const second = await epochs.raise('pid 2 on b');
    assert.ok(second > first);
    assert.equal(await epochs.renew(first), false);
    assert.equal(await epochs.renew(second), true);
    await epochs.resign(first);
    assert.ok(((await epochs.current())?.silentMs ?? Infinity) < 60_000);
    await epochs.resign(second);
    assert.ok(((await epochs.current())?.silentMs ?? 0) > 60_000);
  });

  test('ID-09 only a silent leader is taken over from, and by one process', async () => {
    const { epochs } = store();
    const epoch = await epochs.raise('pid 1 on a');
    assert.equal(await epochs.raiseOver(epoch, 60_000, 'pid 2 on b'), null);
    await epochs.resign(epoch);
    const tries = await Promise.all(
      Array.from({ length: 5 }, (_, n) => epochs.raiseOver(epoch, 60_000, `pid ${n} on c`)),
    );
    assert.equal(tries.filter((raised) => raised !== null).length, 1);
  });

  test('ID-09 what an old epoch decides, records or begins to send is refused and nothing of it kept', async () => {
    const plain = store();
    const epoch = await plain.epochs.raise('pid 1 on a');
    const old = under(epoch);
    await old.events.append(batch('epoch-1', 0, [event(1)]));
    const id = await queued(plain, 'epoch-row');
    await plain.epochs.raise('pid 2 on b');
    await assert.rejects(old.events.append(batch('epoch-1', 1, [event(2)])), isDeposed);
    await assert.rejects(
      old.inputs.append([
        {
          runId: 'r',
          stream: 'epoch-1',
          ordinal: 1,
          type: 'x',
          hash: 'h',
          receivedAt: AT,
          data: 1,
        },
      ]),
      isDeposed,
    );
    await assert.rejects(old.snapshots.save('epoch-1', 1, {}), isDeposed);
    await assert.rejects(old.outbox.markAttempting(id), isDeposed);
    await assert.rejects(old.outbox.markDropped(id, 'late'), isDeposed);
    assert.equal((await plain.events.read('epoch-1')).length, 1);
    assert.deepEqual(await plain.inputs.read('epoch-1'), []);
    assert.equal(await plain.snapshots.latest('epoch-1'), null);
    assert.equal(await plain.outbox.markAttempting(id), true);
  });

  test('ID-09 an attempt of an old epoch is known to the next one as unknown, never as queued', async () => {
    const plain = store();
    const first = await plain.epochs.raise('pid 1 on a');
    const id = await queued(plain, 'epoch-attempt');
    await under(first).outbox.markAttempting(id);
    const second = under(await plain.epochs.raise('pid 2 on b'));
    const { unknown } = await second.outbox.settleInterrupted('epoch-attempt');
    assert.deepEqual(
      unknown.map((row) => row.id),
      [id],
    );
    assert.deepEqual(await second.outbox.due('epoch-attempt', AT, 10), []);
  });

  test('ID-09 however leaders change, each attempt is begun by the one that leads, and by one only', async () => {
    const plain = store();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('raise'), fc.nat({ max: 4 })), { maxLength: 25 }),
        async (acts) => {
          run += 1;
          const epochs = [await plain.epochs.raise('first')];
          const begun = new Set<number>();
          const ids: number[] = [];
          for (const [n, act] of acts.entries()) {
            if (act === 'raise') {
              epochs.push(await plain.epochs.raise(`leader ${n}`));
              continue;
            }
            ids.push(await queued(plain, `any-${run}-${n}`));
            const epoch = epochs[Math.min(act as number, epochs.length - 1)] as number;
            const id = ids[n % ids.length] as number;
            const isOurs = await under(epoch)
              .outbox.markAttempting(id)
              .catch((error: unknown) => {
                assert.ok(isDeposed(error), String(error));
                return false;
              });
            if (!isOurs) continue;
            assert.equal(epoch, epochs.at(-1));
            assert.ok(!begun.has(id));
            begun.add(id);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('ID-09 attempts that race with a raise are stored before it or refused after it', async () => {
    const plain = store();
    for (let round = 0; round < 5; round += 1) {
      const old = under(await plain.epochs.raise('pid 1 on a'));
      const runId = `race-${round}`;
      const rows = Array.from({ length: 20 }, (_, n) =>
        outboxRow(`${runId}-${n}`, { runId, ...LANE }),
      );
      const ids = (await plain.outbox.enqueue(rows)).map((row) => row.id);
      const attempts = ids.map((id) => old.outbox.markAttempting(id).catch(() => false));
      await Promise.race(attempts);
      const next = under(await plain.epochs.raise('pid 2 on b'));
      // what the new leader finds right after its raise is all there will ever be of the old one
      const { unknown } = await next.outbox.settleInterrupted(runId);
      const answers = await Promise.all(attempts);
      assert.deepEqual(
        unknown.map((row) => row.id).sort((a, b) => a - b),
        ids.filter((_, n) => answers[n] === true),
      );
    }
  });
});
