import { reason } from '#core/gates/reason.ts';
import { stancePermission } from '#core/machines/stance.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { mostRestrictive, type Permission, type PermissionSource } from '#core/risk/permission.ts';
import { barLimitMs, isQuietMinute } from './bar-age.ts';
import type { Policy } from './policy.ts';
import { causesFor } from './safe-scope.ts';
import { openEntries } from './select.ts';
import type { DeskState } from './state.ts';
import { type MarketView, seenOf } from './view.ts';

function consentSource(state: DeskState, at: number): PermissionSource {
  const { consent } = state;
  const no = (
    code: 'permission_not_given' | 'stopped_by_operator' | 'opening_no_trade',
    figures = {},
  ): PermissionSource => ({
    source: 'consent',
    allows: 'reducing',
    reason: reason(code, figures),
  });
  if (consent.kind === 'stopped') return no('stopped_by_operator', { by: consent.by });
  if (consent.kind !== 'allowed' || at >= consent.untilAt) return no('permission_not_given');
  if (consent.heldUntilAt !== null && at < consent.heldUntilAt)
    return no('opening_no_trade', { heldUntilAt: consent.heldUntilAt });
  return { source: 'consent', allows: 'active', reason: null };
}

function killSources(state: DeskState): PermissionSource[] {
  const sources: PermissionSource[] = [];
  if (state.kill.kind !== 'clear') {
    sources.push({
      source: 'kill',
      allows: 'halted',
      reason: reason('killed', { since: state.kill.at, by: state.kill.by }),
    });
  }
  if (state.isKillFilePresent)
    sources.push({ source: 'kill_file', allows: 'halted', reason: reason('kill_file') });
  return sources;
}

function lockSources(
  state: DeskState,
  at: number,
  instrument: InstrumentId | null,
): PermissionSource[] {
  return state.locks
    .filter((lock) => lock.untilAt > at && (lock.scope === 'desk' || lock.scope === instrument))
    .map((lock) => ({
      source: 'lock',
      allows: 'reducing',
      reason: reason(lock.cause, lock.figures),
    }));
}

/** What the stance and the kill-switch of a sector-pulse desk allow; nothing for other desks. */
function stanceSource(state: DeskState): PermissionSource[] {
  const stance = state.pulse?.stance ?? null;
  if (stance === null) return [];
  const allows = stancePermission(stance);
  if (allows === 'active') return [{ source: 'stance', allows, reason: null }];
  const code = stance.stance === 'attack' ? 'kill_switch_l1' : (`stance_${stance.stance}` as const);
  return [{ source: 'stance', allows, reason: reason(code) }];
}

/** An operator who cannot be reached, or leaves an alarm unanswered, allows nothing until the next ALLOW. */
function reachSource(state: DeskState): PermissionSource[] {
  const silence = state.deadMan ?? null;
  if (silence === null) return [];
  const { since, why } = silence;
  return [
    {
      source: 'operator_reach',
      allows: 'reducing',
      reason: reason('operator_unreachable', { since, why }),
    },
  ];
}

/**
 * True while nobody's word stands on what an account holds that a person executes: the desk is
 * unattested, a state of its own and no doubt. Source: centaur.md, "protected" and "confirmed".
 */
export function isUnattested({ attestation }: DeskState, at: number): boolean {
  return attestation === null || (attestation !== undefined && at >= attestation.untilAt);
}

/**
 * Returns what each source says of the desk as a whole: session, consent, kill, kill file, desk
 * locks, operator's reach, reconciliation. Health and phase are the other two axes and are not in it.
 */
