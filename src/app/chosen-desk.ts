import type { DeskAct, Question } from '#core/replies/act.ts';
import type { DeskHandle } from './desk-handle.ts';
import type { Access, Incoming } from './ports.ts';

/** The account a chat has chosen, as long as a desk runs on it and another one beside it; null: all are meant. */
export function chosenAccount(
  { channel, chatId }: Pick<Incoming, 'channel' | 'chatId'>,
  desks: readonly DeskHandle[],
  access: Pick<Access, 'choiceOf'>,
): string | null {
  const { account } = access.choiceOf(channel, chatId);
  const runs = desks.some(({ policy }) => policy.accountId === account);
  return runs && desks.length > 1 ? account : null;
}

/** Questions that are answered account by account: of a chosen one alone where none is named. */
const BY_ACCOUNT: ReadonlySet<Question['ask']> = new Set<Question['ask']>([
  'balance',
  'gates',
  'locks',
  'orders',
  'pending',
  'plan',
  'pnl',
  'positions',
  'quote',
  'reconcile',
  'regime',
  'report',
  'score',
  'sectors',
  'status',
  'todo',
  'trades',
]);

/** Desks that a question is about; all where it is about none in particular, or names one itself. */
export function desksAsked(
  question: Question,
  account: string | null,
  desks: readonly DeskHandle[],
): readonly DeskHandle[] {
  const isNamed = 'scope' in question && question.scope !== null;
  if (account === null || isNamed || !BY_ACCOUNT.has(question.ask)) return desks;
  return desks.filter(({ policy }) => policy.accountId === account);
}

/**
 * The act with the chosen account in it where it must name one. What stops, sells or resumes everything goes on
 * to mean everything.
 */
export function actFor(act: DeskAct, account: string | null): DeskAct {
  if (account === null) return act;
  if ((act.act === 'allow' || act.act === 'drill') && act.scope === null)
    return { ...act, scope: account };
  if (act.act === 'mode' && act.desk === '') return { ...act, desk: account };
  return act;
}

/** The chosen desk first: a name held at two accounts means the one of it. */
export function chosenFirst(
  account: string | null,
  desks: readonly DeskHandle[],
): readonly DeskHandle[] {
  if (account === null) return desks;
  const isChosen = ({ policy }: DeskHandle) => policy.accountId === account;
  return [...desks.filter(isChosen), ...desks.filter((desk) => !isChosen(desk))];
}
