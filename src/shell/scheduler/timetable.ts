import { Cron } from 'croner';
import { ConfigError } from '#app/errors.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';

/** When a job is due on a trading day: at a wall time, or so long after the close (negative: before). */
export type JobRule =
  | { readonly kind: 'wall_time'; readonly time: string }
  | { readonly kind: 'after_close'; readonly offsetMs: number };

export type JobPlan = {
  readonly job: string;
  /** Its zone tells the wall time, its trading days the days. */
  readonly calendar: CalendarTable;
  readonly rule: JobRule;
  /** A run later than this is reported as missed. */
  readonly graceMs: number;
};

/** A job at the instant it was due. */
export type Slot = { readonly plan: JobPlan; readonly scheduledFor: number };

/** Longest stretch without any trading day that is looked across. */
const LONGEST_PAUSE_DAYS = 21;
const DAY_MS = 86_400_000;

function tradesOn(calendar: CalendarTable, day: string): boolean {
  return sessionOn(calendar, day).kind === 'session';
}

function wallTimeSlots(plan: JobPlan, time: string, afterAt: number, throughAt: number): number[] {
  const [hour, minute] = time.split(':').map(Number);
  const { zone } = plan.calendar;
  // croner is asked for the next run from a given instant and never starts a timer of its own, so
  // that the same code runs on a simulated clock.
  const cron = new Cron(`${minute} ${hour} * * *`, { timezone: zone, paused: true });
  const found: number[] = [];
  let next = cron.nextRun(new Date(afterAt));
  while (next !== null && next.getTime() <= throughAt) {
    const at = next.getTime();
    if (tradesOn(plan.calendar, wallTimeOf(at, zone).day)) found.push(at);
    next = cron.nextRun(next);
  }
  return found;
}

function afterCloseSlots(
  plan: JobPlan,
  offsetMs: number,
  afterAt: number,
  throughAt: number,
): number[] {
  const { zone } = plan.calendar;
  const last = wallTimeOf(throughAt - offsetMs, zone).day;
  const found: number[] = [];
  for (let day = wallTimeOf(afterAt - offsetMs, zone).day; day <= last; ) {
    const answer = sessionOn(plan.calendar, day);
    if (answer.kind === 'session') {
      const at = answer.session.closeAt + offsetMs;
      if (at > afterAt && at <= throughAt) found.push(at);
    }
    day = addCalendarDays(day, 1);
  }
  return found;
}

/** Instants a job is due in `(afterAt, throughAt]`, oldest first. */
export function slotsOf(plan: JobPlan, afterAt: number, throughAt: number): number[] {
  return plan.rule.kind === 'wall_time'
    ? wallTimeSlots(plan, plan.rule.time, afterAt, throughAt)
    : afterCloseSlots(plan, plan.rule.offsetMs, afterAt, throughAt);
}

/** Everything due in `(afterAt, throughAt]`, oldest first, in the order of the plans within an instant. */
export function slotsBetween(
  plans: readonly JobPlan[],
  afterAt: number,
  throughAt: number,
): Slot[] {
  return plans
    .flatMap((plan) =>
      slotsOf(plan, afterAt, throughAt).map((scheduledFor) => ({ plan, scheduledFor })),
    )
    .sort((a, b) => a.scheduledFor - b.scheduledFor);
}

/** Next instant at which anything is due; null when the calendars end before. */
export function nextDueAt(plans: readonly JobPlan[], afterAt: number): number | null {
  const dues = plans.map((plan) => {
    const throughAt = afterAt + LONGEST_PAUSE_DAYS * DAY_MS;
    return slotsOf(plan, afterAt, throughAt)[0] ?? Number.POSITIVE_INFINITY;
  });
  const next = Math.min(Number.POSITIVE_INFINITY, ...dues);
  return Number.isFinite(next) ? next : null;
}

/** An entry of config/schedule.yaml. */
type ScheduleEntry = {
  readonly job: string;
  readonly market: 'US' | 'CN';
  readonly graceMinutes: number;
} & ({ readonly at: string } | { readonly afterCloseMinutes: number });

/** Plans of the timetable's entries. Throws ConfigError where a market has no calendar. */
export function plansOf(
  entries: readonly ScheduleEntry[],
  calendars: Readonly<Partial<Record<'US' | 'CN', CalendarTable>>>,
): JobPlan[] {
  return entries.map((entry) => {
    const calendar = calendars[entry.market];
    if (calendar === undefined) {
      throw new ConfigError(
        `config/schedule.yaml: ${entry.job}: found market ${entry.market}, expected one with a calendar`,
        { code: 'no_calendar', retryable: false },
      );
    }
    const rule: JobRule =
      'at' in entry
        ? { kind: 'wall_time', time: entry.at }
        : { kind: 'after_close', offsetMs: entry.afterCloseMinutes * 60_000 };
    return { job: entry.job, calendar, rule, graceMs: entry.graceMinutes * 60_000 };
  });
}
