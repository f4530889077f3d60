import type { DailyFiles } from '#compose-daily';
import type { DailyMarketFacts } from '#core/backtest/daily/market.ts';
import type { Factor } from '#core/factors/registry.ts';
import type { MONEY, VOLUME } from './arguments.ts';
import type { SettingValue } from './backtest-settings.ts';
import { UsageError } from './exit-code.ts';

/** Strategies of daily bars. */
export const DAILY_STRATEGIES = ['factor-top'] as const;

const BASES = { raw: 'raw', qfq: 'forward_adjusted', hfq: 'backward_adjusted' } as const;
export const BASIS_NAMES = ['raw', 'qfq', 'hfq'] as const;

export type DailyArguments = {
  readonly strategy: string;
  readonly files: readonly string[];
  readonly isStore: boolean;
  readonly symbols: readonly string[];
  readonly basis: keyof typeof BASES | undefined;
  readonly volume: (typeof VOLUME)[number] | undefined;
  readonly amount: (typeof MONEY)[number];
  readonly exDates: string | undefined;
  readonly per: 'share' | 'ten' | undefined;
  readonly securities: string | undefined;
  readonly index: string | undefined;
  readonly benchmark: string | undefined;
  readonly from: string | null;
  readonly to: string | null;
  readonly settings: Readonly<Record<string, SettingValue>>;
  readonly sweeps: readonly (readonly [string, readonly number[]])[];
  readonly isLookaheadChecked: boolean;
  readonly seed: number;
  readonly out: string;
};

function need<T>(value: T | undefined, flag: string, expected: string): T {
  if (value !== undefined) return value;
  throw new UsageError(`${flag}: found nothing, expected ${expected}`);
}

/** Refuses what a daily strategy has no use for, and what contradicts itself. */
export function checkDailyArguments(
  given: DailyArguments,
  unused: readonly (readonly [string, boolean])[],
): void {
  const { strategy, files, isStore } = given;
  const stray = unused.find(([, isGiven]) => isGiven)?.[0];
  if (stray !== undefined)
    throw new UsageError(`${stray}: found with ${strategy}, expected only with vwap-reclaim`);
  if (isStore === files.length > 0) {
    const found = isStore ? 'both' : 'neither';
    throw new UsageError(`backtest: found ${found}, expected --bars FILE or --store`);
  }
  const ofFiles = [
    ['--basis', given.basis],
    ['--volume', given.volume],
    ['--ex-dates', given.exDates],
    ['--securities', given.securities],
    ['--index', given.index],
  ] as const;
  const beside = isStore ? ofFiles.find(([, value]) => value !== undefined) : undefined;
  if (beside !== undefined)
    throw new UsageError(`${beside[0]}: found with --store, expected only with --bars`);
  if (!isStore && given.benchmark !== undefined)
    throw new UsageError('--benchmark: found with --bars, expected --index FILE');
  if (!isStore && given.symbols.length > 0)
    throw new UsageError(
      '--symbol: found with --bars, expected none: every share of the files is in',
    );
}

/** The files that arguments mean. Throws UsageError where what they hold is not said. */
export function filesOf(given: DailyArguments): DailyFiles {
  const { exDates, files } = given;
  const basis = need(given.basis, '--basis', 'raw, qfq or hfq: what the prices of the files are');
  const perWords = 'share or ten: what the terms of --ex-dates are stated for';
  if (basis !== 'raw' && exDates !== undefined)
    throw new UsageError(`--ex-dates: found with ${basis}, expected only with --basis raw`);
  return {
    bars: files,
    basis: BASES[basis],
    volume: need(given.volume, '--volume', 'shares or lots: the unit of the volume column'),
    amount: given.amount,
    exDates:
      exDates === undefined ? null : { file: exDates, per: need(given.per, '--per', perWords) },
    standings: given.securities ?? null,
    index: given.index ?? null,
  };
}

const FIELD_WORDS = { amount: 'turnover in yuan', floatShares: 'float shares or turnover rate' };

/** Refuses factors of columns that the bars do not have. */
export function checkFields(factors: readonly Factor[], facts: DailyMarketFacts): void {
  const has = {
    amount: facts.panel.amount.some((value) => value > 0),
    floatShares: facts.floatShares !== null,
  };
  for (const field of ['amount', 'floatShares'] as const) {
    const need = factors.filter(({ needs }) => needs?.includes(field));
    if (has[field] || need.length === 0) continue;
    const rest = factors.filter(({ needs = [] }) => !needs.some((one) => !has[one as 'amount']));
    throw new UsageError(
      `backtest: found no ${FIELD_WORDS[field]} in the bars, which ${need.map(({ name }) => name).join(', ')} need; expected the column, or --set parameters.factors=${rest.map(({ name }) => name).join(',')}`,
    );
  }
}
