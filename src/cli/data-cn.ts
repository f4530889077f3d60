import { openMarketData, openSettings } from '#compose-tools';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { PoolKindCn } from '#core/market/records-cn.ts';
import { instrumentOf, type MONEY, type VOLUME } from './arguments.ts';
import { EXIT, type ExitCode, UsageError } from './exit-code.ts';
import type { Output } from './output.ts';

type Data = Awaited<ReturnType<typeof openMarketData>>;
type Imports = Data['imports'];
type Report = Awaited<ReturnType<Imports['daily']>>;

export type Basis = 'raw' | 'qfq' | 'hfq';
const BASES = { raw: 'raw', qfq: 'forward_adjusted', hfq: 'backward_adjusted' } as const;

/** Flags that every import of Chinese files has. */
export type FileFlags = {
  readonly files: readonly string[];
  readonly source: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly isHeaderless: boolean;
};

export type DailyFlags = FileFlags & {
  readonly kind: 'share' | 'index';
  readonly symbol: string | undefined;
  readonly basis: Basis | undefined;
  readonly volume: (typeof VOLUME)[number] | undefined;
  readonly amount: (typeof MONEY)[number];
};

function figureText(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return value === null ? '-' : String(value);
}

function printReport(report: Report, output: Output): void {
  const { saved } = report;
  output.line(`${report.file}: ${report.read} rows read, ${report.kept} kept`);
  for (const [reason, count] of Object.entries(report.dropped)) {
    output.line(`  dropped ${count}: ${reason.replaceAll('_', ' ')}`);
  }
  for (const line of report.named) output.line(`    ${line}`);
  const figures = Object.entries(report.figures).map(
    ([name, value]) =>
      `${name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${figureText(value)}`,
  );
  if (figures.length > 0) output.line(`  ${figures.join('; ')}`);
  output.line(
    `stored ${saved.inserted} new, ${saved.known} were known` +
      (saved.differing === 0
        ? ''
        : `, ${saved.differing} of them with other values (kept as they were)`),
  );
}

/** Runs one import a file, all in one session; the answer of several is a list. */
async function importEach(
  files: readonly string[],
  output: Output,
  one: (imports: Imports, file: string) => Promise<Report>,
): Promise<ExitCode> {
  const data = await openMarketData(await openSettings());
  const reports: Report[] = [];
  try {
    for (const file of files) {
      output.progress(`reading ${file} …`);
      const report = await one(data.imports, file);
      reports.push(report);
      printReport(report, output);
    }
    output.result(reports.length === 1 ? reports[0] : { files: reports });
    const useless = reports.filter(({ read, kept }) => read > 0 && kept === 0);
    for (const { file, read } of useless) {
      output.aside(`error: ${file}: found ${read} rows and kept none, expected some`);
    }
    return useless.length > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    await data.close();
  }
}

function need<T>(value: T | undefined, flag: string, expected: string): T {
  if (value !== undefined) return value;
  throw new UsageError(`${flag}: found nothing, expected ${expected}`);
}

function optionsOf(flags: FileFlags, file: string) {
  const { source, columns, isHeaderless } = flags;
  return { file, source, columns, isHeaderless };
}

/** `data import bars --market CN --timeframe 1d` and `data import index`. */
export async function runImportDaily(flags: DailyFlags, output: Output): Promise<ExitCode> {
  const basis =
    flags.kind === 'index'
      ? 'raw'
      : need(flags.basis, '--basis', 'raw, qfq or hfq: what the prices of the file are');
  const volume = need(flags.volume, '--volume', 'shares or lots: the unit of the volume column');
  const instrument: InstrumentId | null =
    flags.symbol === undefined ? null : instrumentOf(flags.symbol, 'CN', '--symbol');
  return importEach(flags.files, output, (imports, file) =>
    imports.daily(
      { ...optionsOf(flags, file), instrument, volume, amount: flags.amount },
      flags.kind,
      BASES[basis],
    ),
  );
}

/** `data import margin`. */
export function runImportMargin(
  flags: FileFlags & {
    readonly unit: (typeof MONEY)[number];
    readonly exchange: 'SSE' | 'SZSE' | 'BSE' | null;
    readonly day: string | null;
  },
  output: Output,
): Promise<ExitCode> {
  const { unit, exchange, day } = flags;
  return importEach(flags.files, output, (imports, file) =>
    imports.margin({ ...optionsOf(flags, file), unit, exchange, day }),
  );
}

/** `data import sectors` and `data import securities`. */
export function runImportList(
  kind: 'sectors' | 'securities',
  flags: FileFlags & { readonly asOf: string },
  output: Output,
): Promise<ExitCode> {
  return importEach(flags.files, output, (imports, file) =>
    imports[kind](optionsOf(flags, file), flags.asOf),
  );
}

/** `data import ex-dates`. */
export function runImportExDates(
  flags: FileFlags & { readonly per: 'share' | 'ten' },
  output: Output,
): Promise<ExitCode> {
  return importEach(flags.files, output, (imports, file) =>
    imports.exDates({ ...optionsOf(flags, file), per: flags.per }),
  );
}

/** `data import pools`. */
export function runImportPools(
  flags: FileFlags & {
    readonly kind: PoolKindCn;
    readonly day: string | null;
    readonly seenAt: number | null;
  },
  output: Output,
): Promise<ExitCode> {
  return importEach(flags.files, output, (imports, file) =>
    imports.pools({ ...optionsOf(flags, file), day: flags.day }, flags.kind, flags.seenAt),
  );
}

/** `data import figures`. */
export function runImportFigures(
  flags: FileFlags & {
    readonly dataset: string;
    readonly day: string | null;
    readonly fields: Readonly<Record<string, string>>;
  },
  output: Output,
): Promise<ExitCode> {
  const { day, fields } = flags;
  return importEach(flags.files, output, (imports, file) =>
    imports.figures({ ...optionsOf(flags, file), day, fields }, flags.dataset),
  );
}
