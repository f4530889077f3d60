import type { BotCommand, BotCommandScope } from 'grammy/types';
import { COMMANDS, type CommandRole } from '#core/replies/command-table.ts';
import type { Language } from './format.ts';
import { catalogueOf } from './render.ts';

/** A person's private chat, whose menu shows what the role may do. */
export type MenuTarget = {
  readonly chatId: string;
  readonly role: CommandRole;
  readonly language: Language;
};

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
export function menuOf(target: MenuTarget | null): readonly MenuCall[] {
  if (target === null) {
    const pair = (language: Language) =>
      commandsFor('viewer', language).filter((command) => command.command === 'pair');
    return [
      { commands: pair('en'), other: {} },
      { commands: pair('zh'), other: { language_code: 'zh' } },
    ];
  }
  const scope: BotCommandScope = { type: 'chat', chat_id: target.chatId };
  return [{ commands: commandsFor(target.role, target.language), other: { scope } }];
}
