import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { coverageOf, idsOf, parseRequirements, unknownIds } from '../../tools/requirements.ts';
import type { TestResult } from '../../tools/results-reporter.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const result = (name: string, outcome: TestResult['outcome']): TestResult => ({
  name,
  file: 'test/a.test.ts',
  kind: 'test',
  outcome,
});

test('reads the ids at the start of a name and only there', () => {
  assert.deepEqual(idsOf('CX-10 CX-11 delivers once'), ['CX-10', 'CX-11']);
  assert.deepEqual(idsOf('ID-01, ID-02: streams'), ['ID-01', 'ID-02']);
  assert.deepEqual(idsOf('CX-10'), ['CX-10']);
  assert.deepEqual(idsOf('delivers CX-10 once'), []);
  assert.deepEqual(idsOf('CX-100 is no id'), []);
});

test('one failed test makes a requirement failed, a skipped one alone does not pass it', () => {
  const requirements = ['AA-01', 'AA-02', 'AA-03', 'AA-04'].map((id) => ({ id, title: id }));
  const rows = coverageOf(requirements, [
    result('AA-01 works', 'passed'),
    result('AA-01 AA-02 works', 'failed'),
    result('AA-03 works', 'skipped'),
  ]);
  assert.deepEqual(
    rows.map(({ state }) => state),
    ['failed', 'failed', 'skipped', 'uncovered'],
  );
});

test('names an id that no requirement has', () => {
  const requirements = [{ id: 'AA-01', title: 'a' }];
  assert.deepEqual(unknownIds(requirements, [result('AA-01 ZZ-99 works', 'passed')]), ['ZZ-99']);
});

test('the list of requirements has every id once', () => {
  const rows = parseRequirements(readFileSync(join(ROOT, 'docs', 'requirements.md'), 'utf8'));
  const count = (prefix: string) => rows.filter(({ id }) => id.startsWith(prefix)).length;
  assert.deepEqual(['CX', 'SP', 'ID', 'AL', 'RL', 'DH'].map(count), [16, 13, 18, 12, 13, 22]);
  assert.throws(() => parseRequirements('| AA-01 | a |\n| AA-01 | b |'), /found it twice/);
});
