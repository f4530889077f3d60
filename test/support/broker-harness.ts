import assert from 'node:assert/strict';
import type { BrokerError } from '#app/errors.ts';
import type { Broker, BrokerReport, ConnectionChange, OrderRequest } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/*
 * What the contract suite of the Broker port needs of an adapter: a broker, and the other side of it.
 *
 * To join: write `test/support/<name>-contract.ts` that exports a `BrokerUnderTest`, and add it to
 * the list in test/support/brokers-under-test.ts. The account starts with 100,000 dollars and nothing
 * held; the market stands still until `quote` moves it. The other side fills a marketable limit at
 * the far side of the quote, at most its size, a resting limit once the far side reaches it, a sell
 * stop once the bid reaches it. A case that an adapter cannot have is named in `without`.
 */

export const CONTRACT_INSTRUMENT: InstrumentId = 'QQQM.US';
export const CONTRACT_CASH_MINOR = 10_000_000;

/**
 * What becomes of the next call: `timeout` it never arrives and nobody answers; `lost_ack` it takes
 * effect and the answer is lost; `disconnect` the connection breaks before it is read; `reject` the
 * broker says no.
 */
export type BrokerFault = 'timeout' | 'lost_ack' | 'disconnect' | 'reject';

export interface BrokerHarness {
  readonly broker: Broker;
  /** Everything reported so far, oldest first. */
  readonly reports: readonly BrokerReport[];
  readonly changes: readonly ConnectionChange[];
  /** Lets a call come to its end; on a virtual clock it moves the time. */
  settle<T>(call: Promise<T>): Promise<T>;
  /** Waits until `holds`; fails after a while. */
  until(holds: () => boolean | Promise<boolean>): Promise<void>;
  /** Waits until all the other side has said so far was taken in. */
  quiet(): Promise<void>;
  /** The market shows a quote of CONTRACT_INSTRUMENT. */
  quote(bid: number, ask: number, size?: number): void;
  failNext(fault: BrokerFault, call: 'submit' | 'cancel' | 'replace'): void;
  /** Lets the order's fill happen before the next cancel or replace is looked at, at this quote. */
  fillBefore(call: 'cancel' | 'replace', bid: number, ask: number): void;
  /** Breaks what connects the two; nothing gets through before `mend`. Null: there is no connection. */
  readonly line: { cut(): void; mend(): void } | null;
  /** Somebody enters an order in another program on the same account; answers the id it is known by. */
  enterElsewhere(order: OrderRequest): Promise<string>;
  /** Another process takes over the same account: the old broker stops, a new one starts. */
  restart(): Promise<BrokerHarness>;
  close(): Promise<void>;
}

export type BrokerUnderTest = {
  readonly name: string;
  createHarness(): Promise<BrokerHarness>;
  /** Cases this broker cannot have, by name, with the reason. */
  readonly without: Readonly<Record<string, string>>;
};

/** An order of ten shares at 100 limit, day, unless `fields` say otherwise. */
export function contractOrder(fields: Partial<OrderRequest> & { orderId: string }): OrderRequest {
  const { type = 'limit' } = fields;
  return {
    instrument: CONTRACT_INSTRUMENT,
    side: 'buy',
    type,
    quantity: 10,
    limitPrice: type === 'limit' || type === 'stop_limit' ? 100 : null,
    stopPrice: null,
    bracket: null,
    ocoGroup: null,
    pair: null,
    trailOffset: null,
    timeInForce: 'day',
    isExtendedHours: false,
    ...fields,
  };
}

/** Kinds of the reports of an order, oldest first. */
export function kindsOf(harness: BrokerHarness, orderId: string): string[] {
  return harness.reports.filter((one) => one.orderId === orderId).map((one) => one.kind);
}

/** True when a report of that kind came for the order. */
export function wasTold(harness: BrokerHarness, orderId: string, kind: string): boolean {
  return kindsOf(harness, orderId).includes(kind);
}

/** Submits and waits for the first word about the order. */
export async function place(harness: BrokerHarness, order: OrderRequest): Promise<void> {
  await harness.settle(harness.broker.submit(order));
  await harness.until(() => kindsOf(harness, order.orderId).length > 0);
}

/** The code with which a call fails; asserts that it does. */
export async function failureOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return (error as BrokerError).code;
  }
  return assert.fail('the call succeeded, expected a BrokerError');
}
