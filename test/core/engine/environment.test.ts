import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '#core/engine/decide.ts';
import type { Input } from '#core/engine/input.ts';
import { environmentPushes } from '#core/engine/push-environment.ts';
import { reason } from '#core/gates/reason.ts';
import {
  actOf,
  closed,
  exit,
  kill,
  mismatch,
  mode,
  ny,
  planned,
  policyOf,
  ready,
  reconciled,
  safe,
  started,
  withPosition,
  withTicket,
  withWorkingEntries,
} from '#test/support/builders.ts';
import { given } from '#test/support/given.ts';

/** Within a session, while its data is fresh. */
const AT = (ready().at(-1)?.at ?? 0) + 1_000;
const NIGHT = ny('18:00');
const LIVE_CASH = 2_500_000;

const account = (at: number, environment: 'paper' | 'live', isConfirmed = false): Input =>
  actOf(at, { act: 'account', account: 'paper-us', environment }, { isConfirmed });
const judged = (
  at: number,
  to: 'paper' | 'live',
  change: Partial<Extract<Input, { kind: 'environment_judged' }>> = {},
): Input => ({
  kind: 'environment_judged',
  at,
  to,
  cashMinor: LIVE_CASH,
  objections: [],
  ...change,
});

/** A desk whose session is over. */
const closedDay = (): Input[] => [...ready(), closed(ny('16:20'))];
const LIVE = policyOf({ environment: 'live' });

test('CX-08 real money takes a second confirmation, the way back does not', () => {
  const paper = given(closedDay());
  paper.when(account(NIGHT, 'live')).refuses('second_confirmation_needed');
  paper
    .when(account(NIGHT, 'live', true))
    .decides({ type: 'environment_asked', from: 'paper', to: 'live' });
  given(closedDay(), LIVE)
    .when(account(NIGHT, 'paper'))
    .decides({ type: 'environment_asked', from: 'live', to: 'paper' });
});

test('CX-08 within a session real money waits for its close, made-up money does not', () => {
  const asked = given([...ready(), account(AT, 'live', true)]);
  asked.when(judged(AT + 1, 'live')).nothing();
  const after = asked.and(closed(ny('16:20')));
  after
    .when(judged(ny('16:20:01'), 'live'))
    .decides({ type: 'environment_changed', from: 'paper', to: 'live', cashMinor: LIVE_CASH });
  given([...ready(), account(AT, 'paper')], LIVE)
    .when(judged(AT + 1, 'paper'))
    .decidesOf(['environment_changed'], 'environment_changed');
});

test('CX-08 before the open a wish of the evening before is taken for the session to come', () => {
  const asked = given([
    started(ny('08:30')),
    reconciled(ny('08:31')),
    account(ny('08:40'), 'live', true),
  ]);
  asked
    .and(planned(ny('09:00')))
    .when(judged(ny('09:00:01'), 'live'))
    .decidesOf(['environment_changed'], 'environment_changed');
});

test('CX-08 what the desk holds or has ordered stays where somebody protects it', () => {
  for (const inputs of [withPosition(), withWorkingEntries()]) {
    const at = (inputs.at(-1)?.at ?? 0) + 1_000;
    given(inputs)
      .when(account(at, 'live', true))
      .refuses('not_flat');
    given(inputs, LIVE).when(account(at, 'paper')).refuses('not_flat');
  }
});

test('CX-08 what comes up between the wish and the look drops it', () => {
  const asked = given([...closedDay(), account(NIGHT, 'live', true)]);
  asked
    .when(judged(NIGHT + 1, 'live', { objections: [reason('keys_missing')], cashMinor: null }))
    .decides({ type: 'environment_dropped', to: 'live', reason: reason('keys_missing') });
  const doubted = asked.and(mismatch(NIGHT + 1));
  doubted.when(judged(NIGHT + 2, 'live')).decidesOf(['environment_dropped'], 'environment_dropped');
});

test('CX-08 a kill or a doubt forbids real money and never the way back', () => {
  for (const [act, code] of [
    [kill(NIGHT), 'killed'],
    [safe(NIGHT, true), 'safe_mode'],
  ] as const) {
    given([...closedDay(), act])
      .when(account(NIGHT + 1, 'live', true))
      .refuses(code);
    given([...closedDay(), act], LIVE)
      .when(account(NIGHT + 1, 'paper'))
      .decidesOf(['environment_asked'], 'environment_asked');
  }
});

test('CX-08 naming the side the desk is on takes a wish back', () => {
  const asked = given([...ready(), account(AT, 'live', true)]);
  asked.when(account(AT + 1, 'paper')).decidesOf(['environment_dropped'], 'environment_dropped');
  given(ready()).when(account(AT, 'paper')).refuses('already_so');
});

test('CX-08 on the other side nothing is allowed, compared or remembered of this one', () => {
  const gone = given([...withTicket(), account(ny('10:02'), 'paper')], LIVE).and(
    judged(ny('10:02:01'), 'paper', { cashMinor: 7 }),
  );
  const { state } = gone.desk;
  assert.equal(state.environment, 'paper');
  assert.equal(state.cashMinor, 7);
  assert.equal(state.isReconciled, false);
  assert.deepEqual(state.consent, { kind: 'not_given' });
  assert.ok(Object.values(state.tickets).every((ticket) => ticket.state === 'void'));
});

test('CX-08 a STOP stands on either side', () => {
  const stopped = actOf(AT, { act: 'stop', scope: null, reason: null });
  const gone = given([...ready(), stopped, account(AT + 1, 'paper')], LIVE).and(
    judged(AT + 2, 'paper'),
  );
  assert.equal(gone.desk.state.consent.kind, 'stopped');
});

test('CX-09 a desk that enters by itself goes on by confirmation on real money', () => {
  const asked = given([
    ...closedDay(),
    mode(NIGHT, 'auto', true),
    account(NIGHT + 1, 'live', true),
  ]);
  asked
    .when(judged(NIGHT + 2, 'live'))
    .decidesOf(['mode_changed', 'environment_changed'], 'mode_changed', 'environment_changed');
});

test('CX-08 a reading of the side that was left says nothing about the new one', () => {
  const gone = given([...closedDay(), account(NIGHT, 'live', true), judged(NIGHT + 1, 'live')]);
  gone.when(mismatch(NIGHT + 2)).nothing();
  gone.when(reconciled(NIGHT + 2)).nothing();
  // the desk that is opened anew on that side compares
  const events = decide(gone.desk.state, gone.desk.view, reconciled(NIGHT + 3, LIVE_CASH), LIVE);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['reconciled'],
  );
});

test('CX-08 a wish within a session is said to wait', () => {
  const asked = given([...ready()]);
  const { state } = asked.desk;
  const said: unknown[] = [];
  const event = { type: 'environment_asked', at: AT, from: 'paper', to: 'live', by: 'Li' } as const;
  environmentPushes(event, state, { accountId: 'a' }, (body) => {
    said.push(body);
    return {} as never;
  });
  assert.partialDeepStrictEqual(said, [{ kind: 'account_asked', isWaiting: true }]);
});

test('CX-08 an exit under way keeps the desk where it is', () => {
  const inputs = withPosition();
  const at = (inputs.at(-1)?.at ?? 0) + 1_000;
  given([...inputs, exit(at)])
    .when(account(at + 1, 'live', true))
    .refuses('not_flat');
});
