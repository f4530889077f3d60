import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Event } from '#core/engine/event.ts';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import type { Policy } from '#core/engine/policy.ts';
import { deskInputsOf } from '#core/engine/pulse-desk.ts';
import type { SymbolFacts } from '#core/engine/state.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import { actOf, allow, planned, quoteOf, reconciled, started } from '../../support/builders.ts';
import { cnPolicy, shanghaiSession, stockDay } from '../../support/cn-desk.ts';
import { type Desk, deskAfter, step } from '../../support/engine.ts';
import { goodNames } from '../../support/pulse-desk.ts';
import { cnAt, lookTime, PULSE_DAY, pulseMarket, pulseParams } from '../../support/pulse-market.ts';

const PARAMS = pulseParams();
const NEXT = '2026-11-19';

function pulsePolicy(): Policy {
  return {
    ...cnPolicy({ broker: 'paper', isPerson: false }),
    instruments: [],
    capitalMinor: 100_000_000,
    risk: { ...cnPolicy().risk, tradesPerDay: 20, openRiskLimitR: 6, minQuantity: 1 },
    pulse: {
      stance: PARAMS.stance,
      restart: PARAMS.restart,
      checkpoints: PARAMS.clock.checkpoints,
    },
  };
}

function factsOf(instrument: SymbolFacts['instrument'], day: string, close: number): SymbolFacts {
  return {
    instrument,
    ma20: null,
    atr20d: null,
    previousClose: close,
    usualDays: 0,
    instrumentDay: stockDay(day, { instrument, previousClose: close }),
  };
}

/** A desk on its day, allowed to trade, that has judged nothing. */
function morning(): Desk {
  return deskAfter(
    [
      started(cnAt('08:40')),
      reconciled(cnAt('08:41'), 100_000_000),
      planned(cnAt('08:50'), shanghaiSession(PULSE_DAY), [], []),
      allow(cnAt('09:25')),
    ],
    pulsePolicy(),
  );
}

function judged(desk: Desk, inputs: MarketInputs, time: string): CheckpointRecord {
  const when = lookTime(time);
  const mine = deskInputsOf(desk.state, desk.view, {}, when.at);
  return decideCheckpoint(inputs, when, mine, PARAMS);
}

function checkpointOf(record: CheckpointRecord, inputs: MarketInputs): Input {
  const closeOf = (instrument: string) =>
    inputs.snapshot!.previousClose[inputs.table.instruments.indexOf(instrument as '600000.SH')]!;
  const facts = record.watching.map((name) => factsOf(name, PULSE_DAY, closeOf(name)));
  return { kind: 'checkpoint_judged', at: record.at, record, facts };
}

function typesOf(events: readonly Event[]): string[] {
  return events.map(({ type }) => type);
}

/** The desk after a checkpoint of 10:00 that passed, and the minute its buy points held in. */
function attacked(): { desk: Desk; events: readonly Event[] } {
  const inputs = pulseMarket();
  const before = morning();
  const record = judged(before, inputs, '10:00');
  const { desk } = step(before, checkpointOf(record, inputs));
  const when = lookTime('10:00');
  const watched = goodNames(record, inputs, when).map((name) => ({
    ...name,
    quote: quoteOf(when.at, name.look!.last - 0.01, name.look!.last, name.instrument),
  }));
  const mine = deskInputsOf(desk.state, desk.view, {}, when.at);
  const minute = watchMinute(inputs, when, { ...mine, watched }, PARAMS);
  const names = watched.map(({ instrument, look, quote }) => ({
    instrument,
    last: look!.last,
    quote,
  }));
  return step(desk, { kind: 'minute_watched', at: when.at, record: minute, names });
}

