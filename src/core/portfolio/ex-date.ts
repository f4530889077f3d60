import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { roundToTick } from '#core/market/price.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

const TICK = 0.01;

/**
 * Terms of a Chinese ex-date per share held: cash in yuan before tax, new shares by bonus or
 * transfer (10 送转 5 is 0.5), and rights offered (10 配 3 is 0.3) at a price. Rights count for the
 * price only: shares come when the operator subscribes.
 */
export type ExTerms = {
  readonly exDate: TradingDay;
  readonly cashPerShare: number;
  readonly newSharesPerShare: number;
  readonly rightsPerShare: number;
  readonly rightsPrice: number;
};

/** What is restated; prices in yuan per share. */
export type ExBasis = {
  readonly quantity: number;
  readonly entryPrice: number;
  readonly stop: number;
  readonly firstTarget: number;
  readonly secondTarget: number;
  readonly peakPrice: number;
};

/** What confirms the terms on the morning of the ex-date. */
export type ExConfirmation = {
  /** Raw close of the day before; null unknown. */
  readonly lastClose: number | null;
  /** Official previous close of the ex-date (adjusted by the exchange); null unknown. */
  readonly officialPreviousClose: number | null;
};

/**
 * `restated`: the position on the new basis, with the cash due and the shares that come.
 * `held`: the terms are not confirmed, so the stop of the symbol is held and a person is told.
 */
export type ExAnswer =
  | {
      readonly kind: 'restated';
      readonly basis: ExBasis;
      readonly newShares: number;
      /** Cash before tax, yuan. */
      readonly cash: number;
    }
  | { readonly kind: 'held'; readonly reason: Reason };

/** What is known on a morning of one held name: its terms, if it goes ex, and both closes. */
export type ExDateFacts = ExConfirmation & {
  readonly instrument: InstrumentId;
  readonly terms: ExTerms | null;
};

/**
 * Judges one morning of one held name. Without terms and with a previous close that is the last close,
 * to a tick, it is no ex-date (`none`). Everything else follows `restateOnExDate`: what the exchange's
 * own close does not confirm is held, rights that nobody announced included.
 */
export function judgeExDate(
  basis: ExBasis,
  facts: ExDateFacts,
): ExAnswer | { readonly kind: 'none' } {
  const { terms, lastClose, officialPreviousClose } = facts;
  if (terms === null && lastClose !== null && officialPreviousClose !== null) {
    if (Math.abs(lastClose - officialPreviousClose) <= TICK + 1e-9) return { kind: 'none' };
    const figures = { lastClose, previousClose: officialPreviousClose, terms: 'unknown' };
    return { kind: 'held', reason: reason('ex_date_unknown', figures) };
  }
  return restateOnExDate(basis, terms, facts);
}

/** A price of the day before on the basis of the ex-date: (price − cash + rights) / shares. */
export function exPrice(price: number, terms: ExTerms): number {
  const { cashPerShare, newSharesPerShare, rightsPerShare, rightsPrice } = terms;
  const shares = 1 + newSharesPerShare + rightsPerShare;
  return (price - cashPerShare + rightsPerShare * rightsPrice) / shares;
}

function areUsable(terms: ExTerms): boolean {
  const { cashPerShare, newSharesPerShare, rightsPerShare, rightsPrice } = terms;
  return [cashPerShare, newSharesPerShare, rightsPerShare, rightsPrice].every(
    (value) => Number.isFinite(value) && value >= 0,
  );
}

/**
 * Restates a position on an ex-date. The terms are confirmed by the exchange's own previous close:
 * it must be the ex-price of yesterday's close to within one tick. Without terms, without that
 * close or when they differ, nothing is restated and the answer says so: a stop judged on the old
 * basis would sell a dividend. New shares are rounded down to whole ones, prices to the tick; the
 * cost per share keeps four decimals.
 */
export function restateOnExDate(
  basis: ExBasis,
  terms: ExTerms | null,
  confirmation: ExConfirmation,
): ExAnswer {
  const held = (figures: Reason['figures']): ExAnswer => ({
    kind: 'held',
    reason: reason('ex_date_unknown', figures),
  });
  if (terms === null || !areUsable(terms)) return held({ terms: 'unknown' });
  const { lastClose, officialPreviousClose } = confirmation;
  if (lastClose === null || officialPreviousClose === null) {
    return held({ exDate: terms.exDate, previousClose: 'unknown' });
  }
  const expected = exPrice(lastClose, terms);
  if (!(Math.abs(expected - officialPreviousClose) <= TICK + 1e-9)) {
    return held({ exDate: terms.exDate, expected, found: officialPreviousClose });
  }
  const price = (value: number) => roundToTick(exPrice(value, terms), TICK, 'nearest');
  const newShares = Math.floor(basis.quantity * terms.newSharesPerShare + 1e-9);
  return {
    kind: 'restated',
    basis: {
      quantity: basis.quantity + newShares,
      entryPrice: Math.round(exPrice(basis.entryPrice, terms) * 10_000) / 10_000,
      stop: price(basis.stop),
      firstTarget: price(basis.firstTarget),
      secondTarget: price(basis.secondTarget),
      peakPrice: price(basis.peakPrice),
    },
    newShares,
    cash: Math.round(basis.quantity * terms.cashPerShare * 100) / 100,
  };
}
