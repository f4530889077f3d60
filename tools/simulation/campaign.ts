import type { Tamper } from './boot.ts';
import { drawPlan } from './draw.ts';
import type { Item, Plan } from './plan.ts';
import { shrink } from './shrink.ts';
import type { Finding } from './witness.ts';
import { type Played, play } from './world.ts';

/** A seed that broke an invariant, made as small as it goes. */
export type Failure = {
  readonly seed: number;
  readonly invariant: number;
  readonly words: string;
  /** What is left of the plan: leaving out any one of these, the invariant holds. */
  readonly items: readonly Item[];
  /** Everything that happens in the small plan, line by line. */
  readonly trace: readonly string[];
};

export type CampaignResult = {
  readonly sessions: number;
  readonly failures: number;
  readonly firstFailure?: Failure;
};

export type CampaignOptions = {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly tamper?: Tamper;
  /** Called after each seed. */
  readonly onSeed?: (done: number, failures: number) => void;
};

/** Plays seed after seed; the first failure is made small, the others are counted. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { firstSeed, seeds, tamper } = options;
  let sessions = 0;
  let failures = 0;
  let first: { plan: Plan; finding: Finding } | null = null;
  for (let index = 0; index < seeds; index += 1) {
    const plan = drawPlan(firstSeed + index);
    const played = await playOne(plan, tamper);
    sessions += played.sessions;
    if (played.finding !== null) {
      failures += 1;
      first ??= { plan, finding: played.finding };
    }
    options.onSeed?.(index + 1, failures);
  }
  if (first === null) return { sessions, failures };
  const firstFailure = await makeSmall(first.plan, first.finding, tamper);
  return { sessions, failures, firstFailure };
}

function playOne(plan: Plan, tamper: Tamper | undefined, isTraced = false): Promise<Played> {
  return play({ plan, isTraced, ...(tamper === undefined ? {} : { tamper }) });
}

async function makeSmall(plan: Plan, finding: Finding, tamper?: Tamper): Promise<Failure> {
  const { invariant } = finding;
  const small = await shrink(plan, async (fewer) => {
    const played = await playOne(fewer, tamper);
    return played.finding?.invariant === invariant;
  });
  const { trace, finding: last } = await playOne(small, tamper, true);
  const words = last?.words ?? finding.words;
  return { seed: plan.setting.seed, invariant, words, items: small.items, trace };
}
