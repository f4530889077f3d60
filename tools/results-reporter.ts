/**
 * A reporter for Node's test runner: one JSON line per finished test, `{name, file, outcome}`.
 * Suites and files are told apart by `kind`, so that a reader can leave them out.
 */
import { relative } from 'node:path';
import process from 'node:process';
import type { TestEvent } from 'node:test/reporters';

export type TestResult = {
  readonly name: string;
  readonly file: string;
  readonly kind: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
};

export default async function* report(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file, details, skip, todo } = event.data;
    const isSkipped =
      (skip !== undefined && skip !== false) || (todo !== undefined && todo !== false);
    const result: TestResult = {
      name,
      file: file === undefined ? '' : relative(process.cwd(), file).replaceAll('\\', '/'),
      kind: details.type ?? 'test',
      outcome: event.type === 'test:fail' ? 'failed' : isSkipped ? 'skipped' : 'passed',
    };
    yield `${JSON.stringify(result)}\n`;
  }
}
