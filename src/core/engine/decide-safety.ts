import { reason } from '#core/gates/reason.ts';
import { hasEnded } from '#core/machines/order.ts';
import { resultInR } from '#core/risk/r-multiple.ts';
import { cancelEntries } from './decide-orders.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { openResultMinor } from './evolve-position.ts';
import { alarmOf, isExposed } from './select.ts';
import type { Lock, LockCause, SafeModeCause } from './state.ts';
import { seenOf } from './view.ts';

type Figures = Readonly<Record<string, number | string>>;

/** Raises a P0 that repeats until somebody has seen it; one that already rings is left ringing, one that had settled rings anew. */
export function raiseAlarm(
  draft: Draft,
  kind: string,
  subject: string,
  figures: Figures = {},
): void {
  const first = draft.policy.watch.alarmRepeatMs[0] ?? 60_000;
  const alarm = alarmOf(kind, subject, draft.at, first, figures);
  if (draft.state.alarms.some((known) => known.id === alarm.id && known.settledAt === null)) return;
  emit(draft, { type: 'alarm_raised', alarm });
}

/**
 * Enters SAFE_MODE for a cause (or adds the cause): entries are canceled, waiting tickets are void,
 * protection stays. A cause that already stands is left alone; one that had gone is back.
 */
export function enterSafeMode(
  draft: Draft,
  cause: SafeModeCause,
  subject: string,
  figures: Figures,
): void {
  const known = draft.state.safeMode.find(
    (entry) => entry.cause === cause && entry.subject === subject,
  );
  if (known !== undefined && !known.isGone) return;
  const exposed = isExposed(draft.state);
  emit(draft, { type: 'safe_mode_entered', cause, subject, figures, isExposed: exposed });
  voidPending(draft, reason('safe_mode', { causes: cause }));
  cancelEntries(draft, 'safe mode');
  if (exposed) raiseAlarm(draft, 'safe_mode_on', draft.policy.deskId, { cause, subject });
}

/** Notes that the condition behind a cause has passed; a person still has to release SAFE_MODE. */
export function causePassed(draft: Draft, cause: SafeModeCause, subject: string): void {
  const known = draft.state.safeMode.find(
    (entry) => entry.cause === cause && entry.subject === subject,
  );
  if (known === undefined || known.isGone) return;
  emit(draft, { type: 'safe_mode_cause_passed', cause, subject });
}

/** Sets a lock unless one of its cause and scope already stands until then or later. */
export function setLock(
  draft: Draft,
  cause: LockCause,
  scope: Lock['scope'],
  untilAt: number,
  isFirm: boolean,
  figures: Figures,
): void {
  const id = `${cause}:${scope}`;
  const known = draft.state.locks.find((lock) => lock.id === id);
  if (known !== undefined && known.untilAt >= untilAt) return;
  emit(draft, {
    type: 'lock_set',
    lock: { id, cause, scope, since: draft.at, untilAt, figures, isFirm },
  });
}

/** The day's result: closed trades plus open positions at the bid, net of fees, in minor units; null when a bid is missing. */
export function dayResultMinor(draft: Draft): number | null {
  let total = draft.state.day?.realizedMinor ?? 0;
  for (const position of Object.values(draft.state.positions)) {
    const seen = seenOf(draft.view, position.instrument);
    const quoted = seen.quote !== null && seen.quote.bid > 0 ? seen.quote.bid : null;
    const bid = quoted ?? seen.evaluation?.bar.close ?? null;
    if (bid === null) return null;
    total += openResultMinor(position, bid);
  }
  return total;
}

/** Fills far beyond their estimated slippage that a day may have. Source: intraday.md "Breakers". */
const MOST_BAD_FILLS = 2;

/** Sets the locks that the day's trades and result call for. Source: intraday.md "Locks". */
export function applyDayLocks(draft: Draft): void {
  const { day } = draft.state;
  if (day === null || day.isClosed || draft.at >= day.session.closeAt) return;
  const { risk } = draft.policy;
  const untilAt = day.session.closeAt;
  if (day.tradesStarted >= risk.tradesPerDay) {
    setLock(draft, 'trades_per_day', 'desk', untilAt, true, {
      trades: day.tradesStarted,
      limit: risk.tradesPerDay,
    });
  }
  if (day.consecutiveLosses >= risk.consecutiveLosses) {
    setLock(draft, 'consecutive_losses', 'desk', untilAt, true, {
      losses: day.consecutiveLosses,
      limit: risk.consecutiveLosses,
    });
  }
  if (day.fillsBeyondEstimate >= MOST_BAD_FILLS) {
    setLock(draft, 'slippage', 'desk', untilAt, true, {
      fills: day.fillsBeyondEstimate,
      limit: MOST_BAD_FILLS,
    });
  }
  const resultMinor = dayResultMinor(draft);
  if (resultMinor === null) return;
  const resultR = resultInR(resultMinor, day.unitRMinor);
  if (resultR <= -risk.dayLossLimitR) {
    setLock(draft, 'day_loss_limit', 'desk', untilAt, true, {
      resultR,
      limitR: -risk.dayLossLimitR,
    });
    enterSafeMode(draft, 'day_loss', draft.policy.deskId, { resultR, limitR: -risk.dayLossLimitR });
  } else causePassed(draft, 'day_loss', draft.policy.deskId);
}

/** True when nothing about any order is in doubt. */
export function hasNoDoubt(draft: Draft): boolean {
  return Object.values(draft.state.orders).every(
    (order) => hasEnded(order) || order.state !== 'unknown',
  );
}
