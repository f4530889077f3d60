import type { Session } from '#core/market/session.ts';
import { priceAgeMs } from '#core/market/trading-time.ts';
import type { MarketSnapshot, StockTable } from '#core/market/whole-market.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import type { Figure, FigureNote, Origin } from './figure.ts';
import { figure, noFigure, note, nowhere } from './figure.ts';

/** Half of the finest price step of a share: two prices nearer than this are the same price. */
const SAME_PRICE = 0.0005;

/**
 * Where one stock stands against its dated limits. `sealed_*`: at the limit and the other side of
 * the book is known to be empty. `at_*`: at the limit, book unknown or not empty. `touched_*`: the
 * limit was reached today and given up. `unknown`: no usable price or limit.
 */
export type LimitState =
  | 'sealed_up'
  | 'at_up'
  | 'touched_up'
  | 'sealed_down'
  | 'at_down'
  | 'touched_down'
  | 'between'
  | 'unknown';

/**
 * Limit state of stock `row`. A price that is not positive or lies outside its own limits is no
 * price: such rows occur in pools of a wrong day.
 */
export function limitStateOf(snapshot: MarketSnapshot, row: number): LimitState {
  const last = snapshot.last[row]!;
  const up = snapshot.limitUp[row]!;
  const down = snapshot.limitDown[row]!;
  const isUsable = last > 0 && up > down && last <= up + SAME_PRICE && last >= down - SAME_PRICE;
  if (!isUsable) return 'unknown';
  if (last > up - SAME_PRICE) return snapshot.ask[row] === 0 ? 'sealed_up' : 'at_up';
  if (last < down + SAME_PRICE) return snapshot.bid[row] === 0 ? 'sealed_down' : 'at_down';
  if (snapshot.high[row]! > up - SAME_PRICE) return 'touched_up';
  if (snapshot.low[row]! < down + SAME_PRICE) return 'touched_down';
  return 'between';
}

/**
 * Stocks at, sealed at and thrown back from their limits. `up` and `down` include the sealed ones;
 * sealed counts are null when no stock at that limit shows a book. `counted` is the universe the
 * counts are made in: neither ST, nor without a limit today, nor suspended, and with a usable price.
 */
export type LimitCounts = {
  readonly up: number;
  readonly down: number;
  readonly sealedUp: number | null;
  readonly sealedDown: number | null;
  readonly touchedUp: number;
  readonly touchedDown: number;
  readonly counted: number;
  /** Rows that belong to the universe but whose price or limit is not usable. */
  readonly missing: number;
};

/** True when the stock takes part in limit counts. */
export function isCounted(table: StockTable, row: number): boolean {
  return (
    !hasFlag(table, row, 'st') &&
    !hasFlag(table, row, 'noLimit') &&
    !hasFlag(table, row, 'suspended')
  );
}

/** Counts over a snapshot. Source: sector-pulse indicators, limit_up_count and limit_down_count. */
export function countLimits(table: StockTable, snapshot: MarketSnapshot): LimitCounts {
  const counts: Record<LimitState, number> = {
    sealed_up: 0,
    at_up: 0,
    touched_up: 0,
    sealed_down: 0,
    at_down: 0,
    touched_down: 0,
    between: 0,
    unknown: 0,
  };
  let booksUp = 0;
  let booksDown = 0;
  let universe = 0;
  for (let row = 0; row < table.instruments.length; row += 1) {
    if (!isCounted(table, row)) continue;
    universe += 1;
    const state = limitStateOf(snapshot, row);
    counts[state] += 1;
    if (state === 'sealed_up' || (state === 'at_up' && !Number.isNaN(snapshot.ask[row]!))) {
      booksUp += 1;
    }
    if (state === 'sealed_down' || (state === 'at_down' && !Number.isNaN(snapshot.bid[row]!))) {
      booksDown += 1;
    }
  }
  const up = counts.sealed_up + counts.at_up;
  const down = counts.sealed_down + counts.at_down;
  return {
    up,
    down,
    sealedUp: booksUp === up ? counts.sealed_up : null,
    sealedDown: booksDown === down ? counts.sealed_down : null,
    touchedUp: counts.touched_up,
    touchedDown: counts.touched_down,
    counted: universe - counts.unknown,
    missing: counts.unknown,
  };
}

/** `smoothed`: (up + 1) / (down + 1). `plain`: up / max(1, down). */
export type RatioFormula = 'smoothed' | 'plain';

