import { setTimeout as pause } from 'node:timers/promises';
import type { Broker, BrokerReport } from '#app/ports.ts';
import { createManualBroker, type ManualControls, type Todo } from '#shell/brokers/manual.ts';
import { createSystemClock } from '#shell/lib/system-clock.ts';
import { type BrokerHarness, type BrokerUnderTest, CONTRACT_CASH_MINOR } from './broker-harness.ts';
import { eventually } from './eventually.ts';

const CLOCK = createSystemClock();

/** A person at a broker's screen: enters what they are asked for when the price is there, withdraws on request. */
class Person {
  #bid = 0;
  #ask = 0;
  #size = 0;
  readonly #done = new Map<string, number>();
  #raced: (() => void) | null = null;
  readonly #todos = new Map<string, Todo>();
  #broker: Broker & ManualControls;

  constructor(broker: Broker & ManualControls) {
    this.#broker = broker;
    this.serve(broker);
  }

  /** Goes on with what is in hand, whoever asks from now on. */
  serve(broker: Broker & ManualControls): void {
    this.#broker = broker;
    broker.onTodo((todo) => {
      if (todo.kind === 'withdraw') {
        this.#raced?.();
        this.#raced = null;
        this.#todos.delete(todo.order.orderId);
        broker.close(todo.order.orderId, 'withdrawn');
        return;
      }
      this.#todos.set(todo.order.orderId, todo);
      this.#look();
    });
  }

  /** Before the next wish to withdraw is read the order fills. */
  race(run: () => void): void {
    this.#raced = run;
  }

  quote(bid: number, ask: number, size: number): void {
    this.#bid = bid;
    this.#ask = ask;
    this.#size = size;
    this.#look();
  }

  #look(): void {
    for (const { order } of [...this.#todos.values()]) {
      const price = order.side === 'buy' ? this.#ask : this.#bid;
      const limit = order.limitPrice ?? (order.side === 'buy' ? Number.POSITIVE_INFINITY : 0);
      const isGood = order.side === 'buy' ? price <= limit : price >= limit;
      if (isGood && price > 0) this.#fill(order.orderId, order.quantity, price);
    }
  }

  #fill(orderId: string, wanted: number, price: number): void {
    const done = this.#done.get(orderId) ?? 0;
    const quantity = Math.min(wanted - done, this.#size);
    if (quantity <= 0) return;
    this.#size -= quantity;
    this.#done.set(orderId, done + quantity);
    if (done + quantity >= wanted) this.#todos.delete(orderId);
    this.#broker.report({ orderId, quantity, price, feesMinor: 0, at: CLOCK.now() });
  }
}

function brokerByHand(): Broker & ManualControls {
  return createManualBroker({
    accountId: 'by-hand',
    environment: 'paper',
    clock: CLOCK,
    sellableAfterDays: 0,
  });
}

function harnessOf(broker: Broker & ManualControls, person: Person): BrokerHarness {
  const reports: BrokerReport[] = [];
  broker.onReport((report) => void reports.push(report));
  const unsupported = (): never => {
    throw new Error('a person cannot be made to do this');
  };
  return {
    broker,
    reports,
    changes: [],
    settle: (call) => call,
    until: eventually,
    quiet: () => pause(20),
    quote: (bid, ask, size = 1_000) => person.quote(bid, ask, size),
    failNext: unsupported,
    fillBefore: (_call, bid, ask) => person.race(() => person.quote(bid, ask, 1_000)),
    line: null,
    enterElsewhere: unsupported,
    // as a start does it: standing orders come from the desk's log, the account is attested anew
    async restart() {
      const next = brokerByHand();
      next.restore(await broker.openOrders());
      next.attest({ holdings: await broker.positions(), cashMinor: await broker.cashMinor() });
      await broker.stop();
      person.serve(next);
      return harnessOf(next, person);
    },
    close: () => broker.stop(),
  };
}

const ONE_ORDER = 'it has no brackets and no pairs: a person enters one order at a time';
const NO_LINE = 'it has no connection that could be lost';
const TOLD = 'its calls cannot be lost: the person was asked the moment one returns';
const NO_REPLACE = 'it has no change of a price: the order is withdrawn and asked for anew';
const NO_STOPS = 'it has no stop orders: the desk watches the price and asks for a sale';
const NO_RESTART = 'orders that ended are known by the desk’s log alone, which asks for none twice';

/** The person as the broker, played by a rule. */
export const manualUnderTest: BrokerUnderTest = {
  name: 'manual',
  createHarness: async () => {
    const broker = brokerByHand();
    broker.attest({ holdings: [], cashMinor: CONTRACT_CASH_MINOR });
    return harnessOf(broker, new Person(broker));
  },
  without: {
    'refuses the id of a bracket child that is known': ONE_ORDER,
    'changes the price of a working order under the same id': NO_REPLACE,
    'an order whose price was changed can be canceled': NO_REPLACE,
    'a fill that wins the race against a replace is a fill': NO_REPLACE,
    'a refusal is a report with its reason, and nothing works':
      'a person who enters nothing says so, and the order ends as canceled',
    'a call that never arrives is settled by asking: not known': TOLD,
    'an order whose answer is lost is found by asking, once': TOLD,
    'a connection that breaks before the order is read makes none': NO_LINE,
    'a cancel whose answer is lost has taken effect': TOLD,
    'a cancel that never arrives leaves the order working': TOLD,
    'holds bracket children until the entry has filled whole': ONE_ORDER,
    'a stop that is reached sells and takes its target away': ONE_ORDER,
    'a bracket with a stop alone protects as well': ONE_ORDER,
    'children go with a canceled entry, filled in part or not': ONE_ORDER,
    'the stop of a bracket can be moved and keeps its id': ONE_ORDER,
    'a stop and a target leave as a pair, one cancels the other': ONE_ORDER,
    'a stop by itself sells once it is reached': NO_STOPS,
    'a stop-limit order rests at its limit once triggered': NO_STOPS,
    'a trailing stop follows the price': NO_STOPS,
    'orders entered elsewhere are seen with their holdings':
      'it cannot see orders entered elsewhere; what they lead to is attested',
    'another process finds the orders again and goes on': ONE_ORDER,
    'an exit that another process sent is no second one under its id': NO_RESTART,
    'a moved stop is found again by another process': ONE_ORDER,
    'lists what was executed since an instant, after a restart too':
      'executions of an earlier process are known by the desk’s log alone',
    'a lost connection is told, and its return': NO_LINE,
    'what fills while the connection is lost is told after it': NO_LINE,
    'a query without a connection fails instead of saying that nothing is there': NO_LINE,
    'cancels all orders at once, protection and foreign ones too': ONE_ORDER,
    'leaves everything: no order, no position, said one by one': ONE_ORDER,
    'gives each report an id of its own': ONE_ORDER,
  },
};
