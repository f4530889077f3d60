import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { runCheckpoint, runClose, runMorning, runWatch } from '#app/pulse-jobs.ts';
import { storedCheckpoints } from '#app/read-checkpoints.ts';
import type { Event } from '#core/engine/event.ts';
import type { Message } from '#core/engine/message.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { DeskAct } from '#core/replies/act.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { followCn, type LiveCn } from '../../src/compose-live-cn.ts';
import type { LiveDesk, LiveHouse } from '../../src/compose-live-desk.ts';
import { actOf, attest, quoteOf } from '../support/builders.ts';
import { restated } from '../support/builders-cn.ts';
import { STOCK, stockDay } from '../support/cn-desk.ts';
import { liveCnDesk } from '../support/live-cn.ts';
import { cnAt, PULSE_BEFORE, PULSE_DAY } from '../support/pulse-market.ts';

type Live = ReturnType<typeof liveCnDesk>;

async function started(live: Live): Promise<void> {
  const at = live.clock.now();
  const cashMinor = live.desk.policy.capitalMinor;
  await live.desk.submit({ kind: 'desk_started', at, cashMinor, isRecovery: false });
  await live.desk.submit(attest(at, cashMinor));
  await live.desk.submit({
    kind: 'account_reconciled',
    at,
    isClean: true,
    cashMinor,
    differences: [],
  });
}

function act(live: Live, what: DeskAct, instrument?: string): Promise<unknown> {
  const at = live.clock.now();
  const ticket = Object.values(live.desk.state().tickets).find(
    (one) => one.instrument === instrument,
  );
  const quote =
    ticket === undefined
      ? null
      : quoteOf(at, ticket.entryLimit - 0.01, ticket.entryLimit, ticket.instrument);
  return live.desk.submit(actOf(at, what, { quote }));
}

function kinds(live: Live): string[] {
  return live.messages.map(({ kind }) => kind);
}

function newest<K extends Message['kind']>(live: Live, kind: K): Extract<Message, { kind: K }> {
  const found = live.messages.findLast((one) => one.kind === kind);
  assert.ok(found !== undefined, `no ${kind} among ${kinds(live).join(' ')}`);
  return found as Extract<Message, { kind: K }>;
}

test('SP-09 the simulated exchange of a live paper account follows the ex-date of what it holds', () => {
  const clock = createVirtualClock({ startAt: cnAt('08:40') });
  const exchange = createPaperBroker({
    accountId: 'paper-cn',
    environment: 'paper',
    clock,
    cashMinor: 1_000_000,
    latencyMs: 0,
    feesModel: () => 0,
    seed: 1,
    venue: 'cn',
  });
  const held = { instrument: STOCK, quantity: 300, sellableQuantity: 0, averagePrice: 38.55 };
  const before = exchange.snapshot();
  exchange.restore({ ...before, positions: [{ ...held, boughtOn: '2026-11-16' }] });
  const told: ((events: readonly Event[]) => void)[] = [];
  const desk = { onEvents: (listen: (events: readonly Event[]) => void) => told.push(listen) };
  followCn(
    { desk, exchange } as unknown as LiveDesk,
    { clock } as unknown as LiveHouse,
    {} as LiveCn,
  );
  for (const listen of told) listen([restated(300, 600, 15_000)]);
  const { positions, cashMinor } = exchange.snapshot();
  assert.deepEqual(
    positions.map(({ instrument, quantity }) => [instrument, quantity]),
    [[STOCK, 600]],
  );
  assert.equal(cashMinor, 1_015_000);
});

/** 1,000 shares bought on the day before at its close, of which the desk learns now. */
async function heldSince(live: Live, instrument: InstrumentId): Promise<void> {
  const previousClose = live.fake.previousCloseOf(instrument);
  const price = live.fake.mode.closes.get(instrument) ?? previousClose;
  const [stop, firstTarget, secondTarget] = [price * 0.97, price * 1.05, price * 1.1];
  const instrumentDay = stockDay(PULSE_DAY, { instrument, previousClose });
  const noFigures = { ma20: null, atr20d: null, usualDays: 0 };
  await live.desk.submit({
    kind: 'book_entered',
    at: live.clock.now(),
    instrument,
    quantity: 1_000,
    price,
    boughtOn: PULSE_BEFORE,
    facts: { instrument, ...noFigures, previousClose, instrumentDay },
    plan: { stop, firstTarget, secondTarget, firstTargetQuantity: 500 },
  });
}

