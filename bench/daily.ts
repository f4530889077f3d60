import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { factorInputsOf, historyOf } from '#core/backtest/daily/factor-inputs.ts';
import { dailyMarketOf } from '#core/backtest/daily/market.ts';
import { runDaily } from '#core/backtest/daily/run.ts';
import { FACTORS } from '#core/factors/registry.ts';
import { createRandom } from '#core/lib/random.ts';
import { DAILY_FIELDS_CN } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { type DailyPanelCn, emptyDailyPanel } from '#core/market/panel-cn.ts';
import { createFactorTop } from '#core/strategies/factor-top/factor-top.ts';
import { readPanelCache, writePanelCache } from '#shell/files/panel-cache.ts';
import { EXECUTION, weekdays } from '../test/support/daily-market.ts';

/*
 * The daily engine on a generated market: its panel from the cache, scores of every day, one run of
 * factor-top and one more with the scores there, as a set of a sweep is. CPU is user and system time; each
 * stage is measured once, in the order of a run, with what the process holds after it. The script of
 * ../shared/bench-peers that does the same scoring is timed by `bench factors`.
 * Run: npm run centaur -- bench daily [stocks] [days]
 */
const stocks = Number(process.argv[2] ?? 5_400);
const days = Number(process.argv[3] ?? 250);

const PREFIXES = ['600', '601', '603', '605', '000', '001', '002', '003', '300', '301', '688'];

/** A code of a board for each row. */
function idOf(row: number): InstrumentId {
  const prefix = PREFIXES[Math.floor(row / 1_000) % PREFIXES.length]!;
  const place = prefix.startsWith('6') ? 'SH' : 'SZ';
  return `${prefix}${String(row % 1_000).padStart(3, '0')}.${place}`;
}

/** Random walks in whole cents, within 9 % a day. */
function generated(): DailyPanelCn {
  const random = createRandom('bench/daily');
  const ids = Array.from({ length: stocks }, (_, row) => idOf(row));
  const series = { kind: 'share', source: 'bench', basis: 'raw' } as const;
  const panel = emptyDailyPanel(series, ids, weekdays(days, '2015-08-03'), 0);
  for (let row = 0; row < stocks; row += 1) {
    let close = 500 + Math.floor(random.uniform() * 4_000);
    for (let d = 0; d < days; d += 1) {
      const cell = row * days + d;
      const move = () => Math.max(1, Math.round(close * (1 + 0.1 * (random.uniform() - 0.5))));
      const [open, next] = [move(), move()];
      panel.open[cell] = open / 100;
      panel.high[cell] = (Math.max(open, next) + 1) / 100;
      panel.low[cell] = Math.max(1, Math.min(open, next) - 1) / 100;
      panel.close[cell] = next / 100;
      panel.previousClose[cell] = close / 100;
      panel.volume[cell] = 100 * Math.floor(1_000 + random.uniform() * 90_000);
      panel.amount[cell] = (panel.volume[cell]! * next) / 100;
      close = next;
    }
  }
  return panel;
}

let before = process.cpuUsage();
function say(what: string): void {
  const { user, system } = process.cpuUsage(before);
  const rss = process.memoryUsage().rss / 1_048_576;
  console.log(
    `${what.padEnd(44)} ${((user + system) / 1000).toFixed(0).padStart(7)} ms CPU ${rss.toFixed(0).padStart(6)} MB held`,
  );
  before = process.cpuUsage();
}

const folder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
try {
  const file = join(folder, 'panel.pan');
  const made = generated();
  const columns = Object.fromEntries(DAILY_FIELDS_CN.map((field) => [field, made[field]]));
  const floats = new Float64Array(made.close.length).fill(1e9);
  const { days: dates, instruments } = made;
  writePanelCache(file, {
    ...{ days: dates, stocks: instruments, byDay: {}, notes: [] },
    columns: { ...columns, floats },
  });
  console.log(
    `${stocks} stocks × ${days} days, a panel of ${(statSync(file).size / 1_048_576).toFixed(0)} MB`,
  );
  say('generated and written');
  const cached = readPanelCache(file);
  if (cached === null) throw new Error('bench daily: found no panel');
  say('panel from the cache');
  const fields = Object.fromEntries(DAILY_FIELDS_CN.map((name) => [name, cached.columns[name]!]));
  const market = dailyMarketOf({
    panel: { ...made, ...fields } as DailyPanelCn,
    floatShares: cached.columns['floats']!,
    isWhole: new Uint8Array(days).fill(1),
    ...{ actions: [], standings: [], assumedStatus: 'normal' },
  });
  const firstDay = historyOf(FACTORS) - 1;
  const inputs = factorInputsOf(market, null, FACTORS, firstDay);
  say('scores of every day');
  for (const what of ['run', 'a run more, as a set of a sweep']) {
    const outcome = runDaily({
      market,
      strategy: createFactorTop(inputs, {
        ...{ top: 20, bufferRatio: 1.5, everyDays: 5, leastPrice: 2, leastAmount: 5e7 },
        ...{ boards: ['sse_main', 'szse_main', 'chinext', 'star'], mostWeightRatio: 0.1 },
      }),
      ...{ execution: EXECUTION, limits: { mostPositions: 20, mostWeightRatio: 0.1 } },
      ...{ cashMinor: 100_000_000, firstDay, lastDay: days - 1 },
    });
    say(`${what} (${outcome.fills.length} fills)`);
  }
  console.log(`most memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
