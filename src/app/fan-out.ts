import type { Effect } from '#core/engine/effect.ts';
import type { Push } from '#core/engine/push.ts';
import type { NewOutboxRow } from './ports.ts';

/** A chat that the desk speaks to. */
export type ChatTarget = { readonly channel: string; readonly chatId: string };

/** A chat that hears the desk's pushes. */
export type PushTarget = ChatTarget & {
  /** The chat of the same person that is told first; absent: it leads, or hears everything. */
  readonly behind?: ChatTarget;
  /** A chat nobody answers in hears less; absent: everything. */
  readonly hears?: Hearing;
};

/** `reports`: verdicts and reports. `alarms`: reports and what sounds at any hour. */
export type Hearing = 'reports' | 'alarms';

/** True where a target without an answer is told of a push. */
function isHeard({ hears }: PushTarget, { priority, message }: Push): boolean {
  if (hears === undefined || message.kind.endsWith('_report')) return true;
  if (hears === 'reports') return message.kind.startsWith('verdict_');
  // how far the sale of everything is comes every two seconds
  return priority === 0 && message.kind !== 'kill_progress';
}

/** Messages that a person answers, and those of an alarm, by their edit keys: every chat has them, and their edits. */
const EVERYWHERE = /^(?:ticket|switch|todo|protection|safe|kill|flatten):/;

/** Puts a person's chats in order: the first leads, each other one stands behind the one before it. */
export function inOrder(
  chats: readonly (ChatTarget & { readonly person: string })[],
  order: readonly string[],
): PushTarget[] {
  const rank = ({ channel }: ChatTarget): number => order.indexOf(channel);
  const last = new Map<string, ChatTarget>();
  const ranked = chats
    .filter((chat) => rank(chat) >= 0)
    .sort((a, b) => rank(a) - rank(b))
    .map(({ channel, chatId, person }) => {
      const before = last.get(person);
      const chat = { channel, chatId };
      // two chats of one channel fail together: neither stands behind the other
      if (before?.channel === channel) return chat;
      last.set(person, chat);
      return before === undefined ? chat : { ...chat, behind: before };
    });
  const others = chats.filter((chat) => rank(chat) < 0);
  return [...ranked, ...others.map(({ channel, chatId }) => ({ channel, chatId }))];
}

export type FanOutContext = {
  readonly runId: string;
  readonly accountId: string;
  readonly stream: string;
  /** Version of the event the effects belong to. */
  readonly version: number;
  readonly at: number;
  readonly targets: readonly PushTarget[];
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
      const targets: readonly PushTarget[] =
        effect.onlyChat === null ? context.targets : [effect.onlyChat];
      const isEverywhere = effect.priority === 0 || EVERYWHERE.test(effect.editKey ?? '');
      const behindOf = ({ behind }: PushTarget) =>
        behind === undefined || isEverywhere
          ? {}
          : { behind: { ...behind, key: `${key}:${chatLane(behind)}` } };
      const hearing = targets.filter((target) => isHeard(target, effect));
      return hearing.map((target) => ({
        ...base,
        lane: chatLane(target),
        kind: effect.message.kind,
        priority: effect.priority,
        dedupeKey: `${key}:${chatLane(target)}`,
        editKey: effect.editKey,
        payload: { message: effect.message, ...behindOf(target) },
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
