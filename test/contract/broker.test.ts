import { afterEach, describe, test } from 'node:test';
import { BROKER_CASES } from '#test/support/broker-cases.ts';
import type { BrokerHarness } from '#test/support/broker-harness.ts';
import { BROKERS } from '#test/support/brokers-under-test.ts';

/**
 * What every adapter of the Broker port does, case by case over all of them. `npm run
 * contract:brokers` prints the table. How to join: test/support/broker-harness.ts.
 */
for (const { name, createHarness, without } of BROKERS) {
  describe(`broker ${name}`, () => {
    const open: BrokerHarness[] = [];
    afterEach(async () => {
      for (const harness of open.splice(0)) await harness.close();
    });
    const restart = async (h: BrokerHarness): Promise<BrokerHarness> => {
      const next = await h.restart();
      open.push(next);
      return next;
    };
    for (const { id, run, what } of BROKER_CASES) {
      test(`${id} ${name}: ${what}`, { skip: without[what] ?? false }, async () => {
        const harness = await createHarness();
        open.push(harness);
        await run(harness, restart);
      });
    }
  });
}
