import type { Effect } from '#core/engine/effect.ts';
import type { Push } from '#core/engine/push.ts';
import type { Level } from '#core/replies/hearing.ts';
import type { NewOutboxRow } from './ports.ts';

/** A chat that the desk speaks to. */
export type ChatTarget = { readonly channel: string; readonly chatId: string };

/** A digest leaves at each full hour, and is worth reading for some more. */
const DIGEST_MS = 3_600_000;
const DIGEST_LIFE_MS = 12 * DIGEST_MS;

/** A chat that hears the desk's pushes. */
export type PushTarget = ChatTarget & {
  /** The chat of the same person that is told first; absent: it leads, or hears everything. */
  readonly behind?: ChatTarget;
  /** What the chat wants of a push; absent: all with its sound. */
  readonly levelOf?: (push: Pick<Push, 'priority'> & { readonly kind: string }) => Level;
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

function lifeEnd(at: number, { lifeMs }: Push): number | null {
  return lifeMs === null ? null : at + lifeMs;
}

function quieter(priority: Push['priority']): Push['priority'] {
  return priority < 2 ? 2 : priority;
}

/** A push in a digest waits for the next full hour and is no edit: the digest is one message. */
function inDigest(at: number) {
  const notBefore = (Math.floor(at / DIGEST_MS) + 1) * DIGEST_MS;
  return { notBefore, editKey: null, expiresAt: notBefore + DIGEST_LIFE_MS };
}

/** Who hears a push, and how. A chat behind one that wants nothing of it wants nothing either. */
function heardBy(
  targets: readonly PushTarget[],
  effect: Push,
): { readonly target: PushTarget; readonly level: Level }[] {
  const deaf = new Set<string>();
  return targets.flatMap((target) => {
    if (!isHeard(target, effect)) return [];
    const { priority, message } = effect;
    const level = target.levelOf?.({ priority, kind: message.kind }) ?? 'on';
    const isBehindDeaf = target.behind !== undefined && deaf.has(chatLane(target.behind));
    if (level !== 'off' && !isBehindDeaf) return [{ target, level }];
    deaf.add(chatLane(target));
    return [];
  });
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
      return heardBy(targets, effect).map(({ target, level }) => ({
        ...base,
        lane: chatLane(target),
        kind: effect.message.kind,
        priority: level === 'on' ? effect.priority : quieter(effect.priority),
        dedupeKey: `${key}:${chatLane(target)}`,
        editKey: effect.editKey,
        payload: {
          message: effect.message,
          ...(level === 'digest' ? { digest: true } : {}),
          ...behindOf(target),
        },
        expiresAt: lifeEnd(context.at, effect),
        ...(level === 'digest' ? inDigest(context.at) : {}),
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
