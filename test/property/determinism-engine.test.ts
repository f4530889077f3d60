import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decide } from '#core/engine/decide.ts';
import { effectsOf } from '#core/engine/effects.ts';
import { evolve } from '#core/engine/evolve.ts';
import { step } from '#test/support/engine.ts';
import { live, lives } from '#test/support/random-inputs.ts';

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

test('the same state, view, input and policy give the same events and effects', () => {
  fc.assert(
    fc.property(lives, (life) => {
      for (const { before, input, after, decided } of live(life)) {
        assert.deepEqual(decide(before.state, after.view, input, before.policy), decided);
        const revived = decide(copy(before.state), after.view, copy(input), copy(before.policy));
        assert.deepEqual(copy(revived), copy(decided));
        assert.deepEqual(revived, decided);
      }
    }),
    { numRuns: 150 },
  );
});

test('effects follow from events and survive JSON', () => {
  fc.assert(
    fc.property(lives, (life) => {
      for (const { before, decided } of live(life)) {
        let { state } = before;
        for (const event of decided) {
          state = evolve(state, event);
          const effects = effectsOf(event, state, before.policy);
          assert.deepEqual(copy(effects), effects);
          assert.deepEqual(effectsOf(event, copy(state), before.policy), effects);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('time that passes twice at one instant decides once: waking often is the same as waking once', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const last = live(life).at(-1);
      assert.ok(last !== undefined);
      const idle = { kind: 'time_passed', at: last.input.at } as const;
      const once = step(last.after, idle).desk;
      assert.deepEqual(step(once, idle).events, []);
    }),
    { numRuns: 500 },
  );
});
