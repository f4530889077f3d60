import type { Figure } from '#core/indicators/figure.ts';
import type { Check } from './gate.ts';
import type { Reason } from './reason.ts';
import { reason } from './reason.ts';
import type { ConcentrationMeasure, MarketFigures } from './sentiment.ts';
import { checkFigure, concentrationBy } from './sentiment.ts';

/** `l1`: no new entries. `l2`: everything that can be sold is sold. */
export type KillLevel = 'none' | 'l1' | 'l2';

/** The four conditions; each alone suffices. */
export type KillCause = 'margin' | 'limit_ratio' | 'concentration' | 'volatility';

/**
 * When the switch is judged. `morning` 9:00 on end-of-day figures, `auction` 9:26 on the opening
 * prices, `checkpoint` 10:00 and 14:00, `watch` each minute in session.
 */
export type KillMoment = 'morning' | 'auction' | 'checkpoint' | 'watch';

/** One level's thresholds. Shares, ratios, percentiles and returns are fractions. */
export type KillLevelParams = {
  /** Margin net repayment of the day before: at or above the larger of both. */
  readonly marginYi: number;
  readonly marginShare: number;
  /** Limit-up/-down ratio below this. */
  readonly limitRatio: number;
  /** Concentration at or above, and index return at or below. */
  readonly concentration: number;
  readonly concentrationReturn: number;
  /** Percentile of volatility at or above … */
  readonly volPercentile: number;
  /** … and index return at or below; null: the percentile alone suffices. */
  readonly volReturn: number | null;
};

/** Thresholds of the kill-switch. */
export type KillSwitchParams = {
  readonly l1: KillLevelParams;
  readonly l2: KillLevelParams;
  readonly concentrationMeasure: ConcentrationMeasure;
  /** The ratio is judged from this many limit-downs on … */
  readonly limitDownMin: number;
  /** … or this share of the universe, whichever is more. */
  readonly limitDownMinShare: number;
  /** Causes that are left out while unknown and named in every verdict (profile of a recording). */
  readonly ignoredWhenUnknown: readonly KillCause[];
  /** `confirm`: L2 by margin alone only proposes to sell. `liquidate`: it sells. */
  readonly marginAlone: 'confirm' | 'liquidate';
  /** Which causes are judged before the session's first snapshot and at the auction. */
  readonly morningCauses: readonly KillCause[];
  readonly auctionCauses: readonly KillCause[];
  /** Two looks are consecutive when at most this far apart. */
  readonly maxGapMs: number;
};

/** One condition as judged: the level it alone asks for, with every row behind it. */
export type KillCondition = {
  readonly cause: KillCause;
  readonly level: KillLevel;
  /** Level it asks for on end-of-day figures alone; the rest needs a snapshot of the session. */
  readonly dailyLevel: KillLevel;
  /** False when a figure it needs is unknown; the level is then at least `l1`, unless ignored. */
  readonly isComputable: boolean;
  /** Unknown and left out by the profile. */
  readonly isIgnored: boolean;
  /** The rule on closures lowered it by one level. */
  readonly isLowered: boolean;
  /** Rows in the safe sense: a row that passed is no cause. Level 2 first. */
  readonly checks: readonly Check[];
};

/** What one look at the market says. */
export type KillLook = {
  readonly at: number;
  readonly moment: KillMoment;
  /** Oldest quote of the snapshot; null when there is no usable one. */
  readonly snapshotAsOf: number | null;
  readonly level: KillLevel;
  readonly marginLevel: KillLevel;
  /** Worst level of the other conditions, and that of their end-of-day part. */
  readonly otherLevel: KillLevel;
  readonly otherDailyLevel: KillLevel;
  readonly conditions: readonly KillCondition[];
  readonly reasons: readonly Reason[];
};

const RANK: Readonly<Record<KillLevel, number>> = { none: 0, l1: 1, l2: 2 };
const BY_RANK: readonly KillLevel[] = ['none', 'l1', 'l2'];
const CAUSES: readonly KillCause[] = ['margin', 'limit_ratio', 'concentration', 'volatility'];

