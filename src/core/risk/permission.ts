import type { Reason } from '#core/gates/reason.ts';

/** From free to strict; `halted` still lets protective exits and cancels of entries pass. */
export type Permission = 'active' | 'reducing' | 'halted';

/** One source's word on trading. */
export type PermissionSource = {
  readonly source:
    | 'consent'
    | 'phase'
    | 'lock'
    | 'kill'
    | 'kill_file'
    | 'safe_mode'
    | 'freshness'
    | 'session'
    | 'stance'
    | 'reconciliation'
    | 'attestation'
    | 'external'
    | 'operator_reach';
  readonly allows: Permission;
  readonly reason: Reason | null;
};

const STRICTNESS: Readonly<Record<Permission, number>> = { active: 0, reducing: 1, halted: 2 };

/** Returns the stricter of two. */
export function strictest(a: Permission, b: Permission): Permission {
  return STRICTNESS[a] >= STRICTNESS[b] ? a : b;
}

/**
 * Returns the one trading permission: the most restrictive source wins. No source at all means
 * nothing vouches for trading: `reducing`.
 */
export function mostRestrictive(sources: readonly PermissionSource[]): Permission {
  if (sources.length === 0) return 'reducing';
  return sources.reduce<Permission>((worst, source) => strictest(worst, source.allows), 'active');
}
