import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../tools/broker-table.ts';

test('ID-06 the table of brokers has a row a case and a column an adapter', () => {
  assert.deepEqual(
    tableOf([
      { name: 'ID-06 paper: fills', outcome: 'passed' },
      { name: 'ID-09 paper: reconnects', outcome: 'skipped' },
      { name: 'ID-06 alpaca: fills', outcome: 'failed' },
      { name: 'ID-09 alpaca: reconnects', outcome: 'passed' },
      { name: 'a test of something else', outcome: 'passed' },
    ]),
    [
      '        case        paper   alpaca',
      'ID-06   fills       ok      FAILED',
      'ID-09   reconnects  –       ok',
      'paper 1/2, alpaca 1/2',
    ],
  );
});
