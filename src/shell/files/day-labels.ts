import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { ConfigError } from '#app/errors.ts';
import { isTradingDayText } from '#core/market/trading-day.ts';

/** A day as a person labelled it. */
export type DayLabelRow = {
  readonly date: string;
  readonly symbol: string;
  readonly label: string;
};

const LABELS = ['trend_up', 'trend_down', 'range', 'mixed', 'event'];

function refuse(file: string, line: number, found: string, expected: string): never {
  throw new ConfigError(`${file}: line ${line}: found ${found}, expected ${expected}`, {
    code: 'labels_invalid',
    retryable: false,
  });
}

/** Reads hand labels: a header `date,symbol,label`, one row a day and symbol. Throws ConfigError. */
export function readDayLabels(file: string): DayLabelRow[] {
  let rows: string[][];
  try {
    rows = parse(readFileSync(file, 'utf8'), { bom: true, trim: true, skipEmptyLines: true });
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new ConfigError(`${file}: not readable: ${text}`, {
      code: 'labels_unreadable',
      retryable: false,
    });
  }
  const header = (rows[0] ?? []).join(',').toLowerCase();
  if (header !== 'date,symbol,label')
    refuse(file, 1, `header "${header}"`, 'header date,symbol,label');
  const seen = new Set<string>();
  return rows.slice(1).map(([date = '', symbol = '', label = ''], at) => {
    const line = at + 2;
    if (!isTradingDayText(date)) refuse(file, line, `"${date}"`, 'a date YYYY-MM-DD');
    if (!LABELS.includes(label)) refuse(file, line, `"${label}"`, `one of ${LABELS.join(', ')}`);
    const key = `${date} ${symbol.toUpperCase()}`;
    if (seen.has(key)) refuse(file, line, `${key} again`, 'one label a day and symbol');
    seen.add(key);
    return { date, symbol: symbol.toUpperCase(), label };
  });
}
