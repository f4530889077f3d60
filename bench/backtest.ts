import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { planBacktest } from '#app/backtest-plan.ts';
import { fillPriceOnBar, type WorkingOrder } from '#core/backtest/fills.ts';
import { runBacktest } from '#core/backtest/run.ts';
import type { Bar, BarColumns } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { DEFAULT_VWAP_RECLAIM } from '#core/strategies/vwap-reclaim/params.ts';
import { readColumnCache, writeColumnCache } from '#shell/files/column-cache.ts';
import { readBarColumnsCsv } from '#shell/files/csv-bars.ts';
import { CALENDAR, COSTLY, QUIET } from '../test/support/backtest-market.ts';
import { policyOf } from '../test/support/builders.ts';
import { sharedPath } from '../test/support/shared-data.ts';

/*
 * Backtests on generated minutes, a year a symbol, medians of 5. The typed-array loop of
 * ../shared/bench-peers and the same strategy (its SPEC) on our columns with the product's fill rules
 * must agree, counts exactly and money within two cents, before anything is timed. Then what the product does around it, and
 * vwap-reclaim with every rule of the desk, which is another and much larger piece of work.
 * Run: npm run centaur -- bench backtest [symbols]
 */
const RUNS = 5;
const FEE = 0.0003;
const QUANTITY = 200;
const HALF = 100;
/** The finest grid there is: the SPEC knows no tick. */
const NO_TICK = 1e-8;
const FREE = { slippageBps: 0 };
const calendar = { ...CALENDAR, validFrom: '2023-01-01', validThrough: '2027-12-31' };

type Figures = { trades: number; halves: number; pnl: number; fees: number };

const order = (type: 'stop' | 'limit', price: number): WorkingOrder => ({
  side: 'sell',
  type,
  limitPrice: type === 'limit' ? price : null,
  stopPrice: type === 'stop' ? price : null,
  isTriggered: false,
  workingAt: 0,
});

/** The peers' SPEC over one symbol; exits are priced by the product's fill rules. */
function playSpec(bars: BarColumns, out: Figures): void {
  const { openedAt, closedAt, open, high, low, close, volume } = bars;
  const bar: { -readonly [K in keyof Bar]: Bar[K] } = {
    ...{ instrument: 'SAA.US', timeframe: '1m', openedAt: 0, closedAt: 0 },
    ...{ open: 0, high: 0, low: 0, close: 0, volume: 0 },
  };
  let [day, m, pv, vv, phase, pull] = [-1, 0, 0, 0, 0, 0];
  let [held, entry, risk, stop, top] = [0, 0, 0, 0, 0];
  let [isTraded, isPending, isLeaving, isLive, isHalved] = [false, false, false, false, false];
  const sell = (quantity: number, price: number) => {
    const fee = quantity * price * FEE;
    out.fees += fee;
    out.pnl += quantity * (price - entry) - fee;
    held -= quantity;
  };
  for (let i = 0; i < bars.length; i += 1) {
    const today = Math.floor(openedAt[i]! / 86_400_000);
    if (today !== day) {
      [day, m, pv, vv, phase, isTraded] = [today, 0, 0, 0, 0, false];
    } else m += 1;
    const [o, h, l, c] = [open[i]!, high[i]!, low[i]!, close[i]!];
    if (isPending) {
      [isPending, held, entry, top, isHalved, isLive] = [false, QUANTITY, o, h, false, false];
      out.trades += 1;
      out.fees += QUANTITY * o * FEE;
      out.pnl -= QUANTITY * o * FEE;
    } else if (held > 0) {
      if (isLeaving) {
        sell(held, o);
        isLeaving = false;
      } else if (isLive) {
        [bar.openedAt, bar.closedAt, bar.open] = [openedAt[i]!, closedAt[i]!, o];
        [bar.high, bar.low, bar.close, bar.volume] = [h, l, c, volume[i]!];
        const stopped = fillPriceOnBar(order('stop', stop), bar, NO_TICK, FREE);
        if (stopped !== null) sell(held, stopped);
        else if (!isHalved) {
          // a touch fills in the SPEC, so the limit lies a hair below
          const limit = order('limit', entry + risk - NO_TICK);
          const price = fillPriceOnBar(limit, bar, NO_TICK, FREE);
          if (price !== null) {
            sell(HALF, price);
            isHalved = true;
            out.halves += 1;
          }
        }
      }
      if (h > top) top = h;
    }
    pv += ((h + l + c) / 3) * volume[i]!;
    vv += volume[i]!;
    const vwap = pv / vv;
    if (held > 0) {
      isLive = true;
      if (isHalved) stop = Math.max(stop, entry, top - risk);
      if (m === 384) isLeaving = true;
    } else if (!isTraded) {
      if (phase === 0) {
        if (c > vwap * 1.002) phase = 1;
      } else if (phase === 1) {
        if (l <= vwap * 1.0005) [phase, pull] = [2, l];
      } else {
        if (l < pull) pull = l;
        if (c < vwap * 0.997) phase = 0;
        else if (c > vwap && c > o) {
          const under = pull * 0.9995;
          if (m >= 15 && m < 90 && c - under >= 0.0005 * c) {
            [isPending, isTraded, stop, risk] = [true, true, under, c - under];
          } else phase = 1;
        }
      }
    }
  }
}

