import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Input } from '#core/engine/input.ts';
import { coveredQuantity } from '#core/engine/select.ts';
import {
  AAPL,
  actOf,
  attest,
  confirm,
  doubtful,
  fill,
  kill,
  notFound,
  ny,
  policyOf,
  QQQM,
  quote,
  quoteOf,
  reconciled,
  report,
  safe,
  sent,
  signalBar,
  skip,
  started,
  stop,
  TICKET,
  tick,
  withWorkingEntries,
} from '#test/support/builders.ts';
import type { Desk } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';
import {
  AGREED_AT,
  agree,
  answer,
  mayBuy,
  onePolicy,
  PROPOSED_AT,
  propose,
  SECOND,
  withHeldAndSetup,
  withSetupOfBoth,
} from '#test/support/switching.ts';

const id = (name: string) => `${TICKET}.${name}`;
const canceled = (at: number, name: string) => report(at, id(name), 'canceled');
const ofB = (at: number) => quote(at, 99.98, 100, AAPL);
const stepOf = (desk: Desk) => desk.state.rotation?.step;
const boughtB = (desk: Desk) =>
  Object.values(desk.state.orders).filter(
    ({ instrument, role }) => instrument === AAPL && role === 'entry',
  );

/** A works, B is proposed and agreed to: the cancels of A are out. */
function agreed(policy = onePolicy()) {
  const proposed = given([...withSetupOfBoth(), propose()], policy);
  return proposed.and(agree(proposed.desk));
}

/** The cancels of both entries of A are confirmed by the broker. */
function freed() {
  return agreed().and(canceled(AGREED_AT + 100, 'entry-1'), canceled(AGREED_AT + 200, 'entry-2'));
}

// ── asking for it ───────────────────────────────────────────────────────────────────────────────

test('AL-04 a switch opens a ticket of its own for B, sized as if A were gone, and touches nothing', () => {
  const asked = given(withSetupOfBoth(), onePolicy()).when(propose());
  asked.decides(
    { type: 'ticket_opened', ticket: { id: SECOND, quantity: 200, isOfSwitch: true } },
    {
      type: 'rotation_proposed',
      rotation: { from: QQQM, to: AAPL, workingQuantity: 200, heldQuantity: 0, step: 'proposed' },
    },
  );
  assert.deepEqual(asked.effects(), ['push rotation']);
  assert.equal(boughtB(asked.desk).length, 0);
});

test('AL-04 what cannot be switched is refused with its reason: nothing to leave, no setup, itself, in alert', () => {
  const desk = given(withSetupOfBoth(), onePolicy());
  const act = (from: string, to: string) =>
    ({ ...propose(), act: { act: 'switch', verb: 'propose', from, to, ratio: 1 } }) as ReturnType<
      typeof propose
    >;
  desk.when(act('AAPL', 'QQQM')).refuses('nothing_to_switch');
  desk.when(act('QQQM', 'MSFT')).refuses('no_setup');
  desk.when(act('QQQM', 'QQQM')).refuses('switch_same');
  given(withSetupOfBoth(), onePolicy({ mode: 'alert' }))
    .when(propose())
    .refuses('mode_alert');
});

test('AL-04 a setup older than ten minutes is none', () => {
  const at = ny('10:01') + 600_001;
  const late = given(withHeldAndSetup(), onePolicy()).when(propose(at));
  assert.equal(late.events.at(-1)?.type, 'act_refused');
  assert.equal(late.desk.state.rotation, null);
});

test('AL-04 B must pass every rule already when it is asked for: without a quote nothing is proposed', () => {
  const blind = { ...propose(PROPOSED_AT), quote: null } as ReturnType<typeof propose>;
  given(withSetupOfBoth(), onePolicy()).when(blind).refuses('quote_stale');
});

test('AL-04 a second switch while one is under way is refused and changes nothing', () => {
  given([...withSetupOfBoth(), propose()], onePolicy())
    .when(propose(PROPOSED_AT + 1_000))
    .refuses('switch_running');
  agreed()
    .when(propose(AGREED_AT + 1_000))
    .refuses('switch_running');
});

