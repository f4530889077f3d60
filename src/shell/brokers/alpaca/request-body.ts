import type { OrderRequest } from '#app/ports.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { decimalOfPrice } from '#shell/lib/decimal.ts';

/** A price as the vendor takes it. The order has passed `judgeRequest`, so that it is on the grid. */
function text(price: number | null): string | undefined {
  return price === null ? undefined : (decimalOfPrice(price) ?? undefined);
}

/** The body of `POST /v2/orders`. A pair leaves under its target, since there the group's first order is a limit. */
export function submitBodyOf(
  request: OrderRequest,
): Record<string, unknown> & { readonly client_order_id: string } {
  const { bracket, pair, type } = request;
  const common = {
    symbol: symbolOf(request.instrument),
    qty: String(request.quantity),
    side: request.side,
    time_in_force: request.timeInForce,
    client_order_id: request.orderId,
  };
  if (pair !== null) {
    return {
      ...common,
      client_order_id: pair.orderId,
      type: 'limit',
      order_class: 'oco',
      take_profit: { limit_price: text(pair.limitPrice) },
      stop_loss: { stop_price: text(request.stopPrice) },
    };
  }
  return {
    ...common,
    type,
    ...(request.isExtendedHours ? { extended_hours: true } : {}),
    ...(type === 'limit' || type === 'stop_limit' ? { limit_price: text(request.limitPrice) } : {}),
    ...(type === 'stop' || type === 'stop_limit' ? { stop_price: text(request.stopPrice) } : {}),
    ...(type === 'trailing_stop' ? { trail_price: text(request.trailOffset) } : {}),
    ...(bracket === null
      ? {}
      : {
          // a group without a target is "one triggers the other"
          order_class: bracket.target === null ? 'oto' : 'bracket',
          stop_loss: { stop_price: text(bracket.stop.stopPrice) },
          ...(bracket.target === null
            ? {}
            : { take_profit: { limit_price: text(bracket.target.limitPrice) } }),
        }),
  };
}
