import { z } from 'zod';
import type { AlpacaAnswer, AlpacaRest, Query } from '#shell/lib/alpaca/rest.ts';
import type { BudgetLane } from '#shell/lib/rate-budget.ts';
import {
  CHARGE_TYPES,
  type WireOrder,
  wireAsset,
  wireCancels,
  wireCharges,
  wireClosings,
  wireFills,
  wireOrder,
  wireOrders,
  wirePositions,
} from './wire.ts';

/** Most orders of one page. Source: the vendor's order listing. */
const ORDERS_A_PAGE = 500;
/** Most activities of one page. Source: the vendor's activities. */
const FILLS_A_PAGE = 100;
/** A listing longer than this many pages has gone round in circles. */
const MOST_PAGES = 200;

type Listing = {
  readonly status: 'open' | 'all';
  readonly after?: number;
  readonly symbol?: string;
};

/** The calls of the trading host, one method a call. Throws BrokerError. */
export class TradingApi {
  readonly #rest: AlpacaRest;

  constructor(rest: AlpacaRest) {
    this.#rest = rest;
  }

  asset(symbol: string): Promise<AlpacaAnswer<z.infer<typeof wireAsset>>> {
    const path = `/v2/assets/${encodeURIComponent(symbol)}`;
    return this.#rest.call({ method: 'GET', path, lane: 'poll', answer: wireAsset });
  }

  /** With its legs. */
  async orderById(id: string, lane: BudgetLane = 'order'): Promise<AlpacaAnswer<WireOrder>> {
    const path = orderPath(id);
    const query = { nested: true };
    const answer = await this.#rest.call({ method: 'GET', path, query, lane, answer: wireOrder });
    return this.#about(answer, 'id', id, `GET ${path}`);
  }

  /** Without its legs. */
  async orderByClientId(
    clientOrderId: string,
    lane: BudgetLane = 'order',
  ): Promise<AlpacaAnswer<WireOrder>> {
    const path = '/v2/orders:by_client_order_id';
    const query = { client_order_id: clientOrderId };
    const answer = await this.#rest.call({ method: 'GET', path, query, lane, answer: wireOrder });
    return this.#about(answer, 'client_order_id', clientOrderId, `GET ${path}`);
  }

  /** Groups come as one order with its legs, newest first, page by page to the end. */
  async orders(
    { status, after, symbol }: Listing,
    lane: BudgetLane = 'poll',
  ): Promise<WireOrder[]> {
    const orders: WireOrder[] = [];
    let before: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const since = after === undefined ? undefined : new Date(after).toISOString();
      const query = {
        status,
        nested: true,
        limit: ORDERS_A_PAGE,
        direction: 'desc',
        symbols: symbol,
        // the cursor and a time span exclude each other
        ...(before === undefined ? { after: since } : { before_order_id: before }),
      };
      const rows = await this.#ask('GET', '/v2/orders', lane, wireOrders, query);
      const wanted =
        after === undefined ? rows : rows.filter((row) => (row.submitted_at ?? after) >= after);
      orders.push(...wanted);
      before = rows.at(-1)?.id;
      if (rows.length < ORDERS_A_PAGE || wanted.length < rows.length) return orders;
    }
    throw this.#endless('/v2/orders');
  }

  /** Unsent when there is no room in the budget within that time. */
  async submit(
    body: { readonly client_order_id: string },
    withinMs?: number,
  ): Promise<AlpacaAnswer<WireOrder>> {
    const path = '/v2/orders';
    const limit = withinMs === undefined ? {} : { withinMs };
    const call = { method: 'POST', path, body, lane: 'order', answer: wireOrder } as const;
    const answer = await this.#rest.call({ ...call, ...limit });
    return this.#about(answer, 'client_order_id', body.client_order_id, `POST ${path}`);
  }

  /** Answers the order that is to take the place of this one. */
  replace(id: string, body: unknown): Promise<AlpacaAnswer<WireOrder>> {
    const path = orderPath(id);
    return this.#rest.call({ method: 'PATCH', path, body, lane: 'order', answer: wireOrder });
  }

  cancel(id: string): Promise<AlpacaAnswer<unknown>> {
    const path = orderPath(id);
    return this.#rest.call({ method: 'DELETE', path, lane: 'urgent', answer: z.unknown() });
  }

  cancelAll(): Promise<z.infer<typeof wireCancels>> {
    return this.#ask('DELETE', '/v2/orders', 'urgent', wireCancels);
  }

  positions(lane: BudgetLane = 'poll'): Promise<z.infer<typeof wirePositions>> {
    return this.#ask('GET', '/v2/positions', lane, wirePositions);
  }

  /** Cancels every order and closes every position, in one request. */
  closeAll(): Promise<z.infer<typeof wireClosings>> {
    return this.#ask('DELETE', '/v2/positions', 'urgent', wireClosings, { cancel_orders: true });
  }

  /** Executions at or after an instant, oldest first. */
  async fills(sinceAt: number): Promise<z.infer<typeof wireFills>> {
    const path = '/v2/account/activities/FILL';
    const fills: z.infer<typeof wireFills> = [];
    // exclusive there; what is too old is dropped below
    const after = sinceAt <= 0 ? undefined : new Date(sinceAt - 1_000).toISOString();
    let token: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = { after, direction: 'asc', page_size: FILLS_A_PAGE, page_token: token };
      const rows = await this.#ask('GET', path, 'poll', wireFills, query);
      fills.push(...rows.filter((row) => row.transaction_time >= sinceAt));
      token = rows.at(-1)?.id;
      if (rows.length < FILLS_A_PAGE || token === undefined) return fills;
    }
    throw this.#endless(path);
  }

  /** Fees and interest since an instant, oldest first; what was canceled moved no money. */
  async charges(sinceAt: number): Promise<z.infer<typeof wireCharges>> {
    const path = '/v2/account/activities';
    const charges: z.infer<typeof wireCharges> = [];
    const span = { activity_types: CHARGE_TYPES.join(','), after: new Date(sinceAt).toISOString() };
    let token: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = { ...span, direction: 'asc', page_size: FILLS_A_PAGE, page_token: token };
      const rows = await this.#ask('GET', path, 'poll', wireCharges, query);
      charges.push(...rows.filter(({ status }) => status !== 'canceled'));
      token = rows.at(-1)?.id;
      if (rows.length < FILLS_A_PAGE || token === undefined) return charges;
    }
    throw this.#endless(path);
  }

  #ask<T>(
    method: 'GET' | 'DELETE',
    path: string,
    lane: BudgetLane,
    answer: z.ZodType<T>,
    query: Query = {},
  ): Promise<T> {
    return this.#rest.ask({ method, path, lane, answer, query });
  }

  /** An answer about another order says nothing about this one. */
  #about(
    answer: AlpacaAnswer<WireOrder>,
    field: 'client_order_id' | 'id',
    wanted: string,
    place: string,
  ): AlpacaAnswer<WireOrder> {
    if (answer.kind === 'refused' || answer.data[field] === wanted) return answer;
    const text = `${field}: found ${answer.data[field]}, expected ${wanted}`;
    throw this.#rest.failure(place, text, { code: 'unreadable', retryable: false });
  }

  #endless(path: string): Error {
    const text = `found over ${MOST_PAGES} pages, expected an end`;
    return this.#rest.failure(`GET ${path}`, text, { code: 'unreadable', retryable: false });
  }
}

function orderPath(id: string): string {
  return `/v2/orders/${encodeURIComponent(id)}`;
}
