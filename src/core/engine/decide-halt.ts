import { reason } from '#core/gates/reason.ts';
import { requestCancel } from './decide-orders.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import { openEntries } from './select.ts';

const MINUTE_MS = 60_000;

/** Takes what the exchange says of trading in a symbol; said again, it is no news. */
export function onHaltSeen(draft: Draft, input: Extract<Input, { kind: 'halt_seen' }>): void {
  const { instrument, isHalted, cause } = input;
  const symbol = draft.state.symbols[instrument];
  if (symbol === undefined) return;
  if (isHalted !== isHaltedNow(draft, instrument)) changeHalt(draft, instrument, isHalted, cause);
}

function isHaltedNow(draft: Draft, instrument: string): boolean {
  return draft.state.symbols[instrument]?.halt?.resumedAt === null;
}

/** A minute that began after the halt has traded: trading went on, also where nobody said so. */
export function noteTrading(draft: Draft, instrument: string, closedAt: number): void {
  const halt = draft.state.symbols[instrument]?.halt ?? null;
  if (halt === null || halt.resumedAt !== null || closedAt - MINUTE_MS < halt.since) return;
  changeHalt(draft, instrument, false, 'a minute traded');
}

/**
 * A halt voids the symbol's tickets and takes its entries back; while it lasts, and for a while after
 * trading resumed, nothing is bought. Protection stays: a stop may gap through the halt, so the lock says
 * what is held and where its stop stands. Source: intraday.md "Breakers".
 */
function changeHalt(draft: Draft, instrument: string, isHalted: boolean, cause: string): void {
  const { day } = draft.state;
  if (day === null) return;
  emit(draft, {
    type: 'halt_changed',
    instrument: instrument as Extract<Input, { kind: 'halt_seen' }>['instrument'],
    isHalted,
    cause,
  });
  if (isHalted) {
    voidPending(draft, reason('halt', { cause }), instrument);
    for (const order of openEntries(draft.state))
      if (order.instrument === instrument) requestCancel(draft, order, 'halt');
  }
  const held = draft.state.positions[instrument];
  const risk = held === undefined ? {} : { held: held.quantity, stop: held.stop };
  const pausedUntil = draft.at + draft.policy.breakers.haltPauseMs;
  emit(draft, {
    type: 'lock_set',
    lock: {
      id: `halt:${instrument}`,
      cause: 'halt',
      scope: instrument as Extract<Input, { kind: 'halt_seen' }>['instrument'],
      since: draft.at,
      untilAt: isHalted ? day.session.closeAt : pausedUntil,
      figures: { state: isHalted ? 'halted' : 'resumed', cause, ...risk },
      isFirm: false,
    },
  });
}
