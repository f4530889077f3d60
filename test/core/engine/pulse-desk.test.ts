import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import type { Input } from '#core/engine/input.ts';
import { entryObjections } from '#core/engine/permission-of.ts';
import type { Policy } from '#core/engine/policy.ts';
import { deskInputsOf } from '#core/engine/pulse-desk.ts';
import type { SymbolFacts } from '#core/engine/state.ts';
import type { Quote } from '#core/market/quote.ts';
import type { DeskAct } from '#core/replies/act.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { judgeLook } from '#core/strategies/sector-pulse/look.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import {
  actOf,
  allow,
  planned,
  quoteOf,
  reconciled,
  report,
  sent,
  started,
} from '../../support/builders.ts';
import { cnPolicy, shanghaiSession, stockDay } from '../../support/cn-desk.ts';
import { type Desk, deskAfter, step } from '../../support/engine.ts';
import { goodNames } from '../../support/pulse-desk.ts';
import {
  cnAt,
  lookTime,
  PULSE_BEFORE,
  PULSE_DAY,
  pulseMarket,
  pulseParams,
} from '../../support/pulse-market.ts';

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
      entry: PARAMS.entry,
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
    const [told] = events;
    const [push] = effectsOf(told!, evolve(before.state, told!), before.policy);
    assert.ok(push?.kind === 'push' && push.message.kind === 'gate_result');
    assert.deepEqual(
      [...new Set(push.message.axes.phases.map(({ phase }) => phase))],
      ['trading_allowed'],
    );
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

  test('CX-01 a ticket of A-shares is edited in whole lots, both targets follow, and no cap is passed', () => {
    const { desk } = attacked();
    const [ticket] = Object.values(desk.state.tickets);
    assert.ok(ticket);
    const at = cnAt('10:00') + 20_000;
    const { code, entryLimit } = ticket;
    const quote = quoteOf(at, entryLimit - 0.01, entryLimit, ticket.instrument);
    const blank = {
      act: 'edit',
      version: null,
      quantity: null,
      price: null,
      stop: null,
      target: null,
    } as const;
    const edit = (change: object) =>
      step(desk, actOf(at, { ...blank, code, ...change }, { quote, isConfirmed: true }));
    const refusalOf = (change: object) =>
      edit(change).events.map((event) => event.type === 'act_refused' && event.reason.code);
    assert.deepEqual(refusalOf({ quantity: ticket.quantity - 50 }), ['quantity_not_in_lots']);
    assert.deepEqual(refusalOf({ quantity: ticket.quantity * 3 }), ['quantity_over_risk']);
    const price = Number((entryLimit - 0.02).toFixed(2));
    const quantity = ticket.quantity - 100;
    const next = edit({ quantity, price }).desk.state.tickets[ticket.id];
    assert.equal(next?.version, 2);
    const [first, second] = next.legs;
    assert.equal(first!.quantity + second!.quantity, quantity);
    assert.ok(Math.abs(first!.target! / price - 1.08) < 0.002);
    assert.ok(Math.abs(second!.target! / price - 1.15) < 0.002);
    assert.ok(next.riskMinor < ticket.riskMinor);
    assert.ok((next.pulse?.ratioAfter ?? 1) < (ticket.pulse?.ratioAfter ?? 0));
  });

  /** Answers every ticket that waits with a confirm, a moment later, at the quote it was raised at. */
  function confirmed(desk: Desk): { types: string[]; refused: string[] } {
    const types: string[] = [];
    const refused: string[] = [];
    let now = desk;
    const at = cnAt('10:00') + 20_000;
    for (const ticket of Object.values(desk.state.tickets)) {
      const quote = quoteOf(at, ticket.entryLimit - 0.01, ticket.entryLimit, ticket.instrument);
      const act = {
        act: 'confirm',
        code: ticket.code,
        version: null,
        quantity: null,
        price: null,
      } as const;
      const done = step(now, actOf(at, act, { quote }));
      now = done.desk;
      types.push(...typesOf(done.events));
      for (const event of done.events)
        if (event.type === 'act_refused') refused.push(event.reason.code);
    }
    return { types, refused };
  }

  test('SP-09 a day loss of 2 % that came after the ticket refuses its confirmation', () => {
    const { desk } = attacked();
    const well = confirmed(desk);
    assert.ok(well.types.includes('ticket_confirmed'), well.refused.join());
    const lost = { ...desk.state.pulse!, dayStartMinor: 102_100_000 };
    const { types, refused } = confirmed({ ...desk, state: { ...desk.state, pulse: lost } });
    assert.ok(!types.includes('ticket_confirmed'));
    assert.ok(
      refused.length > 0 && refused.every((code) => code === 'risk_day_loss'),
      refused.join(),
    );
  });

  test('SP-09 where the result of the day is not known nothing is confirmed', () => {
    const { desk } = attacked();
    const unknown = { ...desk.state.pulse!, dayStartMinor: null };
    const { types, refused } = confirmed({ ...desk, state: { ...desk.state, pulse: unknown } });
    assert.ok(!types.includes('ticket_confirmed'));
    assert.ok(refused.includes('risk_day_loss'));
  });

  test('SP-08 caps are judged again at the confirmation, the ticket’s own money counted once', () => {
    const { desk } = attacked();
    const [ticket] = Object.values(desk.state.tickets);
    const tight = { ...PARAMS.entry, totalCapRatio: 0.05 };
    const policy = { ...desk.policy, pulse: { ...desk.policy.pulse!, entry: tight } };
    assert.ok(ticket !== undefined);
    const { types, refused } = confirmed({ ...desk, policy });
    assert.ok(!types.includes('ticket_confirmed'));
    assert.ok(
      refused.length > 0 && refused.every((code) => code === 'risk_total_cap'),
      refused.join(),
    );
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

  test('SP-05 a resume after three passed days says so, after how many and how the month stands', () => {
    const { desk } = attacked();
    const pulse = desk.state.pulse!;
    const daysAsleep = ['2026-11-13', '2026-11-16', PULSE_BEFORE, PULSE_DAY];
    const gates = daysAsleep.slice(0, 3).flatMap((tradingDay) =>
      ['10:00', '14:00'].map((checkpoint) => ({
        ...pulse.gates[0]!,
        tradingDay,
        checkpoint,
        passed: true,
      })),
    );
    const stance = { ...pulse.stance, stance: 'dormant' as const, killLevel: 'l2' as const };
    const asleep = { ...pulse, sleptOn: '2026-11-12', daysAsleep, gates, stance };
    const dormant = { ...desk, state: { ...desk.state, pulse: asleep } };
    const resume = { act: 'resume', scope: null, reason: 'calm' } as const;
    const { events } = step(dormant, actOf(cnAt('09:30'), resume, { isConfirmed: true }));
    const changed = events.find((event) => event.type === 'stance_changed');
    assert.ok(changed?.type === 'stance_changed', events.map(({ type }) => type).join());
    assert.deepEqual(
      changed.reasons.map(({ code, figures }) => [code, figures['passedDays']]),
      [['stance_resumed', 3]],
    );
  });

  test('SP-05 a minute that was looked at before a resume does not put the desk back to sleep', () => {
    const { desk } = attacked();
    const pulse = desk.state.pulse!;
    const asleep = {
      ...pulse,
      stance: { ...pulse.stance, stance: 'dormant' as const, killLevel: 'l2' as const },
    };
    const dormant = { ...desk.state, pulse: asleep };
    const when = lookTime('10:01');
    const minuteOf = (inputs: MarketInputs) =>
      watchMinute(
        inputs,
        when,
        { ...deskInputsOf(dormant, desk.view, {}, when.at), watched: [] },
        PARAMS,
      );
    const calm = minuteOf(pulseMarket({ time: '10:01' }));
    assert.deepEqual([calm.kill.levelBefore, calm.kill.finding.level], ['l2', 'none']);
    const input = { kind: 'minute_watched' as const, at: when.at, names: [] };
    const after = step(desk, { ...input, record: calm }).desk.state.pulse?.stance;
    assert.deepEqual([after?.stance, after?.killLevel], ['attack', 'none']);
    const bad = {
      ...calm,
      kill: { ...calm.kill, finding: { ...calm.kill.finding, level: 'l2' as const } },
    };
    assert.equal(step(desk, { ...input, record: bad }).desk.state.pulse?.stance.stance, 'dormant');
  });

  test('SP-05 a look of the morning that began before a resume does not either', () => {
    const { desk } = attacked();
    const when = lookTime('10:01');
    const before = { level: 'l2' as const, look: null };
    const { kill } = judgeLook(pulseMarket({ time: '10:01' }), when, 'morning', before, PARAMS);
    const { desk: after } = step(desk, {
      kind: 'look_judged',
      at: when.at,
      tradingDay: PULSE_DAY,
      kill,
    });
    assert.equal(after.state.pulse?.stance.stance, 'attack');
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

  /** A minute later: the first ticket is confirmed and its entries work, the second one waits; then limits change. */
  function withFirstWorking(change: Partial<typeof PARAMS.entry> = {}) {
    const { desk } = attacked();
    const [a, b, ...more] = Object.values(desk.state.tickets);
    assert.ok(a !== undefined && b !== undefined);
    const at = cnAt('10:00') + 20_000;
    const quoted = (ticket: typeof a, when: number) =>
      quoteOf(when, ticket.entryLimit - 0.01, ticket.entryLimit, ticket.instrument);
    const say = (act: DeskAct, when: number, quote: Quote | null = null): Input =>
      actOf(when, act, { quote });
    const yes = (code: string): DeskAct => ({
      act: 'confirm',
      code,
      version: null,
      quantity: null,
      price: null,
    });
    let now: Desk = desk;
    const tell = (...inputs: Input[]): readonly Event[] => {
      const events: Event[] = [];
      for (const input of inputs) {
        const done = step(now, input);
        now = done.desk;
        events.push(...done.events);
      }
      return events;
    };
    // only the two are of interest
    for (const { code } of more) tell(say({ act: 'skip', code, reason: null }, at));
    tell(say(yes(a.code), at + 1, quoted(a, at + 1)));
    const entries = Object.values(now.state.orders).filter(({ role }) => role === 'entry');
    assert.ok(entries.length > 0);
    for (const { orderId } of entries)
      tell(sent(at + 2, orderId), report(at + 3, orderId, 'accepted'));
    const { pulse } = now.policy;
    const entry = { ...PARAMS.entry, ...change };
    now = { ...now, policy: { ...now.policy, pulse: pulse === null ? null : { ...pulse, entry } } };
    return { a, b, at: at + 10, entries, say, yes, quoted, tell, state: () => now.state };
  }

  test('SP-08 AL-04 /switch leaves a name that waits at the exchange for one whose ticket waits, once it is gone', () => {
    const w = withFirstWorking();
    const { a, b, at } = w;
    const propose: DeskAct = {
      act: 'switch',
      verb: 'propose',
      from: a.instrument,
      to: b.instrument,
      ratio: 1,
    };
    const proposed = w.tell(w.say(propose, at, w.quoted(b, at)));
    assert.ok(typesOf(proposed).includes('rotation_proposed'), JSON.stringify(proposed));
    const code = w.state().rotation!.code;
    const agreed = w.tell(w.say(w.yes(code), at + 100, w.quoted(b, at + 100)));
    assert.ok(typesOf(agreed).includes('rotation_agreed'), JSON.stringify(agreed));
    assert.equal(agreed.filter(({ type }) => type === 'cancel_requested').length, w.entries.length);
    assert.equal(
      agreed.some(({ type }) => type === 'order_intended'),
      false,
      'A may still fill',
    );
    const gone = w.tell(
      ...w.entries.map(({ orderId }, n) => report(at + 200 + n, orderId, 'canceled')),
      { kind: 'quote_seen', at: at + 300, quote: w.quoted(b, at + 300) },
    );
    const bought = gone.filter((event) => event.type === 'order_intended');
    assert.ok(bought.length > 0, JSON.stringify(gone));
    assert.ok(bought.every(({ order }) => order.instrument === b.instrument));
  });

  test('SP-08 AL-04 an entry that was canceled takes nothing of what may be new at a checkpoint and in a day', () => {
    const cap = { checkpointCapRatio: 0.11, dayCapRatio: 0.11 };
    const w = withFirstWorking(cap);
    const { b, at } = w;
    const refused = w.tell(w.say(w.yes(b.code), at, w.quoted(b, at)));
    assert.deepEqual(
      refused.flatMap((event) => (event.type === 'act_refused' ? [event.reason.code] : [])),
      ['risk_checkpoint_cap'],
    );
    w.tell(...w.entries.map(({ orderId }, n) => report(at + 100 + n, orderId, 'canceled')));
    const later = w.tell(w.say(w.yes(b.code), at + 200, w.quoted(b, at + 200)));
    assert.ok(typesOf(later).includes('ticket_confirmed'), JSON.stringify(later));
  });
});
