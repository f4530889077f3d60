import { invariant } from '#core/lib/assert.ts';
import { createSorter, type Sorter, sortValues, winsorizedRanks } from './cross-section.ts';
import type { FactorPanel } from './panel.ts';
import type { Factor } from './registry.ts';
import { createStock, takeStock } from './stock-series.ts';

/** What is asked of a panel. */
export type ScoreQuery = {
  readonly factors: readonly Factor[];
  /** First day that is scored; the days before it are history. */
  readonly firstDay: number;
  /** Stocks that are named of each day. */
  readonly top: number;
};

/**
 * Scores of the days from `firstDay` on: of stock i on the k-th of them at `k * stocks + i`, NaN
 * where a factor is not known. `top` holds, for each of these days, the rows of the stocks with the
 * highest scores, highest first, equal ones in the panel's order; −1 when there are not so many.
 */
export type FactorScores = {
  readonly firstDay: number;
  readonly stocks: number;
  readonly scores: Float64Array;
  readonly top: readonly Int32Array[];
};

/** Days and stocks that are turned at a time, so that both sides stay near. */
const BLOCK = 32;

/** Factors that are held by stock at a time: a stock is taken up once for all of them. */
const HELD = 5;

type Cells = { readonly cells: Float64Array; readonly rows: readonly Float64Array[] };

function rowsOf(cells: Float64Array, stocks: number, days: number): Cells {
  const row = (at: number) => cells.subarray(at * days, (at + 1) * days);
  return { cells, rows: Array.from({ length: stocks }, (_, at) => row(at)) };
}

/** Turns cells by stock into cells by day, of the days from `firstDay` on. */
function turn(
  byStock: Float64Array,
  days: number,
  firstDay: number,
  stocks: number,
  byDay: Float64Array,
): void {
  for (let blockRow = 0; blockRow < stocks; blockRow += BLOCK) {
    const lastRow = Math.min(stocks, blockRow + BLOCK);
    for (let blockDay = firstDay; blockDay < days; blockDay += BLOCK) {
      const lastDay = Math.min(days, blockDay + BLOCK);
      for (let d = blockDay; d < lastDay; d += 1) {
        const to = (d - firstDay) * stocks;
        for (let row = blockRow; row < lastRow; row += 1)
          byDay[to + row] = byStock[row * days + d]!;
      }
    }
  }
}

/** Adds the ranks of one factor to the sums of every day. */
function addRanks(
  sorter: Sorter,
  byDay: Float64Array,
  stocks: number,
  sign: number,
  ranks: Float64Array,
  sums: Float64Array,
): void {
  for (let from = 0; from < byDay.length; from += stocks) {
    winsorizedRanks(sorter, byDay, from, stocks, ranks);
    // a rank that is not known makes the whole score unknown
    for (let i = 0; i < stocks; i += 1) sums[from + i] = sums[from + i]! + sign * ranks[i]!;
  }
}

function topOf(
  sorter: Sorter,
  scores: Float64Array,
  from: number,
  stocks: number,
  top: number,
  turned: Float64Array,
): Int32Array {
  for (let i = 0; i < stocks; i += 1) turned[i] = -scores[from + i]!;
  const count = sortValues(sorter, turned, 0, stocks);
  const rows = new Int32Array(top).fill(-1);
  rows.set(sorter.order.subarray(0, Math.min(top, count)));
  return rows;
}

/** What a run over the factors shares. */
type Scoring = {
  readonly panel: FactorPanel;
  readonly factors: readonly Factor[];
  readonly firstDay: number;
  readonly sorter: Sorter;
  readonly ranks: Float64Array;
  readonly sums: Float64Array;
};

/** Some factors at a time of all days: by stock first, then turned to lie by day. */
function addAllDays({ panel, factors, firstDay, sorter, ranks, sums }: Scoring): void {
  const days = panel.days.length;
  const stocks = panel.instruments.length;
  const held = Array.from({ length: Math.min(HELD, factors.length) }, () =>
    rowsOf(new Float64Array(stocks * days), stocks, days),
  );
  const byDay = new Float64Array(sums.length);
  const stock = createStock(panel, firstDay);
  for (let first = 0; first < factors.length; first += HELD) {
    const some = factors.slice(first, first + HELD);
    for (let row = 0; row < stocks; row += 1) {
      takeStock(panel, row, stock);
      for (const [place, { compute }] of some.entries()) compute(stock, held[place]!.rows[row]!);
    }
    for (const [place, { sign }] of some.entries()) {
      turn(held[place]!.cells, days, firstDay, stocks, byDay);
      addRanks(sorter, byDay, stocks, sign, ranks, sums);
    }
  }
}

/** All factors of a few days: a stock is taken up once, and only the days that are asked for are kept. */
function addFewDays({ panel, factors, firstDay, sorter, ranks, sums }: Scoring): void {
  const days = panel.days.length;
  const stocks = panel.instruments.length;
  const byDay = factors.map(() => new Float64Array(sums.length));
  const stock = createStock(panel, firstDay);
  const values = new Float64Array(days);
  for (let row = 0; row < stocks; row += 1) {
    takeStock(panel, row, stock);
    for (let place = 0; place < factors.length; place += 1) {
      factors[place]!.compute(stock, values);
      const cells = byDay[place]!;
      for (let d = firstDay; d < days; d += 1) cells[(d - firstDay) * stocks + row] = values[d]!;
    }
  }
  for (const [place, { sign }] of factors.entries())
    addRanks(sorter, byDay[place]!, stocks, sign, ranks, sums);
}

/**
 * Scores every stock on every day: each factor winsorized and ranked over the stocks of the day, the
 * ranks added with the factors' signs and divided by their number. Nothing of a later day is read,
 * and what came before a factor's own history changes nothing: the last day of a long panel and of
 * the shortest one that reaches are the same to the last bit.
 */
export function scoreFactors(panel: FactorPanel, query: ScoreQuery): FactorScores {
  const { factors, firstDay, top } = query;
  const days = panel.days.length;
  const stocks = panel.instruments.length;
  invariant(firstDay >= 0 && firstDay <= days, `first day: found ${firstDay} of ${days}`);
  const scores = new Float64Array(stocks * (days - firstDay));
  const ranks = new Float64Array(stocks);
  const sorter = createSorter(stocks);
  const scoring: Scoring = { panel, factors, firstDay, sorter, ranks, sums: scores };
  const isFew = (days - firstDay) * factors.length <= HELD * days;
  if (isFew) addFewDays(scoring);
  else addAllDays(scoring);
  for (let at = 0; at < scores.length; at += 1) scores[at] = scores[at]! / factors.length;
  const named: Int32Array[] = [];
  for (let from = 0; from < scores.length; from += stocks)
    named.push(topOf(sorter, scores, from, stocks, top, ranks));
  return { firstDay, stocks, scores, top: named };
}
