import assert from 'node:assert/strict';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolveAll } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import { policyOf } from './builders.ts';
import { type Desk, deskAfter, run, step } from './engine.ts';

/** An event by its type alone, or by its type and some of its fields (nested ones too). */
export type Shape = Event['type'] | ({ readonly type: Event['type'] } & Record<string, unknown>);

/** The part of `found` that `wanted` speaks of. */
function picked(found: unknown, wanted: unknown): unknown {
  if (Array.isArray(wanted))
    return Array.isArray(found)
      ? found.map((item, i) => (i < wanted.length ? picked(item, wanted[i]) : item))
      : found;
  if (wanted === null || typeof wanted !== 'object') return found;
  if (found === null || typeof found !== 'object') return found;
  const fields = Object.entries(wanted).map(([key, value]) => [
    key,
    picked((found as Record<string, unknown>)[key], value),
  ]);
  return Object.fromEntries(fields);
}

function shaped(events: readonly Event[], shapes: readonly Shape[]): unknown[] {
  return events.map((event, i) => {
    const shape = shapes[i];
    if (shape === undefined || typeof shape === 'string') return event.type;
    return event.type === shape.type ? picked(event, shape) : event.type;
  });
}

export type When = {
  readonly desk: Desk;
  readonly events: readonly Event[];
  /** Exactly these events, in this order. */
  decides(...shapes: Shape[]): When;
  /** Among the events of these types, exactly these. */
  decidesOf(types: readonly Event['type'][], ...shapes: Shape[]): When;
  /** One refusal with that code to the person, and nothing else happens. */
  refuses(code: string): When;
  nothing(): When;
  /** Kinds of the effects of all events, in order. */
  effects(): string[];
  and(...inputs: Input[]): Given;
};

export type Given = {
  readonly desk: Desk;
  when(input: Input): When;
  /** The same desk after more inputs. */
  and(...inputs: Input[]): Given;
};

function whenOf(before: Desk, input: Input): When {
  const { desk, events } = step(before, input);
  const self: When = {
    desk,
    events,
    decides(...shapes) {
      assert.deepEqual(shaped(events, shapes), shapes);
      return self;
    },
    decidesOf(types, ...shapes) {
      const some = events.filter((event) => types.includes(event.type));
      assert.deepEqual(shaped(some, shapes), shapes);
      return self;
    },
    refuses(code) {
      return self.decides({ type: 'act_refused', reason: { code } });
    },
    nothing() {
      return self.decides();
    },
    effects() {
      return events.flatMap((event, i) => {
        const state = evolveAll(before.state, events.slice(0, i + 1));
        return effectsOf(event, state, before.policy).map((effect) =>
          effect.kind === 'push' ? `push ${effect.message.kind}` : effect.kind,
        );
      });
    },
    and: (...inputs) => givenDesk(run(desk, inputs)),
  };
  return self;
}

export function givenDesk(desk: Desk): Given {
  return {
    desk,
    when: (input) => whenOf(desk, input),
    and: (...inputs) => givenDesk(run(desk, inputs)),
  };
}

/** A desk that has lived through these inputs. */
export function given(inputs: readonly Input[], policy: Policy = policyOf()): Given {
  return givenDesk(deskAfter(inputs, policy));
}
