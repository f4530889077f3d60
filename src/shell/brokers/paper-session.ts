import type { Clock, Timer } from '#app/ports.ts';
import type { Session } from '#core/market/session.ts';
import { endInstantsOf } from '#core/simulation/venue-cn.ts';

/**
 * Calls `expire` whenever orders of `session` end, now when that has passed already; null is a
 * closed exchange and ends them now. Answers the timers, which end with the session that set them.
 */
export function endOrdersWith(session: Session | null, clock: Clock, expire: () => void): Timer[] {
  if (session === null) {
    expire();
    return [];
  }
  const now = clock.now();
  const instants = endInstantsOf(session);
  if (instants.some((at) => at <= now)) expire();
  return instants.filter((at) => at > now).map((at) => clock.at(at, expire));
}
