import { watchCalendars } from '#app/calendar-watch.ts';
import type { CheckpointGuard } from '#app/checkpoint-guard.ts';
import type { Desk } from '#app/desk.ts';
import { startHeartbeat } from '#app/heartbeat.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import { noteBug } from '#app/note-bug.ts';
import { noteKills } from '#app/note-kills.ts';
import { createPersonDesks } from '#app/person-desks.ts';
import type { Clock, InboxRow, OutboxRow } from '#app/ports.ts';
import { needsOperator } from '#app/reach-watch.ts';
import { runContext } from '#app/run-registry.ts';
import { createSessionTape, refillTape, type SessionTape } from '#app/session-tape.ts';
import { ticketShown } from '#app/ticket-shown.ts';
import { endsOf } from '#core/gates/calendar-end.ts';
import type { EventKind } from '#core/gates/event-window.ts';
import { invariant } from '#core/lib/assert.ts';
import type { Config } from '#shell/config/config.ts';
import { liveConfig } from '#shell/config/live-config.ts';
import { callMonitor } from '#shell/lib/call-monitor.ts';
import { logEffect } from '#shell/lib/log.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { composeAccess, composeCodes, offerPairing } from './compose-access.ts';
import { composeChannels } from './compose-channels.ts';
import { type Conversation, composeConversation, type ReachHouse } from './compose-conversation.ts';
import { guardCheckpoints, isPulseDesk, liveCnOf } from './compose-live-cn.ts';
import { LIVE_RUN, type LiveDeps } from './compose-live-deps.ts';
import {
  type LiveDesk,
  type LiveHouse,
  listenToBroker,
  recoverLiveDesk,
} from './compose-live-desk.ts';
import { type LiveJobs, scheduleJobs } from './compose-live-jobs.ts';
import { createSimulatedMarket } from './compose-live-market.ts';
import { refuseShared } from './compose-live-side.ts';
import { keepSides, openOnItsSide } from './compose-live-sides.ts';
import { composeNarrator } from './compose-narrator.ts';
import { answerSources } from './compose-sources.ts';
import { composeSettings, composeUpkeep } from './compose-system.ts';
import { pushTargets } from './compose-targets.ts';

/** The polling net under the in-process hand-over; an attempt is committed once, so nothing leaves twice. */
const SWEEP_EVERY_MS = 2_000;
const BEAT_EVERY_MS = 60_000;

function reconcileOf(lives: readonly LiveDesk[], deskId: string): LiveDesk['reconciler'] {
  const live = lives.find(({ desk }) => desk.policy.deskId === deskId);
  invariant(live !== undefined, `desk ${deskId}: found none, expected one that runs`);
  return live.reconciler;
}

function onDelivered(deps: LiveDeps, desks: readonly LiveDesk[], row: OutboxRow): void {
  logEffect(deps.log, {
    effect: row.kind,
    lane: row.lane,
    outcome: 'done',
    ms: Date.now() - row.createdAt,
  });
  const shown = ticketShown(row, Date.now());
  if (shown === null) return;
  const live = desks.find(({ desk }) => desk.policy.deskId === shown.deskId);
  live?.desk.post(shown.input);
}

/** Hands on what the in-process hand-over may have missed; answers a stop function. */
function sweepOutbox(house: LiveHouse, desks: readonly LiveDesk[]): () => void {
  const { outbox } = house.deps.deskStore.store;
  const sweep = setInterval(() => {
    for (const { desk } of desks) void desk.flushInputs();
    outbox
      .due(LIVE_RUN, house.clock.now(), 100, 'order:')
      .then((rows) => {
        for (const { desk, lane } of desks)
          lane.take(rows.filter((row) => row.lane === `order:${desk.policy.accountId}`));
      })
      .catch((error: unknown) => house.onTrouble('outbox', error));
  }, SWEEP_EVERY_MS);
  return () => clearInterval(sweep);
}

