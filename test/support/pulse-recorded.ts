import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { MarginData, MarginRow } from '#core/indicators/alt-flow.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { instantAt } from '#core/market/session.ts';
import type { IndexSeries, MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { STOCK_FLAGS } from '#core/market/whole-market.ts';
import { sharedPath } from './shared-data.ts';

/** Rows of a gzipped CSV without quotes, by column name; of lines that `keeps` takes only. */
function rowsOf(
  path: string,
  keeps: (line: string) => boolean = () => true,
): Record<string, string>[] {
  const [header = '', ...lines] = gunzipSync(readFileSync(path)).toString().trim().split('\n');
  const names = header.trim().split(',');
  return lines.filter(keeps).map((line) => {
    const cells = line.trim().split(',');
    return Object.fromEntries(names.map((name, k) => [name, cells[k] ?? '']));
  });
}

function shared(...parts: readonly string[]): string {
  const path = sharedPath('data', 'cn', ...parts);
  if (path === null) throw new Error(`needs ../shared/data/cn/${parts.join('/')}`);
  return path;
}

/** Closes of a recorded index up to the end of 2025; what it showed at a moment is `now`. */
export function recordedIndex(name: string, now: number | null, asOf: number): IndexSeries {
  const rows = rowsOf(shared('index_daily', `${name}_to_2025-12-31.csv.gz`));
  return {
    days: rows.map((row) => row['date'] ?? ''),
    closes: Float64Array.from(rows, (row) => Number(row['close'])),
    now,
    asOf,
    fetchedAt: asOf,
    source: 'recorded',
    degraded: now !== null,
  };
}

/** Margin trading of SSE and SZSE by day, 2023-09-25 to 2025-03-31. */
export function recordedMargin(): MarginData {
  const rows: MarginRow[] = [];
  for (const row of rowsOf(shared('tushare', 'market_margin_to_20250331.csv.gz'))) {
    const exchange = row['market_margin_exchange_id'];
    const date = row['market_margin_trade_date'] ?? '';
    if (exchange !== 'SSE' && exchange !== 'SZSE') continue;
    rows.push({
      exchange,
      day: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`,
      balance: Number(row['market_margin_rzye']),
      bought: Number(row['market_margin_rzmre']),
      repaid: Number(row['market_margin_rzche']),
      previousBalance: null,
    });
  }
  return { source: 'recorded', asOf: 0, fetchedAt: 0, degraded: false, rows };
}

type Bar = {
  time: string;
  high: number;
  low: number;
  close: number;
  volume: number;
  amount: number;
};

/** Recorded 15-minute bars of one stock by day; days padded with zeros are left out. */
function barsOf(code: string, from: string, through: string): Map<string, Bar[]> {
  const days = new Map<string, Bar[]>();
  // lines begin with their day
  const isWithin = (line: string) => line >= from && line.slice(0, 10) <= through;
  for (const row of rowsOf(shared('bars_15m', `${code}.csv.gz`), isWithin)) {
    const bar: Bar = {
      time: (row['time'] ?? '').slice(0, 5),
      high: Number(row['high']),
      low: Number(row['low']),
      close: Number(row['close']),
      volume: Number(row['volume']),
      amount: Number(row['amount']),
    };
    if (!(bar.close > 0)) continue;
    const day = row['date'] ?? '';
    days.set(day, [...(days.get(day) ?? []), bar]);
  }
  return days;
}

/** Limit price 10 % from a close, half up, in whole cents. */
function limit(close: number, percent: number): number {
  return Math.floor((Math.round(close * 100) * percent + 50) / 100) / 100;
}

type Recording = {
  readonly codes: readonly string[];
  readonly bars: ReadonlyMap<string, ReadonlyMap<string, readonly Bar[]>>;
};

/** The recorded 230 Shanghai stocks on days of 2025, both included. */
export function recordedBars(from: string, through: string): Recording {
  const codes = readdirSync(shared('bars_15m'))
    .map((file) => file.slice(0, 6))
    .sort();
  return { codes, bars: new Map(codes.map((code) => [code, barsOf(code, from, through)])) };
}

/** Table without sectors; a stock without a bar on `day` is suspended. */
export function recordedTable({ codes, bars }: Recording, day: string): StockTable {
  return {
    tradingDay: day,
    instruments: codes.map((code): InstrumentId => `${code}.SH`),
    names: codes,
    sectors: [],
    sectorOf: new Int16Array(codes.length).fill(-1),
    flags: Uint8Array.from(codes, (code) =>
      bars.get(code)?.has(day) === true ? 0 : STOCK_FLAGS.suspended,
    ),
    listedDays: new Float64Array(codes.length).fill(1_000),
    universe: '230 recorded Shanghai stocks',
  };
}

/** Snapshot at `time` of `day` from bars closed by then, limits from the last close of `before`. */
export function recordedSnapshot(
  { codes, bars }: Recording,
  day: string,
  before: string,
  time: string,
): MarketSnapshot {
  const asOf = instantAt(day, time, 'Asia/Shanghai');
  const column = (of: (seen: readonly Bar[], close: number) => number) =>
    Float64Array.from(codes, (code) => {
      const seen =
        bars
          .get(code)
          ?.get(day)
          ?.filter((bar) => bar.time <= time) ?? [];
      const close = bars.get(code)?.get(before)?.at(-1)?.close ?? Number.NaN;
      return seen.length === 0 ? Number.NaN : of(seen, close);
    });
  const total = (seen: readonly Bar[], of: (bar: Bar) => number) =>
    seen.reduce((sum, bar) => sum + of(bar), 0);
  const unknown = new Float64Array(codes.length).fill(Number.NaN);
  return {
    tradingDay: day,
    asOf,
    fetchedAt: asOf,
    source: 'recorded',
    degraded: true,
    last: column((seen) => seen.at(-1)!.close),
    previousClose: column((_, close) => close),
    high: column((seen) => Math.max(...seen.map((bar) => bar.high))),
    low: column((seen) => Math.min(...seen.map((bar) => bar.low))),
    limitUp: column((_, close) => limit(close, 110)),
    limitDown: column((_, close) => limit(close, 90)),
    bid: unknown,
    ask: unknown,
    turnover: column((seen) => total(seen, (bar) => bar.amount)),
    volume: column((seen) => total(seen, (bar) => bar.volume)),
  };
}

/** Return of a snapshot's stocks since the day before, weighed by turnover. */
export function weighedReturn(snapshot: MarketSnapshot): number {
  let total = 0;
  let weighed = 0;
  for (const [row, turnover] of snapshot.turnover.entries()) {
    const change = snapshot.last[row]! / snapshot.previousClose[row]! - 1;
    if (Number.isNaN(turnover) || Number.isNaN(change)) continue;
    total += turnover;
    weighed += turnover * change;
  }
  return weighed / total;
}
