import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Turns, written } from '#shell/lib/turns.ts';

/** A server with a connection to it that stands idle, and what happens from now on, in order. */
async function idleConnection(t: TestContext) {
  const server = createServer((_, response) => void response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await (await fetch(url)).text();
  const seen: string[] = [];
  const onSent = (message: unknown): void => {
    const { method, path } = (message as { request: { method: string; path: string } }).request;
    seen.push(`${method} ${path} written`);
  };
  diagnostics.subscribe('undici:client:sendHeaders', onSent);
  t.after(() => {
    diagnostics.unsubscribe('undici:client:sendHeaders', onSent);
    server.closeAllConnections();
    server.close();
  });
  return { url, seen };
}

test('CX-07 what waits until a request is written goes on after its bytes left over an idle connection', async (t) => {
  const { url, seen } = await idleConnection(t);
  const answer = fetch(url, { method: 'DELETE' });
  await written();
  seen.push('went on');
  await answer;
  assert.deepEqual(seen, ['DELETE / written', 'went on']);
});

test('CX-07 the first of many cancels has left over an idle connection before the second is made', async (t) => {
  const { url, seen } = await idleConnection(t);
  const turns = new Turns();
  const cancel = async (n: number): Promise<void> => {
    const turn = turns.take();
    if (turn !== null) await turn;
    seen.push(`cancel ${n} made`);
    await (await fetch(`${url}${n}`, { method: 'DELETE' })).text();
  };
  await Promise.all([cancel(1), cancel(2), cancel(3)]);
  assert.deepEqual(seen.slice(0, 3), ['cancel 1 made', 'DELETE /1 written', 'cancel 2 made']);
});

test('CX-07 of calls that come at once the first goes at once and alone, the others in order, a few a turn', async () => {
  const turns = new Turns(2);
  const gone: number[] = [];
  const turnOf: number[] = [];
  let turn = 0;
  const count = (): void => {
    turn += 1;
    if (gone.length < 6) setImmediate(count);
  };
  const calls = Array.from({ length: 6 }, async (_, n) => {
    const wait = turns.take();
    assert.equal(wait === null, n === 0);
    if (wait !== null) await wait;
    gone.push(n);
    turnOf.push(turn);
  });
  setImmediate(count);
  await Promise.all(calls);
  assert.deepEqual(gone, [0, 1, 2, 3, 4, 5]);
  // the first with those that come along in its own turn, then two and two and one
  assert.ok(turnOf.filter((one) => one === turnOf.at(-1)).length <= 2, String(turnOf));
  assert.ok(new Set(turnOf).size >= 3, String(turnOf));
});

test('CX-07 a call that comes when all have gone waits for nobody', async () => {
  const turns = new Turns();
  assert.equal(turns.take(), null);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(turns.take(), null);
});