/** The worse of two levels. */
export function worseLevel(a: KillLevel, b: KillLevel): KillLevel {
  return RANK[a] >= RANK[b] ? a : b;
}

/** The milder of two levels. */
export function milderLevel(a: KillLevel, b: KillLevel): KillLevel {
  return RANK[a] <= RANK[b] ? a : b;
}

/** A value compared with the larger of a fixed threshold and a share of another figure. */
function marginChecks(figures: MarketFigures, level: 'l1' | 'l2', p: KillLevelParams): Check[] {
  const { marginNetRepay, marginBalance } = figures;
  const byShare = marginBalance.value === null ? null : marginBalance.value * p.marginShare;
  const threshold = byShare === null ? null : Math.max(p.marginYi, byShare);
  return [checkFigure(marginNetRepay, '<', threshold, `${level}_margin_net_repay`)];
}

function ratioChecks(
  figures: MarketFigures,
  level: 'l1' | 'l2',
  p: KillLevelParams,
  params: KillSwitchParams,
): Check[] {
  const universe = figures.limitUniverse.value;
  const needed =
    universe === null ? null : Math.max(params.limitDownMin, universe * params.limitDownMinShare);
  return [
    checkFigure(figures.limitRatio, '>=', p.limitRatio, `${level}_limit_up_down_ratio`),
    checkFigure(figures.limitDown, '<', needed, `${level}_limit_down_count`),
  ];
}

function concentrationChecks(
  figures: MarketFigures,
  level: 'l1' | 'l2',
  p: KillLevelParams,
  measure: ConcentrationMeasure,
): Check[] {
  const found: Figure = concentrationBy(figures, measure);
  return [
    checkFigure(found, '<', p.concentration, `${level}_${found.name}`),
    checkFigure(figures.indexReturn, '>', p.concentrationReturn, `${level}_concentration_return`),
  ];
}

function volatilityChecks(figures: MarketFigures, level: 'l1' | 'l2', p: KillLevelParams): Check[] {
  const rows = [
    checkFigure(figures.volPercentile, '<', p.volPercentile, `${level}_vol_percentile`),
  ];
  if (p.volReturn !== null) {
    rows.push(checkFigure(figures.indexReturn, '>', p.volReturn, `${level}_volatility_return`));
  }
  return rows;
}

function checksOf(
  cause: KillCause,
  level: 'l1' | 'l2',
  figures: MarketFigures,
  params: KillSwitchParams,
  moment: KillMoment,
): Check[] {
  const p = params[level];
  switch (cause) {
    case 'margin':
      return marginChecks(figures, level, p);
    case 'limit_ratio':
      return ratioChecks(figures, level, p, params);
    case 'concentration':
      return concentrationChecks(figures, level, p, params.concentrationMeasure);
    case 'volatility':
      // before the open there is no index return of the day, so a level that needs one is not judged
      return moment === 'morning' && p.volReturn !== null
        ? []
        : volatilityChecks(figures, level, p);
  }
}

/** A level holds when every one of its rows failed on known figures. */
function holds(checks: readonly Check[]): boolean {
  return (
    checks.length > 0 &&
    checks.every((check) => !check.passed && check.value !== null && check.threshold !== null)
  );
}

function isUnknown(check: Check): boolean {
  return check.value === null || check.threshold === null;
}

function levelOf(l2: readonly Check[], l1: readonly Check[]): KillLevel {
  return holds(l2) ? 'l2' : holds(l1) ? 'l1' : 'none';
}

/** The level that stands without any figure of the session: margin, and volatility by percentile. */
function dailyPartOf(cause: KillCause, l2: readonly Check[], l1: readonly Check[]): KillLevel {
  if (cause === 'limit_ratio' || cause === 'concentration') return 'none';
  const isDaily = (checks: readonly Check[]) =>
    checks.every((one) => !one.name.endsWith('_return'));
  const daily = levelOf(isDaily(l2) ? l2 : [], isDaily(l1) ? l1 : []);
  const isUnknownDaily = [...l2, ...l1].some(
    (one) => !one.name.endsWith('_return') && isUnknown(one),
  );
  return isUnknownDaily ? worseLevel(daily, 'l1') : daily;
}

