import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'bench');
/** Helpers of a benchmark, not benchmarks. */
const HELPER = /-writer\.ts$|-child\.ts$/;

/** Names of the benchmarks. */
function benchNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.ts') && !HELPER.test(file))
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();
}

/** `bench NAME`: runs bench/NAME.ts with this Node and prints its figures. */
export async function runBench(name: string, rest: readonly string[]): Promise<ExitCode> {
  const names = benchNames();
  if (!names.includes(name)) {
    throw new UsageError(`bench: found "${name}", expected one of ${names.join(', ')}`);
  }
  const child = spawn(process.execPath, [join(FOLDER, `${name}.ts`), ...rest], {
    stdio: 'inherit',
  });
  const ended = Promise.withResolvers<number>();
  child.on('error', ended.reject);
  child.on('exit', (code) => ended.resolve(code ?? EXIT.failed));
  return (await ended.promise) === 0 ? EXIT.ok : EXIT.failed;
}
