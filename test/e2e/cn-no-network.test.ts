import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runCheckpoint, runMorning, runWatch } from '#app/pulse-jobs.ts';
import type { Message } from '#core/engine/message.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { actOf, attest, quoteOf } from '../support/builders.ts';
import { liveCnDesk } from '../support/live-cn.ts';
import { cnAt } from '../support/pulse-market.ts';

type Live = ReturnType<typeof liveCnDesk>;

const SECOND = 1_000;

async function started(live: Live): Promise<void> {
  const at = live.clock.now();
  const cashMinor = live.desk.policy.capitalMinor;
  await live.desk.submit({ kind: 'desk_started', at, cashMinor, isRecovery: false });
  await live.desk.submit(attest(at, cashMinor));
  await agree(live);
}

async function agree(live: Live): Promise<void> {
  const { cashMinor } = live.desk.state();
  const at = live.clock.now();
  const what = { at, isClean: true, cashMinor, differences: [] };
  await live.desk.submit({ kind: 'account_reconciled', ...what });
}

function act(live: Live, what: DeskAct, more: Parameters<typeof actOf>[2] = {}) {
  return live.desk.submit(actOf(live.clock.now(), what, more));
}

/** Messages of a kind; an edited one counts each time it is told. */
function told<K extends Message['kind']>(live: Live, kind: K): Extract<Message, { kind: K }>[] {
  return live.messages.filter((one) => one.kind === kind) as Extract<Message, { kind: K }>[];
}

function doubtOf(live: Live) {
  return live.desk.state().safeMode.find(({ subject }) => subject === 'market data');
}

async function leaveSafeMode(live: Live): Promise<void> {
  await agree(live);
  await act(live, { act: 'safe', on: false }, { isConfirmed: true });
}