function isContradicted(cause: KillCause, figures: MarketFigures): boolean {
  return cause === 'margin' && figures.marginNetRepay.note?.code === 'balance_disagrees';
}

function conditionOf(
  cause: KillCause,
  figures: MarketFigures,
  params: KillSwitchParams,
  moment: KillMoment,
  isMarginLowered: boolean,
): KillCondition {
  const l2 = checksOf(cause, 'l2', figures, params, moment);
  const l1 = checksOf(cause, 'l1', figures, params, moment);
  const checks = [...l2, ...l1];
  const isComputable = !checks.some(isUnknown);
  // a profile may do without a figure that is missing, never without one that contradicts itself
  const isIgnored =
    !isComputable && params.ignoredWhenUnknown.includes(cause) && !isContradicted(cause, figures);
  const found = levelOf(l2, l1);
  const isLowered = cause === 'margin' && isMarginLowered && found !== 'none';
  const lower = (level: KillLevel) => (isLowered ? BY_RANK[Math.max(0, RANK[level] - 1)]! : level);
  const level = isComputable || isIgnored ? lower(found) : worseLevel(lower(found), 'l1');
  const daily = isIgnored ? 'none' : lower(dailyPartOf(cause, l2, l1));
  const dailyLevel = milderLevel(level, daily);
  return { cause, level, dailyLevel, isComputable, isIgnored, isLowered, checks };
}

/** Figures a cause rests on, the one that is named first when it is unknown. */
const FIGURES_OF: Readonly<Record<KillCause, readonly (keyof MarketFigures)[]>> = {
  margin: ['marginNetRepay', 'marginShare', 'marginBalance'],
  limit_ratio: ['limitRatio', 'limitDown', 'limitUniverse'],
  concentration: ['concentrationPercentile', 'concentration', 'indexReturn'],
  volatility: ['volPercentile', 'indexReturn'],
};

/** Why a cause cannot be computed, as its figure says; empty: it does not say. */
function whyUnknown(cause: KillCause, figures: MarketFigures): Reason['figures'] {
  const unknown = FIGURES_OF[cause]
    .map((name) => figures[name])
    .find(({ value }) => value === null);
  const found = unknown?.note ?? null;
  if (found === null) return {};
  const { exchange } = found.figures;
  return { why: found.code, ...(exchange === undefined ? {} : { exchange: String(exchange) }) };
}

function reasonOf(condition: KillCondition, figures: MarketFigures): Reason {
  const { cause, level, isComputable, checks } = condition;
  if (!isComputable && level === 'l1') {
    const figure = checks.find(isUnknown)?.name ?? '';
    return reason('not_computable', { cause, figure, ...whyUnknown(cause, figures) });
  }
  const failed = checks.filter((check) => !check.passed);
  const shown = failed.find((check) => check.name.startsWith(level)) ?? failed[0];
  return reason(level === 'l2' ? 'kill_switch_l2' : 'kill_switch_l1', {
    cause,
    value: Number(shown?.value),
    threshold: Number(shown?.threshold),
  });
}

function worstOf(levels: readonly KillLevel[]): KillLevel {
  return levels.reduce<KillLevel>(worseLevel, 'none');
}

function causesAt(moment: KillMoment, params: KillSwitchParams): readonly KillCause[] {
  if (moment === 'morning') return params.morningCauses;
  return moment === 'auction' ? params.auctionCauses : CAUSES;
}

/**
 * Judges the kill-switch once. `isMarginLowered`: the margin figures are of one of the last two
 * sessions before a long closure and count one level lower; null (the calendar does not tell)
 * leaves them as they are. An input that cannot be computed is a cause of level 1 by itself.
 */
