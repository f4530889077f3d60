import { instantAt, wallTimeOf } from '#core/market/session.ts';
import { addCalendarDays } from '#core/market/trading-day.ts';
import { FEED_CODES, feedError } from './source.ts';
import { ZONE } from './wire.ts';

export type DayBudgetDeps = {
  /** Requests of one Shanghai day; null: no limit. */
  readonly perDay: number | null;
  /** Requests already sent today, as the store counts them. */
  readonly sentToday: () => Promise<number>;
  readonly now: () => number;
};

/** Takes one request of today's; throws `budget_used` with the time until midnight. */
export function createDayBudget(deps: DayBudgetDeps): (place: string) => Promise<void> {
  let name = '';
  let sent = 0;
  return async (place) => {
    if (deps.perDay === null) return;
    const { day: today } = wallTimeOf(deps.now(), ZONE);
    if (name !== today) {
      name = today;
      sent = 0;
      // a restart must not make the day begin anew
      sent += await deps.sentToday().catch(() => 0);
    }
    if (sent >= deps.perDay) {
      const until = instantAt(addCalendarDays(today, 1), '00:00', ZONE);
      const retryAfterMs = until - deps.now();
      throw feedError(place, FEED_CODES.budgetUsed, `${sent} requests today`, 'some left', {
        retryAfterMs,
      });
    }
    sent += 1;
  };
}
