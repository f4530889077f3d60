import type { Rotation } from '#core/machines/rotation.ts';
import { entryOf, type Hooks, type Observed } from './observed.ts';
import { isLive } from './venue-order.ts';

type Known = Pick<Rotation, 'from'> & { sellQuantity: number; heldQuantity: number };

/**
 * 5, of a switch: the second name is never bought with what the first one may still take.
 *
 * At the first byte of an entry of a switch's ticket: at the exchange no entry of the first name that the
 * desk made works, and of that name at most what was to stay is held, beside what others bought there.
 */
export function firstIsGone(world: Observed): Hooks {
  const switches = new Map<string, Known>();
  return {
    committed(event) {
      if (event.type === 'rotation_proposed') {
        const { ticketId, from, heldQuantity, sellQuantity } = event.rotation;
        switches.set(ticketId, { from, heldQuantity, sellQuantity });
      }
      if (event.type !== 'rotation_agreed') return;
      const known = switches.get(event.ticketId);
      if (known === undefined) return;
      known.heldQuantity = event.heldQuantity;
      known.sellQuantity = event.sellQuantity;
    },
    submitting(_life, order) {
      const entry = entryOf(order);
      const known = entry === null ? undefined : switches.get(entry.ticketId);
      if (known === undefined) return;
      const { venue, tickets } = world;
      for (const other of venue.orders.values()) {
        const made = entryOf(other.request);
        if (other.request.instrument !== known.from || made === null) continue;
        if (tickets.has(made.ticketId) && isLive(other))
          world.fail(5, `${order.orderId} left while ${other.request.orderId} may still fill`);
      }
      const outside = venue.fills
        .filter((fill) => fill.orderId === null && fill.instrument === known.from)
        .reduce((sum, fill) => sum + fill.quantity, 0);
      const held = (venue.holdings.get(known.from)?.quantity ?? 0) - outside;
      const stays = known.heldQuantity - known.sellQuantity;
      if (held > stays)
        world.fail(
          5,
          `${order.orderId} left with ${held} of ${known.from} held, ${stays} may stay`,
        );
    },
  };
}
