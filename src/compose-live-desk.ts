import { followByHand, restoreByHand } from '#app/by-hand.ts';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import type { PushTarget } from '#app/fan-out.ts';
import { noteBug } from '#app/note-bug.ts';
import type { PersonDesks } from '#app/person-desks.ts';
import type { Activity, Broker, ByHand, Clock, OutboxRow } from '#app/ports.ts';
import { quoteForSwitch } from '#app/quote-for-switch.ts';
import { createReconciler, type Reconciler } from '#app/reconcile-loop.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { paperBookOf } from '#app/restore-paper.ts';
import type { SessionTape } from '#app/session-tape.ts';
import type { Event } from '#core/engine/event.ts';
import { isExposed, pendingTickets } from '#core/engine/select.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { PaperControls } from '#shell/brokers/paper.ts';
import type { DeskConfig } from '#shell/config/config.ts';
import { policyOf, startingCashMinorOf } from '#shell/config/policy-of.ts';
import { logCall, logStep } from '#shell/lib/log.ts';
import { written } from '#shell/lib/turns.ts';
import { makeBroker } from './compose-brokers.ts';
import { followCn, isPulseDesk, type LiveCn } from './compose-live-cn.ts';
import {
  type AccountData,
  type AccountMarket,
  followAccount,
  sessionOf,
} from './compose-live-data.ts';
import { LIVE_RUN, type LiveDeps } from './compose-live-deps.ts';
import { isSimulated, type SimulatedMarket } from './compose-live-market.ts';

/** How long a start waits for a broker before the desk is spoken to without it. */
const CONNECT_PATIENCE_MS = 10_000;
/** Waits before a broker that could not be reached at the start is tried again; the last one repeats. */
const START_AGAIN_MS = [5_000, 10_000, 30_000, 60_000] as const;

/** What all desks of a process share. */
export type LiveHouse = {
  readonly deps: LiveDeps;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly market: SimulatedMarket;
  /** Sources of the Chinese market; null without a desk that needs them. */
  readonly cn: LiveCn | null;
  /** The person's desks, as each sees the others. */
  readonly person: PersonDesks;
  readonly targets: () => readonly PushTarget[];
  /** Minutes of a desk's day, kept while the process lives. */
  readonly tapeOf: (deskId: string) => SessionTape;
  /** Shows pictures of what a desk has just decided. */
  readonly show: (desk: Desk, events: readonly Event[]) => void;
  readonly handOverChat: (rows: readonly OutboxRow[]) => void;
  /** Settles what an earlier process left, once for all desks; answers orders whose fate is unknown. */
  readonly settle: () => Promise<readonly OutboxRow[]>;
  /** False until what people said before the start is read: no entry leaves before. */
  readonly mayEnter: () => boolean;
  /** Trouble of what the desks share: logged, and a bug is every desk's. */
  readonly onTrouble: (place: string, error: unknown) => void;
  /** Logs trouble and no more. */
  readonly note: (place: string, error: unknown) => void;
};

