/** Phase of one symbol in one session (intraday desks). */
export type Phase =
  | 'premarket'
  | 'opening_no_trade'
  | 'trading_allowed'
  | 'in_position'
  | 'cooldown'
  | 'locked'
  | 'done'
  | 'done_with_position';

/** What the phase follows from; instants in epoch milliseconds. */
export type PhaseFacts = {
  readonly at: number;
  readonly openAt: number;
  readonly closeAt: number;
  readonly openingNoTradeMs: number;
  readonly flatBeforeCloseMs: number;
  readonly isHolding: boolean;
  readonly cooldownUntil: number | null;
  readonly isLocked: boolean;
};

/**
 * Returns the phase that the facts imply. Order of precedence: a position is shown as
 * `in_position` until flat-before-close passed and the session closed (`done_with_position`);
 * without one `done` from the flat-before-close instant, then locked, cooldown, the clock.
 *
 * Source: centaur.md "Session machine".
 */
export function phaseOf(facts: PhaseFacts): Phase {
  const { at, openAt, closeAt } = facts;
  if (facts.isHolding) return at >= closeAt ? 'done_with_position' : 'in_position';
  if (at >= closeAt - facts.flatBeforeCloseMs) return 'done';
  if (facts.isLocked) return 'locked';
  if (at < openAt) return 'premarket';
  if (at < openAt + facts.openingNoTradeMs) return 'opening_no_trade';
  if (facts.cooldownUntil !== null && at < facts.cooldownUntil) return 'cooldown';
  return 'trading_allowed';
}
