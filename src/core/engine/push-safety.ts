import type { Order } from '#core/machines/order.ts';
import type { Event } from './event.ts';
import { deskPermission } from './permission-of.ts';
import type { Make, Push } from './push.ts';
import { killPushes } from './push-kill.ts';
import { offeredExits, toldCauses } from './safe-scope.ts';
import { openEntries } from './select.ts';
import type { DeskState } from './state.ts';

/** Messages about locks, SAFE_MODE, the kill and doubts. */
export function safetyPushes(event: Event, state: DeskState, make: Make): Push[] {
  switch (event.type) {
    case 'lock_set':
      return [make({ kind: 'lock_on', lock: event.lock })];
    case 'lock_released': {
      const { by, lock } = event;
      if (lock === undefined) return [];
      return [make({ kind: 'lock_off', lock, ...(by === undefined ? {} : { by }) })];
    }
    case 'operator_gone':
      return [
        make({
          kind: 'operator_gone',
          since: event.since,
          why: event.why,
          subject: event.subject,
          tradingDay: state.day?.tradingDay ?? '',
          entriesToCancel: openEntries(state).length,
          positions: Object.keys(state.positions).length,
        }),
      ];
    case 'symbol_data_changed': {
      const { instrument, isStale, closedAt } = event;
      const isBlocking = deskPermission(state, event.at) === 'active';
      const editKey = `stale:${state.day?.tradingDay ?? ''}:${instrument}`;
      const kind = isStale ? 'data_stale' : 'data_recovered';
      return [
        make(
          { kind, instrument, closedAt, isBlocking },
          { editKey, priority: isStale && isBlocking ? 1 : 2 },
        ),
      ];
    }
    case 'safe_mode_entered':
      return [
        make(
          {
            kind: 'safe_mode_on',
            causes: toldCauses(state.safeMode),
            isExposed: event.isExposed,
            offered: offeredExits(state),
          },
          { priority: event.isExposed ? 0 : 2, editKey: `safe:${state.day?.tradingDay ?? ''}` },
        ),
      ];
    case 'safe_mode_left':
      return [make({ kind: 'safe_mode_off', by: event.by })];
    default:
      return [...killPushes(event, state, make), ...doubtPushes(event, state, make)];
  }
}

function numberOf(figure: number | string | undefined): number | null {
  return typeof figure === 'number' ? figure : null;
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
          price: numberOf(event.alarm.figures['price']),
          stop: Number(event.alarm.figures['stop'] ?? 0),
          why: event.alarm.figures['why'] === 'halted' ? 'halted' : 'exit_failed',
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
