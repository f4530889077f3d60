import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stopChange } from '#core/engine/decide-stops.ts';
import type { Event } from '#core/engine/event.ts';
import { actOf, ny, QQQM, quote, quoteOf, report, withPosition } from '#test/support/builders.ts';
import { cnPolicy } from '#test/support/cn-desk.ts';
import { deskAfter, newDesk, run, step } from '#test/support/engine.ts';

const AT = ny('10:05');

function moved(price: number, more: { isConfirmed?: boolean; bid?: number | null } = {}) {
  const { isConfirmed = false, bid = 100.4 } = more;
  const held = deskAfter(withPosition());
  const seen = bid === null ? null : quoteOf(AT, bid, bid + 0.02);
  const act = { act: 'stoploss', target: 'QQQM', price } as const;
  return step(held, actOf(AT, act, { quote: seen, isConfirmed }));
}

const refusal = (events: readonly Event[]): string | undefined => {
  const found = events.find((event) => event.type === 'act_refused');
  return found?.type === 'act_refused' ? found.reason.code : undefined;
};

const asked = (events: readonly Event[]): number[] =>
  events.flatMap((event) => (event.type === 'replace_requested' ? [event.stopPrice] : []));

describe('a person moves the stop of a position', () => {
  test('AL-07 up at once, on the tick', () => {
    const stops = asked(moved(99.505).events);
    assert.ok(stops.length > 0);
    assert.ok(stops.every((stop) => stop === 99.5));
  });

  test('AL-07 down only after a second confirmation, and the broker’s word counts', () => {
    assert.equal(refusal(moved(98.5).events), 'second_confirmation_needed');
    const { desk, events } = moved(98.5, { isConfirmed: true });
    assert.ok(asked(events).every((stop) => stop === 98.5) && asked(events).length > 0);
    const answers = events.flatMap((event) =>
      event.type === 'replace_requested'
        ? [report(AT + 100, event.orderId, 'replaced', { stopPrice: 98.5 })]
        : [],
    );
    assert.equal(run(desk, answers).state.positions[QQQM]?.stop, 98.5);
  });

  test('AL-07 never at or beyond the market, and never up without a fresh price', () => {
    assert.equal(refusal(moved(100.4).events), 'stop_beyond_market');
    const unseen = run(deskAfter(withPosition()), [quote(ny('10:02'), 100.3, 100.32)]);
    const act = { act: 'stoploss', target: 'QQQM', price: 99.5 } as const;
    assert.equal(refusal(step(unseen, actOf(AT, act)).events), 'quote_missing');
  });

  test('AL-07 all stops at once go up to so many percent below cost, and never down, nor to the market', () => {
    const held = deskAfter(withPosition());
    const all = (percent: number, bid: number | null = 100.4) => {
      const seen = bid === null ? held : run(held, [quote(AT, bid, bid + 0.02)]);
      return step(seen, actOf(AT, { act: 'stops', percent })).events;
    };
    assert.deepEqual(new Set(asked(all(0.5))), new Set([99.5]));
    assert.deepEqual(asked(all(5)), []);
    assert.equal(refusal(all(5)), 'already_so');
    assert.equal(refusal(all(0.5, 99.4)), 'already_so');
    assert.equal(refusal(all(0.5, null)), 'already_so');
  });

  test('AL-07 what a new stop would be is told apart', () => {
    const position = deskAfter(withPosition()).state.positions[QQQM];
    assert.ok(position !== undefined);
    assert.equal(stopChange(position, 99.5, 100), 'tighten');
    assert.equal(stopChange(position, 99.5, null), 'no_price');
    assert.equal(stopChange(position, 99, 100), 'same');
    assert.equal(stopChange(position, 98.9, null), 'widen');
    assert.equal(stopChange(position, 100, 100), 'at_market');
    const exiting = { quantity: 1 } as NonNullable<typeof position.exiting>;
    assert.equal(stopChange({ ...position, exiting }, 99.5, 100), 'leaving');
  });

  test('AL-07 breakeven is the price it was bought at; nothing held is said', () => {
    const held = deskAfter(withPosition());
    const entry = held.state.positions[QQQM]?.entryPrice ?? 0;
    const act = { act: 'breakeven', target: 'QQQM' } as const;
    const { events } = step(
      held,
      actOf(AT, act, { quote: quoteOf(AT, entry + 0.5, entry + 0.52) }),
    );
    assert.deepEqual(new Set(asked(events)), new Set([entry]));
    const none = { act: 'breakeven', target: 'MU' } as const;
    assert.equal(refusal(step(held, actOf(AT, none)).events), 'unknown_position');
    assert.equal(refusal(step(newDesk(cnPolicy()), actOf(AT, none)).events), 'unknown_position');
  });
});
