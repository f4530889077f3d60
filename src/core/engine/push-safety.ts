import type { Order } from '#core/machines/order.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import { killPushes } from './push-kill.ts';
import type { DeskState } from './state.ts';

/** Messages about locks, SAFE_MODE, the kill and doubts. */
export function safetyPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'lock_set':
      return [make({ kind: 'lock_on', lock: event.lock })];
    case 'safe_mode_entered':
      return [
        make(
          { kind: 'safe_mode_on', causes: state.safeMode, isExposed: event.isExposed },
          { priority: event.isExposed ? 0 : 2, editKey: `safe:${state.day?.tradingDay ?? ''}` },
        ),
      ];
    case 'safe_mode_left':
      return [make({ kind: 'safe_mode_off', by: event.by })];
    default:
      return [...killPushes(event, state, make), ...doubtPushes(event, state, make)];
  }
}

function doubtPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'position_found_unprotected':
      return [
        make({
          kind: 'position_unprotected',
          instrument: event.instrument,
          quantity: event.quantity,
        }),
      ];
    case 'alarm_raised':
      if (event.alarm.kind === 'exit_failed')
        return [
          make({
            kind: 'alarm_repeat',
            alarmId: event.alarm.id,
            of: event.alarm.kind,
            repeats: 0,
            figures: event.alarm.figures,
          }),
        ];
      if (event.alarm.kind !== 'done_with_position') return [];
      return [
        make({
          kind: 'done_with_position',
          instrument: event.alarm.id.slice('done_with_position:'.length) as Order['instrument'],
          quantity: Number(event.alarm.figures['quantity'] ?? 0),
        }),
      ];
    case 'alarm_repeated': {
      const alarm = state.alarms.find((known) => known.id === event.alarmId);
      return alarm === undefined
        ? []
        : [
            make({
              kind: 'alarm_repeat',
              alarmId: alarm.id,
              of: alarm.kind,
              repeats: event.repeats,
              figures: alarm.figures,
            }),
          ];
    }
    default:
      return [];
  }
}
