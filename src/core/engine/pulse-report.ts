import { monthReturnOf } from '#core/machines/restart.ts';
import type { Stance } from '#core/machines/stance.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { CheckpointVerdict } from '#core/strategies/sector-pulse/verdict.ts';
import type { PulseState } from './pulse-state.ts';
import type { DeskState } from './state.ts';

/** What the daily report of a sector-pulse desk says beyond trades and tickets. */
export type PulseReport = {
  /** `final`: after the reconciliation of 15:40, when volumes and reports are in. */
  readonly stage: 'preliminary' | 'final';
  /** Checkpoints of the day in order; `passed` null: not judged, or one that only sells. */
  readonly checkpoints: readonly {
    readonly checkpoint: string;
    readonly passed: boolean | null;
    readonly kind: CheckpointVerdict['kind'];
    readonly funnel: CheckpointVerdict['funnel'];
    readonly rejected: CheckpointVerdict['rejected'];
  }[];
  /** Stances of the day, the first one as it was before the open. */
  readonly path: readonly { readonly at: number; readonly stance: Stance }[];
  /** Positions over total assets at the last gate. */
  readonly positionRatio: number | null;
  /** Equity at the close less equity before the open, minor units; null when a price is unknown. */
  readonly dayResultMinor: number | null;
  readonly equityMinor: number | null;
  readonly monthReturn: number | null;
  readonly held: readonly {
    readonly instrument: InstrumentId;
    readonly quantity: number;
    readonly boughtOn: TradingDay;
    readonly entryPrice: number;
    readonly stop: number;
  }[];
};

/** The report's figures from the state at its instant; null for a desk of another kind. */
export function pulseReportOf(
  state: DeskState,
  stage: PulseReport['stage'],
  equityMinor: number | null,
): PulseReport | null {
  const pulse: PulseState | null = state.pulse ?? null;
  if (pulse === null) return null;
  const today = state.day?.tradingDay ?? '';
  const { dayStartMinor, month } = pulse;
  return {
    stage,
    checkpoints: pulse.checkpoints.map(({ checkpoint, verdict }) => ({
      checkpoint,
      passed:
        pulse.gates.findLast((one) => one.tradingDay === today && one.checkpoint === checkpoint)
          ?.passed ?? null,
      kind: verdict.kind,
      funnel: verdict.funnel,
      rejected: verdict.rejected,
    })),
    path: pulse.path ?? [],
    positionRatio: pulse.stance.positionRatio,
    dayResultMinor:
      equityMinor === null || dayStartMinor === null ? null : equityMinor - dayStartMinor,
    equityMinor,
    monthReturn: monthReturnOf(equityMinor, month?.startMinor ?? null),
    held: Object.values(state.positions).map((one) => ({
      instrument: one.instrument,
      quantity: one.quantity,
      boughtOn: one.tradingDay,
      entryPrice: one.entryPrice,
      stop: one.stop,
    })),
  };
}
