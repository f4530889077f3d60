import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import { relativeChange } from '#core/lib/stats.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** What the gate said at one checkpoint of a day. */
export type GateRecord = {
  readonly tradingDay: TradingDay;
  readonly checkpoint: string;
  readonly passed: boolean;
};

/** Conditions of the restart from dormant. */
export type RestartParams = {
  /** Trading days in a row on which the gate passed at every checkpoint. */
  readonly passedDays: number;
  /** Least return of the equity since the month's start, a negative fraction. */
  readonly monthDrawdownMin: number;
};

/** How far a desk is from being allowed to restart; the operator's resume comes on top. */
export type RestartProgress = {
  readonly passedDays: number;
  readonly neededDays: number;
  /** Equity over that of the month's start, − 1; null unknown. */
  readonly monthReturn: number | null;
  readonly objections: readonly Reason[];
};

/**
 * What the restart follows from. `tradingDays` are those after the day the desk went dormant
 * through today, oldest first.
 */
export type RestartFacts = {
  readonly records: readonly GateRecord[];
  readonly tradingDays: readonly TradingDay[];
  /** Checkpoints a day must pass. */
  readonly checkpoints: readonly string[];
  readonly monthReturn: number | null;
};

/** Equity over equity at the start of the month, − 1; null when one of them is not known. */
export function monthReturnOf(
  equityMinor: number | null,
  monthStartMinor: number | null,
): number | null {
  if (equityMinor === null || monthStartMinor === null || !(monthStartMinor > 0)) return null;
  return relativeChange(equityMinor, monthStartMinor);
}

/** True when the gate passed at each of `checkpoints` on `day`; one that was not judged fails. */
function passedOn(
  records: readonly GateRecord[],
  day: TradingDay,
  checkpoints: readonly string[],
): boolean {
  return checkpoints.every((checkpoint) =>
    records.some((one) => one.tradingDay === day && one.checkpoint === checkpoint && one.passed),
  );
}

/**
 * Progress towards the restart. Today may still lack checkpoints, which then do not count against
 * it. A day without a judgement breaks the row. A month return that is not known objects.
 */
export function restartProgress(facts: RestartFacts, params: RestartParams): RestartProgress {
  const { records, tradingDays, checkpoints, monthReturn } = facts;
  const today = tradingDays.at(-1) ?? '';
  const judgedToday = records.filter((one) => one.tradingDay === today);
  const isTodayOpen =
    judgedToday.length < checkpoints.length && judgedToday.every(({ passed }) => passed);
  const whole = isTodayOpen ? tradingDays.slice(0, -1) : tradingDays;
  let row = 0;
  for (const day of whole) row = passedOn(records, day, checkpoints) ? row + 1 : 0;
  const objections: Reason[] = [];
  if (row < params.passedDays || checkpoints.length === 0) {
    objections.push(reason('restart_days_short', { days: row, needed: params.passedDays }));
  }
  if (monthReturn === null) objections.push(reason('restart_drawdown', { monthReturn: 'unknown' }));
  else if (!(monthReturn >= params.monthDrawdownMin)) {
    objections.push(reason('restart_drawdown', { monthReturn, least: params.monthDrawdownMin }));
  }
  return { passedDays: row, neededDays: params.passedDays, monthReturn, objections };
}