function middle(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

/** Medians by the clock, and of the CPU that this process was given: neighbours disturb it less. */
function timed<T>(work: () => T): { readonly value: T; readonly ms: number; readonly cpu: number } {
  const times: number[] = [];
  const cpus: number[] = [];
  let value = work();
  for (let n = 0; n < RUNS; n += 1) {
    const startedAt = performance.now();
    const before = process.cpuUsage();
    value = work();
    times.push(performance.now() - startedAt);
    const used = process.cpuUsage(before);
    cpus.push((used.user + used.system) / 1000);
  }
  return { value, ms: middle(times), cpu: middle(cpus) };
}

function line(name: string, ms: number, bars: number, more = ''): void {
  const rate = (bars / ms / 1000).toFixed(3).padStart(9);
  console.log(`${name.padEnd(44)} ${ms.toFixed(1).padStart(9)} ms ${rate} M bars/s ${more}`);
}

/** The same by CPU time. */
function cpuLine(name: string, cpu: number, bars: number, more = ''): void {
  const rate = (bars / cpu / 1000).toFixed(3).padStart(9);
  console.log(`${name.padEnd(44)} ${cpu.toFixed(1).padStart(5)} ms CPU ${rate} M bars/s ${more}`);
}

function readText(file: string, instrument: InstrumentId) {
  const form = { timeframe: '1m', calendar, zone: calendar.zone, label: 'start' } as const;
  return readBarColumnsCsv({ file, instrument, ...form });
}

async function measure(folder: string, loop: string, symbols: number): Promise<boolean> {
  const peer = spawnSync(process.execPath, [loop, folder, String(symbols), 'bin', String(RUNS)]);
  const theirs = JSON.parse(peer.stdout.toString()) as Figures & {
    bars: number;
    run_ms: number;
    load_ms: number;
  };
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  const series: { instrument: InstrumentId; minutes: BarColumns; daily: null }[] = [];
  const startedAt = performance.now();
  const readBefore = process.cpuUsage();
  for (const [n, name] of names.entries()) {
    const instrument: InstrumentId = `${letters(n)}.US`;
    const { bars } = await readText(join(folder, name), instrument);
    series.push({ instrument, minutes: bars, daily: null });
  }
  const readMs = performance.now() - startedAt;
  const readCpu = process.cpuUsage(readBefore);
  const spec = timed(() => {
    const figures: Figures = { trades: 0, halves: 0, pnl: 0, fees: 0 };
    for (const { minutes } of series) playSpec(minutes, figures);
    return figures;
  });
  const ours = spec.value;
  const text = ({ trades, halves, pnl, fees }: Figures) =>
    `${trades} trades, ${halves} halves, ${pnl.toFixed(2)}, fees ${fees.toFixed(2)}`;
  // prices on a grid of 1e-8: thousands of trades may come to a cent or two
  const isNear = Math.abs(ours.pnl - theirs.pnl) + Math.abs(ours.fees - theirs.fees) < 0.02;
  if (!isNear || ours.trades !== theirs.trades || ours.halves !== theirs.halves) {
    console.log(`backtest: found ${text(ours)}, expected the peer's ${text(theirs)}`);
    return false;
  }
  console.log(`check values agree: ${text(ours)}`);
  const { bars } = theirs;
  line('SPEC, typed-array loop of the peers', theirs.run_ms, bars);
  line(
    'SPEC, our columns and fill rules',
    spec.ms,
    bars,
    `(${(spec.ms / theirs.run_ms).toFixed(1)} × the peer)`,
  );
  line('CSV into columns, once', readMs, bars);
  cpuLine('CSV into columns, once', (readCpu.user + readCpu.system) / 1000, bars);
  const caches = series.map((entry, n) => {
    const file = join(folder, `${n}.cols`);
    writeColumnCache(file, { bars: entry.minutes, notes: [] });
    return file;
  });
  const cached = timed(() => caches.map(readColumnCache).length);
  line('columns from the cache', cached.ms, bars, `(peer's binary ${theirs.load_ms} ms)`);
  measureStrategy(series, bars);
  return true;
}

function measureStrategy(
  series: readonly { instrument: InstrumentId; minutes: BarColumns; daily: null }[],
  bars: number,
): void {
  const facts = { series, calendar, ...QUIET, from: '2024-01-01', to: '2026-12-31' };
  const plan = timed(() => planBacktest(facts));
  const policy = policyOf({ instruments: series.map(({ instrument }) => instrument) });
  const { days } = plan.value;
  const play = timed(() =>
    runBacktest({ days, params: DEFAULT_VWAP_RECLAIM, policy, model: COSTLY }),
  );
  const { trades, decisions } = play.value;
  cpuLine('vwap-reclaim, planning its days', plan.cpu, bars);
  cpuLine(
    'vwap-reclaim, layer C',
    play.cpu,
    play.value.bars,
    `(${trades.length} trades, ${decisions} decisions)`,
  );
}

/** A symbol of capitals for a number. */
function letters(n: number): string {
  return `S${String.fromCharCode(65 + Math.floor(n / 26))}${String.fromCharCode(65 + (n % 26))}`;
}

const symbols = Number(process.argv[2] ?? 1);
const generator = sharedPath('bench-peers', 'gen', 'gen-intraday.mjs');
const loop = sharedPath('bench-peers', 'intraday', 'loop.mjs');
if (generator === null || loop === null) {
  console.log('backtest: needs bench-peers beside the project; nothing measured');
} else {
  const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
  try {
    spawnSync(process.execPath, [generator, folder, String(symbols)]);
    if (!(await measure(folder, loop, symbols))) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
