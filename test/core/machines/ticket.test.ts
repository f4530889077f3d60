import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AAPL,
  bars,
  confirm,
  half,
  kill,
  mode,
  ny,
  policyOf,
  QQQM,
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
import { given } from '#test/support/given.ts';

const AT = ny('10:01:10');
const orders = ['ticket_confirmed', 'order_intended'] as const;

test('CX-05 a signal becomes a ticket with price, size, band and life', () => {
  given(ready())
    .when(signalBar(ny('10:01')))
    .decides('signal_raised', {
      type: 'ticket_opened',
      ticket: {
        id: TICKET,
        state: 'pending',
        quantity: 200,
        entryLimit: 100,
        stop: 99,
        firstTarget: 101,
        bandLow: 99.5,
        bandHigh: 100.25,
        expiresAt: ny('10:03'),
        riskMinor: 20_000,
        isAdvice: false,
        legs: [
          { leg: 1, quantity: 100, target: 101 },
          { leg: 2, quantity: 100, target: null },
        ],
      },
    });
});

test('CX-05 confirm sends one entry for each leg, its stop and target held', () => {
  given(withTicket())
    .when(confirm(AT))
    .decides(
      { type: 'ticket_confirmed', by: 'terminal:owner', quantity: 200, entryLimit: 100 },
      { type: 'order_intended', order: { orderId: `${TICKET}.stop-1`, state: 'held' } },
      { type: 'order_intended', order: { orderId: `${TICKET}.target-1`, limitPrice: 101 } },
      { type: 'order_intended', order: { orderId: `${TICKET}.entry-1`, quantity: 100 } },
      { type: 'order_intended', order: { orderId: `${TICKET}.stop-2`, stopPrice: 99 } },
      { type: 'order_intended', order: { orderId: `${TICKET}.entry-2`, targetOrderId: null } },
    );
});

test('CX-05 half sends half, a lower quantity and a better price are taken', () => {
  const confirmed = (quantity: number, entryLimit: number) =>
    ({ type: 'ticket_confirmed', quantity, entryLimit }) as const;
  given(withTicket()).when(half(AT)).decidesOf(['ticket_confirmed'], confirmed(100, 100));
  given(withTicket())
    .when(confirm(AT, { quantity: 1, price: 99.6 }))
    .decidesOf(['ticket_confirmed'], confirmed(1, 99.6));
});

test('CX-05 more shares, none, a fraction or a worse price are refused and the ticket stays', () => {
  const before = given(withTicket());
  for (const quantity of [201, 0, -1, 1.5])
    before.when(confirm(AT, { quantity })).refuses('quantity_out_of_range');
  for (const price of [100.01, 99.49])
    before.when(confirm(AT, { price })).refuses('price_out_of_range');
  before.when(confirm(AT, { version: 2 })).refuses('version_outdated');
  before.when(confirm(AT, { code: 'ZZZZ' })).refuses('unknown_ticket');
  given(ready()).when(confirm(AT)).refuses('nothing_pending');
  given(ready()).when(skip(AT)).refuses('nothing_pending');
});

test('CX-05 a second, late or contrary answer never trades', () => {
  const answered = given(withEntries());
  const code = answered.desk.state.tickets[TICKET]?.code ?? '';
  const later = ny('10:01:15');
  answered.when(confirm(later, { code })).refuses('already_answered');
  answered.when(half(later, code)).refuses('already_answered');
  answered.when(skip(later, code)).refuses('already_answered');
  const skipped = given([...withTicket(), skip(AT)]);
  skipped.when(confirm(later, { code })).refuses('already_answered');
  const expired = given([...withTicket(), ...bars('10:02', '10:03'), tick(ny('10:03'))]);
  expired.when(confirm(ny('10:03:01'), { code })).refuses('life_over');
  expired.when(skip(ny('10:03:01'), code)).refuses('already_answered');
});

test('CX-05 a life that is over at the very instant of the answer is over', () => {
  const code = given(withTicket()).desk.state.tickets[TICKET]?.code ?? '';
  given([...withTicket(), ...bars('10:02', '10:02')])
    .when(confirm(ny('10:03'), { code }))
    .decides(
      { type: 'ticket_expired', quietUntil: ny('10:18') },
      { type: 'act_refused', reason: { code: 'life_over' } },
    );
});

test('CX-05 after a skip or an expiry the symbol is quiet for 15 minutes', () => {
  const skipped = given([...withTicket(), skip(AT), ...bars('10:02', '10:15')]);
  skipped.when(signalBar(ny('10:16'))).decides({
    type: 'setup_refused',
    setup: { reasons: [{ code: 'recent_ticket' }] },
  });
  skipped
    .and(...bars('10:16', '10:16'))
    .when(signalBar(ny('10:17')))
    .decides('signal_raised', { type: 'ticket_opened', ticket: { id: TICKET.replace(/1$/, '2') } });
});

