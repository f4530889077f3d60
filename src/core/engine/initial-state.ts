import type { InstrumentId } from '#core/market/instrument.ts';
import type { Policy } from './policy.ts';
import type { DeskState, SymbolFacts, SymbolState } from './state.ts';

/** Returns the state of a desk before its first event: nothing allowed, nothing reconciled, no cash. */
export function initialState(policy: Pick<Policy, 'deskId' | 'mode'>): DeskState {
  return {
    deskId: policy.deskId,
    mode: policy.mode,
    consent: { kind: 'not_given' },
    kill: { kind: 'clear' },
    isKillFilePresent: false,
    safeMode: [],
    locks: [],
    isReconciled: false,
    differences: [],
    mismatches: [],
    externals: [],
    day: null,
    symbols: {},
    tickets: {},
    orders: {},
    positions: {},
    cashMinor: 0,
    recentCodes: [],
    alarms: [],
    heard: [],
    rotation: null,
    lastVerdict: null,
    lastRefusal: null,
  };
}

/** Returns a symbol at the start of its session. */
export function freshSymbol(instrument: InstrumentId, facts: SymbolFacts | null): SymbolState {
  return {
    instrument,
    phase: 'premarket',
    dayType: null,
    regime: null,
    cooldownUntil: null,
    quietUntil: null,
    facts,
  };
}
