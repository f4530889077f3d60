import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createOwnView, noteInput, noteQuote, ownSeen } from '#core/backtest/own-view.ts';
import { EMPTY_VIEW, observe } from '#core/engine/view.ts';
import {
  AAPL,
  bars,
  beat,
  confirm,
  ny,
  planned,
  QQQM,
  quote,
  quoteOf,
  reach,
  signalBar,
  tick,
} from '#test/support/builders.ts';

const AT = ny('10:02');
const INPUTS = [
  ...bars('10:00', '10:05'),
  planned(ny('09:29')),
  beat(AT, [QQQM]),
  reach(AT, true),
  tick(AT),
  confirm(AT),
  signalBar(AT, { instrument: AAPL }),
  signalBar(AT + 60_000, {}, null),
  quote(AT, 99, 100),
  quote(AT - 1, 98, 99),
  quote(AT, 97, 98, AAPL),
  { ...quote(AT, 97, 98, AAPL), others: { at: AT, desks: [] } },
  { ...tick(AT), others: { at: AT, desks: [] } },
];

test('ID-12 a view that changes in place has seen what one that is copied has, and the empty view stays empty', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...INPUTS), { maxLength: 14 }), (inputs) => {
      let own = createOwnView();
      let copied = EMPTY_VIEW;
      for (const input of inputs) {
        own = noteInput(own, input);
        copied = observe(copied, input);
        assert.deepEqual(own, copied);
      }
      assert.deepEqual(EMPTY_VIEW, { symbols: {}, since: null, heartbeatAt: null });
    }),
    { numRuns: 300 },
  );
});

test('ID-12 a quote and a bar noted where they stand are there for the next decision, an older quote is not', () => {
  const view = noteInput(createOwnView(), planned(ny('09:29')));
  noteQuote(view, quoteOf(AT, 99, 100));
  noteQuote(view, quoteOf(AT - 1, 1, 2));
  ownSeen(view, QQQM).lastBarClosedAt = AT;
  const { quote: seen, lastBarClosedAt } = noteInput(view, tick(AT)).symbols[QQQM] ?? {};
  assert.deepEqual([seen?.bid, lastBarClosedAt], [99, AT]);
});
