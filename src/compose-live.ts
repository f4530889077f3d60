import { followByHand, restoreByHand } from '#app/by-hand.ts';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import type { Broker, ByHand, InboxRow, MarketFeed, OutboxRow } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { paperBookOf } from '#app/restore-paper.ts';
import type { Event } from '#core/engine/event.ts';
import type { Message } from '#core/engine/message.ts';
import { isExposed, pendingTickets } from '#core/engine/select.ts';
import { InvariantError } from '#core/lib/assert.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { Session } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { PaperControls } from '#shell/brokers/paper.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import type { Config, DeskConfig } from '#shell/config/config.ts';
import { policyOf, startingCashMinorOf, vwapDeskOf } from '#shell/config/policy-of.ts';
import { type Log, logEffect, logStep } from '#shell/lib/log.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createScheduler } from '#shell/scheduler/job-run.ts';
import { plansOf } from '#shell/scheduler/timetable.ts';
import { createWorkers } from '#shell/scheduler/workers.ts';
import { makeBroker } from './compose-brokers.ts';
import { composeChannels } from './compose-channels.ts';
import { composeAccess, composeConversation, offerPairing } from './compose-conversation.ts';
import type { KillSwitch } from './compose-kill.ts';
import { simulatedDay } from './compose-material.ts';
import { answerSources } from './compose-sources.ts';
import type { DeskStore } from './compose-store.ts';

/** Run id of the live book; demo and replay have ids of their own. */
export const LIVE_RUN = 'live';

export type LiveDeps = {
  readonly root: string;
  readonly config: Config;
  readonly deskStore: DeskStore;
  readonly calendar: CalendarTable;
  /** Trading days of every market, for the timetable. */
  readonly calendars: Calendars;
  readonly codeVersion: string;
  readonly killSwitch: KillSwitch;
  readonly log: Log;
  readonly isJson: boolean;
  readonly onInterrupt: () => void;
  /** Aborted when the assistant is to end. */
  readonly signal: AbortSignal;
  readonly onReady: () => void;
};

/** A slow poll of the account beside the reports. Source: centaur.md "Reconciliation". */
const RECONCILE_EVERY_MS = 5 * 60_000;

/** Name under which a simulated day's bars are stored; each day is a market of its own. */
export function simulatedSource(tradingDay: TradingDay): string {
  return `simulated:${tradingDay}`;
}

/** The polling net under the in-process hand-over; an attempt is committed once, so nothing leaves twice. */
const SWEEP_EVERY_MS = 2_000;

type Live = {
  readonly deps: LiveDeps;
  readonly desk: Desk;
  readonly broker: Broker;
  readonly exchange: PaperControls | null;
  readonly byHand: ByHand | null;
  feed: MarketFeed | null;
  playing: { tradingDay: TradingDay; stop: () => void } | null;
};

/** Plays today's simulated market on the wall clock: to the exchange, into the store, to the desk. */
function playMarket(live: Live, session: Session): void {
  if (live.playing?.tradingDay === session.tradingDay) return;
  live.playing?.stop();
  const { deps, desk, exchange } = live;
  const clock = createSystemClock();
  const { feed } = simulatedDay({
    calendar: deps.calendar,
    instruments: desk.policy.instruments,
    session,
    seed: deps.config.profile.seed,
    clock,
  });
  live.feed = feed;
  exchange?.setSession(session);
  const { bars } = deps.deskStore.store;
  const { stop } = feed.subscribe(desk.policy.instruments, {
    bar(bar) {
      exchange?.onBar(bar);
      bars
        .save([bar], simulatedSource(session.tradingDay))
        .catch((error: unknown) => trouble(deps, 'bars', error));
    },
    quote(quote) {
      exchange?.onQuote(quote);
      const state = desk.state();
      if (isExposed(state) || pendingTickets(state).length > 0)
        desk.post({ kind: 'quote_seen', at: clock.now(), quote });
    },
  });
  live.playing = { tradingDay: session.tradingDay, stop };
}

function trouble(deps: LiveDeps, place: string, error: unknown): void {
  deps.log.error(
    { place, error: error instanceof Error ? error.message : String(error) },
    'trouble',
  );
}

