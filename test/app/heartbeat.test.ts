import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { startHeartbeat } from '#app/heartbeat.ts';
import { callMonitor } from '#shell/lib/call-monitor.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';

function harness() {
  const clock = createVirtualClock({ startAt: 0 });
  const beats: number[] = [];
  const troubles: unknown[] = [];
  const state = { check: async (): Promise<unknown> => undefined, isDeaf: false };
  const stop = startHeartbeat({
    clock,
    everyMs: 60_000,
    check: () => state.check(),
    beat: async () => {
      if (state.isDeaf) throw new Error('monitor');
      beats.push(clock.now());
    },
    onTrouble: (error) => troubles.push(error),
  });
  const minutes = async (count: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    for (let n = 0; n < count; n += 1) {
      clock.advanceTo(clock.now() + 60_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { beats, troubles, state, stop, minutes };
}

test('CX-16 the monitor hears the desk each minute while it is well, and not a word more after the stop', async () => {
  const h = harness();
  await h.minutes(3);
  assert.deepEqual(h.beats.length, 4);
  h.stop();
  await h.minutes(3);
  assert.deepEqual(h.beats.length, 4);
});

test('CX-16 a desk whose store does not answer is silent, whether it refuses or hangs, and beats again after', async () => {
  const h = harness();
  await h.minutes(1);
  const before = h.beats.length;
  h.state.check = async () => {
    throw new Error('store down');
  };
  await h.minutes(3);
  assert.equal(h.beats.length, before);
  assert.equal(h.troubles.length, 1);
  const hung = Promise.withResolvers<void>();
  h.state.check = () => hung.promise;
  await h.minutes(3);
  assert.equal(h.beats.length, before);
  h.state.check = async () => undefined;
  hung.resolve();
  await h.minutes(1);
  assert.ok(h.beats.length > before);
});

test('CX-16 a deaf monitor is told of once an episode, and tried again', async () => {
  const h = harness();
  h.state.isDeaf = true;
  await h.minutes(3);
  assert.equal(h.troubles.length, 1);
  h.state.isDeaf = false;
  await h.minutes(1);
  assert.equal(h.beats.length, 1);
  h.state.isDeaf = true;
  await h.minutes(2);
  assert.equal(h.troubles.length, 2);
});

test('CX-16 the address of the monitor is called, and stands in no error', async () => {
  let status = 200;
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? '');
    response.writeHead(status).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/ping/s3cret-uuid`;
  await callMonitor(url);
  assert.deepEqual(paths, ['/ping/s3cret-uuid']);
  status = 404;
  const isSilent = (error: unknown) => {
    assert.match(String(error), /^ConfigError: heartbeat: /);
    return !(error as Error).stack?.includes('s3cret');
  };
  await assert.rejects(callMonitor(url), isSilent);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects(callMonitor(url), isSilent);
});