/** One desk of a process: its own queue, broker, order lane and account. */
export type LiveDesk = {
  readonly settings: DeskConfig;
  readonly desk: Desk;
  readonly broker: Broker;
  readonly exchange: PaperControls | null;
  readonly byHand: ByHand | null;
  /** Prices of the account's own broker; null where they come from elsewhere. */
  readonly prices: AccountMarket | null;
  /** Takes a quote that the desk may act on. */
  readonly onQuote: (quote: Quote) => void;
  readonly lane: OrderLane;
  readonly reconciler: Reconciler;
  /** The desk's own trouble: logged, and a bug also stops its entries until a person has looked. */
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** Hands quotes on only while a ticket waits or something is open: nothing else could act on them. */
function quoteTaker(desk: Desk, clock: Clock): (quote: Quote) => void {
  return (quote) => {
    const state = desk.state();
    if (isExposed(state) || pendingTickets(state).length > 0)
      desk.post({ kind: 'quote_seen', at: clock.now(), quote });
  };
}

/** Builds a desk with its broker and order lane; nothing is asked or sent yet. Throws ConfigError. */
export async function openLiveDesk(house: LiveHouse, settings: DeskConfig): Promise<LiveDesk> {
  const { deps, clock, activity, market } = house;
  const { config, deskStore, log } = deps;
  const { store } = deskStore;
  const policy = { ...policyOf(settings), person: config.person };
  const { broker, exchange, byHand, data } = await makeBroker(settings.accountSettings, {
    root: deps.root,
    clock,
    instruments: policy.instruments,
    sessionOf: (day) => sessionOf(house, day),
    hasTakenOver: deskStore.lead.before !== null,
    onNote: (line) => log.warn({ place: `broker ${policy.accountId}` }, line),
    onCall: (line) => logCall(log, policy, line),
    simulated: { seed: config.profile.seed, slippageBps: policy.cost.slippageBps },
  });
  const onTrouble = (place: string, error: unknown): void => {
    house.note(`${policy.deskId} ${place}`, error);
    noteBug(desk, clock.now(), place, error, house.note);
  };
  const fetchQuote = async (instrument: InstrumentId, timeoutMs: number): Promise<Quote | null> =>
    isSimulated(settings)
      ? market.fetchQuote(instrument, timeoutMs)
      : ((await live.prices?.fetchQuote(instrument, timeoutMs)) ?? null);
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
    killFile: deps.killSwitch.portOf(policy),
    flushed: written,
    broker,
    activity,
    person: house.person,
    targets: house.targets,
    fetchQuote,
    handOver: (rows) => {
      lane.take(rows.filter((row) => row.lane.startsWith('order:')));
      house.handOverChat(rows.filter((row) => row.lane.startsWith('chat:')));
    },
    onStep: ({ input, events, version, ms }) => {
      house.tapeOf(policy.deskId).note(input);
      if (events.length === 0) return;
      const types = events.map((event) => event.type);
      logStep(log, policy, { input: input.kind, events: types, version, ms });
    },
    onTrouble,
    stopwatch: () => performance.now(),
  });
  const lane = createOrderLane({
    desk,
    broker,
    outbox: store.outbox,
    clock,
    activity,
    fence: deskStore.lead,
    mayEnter: house.mayEnter,
    onTrouble,
  });
  const reconciler = createReconciler({ desk, broker, clock, activity, onTrouble });
  const onQuote = quoteTaker(desk, clock);
  const parts = { settings, desk, broker, exchange, byHand, onQuote, lane, reconciler, onTrouble };
  const prices = pricesOf({ ...parts, prices: null }, house, data);
  const live: LiveDesk = { ...parts, prices };
  if (byHand !== null) followByHand(desk, byHand, onTrouble);
  quoteForSwitch(desk, clock, onTrouble);
  const { instruments } = policy;
  if (isSimulated(settings)) market.follow({ instruments, exchange, onQuote });
  return live;
}

/** Prices of the account's own broker, or of the Chinese market's sources; null for a simulated market. */
function pricesOf(
  parts: LiveDesk,
  house: LiveHouse,
  data: AccountData | null,
): AccountMarket | null {
  if (data !== null) return followAccount(parts, house, data);
  const isChinese = isPulseDesk(parts.settings) && house.cn !== null;
  return isChinese && house.cn !== null ? followCn(parts, house, house.cn) : null;
}

