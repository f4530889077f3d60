import { type KillLevel, worseLevel } from '#core/gates/kill-switch.ts';
import { type Reason, reason } from '#core/gates/reason.ts';
import { canonicalJson } from '#core/lib/canonical-json.ts';
import { monthReturnOf, restartProgress } from '#core/machines/restart.ts';
import { decideStance, type StanceState, stancePermission } from '#core/machines/stance.ts';
import { notionalMinor } from '#core/market/money.ts';
import type { ExitDecision, ExitKind } from '#core/strategies/sector-pulse/exits.ts';
import type { HeldAnswer } from '#core/strategies/sector-pulse/held-names.ts';
import type { KillRecord } from '#core/strategies/sector-pulse/look.ts';
import { cancelEntries, startExit } from './decide-orders.ts';
import { raiseStop } from './decide-protection.ts';
import { voidPending } from './decide-tickets.ts';
import { type Draft, emit } from './draft.ts';
import type { Input } from './input.ts';
import { INITIAL_PULSE, type PulseState } from './pulse-state.ts';
import { openPulseTickets } from './pulse-ticket.ts';
import { type OperatorInput, refuse } from './refuse.ts';
import { openEntries } from './select.ts';
import type { ExitReason } from './state.ts';

type Of<K extends Input['kind']> = Extract<Input, { kind: K }>;

/** What the desk carries of its checkpoints. */
export function pulseOf(draft: Draft): PulseState {
  return draft.state.pulse ?? INITIAL_PULSE;
}

/** True when a look belongs to the day the desk is in; one that came too late decides nothing. */
export function isOfToday(draft: Draft, tradingDay: string): boolean {
  const { day } = draft.state;
  return (
    draft.policy.pulse !== null && day !== null && !day.isClosed && day.tradingDay === tradingDay
  );
}

/** Marks the equity before the open: start of the day and, on its first day, of the month. */
export function markEquity(draft: Draft): void {
  const { day } = draft.state;
  if (draft.policy.pulse === null || day === null) return;
  let equityMinor: number | null = draft.state.cashMinor;
  for (const position of Object.values(draft.state.positions)) {
    const close = draft.state.symbols[position.instrument]?.facts?.previousClose ?? null;
    if (close === null || equityMinor === null) equityMinor = null;
    else equityMinor += notionalMinor(close, position.quantity);
  }
  emit(draft, { type: 'equity_marked', tradingDay: day.tradingDay, equityMinor });
}

/** A checkpoint, whole: recorded, then stance, exits and proposals, then its verdict. */
export function onCheckpoint(draft: Draft, input: Of<'checkpoint_judged'>): void {
  const { record, facts } = input;
  if (!isOfToday(draft, record.tradingDay)) return;
  if (pulseOf(draft).checkpoints.some((one) => one.checkpoint === record.checkpoint)) return;
  const before = record.stance.before;
  emit(draft, { type: 'checkpoint_recorded', record, facts });
  moveStance(draft, before, record.stance.after, record.kill);
  leave(draft, record.held.exits);
  propose(draft, record.checkpoint, record.held);
  const { day } = draft.state;
  emit(draft, {
    type: 'verdict_declared',
    verdict: {
      kind: record.verdict.kind,
      tradingDay: record.tradingDay,
      at: draft.at,
      checkpoint: record.checkpoint,
      reasons: record.verdict.reasons,
      tickets: day?.ticketsOpened ?? 0,
      confirmed: day?.ticketsConfirmed ?? 0,
      trades: day?.trades.length ?? 0,
      resultR: day?.trades.reduce((sum, trade) => sum + trade.resultR, 0) ?? 0,
      resultMinor: day?.realizedMinor ?? 0,
      setupsSeen: day?.setupsSeen ?? 0,
      refused: [],
      evidence: [],
    },
  });
}

/** The look of 9:00 or 9:26: the kill-switch alone. */
export function onLook(draft: Draft, input: Of<'look_judged'>): void {
  if (!isOfToday(draft, input.tradingDay)) return;
  const { stance } = pulseOf(draft);
  const { pulse } = draft.policy;
  if (pulse === null) return;
  const level = levelFor(stance.killLevel, input.kill);
  const found = { kind: 'kill_level_found', level } as const;
  moveStance(draft, stance, decideStance(stance, found, pulse.stance).state, input.kill);
}

/** One minute in session: kill-switch, held names, and the buy points that held. */
export function onMinute(draft: Draft, input: Of<'minute_watched'>): void {
  const { record, names } = input;
  if (!isOfToday(draft, record.tradingDay)) return;
  moveStance(draft, record.stance.before, record.stance.after, record.kill);
  mark(draft, record.held.exits);
  leave(draft, record.held.exits);
  openPulseTickets(draft, record, names);
}

/**
 * Takes the stance a record came to. Where the desk is not where the record began (a resume or a
 * level came between), only what it says of the kill-switch counts, and only if it is stricter.
 */
function moveStance(draft: Draft, before: StanceState, after: StanceState, kill: KillRecord): void {
  const { pulse } = draft.policy;
  const from = pulseOf(draft).stance;
  if (pulse === null) return;
  let to = after;
  if (canonicalJson(from) !== canonicalJson(before)) {
    const level = levelFor(from.killLevel, kill);
    to = decideStance(from, { kind: 'kill_level_found', level }, pulse.stance).state;
  }
  changeStance(draft, to, kill.look.reasons);
}

