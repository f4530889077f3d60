import type { OrderRequest } from '#app/ports.ts';

/*
 * Which order ids belong together. Alpaca takes one client order id a request and names the legs of
 * a group itself, so a leg is known by its group: ids of one group differ in the role alone, as
 * the desk makes them (`….entry-1`, `….stop-1`, `….target-1`). That finds a leg again after a
 * restart without a memory of our own. A changed order is a new order there; its client order id is
 * the old one with a mark, so that it names itself.
 */

export type ChildRole = 'stop' | 'target';

/** Longest client order id the vendor takes. Source: its order request. */
const LONGEST_ID = 128;
/** Stands between an order id and the mark of a change; no id of the desk holds it. */
const MARK = '~';
const LONGEST_MARK = 12;
const SHAPE = /^(?<stem>.+)\.(?<role>entry|stop|target)-(?<number>\d+)$/;

function partsOf(orderId: string): { stem: string; role: string; number: string } | null {
  const { stem, role, number } = SHAPE.exec(orderId)?.groups ?? {};
  if (stem === undefined || role === undefined || number === undefined) return null;
  return { stem, role, number };
}

/** Id of a leg of the group that left under `primaryId`; null when that id is none of the desk's shape. */
export function childIdOf(primaryId: string, role: ChildRole): string | null {
  const parts = partsOf(primaryId);
  if (parts === null || parts.role === role || parts.role === 'stop') return null;
  return `${parts.stem}.${role}-${parts.number}`;
}

/**
 * Ids under which a group with this leg may have left: an entry with its children, or a target with
 * the stop that is its pair. Empty for an order that never is a leg.
 */
export function primariesOf(orderId: string): { primaryId: string; role: ChildRole }[] {
  const parts = partsOf(orderId);
  if (parts === null || parts.role === 'entry') return [];
  const { stem, number } = parts;
  const entry = `${stem}.entry-${number}`;
  if (parts.role === 'target') return [{ primaryId: entry, role: 'target' }];
  return [
    { primaryId: entry, role: 'stop' },
    { primaryId: `${stem}.target-${number}`, role: 'stop' },
  ];
}

/** True when the vendor takes the id and it can be told from a changed one. */
export function isUsableId(orderId: string): boolean {
  return (
    orderId.length > 0 && orderId.length <= LONGEST_ID - LONGEST_MARK && !orderId.includes(MARK)
  );
}

/** Client order id of an order that takes the place of another one at an instant. */
export function successorId(orderId: string, at: number): string {
  return `${orderId}${MARK}${at.toString(36)}`;
}

/** The desk's order id behind a client order id. */
export function orderIdOf(clientOrderId: string): string {
  const mark = clientOrderId.indexOf(MARK);
  return mark < 0 ? clientOrderId : clientOrderId.slice(0, mark);
}

const MADE_BY_VENDOR = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True for an id the vendor gave because nobody else did: a leg, or an order entered elsewhere. */
export function isMadeByVendor(clientOrderId: string): boolean {
  return MADE_BY_VENDOR.test(clientOrderId);
}

/** Every order id that leaves with a request. */
export function idsOf({ bracket, orderId, pair }: OrderRequest): string[] {
  const ids = [orderId, bracket?.stop.orderId, bracket?.target?.orderId, pair?.orderId];
  return ids.filter((id) => id !== undefined);
}
