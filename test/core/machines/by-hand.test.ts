import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openTodos } from '#core/engine/decide-manual.ts';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { actOf, quoteOf, report, tick } from '#test/support/builders.ts';
import {
  cnPolicy,
  confirmedCn,
  fillAct,
  MONDAY,
  plannedCn,
  quoteCn,
  STOCK,
  sh,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import { type Desk, deskAfter, run, step } from '#test/support/engine.ts';

const POLICY = cnPolicy();

function types(events: readonly Event[]): string[] {
  return events.map((event) => event.type);
}

function pushes(desk: Desk, events: readonly Event[]): string[] {
  return events
    .flatMap((event) => effectsOf(event, desk.state, desk.policy))
    .flatMap((effect) => (effect.kind === 'push' ? [effect.message.kind] : []));
}

/** The to-do stands with the person. */
function withTodo(): { desk: Desk; orderId: string; code: string; quantity: number } {
  const before = deskAfter(confirmedCn(), POLICY);
  const [order] = openTodos(before.state);
  assert.ok(order !== undefined);
  const sent = { kind: 'order_sent', at: sh('10:06:01'), orderId: order.orderId } as const;
  const desk = run(before, [sent, report(sh('10:06:01'), order.orderId, 'accepted')]);
  const code = desk.state.tickets[order.ticketId]?.code ?? '';
  return { desk, orderId: order.orderId, code, quantity: order.quantity };
}

describe('a person executes the desk’s A-share orders', () => {
  test('CX-05 a ticket of A-shares is whole lots with its fees counted, and one order without children', () => {
    const { desk, quantity } = withTodo();
    assert.equal(quantity % 100, 0);
    assert.ok(quantity >= 100);
    const [ticket] = Object.values(desk.state.tickets);
    assert.ok((ticket?.costMinor ?? 0) > 1_000, 'two commissions of at least five yuan');
    assert.deepEqual(
      Object.values(desk.state.orders).map((order) => [order.role, order.type]),
      [['entry', 'limit']],
    );
  });

  test('ID-06 an accepted order is a to-do that lives ten minutes of trading, never across the break', () => {
    const { desk, orderId } = withTodo();
    assert.equal(desk.state.orders[orderId]?.cancelDueAt, sh('10:16'));
    const { events } = step(desk, report(sh('10:06:02'), orderId, 'accepted'));
    assert.deepEqual(types(events), [], 'said twice it is no news');
    const sent = deskAfter(confirmedCn(), POLICY);
    const told = step(sent, report(sh('10:06:01'), orderId, 'accepted'));
    assert.deepEqual(pushes(told.desk, told.events), ['manual_todo']);
  });

  test('ID-06 silence is no doubt: the person is reminded after 2, 5 and 10 minutes, then told to withdraw', () => {
    let { desk } = withTodo();
    const heard: string[] = [];
    for (const wall of ['10:06:30', '10:08', '10:09', '10:11', '10:15', '10:16', '10:20']) {
      const next = step(desk, tick(sh(wall)));
      for (const event of next.events)
        if (event.type === 'manual_nagged') heard.push(`${wall} nag ${event.isLifeOver}`);
        else if (event.type === 'cancel_requested') heard.push(`${wall} withdraw`);
      assert.ok(!types(next.events).includes('order_became_unknown'));
      desk = next.desk;
    }
    assert.deepEqual(heard, [
      '10:08 nag false',
      '10:11 nag false',
      '10:16 withdraw',
      '10:20 nag true',
    ]);
    assert.deepEqual(desk.state.safeMode, []);
  });

  test('ID-06 fills add up, the person’s slippage is kept, and a conditional order is handed over', () => {
    const { desk, code, quantity } = withTodo();
    const first = step(desk, fillAct(sh('10:07'), code, 38.55, 100));
    assert.ok(types(first.events).includes('order_filled'));
    assert.ok(pushes(first.desk, first.events).includes('manual_protection'));
    const position = first.desk.state.positions[STOCK];
    assert.equal(position?.quantity, 100);
    assert.ok((position?.feesMinor ?? 0) >= 500);
    const second = step(
      first.desk,
      fillAct(sh('10:08'), code, 38.6, quantity - 100, { time: '10:07' }),
    );
    assert.equal(second.desk.state.positions[STOCK]?.quantity, quantity);
    assert.equal(openTodos(second.desk.state).length, 0);
    const set = step(second.desk, actOf(sh('10:09'), { act: 'protected', target: code }));
    assert.deepEqual(types(set.events), ['conditional_order_set']);
  });

  test('ID-09 the person attests the account, read back once; a desk of its own broker hears no such thing', () => {
    const { desk } = withTodo();
    const act = {
      act: 'reconcile',
      verb: 'attest',
      holdings: [{ target: STOCK, quantity: 300 }],
      cashMinor: 10_000_000,
      scope: null,
    } as const;
    const asked = step(desk, actOf(sh('10:07'), act));
    assert.deepEqual(types(asked.events), ['act_refused']);
    const attested = step(desk, actOf(sh('10:07'), act, { isConfirmed: true }));
    assert.partialDeepStrictEqual(attested.events, [
      {
        type: 'account_attested',
        holdings: [{ instrument: STOCK, quantity: 300 }],
        cashMinor: 10_000_000,
        by: 'terminal:owner',
      },
    ]);
    const odd = { ...act, holdings: [{ target: 'HOUSE', quantity: 1 }] };
    const refused = step(desk, actOf(sh('10:07'), odd, { isConfirmed: true }));
    assert.deepEqual(types(refused.events), ['act_refused']);
    const own = deskAfter(confirmedCn(), cnPolicy({ isPerson: false }));
    const deaf = step(own, actOf(sh('10:06:01'), act, { isConfirmed: true }));
    assert.deepEqual(types(deaf.events), ['act_refused']);
  });

  test('CX-06 ID-06 the card of an order changes once it is to be left alone, and once it is reported', () => {
    const { desk, code, orderId, quantity } = withTodo();
    const cards = (from: Desk, input: Input) => {
      const { desk: after, events } = step(from, input);
      const effects = events.flatMap((event) => effectsOf(event, after.state, after.policy));
      return effects.flatMap((effect) => {
        if (effect.kind !== 'push' || effect.message.kind !== 'manual_todo') return [];
        const { order, remaining } = effect.message;
        return [[effect.editKey, order.state, order.cancelRequestedAt, remaining]];
      });
    };
    const at = sh('10:07');
    const key = `todo:${orderId}`;
    assert.deepEqual(cards(desk, actOf(at, { act: 'kill', scope: null })), [
      [key, 'accepted', at, quantity],
    ]);
    assert.deepEqual(cards(desk, fillAct(at, code, 38.55, quantity)), [[key, 'filled', null, 0]]);
    const late = step(deskAfter(confirmedCn(), POLICY), actOf(at, { act: 'kill', scope: null }));
    const taken = cards(late.desk, report(at + 10, orderId, 'accepted'));
    assert.deepEqual(taken, [[key, 'accepted', at, quantity]], 'killed before it was taken');
  });

  test('ID-06 none ends an order, done voids the rest', () => {
    const { desk, code, orderId } = withTodo();
    const nothing = { price: null, quantity: null, time: null };
    const none = step(
      desk,
      actOf(sh('10:07'), { act: 'fill', target: code, verb: 'none', ...nothing }),
    );
    assert.equal(none.desk.state.orders[orderId]?.state, 'canceled');
    const part = step(desk, fillAct(sh('10:06:30'), code, 38.55, 100)).desk;
    const wrong = step(
      part,
      actOf(sh('10:07:30'), { act: 'fill', target: code, verb: 'none', ...nothing }),
    );
    assert.deepEqual(types(wrong.events), ['act_refused']);
    const done = step(
      part,
      actOf(sh('10:08'), { act: 'fill', target: code, verb: 'done', ...nothing }),
    );
    assert.equal(done.desk.state.orders[orderId]?.state, 'canceled');
    assert.equal(done.desk.state.positions[STOCK]?.quantity, 100);
  });

  test('ID-06 a report that cannot be, or looks odd, does not count before it was confirmed', () => {
    const { desk, code, quantity } = withTodo();
    const refusalOf = (input: Parameters<typeof step>[1]): string | undefined => {
      const [event] = step(desk, input).events;
      return event?.type === 'act_refused' ? event.reason.code : event?.type;
    };
    assert.equal(
      refusalOf(fillAct(sh('10:07'), code, 38.55, quantity + 100)),
      'quantity_out_of_range',
    );
    assert.equal(refusalOf(fillAct(sh('10:07'), code, 38.55, 50)), 'second_confirmation_needed');
    assert.equal(refusalOf(fillAct(sh('10:07'), code, 43, 100)), 'second_confirmation_needed');
    assert.equal(
      refusalOf(fillAct(sh('10:07'), code, 38.55, 100, { time: '10:30' })),
      'unknown_time',
    );
    assert.equal(refusalOf(fillAct(sh('10:07'), 'ZZZZ', 38.55, 100)), 'unknown_order');
    assert.equal(
      refusalOf(fillAct(sh('10:07'), code, 38.55, 50, { isConfirmed: true })),
      'order_filled',
    );
  });

  test('SP-09 behind a seal at limit-down the sale is queued, and a person is told once that it waits', () => {
    const { desk, code, quantity } = withTodo();
    const held = step(desk, fillAct(sh('10:07'), code, 38.55, quantity)).desk;
    const morning = run(held, [
      { kind: 'session_closed', at: sh('15:20'), labels: [] },
      plannedCn(sh('09:00', TUESDAY), TUESDAY, { previousClose: 38.4 }),
    ]);
    // limit-down of 38.40 is 34.56: offered there, and nobody bids
    const sealed = (at: number): Input => ({
      kind: 'quote_seen',
      at,
      quote: { ...quoteOf(at, 0, 34.56, STOCK), bidSize: 0 },
    });
    const first = step(morning, sealed(sh('09:30:01', TUESDAY)));
    const intended = first.events.find((event) => event.type === 'order_intended');
    assert.equal(intended?.type === 'order_intended' && intended.order.limitPrice, 34.56);
    const waits = first.events.find((event) => event.type === 'exit_waits');
    assert.equal(waits?.type === 'exit_waits' && waits.reason.code, 'sealed_down');
    assert.ok(pushes(first.desk, first.events).includes('limit_locked'));
    const again = step(first.desk, sealed(sh('09:31', TUESDAY)));
    assert.ok(!types(again.events).includes('exit_waits'));
  });

  test('ID-07 the break at noon is no silence: the first quote after it doubts no other name', () => {
    const { desk, code, quantity } = withTodo();
    const other: InstrumentId = '600036.SH';
    const noon = run(step(desk, fillAct(sh('10:07'), code, 38.55, quantity)).desk, [
      quoteCn(sh('11:29:59'), 38.5, 38.52),
    ]);
    const known = {
      ...noon.state.symbols,
      [other]: { ...noon.state.symbols[STOCK]!, instrument: other },
    };
    const watching = { ...noon, state: { ...noon.state, symbols: known } };
    const quote = quoteOf(sh('13:00:01'), 40, 40.02, other);
    const after = step(watching, { kind: 'quote_seen', at: sh('13:00:01'), quote });
    assert.ok(!types(after.events).includes('safe_mode_entered'));
    const later = step(after.desk, {
      kind: 'quote_seen',
      at: sh('13:01'),
      quote: quoteOf(sh('13:01'), 40, 40.02, other),
    });
    assert.ok(
      types(later.events).includes('safe_mode_entered'),
      'trading goes on, it stands still',
    );
  });

  test('SP-09 what was bought today is not sold today: the stop waits, says so once and leaves next morning', () => {
    const { desk, code, quantity } = withTodo();
    const held = step(desk, fillAct(sh('10:07'), code, 38.55, quantity)).desk;
    const touched = step(held, quoteCn(sh('13:30'), 37, 37.02));
    assert.deepEqual(
      types(touched.events).filter((type) => type.startsWith('exit')),
      ['exit_started', 'exit_waits'],
    );
    assert.ok(pushes(touched.desk, touched.events).includes('limit_locked'));
    const again = step(touched.desk, quoteCn(sh('13:31'), 36.9, 36.92));
    assert.ok(!types(again.events).includes('exit_waits'));
    assert.equal(openTodos(again.desk.state).length, 0);
    const morning = run(again.desk, [
      { kind: 'session_closed', at: sh('15:20'), labels: [] },
      plannedCn(sh('09:00', TUESDAY), TUESDAY, { previousClose: 36.9 }),
    ]);
    const auction = step(morning, tick(sh('09:15', TUESDAY)));
    const intended = auction.events.find((event) => event.type === 'order_intended');
    assert.ok(intended?.type === 'order_intended');
    assert.equal(intended.order.limitPrice, 33.21, 'limit-down in the auction');
    assert.equal(intended.order.quantity, quantity);
    assert.ok(types(auction.events).includes('alarm_raised'), 'an exit rings until it is reported');
    const sold = step(auction.desk, fillAct(sh('09:26', TUESDAY), code, 36.5, quantity));
    assert.ok(types(sold.events).includes('trade_closed'));
  });

  test('CX-07 ID-06 nobody says that the rest of a purchase was withdrawn: the exit of what is held leaves', () => {
    const policy = cnPolicy({ sellableAfterDays: 0 });
    const before = deskAfter(confirmedCn(), policy);
    const [entry] = openTodos(before.state);
    assert.ok(entry !== undefined);
    const { orderId } = entry;
    const part = run(before, [
      report(sh('10:06:01'), orderId, 'accepted'),
      fillAct(sh('10:07'), orderId, 38.55, 100),
      tick(sh('10:16')),
    ]);
    assert.equal(part.state.orders[orderId]?.cancelRequestedAt, sh('10:16'));
    const stopped = step(part, quoteCn(sh('10:20'), 37, 37.02));
    const sale = openTodos(stopped.desk.state).find((order) => order.role === 'exit');
    assert.equal(sale?.quantity, 100);
    const late = step(stopped.desk, fillAct(sh('10:21'), orderId, 38.5, 100));
    assert.ok(
      late.events.some((event) => event.type === 'order_filled'),
      'late is still a fact',
    );
  });

  test('SP-09 on a stale price nothing is fired', () => {
    const { desk, code, quantity } = withTodo();
    const held = run(desk, [
      fillAct(sh('10:07'), code, 38.55, quantity),
      { kind: 'session_closed', at: sh('15:20'), labels: [] },
      plannedCn(sh('09:00', TUESDAY), TUESDAY),
    ]);
    const old = { ...quoteCn(sh('10:00', TUESDAY), 36.9, 36.92), at: sh('10:00:10', TUESDAY) };
    assert.ok(!types(step(held, old).events).includes('exit_started'));
    assert.ok(
      types(step(held, quoteCn(sh('10:00', TUESDAY), 36.9, 36.92)).events).includes('exit_started'),
    );
  });
});

describe('a watched position on a simulated A-share account', () => {
  const paper = cnPolicy({ broker: 'paper', isPerson: false });

  function overnight(): { desk: Desk; quantity: number } {
    const bought = deskAfter(confirmedCn(), paper);
    const [order] = openTodos(bought.state);
    assert.ok(order !== undefined);
    const { orderId, quantity } = order;
    const filled = { filledQuantity: quantity, lastQuantity: quantity, lastPrice: 38.6 };
    const desk = run(bought, [
      report(sh('10:06:01'), orderId, 'accepted'),
      report(sh('10:06:02'), orderId, 'filled', filled),
      { kind: 'session_closed', at: sh('15:20'), labels: [] },
      plannedCn(sh('09:00', TUESDAY), TUESDAY),
    ]);
    return { desk, quantity };
  }

  test('SP-09 a sale is priced five ticks below the bid, anew every 15 s, three times, then at the cage’s floor', () => {
    const at = sh('10:00', TUESDAY);
    const first = step(overnight().desk, quoteCn(at, 37, 37.02));
    const [sale] = openTodos(first.desk.state);
    assert.ok(sale !== undefined);
    assert.equal(sale.limitPrice, 36.95);
    const waited = run(first.desk, [report(at + 100, sale.orderId, 'accepted'), tick(at + 15_000)]);
    assert.equal(waited.state.orders[sale.orderId]?.cancelRequestedAt, at + 15_000);
    const seen = run(waited, [quoteCn(at + 15_050, 36.8, 36.82)]);
    const again = run(seen, [report(at + 15_100, sale.orderId, 'canceled')]);
    assert.deepEqual(
      openTodos(again.state).map((order) => order.limitPrice),
      [36.75],
    );
  });

  test('SP-08 the first target sells half in whole lots and the stop goes to the entry', () => {
    const { desk, quantity } = overnight();
    const position = desk.state.positions[STOCK];
    assert.ok(position !== undefined);
    const at = sh('10:00', TUESDAY);
    const hit = step(desk, quoteCn(at, position.firstTarget, position.firstTarget + 0.02));
    const intended = hit.events.find((event) => event.type === 'order_intended');
    assert.ok(intended?.type === 'order_intended');
    assert.equal(intended.order.quantity % 100, 0);
    assert.ok(Math.abs(intended.order.quantity - quantity / 2) <= 100);
    const { orderId, quantity: sold } = intended.order;
    const filled = { filledQuantity: sold, lastQuantity: sold, lastPrice: position.firstTarget };
    const after = run(hit.desk, [report(at + 100, orderId, 'filled', filled)]);
    assert.equal(after.state.positions[STOCK]?.stop, position.entryPrice);
    assert.equal(after.state.positions[STOCK]?.exiting, null);
  });

  test('SP-09 positions are held overnight and nothing is sold for the close', () => {
    const { desk } = overnight();
    const late = run(desk, [
      quoteCn(sh('14:56', TUESDAY), 38.5, 38.52),
      tick(sh('14:59:59', TUESDAY)),
    ]);
    assert.equal(late.state.positions[STOCK]?.exiting, null);
    assert.equal(MONDAY < TUESDAY, true);
  });
});