/**
 * The level a record leaves the desk in. One that began from another level carries that level along,
 * which a resume may have ended since: then only what it proved itself counts, and never to loosen.
 */
function levelFor(held: KillLevel, kill: KillRecord): KillLevel {
  return held === kill.levelBefore ? kill.level : worseLevel(held, kill.finding.level);
}

/** Changes the stance and does what a stricter one asks of tickets and entries. */
export function changeStance(draft: Draft, to: StanceState, reasons: readonly Reason[]): void {
  const from = pulseOf(draft).stance;
  if (from.killLevel !== to.killLevel)
    emit(draft, { type: 'kill_level_changed', from: from.killLevel, to: to.killLevel, reasons });
  if (canonicalJson(from) !== canonicalJson(to))
    emit(draft, { type: 'stance_changed', from, to, reasons });
  if (stancePermission(to) === 'active') return;
  const why =
    to.killLevel === 'l2'
      ? reason('kill_switch_l2')
      : to.killLevel === 'l1'
        ? reason('kill_switch_l1')
        : reason(to.stance === 'hold' ? 'stance_hold' : 'stance_watch');
  voidPending(draft, why);
  if (to.killLevel !== 'none') cancelEntries(draft, 'kill_switch');
}

const EXIT_REASONS: Readonly<Record<ExitKind, ExitReason>> = {
  kill_switch: 'kill',
  stop: 'stop',
  last_day: 'time',
  second_target: 'target',
  first_target: 'target',
  giveback: 'trail',
  sector_out: 'sector_out',
};

/** Remembers new highs of held names, which the giveback is measured from. */
function mark(draft: Draft, exits: readonly ExitDecision[]): void {
  const { held } = pulseOf(draft);
  const marks = exits
    .filter(({ instrument, peakPrice }) => peakPrice > (held[instrument]?.peakPrice ?? 0))
    .map(({ instrument, peakPrice }) => ({ instrument, peakPrice }));
  if (marks.length > 0) emit(draft, { type: 'held_marked', marks });
}

/**
 * Starts the exits a record decided, with the shares that cannot leave today in them: what T+1 or a
 * suspension holds back leaves when it can. An exit that was given up is tried again.
 */
function leave(draft: Draft, exits: readonly ExitDecision[]): void {
  for (const exit of exits) {
    const position = draft.state.positions[exit.instrument];
    if (position === undefined || position.quantity <= 0) continue;
    raiseStop(draft, position, exit.stop, 'stance');
    if (exit.kind === null) continue;
    if (exit.kind === 'first_target' && position.isFirstTargetDone) continue;
    const meant = Math.min(position.quantity, exit.quantity + (exit.stuck?.quantity ?? 0));
    startExit(draft, position, EXIT_REASONS[exit.kind], 'desk', meant, true);
  }
}

/** Sales a person is asked for: towards the ratio of the stance, or everything on margin alone. */
function propose(draft: Draft, checkpoint: string, held: HeldAnswer): void {
  if (held.reductions.length > 0)
    emit(draft, { type: 'sale_proposed', checkpoint, why: 'reduce', sales: held.reductions });
  if (held.sellSheet.length > 0)
    emit(draft, { type: 'sale_proposed', checkpoint, why: 'sell_sheet', sales: held.sellSheet });
}

/** A dormant desk that has sold everything is halted until it is resumed. */
export function settleDormant(draft: Draft): void {
  const pulse = draft.state.pulse ?? null;
  if (pulse === null || draft.policy.pulse === null || !pulse.stance.isLiquidating) return;
  if (Object.keys(draft.state.positions).length > 0 || openEntries(draft.state).length > 0) return;
  const { state } = decideStance(
    pulse.stance,
    { kind: 'positions_sold' },
    draft.policy.pulse.stance,
  );
  changeStance(draft, state, []);
}

/** True when a resume is asked of a dormant desk and of nothing else. */
export function isRestart(draft: Draft): boolean {
  const { kill, isKillFilePresent, pulse } = draft.state;
  return kill.kind === 'clear' && !isKillFilePresent && pulse?.stance.stance === 'dormant';
}

/** The operator's resume of a dormant desk: refused with what still stands against it. */
export function onRestart(draft: Draft, input: OperatorInput): void {
  const { pulse: rules } = draft.policy;
  const pulse = pulseOf(draft);
  if (rules === null) return refuse(draft, input, reason('not_killed'));
  const monthReturn = monthReturnOf(pulse.dayStartMinor, pulse.month?.startMinor ?? null);
  const { objections, passedDays } = restartProgress(
    {
      records: pulse.gates,
      tradingDays: pulse.daysAsleep,
      checkpoints: rules.checkpoints,
      monthReturn,
    },
    rules.restart,
  );
  const asked = { kind: 'resume_asked', objections } as const;
  const { state, refused } = decideStance(pulse.stance, asked, rules.stance);
  const [first] = refused;
  if (first !== undefined) return refuse(draft, input, first);
  const figures = { passedDays, ...(monthReturn === null ? {} : { monthReturn }) };
  changeStance(draft, state, [reason('stance_resumed', figures)]);
}
