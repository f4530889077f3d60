import type { Socket } from 'node:net';

/** Field of a message: numbers and booleans as the protocol writes them, null as an empty field. */
export type Field = string | number | boolean | null;

/** One message as bytes: length, then each field with a NUL after it. */
export function frame(fields: readonly Field[]): Buffer {
  const text = fields
    .map((field) =>
      field === null ? '' : typeof field === 'boolean' ? (field ? '1' : '0') : String(field),
    )
    .map((field) => `${field}\0`)
    .join('');
  const payload = Buffer.from(text, 'utf8');
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length);
  return Buffer.concat([head, payload]);
}

/** Cuts what a client sends into its hello and its messages. */
export function readClient(
  socket: Socket,
  on: { hello(versions: string): void; message(fields: readonly string[]): void },
): void {
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let hasHello = false;
  socket.on('data', (data: Buffer) => {
    kept = Buffer.concat([kept, data]);
    if (!hasHello) {
      if (kept.length < 8) return;
      const size = kept.readUInt32BE(4);
      if (kept.length < 8 + size) return;
      on.hello(kept.subarray(8, 8 + size).toString('ascii'));
      kept = kept.subarray(8 + size);
      hasHello = true;
    }
    while (kept.length >= 4) {
      const size = kept.readUInt32BE(0);
      if (kept.length < 4 + size) return;
      const text = kept.subarray(4, 4 + size).toString('utf8');
      kept = kept.subarray(4 + size);
      on.message(text.split('\0').slice(0, -1));
    }
  });
}

/** An order as the wire names it. */
export type WireOrder = {
  readonly ibId: number;
  readonly clientId: number;
  readonly permId: number;
  readonly symbol: string;
  readonly side: 'BUY' | 'SELL';
  readonly quantity: number;
  readonly type: string;
  readonly limit: number | null;
  readonly aux: number | null;
  readonly tif: string;
  readonly ocaGroup: string;
  readonly account: string;
  readonly orderRef: string;
  readonly parentId: number;
  readonly outsideRth: boolean;
};

const OPEN_ORDER_FIELDS = 128;
const COMPLETED_ORDER_FIELDS = 96;

function contractFields(order: WireOrder): Field[] {
  const { symbol } = order;
  return [756733, symbol, 'STK', null, 0, null, null, 'SMART', 'USD', symbol, symbol];
}

/** `openOrder` at server version 176: 128 fields for a plain stock order. */
export function openOrderFields(order: WireOrder, status: string): Field[] {
  const fields: Field[] = new Array<Field>(OPEN_ORDER_FIELDS).fill(null);
  const head: Field[] = [
    5,
    order.ibId,
    ...contractFields(order),
    order.side,
    order.quantity,
    order.type,
    order.limit,
    order.aux,
    order.tif,
    order.ocaGroup,
    order.account,
    'O',
    0,
    order.orderRef,
    order.clientId,
    order.permId,
    order.outsideRth,
    0,
  ];
  head.forEach((field, index) => {
    fields[index] = field;
  });
  fields[54] = order.ocaGroup === '' ? 0 : 2;
  fields[58] = order.parentId;
  fields[86] = status;
  return fields;
}

/** `completedOrder` at server version 176: 96 fields, one fewer head than an open order's. */
export function completedOrderFields(order: WireOrder, status: string, filled: number): Field[] {
  const fields: Field[] = new Array<Field>(COMPLETED_ORDER_FIELDS).fill(null);
  const head: Field[] = [
    101,
    ...contractFields(order),
    order.side,
    order.quantity,
    order.type,
    order.limit,
    order.aux,
    order.tif,
    order.ocaGroup,
    order.account,
    'O',
    0,
    order.orderRef,
    order.permId,
    order.outsideRth,
    0,
  ];
  head.forEach((field, index) => {
    fields[index] = field;
  });
  fields[72] = status;
  fields[82] = filled;
  fields[89] = '20261120 10:00:00 US/Eastern';
  fields[90] = status;
  return fields;
}

export type WireExecution = {
  readonly order: WireOrder;
  readonly execId: string;
  readonly time: string;
  readonly quantity: number;
  readonly price: number;
  readonly cumulative: number;
  readonly average: number;
};

/** `execDetails` at server version 176; request id −1 when nobody asked. */
export function executionFields(requestId: number, execution: WireExecution): Field[] {
  const { order, execId, time, quantity, price, cumulative, average } = execution;
  return [
    11,
    requestId,
    order.ibId,
    ...contractFields(order),
    execId,
    time,
    order.account,
    'ISLAND',
    order.side === 'BUY' ? 'BOT' : 'SLD',
    quantity,
    price,
    order.permId,
    order.clientId,
    0,
    cumulative,
    average,
    order.orderRef,
    null,
    null,
    null,
    1,
  ];
}

export function commissionFields(execId: string, amount: number): Field[] {
  return [59, 1, execId, amount, 'USD', null, null, null];
}

/** `orderStatus` from server version 131 on. */
export function statusFields(
  order: WireOrder,
  status: string,
  filled: number,
  average: number,
): Field[] {
  const left = order.quantity - filled;
  return [
    3,
    order.ibId,
    status,
    filled,
    left,
    average,
    order.permId,
    order.parentId,
    0,
    order.clientId,
    null,
    0,
  ];
}

export function errorFields(id: number, code: number, text: string): Field[] {
  return [4, 2, id, code, text, null];
}
