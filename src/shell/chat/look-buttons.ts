import type { CardButton } from '#app/ports.ts';
import type { AccountLine, Answer } from '#core/replies/answer.ts';
import type { Catalogue } from './text/catalogue.ts';
import { againCommand } from './text/look-lines.ts';

type Look = Extract<Answer, { kind: 'balance' | 'accounts' | 'prices' }>;

/** Buttons under what accounts are worth and names cost: the same once more, or the account that is meant. */
export function lookButtons(answer: Look, text: Catalogue): CardButton[][] {
  const { positions, refresh } = text.buttons;
  switch (answer.kind) {
    case 'accounts':
      return useButtons(answer.accounts, text);
    case 'prices':
      return [[{ label: refresh, command: againCommand(answer) }]];
    case 'balance':
      return [
        [
          { label: refresh, command: '/balance' },
          { label: positions, command: '/positions' },
        ],
      ];
  }
}

/** One button an account that a desk runs on, where there are several, and one for all of them. */
function useButtons(accounts: readonly AccountLine[], text: Catalogue): CardButton[][] {
  const running = accounts.filter(({ deskId }) => deskId !== null).slice(0, 6);
  if (running.length < 2) return [];
  const names = [...running.map(({ accountId }) => accountId), 'all'];
  const { use } = text.buttons;
  return names.map((name) => [{ label: `${use} ${name}`, command: `/use ${name}` }]);
}
