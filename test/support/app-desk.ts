import { createOrderLane, type OrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import { StoreError } from '#app/errors.ts';
import type { PersonDesks } from '#app/person-desks.ts';
import type { Fence, Journal, KillFile, OutboxRow } from '#app/ports.ts';
import { usFeeModel } from '#core/backtest/costs.ts';
import { invariant } from '#core/lib/assert.ts';
import { createPaperBroker } from '#shell/brokers/paper.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import type { PolicyChange } from './builders.ts';
import { ny, policyOf } from './builders.ts';

/** How the store answers writes. */
export type StoreMode = 'up' | 'stopped' | 'hanging' | 'answer_lost' | 'deposed';

/** A journal in memory that keeps what a file would keep. */
export function memoryJournal(): Journal {
  let entries: { id: string; at: number; stream: string; input: unknown }[] = [];
  return {
    append: (entry) => {
      entries.push(JSON.parse(JSON.stringify(entry)) as (typeof entries)[number]);
    },
    pending: () => entries,
    markLoaded: (ids) => {
      entries = entries.filter((entry) => !ids.includes(entry.id));
    },
  };
}

export function memoryKillFile(): KillFile {
  let isPresent = false;
  return {
    write: () => {
      isPresent = true;
    },
    remove: () => {
      isPresent = false;
    },
    read: () => (isPresent ? 'present' : 'absent'),
  };
}

const DOWN = () => new StoreError('test: store stopped', { code: 'down', retryable: true });

/** Does `work` as a store in that mode would. */
export async function through<T>(mode: StoreMode, work: () => Promise<T>): Promise<T> {
  if (mode === 'stopped') throw DOWN();
  if (mode === 'deposed')
    throw new StoreError('test: epoch 1 is over', { code: 'deposed', retryable: false });
  if (mode === 'hanging') return new Promise<T>(() => {});
  const answer = await work();
  if (mode === 'answer_lost') throw DOWN();
  return answer;
}

/** A real desk over a store in memory and the paper broker, on a virtual clock. */
export function appDesk(
  change: PolicyChange = {},
  person?: PersonDesks,
  snapshotEvery?: number,
  killFile: KillFile = memoryKillFile(),
) {
  const clock = createVirtualClock({ startAt: ny('09:00') });
  const activity = createActivity();
  const store = createMemoryStore(() => clock.now());
  const mode: { now: StoreMode } = { now: 'up' };
  const policy = policyOf(change);
  const journal = memoryJournal();
  const troubles: string[] = [];
  const chat: OutboxRow[] = [];
  const mayEnter = { now: true };
  const fence: { now: Fence } = { now: { mayLeave: async () => true } };
  const onTrouble = (place: string) => void troubles.push(place);
  const broker = createPaperBroker({
    accountId: policy.accountId,
    environment: 'paper',
    clock,
    cashMinor: policy.capitalMinor,
    latencyMs: 5,
    feesModel: usFeeModel('alpaca'),
    seed: 1,
    matchBy: 'ticks',
  });
  let newest: OrderLane | null = null;
  /** `kept` is the journal of the machine it runs on: another machine has one of its own. */
  const open = (kept: Journal = journal): Desk => {
    const desk: Desk = new Desk({
      policy,
      runId: 'test',
      configHash: 'test',
      codeVersion: 'test',
      clock,
      events: {
        ...store.events,
        append: (batch) => through(mode.now, () => store.events.append(batch)),
      },
      inputs: {
        ...store.inputs,
        append: (rows) => through(mode.now, () => store.inputs.append(rows)),
      },
      snapshots: store.snapshots,
      outbox: store.outbox,
      journal: kept,
      killFile,
      broker,
      activity,
      ...(person === undefined ? {} : { person }),
      ...(snapshotEvery === undefined ? {} : { snapshotEvery }),
      targets: () => [{ channel: 'terminal', chatId: 'terminal' }],
      fetchQuote: async () => null,
      handOver: (rows) => {
        lane.take(rows.filter((row) => row.lane.startsWith('order:')));
        chat.push(...rows.filter((row) => row.lane.startsWith('chat:')));
      },
      onTrouble,
      stopwatch: () => performance.now(),
    });
    const { outbox } = store;
    const lane = createOrderLane({
      desk,
      broker,
      outbox,
      clock,
      activity,
      mayEnter: () => mayEnter.now,
      fence: { mayLeave: (raisesRisk) => fence.now.mayLeave(raisesRisk) },
      onTrouble,
    });
    newest = lane;
    broker.onReport((report) =>
      desk.post({ kind: 'order_reported', at: clock.now(), report: { ...report } }),
    );
    return desk;
  };
  const settle = async (ms: number): Promise<void> => {
    await activity.settled();
    const until = clock.now() + ms;
    for (let due = clock.nextDue(); due !== null && due <= until; due = clock.nextDue()) {
      clock.runNext();
      await activity.settled();
    }
    clock.advanceTo(until);
  };
  /** The polling net: order rows that wait in the store, to the newest desk's lane. */
  const sweep = async (): Promise<void> => {
    const due = await store.outbox.due('test', clock.now(), 100);
    newest?.take(due.filter((row) => row.lane.startsWith('order:')));
    await settle(100);
  };
  /** The order lane of the newest desk. */
  const laneOfNewest = (): OrderLane => {
    invariant(newest !== null, 'a desk was opened');
    return newest;
  };
  return {
    sweep,
    laneOfNewest,
    clock,
    activity,
    store,
    mode,
    policy,
    journal,
    killFile,
    troubles,
    chat,
    fence,
    mayEnter,
    broker,
    open,
    settle,
  };
}
