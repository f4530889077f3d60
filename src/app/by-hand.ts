import type { Event } from '#core/engine/event.ts';
import { mayFill } from '#core/machines/order.ts';
import type { Desk } from './desk.ts';
import type { ByHand } from './ports.ts';
import { paperBookOf } from './restore-paper.ts';

/**
 * Keeps the books of a person's account beside the desk's: what the person reports in chat is an event
 * of the desk first, so that it counts exactly once, and follows here. Orders that stood at the last
 * end stand again; holdings have to be attested anew.
 */
export function followByHand(
  desk: Desk,
  byHand: ByHand,
  onTrouble: (place: string, error: unknown) => void,
): void {
  desk.onEvents((events) => {
    for (const event of events) {
      try {
        follow(event, byHand);
      } catch (error) {
        onTrouble('books by hand', error);
      }
    }
  });
}

/** Puts the orders of the log back into the person's hands. After recovery, before anything is sent. */
export function restoreByHand(desk: Desk, byHand: ByHand): void {
  const standing = Object.values(desk.state().orders).filter(mayFill);
  const ids = new Set(standing.map((order) => order.orderId));
  byHand.restore(
    paperBookOf(desk.state()).orders.filter(({ request }) => ids.has(request.orderId)),
  );
}

function follow(event: Event, byHand: ByHand): void {
  if (event.type === 'order_filled') {
    const { orderId, quantity, price, feesMinor, at } = event;
    byHand.report({ orderId, quantity, price, feesMinor, at });
  }
  if (event.type === 'account_attested') {
    const holdings = event.holdings.map((held) => ({ ...held, averagePrice: null }));
    byHand.attest({ holdings, cashMinor: event.cashMinor });
  }
  if (event.type === 'ex_date_restated') {
    const { instrument, from, to, cashMinor } = event;
    const [fromQuantity, toQuantity] = [from.quantity, to.quantity];
    byHand.restate({
      instrument,
      fromQuantity,
      toQuantity,
      averagePrice: to.entryPrice,
      cashMinor,
    });
  }
  if (event.type === 'order_canceled') byHand.close(event.orderId, event.reason ?? 'closed');
}
