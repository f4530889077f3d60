import { isRunning } from '#core/machines/rotation.ts';
import type { Event } from './event.ts';
import type { Make, Push } from './push.ts';
import type { DeskState } from './state.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * The one message of a switch, edited through its life. The question that stops it is a message of its
 * own, because an edit makes no sound; from then on both are edited.
 */
export function rotationPushes(event: Event, state: DeskState, make: Make): Push[] {
  const { rotation } = state;
  const isNews =
    event.type === 'rotation_proposed' ||
    event.type === 'rotation_agreed' ||
    event.type === 'rotation_moved' ||
    event.type === 'rotation_ended';
  if (!isNews || rotation === null || rotation === undefined) return [];
  const ticket = state.tickets[rotation.ticketId] ?? null;
  const body = { kind: 'rotation', rotation, ticket } as const;
  const editKey = `switch:${rotation.ticketId}`;
  const isQuestion = rotation.step === 'proposed' || rotation.step === 'asking';
  const priority = isQuestion || !isRunning(rotation) ? 1 : 2;
  const dueAt = rotation.step === 'proposed' ? rotation.answerBy : (ticket?.expiresAt ?? event.at);
  const lifeMs = isQuestion ? dueAt - event.at : DAY_MS;
  const first = make(body, { editKey, priority, lifeMs });
  if (rotation.askedAt === null) return [first];
  return [first, make(body, { editKey: `${editKey}:asked`, priority, lifeMs })];
}
