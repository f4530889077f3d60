import {
  openBarReader,
  openCalendar,
  openMarketData,
  openSettings,
  openStore,
} from '#compose-tools';
import { instrumentOf } from './arguments.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import { instantText, type Output, tableText } from './output.ts';

export type ImportBarsArguments = {
  readonly files: readonly string[];
  readonly symbol: string | undefined;
  readonly market: 'US' | 'CN';
  readonly timeframe: '1m' | '5m' | '15m' | '1d';
  readonly zone: string | undefined;
  readonly label: 'start' | 'end' | undefined;
  readonly columns: Readonly<Record<string, string>>;
  readonly volume: 'shares' | 'lots' | undefined;
  readonly source: string;
};

type MarketData = Awaited<ReturnType<typeof openMarketData>>;
type BarReader = Awaited<ReturnType<typeof openBarReader>>;
type Report = Awaited<ReturnType<BarReader>>['report'];

const COLUMN_NAMES = ['time', 'open', 'high', 'low', 'close', 'volume', 'amount', 'symbol'];

function checkColumns(columns: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(columns)) {
    if (COLUMN_NAMES.includes(name)) continue;
    throw new UsageError(`--columns: found "${name}", expected one of ${COLUMN_NAMES.join(', ')}`);
  }
}

function printReport(report: Report, inserted: number, known: number, output: Output): void {
  const { gaps } = report;
  output.line(`${report.file}: ${report.read} rows read, ${report.kept} kept`);
  for (const [reason, count] of Object.entries(report.dropped)) {
    const sample = report.samples.find((entry) => entry.reason === reason);
    const where = sample === undefined || sample.line === 0 ? '' : ` (first: line ${sample.line})`;
    output.line(`  dropped ${count}: ${reason.replaceAll('_', ' ')}${where}`);
  }
  if (report.outOfOrder > 0) output.line(`  sorted in: ${report.outOfOrder} out of order`);
  if (report.zeroVolume > 0) output.line(`  kept without volume: ${report.zeroVolume}`);
  output.line(
    `  ${gaps.days} days ${gaps.firstDay ?? '-'} … ${gaps.lastDay ?? '-'}, ` +
      `${gaps.missingDays.length} trading days missing, ` +
      `${gaps.missingBars} bars missing on ${gaps.incompleteDays} days`,
  );
  output.line(`stored ${inserted} new bars, ${known} were known`);
}

type Stored = Report & {
  readonly source: string;
  readonly inserted: number;
  readonly known: number;
};

/** `data import bars`: CSV or CSV.gz into the store, with what became of every row. */
export async function runImportBars(given: ImportBarsArguments, output: Output): Promise<ExitCode> {
  if (given.symbol === undefined && given.market === 'US') {
    throw new UsageError('--symbol: found nothing, expected the symbol of the file, as SPY');
  }
  if (given.market === 'US' && given.files.length > 1) {
    throw new UsageError(`--file: found ${given.files.length} files, expected one of --symbol`);
  }
  checkColumns(given.columns);
  const instrument =
    given.symbol === undefined ? null : instrumentOf(given.symbol, given.market, '--symbol');
  const settings = await openSettings();
  const calendar = await openCalendar(given.market);
  const readBars = await openBarReader();
  const read = (file: string) => {
    output.progress(`reading ${file} …`);
    return readBars({
      file,
      instrument,
      timeframe: given.timeframe,
      calendar,
      columns: given.columns,
      ...(given.zone === undefined ? {} : { zone: given.zone }),
      ...(given.label === undefined ? {} : { label: given.label }),
      ...(given.volume === undefined ? {} : { volume: given.volume }),
    });
  };
  // a file that is refused is refused before the store is opened
  const [firstFile = '', ...others] = given.files;
  const first = await read(firstFile);
  const { store, close } = await openStore(settings, 'cli');
  const done: Stored[] = [];
  const keep = async ({ bars, report }: Awaited<ReturnType<BarReader>>): Promise<void> => {
    output.progress(`storing ${bars.length} bars …`);
    const { inserted, known } = await store.bars.save(bars, given.source);
    printReport(report, inserted, known, output);
    done.push({ ...report, source: given.source, inserted, known });
  };
  try {
    await keep(first);
    for (const file of others) await keep(await read(file));
    output.result(done.length === 1 ? done[0] : { files: done });
    return EXIT.ok;
  } finally {
    await close();
  }
}

async function barSeries(data: MarketData) {
  return (await data.bars.status()).map(({ firstOpenedAt, lastOpenedAt, ...entry }) => ({
    ...entry,
    firstOpenedAt: new Date(firstOpenedAt).toISOString(),
    lastOpenedAt: new Date(lastOpenedAt).toISOString(),
  }));
}

function printBars(series: Awaited<ReturnType<typeof barSeries>>, output: Output): void {
  // hundreds of stocks of one import are one line
  const groups = Map.groupBy(series, ({ timeframe, source, instrument }) =>
    instrument.endsWith('.US') ? instrument : `${timeframe} ${source}`,
  );
  const rows = [...groups.values()].map((group) => [
    group.length === 1 ? (group[0]?.instrument ?? '') : `${group.length} symbols`,
    group[0]?.timeframe ?? '',
    group[0]?.source ?? '',
    group.reduce((sum, entry) => sum + entry.bars, 0),
    group.map((entry) => entry.firstOpenedAt.slice(0, 16)).sort()[0] ?? '',
    group
      .map((entry) => entry.lastOpenedAt.slice(0, 16))
      .sort()
      .at(-1) ?? '',
  ]);
  const header = ['symbol', 'timeframe', 'source', 'bars', 'first (UTC)', 'last (UTC)'];
  if (rows.length > 0) output.line(tableText([header, ...rows]));
}

/** `data status`: what is stored, by kind and source, and how far it reaches. */
export async function runDataStatus(output: Output): Promise<ExitCode> {
  const data = await openMarketData(await openSettings());
  try {
    const series = await barSeries(data);
    const stored = await data.market.stored();
    if (series.length + stored.length === 0) {
      output.line('nothing yet; centaur data import --help shows how to bring some');
    }
    printBars(series, output);
    if (stored.length > 0) {
      const rows = stored.map((kind) => [
        kind.what,
        kind.source,
        kind.rows,
        kind.firstDay,
        kind.lastDay,
        instantText(kind.savedAt, 'Asia/Shanghai').slice(0, 16),
      ]);
      const header = ['Chinese market', 'source', 'rows', 'first', 'last', 'saved (Shanghai)'];
      output.line(tableText([header, ...rows]));
    }
    output.result({ series, stored });
    return EXIT.ok;
  } finally {
    await data.close();
  }
}
