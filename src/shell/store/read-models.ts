import type { EventLog, StoredEvent } from '#app/ports.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { DeskState, Trade } from '#core/engine/state.ts';
import type { Order } from '#core/machines/order.ts';
import { encodeJson } from './event-codec.ts';
import type { Caller, Sql } from './sql-client.ts';

type Signal = { version: number; event: Extract<Event, { type: 'signal_raised' }> };

/** What a desk's events say, as rows: the fold is the engine's own, nothing is computed twice. */
type Folded = {
  state: DeskState;
  readonly orders: Map<string, Order>;
  readonly trades: Trade[];
  readonly signals: Signal[];
  feesMinor: number;
  updatedAt: number;
};

/** Rows of each read model that a rebuild wrote. */
export type ReadModelCounts = Readonly<
  Record<'accounts' | 'positions' | 'trades' | 'signals' | 'intents', number>
>;

function fold(stored: readonly StoredEvent[]): Folded {
  const folded: Folded = {
    state: initialState({ deskId: '', mode: 'alert' }),
    orders: new Map(),
    trades: [],
    signals: [],
    feesMinor: 0,
    updatedAt: 0,
  };
  for (const { type, data, version } of stored) {
    const event = { type, ...(data as object) } as Event;
    folded.state = evolve(folded.state, event);
    // the state forgets ended orders with their day
    for (const order of Object.values(folded.state.orders)) folded.orders.set(order.orderId, order);
    if (event.type === 'trade_closed') folded.trades.push(event.trade);
    if (event.type === 'signal_raised') folded.signals.push({ version, event });
    if (event.type === 'order_filled') folded.feesMinor += event.feesMinor;
    folded.updatedAt = event.at;
  }
  return folded;
}

function accountRow({ state, trades, feesMinor, updatedAt }: Folded, market: string | null) {
  return {
    desk_id: state.deskId,
    currency: market === 'CN' ? 'CNY' : 'USD',
    cash_minor: state.cashMinor,
    fees_minor: feesMinor,
    realized_minor: trades.reduce((sum, trade) => sum + trade.pnlMinor, 0),
    updated_at: updatedAt,
  };
}

function positionRows({ state }: Folded) {
  return Object.values(state.positions).map((position) => ({
    instrument: position.instrument,
    ticket_id: position.ticketId,
    side: position.side,
    quantity: position.quantity,
    entry_price: position.entryPrice,
    stop: position.stop,
    fees_minor: position.feesMinor,
    opened_at: position.openedAt,
  }));
}

function tradeRows({ trades }: Folded) {
  return trades.map((trade) => ({
    ticket_id: trade.ticketId,
    code: trade.code,
    instrument: trade.instrument,
    side: trade.side,
    quantity: trade.quantity,
    entry_price: trade.entryPrice,
    exit_price: trade.exitPrice,
    stop: trade.stop,
    fees_minor: trade.feesMinor,
    pnl_minor: trade.pnlMinor,
    risk_minor: trade.riskMinor,
    result_r: trade.resultR,
    exit_reason: trade.exitReason,
    opened_at: trade.openedAt,
    closed_at: trade.closedAt,
  }));
}

function signalRows({ signals }: Folded) {
  return signals.map(({ version, event: { signal, at, inputHash } }) => ({
    version,
    strategy: signal.strategy,
    instrument: signal.instrument,
    side: signal.side,
    reference_price: signal.referencePrice,
    stop: signal.stop,
    raised_at: at,
    input_hash: inputHash,
  }));
}

function intentRows({ orders }: Folded) {
  return [...orders.values()].map((order) => ({
    order_id: order.orderId,
    ticket_id: order.ticketId,
    role: order.role,
    instrument: order.instrument,
    side: order.side,
    state: order.state,
    quantity: order.quantity,
    filled_quantity: order.filledQuantity,
    average_price: order.averagePrice,
    fees_minor: order.feesMinor,
    intended_at: order.intendedAt,
    updated_at: order.updatedAt,
  }));
}

/** Replaces a stream's rows of one table; instants arrive as milliseconds. */
async function replaceRows(tx: Sql, table: string, stream: string, rows: readonly object[]) {
  await tx`delete from ${tx(table)} where stream = ${stream}`;
  const instants = rows.map((row) =>
    Object.fromEntries(
      Object.entries<unknown>({ stream, ...row }).map(([name, value]) => [
        name,
        name.endsWith('_at') ? new Date(value as number).toISOString() : value,
      ]),
    ),
  );
  const { count } = await tx`
    insert into ${tx(table)} select * from json_populate_recordset(
      null::${tx(table)}, ${encodeJson(instants)}::text::json)`;
  return count;
}

/**
 * Rebuilds the account, positions, trades, signals and intents of one desk's stream from its
 * events, in one transaction. Safe at any time and any number of times.
 */
export async function rebuildReadModels(
  db: Caller,
  log: EventLog,
  stream: string,
): Promise<ReadModelCounts> {
  const stored = await log.read(stream);
  const folded = fold(stored);
  const account = stored.length === 0 ? [] : [accountRow(folded, stored[0]?.market ?? null)];
  return await db.run('rebuild read models', async (sql) => {
    const counts = await sql.begin(async (tx) => {
      const replace = (table: string, rows: readonly object[]) =>
        replaceRows(tx as unknown as Sql, table, stream, rows);
      return {
        accounts: await replace('accounts', account),
        positions: await replace('positions', positionRows(folded)),
        trades: await replace('trades', tradeRows(folded)),
        signals: await replace('signals', signalRows(folded)),
        intents: await replace('intents', intentRows(folded)),
      };
    });
    return counts;
  });
}
