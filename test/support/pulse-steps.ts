import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import { deskInputsOf } from '#core/engine/pulse-desk.ts';
import type { DeskState, SymbolFacts } from '#core/engine/state.ts';
import type { MarketView } from '#core/engine/view.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import { allow, attest, planned, quoteOf, reconciled, started } from './builders.ts';
import { cnPolicy, shanghaiSession, stockDay } from './cn-desk.ts';
import { goodName } from './pulse-desk.ts';
import { cnAt, lookTime, PULSE_DAY, pulseParams } from './pulse-market.ts';

const PARAMS = pulseParams();

/** Rules of a sector-pulse desk on an account of one million yuan. */
export function pulsePolicyOf(execution: Partial<Policy['execution']> = {}): Policy {
  return {
    ...cnPolicy(execution),
    deskId: 'cn-sector-pulse',
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

/** What leads to the open of the day: started, reconciled, planned, allowed. */
export const PULSE_MORNING: readonly Input[] = [
  started(cnAt('08:40')),
  attest(cnAt('08:40'), 100_000_000),
  reconciled(cnAt('08:41'), 100_000_000),
  planned(cnAt('08:50'), shanghaiSession(PULSE_DAY), [], []),
  allow(cnAt('09:25')),
];

type Now = { readonly state: DeskState; readonly view: MarketView };

/** The checkpoint of `time` as judged from what the desk knows, with facts of the names it watches. */
export function checkpointInput(now: Now, inputs: MarketInputs, time: string): Input {
  const when = lookTime(time);
  const mine = deskInputsOf(now.state, now.view, {}, when.at);
  const record = decideCheckpoint(inputs, when, mine, PARAMS);
  const facts = record.watching.map((instrument): SymbolFacts => {
    const row = inputs.table.instruments.indexOf(instrument);
    const previousClose = inputs.snapshot!.previousClose[row]!;
    return {
      instrument,
      ma20: null,
      atr20d: null,
      previousClose,
      usualDays: 0,
      instrumentDay: stockDay(PULSE_DAY, { instrument, previousClose }),
    };
  });
  return { kind: 'checkpoint_judged', at: record.at, record, facts };
}

/** The minute of `time` in which every watched buy point holds. */
export function minuteInput(now: Now, inputs: MarketInputs, time: string): Input {
  const when = lookTime(time);
  const { watching } = now.state.pulse ?? {};
  const watched = (watching?.instruments ?? []).map((instrument) => {
    const name = goodName(instrument, inputs, when, watching?.untilAt ?? when.at);
    const last = name.look!.last;
    return { ...name, quote: quoteOf(when.at, last - 0.01, last, instrument) };
  });
  const mine = deskInputsOf(now.state, now.view, {}, when.at);
  const record = watchMinute(inputs, when, { ...mine, watched }, PARAMS);
  const names = watched.map(({ instrument, look, quote }) => ({
    instrument,
    last: look!.last,
    quote,
  }));
  return { kind: 'minute_watched', at: when.at, record, names };
}