function onDelivered(live: Live, row: OutboxRow): void {
  logEffect(live.deps.log, {
    effect: row.kind,
    lane: row.lane,
    outcome: 'done',
    ms: Date.now() - row.createdAt,
  });
  const { message } = row.payload as { message?: Message };
  if (message?.kind !== 'signal_entry' || message.ticket.state !== 'pending') return;
  const channel = row.lane.split(':')[1] ?? 'unknown';
  live.desk.post({
    kind: 'ticket_delivered',
    at: Date.now(),
    ticketId: message.ticket.id,
    channel,
  });
}

/** Starts the desk where its log ends; the simulated exchange is rebuilt and its market runs on. */
async function recover(live: Live, lane: OrderLane, desk1: DeskConfig): Promise<void> {
  const { deps, desk, broker } = live;
  const clock = createSystemClock();
  return recoverDesk({
    desk,
    broker,
    outbox: deps.deskStore.store.outbox,
    lane,
    runId: LIVE_RUN,
    now: () => clock.now(),
    startingCashMinor: startingCashMinorOf(desk1) ?? (await broker.cashMinor()),
    rebuildBroker: (state) => {
      live.exchange?.restore(paperBookOf(state));
      if (live.byHand !== null) restoreByHand(live.desk, live.byHand);
    },
    onFolded: () => {
      const { day } = desk.state();
      if (day !== null && !day.isClosed && clock.now() < day.session.closeAt)
        playMarket(live, day.session);
    },
  });
}

function scheduleJobs(live: Live, stopAll: (() => Promise<void>)[]): Promise<void> {
  const { deps } = live;
  const { config } = deps;
  const workers = createWorkers({
    root: deps.root,
    maxWorkers: config.schedule.maxWorkers,
    cancelMs: config.schedule.cancelSeconds * 1_000,
    log: (line) => deps.log[line.level]({ line: 'job' }, line.message),
  });
  const scheduler = createScheduler({
    clock: createSystemClock(),
    jobRuns: deps.deskStore.store.jobs,
    plans: plansOf(config.schedule.jobs, deps.calendars),
    run: ({ plan, scheduledFor }) =>
      workers.run({
        job: plan.job,
        at: scheduledFor,
        isDry: false,
        extra: { dataDir: config.dataDir, profile: config.profile.name },
      }),
    onTrouble: (problem) => {
      deps.log.error({ line: 'job', ...problem }, 'job trouble');
      if (problem.kind !== 'store_failed') {
        live.desk.post({
          kind: 'doubt_noticed',
          at: Date.now(),
          cause: 'internal_error',
          subject: `job ${problem.job}`,
          figures: { job: problem.job, how: problem.kind },
        });
      }
    },
  });
  stopAll.push(
    () => scheduler.stop(),
    () => workers.stop(),
  );
  return scheduler.start();
}

