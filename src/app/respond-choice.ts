import type { ChatSetting } from '#core/replies/act.ts';
import { MOST_WATCHED, watchedWith } from '#core/replies/chat-choice.ts';
import { followedName, pricesAnswer, unknownName } from './answer-look.ts';
import type { Answered } from './answer-question.ts';
import { deskScope } from './find-desk.ts';
import { auditOf, finish, type ReplyDeps, replyRows, type Turn } from './reply-rows.ts';

/** Changes what this chat looks at and shows it as it stands now. */
export async function respondChoice(
  turn: Turn,
  setting: Extract<ChatSetting, { set: 'watch' | 'use' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { incoming, who, row } = turn;
  if (!who.canAct)
    return await finish(turn, 'chat_read_only', setting, [{ kind: 'chat_read_only' }], deps);
  if (setting.set === 'use') return await respondUse(turn, setting, deps);
  const answered = await chosen(turn, setting, deps);
  if (answered.kind === 'notice')
    return await finish(turn, answered.notice.kind, setting, [answered.notice], deps);
  if (answered.kind !== 'answer') return;
  const card = deps.speaker.answer(answered.answer, incoming.channel, incoming.chatId);
  const rows = await replyRows([card], setting.set, turn, deps);
  const audit = auditOf(row, incoming, setting, null, 'choice_set', deps, who.actor);
  const stored = await deps.outbox.enqueue(rows);
  await deps.inbox.markDone(row.id, { kind: 'choice_set' }, [audit]);
  deps.handOver(stored);
}

async function chosen(
  { incoming }: Turn,
  { verb, symbol }: Extract<ChatSetting, { set: 'watch' }>,
  { access, clock, desks }: ReplyDeps,
): Promise<Answered> {
  const before = access.choiceOf(incoming.channel, incoming.chatId);
  const known = before.watched.find((name) => name === symbol || name.startsWith(`${symbol}.`));
  const name = followedName(symbol, desks())?.instrument ?? (verb === 'del' ? known : undefined);
  if (name === undefined) return unknownName(symbol, desks());
  const watched = watchedWith(before.watched, verb, name);
  if (watched.length > MOST_WATCHED)
    return { kind: 'notice', notice: { kind: 'watch_full', most: MOST_WATCHED } };
  const choice = { ...before, watched };
  await access.setChoice(incoming, choice);
  return await pricesAnswer(clock.now(), { ask: 'watch' }, choice, desks());
}

/** From now on this chat means one account where it names none. */
async function respondUse(
  turn: Turn,
  setting: Extract<ChatSetting, { set: 'use' }>,
  deps: ReplyDeps,
): Promise<void> {
  const { access, desks } = deps;
  const { channel, chatId } = turn.incoming;
  const [meant] = setting.account === null ? [] : deskScope(setting.account, desks());
  if (setting.account !== null && meant === undefined) {
    const accounts = desks().map(({ policy }) => policy.accountId);
    const notice = { kind: 'unknown_account', found: setting.account, accounts } as const;
    return await finish(turn, notice.kind, setting, [notice], deps);
  }
  const account = meant?.policy.accountId ?? null;
  await access.setChoice(turn.incoming, { ...access.choiceOf(channel, chatId), account });
  await finish(turn, 'account_used', setting, [{ kind: 'account_used', account }], deps);
}
