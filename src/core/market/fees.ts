import { invariant } from '#core/lib/assert.ts';
import { minor, priceUnits } from './money.ts';
import { usFeeRates } from './rules-us.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * Commission model. `alpaca`: none. `ibkr_fixed`: 0.005 a share, at least 1.00, at most 1 % of the
 * trade. `ibkr_tiered`: 0.0035 a share of the first tier, at least 0.35, at most 1 %; exchange and
 * clearing fees that the broker passes through on top are not modelled.
 */
export type CommissionModel = 'alpaca' | 'ibkr_fixed' | 'ibkr_tiered';

/** One part of a fee. `microMinor` is exact, in millionths of a cent. */
export type FeeLine = {
  readonly name: 'commission' | 'section_31' | 'taf' | 'cat';
  readonly microMinor: number;
};

/** What an order costs. */
export type Fees = {
  /** To charge now, whole cents: what is due on the order so far less what was charged for it. */
  readonly totalMinor: number;
  /** Due on the order so far, whole cents, rounded up. */
  readonly dueMinor: number;
  readonly lines: readonly FeeLine[];
};

const MICROS = 1_000_000;
const MODELS = {
  alpaca: { perShare: 0, least: 0, mostMicrosPerUnit: 0 },
  ibkr_fixed: { perShare: 500_000, least: 100 * MICROS, mostMicrosPerUnit: 100 },
  ibkr_tiered: { perShare: 350_000, least: 35 * MICROS, mostMicrosPerUnit: 100 },
} as const;

/** units × cents per million dollars, in millionths of a cent, rounded up: units are 1e-4 dollars. */
function section31Micros(units: number, centsPerMillion: number): number {
  const product = BigInt(units) * BigInt(centsPerMillion);
  return Number((product + 9_999n) / 10_000n);
}

/**
 * Fees of a US order in whole cents, in integers throughout. `quantity` shares at average `price`
 * describe the order so far; `alreadyChargedMinor` is what earlier calls charged for the same
 * order (partial fills), so that a minimum or a cap counts once. Section 31 and TAF fall on sales,
 * CAT on both sides; the sum is rounded up to a cent once per order, as brokers do at most.
 */
export function computeFeesUs(input: {
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly tradedOn: TradingDay;
  readonly model: CommissionModel;
  readonly alreadyChargedMinor?: number;
}): Fees {
  const { side, quantity, price, tradedOn, model } = input;
  invariant(
    Number.isSafeInteger(quantity) && quantity >= 0,
    `quantity: found ${quantity}, expected a whole number of shares, 0 or more`,
  );
  const already = minor(input.alreadyChargedMinor ?? 0, 'already charged');
  if (quantity === 0) return { totalMinor: 0, dueMinor: 0, lines: [] };
  const units = minor(priceUnits(price) * quantity, 'notional');
  const rates = usFeeRates(tradedOn);
  const { perShare, least, mostMicrosPerUnit } = MODELS[model];
  // 1e-4 dollars are 10,000 millionths of a cent; 1 % of that is 100.
  const most = units * mostMicrosPerUnit;
  const commission = Math.min(Math.max(perShare * quantity, least), most);
  const isSale = side === 'sell';
  const taf = Math.min(rates.tafMicrosPerShare * 100 * quantity, rates.tafMaxMinor * MICROS);
  const all: FeeLine[] = [
    { name: 'commission', microMinor: commission },
    {
      name: 'section_31',
      microMinor: isSale ? section31Micros(units, rates.section31CentsPerMillion) : 0,
    },
    { name: 'taf', microMinor: isSale ? taf : 0 },
    { name: 'cat', microMinor: rates.catMicrosPerShare * 100 * quantity },
  ];
  const lines = all.filter((line) => line.microMinor > 0);
  const micros = lines.reduce((sum, line) => sum + minor(line.microMinor, line.name), 0);
  const dueMinor = Math.ceil(minor(micros, 'fees') / MICROS);
  return { totalMinor: Math.max(0, dueMinor - already), dueMinor, lines };
}
