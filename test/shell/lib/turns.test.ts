import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from '#shell/lib/turns.ts';

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
