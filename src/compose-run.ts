import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { streamOf } from '#app/event-form.ts';
import type { Clock, MarketFeed, OutboxRow } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import { attachRobot } from '#app/robot-operator.ts';
import { findRun, forRebuiltExchange, noteRun, readKnown, runContext } from '#app/run-registry.ts';
import { createSessionTape } from '#app/session-tape.ts';
import type { StartOptions } from '#app/start-options.ts';
import { ticketShown } from '#app/ticket-shown.ts';
import { pendingTickets } from '#core/engine/select.ts';
import type { EventTable } from '#core/gates/event-window.ts';
import { InvariantError } from '#core/lib/assert.ts';
import type { Order } from '#core/machines/order.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { followExDates } from '#shell/brokers/paper-ex-dates.ts';
import type { Calendars } from '#shell/calendars/load.ts';
import type { Config } from '#shell/config/config.ts';
import { liveConfig } from '#shell/config/live-config.ts';
import { policyOf, startingCashMinorOf } from '#shell/config/policy-of.ts';
import { type Log, logStep } from '#shell/lib/log.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createVirtualClock, type VirtualClock } from '#shell/lib/virtual-clock.ts';
import { type ActivityMeter, createActivity } from '#shell/runner/activity.ts';
import { createResultCollector, type RunResult } from '#shell/runner/run-result.ts';
import { createVirtualDriver } from '#shell/runner/virtual-driver.ts';
import { composeAccess, offerPairing } from './compose-access.ts';
import { simulatedVenue } from './compose-brokers.ts';
import { composeChannels } from './compose-channels.ts';
import { type Conversation, composeConversation } from './compose-conversation.ts';
import type { KillSwitch } from './compose-kill.ts';
import { composeNarrator } from './compose-narrator.ts';
import { answerSources } from './compose-sources.ts';
import type { DeskStore } from './compose-store.ts';
import { composeSettings, composeUpkeep } from './compose-system.ts';
import { pushTargets } from './compose-targets.ts';

function isUnheard({ state }: Order): boolean {
  return state === 'intended' || state === 'submitted';
}

/** What is played: days, how they are played, and the feed on the run's clock. */
export type Material = {
  readonly kind: 'demo' | 'replay';
  readonly days: readonly TradingDay[];
  readonly player: DayPlayer;
  readonly matchBy: 'ticks' | 'bars';
  makeFeed(clock: Clock): MarketFeed;
};

export type VirtualRunDeps = {
  readonly config: Config;
  /** The settings of a project folder, read as this run was started. */
  readonly readSettings: (root: string) => Config;
  readonly options: StartOptions;
  readonly deskStore: DeskStore;
  readonly calendar: CalendarTable;
  /** Trading days of every market, for the timetable. */
  readonly calendars: Calendars;
  /** Scheduled events of the United States, for questions about the days ahead. */
  readonly events: EventTable;
  readonly material: Material;
  readonly codeVersion: string;
  /** Everything that makes the run what it is; the same key meets an interrupted run again. */
  readonly key: string;
  readonly killSwitch: KillSwitch;
  readonly log: Log;
  /** Aborted when the run is to end early; it is met again by the same arguments. */
  readonly signal: AbortSignal;
  readonly onInterrupt: () => void;
  readonly onReady: () => number;
};

const PAPER_LATENCY_MS = 80;
/** For what is still to be said when a run ends. */
const LAST_WORDS_MS = 5000;

/** What the days of a run are played on. */
export type Stage = {
  readonly clock: VirtualClock;
  readonly activity: ActivityMeter;
  readonly desk: Desk;
  readonly broker: ReturnType<typeof createPaperBroker>;
  readonly feed: MarketFeed;
  readonly track: (work: () => Promise<unknown>) => void;
};

/** How days are played; what it keeps lives as long as the run. */
export type DayPlayer = {
  /** Instant at which the clock begins, a little before anything of the first day is due. */
  startAt(first: TradingDay): number;
  begin(stage: Stage): void;
  /** Schedules everything of one day; `onDone` once its last step is done. */
  play(stage: Stage, tradingDay: TradingDay, onDone: () => void): void;
};

type Run = { readonly deps: VirtualRunDeps; readonly stage: Stage; isOver: boolean };

function trouble(deps: VirtualRunDeps, place: string, error: unknown): void {
  deps.log.error(
    { place, error: error instanceof Error ? error.message : String(error) },
    'trouble',
  );
}

