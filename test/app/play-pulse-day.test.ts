import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { DeskHandle } from '#app/desk-handle.ts';
import { createPulseDay, type PulseSight } from '#app/play-pulse-day.ts';
import type { Input } from '#core/engine/input.ts';
import { hasFlag } from '#core/market/whole-market.ts';
import { allow, policyOf, reconciled, started } from '../support/builders.ts';
import { cnPolicy, shanghaiSession, stockDay } from '../support/cn-desk.ts';
import { type Desk, newDesk, step } from '../support/engine.ts';
import { goodName } from '../support/pulse-desk.ts';
import {
  cnAt,
  lookTime,
  PULSE_CALENDAR,
  PULSE_DAY,
  pulseMarket,
  pulseParams,
} from '../support/pulse-market.ts';

const PARAMS = pulseParams();

/** A desk that is stepped by what is submitted to it. */
function steppedDesk(): { handle: DeskHandle; inputs: Input[]; now: () => Desk } {
  const policy = {
    ...policyOf(),
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
  let desk = newDesk(policy);
  const inputs: Input[] = [];
  const submit = async (input: Input) => {
    inputs.push(input);
    const done = step(desk, input);
    desk = done.desk;
    return { events: done.events, state: desk.state };
  };
  const handle = {
    policy,
    state: () => desk.state,
    view: () => desk.view,
    submit,
    fetchQuote: async () => null,
  } as unknown as DeskHandle;
  return { handle, inputs, now: () => desk };
}

/** A made-up market in which the gate passes and every buy point holds. */
function goodSight(): PulseSight {
  const inputs = pulseMarket();
  const rowOf = (instrument: string) => inputs.table.instruments.indexOf(instrument as '600000.SH');
  const lookOf = (instrument: '600000.SH', at: number) =>
    goodName(instrument, inputs, { ...lookTime('10:00'), at }, at).look;
  return {
    inputsAt: (at) => ({
      ...inputs,
      snapshot: { ...inputs.snapshot!, asOf: at - 10_000, fetchedAt: at },
      composite: { ...inputs.composite!, asOf: at - 10_000 },
    }),
    quoteAt: (instrument, at) => {
      const last = inputs.snapshot!.last[rowOf(instrument)]!;
      const bid = Math.round((last - 0.01) * 100) / 100;
      return { instrument, bid, ask: last, bidSize: 10_000, askSize: 10_000, at };
    },
    heldPriceAt: (instrument, at) => ({
      last: inputs.snapshot!.last[rowOf(instrument)]!,
      asOf: at,
      isSuspended: hasFlag(inputs.table, rowOf(instrument), 'suspended'),
    }),
    buyPointLookAt: (instrument, at) => lookOf(instrument as '600000.SH', at),
    factsOf: (instrument) =>
      stockDay(PULSE_DAY, {
        instrument,
        previousClose: inputs.snapshot!.previousClose[rowOf(instrument)]!,
      }),
  };
}

suite('a day of the A-share desk', () => {
  test('SP-01 plan, looks, checkpoint and watch reach the desk, and a passed gate raises tickets', async () => {
    const { handle, inputs, now } = steppedDesk();
    await handle.submit(started(cnAt('08:40')));
    await handle.submit(reconciled(cnAt('08:41'), 100_000_000));
    const day = createPulseDay({
      desk: handle,
      sight: goodSight(),
      session: shanghaiSession(PULSE_DAY),
      calendar: PULSE_CALENDAR,
      params: PARAMS,
    });
    await day.plan(cnAt('08:50'));
    await handle.submit(allow(cnAt('08:55')));
    await day.look(cnAt('09:00'), 'morning');
    await day.sheet(cnAt('09:10'));
    await day.look(cnAt('09:26'), 'auction');
    const facts = await day.checkpoint(cnAt('10:00'));
    const watching = now().state.pulse?.watching?.instruments ?? [];
    assert.ok(watching.length > 0);
    assert.deepEqual(
      facts.map(({ instrument }) => instrument),
      watching,
    );
    assert.deepEqual(day.names().sort(), [...watching].sort());
    await day.watch(cnAt('10:00'));
    assert.ok(Object.keys(now().state.tickets).length > 0);
    await day.close(cnAt('15:20'));
    await day.finish(cnAt('15:40'));
    assert.equal(now().state.pulse?.sheetOn, PULSE_DAY);
    assert.equal(now().state.pulse?.finalOn, PULSE_DAY);
    assert.equal(now().state.lastVerdict?.kind, 'signals');
    assert.deepEqual(
      inputs
        .map(({ kind }) => kind)
        .filter((kind) => kind.endsWith('judged') || kind.endsWith('watched')),
      ['look_judged', 'look_judged', 'checkpoint_judged', 'minute_watched'],
    );
  });
});