/** Runs the desk on the wall clock until it is told to end. Throws StoreError, ConfigError. */
export async function runLive(deps: LiveDeps): Promise<void> {
  const { config, deskStore } = deps;
  const { store } = deskStore;
  const [desk1] = config.desks;
  if (desk1 === undefined) throw new Error('live: found no desk, expected one');
  const clock = createSystemClock();
  const activity = createActivity();
  const policy = policyOf(vwapDeskOf(desk1));
  const { broker, exchange, byHand } = await makeBroker(desk1.accountSettings, {
    root: deps.root,
    clock,
    simulated: { seed: config.profile.seed, slippageBps: policy.cost.slippageBps },
  });
  const access = await composeAccess(config, clock);
  const onTrouble = (place: string, error: unknown): void => {
    trouble(deps, place, error);
    if (!(error instanceof InvariantError)) return;
    // a bug: no entries until a person has looked
    const figures = { place, found: error.message.slice(0, 200) };
    desk.post({
      kind: 'doubt_noticed',
      at: clock.now(),
      cause: 'internal_error',
      subject: place,
      figures,
    });
  };
  const channels = await composeChannels({
    config,
    clock,
    access,
    isJson: deps.isJson,
    log: deps.log,
    onInterrupt: deps.onInterrupt,
    announce: (notice, exceptChannel) => conversation.announce(notice, exceptChannel),
  });
  const desk: Desk = new Desk({
    policy,
    runId: LIVE_RUN,
    configHash: config.hash,
    codeVersion: deps.codeVersion,
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: deskStore.journal,
    killFile: deps.killSwitch.port,
    broker,
    activity,
    targets: () =>
      access
        .chats('viewer')
        .filter((chat) => channels.some((channel) => channel.name === chat.channel)),
    fetchQuote: async (instrument, timeoutMs) =>
      (await live.feed?.fetchQuote(instrument, timeoutMs)) ?? null,
    handOver: (rows) => {
      lane.take(rows.filter((row) => row.lane.startsWith('order:')));
      conversation.deliverer.handOver(rows.filter((row) => row.lane.startsWith('chat:')));
    },
    onStep: ({ input, events, version, ms }) => {
      if (events.length > 0)
        logStep(deps.log, {
          desk: policy.deskId,
          input: input.kind,
          events: events.map((event) => event.type),
          version,
          ms,
        });
    },
    onTrouble,
    stopwatch: () => performance.now(),
  });
  const live: Live = { deps, desk, broker, exchange, byHand, feed: null, playing: null };
  if (byHand !== null) followByHand(desk, byHand, onTrouble);
  const lane = createOrderLane({
    desk,
    broker,
    outbox: store.outbox,
    clock,
    activity,
    fence: deskStore.lead,
    mayEnter: () => isHeard,
    onTrouble,
  });
  let isHeard = false;
  const conversation = composeConversation({
    config,
    runId: LIVE_RUN,
    inbox: store.inbox,
    outbox: store.outbox,
    clock,
    wall: clock,
    desks: () => [desk],
    sources: answerSources({
      config,
      store,
      runId: LIVE_RUN,
      desks: () => [desk],
      channels,
      handle: deskStore.handle,
      calendar: deps.calendar,
      calendars: deps.calendars,
    }),
    channels,
    access,
    mark: null,
    track: (work) => activity.track(work),
    onDelivered: (row) => onDelivered(live, row),
    onTrouble,
    handleOther: async (row: InboxRow) => {
      const body = jobBodyOf(row);
      return body === null ? false : takeJobRow(row, body, [desk], () => clock.now());
    },
  });
  desk.onEvents((events) => {
    for (const event of events as readonly Event[])
      if (event.type === 'session_planned') playMarket(live, event.session);
  });
  desk.onEvents((events) => {
    for (const event of events) if (event.type === 'order_became_unknown') lane.ask(event.orderId);
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  const stopAll: (() => Promise<void>)[] = [];
  // a kill that stands at the start waits in the desk's queue until the log is folded
  const recovering = recover(live, lane, desk1);
  const stopKill = deps.killSwitch.watch([desk], clock);
  await recovering;
  await conversation.start();
  // entries that were committed before the start leave once what people said meanwhile is read
  void conversation.intake.idle().then(() => {
    isHeard = true;
  });
  const stopArrivals = await store.inbox.onArrival(() => {
    conversation.intake.drainPending().catch((error: unknown) => onTrouble('inbox', error));
  });
  offerPairing(access, channels);
  if (config.profile.isScheduled) await scheduleJobs(live, stopAll);
  const poll = setInterval(() => {
    if (!desk.isCatchingUp())
      void reconcileAccount(desk, broker, () => clock.now()).catch((error: unknown) =>
        onTrouble('reconcile', error),
      );
  }, RECONCILE_EVERY_MS);
  const sweep = setInterval(() => {
    void desk.flushInputs();
    store.outbox
      .due(LIVE_RUN, clock.now(), 100, 'order:')
      .then((rows) => lane.take(rows))
      .catch((error: unknown) => onTrouble('outbox', error));
  }, SWEEP_EVERY_MS);
  deps.onReady();
  await new Promise<void>((resolve) => {
    if (deps.signal.aborted) resolve();
    else deps.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(poll);
  clearInterval(sweep);
  stopKill();
  live.playing?.stop();
  for (const stop of stopAll) await stop();
  await stopArrivals();
  await conversation.stop();
  await desk.stop();
  await broker.stop();
}
