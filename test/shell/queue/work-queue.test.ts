import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import { openWorkQueue, type WorkQueue } from '#shell/queue/work-queue.ts';
import { connectStore, type StoreHandle } from '#shell/store/client.ts';

let folder = '';
let store: StoreHandle;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'work-queue-'));
  store = await connectStore({ dataFolder: folder, databaseUrl: null, purpose: 'test' });
});
after(async () => {
  await store.closeAndStop();
  rmSync(folder, { recursive: true, force: true });
});

const open = (name: string): Promise<WorkQueue> =>
  openWorkQueue({ server: store.ownerAccess, name });

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 100));
}

const tasksOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: randomUUID(), data: { n } }));

test('ID-13 two workers on one queue play every task once, and what one throws is told', async () => {
  const [asker, ...workers] = await Promise.all(['once', 'once', 'once'].map(open));
  const tasks = tasksOf(12);
  const ids = tasks.map(({ id }) => id);
  const played: number[] = [];
  for (const queue of workers)
    await queue.work(2, async (data) => {
      const { n } = data as { n: number };
      played.push(n);
      if (n === 7) throw new Error('seven is not played');
      return { square: n * n };
    });
  await asker?.put(tasks);
  await until(async () => {
    const states = await asker!.look(ids);
    return ids.every((id) => ['done', 'failed'].includes(states.get(id)?.state ?? ''));
  });
  const others = played.filter((n) => n !== 7).sort((a, b) => a - b);
  assert.deepEqual(others, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11]);
  const states = await asker!.look(ids);
  assert.equal([...states.values()].filter(({ state }) => state === 'failed').length, 1);
  assert.deepEqual(states.get(ids[3]!)?.output, { square: 9 });
  assert.match(JSON.stringify(states.get(ids[7]!)?.output), /seven is not played/);
  await Promise.all([asker, ...workers].map((queue) => queue?.close()));
});

test('ID-13 tasks that are taken back are played by nobody', async () => {
  const [asker, worker] = await Promise.all(['back', 'back'].map(open));
  const tasks = tasksOf(4);
  const ids = tasks.map(({ id }) => id);
  await asker!.put(tasks);
  await asker!.cancel(ids.slice(1));
  const played: number[] = [];
  await worker!.work(1, async (data) => {
    played.push((data as { n: number }).n);
    return {};
  });
  await until(async () => (await asker!.look(ids)).get(ids[0]!)?.state === 'done');
  assert.deepEqual([...(await asker!.look(ids)).values()].map(({ state }) => state).sort(), [
    'canceled',
    'canceled',
    'canceled',
    'done',
  ]);
  assert.deepEqual(played, [0]);
  await Promise.all([asker?.close(), worker?.close()]);
});

test('ID-13 the task of a worker that is killed is played again by another', async () => {
  const asker = await open('killed');
  const [task] = tasksOf(1);
  await asker.put([task!]);
  const script = join(import.meta.dirname, '..', '..', 'support', 'queue-child.ts');
  const flags = [script, JSON.stringify(store.ownerAccess), 'killed'];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  assert.deepEqual(JSON.parse(String(line)), { n: 0 });
  assert.equal((await asker.look([task!.id])).get(task!.id)?.state, 'active');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const worker = await open('killed');
  let played = 0;
  await worker.work(1, async () => {
    played += 1;
    return { by: 'another' };
  });
  const answer = async () => (await asker.look([task!.id])).get(task!.id);
  await until(async () => (await answer())?.state === 'done');
  assert.equal(played, 1);
  assert.deepEqual((await answer())?.output, { by: 'another' });
  await Promise.all([asker.close(), worker.close()]);
});
