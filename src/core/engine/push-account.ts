import { symbolOf } from '#core/market/instrument.ts';
import { CASH_TOLERANCE_MINOR } from '#core/portfolio/reconcile.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import { isExposed } from './select.ts';
import type { DeskState } from './state.ts';

const NOTHING = { by: null, toleranceMinor: null } as const;

/** Messages about the comparison of book and broker. `state` is the state right after the event. */
export function accountPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'reconciled':
      return [event.isClean ? make({ kind: 'recon_ok' }) : blocked(event, state, make)];
    case 'order_filled': {
      if (event.source !== 'listed' || event.quantity === 0) return [];
      const theirs = state.orders[event.orderId]?.filledQuantity ?? event.quantity;
      const ours = theirs - event.quantity;
      const subject = event.orderId;
      return [make({ kind: 'recon_diff', what: 'missed_fill', subject, ours, theirs, ...NOTHING })];
    }
    case 'cash_corrected': {
      const isAutomatic = event.by === 'reconciliation';
      return [
        make({
          kind: 'recon_diff',
          what: 'cash',
          subject: '',
          ours: event.fromMinor,
          theirs: event.toMinor,
          by: isAutomatic ? null : event.by,
          toleranceMinor: isAutomatic ? CASH_TOLERANCE_MINOR : null,
        }),
      ];
    }
    case 'charges_noted': {
      const { fromMinor: ours, toMinor: theirs } = event;
      if (ours === theirs) return [];
      return [make({ kind: 'recon_diff', what: 'charges', subject: '', ours, theirs, ...NOTHING })];
    }
    case 'position_corrected':
      return [
        make({
          kind: 'recon_diff',
          what: 'holding',
          subject: symbolOf(event.instrument),
          ours: event.from,
          theirs: event.to,
          by: event.by,
          toleranceMinor: null,
        }),
      ];
    case 'position_adopted': {
      const { instrument, quantity, entryPrice: price, stop } = event.position;
      return [make({ kind: 'position_adopted', instrument, quantity, price, stop, by: event.by })];
    }
    default:
      return orderPushes(event, state, make);
  }
}

function orderPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'fills_corrected':
      return moneyPushes(event, make);
    case 'order_found_working': {
      const order = state.orders[event.orderId];
      const theirs = order === undefined ? 0 : order.quantity - order.filledQuantity;
      const subject = event.orderId;
      return [make({ kind: 'recon_diff', what: 'order', subject, ours: 0, theirs, ...NOTHING })];
    }
    default:
      return [];
  }
}

/** Fees that come later than the fill are the rule at some brokers, and no news. */
function moneyPushes(event: Extract<Event, { type: 'fills_corrected' }>, make: Make): Push[] {
  const { orderId: subject, filledMinor, feesMinor } = event;
  const lines: Push[] = [];
  const say = (what: 'fills' | 'fees', { from: ours, to: theirs }: typeof feesMinor): void => {
    const body = { kind: 'recon_diff', what, subject, ours, theirs, ...NOTHING } as const;
    lines.push(make(body, what === 'fees' ? { priority: 3 } : {}));
  };
  if (filledMinor.from !== filledMinor.to) say('fills', filledMinor);
  if (feesMinor.from !== feesMinor.to) say('fees', feesMinor);
  return lines;
}

function blocked(
  event: Extract<Event, { type: 'reconciled' }>,
  state: DeskState,
  make: Make,
): Push {
  return make(
    {
      kind: 'recon_blocked',
      differences: event.differences,
      externals: state.externals.filter((external) => external.state === 'found'),
    },
    { priority: isExposed(state) ? 0 : 1 },
  );
}
