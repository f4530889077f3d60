import { EventName, type IBApi } from '@stoqey/ib';
import { BrokerError } from '#app/errors.ts';
import type { BrokerPosition, Clock } from '#app/ports.ts';
import { instrumentOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';

type Waiting<T> = { readonly resolve: (value: T) => void; readonly reject: (error: Error) => void };

/** One listing after the other: the vendor's answers to these do not say which question they answer. */
class Listing<T> {
  #underWay: Promise<T[]> | null = null;
  #rows: T[] = [];
  #waiting: Waiting<T[]> | null = null;
  readonly #ask: () => Promise<void>;
  readonly #name: string;
  readonly #deps: { readonly clock: Clock; readonly gateway: IbkrGateway };

  constructor(
    name: string,
    deps: { clock: Clock; gateway: IbkrGateway },
    ask: () => Promise<void>,
  ) {
    this.#name = name;
    this.#deps = deps;
    this.#ask = ask;
  }

  add(row: T): void {
    if (this.#waiting !== null) this.#rows.push(row);
  }

  end(): void {
    this.#waiting?.resolve(this.#rows);
    this.#waiting = null;
  }

  /** A failed query is never an empty answer. */
  fail(found: string, code = 'disconnected'): void {
    const message = `ibkr ${this.#name}: found ${found}, expected a complete answer`;
    this.#waiting?.reject(new BrokerError(message, { code, retryable: true }));
    this.#waiting = null;
  }

  /** Callers who ask while an answer is under way share the next whole one, never half of this. */
  async rows(): Promise<T[]> {
    while (this.#underWay !== null) await this.#underWay.catch(() => undefined);
    this.#underWay = this.#run();
    try {
      return await this.#underWay;
    } finally {
      this.#underWay = null;
    }
  }

  async #run(): Promise<T[]> {
    const { clock, gateway } = this.#deps;
    this.#rows = [];
    const answer = new Promise<T[]>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    answer.catch(() => undefined);
    const limitMs = gateway.answerTimeoutMs();
    const timer = clock.at(clock.now() + limitMs, () =>
      this.fail(`no end within ${limitMs} ms`, 'timeout'),
    );
    try {
      await this.#ask();
      return await answer;
    } finally {
      timer.cancel();
      this.#waiting = null;
    }
  }
}

type CashRow = { readonly tag: string; readonly value: number; readonly currency: string };

export type Queries = {
  /** Resolves when the gateway has listed every open order of the account (as `openOrder` events). */
  openOrders(): Promise<void>;
  /** Resolves when the orders that ended were listed (as `completedOrder` events). */
  completedOrders(): Promise<void>;
  /** Resolves when the day's executions were listed (as `execDetails` events). */
  executions(): Promise<void>;
  positions(): Promise<BrokerPosition[]>;
  cashMinor(): Promise<number>;
  attach(api: IBApi): void;
  failAll(found: string): void;
};

/** Cash of the account in US dollars; the ledger knows it under either name. */
const CASH_TAGS = ['CashBalance', 'TotalCashBalance'] as const;

/** The questions of one account. `onSkipped` names holdings that are no US stocks. */
export function createQueries(deps: {
  readonly gateway: IbkrGateway;
  readonly clock: Clock;
  readonly brokerAccount: string;
  readonly onSkipped: (what: string) => void;
}): Queries {
  const { gateway, brokerAccount } = deps;
  const orders = new Listing<never>('open orders', deps, () =>
    gateway.send('normal', (api) => api.reqAllOpenOrders()),
  );
  const completed = new Listing<never>('completed orders', deps, () =>
    gateway.send('normal', (api) => api.reqCompletedOrders(false)),
  );
  let executionsId = 0;
  const executions = new Listing<never>('executions', deps, () => {
    executionsId = gateway.takeRequestId();
    return gateway.send('normal', (api) => api.reqExecutions(executionsId, {}));
  });
  const positions = new Listing<BrokerPosition>('positions', deps, () =>
    gateway.send('normal', (api) => api.reqPositions()),
  );
  let summaryId = 0;
  const cash = new Listing<CashRow>('cash', deps, () => {
    summaryId = gateway.takeRequestId();
    return gateway.send('normal', (api) => api.reqAccountSummary(summaryId, 'All', '$LEDGER:USD'));
  });
  const done = (write: (api: IBApi) => void): void =>
    void gateway.send('normal', write).catch(() => undefined);
  const attach = (api: IBApi): void => {
    api.on(EventName.openOrderEnd, () => orders.end());
    api.on(EventName.completedOrdersEnd, () => completed.end());
    api.on(EventName.execDetailsEnd, (id) => {
      if (id === executionsId) executions.end();
    });
    api.on(EventName.position, (account, contract, quantity, averageCost) => {
      if (account !== brokerAccount || quantity === 0) return;
      const instrument = instrumentOf(contract);
      if (instrument === null) {
        deps.onSkipped(`position in ${contract.secType ?? '?'} ${contract.symbol ?? '?'}`);
        return;
      }
      const averagePrice = averageCost ?? 0;
      positions.add({ instrument, quantity, sellableQuantity: quantity, averagePrice });
    });
    api.on(EventName.positionEnd, () => {
      positions.end();
      done((current) => current.cancelPositions());
    });
    api.on(EventName.accountSummary, (id, account, tag, value, currency) => {
      if (id === summaryId && account === brokerAccount)
        cash.add({ tag, value: Number(value), currency });
    });
    api.on(EventName.accountSummaryEnd, (id) => {
      if (id !== summaryId) return;
      cash.end();
      done((current) => current.cancelAccountSummary(id));
    });
    api.on(EventName.error, (error, code, id) => {
      const found = `${String(code)} ${error.message}`;
      if (id === executionsId) executions.fail(found, 'refused');
      if (id === summaryId) cash.fail(found, 'refused');
    });
  };
  return {
    openOrders: async () => void (await orders.rows()),
    completedOrders: async () => void (await completed.rows()),
    executions: async () => void (await executions.rows()),
    positions: () => positions.rows(),
    cashMinor: async () => cashOf(await cash.rows()),
    attach,
    failAll: (found) => {
      for (const listing of [orders, completed, executions, positions, cash]) listing.fail(found);
    },
  };
}

function cashOf(rows: readonly CashRow[]): number {
  for (const tag of CASH_TAGS) {
    const row = rows.find((found) => found.tag === tag && found.currency === 'USD');
    if (row !== undefined && Number.isFinite(row.value)) return Math.round(row.value * 100);
  }
  throw new BrokerError(`ibkr cash: found ${rows.length} rows, expected CashBalance in USD`, {
    code: 'unreadable',
    retryable: true,
  });
}
