import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PersonPolicy } from '#core/engine/policy.ts';
import { correlation } from '#core/lib/stats.ts';
import {
  type Exposure,
  exposuresOf,
  type OtherDesk,
  otherDeskOf,
  personObjections,
} from '#core/risk/person-book.ts';
import {
  AAPL,
  confirm,
  ny,
  policyOf,
  QQQM,
  ready,
  signalBar,
  withEntries,
  withPosition,
  withTicket,
} from '#test/support/builders.ts';
import { deskAfter } from '#test/support/engine.ts';
import { given } from '#test/support/given.ts';

const PERSON: PersonPolicy = {
  nameCapRatio: 0.2,
  checkpointCapRatio: 0.2,
  dayCapRatio: 0.3,
  correlationLimit: 0.7,
};
const POLICY = { ...policyOf(), person: PERSON };
const AT = (ready().at(-1)?.at ?? 0) + 1_000;
const OPEN = ny('09:30');
/** 60 daily returns up and down, and the same turned over. */
const WAVE = Array.from({ length: 60 }, (_, i) => Math.sin(i) / 100);
const AGAINST = WAVE.map((value) => -value);

const exposure = (change: Partial<Exposure> = {}): Exposure => ({
  instrument: AAPL,
  valueMinor: 100_000,
  riskMinor: 0,
  since: OPEN + 1,
  ticketId: 'elsewhere',
  ...change,
});
const other = (change: Partial<OtherDesk> = {}): OtherDesk => ({
  deskId: 'us-second',
  market: 'US',
  environment: 'paper',
  currency: 'USD',
  capitalMinor: 10_000_000,
  isKnown: true,
  exposures: [],
  soldToday: [],
  returns: {},
  ...change,
});
const ENTRY = { instrument: QQQM, valueMinor: 1_000_000, riskMinor: 40_000, ticketId: null };

function objections(
  desks: readonly OtherDesk[],
  change: Partial<Parameters<typeof personObjections>[0]> = {},
) {
  const { state } = deskAfter(ready(), POLICY);
  const facts = { state, policy: POLICY, others: { at: AT, desks }, at: AT, ...change };
  return personObjections(facts, ENTRY);
}
const codes = (...args: Parameters<typeof objections>) =>
  objections(...args).map((one) => one.code);

test('AL-02 one name is capped over all accounts, with the figures', () => {
  // 20 % of 100,000 + 100,000 are 40,000; 30,000 there and 10,000 here are just that
  const held = (valueMinor: number) => [
    other({ exposures: [exposure({ instrument: QQQM, valueMinor, since: 1 })] }),
  ];
  assert.deepEqual(objections(held(3_000_000)), []);
  assert.deepEqual(objections(held(3_000_001)), [
    {
      code: 'person_name_cap',
      figures: { heldMinor: 3_000_001, addedMinor: 1_000_000, limitMinor: 4_000_000 },
    },
  ]);
});

test('AL-02 what is new since the open and since the checkpoint is capped over all accounts', () => {
  const bought = (since: number, valueMinor: number) => [
    other({ exposures: [exposure({ since, valueMinor })] }),
  ];
  assert.deepEqual(codes(bought(OPEN, 5_000_001)), ['person_day_cap']);
  assert.deepEqual(codes(bought(OPEN - 1, 5_000_001)), []);
  const { state } = deskAfter(ready(), POLICY);
  const pulse = { checkpointAt: OPEN + 60_000 } as NonNullable<typeof state.pulse>;
  const atCheckpoint = { state: { ...state, pulse } };
  assert.deepEqual(codes(bought(OPEN + 60_000, 3_000_001), atCheckpoint), [
    'person_checkpoint_cap',
  ]);
  assert.deepEqual(codes(bought(OPEN + 59_999, 3_000_001), atCheckpoint), []);
});

test('AL-02 nothing is summed over currencies, nor over made-up and real money', () => {
  const much = exposure({ instrument: QQQM, valueMinor: 90_000_000, riskMinor: 90_000_000 });
  assert.deepEqual(codes([other({ exposures: [much], currency: 'CNY', market: 'CN' })]), []);
  assert.deepEqual(codes([other({ exposures: [much], environment: 'live' })]), []);
  // and their capital gives no room either
  const rich = other({ deskId: 'cn', currency: 'CNY', capitalMinor: 900_000_000 });
  const held = exposure({ instrument: QQQM, valueMinor: 3_000_001, since: 1 });
  assert.deepEqual(codes([rich, other({ exposures: [held] })]), ['person_name_cap']);
});

test('AL-02 an A-share that a desk sells today is not bought by another on the same day', () => {
  const name = '600519.SH' as const;
  const cn = { ...POLICY, market: 'CN', currency: 'CNY' } as const;
  const { state } = deskAfter(ready(), POLICY);
  const seller = other({ deskId: 'cn-rules', market: 'CN', currency: 'CNY', soldToday: [name] });
  const facts = { state, policy: cn, others: { at: AT, desks: [seller] }, at: AT };
  const [first] = personObjections(facts, { ...ENTRY, instrument: name });
  assert.deepEqual(first, { code: 'risk_opposite_side', figures: { desk: 'cn-rules' } });
  assert.deepEqual(personObjections(facts, { ...ENTRY, instrument: '600036.SH' }), []);
});

