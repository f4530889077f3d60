import { ConfigError } from '#app/errors.ts';

/** Columns a bar file may have. `amount` and `symbol` are optional, the rest is required. */
export type BarColumnName =
  | 'time'
  | 'open'
  | 'high'
  | 'low'
  | 'close'
  | 'volume'
  | 'amount'
  | 'symbol';

/** Where each column stands in a row. */
export type ColumnPlaces = Readonly<Record<Exclude<BarColumnName, 'symbol' | 'amount'>, number>> & {
  readonly symbol: number | null;
  readonly amount: number | null;
  /** Convention that the time column's own name tells. */
  readonly labelTold: 'start' | 'end' | null;
  readonly count: number;
};

const STARTS = ['opened_at', 'openedat', 'open_time', 'bar_start'];
const ENDS = ['closed_at', 'closedat', 'close_time', 'bar_end'];
const ALIASES: Readonly<Record<BarColumnName, readonly string[]>> = {
  time: [...STARTS, ...ENDS, 'datetime', 'timestamp', 'ts', 'dt', 'date', 'time', '日期'],
  open: ['open', 'o', '开盘'],
  high: ['high', 'h', '最高'],
  low: ['low', 'l', '最低'],
  close: ['close', 'c', '收盘'],
  volume: ['volume', 'vol', 'v', '成交量'],
  amount: ['amount', '成交额'],
  symbol: ['symbol', 'code', 'ticker', '股票代码'],
};
const REQUIRED = ['time', 'open', 'high', 'low', 'close', 'volume'] as const;

function find(header: readonly string[], names: readonly string[]): number {
  for (const name of names) {
    const at = header.indexOf(name);
    if (at >= 0) return at;
  }
  return -1;
}

/**
 * Finds the columns by the header's names, whatever their order; `given` names them where the
 * header's own words are unusual. Throws ConfigError naming every required column that is missing.
 */
export function placeColumns(
  file: string,
  headerRow: readonly string[],
  given: Readonly<Partial<Record<BarColumnName, string>>>,
): ColumnPlaces {
  const header = headerRow.map((name) => name.trim().toLowerCase());
  const place = (name: BarColumnName): number => {
    const asked = given[name];
    if (asked === undefined) return find(header, ALIASES[name]);
    const at = header.indexOf(asked.trim().toLowerCase());
    if (at >= 0) return at;
    return fail(file, `found no column "${asked}" for ${name}, the header is ${header.join(',')}`);
  };
  const missing = REQUIRED.filter((name) => place(name) < 0);
  if (missing.length > 0) {
    const found = header.join(',').slice(0, 120);
    fail(file, `line 1: found header "${found}", expected columns for ${missing.join(', ')}`);
  }
  const twice = header.filter((name, at) => name !== '' && header.indexOf(name) !== at);
  if (twice.length > 0) fail(file, `line 1: found column "${twice[0]}" twice`);
  const time = place('time');
  const symbol = place('symbol');
  const amount = place('amount');
  const timeName = header[time] ?? '';
  const labelTold = STARTS.includes(timeName) ? 'start' : ENDS.includes(timeName) ? 'end' : null;
  return {
    time,
    open: place('open'),
    high: place('high'),
    low: place('low'),
    close: place('close'),
    volume: place('volume'),
    symbol: symbol < 0 ? null : symbol,
    amount: amount < 0 ? null : amount,
    labelTold,
    count: header.length,
  };
}

function fail(file: string, message: string): never {
  throw new ConfigError(`${file}: ${message}`, { code: 'csv_header', retryable: false });
}
