import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '#app/errors.ts';
import { dailyBarAt } from '#core/market/daily-table-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DailyBarCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { readDailyFile } from '#shell/lib/cn-files/daily.ts';
import {
  poolsOf,
  readMarginFile,
  readPoolFile,
  readSectorsFile,
  readSecuritiesFile,
} from '#shell/lib/cn-files/records.ts';
import type { SourceAnswer, SourceCn } from './source.ts';
import { answer, FEED_CODES, feedError } from './source.ts';

/*
 * Files that a person puts into a folder: the last way in when every vendor fails. Named by what they
 * hold and their day, read with the same readers as `data import`.
 */

export type ManualSettings = {
  readonly folder: string;
  readonly volume: 'shares' | 'lots';
  readonly amount: 'yuan' | 'thousand' | 'wan' | 'yi';
  readonly margin: 'yuan' | 'thousand' | 'wan' | 'yi';
};

const NAME = 'manual';
const ENDINGS = ['.csv', '.csv.gz', '.json', '.json.gz', '.jsonl'];

function fileOf(settings: ManualSettings, stem: string): string {
  const found = ENDINGS.map((ending) => join(settings.folder, `${stem}${ending}`)).find(existsSync);
  if (found !== undefined) return found;
  const place = `${NAME} ${stem}`;
  throw feedError(place, FEED_CODES.noData, 'no file', `${stem}.csv in the folder of manual files`);
}

/** A file that cannot be read is an answer that cannot be read. */
async function read<T>(stem: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.message.split('found ').at(-1)?.slice(0, 120) ?? 'nothing';
    throw feedError(`${NAME} ${stem}`, FEED_CODES.unreadable, found, 'a file of its kind', {
      cause: error,
    });
  }
}

/** Files of daily bars, margin, pools and lists in a folder of the operator's. */
export function createManual(settings: ManualSettings): SourceCn {
  const daily = async (
    stem: string,
    instrument: InstrumentId | null,
    from: TradingDay,
    through: TradingDay,
  ): Promise<SourceAnswer<readonly DailyBarCn[]>> => {
    const { volume, amount } = settings;
    const options = { file: fileOf(settings, stem), source: NAME, instrument, volume, amount };
    const { table, tally } = await read(stem, readDailyFile(options));
    const bars = Array.from({ length: table.length }, (_, row) => dailyBarAt(table, row));
    const kept = bars.filter(({ day }) => day >= from && day <= through);
    if (kept.length === 0) {
      throw feedError(`${NAME} ${stem}`, FEED_CODES.noData, 'no rows', `days ${from} … ${through}`);
    }
    return answer(kept, null, tally.anomalies);
  };
  const options = (stem: string, day: TradingDay | null) => ({
    file: fileOf(settings, stem),
    source: NAME,
    day,
  });
  return {
    name: NAME,
    offers: {
      daily_bars_on: ({ day }) => daily(`daily_${day}`, null, day, day),
      index_daily: ({ instrument, from, through }) =>
        daily(`index_${instrument}`, instrument, from, through),
      margin: async ({ day }) => {
        const stem = `margin_${day}`;
        const own = { ...options(stem, day), unit: settings.margin, exchange: null };
        const { rows, tally } = await read(stem, readMarginFile(own));
        return answer(
          rows.filter((row) => row.day === day),
          null,
          tally.anomalies,
        );
      },
      limit_pool: async ({ kind, day }) => {
        const stem = `pool_${kind}_${day}`;
        const { rows, tally } = await read(stem, readPoolFile(options(stem, day)));
        const found = poolsOf(kind, rows, day, tally, NAME).find(({ pool }) => pool.day === day);
        const none = { kind, day, statedDay: null, rows: [] };
        return answer(found?.pool ?? none, null, tally.anomalies);
      },
      securities: async () => {
        const { rows, tally } = await read(
          'securities',
          readSecuritiesFile(options('securities', null)),
        );
        return answer(rows, null, tally.anomalies);
      },
      sectors: async () => {
        const { rows, tally } = await read('sectors', readSectorsFile(options('sectors', null)));
        return answer(rows, null, tally.anomalies);
      },
    },
  };
}
