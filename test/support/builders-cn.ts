import type { Event } from '#core/engine/event.ts';
import { STOCK, sh, TUESDAY } from './cn-desk.ts';

type Restated = Extract<Event, { type: 'ex_date_restated' }>;

/** What an ex-date did to a position of `STOCK` bought at 38.55. */
export function restated(fromQuantity: number, toQuantity: number, cashMinor: number): Restated {
  const share = fromQuantity / toQuantity;
  const cash = cashMinor / 100 / fromQuantity;
  const on = (price: number) => Math.round((price - cash) * share * 100) / 100;
  const from = {
    quantity: fromQuantity,
    entryPrice: 38.55,
    stop: 37.01,
    firstTarget: 41.63,
    secondTarget: 44.33,
    peakPrice: 39,
  };
  return {
    at: sh('08:50', TUESDAY),
    type: 'ex_date_restated',
    instrument: STOCK,
    terms: {
      exDate: TUESDAY,
      cashPerShare: cash,
      newSharesPerShare: toQuantity / fromQuantity - 1,
      rightsPerShare: 0,
      rightsPrice: 0,
    },
    from,
    to: {
      quantity: toQuantity,
      entryPrice: on(38.55),
      stop: on(37.01),
      firstTarget: on(41.63),
      secondTarget: on(44.33),
      peakPrice: on(39),
    },
    initialStop: on(37.01),
    firstTargetQuantity: Math.floor(toQuantity / 2),
    newShares: toQuantity - fromQuantity,
    cashMinor,
  };
}
