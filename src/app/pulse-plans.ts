import type { CalendarTable } from '#core/market/calendar.ts';
import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { GATHER_AHEAD_MS } from './pulse-jobs.ts';

/*
 * The part of the timetable that follows from the settings of an A-share desk: its checkpoints, and the
 * watch in parts, so that one that dies costs its part of the day only.
 */

const MINUTE_MS = 60_000;
/** The watch begins anew at these wall times and ends where the next one begins. */
export const WATCH_PARTS = ['09:29', '10:30', '12:59', '14:00'] as const;
/** A part of the watch still begins this late. */
const WATCH_GRACE_MS = 30 * MINUTE_MS;

/** A job at a wall time of each trading day. */
export type PulseSlot = {
  readonly job: 'cn-decision-window' | 'cn-watch';
  readonly time: string;
  readonly graceMs: number;
};

function earlier(time: string, ms: number): string {
  const zone = 'UTC';
  return wallTimeOf(instantAt('2026-01-05', time, zone) - ms, zone).time;
}

/** Slots of the given checkpoints (wall times, repeated ones count once) and of the watch. */
export function pulseSlots(checkpoints: readonly string[]): PulseSlot[] {
  const windows = [...new Set(checkpoints)].sort().map((time): PulseSlot => {
    // later than its time and the patience after it, the guard has said that it was missed
    const slot = { time: earlier(time, GATHER_AHEAD_MS), graceMs: GATHER_AHEAD_MS };
    return { job: 'cn-decision-window', ...slot };
  });
  const parts = WATCH_PARTS.map(
    (time): PulseSlot => ({ job: 'cn-watch', time, graceMs: WATCH_GRACE_MS }),
  );
  return [...windows, ...parts];
}

/** The checkpoint a window at `at` is for: the next one near enough, or one just over; else null. */
export function checkpointNear(
  checkpoints: readonly string[],
  calendar: CalendarTable,
  at: number,
  missedAfterMs: number,
): string | null {
  const { day } = wallTimeOf(at, calendar.zone);
  const near = [...checkpoints].sort().find((time) => {
    const ahead = instantAt(day, time, calendar.zone) - at;
    return ahead <= GATHER_AHEAD_MS && ahead >= -missedAfterMs;
  });
  return near ?? null;
}

/** End of the part of the watch that `at` is in; Infinity in the last one. */
export function watchUntil(calendar: CalendarTable, at: number): number {
  const { day } = wallTimeOf(at, calendar.zone);
  const instants = WATCH_PARTS.map((time) => instantAt(day, time, calendar.zone));
  return instants.find((instant) => instant > at + MINUTE_MS) ?? Number.POSITIVE_INFINITY;
}
