import { reason } from '#core/gates/reason.ts';
import { hasEnded } from '#core/machines/order.ts';
import { resultInR } from '#core/risk/r-multiple.ts';
import type { AlarmKind } from './alarm-kind.ts';
import { dayResultMinor } from './day-loss.ts';
import { cancelEntries } from './decide-orders.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import { isSymbolExposed, symbolBlocked } from './safe-scope.ts';
import { alarmOf, isExposed } from './select.ts';
import type { Lock, LockCause, SafeModeCause } from './state.ts';

type Figures = Readonly<Record<string, number | string>>;

/** Raises a P0 that repeats until somebody has seen it; one that already rings is left ringing, one that had settled rings anew. */
export function raiseAlarm(
  draft: Draft,
  kind: AlarmKind,
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
 * protection stays; what is stale of one symbol blocks that symbol only. A cause that already stands is left alone; one that had gone is back.
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
  const only = symbolBlocked({ cause, subject });
  const exposed = only === null ? isExposed(draft.state) : isSymbolExposed(draft.state, only);
  emit(draft, { type: 'safe_mode_entered', cause, subject, figures, isExposed: exposed });
  voidPending(draft, reason('safe_mode', { causes: cause }), only);
  cancelEntries(draft, 'safe mode', only);
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
  const { slippageFills, slippageMultiple } = draft.policy.breakers;
  if (day.fillsBeyondEstimate >= slippageFills) {
    setLock(draft, 'slippage', 'desk', untilAt, true, {
      fills: day.fillsBeyondEstimate,
      limit: slippageFills,
      timesEstimate: slippageMultiple,
    });
  }
  const resultMinor = dayResultMinor(draft);
  if (resultMinor === null) return;
  if (!Number.isFinite(resultMinor) || !(day.unitRMinor > 0)) {
    enterSafeMode(draft, 'risk_not_computable', draft.policy.deskId, {
      figure: 'day_result',
      resultMinor: String(resultMinor),
      unitRMinor: String(day.unitRMinor),
    });
    return;
  }
  causePassed(draft, 'risk_not_computable', draft.policy.deskId);
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
