import { Desk } from '#app/desk.ts';
import { streamOf } from '#app/event-form.ts';
import type { BrokerFill } from '#app/ports.ts';
import { reconcileAccount } from '#app/reconcile-account.ts';
import type { DeskState } from '#core/engine/state.ts';
import type { Order } from '#core/machines/order.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { createVirtualClock } from '#shell/lib/virtual-clock.ts';
import { createActivity } from '#shell/runner/activity.ts';
import { createMemoryStore } from '#shell/store/memory-store.ts';
import { memoryJournal, memoryKillFile } from '../test/support/app-desk.ts';
import { bookBroker } from '../test/support/book-broker.ts';
import { ny, policyOf, QQQM, TICKET, withPosition } from '../test/support/builders.ts';
import { deskAfter } from '../test/support/engine.ts';

/*
 * One comparison of a desk's book with its account, our time only: the broker answers from memory. From
 * the queries to the verdict, with the input recorded and the events appended to a store in memory.
 * Five orders a position. Run: npm run centaur -- bench reconcile
 */
const RUNS = 15;
const SIZES = [100, 200, 400, 800];
const GOAL = '500 orders and 100 positions in at most 200 ms';

/** The book of one held ticket, again and again for as many symbols. */
function stateOf(positions: number): DeskState {
  const { state } = deskAfter(withPosition());
  const held = state.positions[QQQM];
  const ticket = state.tickets[TICKET];
  if (held === undefined || ticket === undefined) throw new Error('bench: found no position');
  const wide: { -readonly [K in 'orders' | 'positions' | 'tickets']: Record<string, never> } = {
    orders: {},
    positions: {},
    tickets: {},
  };
  for (let n = 0; n < positions; n += 1) {
    const instrument: InstrumentId = `S${n}.US`;
    const ticketId = TICKET.replace('QQQM.US', instrument);
    const renamed = (id: string | null) => id?.replace('QQQM.US', instrument) ?? null;
    Object.assign(wide.tickets, { [ticketId]: { ...ticket, id: ticketId, instrument } });
    Object.assign(wide.positions, { [instrument]: { ...held, instrument, ticketId } });
    for (const order of Object.values(state.orders)) {
      const copy: Order = {
        ...order,
        instrument,
        ticketId,
        orderId: renamed(order.orderId) ?? '',
        stopOrderId: renamed(order.stopOrderId),
        targetOrderId: renamed(order.targetOrderId),
        parentId: renamed(order.parentId),
        ocoGroup: renamed(order.ocoGroup),
      };
      Object.assign(wide.orders, { [copy.orderId]: copy });
    }
  }
  return { ...state, ...wide };
}

async function deskOf(state: DeskState) {
  const clock = createVirtualClock({ startAt: ny('10:05') });
  const store = createMemoryStore(() => clock.now());
  const policy = policyOf();
  await store.snapshots.save(streamOf('bench', policy.deskId), 0, state);
  const desk: Desk = new Desk({
    policy,
    runId: 'bench',
    configHash: 'bench',
    codeVersion: 'bench',
    clock,
    events: store.events,
    inputs: store.inputs,
    snapshots: store.snapshots,
    outbox: store.outbox,
    journal: memoryJournal(),
    killFile: memoryKillFile(),
    broker: bookBroker({ state: () => desk.state() }),
    activity: createActivity(),
    targets: () => [],
    fetchQuote: async () => null,
    handOver: () => undefined,
    onTrouble: (place, error) => {
      throw new Error(`${place}: ${error}`);
    },
    stopwatch: () => performance.now(),
  });
  await desk.recover();
  return { clock, desk };
}

/** Every nth position has sold half at its target, and no report told of it. */
function missed(state: DeskState, every: number): BrokerFill[] {
  return Object.values(state.orders)
    .filter((order) => order.role === 'target')
    .flatMap((order, n) => {
      const { orderId, instrument, side, quantity, limitPrice } = order;
      const fill = { fillId: `f${n}`, orderId, instrument, side, quantity, feesMinor: 11, at: n };
      return n % every === 0 ? [{ ...fill, price: limitPrice ?? 0 }] : [];
    });
}

async function measure(positions: number, every: number | null): Promise<number[]> {
  const times: number[] = [];
  const state = stateOf(positions);
  for (let n = 0; n < RUNS + 2; n += 1) {
    const { clock, desk } = await deskOf(state);
    const broker = bookBroker(desk);
    broker.says = every === null ? {} : { fills: missed(state, every) };
    const startedAt = performance.now();
    await reconcileAccount(desk, broker, () => clock.now());
    if (n >= 2) times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b);
}

for (const every of [null, 3, 1]) {
  for (const positions of SIZES) {
    const times = await measure(positions, every);
    const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
    const worst = times.at(-1) ?? Number.NaN;
    const news = every === null ? 'nothing new' : `${Math.ceil(positions / every)} missed fills`;
    console.log(
      `${positions * 5} orders, ${positions} positions, ${news}: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms`,
    );
  }
}
console.log(`goal: ${GOAL}, whatever was missed`);
