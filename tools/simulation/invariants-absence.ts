import { PROBE_EVERY_MS } from './conversation.ts';
import { entryOf, type Hooks, type Observed } from './observed.ts';

/** What a probe may take, and the delivery of what was on its way. */
const SLACK_MS = 40_000;

/**
 * 3. Nor after nobody could be reached for the time an operator may be silent.
 *
 * At the first byte of an entry: some chat has shown a card within that time, the distance of two probes and
 * their own time. Counted from the open, from the recovery of the process and from the last trouble of its
 * store or its broker, whichever is latest.
 */
export function somebodyIsThere(world: Observed): Hooks {
  let shownAt = 0;
  let recoveredAt = 0;
  return {
    shown() {
      shownAt = world.now();
    },
    recovered() {
      recoveredAt = world.now();
    },
    submitting(_life, order) {
      const session = world.session();
      if (entryOf(order) === null || session === null) return;
      const since = Math.max(shownAt, recoveredAt, session.openAt, world.brokerCalmSince());
      const limitMs = world.policy.watch.operatorSilentMs + PROBE_EVERY_MS + SLACK_MS;
      const silentMs = world.now() - since;
      if (silentMs > limitMs)
        world.fail(3, `${order.orderId} left after ${silentMs} ms in which no chat was reached`);
    },
  };
}
