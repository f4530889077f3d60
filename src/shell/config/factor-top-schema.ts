import type { z } from 'zod';
import { FACTORS } from '#core/factors/registry.ts';
import { bps, count, factor, fraction, listOf, money, oneOf, section } from './fields.ts';

/* Settings of a backtest of the strategy factor-top; what each means stands in docs/strategies/factor-top.md. */

const BOARDS = ['sse_main', 'szse_main', 'chinext', 'star', 'bse'] as const;
const [first = '', ...others] = FACTORS.map(({ name }) => name);

const parameters = section({
  top: count(1_000),
  bufferRatio: factor(100),
  everyDays: count(250),
  leastPrice: money(10_000),
  leastAmount: money(1_000_000_000_000),
  boards: listOf(oneOf(BOARDS), 'a list of boards'),
  factors: listOf(oneOf([first, ...others]), 'a list of factors'),
});

const execution = section({
  fillAt: oneOf(['open', 'close']),
  commissionRate: fraction(0.003),
  commissionMinimum: money(1_000),
  slippageBps: bps(1_000),
  volumeCapRatio: fraction(1),
  dividendTaxRatio: fraction(1),
});

const account = section({
  cash: money(1_000_000_000_000, 1_000),
  mostPositions: count(1_000).nullable(),
  mostWeightRatio: fraction(1),
});

export const factorTopFile = section({ parameters, execution, account });

export type FactorTopSettings = z.infer<typeof factorTopFile>;

/** What a backtest starts from. */
export const FACTOR_TOP_SETTINGS: FactorTopSettings = {
  parameters: {
    top: 20,
    bufferRatio: 1.5,
    everyDays: 5,
    leastPrice: 2,
    leastAmount: 50_000_000,
    boards: ['sse_main', 'szse_main', 'chinext', 'star'],
    factors: FACTORS.map(({ name }) => name),
  },
  execution: {
    fillAt: 'open',
    commissionRate: 0.00025,
    commissionMinimum: 5,
    slippageBps: 10,
    volumeCapRatio: 0.05,
    dividendTaxRatio: 0.2,
  },
  account: { cash: 1_000_000, mostPositions: null, mostWeightRatio: 0.1 },
};
