import { followByHand, restoreByHand } from '#app/by-hand.ts';
import type { Intake } from '#app/chat-intake.ts';
import type { Deliverer } from '#app/deliver-deps.ts';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { noteBug } from '#app/note-bug.ts';
import type { Broker, Clock, Outbox } from '#app/ports.ts';
import { quoteForSwitch } from '#app/quote-for-switch.ts';
import type { ReachWatch } from '#app/reach-watch.ts';
import { createReconciler, type Reconciler } from '#app/reconcile-loop.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import { decide } from '#core/engine/decide.ts';
import { converse } from './conversation.ts';
import { showKillFile } from './kill-watch.ts';
import { Died, type Life } from './life.ts';
import { type DeskProcess, type OnTrouble, type ProcessDeps, RUN_ID } from './process-parts.ts';

/** The slow poll of the account; five minutes in the product, shorter because sessions are. */
const RECONCILE_EVERY_MS = 90_000;

/** Starts a process: wires it, recovers it the way the product does, then opens the chats and its timers. */
export function startProcess(deps: ProcessDeps): DeskProcess {
  const { life, policy, clock, parts } = deps;
  const { broker, tables } = parts;
  const onTrouble = troubleOf(deps, () => desk);
  const activity = { track: <T>(work: () => Promise<T>): Promise<T> => work() };
  const desk: Desk = new Desk({
    policy,
    runId: RUN_ID,
    configHash: 'simulated',
    codeVersion: 'simulated',
    clock,
    events: tables.events,
    inputs: tables.inputs,
    snapshots: tables.snapshots,
    outbox: tables.outbox,
    journal: parts.journal,
    killFile: parts.killFile,
    broker,
    activity,
    targets: () => parts.access.chats('viewer'),
    fetchQuote: deps.fetchQuote,
    handOver: (committed) => {
      deps.onRows(committed);
      const rows = parts.rows(committed);
      lane.take(rows.filter((row) => row.lane.startsWith('order:')));
      deliverer.handOver(rows.filter((row) => row.lane.startsWith('chat:')));
    },
    ...(parts.decide === decide ? {} : { decide: parts.decide }),
    snapshotEvery: deps.snapshotEvery,
    onTrouble,
    stopwatch: () => 0,
  });
  const outbox = observed(tables.outbox, deps.onRows);
  const lane = createOrderLane({
    desk,
    broker,
    outbox,
    clock,
    activity,
    mayEnter: () => isHeard,
    ...(parts.fence === null ? {} : { fence: parts.fence }),
    onTrouble,
  });
  let isHeard = false;
  const pollMs = RECONCILE_EVERY_MS;
  const reconciler = createReconciler({ desk, broker, clock, activity, onTrouble, pollMs });
  const { deliverer, intake, reach } = converse(deps, desk, outbox, reconciler, onTrouble);
  const running = runningOf(life, desk, clock, deps.onKillSeen);
  desk.onEvents((events) => {
    lane.follow(events);
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  watchConnection(desk, broker, clock, reconciler, onTrouble);
  if (parts.byHand !== null) followByHand(desk, parts.byHand, onTrouble);
  quoteForSwitch(desk, clock, onTrouble);
  const onHeard = () => {
    isHeard = true;
  };
  run(deps, running, lane, reconciler, deliverer, intake, reach, onHeard, onTrouble).catch(
    (error: unknown) => {
      onTrouble('start', error);
      life.die('could not start');
    },
  );
  return running;
}

/** The outbox, with every due row shown to the observer. */
function observed(outbox: Outbox, onRows: ProcessDeps['onRows']): Outbox {
  return {
    ...outbox,
    due: async (...which) => {
      const rows = await outbox.due(...which);
      onRows(rows);
      return rows;
    },
  };
}

/** Tells of trouble while the process lives; a bug also stops entries, as in the product's wiring. */
function troubleOf(deps: ProcessDeps, desk: () => Desk): OnTrouble {
  return (place, error) => {
    if (!deps.life.isAlive || error instanceof Died) return;
    deps.onTrouble(place, error);
    noteBug(desk(), deps.clock.now(), place, error, deps.onTrouble);
  };
}

/** A lost connection is a doubt once it has lasted; a restored one is none, and the account is compared. */
function watchConnection(
  desk: Desk,
  broker: Broker,
  clock: Clock,
  reconciler: Reconciler,
  onTrouble: OnTrouble,
): void {
  const subject = `broker ${broker.accountId}`;
  const cause = 'heartbeat_lost';
  let waiting: { cancel(): void } | null = null;
  broker.onConnection(({ kind }) => {
    waiting?.cancel();
    waiting = null;
    if (kind === 'lost') {
      const figures = { since: clock.now() };
      waiting = clock.at(clock.now() + desk.policy.watch.heartbeatMaxAgeMs, () =>
        desk.post({ kind: 'doubt_noticed', at: clock.now(), cause, subject, figures }),
      );
      return;
    }
    desk.post({ kind: 'doubt_passed', at: clock.now(), cause, subject });
    reconciler.now().catch((error: unknown) => onTrouble('reconcile', error));
  });
}

/** The process as the world outside drives it. */
function runningOf(
  life: Life,
  desk: Desk,
  clock: Clock,
  onKillSeen: ProcessDeps['onKillSeen'],
): DeskProcess {
  return {
    life,
    desk,
    isRecovered: false,
    killFileChanged: (said, by) => showKillFile(desk, clock, said, by, onKillSeen),
    quote: (quote) => desk.post({ kind: 'quote_seen', at: clock.now(), quote }),
    halt(instrument, isHalted) {
      const cause = isHalted ? 'H' : 'T';
      desk.post({ kind: 'halt_seen', at: clock.now(), instrument, isHalted, cause });
    },
  };
}

async function run(
  deps: ProcessDeps,
  running: DeskProcess,
  lane: OrderLane,
  reconciler: Reconciler,
  deliverer: Deliverer,
  intake: Intake,
  reach: ReachWatch,
  onHeard: () => void,
  onTrouble: OnTrouble,
): Promise<void> {
  const { life, clock, parts, policy } = deps;
  const { broker, tables } = parts;
  const { desk } = running;
  const recovering = recoverDesk({
    desk,
    broker,
    outbox: tables.outbox,
    lane,
    runId: RUN_ID,
    now: () => clock.now(),
    startingCashMinor: async () => policy.capitalMinor,
    rebuildBroker: () => {
      if (parts.byHand !== null) restoreByHand(desk, parts.byHand);
    },
    reconcile: () => reconciler.now(),
  });
  if (parts.killFile.read() !== 'absent')
    running.killFileChanged(deps.seeKillFile() ?? { at: clock.now() }, 'kill file');
  await recovering;
  if (!life.isAlive) return;
  running.isRecovered = true;
  deps.onRecovered(running);
  await intake.drainPending();
  await deliverer.start();
  for (const channel of parts.channels) await channel.start((rows) => intake.receive(rows));
  void intake.idle().then(onHeard);
  reach.start();
  await intake.follow();
  reconciler.start();
  every(clock, deps.sweepMs, () => {
    void desk.flushInputs();
    tables.outbox
      .due(RUN_ID, clock.now(), 100, 'order:')
      .then((rows) => lane.take(rows))
      .catch((error: unknown) => onTrouble('outbox', error));
  });
}

function every(clock: Clock, ms: number, work: () => void): void {
  const plan = (): void => {
    clock.at(clock.now() + ms, () => {
      work();
      plan();
    });
  };
  plan();
}
