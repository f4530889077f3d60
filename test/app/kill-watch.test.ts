import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Config } from '#shell/config/config.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { createKillFile } from '#shell/files/kill-file.ts';
import { brokerOn } from '#test/support/alpaca-contract.ts';
import { deskAt } from '#test/support/broker-desk.ts';
import { started, withTicket } from '#test/support/builders.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeAlpaca } from '#test/support/fake-alpaca.ts';
import { composeKillSwitch } from '../../src/compose-kill.ts';

test('CX-07 a kill from another terminal answers at once, and then how many orders of strangers it canceled', async (t) => {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen());
  const dataDir = mkdtempSync(join(tmpdir(), 'centaur-killwatch-'));
  await broker.start();
  const { desk, clock, tell } = deskAt(broker, {
    accountId: 'alpaca-us',
    execution: { broker: 'alpaca' },
  });
  const file = createKillFile(dataFilesOf(dataDir));
  const stop = composeKillSwitch({ dataDir } as Config, null).watch([desk], clock);
  t.after(async () => {
    stop();
    await broker.stop();
    await fake.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await tell([started(clock.now()), ...withTicket()]);
  fake.quote('QQQM', 100.5, 100.52);
  const entry = { symbol: 'QQQM', side: 'buy', qty: '5', type: 'limit', time_in_force: 'day' };
  fake.exchange.submit({ ...entry, limit_price: '90', client_order_id: 'by hand' });

  const at = Date.now();
  file.write({ scope: 'all', by: 'command line', at });
  await eventually(() => file.readAnswer(at) !== null);
  await eventually(() => file.readAnswer(at)?.strangerIds?.length === 1);
  const answer = file.readAnswer(at);
  assert.deepEqual(answer?.canceledOrderIds, []);
  assert.deepEqual(answer?.strangerIds, ['by hand']);
  await eventually(() =>
    [...fake.exchange.orders.values()].every((order) => !fake.exchange.isWorking(order)),
  );
});

test('CX-07 a live desk sells by the file of its own account alone, and only where its phrase was typed', async (t) => {
  const fake = new FakeAlpaca();
  const { broker } = brokerOn(await fake.listen(), { environment: 'live' });
  const dataDir = mkdtempSync(join(tmpdir(), 'centaur-killwatch-'));
  await broker.start();
  const { desk, clock, tell } = deskAt(broker, {
    accountId: 'alpaca-us',
    environment: 'live',
    execution: { broker: 'alpaca' },
  });
  const file = createKillFile(dataFilesOf(dataDir));
  const stop = composeKillSwitch({ dataDir } as Config, null).watch([desk], clock);
  t.after(async () => {
    stop();
    await broker.stop();
    await fake.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await tell([started(clock.now()), ...withTicket()]);
  const at = Date.now();
  const write = (scope: string, key: string, more: { isConfirmed?: boolean }) =>
    file.write({ scope: 'all', by: 'command line', at, flatten: [{ scope, key, ...more }] });
  write('alpaca-us', 'one', {});
  write('all', 'two', { isConfirmed: true });
  write('us-vwap', 'three', { isConfirmed: false });
  await eventually(() => desk.state().kill.kind === 'halted');
  // what was written before it is seen with it
  write('someone-else', 'four', { isConfirmed: true });
  await eventually(() => file.readAnswer(at) !== null);
  assert.equal(desk.state().kill.kind, 'halted');
  write('alpaca-us', 'five', { isConfirmed: true });
  await eventually(() => desk.state().kill.kind === 'flat');
});