test('AL-04 a pending ticket of B becomes the ticket of the switch and cannot be taken twice', () => {
  const room = policyOf({ risk: { openRiskLimitR: 3, tradesPerDay: 4 } });
  const both = given(
    [...withWorkingEntries(), signalBar(ny('10:01:15'), { instrument: AAPL })],
    room,
  );
  const waiting = Object.values(both.desk.state.tickets).find((one) => one.instrument === AAPL);
  assert.equal(waiting?.state, 'pending');
  const asked = both.when(propose());
  asked.decides('ticket_superseded', 'ticket_opened', 'rotation_proposed');
  const code = waiting?.code ?? '';
  asked
    .and()
    .when(confirm(AGREED_AT, { code, quote: quoteOf(AGREED_AT, 99.98, 100, AAPL) }))
    .refuses('already_answered');
});

test('AL-04 a proposal that nobody takes ends after the life of any ticket, and a late yes is refused', () => {
  const at = PROPOSED_AT + 120_000;
  const calm = onePolicy({ watch: { barOverdueMs: null, quoteStaleMs: 600_000 } });
  const proposed = given([...withSetupOfBoth(), propose()], calm);
  assert.equal(proposed.desk.state.rotation?.answerBy, at);
  proposed.when(tick(at)).decidesOf(['ticket_voided', 'rotation_ended'], 'ticket_voided', {
    type: 'rotation_ended',
    outcome: 'stopped',
    reason: { code: 'life_over' },
  });
  const late = proposed.when(agree(proposed.desk, at));
  late.decidesOf(['rotation_agreed', 'act_refused'], {
    type: 'act_refused',
    reason: { code: 'life_over' },
  });
});

// ── A is canceled, B is bought ──────────────────────────────────────────────────────────────────

test('AL-04 agreeing cancels A and buys nothing: B waits until no order of A can fill', () => {
  const proposed = given([...withSetupOfBoth(), propose()], onePolicy());
  const yes = proposed.when(agree(proposed.desk));
  yes.decides('rotation_agreed', 'cancel_requested', 'cancel_requested');
  const half = yes.and(canceled(AGREED_AT + 100, 'entry-1'), ofB(AGREED_AT + 150));
  assert.equal(stepOf(half.desk), 'canceling');
  assert.equal(boughtB(half.desk).length, 0);
});

test('AL-04 once A is gone the freed cash is known and B is bought at a fresh price, then it is done', () => {
  const gone = freed();
  assert.equal(stepOf(gone.desk), 'freed');
  assert.equal(gone.desk.state.rotation?.freedMinor, gone.desk.state.cashMinor);
  const bought = gone.when(tick(AGREED_AT + 201));
  bought.decidesOf(
    ['ticket_confirmed', 'rotation_moved'],
    { type: 'ticket_confirmed', by: 'terminal:owner' },
    {
      type: 'rotation_moved',
      to: 'buying',
    },
  );
  const at = AGREED_AT + 300;
  const done = bought
    .and(fill(at, `${SECOND}.entry-1`, 100, 100))
    .when(fill(at, `${SECOND}.entry-2`, 100, 100));
  done.decidesOf(['rotation_ended'], {
    type: 'rotation_ended',
    outcome: 'bought',
    boughtQuantity: 200,
  });
});

test('AL-04 B waits for a fresh quote and is bought with the first one', () => {
  const gone = freed();
  const at = AGREED_AT + 6_000;
  assert.equal(boughtB(gone.and(tick(at)).desk).length, 0);
  assert.equal(boughtB(gone.and(tick(at), ofB(at + 1)).desk).length, 2);
});

test('AL-04 B passes the rules again: above its band it is not bought and the switch stops', () => {
  const high = freed().when(quote(AGREED_AT + 201, 100.6, 100.62, AAPL));
  high.decidesOf(
    ['ticket_voided', 'rotation_ended', 'order_intended'],
    { type: 'ticket_voided', reason: { code: 'price_above_band' } },
    { type: 'rotation_ended', outcome: 'stopped', reason: { code: 'price_above_band' } },
  );
});

