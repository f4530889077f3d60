import { COMMANDS, type CommandName, type CommandRole } from './command-table.ts';

/** Parts of a menu, by the command of the table that begins each. */
const BEGINS = {
  confirm: 'decide',
  exit: 'positions',
  status: 'look',
  report: 'reports',
  mode: 'desk',
  lang: 'chat',
  users: 'people',
} as const satisfies Partial<Record<CommandName, string>>;

export type MenuPart = (typeof BEGINS)[keyof typeof BEGINS];

const RANK: Readonly<Record<CommandRole, number>> = { viewer: 0, operator: 1, owner: 2 };

/** Commands a role may give, in parts and in the order of the table; parts without any are left out. */
export function menuFor(
  role: CommandRole,
): readonly { readonly part: MenuPart; readonly commands: readonly CommandName[] }[] {
  const parts = new Map<MenuPart, CommandName[]>();
  let part: MenuPart = 'decide';
  for (const { name, role: needed } of COMMANDS) {
    part = name in BEGINS ? BEGINS[name as keyof typeof BEGINS] : part;
    if (RANK[needed] > RANK[role]) continue;
    parts.getOrInsertComputed(part, () => []).push(name);
  }
  return [...parts].map(([of, commands]) => ({ part: of, commands }));
}
