import type { Event } from '#core/engine/event.ts';
import type { PaperControls } from './paper.ts';

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
    const { instrument, newShares, cashMinor, to } = event;
    const before = broker.snapshot();
    const positions = before.positions.map((held) =>
      held.instrument === instrument
        ? { ...held, quantity: held.quantity + newShares, averagePrice: to.entryPrice }
        : held,
    );
    broker.restore({ ...before, positions, cashMinor: before.cashMinor + cashMinor });
  }
}
