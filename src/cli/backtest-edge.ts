import type { LabelPrecision, MeasuredEdge } from '#core/risk/edge.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { LayerResult, RegimeResult } from './backtest-files.ts';
import { UsageError } from './exit-code.ts';

/** What `--for-desk` needs: the desk's own symbols and settings, and the layers that measure. */
export function checkForDesk(given: {
  readonly deskId: string;
  readonly layers: string;
  readonly symbols: readonly string[];
  readonly deskSymbols: readonly string[];
  readonly settings: readonly string[];
}): void {
  const { deskId, layers, symbols, deskSymbols, settings } = given;
  const place = `--for-desk ${deskId}`;
  if (!layers.includes('a') || !layers.includes('c'))
    throw new UsageError(`${place}: found --layers ${layers}, expected a and c, which measure`);
  const [found, expected] = [symbols, deskSymbols].map((names) => [...names].sort().join(', '));
  if (found !== expected)
    throw new UsageError(`${place}: found symbols ${found}, expected the desk's: ${expected}`);
  const changed = settings.find((key) => !key.startsWith('execution.'));
  if (changed !== undefined)
    throw new UsageError(`${place}: found --set ${changed}, expected the desk's own settings`);
}

const LOOK = /^(\d{2}):(\d{2})$/;
const OPENS_AT = 9 * 60 + 30;

/** Results of layer C by day type and how often the live labels were right, as a desk's tickets show them. */
export function edgeOf(
  span: { readonly from: string; readonly to: string },
  layers: readonly LayerResult[],
  regimes: RegimeResult,
): Omit<MeasuredEdge, 'id'> {
  const execution = layers.find(({ layer }) => layer === 'C');
  const rows = execution?.rows.flatMap(({ regime, figures, interval }) => {
    if (figures.averageR === null || interval === null) return [];
    const { trades, averageR: meanR } = figures;
    const dayType = regime as DayType | 'all';
    return [{ dayType, trades, meanR, lowR: interval.low, highR: interval.high }];
  });
  const precision = regimes.againstClose.flatMap(({ at, scores }): LabelPrecision[] => {
    const [, hour, minutes] = LOOK.exec(at) ?? [];
    const minute = Number(hour) * 60 + Number(minutes) - OPENS_AT;
    return scores.classes
      .filter(({ label, predicted }) => predicted > 0 && isJudged(label))
      .map(({ label, predicted: said, right }) => ({
        ...{ minute, said, right },
        dayType: label as DayType,
      }));
  });
  return { from: span.from, to: span.to, rows: rows ?? [], precision };
}

/** Labels that the close gives too: of the others nobody can say that they were right. */
const isJudged = (label: string): boolean => label.startsWith('trend') || label === 'range';
