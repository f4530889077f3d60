import type { HeldFacts } from '#core/engine/held-facts.ts';
import type { Calibration } from '#core/gates/calibration.ts';
import { degradedRows } from '#core/gates/degraded.ts';
import type { Check, DegradedRows } from '#core/gates/gate.ts';
import type { KillCondition, KillLook } from '#core/gates/kill-switch.ts';
import type { Distance } from '#core/gates/sentiment.ts';
import { distancesOf } from '#core/gates/sentiment.ts';
import type { Figure, FigureNote } from '#core/indicators/figure.ts';
import type { Answer } from '#core/replies/answer.ts';
import type { CheckpointRecord } from '#core/strategies/sector-pulse/checkpoint.ts';
import type { SectorScore } from '#core/strategies/sector-pulse/select-sectors.ts';
import type { StockCandidate } from '#core/strategies/sector-pulse/select-stocks.ts';
import type { Speech } from './catalogue.ts';
import type { PulseWords } from './pulse-words.ts';
import { signOf } from './rule-lines.ts';

/*
 * Pages of the A-share desk. The order of what is said is the same in every language, the words are
 * the language's own.
 */

type Words = PulseWords;
type Of<K> = Extract<Answer, { readonly kind: K }>;

const YUAN_IN_YI = 100_000_000;

/** A permission or a level in words; anything else as it is. */
function wordOf(value: string, s: Speech, w: Words): string {
  const words: Readonly<Record<string, string>> = { ...w.gate.level, ...w.permission };
  return words[value] ?? s.f.words(value, 60);
}

/** A figure with its unit: percentiles and ratios as decimals, returns and shares as percent. */
export function valueText(
  value: number | string | boolean | null,
  unit: string,
  name: string,
  s: Speech,
  w: Words,
): string {
  if (value === null) return w.unknown;
  if (typeof value === 'boolean') return value ? w.yes : w.no;
  if (typeof value === 'string') return wordOf(value, s, w);
  if (!Number.isFinite(value)) return w.unknown;
  const isPercent = /return|_after$|deviation|noise|share$/.test(name);
  switch (unit) {
    case 'count':
    case 'days':
    case 'rank':
      return String(Math.round(value * 100) / 100);
    case 'shares':
      return w.shares(value);
    case '1e8_cny':
      return w.yi(value.toFixed(1));
    case 'cny':
      return Math.abs(value) >= YUAN_IN_YI
        ? w.yi((value / YUAN_IN_YI).toFixed(1))
        : s.f.price(value);
    case 'fraction':
      // what would be told as 0.00 and is not
      return isPercent || (value !== 0 && Math.abs(value) < 0.005)
        ? s.f.ratio(value)
        : value.toFixed(2);
    case 'minor':
      return s.f.money(value);
    default:
      return String(Math.round(value * 100) / 100);
  }
}

/** `✕ limit-ups 22 < 30`: how the value stands to its threshold, in the sense that is true. */
export function pulseRow(check: Check, s: Speech, w: Words): string {
  const { name, passed, value, threshold, unit, degraded } = check;
  const sign = signOf(check);
  const mark = degraded && value !== null ? w.degraded : '';
  if (typeof threshold === 'boolean' && typeof value === 'boolean')
    return `${passed ? '✓' : '✕'} ${w.row(name)}${w.colon}${value ? w.yes : w.no}${mark}`;
  const text = (one: Check['value']) => valueText(one, unit, name, s, w);
  return `${passed ? '✓' : '✕'} ${w.row(name)} ${text(value)} ${sign} ${text(threshold)}${mark}`;
}

/** A note in words: of missing rows how many of how many. */
function noteText({ code, figures }: FigureNote, s: Speech, w: Words): string {
  const { missing, of } = figures;
  if (code === 'rows_missing' && missing !== undefined && of !== undefined)
    return `${w.note[code]} ${missing}/${of}`;
  return `${w.note[code]} ${s.f.figures(figures)}`.trim();
}

/** What the marked rows of a gate rest on: `* limit-ups, index: source degraded`. */
export function degradedLines(rows: readonly DegradedRows[], s: Speech, w: Words): string[] {
  return rows.map(({ names, note }) => {
    const why = note === null ? w.note.source_degraded : noteText(note, s, w);
    return `${w.degraded.trim()} ${names.map((name) => w.row(name)).join(w.comma)}${w.colon}${why}`;
  });
}

/** The last row of the gate with both figures: the index and its average. */
function gateRow(check: Check, record: CheckpointRecord, s: Speech, w: Words): string {
  const { indexNow, indexMa20 } = record.figures;
  if (check.name !== 'index_above_ma20' || indexNow.value === null || indexMa20.value === null)
    return pulseRow(check, s, w);
  const mark = check.degraded ? w.degraded : '';
  const sign = check.passed ? '≥' : '<';
  return `${check.passed ? '✓' : '✕'} ${w.row('index')} ${indexNow.value.toFixed(1)} ${sign} MA20 ${indexMa20.value.toFixed(1)}${mark}`;
}

