import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parentPort } from 'node:worker_threads';

/* A sweep's thread that dies over its second set, the first time one of this process plays it. */

const mark = join(tmpdir(), `centaur-dying-thread-${process.pid}`);

parentPort?.on('message', ({ place }: { readonly place: number }) => {
  if (place !== 1 || existsSync(mark)) return;
  writeFileSync(mark, '');
  process.exit(9);
});
await import('../../src/cli/backtest-thread.ts');
