import type { Event } from '#core/engine/event.ts';

/** Events that open risk or permit it: never while the store is down. */
const RAISES_RISK: ReadonlySet<Event['type']> = new Set([
  'signal_raised',
  'ticket_opened',
  'ticket_confirmed',
  'consent_given',
  'kill_resumed',
  'safe_mode_left',
  'mode_changed',
]);

/** True for events that need the store: with it down the step that made them is refused. */
export function raisesRisk(event: Event): boolean {
  return (
    RAISES_RISK.has(event.type) || (event.type === 'order_intended' && event.order.role === 'entry')
  );
}
