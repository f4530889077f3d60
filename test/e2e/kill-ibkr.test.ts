import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { after, before, test } from 'node:test';
import type { Broker, OrderRequest } from '#app/ports.ts';
import { dataFilesOf } from '#shell/config/data-files.ts';
import { runCli } from '#test/support/cli.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';
import { projectWith } from '#test/support/live-process.ts';
import { makeDataFolder } from '#test/support/store-backends.ts';

/*
 * A desk at Interactive Brokers that is there and does nothing: its connection stands, its orders work,
 * and it answers no kill. What another terminal can do, as the gateway's master client, without a store.
 */

const OURS = '2026-11-20.us-vwap.QQQM.US.long.1';
const fake = new FakeIbkr();
const dataDir = makeDataFolder();
let project: ReturnType<typeof projectWith>;
/** The connection of the desk that hangs; it entered what stands. */
let deskSide: Broker;
let hanging: ChildProcess;

const order = (orderId: string, fields: Partial<OrderRequest>): OrderRequest => ({
  orderId: `${OURS}.${orderId}`,
  instrument: 'QQQM.US',
  side: 'buy',
  type: 'limit',
  quantity: 20,
  limitPrice: null,
  stopPrice: null,
  bracket: null,
  ocoGroup: null,
  pair: null,
  trailOffset: null,
  timeInForce: 'day',
  isExtendedHours: false,
  ...fields,
});

/** 20 QQQM under a stop, and two entries that stand. */
async function trade(): Promise<void> {
  fake.quote('QQQM', 99.98, 100);
  await deskSide.submit(order('entry-1', { limitPrice: 100 }));
  fake.quote('QQQM', 99.98, 100);
  await eventually(() => fake.positions.get('QQQM')?.quantity === 20);
  await deskSide.submit(order('stop-1', { side: 'sell', type: 'stop', stopPrice: 95 }));
  await deskSide.submit(order('entry-2', { limitPrice: 90 }));
  await deskSide.submit(order('entry-3', { instrument: 'AAPL.US', limitPrice: 90 }));
}

const ENDED = ['Filled', 'Cancelled', 'ApiCancelled', 'Inactive'];
const working = () =>
  fake.market.orders.filter(({ status }) => !ENDED.includes(status)).map((one) => one.orderRef);

const kill = (...args: string[]) =>
  runCli(['kill', 'all', '--json', ...args], {
    root: project.root,
    dataDir,
    env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
  });

before(async () => {
  await fake.listen();
  const side = {
    host: '127.0.0.1',
    port: fake.port,
    clientId: 7,
    masterClientId: fake.masterClientId,
    accountId: fake.account,
  };
  const account = {
    id: 'ibkr-us',
    market: 'US',
    broker: 'ibkr',
    environment: 'paper',
    currency: 'USD',
    marketData: 'live',
    paper: side,
    live: null,
  };
  project = projectWith({
    'accounts.yaml': { accounts: [account] },
    'desks/us-vwap.yaml': { account: 'ibkr-us' },
  });
  deskSide = connectIbkr(fake).broker;
  await deskSide.start();
  hanging = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const mark = {
    pid: hanging.pid,
    startedAt: 1,
    runId: 'live',
    profile: 'paper',
    desks: ['us-vwap'],
    environment: 'paper',
  };
  const { deskMark } = dataFilesOf(dataDir);
  mkdirSync(dirname(deskMark), { recursive: true });
  writeFileSync(deskMark, JSON.stringify(mark));
});

after(async () => {
  hanging.kill('SIGKILL');
  await deskSide.stop();
  await fake.close();
  project.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

test('CX-07 ID-18 past a desk that hangs the master client cancels its entries and leaves its stop', async (t) => {
  await trade();
  assert.equal(working().length, 3);
  const { code, stdout, stderr } = await kill();
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as {
    desk: string;
    accounts: {
      accountId: string;
      stageOne: { canceled: string[]; kept: string[]; firstCancelMs: number; allOutMs: number };
    }[];
  };
  assert.equal(result.desk, 'silent');
  const [account] = result.accounts;
  assert.equal(account?.accountId, 'ibkr-us');
  assert.deepEqual(account?.stageOne.kept, [`${OURS}.stop-1`]);
  assert.equal(account?.stageOne.canceled.length, 2);
  assert.deepEqual(working(), [`${OURS}.stop-1`]);
  t.diagnostic(`all out after ${Math.round(account?.stageOne.allOutMs ?? 0)} ms`);
});

test('CX-07 ID-18 stage 2 from another terminal is the global cancel and one market order, read until flat', async () => {
  fake.received.length = 0;
  const killing = kill('--yes');
  await eventually(() => fake.received.some(([kind]) => kind === '3'), 20_000);
  fake.quote('QQQM', 99.9, 99.92);
  const { code, stdout, stderr } = await killing;
  assert.equal(code, 0, `${stderr}\n${stdout}`);
  const sent = fake.received.filter(([kind]) => kind === '3' || kind === '58');
  assert.deepEqual(
    sent.map(([kind]) => kind),
    ['58', '3'],
  );
  assert.deepEqual(working(), []);
  assert.equal(fake.positions.get('QQQM')?.quantity ?? 0, 0);
});