export function permissionSources(state: DeskState, at: number): PermissionSource[] {
  const { day } = state;
  const isOpenDay = day !== null && !day.isClosed && at < day.session.closeAt;
  const sources: PermissionSource[] = [
    isOpenDay
      ? { source: 'session', allows: 'active', reason: null }
      : { source: 'session', allows: 'reducing', reason: reason('session_closed') },
    consentSource(state, at),
    ...killSources(state),
    ...lockSources(state, at, null),
  ];
  sources.push(...stanceSource(state), ...reachSource(state));
  if (isUnattested(state, at))
    sources.push({ source: 'attestation', allows: 'reducing', reason: reason('not_attested') });
  else if (!state.isReconciled)
    sources.push({
      source: 'reconciliation',
      allows: 'reducing',
      reason: reason('not_reconciled'),
    });
  return sources;
}

/** Returns the desk's permission as shown to people: the strictest source wins. */
export function deskPermission(state: DeskState, at: number): Permission {
  return mostRestrictive(permissionSources(state, at));
}

/** What entries that may still fill forbid: a second one of the symbol, and more trades than the day allows. */
function entriesInFlight(
  state: DeskState,
  policy: Policy,
  instrument: InstrumentId,
): PermissionSource[] {
  const entries = openEntries(state);
  const sources: PermissionSource[] = [];
  if (entries.length === 0) return sources;
  if (entries.some((order) => order.instrument === instrument))
    sources.push({ source: 'phase', allows: 'reducing', reason: reason('not_flat') });
  const begun = new Set(Object.values(state.positions).map((position) => position.ticketId));
  const waiting = new Set(entries.map((order) => order.ticketId).filter((id) => !begun.has(id)));
  const started = state.day?.tradesStarted ?? 0;
  const limit = policy.risk.tradesPerDay;
  if (waiting.size > 0 && started + waiting.size >= limit) {
    const why = reason('trades_per_day', { trades: started, inFlight: waiting.size, limit });
    sources.push({ source: 'lock', allows: 'reducing', reason: why });
  }
  return sources;
}

function symbolSources(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  instrument: InstrumentId,
  at: number,
): PermissionSource[] {
  const sources: PermissionSource[] = [];
  const phase = state.symbols[instrument]?.phase ?? 'premarket';
  if (phase !== 'trading_allowed') {
    const code =
      phase === 'cooldown'
        ? 'cooldown'
        : phase === 'in_position' || phase === 'done_with_position'
          ? 'not_flat'
          : phase === 'done'
            ? 'session_done'
            : 'opening_no_trade';
    if (phase !== 'locked')
      sources.push({ source: 'phase', allows: 'reducing', reason: reason(code) });
  }
  const blocking = causesFor(state, instrument);
  if (blocking.length > 0) {
    const causes = blocking.map((entry) => entry.cause).join(', ');
    sources.push({
      source: 'safe_mode',
      allows: 'reducing',
      reason: reason('safe_mode', { causes }),
    });
  }
  if (state.externals.some((one) => one.kind === 'position' && one.id === instrument))
    sources.push({
      source: 'external',
      allows: 'reducing',
      reason: reason('external_position'),
    });
  sources.push(...entriesInFlight(state, policy, instrument));
  const limitMs = barLimitMs(policy);
  const lastBarClosedAt = seenOf(view, instrument).lastBarClosedAt;
  const ageMs = lastBarClosedAt === null ? -1 : at - lastBarClosedAt;
  const isFresh = ageMs >= 0 && limitMs !== null && ageMs <= limitMs;
  if (limitMs !== null && !isFresh && !isQuietMinute(state, view, policy, instrument, at)) {
    sources.push({
      source: 'freshness',
      allows: 'reducing',
      reason: reason('data_stale', { ageMs, limitMs }),
    });
  }
  return sources;
}

/** Returns every source that forbids an entry in `instrument` now; empty means entries are allowed. */
export function entryObjections(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  instrument: InstrumentId,
  at: number,
): PermissionSource[] {
  const desk = permissionSources(state, at);
  const sources = [
    ...desk,
    ...lockSources(state, at, instrument).filter(
      (source) => !desk.some((known) => known.reason?.code === source.reason?.code),
    ),
    ...symbolSources(state, view, policy, instrument, at),
  ];
  return sources.filter((source) => source.allows !== 'active');
}
