import { deskInputsOf, type HeldPrices } from '#core/engine/pulse-desk.ts';
import { unfinishedExits } from '#core/engine/pulse-sheet.ts';
import { openEntries, pendingTickets } from '#core/engine/select.ts';
import type { SymbolFacts } from '#core/engine/state.ts';
import { judgeSentiment } from '#core/gates/sentiment.ts';
import { type CalendarTable, previousTradingDays } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { InstrumentDayCn } from '#core/market/instrument-day.ts';
import type { Quote } from '#core/market/quote.ts';
import { type Session, wallTimeOf } from '#core/market/session.ts';
import type { ExDateFacts } from '#core/portfolio/ex-date.ts';
import { decideCheckpoint } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { BuyPointLook } from '#core/strategies/sector-pulse/confirm-entry.ts';
import { daySheet } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { HeldPrice } from '#core/strategies/sector-pulse/exits.ts';
import type { LookTime, MarketInputs } from '#core/strategies/sector-pulse/figures.ts';
import { judgeLook, lookDistances } from '#core/strategies/sector-pulse/look.ts';
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
  /** Terms and closes of the morning of a held name; absent where ex-dates are not followed. */
  exDateOf?(instrument: InstrumentId): ExDateFacts;
  /** Learns what is to be known of names that a checkpoint has just chosen; absent: all is known. */
  learn?(instruments: readonly InstrumentId[]): Promise<void>;
};

export type PulseDayDeps = {
  /** The desk, or what stands for it in another thread: its state, and where inputs go. */
  readonly desk: Pick<DeskHandle, 'state' | 'view' | 'submit'>;
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
  /** The sheet of the morning; without a snapshot its distances are those of the day before. */
  sheet(at: number): Promise<void>;
  /** A checkpoint, of the wall time it is named by (absent: that of `at`); answers the names it put on the watch, with their facts of the day. */
  checkpoint(at: number, time?: string): Promise<readonly InstrumentDayCn[]>;
  watch(at: number): Promise<void>;
  /** The end of the session with the preliminary report, then its last word. */
  close(at: number): Promise<void>;
  finish(at: number): Promise<void>;
};

function whenOf(deps: PulseDayDeps, at: number, named?: string): LookTime {
  const { session, calendar } = deps;
  const [previousDay = ''] = previousTradingDays(calendar, session.tradingDay, 1) ?? [];
  return { at, time: named ?? wallTimeOf(at, session.zone).time, session, previousDay, calendar };
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

/** Cash and what is held at the prices that stand; null when one is not known. */
function equityOf(deps: PulseDayDeps, at: number): number | null {
  return inputsOf(deps, at).book.totalAssetsMinor;
}

async function tellSheet(deps: PulseDayDeps, at: number): Promise<void> {
  const { desk, sight, session, params } = deps;
  const { stance, lastLook, positions } = inputsOf(deps, at);
  const when = whenOf(deps, at);
  const before = { level: stance.killLevel, look: lastLook };
  const { figures, kill } = judgeLook(sight.inputsAt(at), when, 'morning', before, params);
  const [first = ''] = params.clock.checkpoints;
  const gate = judgeSentiment(figures, first, params.gate);
  await desk.submit({
    kind: 'sheet_prepared',
    at,
    tradingDay: session.tradingDay,
    lines: daySheet(positions, unfinishedExits(desk.state()), when, params),
    gate: lookDistances(gate, kill.look).gate,
    killSwitch: lookDistances(null, kill.look).killSwitch,
  });
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
      const exDates = held.flatMap((instrument) => sight.exDateOf?.(instrument) ?? []);
      await desk.submit({ kind: 'session_planned', at, session, blackouts: [], facts, exDates });
    },
    look: async (at, moment) => {
      const { stance, lastLook } = inputsOf(deps, at);
      const before = { level: stance.killLevel, look: lastLook };
      const { kill } = judgeLook(sight.inputsAt(at), whenOf(deps, at), moment, before, params);
      await desk.submit({ kind: 'look_judged', at, tradingDay: session.tradingDay, kill });
    },
    sheet: (at) => tellSheet(deps, at),
    checkpoint: async (at, time) => {
      const mine = inputsOf(deps, at);
      const record = decideCheckpoint(sight.inputsAt(at), whenOf(deps, at, time), mine, params);
      await sight.learn?.(record.watching);
      const facts = record.watching.map((instrument) => symbolFactsOf(deps, instrument));
      await desk.submit({ kind: 'checkpoint_judged', at, record, facts });
      return facts.flatMap(({ instrumentDay }) => instrumentDay ?? []);
    },
    watch: (at) => watchOnce(deps, at),
    close: async (at) => {
      const equityMinor = equityOf(deps, at);
      await desk.submit({ kind: 'session_closed', at, labels: [], equityMinor });
    },
    finish: async (at) => {
      const { tradingDay } = session;
      await desk.submit({ kind: 'report_due', at, tradingDay, equityMinor: equityOf(deps, at) });
    },
  };
}