/** Plays the days one after the other on the run's clock. */
function scheduleDay(run: Run, index: number): void {
  const { days, player } = run.deps.material;
  const tradingDay = days[index];
  if (tradingDay === undefined) run.isOver = true;
  else player.play(run.stage, tradingDay, () => scheduleDay(run, index + 1));
}

/** Turns the delivery of a ticket's card into an input, once, at the instant of delivery. */
function onDelivered({ desk, clock }: Stage, row: OutboxRow): void {
  const shown = ticketShown(row, clock.now());
  if (shown !== null) desk.post(shown.input);
}

/** Plays a simulated or recorded stretch of days through the whole desk, on a virtual clock. */
export async function runVirtual(deps: VirtualRunDeps): Promise<RunResult> {
  const { options, deskStore, material } = deps;
  const live = liveConfig(deps.config);
  const { config } = live;
  const [desk1] = config.desks;
  const [firstDay] = material.days;
  if (desk1 === undefined) throw new Error('run: found no desk, expected one');
  if (firstDay === undefined) throw new Error('run: found no day to play, expected at least one');
  const { store } = deskStore;
  const slot = await findRun(store.events, deps.key);
  const clock = createVirtualClock({ startAt: material.player.startAt(firstDay) });
  const activity = createActivity();
  const policy = policyOf(desk1);
  const startingCashMinor = startingCashMinorOf(desk1) ?? policy.capitalMinor;
  const stream = streamOf(slot.runId, policy.deskId);
  const met = slot.isResumed ? await readKnown(store, slot.runId, stream) : null;
  const seed = options.seed ?? config.profile.seed;
  const broker = createPaperBroker({
    accountId: policy.accountId,
    environment: 'paper',
    clock,
    cashMinor: startingCashMinor,
    latencyMs: PAPER_LATENCY_MS,
    ...simulatedVenue(policy.market),
    seed,
    matchBy: material.matchBy,
    // recorded bars bound what a fill can be; the simulated market has its own depth
    slippageBps: material.matchBy === 'bars' ? 0 : policy.cost.slippageBps,
  });
  const feed = material.makeFeed(clock);
  // people pair in real time, however fast the day is played
  const access = await composeAccess(config, createSystemClock());
  const parts: { conversation: Conversation | null } = { conversation: null };
  let bug: InvariantError | null = null;
  const onTrouble = (place: string, error: unknown): void => {
    trouble(deps, place, error);
    if (!(error instanceof InvariantError)) return;
    bug ??= error;
    driver.stop();
  };
  const collector = createResultCollector();
  let messages = 0;
  const tape = createSessionTape();
  const desk = new Desk({
    policy,
    runId: slot.runId,
    configHash: config.hash,
    codeVersion: deps.codeVersion,
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: deskStore.journal,
    killFile: deps.killSwitch.portOf(policy),
    broker,
    activity,
    targets: () => pushTargets(access, config, clock.now()),
    fetchQuote: (instrument, timeoutMs) => feed.fetchQuote(instrument, timeoutMs),
    handOver: (rows) => handOver(rows),
    onStep: ({ input, events, version, ms }) => {
      tape.note(input);
      if (events.length > 0)
        logStep(deps.log, policy, {
          input: input.kind,
          events: events.map((event) => event.type),
          version,
          ms,
        });
    },
    onTrouble,
    stopwatch: () => performance.now(),
  });
  const track = (work: () => Promise<unknown>): void => {
    void activity.track(work).catch((error: unknown) => onTrouble('run', error));
  };
  const stage: Stage = { clock, activity, desk, broker, feed, track };
  const run: Run = { deps, stage, isOver: false };
  const outbox = forRebuiltExchange(store.outbox, met?.known ?? null);
  const lane = createOrderLane({ desk, broker, outbox, clock, activity, onTrouble });
  const delivered = (row: OutboxRow): void => {
    messages += 1;
    onDelivered(stage, row);
  };
  const handOver = (rows: readonly OutboxRow[]): void => {
    lane.take(rows.filter((row) => row.lane.startsWith('order:')));
    const chat = rows.filter((row) => row.lane.startsWith('chat:'));
    // in a resumed run what was delivered before is not said again, only its consequence is
    for (const row of chat) if (row.state === 'delivered') delivered(row);
    parts.conversation?.deliverer.handOver(
      chat.filter((row) => row.state === 'queued' || row.state === 'attempting'),
    );
  };
  const driver = createVirtualDriver({
    clock,
    activity,
    speed: options.speed ?? (material.kind === 'demo' ? config.profile.speed : 'realtime'),
    isRealtime: () =>
      (options.operator ?? 'terminal') === 'terminal' &&
      (pendingTickets(desk.state()).length > 0 ||
        parts.conversation?.isAsking() === true ||
        // the time an order needs to be heard of is real, too
        Object.values(desk.state().orders).some(isUnheard)),
    isCatchingUp: () => desk.isCatchingUp(),
  });
  // what a person types is stamped with the place the paced clock has reached, not with its last event
  const livingClock: Clock = {
    now: () => {
      driver.sync();
      return clock.now();
    },
    at: (instant, work) => clock.at(instant, work),
  };
  const channels = await composeChannels({
    config,
    clock: livingClock,
    access,
    isJson: options.json,
    log: deps.log,
    onInterrupt: deps.onInterrupt,
    announce: (notice, exceptChannel) => parts.conversation?.announce(notice, exceptChannel),
  });
  const conversation = composeConversation({
    config,
    runId: slot.runId,
    inbox: store.inbox,
    outbox: store.outbox,
    files: store.files,
    clock,
    wall: createSystemClock(),
    desks: () => [desk],
    sources: answerSources({
      config,
      store,
      runId: slot.runId,
      desks: () => [desk],
      channels,
      handle: deskStore.handle,
      calendar: deps.calendar,
      calendars: deps.calendars,
      events: deps.events,
      reconcile: (_desk, by) => reconcileAccount(desk, broker, () => clock.now(), { by }),
      played: material.kind === 'demo' ? 'simulated' : 'recorded',
      now: () => clock.now(),
    }),
    settings: composeSettings(live, deps.readSettings),
    upkeep: composeUpkeep({ config, calendars: deps.calendars }, () => null),
    channels,
    access,
    mark: material.kind === 'demo' ? 'SIMULATED' : 'REPLAY',
    track: (work) => activity.track(work),
    onDelivered: delivered,
    onTrouble,
    events: store.events,
    contextAt: (at) => runContext(config.hash, deps.codeVersion, slot.runId, at),
    narrator: await composeNarrator(() => Date.now(), onTrouble),
    tapeOf: () => tape,
    beforeIntake: () => driver.sync(),
  });
  parts.conversation = conversation;
  desk.onEvents((events) => {
    collector.onEvents(policy.deskId, events, desk.state());
    followExDates(broker, events);
    lane.follow(events);
    conversation.show(desk, events);
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  const rule = options.operator ?? 'terminal';
  if (rule !== 'terminal') attachRobot(desk, rule, seed, clock, activity);
  if (slot.isResumed) {
    process.stderr.write(
      'an interrupted run goes on where it stood; /pending shows what waits for an answer\n',
    );
    await store.outbox.settleInterrupted(slot.runId);
  } else
    await noteRun(
      store.events,
      runContext(deps.config.hash, deps.codeVersion, slot.runId, clock.now()),
      'run_started',
      {
        key: deps.key,
        days: material.days,
      },
    );
  if (met !== null) {
    desk.resume(met.known);
    // acts that came from outside come again at their own instants
    for (const { input } of met.outside) clock.at(input.at, () => desk.post(input));
  }
  await conversation.start();
  await desk.submit({
    kind: 'desk_started',
    at: clock.now(),
    cashMinor: startingCashMinor,
    isRecovery: false,
  });
  offerPairing(access, channels);
  const startupMs = deps.onReady();
  deps.signal.addEventListener('abort', () => driver.stop(), { once: true });
  const stopKill = deps.killSwitch.watch([desk], clock);
  material.player.begin(stage);
  scheduleDay(run, 0);
  await driver.run(() => run.isOver);
  stopKill();
  // a chat that cannot be reached keeps nobody waiting
  await Promise.race([conversation.deliverer.idle(), sleep(LAST_WORDS_MS, null, { ref: false })]);
  await desk.stop();
  if (run.isOver && bug === null) {
    const context = runContext(deps.config.hash, deps.codeVersion, slot.runId, clock.now());
    await noteRun(store.events, context, 'run_ended', { days: material.days.length });
  }
  await conversation.stop();
  if (bug !== null) throw bug;
  return collector.result({ runId: slot.runId, messages, startupMs });
}
