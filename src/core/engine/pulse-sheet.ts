import type { UnfinishedExit } from '#core/strategies/sector-pulse/day-sheet.ts';
import type { ExitKind } from '#core/strategies/sector-pulse/exits.ts';
import type { DeskState, ExitReason } from './state.ts';

const KINDS: Readonly<Partial<Record<ExitReason, ExitKind>>> = {
  stop: 'stop',
  trail: 'giveback',
  target: 'first_target',
  time: 'last_day',
  kill: 'kill_switch',
  sector_out: 'sector_out',
  unprotected: 'stop',
};

/** Exits that were due on an earlier day and left shares behind; a person's own are theirs to enter. */
export function unfinishedExits(state: DeskState): UnfinishedExit[] {
  return Object.values(state.positions).flatMap(({ instrument, quantity, exiting }) => {
    const kind = exiting === null ? undefined : KINDS[exiting.reason];
    if (exiting === null || kind === undefined || quantity <= 0) return [];
    return [{ instrument, kind, quantity: Math.min(quantity, exiting.quantity) }];
  });
}
