import type { Event } from './event.ts';
import type { DeskState } from './state.ts';

/** Applies what an event means for the kill: a latch that only a person opens. */
export function evolveKill(state: DeskState, event: Event): DeskState {
  switch (event.type) {
    case 'kill_engaged':
      // a latch: said again it repeats the cancels and takes nothing back
      if (state.kill.kind !== 'clear') return heard(state, event.updateKey);
      return {
        ...heard(state, event.updateKey),
        kill: { kind: 'halted', by: event.by, at: event.at, flattenBy: null, left: [] },
      };
    case 'flatten_started':
      return {
        ...state,
        kill: { kind: 'flattening', by: event.by, at: event.at, flattenBy: event.by, left: [] },
      };
    case 'flatten_ended':
      return state.kill.kind === 'clear'
        ? state
        : {
            ...state,
            kill: { ...state.kill, kind: event.isFlat ? 'flat' : 'incomplete', left: event.left },
          };
    case 'kill_resumed':
      return { ...state, kill: { kind: 'clear' }, isKillFilePresent: false };
    case 'kill_file_noticed':
      return { ...state, isKillFilePresent: event.isPresent };
    default:
      return state;
  }
}

/** Most messages kept. A channel gives a message again within a day, and nobody says so many kills in one. */
const MOST_HEARD = 200;

/** Notes that a message took effect; left out where it came from no channel. */
export function heard(state: DeskState, updateKey: string | undefined): DeskState {
  if (updateKey === undefined || state.heard.includes(updateKey)) return state;
  return { ...state, heard: [...state.heard, updateKey].slice(-MOST_HEARD) };
}
