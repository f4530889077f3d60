import type { FigureCn } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type {
  LimitPoolCn,
  MarginDayCn,
  PoolKindCn,
  PoolRowCn,
  SectorCn,
  SecurityCn,
} from '#core/market/records-cn.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { AnomalyCode } from '#core/quality/anomaly.ts';
import { anomaly } from '#core/quality/anomaly.ts';
import { createTally, dropRow, type Tally } from '#core/quality/tally.ts';
import { type ColumnSpec, findColumns, headerNames } from './columns.ts';
import type { TableRow } from './csv-rows.ts';
import { openTable } from './table-file.ts';
import { dayIn, instrumentIn, MONEY_UNITS, type MoneyUnit, numberIn, scaledIn } from './values.ts';

/** What every one of these readers is told. */
export type ReadOptions = {
  readonly file: string;
  readonly source: string;
  readonly columns?: Readonly<Record<string, string>>;
  readonly isHeaderless?: boolean;
  /** Day of rows that name none. */
  readonly day?: TradingDay | null;
};

type Rows<T> = { readonly rows: T[]; readonly tally: Tally };

type RowContext = {
  /** Line of the file, counted from 1. */
  readonly line: number;
  readonly cell: (name: string) => string | undefined;
  readonly fail: (code: AnomalyCode, found: string, expected: string) => null;
};

/** Reads the rows of a file with columns found by name; null leaves a row out. */
export async function readRows<T>(
  options: ReadOptions,
  spec: ColumnSpec,
  take: (row: RowContext) => T | readonly T[] | null,
  shownOfEach?: number,
): Promise<Rows<T>> {
  const { file, source, columns = {}, isHeaderless = false } = options;
  const table = await openTable(file, { isHeaderless, wanted: Object.values(columns) });
  const places = findColumns(file, table.header, spec, columns);
  const tally = createTally(shownOfEach);
  const rows: T[] = [];
  const read = ({ line, cells }: TableRow): void => {
    tally.read += 1;
    const cell = (name: string): string | undefined => {
      const at = places[name] ?? -1;
      return at < 0 ? undefined : cells[at];
    };
    const fail: RowContext['fail'] = (code, found, expected) => {
      const place = { instrument: instrumentIn(cell('symbol')), day: dayIn(cell('day')) };
      dropRow(tally, anomaly(code, source, found.slice(0, 60), expected, place), line);
      return null;
    };
    if (cells.length !== table.header.length) {
      fail('wrong_column_count', `${cells.length} columns`, String(table.header.length));
      return;
    }
    const taken = take({ line, cell, fail });
    if (taken !== null) rows.push(...([taken].flat() as T[]));
  };
  for await (const batch of table.batches) for (const row of batch) read(row);
  return { rows, tally };
}

/** Names of the column that says which share a row is about. */
export const SYMBOL = { names: ['ts_code', 'code', 'ticker', 'key', '股票代码', '代码'] };
const DAY = {
  names: ['trade_date', 'date', '日期', 'timestamp', 'opdate', '信用交易日期', 'datetime'],
};
const NAME = { names: ['名称', '股票简称', '证券简称'] };

/** The share a row is about; null: it names none, which is told. */
export function symbolOf({ cell, fail }: RowContext): InstrumentId | null {
  const text = cell('symbol') ?? '';
  return instrumentIn(text) ?? fail('not_a_symbol', text, 'a symbol such as 600519');
}

function dayOf({ cell, fail }: RowContext, given: TradingDay | null | undefined) {
  const text = cell('day');
  if (text === undefined || text === '') {
    return given ?? fail('not_a_day', text ?? 'no day', 'a day column or --day');
  }
  return dayIn(text) ?? fail('not_a_day', text, 'a date YYYY-MM-DD');
}

