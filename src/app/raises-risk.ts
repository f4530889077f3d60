import { WIDENED } from '#core/engine/decide-stops.ts';
import type { Event } from '#core/engine/event.ts';

/** Events that open risk or permit it: never while the store is down. */
const RAISES_RISK: ReadonlySet<Event['type']> = new Set([
  'signal_raised',
  'ticket_opened',
  'ticket_edited',
  'ticket_confirmed',
  'rotation_agreed',
  'consent_given',
  'kill_resumed',
  'safe_mode_left',
  'mode_changed',
  'edge_overridden',
  'external_disowned',
  'position_adopted',
  'position_corrected',
  'protection_waived',
  'environment_asked',
  'environment_changed',
]);

/** True for events that need the store: with it down the step that made them is refused. */
export function raisesRisk(event: Event): boolean {
  const isEntry = event.type === 'order_intended' && event.order.role === 'entry';
  const isMove = event.type === 'replace_requested' || event.type === 'watched_stop_moved';
  return RAISES_RISK.has(event.type) || isEntry || (isMove && event.why === WIDENED);
}
