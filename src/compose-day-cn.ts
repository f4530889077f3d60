import process from 'node:process';
import type { Desk } from '#app/desk.ts';
import { createPulseDay, type PulseDay } from '#app/play-pulse-day.ts';
import type { Clock } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { reason } from '#core/gates/reason.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { notionalMinor } from '#core/market/money.ts';
import { instantAt, type Session, wallTimeOf } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { SectorPulseParams } from '#core/strategies/sector-pulse/params.ts';
import type { createPaperBroker } from '#shell/brokers/paper.ts';
import type { RecordingCn } from '#shell/feeds/cn-recorded/recorded-days-cn.ts';
import {
  type RecordedMarketDay,
  recordedMarketDay,
} from '#shell/feeds/cn-recorded/recorded-market-day.ts';
import type { BookEntry } from '#shell/files/book-file.ts';

/** Wall times of the day beside its checkpoints. Source: the timetable of the A-share desk. */
const PLAN_AT = '08:50';
const MORNING_AT = '09:00';
const SHEET_AT = '09:10';
const AUCTION_AT = '09:26';
/** The opening auction takes orders from here on, and its price is out at the second instant. */
const AUCTION_OPENS_AT = '09:15';
const AUCTION_PRICE_AT = '09:25';
const CLOSE_AT = '15:20';
const FINAL_AT = '15:40';
/** A bar's first trade is taken to be known this long after it opened. */
const OPEN_SEEN_AFTER_MS = 1_000;

export type DayCnDeps = {
  readonly desk: Desk;
  readonly broker: ReturnType<typeof createPaperBroker>;
  readonly clock: Clock;
  readonly calendar: CalendarTable;
  readonly params: SectorPulseParams;
  readonly recording: RecordingCn;
  /** Positions that are taken over at their instants. */
  readonly book: readonly BookEntry[];
  /** Runs work on the run's account of activity. */
  readonly track: (work: () => Promise<unknown>) => void;
  /** Everything of the day is done. */
  readonly onDone: () => void;
  /** The day that is shown from now on, for quotes. */
  readonly onDay: (day: RecordedMarketDay) => void;
};

/** Plays one recorded day; a day without a session, or without bars, has a verdict of its own. */
export function playDayCn(deps: DayCnDeps, tradingDay: TradingDay): void {
  const { calendar, recording, desk, clock } = deps;
  const answer = sessionOn(calendar, tradingDay);
  if (answer.kind !== 'session') {
    const why = reason('not_trading_day', { why: answer.reason });
    desk.post({ kind: 'day_unplanned', at: clock.now(), tradingDay, reason: why });
    deps.onDone();
    return;
  }
  const recorded = recording.days.find((day) => day.tradingDay === tradingDay);
  if (recorded === undefined || recorded.slots.length === 0) {
    const why = reason('data_not_ready', { fact: 'recorded bars' });
    desk.post({ kind: 'day_unplanned', at: clock.now(), tradingDay, reason: why });
    deps.onDone();
    return;
  }
  const { session } = answer;
  const { checkpoints, sellOnly } = deps.params.clock;
  const sight = recordedMarketDay(recording, recorded, session, checkpoints);
  const day = createPulseDay({ ...deps, sight, session });
  schedule(deps, session, sight, day, [...checkpoints, ...(sellOnly === null ? [] : [sellOnly])]);
}

