import type { DeskState } from '#core/engine/state.ts';
import type { HealthLine } from '#core/replies/answer.ts';

/** A desk in `/health`: one line of its own and one for each cause of SAFE_MODE. */
export function deskHealth(state: DeskState, version: number): HealthLine[] {
  const { deskId, safeMode, kill, isReconciled } = state;
  return [
    {
      subject: deskId,
      isWell: safeMode.length === 0 && kill.kind === 'clear' && isReconciled,
      figures: {
        kill: kill.kind,
        safeMode: [...new Set(safeMode.map((entry) => entry.cause))].join(', ') || 'off',
        reconciled: String(isReconciled),
        version,
      },
    },
    ...safeMode.map((entry) => ({
      subject: `${deskId}: ${entry.cause} ${entry.subject}${entry.isGone ? ' (gone)' : ''}`,
      isWell: false,
      figures: entry.figures,
    })),
  ];
}
