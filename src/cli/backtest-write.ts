import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { openBacktest } from '#compose-backtest';
import {
  curvesOfLayer,
  equityCsv,
  type LayerResult,
  type RegimeResult,
  regimeCsv,
  summaryCsv,
  sweepCsv,
  tradesCsv,
} from './backtest-files.ts';
import { type ReportFacts, reportText } from './backtest-report.ts';
import type { Output } from './output.ts';

type Tools = Awaited<ReturnType<typeof openBacktest>>;

/** Writes files into a folder, null: left out; answers their names. */
export function writeFiles(
  out: string,
  files: Readonly<Record<string, string | Uint8Array | null>>,
): string[] {
  mkdirSync(out, { recursive: true });
  const written = Object.entries(files).filter(([, text]) => text !== null);
  for (const [name, content] of written) writeFileSync(join(out, name), content ?? '');
  return written.map(([name]) => name);
}

/** What `--json` and run.json tell of a run. */
export function summaryOf(report: ReportFacts, layers: readonly LayerResult[]) {
  return {
    ...report,
    layers: layers.map(({ layer, outcome, rows, folds, deflated }) => {
      const { trades, equity: _, log: __, ...counts } = outcome;
      return { layer, ...counts, trades: trades.length, rows, folds, deflated };
    }),
  };
}

/** Equity and R of each layer that traded, by file; what cannot be drawn is said and left out. */
export async function drawLayers(
  strategy: string,
  tools: Pick<Tools, 'draw'>,
  desk: Parameters<Tools['draw']>[2],
  layers: readonly LayerResult[],
  output: Output,
): Promise<Record<string, Uint8Array>> {
  const traded = layers.filter(({ outcome }) => outcome.trades.length > 0);
  const drawn = await tools.draw(
    traded.map((layer) => curvesOfLayer(layer, strategy)),
    (cause) => output.aside(`curves not drawn: ${cause}`),
    desk,
  );
  return Object.fromEntries(
    traded.flatMap(({ layer }, place) => {
      const png = drawn[place] ?? null;
      return png === null ? [] : [[`curves_${layer}.png`, png]];
    }),
  );
}

/** Writes everything a backtest found into a folder; answers the names of the files. */
export function writeBacktest(
  out: string,
  report: ReportFacts,
  data: readonly unknown[],
  played: { readonly layers: readonly LayerResult[]; readonly sets: readonly string[] },
  regimes: RegimeResult | null,
  pictures: Readonly<Record<string, Uint8Array>>,
): string[] {
  const { layers } = played;
  const hasTrades = layers.length > 0;
  const run = {
    ...summaryOf(report, layers),
    data,
    tried: { count: played.sets.length, sets: played.sets },
  };
  return writeFiles(out, {
    'regime_daily.csv': regimes === null ? null : regimeCsv(regimes.rows),
    'trades.csv': hasTrades ? tradesCsv(layers, 'America/New_York') : null,
    'summary_by_regime.csv': hasTrades ? summaryCsv(layers) : null,
    'equity.csv': hasTrades ? equityCsv(layers) : null,
    'sweep.csv': report.sweep.length > 0 ? sweepCsv(report.sweep) : null,
    ...pictures,
    'report.md': reportText(report, regimes, layers, Object.keys(pictures)),
    'run.json': `${JSON.stringify(run, null, 2)}\n`,
  });
}
