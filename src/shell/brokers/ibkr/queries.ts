import { type Contract, EventName, type IBApi } from '@stoqey/ib';
import type { BrokerPosition, Clock } from '#app/ports.ts';
import { instrumentOf } from '#shell/lib/ibkr/contract.ts';
import type { IbkrGateway } from '#shell/lib/ibkr/gateway.ts';
import { type CashRow, cashOf, faultOfPosition, newestOf } from './account-rows.ts';
import { Listing } from './listing.ts';

/** The library's names of the messages that list. */
export type SpoiledMessage = 'OPEN_ORDER' | 'COMPLETED_ORDER' | 'EXECUTION_DATA';

export type QueryDeps = {
  readonly gateway: IbkrGateway;
  readonly clock: Clock;
  readonly brokerAccount: string;
  readonly onSkipped: (what: string) => void;
};

export type Queries = {
  /** Resolves when the gateway has listed every open order of the account (as `openOrder` events). */
  openOrders(): Promise<void>;
  /** Resolves when the orders that ended were listed (as `completedOrder` events). */
  completedOrders(): Promise<void>;
  /** Resolves when the day's executions were listed (as `execDetails` events). */
  executions(): Promise<void>;
  positions(): Promise<BrokerPosition[]>;
  cashMinor(): Promise<number>;
  /** A row of the orders or executions being listed that cannot be read. */
  spoil(message: SpoiledMessage, fault: string): void;
  attach(api: IBApi): void;
  failAll(found: string): void;
};

/** Source: the client library's decoder. */
const CUT_SHORT = /^Underrun error on ([A-Z_]+):/;

/** The questions of one account. `onSkipped` names holdings that are no US stocks. */
export function createQueries(deps: QueryDeps): Queries {
  return new AccountQueries(deps);
}

class AccountQueries implements Queries {
  readonly #deps: QueryDeps;
  readonly #orders: Listing<never>;
  readonly #completed: Listing<never>;
  readonly #executions: Listing<never>;
  readonly #positions: Listing<BrokerPosition>;
  readonly #cash: Listing<CashRow>;
  /** By the library's name of the message that brings a row. */
  readonly #byMessage: ReadonlyMap<string, Pick<Listing<never>, 'clear' | 'fail' | 'spoil'>>;
  #executionsId = 0;
  #summaryId = 0;

  constructor(deps: QueryDeps) {
    this.#deps = deps;
    const ask = (write: (api: IBApi) => void) => () => deps.gateway.send('normal', write);
    this.#orders = new Listing(
      'open orders',
      deps,
      ask((api) => api.reqAllOpenOrders()),
    );
    this.#completed = new Listing(
      'completed orders',
      deps,
      ask((api) => api.reqCompletedOrders(false)),
    );
    this.#executions = new Listing('executions', deps, () => this.#askExecutions());
    this.#positions = new Listing(
      'positions',
      deps,
      ask((api) => api.reqPositions()),
    );
    this.#cash = new Listing('cash', deps, () => this.#askCash());
    this.#byMessage = new Map<string, Pick<Listing<never>, 'clear' | 'fail' | 'spoil'>>([
      ['OPEN_ORDER', this.#orders],
      ['COMPLETED_ORDER', this.#completed],
      ['EXECUTION_DATA', this.#executions],
      ['POSITION', this.#positions],
      ['ACCOUNT_SUMMARY', this.#cash],
    ]);
  }

  openOrders = async (): Promise<void> => void (await this.#orders.rows());
  completedOrders = async (): Promise<void> => void (await this.#completed.rows());
  executions = async (): Promise<void> => void (await this.#executions.rows());
  positions = async (): Promise<BrokerPosition[]> => newestOf(await this.#positions.rows());
  cashMinor = async (): Promise<number> => cashOf(await this.#cash.rows());

  spoil(message: SpoiledMessage, fault: string): void {
    this.#byMessage.get(message)?.spoil(fault);
  }

  attach(api: IBApi): void {
    for (const listing of this.#byMessage.values()) listing.clear();
    api.on(EventName.openOrderEnd, () => this.#orders.end());
    api.on(EventName.completedOrdersEnd, () => this.#completed.end());
    api.on(EventName.execDetailsEnd, (id) => {
      if (id === this.#executionsId) this.#executions.end();
    });
    api.on(EventName.position, (...row) => this.#onPosition(...row));
    api.on(EventName.positionEnd, () => {
      this.#positions.end();
      this.#done((current) => current.cancelPositions());
    });
    api.on(EventName.accountSummary, (id, account, tag, value, currency) => {
      if (id === this.#summaryId && account === this.#deps.brokerAccount)
        this.#cash.add({ tag, value: String(value), currency });
    });
    api.on(EventName.accountSummaryEnd, (id) => {
      if (id !== this.#summaryId) return;
      this.#cash.end();
      this.#done((current) => current.cancelAccountSummary(id));
    });
    api.on(EventName.error, (error, code, id) => {
      // the library drops a message that ends too early, and says so here alone
      const message = CUT_SHORT.exec(error.message)?.[1] ?? '';
      this.#byMessage.get(message)?.spoil(`found ${message} cut short, expected all of its fields`);
      const found = `${String(code)} ${error.message}`;
      if (id === this.#executionsId) this.#executions.fail(found, 'refused');
      if (id === this.#summaryId) this.#cash.fail(found, 'refused');
    });
  }

  failAll(found: string): void {
    for (const listing of this.#byMessage.values()) listing.fail(found);
  }

  #onPosition(account: string, contract: Contract, quantity: number, averageCost?: number): void {
    const fault = faultOfPosition(account, contract, quantity, averageCost);
    if (fault !== null) return this.#positions.spoil(fault);
    if (account !== this.#deps.brokerAccount) return;
    const instrument = instrumentOf(contract);
    if (instrument === null)
      return this.#deps.onSkipped(`position in ${contract.secType} ${contract.symbol}`);
    const averagePrice = averageCost ?? 0;
    this.#positions.add({ instrument, quantity, sellableQuantity: quantity, averagePrice });
  }

  #askExecutions(): Promise<void> {
    const id = this.#deps.gateway.takeRequestId();
    this.#executionsId = id;
    this.#executions.clear();
    return this.#deps.gateway.send('normal', (api) => api.reqExecutions(id, {}));
  }

  #askCash(): Promise<void> {
    const id = this.#deps.gateway.takeRequestId();
    this.#summaryId = id;
    this.#cash.clear();
    const tags = '$LEDGER:USD';
    return this.#deps.gateway.send('normal', (api) => api.reqAccountSummary(id, 'All', tags));
  }

  #done(write: (api: IBApi) => void): void {
    this.#deps.gateway.send('normal', write).catch(() => undefined);
  }
}
