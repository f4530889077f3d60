import { type Reason, reason } from '#core/gates/reason.ts';
import { type CalendarTable, nextTradingDay, sessionOn } from '#core/market/calendar.ts';
import { instantAt, type Session, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import type { DeskHandle } from './desk-handle.ts';
import type { Clock, Timer } from './ports.ts';

export type CheckpointGuardDeps = {
  readonly desk: Pick<DeskHandle, 'state' | 'submit'>;
  readonly clock: Clock;
  readonly calendar: CalendarTable;
  /** Wall times of all checkpoints, also of those that only sell. */
  readonly times: readonly string[];
  /** A checkpoint not judged this long after its instant was missed. */
  readonly patienceMs: number;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** Sees to it that a checkpoint is judged in time, or said to be missed. */
export type CheckpointGuard = {
  start(): void;
  /** What is known of a job that did not do a checkpoint: told at once when its instant is over. */
  note(checkpoint: string, why: Reason): void;
  stop(): void;
};

type Due = { readonly session: Session; readonly time: string; readonly at: number };

type Known = ReadonlyMap<string, Reason>;

function sessionAt(calendar: CalendarTable, at: number): Session | null {
  const answer = sessionOn(calendar, wallTimeOf(at, calendar.zone).day);
  return answer.kind === 'session' ? answer.session : null;
}

function duesOf(times: readonly string[], session: Session): Due[] {
  return [...times].sort().map((time) => ({
    session,
    time,
    at: instantAt(session.tradingDay, time, session.zone),
  }));
}

function isDone({ desk }: CheckpointGuardDeps, { session, time }: Due): boolean {
  const { day, pulse } = desk.state();
  if (day?.tradingDay !== session.tradingDay) return false;
  return day.isClosed || (pulse?.checkpoints ?? []).some(({ checkpoint }) => checkpoint === time);
}

function keyOf({ session, time }: Due): string {
  return `${session.tradingDay} ${time}`;
}

/** When a checkpoint that was not judged is said to be missed. */
function toldAt(deps: CheckpointGuardDeps, due: Due, known: Known): number {
  return due.at + (known.has(keyOf(due)) ? 0 : deps.patienceMs);
}

async function miss(deps: CheckpointGuardDeps, due: Due, known: Known): Promise<void> {
  const { desk, clock } = deps;
  const { session, time, at } = due;
  const { tradingDay } = session;
  // a job that nobody ran has planned nothing either
  if (desk.state().day?.tradingDay !== tradingDay)
    await desk.submit({
      kind: 'session_planned',
      at: clock.now(),
      session,
      blackouts: [],
      facts: [],
    });
  const lateMs = clock.now() - at;
  const figures = { checkpoint: time, cause: 'no_answer', lateMs };
  const why = known.get(keyOf(due)) ?? reason('checkpoint_missed', figures);
  await desk.submit({
    kind: 'checkpoint_missed',
    at: clock.now(),
    tradingDay,
    checkpoint: time,
    reasons: [why],
  });
}

/** Says what was missed by now, in order; a day that is over is left to its report. */
async function look(deps: CheckpointGuardDeps, known: Known): Promise<void> {
  const now = deps.clock.now();
  const session = sessionAt(deps.calendar, now);
  if (session === null || now >= session.closeAt) return;
  for (const due of duesOf(deps.times, session)) {
    if (now < toldAt(deps, due, known) || isDone(deps, due)) continue;
    await miss(deps, due, known);
  }
}

function nextAt(deps: CheckpointGuardDeps, known: Known): number {
  const { clock, calendar, times } = deps;
  const now = clock.now();
  const today = sessionAt(calendar, now);
  const instants = (today === null ? [] : duesOf(times, today))
    .map((due) => toldAt(deps, due, known))
    .filter((at) => at > now);
  const [first] = instants.sort((a, b) => a - b);
  if (first !== undefined) return first;
  const { day } = wallTimeOf(now, calendar.zone);
  const next = nextTradingDay(calendar, day) ?? addCalendarDays(day, 1);
  return instantAt(next, '09:00', calendar.zone);
}

/**
 * Lives in the desk's own process: whatever became of the job, its thread or the machine, the desk
 * says at the latest `patienceMs` after a checkpoint that it was not made. After a sleep or a late
 * start it says so for what the day has missed until then.
 */
export function createCheckpointGuard(deps: CheckpointGuardDeps): CheckpointGuard {
  const { clock, calendar } = deps;
  const known = new Map<string, Reason>();
  let timer: Timer | null = null;
  let isStopped = false;

  function arm(): void {
    timer?.cancel();
    timer = isStopped ? null : clock.at(nextAt(deps, known), run);
  }

  function run(): void {
    look(deps, known)
      .catch((error: unknown) => deps.onTrouble('checkpoint guard', error))
      .finally(arm);
  }

  return {
    start: run,
    note(checkpoint, why) {
      const session = sessionAt(calendar, clock.now());
      if (session === null) return;
      known.set(`${session.tradingDay} ${checkpoint}`, why);
      run();
    },
    stop() {
      isStopped = true;
      timer?.cancel();
    },
  };
}