function schedule(
  deps: DayCnDeps,
  session: Session,
  sight: RecordedMarketDay,
  day: PulseDay,
  checkpoints: readonly string[],
): void {
  const { clock, broker, desk, track } = deps;
  const now = () => clock.now();
  const wall = (time: string) => instantAt(session.tradingDay, time, session.zone);
  clock.at(wall(PLAN_AT), () =>
    track(async () => {
      deps.onDay(sight);
      broker.setSession(session);
      tellFacts(deps, sight, day.names());
      await reconcileAccount(desk, broker, now);
      await day.plan(now());
    }),
  );
  clock.at(wall(MORNING_AT), () => track(() => day.look(now(), 'morning')));
  // a sale that waited overnight is queued in the auction; a recording has its price and not its volume,
  // so the print fills nothing and what was queued is filled from the open on
  clock.at(wall(AUCTION_OPENS_AT), () =>
    track(() => desk.submit({ kind: 'time_passed', at: now() })),
  );
  clock.at(wall(AUCTION_PRICE_AT), () => {
    for (const instrument of day.names()) {
      const price = sight.openingPriceOf(instrument);
      if (price !== null) broker.onAuction({ instrument, price, volume: 0, at: now() });
    }
  });
  clock.at(wall(SHEET_AT), () => track(() => day.sheet(now())));
  clock.at(wall(AUCTION_AT), () => track(() => day.look(now(), 'auction')));
  for (const entry of deps.book) {
    const isToday = wallTimeOf(entry.enteredAt, session.zone).day === session.tradingDay;
    if (isToday)
      clock.at(Math.max(entry.enteredAt, wall(PLAN_AT) + 1), () =>
        track(() => adopt(deps, sight, entry)),
      );
  }
  for (const closedAt of sight.closes) {
    const openedAt = closedAt - 15 * 60_000;
    clock.at(openedAt + OPEN_SEEN_AFTER_MS, () => track(() => tellQuotes(deps, sight, day)));
    clock.at(closedAt, () =>
      track(async () => {
        for (const instrument of day.names()) {
          const bar = sight.barAt(instrument, closedAt);
          if (bar !== null) broker.onBar(bar);
        }
        await tellQuotes(deps, sight, day);
        if (checkpoints.includes(wallTimeOf(closedAt, session.zone).time)) {
          for (const facts of await day.checkpoint(now())) broker.setInstrumentDay(facts);
          await tellQuotes(deps, sight, day);
        }
        if (closedAt < session.closeAt) await day.watch(now());
      }),
    );
  }
  clock.at(wall(CLOSE_AT), () =>
    track(async () => {
      await reconcileAccount(desk, broker, now);
      await day.close(now());
    }),
  );
  clock.at(wall(FINAL_AT), () =>
    track(async () => {
      await reconcileAccount(desk, broker, now);
      await day.finish(now());
      await desk.submit({ kind: 'time_passed', at: now() });
      await desk.flushInputs();
      deps.onDone();
    }),
  );
}

/** Enters a position: at the simulated exchange, which holds the shares, and in the desk's book. */
async function adopt(deps: DayCnDeps, sight: RecordedMarketDay, entry: BookEntry): Promise<void> {
  const { broker, desk, clock, params } = deps;
  const { symbol: instrument, quantity, price, boughtOn } = entry;
  const instrumentDay = sight.factsOf(instrument);
  const before = broker.snapshot();
  const cashMinor = before.cashMinor - notionalMinor(price, quantity);
  const isHeld = before.positions.some((held) => held.instrument === instrument);
  if (instrumentDay === null || isHeld || cashMinor < 0) {
    process.stderr.write(
      `--book: ${instrument}: not entered, it is not recorded, held or paid for\n`,
    );
    return;
  }
  const position = { instrument, quantity, sellableQuantity: 0, averagePrice: price, boughtOn };
  broker.restore({ ...before, positions: [...before.positions, position], cashMinor });
  broker.setInstrumentDay(instrumentDay);
  const tick = (value: number) => Math.round(value * 100) / 100;
  const { stopRatio, firstTargetRatio, secondTargetRatio, firstTargetShare } = params.entry;
  await desk.submit({
    kind: 'book_entered',
    at: clock.now(),
    instrument,
    quantity,
    price,
    boughtOn,
    facts: {
      instrument,
      ma20: null,
      atr20d: null,
      previousClose: instrumentDay.previousClose,
      usualDays: 0,
      instrumentDay,
    },
    plan: {
      stop: tick(price * (1 - stopRatio)),
      firstTarget: tick(price * (1 + firstTargetRatio)),
      secondTarget: tick(price * (1 + secondTargetRatio)),
      firstTargetQuantity: Math.floor((quantity * firstTargetShare) / 100) * 100 || quantity,
    },
  });
}

function tellFacts(
  deps: DayCnDeps,
  sight: RecordedMarketDay,
  names: readonly InstrumentId[],
): void {
  for (const instrument of names) {
    const facts = sight.factsOf(instrument);
    if (facts !== null) deps.broker.setInstrumentDay(facts);
  }
}

/** The prices that stand now, of the names the desk has something to do with. */
async function tellQuotes(deps: DayCnDeps, sight: RecordedMarketDay, day: PulseDay): Promise<void> {
  const at = deps.clock.now();
  for (const instrument of day.names()) {
    const quote = sight.quoteAt(instrument, at);
    if (quote === null || quote.at !== at) continue;
    deps.broker.onQuote(quote);
    await deps.desk.submit({ kind: 'quote_seen', at, quote });
  }
}
