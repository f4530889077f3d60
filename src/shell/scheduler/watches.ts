import { sessionOn } from '#core/market/calendar.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { JobPlan, Slot } from './timetable.ts';

/** Jobs that judge a session while it lasts. */
const WATCHES: readonly string[] = ['cn-watch', 'us-intraday'];

function isInSession({ calendar }: JobPlan, at: number): boolean {
  const answer = sessionOn(calendar, wallTimeOf(at, calendar.zone).day);
  return answer.kind === 'session' && at >= answer.session.openAt && at < answer.session.closeAt;
}

/**
 * Watches of a session under way that nobody does. Their slots are written down as begun, so a process that
 * starts in the middle of the session finds none due; what they hand in once is known by its key.
 */
export function interruptedWatches(
  plans: readonly JobPlan[],
  running: readonly string[],
  now: number,
): Slot[] {
  return WATCHES.flatMap((job) => {
    const plan = plans.find((one) => one.job === job);
    if (plan === undefined || running.includes(job) || !isInSession(plan, now)) return [];
    return [{ plan, scheduledFor: now }];
  });
}
