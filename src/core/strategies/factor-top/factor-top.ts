import type { FactorScores } from '#core/factors/score.ts';
import type { BoardCn } from '#core/market/board-cn.ts';
import type { DailyDecision, DailySight, DailyStrategy } from '#core/strategies/daily-strategy.ts';

/** Parameters; what they start from stands in docs/strategies/factor-top.md. */
export type FactorTopParams = {
  /** Shares held at a time. */
  readonly top: number;
  /** A share is left when its rank is beyond `top` times this. */
  readonly bufferRatio: number;
  /** Ranks are judged for leaving on the first day and every so many days after; free places are filled on any. */
  readonly everyDays: number;
  /** Close below which a share is not entered, yuan. */
  readonly leastPrice: number;
  /** Mean turnover of 20 days below which it is not entered, yuan; 0: not asked. */
  readonly leastAmount: number;
  readonly boards: readonly BoardCn[];
  /** Most of the equity that a share is entered with, however few are held. */
  readonly mostWeightRatio: number;
};

/** What the strategy is made from: every stock by score on each day, as `scoreFactors` answers, and boards by row. */
export type FactorTopInputs = {
  readonly scores: Pick<FactorScores, 'firstDay' | 'top'>;
  readonly boards: readonly (BoardCn | null)[];
  /** Days of history that the factors need. */
  readonly history: number;
};

const AMOUNT_DAYS = 20;

function meanAmount(sight: DailySight, row: number): number {
  let sum = 0;
  for (let back = 0; back < AMOUNT_DAYS; back += 1) sum += sight.value('amount', row, back);
  return sum / AMOUNT_DAYS;
}

/** Whether a share may be entered at all: known and normal status, board, price, turnover. */
function mayEnter(
  sight: DailySight,
  row: number,
  inputs: FactorTopInputs,
  params: FactorTopParams,
) {
  const board = inputs.boards[row];
  if (board === null || board === undefined || !params.boards.includes(board)) return false;
  if (sight.status(row) !== 'normal') return false;
  if (!(sight.value('close', row, 0) >= params.leastPrice)) return false;
  return params.leastAmount === 0 || meanAmount(sight, row) >= params.leastAmount;
}

/** Rows of the day by score, the best first, −1 behind the last; null: nobody has a score. */
function orderOf({ top, firstDay }: FactorTopInputs['scores'], day: number): Int32Array | null {
  const order = top[day - firstDay];
  return order === undefined || !(order[0]! >= 0) ? null : order;
}

/**
 * Holds the shares with the best rule score: enters the best of them in equal parts of the equity while
 * there are free places and settled cash, and leaves a share when its rank is beyond the buffer, or it
 * has none any more. What could not be sold is tried again every day. A day on which nobody has a
 * score changes nothing.
 */
export function createFactorTop(inputs: FactorTopInputs, params: FactorTopParams): DailyStrategy {
  const { top, bufferRatio, everyDays, mostWeightRatio } = params;
  const keep = Math.floor(top * bufferRatio + 1e-9);
  const leaving = new Set<number>();
  let asked = -1;
  // whoever ranks beyond the buffer would be left again at once
  const candidates = (sight: DailySight, buffer: Int32Array, places: number): number[] => {
    const chosen: number[] = [];
    for (let place = 0; place < buffer.length && chosen.length < places; place += 1) {
      const row = buffer[place]!;
      if (row < 0) break;
      if (!sight.held.includes(row) && mayEnter(sight, row, inputs, params)) chosen.push(row);
    }
    return chosen;
  };
  return {
    warmUpDays: inputs.history,
    decide(sight): DailyDecision {
      asked += 1;
      for (const row of leaving) if (!sight.held.includes(row)) leaving.delete(row);
      const order = orderOf(inputs.scores, sight.day);
      if (order === null) return { leave: [...leaving], enter: [], note: 'no scores' };
      const buffer = order.subarray(0, keep);
      if (asked % everyDays === 0) {
        for (const row of sight.held) {
          if (buffer.includes(row)) leaving.delete(row);
          else leaving.add(row);
        }
      }
      const valueMinor = Math.floor(sight.equityMinor * Math.min(1 / top, mostWeightRatio));
      const affordable = valueMinor > 0 ? Math.floor(sight.spendableMinor / valueMinor + 0.05) : 0;
      const places = Math.max(0, Math.min(top - sight.held.length, affordable));
      const enter = candidates(sight, buffer, places).map((row) => ({ row, valueMinor }));
      // 0: beyond the buffer, or none
      const ranked = (row: number) => `${row}:${buffer.indexOf(row) + 1}`;
      return { leave: [...leaving], enter, note: `held ${sight.held.map(ranked).join(' ')}` };
    },
  };
}
