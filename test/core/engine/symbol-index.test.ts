import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DeskState, SymbolState } from '#core/engine/state.ts';
import { cooldownsOf, namesOf, unsettledSymbols } from '#core/engine/symbol-index.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { AAPL, QQQM, withPosition } from '#test/support/builders.ts';
import { deskAfter } from '#test/support/engine.ts';

const HELD = deskAfter(withPosition()).state;
const PHASES = ['trading_allowed', 'locked', 'in_position', 'cooldown'] as const;
const NAMES: readonly InstrumentId[] = [AAPL, QQQM, 'MU.US', 'SPY.US'];

const drawn = fc.array(
  fc.record({ phase: fc.constantFrom(...PHASES), cooldownUntil: fc.constantFrom(null, 9) }),
  { minLength: NAMES.length, maxLength: NAMES.length },
);

function bookOf(draws: readonly Partial<SymbolState>[], isHeld: boolean): DeskState {
  const usual = HELD.symbols[AAPL];
  assert.ok(usual !== undefined);
  const symbols = NAMES.map((instrument, n) => [instrument, { ...usual, ...draws[n], instrument }]);
  return {
    ...HELD,
    symbols: Object.fromEntries(symbols),
    positions: isHeld ? HELD.positions : {},
  };
}

test('ID-02 no symbol whose phase may have to change is left out, whichever phase is asked for first', () => {
  fc.assert(
    fc.property(drawn, fc.boolean(), fc.shuffledSubarray([...PHASES]), (draws, isHeld, asked) => {
      const book = bookOf(draws, isHeld);
      for (const usual of asked) {
        const found = unsettledSymbols(book, usual);
        const wanted = Object.values(book.symbols).filter(
          ({ instrument, phase, cooldownUntil }) =>
            phase !== usual || cooldownUntil !== null || book.positions[instrument] !== undefined,
        );
        const all = Object.values(book.symbols);
        assert.deepEqual(
          all.filter((one) => wanted.includes(one) && !found.includes(one)),
          [],
        );
        assert.deepEqual(
          all.filter((one) => found.includes(one)),
          found,
          'in the order of the book',
        );
      }
      assert.deepEqual(namesOf(book), NAMES);
      assert.deepEqual(
        cooldownsOf(book),
        draws.flatMap(({ cooldownUntil }) => cooldownUntil ?? []),
      );
    }),
  );
});