function calibrationText(one: Calibration | undefined, w: Words): string {
  if (one === undefined || one.judged === 0) return '';
  const share = Math.round((one.held / one.judged) * 100);
  return ` · ${w.gate.held} ${one.held}/${one.judged}(${share}%)`;
}

/** `L1 still 0.04 of volatility percentile`: nearest of each level, worst first. */
function killDistances(look: KillLook, s: Speech, w: Words): string[] {
  return look.conditions.flatMap((condition) => killLine(condition, s, w));
}

function room(distance: Distance, s: Speech, w: Words): string {
  const { name, unit, distance: left } = distance;
  return valueText(left === null ? null : Math.abs(left), unit, name, s, w);
}

function killLine(condition: KillCondition, s: Speech, w: Words): string[] {
  const { cause, level, isComputable, isIgnored, checks } = condition;
  const label = w.row(`kill_${cause}`);
  if (isIgnored) return [`· ${label}${w.colon}${w.unknown}${w.comma}${w.gate.ignored}`];
  const unknown = checks.find(({ value, threshold }) => value === null || threshold === null);
  if (!isComputable)
    return [
      `✕ ${label} ${w.gate.level[level]}${w.colon}${w.row(unknown?.name ?? '')} ${w.unknown}`,
    ];
  const first = checks.find(({ name }) => name.startsWith('l1')) ?? checks[0];
  const value = first === undefined ? '' : valueText(first.value, first.unit, first.name, s, w);
  const parts = (['l1', 'l2'] as const).flatMap((wanted) => {
    const rows = distancesOf(checks.filter(({ name }) => name.startsWith(wanted)));
    // a level needs all its rows, so a row with room left is what keeps it away
    const shown = rows.find(({ passed }) => passed) ?? rows[0];
    if (shown === undefined) return [];
    const isSame = shown.name.slice(3) === first?.name.slice(3);
    const name = isSame ? '' : `${w.row(shown.name.slice(3))} `;
    const limit = valueText(shown.threshold, shown.unit, shown.name, s, w);
    const away = shown.passed ? w.gate.left(room(shown, s, w)) : w.gate.reached(room(shown, s, w));
    return [`${w.gate.level[wanted]} ${name}${limit}${w.comma}${away}`];
  });
  return [`${level === 'none' ? '✓' : '✕'} ${[`${label} ${value}`, ...parts].join(' · ')}`];
}

function originsLine(record: CheckpointRecord, s: Speech, w: Words): string {
  const { snapshot, history, margin, universe, stocks } = record.inputs;
  const look =
    snapshot === null
      ? w.why.missing
      : `${s.f.source(snapshot.source)} ${s.f.timeSeconds(snapshot.asOf)}${snapshot.degraded ? w.degraded : ''}`;
  return `${w.gate.data}${w.colon}${look} · ${w.gate.universe} ${stocks} (${w.gate.ofUniverse(s.f.words(universe, 80))}) · ${w.gate.daily} ${history?.through ?? w.why.missing} · ${w.row('margin')} ${margin?.through ?? w.why.missing}`;
}

function marginLine(record: CheckpointRecord, s: Speech, w: Words): string[] {
  const { marginNetRepay, marginShare } = record.figures;
  const { value } = marginNetRepay;
  if (value === null) return [];
  const share = marginShare.value === null ? w.unknown : s.f.ratio(marginShare.value);
  return [w.gate.margin(w.yi(value.toFixed(1)), share, record.inputs.margin?.through ?? '')];
}

/** Figures of a record that could not be had, each with why. */
export function missingLines(record: CheckpointRecord, s: Speech, w: Words): string[] {
  const figures = Object.values(record.figures) as (Figure<number> | Figure<boolean>)[];
  const missing = figures.filter(({ value }) => value === null);
  const byNote = new Map<string, string[]>();
  for (const { name, note } of missing) {
    const text = note === null ? w.unknown : noteText(note, s, w);
    byNote.set(text, [...(byNote.get(text) ?? []), w.row(name)]);
  }
  return [...byNote].map(
    ([text, names]) => `! ${names.slice(0, 8).join(w.comma)}${w.colon}${text}`,
  );
}

function stanceLine(record: CheckpointRecord, s: Speech, w: Words): string {
  const { stance, permission, account } = record;
  const ratio = account.positionRatio === null ? w.unknown : s.f.ratio(account.positionRatio);
  const path =
    stance.before.stance === stance.after.stance
      ? w.stance[stance.after.stance]
      : `${w.stance[stance.before.stance]}→${w.stance[stance.after.stance]}`;
  return `${w.gate.stance} ${path} · ${w.permission[permission]} · ${w.gate.ratio} ${ratio}`;
}

