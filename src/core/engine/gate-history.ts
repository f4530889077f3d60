import { type Calibration, calibrate } from '#core/gates/calibration.ts';
import type { KillLevel } from '#core/gates/kill-switch.ts';
import type { GateRecord } from '#core/machines/restart.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';

/** Trading days the calibration looks back. Source: sector-pulse, "Two threshold sets ship". */
export const CALIBRATION_DAYS = 250;

/**
 * The gate of one checkpoint in short. `conditions`: each row of the gate, true held, null not known;
 * `kill`: the level each cause of the kill-switch asked for, null not computable. Both are absent in
 * what older versions wrote.
 */
export type GateNote = GateRecord & {
  readonly conditions?: Readonly<Record<string, boolean | null>>;
  readonly kill?: Readonly<Record<string, KillLevel | null>>;
};

/** The note of a checkpoint; null of one that only sells. */
export function gateNoteOf(record: CheckpointRecord): GateNote | null {
  const { tradingDay, checkpoint, gate, kill } = record;
  if (gate === null) return null;
  const held = gate.checks.map(({ name, passed, value }) => [name, value === null ? null : passed]);
  const levels = kill.look.conditions.map(({ cause, level, isComputable }) => [
    cause,
    isComputable ? level : null,
  ]);
  return {
    tradingDay,
    checkpoint,
    passed: gate.passed,
    conditions: Object.fromEntries(held),
    kill: Object.fromEntries(levels),
  };
}

/** How the gate of one checkpoint, or one of its conditions, behaved over the days on record. */
export type GateHistory = {
  readonly checkpoint: string;
  /** The gate as a whole, named `gate`. */
  readonly gate: Calibration;
  /** Rows of the gate; then the causes of the kill-switch as `kill_<cause>`, which held = asked for a level. */
  readonly conditions: readonly Calibration[];
};

function namesOf(notes: readonly GateNote[], pick: (note: GateNote) => object): string[] {
  return [...new Set(notes.flatMap((note) => Object.keys(pick(note))))];
}

/**
 * Calibration of the gate at `checkpoint` over at most {@link CALIBRATION_DAYS} of its days, oldest
 * first as the notes come. A day without that checkpoint is no day of it. A condition that was not
 * written down counts as not judged.
 */
export function gateHistoryOf(notes: readonly GateNote[], checkpoint: string): GateHistory {
  const days = notes.filter((note) => note.checkpoint === checkpoint);
  const of = (condition: string, held: (note: GateNote) => boolean | null): Calibration =>
    calibrate(
      {
        condition,
        checkpoint,
        days: days.map((note) => ({ day: note.tradingDay, held: held(note) })),
      },
      CALIBRATION_DAYS,
    );
  const rows = namesOf(days, (note) => note.conditions ?? {});
  const causes = namesOf(days, (note) => note.kill ?? {});
  return {
    checkpoint,
    gate: of('gate', (note) => note.passed),
    conditions: [
      ...rows.map((name) => of(name, (note) => note.conditions?.[name] ?? null)),
      ...causes.map((cause) =>
        of(`kill_${cause}`, (note) => {
          const level = note.kill?.[cause] ?? null;
          return level === null ? null : level !== 'none';
        }),
      ),
    ],
  };
}
