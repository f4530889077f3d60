import { hasEnded, type Order } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { isHaltedCn } from '#core/market/seal-cn.ts';
import { tradingMillisBetween } from '#core/market/trading-time.ts';
import { barLimitMs, isQuietMinute } from './bar-age.ts';
import { worthOf } from './day-loss.ts';
import { onDoubt } from './decide-reports.ts';
import { causePassed, enterSafeMode } from './decide-safety.ts';
import { type Draft, emit } from './draft.ts';
import type { Policy } from './policy.ts';
import { ALL_SYMBOLS, exposedSymbols, isSymbolExposed, OF_THE_SESSION } from './safe-scope.ts';
import { openEntries } from './select.ts';
import type { Soonest } from './soonest.ts';
import type { DeskState } from './state.ts';
import { namesOf, staleNames } from './symbol-index.ts';
import { heardAt, type MarketView, seenOf } from './view.ts';

/** The closing auction of Chinese exchanges: three minutes in which no trade moves a price. */
const CLOSING_AUCTION_MS = 3 * 60_000;

/** Instant until which an order may stay without a word from the broker; null when nothing is awaited. */
export function wordDueAt(order: Order, limitMs: number): number | null {
  if (hasEnded(order) || order.state === 'unknown' || order.state === 'held') return null;
  if (order.cancelRequestedAt !== null) return order.cancelRequestedAt + limitMs;
  if (order.replaceRequestedAt !== null) return order.replaceRequestedAt + limitMs;
  if (order.state === 'intended' || order.state === 'submitted')
    return (order.submittedAt ?? order.intendedAt) + limitMs;
  return null;
}

/**
 * Enters SAFE_MODE for what has been silent for too long, and notes what is heard again. Breaks, auctions,
 * halts and suspended symbols are no silence; after the close nothing is awaited any more.
 * Source: centaur.md "SAFE_MODE".
 */
export function noticeSilence(draft: Draft): void {
  const { watch } = draft.policy;
  // what a person executes is not heard of within seconds: nagPerson reminds instead
  const { isPerson } = draft.policy.execution;
  for (const order of Object.values(draft.state.orders)) {
    const due = isPerson ? null : wordDueAt(order, watch.orderConfirmMs);
    if (due !== null && due <= draft.at)
      onDoubt(draft, order.orderId, `no word for ${watch.orderConfirmMs / 1000} s`);
  }
  const session = draft.state.day?.isClosed === false ? draft.state.day.session : null;
  if (session === null || draft.at < session.openAt || draft.at >= session.closeAt)
    return passWithTheSession(draft);
  const { heartbeatAt } = draft.view;
  if (heartbeatAt !== null && draft.at - heartbeatAt > watch.heartbeatMaxAgeMs) {
    enterSafeMode(draft, 'heartbeat_lost', 'feed', {
      ageMs: draft.at - heartbeatAt,
      limitMs: watch.heartbeatMaxAgeMs,
    });
  }
  noticeOverdueBars(draft);
  noticeStaleQuotes(draft);
  noticeUnpriced(draft);
}

function passWithTheSession(draft: Draft): void {
  for (const entry of draft.state.safeMode)
    if (OF_THE_SESSION.has(entry.cause)) causePassed(draft, entry.cause, entry.subject);
}

/** True while no trade of the symbol can move its price: break, auction, halt, suspension. */
export function isStill(state: DeskState, policy: Policy, instrument: string, at: number): boolean {
  const session = state.day?.session;
  if (session === undefined) return true;
  if (session.breaks.some((pause) => at >= pause.fromAt && at < pause.toAt)) return true;
  if (policy.market === 'CN' && at >= session.closeAt - CLOSING_AUCTION_MS) return true;
  const symbol = state.symbols[instrument];
  if (symbol?.halt != null && symbol.halt.resumedAt === null) return true;
  const facts = symbol?.facts?.instrumentDay ?? null;
  return facts !== null && isHaltedCn(facts, at);
}

/** From when on a symbol's prices are awaited: the open, the begin of the watch, the end of its last halt. */
function awaitedSince(state: DeskState, view: MarketView, instrument: string): number {
  const resumedAt = state.symbols[instrument]?.halt?.resumedAt ?? 0;
  return Math.max(state.day?.session.openAt ?? 0, view.since ?? 0, resumedAt);
}

