import type { Effect } from '#core/engine/effect.ts';
import type { NewOutboxRow } from './ports.ts';

/** A chat that the desk speaks to. */
export type ChatTarget = { readonly channel: string; readonly chatId: string };

export type FanOutContext = {
  readonly runId: string;
  readonly accountId: string;
  readonly stream: string;
  /** Version of the event the effects belong to. */
  readonly version: number;
  readonly at: number;
  readonly targets: readonly ChatTarget[];
};

/** Lane of a chat. */
export function chatLane(target: ChatTarget): string {
  return `chat:${target.channel}:${target.chatId}`;
}

/**
 * Returns the outbox rows of one event's effects: a push becomes one row for each chat, an order act
 * one row in the account's lane. Kill-file effects are no rows; they are performed at once.
 */
export function rowsOf(effects: readonly Effect[], context: FanOutContext): NewOutboxRow[] {
  return effects.flatMap((effect, index) => {
    const base = {
      runId: context.runId,
      createdAt: context.at,
      notBefore: context.at,
    };
    const key = `${context.stream}:${context.version}:${index}`;
    if (effect.kind === 'push') {
      const targets = effect.onlyChat === null ? context.targets : [effect.onlyChat];
      return targets.map((target) => ({
        ...base,
        lane: chatLane(target),
        kind: effect.message.kind,
        priority: effect.priority,
        dedupeKey: `${key}:${chatLane(target)}`,
        editKey: effect.editKey,
        payload: { message: effect.message },
        expiresAt: effect.lifeMs === null ? null : context.at + effect.lifeMs,
      }));
    }
    if (effect.kind === 'write_kill_file' || effect.kind === 'remove_kill_file') return [];
    const lane = `order:${context.accountId}`;
    const priority = effect.kind === 'submit_order' && effect.order.role === 'entry' ? 2 : 0;
    const row: NewOutboxRow = {
      ...base,
      lane,
      kind: effect.kind,
      priority,
      dedupeKey: `${key}:${lane}`,
      editKey: null,
      payload: effect,
      expiresAt: null,
    };
    return [row];
  });
}
