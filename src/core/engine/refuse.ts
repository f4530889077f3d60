import type { Reason } from '#core/gates/reason.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';

/** A person's act as an input. */
export type OperatorInput = Extract<Input, { kind: 'operator_acted' }>;

/** Says no to a person's act, as an event with its reason; nothing is silently dropped. */
export function refuse(draft: Draft, input: OperatorInput, why: Reason): void {
  const { actor } = input;
  emit(draft, {
    type: 'act_refused',
    act: input.act.act,
    by: actor.id,
    channel: actor.channel,
    chatId: actor.chatId,
    reason: why,
  });
}