const MARGIN = {
  day: DAY,
  exchange: { names: ['exchange_id', '交易所'] },
  balance: { names: ['rzye', '融资余额'], isRequired: true },
  bought: { names: ['rzmre', '融资买入额'] },
  repaid: { names: ['rzche', '融资偿还额'] },
  lent: { names: ['rqye', 'rqylje', '融券余额', '融券余量金额'] },
} as const satisfies ColumnSpec;

const EXCHANGES: Readonly<Record<string, MarginDayCn['exchange']>> = {
  SSE: 'SSE',
  SH: 'SSE',
  沪市: 'SSE',
  SZSE: 'SZSE',
  SZ: 'SZSE',
  深市: 'SZSE',
  BSE: 'BSE',
  BJ: 'BSE',
  北交所: 'BSE',
};

export type ReadMarginOptions = ReadOptions & {
  readonly unit: MoneyUnit;
  /** Exchange of a file without the column. */
  readonly exchange: MarginDayCn['exchange'] | null;
};

/** Margin totals by exchange and day. */
export function readMarginFile(options: ReadMarginOptions): Promise<Rows<MarginDayCn>> {
  return readRows(options, MARGIN, (row) => {
    const day = dayOf(row, options.day);
    if (day === null) return null;
    const named = row.cell('exchange');
    const exchange = options.exchange ?? EXCHANGES[(named ?? '').trim().toUpperCase()];
    if (exchange === undefined) {
      return row.fail('not_a_symbol', named ?? 'no exchange', 'SSE, SZSE or BSE');
    }
    const money = (name: string) => scaledIn(row.cell(name), MONEY_UNITS[options.unit]);
    const figures = {
      balance: money('balance'),
      bought: money('bought'),
      repaid: money('repaid'),
      lent: money('lent'),
    };
    const isBad = Object.values(figures).some((value) => Number.isNaN(value));
    if (isBad || figures.balance === null) {
      return row.fail('not_a_number', row.cell('balance') ?? '', 'a balance');
    }
    return { exchange, day, ...figures };
  });
}

const SECTORS = {
  symbol: { ...SYMBOL, isRequired: true },
  sector: {
    names: [
      'industry',
      'c_name',
      'concept_name',
      'primary_sector',
      'board',
      '所属行业',
      '板块名称',
      'value',
    ],
    isRequired: true,
  },
  boardCode: { names: ['sector_code', '板块代码'] },
} as const satisfies ColumnSpec;

/** Members of boards, one row a member, gathered by board. */
export async function readSectorsFile(options: ReadOptions): Promise<Rows<SectorCn>> {
  const found = await readRows(options, SECTORS, (row) => {
    const instrument = symbolOf(row);
    if (instrument === null) return null;
    const name = (row.cell('sector') ?? '').trim();
    if (name === '') return row.fail('not_a_symbol', 'no sector', 'the name of a board');
    return { instrument, name, code: (row.cell('boardCode') ?? '').trim() || name };
  });
  const boards = new Map<string, { name: string; members: Set<InstrumentId> }>();
  for (const { instrument, name, code } of found.rows) {
    const board = boards.get(code) ?? { name, members: new Set<InstrumentId>() };
    board.members.add(instrument);
    boards.set(code, board);
  }
  const rows = [...boards].map(([code, { name, members }]) => ({
    code,
    name,
    members: [...members].sort(),
  }));
  return { rows, tally: found.tally };
}

const SECURITIES = {
  symbol: { ...SYMBOL, isRequired: true },
  name: { ...NAME, isRequired: true },
  listedOn: { names: ['list_date', '上市日期', '上市时间'] },
  delistedOn: { names: ['delist_date', '退市日期'] },
} as const satisfies ColumnSpec;