/** Answer of `/gates`. */
export function gatesLines(a: Of<'gates'>, s: Speech, w: Words): string[] {
  const { record, look, histories } = a;
  const title: string[] = [];
  if (record === null || record.gate === null)
    title.push(
      a.checkpoint === null || a.checkpoint === 'now'
        ? w.gate.noRecord
        : w.gate.notAsked(a.checkpoint),
    );
  else {
    const history = histories.find(({ checkpoint }) => checkpoint === record.checkpoint);
    const of = (name: string) => history?.conditions.find(({ condition }) => condition === name);
    const failed = record.gate.checks.filter(({ passed }) => !passed).length;
    title.push(w.gate.title(record.checkpoint, record.tradingDay, record.gate.passed, failed));
    for (const check of record.gate.checks)
      title.push(`${gateRow(check, record, s, w)}${calibrationText(of(check.name), w)}`);
    const figures = Object.values(record.figures);
    title.push(...degradedLines(degradedRows(record.gate.checks, figures), s, w));
    title.push(...missingLines(record, s, w));
  }
  for (const history of histories)
    title.push(
      w.gate.lastPassed(history.checkpoint, history.gate.lastHeldDaysAgo, history.gate.judged) +
        calibrationText(history.gate, w),
    );
  const newest = look ?? record?.kill.look ?? null;
  if (newest !== null) {
    title.push(w.gate.killNow(s.f.time(newest.at), w.gate.level[newest.level]));
    title.push(...killDistances(newest, s, w));
  }
  if (record === null) return title;
  const { restart } = record;
  return [
    ...title,
    ...marginLine(record, s, w),
    stanceLine(record, s, w),
    ...(restart === null
      ? []
      : [
          `${w.gate.restart(restart.passedDays, restart.neededDays)} · ${monthText(a, restart.monthReturn, s, w)}`,
        ]),
    originsLine(record, s, w),
    `${w.gate.set} ${s.f.words(record.thresholds.set, 30)}`,
  ];
}

function monthText(a: Of<'gates'>, monthReturn: number | null, s: Speech, w: Words): string {
  const { pulse, day } = a.desk.state;
  const isNew =
    pulse?.month?.name === day?.tradingDay.slice(0, 7) && day?.tradingDay.slice(8) === '01';
  return w.gate.month(monthReturn === null ? w.unknown : s.f.ratio(monthReturn), isNew);
}

function sectorLine(score: SectorScore, s: Speech, w: Words): string {
  const { rank, sector, score: total, members } = score;
  const parts = [score.strength, score.breadth, score.leadership, score.fundShare].map(
    ({ value }, k) => {
      const text = value === null ? w.unknown : k === 0 ? s.f.percent(value) : value.toFixed(2);
      return `${w.sectors.parts[k]} ${text}`;
    },
  );
  return `${rank ?? '–'}. ${s.f.words(sector, 24)} ${total === null ? w.unknown : total.toFixed(3)} · ${w.sectors.members(members)} · ${parts.join(' · ')}`;
}

/** `12.3 strong, place 4`: a stock as it was ranked, and what spoke against it. */
export function candidateLine(one: StockCandidate, s: Speech, w: Words): string {
  const why = one.reasons.map((reason) => s.reason(reason)).slice(0, 2);
  const strength = one.strength === null ? w.unknown : one.strength.toFixed(2);
  // a list without names repeats the code, which comes next anyway
  const isNamed = one.name !== '' && !one.instrument.startsWith(one.name);
  const name = isNamed ? `${s.f.words(one.name, 16)} ` : '';
  return `${why.length === 0 ? '✓' : '✕'} ${name}${s.f.symbol(one.instrument)} ${w.sectors.rank(s.f.words(one.sector, 16), one.sectorRank, one.rank)} · ${w.sectors.strength} ${strength}${why.length === 0 ? '' : ` · ${why.join(w.comma)}`}`;
}

/** Stocks of the ranks that are taken, then those that came nearest. */
function takenOf(record: CheckpointRecord): readonly StockCandidate[] {
  const candidates = record.selection?.candidates ?? [];
  const isTaken = ({ reasons }: StockCandidate) =>
    reasons.every(({ code }) => code !== 'rank_out_of_range');
  return candidates.filter(isTaken).slice(0, 12);
}

