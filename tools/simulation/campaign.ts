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

/** A seed that broke an invariant, in one line. */
export type Broken = Pick<Failure, 'seed' | 'invariant' | 'words'>;

export type CampaignResult = {
  readonly sessions: number;
  readonly failures: number;
  /** Every failure, in the order of the seeds. */
  readonly broken: readonly Broken[];
  readonly firstFailure?: Failure;
};

export type CampaignOptions = {
  readonly firstSeed: number;
  readonly seeds: number;
  readonly tamper?: Tamper;
  /** Called after each seed. */
  readonly onSeed?: (done: number, failures: number) => void;
  /** Called at once for each seed that broke an invariant. */
  readonly onBroken?: (broken: Broken) => void;
};

/** Plays seed after seed and keeps every failure; the first one is made small. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { firstSeed, seeds, tamper } = options;
  const broken: Broken[] = [];
  let sessions = 0;
  let first: { plan: Plan; finding: Finding } | null = null;
  for (let index = 0; index < seeds; index += 1) {
    const seed = firstSeed + index;
    const plan = drawPlan(seed);
    const { sessions: played, finding } = await playOne(plan, tamper);
    sessions += played;
    if (finding !== null) {
      const { invariant, words } = finding;
      broken.push({ seed, invariant, words });
      first ??= { plan, finding };
      options.onBroken?.({ seed, invariant, words });
    }
    options.onSeed?.(index + 1, broken.length);
  }
  const result = { sessions, failures: broken.length, broken };
  if (first === null) return result;
  return { ...result, firstFailure: await makeSmall(first.plan, first.finding, tamper) };
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
