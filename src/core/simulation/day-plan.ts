import type { Random } from '#core/lib/random.ts';

/** What kind of day is simulated. The direction of a trend comes from the seed. */
export type DayScript = 'trend' | 'range' | 'event';

/** How one simulated day moves. Shares of the session run from 0 at the open to 1 at the close. */
export type DayPlan = {
  readonly script: DayScript;
  /** Total drift of the market over the day in units of its daily deviation, signed. */
  readonly drift: number;
  /** Swings of the drift over the day, and where they begin. */
  readonly swings: number;
  readonly phase: number;
  /** Share of the distance to the open that is taken back per minute. */
  readonly reversionPerMinute: number;
  /** Scale of all moves of the day. */
  readonly volScale: number;
  /** Share of the session at which the news comes; null without news. */
  readonly newsAt: number | null;
  /** The jump at the news in units of the daily deviation, signed. */
  readonly newsJump: number;
};

/** Drift swings by this much around its mean, so that a trend has pullbacks. */
const SWING = 1.8;

/** Share of days of each kind when nothing is asked for. */
const TREND_SHARE = 0.35;
const RANGE_SHARE = 0.5;

/** A plan of a day; chance decides what `script` leaves open, `null` the kind itself too. */
export function drawDayPlan(script: DayScript | null, volScale: number, random: Random): DayPlan {
  const drawn = random.uniform();
  const direction = random.uniform() < 0.55 ? 1 : -1;
  const strength = 0.8 + random.uniform() * 0.8;
  const swings = 4 + random.uniform() * 4;
  const phase = random.uniform();
  const jump = random.normal() * 0.6;
  const byChance =
    drawn < TREND_SHARE ? 'trend' : drawn < TREND_SHARE + RANGE_SHARE ? 'range' : 'event';
  const kind = script ?? byChance;
  return {
    script: kind,
    drift: kind === 'trend' ? direction * strength : 0,
    swings,
    phase,
    reversionPerMinute: kind === 'range' ? 0.025 : 0,
    volScale,
    newsAt: kind === 'event' ? 270 / 390 : null,
    newsJump: jump,
  };
}

/** Drift at share `u` of the session, as a multiple of the day's mean drift. */
export function driftShape(plan: DayPlan, u: number): number {
  return 1 + SWING * Math.sin(2 * Math.PI * (plan.swings * u + plan.phase));
}

/**
 * Scale of moves at share `u`: high at the open, low at noon, higher at the close, with a mean
 * square near 1; quiet before news and wild after it.
 */
export function volatilityShape(plan: DayPlan, u: number): number {
  const usual = 0.74 + 1.25 * Math.exp(-u / 0.06) + 0.45 * Math.exp(-(1 - u) / 0.05);
  const { newsAt } = plan;
  if (newsAt === null) return usual;
  return usual * (u < newsAt ? 0.75 : 1 + 2.2 * Math.exp(-(u - newsAt) / 0.05));
}

/** Volume at share `u` as a multiple of the day's mean: a U with a high left side. */
export function volumeShape(plan: DayPlan, u: number): number {
  const usual = 0.62 + 2.6 * Math.exp(-u / 0.07) + 2.2 * Math.exp(-(1 - u) / 0.05);
  const { newsAt } = plan;
  if (newsAt === null || u < newsAt) return usual;
  return usual * (1 + 2.5 * Math.exp(-(u - newsAt) / 0.05));
}
