import { ConfigError } from '#app/errors.ts';
import type { StandingCn } from '#core/backtest/daily/market.ts';
import type { DailyPanelCn } from '#core/market/panel-cn.ts';
import { shareStatusOf } from '#core/market/quote-cn.ts';
import type { Tally } from '#core/quality/tally.ts';
import type { ColumnSpec } from './columns.ts';
import { type ReadOptions, readRows, SYMBOL, symbolOf } from './records.ts';
import { dayIn, numberIn } from './values.ts';

/*
 * What a market of daily bars is told beside its bars: an index, the float, and what each share was.
 */

const DAY = { names: ['trade_date', 'date', '日期'], isRequired: true };

const CLOSES = {
  symbol: SYMBOL,
  day: DAY,
  close: { names: ['收盘', '收盘价'], isRequired: true },
} as const satisfies ColumnSpec;

/** Closes of one index by day; of repeated days the first counts. Throws ConfigError. */
export async function readClosesFile(
  options: ReadOptions,
): Promise<{ readonly closes: ReadonlyMap<string, number>; readonly tally: Tally }> {
  const closes = new Map<string, number>();
  const symbols = new Set<string>();
  const { tally } = await readRows(options, CLOSES, (row) => {
    const text = row.cell('day') ?? '';
    const day = dayIn(text);
    if (day === null) return row.fail('not_a_day', text, 'a date YYYY-MM-DD');
    const close = numberIn(row.cell('close'));
    if (close === null || !(close > 0))
      return row.fail('not_a_number', row.cell('close') ?? '', 'a close above 0');
    symbols.add(row.cell('symbol') ?? '');
    if (!closes.has(day)) closes.set(day, close);
    return null;
  });
  if (symbols.size <= 1) return { closes, tally };
  const found = [...symbols].slice(0, 3).join(', ');
  throw new ConfigError(
    `${options.file}: found ${symbols.size} indexes (${found}), expected one index a file`,
    { code: 'several_indexes', retryable: false },
  );
}

const FLOATS = {
  symbol: { ...SYMBOL, isRequired: true },
  day: DAY,
  floatShares: { names: ['float_shares', '流通股本'] },
  turnoverRate: { names: ['turnover_rate', '换手率'] },
} as const satisfies ColumnSpec;

const PERCENT = 100;

/**
 * Writes the shares that trade into `cells`, which lie as the panel's do: as a column `float_shares` states
 * them, else the day's volume over its turnover rate in percent. Answers how many cells are known.
 */
export async function readFloats(
  file: string,
  panel: DailyPanelCn,
  cells: Float64Array,
): Promise<number> {
  const width = panel.days.length;
  const rowOf = new Map(panel.instruments.map((id, row) => [id, row * width]));
  const dayOf = new Map(panel.days.map((day, place) => [day, place]));
  let known = 0;
  await readRows({ file, source: 'csv' }, FLOATS, (row) => {
    const instrument = symbolOf(row);
    const start = instrument === null ? undefined : rowOf.get(instrument);
    const day = dayIn(row.cell('day'));
    const place = day === null ? undefined : dayOf.get(day);
    if (start === undefined || place === undefined) return null;
    const cell = start + place;
    const rate = numberIn(row.cell('turnoverRate')) ?? Number.NaN;
    const byRate = (panel.volume[cell]! / rate) * PERCENT;
    const float = numberIn(row.cell('floatShares')) ?? byRate;
    if (!(float > 0) || !Number.isFinite(float)) return null;
    cells[cell] = float;
    known += 1;
    return null;
  });
  return known;
}

const STANDINGS = {
  symbol: { ...SYMBOL, isRequired: true },
  name: { names: ['名称', '股票简称', '证券简称'] },
  status: { names: ['状态'] },
  from: { names: ['as_of', 'trade_date', 'date', '日期'] },
  listedOn: { names: ['list_date', 'listed_on', '上市日期', '上市时间'] },
} as const satisfies ColumnSpec;

const STATUSES = ['normal', 'st', 'delisting'] as const;
/** From when on a row without a day is true. */
const ALWAYS = '1990-12-19';

/**
 * What shares were and from when on: by a column `status`, else by the name of the day (ST, 退). A row
 * without a day is taken as true for all days.
 */
export async function readStandingsFile(options: ReadOptions): Promise<{
  readonly rows: readonly StandingCn[];
  readonly tally: Tally;
  /** Rows without a day. */
  readonly undated: number;
}> {
  let undated = 0;
  const { rows, tally } = await readRows<StandingCn>(options, STANDINGS, (row) => {
    const instrument = symbolOf(row);
    if (instrument === null) return null;
    const [name, written] = [(row.cell('name') ?? '').trim(), row.cell('status') ?? ''];
    const status = STATUSES.find((known) => known === written.trim().toLowerCase()) ?? null;
    if (written.trim() !== '' && status === null)
      return row.fail('not_a_symbol', written, `one of ${STATUSES.join(', ')}`);
    const text = row.cell('from') ?? '';
    const from = dayIn(text);
    if (from === null && text.trim() !== '')
      return row.fail('not_a_day', text, 'a date YYYY-MM-DD, or nothing');
    if (from === null) undated += 1;
    return {
      instrument,
      from: from ?? ALWAYS,
      status: status ?? (name === '' ? null : shareStatusOf(name)),
      listedOn: dayIn(row.cell('listedOn')),
    };
  });
  return { rows, tally, undated };
}
