import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Input } from '#core/engine/input.ts';
import { EMPTY_VIEW, observe } from '#core/engine/view.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { evaluationOf } from '../../support/builders.ts';

const NAMES: readonly InstrumentId[] = ['QQQM.US', 'MU.US'];
const name = fc.constantFrom(...NAMES);
const moment = fc.integer({ min: 1, max: 6 });
const quote = fc
  .record({ instrument: name, at: moment, bid: fc.integer({ min: 1, max: 9 }) })
  .map((drawn) => ({ ...drawn, ask: drawn.bid + 1, bidSize: 1, askSize: 1 }));
const bar = fc.record({ instrument: name, asOf: moment, quote: fc.option(quote) }).map(
  ({ instrument, asOf, quote: seen }): Extract<Input, { kind: 'bar_evaluated' }> => ({
    kind: 'bar_evaluated',
    at: 9,
    evaluation: evaluationOf(asOf, { instrument }),
    inputHash: '',
    quote: seen,
  }),
);

test('a bar with a quote is seen as the quote and then the bar, whichever of them is old or of another symbol', () => {
  fc.assert(
    fc.property(fc.array(bar, { minLength: 1, maxLength: 12 }), (bars) => {
      let together = EMPTY_VIEW;
      let apart = EMPTY_VIEW;
      for (const input of bars) {
        together = observe(together, input);
        if (input.quote !== null)
          apart = observe(apart, { kind: 'quote_seen', at: 9, quote: input.quote });
        apart = observe(apart, { ...input, quote: null });
        assert.deepEqual(together, apart);
      }
    }),
    { numRuns: 300 },
  );
});
