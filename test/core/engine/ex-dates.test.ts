import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { openTodos } from '#core/engine/decide-manual.ts';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import { heldPositionOf } from '#core/engine/pulse-desk.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { ExDateFacts, ExTerms } from '#core/portfolio/ex-date.ts';
import { actOf, planned, report } from '#test/support/builders.ts';
import {
  cnPolicy,
  confirmedCn,
  fillAct,
  MONDAY,
  quoteCn,
  STOCK,
  sh,
  shanghaiSession,
  stockDay,
  TUESDAY,
} from '#test/support/cn-desk.ts';
import { type Desk, deskAfter, run, step } from '#test/support/engine.ts';

const NO_RIGHTS = { rightsPerShare: 0, rightsPrice: 0 };
const LAST_CLOSE = 38.5;

function termsOf(cashPerShare: number, newSharesPerShare: number): ExTerms {
  return { exDate: TUESDAY, cashPerShare, newSharesPerShare, ...NO_RIGHTS };
}

/** The exchange's own previous close on the ex-date. */
function exClose({ cashPerShare, newSharesPerShare }: ExTerms): number {
  return Math.round(((LAST_CLOSE - cashPerShare) / (1 + newSharesPerShare)) * 100) / 100;
}

/** Monday's order as a person took it, and the code by which they report of it. */
function ordered(): { readonly asked: Desk; readonly code: string; readonly quantity: number } {
  const before = deskAfter(confirmedCn(), cnPolicy());
  const [order] = openTodos(before.state);
  assert.ok(order !== undefined);
  const sent = { kind: 'order_sent', at: sh('10:06:01'), orderId: order.orderId } as const;
  const asked = run(before, [sent, report(sh('10:06:01'), order.orderId, 'accepted')]);
  const code = asked.state.tickets[order.ticketId]?.code ?? '';
  return { asked, code, quantity: order.quantity };
}

const EVENING: Input = { kind: 'session_closed', at: sh('15:20'), labels: [] };

/** A desk that bought on Monday at 38.55 with its stop at 37.08, on the evening. */
function holding(): Desk {
  const { asked, code, quantity } = ordered();
  return run(asked, [fillAct(sh('10:07'), code, 38.55, quantity), EVENING]);
}

function morning(facts: Partial<ExDateFacts>, previousClose: number): Input {
  const exDates = [
    {
      instrument: STOCK,
      terms: null,
      lastClose: LAST_CLOSE,
      officialPreviousClose: previousClose,
      ...facts,
    },
  ];
  const instrumentDay = stockDay(TUESDAY, { previousClose });
  const symbol = {
    instrument: STOCK,
    ma20: null,
    atr20d: null,
    previousClose,
    usualDays: 0,
    instrumentDay,
  };
  const plan = planned(sh('08:50', TUESDAY), shanghaiSession(TUESDAY), [], [symbol]);
  return { ...plan, exDates } as Input;
}

const types = (events: readonly Event[]) => events.map(({ type }) => type);
const heldIn = (desk: Desk) => desk.state.positions[STOCK]!;
const pushes = (desk: Desk, events: readonly Event[]) =>
  events
    .flatMap((event) => effectsOf(event, desk.state, desk.policy))
    .flatMap((effect) => (effect.kind === 'push' ? [effect.message.kind] : []));

