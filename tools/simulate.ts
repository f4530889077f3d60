/**
 * Simulates trading sessions of the whole desk, one a seed, and tries to break the invariants.
 * `--seeds N` plays N seeds from `--seed S` on, says in a line of each that fails and makes the first of them
 * small; `--planted` looks for planted bugs; `--json` prints one object. Exit 0 only when no invariant broke and
 * every planted bug was found. docs/simulation.md.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import {
  type Broken,
  type CampaignResult,
  type Failure,
  runCampaign,
} from './simulation/campaign.ts';
import { huntPlanted, type PlantedResult } from './simulation/hunt.ts';
import { TITLES } from './simulation/invariants.ts';

type Options = { seeds: number; seed: number; isPlanted: boolean; isJson: boolean };

class UsageError extends Error {}

function whole(text: string | undefined, name: string, usual: number): number {
  if (text === undefined) return usual;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0 && text.trim() !== '') return number;
  throw new UsageError(`--${name}: found "${text}", expected a whole number from 0`);
}

function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      planted: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const isPlanted = values.planted;
  // one seed alone is a replay; a hunt for planted bugs alone plays no clean seeds
  const usual = values.seed !== undefined ? 1 : isPlanted ? 0 : 100;
  return {
    seeds: whole(values.seeds, 'seeds', usual),
    seed: whole(values.seed, 'seed', 1),
    isPlanted,
    isJson: values.json,
  };
}

/** One line that is written over, on a terminal only. */
function progress(): { show(words: string): void; clear(): void } {
  const { stderr } = process;
  if (!stderr.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show: (words) => void stderr.write(`\r\u001b[K${words}`),
    clear: () => void stderr.write('\r\u001b[K'),
  };
}

function printBroken({ seed, invariant, words }: Broken): void {
  process.stdout.write(`seed ${seed}: invariant ${invariant}: ${words}\n`);
}

function printFailure(failure: Failure): void {
  const { seed, invariant, words, items, trace } = failure;
  const lines = [
    `seed ${seed} breaks invariant ${invariant}: ${TITLES[invariant] ?? ''}`,
    `  ${words}`,
    '',
    `what is left of its plan (${items.length} items):`,
    ...items.map((item) => `  ${JSON.stringify(item)}`),
    '',
    'what happens (seconds since the open):',
    ...trace.map((line) => `  ${line}`),
    '',
    `again: npm run simulate -- --seed ${seed}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function printResult(result: CampaignResult, planted: readonly PlantedResult[], ms: number): void {
  const { sessions, failures, firstFailure } = result;
  if (firstFailure !== undefined) printFailure(firstFailure);
  for (const { id, found, seed, sentence } of planted)
    process.stdout.write(
      `${found ? '✓' : '✗'} ${id}: ${sentence} ${found ? `(seed ${seed})` : 'NOT FOUND'}\n`,
    );
  const perMinute = Math.round((sessions / ms) * 60_000);
  const speed = sessions > 0 ? `, ${perMinute.toLocaleString('en')} sessions a minute` : '';
  process.stdout.write(`${sessions} sessions, ${failures} failures${speed}\n`);
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const line = progress();
  const startedAt = performance.now();
  const result = await runCampaign({
    firstSeed: options.seed,
    seeds: options.seeds,
    onSeed(done, failures) {
      if (done % 20 === 0) line.show(`${done} of ${options.seeds} seeds, ${failures} failures`);
    },
    onBroken(broken) {
      line.clear();
      if (!options.isJson) printBroken(broken);
    },
  });
  const ms = performance.now() - startedAt;
  const planted = options.isPlanted
    ? await huntPlanted((id) => line.show(`looking for ${id}`))
    : undefined;
  line.clear();
  if (options.isJson) {
    const found = planted?.map(({ id, found, seed }) => ({ id, found, seed }));
    const report = found === undefined ? result : { ...result, planted: found };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else printResult(result, planted ?? [], ms);
  const isMissed = planted?.some((bug) => !bug.found) ?? false;
  return result.failures === 0 && !isMissed ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || error instanceof TypeError;
  process.stderr.write(`error: simulate: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = isUsage ? 2 : 1;
}