/** Of a symbol never heard of: a position that was taken over is watched from that moment on. */
function heldSince(state: DeskState, instrument: string): number {
  return state.positions[instrument]?.openedAt ?? 0;
}

/** Trading time since a price of the symbol was heard, or since one is awaited. Milliseconds. */
function silentFor({ state, view, at }: Draft, instrument: string): number {
  const session = state.day?.session;
  if (session === undefined) return 0;
  const first = heardAt(view, instrument) ?? heldSince(state, instrument);
  const from = Math.max(first, awaitedSince(state, view, instrument));
  return tradingMillisBetween(session, from, at);
}

/** With something open, a quote that stands still while another symbol's moves on is not to be trusted. */
function noticeStaleQuotes(draft: Draft): void {
  const { state, policy, view, at } = draft;
  // nothing open and nothing doubted: no quote is relied upon
  const isRelied = Object.keys(state.positions).length > 0 || openEntries(state).length > 0;
  if (!isRelied && state.safeMode.length === 0) return;
  const limitMs = policy.watch.quoteStaleMs;
  const isHeard = (instrument: string) => {
    const heard = heardAt(view, instrument);
    return heard !== null && at - heard < limitMs;
  };
  for (const instrument of reliedUpon(state)) {
    const isAwaited = isSymbolExposed(state, instrument) && !isStill(state, policy, instrument, at);
    const ageMs = isAwaited ? silentFor(draft, instrument) : 0;
    if (ageMs > limitMs) {
      const reference = namesOf(state).find((other) => other !== instrument && isHeard(other));
      if (reference === undefined) continue;
      enterSafeMode(draft, 'quotes_stale', instrument, { ageMs, limitMs, reference });
    } else causePassed(draft, 'quotes_stale', instrument);
  }
  passEnded(draft, 'quotes_stale');
}

/** Most symbols have nothing open and no doubt to pass: they are not asked how old their price is. */
function reliedUpon(state: DeskState): readonly string[] {
  const names = exposedSymbols(state);
  for (const { cause, subject, isGone } of state.safeMode)
    if (cause === 'quotes_stale' && !isGone) names.add(subject);
  return names.size === 0 ? [] : namesOf(state).filter((name) => names.has(name));
}

/** A position without any price to judge it by: the day's result, a risk figure, cannot be computed. */
function noticeUnpriced(draft: Draft): void {
  const { state, policy, view } = draft;
  if (policy.risk.dayLossLimitR >= Number.MAX_SAFE_INTEGER) return;
  const limitMs = policy.watch.quoteStaleMs;
  for (const { instrument, openedAt } of Object.values(state.positions)) {
    if (worthOf(draft, instrument) !== null) causePassed(draft, 'risk_not_computable', instrument);
    else if (draft.at - Math.max(openedAt, awaitedSince(state, view, instrument)) > limitMs)
      enterSafeMode(draft, 'risk_not_computable', instrument, {
        figure: 'day_result',
        missing: 'price',
        limitMs,
      });
  }
  passEnded(draft, 'risk_not_computable');
}

/** A cause about the price of something that is held no more has passed with it. */
function passEnded(draft: Draft, cause: 'quotes_stale' | 'risk_not_computable'): void {
  for (const entry of draft.state.safeMode) {
    if (entry.cause !== cause || entry.isGone || entry.subject === draft.policy.deskId) continue;
    if (!isSymbolExposed(draft.state, entry.subject)) causePassed(draft, cause, entry.subject);
  }
}

/** When the next bar of a symbol becomes overdue: its due instant plus the allowed delay. */
function overdueAt(
  state: DeskState,
  view: MarketView,
  policy: Policy,
  instrument: string,
): number | null {
  const limitMs = barLimitMs(policy);
  if (state.day === null || view.since === null || limitMs === null) return null;
  const { lastBarClosedAt } = seenOf(view, instrument);
  const first = lastBarClosedAt ?? heldSince(state, instrument);
  const base = Math.max(first, awaitedSince(state, view, instrument));
  return base >= state.day.session.closeAt ? null : base + limitMs;
}