export function judgeKillSwitch(
  figures: MarketFigures,
  when: { readonly at: number; readonly moment: KillMoment; readonly snapshotAsOf: number | null },
  isMarginLowered: boolean | null,
  params: KillSwitchParams,
): KillLook {
  const { moment } = when;
  const conditions = causesAt(moment, params).map((cause) =>
    conditionOf(cause, figures, params, moment, isMarginLowered === true),
  );
  const others = conditions.filter(({ cause }) => cause !== 'margin');
  const marginLevel = conditions.find(({ cause }) => cause === 'margin')?.level ?? 'none';
  const otherLevel = worstOf(others.map(({ level }) => level));
  return {
    ...when,
    level: worseLevel(marginLevel, otherLevel),
    marginLevel,
    otherLevel,
    otherDailyLevel: worstOf(others.map(({ dailyLevel }) => dailyLevel)),
    conditions,
    reasons: conditions
      .filter(({ level }) => level !== 'none')
      .map((one) => reasonOf(one, figures)),
  };
}

function isConsecutive(previous: KillLook, look: KillLook, maxGapMs: number): boolean {
  const gap = look.at - previous.at;
  if (!(gap > 0 && gap <= maxGapMs)) return false;
  if (previous.snapshotAsOf === null || look.snapshotAsOf === null) return true;
  return look.snapshotAsOf > previous.snapshotAsOf;
}

/** What a look proves together with the one before it. */
export type KillFinding = {
  /** Proven level: what the desk acts on. */
  readonly level: KillLevel;
  /** Level of this look alone; above `level` it waits for the next look. */
  readonly seen: KillLevel;
  /** Level 2 rests on margin alone and the setting asks for a person: sell sheet, no sale. */
  readonly proposesSellSheet: boolean;
};

/** Level of the conditions other than margin that `look` proves together with the one before. */
function provenOthers(previous: KillLook | null, look: KillLook, maxGapMs: number): KillLevel {
  if (look.moment === 'morning' || look.moment === 'auction') return look.otherLevel;
  const twice =
    previous !== null && isConsecutive(previous, look, maxGapMs)
      ? milderLevel(previous.otherLevel, look.otherLevel)
      : 'none';
  const atOnce = look.moment === 'checkpoint' ? milderLevel(look.otherLevel, 'l1') : 'none';
  return worstOf([look.otherDailyLevel, twice, atOnce]);
}

/**
 * Level proven by `look` after `previous`. End-of-day figures and the auction's prices prove alone;
 * in session a level that rests on a snapshot needs two consecutive fresh ones, except that a
 * checkpoint takes level 1 at once. Level 2 by margin alone counts as level 1 with a proposed sell
 * sheet when the setting is `confirm`.
 */
export function proveKillLevel(
  previous: KillLook | null,
  look: KillLook,
  params: KillSwitchParams,
): KillFinding {
  const others = provenOthers(previous, look, params.maxGapMs);
  const asksPerson =
    look.marginLevel === 'l2' && others !== 'l2' && params.marginAlone === 'confirm';
  const level = asksPerson ? 'l1' : worseLevel(look.marginLevel, others);
  return { level, seen: look.level, proposesSellSheet: asksPerson };
}

/**
 * Level the desk is in after a finding. Up at once; level 1 ends at a checkpoint whose look shows
 * no level-1 condition; level 2 is not left here but by the restart from dormant.
 */
export function nextKillLevel(
  held: KillLevel,
  finding: KillFinding,
  moment: KillMoment,
): KillLevel {
  if (held === 'l2') return 'l2';
  const isLifted = moment === 'checkpoint' && finding.seen === 'none' && finding.level === 'none';
  return isLifted ? 'none' : worseLevel(held, finding.level);
}

/** The rows of every condition, level 2 first within each, for display and distances. */
export function killChecks(look: KillLook): Check[] {
  return look.conditions.flatMap((condition) => condition.checks);
}
