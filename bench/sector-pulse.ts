import process from 'node:process';
import { decideCheckpoint } from '../src/core/strategies/sector-pulse/checkpoint.ts';
import { watchMinute } from '../src/core/strategies/sector-pulse/minute-watch.ts';
import {
  naiveCandidates,
  naiveFigures,
  naiveMarketOf,
} from '../test/support/naive-sector-pulse.ts';
import { deskWith, goodNames } from '../test/support/pulse-desk.ts';
import { lookTime, pulseMarket, pulseParams } from '../test/support/pulse-market.ts';

/*
 * One checkpoint of the A-share desk over a whole market from data in memory: figures, kill-switch,
 * gate, stance, sectors, stocks, buy points, sized entries. Beside it the same rules over one object
 * a stock and a day, which does less: no record, no buy points, no entries. Both in turn, medians of
 * 5 after one warm-up. The same from a store: bench sector-pulse-cold. Run: npm run centaur -- bench sector-pulse
 */
const RUNS = 5;
const STOCKS = 5_500;
const DAYS = 250;

const params = pulseParams();
const when = lookTime('10:00');
const market = pulseMarket({ stocks: STOCKS, sectors: 31, days: DAYS, upShare: 0.02 });
const desk = deskWith(when.at);
const naive = naiveMarketOf(market);

function columns(): { readonly watching: readonly string[]; readonly tickets: number } {
  const record = decideCheckpoint(market, when, desk, params);
  const names = goodNames(record, market, when);
  const after = { ...desk, stance: record.stance.after };
  const { entries } = watchMinute(market, when, { ...after, watched: names }, params);
  const tickets = entries.filter(({ proposal }) => proposal !== null).length;
  return { watching: record.watching, tickets };
}

function objects(): readonly string[] {
  naiveFigures(naive);
  return naiveCandidates(naive, [], params.stocks.weights.attack, params)
    .filter(({ codes }) => codes.length === 0)
    .map(({ id }) => id);
}

function timed(work: () => unknown, times: number[]): void {
  const startedAt = performance.now();
  work();
  times.push(performance.now() - startedAt);
}

function line(name: string, times: readonly number[], goal: string): string {
  const sorted = [...times].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const all = times.map((time) => time.toFixed(0)).join(' ');
  return `${name.padEnd(10)} median ${median.toFixed(0).padStart(6)} ms   (${all})   ${goal}`;
}

const { watching, tickets } = columns();
if (watching.join() !== objects().join() || tickets === 0) {
  console.log(
    `sector-pulse: found ${watching.join(' ')} and ${tickets} tickets, expected ${objects().join(' ')}`,
  );
  process.exitCode = 1;
} else {
  const byColumns: number[] = [];
  const byObjects: number[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    timed(columns, byColumns);
    timed(objects, byObjects);
  }
  console.log(
    `${STOCKS} stocks × ${DAYS} days, ${watching.length} names watched, ${tickets} tickets`,
  );
  console.log(line('columns', byColumns, 'goal at most 1000 ms, to tickets'));
  console.log(line('objects', byObjects, 'the same rules up to the names watched'));
}
