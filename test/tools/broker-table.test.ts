import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BROKER_CASES } from '#test/support/broker-cases.ts';
import { BROKERS, brokerTable } from '#test/support/brokers-under-test.ts';
import { tableOf } from '../../tools/broker-table.ts';

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/brokers.md'), 'utf8');

test('ID-06 the table in docs/brokers.md is that of the contract suite’s cases', () => {
  const [, found] = /<!-- table -->\n([\s\S]*?)\n<!-- \/table -->/.exec(DOCS) ?? [];
  assert.equal(found, brokerTable());
});

test('ID-06 every case that is left out is a case, and says why', () => {
  const known = new Set(BROKER_CASES.map(({ what }) => what));
  assert.equal(known.size, BROKER_CASES.length);
  for (const { name, without } of BROKERS)
    for (const [what, why] of Object.entries(without)) {
      assert.ok(known.has(what), `${name} leaves out ${what}, which is no case`);
      assert.ok(why.length > 20, `${name} leaves out ${what}: ${why}`);
    }
});

test('ID-06 what is printed after a run counts the cases that passed', () => {
  const results = BROKERS.flatMap(({ name, without }) =>
    BROKER_CASES.map(({ id, what }) => ({
      name: `${id} ${name}: ${what}`,
      outcome: without[what] === undefined ? ('passed' as const) : ('skipped' as const),
    })),
  );
  const printed = tableOf(results);
  assert.equal(printed.length, BROKER_CASES.length + 2);
  const row = brokerTable()
    .split('\n')
    .find((line) => line.includes('cases it has'));
  for (const { name } of BROKERS) {
    const [, sum] = new RegExp(`${name} (\\d+/\\d+)`).exec(printed.at(-1) ?? '') ?? [];
    assert.ok(sum !== undefined && row?.includes(` ${sum} `), `${name} ${sum}`);
  }
});