suite('given a sector-pulse desk on its day', () => {
  test('SP-04 before its first checkpoint nothing may be opened', () => {
    const desk = morning();
    assert.equal(desk.state.pulse?.stance.stance, 'watch');
    const codes = entryObjections(
      desk.state,
      desk.view,
      desk.policy,
      '600000.SH',
      cnAt('09:45'),
    ).map((one) => one.reason?.code);
    assert.ok(codes.includes('stance_watch'));
  });

  test('SP-02 when a checkpoint passed, it is stored whole, the stance attacks, a verdict is said', () => {
    const inputs = pulseMarket();
    const before = morning();
    const record = judged(before, inputs, '10:00');
    assert.equal(record.verdict.kind, 'signals');
    const { desk, events } = step(before, checkpointOf(record, inputs));
    assert.deepEqual(
      typesOf(events).filter((type) => type !== 'phase_changed'),
      ['checkpoint_recorded', 'stance_changed', 'verdict_declared'],
    );
    assert.deepEqual(desk.state.pulse?.watching?.instruments, record.watching);
    assert.equal(desk.state.pulse?.stance.stance, 'attack');
    const again = step(desk, checkpointOf(record, inputs));
    assert.deepEqual(again.events, []);
  });

  test('SP-08 when a buy point holds, a ticket with two targets is raised, within the caps', () => {
    const { desk, events } = attacked();
    const tickets = Object.values(desk.state.tickets);
    assert.ok(
      tickets.length > 0,
      JSON.stringify(desk.state.day?.setupsRefused.map((s) => s.reasons)),
    );
    assert.ok(typesOf(events).includes('ticket_opened'));
    for (const ticket of tickets) {
      const [first, second] = ticket.legs;
      assert.ok(Math.abs(first!.target! / ticket.entryLimit - 1.08) < 0.002);
      assert.ok(Math.abs(second!.target! / ticket.entryLimit - 1.15) < 0.002);
      assert.ok(Math.abs(ticket.stop / ticket.entryLimit - 0.96) < 0.002);
    }
    const cost = tickets.reduce((sum, one) => sum + one.quantity * one.entryLimit * 100, 0);
    assert.ok(cost <= 20_000_000 * 1.000_001);
  });

  test('SP-03 when level 2 is proven, tickets are void and the desk sleeps', () => {
    const { desk } = attacked();
    const crash = pulseMarket({
      upShare: 0.001,
      downShare: 0.2,
      indexReturn: -0.05,
      time: '10:01',
    });
    let now = desk;
    for (const time of ['10:01', '10:02']) {
      const when = lookTime(time);
      const snapshot = { ...crash.snapshot!, asOf: when.at - 10_000, fetchedAt: when.at };
      const mine = deskInputsOf(now.state, now.view, {}, when.at);
      const record = watchMinute({ ...crash, snapshot }, when, { ...mine, watched: [] }, PARAMS);
      now = step(now, { kind: 'minute_watched', at: when.at, record, names: [] }).desk;
    }
    assert.equal(now.state.pulse?.stance.stance, 'dormant');
    assert.equal(now.state.pulse?.stance.isLiquidating, false);
    assert.equal(now.state.pulse?.sleptOn, PULSE_DAY);
    assert.ok(Object.values(now.state.tickets).every(({ state }) => state === 'void'));
  });

  test('SP-05 when a dormant desk is resumed too early, it says what is missing', () => {
    const { desk } = attacked();
    const dormant = {
      ...desk,
      state: {
        ...desk.state,
        pulse: {
          ...desk.state.pulse!,
          sleptOn: PULSE_DAY,
          stance: {
            ...desk.state.pulse!.stance,
            stance: 'dormant' as const,
            killLevel: 'l2' as const,
          },
        },
      },
    };
    const { events } = step(
      dormant,
      actOf(cnAt('10:05'), { act: 'resume', scope: null, reason: 'calm' }, { isConfirmed: true }),
    );
    const refused = events.find((event) => event.type === 'act_refused');
    assert.equal(refused?.type === 'act_refused' && refused.reason.code, 'restart_days_short');
  });

  test('SP-02 a checkpoint of another day decides nothing', () => {
    const inputs = pulseMarket();
    const before = morning();
    const record = { ...judged(before, inputs, '10:00'), tradingDay: NEXT };
    assert.deepEqual(step(before, checkpointOf(record, inputs)).events, []);
  });

  test('SP-04 a record that began from another stance only tightens', () => {
    const inputs = pulseMarket();
    const before = morning();
    const record = judged(before, inputs, '10:00');
    const stale = {
      ...record,
      stance: { ...record.stance, before: { ...record.stance.before, stance: 'hold' as const } },
    };
    const { desk } = step(before, checkpointOf(stale, inputs));
    assert.equal(desk.state.pulse?.stance.stance, 'watch');
  });
});