suite('an A-share desk without a network', () => {
  test('SP-12 CX-04 it is in SAFE_MODE that names the sources, told once, until they answer again', async () => {
    const live = liveCnDesk(cnAt('08:40'));
    await started(live);
    live.guard.start();
    live.fake.mode.isDown = true;
    const jobs: Promise<unknown>[] = [runMorning(live.job())];
    await live.until(cnAt('09:25'));
    await act(live, { act: 'allow', scope: null, until: null });
    await live.until(cnAt('09:29'));
    jobs.push(runWatch(live.job(), cnAt('10:30')));
    await live.until(cnAt('09:50'));

    assert.deepEqual(doubtOf(live)?.figures, {
      eastmoney: 'network',
      manual: 'no_data',
      on_file: 'no_data',
    });
    const [doubt, ...again] = told(live, 'safe_mode_on');
    assert.deepEqual(again, [], 'the same trouble was told more than once');
    const text = live.textOf(doubt!, 'en');
    assert.match(text, /market data since 09:29:00 Beijing eastmoney cannot be reached/);
    assert.match(text, /files of your own without data, what is on file without data/);
    assert.match(live.textOf(doubt!), /eastmoney 连接不上/);
    await act(live, { act: 'safe', on: false }, { isConfirmed: true });
    assert.equal(doubtOf(live)?.isGone, false, 'left while nothing answers');

    await live.until(cnAt('09:58'));
    jobs.push(runCheckpoint(live.job(), '10:00'));
    await live.until(cnAt('10:05'));
    const verdicts = told(live, 'verdict_no_trade');
    assert.equal(verdicts.length, 1);
    assert.match(live.textOf(verdicts[0]!, 'en'), /^■ 10:00 no trade · Data not ready/);
    assert.match(live.textOf(verdicts[0]!, 'en'), /source eastmoney, cannot be reached/);
    assert.equal(live.desk.view().killLook ?? null, null);
    const before = live.messages.length;
    await live.until(cnAt('10:15') + 30 * SECOND);
    assert.equal(live.messages.length, before, 'a minute of the same trouble was a message');

    live.fake.mode.isDown = false;
    await live.until(cnAt('10:18'));
    assert.equal(doubtOf(live)?.isGone, true);
    const looks = live.desk.view().killLook;
    assert.ok(looks !== undefined && looks !== null, 'the kill-switch is not looked at again');
    await leaveSafeMode(live);
    assert.deepEqual(live.desk.state().safeMode, []);
    assert.equal(told(live, 'safe_mode_off').length, 1);
    await live.until(cnAt('10:31'));
    await Promise.all(jobs);
    live.guard.stop();
    assert.deepEqual(live.troubles, []);
  });

  test('SP-12 what one part of the watch was told in vain the next one passes', async () => {
    const live = liveCnDesk(cnAt('08:40'));
    await started(live);
    live.fake.mode.isDown = true;
    await live.until(cnAt('09:29'));
    const early = runWatch(live.job(), cnAt('09:40'));
    await live.until(cnAt('09:45'));
    await early;
    assert.equal(doubtOf(live)?.isGone, false);
    live.fake.mode.isDown = false;
    const late = runWatch(live.job(), cnAt('09:50'));
    await live.until(cnAt('09:52'));
    await late;
    assert.equal(doubtOf(live)?.isGone, true);
    assert.equal(told(live, 'safe_mode_on').length, 1);
  });

  test('SP-12 the morning is asked for until the auction, and then looked at and told as ever', async () => {
    const live = liveCnDesk(cnAt('08:50'));
    await started(live);
    live.fake.mode.isDown = true;
    const job = runMorning(live.job());
    await live.until(cnAt('09:04'));
    assert.equal(told(live, 'day_sheet').length, 0);
    assert.deepEqual(live.desk.state().safeMode, [], 'nothing trades yet: nothing is in doubt');
    live.fake.mode.isDown = false;
    await live.until(cnAt('09:27'));
    await job;
    assert.equal(told(live, 'day_sheet').length, 1);
  });

  test('SP-09 CX-04 a held name leaves on fresh prices only, and its due exit is made up for', async () => {
    const live = liveCnDesk(cnAt('08:40'));
    await started(live);
    live.guard.start();
    const jobs: Promise<unknown>[] = [];
    await live.until(cnAt('08:50'));
    jobs.push(runMorning(live.job()));
    await live.until(cnAt('09:12'));
    await act(live, { act: 'allow', scope: null, until: null });
    await live.until(cnAt('09:29'));
    jobs.push(runWatch(live.job(), Number.POSITIVE_INFINITY));
    await live.until(cnAt('09:58'));
    jobs.push(runCheckpoint(live.job(), '10:00'));
    await live.until(cnAt('10:01') + 30 * SECOND);
    const [ticket] = Object.values(live.desk.state().tickets);
    assert.ok(ticket !== undefined, 'no ticket');
    const { code, instrument, entryLimit: price, quantity } = ticket;
    const quote = quoteOf(live.clock.now(), price - 0.01, price, instrument);
    await act(
      live,
      { act: 'confirm', code, version: null, quantity: null, price: null },
      { quote },
    );
    await live.until(live.clock.now() + 5 * SECOND);
    const fill = { act: 'fill', target: code, verb: 'fill', price, quantity, time: null } as const;
    await act(live, fill);
    await live.until(cnAt('10:08'));
    assert.equal(live.desk.state().positions[instrument]?.quantity, quantity);

    // the network goes, and behind it the price falls below the stop
    live.fake.mode.isDown = true;
    live.fake.mode.factor = 0.94;
    const before = live.messages.length;
    await live.until(cnAt('10:10') + 30 * SECOND);
    await act(live, { act: 'ack', id: null });
    await live.until(cnAt('10:25'));
    const meanwhile = live.messages.slice(before);
    const doubts = meanwhile.filter(({ kind }) => kind === 'safe_mode_on');
    assert.equal(doubts.length, 1);
    assert.match(live.textOf(doubts[0]!, 'en'), /market data since 10:10/);
    const others = meanwhile.filter(({ kind }) => kind !== 'signal_expired');
    assert.deepEqual(others.map(({ kind }) => kind).sort(), ['risk_l1', 'safe_mode_on']);
    assert.ok(!meanwhile.some(({ kind }) => kind === 'limit_locked'), 'an exit on an old price');
    assert.equal(live.desk.state().pulse?.stance.killLevel, 'l1');

    live.fake.mode.isDown = false;
    await live.until(cnAt('10:28'));
    assert.equal(doubtOf(live)?.isGone, true);
    // T+1 holds what was bought today: the person is told of the exit that is due
    assert.equal(told(live, 'limit_locked').length, 1);
    live.stop.abort();
    await live.until(cnAt('10:30'));
    await Promise.all(jobs);
    live.guard.stop();
    assert.deepEqual(live.troubles, []);
  });
});
