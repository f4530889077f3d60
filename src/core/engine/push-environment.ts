import type { Event } from './event.ts';
import type { Policy } from './policy.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

/** Messages about the side of the account: wanted, dropped, taken. `state` is the state right after the event. */
export function environmentPushes(
  event: Event,
  state: DeskState,
  { accountId }: Pick<Policy, 'accountId'>,
  make: Make,
): Push[] {
  switch (event.type) {
    case 'environment_asked': {
      const { to, by } = event;
      const { day } = state;
      const isOpen = day !== null && !day.isClosed && event.at >= day.session.openAt;
      const isWaiting = to === 'live' && isOpen;
      return [make({ kind: 'account_asked', accountId, to, by, isWaiting })];
    }
    case 'environment_dropped': {
      const { to, by, reason } = event;
      return [make({ kind: 'account_dropped', accountId, to, by, reason })];
    }
    case 'environment_changed': {
      const { from, to, by, cashMinor } = event;
      return [make({ kind: 'account_changed', accountId, from, to, by, cashMinor })];
    }
    default:
      return [];
  }
}
