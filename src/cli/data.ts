import { openBarReader, openCalendar, openSettings, openStore } from '#compose-tools';
import { instrumentOf } from './arguments.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import { instantText, type Output, tableText } from './output.ts';

export type ImportBarsArguments = {
  readonly file: string;
  readonly symbol: string | undefined;
  readonly market: 'US' | 'CN';
  readonly timeframe: '1m' | '5m' | '15m' | '1d';
  readonly zone: string | undefined;
  readonly label: 'start' | 'end' | undefined;
  readonly columns: Readonly<Record<string, string>>;
  readonly volume: 'shares' | 'lots' | undefined;
  readonly source: string;
};

type BarReader = Awaited<ReturnType<typeof openBarReader>>;
type Report = Awaited<ReturnType<BarReader>>['report'];

const COLUMN_NAMES = ['time', 'open', 'high', 'low', 'close', 'volume', 'symbol'];

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

/** `data import bars`: CSV or CSV.gz into the store, with what became of every row. */
export async function runImportBars(given: ImportBarsArguments, output: Output): Promise<ExitCode> {
  if (given.symbol === undefined) {
    throw new UsageError('--symbol: found nothing, expected the symbol of the file, as SPY');
  }
  checkColumns(given.columns);
  const instrument = instrumentOf(given.symbol, given.market, '--symbol');
  const settings = await openSettings();
  const calendar = await openCalendar(given.market);
  const readBars = await openBarReader();
  output.progress(`reading ${given.file} …`);
  const { bars, report } = await readBars({
    file: given.file,
    instrument,
    timeframe: given.timeframe,
    calendar,
    columns: given.columns,
    ...(given.zone === undefined ? {} : { zone: given.zone }),
    ...(given.label === undefined ? {} : { label: given.label }),
    ...(given.volume === undefined ? {} : { volume: given.volume }),
  });
  output.progress(`storing ${bars.length} bars …`);
  const { store, close } = await openStore(settings, 'cli');
  try {
    const { inserted, known } = await store.bars.save(bars, given.source);
    printReport(report, inserted, known, output);
    output.result({ ...report, source: given.source, inserted, known });
    return EXIT.ok;
  } finally {
    await close();
  }
}

/** `data status`: what bars the store has, by symbol, timeframe and source. */
export async function runDataStatus(output: Output): Promise<ExitCode> {
  const settings = await openSettings();
  const { store, close } = await openStore(settings, 'cli');
  try {
    const series = await store.bars.status();
    const rows = series.map((entry) => [
      entry.instrument,
      entry.timeframe,
      entry.source,
      entry.bars,
      instantText(entry.firstOpenedAt, 'UTC').slice(0, 16),
      instantText(entry.lastOpenedAt, 'UTC').slice(0, 16),
    ]);
    if (rows.length === 0) {
      output.line('no bars yet; centaur data import bars --help shows how to bring some');
    } else {
      const header = ['symbol', 'timeframe', 'source', 'bars', 'first (UTC)', 'last (UTC)'];
      output.line(tableText([header, ...rows]));
    }
    output.result({
      series: series.map(({ firstOpenedAt, lastOpenedAt, ...entry }) => ({
        ...entry,
        firstOpenedAt: new Date(firstOpenedAt).toISOString(),
        lastOpenedAt: new Date(lastOpenedAt).toISOString(),
      })),
    });
    return EXIT.ok;
  } finally {
    await close();
  }
}
