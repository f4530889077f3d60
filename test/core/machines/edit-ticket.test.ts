import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DeskAct } from '#core/replies/act.ts';
import { sizeLong } from '#core/risk/sizing.ts';
import {
  actOf,
  bars,
  CASH_MINOR,
  confirm,
  half,
  kill,
  mode,
  ny,
  policyOf,
  quote,
  quoteOf,
  ready,
  safe,
  signalBar,
  skip,
  stop,
  TICKET,
  tick,
  withEntries,
  withTicket,
} from '#test/support/builders.ts';
import { type Given, given, type When } from '#test/support/given.ts';

const AT = ny('10:01:10');
const NEXT = ny('10:01:20');
type Edit = Partial<Omit<Extract<DeskAct, { act: 'edit' }>, 'act'>>;

/** An edit agreed to, at a fresh quote of bid 99.98, ask 100.00. */
function edit(at: number, change: Edit, isConfirmed = true, seen = quoteOf(at, 99.98, 100)) {
  const blank = {
    code: null,
    version: null,
    quantity: null,
    price: null,
    stop: null,
    target: null,
  };
  return actOf(at, { act: 'edit', ...blank, ...change }, { quote: seen, isConfirmed });
}

const ticketOf = ({ desk }: Given | When) => {
  const ticket = desk.state.tickets[TICKET];
  assert.ok(ticket);
  return ticket;
};
const after = (change: Edit) => given([...withTicket(), edit(AT, change)]);

test('CX-01 an edit makes a new version of the ticket, its risk and cost counted anew, its life as it was', () => {
  const before = given(withTicket());
  const old = ticketOf(before);
  const when = before.when(edit(AT, { quantity: 100, stop: 98.5, price: 99.9, target: 103 }));
  when.decides({ type: 'ticket_edited', by: 'terminal:owner', ticket: { version: 2 } });
  const next = ticketOf(when);
  assert.deepEqual(
    [next.quantity, next.entryLimit, next.stop, next.firstTarget, next.riskMinor],
    [100, 99.9, 98.5, 103, 14_000],
  );
  assert.deepEqual(next.legs, [
    { leg: 1, quantity: 50, target: 103 },
    { leg: 2, quantity: 50, target: null },
  ]);
  assert.equal(next.expiresAt, old.expiresAt);
  assert.equal(next.code, old.code);
  assert.equal(next.bandHigh, old.bandHigh);
  assert.notEqual(next.hash, old.hash);
  assert.equal(next.deliveredAt, null);
  assert.equal(next.progress.at(-1)?.step, 'edited');
  assert.deepEqual(when.effects(), ['push signal_entry']);
});

test('CX-01 a target that is not named keeps its distance in R', () => {
  assert.equal(ticketOf(after({ stop: 98.5 })).firstTarget, 101.5);
  assert.equal(ticketOf(after({ quantity: 50 })).firstTarget, 101);
});

test('CX-01 an edit asks first: without the tap nothing changes', () => {
  given(withTicket())
    .when(edit(AT, { quantity: 100 }, false))
    .refuses('second_confirmation_needed');
});

test('CX-01 what the figures themselves rule out is refused, and the ticket waits on as it was', () => {
  const before = given(withTicket());
  const refusals: [Edit, string][] = [
    [{ quantity: 200 }, 'already_so'],
    [{ price: 100.251 }, 'price_not_on_tick'],
    [{ price: 100.26 }, 'entry_beyond_band'],
    [{ stop: 100 }, 'stop_not_below_entry'],
    [{ price: 98.9 }, 'stop_not_below_entry'],
    [{ target: 100 }, 'target_not_above_entry'],
    [{ quantity: 0 }, 'size_too_small'],
    [{ quantity: 1.5 }, 'size_too_small'],
    [{ quantity: 201 }, 'quantity_over_risk'],
    [{ stop: 97 }, 'quantity_over_risk'],
    [{ code: 'ZZZZ', quantity: 100 }, 'unknown_ticket'],
    [{ stop: 99.98 }, 'cost_over_r'],
  ];
  for (const [change, code] of refusals) {
    const when = before.when(edit(AT, change));
    when.refuses(code);
    assert.deepEqual(ticketOf(when), ticketOf(before), code);
  }
});

test('CX-01 no edit risks more than a trade may, whatever is changed', () => {
  const policy = policyOf();
  let raised = 0;
  for (const price of [99.5, 99.9, 100, 100.2])
    for (const stopAt of [95, 97, 98.4, 99, 99.2])
      for (const quantity of [1, 50, 100, 150, 200, 201, 260, 400]) {
        const when = given(withTicket()).when(edit(AT, { price, stop: stopAt, quantity }));
        const event = when.events.find(({ type }) => type === 'ticket_edited');
        if (event === undefined) continue;
        const { quantity: most } = sizeLong({
          entryPrice: price,
          stopPrice: stopAt,
          capitalMinor: policy.capitalMinor,
          cashMinor: CASH_MINOR,
          riskPerTradeRatio: policy.risk.riskPerTradeRatio,
          positionCapRatio: policy.risk.positionCapRatio,
          shrinkRatio: 1,
        });
        assert.ok(
          quantity <= most || quantity <= 200,
          `${quantity} of ${most} at ${price}/${stopAt}`,
        );
        assert.ok(ticketOf(when).riskMinor <= policy.capitalMinor * policy.risk.riskPerTradeRatio);
        if (quantity > 200) raised += 1;
      }
  assert.ok(raised > 0, 'a tighter stop allowed no more shares');
});

