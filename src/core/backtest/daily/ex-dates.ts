import { addMinor, scaleMinor } from '#core/market/money.ts';
import { type ExTerms, judgeExDate } from '#core/portfolio/ex-date.ts';
import type { SimulatedAccount, SimulatedPosition } from '#core/simulation/account.ts';
import { closeBefore, type DailyMarketCn, hasBar, isUnbroken, termsSince } from './market.ts';

/**
 * What an ex-date did to a holding. `confirmed`: known terms that the exchange's own previous close
 * bears out; `unconfirmed`: known terms, nothing to hold them against; `inferred`: no terms that fit,
 * the fall of the previous close taken as cash; `unexplained`: a previous close that cash cannot
 * explain, nothing was booked.
 */
export type ExBooking = {
  readonly row: number;
  readonly day: number;
  readonly kind: 'confirmed' | 'unconfirmed' | 'inferred' | 'unexplained';
  readonly newShares: number;
  /** Cash booked after tax, and the tax taken off before. */
  readonly cashMinor: number;
  readonly taxMinor: number;
};

const TICK = 0.01;
/** A larger fall of a previous close is no dividend. */
const LARGEST_FALL = 0.8;

type Change = {
  readonly kind: ExBooking['kind'];
  readonly newShares: number;
  /** Yuan before tax. */
  readonly cash: number;
};

const NOTHING: Change = { kind: 'unexplained', newShares: 0, cash: 0 };

/** A previous close that no terms explain: what fell is taken as cash, so that no money is lost or made. */
function changeOfFall(quantity: number, before: number, official: number): Change {
  const fall = before - official;
  if (!(fall > 0) || fall > before * LARGEST_FALL) return NOTHING;
  return { kind: 'inferred', newShares: 0, cash: Math.round(fall * quantity * 100) / 100 };
}

function basisOf({ quantity, averagePrice: entryPrice }: SimulatedPosition) {
  const zero = { stop: 0, firstTarget: 0, secondTarget: 0, peakPrice: 0 };
  return { quantity, entryPrice, ...zero };
}

function unconfirmed(quantity: number, all: readonly ExTerms[]): Change {
  let [shares, cash] = [quantity, 0];
  for (const terms of all) {
    cash += Math.round(shares * terms.cashPerShare * 100) / 100;
    shares += Math.floor(shares * terms.newSharesPerShare + 1e-9);
  }
  return { kind: 'unconfirmed', newShares: shares - quantity, cash };
}

/** What the morning of `day` does to a holding; null: nothing. */
function changeOn(
  market: DailyMarketCn,
  row: number,
  day: number,
  held: SimulatedPosition,
): Change | null {
  const own = market.terms.get(row * market.days + day) ?? null;
  const stated = market.panel.previousClose[row * market.days + day]!;
  const before = closeBefore(market, row, day);
  const wasYesterday = day > 0 && hasBar(market, row, day - 1);
  // after days without a bar a stated close spans what was booked on them
  const isLinked = wasYesterday && isUnbroken(market, row, day) && stated > 0 && before !== null;
  if (!isLinked) return own === null ? null : unconfirmed(held.quantity, [own]);
  const [lastClose, officialPreviousClose] = [before, stated];
  const instrument = market.panel.instruments[row]!;
  const facts = { instrument, terms: own, lastClose, officialPreviousClose };
  const answer = judgeExDate(basisOf(held), facts);
  if (answer.kind === 'none') return null;
  if (answer.kind === 'held') return changeOfFall(held.quantity, before, stated);
  return { kind: 'confirmed', newShares: answer.newShares, cash: answer.cash };
}

/**
 * Books what goes ex on the morning of `day` for everything that is held: new shares may be sold at
 * once, cash is there after tax. Offered rights are not taken up: their part of the fall is lost.
 * Answers what was booked.
 */
export function bookExDates(
  market: DailyMarketCn,
  day: number,
  account: SimulatedAccount,
  rows: Iterable<number>,
  taxRatio: number,
): ExBooking[] {
  const booked: ExBooking[] = [];
  for (const row of rows) {
    const instrument = market.panel.instruments[row]!;
    const held = account.positions.get(instrument);
    const change = held === undefined ? null : changeOn(market, row, day, held);
    if (held === undefined || change === null) continue;
    const gross = Math.round(change.cash * 100);
    const taxMinor = scaleMinor(gross, taxRatio);
    const quantity = held.quantity + change.newShares;
    const averagePrice = (held.averagePrice * held.quantity) / quantity;
    account.positions.set(instrument, { ...held, quantity, averagePrice });
    account.cashMinor = addMinor(account.cashMinor, gross - taxMinor);
    const { kind, newShares } = change;
    booked.push({ row, day, kind, newShares, cashMinor: gross - taxMinor, taxMinor });
  }
  return booked;
}

/** Yuan a share was worth before, on the basis of `day`; its newest close where nothing went ex. */
export function worthBefore(market: DailyMarketCn, row: number, day: number): number | null {
  const before = closeBefore(market, row, day);
  if (before === null) return null;
  const all = termsSince(market, row, day);
  let worth = before;
  for (const { cashPerShare, newSharesPerShare } of all)
    worth = (worth - cashPerShare) / (1 + newSharesPerShare);
  return Math.max(TICK, worth);
}
