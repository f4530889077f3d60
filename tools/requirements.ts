/**
 * Runs the test suite and prints, for every requirement of docs/requirements.md, the tests that
 * carry its id and whether they passed. `--json` prints one object. Paths given as arguments
 * replace the whole suite. Exit 1 when a test failed, 2 when the run itself broke.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { TestResult } from './results-reporter.ts';

const ROOT = join(import.meta.dirname, '..');

export type Requirement = { readonly id: string; readonly title: string };

export type Coverage = Requirement & {
  readonly state: 'passed' | 'failed' | 'skipped' | 'uncovered';
  readonly tests: readonly TestResult[];
};

/** Reads the rows `| CX-01 | title |`; throws on an id that appears twice. */
export function parseRequirements(markdown: string): Requirement[] {
  const rows = [...markdown.matchAll(/^\| ([A-Z]{2}-\d{2}) \| (.+?) \|$/gm)];
  const seen = new Set<string>();
  return rows.map(([, id = '', title = '']) => {
    if (seen.has(id)) throw new Error(`docs/requirements.md: expected ${id} once, found it twice`);
    seen.add(id);
    return { id, title };
  });
}

/** Returns the ids a test's name starts with: `CX-10 CX-11 …`. */
export function idsOf(name: string): string[] {
  const lead = /^(?:[A-Z]{2}-\d{2}(?:[\s,;:+&/]+|$))+/.exec(name)?.[0] ?? '';
  return lead.match(/[A-Z]{2}-\d{2}/g) ?? [];
}

/** Joins requirements with results; one failed test makes the row failed. */
export function coverageOf(
  requirements: readonly Requirement[],
  results: readonly TestResult[],
): Coverage[] {
  return requirements.map((requirement) => {
    const tests = results.filter(({ name }) => idsOf(name).includes(requirement.id));
    const has = (outcome: TestResult['outcome']) => tests.some((one) => one.outcome === outcome);
    const state = has('failed')
      ? 'failed'
      : has('passed')
        ? 'passed'
        : has('skipped')
          ? 'skipped'
          : 'uncovered';
    return { ...requirement, state, tests };
  });
}

/** Names ids that tests carry and the document does not know. */
export function unknownIds(
  requirements: readonly Requirement[],
  results: readonly TestResult[],
): string[] {
  const known = new Set(requirements.map(({ id }) => id));
  return [...new Set(results.flatMap(({ name }) => idsOf(name)))].filter((id) => !known.has(id));
}

async function runTests(patterns: readonly string[]): Promise<TestResult[]> {
  const child = spawn(
    process.execPath,
    ['--test', '--test-reporter=./tools/results-reporter.ts', ...patterns],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let output = '';
  child.stdout.setEncoding('utf8');
  for await (const chunk of child.stdout) output += chunk;
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as TestResult);
}

function print(rows: readonly Coverage[]): void {
  for (const { id, title, state, tests } of rows) {
    console.log(`${id}  ${state.padEnd(9)}  ${title}`);
    for (const { name, file, outcome } of tests)
      console.log(`         ${outcome}: ${name} (${file})`);
  }
  const count = (state: Coverage['state']) => rows.filter((row) => row.state === state).length;
  console.log(
    `${rows.length} requirements: ${count('passed')} passed, ${count('failed')} failed, ` +
      `${count('skipped')} skipped, ${count('uncovered')} without a test`,
  );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const requirements = parseRequirements(
    readFileSync(join(ROOT, 'docs', 'requirements.md'), 'utf8'),
  );
  const results = await runTests(positionals.length > 0 ? positionals : ['test/**/*.test.ts']);
  if (results.length === 0) {
    console.error('error: tests: expected at least one result, found none');
    return 2;
  }
  const rows = coverageOf(requirements, results);
  const unknown = unknownIds(requirements, results);
  if (values.json) console.log(JSON.stringify({ requirements: rows, unknown }, null, 2));
  else print(rows);
  for (const id of unknown)
    console.error(`error: ${id}: found in a test, expected in docs/requirements.md`);
  return unknown.length > 0 || results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main();
