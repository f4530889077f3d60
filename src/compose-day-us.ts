import { createFollower, createSessionKernel, type Follower } from '#app/follow-session.ts';
import { type History, planSession } from '#app/open-session.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { DeskConfigOf } from '#shell/config/config.ts';
import { eventWindowsOf, vwapReclaimParamsOf } from '#shell/config/policy-of.ts';
import type { DayPlayer, Stage } from './compose-run.ts';

/** Before the open a day is planned, so that the brief comes ahead of the session. */
const PLAN_BEFORE_MS = 30 * 60_000;
const PLAN_BEFORE_DEMO_MS = 5 * 60_000;
/** After the close the day is closed. Source: the timetable, us-close. */
const CLOSE_AFTER_MS = 20 * 60_000;

export type UsDays = {
  readonly kind: 'demo' | 'replay';
  readonly desk1: DeskConfigOf<'vwap-reclaim'>;
  readonly calendar: CalendarTable;
  readonly events: EventTable;
  readonly histories: readonly History[];
};

function planBefore({ kind }: UsDays): number {
  return kind === 'demo' ? PLAN_BEFORE_DEMO_MS : PLAN_BEFORE_MS;
}

/** A little before the first day is planned; the early morning for a day without a session. */
function startOf(days: UsDays, first: TradingDay): number {
  const answer = sessionOn(days.calendar, first);
  if (answer.kind !== 'session') return instantAt(first, '08:00', days.calendar.zone);
  return answer.session.openAt - planBefore(days) - 60_000;
}

/** Plays one day of minute bars: planned before the open, followed bar by bar, closed after it. */
function play(
  days: UsDays,
  stage: Stage,
  tradingDay: TradingDay,
  follow: (follower: Follower) => void,
  close: () => void,
  onDone: () => void,
): void {
  const { clock, desk, broker } = stage;
  const { calendar, events, histories, desk1 } = days;
  const windows = eventWindowsOf(desk1);
  const facts = { tradingDay, calendar, events, windows, histories };
  const preview = planSession({ ...facts, at: clock.now() });
  if ('reason' in preview) {
    desk.post({ ...preview, at: clock.now() });
    onDone();
    return;
  }
  const { session, contexts, input } = preview;
  const now = () => clock.now();
  clock.at(session.openAt - planBefore(days), () =>
    stage.track(async () => {
      broker.setSession(session);
      await reconcileAccount(desk, broker, now);
      await desk.submit({ ...input, at: clock.now() });
      const kernel = createSessionKernel(session, contexts, vwapReclaimParamsOf(desk1));
      follow(createFollower(desk, kernel, now, (work) => stage.activity.track(work)));
    }),
  );
  clock.at(session.closeAt + CLOSE_AFTER_MS, () =>
    stage.track(async () => {
      await reconcileAccount(desk, broker, now);
      close();
      await desk.submit({ kind: 'time_passed', at: clock.now() });
      await desk.flushInputs();
      onDone();
    }),
  );
}

/** Plays days of minute bars for a desk of the VWAP reclaim. */
export function usPlayer(days: UsDays): DayPlayer {
  let follower: Follower | null = null;
  return {
    startAt: (first) => startOf(days, first),
    begin: ({ feed, desk, broker }) => {
      feed.subscribe(desk.policy.instruments, {
        bar(bar) {
          broker.onBar(bar);
          follower?.onBar(bar);
        },
        quote(quote) {
          broker.onQuote(quote);
          follower?.onQuote(quote);
        },
      });
    },
    play: (stage, tradingDay, onDone) =>
      play(
        days,
        stage,
        tradingDay,
        (next) => {
          follower = next;
        },
        () => follower?.close(stage.clock.now()),
        onDone,
      ),
  };
}