/** Lets the desk hear its broker and its own news. */
export function listenToBroker(live: LiveDesk, house: LiveHouse): void {
  const { desk, broker, lane, settings } = live;
  const { clock } = house;
  desk.onEvents((events) => {
    for (const event of events) {
      if (event.type === 'session_planned' && isSimulated(settings))
        house.market.play(event.session);
    }
    lane.follow(events);
    house.show(desk, events);
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  watchConnection(live, house);
}

/** A lost connection is a doubt once it has lasted; a restored one is no longer, and the account is compared. */
function watchConnection(live: LiveDesk, house: LiveHouse): void {
  const { desk, broker } = live;
  const { clock } = house;
  const subject = `broker ${broker.accountId}`;
  let waiting: { cancel(): void } | null = null;
  broker.onConnection(({ kind, cause, at }) => {
    waiting?.cancel();
    waiting = null;
    house.deps.log.warn({ line: 'connection', account: broker.accountId, kind, cause }, kind);
    if (kind === 'lost') {
      waiting = clock.at(at + desk.policy.watch.heartbeatMaxAgeMs, () =>
        desk.post({
          kind: 'doubt_noticed',
          at: clock.now(),
          cause: 'heartbeat_lost',
          subject,
          figures: { cause, since: at },
        }),
      );
      return;
    }
    desk.post({ kind: 'doubt_passed', at: clock.now(), cause: 'heartbeat_lost', subject });
    void compareAccount(live);
  });
}

/**
 * Connects the broker. One that cannot be reached leaves the desk up, unreconciled and in doubt, so
 * that it can be spoken to and killed, and is tried again. Resolves once connected, or after a while.
 */
async function connect(live: LiveDesk, house: LiveHouse): Promise<void> {
  const { desk, broker, onTrouble } = live;
  const { clock, deps } = house;
  const subject = `broker ${broker.accountId}`;
  let isWaitedFor = true;
  const attempt = async (tries: number): Promise<void> => {
    try {
      await broker.start();
    } catch (error) {
      onTrouble(subject, error);
      const cause = error instanceof Error ? error.message.slice(0, 200) : 'failed';
      const doubt = { cause: 'heartbeat_lost', subject, figures: { cause } } as const;
      if (tries === 0) desk.post({ kind: 'doubt_noticed', at: clock.now(), ...doubt });
      isWaitedFor = false;
      const wait = START_AGAIN_MS[Math.min(tries, START_AGAIN_MS.length - 1)] ?? 60_000;
      clock.at(clock.now() + wait, () => {
        if (!deps.signal.aborted) void attempt(tries + 1);
      });
      return;
    }
    if (isWaitedFor) return;
    desk.post({ kind: 'doubt_passed', at: clock.now(), cause: 'heartbeat_lost', subject });
    await compareAccount(live);
  };
  await new Promise<void>((resolve) => {
    const patience = clock.at(clock.now() + CONNECT_PATIENCE_MS, resolve);
    void attempt(0).then(() => {
      patience.cancel();
      resolve();
    });
  });
  isWaitedFor = false;
}

async function compareAccount({ reconciler, onTrouble }: LiveDesk): Promise<void> {
  await reconciler.now().catch((error: unknown) => onTrouble('reconcile', error));
}

/** Starts a desk where its log ends; a simulated exchange is rebuilt and its market runs on. */
export function recoverLiveDesk(
  live: LiveDesk,
  house: LiveHouse,
  settle: LiveHouse['settle'] = house.settle,
): Promise<void> {
  const { desk, broker, exchange, byHand, lane, reconciler, settings } = live;
  const { clock, deps } = house;
  return recoverDesk({
    desk,
    broker,
    outbox: deps.deskStore.store.outbox,
    lane,
    runId: LIVE_RUN,
    now: () => clock.now(),
    connect: () => connect(live, house),
    reconcile: () => reconciler.now(),
    // what cannot be asked is nothing until it can
    startingCashMinor: async () =>
      startingCashMinorOf(settings) ?? (await broker.cashMinor().catch(() => 0)),
    settle,
    rebuildBroker: (state) => {
      exchange?.restore(paperBookOf(state));
      if (byHand !== null) restoreByHand(desk, byHand);
    },
    onFolded: () => {
      const { day } = desk.state();
      const isOpen = day !== null && !day.isClosed && clock.now() < day.session.closeAt;
      if (isOpen && isSimulated(settings)) house.market.play(day.session);
    },
  });
}
