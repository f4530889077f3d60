import { type CheckpointGuard, createCheckpointGuard } from '#app/checkpoint-guard.ts';
import { bookQuoteFrom } from '#app/cn-look.ts';
import type { CnMarketSource } from '#app/cn-market.ts';
import { isExposed, openEntries, pendingTickets } from '#core/engine/select.ts';
import type { DeskState, SymbolFacts } from '#core/engine/state.ts';
import { type CalendarTable, sessionOn } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { wallTimeOf } from '#core/market/session.ts';
import { followExDates } from '#shell/brokers/paper-ex-dates.ts';
import type { DeskConfig, DeskConfigOf } from '#shell/config/config.ts';
import { readEnv } from '#shell/config/env.ts';
import { readFeeds } from '#shell/config/feeds.ts';
import { sectorPulseParamsOf } from '#shell/config/sector-pulse.ts';
import type { StoreHandle } from '#shell/store/client.ts';
import { openFeedsCn } from './compose-feeds-cn.ts';
import type { AccountMarket } from './compose-live-data.ts';
import { LIVE_RUN, type LiveDeps } from './compose-live-deps.ts';
import type { LiveDesk, LiveHouse } from './compose-live-desk.ts';

/*
 * The A-share desk on the clock, in the desk's own process: quotes of what is open, facts for the
 * exchange, and the guard of checkpoints. Looks at the whole market are the jobs'.
 */

/** How often quotes of open names are asked for, and how long an answer may take. */
const QUOTES_EVERY_MS = 5_000;
const QUOTES_BUDGET_MS = 4_000;

/** What all A-share desks of a process share. */
export type LiveCn = {
  readonly market: CnMarketSource;
  readonly calendar: CalendarTable;
  /** How long a checkpoint waits for its data. */
  readonly budgetMs: number;
};

/** A desk of the A-share strategy. */
export function isPulseDesk(desk: DeskConfig): desk is DeskConfigOf<'sector-pulse'> {
  return desk.strategy === 'sector-pulse';
}

/** Opens the sources of Chinese market data over an open store. Throws ConfigError, StoreError. */
export async function openLiveCn(
  parts: {
    readonly root: string;
    readonly dataDir: string;
    readonly handle: StoreHandle;
    readonly calendar: CalendarTable;
  },
  now: () => number = Date.now,
): Promise<LiveCn & { settled(): Promise<void> }> {
  const feeds = readFeeds(parts.root, readEnv(parts.root));
  const { dataDir, handle } = parts;
  const opened = await openFeedsCn({
    feeds,
    dataDir,
    handle,
    runId: LIVE_RUN,
    calendar: parts.calendar,
    now,
  });
  return {
    market: opened.market,
    calendar: opened.calendar.table,
    budgetMs: feeds.budgetSeconds * 1_000,
    settled: opened.settled,
  };
}

/** The sources for the desks of a process, opened once; null without an A-share desk. */
export async function liveCnOf(deps: LiveDeps): Promise<LiveCn | null> {
  const { config, deskStore, calendars, root } = deps;
  if (!config.desks.some(isPulseDesk)) return null;
  const { dataDir } = config;
  return await openLiveCn({ root, dataDir, handle: deskStore.handle, calendar: calendars.CN });
}

/** Names a quote of which the desk may act on. */
function openNames(state: DeskState): InstrumentId[] {
  return [
    ...new Set([
      ...Object.values(state.positions).map(({ instrument }) => instrument),
      ...openEntries(state).map(({ instrument }) => instrument),
      ...pendingTickets(state).map(({ instrument }) => instrument),
    ]),
  ];
}

function isInSession(calendar: CalendarTable, at: number): boolean {
  const answer = sessionOn(calendar, wallTimeOf(at, calendar.zone).day);
  if (answer.kind !== 'session') return false;
  const { openAt, closeAt, breaks } = answer.session;
  const isBreak = breaks.some(({ fromAt, toAt }) => at >= fromAt && at < toAt);
  return at >= openAt && at < closeAt && !isBreak;
}

/** Asks for quotes of what is open again and again; answers a stop function. */
function pollQuotes(live: LiveDesk, house: LiveHouse, cn: LiveCn): () => void {
  const { desk, exchange, onQuote, onTrouble } = live;
  const { clock } = house;
  let isAsking = false;
  const ask = async (): Promise<void> => {
    const state = desk.state();
    const isOpen = isExposed(state) || pendingTickets(state).length > 0;
    const now = clock.now();
    if (isAsking || !isOpen || !isInSession(cn.calendar, now)) return;
    isAsking = true;
    try {
      const deadlineAt = now + QUOTES_BUDGET_MS;
      const { data } = await cn.market.quotes(openNames(state), { deadlineAt });
      for (const found of data ?? []) {
        const quote = bookQuoteFrom(found);
        if (quote === null) continue;
        exchange?.onQuote(quote);
        onQuote(quote);
      }
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(() => {
    ask().catch((error: unknown) => onTrouble('quotes', error));
  }, QUOTES_EVERY_MS);
  return () => clearInterval(timer);
}

/** Tells a simulated exchange what it has to know of the names and the day, ex-dates of what it holds included. */
function tellExchange(live: LiveDesk): void {
  const { desk, exchange } = live;
  if (exchange === null) return;
  const tell = (facts: readonly SymbolFacts[]): void => {
    for (const { instrumentDay } of facts)
      if (instrumentDay !== null) exchange.setInstrumentDay(instrumentDay);
  };
  desk.onEvents((events) => {
    followExDates(exchange, events);
    for (const event of events) {
      if (event.type === 'session_planned') exchange.setSession(event.session);
      if (event.type === 'session_planned' || event.type === 'checkpoint_recorded')
        tell(event.facts);
    }
  });
}

/** Prices of an A-share desk that no broker of its own gives. */
export function followCn(live: LiveDesk, house: LiveHouse, cn: LiveCn): AccountMarket {
  const { clock } = house;
  let stop: (() => void) | null = null;
  tellExchange(live);
  return {
    async fetchQuote(instrument, timeoutMs) {
      const deadlineAt = clock.now() + timeoutMs;
      const { data } = await cn.market.quotes([instrument], { deadlineAt });
      const found = data?.find((one) => one.instrument === instrument);
      return found === undefined ? null : bookQuoteFrom(found);
    },
    start() {
      stop = pollQuotes(live, house, cn);
    },
    stop: () => stop?.(),
  };
}

/** Sees to it that no checkpoint of a desk passes without a word. */
export function guardCheckpoints(live: LiveDesk, house: LiveHouse, cn: LiveCn): CheckpointGuard {
  const { desk, settings, onTrouble } = live;
  if (!isPulseDesk(settings)) throw new Error(`${settings.id}: no checkpoints to guard`);
  const { clock } = sectorPulseParamsOf(settings);
  const { checkpoints, sellOnly, missedAfterMs } = clock;
  return createCheckpointGuard({
    desk,
    clock: house.clock,
    calendar: cn.calendar,
    times: [...checkpoints, ...(sellOnly === null ? [] : [sellOnly])],
    patienceMs: missedAfterMs,
    onTrouble,
  });
}
