import type { DeskConfigOf } from './config.ts';
import { hashConfig } from './hash.ts';
import { policyOf, vwapReclaimParamsOf } from './policy-of.ts';

/** Hash of the settings that a measurement depends on: another one was measured of another desk. */
export function edgeSettingsOf(desk: DeskConfigOf<'vwap-reclaim'>): string {
  const { instruments, capitalMinor, risk, exits, cost, openingNoTradeMs, cooldownMs } =
    policyOf(desk);
  return hashConfig({
    ...{ instruments: [...instruments].sort(), capitalMinor, risk, exits, cost },
    ...{ openingNoTradeMs, cooldownMs, params: vwapReclaimParamsOf(desk) },
  });
}
