import { deskInputsOf, type HeldPrices } from '#core/engine/pulse-desk.ts';
import { openEntries, pendingTickets } from '#core/engine/select.ts';
import type { SymbolFacts } from '#core/engine/state.ts';
import { type CalendarTable, previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Quote } from '#core/market/quote.ts';
import { type Session, wallTimeOf } from '#core/market/session.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { BuyPointLook } from '#core/strategies/sector-pulse/confirm-entry.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { LookTime, MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { judgeLook } from '#core/strategies/sector-pulse/look.ts';
import { watchMinute } from '#core/strategies/sector-pulse/minute-watch.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import type { DeskHandle } from './desk-handle.ts';

/** What a day of the A-share market shows at an instant; nothing later is ever told. */
export type PulseSight = {
  inputsAt(at: number): MarketInputs;
  quoteAt(instrument: InstrumentId, at: number): Quote | null;
  heldPriceAt(instrument: InstrumentId, at: number): HeldPrice | null;
  buyPointLookAt(instrument: InstrumentId, at: number): BuyPointLook | null;
  factsOf(instrument: InstrumentId): InstrumentDayCn | null;
};

export type PulseDayDeps = {
  readonly desk: DeskHandle;
  readonly sight: PulseSight;
  readonly session: Session;
  readonly calendar: CalendarTable;
  readonly params: SectorPulseParams;
};

/** A day of a sector-pulse desk: its looks, from what the market shows, as inputs of the desk. */
export type PulseDay = {
  /** Names the desk holds, watches, or has something open in. */
  names(): InstrumentId[];
  /** Plans the day: facts of what is held. */
  plan(at: number): Promise<void>;
  /** The kill-switch before the session. */
  look(at: number, moment: 'morning' | 'auction'): Promise<void>;
  /** A checkpoint; answers the names it put on the watch, with their facts of the day. */
  checkpoint(at: number): Promise<readonly InstrumentDayCn[]>;
  watch(at: number): Promise<void>;
  close(at: number): Promise<void>;
};

function whenOf(deps: PulseDayDeps, at: number): LookTime {
  const { session, calendar } = deps;
  const [previousDay = ''] = previousTradingDays(calendar, session.tradingDay, 1) ?? [];
  return { at, time: wallTimeOf(at, session.zone).time, session, previousDay, calendar };
}

function heldPrices({ desk, sight }: PulseDayDeps, at: number): HeldPrices {
  const prices: Record<InstrumentId, HeldPrice> = {};
  for (const { instrument } of Object.values(desk.state().positions)) {
    const price = sight.heldPriceAt(instrument, at);
    if (price !== null) prices[instrument] = price;
  }
  return prices;
}

function inputsOf(deps: PulseDayDeps, at: number) {
  const { desk } = deps;
  return deskInputsOf(desk.state(), desk.view(), heldPrices(deps, at), at);
}

function symbolFactsOf({ sight }: PulseDayDeps, instrument: InstrumentId): SymbolFacts {
  const instrumentDay = sight.factsOf(instrument);
  const previousClose = instrumentDay?.previousClose ?? null;
  return { instrument, ma20: null, atr20d: null, previousClose, usualDays: 0, instrumentDay };
}

async function watchOnce(deps: PulseDayDeps, at: number): Promise<void> {
  const { desk, sight, params } = deps;
  const watching = desk.state().pulse?.watching ?? null;
  const watched = (watching?.instruments ?? []).map((instrument) => ({
    instrument,
    untilAt: watching?.untilAt ?? at,
    look: sight.buyPointLookAt(instrument, at),
    quote: sight.quoteAt(instrument, at),
  }));
  const record = watchMinute(
    sight.inputsAt(at),
    whenOf(deps, at),
    { ...inputsOf(deps, at), watched },
    params,
  );
  const proposed = new Set(record.entries.map(({ instrument }) => instrument));
  const names = watched
    .filter(({ instrument }) => proposed.has(instrument))
    .map(({ instrument, look, quote }) => ({ instrument, last: look?.last ?? 0, quote }));
  await desk.submit({ kind: 'minute_watched', at, record, names });
}

/** Makes the looks of one day; the caller keeps the clock. */
export function createPulseDay(deps: PulseDayDeps): PulseDay {
  const { desk, sight, session, params } = deps;
  return {
    names: () => {
      const state = desk.state();
      return [
        ...new Set([
          ...Object.values(state.positions).map(({ instrument }) => instrument),
          ...openEntries(state).map(({ instrument }) => instrument),
          ...pendingTickets(state).map(({ instrument }) => instrument),
          ...(state.pulse?.watching?.instruments ?? []),
        ]),
      ];
    },
    plan: async (at) => {
      const held = Object.values(desk.state().positions).map(({ instrument }) => instrument);
      const facts = held.map((instrument) => symbolFactsOf(deps, instrument));
      await desk.submit({ kind: 'session_planned', at, session, blackouts: [], facts });
    },
    look: async (at, moment) => {
      const { stance, lastLook } = inputsOf(deps, at);
      const before = { level: stance.killLevel, look: lastLook };
      const { kill } = judgeLook(sight.inputsAt(at), whenOf(deps, at), moment, before, params);
      await desk.submit({ kind: 'look_judged', at, tradingDay: session.tradingDay, kill });
    },
    checkpoint: async (at) => {
      const mine = inputsOf(deps, at);
      const record = decideCheckpoint(sight.inputsAt(at), whenOf(deps, at), mine, params);
      const facts = record.watching.map((instrument) => symbolFactsOf(deps, instrument));
      await desk.submit({ kind: 'checkpoint_judged', at, record, facts });
      return facts.flatMap(({ instrumentDay }) => instrumentDay ?? []);
    },
    watch: (at) => watchOnce(deps, at),
    close: async (at) => {
      await desk.submit({ kind: 'session_closed', at, labels: [] });
    },
  };
}