/** Limit-up over limit-down count. */
export function limitRatio(up: number, down: number, formula: RatioFormula): number {
  return formula === 'smoothed' ? (up + 1) / (down + 1) : up / Math.max(1, down);
}

/** The figures made of limit counts. */
export type BreadthFigures = {
  readonly limitUp: Figure;
  readonly limitDown: Figure;
  readonly limitUpSealed: Figure;
  readonly limitDownSealed: Figure;
  readonly limitUpTouched: Figure;
  readonly limitDownTouched: Figure;
  readonly ratio: Figure;
  /** Stocks the counts are made of. */
  readonly universe: Figure;
};

/** What makes a snapshot usable. */
export type FreshnessParams = {
  /** The oldest quote used may be this old, breaks taken out. */
  readonly maxAgeMs: number;
  /** Breaks of the session: while nothing trades a quote does not grow old. */
  readonly breaks: Session['breaks'];
  /** Least share of the universe with a usable price. */
  readonly minCoverage: number;
};

/**
 * Why a snapshot may not be used at `at`: missing, of another day, from the future or too old;
 * null when it may.
 */
export function snapshotFault(
  snapshot: MarketSnapshot | null,
  table: StockTable,
  at: number,
  { maxAgeMs, breaks }: Pick<FreshnessParams, 'maxAgeMs' | 'breaks'>,
): FigureNote | null {
  if (snapshot === null) return note('no_data');
  if (snapshot.tradingDay !== table.tradingDay) {
    return note('wrong_day', { found: snapshot.tradingDay, expected: table.tradingDay });
  }
  const ageMs = priceAgeMs(breaks, snapshot.asOf, at);
  if (!(ageMs >= 0)) return note('from_future', { aheadMs: -ageMs });
  return ageMs <= maxAgeMs ? null : note('stale', { ageMs, limitMs: maxAgeMs });
}

function allUnknown(origin: Origin, why: FigureNote): BreadthFigures {
  const unknown = (name: string, unit: string) => noFigure(name, unit, origin, why);
  return {
    limitUp: unknown('limit_up_count', 'count'),
    limitDown: unknown('limit_down_count', 'count'),
    limitUpSealed: unknown('limit_up_sealed', 'count'),
    limitDownSealed: unknown('limit_down_sealed', 'count'),
    limitUpTouched: unknown('limit_up_touched', 'count'),
    limitDownTouched: unknown('limit_down_touched', 'count'),
    ratio: unknown('limit_up_down_ratio', 'ratio'),
    universe: unknown('limit_universe', 'count'),
  };
}

/**
 * Limit figures at `at`. All null when the snapshot may not be used or fewer than `minCoverage` of
 * its universe has a usable price; some missing rows make them degraded and are named.
 */
export function breadthFigures(
  table: StockTable,
  snapshot: MarketSnapshot | null,
  at: number,
  params: FreshnessParams & { readonly ratioFormula: RatioFormula },
): BreadthFigures {
  const fault = snapshotFault(snapshot, table, at, params);
  if (fault !== null || snapshot === null) {
    return allUnknown(snapshot ?? nowhere(at), fault ?? note('no_data'));
  }
  const counts = countLimits(table, snapshot);
  const universe = counts.counted + counts.missing;
  const missing = note('rows_missing', { missing: counts.missing, of: universe });
  if (!(counts.counted >= universe * params.minCoverage) || counts.counted === 0) {
    return allUnknown(snapshot, missing);
  }
  const origin = { ...snapshot, degraded: snapshot.degraded || counts.missing > 0 };
  const said =
    counts.missing > 0 ? missing : note('universe', { universe: table.universe, stocks: universe });
  const of = (name: string, value: number | null) =>
    value === null
      ? noFigure(name, 'count', snapshot, note('no_data', { column: 'book' }))
      : figure(name, value, 'count', origin, said);
  const ratio = limitRatio(counts.up, counts.down, params.ratioFormula);
  return {
    limitUp: of('limit_up_count', counts.up),
    limitDown: of('limit_down_count', counts.down),
    limitUpSealed: of('limit_up_sealed', counts.sealedUp),
    limitDownSealed: of('limit_down_sealed', counts.sealedDown),
    limitUpTouched: of('limit_up_touched', counts.touchedUp),
    limitDownTouched: of('limit_down_touched', counts.touchedDown),
    ratio: figure('limit_up_down_ratio', ratio, 'ratio', origin, said),
    universe: of('limit_universe', counts.counted),
  };
}
