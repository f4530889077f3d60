import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { historyFrom } from '../src/app/cn-daily.ts';
import { createDailyTable } from '../src/core/market/daily-table-cn.ts';
import type { DailyHistory } from '../src/core/market/whole-market.ts';
import { decideCheckpoint } from '../src/core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '../src/core/strategies/sector-pulse/figures.ts';
import { watchMinute } from '../src/core/strategies/sector-pulse/minute-watch.ts';
import { connectStore } from '../src/shell/store/client.ts';
import { createMarketStoreCn } from '../src/shell/store/market-store-cn.ts';
import { deskWith, goodNames } from '../test/support/pulse-desk.ts';
import { lookTime, pulseMarket, pulseParams } from '../test/support/pulse-market.ts';

/*
 * One checkpoint of the A-share desk over a whole market from a store whose server was just started:
 * daily bars read as a panel, put on today's basis, then figures, gate, funnel, sized entries. The
 * names and tickets must be those of the same market from memory. Aim: at most 5 s.
 * Run: npm run centaur -- bench sector-pulse-cold
 */
const STOCKS = 5_500;
const DAYS = 250;

const params = pulseParams();
const when = lookTime('10:00');
const market = pulseMarket({ stocks: STOCKS, sectors: 31, days: DAYS, upShare: 0.02 });
const desk = deskWith(when.at);

function columns(seen: MarketInputs): {
  readonly watching: readonly string[];
  readonly tickets: number;
} {
  const record = decideCheckpoint(seen, when, desk, params);
  const names = goodNames(record, seen, when);
  const after = { ...desk, stance: record.stance.after };
  const { entries } = watchMinute(seen, when, { ...after, watched: names }, params);
  const tickets = entries.filter(({ proposal }) => proposal !== null).length;
  return { watching: record.watching, tickets };
}

const SERIES = { kind: 'share', source: 'bench', basis: 'raw' } as const;

/** The history as daily bars: each previous close is the close before. */
function barsOf(history: DailyHistory) {
  const width = history.days.length;
  const builder = createDailyTable(history.stocks * width);
  for (const [row, instrument] of market.table.instruments.entries()) {
    for (const [column, day] of history.days.entries()) {
      const cell = row * width + column;
      builder.add(instrument, day, {
        open: history.open[cell]!,
        high: history.high[cell]!,
        low: history.low[cell]!,
        close: history.close[cell]!,
        previousClose: column === 0 ? Number.NaN : history.close[cell - 1]!,
        volume: history.volume[cell]!,
        amount: history.turnover[cell]!,
      });
    }
  }
  return builder.build();
}

async function fromStore(dataFolder: string): Promise<string> {
  const { table, history } = market;
  if (history === null) throw new Error('bench: found no history');
  const ask = { dataFolder, databaseUrl: null, purpose: 'bench' } as const;
  const filled = await connectStore(ask);
  await createMarketStoreCn(filled).saveDaily(barsOf(history), SERIES, when.at);
  await filled.closeAndStop();
  const handle = await connectStore(ask);
  try {
    const startedAt = performance.now();
    const used = process.cpuUsage();
    const panel = await createMarketStoreCn(handle).loadDaily({
      ...SERIES,
      instruments: table.instruments,
      from: history.days[0]!,
      through: history.days.at(-1)!,
    });
    const loadedAt = performance.now();
    const read = historyFrom(panel, table.tradingDay, []).data;
    const found = columns({ ...market, history: read });
    const endedAt = performance.now();
    if (found.watching.join() !== watching.join() || found.tickets !== tickets) {
      throw new Error(`bench: found ${found.watching.join(' ')} from the store`);
    }
    const { user, system } = process.cpuUsage(used);
    const whole = (endedAt - startedAt).toFixed(0);
    const load = (loadedAt - startedAt).toFixed(0);
    const here = ((user + system) / 1000).toFixed(0);
    return `cold store ${whole} ms, ${load} of them to read, ${here} ms of this process   goal at most 5000 ms`;
  } finally {
    await handle.closeAndStop();
  }
}

const { watching, tickets } = columns(market);
const dataFolder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
chmodSync(dataFolder, 0o755);
try {
  console.log(
    `${STOCKS} stocks × ${DAYS} days, ${watching.length} names watched, ${tickets} tickets`,
  );
  console.log(await fromStore(dataFolder));
} finally {
  rmSync(dataFolder, { recursive: true, force: true });
}
