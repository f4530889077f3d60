import { ConfigError } from '#app/errors.ts';
import type { DailyTableCn, PriceBasisCn } from '#core/market/daily-table-cn.ts';
import { createDailyTable } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { createTally, dropRow, type Tally } from '#core/quality/tally.ts';
import { type ColumnSpec, findColumns, type Places } from './columns.ts';
import type { TableRow } from './csv-rows.ts';
import { openTable } from './table-file.ts';
import {
  dayIn,
  instrumentIn,
  MONEY_UNITS,
  type MoneyUnit,
  numberIn,
  scaledIn,
  VOLUME_UNITS,
  type VolumeUnit,
} from './values.ts';

const SPEC = {
  symbol: { names: ['ts_code', 'code', 'ticker', '股票代码', '代码'] },
  day: { names: ['trade_date', 'date', '日期', 'datetime', 'cal_date'], isRequired: true },
  open: { names: ['开盘', '开盘价', '今开'], isRequired: true },
  high: { names: ['最高', '最高价'], isRequired: true },
  low: { names: ['最低', '最低价'], isRequired: true },
  close: { names: ['收盘', '收盘价'], isRequired: true },
  volume: { names: ['vol', '成交量'], isRequired: true },
  amount: { names: ['成交额'] },
  previousClose: { names: ['pre_close', 'prev_close', 'preclose', '昨收', '前收盘'] },
  change: { names: ['price_change', '涨跌额'] },
  percent: { names: ['pct_chg', 'pct_change', 'p_change', '涨跌幅'] },
} as const satisfies ColumnSpec;

export type ReadDailyOptions = {
  readonly file: string;
  readonly source: string;
  /** Instrument of every row; null: the file has a symbol column. */
  readonly instrument: InstrumentId | null;
  readonly volume: VolumeUnit;
  readonly amount: MoneyUnit;
  readonly columns?: Readonly<Record<string, string>>;
  readonly isHeaderless?: boolean;
};

export type DailyFile = {
  readonly table: DailyTableCn;
  readonly tally: Tally;
  /** The file says what the previous close was, itself or by the change. */
  readonly hasPreviousClose: boolean;
};

type Reader = {
  readonly places: Places<typeof SPEC>;
  readonly width: number;
  readonly options: ReadDailyOptions;
};

const DECIMALS = 1e4;

/** The same answers, each text asked once: a file repeats its stocks and days a million times. */
function remembered<T>(ask: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const answer = known.get(text);
    if (answer !== undefined) return answer;
    const asked = ask(text);
    known.set(text, asked);
    return asked;
  };
}

/** Previous close as the row states or implies it; NaN when it does not. */
function previousCloseIn(
  places: Reader['places'],
  cells: readonly string[],
  close: number,
): number {
  const stated = numberIn(cells[places.previousClose]);
  if (places.previousClose >= 0) return stated ?? Number.NaN;
  const change = places.change < 0 ? null : numberIn(cells[places.change]);
  if (change !== null) return Math.round((close - change) * DECIMALS) / DECIMALS;
  const percent = places.percent < 0 ? null : numberIn(cells[places.percent]);
  return percent === null || percent <= -100 ? Number.NaN : close / (1 + percent / 100);
}

function valuesIn(reader: Reader, cells: readonly string[]) {
  const { places, options } = reader;
  const price = (at: number): number => numberIn(cells[at]) ?? Number.NaN;
  const [open, high, low] = [price(places.open), price(places.high), price(places.low)];
  const close = price(places.close);
  // a suspended day without a volume is padding as one with 0 is
  const padded = open === close && high === close && low === close ? 0 : Number.NaN;
  return {
    open,
    high,
    low,
    close,
    previousClose: previousCloseIn(places, cells, close),
    volume: scaledIn(cells[places.volume], VOLUME_UNITS[options.volume]) ?? padded,
    amount:
      places.amount < 0
        ? Number.NaN
        : (scaledIn(cells[places.amount], MONEY_UNITS[options.amount]) ?? Number.NaN),
  };
}

