import type { Notice } from '#core/replies/notice.ts';
import type { DeskHandle } from './desk-handle.ts';

/** The choices of a command that was said without saying of what. */
export function menu(
  ask: 'exit_list' | 'kill_menu' | 'mode_menu',
  handles: readonly DeskHandle[],
): Notice {
  const held = handles.flatMap((desk) =>
    Object.values(desk.state().positions).map((position) => ({
      deskId: desk.policy.deskId,
      instrument: position.instrument,
      quantity: position.quantity,
      stop: position.stop,
    })),
  );
  switch (ask) {
    case 'exit_list':
      return held.length === 0
        ? { kind: 'nothing_held', target: null }
        : { kind: 'exit_list', positions: held };
    case 'kill_menu':
      return {
        kind: 'kill_menu',
        desks: handles.map((desk) => desk.policy.deskId),
        positions: held.length,
      };
    case 'mode_menu':
      return {
        kind: 'mode_menu',
        desks: handles.map((desk) => ({ deskId: desk.policy.deskId, mode: desk.state().mode })),
      };
  }
}
