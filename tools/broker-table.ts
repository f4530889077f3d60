/**
 * Runs the contract suite of the Broker port and prints a table: one row a case, one column an
 * adapter. `ok`, `FAILED`, or `–` for a case the adapter cannot have. Exit 1 when a case failed,
 * 2 when the run itself broke.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import type { TestResult } from './results-reporter.ts';

const ROOT = join(import.meta.dirname, '..');
const SUITE = 'test/contract/broker.test.ts';
const NAME = /^(?<id>[A-Z]{2}-\d{2}) (?<adapter>[a-z][a-z -]*): (?<what>.+)$/;
const MARK = { passed: 'ok', failed: 'FAILED', skipped: '–' } as const;

type Row = { readonly id: string; readonly what: string; readonly cells: Map<string, string> };

/** Results of the suite as rows by case, adapters in the order in which they ran. */
export function tableOf(results: readonly Pick<TestResult, 'name' | 'outcome'>[]): string[] {
  const rows = new Map<string, Row>();
  const adapters = new Set<string>();
  for (const { name, outcome } of results) {
    const { id, adapter, what } = NAME.exec(name)?.groups ?? {};
    if (id === undefined || adapter === undefined || what === undefined) continue;
    adapters.add(adapter);
    const row = rows.get(what) ?? { id, what, cells: new Map() };
    row.cells.set(adapter, MARK[outcome]);
    rows.set(what, row);
  }
  const columns = [...adapters];
  const width = Math.max(4, ...[...rows.keys()].map((what) => what.length));
  const wide = (text: string, column: string) => text.padEnd(Math.max(column.length, 6));
  const line = (id: string, what: string, cellOf: (column: string) => string) =>
    `${id.padEnd(6)}  ${what.padEnd(width)}  ${columns.map((column) => wide(cellOf(column), column)).join('  ')}`.trimEnd();
  const body = [...rows.values()].map((row) =>
    line(row.id, row.what, (column) => row.cells.get(column) ?? ''),
  );
  const sums = columns.map((column) => {
    const cells = [...rows.values()].map((row) => row.cells.get(column));
    return `${column} ${cells.filter((cell) => cell === MARK.passed).length}/${rows.size}`;
  });
  return [line('', 'case', (column) => column), ...body, sums.join(', ')];
}

/** Runs a contract suite and prints its table; answers the exit code. */
export function printTable(suite: string): number {
  const child = spawnSync(
    process.execPath,
    ['--test', '--test-reporter=./tools/results-reporter.ts', suite],
    { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const results = child.stdout
    .split('\n')
    .filter((text) => text.startsWith('{'))
    .map((text) => JSON.parse(text) as TestResult)
    .filter((one) => one.kind === 'test');
  if (results.length === 0) {
    console.error(`error: ${suite}: found no result, expected some`);
    return 2;
  }
  for (const text of tableOf(results)) console.log(text);
  return results.some((one) => one.outcome === 'failed') ? 1 : 0;
}

if (import.meta.main) process.exitCode = printTable(SUITE);
