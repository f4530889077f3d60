import { invariant } from '#core/lib/assert.ts';
import type { BoardCn } from './board-cn.ts';
import { minor } from './money.ts';
import { CN_FEES_FROM, feeRatesOn } from './rules-cn.ts';
import type { TradingDay } from './trading-day.ts';

/**
 * What the broker takes: a fraction of the turnover (0.00025 is 0.025 %; at most 0.003), and the
 * least it takes for an order in fen (500 at most brokers, 0 where it is waived). Exchange
 * handling and regulatory fees are inside, as brokers quote it.
 */
export type CommissionCn = { readonly rate: number; readonly minimumMinor: number };

/** One part of a fee in whole fen. */
export type FeeLineCn = {
  readonly name: 'commission' | 'stamp_duty' | 'transfer_fee';
  readonly dueMinor: number;
};

/** What an order costs, in fen. */
export type FeesCn = {
  /** To charge now: what is due on the order so far less what was charged for it. */
  readonly totalMinor: number;
  /** Due on the order so far. */
  readonly dueMinor: number;
  /** Parts of what is due that are not zero. */
  readonly lines: readonly FeeLineCn[];
};

/** Most a broker may take (0.3 % of the turnover). */
const MOST_COMMISSION = 0.003;
const RATE_UNITS = 100_000_000n;
/** Turnover is counted in 1e-4 yuan, of which a fen has a hundred. */
const UNITS_PER_MINOR = 100n;

/** Turnover × rate in whole fen, rounded half up. `rate` in 1e-8. */
function share(turnoverUnits: bigint, rate: number): number {
  const scale = RATE_UNITS * UNITS_PER_MINOR;
  return Number((turnoverUnits * BigInt(rate) * 2n + scale) / (scale * 2n));
}

/**
 * Fees of a Chinese order in whole fen, in integers throughout, each part rounded half up by
 * itself. `quantity` shares at average `price` describe the order so far and
 * `alreadyChargedMinor` what earlier calls charged for it (partial fills), so the minimum counts
 * once an order. Stamp duty falls on sales; funds pay neither it nor the transfer fee. Throws
 * InvariantError before {@link CN_FEES_FROM} and for a commission outside its bounds.
 */
export function computeFeesCn(input: {
  readonly board: BoardCn;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly tradedOn: TradingDay;
  readonly commission: CommissionCn;
  readonly alreadyChargedMinor?: number;
}): FeesCn {
  const { board, side, quantity, price, tradedOn, commission } = input;
  invariant(
    Number.isSafeInteger(quantity) && quantity >= 0,
    `quantity: found ${quantity}, expected a whole number of shares, 0 or more`,
  );
  invariant(
    commission.rate >= 0 && commission.rate <= MOST_COMMISSION,
    `commission: found ${commission.rate}, expected 0 … ${MOST_COMMISSION} of the turnover`,
  );
  const least = minor(commission.minimumMinor, 'least commission');
  invariant(least >= 0, `least commission: found ${least}, expected 0 or more`);
  const already = minor(input.alreadyChargedMinor ?? 0, 'already charged');
  if (quantity === 0) return { totalMinor: 0, dueMinor: 0, lines: [] };
  const rates = feeRatesOn(board, tradedOn);
  invariant(rates !== null, `cn fees: found ${tradedOn}, expected a day from ${CN_FEES_FROM} on`);
  // Prices have at most four decimals, so the product of an average price is whole but for noise.
  const turnover = BigInt(minor(Math.round(price * quantity * 10_000), 'turnover'));
  const broker = share(turnover, Math.round(commission.rate * Number(RATE_UNITS)));
  const all: FeeLineCn[] = [
    { name: 'commission', dueMinor: Math.max(broker, least) },
    { name: 'stamp_duty', dueMinor: side === 'sell' ? share(turnover, rates.stampSell) : 0 },
    { name: 'transfer_fee', dueMinor: share(turnover, rates.transfer) },
  ];
  const lines = all.filter((line) => line.dueMinor > 0);
  const dueMinor = minor(
    lines.reduce((sum, line) => sum + line.dueMinor, 0),
    'fees',
  );
  return { totalMinor: Math.max(0, dueMinor - already), dueMinor, lines };
}
