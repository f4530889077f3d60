import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RefusedError } from '#app/errors.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { type Lead, type LeadOptions, takeLead } from '#shell/store/lead.ts';
import { openEmbedded } from '#test/support/store-backends.ts';
import { type Child, runChild } from '#test/support/store-process.ts';

const HOST = hostname().slice(0, 20);

async function leadHere(handle: StoreHandle, change: Partial<LeadOptions> = {}): Promise<Lead> {
  const { access, ownerAccess } = handle;
  const lead = await takeLead({ access, ownerAccess, onLost: () => {}, standby: null, ...change });
  assert.ok(lead !== null);
  return lead;
}

async function until(isSo: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<boolean> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(20))
    if (await isSo()) return true;
  return false;
}

test('a second desk on one data folder is refused with one line that names the first', async (t) => {
  const { handle, folder, close } = await openEmbedded();
  t.after(close);
  const child = runChild(folder, 'desk');
  const { pid } = await child.next();
  await assert.rejects(
    leadHere(handle),
    (error) =>
      error instanceof RefusedError &&
      error.code === 'desk_running' &&
      error.message.includes(`pid ${pid} on ${HOST}`) &&
      !error.message.includes('\n'),
  );
  child.process.kill('SIGKILL');
  const lead = await leadHere(handle);
  assert.equal(lead.isHeld(), true);
  const second = runChild(folder, 'desk');
  assert.match(String((await second.next())['error']), /already running as pid/);
  await second.finish();
  await lead.release();
  assert.equal(lead.isHeld(), false);
  assert.equal(await lead.mayLeave(false), false);
  const third = runChild(folder, 'desk');
  assert.equal((await third.next())['error'], undefined);
  await third.finish();
});

test('a desk leads on after the server came back, under the same epoch', async (t) => {
  const { handle, store, close } = await openEmbedded();
  t.after(close);
  let lost: Error | null = null;
  const lead = await leadHere(handle, {
    onLost: (error) => {
      lost = error;
    },
  });
  process.kill(handle.embedded?.pid() ?? 0, 'SIGKILL');
  // the call finds the server gone and starts it again
  const poke = () => store.epochs.current().catch(() => null);
  assert.ok(await until(async () => (await poke()) === null));
  assert.ok(await until(async () => (await poke()) !== null && lead.isHeld()));
  assert.equal(lost, null);
  assert.equal((await store.epochs.current())?.epoch, lead.epoch);
  await assert.rejects(leadHere(handle), RefusedError);
  await lead.release();
});

test('ID-09 while the store cannot be asked what lowers risk leaves, what raises it does not', async (t) => {
  const { handle, close } = await openEmbedded();
  t.after(close);
  // a server that does not answer, and is not gone either
  const lead = await leadHere(handle);
  assert.deepEqual([await lead.mayLeave(true), await lead.mayLeave(false)], [true, true]);
  const server = handle.embedded?.pid() ?? 0;
  const children = readFileSync(`/proc/${server}/task/${server}/children`, 'utf8')
    .trim()
    .split(' ')
    .map(Number);
  for (const pid of [server, ...children]) process.kill(pid, 'SIGSTOP');
  assert.ok(await until(() => !lead.isHeld()));
  assert.deepEqual([await lead.mayLeave(true), await lead.mayLeave(false)], [false, true]);
  for (const pid of [server, ...children]) process.kill(pid, 'SIGCONT');
  assert.ok(await until(() => lead.isHeld()));
  await lead.release();
});

/** What stands for the broker: which epoch sent when. */
function sentTo(folder: string): { epoch: number; at: number }[] {
  return readFileSync(join(folder, 'sent'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [epoch = 0, at = 0] = line.split(' ').map(Number);
      return { epoch, at };
    });
}

async function twoSenders(folder: string): Promise<{ leader: Child; standby: Child }> {
  const leader = runChild(folder, 'sender');
  const { pid } = await leader.next();
  const standby = runChild(folder, 'sender');
  assert.deepEqual(await standby.next(), { waiting: `pid ${pid} on ${HOST}` });
  await sleep(300);
  return { leader, standby };
}

test('ID-09 a standby takes over within 10 s when the leader is killed', async (t) => {
  const { folder, close } = await openEmbedded();
  t.after(close);
  const { leader, standby } = await twoSenders(folder);
  const killedAt = performance.now();
  leader.process.kill('SIGKILL');
  const taken = await standby.next();
  const tookMs = Math.round(performance.now() - killedAt);
  t.diagnostic(`kill -9 of the leader: the standby led after ${tookMs} ms`);
  assert.equal(taken['before'], `pid ${leader.process.pid} on ${HOST}`);
  assert.ok(tookMs <= 10_000, `took ${tookMs} ms`);
  assert.ok(await until(() => sentTo(folder).some(({ epoch }) => epoch === taken['epoch'])));
  await standby.finish();
});

test('ID-09 a leader that was stopped and goes on can neither commit nor send', async (t) => {
  const { folder, close } = await openEmbedded();
  t.after(close);
  const { leader, standby } = await twoSenders(folder);
  const stoppedAt = performance.now();
  leader.process.kill('SIGSTOP');
  const taken = await standby.next();
  const tookMs = Math.round(performance.now() - stoppedAt);
  t.diagnostic(`SIGSTOP of the leader: the standby led after ${tookMs} ms`);
  assert.ok(tookMs <= 10_000, `took ${tookMs} ms`);
  const ledAt = Date.now();
  assert.ok(await until(() => sentTo(folder).some(({ epoch }) => epoch === taken['epoch'])));
  leader.process.kill('SIGCONT');
  const said = [await leader.next(), await leader.next()];
  const lost = said.find((line) => line['lost'] !== undefined);
  assert.match(String(lost?.['lost']), new RegExp(`pid ${standby.process.pid} on ${HOST}`));
  const refused = said.find((line) => line['refused'] !== undefined);
  assert.equal(refused?.['code'], 'deposed');
  const late = sentTo(folder).filter(({ epoch, at }) => epoch !== taken['epoch'] && at > ledAt);
  assert.deepEqual(late, []);
  await leader.finish();
  await standby.finish();
});
