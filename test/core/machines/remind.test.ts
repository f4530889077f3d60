import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import {
  actOf,
  bars,
  confirm,
  kill,
  ny,
  policyOf,
  quoteOf,
  skip,
  TICKET,
  tick,
  withTicket,
} from '#test/support/builders.ts';
import { given } from '#test/support/given.ts';

const LONG = policyOf({ ticket: { lifeMs: 600_000 } });
const snooze = (at: number, minutes: number, code: string | null = null) =>
  actOf(at, { act: 'snooze', code, minutes });

test('CX-01 a card counts down by an edit when half and when four fifths of its life are over, each once', () => {
  const half = given(withTicket()).when(tick(ny('10:01:59')));
  half.nothing();
  const counted = given([...withTicket()]).when(tick(ny('10:02')));
  counted.decides({ type: 'ticket_counted', mark: 'half' });
  assert.deepEqual(counted.effects(), ['push signal_entry']);
  const after = counted.and(...bars('10:02', '10:02'));
  after.when(tick(ny('10:02:35'))).nothing();
  const last = after.when(tick(ny('10:02:36')));
  last.decides({ type: 'ticket_counted', mark: 'last' });
  last
    .and()
    .when(tick(ny('10:02:50')))
    .nothing();
});

test('CX-01 a desk that slept through most of a life tells each mark once, and wakes for it by itself', () => {
  const patient = { barOverdueMs: null, heartbeatMaxAgeMs: 3_600_000 };
  const before = given(withTicket(), policyOf({ ticket: { lifeMs: 600_000 }, watch: patient }));
  const { state, view, policy } = before.desk;
  assert.equal(nextDeadline(state, view, policy, ny('10:05:59')), ny('10:06'));
  before
    .when(tick(ny('10:09:10')))
    .decidesOf(
      ['ticket_counted', 'ticket_voided', 'ticket_expired'],
      { type: 'ticket_counted', mark: 'half' },
      { type: 'ticket_counted', mark: 'last' },
    );
});

test('CX-01 a life of five minutes or more is reminded of once, at half of it; a shorter one is not', () => {
  const long = given(withTicket(), LONG).and(...bars('10:02', '10:05'));
  const half = long.when(tick(ny('10:06')));
  const { desk, events } = half;
  assert.ok(events.some(({ type }) => type === 'ticket_counted'));
  const kinds = half.effects().filter((effect) => effect.startsWith('push signal_'));
  assert.deepEqual(kinds, ['push signal_entry', 'push signal_reminder']);
  assert.equal(desk.state.tickets[TICKET]?.countdown, 'half');
});

test('CX-01 an answered ticket neither counts down nor reminds', () => {
  for (const end of [skip(ny('10:01:10')), confirm(ny('10:01:10')), kill(ny('10:01:10'))]) {
    const events = given([...withTicket(), end]).when(tick(ny('10:02:40'))).events;
    assert.deepEqual(
      events.filter(({ type }) => type === 'ticket_counted' || type === 'ticket_reminded'),
      [],
    );
  }
});

test('CX-01 /snooze reminds the chat that asked, once, and the ticket expires when it would have', () => {
  const asked = given(withTicket()).when(snooze(ny('10:01:10'), 1));
  asked.decides({ type: 'ticket_snoozed', remindAt: ny('10:02:10'), chatId: 'terminal' });
  const expiry = asked.desk.state.tickets[TICKET]?.expiresAt;
  assert.equal(expiry, ny('10:03'));
  const waiting = asked.and(tick(ny('10:02')), ...bars('10:02', '10:02'));
  waiting.when(tick(ny('10:02:09'))).nothing();
  const told = waiting.when(tick(ny('10:02:10')));
  told.decides({ type: 'ticket_reminded', chatId: 'terminal' });
  assert.deepEqual(told.effects(), ['push signal_reminder']);
  told
    .and()
    .when(tick(ny('10:02:11')))
    .nothing();
});

test('CX-01 a snooze past the life, or of a ticket that is over, is refused', () => {
  const before = given(withTicket());
  before.when(snooze(ny('10:01:10'), 2)).refuses('snooze_past_life');
  before.when(snooze(ny('10:01:10'), 1, 'ZZZZ')).refuses('unknown_ticket');
  const code = before.desk.state.tickets[TICKET]?.code ?? '';
  given([...withTicket(), skip(ny('10:01:10'))])
    .when(snooze(ny('10:01:11'), 1, code))
    .refuses('already_answered');
});

test('CX-01 snoozed again in the same chat the later word counts; an edit keeps it', () => {
  const twice = given(
    [...withTicket(), snooze(ny('10:01:10'), 5), snooze(ny('10:01:20'), 1)],
    LONG,
  );
  assert.deepEqual(
    twice.desk.state.tickets[TICKET]?.snoozes?.map(({ at }) => at),
    [ny('10:02:20')],
  );
  const blank = { code: null, version: null, price: null, stop: null, target: null };
  const edit = actOf(
    ny('10:01:30'),
    { act: 'edit', ...blank, quantity: 100 },
    { quote: quoteOf(ny('10:01:30'), 99.98, 100), isConfirmed: true },
  );
  assert.equal(twice.and(edit).desk.state.tickets[TICKET]?.snoozes?.length, 1);
});

test('CX-01 a chat that shows the version before an edit does not count as shown the new one', () => {
  const edit = actOf(
    ny('10:01:10'),
    {
      act: 'edit',
      code: null,
      version: null,
      quantity: 100,
      price: null,
      stop: null,
      target: null,
    },
    { quote: quoteOf(ny('10:01:10'), 99.98, 100), isConfirmed: true },
  );
  const edited = given([...withTicket(), edit]);
  const shown = (version: number) =>
    ({
      kind: 'ticket_delivered',
      at: ny('10:01:11'),
      ticketId: TICKET,
      channel: 'x',
      version,
    }) as const;
  edited.when(shown(1)).nothing();
  edited.when(shown(2)).decides('ticket_delivered');
});
