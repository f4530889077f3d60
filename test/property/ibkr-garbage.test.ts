import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BrokerError } from '#app/errors.ts';
import { unreadable } from '#core/engine/report-check.ts';
import { eventually } from '#test/support/eventually.ts';
import { FakeIbkr } from '#test/support/fake-ibkr.ts';
import {
  commissionFields,
  errorFields,
  executionFields,
  type Field,
  frame,
  openOrderFields,
  statusFields,
} from '#test/support/fake-ibkr-wire.ts';
import { connectIbkr } from '#test/support/ibkr-connect.ts';
import { order } from '#test/support/paper-harness.ts';

type Change =
  | { readonly kind: 'drop' | 'repeat' | 'surplus'; readonly at: number }
  | { readonly kind: 'put'; readonly at: number; readonly value: string }
  | { readonly kind: 'cut'; readonly at: number };

const changeOf = fc.oneof(
  fc.record({
    kind: fc.constantFrom('drop' as const, 'repeat' as const, 'surplus' as const, 'cut' as const),
    at: fc.nat(200),
  }),
  fc.record({
    kind: fc.constant('put' as const),
    at: fc.nat(200),
    value: fc.constantFrom(
      '',
      'many',
      '-1',
      '1e309',
      'NaN',
      '{',
      'Submitted?',
      '2147483647',
      '<html>',
    ),
  }),
);

/** The message as bytes after the change; a cut one no longer keeps its promise of length. */
function changed(message: readonly Field[], change: Change): Buffer {
  const fields = [...message];
  const at = change.at % Math.max(1, fields.length);
  if (change.kind === 'drop') fields.splice(at, 1);
  if (change.kind === 'surplus') fields.splice(at, 0, 'surplus');
  if (change.kind === 'put') fields[at] = change.value;
  const bytes = frame(fields);
  if (change.kind === 'repeat') return Buffer.concat([bytes, bytes]);
  return change.kind === 'cut' ? bytes.subarray(0, Math.max(1, change.at % bytes.length)) : bytes;
}

test('ID-09 mutated messages never crash, never fill more than was bought, and the account can be read again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(4), changeOf), { minLength: 1, maxLength: 8 }),
      async (changes) => {
        const gateway = new FakeIbkr();
        await gateway.listen();
        const { broker } = connectIbkr(gateway, {
          answerTimeoutMs: 400,
          heartbeatMs: 200,
          backoffMs: [10],
        });
        let bought = 0;
        /** What the core could not read and was told all the same. */
        const untold: string[] = [];
        broker.onReport((report) => {
          bought += report.lastQuantity;
          const problem = unreadable(report);
          if (problem !== null) untold.push(`${report.orderId}: ${problem.place} ${problem.found}`);
        });
        try {
          await broker.start();
          gateway.quote('QQQM', 99.98, 99.99, 4);
          await broker.submit(order({ orderId: 'e1' }));
          await eventually(() => bought === 4);
          const working = gateway.order('e1');
          const [execution] = gateway.executions;
          assert.ok(working !== undefined && execution !== undefined);
          const messages = [
            openOrderFields(working, working.status),
            statusFields(working, working.status, working.filled, 99.99),
            executionFields(-1, execution),
            commissionFields(execution.execId, 1),
            errorFields(working.ibId, 399, 'Order message: held until the session opens'),
          ];
          for (const [index, change] of changes)
            gateway.sayBytes(changed(messages[index] ?? messages[0] ?? [], change));
          await eventually(async () => {
            try {
              return (await broker.openOrders()).length > 0;
            } catch (error) {
              assert.ok(error instanceof BrokerError, String(error));
              // an unreadable word is a doubt that the next good listing settles
              gateway.say(...openOrderFields(working, 'Submitted'));
              return error.code === 'unreadable';
            }
          });
          assert.ok(bought <= 10, `bought ${bought} of 10`);
          assert.deepEqual(untold, []);
        } finally {
          await broker.stop();
          await gateway.close();
        }
      },
    ),
    { numRuns: 25 },
  );
});
