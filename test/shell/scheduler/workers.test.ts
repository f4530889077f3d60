import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '#app/errors.ts';
import { createWorkers, type Workers } from '#shell/scheduler/workers.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const root = mkdtempSync(join(tmpdir(), 'centaur-workers-'));
const outbox = join(root, 'out');

const made: Workers[] = [];
after(async () => {
  // a thread that a failed test leaves would keep the process
  await Promise.all(made.map((workers) => workers.stop()));
  rmSync(root, { recursive: true, force: true });
});

cpSync(join(PROJECT, 'bin'), join(root, 'bin'), { recursive: true });
mkdirSync(join(root, 'jobs'));
mkdirSync(outbox);
writeFileSync(join(root, 'package.json'), '{"type":"module"}');
const HEAD = `
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
const { request } = workerData;
const note = (what: string): void =>
  writeFileSync(${JSON.stringify(outbox)} + '/' + what + '.' + request.job + '.' + request.at, '');
`;
const jobs = {
  quick: `${HEAD} note('ran')`,
  broken: `${HEAD} throw new Error('no data\\nsecond line')`,
  slow: `${HEAD} note('began'); await setTimeout(150); note('ended')`,
  polite: `${HEAD} parentPort?.once('message', () => { note('stopped'); process.exit(0) }); setInterval(() => {}, 1000)`,
  deaf: `${HEAD} parentPort?.on('message', () => {}); while (true) await setTimeout(50)`,
};
for (const [name, code] of Object.entries(jobs)) {
  writeFileSync(join(root, 'jobs', `${name}.ts`), code);
}

function workersOf(maxWorkers = 2, cancelMs = 300): Workers {
  const workers = createWorkers({ root, maxWorkers, cancelMs });
  made.push(workers);
  return workers;
}

async function until(isTrue: () => boolean): Promise<void> {
  const patience = AbortSignal.timeout(5000);
  while (!isTrue()) {
    patience.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('SP-12 a job runs as TypeScript in a thread and is told what it is for', async () => {
  const outcome = await workersOf().run({ job: 'quick', at: 42, isDry: false });
  assert.deepEqual(outcome, { kind: 'done' });
  assert.ok(readdirSync(outbox).includes('ran.quick.42'));
});

test('SP-12 a job that throws ends as failed with one line, the desk goes on', async () => {
  const workers = workersOf();
  const outcome = await workers.run({ job: 'broken', at: 1, isDry: false });
  assert.deepEqual(outcome, { kind: 'failed', message: 'no data' });
  assert.deepEqual(await workers.run({ job: 'quick', at: 2, isDry: false }), { kind: 'done' });
});

test('SP-12 a job without a file is refused with its name', async () => {
  await assert.rejects(workersOf().run({ job: 'absent', at: 1, isDry: false }), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /job absent: found no jobs\/absent\.ts/);
    return true;
  });
});

test('SP-12 never more threads at once than the cap, never one job twice', async () => {
  const workers = workersOf(1);
  const runs = [
    workers.run({ job: 'slow', at: 1, isDry: false }),
    workers.run({ job: 'slow', at: 2, isDry: false }),
    workers.run({ job: 'quick', at: 3, isDry: false }),
  ];
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, workers.running().length);
  }, 5);
  const outcomes = await Promise.all(runs);
  clearInterval(watch);
  assert.deepEqual(outcomes, [{ kind: 'done' }, { kind: 'done' }, { kind: 'done' }]);
  assert.equal(most, 1);
});

test('SP-12 a job that listens stops by itself, one that does not is ended after the deadline', async () => {
  const patient = workersOf(1, 20_000);
  const workers = workersOf(1);
  const polite = patient.run({ job: 'polite', at: 1, isDry: false });
  const deaf = workers.run({ job: 'deaf', at: 1, isDry: false });
  await until(() => patient.running().length + workers.running().length === 2);
  // A message that arrives before the thread listens waits for it.
  assert.equal(await patient.cancel('polite'), 'stopped');
  assert.equal(await workers.cancel('deaf'), 'terminated');
  assert.deepEqual(await polite, { kind: 'failed', message: 'canceled' });
  assert.deepEqual(await deaf, { kind: 'failed', message: 'canceled' });
  assert.equal(await workers.cancel('deaf'), 'not_running');
});

test('SP-12 stop ends what runs and starts nothing that waits', async () => {
  const workers = workersOf(1);
  const deaf = workers.run({ job: 'deaf', at: 1, isDry: false });
  const waiting = workers.run({ job: 'quick', at: 99, isDry: false });
  await until(() => workers.running().length === 1);
  await workers.stop();
  assert.deepEqual(await deaf, { kind: 'failed', message: 'canceled' });
  assert.equal((await waiting).kind, 'failed');
  assert.equal(readdirSync(outbox).includes('ran.quick.99'), false);
});

test('SP-12 stop ends a thread that was only just being started', async () => {
  const workers = workersOf();
  const run = workers.run({ job: 'polite', at: 7, isDry: false });
  // the place is taken and the thread not there yet
  await Promise.resolve();
  await workers.stop();
  assert.equal((await run).kind, 'failed');
});
