import { RULES } from '#core/engine/effects-push.ts';
import type { MessageKind } from '#core/engine/message.ts';

/** How a chat hears a kind of push: with its sound, without one, gathered in a digest, or not at all. */
export type Level = 'on' | 'silent' | 'digest' | 'off';

/** What a chat wants to hear. Alarms (P0) are not its to choose. */
export type ChatHearing = {
  readonly levels: Readonly<Record<string, Level>>;
  /** Kinds without a sound until an instant. */
  readonly muted: Readonly<Record<string, number>>;
  /** Wall times HH:MM of the operator between which nothing but alarms sounds; null: none. */
  readonly quiet: { readonly from: string; readonly to: string } | null;
};

export const HEARS_ALL: ChatHearing = { levels: {}, muted: {}, quiet: null };

/** Pushes that wait for a person: they may be silent, never late or absent. */
const ANSWERED: ReadonlySet<string> = new Set<MessageKind>([
  'signal_entry',
  'rotation',
  'manual_todo',
  'manual_overdue',
  'manual_protection',
  'sale_proposed',
  'attest_due',
  'operator_gone',
  'lock_on',
  'premarket_brief',
]);

/** A kind of push by its name, or null. */
export function pushKindOf(name: string): MessageKind | null {
  return Object.hasOwn(RULES, name) ? (name as MessageKind) : null;
}

/** Levels that a chat may choose for a kind; none for an alarm. */
export function levelsOf(kind: MessageKind): readonly Level[] {
  if (RULES[kind][0] === 0) return [];
  // in a digest it would come when there is nothing left to answer
  if (kind === 'signal_reminder') return ['on', 'silent', 'off'];
  return ANSWERED.has(kind) ? ['on', 'silent'] : ['on', 'silent', 'digest', 'off'];
}

function isQuiet({ quiet }: ChatHearing, wallTime: string): boolean {
  if (quiet === null) return false;
  const { from, to } = quiet;
  return from < to ? wallTime >= from && wallTime < to : wallTime >= from || wallTime < to;
}

/** How a chat hears one push now. `wallTime` is the operator's, HH:MM. */
export function levelFor(
  hearing: ChatHearing,
  push: { readonly kind: string; readonly priority: 0 | 1 | 2 | 3 },
  at: number,
  wallTime: string,
): Level {
  const kind = pushKindOf(push.kind);
  if (push.priority === 0 || kind === null) return 'on';
  const wanted = hearing.levels[kind] ?? 'on';
  const level = levelsOf(kind).includes(wanted) ? wanted : 'on';
  if (level !== 'on') return level;
  const isMuted = (hearing.muted[kind] ?? 0) > at;
  return isMuted || isQuiet(hearing, wallTime) ? 'silent' : 'on';
}

/** The hearing after one change. */
export function hearingWith(
  hearing: ChatHearing,
  change:
    | { readonly set: 'notify'; readonly push: string; readonly level: Level }
    | { readonly set: 'mute'; readonly push: string; readonly untilAt: number }
    | { readonly set: 'quiet'; readonly quiet: ChatHearing['quiet'] },
): ChatHearing {
  switch (change.set) {
    case 'notify': {
      const { [change.push]: _, ...levels } = hearing.levels;
      const { [change.push]: __, ...muted } = hearing.muted;
      return { ...hearing, muted, levels: { ...levels, [change.push]: change.level } };
    }
    case 'mute':
      return { ...hearing, muted: { ...hearing.muted, [change.push]: change.untilAt } };
    case 'quiet':
      return { ...hearing, quiet: change.quiet };
  }
}
