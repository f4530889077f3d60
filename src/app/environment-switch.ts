import type { Event } from '#core/engine/event.ts';
import type { Environment } from '#core/engine/policy.ts';
import type { Reason } from '#core/gates/reason.ts';
import type { Desk } from './desk.ts';
import { fromStored } from './event-form.ts';
import type { Clock, EventLog } from './ports.ts';

/** What was found on the side of an account that nobody is on yet. */
export type SideFound = {
  /** Minor units; null: not known. */
  readonly cashMinor: number | null;
  readonly objections: readonly Reason[];
};

export type EnvironmentSwitchDeps = {
  readonly desk: Desk;
  readonly clock: Clock;
  /** Looks at a side without touching it. Never throws: what cannot be asked is an objection. */
  readonly look: (to: Environment) => Promise<SideFound>;
  /** Opens the desk anew on the side its log says. */
  readonly reopen: (to: Environment) => void;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** Moments at which a wish that waits is looked at again: it may have become possible. */
const CAUSES: ReadonlySet<Event['type']> = new Set([
  'environment_asked',
  'session_planned',
  'day_closed',
  'desk_recovered',
]);

/**
 * Takes a wish for the other side of the account to its end: looks at that side when it is wanted and
 * whenever it may have become possible, tells the desk what was found, and opens the desk anew once the
 * log says that it is there.
 */
export function followEnvironment(deps: EnvironmentSwitchDeps): void {
  const { desk, clock, look, reopen, onTrouble } = deps;
  const judge = async (): Promise<void> => {
    const to = desk.state().environmentAsked?.to;
    if (to === undefined) return;
    const found = await look(to);
    await desk.submit({ kind: 'environment_judged', at: clock.now(), to, ...found });
  };
  desk.onEvents((events) => {
    const changed = events.findLast((event) => event.type === 'environment_changed');
    if (changed?.type === 'environment_changed') return reopen(changed.to);
    if (events.some((event) => CAUSES.has(event.type)))
      void judge().catch((error: unknown) => onTrouble('side of the account', error));
  });
}

/**
 * The side of its account that a desk is on by its log; null: nobody chose one by chat, and the file
 * counts. Throws StoreError.
 */
export async function environmentInLog(
  store: { readonly events: EventLog },
  stream: string,
): Promise<Environment | null> {
  // asked of the log itself: who reads from beside has nobody to mend its snapshots
  const [newest] = await store.events.newest(stream, 'environment_changed', 1);
  if (newest === undefined) return null;
  const event = fromStored(newest);
  return event.type === 'environment_changed' ? event.to : null;
}