/** A start within a session goes on with the minutes that were seen before; pictures are worth no failure. */
async function refillTapes(house: LiveHouse, desks: readonly Desk[]): Promise<void> {
  const { store } = house.deps.deskStore;
  for (const { policy, stream } of desks)
    await refillTape(house.tapeOf(policy.deskId), stream, store).catch((error: unknown) =>
      house.note('tape', error),
    );
}

/** A guard of checkpoints for each desk that has some, by desk. */
function guardsOf(lives: readonly LiveDesk[], house: LiveHouse): Map<string, CheckpointGuard> {
  const { cn } = house;
  if (cn === null) return new Map();
  const guarded = lives.filter(({ settings }) => isPulseDesk(settings));
  return new Map(guarded.map((live) => [live.settings.id, guardCheckpoints(live, house, cn)]));
}

/** A desk in session, or about to be, needs somebody who can be reached; it is told whether there is. */
function reachOf(clock: Clock, desks: readonly Desk[]): ReachHouse {
  const isNear = (desk: Desk): boolean => needsOperator(desk.state(), clock.now());
  return {
    isWatched: () => desks.some(isNear),
    onSeen(isReached, channel) {
      for (const desk of desks)
        if (isNear(desk)) desk.post({ kind: 'reach_seen', at: clock.now(), isReached, channel });
    },
  };
}

/** A monitor outside hears each minute that process and store are well; its alarm needs nothing of the desk. */
function beatOutside(
  { config, deskStore }: LiveDeps,
  clock: Clock,
  note: (error: unknown) => void,
) {
  const { heartbeatUrl } = config;
  if (heartbeatUrl === null) return () => undefined;
  return startHeartbeat({
    clock,
    everyMs: BEAT_EVERY_MS,
    check: () => deskStore.store.outbox.statesOf([]),
    beat: () => callMonitor(heartbeatUrl),
    onTrouble: note,
  });
}

