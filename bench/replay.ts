import { folderWithSpy, replay, SPY_FILE } from '../test/support/replays.ts';
import { sharedPath } from '../test/support/shared-data.ts';

/*
 * Replay of recorded days through the whole desk (process start, store, engine, broker, chat outbox)
 * at full speed, wall time of the process, medians of 5. Run: npm run centaur -- bench replay
 */
const RUNS = 5;

async function measure(dataDir: string, days: string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const startedAt = performance.now();
    await replay(dataDir, days, 'confirm');
    times.push((performance.now() - startedAt) / 1000);
  }
  return times.sort((a, b) => a - b);
}

function line(name: string, times: readonly number[], goal: string): string {
  const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
  return `${name.padEnd(10)} median ${median.toFixed(2)} s   (${times.map((time) => time.toFixed(2)).join(' ')})   goal ${goal}`;
}

if (sharedPath(...SPY_FILE) === null) {
  console.log('replay: needs the recorded minutes of SPY beside the project; nothing measured');
} else {
  const folder = await folderWithSpy();
  console.log(line('one day', await measure(folder.dataDir, '2024-05-06'), 'at most 1.5 s'));
  console.log(
    line('ten days', await measure(folder.dataDir, '2024-05-01..2024-05-14'), 'at most 10 s'),
  );
  folder.remove();
}
