import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type FileReport,
  importDailyFile,
  importExDatesFile,
  importFiguresFile,
  importMarginFile,
  importPoolFile,
  importSectorsFile,
  importSecuritiesFile,
} from '#app/import-files.ts';
import type { ImportDeps } from '#app/import-market.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { DailySeriesCn } from '#core/market/panel-cn.ts';
import type { PoolKindCn } from '#core/market/records-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { checkBasis, type ReadDailyOptions, readDailyFile } from '#shell/lib/cn-files/daily.ts';
import { type ReadExDatesOptions, readExDatesFile } from '#shell/lib/cn-files/ex-dates.ts';
import {
  poolsOf,
  type ReadFiguresOptions,
  type ReadMarginOptions,
  type ReadOptions,
  readFiguresFile,
  readMarginFile,
  readPoolFile,
  readSectorsFile,
  readSecuritiesFile,
} from '#shell/lib/cn-files/records.ts';
import type { MarketDatabaseCn } from '#shell/store/market-store-cn.ts';

/*
 * Wires what brings recorded Chinese market data into the store: readers of files, the judge, the
 * store. Every file leaves a row in `imports`.
 */

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Imports by kind of file. They throw ConfigError for a file that cannot be read, and StoreError. */
export function createMarketImports(store: MarketDatabaseCn, calendar: CalendarTable) {
  const deps: ImportDeps = { store, calendar, runId: 'cli', now: Date.now };
  const noted = async (kind: string, file: string, report: FileReport) => {
    const fileHash = await hashOf(file);
    await store.saveImport({ kind, file: basename(file), fileHash, at: Date.now(), report });
    return { file, ...report };
  };
  return {
    async daily(
      options: ReadDailyOptions,
      kind: DailySeriesCn['kind'],
      basis: DailySeriesCn['basis'],
    ) {
      const read = await readDailyFile(options);
      if (kind === 'share') checkBasis(options.file, read.table, basis);
      const series = { kind, source: options.source, basis };
      return noted(`daily ${kind}`, options.file, await importDailyFile(deps, read, series));
    },
    async margin(options: ReadMarginOptions) {
      const read = await readMarginFile(options);
      return noted('margin', options.file, await importMarginFile(deps, read, options.source));
    },
    async sectors(options: ReadOptions, asOf: TradingDay) {
      const read = await readSectorsFile(options);
      const report = await importSectorsFile(deps, read, options.source, asOf);
      return noted('sectors', options.file, report);
    },
    async pools(options: ReadOptions, kind: PoolKindCn, seenAt: number | null) {
      const { rows, tally } = await readPoolFile(options);
      const pools = poolsOf(kind, rows, options.day ?? null, tally, options.source);
      const report = await importPoolFile(deps, { pools, tally }, options.source, seenAt);
      return noted(`pool ${kind}`, options.file, report);
    },
    async securities(options: ReadOptions, asOf: TradingDay) {
      const read = await readSecuritiesFile(options);
      const report = await importSecuritiesFile(deps, read, options.source, asOf);
      return noted('securities', options.file, report);
    },
    async exDates(options: ReadExDatesOptions) {
      const read = await readExDatesFile(options);
      const report = await importExDatesFile(deps, read, options.source);
      return noted('corporate actions', options.file, report);
    },
    async figures(options: ReadFiguresOptions, dataset: string) {
      const read = await readFiguresFile(options);
      const report = await importFiguresFile(deps, read, dataset, options.source);
      return noted(`figures ${dataset}`, options.file, report);
    },
  };
}
