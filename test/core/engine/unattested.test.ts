import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axesOf } from '#core/engine/effects-push.ts';
import { evolve } from '#core/engine/evolve.ts';
import { deskPermission, isUnattested, permissionSources } from '#core/engine/permission-of.ts';
import {
  allow,
  attest,
  closed,
  confirm,
  mismatch,
  ny,
  planned,
  policyOf,
  ready,
  reconciled,
  signalBar,
  started,
} from '#test/support/builders.ts';
import { given } from '#test/support/given.ts';

const HAND = policyOf({
  execution: { broker: 'manual', isPerson: true, protection: 'watched', hasBracket: false },
});
const [START, ...LATER] = ready();
assert.ok(START !== undefined);
/** A day that is ready in all but the person's word, and the same one with it. */
const silent = () => given([START, ...LATER], HAND);
const spoken = () => given([START, attest(START.at), ...LATER], HAND);
const BAR = signalBar((LATER.at(-1)?.at ?? 0) + 60_000);

const codesOf = (desk: ReturnType<typeof silent>['desk'], at: number) =>
  permissionSources(desk.state, at)
    .filter(({ allows }) => allows !== 'active')
    .map(({ reason }) => reason?.code);

test('ID-09 CX-07 without a word on what the account holds no entry is raised, and nothing rings', () => {
  const { desk } = silent();
  assert.equal(isUnattested(desk.state, BAR.at), true);
  assert.deepEqual(codesOf(desk, BAR.at), ['not_attested']);
  assert.deepEqual([desk.state.safeMode, desk.state.alarms], [[], []]);
  const refused = silent().when(BAR);
  const setup = refused.events.find((event) => event.type === 'setup_refused');
  assert.ok(setup?.type === 'setup_refused');
  assert.deepEqual(
    setup.setup.reasons.map(({ code }) => code),
    ['not_attested'],
  );
  spoken().when(BAR).decidesOf(['ticket_opened'], 'ticket_opened');
});

test('ID-09 the axes name it, and the broker that can be asked never has it', () => {
  const { state } = silent().desk;
  assert.partialDeepStrictEqual(axesOf(state, HAND, BAR.at), {
    isUnattested: true,
    isSafeMode: false,
    permission: 'reducing',
  });
  const asked = given(ready()).desk.state;
  assert.equal(asked.attestation, undefined);
  assert.equal('isUnattested' in axesOf(asked, policyOf(), BAR.at), false);
});

test('ID-09 a word counts until the end of the market’s day and not into the next', () => {
  const { state } = spoken().desk;
  assert.equal(isUnattested(state, ny('23:59:59')), false);
  assert.equal(isUnattested(state, ny('00:00', '2026-11-21')), true);
  const evening = spoken().and(closed(ny('16:20')), attest(ny('18:00')));
  assert.equal(isUnattested(evening.desk.state, ny('09:30', '2026-11-23')), true);
});

test('ID-09 a ticket is judged again: the word that ended meanwhile voids it', () => {
  const open = spoken().and(BAR);
  const { state, policy, view } = open.desk;
  assert.equal(Object.values(state.tickets).length, 1);
  const attestation = { untilAt: BAR.at + 1_000, by: 'Li' };
  const ended = given([], policy);
  const desk = { ...ended.desk, state: { ...state, attestation }, view };
  assert.equal(isUnattested(desk.state, BAR.at + 2_000), true);
  const again = open.and(
    started(BAR.at + 500, true),
    reconciled(BAR.at + 600),
    allow(BAR.at + 700),
  );
  again.when(confirm(BAR.at + 2_000)).decidesOf(['ticket_voided', 'ticket_confirmed'], {
    type: 'ticket_voided',
    reason: { code: 'not_attested' },
  });
});

test('ID-09 a start asks anew, and so do the session and the close, with the line to send', () => {
  const begun = given([], HAND).when(started(ny('08:30')));
  assert.ok(begun.effects().includes('push attest_due'));
  const plans = begun.and().when(planned(ny('09:00')));
  assert.ok(plans.effects().includes('push attest_due'));
  const told = begun.and(attest(ny('08:40'))).when(planned(ny('09:00')));
  assert.equal(told.effects().includes('push attest_due'), false);
  const over = told.and().when(closed(ny('16:20')));
  assert.ok(over.effects().includes('push attest_due'));
  const paper = given([]).when(started(ny('08:30')));
  assert.equal(paper.effects().includes('push attest_due'), false);
});

test('ID-09 a session planned right after a start does not ask a second time', () => {
  const begun = given([], HAND).and(started(ny('09:00')));
  const plans = begun.when(planned(ny('09:00') + 2_000));
  assert.equal(plans.effects().includes('push attest_due'), false);
  const again = begun.and(started(ny('09:20'), true)).when(planned(ny('09:21')));
  assert.equal(again.effects().includes('push attest_due'), false);
  const later = begun.when(planned(ny('09:15') + 1));
  assert.ok(later.effects().includes('push attest_due'));
});

test('ID-07 ID-09 a list that differs from the book is a doubt, attested or not', () => {
  const at = BAR.at;
  assert.equal(spoken().and(mismatch(at)).desk.state.safeMode[0]?.cause, 'position_mismatch');
  assert.equal(silent().and(mismatch(at)).desk.state.safeMode[0]?.cause, 'position_mismatch');
});

test('ID-09 a word of an earlier release is not taken for one of today', () => {
  const { state } = silent().desk;
  const old = {
    type: 'account_attested',
    at: BAR.at,
    holdings: [],
    cashMinor: 1,
    by: 'Li',
  } as const;
  assert.equal(isUnattested(evolve(state, old), BAR.at), true);
  const { attestation: _, ...older } = state;
  assert.equal(isUnattested(older, BAR.at), false);
  const recovered = {
    type: 'desk_recovered',
    at: BAR.at,
    pending: [],
    openOrders: 0,
    positions: 0,
  } as const;
  assert.equal(isUnattested(evolve(older, { ...recovered, isByHand: true }), BAR.at), true);
  assert.equal(deskPermission(evolve(state, recovered), BAR.at), 'reducing');
});