function noticeOverdueBars(draft: Draft): void {
  const { state, view, policy, at } = draft;
  const limitMs = barLimitMs(policy);
  if (limitMs === null) return;
  const symbols = namesOf(state);
  // mostly every symbol has a bar that is young enough, and none was stale before
  const doubted = doubtedBars(state, view, at - limitMs);
  if (doubted.length === 0) return;
  const isAwaited = (instrument: string) => !isStill(state, policy, instrument, at);
  const isOverdue = (instrument: string) => {
    const due = overdueAt(state, view, policy, instrument);
    return due !== null && due < at && !isQuietMinute(state, view, policy, instrument, at);
  };
  // mostly the first symbol answers this
  const isOneOnTime = symbols.some((symbol) => isAwaited(symbol) && !isOverdue(symbol));
  if (isOneOnTime || !symbols.some(isAwaited)) {
    // without a position its entries are denied by the age of its bars: it is told, and nobody is woken
    const held = symbols.filter((instrument) => state.positions[instrument] !== undefined);
    for (const instrument of held.filter(isAwaited).filter(isOverdue)) {
      const closedAt = seenOf(view, instrument).lastBarClosedAt;
      enterSafeMode(draft, 'bar_overdue', instrument, {
        ageMs: closedAt === null ? 'none' : at - closedAt,
        limitMs,
      });
    }
    for (const instrument of doubted.filter(isAwaited))
      noteStale(draft, instrument, !held.includes(instrument) && isOverdue(instrument));
    return;
  }
  const awaited = symbols.filter(isAwaited).join(', ');
  enterSafeMode(draft, 'bar_overdue', ALL_SYMBOLS, { symbols: awaited, limitMs });
}

const NONE: readonly InstrumentId[] = [];

/** Symbols whose newest bar closed before `from`, that have none, or whose bars were told to stay away. */
function doubtedBars(state: DeskState, view: MarketView, from: number): readonly InstrumentId[] {
  const stale = staleNames(state);
  let doubted: InstrumentId[] | null = null;
  for (const instrument of namesOf(state)) {
    const { lastBarClosedAt } = seenOf(view, instrument);
    const isYoung = lastBarClosedAt !== null && lastBarClosedAt >= from;
    if (isYoung && !stale.includes(instrument)) continue;
    doubted ??= [];
    doubted.push(instrument);
  }
  return doubted ?? NONE;
}

function isKnownStale(state: DeskState, instrument: string): boolean {
  return (state.symbols[instrument]?.staleSince ?? null) !== null;
}

/** Tells once that the bars of a symbol stay away, and once that they come again. */
function noteStale(draft: Draft, instrument: InstrumentId, isStale: boolean): void {
  if (isStale === isKnownStale(draft.state, instrument)) return;
  const closedAt = seenOf(draft.view, instrument).lastBarClosedAt;
  emit(draft, { type: 'symbol_data_changed', instrument, isStale, closedAt });
}

/** Adds the instants at which a silence begins to count. */
export function addSilences(
  soonest: Soonest,
  state: DeskState,
  view: MarketView,
  policy: Policy,
): void {
  const session = state.day?.session;
  if (session === undefined || soonest.after >= session.closeAt) return;
  const overdue = state.safeMode.filter(({ isGone, cause }) => !isGone && cause === 'bar_overdue');
  const isKnown = (instrument: string) =>
    overdue.some(({ subject }) => subject === instrument || subject === ALL_SYMBOLS);
  const { quietMinutesMs, quoteStaleMs, heartbeatMaxAgeMs } = policy.watch;
  let [lastDue, lastHeard] = [Number.NaN, null as number | null];
  for (const instrument of namesOf(state)) {
    const due = isKnown(instrument) ? null : overdueAt(state, view, policy, instrument);
    if (due === null) continue;
    const heard = heardAt(view, instrument);
    // mostly every symbol's bar is of the same minute
    if (due === lastDue && heard === lastHeard) continue;
    [lastDue, lastHeard] = [due, heard];
    // a quiet minute ends when its quotes end, or when it has lasted too long
    soonest.add(due + 1);
    soonest.add(due + quietMinutesMs + 1);
    if (heard !== null) soonest.add(heard + quoteStaleMs + 1);
  }
  for (const { instrument, openedAt } of Object.values(state.positions)) {
    if (worthOf({ state, view }, instrument) !== null) continue;
    const from = Math.max(openedAt, awaitedSince(state, view, instrument));
    soonest.add(from + quoteStaleMs + 1);
  }
  if (view.heartbeatAt !== null) soonest.add(view.heartbeatAt + heartbeatMaxAgeMs + 1);
}