/** Listed shares by name. Codes of other securities are counted and left out. */
export function readSecuritiesFile(options: ReadOptions): Promise<Rows<SecurityCn>> {
  return readRows(options, SECURITIES, (row) => {
    const instrument = symbolOf(row);
    if (instrument === null) return null;
    const name = (row.cell('name') ?? '').trim();
    if (name === '') return row.fail('not_a_symbol', 'no name', 'the name of a share');
    return {
      instrument,
      name,
      listedOn: dayIn(row.cell('listedOn')),
      delistedOn: dayIn(row.cell('delistedOn')),
    };
  });
}

const POOLS = {
  symbol: { ...SYMBOL, isRequired: true },
  name: NAME,
  day: DAY,
  price: { names: ['最新价', 'close'] },
  percent: { names: ['changerate', 'pct_chg', '涨跌幅'] },
  amount: { names: ['成交额'] },
  firstSealed: { names: ['sealtime', 'first_time', '首次封板时间', 'fbt'] },
  lastSealed: { names: ['last_time', '最后封板时间', 'lbt'] },
  openCount: { names: ['opencount', 'open_times', '炸板次数', 'zbc'] },
  boardsInRow: { names: ['boardlevel', 'limit_times', '连板数', 'lbc'] },
  sealedAmount: { names: ['fd_amount', '封板资金', '封单资金', 'fund'] },
  sector: { names: ['所属行业', 'hybk', 'industry'] },
} as const satisfies ColumnSpec;

const SHANGHAI = 'Asia/Shanghai';
const SECOND = 1_000;

/**
 * Instant of a time of `day` as pools write it: HHMMSS with or without its leading zero, with colons,
 * or cut to five characters (`09250`, of which the minute is certain). Null when it is none.
 */
export function poolInstant(day: TradingDay, text: string | undefined): number | null {
  const digits = (text ?? '').replaceAll(':', '').trim();
  if (!/^\d{5,6}$/.test(digits) || Number(digits) === 0) return null;
  const isCut = digits.length === 5 && digits.startsWith('0');
  const whole = isCut ? `${digits.slice(0, 4)}00` : digits.padStart(6, '0');
  const [hour, minute, second] = [whole.slice(0, 2), whole.slice(2, 4), whole.slice(4)];
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  return instantAt(day, `${hour}:${minute}`, SHANGHAI) + Number(second) * SECOND;
}

/** A row of a pool file with the change it states, for a check against known closes. */
export type PoolFileRow = PoolRowCn & { readonly day: TradingDay; readonly change: number | null };

/** Rows of a limit-up, limit-down or broken pool. */
export function readPoolFile(options: ReadOptions): Promise<Rows<PoolFileRow>> {
  return readRows(options, POOLS, (row) => {
    const instrument = symbolOf(row);
    const day = instrument === null ? null : dayOf(row, options.day);
    if (instrument === null || day === null) return null;
    const figure = (name: string): number | null => {
      const value = numberIn(row.cell(name));
      return value !== null && Number.isFinite(value) ? value : null;
    };
    const percent = figure('percent');
    return {
      instrument,
      day,
      name: row.cell('name') ?? null,
      price: figure('price'),
      change: percent === null ? null : percent / 100,
      amount: figure('amount'),
      firstSealedAt: poolInstant(day, row.cell('firstSealed')),
      lastSealedAt: poolInstant(day, row.cell('lastSealed')),
      openCount: figure('openCount'),
      boardsInRow: figure('boardsInRow'),
      sealedAmount: figure('sealedAmount'),
      sector: row.cell('sector') ?? null,
    };
  });
}

/**
 * The rows as pools, one a day, with the changes they state. Of repeated rows the first counts. A
 * file without rows is an empty pool of the day given.
 */
