import type { BotCommand, BotCommandScope } from 'grammy/types';
import type { MenuPerson } from '#app/ports.ts';
import { COMMANDS, type CommandRole } from '#core/replies/command-table.ts';
import type { Language } from './format.ts';
import { catalogueOf } from './render.ts';

type MenuCall = {
  readonly commands: readonly BotCommand[];
  readonly other: { readonly scope?: BotCommandScope; readonly language_code?: 'zh' };
};

const RANK: Readonly<Record<CommandRole, number>> = { viewer: 0, operator: 1, owner: 2 };

function commandsFor(role: CommandRole, language: Language): BotCommand[] {
  const text = catalogueOf(language);
  return COMMANDS.filter((command) => RANK[command.role] <= RANK[role]).map((command) => ({
    command: command.name,
    description: text.commands[command.name].slice(0, 256),
  }));
}

/** Calls that set one menu; without a target strangers see nothing but how to pair. */
export function menuOf(target: MenuPerson | null): readonly MenuCall[] {
  if (target === null) {
    const pair = (language: Language) =>
      commandsFor('viewer', language).filter((command) => command.command === 'pair');
    return [
      { commands: pair('en'), other: {} },
      { commands: pair('zh'), other: { language_code: 'zh' } },
    ];
  }
  const { chatId, role, language } = target;
  const scope: BotCommandScope = { type: 'chat', chat_id: chatId };
  // who may do nothing any more sees what strangers see
  const commands =
    role === null
      ? commandsFor('viewer', language).filter(({ command }) => command === 'pair')
      : commandsFor(role, language);
  return [{ commands, other: { scope } }];
}