test('AL-04 an entry of B that ends without a fill ends the switch without it', () => {
  const buying = freed().and(tick(AGREED_AT + 201));
  const at = AGREED_AT + 400;
  const none = buying
    .and(report(at, `${SECOND}.entry-1`, 'canceled'))
    .when(report(at, `${SECOND}.entry-2`, 'rejected'));
  none.decidesOf(['rotation_ended'], {
    type: 'rotation_ended',
    outcome: 'stopped',
    boughtQuantity: 0,
  });
});

// ── A is bought while it is canceled ────────────────────────────────────────────────────────────

test('AL-04 A filled while canceling stops the switch and asks; its protection stays and B is not bought', () => {
  const crossed = agreed().and(fill(AGREED_AT + 50, id('entry-1'), 100, 100));
  assert.equal(stepOf(crossed.desk), 'canceling');
  const asked = crossed.when(canceled(AGREED_AT + 60, 'entry-2'));
  asked.decidesOf(['rotation_moved'], {
    type: 'rotation_moved',
    to: 'asking',
    filledQuantity: 100,
  });
  assert.equal(coveredQuantity(asked.desk.state, QQQM), 100);
  const later = asked.and(ofB(AGREED_AT + 100), tick(AGREED_AT + 200));
  assert.equal(boughtB(later.desk).length, 0);
});

test('AL-04 keep: A stays with its stop and the ticket of B is void', () => {
  const asked = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 100, 100),
    report(AGREED_AT + 55, id('stop-1'), 'accepted'),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  const kept = asked.when(answer(AGREED_AT + 5_000, 'keep'));
  kept.decides('ticket_voided', { type: 'rotation_ended', outcome: 'kept' });
  assert.equal(kept.desk.state.positions[QQQM]?.quantity, 100);
  assert.equal(coveredQuantity(kept.desk.state, QQQM), 100);
  kept
    .and()
    .when(answer(AGREED_AT + 6_000, 'sell'))
    .refuses('switch_none');
});

test('AL-04 sell: A is sold first, protection taken back before, and only then B is bought', () => {
  const asked = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 100, 100),
    report(AGREED_AT + 50, id('stop-1'), 'accepted'),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  const at = AGREED_AT + 5_000;
  const selling = asked.when(answer(at, 'sell'));
  selling.decidesOf(
    ['rotation_moved', 'exit_started'],
    { type: 'rotation_moved', to: 'selling' },
    'exit_started',
  );
  let desk = selling.and(
    report(at + 10, id('stop-1'), 'canceled'),
    report(at + 10, id('target-1'), 'canceled'),
    ofB(at + 15),
  );
  assert.equal(stepOf(desk.desk), 'selling');
  assert.equal(boughtB(desk.desk).length, 0);
  desk = desk.and(fill(at + 20, id('exit-1'), 100, 99.9));
  assert.equal(stepOf(desk.desk), 'freed');
  assert.equal(boughtB(desk.and(tick(at + 21)).desk).length, 2);
});

test('AL-04 an answer older than its question does not sell', () => {
  const asked = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 100, 100),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  asked.when(answer(AGREED_AT + 5_000, 'sell', AGREED_AT + 40)).refuses('switch_none');
});

test('AL-04 a part of A that fills during the cancel is a fill: the rest is canceled and it asks', () => {
  const part = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 40, 100, { isPartial: true }),
    report(AGREED_AT + 60, id('entry-1'), 'canceled', { filledQuantity: 40 }),
    canceled(AGREED_AT + 70, 'entry-2'),
  );
  assert.equal(stepOf(part.desk), 'asking');
  assert.equal(part.desk.state.rotation?.filledQuantity, 40);
  assert.equal(coveredQuantity(part.desk.state, QQQM), 40);
});

test('AL-04 a fill of A that is told after its cancel takes the turn of B away again', () => {
  const late = freed().when(fill(AGREED_AT + 210, id('entry-2'), 30, 100, { isPartial: true }));
  late.decidesOf(['rotation_moved', 'ticket_confirmed'], { type: 'rotation_moved', to: 'asking' });
});

test('AL-04 while it asks, A may leave by its own stop: nobody answered, so B is not bought', () => {
  const asked = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 100, 100),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  const out = asked.when(fill(AGREED_AT + 900, id('stop-1'), 100, 99));
  out.decidesOf(['rotation_ended'], {
    type: 'rotation_ended',
    outcome: 'stopped',
    reason: { code: 'closed_meanwhile' },
  });
});

