import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunResult } from '#shell/runner/run-result.ts';
import { runCli } from './cli.ts';
import { emptyFolder } from './replays.ts';
import { needsShared, sharedPath } from './shared-data.ts';

const BARS = ['data', 'cn', 'bars_15m'] as const;
const DAILY = ['data', 'cn', 'daily_qfq_15m_universe_2020_2025.csv.gz'] as const;
const MARGIN = ['data', 'cn', 'tushare', 'market_margin_to_20250331.csv.gz'] as const;
const INDUSTRY = ['data', 'cn', 'boards', 'stock_industry_map_2016.csv.gz'] as const;
const INDEXES = ['sh000001', 'sh000300'] as const;

/** Options of a test over the recorded A-shares of 2025: skips, naming what is missing. */
export const needsChina = needsShared(...BARS);

/** The recorded 15-minute bars there are; empty without the shared data. */
function barFiles(names: readonly string[]): string[] {
  return names.map((name) => join(sharedPath(...BARS) ?? '', name));
}

async function importing(dataDir: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['data', 'import', ...args], { dataDir });
  if (code !== 0) throw new Error(`import ${args[0]} ended with ${code}: ${stderr}`);
  return stdout;
}

/** A data folder with bars, daily bars, indexes, margin and industries; what the margin import said. */
export async function folderWithChina(files: readonly string[]): Promise<{
  readonly dataDir: string;
  readonly margin: string;
  remove(): void;
}> {
  const folder = emptyFolder();
  const { dataDir } = folder;
  const path = (...parts: readonly string[]) => sharedPath(...parts) ?? '';
  const form = ['--zone', 'Asia/Shanghai', '--label', 'end'];
  const bars = ['bars', '--market', 'CN', '--timeframe'];
  await importing(dataDir, ...bars, '15m', ...form, '--file', ...barFiles(files));
  const qfq = ['--volume', 'shares', '--basis', 'qfq', '--source', 'recorded'];
  await importing(dataDir, ...bars, '1d', ...qfq, '--file', path(...DAILY));
  const indexes = INDEXES.map((name) =>
    path('data', 'cn', 'index_daily', `${name}_to_2025-12-31.csv.gz`),
  );
  await importing(dataDir, 'index', '--volume', 'lots', '--file', ...indexes);
  const margin = await importing(
    dataDir,
    'margin',
    '--source',
    'tushare',
    '--file',
    path(...MARGIN),
  );
  await importing(dataDir, 'sectors', '--as-of', '2016-01-04', '--file', path(...INDUSTRY));
  return { dataDir, margin, remove: folder.remove };
}

/** Plays recorded A-share days with a rule that confirms, at full speed; what the person saw is `shown`. */
export async function replayChina(
  dataDir: string,
  days: string,
  book: string | null = null,
): Promise<RunResult & { readonly shown: string }> {
  const what = ['start', '--replay', days, '--profile', 'replay-cn', '--desk', 'cn-sector-pulse'];
  const how = ['--operator', 'confirm', '--speed', 'max', '--exit', '--json'];
  const file = join(dataDir, 'book.yaml');
  if (book !== null) writeFileSync(file, book);
  const args = [...what, ...how, ...(book === null ? [] : ['--book', file])];
  const { code, stdout, stderr } = await runCli(args, { dataDir });
  if (code !== 0) throw new Error(`replay ended with ${code}: ${stderr.slice(-2000)}`);
  return { ...(JSON.parse(stdout) as RunResult), shown: stderr };
}