/** Answer of `/sectors`. */
export function sectorsLines(a: Of<'sectors'>, s: Speech, w: Words): string[] {
  const { record } = a;
  if (record === null || record.sectors.length === 0) return [w.sectors.noRecord];
  const ranked = record.sectors
    .filter(({ rank }) => rank !== null)
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0));
  const out = record.sectors.length - ranked.length;
  const taken = takenOf(record);
  const held = record.standings.map(
    ({ instrument, sector, sectorRank, strength }) =>
      `${s.f.symbol(instrument)} ${sector === null ? w.unknown : s.f.words(sector, 16)} ${sectorRank ?? '–'} · ${w.sectors.strength} ${strength === null ? w.unknown : strength.toFixed(2)}`,
  );
  return [
    w.sectors.title(record.checkpoint, record.tradingDay, ranked.length),
    ...ranked.slice(0, 10).map((score) => sectorLine(score, s, w)),
    ...(out === 0 ? [] : [w.sectors.notRanked(out)]),
    ...(taken.length === 0
      ? []
      : [
          `${w.sectors.taken}${record.selection?.isShadow === true ? w.sectors.shadow : ''}`,
          ...taken.map((one) => candidateLine(one, s, w)),
        ]),
    ...(held.length === 0 ? [] : [`${w.sectors.held}${w.colon}${held.join(' · ')}`]),
  ];
}

/** How many names each stage of the funnel left. */
export function funnelText(funnel: CheckpointRecord['verdict']['funnel'], w: Words): string {
  return funnel.map(({ stage, left }) => `${w.stage[stage] ?? stage} ${left}`).join(' → ');
}

/** The checkpoint behind an answer of `/why`: verdict, rows with source and age, funnel, refusals. */
export function whyLines(
  record: CheckpointRecord,
  target: string | null,
  s: Speech,
  w: Words,
): string[] {
  const { verdict, gate, kill, selection } = record;
  const named = selection?.candidates.find(
    (one) => one.instrument === target || s.f.symbol(one.instrument) === target,
  );
  const sourced = (check: Check) =>
    `${gateRow(check, record, s, w)} · ${s.f.source(check.source)} ${s.f.timeSeconds(check.asOf)}`;
  const causes = kill.look.conditions.filter(({ level }) => level !== 'none');
  return [
    `${w.why.behind(record.checkpoint, record.tradingDay)}${w.colon}${w.verdict[verdict.kind]}`,
    ...verdict.reasons.slice(0, 6).map((reason) => `✕ ${s.reason(reason)}`),
    ...(gate?.checks ?? []).map(sourced),
    ...causes.flatMap(({ checks }) =>
      checks
        .filter(({ passed }) => !passed)
        .slice(0, 3)
        .map((check) => pulseRow(check, s, w)),
    ),
    ...degradedLines(degradedRows(gate?.checks ?? [], Object.values(record.figures)), s, w),
    ...missingLines(record, s, w),
    stanceLine(record, s, w),
    ...(verdict.funnel.length === 0
      ? []
      : [`${w.why.funnel}${w.colon}${funnelText(verdict.funnel, w)}`]),
    ...(verdict.rejected.length === 0
      ? []
      : [
          `${w.why.rejected}${w.colon}${verdict.rejected
            .slice(0, 6)
            .map(({ code, times }) => `${s.reason({ code, figures: {} })} ${w.times(times)}`)
            .join(w.comma)}`,
        ]),
    ...(named === undefined
      ? []
      : [candidateLine(named, s, w), ...named.checks.map((check) => pulseRow(check, s, w))]),
    originsLine(record, s, w),
  ];
}

/** One held name of a desk of the Chinese market. */
export function heldLine(one: HeldFacts, s: Speech, w: Words): string {
  const { quantity, sellable, heldDays, last, entryPrice, stop, firstTarget, secondTarget } = one;
  const gain = last === null ? null : (last - entryPrice) * quantity;
  const money =
    gain === null
      ? w.unknown
      : `${s.f.gain(Math.round(gain * 100))}(${s.f.ratio(last === null ? 0 : last / entryPrice - 1)})`;
  const targets = [
    ...(firstTarget === null ? [] : [`${s.f.price(firstTarget)} ${w.held.half}`]),
    ...(secondTarget === null ? [] : [`${s.f.price(secondTarget)} ${w.held.all}`]),
  ];
  const flags = one.flags.map((flag) => w.flag[flag]);
  return [
    `${s.f.symbol(one.instrument)} ${w.shares(quantity)}`,
    w.held.sellable(sellable),
    w.held.heldDays(heldDays),
    `${w.held.cost} ${s.f.price(entryPrice)}`,
    `${w.held.now} ${s.f.price(last)} ${money}`,
    `${w.held.stop} ${s.f.price(stop)}`,
    ...(targets.length === 0 ? [] : [`${w.held.targets} ${targets.join(' / ')}`]),
    ...(flags.length === 0 ? [] : [`⚠ ${flags.join(w.comma)}`]),
  ].join(' · ');
}
