import type {
  KillCause,
  KillFinding,
  KillLevel,
  KillLook,
  KillMoment,
} from '#core/gates/kill-switch.ts';
import {
  judgeKillSwitch,
  killChecks,
  nextKillLevel,
  proveKillLevel,
} from '#core/gates/kill-switch.ts';
import type { Distance, SentimentGate } from '#core/gates/sentiment.ts';
import { distancesOf } from '#core/gates/sentiment.ts';
import { snapshotFault } from '#core/indicators/breadth.ts';
import { isBeforeClosure } from '#core/market/closure.ts';
import type { LookFigures, LookTime, MarketInputs } from './figures.ts';
import { lookFigures } from './figures.ts';
import type { SectorPulseParams } from './params.ts';

/** The kill-switch as one look found it and what the desk is in after it. */
export type KillRecord = {
  readonly look: KillLook;
  readonly finding: KillFinding;
  readonly levelBefore: KillLevel;
  readonly level: KillLevel;
  /** Causes left out because they are unknown and the profile allows it; printed everywhere. */
  readonly ignored: readonly KillCause[];
};

/** What stands from before a look: the level the desk is in and the last look, null for none. */
export type KillBefore = { readonly level: KillLevel; readonly look: KillLook | null };

/**
 * Figures and kill-switch of one look. `morning` needs end-of-day figures only, `auction` the
 * opening prices, `checkpoint` and `watch` a snapshot of the session.
 */
export function judgeLook(
  inputs: MarketInputs,
  when: LookTime,
  moment: KillMoment,
  before: KillBefore,
  params: SectorPulseParams,
): { readonly figures: LookFigures; readonly kill: KillRecord } {
  const figures = lookFigures(inputs, when, params);
  const { table, snapshot } = inputs;
  const fresh = {
    maxAgeMs: params.indicators.snapshotMaxAgeMs,
    breaks: when.session.breaks,
  };
  const isUsable = snapshotFault(snapshot, table, when.at, fresh) === null;
  const isLowered = isBeforeClosure(
    when.calendar,
    when.previousDay,
    params.closure.marginSessions,
    params.closure.longDays,
  );
  const snapshotAsOf = isUsable && snapshot !== null ? snapshot.asOf : null;
  const look = judgeKillSwitch(
    figures,
    { at: when.at, moment, snapshotAsOf },
    isLowered,
    params.killSwitch,
  );
  const finding = proveKillLevel(before.look, look, params.killSwitch);
  return {
    figures,
    kill: {
      look,
      finding,
      levelBefore: before.level,
      level: nextKillLevel(before.level, finding, moment),
      ignored: look.conditions.filter(({ isIgnored }) => isIgnored).map(({ cause }) => cause),
    },
  };
}

/** Distances of gate and kill-switch to their thresholds, for chat. */
export function lookDistances(
  gate: SentimentGate | null,
  look: KillLook,
): { readonly gate: readonly Distance[]; readonly killSwitch: readonly Distance[] } {
  return {
    gate: gate === null ? [] : distancesOf(gate.checks),
    killSwitch: distancesOf(killChecks(look)),
  };
}