test('AL-04 no answer is no: when the ticket of B expires A is kept', () => {
  const asked = agreed().and(
    fill(AGREED_AT + 50, id('entry-1'), 100, 100),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  const over = asked.when(tick(PROPOSED_AT + 30 * 60_000));
  over.decidesOf(['ticket_expired', 'rotation_ended'], 'ticket_expired', {
    type: 'rotation_ended',
    outcome: 'kept',
  });
});

// ── A is held when it is asked for ──────────────────────────────────────────────────────────────

test('AL-04 a held A is sold whole before B is bought; its protection goes first', () => {
  const proposed = given([...withHeldAndSetup(), propose()], onePolicy());
  assert.equal(proposed.desk.state.rotation?.sellQuantity, 200);
  const yes = proposed.when(agree(proposed.desk));
  yes.decidesOf(
    ['rotation_moved', 'exit_started'],
    { type: 'rotation_moved', to: 'selling' },
    { type: 'exit_started', quantity: 200 },
  );
  const at = AGREED_AT + 100;
  const sold = yes.and(
    ...['stop-1', 'target-1', 'stop-2'].map((name) => canceled(at, name)),
    fill(at + 10, id('exit-1'), 200, 99.9),
  );
  assert.equal(stepOf(sold.desk), 'freed');
  assert.equal(boughtB(sold.and(ofB(at + 11)).desk).length, 2);
});

test('AL-04 half of A may stay: the other half is sold and what stays keeps a stop', () => {
  const proposed = given(
    [...withHeldAndSetup(), propose(PROPOSED_AT, 0.5)],
    onePolicy({ risk: { openRiskLimitR: 0.65 } }),
  );
  assert.equal(proposed.desk.state.rotation?.keepQuantity, 100);
  const at = AGREED_AT + 100;
  const sold = proposed.and(
    agree(proposed.desk),
    ...['stop-1', 'target-1', 'stop-2'].map((name) => canceled(at, name)),
    fill(at + 10, id('exit-1'), 100, 99.9),
  );
  assert.equal(stepOf(sold.desk), 'freed');
  assert.equal(coveredQuantity(sold.desk.state, QQQM), 100);
});

test('AL-04 A partly bought when it is asked for: what is held is sold, what works is canceled first', () => {
  const part = given(
    [
      ...withSetupOfBoth(),
      fill(ny('10:01:17'), id('entry-1'), 40, 100, { isPartial: true }),
      propose(),
    ],
    onePolicy(),
  );
  assert.equal(part.desk.state.rotation?.heldQuantity, 40);
  const yes = part.and(agree(part.desk));
  assert.equal(stepOf(yes.desk), 'canceling');
  const gone = yes
    .and(report(AGREED_AT + 50, id('entry-1'), 'canceled', { filledQuantity: 40 }))
    .when(canceled(AGREED_AT + 60, 'entry-2'));
  gone.decidesOf(
    ['rotation_moved', 'exit_started'],
    { type: 'rotation_moved', to: 'selling' },
    { type: 'exit_started', quantity: 40 },
  );
});

test('AL-04 A that changes between the question and the answer is asked for anew', () => {
  const proposed = given([...withSetupOfBoth(), propose()], onePolicy());
  const filled = proposed.when(fill(ny('10:01:22'), id('entry-1'), 100, 100));
  filled.decidesOf(['ticket_voided', 'rotation_ended'], 'ticket_voided', {
    type: 'rotation_ended',
    reason: { code: 'changed_meanwhile' },
  });
});

// ── a cancel that is refused, an order in doubt ─────────────────────────────────────────────────

test('AL-04 a refused cancel of A is asked about; canceled after all, B is bought', () => {
  const refused = agreed().when(
    report(AGREED_AT + 50, id('entry-1'), 'cancel_rejected', { reason: 'busy' }),
  );
  refused.decidesOf(['rotation_moved'], { type: 'rotation_moved', to: 'reconciling' });
  const again = refused.and(report(AGREED_AT + 500, id('entry-1'), 'accepted'));
  assert.equal(stepOf(again.desk), 'canceling');
  const gone = again.and(
    canceled(AGREED_AT + 600, 'entry-1'),
    canceled(AGREED_AT + 600, 'entry-2'),
    ofB(AGREED_AT + 700),
  );
  assert.equal(boughtB(gone.desk).length, 2);
});

test('AL-04 a refused cancel because A was just filled asks: keep or sell', () => {
  const filled = agreed().and(
    report(AGREED_AT + 50, id('entry-1'), 'cancel_rejected', { reason: 'filled' }),
    canceled(AGREED_AT + 60, 'entry-2'),
    fill(AGREED_AT + 90, id('entry-1'), 100, 100),
  );
  assert.equal(stepOf(filled.desk), 'asking');
});

test('AL-04 A in doubt: B is not bought, not even when A turns out to be gone, since SAFE_MODE stands', () => {
  const doubt = agreed().when(doubtful(AGREED_AT + 50, id('entry-1')));
  doubt.decidesOf(
    ['ticket_voided', 'rotation_moved'],
    { type: 'ticket_voided', reason: { code: 'safe_mode' } },
    { type: 'rotation_moved', to: 'reconciling' },
  );
  const settled = doubt
    .and(canceled(AGREED_AT + 60, 'entry-2'), ofB(AGREED_AT + 70))
    .when(notFound(AGREED_AT + 5_000, id('entry-1')));
  settled.decidesOf(['rotation_ended'], {
    type: 'rotation_ended',
    outcome: 'stopped',
    filledQuantity: 0,
  });
  const at = AGREED_AT + 6_000;
  const later = settled.and(reconciled(at), safe(at + 1, false), ofB(at + 2), tick(at + 3));
  assert.equal(boughtB(later.desk).length, 0);
});

test('AL-04 A in doubt that was bought is told with its quantity and kept', () => {
  const doubt = agreed().and(
    doubtful(AGREED_AT + 50, id('entry-1')),
    canceled(AGREED_AT + 60, 'entry-2'),
  );
  const told = doubt.when(fill(AGREED_AT + 5_000, id('entry-1'), 100, 100));
  told.decidesOf(['rotation_ended'], {
    type: 'rotation_ended',
    outcome: 'stopped',
    filledQuantity: 100,
  });
});

// ── kill, STOP, SAFE_MODE, expiry, restart at every step ────────────────────────────────────────

const STEPS = {
  proposed: () => given([...withSetupOfBoth(), propose()], onePolicy()),
  canceling: () => agreed(),
  reconciling: () =>
    agreed().and(report(AGREED_AT + 50, id('entry-1'), 'cancel_rejected', { reason: 'busy' })),
  asking: () =>
    agreed().and(
      fill(AGREED_AT + 50, id('entry-1'), 100, 100),
      canceled(AGREED_AT + 60, 'entry-2'),
    ),
  selling: () => {
    const proposed = given([...withHeldAndSetup(), propose()], onePolicy());
    return proposed.and(agree(proposed.desk));
  },
  freed: () => freed(),
} as const;

for (const [step, make] of Object.entries(STEPS)) {
  for (const [what, input] of [
    ['a kill', kill(AGREED_AT + 1_000)],
    ['STOP', stop(AGREED_AT + 1_000)],
    ['SAFE_MODE', safe(AGREED_AT + 1_000, true)],
    ['a skip', skip(AGREED_AT + 1_000, 'CODE')],
  ] as const) {
    test(`AL-04 ${what} while ${step} ends the switch: B is never bought`, () => {
      const before = make();
      assert.equal(stepOf(before.desk), step);
      const code = before.desk.state.rotation?.code ?? '';
      const said = what === 'a skip' ? skip(AGREED_AT + 1_000, code) : input;
      const after = before.and(
        said,
        report(AGREED_AT + 1_100, id('entry-1'), 'canceled'),
        report(AGREED_AT + 1_100, id('entry-2'), 'canceled'),
        ofB(AGREED_AT + 1_200),
        tick(AGREED_AT + 1_300),
        ofB(AGREED_AT + 1_400),
      );
      assert.equal(stepOf(after.desk), 'ended');
      assert.equal(boughtB(after.desk).length, 0);
    });
  }

  test(`AL-04 a restart while ${step} keeps the switch where it was, and B waits for a clean comparison`, () => {
    const before = make();
    const restarted = before.and(started(AGREED_AT + 1_000, true));
    assert.deepEqual(restarted.desk.state.rotation, before.desk.state.rotation);
    const looked = restarted.and(ofB(AGREED_AT + 1_100));
    assert.equal(boughtB(looked.desk).length, 0);
  });
}

// ── an account that a person executes ───────────────────────────────────────────────────────────

/** QQQM is a to-do of one order, and the person agreed to leave it for AAPL. */
function agreedByHand() {
  const execution = {
    broker: 'manual',
    isPerson: true,
    protection: 'watched',
    hasBracket: false,
  } as const;
  const isWhole = (input: Input) =>
    !('orderId' in input && input.orderId.endsWith('entry-2')) &&
    !(input.kind === 'order_reported' && input.report.orderId.endsWith('entry-2'));
  const before = withSetupOfBoth().filter(isWhole);
  const [start, ...later] = before;
  assert.ok(start !== undefined);
  const inputs = [start, attest(start.at), ...later, propose()];
  const proposed = given(inputs, onePolicy({ execution }));
  return proposed.and(agree(proposed.desk));
}
const said = (at: number, verb: 'none' | 'done') =>
  actOf(at, { act: 'fill', target: 'QQQM', verb, price: null, quantity: null, time: null });

test('AL-04 by hand: A is withdrawn by the person, whose word frees it, then B is the next to-do', () => {
  const waits = agreedByHand();
  const patient = waits.and(tick(AGREED_AT + 12_000), ofB(AGREED_AT + 12_001));
  assert.equal(stepOf(patient.desk), 'canceling');
  assert.equal(boughtB(patient.desk).length, 0);
  const at = AGREED_AT + 13_000;
  const freedByHand = waits.and(said(at, 'none'));
  assert.equal(stepOf(freedByHand.desk), 'freed');
  const next = freedByHand.when(ofB(at + 500));
  assert.deepEqual(
    next.effects().filter((effect) => effect !== 'push signal_entry'),
    ['submit_order', 'push rotation'],
  );
  const told = next.and().when(sent(at + 600, `${SECOND}.entry-1`));
  const accepted = told.and().when(report(at + 601, `${SECOND}.entry-1`, 'accepted'));
  const pushes = [...told.effects(), ...accepted.effects()];
  assert.ok(pushes.includes('push manual_todo'));
});

test('AL-04 by hand: a part reported as filled asks, and the rest is void', () => {
  const price = { price: 100, quantity: 50, time: null } as const;
  const part = agreedByHand().and(
    actOf(AGREED_AT + 500, { act: 'fill', target: 'QQQM', verb: 'fill', ...price }),
    said(AGREED_AT + 900, 'done'),
  );
  assert.equal(stepOf(part.desk), 'asking');
  assert.equal(part.desk.state.rotation?.filledQuantity, 50);
});

test('AL-04 the ticket of B that expires while a person has not withdrawn A stops the switch', () => {
  const slow = agreedByHand().when(tick(PROPOSED_AT + 30 * 60_000));
  slow.decidesOf(['ticket_expired', 'rotation_ended'], 'ticket_expired', {
    type: 'rotation_ended',
    outcome: 'stopped',
    reason: { code: 'life_over' },
  });
});

test('AL-04 after a restart and a clean comparison the switch goes on by itself', () => {
  const at = AGREED_AT + 1_000;
  const back = freed().and(started(at, true), reconciled(at + 100), ofB(at + 200));
  assert.equal(boughtB(back.desk).length, 2);
});

test('AL-04 while A is being left neither its name nor that of B is bought another way', () => {
  const canceling = agreed();
  const code = canceling.desk.state.rotation?.code ?? '';
  canceling
    .when(confirm(AGREED_AT + 10, { code, quote: quoteOf(AGREED_AT + 10, 99.98, 100, AAPL) }))
    .refuses('switch_running');
  assert.equal(mayBuy(canceling.desk), 200);
});
