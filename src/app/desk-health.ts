import type { DeskState } from '#core/engine/state.ts';
import type { HealthLine } from '#core/replies/answer.ts';

/** A desk in `/health`: one line of its own and one for each cause of SAFE_MODE. */
export function deskHealth(state: DeskState, version: number): HealthLine[] {
  const { deskId, safeMode, kill, isReconciled } = state;
  return [
    {
      of: 'desk',
      subject: deskId,
      isWell: safeMode.length === 0 && kill.kind === 'clear' && isReconciled,
      figures: {
        kill: kill.kind,
        safeMode: safeMode.length,
        reconciled: String(isReconciled),
        version,
      },
    },
    ...safeMode.map((entry): HealthLine => {
      return { of: 'safe_mode', subject: deskId, isWell: false, figures: entry.figures, entry };
    }),
  ];
}