/**
 * Reads daily bars of one or many instruments. Rows that name no symbol or day, or whose numbers are
 * none, are counted and left out; whether the rest can be true is judged elsewhere. Throws
 * ConfigError for a file that cannot be read at all.
 */
export async function readDailyFile(options: ReadDailyOptions): Promise<DailyFile> {
  const { file, source, columns = {}, isHeaderless = false } = options;
  const opened = await openTable(file, { isHeaderless, wanted: Object.values(columns) });
  const places = findColumns(file, opened.header, SPEC, columns);
  if (options.instrument === null && places.symbol < 0) {
    throw new ConfigError(
      `${file}: found no symbol column, expected --symbol or --columns symbol=…`,
      { code: 'csv_header', retryable: false },
    );
  }
  const reader: Reader = { places, width: opened.header.length, options };
  const builder = createDailyTable(65_536);
  const tally = createTally();
  const instrumentOf = remembered(instrumentIn);
  const dayOf = remembered(dayIn);
  const read = ({ line, cells }: TableRow): void => {
    tally.read += 1;
    const instrument = options.instrument ?? instrumentOf(cells[places.symbol] ?? '');
    const day = dayOf(cells[places.day] ?? '');
    const fail = (
      code: 'wrong_column_count' | 'not_a_symbol' | 'not_a_day' | 'not_a_number',
      found: string,
      expected: string,
    ) => {
      const place = { instrument, day };
      dropRow(tally, anomaly(code, source, found.slice(0, 60), expected, place), line);
    };
    if (cells.length !== reader.width) {
      fail('wrong_column_count', `${cells.length} columns`, `${reader.width}`);
    } else if (instrument === null) {
      fail('not_a_symbol', cells[places.symbol] ?? '', 'a symbol such as 600519 or 600519.SH');
    } else if (day === null) fail('not_a_day', cells[places.day] ?? '', 'a date YYYY-MM-DD');
    else {
      const values = valuesIn(reader, cells);
      const { open, high, low, close, volume, amount } = values;
      const isNumber = Number.isFinite(open + high + low + close + volume);
      if (isNumber && !(amount === Number.POSITIVE_INFINITY)) builder.add(instrument, day, values);
      else fail('not_a_number', cells.join(','), 'prices and a volume');
    }
  };
  for await (const batch of opened.batches) for (const row of batch) read(row);
  const table = builder.build((instrument, day, isEqual) => {
    const code = isEqual ? 'duplicate' : 'duplicate_conflicting';
    const found = isEqual ? 'the same row again' : 'another row of the same day';
    dropRow(tally, anomaly(code, source, found, 'one row a day', { instrument, day }), 0);
  });
  const hasPreviousClose = places.previousClose >= 0 || places.change >= 0 || places.percent >= 0;
  return { table, tally, hasPreviousClose };
}

/** Finest price step of shares; adjusted prices are off it. */
const STEP = 0.01;
const OFF_STEP_SHARE = 0.05;

/** Refuses raw prices that are off the price step: they are adjusted, whatever was said. */
export function checkBasis(file: string, table: DailyTableCn, basis: PriceBasisCn): void {
  if (basis !== 'raw' || table.length === 0) return;
  let off = 0;
  for (let row = 0; row < table.length; row += 1) {
    const steps = table.close[row]! / STEP;
    // funds have steps of 0.001
    const isFund = /^(5|1)/.test(table.instruments[table.instrumentOf[row]!]!);
    if (!isFund && Math.abs(steps - Math.round(steps)) > 1e-4) off += 1;
  }
  if (off <= table.length * OFF_STEP_SHARE) return;
  throw new ConfigError(
    `${file}: found ${off} of ${table.length} closes off the step of 0.01, expected --basis qfq or hfq`,
    { code: 'wrong_basis', retryable: false },
  );
}
