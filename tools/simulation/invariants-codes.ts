import type { Event } from '#core/engine/event.ts';
import { stepAt } from './device.ts';
import type { Meaning } from './meaning.ts';
import type { Hooks, Observed } from './observed.ts';
import { mayAct } from './people.ts';

type Agreed = Extract<Meaning, { wants: 'agree' }>;

/**
 * True when an agreement is one: on made-up money always, on real money with the code of a step that the clock of the
 * desk bears. One step on either side is borne, and one more for the time until it is looked at.
 */
export function isAgreement(world: Observed, { step }: Agreed): boolean {
  if (world.policy.environment === 'paper') return true;
  const ahead = (step ?? 0) - stepAt(world.deskNow());
  return ahead >= -1 && ahead <= 2;
}

const BOLDNESS = { alert: 0, semi: 1, auto: 2 } as const;

/** What an event of a person's takes on real money; null: it takes no code. */
function takes(event: Event): string | null {
  switch (event.type) {
    case 'consent_given':
      return 'allow';
    case 'kill_resumed':
      return 'resume';
    case 'safe_mode_left':
      return 'safe';
    case 'mode_changed':
      return BOLDNESS[event.to] > BOLDNESS[event.from] ? 'mode' : null;
    default:
      return null;
  }
}

/**
 * 3. On real money nothing that raises risk happens without a one-time code of its own.
 *
 * Behind every consent, resume, end of SAFE_MODE and bolder mode in the log stands an agreement to just that, of a
 * person who may act, with the code of a step that counted then and that stands behind nothing else.
 */
export function codeOfItsOwn(world: Observed): Hooks {
  if (world.policy.environment === 'paper') return {};
  const known = new Set<string>();
  const spent = new Set<number>();
  const given: { readonly to: string; readonly step: number }[] = [];
  return {
    receiving(_life, { incoming, meaning }) {
      const { channel, userId, updateId } = incoming;
      if (meaning.wants !== 'agree' || known.has(updateId) || !mayAct(channel, userId)) return;
      known.add(updateId);
      const { to, step } = meaning;
      if (step !== null && isAgreement(world, meaning)) given.push({ to, step });
    },
    committed(event) {
      const needed = takes(event);
      if (needed === null) return;
      const own = given.find(({ to, step }) => to === needed && !spent.has(step));
      if (own === undefined) world.fail(3, `${event.type} on real money without a code of its own`);
      else spent.add(own.step);
    },
  };
}