suite('the morning of an ex-date', () => {
  test('SP-09 a cash dividend lowers cost, stop and targets, and is booked', () => {
    const before = holding();
    const terms = termsOf(0.5, 0);
    const { desk, events } = step(before, morning({ terms }, exClose(terms)));
    const [was, is] = [heldIn(before), heldIn(desk)];
    assert.deepEqual(
      [is.quantity, is.entryPrice, is.stop, is.initialStop],
      [
        was.quantity,
        38.05,
        Math.round((was.stop - 0.5) * 100) / 100,
        Math.round((was.initialStop - 0.5) * 100) / 100,
      ],
    );
    assert.equal(is.firstTarget, Math.round((was.firstTarget - 0.5) * 100) / 100);
    assert.equal(desk.state.cashMinor - before.state.cashMinor, was.quantity * 50);
    assert.equal(is.entryMinor, was.entryMinor - was.quantity * 50);
    assert.deepEqual(
      pushes(desk, events).filter((kind) => kind.startsWith('ex_date')),
      ['ex_date_restated'],
    );
    assert.ok(
      pushes(desk, events).includes('manual_protection'),
      'a new conditional order is handed over',
    );
    // the opening price of the new basis is no stop
    const open = step(desk, quoteCn(sh('09:30', TUESDAY), 37.95, 37.97));
    assert.ok(!types(open.events).includes('exit_started'));
  });

  test('SP-09 ten for ten halves prices and doubles the shares, which may be sold', () => {
    const before = holding();
    const terms = termsOf(0, 1);
    const { desk } = step(before, morning({ terms }, exClose(terms)));
    const [was, is] = [heldIn(before), heldIn(desk)];
    assert.deepEqual([is.quantity, is.boughtQuantity], [was.quantity * 2, was.boughtQuantity * 2]);
    assert.equal(is.entryPrice, Math.round((was.entryPrice / 2) * 10_000) / 10_000);
    assert.equal(desk.state.cashMinor, before.state.cashMinor);
    const first = heldPositionOf(before.state, was).firstTargetQuantity;
    assert.equal(heldPositionOf(desk.state, is).firstTargetQuantity, first * 2);
    const sold = step(desk, quoteCn(sh('09:31', TUESDAY), 18, 18.02));
    const exit = sold.events.find((event) => event.type === 'exit_started');
    assert.equal(exit?.type === 'exit_started' && exit.quantity, was.quantity * 2);
  });

  test('SP-09 a previous close that no terms explain holds stop and targets and asks a person', () => {
    const before = holding();
    const { desk, events } = step(before, morning({}, 30));
    assert.deepEqual(
      pushes(desk, events).filter((kind) => kind.startsWith('ex_date')),
      ['ex_date_held'],
    );
    assert.equal(heldIn(desk).stop, heldIn(before).stop);
    const low = step(desk, quoteCn(sh('09:31', TUESDAY), 30, 30.02));
    assert.ok(!types(low.events).includes('exit_started'), 'a dividend is not sold');
    assert.equal(heldPositionOf(desk.state, heldIn(desk)).isExDateOpen, true);
    const again = step(desk, {
      ...morning({}, 30),
      kind: 'ex_dates_known',
      tradingDay: TUESDAY,
    } as Input);
    assert.deepEqual(types(again.events), [], 'said once');
  });

  test('SP-09 a stop that a person names on the new basis ends the hold', () => {
    const { desk } = step(holding(), morning({}, 30));
    const quote = { ...quoteCn(sh('09:40', TUESDAY), 30, 30.02) };
    const seen = step(desk, quote).desk;
    const named = { act: 'stoploss', target: '600150', price: 28.9 } as const;
    const { desk: after } = step(
      seen,
      actOf(sh('09:40:10', TUESDAY), named, { isConfirmed: true }),
    );
    assert.deepEqual([heldIn(after).stop, heldIn(after).exDateOpen ?? null], [28.9, null]);
    const low = step(after, quoteCn(sh('09:41', TUESDAY), 28.8, 28.82));
    assert.ok(types(low.events).includes('exit_started'));
  });

  test('SP-09 terms that come later end the hold too, and rights nobody announced do not', () => {
    const { desk } = step(holding(), morning({}, 30));
    const terms = termsOf(0, 0.283);
    const late = (officialPreviousClose: number): Input => ({
      kind: 'ex_dates_known',
      at: sh('09:05', TUESDAY),
      tradingDay: TUESDAY,
      exDates: [{ instrument: STOCK, terms, lastClose: LAST_CLOSE, officialPreviousClose }],
    });
    assert.deepEqual(types(step(desk, late(29.1)).events), []);
    const done = step(desk, late(exClose(terms)));
    assert.deepEqual(types(done.events), ['ex_date_restated']);
    assert.equal(heldIn(done.desk).exDateOpen, null);
    assert.deepEqual(types(step(done.desk, late(exClose(terms))).events), [], 'once');
  });

  test('SP-09 a purchase of Monday that is told on Tuesday is of Monday: it may be sold, and its ex-date is met', () => {
    const { asked, code, quantity } = ordered();
    const told = run(asked, [
      EVENING,
      morning({}, LAST_CLOSE),
      fillAct(sh('09:05', TUESDAY), code, 38.55, quantity),
    ]);
    assert.equal(heldIn(told).tradingDay, MONDAY);
    const low = step(told, quoteCn(sh('09:31', TUESDAY), 36, 36.02));
    assert.ok(types(low.events).includes('order_intended'));
    const terms = termsOf(0.5, 0);
    const late = {
      ...morning({ terms }, exClose(terms)),
      kind: 'ex_dates_known',
      at: sh('09:08', TUESDAY),
      tradingDay: TUESDAY,
    } as Input;
    assert.ok(types(step(told, late).events).includes('ex_date_restated'));
  });

  test('SP-09 an ordinary morning changes nothing', () => {
    const before = holding();
    const { desk, events } = step(before, morning({}, LAST_CLOSE));
    assert.ok(!types(events).some((type) => type.startsWith('ex_date')));
    assert.equal(heldIn(desk).stop, heldIn(before).stop);
  });

  test('SP-09 whatever the terms, shares at the new close and the dividend are worth what they were', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 20 }),
        (fenPerShare, tenths) => {
          const before = holding();
          const terms = termsOf(fenPerShare / 100, tenths / 10);
          const { desk } = step(before, morning({ terms }, exClose(terms)));
          const [was, is] = [heldIn(before), heldIn(desk)];
          const worth =
            notionalMinor(exClose(terms), is.quantity) +
            desk.state.cashMinor -
            before.state.cashMinor;
          // half a tick a share, and one share that does not come out whole
          const slack = is.quantity * 0.5 + LAST_CLOSE * 100 + 1;
          assert.ok(Math.abs(worth - notionalMinor(LAST_CLOSE, was.quantity)) <= slack);
          assert.ok(is.stop < is.entryPrice && is.entryPrice < is.firstTarget);
          const paid = desk.state.cashMinor + is.entryMinor;
          assert.equal(
            paid,
            before.state.cashMinor + was.entryMinor,
            'cost and cash together stand still',
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
