import { createOrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import type { Broker, Clock, Fence, OutboxRow, Timer } from '#app/ports.ts';
import type { Input } from '#core/engine/input.ts';
import { written } from '#shell/lib/turns.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import type { Store } from '#shell/store/store.ts';
import { memoryJournal, memoryKillFile } from './app-desk.ts';
import { ny, type PolicyChange, policyOf } from './builders.ts';

/** Wall time as if the process had started at `startAt`. */
export function shiftedClock(startAt: number): Clock {
  const shift = startAt - Date.now();
  const now = (): number => Date.now() + shift;
  return {
    now,
    at(instant, run): Timer {
      const timer = setTimeout(run, Math.max(0, instant - now()));
      timer.unref();
      return { cancel: () => clearTimeout(timer) };
    },
  };
}

/** A store as one process may write to it, and whether it leads; processes share a clock. */
export type Lead = { readonly store: Store; readonly fence: Fence; readonly clock: Clock };

/** A real desk over a store in memory and a broker's own adapter, on wall time shifted into the day of the tests. */
export function deskAt(
  broker: Broker,
  change: PolicyChange,
  startAt = ny('10:01:01'),
  killFile = memoryKillFile(),
  lead: Lead | null = null,
) {
  const clock = lead?.clock ?? shiftedClock(startAt);
  const activity = createActivity();
  const store: Store = lead?.store ?? createMemoryStore(() => clock.now());
  const policy = policyOf(change);
  const troubles: string[] = [];
  const chat: OutboxRow[] = [];
  const onTrouble = (place: string, error: unknown) =>
    void troubles.push(`${place}: ${error instanceof Error ? error.message : String(error)}`);
  const desk: Desk = new Desk({
    policy,
    runId: 'test',
    configHash: 'test',
    codeVersion: 'test',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    flushed: written,
    killFile,
    broker,
    activity,
    targets: () => [{ channel: 'terminal', chatId: 'terminal' }],
    fetchQuote: async () => null,
    handOver: (rows) => {
      lane.take(rows.filter((row) => row.lane.startsWith('order:')));
      chat.push(...rows.filter((row) => row.lane.startsWith('chat:')));
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
    ...(lead === null ? {} : { fence: lead.fence }),
    onTrouble,
  });
  broker.onReport((report) =>
    desk.post({ kind: 'order_reported', at: clock.now(), report: { ...report } }),
  );
  const tell = async (inputs: readonly Input[]): Promise<void> => {
    for (const input of inputs) await desk.submit(input);
  };
  return { desk, lane, clock, store, policy, killFile, activity, troubles, chat, tell };
}
