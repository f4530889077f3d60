import type { Contract } from '@stoqey/ib';
import { SecType } from '@stoqey/ib';
import { type InstrumentId, parseInstrumentId, symbolOf } from '#core/market/instrument.ts';

/** A US stock or ETF as the vendor names it: share classes after a space, `BRK.B.US` → `BRK B`. */
export function contractOf(instrument: InstrumentId): Contract {
  return {
    symbol: symbolOf(instrument).replace('.', ' '),
    secType: SecType.STK,
    exchange: 'SMART',
    currency: 'USD',
  };
}

/** The instrument a contract stands for; null for anything but a US dollar stock. */
export function instrumentOf(contract: Contract): InstrumentId | null {
  if (contract.secType !== SecType.STK || contract.currency !== 'USD') return null;
  return parseInstrumentId(`${(contract.symbol ?? '').trim().replace(' ', '.')}.US`);
}
