import type { Position } from '#core/engine/state.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { DeskHandle } from './desk-handle.ts';

/** Desks a scope names: all, a market, a desk or an account; empty when it names none. */
export function deskScope(
  scope: string | null,
  desks: readonly DeskHandle[],
): readonly DeskHandle[] {
  if (scope === null || scope === 'all') return desks;
  return desks.filter(({ policy }) =>
    [policy.deskId, policy.accountId, policy.market].some((name) => name.toLowerCase() === scope),
  );
}

/** The position a target names: symbol, instrument id or ticket code. */
export function positionOf(
  target: string,
  desks: readonly DeskHandle[],
): { desk: DeskHandle; position: Position } | null {
  for (const desk of desks) {
    const state = desk.state();
    for (const position of Object.values(state.positions)) {
      const code = Object.values(state.tickets).find(
        (ticket) => ticket.id === position.ticketId,
      )?.code;
      const names: readonly (string | undefined)[] = [
        position.instrument,
        symbolOf(position.instrument),
        code,
      ];
      if (names.includes(target)) return { desk, position };
    }
  }
  return null;
}
