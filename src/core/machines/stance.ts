import type { KillLevel } from '#core/gates/kill-switch.ts';
import type { Reason } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { Permission } from '#core/risk/permission.ts';
import { strictest } from '#core/risk/permission.ts';

/** 进攻, 满额持有, 观望, 休眠. */
export type Stance = 'attack' | 'hold' | 'watch' | 'dormant';

/** Ratios of positions over total assets between which the stance changes; fractions. */
export type StanceParams = {
  /** Attack begins below this ratio: 0.55. */
  readonly attackBelow: number;
  /** Attack ends at this ratio: 0.65. */
  readonly attackUntil: number;
  /** Coming from watch or dormant attack needs a ratio below this: 0.60. */
  readonly reentryBelow: number;
};

/** What events say of the stance of a desk. */
export type StanceState = {
  readonly stance: Stance;
  readonly killLevel: KillLevel;
  /** Dormant and still selling: what reduces passes. */
  readonly isLiquidating: boolean;
  /** What the last gate said; null before the first one of this desk. */
  readonly gatePassed: boolean | null;
  /** Position ratio at that gate; null unknown. */
  readonly positionRatio: number | null;
};

/** A desk that has never judged anything: no entries. */
export const INITIAL_STANCE: StanceState = {
  stance: 'watch',
  killLevel: 'none',
  isLiquidating: false,
  gatePassed: null,
  positionRatio: null,
};

/**
 * What can move the stance. `gate_judged`: a checkpoint, with the ratio of positions to total
 * assets (null unknown). `kill_level_found`: the level the desk is in after a look.
 * `sell_sheet_confirmed`: the operator's confirm of a sheet proposed for margin alone.
 * `positions_sold`: nothing is held any more. `resume_asked`: the operator's resume, with what
 * still stands against it.
 */
export type StanceCommand =
  | {
      readonly kind: 'gate_judged';
      readonly passed: boolean;
      readonly positionRatio: number | null;
    }
  | { readonly kind: 'kill_level_found'; readonly level: KillLevel }
  | { readonly kind: 'sell_sheet_confirmed' }
  | { readonly kind: 'positions_sold' }
  | { readonly kind: 'resume_asked'; readonly objections: readonly Reason[] };

/** The state after a command. `refused` is set when an act of the operator changes nothing. */
export type StanceAnswer = {
  readonly state: StanceState;
  readonly changed: boolean;
  readonly refused: readonly Reason[];
};

function stanceFor(
  from: Stance,
  passed: boolean,
  ratio: number | null,
  params: StanceParams,
): Stance {
  if (!passed) return 'watch';
  // an unknown ratio is not below anything
  if (ratio === null || !(ratio >= 0)) return 'hold';
  if (from === 'attack') return ratio < params.attackUntil ? 'attack' : 'hold';
  if (from === 'hold') return ratio < params.attackBelow ? 'attack' : 'hold';
  return ratio < params.reentryBelow ? 'attack' : 'hold';
}

function answer(before: StanceState, after: StanceState): StanceAnswer {
  return { state: after, changed: before.stance !== after.stance, refused: [] };
}

function refuse(state: StanceState, refused: readonly Reason[]): StanceAnswer {
  return { state, changed: false, refused };
}

function sleep(state: StanceState): StanceAnswer {
  if (state.stance === 'dormant') return answer(state, { ...state, killLevel: 'l2' });
  return answer(state, { ...state, stance: 'dormant', killLevel: 'l2', isLiquidating: true });
}

/**
 * The stance after a command. Dormant is left by a resume without objections only; every other
 * stance follows the gate and, with hysteresis, the position ratio. Level 2 sleeps at once.
 *
 * Source: sector-pulse, stance with hysteresis.
 */
export function decideStance(
  state: StanceState,
  command: StanceCommand,
  params: StanceParams,
): StanceAnswer {
  switch (command.kind) {
    case 'gate_judged': {
      const { passed, positionRatio } = command;
      const seen = { ...state, gatePassed: passed, positionRatio };
      if (state.stance === 'dormant') return answer(state, seen);
      const stance = stanceFor(state.stance, passed, positionRatio, params);
      return answer(state, { ...seen, stance });
    }
    case 'kill_level_found': {
      if (command.level === 'l2') return sleep(state);
      if (state.stance === 'dormant') return answer(state, state);
      return answer(state, { ...state, killLevel: command.level });
    }
    case 'sell_sheet_confirmed':
      return sleep(state);
    case 'positions_sold':
      return answer(state, { ...state, isLiquidating: false });
    case 'resume_asked': {
      if (state.stance !== 'dormant') return refuse(state, [reason('already_so')]);
      if (command.objections.length > 0) return refuse(state, command.objections);
      const passed = state.gatePassed === true;
      const stance = stanceFor('dormant', passed, state.positionRatio, params);
      return answer(state, { ...state, stance, killLevel: 'none', isLiquidating: false });
    }
  }
}

const PERMISSIONS: Readonly<Record<Exclude<Stance, 'dormant'>, Permission>> = {
  attack: 'active',
  hold: 'reducing',
  watch: 'reducing',
};

/** Permission the stance and the kill-switch leave; level 1 allows no entries in any stance. */
export function stancePermission(state: StanceState): Permission {
  if (state.stance === 'dormant') return state.isLiquidating ? 'reducing' : 'halted';
  const byStance = PERMISSIONS[state.stance];
  return state.killLevel === 'none' ? byStance : strictest(byStance, 'reducing');
}
