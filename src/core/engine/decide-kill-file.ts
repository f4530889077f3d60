import { reason } from '#core/gates/reason.ts';
import { engageKill } from './decide-kill.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';

type KillFileSeen = Extract<Input, { kind: 'kill_file_seen' }>;

/**
 * Takes what was read of the kill file. It may come late, behind a resume: what that resume ended does not
 * halt again. Everything else does, also a file that nobody can tell from an earlier one.
 */
export function onKillFile(draft: Draft, input: KillFileSeen): void {
  const { kill, isKillFilePresent, resumedUpTo } = draft.state;
  if (resumedUpTo !== undefined && isResumed(draft, input, resumedUpTo))
    return emit(draft, { type: 'kill_file_outlived', upTo: resumedUpTo });
  // a clock ahead of ours must not make a kill that no resume can ever follow
  const saidAt = input.saidAt === undefined ? null : Math.min(input.saidAt, input.at);
  const isSaidAgain = saidAt !== null && kill.kind !== 'clear' && saidAt > kill.saidAt;
  if (input.isPresent === isKillFilePresent && !(input.isPresent && isSaidAgain)) return;
  emit(draft, {
    type: 'kill_file_noticed',
    isPresent: input.isPresent,
    by: input.by,
    ...(saidAt === null || !input.isPresent ? {} : { saidAt }),
  });
  if (!input.isPresent) return;
  voidPending(draft, reason('kill_file'));
  if (draft.state.kill.kind !== 'clear') return;
  // its message was heard, but what it says was said after the resume: a kill, and not the one that was ended
  const { updateKey } = input;
  const isHeard = updateKey !== undefined && draft.state.heard.includes(updateKey);
  engageKill(draft, input.by, 'all', isHeard ? undefined : updateKey);
}

/**
 * True when the file names a message that was decided, and the last resume ended what it says. Its time alone
 * proves nothing: a clock that was set back dates a new kill before an old resume.
 */
function isResumed(draft: Draft, input: KillFileSeen, resumedUpTo: number): boolean {
  const { kill, isKillFilePresent, heard } = draft.state;
  const { isPresent, saidAt, updateKey } = input;
  if (!isPresent || isKillFilePresent || kill.kind !== 'clear') return false;
  if (saidAt === undefined || updateKey === undefined) return false;
  return heard.includes(updateKey) && saidAt <= resumedUpTo;
}
