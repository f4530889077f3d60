import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { BarColumns } from '#core/market/bar.ts';
import { readColumnCache } from '#shell/files/column-cache.ts';
import { readBarColumnsCsv } from '#shell/files/csv-bars.ts';
import { sharingTimes } from '#shell/files/shared-times.ts';
import { BENCH_FORM, filesOf, instrumentFor } from './minutes.ts';
import { playApart, playTogether } from './spec.ts';

/*
 * A process of its own: bars of the folder in, figures of the SPEC out, as the peers' scripts do.
 * FOLDER SYMBOLS csv|cache together|apart RUNS
 */
const [folder = '', symbols = '1', from = 'csv', how = 'together', runs = '1'] =
  process.argv.slice(2);

async function barsOf(n: number): Promise<BarColumns> {
  const files = filesOf(folder, n);
  if (from === 'cache') {
    const cached = readColumnCache(files.cache);
    if (cached === null) throw new Error(`${files.cache}: found no cache, expected one`);
    return cached.bars;
  }
  const bytes = readFileSync(files.csv);
  const given = { file: files.csv, bytes, instrument: instrumentFor(n), ...BENCH_FORM };
  return (await readBarColumnsCsv(given)).bars;
}

const startedAt = performance.now();
const series: BarColumns[] = [];
for (let n = 0; n < Number(symbols); n += 1) {
  const bars = await barsOf(n);
  series.push(n === 0 ? bars : sharingTimes(bars, series[n - 1]!));
}
const loadMs = performance.now() - startedAt;
const play = how === 'apart' ? playApart : playTogether;
let figures = { trades: 0, halves: 0, pnl: 0, fees: 0 };
const times: number[] = [];
const cpus: number[] = [];
for (let run = 0; run < Number(runs); run += 1) {
  const from = performance.now();
  const before = process.cpuUsage();
  figures = play(series);
  const used = process.cpuUsage(before);
  times.push(performance.now() - from);
  cpus.push((used.user + used.system) / 1000);
}
const middle = (of: number[]) => of.sort((a, b) => a - b)[of.length >> 1];
const bars = series.reduce((sum, { length }) => sum + length, 0);
const [runMs, runCpuMs] = [middle(times), middle(cpus)];
const maxRssMb = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ ...figures, bars, loadMs, runMs, runCpuMs, maxRssMb })}\n`,
);
