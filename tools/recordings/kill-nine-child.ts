import process from 'node:process';
import { createOrderLane } from '#app/deliver-orders.ts';
import { Desk } from '#app/desk.ts';
import type { OutboxRow } from '#app/ports.ts';
import { recoverDesk } from '#app/recover-desk.ts';
import type { Message } from '#core/engine/message.ts';
import { renderMessage } from '#shell/chat/render.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { connectStore } from '#shell/store/client.ts';
import { createStore } from '#shell/store/store.ts';
import { brokerOn } from '../../test/support/alpaca-contract.ts';
import { memoryJournal, memoryKillFile } from '../../test/support/app-desk.ts';
import { shiftedClock } from '../../test/support/broker-desk.ts';
import { confirm, ny, policyOf, withTicket } from '../../test/support/builders.ts';

/*
 * The desk of the scene kill-nine, in a process of its own on an embedded store: `first` confirms a ticket
 * and is killed; `again` starts where the log ends. Each message is a JSON line.
 */
const [dataFolder = '', url = '', act = 'first'] = process.argv.slice(2);
const clock = shiftedClock(act === 'first' ? ny('10:01:01') : ny('10:01:21'));
const handle = await connectStore({ dataFolder, databaseUrl: null, purpose: 'recording' });
const store = createStore(handle);
const activity = createActivity();
const policy = policyOf({ accountId: 'alpaca-us', execution: { broker: 'alpaca' } });
const { broker } = brokerOn(url, { timeoutMs: 30_000 });

const show = (rows: readonly OutboxRow[]): void => {
  for (const { payload } of rows) {
    const { message } = payload as { message?: Message };
    if (message === undefined) continue;
    const { lines } = renderMessage(message, 'en', { now: clock.now() });
    console.log(JSON.stringify({ kind: message.kind, at: clock.now(), lines }));
  }
};

const desk: Desk = new Desk({
  policy,
  runId: 'live',
  configHash: 'recording',
  codeVersion: 'recording',
  clock,
  events: store.events,
  inputs: store.inputs,
  snapshots: store.snapshots,
  outbox: store.outbox,
  journal: memoryJournal(),
  killFile: memoryKillFile(),
  broker,
  activity,
  targets: () => [{ channel: 'terminal', chatId: 'terminal' }],
  fetchQuote: async () => null,
  handOver: (rows) => {
    lane.take(rows.filter((row) => row.lane.startsWith('order:')));
    show(rows.filter((row) => row.lane.startsWith('chat:')));
  },
  onTrouble: () => undefined,
  stopwatch: () => performance.now(),
});
const onTrouble = (): void => undefined;
const lane = createOrderLane({ desk, broker, outbox: store.outbox, clock, activity, onTrouble });
broker.onReport((report) => desk.post({ kind: 'order_reported', at: clock.now(), report }));

if (act === 'first') {
  await broker.start();
  for (const input of withTicket()) await desk.submit(input);
  await desk.submit(confirm(clock.now()));
} else {
  await recoverDesk({
    desk,
    broker,
    outbox: store.outbox,
    lane,
    runId: 'live',
    now: () => clock.now(),
    connect: () => broker.start(),
    startingCashMinor: async () => 10_000_000,
  });
}
