import assert from 'node:assert/strict';
import type { ConnectionChange, OrderRequest } from '#app/ports.ts';
import type { PaperSnapshot } from '#shell/brokers/paper-snapshot.ts';
import type { BrokerFault, BrokerHarness, BrokerUnderTest } from './broker-harness.ts';
import { CONTRACT_CASH_MINOR } from './broker-harness.ts';
import { paperHarness } from './paper-harness.ts';

const STEP_MS = 100;
const MOST_STEPS = 200;

/** The simulated broker in the words of the contract suite. */
function harnessOf(saved: PaperSnapshot | null, startAt: number | null): BrokerHarness {
  const paper = paperHarness({ cashMinor: CONTRACT_CASH_MINOR });
  const { broker, clock, reports } = paper;
  if (startAt !== null) clock.advanceTo(startAt);
  if (saved !== null) broker.restore(saved);
  const changes: ConnectionChange[] = [];
  broker.onConnection((change) => void changes.push(change));
  const steps = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let step = 0; step < MOST_STEPS; step += 1) {
      if (await holds()) return;
      clock.advanceTo(clock.now() + STEP_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.fail(`still not so: ${holds.toString()}`);
  };
  let raced: (() => void) | null = null;
  const runRaced = (): void => {
    raced?.();
    raced = null;
  };
  return {
    broker: {
      ...broker,
      cancel: (orderId) => {
        runRaced();
        return broker.cancel(orderId);
      },
      replace: (orderId, price) => {
        const sent = broker.replace(orderId, price);
        runRaced();
        return sent;
      },
    },
    reports,
    changes,
    async settle(call) {
      let isSettled = false;
      const ended = (): void => {
        isSettled = true;
      };
      call.then(ended, ended);
      await steps(() => isSettled);
      return await call;
    },
    until: steps,
    quiet: async () => clock.advanceTo(clock.now() + STEP_MS),
    quote: (bid, ask, size) => paper.quote(bid, ask, size),
    failNext: (fault: BrokerFault, call) => broker.failNext(fault, call),
    fillBefore: (_call, bid, ask) => {
      raced = () => paper.quote(bid, ask);
    },
    line: null,
    enterElsewhere: async (order: OrderRequest) => {
      await paper.settle(broker.submit(order));
      return order.orderId;
    },
    restart: async () => {
      const kept = JSON.parse(JSON.stringify(broker.snapshot())) as PaperSnapshot;
      await broker.stop();
      return harnessOf(kept, clock.now());
    },
    close: () => broker.stop(),
  };
}

const NO_LINE = 'it has no connection that could be lost: it lives in the desk’s process';

export const paperUnderTest: BrokerUnderTest = {
  name: 'paper',
  createHarness: async () => harnessOf(null, null),
  without: {
    'a lost connection is told, and its return': NO_LINE,
    'what fills while the connection is lost is told after it': NO_LINE,
    'a query without a connection fails instead of saying that nothing is there': NO_LINE,
    'a stop-limit order rests at its limit once triggered': 'it has no stop-limit orders',
    'a trailing stop follows the price': 'it has no trailing stops',
    'lists what was executed since an instant, after a restart too':
      'executions of an earlier process are known by the desk’s log alone',
  },
};
