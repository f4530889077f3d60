import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '#app/errors.ts';
import { takeDeskLock } from '#shell/store/desk-lock.ts';
import { openEmbedded } from '#test/support/store-backends.ts';
import { runChild } from '#test/support/store-process.ts';

test('a second desk on one data folder is refused with one line that names the first', async () => {
  const { handle, folder, close } = await openEmbedded();
  const child = runChild(folder, 'desk');
  const { pid } = await child.next();
  await assert.rejects(
    takeDeskLock(handle.access, () => {}),
    (error) =>
      error instanceof RefusedError &&
      error.code === 'desk_running' &&
      error.message.includes(`pid ${pid} on ${hostname().slice(0, 20)}`) &&
      !error.message.includes('\n'),
  );
  child.process.kill('SIGKILL');
  const lock = await takeDeskLock(handle.access, () => {});
  assert.equal(lock.isHeld(), true);
  const second = runChild(folder, 'desk');
  assert.match(String((await second.next())['error']), /already running as pid/);
  await second.finish();
  await lock.release();
  const third = runChild(folder, 'desk');
  assert.equal((await third.next())['error'], undefined);
  await third.finish();
  await close();
});

test('a desk takes its lock again after the server came back', async () => {
  const { handle, close } = await openEmbedded();
  let taken: Error | null = null;
  const lock = await takeDeskLock(handle.access, (error) => {
    taken = error;
  });
  process.kill(handle.embedded?.pid() ?? 0, 'SIGKILL');
  const until = performance.now() + 15_000;
  let wasLost = false;
  while (!(wasLost && lock.isHeld()) && performance.now() < until) {
    await handle.run('poke', (sql) => sql`select 1`).catch(() => {});
    wasLost ||= !lock.isHeld();
    await sleep(20);
  }
  assert.ok(lock.isHeld() && wasLost);
  await assert.rejects(
    takeDeskLock(handle.access, () => {}),
    RefusedError,
  );
  assert.equal(taken, null);
  await lock.release();
  await close();
});
