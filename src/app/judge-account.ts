import type { DeskAct } from '#core/replies/act.ts';
import { LATE_AFTER_MS } from '#core/replies/conversation.ts';
import type { DeskHandle } from './desk-handle.ts';
import { type ActFrom, ask, go, type Judged, late, refused } from './judged.ts';

/**
 * Real money takes a fresh second confirmation, the way back to made-up money none: it lowers risk. What
 * the desk and the account say to it is judged there.
 *
 * Source: chat.md, `/account`.
 */
export function judgeAccount(
  act: Extract<DeskAct, { act: 'account' }>,
  desks: readonly DeskHandle[],
  from: ActFrom,
  honored: number | null,
): Judged {
  const desk = desks.find(({ policy }) => policy.accountId.toLowerCase() === act.account);
  if (desk === undefined) {
    const accounts = desks.map(({ policy }) => policy.accountId);
    return refused({ kind: 'unknown_account', found: act.account, accounts });
  }
  const { environment: current, accountId } = desk.policy;
  if (act.environment === 'paper' || current === 'live') return go(act, [desk], honored);
  if (from.now - from.sentAt > LATE_AFTER_MS) return late(act, from);
  return ask(act, [desk], { act: 'account', accountId, from: current, to: act.environment });
}
