import { createIntake, type Intake } from '#app/chat-intake.ts';
import { createDeliverer, type Deliverer, USUAL_RATE } from '#app/deliver-messages.ts';
import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import type { Decide } from '#app/desk-deps.ts';
import { createReplyHandler } from '#app/handle-reply.ts';
import { jobBodyOf, takeJobRow } from '#app/job-inputs.ts';
import type {
  Access,
  Broker,
  Channel,
  Clock,
  Fence,
  InboxRow,
  Journal,
  KillFile,
  Outbox,
  OutboxRow,
} from '#app/ports.ts';
import { createReconciler, type Reconciler } from '#app/reconcile-loop.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import type { Speaker } from '#app/reply-rows.ts';
import { createSecondConfirms } from '#app/second-confirm.ts';
import { decide } from '#core/engine/decide.ts';
import type { Message } from '#core/engine/message.ts';
import type { Policy } from '#core/engine/policy.ts';
import { InvariantError } from '#core/lib/assert.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { Died, type Life } from './life.ts';
import type { DeskTables } from './store-wire.ts';

export const RUN_ID = 'live';
/** The slow poll of the account; five minutes in the product, shorter because sessions are. */
const RECONCILE_EVERY_MS = 90_000;

/** Everything of one process that a planted bug may replace. Untouched, it is what the product wires. */
export type Parts = {
  decide: Decide;
  broker: Broker;
  /** Whether the process still leads; null: no other can. */
  fence: Fence | null;
  tables: DeskTables;
  journal: Journal;
  killFile: KillFile;
  /** Rows right after their commit, on their way to the lanes. */
  rows: (rows: readonly OutboxRow[]) => readonly OutboxRow[];
  channels: readonly Channel[];
  access: Access;
};

export type ProcessDeps = {
  readonly life: Life;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly parts: Parts;
  readonly speaker: Speaker;
  readonly snapshotEvery: number;
  readonly sweepMs: number;
  readonly newNonce: () => string;
  readonly fetchQuote: (instrument: InstrumentId, timeoutMs: number) => Promise<Quote | null>;
  readonly onRows: (rows: readonly OutboxRow[]) => void;
  readonly onRecovered: (process: DeskProcess) => void;
  readonly onTrouble: (place: string, error: unknown) => void;
};

/** One running process: what the wiring of the product makes of the app ring, over simulated ports. */
export type DeskProcess = {
  readonly life: Life;
  readonly desk: Desk;
  /** True once it has recovered and reconciled for the first time. */
  isRecovered: boolean;
  /** The kill file was seen to change by the watch. */
  killFileChanged(isPresent: boolean, by: string): void;
  quote(quote: Quote): void;
};

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
  const { deliverer, intake } = converse(deps, desk, outbox, reconciler, onTrouble);
  const running = runningOf(life, desk, clock);
  desk.onEvents((events) => {
    lane.follow(events);
  });
  broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));
  watchConnection(desk, broker, clock, reconciler, onTrouble);
  const onHeard = () => {
    isHeard = true;
  };
  run(deps, running, lane, reconciler, deliverer, intake, onHeard, onTrouble).catch(
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
    if (!(error instanceof InvariantError)) return;
    const figures = { place, found: error.message.slice(0, 200) };
    const cause = 'internal_error';
    desk().post({ kind: 'doubt_noticed', at: deps.clock.now(), cause, subject: place, figures });
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
function runningOf(life: Life, desk: Desk, clock: Clock): DeskProcess {
  return {
    life,
    desk,
    isRecovered: false,
    killFileChanged(isPresent, by) {
      if (isPresent && desk.state().kill.kind === 'clear') {
        const actor = { id: by, name: by, role: 'operator', channel: by, chatId: by } as const;
        desk.killNow(actor, 'all', clock.now());
      }
      desk.post({ kind: 'kill_file_seen', at: clock.now(), isPresent, by });
    },
    quote: (quote) => desk.post({ kind: 'quote_seen', at: clock.now(), quote }),
  };
}

type OnTrouble = (place: string, error: unknown) => void;

async function run(
  deps: ProcessDeps,
  running: DeskProcess,
  lane: OrderLane,
  reconciler: Reconciler,
  deliverer: Deliverer,
  intake: Intake,
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
    reconcile: () => reconciler.now(),
  });
  if (parts.killFile.read() !== 'absent') running.killFileChanged(true, 'kill file');
  await recovering;
  if (!life.isAlive) return;
  running.isRecovered = true;
  deps.onRecovered(running);
  await intake.drainPending();
  await deliverer.start();
  for (const channel of parts.channels) await channel.start((rows) => intake.receive(rows));
  void intake.idle().then(onHeard);
  await tables.inbox.onArrival(() => {
    intake.drainPending().catch((error: unknown) => onTrouble('inbox', error));
  });
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

/** The conversation, wired as the product does it, over cards that an observer can read. */
function converse(
  deps: ProcessDeps,
  desk: Desk,
  outbox: Outbox,
  reconciler: Reconciler,
  onTrouble: OnTrouble,
): { deliverer: Deliverer; intake: Intake } {
  const { clock, parts, speaker } = deps;
  const { tables, access } = parts;
  const onFailure = (error: unknown): void => onTrouble('chat', error);
  const channel = (name: string) => parts.channels.find((one) => one.name === name) ?? null;
  const deliverer = createDeliverer({
    runId: RUN_ID,
    clock,
    wall: clock,
    outbox,
    channel,
    rateOf: () => USUAL_RATE,
    render: (message, name, chatId) => speaker.message(message, name, chatId),
    onDelivered: (row) => onDelivered(desk, clock, row),
    onFailure,
    sweepEveryMs: deps.sweepMs,
  });
  const answer = createReplyHandler({
    runId: RUN_ID,
    clock,
    access,
    desks: () => [desk],
    inbox: tables.inbox,
    outbox: tables.outbox,
    speaker,
    sources: {
      jobs: async () => [],
      health: async () => [],
      logs: async () => [],
      report: async () => null,
      ping: () => ({}),
      reconcile: (_deskId, by) => reconciler.now(by),
    },
    confirms: createSecondConfirms({ clock, newNonce: deps.newNonce, newDigits: () => '4172' }),
    codeOfMessage: (name, chatId, messageId) => deliverer.messages.codeOf(name, chatId, messageId),
    wasDecided: (name, updateId) => intake.wasDecided(name, updateId),
    handOver: (rows) => {
      deps.onRows(rows);
      deliverer.handOver(rows);
    },
    onFailure,
  });
  const handle = async (row: InboxRow): Promise<void> => {
    const body = jobBodyOf(row);
    if (body !== null && (await takeJobRow(row, body, [desk], () => clock.now()))) return;
    await answer(row);
  };
  const intake = createIntake({
    runId: RUN_ID,
    clock,
    access,
    desks: () => [desk],
    inbox: tables.inbox,
    speaker,
    channel,
    handle,
    onFailure,
  });
  return { deliverer, intake };
}

/** A ticket's card that stands in a chat is an input, as in the product's wiring. */
function onDelivered(desk: Desk, clock: Clock, row: OutboxRow): void {
  const { message } = row.payload as { message?: Message };
  if (message?.kind !== 'signal_entry' || message.ticket.state !== 'pending') return;
  const channel = row.lane.split(':')[1] ?? 'unknown';
  const ticketId = message.ticket.id;
  desk.post({ kind: 'ticket_delivered', at: clock.now(), ticketId, channel });
}
