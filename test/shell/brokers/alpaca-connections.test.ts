import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlpacaBrokerOptions } from '#shell/brokers/alpaca/alpaca.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A started broker; `answered` are the calls that came to an end, as `GET /v2/clock 200`. */
async function started(fields: Partial<AlpacaBrokerOptions>) {
  const fake = new FakeAlpaca();
  const url = await fake.listen();
  const answered: string[] = [];
  const { broker } = brokerOn(url, {
    timeoutMs: 8_000,
    onCall: ({ call, status }) => void answered.push(`${call} ${status}`),
    ...fields,
  });
  open.push(
    () => broker.stop(),
    () => fake.close(),
  );
  await broker.start();
  answered.length = 0;
  return { fake, broker, answered };
}

const small = (answered: readonly string[]): number =>
  answered.filter((line) => line === 'GET /v2/clock 200').length;

test('CX-07 an account that nothing is asked of is asked a small question, over one connection that stands', async () => {
  const { fake, answered } = await started({ warmMs: 30 });
  const { connections } = fake;
  await eventually(() => small(answered) >= 4);
  assert.equal(fake.connections, connections);
});

test('CX-07 a connection that broke in silence is made again before anything has to leave', async () => {
  const { fake, answered } = await started({ warmMs: 30 });
  fake.cut();
  fake.mend();
  answered.length = 0;
  await eventually(() => small(answered) >= 2);
});

test('CX-07 a connection outlives the four seconds after which it would be closed by default', async () => {
  const { fake, broker } = await started({ warmMs: 3_600_000 });
  const { connections } = fake;
  await sleep(4_500);
  await broker.cashMinor();
  assert.equal(fake.connections, connections);
});

test('CX-07 a broker that was stopped asks nothing more', async () => {
  const { broker, answered } = await started({ warmMs: 10 });
  await eventually(() => small(answered) >= 1);
  await broker.stop();
  const before = answered.length;
  await sleep(100);
  assert.ok(answered.length <= before + 1, 'the one under way, given up');
});