suite('a live day of the A-share desk, executed by hand', () => {
  test('SP-12 CX-04 CX-05 sheet, gate, ticket, to-do, fill, T+1, no-trade verdict, report', async () => {
    const live = liveCnDesk(cnAt('08:40'));
    await started(live);
    live.guard.start();
    await live.until(cnAt('08:50'));
    const jobs: Promise<unknown>[] = [runMorning(live.job())];
    await live.until(cnAt('09:11'));
    assert.equal(live.desk.state().day?.tradingDay, PULSE_DAY);
    assert.match(live.textOf(newest(live, 'day_sheet')), /^☰ 今日单 2026-11-18 · 持仓 0 只/);
    await act(live, { act: 'allow', scope: null, until: null });
    await live.until(cnAt('09:29'));
    const early = runWatch(live.job(), cnAt('10:30'));
    await live.until(cnAt('09:58'));
    jobs.push(runCheckpoint(live.job(), '10:00'));
    await live.until(cnAt('10:00') + 30_000);
    assert.match(live.textOf(newest(live, 'gate_result')), /^✓ 闸门通过 · 10:00/);
    assert.equal(live.desk.state().pulse?.stance.stance, 'attack');
    assert.deepEqual(
      live.fake.kept.map(({ time }) => time),
      ['10:00'],
    );

    await live.until(cnAt('10:01') + 30_000);
    const tickets = Object.values(live.desk.state().tickets);
    assert.ok(tickets.length > 0, 'no ticket');
    const ticket = tickets[0]!;
    const card = live.textOf(newest(live, 'signal_entry'));
    assert.match(card, /今日不可卖/);
    const confirm = { code: ticket.code, version: null, quantity: null, price: null };
    await act(live, { act: 'confirm', ...confirm }, ticket.instrument);
    await live.until(live.clock.now() + 5_000);
    assert.match(live.textOf(newest(live, 'manual_todo')), /请在券商下单:买入/);
    const { entryLimit: price, quantity } = ticket;
    await act(live, {
      act: 'fill',
      target: ticket.code,
      verb: 'fill',
      price,
      quantity,
      time: null,
    });
    await live.until(live.clock.now() + 5_000);
    const position = live.desk.state().positions[ticket.instrument];
    assert.equal(position?.quantity, quantity);
    assert.ok(kinds(live).includes('manual_protection'));

    // it falls below its stop on the day it was bought: T+1 holds it, and a person is told
    live.fake.mode.factor = 0.94;
    await live.until(cnAt('10:20'));
    assert.equal(live.desk.state().positions[ticket.instrument]?.quantity, quantity);
    assert.ok(kinds(live).includes('limit_locked'), kinds(live).join(' '));
    assert.ok(
      !live.messages.some((one) => one.kind === 'manual_todo' && one.order.side === 'sell'),
    );

    await live.until(cnAt('10:31'));
    await early;
    live.fake.mode.look = 'fails';
    await live.until(cnAt('13:58'));
    jobs.push(runCheckpoint(live.job(), '14:00'));
    await live.until(cnAt('14:01'));
    const none = live.textOf(newest(live, 'verdict_no_trade'));
    assert.match(none, /^■ 14:00 不开仓 · 数据未就绪/);
    assert.match(none, /made up/);
    assert.equal(live.desk.state().pulse?.stance.stance, 'watch');
    live.fake.mode.look = 'answers';
    await live.until(cnAt('14:43'));
    jobs.push(runCheckpoint(live.job(), '14:45'));
    await live.until(cnAt('15:20'));
    jobs.push(runClose(live.job()));
    await live.until(cnAt('15:21'));
    const first = live.textOf(newest(live, 'daily_report'));
    assert.match(first, /闸门:10:00 ✓ 盯买点 · 14:00 ✕ 数据未就绪,不开仓/);
    assert.match(first, /初稿/);
    assert.match(first, /持仓 6\d+/);
    await live.until(cnAt('15:41'));
    assert.match(live.textOf(newest(live, 'daily_report')), /· 终稿\n/);
    await Promise.all(jobs);
    live.guard.stop();
    assert.deepEqual(live.troubles, []);
    const stored = await storedCheckpoints(live.store.events, live.desk.stream, PULSE_DAY, 9);
    assert.deepEqual(
      stored.map(({ checkpoint }) => checkpoint),
      ['14:45', '14:00', '10:00'],
    );
  });

  test('SP-09 RL-01 terms that a person brings in after the open end the hold on their ex-date', async () => {
    const live = liveCnDesk(cnAt('08:40'));
    const { mode } = live.fake;
    const instrument: InstrumentId = '600010.SH';
    const official = live.fake.previousCloseOf(instrument);
    // ten for five: yesterday it closed half as high again
    mode.closes.set(instrument, Math.round(official * 150) / 100);
    await started(live);
    const jobs: Promise<unknown>[] = [runMorning(live.job())];
    await live.until(cnAt('09:01'));
    await heldSince(live, instrument);
    const position = () => live.desk.state().positions[instrument];
    await live.until(cnAt('09:27'));
    assert.notEqual(
      position()?.exDateOpen ?? null,
      null,
      'an ex-date nobody announced holds the stop',
    );
    await live.until(cnAt('09:29'));
    const watch = runWatch(live.job(), cnAt('10:30'));
    await live.until(cnAt('09:40'));
    assert.equal(position()?.quantity, 1_000);
    const terms = { instrument, recordDate: null, cashPerShare: 0, newSharesPerShare: 0.5 };
    mode.onFile.push({ ...terms, exDate: PULSE_DAY });
    await live.until(cnAt('09:42'));
    assert.equal(position()?.quantity, 1_500);
    assert.equal(position()?.exDateOpen ?? null, null);
    live.stop.abort();
    await live.until(cnAt('10:31'));
    await Promise.all([...jobs, watch]);
    assert.deepEqual(live.troubles, []);
    await live.desk.flushInputs();
    const known = (await live.store.inputs.read(live.desk.stream)).filter(
      ({ type }) => type === 'ex_dates_known',
    );
    assert.ok(known.length <= 3, 'told each minute again');
  });

  test('SP-09 a purchase of the day before that is told within the session meets its ex-date before its stop', async () => {
    const live = liveCnDesk(cnAt('09:20'));
    const { mode } = live.fake;
    const instrument: InstrumentId = '600010.SH';
    mode.closes.set(instrument, Math.round(live.fake.previousCloseOf(instrument) * 150) / 100);
    const terms = { instrument, recordDate: null, cashPerShare: 0, newSharesPerShare: 0.5 };
    mode.onFile.push({ ...terms, exDate: PULSE_DAY });
    await started(live);
    const watch = runWatch(live.job(), cnAt('09:40'));
    await live.until(cnAt('09:35') + 1_000);
    await heldSince(live, instrument);
    await live.until(cnAt('09:37'));
    assert.equal(live.desk.state().positions[instrument]?.quantity, 1_500);
    await live.until(cnAt('09:41'));
    await watch;
    assert.equal(live.desk.state().positions[instrument]?.exiting, null, 'a dividend is not sold');
    assert.deepEqual(live.troubles, []);
    await live.desk.flushInputs();
    const known = (await live.store.inputs.read(live.desk.stream)).filter(
      ({ type }) => type === 'ex_dates_known',
    );
    assert.equal(known.length, 1);
  });

  test('SP-12 SP-10 a feed that hangs holds a checkpoint up by its budget only, and is named', async () => {
    const live = liveCnDesk(cnAt('09:50'));
    await started(live);
    live.guard.start();
    live.fake.mode.look = 'hangs';
    await live.until(cnAt('09:58'));
    const job = runCheckpoint(live.job(), '10:00');
    await live.until(cnAt('10:00') + 19_000);
    assert.ok(!kinds(live).includes('verdict_no_trade'));
    await live.until(cnAt('10:00') + 21_000);
    const text = live.textOf(newest(live, 'verdict_no_trade'), 'en');
    assert.match(text, /^■ 10:00 no trade/);
    assert.match(text, /no answer in time/);
    const { pulse } = live.desk.state();
    assert.equal(pulse?.stance.stance, 'watch');
    assert.equal(pulse?.stance.killLevel, 'l1');
    await live.until(cnAt('10:05'));
    // the guard has nothing to add to what was judged
    assert.equal(kinds(live).filter((kind) => kind === 'verdict_no_trade').length, 1);
    await job;
    live.guard.stop();
  });

  test('SP-12 CX-04 a job that never ran is a no-trade verdict a minute after the checkpoint', async () => {
    const live = liveCnDesk(cnAt('09:50'));
    await started(live);
    live.guard.start();
    await live.until(cnAt('10:01') + 1_000);
    const text = live.textOf(newest(live, 'verdict_no_trade'));
    assert.match(text, /^■ 10:00 不开仓 · 数据未就绪/);
    assert.match(text, /决策点未能按时进行/);
    live.guard.stop();
  });
});