export function poolsOf(
  kind: PoolKindCn,
  rows: readonly PoolFileRow[],
  given: TradingDay | null,
  tally: Tally,
  source: string,
): { readonly pool: LimitPoolCn; readonly changes: ReadonlyMap<InstrumentId, number> }[] {
  const days = new Set(rows.map(({ day }) => day));
  if (given !== null) days.add(given);
  return [...days].sort().map((day) => {
    const own = new Map<InstrumentId, PoolRowCn>();
    const changes = new Map<InstrumentId, number>();
    for (const { day: of, change, ...row } of rows) {
      if (of !== day) continue;
      const place = { instrument: row.instrument, day };
      if (own.has(row.instrument)) {
        dropRow(tally, anomaly('duplicate', source, 'the stock again', 'one row', place), 0);
        continue;
      }
      own.set(row.instrument, row);
      if (change !== null) changes.set(row.instrument, change);
    }
    return { pool: { kind, day, statedDay: null, rows: [...own.values()] }, changes };
  });
}

/** Columns of a figures file that are no figures. */
const FIGURE_KEYS = {
  symbol: SYMBOL,
  day: { names: [...DAY.names, 'ann_date', 'at'] },
  field: { names: ['item'] },
  value: { names: [] },
} as const satisfies ColumnSpec;

export type ReadFiguresOptions = ReadOptions & {
  /** Columns to take by the name of their field; none: every column of numbers. */
  readonly fields: Readonly<Record<string, string>>;
};

/**
 * Figures of any kind: each column of numbers is a field, named by its header without the beginning
 * that all columns share; with a `field` column each row is one figure. `fields` picks columns and
 * renames them. Cells that are empty are no figures; a row of texts only is left out.
 */
export async function readFiguresFile(options: ReadFiguresOptions): Promise<Rows<FigureCn>> {
  const { file, columns = {}, isHeaderless = false, fields } = options;
  const wanted = [...Object.values(columns), ...Object.values(fields)];
  const { header } = await openTable(file, { isHeaderless, wanted });
  const keys = findColumns(file, header, FIGURE_KEYS, columns);
  const { full, short } = headerNames(header);
  const taken = new Set<number>(Object.values(keys));
  const spec: Record<string, { names: readonly string[]; isRequired?: boolean }> = {
    ...FIGURE_KEYS,
  };
  const given: Record<string, string> = { ...columns };
  const names =
    Object.keys(fields).length > 0
      ? Object.entries(fields)
      : full.flatMap((name, at): [string, string][] =>
          taken.has(at) || name === '' ? [] : [[short[at] || name, name]],
        );
  const isLong = keys.field >= 0 && keys.value >= 0;
  for (const [name, column] of isLong ? [] : names) {
    spec[`figure ${name}`] = { names: [], isRequired: true };
    given[`figure ${name}`] = column;
  }
  return readRows(
    options.columns === undefined ? { ...options, columns: given } : { ...options, columns: given },
    spec,
    (row) => {
      const symbol = row.cell('symbol');
      const instrument = symbol === undefined ? null : instrumentIn(symbol);
      if (symbol !== undefined && instrument === null && !isLong && !isMarketCode(symbol)) {
        return row.fail('not_a_symbol', symbol, 'a symbol such as 600519.SH');
      }
      const day = dayOf(row, options.day);
      if (day === null) return null;
      const figures = isLong
        ? [[(row.cell('field') ?? '').trim(), row.cell('value')] as const]
        : names.map(([name]) => [name, row.cell(`figure ${name}`)] as const);
      const found = figures.flatMap(([field, text]): FigureCn[] => {
        const value = truthIn(text) ?? numberIn(text);
        return value === null || !Number.isFinite(value) || field === ''
          ? []
          : [{ instrument, day, field, value }];
      });
      return found.length > 0 ? found : row.fail('not_a_number', 'no number', 'a figure');
    },
  );
}

/** Codes of boards and the like are no instruments; their figures are the market's. */
function isMarketCode(symbol: string): boolean {
  return symbol.trim() === '' || /^[A-Z]{2}\d{4}$/.test(symbol.trim());
}

function truthIn(text: string | undefined): number | null {
  const plain = (text ?? '').trim().toLowerCase();
  return plain === 'true' ? 1 : plain === 'false' ? 0 : null;
}