test('AL-02 names that move together share one R, and an unknown correlation is one', () => {
  const { state } = deskAfter(ready(), POLICY);
  const facts = state.symbols[QQQM]?.facts;
  assert.ok(facts !== undefined && facts !== null);
  const knowing = (returns: readonly number[] | null) => ({
    state: {
      ...state,
      symbols: {
        ...state.symbols,
        [QQQM]: { ...state.symbols[QQQM]!, facts: { ...facts, returns } },
      },
    },
  });
  // one R is 500.00; 100.01 elsewhere and 400.00 here are more
  const risky = (returns: OtherDesk['returns']) => [
    other({ exposures: [exposure({ riskMinor: 10_001, since: 1 })], returns }),
  ];
  assert.deepEqual(codes(risky({ [AAPL]: WAVE }), knowing(WAVE)), ['person_correlated_risk']);
  assert.deepEqual(codes(risky({ [AAPL]: AGAINST }), knowing(WAVE)), []);
  assert.deepEqual(codes(risky({}), knowing(WAVE)), ['person_correlated_risk']);
  assert.deepEqual(codes(risky({ [AAPL]: WAVE }), knowing(null)), ['person_correlated_risk']);
  const [why] = objections(risky({ [AAPL]: WAVE }), knowing(WAVE));
  assert.deepEqual(why?.figures, {
    openMinor: 10_001,
    addedMinor: 40_000,
    limitMinor: 50_000,
    names: AAPL,
  });
});

test('AL-02 others that are not known, or were looked at another time, say no', () => {
  assert.deepEqual(codes([], { others: null }), ['person_unknown']);
  assert.deepEqual(codes([], { others: { at: AT - 1, desks: [] } }), ['person_unknown']);
  assert.deepEqual(objections([other({ isKnown: false })]), [
    { code: 'person_unknown', figures: { desk: 'us-second' } },
  ]);
  assert.deepEqual(codes([other({ isKnown: false, environment: 'live' })]), []);
});

test('AL-02 a desk alone is bound by its own limits only', () => {
  assert.deepEqual(codes([], { others: null, policy: policyOf() }), []);
});

test('AL-02 what waits, works and is held is counted once, whatever it has become', () => {
  for (const inputs of [withTicket(), withEntries(), withPosition()]) {
    const { state } = deskAfter(inputs);
    const values = exposuresOf(state).map((one) => one.valueMinor);
    const total = values.reduce((sum, value) => sum + value, 0);
    const ticket = Object.values(state.tickets)[0];
    assert.ok(ticket !== undefined && total > 0);
    assert.ok(Math.abs(total - ticket.entryLimit * 100 * ticket.quantity) <= 2, `${total}`);
    assert.deepEqual(
      exposuresOf(state, ticket.id).filter((one) => one.ticketId !== ticket.id),
      [],
    );
  }
});

test('AL-02 the book refuses a signal, and judges a ticket again when it is confirmed', () => {
  const full = otherDeskOf(deskAfter(withPosition()).state, POLICY, true);
  const rich = { ...full, deskId: 'us-second', capitalMinor: 0 };
  const bar = signalBar(ny('10:01'));
  const refused = given(ready(), POLICY).when({ ...bar, others: { at: bar.at, desks: [rich] } });
  const setup = refused.events.find((event) => event.type === 'setup_refused');
  assert.ok(setup?.type === 'setup_refused');
  assert.ok(setup.setup.reasons.some((why) => why.code === 'person_name_cap'));
  const alone = { at: bar.at, desks: [] };
  const open = given([...ready(), { ...bar, others: alone }], POLICY);
  assert.equal(Object.keys(open.desk.state.tickets).length, 1);
  const tap = confirm(bar.at + 2_000);
  open.when({ ...tap, others: { at: tap.at, desks: [rich] } }).refuses('person_name_cap');
  open
    .when({ ...tap, others: { at: tap.at, desks: [] } })
    .decidesOf(['ticket_confirmed'], 'ticket_confirmed');
  // without a word on the others nothing is confirmed
  open.when(tap).refuses('person_unknown');
});

test('AL-02 more at another desk never allows more here', () => {
  const amount = fc.integer({ min: 0, max: 10_000_000 });
  fc.assert(
    fc.property(amount, amount, amount, (valueMinor, riskMinor, added) => {
      const less = codes([
        other({ exposures: [exposure({ instrument: QQQM, valueMinor, riskMinor })] }),
      ]);
      const more = codes([
        other({
          exposures: [
            exposure({
              instrument: QQQM,
              valueMinor: valueMinor + added,
              riskMinor: riskMinor + added,
            }),
          ],
        }),
      ]);
      assert.ok(less.every((code) => more.includes(code)));
    }),
  );
});

test('a correlation is that of its definition, and undefined where nothing moves', () => {
  assert.equal(correlation([1, 2, 3], [2, 4, 6]), 1);
  assert.equal(correlation([1, 2, 3], [3, 2, 1]), -1);
  assert.ok(Math.abs((correlation([1, 2, 3, 4], [1, 3, 2, 4]) ?? 0) - 0.8) < 1e-12);
  for (const [a, b] of [
    [
      [1, 1, 1],
      [1, 2, 3],
    ],
    [[1], [1]],
    [
      [1, 2],
      [1, 2, 3],
    ],
    [
      [1, Number.NaN],
      [1, 2],
    ],
  ] as const)
    assert.equal(correlation(a, b), null);
});
