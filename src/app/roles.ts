import type { CommandRole } from '#core/replies/command-table.ts';

const RANK: Readonly<Record<CommandRole, number>> = { viewer: 0, operator: 1, owner: 2 };
/** True when `role` may do what `needed` asks for. */
export function mayActAs(role: CommandRole, needed: CommandRole): boolean {
  return RANK[role] >= RANK[needed];
}
