import type { Event } from '#core/engine/event.ts';
import type { DeskState, Trade, Verdict } from '#core/engine/state.ts';
import type { Order } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';

/** What a run came to, as `--json` prints it. Money in whole currency units, instants ISO 8601. */
export type RunResult = {
  readonly runId: string;
  readonly days: number;
  readonly verdicts: readonly {
    desk: string;
    tradingDay: string;
    /** `close` for the day, else the wall time it was judged at. */
    checkpoint: string;
    kind: string;
    reasons: Verdict['reasons'];
  }[];
  readonly tickets: readonly Record<string, unknown>[];
  readonly orders: readonly Record<string, unknown>[];
  readonly fills: readonly Record<string, unknown>[];
  readonly trades: readonly Record<string, unknown>[];
  readonly resultR: number;
  readonly resultMoney: number;
  readonly messages: number;
  readonly startupMs: number;
};

/** Gathers the events of a run for its result. */
export type ResultCollector = {
  onEvents(deskId: string, events: readonly Event[], state: DeskState): void;
  result(extra: { runId: string; messages: number; startupMs: number }): RunResult;
};

function iso(at: number): string {
  return new Date(at).toISOString();
}

function ticketRow(deskId: string, ticket: Ticket): Record<string, unknown> {
  return {
    id: ticket.id,
    code: ticket.code,
    desk: deskId,
    symbol: ticket.instrument,
    side: ticket.side,
    state: ticket.state,
    reason: ticket.closed?.reason?.code ?? null,
    quantity: ticket.quantity,
    entryLimit: ticket.entryLimit,
    stop: ticket.stop,
    firstTarget: ticket.firstTarget,
    riskMoney: ticket.riskMinor / 100,
    costR: ticket.costR,
    dayType: ticket.dayType,
    createdAt: iso(ticket.createdAt),
    closedAt: ticket.closed === null ? null : iso(ticket.closed.at),
  };
}

function tradeRow(trade: Trade): Record<string, unknown> {
  return {
    ticket: trade.ticketId,
    symbol: trade.instrument,
    quantity: trade.quantity,
    entryPrice: trade.entryPrice,
    exitPrice: trade.exitPrice,
    exitReason: trade.exitReason,
    feesMoney: trade.feesMinor / 100,
    pnlMoney: trade.pnlMinor / 100,
    resultR: trade.resultR,
    openedAt: iso(trade.openedAt),
    closedAt: iso(trade.closedAt),
  };
}

function orderRow(order: Order): Record<string, unknown> {
  const { orderId, role, side, quantity, filledQuantity, averagePrice, limitPrice, stopPrice } =
    order;
  const symbol = order.instrument;
  const { state } = order;
  return {
    orderId,
    symbol,
    role,
    side,
    quantity,
    filledQuantity,
    averagePrice,
    limitPrice,
    stopPrice,
    state,
  };
}

function fillRow(
  event: Extract<Event, { type: 'order_filled' }>,
  order: Order | undefined,
): Record<string, unknown> {
  return {
    orderId: event.orderId,
    symbol: order?.instrument ?? '',
    side: order?.side ?? '',
    role: order?.role ?? '',
    quantity: event.quantity,
    price: event.price,
    feesMoney: event.feesMinor / 100,
    at: iso(event.at),
  };
}

type VerdictRow = RunResult['verdicts'][number];

/** Starts an empty collection. */
export function createResultCollector(): ResultCollector {
  const verdicts: VerdictRow[] = [];
  const tickets = new Map<string, Record<string, unknown>>();
  const orders = new Map<string, Record<string, unknown>>();
  const fills: Record<string, unknown>[] = [];
  const trades: Trade[] = [];
  const sessions = new Set<string>();
  const take = (deskId: string, event: Event, state: DeskState): void => {
    if (event.type === 'session_planned') sessions.add(event.session.tradingDay);
    if (event.type === 'verdict_declared') {
      const { tradingDay, checkpoint, kind, reasons } = event.verdict;
      verdicts.push({ desk: deskId, tradingDay, checkpoint, kind, reasons });
    }
    if (event.type === 'trade_closed') trades.push(event.trade);
    if (event.type === 'order_filled') fills.push(fillRow(event, state.orders[event.orderId]));
  };
  return {
    onEvents(deskId, events, state) {
      for (const event of events) take(deskId, event, state);
      for (const ticket of Object.values(state.tickets)) {
        tickets.set(ticket.id, ticketRow(deskId, ticket));
      }
      for (const order of Object.values(state.orders)) orders.set(order.orderId, orderRow(order));
    },
    result: ({ runId, messages, startupMs }) => ({
      runId,
      days: sessions.size,
      verdicts,
      tickets: [...tickets.values()],
      orders: [...orders.values()],
      fills,
      trades: trades.map(tradeRow),
      resultR: trades.reduce((sum, trade) => sum + trade.resultR, 0),
      resultMoney: trades.reduce((sum, trade) => sum + trade.pnlMinor, 0) / 100,
      messages,
      startupMs,
    }),
  };
}
