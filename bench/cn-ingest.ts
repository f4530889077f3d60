import { chmodSync, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DailyTableCn } from '#core/market/daily-table-cn.ts';
import { createDailyTable } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { judgeDailyTable } from '#core/quality/judge-daily.ts';
import { readDailyFile } from '#shell/lib/cn-files/daily.ts';
import { connectStore } from '#shell/store/client.ts';
import { createMarketStoreCn } from '#shell/store/market-store-cn.ts';

/*
 * Daily bars of the Chinese market into the store and back, on an embedded server of its own: a
 * year of the whole market read from a CSV file, judged, saved by COPY and read as a panel, then one
 * more day. Aims: one full-market day within 1 s, 1.35 million rows within 10 s, file included.
 * Run: npm run centaur -- bench cn-ingest
 */
const STOCKS = 5_400;
const DAYS = 250;

const SERIES = { kind: 'share', source: 'bench', basis: 'raw' } as const;
const ASK = {
  ...SERIES,
  source: null,
  instruments: null,
  from: '2000-01-01',
  through: '2030-01-01',
};

/** Days of a market whose prices move by whole fen and whose links hold. */
function makeTable(firstDay: number, days: number): DailyTableCn {
  const builder = createDailyTable(STOCKS * days);
  const closes = Float64Array.from({ length: STOCKS }, (_, i) => 500 + ((i * 37) % 4000));
  for (let d = 0; d < firstDay + days; d += 1) {
    const day = addCalendarDays('2025-01-01', d);
    for (let i = 0; i < STOCKS; i += 1) {
      const previous = closes[i]!;
      const close = previous + (((i * 7919 + d * 104_729) % 21) - 10);
      closes[i] = close;
      if (d < firstDay) continue;
      const volume = (((i * 31 + d * 17) % 9000) + 1) * 100;
      builder.add(`${String(600_000 + i)}.SH` as InstrumentId, day, {
        open: previous / 100,
        high: (Math.max(previous, close) + 3) / 100,
        low: (Math.min(previous, close) - 3) / 100,
        close: close / 100,
        previousClose: previous / 100,
        volume,
        amount: (volume * (previous + close)) / 200,
      });
    }
  }
  return builder.build();
}

async function timed<T>(name: string, work: () => Promise<T> | T): Promise<T> {
  const startedAt = performance.now();
  const used = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(used);
  const wall = ((performance.now() - startedAt) / 1000).toFixed(2);
  // the server's own time apart: on a busy machine the wall clock alone says little
  console.log(`${name.padEnd(52)} ${wall} s, ${((user + system) / 1e6).toFixed(2)} s here`);
  return value;
}

function judged(table: DailyTableCn): DailyTableCn {
  const verdict = judgeDailyTable(table, {
    source: 'bench',
    basis: 'raw',
    dayBefore: (day) => addCalendarDays(day, -1),
    dayKind: () => 'session',
    closesBefore: new Map(),
    isExDate: () => false,
  });
  if (verdict.kept.length !== table.length) {
    throw new Error(`bench: found ${verdict.kept.length} rows kept, expected ${table.length}`);
  }
  return verdict.kept;
}

function* csvOf(table: DailyTableCn): Generator<string> {
  yield 'ts_code,trade_date,open,high,low,close,pre_close,vol,amount\n';
  let text = '';
  for (let row = 0; row < table.length; row += 1) {
    const name = table.instruments[table.instrumentOf[row]!]!;
    const day = table.days[table.dayOf[row]!]!.replaceAll('-', '');
    const prices = [table.open, table.high, table.low, table.close, table.previousClose];
    const cells = prices.map((column) => column[row]!.toFixed(2)).join(',');
    text += `${name},${day},${cells},${table.volume[row]},${table.amount[row]!.toFixed(2)}\n`;
    if (row % 1_000 !== 0) continue;
    yield text;
    text = '';
  }
  yield text;
}

async function readBack(file: string): Promise<DailyTableCn> {
  const options = { file, source: 'bench', instrument: null } as const;
  return (await readDailyFile({ ...options, volume: 'shares', amount: 'yuan' })).table;
}

async function measure(dataFolder: string): Promise<void> {
  const handle = await connectStore({ dataFolder, databaseUrl: null, purpose: 'bench' });
  const store = createMarketStoreCn(handle);
  try {
    const file = join(dataFolder, 'year.csv');
    await pipeline(Readable.from(csvOf(makeTable(0, DAYS))), createWriteStream(file));
    const day = makeTable(DAYS, 1);
    const rows = (STOCKS * DAYS).toLocaleString('en');
    const year = await timed(`read ${rows} rows of CSV`, () => readBack(file));
    const kept = await timed(`judge ${rows} rows`, () => judged(year));
    await timed(`save ${rows} rows by COPY`, () => store.saveDaily(kept, SERIES, Date.now()));
    const known = await timed(`save the same ${rows} rows again`, () =>
      store.saveDaily(kept, SERIES, Date.now()),
    );
    if (known.known !== STOCKS * DAYS) throw new Error(`bench: found ${known.known} known rows`);
    const one = await timed('judge one day of the whole market', () => judged(day));
    await timed('save one day of the whole market', () => store.saveDaily(one, SERIES, Date.now()));
    const again = await timed('save the same day again', () =>
      store.saveDaily(one, SERIES, Date.now()),
    );
    if (again.known !== STOCKS) throw new Error(`bench: found ${again.known} known rows`);
    const panel = await timed(`load ${DAYS} days of ${STOCKS} stocks as a panel`, () =>
      store.loadDaily({ ...ASK, from: addCalendarDays('2025-01-01', 1) }),
    );
    const cells = panel.close.filter((value) => value > 0).length;
    if (cells !== STOCKS * DAYS) throw new Error(`bench: found ${cells} cells`);
    await timed('load one stock', () => store.loadDaily({ ...ASK, instruments: ['600123.SH'] }));
  } finally {
    await handle.closeAndStop();
  }
}

const dataFolder = mkdtempSync(join(tmpdir(), 'centaur-bench-'));
chmodSync(dataFolder, 0o755);
try {
  await measure(dataFolder);
} finally {
  rmSync(dataFolder, { recursive: true, force: true });
}
