import type { Contract, Order } from '@stoqey/ib';
import { OrderAction, OrderType, TimeInForce } from '@stoqey/ib';
import type { OrderRequest } from '#app/ports.ts';
import { instrumentOf } from '#shell/lib/ibkr/contract.ts';

const TYPES = {
  limit: OrderType.LMT,
  market: OrderType.MKT,
  stop: OrderType.STP,
  stop_limit: OrderType.STP_LMT,
  trailing_stop: OrderType.TRAIL,
} as const;

/** What is left of a group's orders shrinks when one of them fills in part. Source: the vendor's ocaType 2. */
const SHRINK_THE_OTHERS = 2;

export type Place = {
  readonly account: string;
  readonly parentId: number | null;
  /** False holds the order at the gateway until the last of its bracket comes. */
  readonly isLast: boolean;
};

/** An order in the vendor's words. Our order id travels as `orderRef`, which the vendor keeps but does not check. */
export function ibOrderOf(request: OrderRequest, place: Place): Order {
  const { type } = request;
  const auxPrice = type === 'trailing_stop' ? request.trailOffset : request.stopPrice;
  return {
    action: request.side === 'buy' ? OrderAction.BUY : OrderAction.SELL,
    orderType: TYPES[type],
    totalQuantity: request.quantity,
    tif: request.timeInForce === 'gtc' ? TimeInForce.GTC : TimeInForce.DAY,
    account: place.account,
    orderRef: request.orderId,
    transmit: place.isLast,
    outsideRth: request.isExtendedHours,
    ...(request.limitPrice === null ? {} : { lmtPrice: request.limitPrice }),
    ...(auxPrice === null ? {} : { auxPrice }),
    ...(place.parentId === null ? {} : { parentId: place.parentId }),
    ...(request.ocoGroup === null
      ? {}
      : { ocaGroup: request.ocoGroup, ocaType: SHRINK_THE_OTHERS }),
  };
}

/** The children of a bracket and the partner of a pair, as orders of their own in one group. */
export function familyOf(request: OrderRequest): OrderRequest[] {
  const { bracket, pair, orderId } = request;
  const base = { ...request, bracket: null, pair: null, trailOffset: null, isExtendedHours: false };
  const group = request.ocoGroup ?? `${orderId}.oco`;
  if (pair !== null) {
    const { orderId: pairId, limitPrice } = pair;
    return [
      { ...base, trailOffset: request.trailOffset, ocoGroup: group },
      { ...base, orderId: pairId, type: 'limit', limitPrice, stopPrice: null, ocoGroup: group },
    ];
  }
  if (bracket === null) return [request];
  const child = { ...base, side: request.side === 'buy' ? ('sell' as const) : ('buy' as const) };
  const { stop, target } = bracket;
  const ocoGroup = target === null ? null : group;
  const parent = { ...request, ocoGroup: null };
  return [
    parent,
    {
      ...child,
      orderId: stop.orderId,
      type: 'stop',
      stopPrice: stop.stopPrice,
      limitPrice: null,
      ocoGroup,
    },
    ...(target === null
      ? []
      : [
          {
            ...child,
            orderId: target.orderId,
            type: 'limit' as const,
            limitPrice: target.limitPrice,
            stopPrice: null,
            ocoGroup,
          },
        ]),
  ];
}

/** Source: the vendor's order actions; SSELL and SLONG are for institutions. */
const ACTIONS: ReadonlySet<string> = new Set(['BUY', 'SELL', 'SSHORT', 'SSELL', 'SLONG']);

const OUR_TYPES: Readonly<Record<string, OrderRequest['type']>> = {
  LMT: 'limit',
  MKT: 'market',
  STP: 'stop',
  'STP LMT': 'stop_limit',
  TRAIL: 'trailing_stop',
};

function price(found: number | undefined): number | null {
  return found !== undefined && Number.isFinite(found) && found > 0 && found < 1e300 ? found : null;
}

/** No order is for more shares. */
const MOST_SHARES = 1e9;

/** What of a listed order cannot be read, in one line; null when it can, whatever kind it is of. */
export function faultOfOrder(contract: Contract, order: Order): string | null {
  const { account, action, orderType, totalQuantity } = order;
  const { currency, secType, symbol } = contract;
  for (const [field, text] of Object.entries({ account, secType, symbol, currency, orderType }))
    if (text === undefined || text === '') return `${field}: found nothing, expected a text`;
  if (!ACTIONS.has(String(action)))
    return `action: found ${action ?? 'nothing'}, expected BUY or SELL`;
  // one for an amount of money has no shares
  const quantity = totalQuantity ?? 0;
  if (!(quantity >= 0 && quantity <= MOST_SHARES))
    return `quantity: found ${totalQuantity}, expected a number of shares`;
  return null;
}

/**
 * An order as the vendor lists it, in our words; null when it is nothing this desk could have made
 * (another kind of security or of order): such an order is named by a note, not guessed.
 */
export function requestOf(contract: Contract, order: Order, orderId: string): OrderRequest | null {
  const instrument = instrumentOf(contract);
  const type = OUR_TYPES[String(order.orderType)];
  const quantity = Number(order.totalQuantity);
  const side = order.action === OrderAction.BUY ? 'buy' : 'sell';
  if (instrument === null || type === undefined || !(quantity > 0)) return null;
  const isTrail = type === 'trailing_stop';
  return {
    orderId,
    instrument,
    side,
    type,
    quantity,
    limitPrice: type === 'limit' || type === 'stop_limit' ? price(order.lmtPrice) : null,
    stopPrice: isTrail || type === 'limit' || type === 'market' ? null : price(order.auxPrice),
    bracket: null,
    ocoGroup: order.ocaGroup === undefined || order.ocaGroup === '' ? null : order.ocaGroup,
    pair: null,
    trailOffset: isTrail ? price(order.auxPrice) : null,
    timeInForce: order.tif === TimeInForce.GTC ? 'gtc' : 'day',
    isExtendedHours: order.outsideRth === true,
  };
}