/** Tells operators once a day that the days or event dates of a market that is traded here end soon. */
function watchMarkets(deps: LiveDeps, clock: Clock, conversation: Conversation): () => void {
  const { calendars, config, events } = deps;
  const stops = [...new Set(config.desks.map(({ market }) => market))].map((market) =>
    watchCalendars({
      clock,
      zone: calendars[market].zone,
      endsOn: (day) =>
        market === 'US'
          ? endsOf(calendars.US, events, kindsOf(config), day)
          : endsOf(calendars[market], null, [], day),
      tell: (ends, day) =>
        conversation.announce({ kind: 'calendar_ending', ends }, null, `${market}:${day}`),
    }),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

/** Kinds of events that a desk of the profile watches. */
function kindsOf(config: Config): readonly EventKind[] {
  const kinds = config.desks.flatMap((desk) =>
    desk.strategy === 'vwap-reclaim' ? desk.parameters.events.kinds : [],
  );
  return [...new Set(kinds)];
}

/** Runs the desks of the profile on the wall clock until told to end. Throws StoreError, ConfigError. */
export async function runLive(given: LiveDeps): Promise<void> {
  const live = liveConfig(given.config);
  const { config } = live;
  const deps: LiveDeps = { ...given, config };
  const { deskStore, log } = deps;
  const { store } = deskStore;
  const clock: Clock = createSystemClock();
  const activity = createActivity();
  const note = (place: string, error: unknown): void =>
    log.error({ place, error: error instanceof Error ? error.message : String(error) }, 'trouble');
  const onTrouble = (place: string, error: unknown): void => {
    note(place, error);
    for (const { desk } of lives) noteBug(desk, clock.now(), place, error, note);
  };
  const access = await composeAccess(config, clock);
  const channels = await composeChannels({
    config,
    clock,
    access,
    isJson: deps.isJson,
    log,
    onInterrupt: deps.onInterrupt,
    announce: (notice, exceptChannel) => conversation.announce(notice, exceptChannel),
  });
  const lives: LiveDesk[] = [];
  let jobs: LiveJobs | null = null;
  const tapes = new Map<string, SessionTape>();
  const tapeOf = (deskId: string): SessionTape =>
    tapes.getOrInsertComputed(deskId, () => createSessionTape());
  let isHeard = false;
  let settled: Promise<readonly OutboxRow[]> | null = null;
  const house: LiveHouse = {
    deps,
    clock,
    activity,
    market: createSimulatedMarket(deps, onTrouble),
    cn: await liveCnOf(deps),
    person: createPersonDesks(),
    targets: () => pushTargets(access, config, clock.now()),
    tapeOf,
    show: (desk, events) => conversation.show(desk, events),
    handOverChat: (rows) => conversation.deliverer.handOver(rows),
    settle: () => {
      settled ??= store.outbox.settleInterrupted(LIVE_RUN).then(({ unknown }) => unknown);
      return settled;
    },
    mayEnter: () => isHeard,
    onTrouble,
    note,
  };
  for (const settings of config.desks) lives.push(await openOnItsSide(house, settings));
  refuseShared(
    deps.root,
    lives.map(({ settings }) => settings),
  );
  const desks = lives.map(({ desk }) => desk);
  const conversation: Conversation = composeConversation({
    config,
    runId: LIVE_RUN,
    inbox: store.inbox,
    outbox: store.outbox,
    files: store.files,
    clock,
    wall: clock,
    desks: () => desks,
    sources: answerSources({
      config,
      store,
      runId: LIVE_RUN,
      desks: () => desks,
      channels,
      handle: deskStore.handle,
      calendar: deps.calendar,
      calendars: deps.calendars,
      events: deps.events,
      reconcile: (deskId, by) => reconcileOf(lives, deskId).now(by),
    }),
    settings: composeSettings(live, deps.readSettings),
    upkeep: composeUpkeep({ config, calendars: deps.calendars }, () => jobs),
    channels,
    access,
    codes: await composeCodes(config),
    mark: null,
    reach: reachOf(clock, desks),
    narrator: await composeNarrator(() => clock.now(), note),
    events: store.events,
    contextAt: (at) => runContext(config.hash, deps.codeVersion, LIVE_RUN, at),
    tapeOf,
    track: (work) => activity.track(work),
    onDelivered: (row) => onDelivered(deps, lives, row),
    onTrouble,
    handleOther: async (row: InboxRow) => {
      const body = jobBodyOf(row);
      return body === null ? false : takeJobRow(row, body, desks, () => clock.now());
    },
  });
  for (const live of lives) listenToBroker(live, house);
  const sides = keepSides({ house, lives, desks, note });
  // a kill that stands at the start waits in each desk's queue until its log is folded
  const recovering = Promise.all(lives.map((live) => recoverLiveDesk(live, house)));
  const stopKill = deps.killSwitch.watch(desks, clock);
  await recovering;
  await refillTapes(house, desks);
  await noteKills(deskStore.journal, store.events, LIVE_RUN);
  for (const { prices } of lives) prices?.start();
  await conversation.start();
  // entries that were committed before the start leave once what people said meanwhile is read
  void conversation.intake.idle().then(() => {
    isHeard = true;
  });
  const stopArrivals = await conversation.intake.follow();
  offerPairing(access, channels);
  const guards = guardsOf(lives, house);
  jobs = config.profile.isScheduled ? await scheduleJobs(deps, lives, guards) : null;
  for (const guard of guards.values()) guard.start();
  for (const live of lives) live.reconciler.start();
  const stopSweep = sweepOutbox(house, lives);
  const stopCalendars = watchMarkets(deps, clock, conversation);
  const stopBeat = beatOutside(deps, clock, (error) => note('heartbeat', error));
  deps.onReady();
  await new Promise<void>((resolve) => {
    if (deps.signal.aborted) resolve();
    else deps.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  stopSweep();
  stopCalendars();
  stopBeat();
  await sides.stop();
  for (const { reconciler } of lives) reconciler.stop();
  for (const guard of guards.values()) guard.stop();
  stopKill();
  house.market.stop();
  for (const { prices } of lives) prices?.stop();
  await jobs?.stop();
  await stopArrivals();
  await conversation.stop();
  for (const { desk, broker } of lives) {
    await desk.stop();
    await broker.stop();
  }
}