test('CX-01 CX-05 the old version is stale: its button is refused, the new one and typed words are taken', () => {
  const edited = after({ quantity: 100 });
  edited.when(confirm(NEXT, { version: 1 })).refuses('version_outdated');
  edited
    .when(half(NEXT))
    .decidesOf(['ticket_confirmed'], { type: 'ticket_confirmed', quantity: 50 });
  const answered = edited.when(confirm(NEXT, { version: 2 }));
  answered.decidesOf(['ticket_confirmed'], { type: 'ticket_confirmed', version: 2, quantity: 100 });
  const [order] = Object.values(answered.desk.state.orders);
  assert.ok(order);
  // a confirmation that was on its way meant the version before
  const late = { ...confirm(NEXT), sentAt: AT - 1 } as ReturnType<typeof confirm>;
  edited.when(late).refuses('version_outdated');
});

test('CX-01 CX-10 an edit counts once: doubled, it follows a version that is gone', () => {
  const doubled = edit(AT, { quantity: 100, version: 1 });
  given([...withTicket(), doubled])
    .when(doubled)
    .refuses('version_outdated');
  after({ quantity: 100 })
    .when(edit(NEXT, { quantity: 50, version: 2 }))
    .decides({ type: 'ticket_edited', ticket: { version: 3, quantity: 50 } });
});

test('CX-01 a stop that moved in the edit is the one that is sent with the order', () => {
  const answered = after({ quantity: 100, stop: 99.2, target: 102 }).when(
    confirm(NEXT, { version: 2 }),
  );
  const orders = Object.values(answered.desk.state.orders);
  const of = (role: string) => orders.filter((order) => order.role === role);
  assert.deepEqual(
    of('stop').map(({ stopPrice, quantity }) => [stopPrice, quantity]),
    [
      [99.2, 50],
      [99.2, 50],
    ],
  );
  assert.deepEqual(
    of('target').map(({ limitPrice }) => limitPrice),
    [102],
  );
});

test('CX-01 an ended ticket is not edited: expired, skipped, taken, killed, stopped', () => {
  const code = ticketOf(given(withTicket())).code;
  const change = { code, quantity: 100 };
  const expired = given([...withTicket(), ...bars('10:02', '10:03'), tick(ny('10:03'))]);
  expired.when(edit(ny('10:03:01'), change)).refuses('life_over');
  given([...withTicket(), skip(AT)])
    .when(edit(NEXT, change))
    .refuses('already_answered');
  given(withEntries()).when(edit(AT, change)).refuses('already_answered');
  given([...withTicket(), kill(AT)])
    .when(edit(NEXT, change))
    .refuses('already_answered');
  given([...withTicket(), stop(AT)])
    .when(edit(NEXT, change))
    .refuses('already_answered');
});

test('CX-01 at the very instant its life ends a ticket expires, and the edit is too late', () => {
  const code = ticketOf(given(withTicket())).code;
  given([...withTicket(), ...bars('10:02', '10:02')])
    .when(edit(ny('10:03'), { code, quantity: 100 }))
    .decides('ticket_expired', { type: 'act_refused', reason: { code: 'life_over' } });
});

test('CX-01 an edited ticket expires when the first version would have', () => {
  const edited = after({ quantity: 100 }).and(...bars('10:02', '10:02'));
  edited.when(tick(ny('10:02:59'))).decidesOf(['ticket_expired']);
  edited.when(tick(ny('10:03'))).decidesOf(['ticket_expired'], 'ticket_expired');
});

test('CX-01 CX-07 a kill after an edit wins: the new version is void like any other', () => {
  const killed = after({ quantity: 100 }).and(kill(NEXT));
  assert.equal(ticketOf(killed).state, 'void');
  const { code } = ticketOf(killed);
  killed.when(confirm(ny('10:01:30'), { code, version: 2 })).refuses('already_answered');
});

test('CX-01 what permission, market and book say of an edit is said before it is made', () => {
  const before = given(withTicket());
  before
    .when(edit(AT, { quantity: 100 }, true, quoteOf(AT - 5_001, 99.98, 100)))
    .refuses('quote_stale');
  before.when(edit(AT, { stop: 99.5 }, true, quoteOf(AT, 99.48, 99.5))).refuses('stop_touched');
  given([...withTicket(), safe(AT, true)])
    .when(edit(NEXT, { quantity: 100 }))
    .decidesOf(['ticket_edited']);
});

test('CX-01 a stop that was raised is touched by prices seen after it, not by older ones', () => {
  const seen = quote(ny('10:01:05'), 99.3, 99.32);
  const raised = given([...withTicket(), seen, edit(AT, { stop: 99.5 })]);
  raised.when(tick(NEXT)).nothing();
  raised
    .when(quote(NEXT, 99.5, 99.52))
    .decidesOf(['ticket_voided'], { type: 'ticket_voided', reason: { code: 'stop_touched' } });
});

test('CX-01 advice is not edited, nor a ticket of a switch to alert', () => {
  given([
    ...ready(),
    mode(ny('10:00:30'), 'alert'),
    ...bars('10:01', '10:01').slice(0, 1),
    signalBar(ny('10:01')),
  ])
    .when(edit(AT, { quantity: 100 }))
    .refuses('mode_alert');
});

test('CX-01 a restart between edit and answer keeps the newest version', () => {
  const edited = after({ quantity: 100 });
  const again = edited.and({
    kind: 'desk_started',
    at: AT + 1_000,
    isRecovery: true,
    cashMinor: CASH_MINOR,
  });
  assert.equal(ticketOf(again).version, 2);
  again.when(confirm(NEXT, { version: 1 })).refuses('version_outdated');
});
