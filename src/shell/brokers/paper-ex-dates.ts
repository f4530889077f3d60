import type { Event } from '#core/engine/event.ts';
import type { PaperControls } from './paper.ts';
import type { PaperPosition } from './paper-snapshot.ts';

type Restated = Extract<Event, { type: 'ex_date_restated' }>;

/** New shares belong to whoever held the old ones, also where those were sold in the moment in which the terms came. */
function withNewShares(positions: readonly PaperPosition[], event: Restated): PaperPosition[] {
  const { instrument, newShares, to } = event;
  const averagePrice = to.entryPrice;
  const isHeld = positions.some((held) => held.instrument === instrument);
  if (!isHeld && newShares > 0) {
    const credited = { instrument, quantity: newShares, sellableQuantity: newShares };
    return [...positions, { ...credited, averagePrice, boughtOn: null }];
  }
  return positions.map((held) =>
    held.instrument === instrument
      ? { ...held, quantity: held.quantity + newShares, averagePrice }
      : held,
  );
}

/**
 * What the depository does on an ex-date, on a simulated account: the new shares are there and the
 * dividend is paid, before tax. From the desk's own events, before the auction, when nothing works.
 */
export function followExDates(
  broker: Pick<PaperControls, 'snapshot' | 'restore'>,
  events: readonly Event[],
): void {
  for (const event of events) {
    if (event.type !== 'ex_date_restated') continue;
    const before = broker.snapshot();
    const positions = withNewShares(before.positions, event);
    broker.restore({ ...before, positions, cashMinor: before.cashMinor + event.cashMinor });
  }
}