test('CX-05 the next bar of the same pullback is no news, another pullback supersedes', () => {
  given(withTicket())
    .when(signalBar(ny('10:02')))
    .decides('ticket_counted');
  given(withTicket())
    .when(signalBar(ny('10:02'), { stop: 99.4 }))
    .decidesOf(['ticket_superseded', 'ticket_opened'], 'ticket_superseded', 'ticket_opened');
});

test('CX-05 price and risk are judged again on confirmation, a better price never voids', () => {
  const before = given(withTicket());
  const voided = (code: string) =>
    [
      { type: 'ticket_voided', reason: { code } },
      { type: 'act_refused', reason: { code } },
    ] as const;
  before.when(confirm(AT, { quote: null })).refuses('quote_missing');
  before.when(confirm(AT, { quote: quoteOf(AT - 5_001, 99.98, 100) })).refuses('quote_stale');
  before.when(confirm(AT, { quote: quoteOf(AT, 99.9, 100) })).refuses('spread_too_wide');
  before
    .when(confirm(AT, { quote: quoteOf(AT, 100.24, 100.26) }))
    .decides(...voided('price_above_band'));
  before
    .when(confirm(AT, { quote: quoteOf(AT, 99.2, 99.22) }))
    .decidesOf(['ticket_confirmed', 'ticket_voided'], 'ticket_confirmed');
  const touched = before.when(confirm(AT, { quote: quoteOf(AT, 99, 99.02) }));
  touched.decidesOf(['ticket_voided', 'order_intended'], {
    type: 'ticket_voided',
    reason: { code: 'stop_touched' },
  });
});

test('CX-05 the stop touched, a stop word, a kill, safe mode, alert mode and the end of the window void', () => {
  const cases = [
    [quote(AT, 99, 99.02), 'stop_touched'],
    [stop(AT), 'stopped_by_operator'],
    [kill(AT), 'killed'],
    [safe(AT, true), 'safe_mode'],
    [mode(AT, 'alert'), 'mode_alert'],
    [{ kind: 'session_closed', at: AT, labels: [] }, 'session_closed'],
    [{ kind: 'kill_file_seen', at: AT, isPresent: true, by: 'file' }, 'kill_file'],
  ] as const;
  for (const [input, code] of cases) {
    given(withTicket())
      .when(input)
      .decidesOf(['ticket_voided', 'order_intended'], { type: 'ticket_voided', reason: { code } });
  }
  const late = [...ready(), ...bars('10:01', '15:53'), signalBar(ny('15:54'))];
  given(late)
    .when(tick(ny('15:55')))
    .decidesOf(['ticket_voided'], { type: 'ticket_voided', reason: { code: 'window_ended' } });
});

test('CX-05 open risk and cash are judged with the ticket that is confirmed', () => {
  const policy = policyOf({ risk: { openRiskLimitR: 0.41 } });
  given(withTicket(), policy).when(confirm(AT)).decidesOf(['ticket_confirmed'], 'ticket_confirmed');
  const before = given(withTicket());
  before
    .and({ kind: 'account_reconciled', at: AT, isClean: true, cashMinor: 100, differences: [] })
    .when(confirm(AT))
    .refuses('cash_short');
});

test('CX-05 two waiting tickets need a code', () => {
  const two = given([
    ...withTicket(),
    signalBar(ny('10:01'), { instrument: AAPL }, quoteOf(ny('10:01'), 99.98, 100, AAPL)),
  ]);
  two.when(confirm(AT)).refuses('code_needed');
  two.when(skip(AT)).refuses('code_needed');
  const code = two.desk.state.tickets[TICKET]?.code.toLowerCase() ?? '';
  two.when(skip(AT, code)).decides({ type: 'ticket_skipped', ticketId: TICKET });
});

test('CX-08 alert gives advice nobody can confirm, auto needs nobody', () => {
  given(withTicket(), policyOf({ mode: 'alert' }))
    .when(confirm(AT))
    .refuses('mode_alert');
  given(ready(), policyOf({ mode: 'auto' }))
    .when(signalBar(ny('10:01')))
    .decidesOf(
      [...orders],
      { type: 'ticket_confirmed', by: 'desk' },
      ...Array(5).fill('order_intended'),
    );
});

test('CX-05 delivery is noted once, and every end is a step on one card', () => {
  const delivered = {
    kind: 'ticket_delivered',
    at: AT,
    ticketId: TICKET,
    channel: 'terminal',
  } as const;
  const noted = given(withTicket()).when(delivered).decides('ticket_delivered');
  noted.and().when(delivered).nothing();
  assert.deepEqual(given(withTicket()).when(skip(AT)).effects(), ['push signal_entry']);
  assert.deepEqual(given(withTicket()).when(stop(AT)).effects(), [
    'push consent_withdrawn',
    'push signal_void',
  ]);
  assert.equal(noted.desk.state.symbols[QQQM]?.phase, 'trading_allowed');
});
