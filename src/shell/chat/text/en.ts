import { openTodos } from '#core/engine/decide-manual.ts';
import type { KillLine } from '#core/engine/message.ts';
import type { AccountMessage } from '#core/engine/message-account.ts';
import { type ToldCause, toldCauses } from '#core/engine/safe-scope.ts';
import type { SetupRefused, Trade, Verdict } from '#core/engine/state.ts';
import type { OpenHolding, OpenOrder } from '#core/engine/still-open.ts';
import { seenOf } from '#core/engine/view.ts';
import type { Check } from '#core/gates/gate.ts';
import type { Order } from '#core/machines/order.ts';
import { hasEnded } from '#core/machines/order.ts';
import type { Ticket } from '#core/machines/ticket.ts';
import { mid } from '#core/market/quote.ts';
import type { External } from '#core/portfolio/account-reading.ts';
import type { Slippage } from '#core/portfolio/slippage.ts';
import type { AccountLine, Answer, BothSides, DeskView } from '#core/replies/answer.ts';
import { COMMANDS } from '#core/replies/command-table.ts';
import type { Consequence, DrillReport } from '#core/replies/notice.ts';
import { ALARMS_EN, alarmWords } from './alarm-words.ts';
import {
  BACKTEST_EN,
  backtestBusyLines,
  backtestDoneLines,
  backtestFailedLines,
  backtestStepLines,
} from './backtest-lines.ts';
import { CALENDAR_EN, calendarEndLines, calendarLines } from './calendar-lines.ts';
import type { Catalogue, Of, Speech } from './catalogue.ts';
import { captionLines } from './chart-lines.ts';
import { EDGE_EN } from './edge-lines.ts';
import { EDIT_EN, editLines } from './edit-words.ts';
import { EX_DATE_EN, exDateLines } from './ex-date-lines.ts';
import { HEALTH_EN, healthLines, jobLine } from './health-lines.ts';
import { balanceLines, LOOK_EN, priceLines } from './look-lines.ts';
import { PERIOD_EN, periodLines } from './period-lines.ts';
import { PLAN_EN, planLines, strategyLines } from './plan-lines.ts';
import {
  checkpointOpenLines,
  checkpointTitle,
  pulseCardLines,
  pulseHeadline,
  pulseReportLines,
  sheetLinesOf,
} from './pulse-day-lines.ts';
import { PULSE_EN } from './pulse-en.ts';
import {
  degradedLines,
  funnelText,
  gatesLines,
  heldLine,
  pulseRow,
  sectorsLines,
  whyLines,
} from './pulse-lines.ts';
import type { PulseWords } from './pulse-words.ts';
import { isTakenOver, planLine, refusedLines, signOf, slippageText } from './rule-lines.ts';
import { SETTINGS_EN, settingsLines } from './settings-lines.ts';
import { type SheetWords, sheetLines } from './sheet.ts';
import { FAULTS_EN } from './source-faults.ts';
import { STOP_CHANGES_EN } from './stop-words.ts';
import { runningSwitch, switchLine, switchMessage } from './switch-en.ts';
import { systemEn } from './system-en.ts';
import { systemAnswers, systemNotices } from './system-lines.ts';

/** Date of an instant in the market's zone. */
function dayOf(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

function count(many: number, one: string, more = `${one}s`): string {
  return `${many} ${many === 1 ? one : more}`;
}

/** More causes of the same kind, told by their number. */
function othersOf({ others }: ToldCause): string {
  return others === undefined ? '' : ` and ${others} more`;
}

function figure(value: number | string | boolean | null | undefined): string {
  if (value === null || value === undefined) return 'not known';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'number'
    ? String(Math.round(value * 10_000) / 10_000)
    : value.replaceAll('|', ', ');
}

function checkLine(check: Check, s: Speech): string {
  const label = EN.checks[check.name] ?? check.name.replaceAll('_', ' ');
  const unit =
    check.unit === '' || check.unit === 'price' || check.unit === 'minor' ? '' : ` ${check.unit}`;
  const word = (value: Check['value']) => {
    if (typeof value !== 'number') return s.f.words(figure(value), 60);
    if (check.unit === 'minor') return s.f.money(value);
    return check.unit === 'price' ? s.f.price(value) : s.f.words(figure(value), 60);
  };
  const operator = signOf(check).replace('not_in', 'none of').replace('in', 'one of');
  return `${check.passed ? '✓' : '✕'} ${label} ${word(check.value)} ${operator} ${word(check.threshold)}${unit}`;
}

/** Names of the rows of the A-share desk. */
const PULSE_ROWS: Readonly<Record<string, string>> = {
  index: 'SSE Composite',
  gate: 'gate',
  limit_universe: 'stocks counted',
  limit_up_sealed: 'sealed limit-ups',
  limit_down_sealed: 'sealed limit-downs',
  limit_up_touched: 'touched limit up',
  limit_down_touched: 'touched limit down',
  hs300_vol_30d: '30-day volatility of CSI 300',
  index_now: 'SSE Composite now',
  index_ma20: 'SSE Composite MA20',
  index_return: 'SSE Composite today',
  margin_net_repay_prev: 'margin net repayment',
  margin_net_repay: 'margin net repayment',
  margin_net_repay_share: 'margin net repayment over balance',
  margin_balance_prev: 'margin balance',
  concentration_return: 'index',
  volatility_return: 'index',
  limit_up_count: 'limit-ups',
  limit_down_count: 'limit-downs',
  limit_up_down_ratio: 'limit-ups over limit-downs',
  turnover_concentration: 'turnover concentration',
  concentration_percentile: 'concentration percentile',
  vol_percentile: 'volatility percentile',
  index_above_ma20: 'SSE Composite at or above MA20',
  l1_margin_net_repay: 'level 1: margin net repayment',
  l2_margin_net_repay: 'level 2: margin net repayment',
  l1_limit_up_down_ratio: 'level 1: limit-ups over limit-downs',
  l2_limit_up_down_ratio: 'level 2: limit-ups over limit-downs',
  l1_limit_down_count: 'level 1: limit-downs',
  l2_limit_down_count: 'level 2: limit-downs',
  l1_concentration_percentile: 'level 1: concentration percentile',
  l2_concentration_percentile: 'level 2: concentration percentile',
  l1_turnover_concentration: 'level 1: turnover concentration',
  l2_turnover_concentration: 'level 2: turnover concentration',
  l1_concentration_return: 'level 1: index beside concentration',
  l2_concentration_return: 'level 2: index beside concentration',
  l1_vol_percentile: 'level 1: volatility percentile',
  l2_vol_percentile: 'level 2: volatility percentile',
  l2_volatility_return: 'level 2: index beside volatility',
  rank_from: 'rank in the sector, from',
  rank_through: 'rank in the sector, through',
  strength: 'strength',
  turnover_10d: 'mean turnover of 10 days',
  turnover_10d_max: 'mean turnover of 10 days, at most',
  st: 'ST',
  suspended: 'suspended',
  has_price: 'price known',
  at_limit_up: 'at limit up',
  listed_days: 'trading days since listing',
  ex_date_open: 'ex-date open',
  previous_close_gap: 'own close against the official one',
  before_closure: 'last session before a long closure',
  vwap_deviation_min: 'price against VWAP, at least',
  vwap_deviation_max: 'price against VWAP, at most',
  volume_ratio: 'volume ratio',
  price_of_day_high: 'price over day high',
  permission: 'permission',
  kill_switch_level: 'kill-switch level',
  day_return: 'result of the day',
  held_here: 'held by this desk',
  sold_today: 'sold today',
  entry_limit: 'entry limit',
  quantity: 'quantity',
  position_ratio_after: 'positions after the entry',
  single_ratio_after: 'this name after the entry',
  checkpoint_ratio_after: 'new at this checkpoint',
  day_ratio_after: 'new today',
  cost: 'cost',
  stop_noise: 'usual noise against the stop',
  reward_risk: 'reward over risk',
  win_probability: 'share of wins',
  expected_value: 'expected value',
  margin: 'margin',
  limit_ratio: 'limit-ups over limit-downs',
  concentration: 'concentration',
  volatility: 'volatility',
};

/** Words of the A-share pages. */
function pulse(): PulseWords {
  return {
    ...PULSE_EN,
    stage: {
      universe: 'market',
      top_sectors: 'top sectors',
      rank_range: 'rank',
      strength: 'strength',
      turnover: 'turnover',
      tradable: 'tradable',
      quota: 'quota',
      buy_point: 'buy point',
      ticket: 'ticket',
    },
    stance: EN.stances,
    permission: EN.permissions,
    row: (name) =>
      EN.checks[name] ?? EN.checks[name.replace(/^kill_/, '')] ?? name.replaceAll('_', ' '),
  };
}

/** A row of a ticket, in the words and units of its desk. */
function ticketRow(ticket: Ticket | null, check: Check, s: Speech): string {
  return ticket?.pulse === undefined ? checkLine(check, s) : pulseRow(check, s, pulse());
}

const STRONGEST = ['close_beyond_vwap', 'close_beyond_ma20', 'pullback_age', 'stop_distance'];

function strongest(ticket: Ticket, s: Speech): string {
  const passed = ticket.checks.filter((check) => check.passed);
  const known = STRONGEST.flatMap((name) => passed.filter((check) => check.name === name));
  const chosen = [...known, ...passed.filter((check) => !known.includes(check))].slice(0, 2);
  return chosen.length === 0
    ? 'no check recorded'
    : chosen.map((check) => checkLine(check, s)).join(' · ');
}

function sizeOf(ticket: Ticket, s: Speech): string {
  const side = ticket.side === 'long' ? 'BUY' : 'SHORT';
  const limit = ticket.side === 'long' ? '≤' : '≥';
  return `${side} ${s.f.symbol(ticket.instrument)} ${ticket.quantity} @ ${limit} ${s.f.price(ticket.entryLimit)}`;
}

function headline(ticket: Ticket, s: Speech): string {
  if (ticket.pulse !== undefined)
    return pulseHeadline(ticket, ticket.pulse, EN.ticketStates[ticket.state], s, pulse());
  if (isTakenOver(ticket))
    return `● Taken over: ${s.f.symbol(ticket.instrument)} ${ticket.quantity} @ ${s.f.price(ticket.entryLimit)} · ${ticket.code}`;
  const arrow = ticket.side === 'long' ? '▲' : '▼';
  if (ticket.isAdvice) return `${arrow} ${sizeOf(ticket, s)} · ${ticket.code} · advice only`;
  if (ticket.state === 'pending') {
    const left = ticket.expiresAt > s.now ? s.f.duration(ticket.expiresAt - s.now) : 'life over';
    return `${arrow} ${sizeOf(ticket, s)} · ${ticket.code} · ${left}`;
  }
  const mark = ticket.state === 'confirmed' ? '✓' : '✕';
  return `${mark} ${EN.ticketStates[ticket.state]}: ${sizeOf(ticket, s)} · ${ticket.code}`;
}

function endLine(ticket: Ticket, s: Speech): string[] {
  const end = ticket.closed;
  if (end === null || ticket.state === 'confirmed' || ticket.state === 'pending') return [];
  const price = end.price === null ? '' : `, price then ${s.f.price(end.price)}`;
  const why = end.reason === null ? '' : `: ${s.reason(end.reason)}`;
  const by = end.by === 'clock' || end.by === 'desk' ? '' : ` by ${s.f.words(end.by, 40)}`;
  return [`✕ ${EN.ticketStates[ticket.state]}${by} ${s.f.timeSeconds(end.at)}${why}${price}`];
}

function progressLine(ticket: Ticket, s: Speech): string[] {
  const steps = ticket.progress.slice(-12);
  const last = steps[steps.length - 1];
  if (last === undefined) return [];
  const words = steps.map((step) => EN.progress[step.step](step, ticket, s.f));
  return [`${words.join(' · ')} · ${s.f.timeSeconds(last.at)}`];
}

function card(
  message: { axes: Parameters<Speech['axes']>[0]; ticket: Ticket },
  s: Speech,
): string[] {
  const { ticket, axes } = message;
  const phases = axes.phases.filter((phase) => phase.instrument === ticket.instrument);
  if (ticket.pulse !== undefined)
    return [
      headline(ticket, s),
      ...pulseCardLines(ticket, ticket.pulse, s.axes({ ...axes, phases }), s, pulse()),
      ...progressLine(ticket, s),
      ...endLine(ticket, s),
    ];
  if (isTakenOver(ticket))
    return [
      headline(ticket, s),
      planLine(ticket, s, ['stop', 'targets']),
      s.axes({ ...axes, phases }),
      ...progressLine(ticket, s),
    ];
  const risk = `1R = ${s.f.money(ticket.riskMinor)} (${s.f.ratio(ticket.riskOfCapital)})`;
  return [
    headline(ticket, s),
    `stop ${s.f.price(ticket.stop)} · +1R ${s.f.price(ticket.firstTarget)} · ${risk} · cost ${ticket.costR.toFixed(2)}R`,
    s.axes({ ...axes, phases }),
    strongest(ticket, s),
    `day so far: ${EN.dayTypes[ticket.dayType]}${ticket.stopWidened ? ' · stop widened to the minimum distance' : ''}`,
    ...(ticket.shrink === undefined
      ? []
      : [
          `smaller by rule: ${s.f.ratio(ticket.shrink.ratio)} of the usual size, event day: ${s.f.words(ticket.shrink.events, 60)}`,
        ]),
    ...(ticket.isDataPartial === true
      ? ['data of one venue (IEX, 2–3 % of the tape): its VWAP is not the market’s']
      : []),
    ...EDGE_EN.ofTicket(ticket, EN.dayTypes),
    ...progressLine(ticket, s),
    ...endLine(ticket, s),
  ];
}

function refused(setups: readonly SetupRefused[], s: Speech): string[] {
  return refusedLines(setups, s, {
    side: (side) => side,
    comma: '; ',
    more: (left) => `and ${left} more: /why`,
  });
}

function verdictLines(verdict: Verdict, s: Speech): string[] {
  const asked = `${count(verdict.tickets, 'ticket')}, ${verdict.confirmed} confirmed`;
  // a checkpoint ranks stocks: it has no setups
  const seen =
    verdict.checkpoint === 'close'
      ? `${asked}; ${count(verdict.setupsSeen, 'setup')} seen, ${verdict.refused.length} refused`
      : asked;
  const reasons = verdict.reasons.slice(0, 5).map((reason) => `✕ ${s.reason(reason)}`);
  const evidence = verdict.evidence.slice(0, 6).map((row) => {
    const rows = Object.entries(row.rows)
      .slice(0, 4)
      .map(([name, value]) => `${name.replaceAll('_', ' ')} ${s.f.words(figure(value), 40)}`);
    const day = row.dayType === null ? 'no day type yet' : EN.dayTypes[row.dayType];
    return `${s.f.symbol(row.instrument)}: ${day}${rows.length > 0 ? ` · ${rows.join(' · ')}` : ''}`;
  });
  return [...reasons, seen, ...refused(verdict.refused, s), ...evidence];
}

const SLIPPED = { better: 'better than', worse: 'worse than' } as const;

function slippageWords(slippage: Slippage, s: Speech): string {
  return slippageText(slippage, s, {
    agreed: (amount, side) => (side === 'same' ? 'as agreed' : `${amount} ${SLIPPED[side]} agreed`),
    mid: (amount, side) => (side === 'same' ? 'at the mid' : `${amount} ${SLIPPED[side]} the mid`),
    unknown: 'not known',
    comma: ', ',
  });
}

function tradeSlippage({ slippage: { entry, exit } }: Pick<Trade, 'slippage'>, s: Speech): string {
  const of = ({ midBps, ticketBps }: Slippage) => s.f.bps(midBps ?? ticketBps);
  return `in ${of(entry)}, out ${of(exit)}`;
}

function exitLine(
  sign: string,
  label: string,
  m: {
    instrument: Order['instrument'];
    ticketCode: string;
    quantity: number;
    price: number;
    remaining: number;
    slippage: Slippage;
    trade: Pick<Trade, 'resultR' | 'pnlMinor' | 'slippage'> | null;
  },
  s: Speech,
): string[] {
  const left = m.remaining === 0 ? 'position closed' : `${m.remaining} left`;
  const first = `${sign} ${label} ${s.f.symbol(m.instrument)} ${m.quantity} @ ${s.f.price(m.price)} · ${m.ticketCode} · ${left}`;
  if (m.trade === null) return [first, `slippage ${slippageWords(m.slippage, s)}`];
  return [
    first,
    `closed ${s.f.r(m.trade.resultR)} (${s.f.gain(m.trade.pnlMinor)}), slippage of the entry ${slippageWords(m.trade.slippage.entry, s)}`,
  ];
}

function orderWords(order: Order, s: Speech): string {
  const price = order.limitPrice ?? order.stopPrice;
  const at = price === null ? 'at market' : `@ ${s.f.price(price)}`;
  return `${EN.orderRoles[order.role]} ${order.side} ${s.f.symbol(order.instrument)} ${order.quantity} ${at}`;
}

function orderRow(order: Order, s: Speech): string {
  const filled =
    order.filledQuantity > 0
      ? ` · filled ${order.filledQuantity} @ ${s.f.price(order.averagePrice)}`
      : '';
  const mark = order.state === 'unknown' ? '⚠ ' : '';
  return `${mark}${orderWords(order, s)} · ${EN.orderStates[order.state]}${filled} · ${s.f.words(order.orderId, 80)}`;
}

function consentWords(desk: DeskView, s: Speech): string {
  const { consent } = desk.state;
  if (consent.kind === 'allowed') {
    const held =
      consent.heldUntilAt !== null && consent.heldUntilAt > s.now
        ? `, held until ${s.f.time(consent.heldUntilAt)}`
        : '';
    return `allowed by ${s.f.words(consent.by, 40)} until ${s.f.time(consent.untilAt)}${held}`;
  }
  if (consent.kind === 'stopped')
    return `stopped by ${s.f.words(consent.by, 40)} at ${s.f.time(consent.at)}`;
  return consent.kind === 'ended' ? 'ended with the session' : 'not given: send ALLOW';
}

function statusLines(desk: DeskView, s: Speech): string[] {
  const { state } = desk;
  const positions = Object.values(state.positions);
  const unit = state.day?.unitRMinor ?? 0;
  const risk = unit > 0 ? ` (${(desk.openRiskMinor / unit).toFixed(2)}R)` : '';
  const lines = [s.axes(desk.axes), `permission today: ${consentWords(desk, s)}`];
  lines.push(
    ...runningSwitch(state, s),
    `positions ${positions.length} · open risk ${s.f.money(desk.openRiskMinor)}${risk} · cash ${s.f.money(state.cashMinor)}`,
  );
  if (state.day !== null) {
    lines.push(
      `today ${state.day.tradingDay}: ${count(state.day.tradesStarted, 'trade')} · ${s.f.gain(state.day.realizedMinor)} after ${s.f.money(state.day.feesMinor)} fees`,
    );
  }
  if (state.kill.kind !== 'clear')
    lines.push(
      `⛔ kill: ${state.kill.kind} by ${s.f.words(state.kill.by, 40)} at ${s.f.time(state.kill.at)}; /resume <reason>`,
      ...state.kill.left
        .slice(0, 10)
        .map(
          (rest) =>
            `  not sold: ${s.f.symbol(rest.instrument)} ${rest.quantity}, ${s.reason(rest.reason)}`,
        ),
    );
  const causes = toldCauses(state.safeMode);
  for (const entry of causes.slice(0, 5)) {
    lines.push(
      `⚠ ${EN.safeModeCauses[entry.cause]} ${s.f.words(entry.subject, 40)}${othersOf(entry)}${entry.isGone ? ' (gone, not yet released: /safe off)' : ''}`,
    );
  }
  const gone = state.deadMan ?? null;
  if (gone !== null)
    lines.push(
      gone.why === 'no_channel'
        ? `⏸ no chat was reached from ${s.f.time(gone.since)} on: reducing until ALLOW`
        : `⏸ ${s.f.words(gone.subject, 60)} unanswered since ${s.f.time(gone.since)}: /ack, then ALLOW`,
    );
  for (const lock of state.locks.slice(0, 5))
    lines.push(`lock: ${EN.lockCauses[lock.cause]} until ${s.f.time(lock.untilAt)}`);
  for (const alarm of state.alarms.slice(0, 3))
    lines.push(
      `! ${ALARMS_EN[alarm.kind]}${alarm.settledAt === null ? '' : `, settled ${s.f.time(alarm.settledAt)}`}, not yet seen: /ack ${alarm.id}`,
    );
  for (const symbol of Object.values(state.symbols).slice(0, 8)) {
    const seen = seenOf(desk.view, symbol.instrument);
    // a desk of checkpoints is given no bars
    if (state.pulse !== null && seen.lastBarClosedAt === null) continue;
    const age =
      seen.lastBarClosedAt === null
        ? 'no bar yet'
        : `last bar ${s.f.duration(s.now - seen.lastBarClosedAt)} old`;
    lines.push(
      `${s.f.symbol(symbol.instrument)} ${s.f.price(seen.evaluation?.bar.close ?? null)} · ${age}`,
    );
  }
  return lines;
}

function killLine(line: KillLine, s: Speech): string {
  const why = line.reason === null ? '' : ` (${s.reason(line.reason)})`;
  const size = line.left === 0 ? String(line.quantity) : `${line.left} of ${line.quantity}`;
  return `${s.f.symbol(line.instrument)} ${size}: ${KILL_STANDS[line.state]}${why}`;
}

const KILL_STANDS: Readonly<Record<KillLine['state'], string>> = {
  sold: 'sold',
  canceling: 'taking its stops back',
  selling: 'being sold',
  waits: 'cannot be sold now',
  asking: 'asking the broker, nothing is sent twice',
  failed: 'not sold',
};

function positionLines(desk: DeskView, s: Speech): string[] {
  return Object.values(desk.state.positions).map((held) => {
    const seen = seenOf(desk.view, held.instrument);
    const last = seen.quote === null ? (seen.evaluation?.bar.close ?? null) : mid(seen.quote);
    const gain = last === null ? null : (last - held.entryPrice) * held.quantity;
    const r =
      gain === null || held.riskPerShare <= 0 || held.quantity === 0
        ? ''
        : ` · ${s.f.r(gain / (Math.abs(held.quantity) * held.riskPerShare))}`;
    const money = gain === null ? 'no price' : s.f.gain(Math.round(gain * 100));
    const bare = held.unprotectedSince === null ? '' : ' · ⚠ no stop working';
    return `${s.f.symbol(held.instrument)} ${held.side} ${held.quantity} @ ${s.f.price(held.entryPrice)} · now ${s.f.price(last)} · ${money}${r} · stop ${s.f.price(held.stop)} · since ${s.f.time(held.openedAt)}${bare}`;
  });
}

function foreignLines(desk: DeskView, s: Speech): string[] {
  return desk.state.externals
    .filter((one) => one.kind === 'position')
    .map((one) =>
      one.state === 'found'
        ? externalLine(one, s)
        : `not the desk’s, left alone: ${s.f.symbol(one.instrument)} ${one.quantity}`,
    );
}

const SHEET: SheetWords = {
  get format() {
    return EN.format;
  },
  ways: {
    continuous: 'now',
    auction: 'auction',
    queue: 'queue',
    after_hours: 'after the close, at its price',
    extended_hours: 'extended hours',
    later: 'later',
    stays: 'stays',
  },
  nothing: 'nothing is held',
  byHand: 'you sell, each is a to-do',
  opens: (time) => `from ${time}`,
  limit: (price) => `not below ${price}`,
  about: (price, proceeds) => `≈ ${price} → ${proceeds}`,
  noPrice: 'no price known',
  sold: (proceeds, result, fees) => `sold for about ${proceeds}: ${result} after ${fees} fees`,
  kept: (lines, value) => `kept: ${count(lines, 'line')}, worth about ${value}`,
  unpriced: (lines) => ` (${lines} without a price not counted)`,
  more: (lines) => `… ${lines} more, see /positions`,
  quantity: (shares) => String(shares),
};

/** What is still open when a kill is lifted, by name. */
function openLines(
  orders: readonly OpenOrder[],
  held: readonly OpenHolding[],
  s: Speech,
): string[] {
  return [
    ...held
      .slice(0, 10)
      .map(
        (one) =>
          `  held: ${s.f.symbol(one.instrument)} ${one.quantity}${one.why === null ? '' : `, not sold: ${s.reason(one.why)}`}`,
      ),
    ...orders
      .slice(0, 10)
      .map(
        (one) =>
          `  order: ${EN.orderRoles[one.role]} ${s.f.symbol(one.instrument)} ${one.left} · ${EN.orderStates[one.state]}`,
      ),
  ];
}

function ms(value: number | null): string {
  return value === null
    ? 'none'
    : value < 1_000
      ? `${Math.round(value)} ms`
      : `${(value / 1_000).toFixed(1)} s`;
}

function drillLines({ deskId, accountId, stageOne, stageTwo }: DrillReport, s: Speech): string[] {
  const touched = stageOne.protection - stageOne.protectionKept;
  const isQuick = stageOne.firstCancelMs === null || stageOne.firstCancelMs <= 20;
  return [
    `◇ Drill of ${deskId} on ${accountId} · first cancel ${ms(stageOne.firstCancelMs)}, all out ${ms(stageOne.allOutMs)}`,
    `stage 1: ${count(stageOne.entries, 'entry order')} canceled${isQuick ? '' : ' · ⚠ first cancel later than 20 ms'}${stageOne.entries > 0 && stageOne.allOutMs === null ? ' · ⚠ not all confirmed in 15 s' : ''}`,
    touched === 0
      ? `protective orders: ${stageOne.protection}, none touched by stage 1`
      : `⚠ protective orders: ${touched} of ${stageOne.protection} did not stay`,
    stageTwo.positions === 0
      ? 'stage 2: nothing was held'
      : `stage 2: ${count(stageTwo.positions, 'position')}, first order after ${ms(stageTwo.firstSaleMs)}, last fill after ${ms(stageTwo.lastFillMs)}${stageTwo.isOver ? '' : ' · still selling'}`,
    ...stageTwo.left
      .slice(0, 10)
      .map(
        (rest) =>
          `  not sold: ${s.f.symbol(rest.instrument)} ${rest.quantity}, ${s.reason(rest.reason)}`,
      ),
    'the kill stays in force: /resume all drill',
  ];
}

function consequenceLines(c: Consequence, s: Speech): string[] {
  switch (c.act) {
    case 'allow':
      return ['Allow entries', c.until === null ? 'until the session ends' : `until ${c.until}`];
    case 'flatten':
      return ['Sell everything', ...c.sheets.flatMap((sheet) => sheetLines(sheet, SHEET, s))];
    case 'drill':
      return [
        'Rehearse a kill: both stages, for real, on paper',
        `at work: ${count(c.entries, 'entry order')}, ${count(c.positions.length, 'position')}; everything is sold and the kill stays in force`,
        ...c.positions
          .slice(0, 10)
          .map(
            (one) => `  ${s.f.symbol(one.instrument)} ${one.quantity}, stop ${s.f.price(one.stop)}`,
          ),
      ];
    case 'resume':
      return [
        'Resume after the kill',
        `reason: ${s.f.words(c.reason, 100)}`,
        `still open: ${count(c.openOrders.length, 'order')}, ${count(c.positions.length, 'position')}`,
        ...openLines(c.openOrders, c.positions, s),
      ];
    case 'safe':
      return [
        'Leave SAFE_MODE',
        c.causes.length === 0
          ? 'no cause is left'
          : `causes: ${s.f.words(c.causes.map(({ cause, subject }) => `${EN.safeModeCauses[cause]} ${subject}`.trim()).join(', '), 200)}`,
      ];
    case 'unlock':
      return [`Lift the lock ${s.f.words(c.id, 60)}`, `it would end at ${s.f.time(c.untilAt)}`];
    case 'exit':
      return [
        `Sell ${s.f.words(c.target, 20)} ${c.quantity} (${s.f.ratio(c.ratio)}) at the market`,
        ...(c.lateMs === null
          ? []
          : [`your message is ${s.f.duration(c.lateMs)} old; the position is the same`]),
      ];
    case 'edit':
      return editLines(c, s, EDIT_EN);
    case 'cancel':
      return [
        `Cancel the protective order ${s.f.words(c.target, 60)}`,
        'the position stands without it',
      ];
    case 'config':
      return [
        `Change ${s.f.words(c.change.key, 80)}`,
        `${s.f.words(c.change.from, 80)} → ${s.f.words(c.change.to, 80)} · ${SYSTEM.countsFrom[c.change.countsFrom]}`,
      ];
    case 'fill':
      return [
        `Book ${s.f.words(c.target, 20)}: ${c.quantity} @ ${s.f.price(c.price)}`,
        `unusual: ${s.reason(c.reason)}`,
      ];
    case 'stoploss':
      return [
        `Lower the stop of ${s.f.words(c.target, 20)} ${c.quantity}: ${s.f.price(c.from)} → ${s.f.price(c.to)}`,
        'more may be lost than the ticket said',
      ];
    case 'adopt':
      return [
        `Take over ${s.f.words(c.target, 20)} ${c.quantity}${c.averagePrice === null ? '' : `, bought at ${s.f.price(c.averagePrice)}`}`,
        c.stop === null ? 'stop where it risks 1R from now' : `stop ${s.f.price(c.stop)}`,
        'booked at the bid of that moment, no target, left before the close',
      ];
    case 'accept': {
      const show = (value: number) => (c.isCash ? s.f.money(value) : String(value));
      return [
        `Accept the broker’s side of ${s.f.words(c.id, 60)}`,
        `book ${show(c.ours)} → broker ${show(c.theirs)}`,
      ];
    }
    case 'attest':
      return [
        'Take this as all that the account holds',
        ...c.holdings.map((held) => `${s.f.words(held.target, 20)} ${held.quantity}`),
        `cash ${s.f.money(c.cashMinor)}`,
        'the book is compared with it at once and with every execution you report',
      ];
    case 'account':
      return [
        `Account ${s.f.words(c.accountId, 40)}: ${EN.environments[c.from]} → ${EN.environments[c.to]}`,
        'orders then spend real money; after the next close where a session runs, at once otherwise',
        'ALLOW is asked for anew, and a desk in mode auto goes on in mode semi',
      ];
    case 'mode':
      return [
        c.from === c.to
          ? `Mode ${EN.modes[c.to]} without a measured edge`
          : `Mode ${EN.modes[c.from]} → ${EN.modes[c.to]}`,
        c.to === 'auto' ? 'the desk then enters by itself' : 'entries then need a confirm',
        ...EDGE_EN.ruledOut(c.withoutEdge ?? [], EN.dayTypes),
        ...(c.withoutEdge === undefined
          ? []
          : ['its tickets are traded all the same until it is measured anew']),
      ];
  }
}

/** The switch that a ticket, or a name of it, has to do with. */
function switchOf(a: Of<Answer, 'why'>, s: Speech): string[] {
  const { rotation } = a.desk.state;
  if (rotation === null || rotation === undefined || a.ticket === null) return [];
  const { instrument, id } = a.ticket;
  const isMeant = rotation.ticketId === id || rotation.from === instrument;
  return isMeant ? [switchLine(rotation, s)] : [];
}

function externalLine(external: External, s: Speech): string {
  const symbol = s.f.symbol(external.instrument);
  const id = s.f.words(external.id, 60);
  const price = external.price === null ? '' : ` @ ${s.f.price(external.price)}`;
  if (external.kind === 'order')
    return `! not the desk’s: order ${id} ${symbol} ${external.quantity}${price} · /reconcile disown ${id}`;
  return `! not the desk’s: ${symbol} ${external.quantity}${price} · /adopt ${symbol} or /reconcile disown ${symbol}`;
}

function sidesLines(sides: BothSides, s: Speech): string[] {
  const { cashMinor, openOrders, failure } = sides;
  const verdict =
    failure !== null
      ? `✕ not read: ${s.f.words(failure, 120)}`
      : sides.isClean
        ? '✓ book and broker agree'
        : `✕ ${count(sides.differences.length, 'difference')}`;
  const figures = (value: number | null) => figure(value);
  return [
    `${sides.accountId} · ${sides.deskId}: ${verdict}`,
    `cash: book ${s.f.money(cashMinor.ours)}, broker ${cashMinor.theirs === null ? 'not known' : s.f.money(cashMinor.theirs)}`,
    `open orders: book ${openOrders.ours}, broker ${figures(openOrders.theirs)}`,
    ...sides.holdings
      .slice(0, 15)
      .map(
        (held) =>
          `${s.f.symbol(held.instrument)}: book ${held.ours}, broker ${figures(held.theirs)}${held.disowned === 0 ? '' : ` (${held.disowned} left alone)`}`,
      ),
    ...sides.externals
      .filter((external) => external.state === 'found')
      .slice(0, 5)
      .map((external) => externalLine(external, s)),
    ...(sides.isClean
      ? []
      : sides.differences
          .slice(0, 8)
          .map(
            (d) =>
              `✕ ${s.f.words(d.subject, 60)}: book ${s.f.words(d.ours, 40)}, broker ${s.f.words(d.theirs, 80)}`,
          )),
  ];
}

/** The line to copy: what the book has, in the words that `/reconcile` takes. */
function attestLine(m: Extract<AccountMessage, { kind: 'attest_due' }>): string {
  const held = m.holdings.slice(0, 40).map((one) => `${one.instrument} ${one.quantity}`);
  return ['/reconcile', m.accountId, ...held, 'cash', (m.cashMinor / 100).toFixed(2)].join(' ');
}

function accountLine(line: AccountLine, s: Speech): string {
  const other = line.sides.filter((side) => side.environment !== line.environment);
  return [
    `${line.environment === 'live' ? '⚠' : '●'} ${s.f.words(line.accountId, 40)} · ${line.broker} ${line.market} ${line.currency} · ${EN.environments[line.environment]}`,
    line.deskId === null ? 'no desk' : `desk ${s.f.words(line.deskId, 40)}`,
    ...(line.asked === null ? [] : [`→ ${line.asked} wanted`]),
    ...line.sides
      .filter((side) => side.missing.length > 0)
      .map((side) => `${side.environment} needs ${side.missing.join(', ')}`),
    ...(line.deskId === null
      ? []
      : other.map((side) => `/account ${line.accountId} ${side.environment}`)),
  ].join(' · ');
}

function usageOf(name: string): string {
  const row = COMMANDS.find((command) => command.name === name);
  return row === undefined ? `/${name}` : `/${row.name}${row.usage === '' ? '' : ` ${row.usage}`}`;
}

function none(lines: readonly string[], words: string): readonly string[] {
  return lines.length === 0 ? [words] : lines;
}

const SYSTEM = systemEn(pulse);

export const EN: Catalogue = {
  format: {
    zones: { 'America/New_York': 'ET', 'Asia/Shanghai': 'Beijing', UTC: 'UTC' },
    second: ' s',
    minute: ' min',
    hour: ' h',
    shares: (many) => many,
    unknown: 'not known',
    figures: {
      words: '',
      missing: 'missing',
      event: 'event',
      r: 'R',
      condition: '',
      operator: '',
      threshold: '',
      value: '',
      column: '',
      cause: '',
      figure: '',
      why: '',
      exchange: '',
      passedDays: 'passed days in a row',
      monthReturn: 'month',
      on_file: 'what is on file',
      manual: 'files of your own',
    },
    values: {
      ...PULSE_EN.note,
      ...FAULTS_EN,
      ...PULSE_ROWS,
      book: 'order book',
      half_day: 'half day',
    },
  },
  reasons: {
    stop_too_wide: 'stop too wide',
    size_too_small: 'size too small',
    cost_over_r: 'cost too high',
    spread_too_wide: 'spread too wide',
    volume_too_low: 'volume too low',
    day_type_event: 'event day',
    day_type_range: 'range day',
    day_type_trend_down: 'downtrend day',
    day_type_trend_up: 'uptrend day',
    below_vwap: 'below VWAP',
    above_vwap: 'above VWAP',
    below_ma20: 'below MA20',
    above_ma20: 'above MA20',
    no_pullback: 'no pullback',
    no_reclaim: 'no reclaim',
    outside_window: 'outside the trading windows',
    warmup_incomplete: 'not enough history yet',
    data_stale: 'data too old',
    quote_stale: 'quote too old',
    quote_missing: 'no fresh quote',
    blackout: 'event blackout',
    event_day: 'event day',
    not_flat: 'a position is open',
    cooldown: 'cooling down',
    recent_ticket: 'a ticket ended a moment ago',
    day_loss_limit: 'day loss limit reached',
    trades_per_day: 'number of trades a day reached',
    consecutive_losses: 'losses in a row',
    open_risk_limit: 'open risk limit',
    position_cap: 'position cap',
    cash_short: 'not enough cash',
    permission_reducing: 'no entries now (reducing)',
    permission_halted: 'halted',
    permission_not_given: 'ALLOW not given today',
    stopped_by_operator: 'stopped by the operator',
    killed: 'killed; /resume first',
    safe_mode: 'SAFE_MODE is on',
    opening_no_trade: 'first minutes of the session',
    session_done: 'the session is over for entries',
    halt: 'trading halt',
    price_above_band: 'price left the band',
    stop_touched: 'price touched the stop',
    life_over: 'life over',
    superseded: 'replaced by a newer version',
    window_ended: 'window ended',
    already_answered: 'already answered',
    unknown_ticket: 'no such ticket',
    mode_alert: 'the desk only gives advice (mode alert)',
    no_edge: 'no measured edge',
    no_setup: 'no setup',
    not_trading_day: 'not a trading day',
    data_not_ready: 'data not ready',
    unconfirmed_order: 'an order is unconfirmed',
    position_mismatch: 'positions differ from the broker',
    risk_not_computable: 'risk cannot be computed',
    heartbeat_lost: 'connection lost',
    bar_overdue: 'a bar is overdue',
    unknown_lock: 'no such lock; /locks shows them',
    lock_firm: 'this lock is not lifted within its day, nor a halt while it lasts',
    data_partial: 'prices of one venue only: auto mode is not allowed on them',
    operator_unreachable: 'the operator cannot be reached',
    alarm_unanswered: 'an alarm waits for an answer: /ack, then ALLOW',
    kill_file: 'kill file present',
    channel_unreachable: 'no chat can be reached',
    abnormal_range: 'abnormal minute',
    slippage: 'slippage too high',
    second_confirmation_needed: 'needs a second confirmation',
    nothing_pending: 'no ticket is pending',
    code_needed: 'several tickets are pending: name the code',
    version_outdated: 'there is a newer version',
    quantity_out_of_range: 'quantity out of range (may only be lowered)',
    price_out_of_range: 'price out of range (may only improve inside the band)',
    unknown_position: 'no such position',
    unknown_order: 'no such order',
    protection_kept: 'protective orders stay',
    not_attested:
      'nobody has said today what the account holds: /reconcile <symbol> <quantity> … cash <amount>',
    not_reconciled: 'not reconciled with the broker',
    cause_persists: 'the cause is still there',
    open_doubt: 'an order is still in doubt',
    short_not_allowed: 'short is not allowed',
    unknown_time: 'the time cannot be used',
    not_killed: 'no kill is in force',
    already_so: 'it already is so',
    order_failed: 'the order failed',
    exit_not_filled: 'the order works and is not filled',
    flatten_running: 'everything is being sold',
    session_closed: 'the session is closed',
    expired_sent_at: 'expired when it arrived',
    external_position: 'shares in this symbol are not the desk’s',
    stop_beyond_market: 'a stop at or beyond the market sells at once: /exit does that',
    unknown_difference: 'there is no such difference with the broker',
    switch_running: 'a switch is under way',
    switch_same: 'both names of a switch are the same',
    switch_none: 'no switch waits for this answer',
    switch_kept: 'the first name is kept',
    nothing_to_switch: 'nothing of it is held or on order',
    changed_meanwhile: 'what is held changed meanwhile: ask for the switch again',
    closed_meanwhile: 'it was left meanwhile, and nobody had answered',
    skipped: 'skipped',
    order_type_unsupported: 'the broker does not know this order type',
    entry_beyond_band: 'the limit lies above the band, beyond which nothing is bought',
    stop_not_below_entry: 'the stop is not below the entry',
    target_not_above_entry: 'the target is not above the entry',
    snooze_past_life: 'it would remind after the ticket has expired',
    quantity_over_risk: 'more shares than the risk allows',
    price_not_on_tick: 'price is not on the tick',
    price_missing: 'a price is missing',
    quantity_not_in_lots: 'quantity is not in whole lots',
    quantity_too_large: 'quantity above the most per order',
    extended_hours_unsupported: 'not possible outside regular hours',
    bracket_unsupported: 'the broker takes no bracket',
    too_many_orders: 'too many working orders at the broker',
    instrument_unsupported: 'the broker does not trade this symbol',
    not_sellable_today: 'not sellable today (T+1)',
    outside_price_limits: 'outside the day’s price limits',
    outside_price_cage: 'outside the price cage',
    crosses_own_order: 'would trade with an order of this account',
    not_connected: 'no connection to the broker',
    not_by_hand: 'this desk executes by itself',
    checkpoint_missed: 'checkpoint not made in time',
    gate_failed: 'gate condition not met',
    kill_switch_l1: 'kill-switch level 1',
    kill_switch_l2: 'kill-switch level 2',
    sealed_down: 'sealed at limit-down, the sale waits in the queue',
    not_computable: 'a kill-switch figure cannot be computed',
    stance_hold: 'stance hold: no new positions',
    stance_watch: 'stance watch: no new positions',
    stance_dormant: 'stance dormant',
    restart_days_short: 'not enough days of passed gates in a row',
    stance_resumed: 'resumed by the operator',
    restart_drawdown: 'drawdown of the month too deep',
    rank_out_of_range: 'outside ranks 3 to 5 of its sector',
    strength_below_min: 'strength too low',
    turnover_below_min: 'turnover too low',
    turnover_above_max: 'turnover too high',
    st: 'ST',
    suspended: 'suspended',
    limit_up: 'at limit up',
    limit_down: 'sealed at limit down, may not fill',
    new_listing: 'listed too recently',
    sector_quota: 'quota of the sector used up',
    checkpoint_quota: 'quota of the checkpoint used up',
    vwap_deviation: 'too far from VWAP',
    volume_ratio_low: 'volume ratio too low',
    far_from_high: 'too far from the day high',
    intraday_missing: 'intraday data missing',
    stop_inside_noise: 'stop inside the usual noise',
    before_closure: 'last session before a long closure',
    ex_date_unknown: 'ex-date not accounted for',
    risk_total_cap: 'total position cap',
    risk_single_cap: 'cap of a single name',
    risk_checkpoint_cap: 'cap of new exposure per checkpoint',
    risk_day_cap: 'cap of new exposure per day',
    risk_cash_short: 'not enough cash',
    risk_size_too_small: 'size below one lot',
    risk_price_unknown: 'entry price not known',
    risk_day_loss: 'loss limit of the day',
    risk_already_held: 'already held or pending',
    risk_opposite_side: 'sold today by a desk of the same person',
    risk_permission: 'permission does not allow entries',
    risk_kill_switch: 'kill-switch forbids entries',
    facts_missing: 'facts of the day are missing',
    person_unknown: 'another desk of yours is not known',
    person_name_cap: 'cap of a single name over all accounts',
    person_checkpoint_cap: 'cap of new exposure per checkpoint over all accounts',
    person_day_cap: 'cap of new exposure per day over all accounts',
    person_correlated_risk: 'names that move together share one R over all desks',
    side_missing: 'the settings describe no such side of the account',
    keys_missing: 'keys are not set',
    account_in_use: 'another desk is on that account',
    account_unreadable: 'the account could not be asked',
    account_not_empty: 'the account holds positions or orders already',
    taken_back: 'taken back',
    order_window_shut: 'the exchange takes no orders now',
    cancel_window_shut: 'the exchange takes no cancels now',
    after_hours_price: 'limit worse than the close: void after hours',
  },
  phases: {
    premarket: 'premarket',
    opening_no_trade: 'opening_no_trade',
    trading_allowed: 'trading_allowed',
    in_position: 'in_position',
    cooldown: 'cooldown',
    locked: 'locked',
    done: 'done',
    done_with_position: 'done_with_position',
  },
  permissions: { active: 'active', reducing: 'reducing', halted: 'halted' },
  environments: { paper: 'paper, no real money', live: 'LIVE, REAL MONEY' },
  liveMark: 'LIVE',
  modes: { alert: 'alert', semi: 'semi', auto: 'auto' },
  roles: { viewer: 'viewer', operator: 'operator', owner: 'owner' },
  dayTypes: {
    event: 'event',
    trend_up: 'trend up',
    trend_down: 'trend down',
    range: 'range',
    undecided: 'undecided',
  },
  closeLabels: { trend_up: 'trend up', trend_down: 'trend down', range: 'range', mixed: 'mixed' },
  ticketStates: {
    pending: 'pending',
    confirmed: 'confirmed',
    skipped: 'skipped',
    expired: 'expired',
    superseded: 'superseded',
    void: 'void',
  },
  orderStates: {
    intended: 'not sent yet',
    submitted: 'sent',
    held: 'held at the broker',
    unknown: 'outcome unknown',
    accepted: 'working',
    partially_filled: 'partly filled',
    filled: 'filled',
    canceled: 'canceled',
    rejected: 'rejected',
    denied: 'denied',
    expired: 'expired',
  },
  orderRoles: { entry: 'entry', stop: 'stop', target: 'target', exit: 'exit' },
  exitReasons: {
    stop: 'stop',
    target: 'target',
    trail: 'trail',
    time: 'time',
    operator: 'operator',
    kill: 'kill',
    event: 'event',
    unprotected: 'unprotected',
    sector_out: 'sector out of the top',
    external: 'outside the desk',
  },
  stances: { attack: 'attack', hold: 'hold', watch: 'watch', dormant: 'dormant' },
  safeModeCauses: {
    heartbeat_lost: 'connection lost',
    bar_overdue: 'a bar is overdue',
    quotes_stale: 'quotes too old',
    data_denied: 'the source refuses prices',
    order_unconfirmed: 'an order is unconfirmed',
    position_mismatch: 'positions differ from the broker',
    day_loss: 'day loss limit reached',
    risk_not_computable: 'risk cannot be computed',
    operator: 'switched on by hand',
    internal_error: 'internal error',
  },
  safeModeCures: {
    heartbeat_lost:
      'it connects again by itself; if not, look at the network and the vendor’s page',
    bar_overdue: 'it passes with the next bar; if not, /health, then the feed and its log',
    quotes_stale:
      'it passes with the next quote; no stop is fired on an old price: exit at the market if in doubt',
    data_denied:
      'it is asked for again; if not, your data subscription, the number of symbols, a login elsewhere',
    order_unconfirmed: 'nothing is sent again; the broker is asked until it says what became of it',
    position_mismatch: 'compare with the broker’s page, /reconcile, then adopt, accept or disown',
    day_loss: 'the desk stays locked for the day; exits go on',
    risk_not_computable: 'it passes once a price is known; no entries until then',
    operator: 'whoever switched it on says when it ends',
    internal_error: 'a bug or a failed job: /logs, then report it; the desk goes on protecting',
  },
  lockCauses: {
    day_loss_limit: 'day loss limit',
    trades_per_day: 'number of trades a day',
    consecutive_losses: 'losses in a row',
    abnormal_range: 'abnormal minute',
    slippage: 'slippage too high',
    halt: 'trading halt',
  },
  lockCures: {
    day_loss_limit: 'nothing more is risked today; stops, targets and exits go on',
    trades_per_day: 'what is held goes on as planned; the next session counts anew',
    consecutive_losses: 'a pause until the next session; /why shows what was entered',
    abnormal_range: 'wait it out; what is held keeps its stop',
    slippage: 'compare the fills with the broker’s page and the spreads before the next session',
    halt: 'wait for trading to resume; a stop does not protect through a halt',
  },
  verdicts: {
    signals: 'signals',
    no_trade: 'No trade today',
    not_trade_day: 'Not a trading day',
    data_not_ready: 'Data not ready',
    blocked: 'Blocked',
  },
  progress: {
    edited: (step, _ticket, f) =>
      `v${step.figures['version'] ?? ''} by ${f.words(String(step.figures['by'] ?? ''), 40)}`,
    confirmed: (step, _ticket, f) =>
      `✓ confirmed by ${f.words(String(step.figures['by'] ?? ''), 40)}`,
    sent: () => 'sent',
    partly_filled: (step, _ticket, f) =>
      `partly filled ${step.figures['quantity'] ?? ''} @ ${f.price(Number(step.figures['price']))}`,
    filled: (step, ticket, f) => {
      const price = Number(step.figures['price']);
      return `filled ${step.figures['quantity'] ?? ''} @ ${f.price(price)} (${signed(price - ticket.entryLimit)})`;
    },
    protected: () => 'stop live at broker',
    first_target: (step, ticket, f) =>
      `${ticket.pulse === undefined ? '+1R' : 'target 1'}: sold ${step.figures['quantity'] ?? ''} @ ${f.price(Number(step.figures['price']))}`,
    stop_moved: (step, _ticket, f) => `stop → ${f.price(Number(step.figures['stop']))}`,
    exit_filled: (step, _ticket, f) =>
      `sold ${step.figures['quantity'] ?? ''} @ ${f.price(Number(step.figures['price']))}`,
    closed: (step, _ticket, f) =>
      `closed ${f.r(Number(step.figures['resultR']))} (${f.gain(Number(step.figures['pnlMinor']))})`,
    entry_canceled: (step) =>
      `entry canceled${Number(step.figures['filled'] ?? 0) > 0 ? ` after ${step.figures['filled']}` : ', nothing filled'}`,
    entry_rejected: (step, _ticket, f) =>
      `entry rejected by the broker ${f.words(String(step.figures['words'] ?? ''), 80)}`.trim(),
    entry_denied: (step) =>
      `entry not sent: ${EN.reasons[String(step.figures['code']) as keyof typeof EN.reasons]}`,
    entry_unknown: () => '⚠ outcome unknown, nothing is resent',
  },
  healthOk: 'ok',
  healthSafeMode: 'SAFE_MODE',
  healthUnattested: 'unattested',
  checks: {
    ...PULSE_ROWS,
    in_window: 'in window',
    day_type: 'day type',
    close_beyond_vwap: 'close against VWAP',
    close_beyond_previous_bar: 'close against previous bar',
    pullback_age: 'pullback age',
    close_beyond_ma20: 'close against MA20',
    stop_distance: 'stop distance',
  },
  commands: {
    confirm: 'accept a ticket',
    half: 'accept at half the quantity',
    snooze: 'remind me of a ticket; its life does not grow',
    plan: 'what each desk means to do in its session',
    strategy: 'strategies by desk: show, enable, disable',
    balance: 'cash, holdings and risk of each account',
    quote: 'price of a name, or of those you watch',
    watch: 'names whose prices this chat sees together',
    use: 'the account this chat means where it names none',
    edit: 'change a ticket within the risk: a new version',
    skip: 'reject a ticket',
    why: 'the rules behind the last verdict, ticket or refusal',
    pending: 'open tickets with seconds left',
    ticket: 'a ticket in full',
    allow: 'allow entries for this session',
    stop: 'no new entries; exits and stops go on',
    kill: 'stop at once: halt and cancel entries, keep stops',
    flatten: 'sell everything (second confirmation)',
    drill: 'rehearse a kill on a paper account, with its times',
    resume: 'release a kill (owner, second confirmation)',
    safe: 'SAFE_MODE on, or off (owner, second confirmation)',
    locks: 'locks in force, until when, and who may lift them',
    unlock: 'lift a lock before its time (owner, second confirmation)',
    ack: 'I have seen the alarm',
    exit: 'sell a position or a part of it',
    cancel: 'cancel an entry order',
    adopt: 'take over a holding the desk did not buy, with a stop of its own',
    switch: 'leave one name for another: cancel or sell the first, then buy the second',
    stoploss: 'move the stop of a position',
    breakeven: 'stop to the entry price',
    reconcile: 'compare book and broker now; accept the broker’s side or leave something alone',
    status: 'permission, health, phase, risk',
    positions: 'what is held',
    orders: 'orders, unknown ones flagged',
    trades: 'finished round trips',
    pnl: 'result of the day, or of days, weeks and months',
    regime: 'day type with its evidence',
    gates: 'gate and kill-switch: figures, thresholds, distances, history',
    sectors: 'ranked sectors and the stocks taken',
    backtest: 'a strategy over stored days: signals and execution with intervals',
    calendar: 'holidays, early closes and events of the coming days',
    report: 'report of a day, week or month, as a message or a file',
    score: 'what confirming, skipping and not trading brought',
    chart: 'picture of the day of a ticket or symbol, or of the gate',
    mode: 'alert, semi or auto',
    accounts: 'accounts, the side each is on, what is missing',
    account: 'an account to paper, or to live (owner, second confirmation)',
    fill: 'report what was executed at the broker',
    todo: 'orders that wait to be reported',
    protected: 'the conditional order is set at the broker',
    jobs: 'jobs and when they ran',
    health: 'data, store, channels',
    logs: 'last lines of the log',
    ping: 'is it alive',
    lang: 'language of this chat',
    pair: 'become a user with the code from the console',
    users: 'who may speak, and as what',
    role: 'another role for a user',
    revoke: 'takes a user out',
    settings: 'what this chat hears, by buttons',
    notify: 'how this chat hears a kind of push',
    quiet: 'hours in which only alarms sound',
    mute: 'a kind without a sound for a while',
    whoami: 'your id and role',
    start: 'what this is',
    menu: 'what you may say, in your role and language',
    version: 'code, settings and database that run',
    sources: 'where market data comes from, and how it does',
    degraded: 'what is less than it should be',
    budget: 'what the language model cost today',
    audit: 'who did what, newest first',
    tz: 'time zone in which this chat shows times',
    rbook: 'the last trades in R, by day type',
    export: 'trades, proposals, days or audit as a file',
    job: 'run a job of the timetable now',
    config: 'settings of the desk; secrets only as fingerprints (owner)',
    reload: 'read the settings files again (owner)',
    backup: 'copy the database',
    selftest: 'check settings, store, data, accounts and chat',
    help: 'this list',
  },
  buttons: {
    confirm: '✓ Confirm',
    half: '½ Half',
    use: 'Use',
    skip: '✕ Skip',
    why: 'Why',
    chart: 'Chart',
    allow: 'ALLOW today',
    keepOff: 'Keep off',
    stop: 'STOP entries',
    kill: 'Kill: stop now',
    flatten: 'Sell everything…',
    seen: 'Seen',
    yes: '✓ Yes',
    no: '✕ No',
    positions: 'Positions',
    status: 'Status',
    refresh: 'Refresh',
    pending: 'Pending',
    older: 'Older',
    help: 'Help',
    exit: 'Sell',
    safeOff: 'Leave SAFE_MODE',
    exitAtMarket: 'Exit at market',
    exitAtOpen: 'Sell at the open',
    couldNotFill: 'Could not fill',
    conditionalSet: '✓ Conditional order set',
    switchNow: '⇄ Switch',
    keepFirst: 'Keep',
    sellFirst: 'Sell, then buy',
  },
  messages: {
    boot: (m, s) => [
      `● Desk ${m.axes.deskId} is up · mode ${EN.modes[m.axes.mode]} · cash ${s.f.money(m.cashMinor)}`,
    ],
    recovered: (m) => [
      `● Desk ${m.axes.deskId} is back · ${count(m.pending.length, 'ticket')} pending, ${count(m.openOrders, 'open order')}, ${count(m.positions, 'position')}`,
      m.pending.length === 0
        ? 'permission is never better than before the restart'
        : `pending: ${m.pending.slice(0, 10).join(', ')}`,
    ],
    premarket_brief: (m, s) => [
      `○ ${m.session.tradingDay} · opens ${s.f.time(m.session.openAt)}, closes ${s.f.time(m.session.closeAt)}${m.session.isEarlyClose ? ' (early close)' : ''}`,
      m.blackouts.length === 0
        ? 'no events'
        : `no entries: ${m.blackouts
            .slice(0, 5)
            .map((b) =>
              b.wholeDay
                ? `${s.f.event(b.name)} all day`
                : `${s.f.event(b.name)} ${s.f.time(b.fromAt)} to ${s.f.time(b.toAt)}`,
            )
            .join('; ')}`,
      ...m.facts
        .slice(0, 10)
        .map(
          (fact) =>
            `${s.f.symbol(fact.instrument)} close ${s.f.price(fact.previousClose)} · MA20 ${s.f.price(fact.ma20)} · ATR20 ${s.f.price(fact.atr20d)} · ${fact.usualDays} days of volume`,
        ),
      ...EDGE_EN.ruledOut(m.withoutEdge ?? [], EN.dayTypes),
      `1R = ${s.f.money(m.unitRMinor)} · no entry before ALLOW`,
    ],
    event_ahead: (m, s) => [
      `◷ ${s.f.event(m.blackout.name)} ahead: ${dayOf(m.blackout.fromAt, m.zone)} ${s.f.time(m.blackout.fromAt)} to ${s.f.time(m.blackout.toAt)}`,
      [
        m.blackout.wholeDay && m.isShrink ? 'smaller entries that day' : 'no entries in that time',
        ...(m.blackout.instruments ?? []).map((instrument) => s.f.symbol(instrument)),
      ].join(' · '),
    ],
    consent_given: (m, s) => [
      m.heldUntilAt === null
        ? `✓ Entries allowed by ${s.f.words(m.by, 40)} until ${s.f.time(m.untilAt)}`
        : `✓ ALLOW noted, held until ${s.f.time(m.heldUntilAt)} · by ${s.f.words(m.by, 40)} until ${s.f.time(m.untilAt)}`,
    ],
    consent_withdrawn: (m, s) => [
      `■ STOP: no new entries · by ${s.f.words(m.by, 40)} · ${count(m.entriesToCancel, 'entry order')} canceled`,
      `exits and stops go on${m.reason === null ? '' : ` · ${s.f.words(m.reason, 100)}`}`,
    ],
    mode_changed: (m, s) => [
      `● Mode ${EN.modes[m.from]} → ${EN.modes[m.to]} · by ${s.f.words(m.by, 40)}`,
    ],
    edge_overridden: (m, s) => [
      `● Trades although no edge was measured · by ${s.f.words(m.by, 40)}`,
      ...EDGE_EN.ruledOut(m.rows, EN.dayTypes),
      'until it is measured anew, or /mode alert',
    ],
    attest_due: (m) => [
      m.why === 'close'
        ? `● ${m.accountId} after the close: say what it holds`
        : `● ${m.accountId} is unattested: no entries until you say what it holds`,
      'copy, correct what differs in the account, send:',
      attestLine(m),
    ],
    account_asked: (m, s) => [
      `● Account ${m.accountId} → ${EN.environments[m.to]} · wanted by ${s.f.words(m.by, 40)}`,
      m.isWaiting
        ? 'after today’s close, if nothing speaks against it then; it is looked at now'
        : 'it is looked at now',
    ],
    account_dropped: (m, s) => [
      `✕ Account ${m.accountId} does not go to ${EN.environments[m.to]}: ${s.reason(m.reason)}`,
      'nothing has changed',
    ],
    account_changed: (m, s) => [
      `${m.to === 'live' ? '⚠' : '●'} Account ${m.accountId} is ${EN.environments[m.to]} · by ${s.f.words(m.by, 40)} · cash ${s.f.money(m.cashMinor)}`,
      m.to === 'live'
        ? 'entries wait for a clean comparison and for your ALLOW; back: /account ' +
          `${m.accountId} paper`
        : 'no order spends real money any more',
    ],
    regime_change: (m, s) => [
      `◇ ${s.f.symbol(m.instrument)} day type ${m.from === null ? '' : `${EN.dayTypes[m.from]} → `}${EN.dayTypes[m.to]}`,
      `VWAP crosses ${m.regime.evidence.vwapCrossCount} · above VWAP ${m.regime.evidence.pctTimeAboveVwap === null ? 'not known' : s.f.ratio(m.regime.evidence.pctTimeAboveVwap)} of the time`,
    ],
    state_change: (m, s) => [
      `◇ ${s.f.symbol(m.instrument)} ${EN.phases[m.from]} → ${EN.phases[m.to]}`,
    ],
    signal_entry: card,
    signal_reminder: (m, s) => [
      `⏰ ${headline(m.ticket, s)}`,
      m.isAsked
        ? 'you wanted to be reminded of it'
        : 'half of its life is over, nobody has answered',
    ],
    signal_expired: card,
    signal_superseded: card,
    signal_void: card,
    order_filled: (m, s) => [
      `✓ Filled ${s.f.symbol(m.order.instrument)} ${m.quantity} of ${m.ticket.quantity} @ ${s.f.price(m.price)} · ${m.ticket.code}`,
      `slippage ${slippageWords(m.slippage, s)} · at risk ${s.f.money(m.riskMinor)} · stop ${s.f.price(m.ticket.stop)}`,
    ],
    order_rejected: (m, s) => [
      `✕ Rejected by the broker: ${orderWords(m.order, s)} · ${m.ticketCode}`,
      m.reason === null ? 'the broker gave no reason' : s.f.words(m.reason, 200),
    ],
    order_denied: (m, s) => [
      `✕ Not sent: ${orderWords(m.order, s)} · ${m.ticketCode}`,
      m.reason.code === 'not_attested'
        ? s.reason(m.reason)
        : `the broker would refuse it: ${s.reason(m.reason)}`,
    ],
    rotation: (m, s) => switchMessage(m, s),
    manual_todo: (m, s) => {
      const what = `${m.order.side} ${s.f.symbol(m.order.instrument)}`;
      const price =
        m.order.limitPrice === null ? ' at the market' : ` @ ${s.f.price(m.order.limitPrice)}`;
      const terms = `${what} ${m.remaining}${price} · ${m.ticketCode}`;
      const answer = `answer: fill ${m.ticketCode} PRICE QUANTITY`;
      if (hasEnded(m.order))
        return [`☑ Reported, nothing is left to enter: ${what} · ${m.ticketCode}`];
      if (m.order.cancelRequestedAt !== null)
        return [`✕ Do not enter: ${terms}`, `entered already? withdraw it. What filled, ${answer}`];
      const { cancelDueAt, filledQuantity } = m.order;
      if (filledQuantity > 0)
        return [`☐ Open at the broker, nothing more to enter: ${terms}`, `what fills, ${answer}`];
      const until = cancelDueAt === null ? '' : `until ${s.f.time(cancelDueAt)}; `;
      return [`☐ Enter at the broker: ${terms}`, `${until}then ${answer}`];
    },
    manual_overdue: (m, s) => [
      m.isLifeOver
        ? `☐ Life over, withdraw it: ${m.order.side} ${s.f.symbol(m.order.instrument)} ${m.remaining} · ${m.ticketCode}`
        : `☐ Not reported for ${s.f.duration(m.ageMs)}: ${m.order.side} ${s.f.symbol(m.order.instrument)} ${m.remaining} · ${m.ticketCode}`,
      `filled: fill ${m.ticketCode} PRICE QUANTITY · not filled: /fill ${m.ticketCode} none · the rest void: /fill ${m.ticketCode} done`,
    ],
    manual_protection: (m, s) => [
      `☐ Conditional order to copy · ${s.f.symbol(m.instrument)} · ${m.ticketCode}`,
      `sell ${s.f.symbol(m.instrument)} | trigger ≤${s.f.price(m.triggerPrice)} | price ${s.f.price(m.limitPrice)} | ${m.quantity} | valid through T+${m.validDays}`,
      'set at the broker? The desk watches the price in any case.',
    ],
    gate_result: (m, s) => [
      `${m.isPassed ? '✓ Gate passed' : '✕ Gate not passed'} · ${m.checkpoint}`,
      ...m.checks.map((check) => pulseRow(check, s, pulse())),
      ...degradedLines(m.degraded ?? [], s, pulse()),
      ...(m.funnel.length === 0 ? [] : [`left: ${funnelText(m.funnel, pulse())}`]),
      ...(m.topSectors.length === 0 ? [] : [`strongest: ${m.topSectors.join(', ')}`]),
      ...(m.watching.length === 0
        ? []
        : [`buy points watched: ${m.watching.map((name) => s.f.symbol(name)).join(', ')}`]),
    ],
    day_sheet: (m, s) => sheetLinesOf(m, s, pulse()),
    stance_change: (m, s) => [
      `◆ Stance ${EN.stances[m.from]} → ${EN.stances[m.to]}`,
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_l1: (m, s) => [
      '⚠ Kill-switch level 1: no new positions',
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_l2: (m, s) => [
      `⛔ Kill-switch level 2: everything that can be sold is sold (${count(m.positions, 'position')})`,
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_off: () => ['✓ No level of the kill-switch any more'],
    sale_proposed: (m, s) => [
      m.why === 'reduce'
        ? `◁ Reducing proposed, weakest first · ${m.checkpoint}`
        : `◁ Selling everything proposed: margin alone says level 2 · ${m.checkpoint}`,
      ...m.sales.map(
        (sale) =>
          `${s.f.symbol(sale.instrument)} ${sale.quantity} · ${s.f.money(sale.valueMinor)} · /exit ${sale.instrument}`,
      ),
      'nothing is sold without your answer',
    ],
    ex_date_restated: (m, s) => [
      `○ Ex-date: ${s.f.symbol(m.instrument)} restated · ${m.ticketCode}`,
      `cost ${s.f.price(m.from.entryPrice)} → ${s.f.price(m.to.entryPrice)} · stop ${s.f.price(m.from.stop)} → ${s.f.price(m.to.stop)} · targets ${s.f.price(m.to.firstTarget)} / ${s.f.price(m.to.secondTarget)}`,
      `shares ${m.from.quantity} → ${m.to.quantity}${m.cashMinor > 0 ? ` · dividend ${s.f.money(m.cashMinor)} before tax` : ''}${m.terms.rightsPerShare > 0 ? ` · rights ${m.terms.rightsPerShare} a share at ${s.f.price(m.terms.rightsPrice)}: subscribing is yours` : ''}`,
    ],
    ex_date_held: (m, s) => [
      `⚠ Ex-date not confirmed: the stop of ${s.f.symbol(m.instrument)} is held · ${m.quantity} · ${m.ticketCode}`,
      `${s.reason(m.reason)}; stop ${s.f.price(m.stop)} may be of another basis`,
      `name the stop on today's basis: /stoploss ${m.instrument.slice(0, 6)} price; or sell: /exit ${m.instrument.slice(0, 6)}`,
    ],
    limit_locked: (m, s) => [
      `⚠ Cannot be sold now: ${s.f.symbol(m.instrument)} ${m.quantity} · ${m.ticketCode}`,
      `${s.reason(m.reason)}; the exit goes on as soon as it can`,
    ],
    order_unknown: (m, s) => [
      `⚠ Outcome unknown, nothing is resent: ${orderWords(m.order, s)} · ${m.ticketCode}`,
      `${s.f.words(m.cause, 120)}; the broker is being asked`,
    ],
    stop_hit: (m, s) =>
      exitLine('▽', m.exitReason === 'trail' ? 'Trailing stop' : 'Stop hit', m, s),
    take_profit: (m, s) => exitLine('△', 'Target', m, s),
    time_stop: (m, s) => exitLine('◷', 'Time exit', m, s),
    signal_exit: (m, s) => exitLine('◁', `Sold (${EN.exitReasons[m.exitReason]})`, m, s),
    trail_moved: (m, s) => [
      `◇ Stop → ${s.f.price(m.stop)} · ${s.f.symbol(m.instrument)} · ${m.ticketCode}`,
      m.why === 'breakeven'
        ? 'first target done: no loss left in the rest'
        : m.why === 'operator'
          ? 'moved by a person'
          : 'follows the market',
    ],
    lock_on: (m, s) => [
      `■ Locked: ${EN.lockCauses[m.lock.cause]} · until ${s.f.time(m.lock.untilAt)} · ${m.lock.scope === 'desk' ? 'whole desk' : s.f.symbol(m.lock.scope)}`,
      [
        ...[s.f.figures(m.lock.figures)].filter((line) => line !== ''),
        m.lock.isFirm
          ? 'not lifted by chat today'
          : `ends by itself; the owner sooner: /unlock ${m.lock.id}`,
      ].join(' · '),
      `→ ${EN.lockCures[m.lock.cause]}`,
    ],
    lock_off: (m, s) => [
      `□ Lock ended: ${EN.lockCauses[m.lock.cause]} · ${m.lock.scope === 'desk' ? 'whole desk' : s.f.symbol(m.lock.scope)}${m.by === undefined ? '' : ` · by ${s.f.words(m.by, 40)}`}`,
    ],
    data_stale: (m, s) => [
      `⚠ ${s.f.symbol(m.instrument)}: no bars ${m.closedAt === null ? 'yet today' : `since ${s.f.time(m.closedAt)}`}, others come`,
      m.isBlocking
        ? `no entries of ${s.f.symbol(m.instrument)} until they do; the other symbols go on`
        : 'nothing is lost by it now: no entries are allowed anyway',
    ],
    data_recovered: (m, s) => [
      `● ${s.f.symbol(m.instrument)}: bars come again${m.closedAt === null ? '' : `, the newest of ${s.f.time(m.closedAt)}`}`,
    ],
    safe_mode_on: (m, s) => [
      `⚠ SAFE_MODE ${m.axes.deskId}: ${m.causes.length === 0 ? 'no cause named' : EN.safeModeCauses[m.causes[0]!.cause]}`,
      ...m.causes
        .slice(0, 5)
        .map((entry) =>
          `${EN.safeModeCauses[entry.cause]} ${s.f.words(entry.subject, 40)}${othersOf(entry)} since ${s.f.timeSeconds(entry.since)} ${s.f.figures(entry.figures)}`.trim(),
        ),
      ...(m.causes.length > 5 ? [`and ${m.causes.length - 5} more kinds: /health`] : []),
      ...[...new Set(m.causes.filter((entry) => !entry.isGone).map((entry) => entry.cause))]
        .slice(0, 3)
        .map((cause) => `→ ${EN.safeModeCures[cause]}`),
      m.axes.safeModeOf !== undefined
        ? 'no entries of the symbols named; others go on; protective orders stay'
        : m.isExposed
          ? 'no entries; protective orders stay'
          : 'no entries; nothing is held',
      'ends by /safe off (owner), once every cause is gone and the account agrees',
    ],
    operator_gone: (m, s) => [
      m.why === 'no_channel'
        ? `⏸ No entries: no chat has been reached since ${s.f.time(m.since)}`
        : `⏸ No entries: ${alarmWords(ALARMS_EN, m.subject, s)} waits for an answer since ${s.f.time(m.since)}`,
      `reducing · ${count(m.entriesToCancel, 'entry order')} being taken back · ${count(m.positions, 'position')} protected as before`,
      m.why === 'no_channel'
        ? 'back by ALLOW once a message arrives here again'
        : 'answer it (/ack, or report the to-do), then ALLOW',
    ],
    safe_mode_off: (m, s) => [`● SAFE_MODE left · by ${s.f.words(m.by, 40)}`],
    kill_stage1: (m, s) => [
      `⛔ KILL in force ${s.f.timeSeconds(m.at)} · ${m.scope === 'all' ? 'everything' : s.f.words(m.scope, 40)} · by ${s.f.words(m.by, 40)}`,
      `${count(m.canceled.length, 'entry order')} canceled${m.allOutMs === null ? '' : `, the last after ${(m.allOutMs / 1000).toFixed(1)} s`} · ${count(m.protectionKept, 'protective order')} kept · to go on: /resume <reason>`,
    ],
    kill_strangers: (m, s) => [
      m.isEverything
        ? `⛔ Every order of the account was canceled: ${count(m.orderIds.length, 'order')} could be told neither entry nor stop`
        : `⛔ ${count(m.orderIds.length, 'entry order')} that were not the desk's canceled`,
      m.isEverything
        ? 'the desk places its stops again at once; /positions shows them'
        : m.orderIds
            .slice(0, 5)
            .map((id) => s.f.words(id, 60))
            .join(', '),
    ],
    kill_flatten: (m, s) => [
      `⛔ Selling everything: ${count(m.positions, 'position')} · by ${s.f.words(m.by, 40)}`,
    ],
    kill_progress: (m, s) => [
      `⛔ Selling everything: ${m.lines.filter((line) => line.state === 'sold').length} of ${m.lines.length} sold`,
      ...m.lines.slice(0, 20).map((line) => killLine(line, s)),
    ],
    kill_done: (m) => [
      `⛔ Kill done: flat, nothing is left open${m.positions === 0 ? '' : ` · ${m.positions} sold`}`,
      'to go on: /resume <reason>',
    ],
    kill_incomplete: (m, s) => [
      `⛔ NOT flat: ${m.sold} of ${m.positions} sold, ${count(m.left.length, 'position')} left`,
      ...m.left
        .slice(0, 20)
        .map((leg) => `${s.f.symbol(leg.instrument)} ${leg.quantity}: ${s.reason(leg.reason)}`),
      ...(m.isRetried ? ['tried again by itself at the next open; /status keeps showing it'] : []),
    ],
    kill_resumed: (m, s) => [
      `● Resumed by ${s.f.words(m.by, 40)} · still open: ${count(m.openOrders, 'order')}, ${count(m.positions, 'position')}`,
      ...openLines(m.orders ?? [], m.held ?? [], s),
      `${s.f.words(m.reason, 160)} · no entry before ALLOW`,
    ],
    recon_ok: () => ['● Book and broker agree'],
    recon_diff: (m, s) => {
      const show = (value: number) =>
        m.what === 'cash' || m.what === 'charges' || m.what === 'fills' || m.what === 'fees'
          ? s.f.money(value)
          : String(value);
      const label = {
        missed_fill: 'Missed fill booked',
        fills: 'Fill prices corrected',
        fees: 'Fees corrected',
        charges: 'Fees and interest booked',
        cash: 'Cash corrected',
        holding: 'Holding corrected',
        order: 'Order found working',
      }[m.what];
      const why =
        m.by !== null
          ? `accepted by ${s.f.words(m.by, 40)}`
          : m.toleranceMinor === null
            ? 'by the broker’s own list'
            : `within the tolerance of ${s.f.money(m.toleranceMinor)}`;
      return [
        `● ${label}: book ${show(m.ours)} → broker ${show(m.theirs)}`,
        [s.f.words(m.subject, 80), why].filter((part) => part !== '').join(' · '),
      ];
    },
    recon_blocked: (m, s) => [
      `⚠ Book and broker differ: ${count(m.differences.length, 'line')}, no entries`,
      ...m.differences
        .slice(0, 10)
        .map(
          (d) =>
            `${s.f.words(d.subject, 60)}: book ${s.f.words(d.ours, 60)}, broker ${s.f.words(d.theirs, 60)}`,
        ),
      ...m.externals.slice(0, 5).map((external) => externalLine(external, s)),
    ],
    position_adopted: (m, s) => [
      `✓ Taken over ${s.f.symbol(m.instrument)} ${m.quantity} @ ${s.f.price(m.price)} · stop ${s.f.price(m.stop)}`,
      `by ${s.f.words(m.by, 40)} · counted in risk, no target, ${m.instrument.endsWith('.US') ? 'left before the close' : 'what was bought today can be sold from tomorrow on (T+1)'}`,
    ],
    position_unprotected: (m, s) => [
      `⚠ NO STOP for ${s.f.symbol(m.instrument)} ${m.quantity}`,
      `the desk is placing one; to sell now: /exit ${s.f.symbol(m.instrument)}`,
    ],
    done_with_position: (m, s) => [
      `⚠ Session over, still holding ${s.f.symbol(m.instrument)} ${m.quantity}`,
      [
        m.why === 'halted' ? 'it was halted at the close' : 'its exit failed before the close',
        ...(m.price == null ? [] : [`last ${s.f.price(m.price)}`]),
        ...(m.stop === undefined || m.stop === 0 ? [] : [`stop ${s.f.price(m.stop)}`]),
      ].join(' · '),
      m.price == null
        ? 'proposed: sell at the next open (button); no price is known for extended hours'
        : `proposed: a limit at ${s.f.price(m.price)} in extended hours, on the broker’s page, or the desk sells at the next open (button)`,
    ],
    alarm_repeat: (m, s) => [
      `⚠ Again (${m.repeats}): ${ALARMS_EN[m.of]} ${s.f.figures(m.figures)}`.trim(),
      'repeats until somebody says Seen',
    ],
    act_refused: (m, s) => [`✕ /${m.act} refused: ${s.reason(m.reason)}`],
    verdict_no_trade: (m, s) => [
      /^\d/.test(m.verdict.checkpoint)
        ? checkpointTitle(m.verdict, EN.verdicts[m.verdict.kind], pulse())
        : `■ ${EN.verdicts[m.verdict.kind]} · ${m.axes.deskId} · ${m.verdict.tradingDay}`,
      ...verdictLines(m.verdict, s),
    ],
    verdict_signals: (m, s) =>
      /^\d/.test(m.verdict.checkpoint)
        ? checkpointOpenLines(m.verdict, s, pulse())
        : [
            `■ ${count(m.verdict.trades, 'trade')} · ${s.f.r(m.verdict.resultR)} (${s.f.gain(m.verdict.resultMinor)}) · ${m.axes.deskId} · ${m.verdict.tradingDay}`,
            ...verdictLines(m.verdict, s),
          ],
    daily_report: (m, s) => [
      `▤ Report ${m.verdict.tradingDay} · ${m.axes.deskId} · ${s.f.gain(m.verdict.resultMinor)} (${s.f.r(m.verdict.resultR)})${m.pulse?.stage === 'final' ? ` · ${pulse().day.final}` : ''}`,
      ...(m.pulse == null ? [] : pulseReportLines(m.pulse, s, pulse())),
      `${EN.verdicts[m.verdict.kind]} · ${count(m.trades.length, 'trade')} · fees ${s.f.money(m.feesMinor)} · cash ${s.f.money(m.cashMinor)}${m.pulse == null ? ` · ${m.isFlat ? 'flat' : '⚠ NOT flat'}` : ''}`,
      ...m.trades
        .slice(0, 10)
        .map(
          (t) =>
            `${t.code} ${s.f.symbol(t.instrument)} ${t.side} ${t.quantity}: ${s.f.price(t.entryPrice)} → ${s.f.price(t.exitPrice)} · ${s.f.r(t.resultR)} (${s.f.gain(t.pnlMinor)}) · ${EN.exitReasons[t.exitReason]} · slippage ${tradeSlippage(t, s)}`,
        ),
      `tickets ${m.tickets.length}: ${
        m.tickets.length === 0
          ? 'none'
          : m.tickets
              .slice(0, 12)
              .map((t) => `${t.code} ${EN.ticketStates[t.state]}`)
              .join(', ')
      }`,
      ...refused(m.verdict.refused, s),
      ...m.verdict.reasons.slice(0, 3).map((reason) => `✕ ${s.reason(reason)}`),
      ...(m.pulse == null
        ? [
            m.labels.length === 0
              ? 'close labels: none'
              : `close labels: ${m.labels
                  .slice(0, 12)
                  .map(
                    (l) =>
                      `${s.f.symbol(l.instrument)} ${EN.closeLabels[l.label.label]} (${Math.abs(l.label.trendContinuation).toFixed(2)})`,
                  )
                  .join(' · ')}`,
          ]
        : m.pulse.stage === 'final'
          ? []
          : [pulse().day.preliminary]),
    ],
  },
  notices: {
    ...systemNotices(SYSTEM),
    not_understood: () => ['Not understood, nothing done. /help lists the commands.'],
    unknown_command: (n, s) => [
      `No command /${s.f.words(n.found, 32)}, nothing done.${n.nearest === null ? ' /help lists them.' : ` Did you mean /${n.nearest}?`}`,
    ],
    bad_arguments: (n, s) => [
      `/${n.command}: found "${s.f.words(n.found, 40)}", expected ${n.expected}. Nothing done.`,
    ],
    role_too_low: (n) => [
      `✕ /${n.command} needs the role ${EN.roles[n.needed]}; you are ${EN.roles[n.role]}. Nothing done.`,
    ],
    chat_read_only: () => ['✕ This chat may only read. Write to the bot in private.'],
    late_refused: (n, s) => [
      `✕ Expired: /${n.command} was sent at ${s.f.timeSeconds(n.sentAt)}, ${s.f.duration(n.lateMs)} ago. Nothing done; send it again if you still mean it.`,
    ],
    late_honored: (n, s) => [
      `/${n.command} arrived ${s.f.duration(n.lateMs)} late (sent ${s.f.timeSeconds(n.sentAt)}) and was carried out.`,
    ],
    button_outdated: (n) => [
      `✕ This button is from another day. Nothing done; send /${n.command}.`,
    ],
    button_unknown: () => ['✕ This button is no longer valid. Nothing done.'],
    which_ticket: (n, s) => [
      `Which ticket? /${n.command} <code>`,
      ...n.candidates
        .slice(0, 10)
        .map(
          (t) =>
            `${t.code} ${t.side === 'long' ? 'buy' : 'short'} ${s.f.symbol(t.instrument)} ${t.quantity} @ ${s.f.price(t.entryLimit)} · ${s.f.duration(t.expiresAt - s.now)}`,
        ),
    ],
    no_ticket: () => ['No ticket is pending. Nothing done.'],
    ticket_too_fresh: (n) => [
      `Ticket ${n.code} came only a moment ago: tap its button or send /confirm ${n.code}.`,
    ],
    which_desk: (n) => [`Which desk? /${n.command} <desk>: ${n.desks.join(', ')}`],
    unknown_desk: (n, s) => [
      `No desk "${s.f.words(n.found, 40)}". Desks: ${n.desks.join(', ')}. Nothing done.`,
    ],
    unknown_account: (n, s) => [
      `No desk runs on account "${s.f.words(n.found, 40)}". Accounts: ${n.accounts.join(', ')}. Nothing done.`,
    ],
    second_confirm: (n, s) => {
      const [first = '', ...rest] = consequenceLines(n.consequence, s);
      return [
        `? ${first} · ${n.deskId}?`,
        ...rest,
        `account ${n.accountId} (${EN.environments[n.environment]})`,
        n.phrase === null
          ? `Yes within ${s.f.duration(n.validMs)}: /yes ${n.nonce}`
          : n.needsCode
            ? `type within ${s.f.duration(n.validMs)}: ${n.phrase} and the 6 digits of your authenticator app`
            : `type within ${s.f.duration(n.validMs)}: ${n.phrase}`,
      ];
    },
    second_confirm_dead: (n) => [
      {
        expired: '✕ Too late: the question has expired. Nothing done.',
        used: '✕ Already answered. Nothing done twice.',
        other_person: '✕ Only the person who asked may answer, in the same chat. Nothing done.',
        unknown: '✕ There is no such question (any more). Nothing done.',
      }[n.cause],
    ],
    code_refused: ({ answer }, s) => {
      switch (answer.kind) {
        case 'used':
          return ['✕ That code was used already. Nothing done; wait for the next one.'];
        case 'wrong':
          return [
            `✕ Wrong code. Nothing done; ${count(answer.triesLeft, 'try', 'tries')} left before none counts for an hour.`,
          ];
        case 'clock_off':
          return [
            `✕ That code belongs to another time: your device’s clock or this machine’s is off by about ${s.f.duration(Math.abs(answer.offMs))}. Nothing done; set the clocks.`,
          ];
        case 'banned':
          return [
            `✕ Too many wrong codes: none counts before ${s.f.time(answer.untilAt)}. Nothing done; kill, STOP and flatten need no code.`,
          ];
      }
    },
    second_confirm_dropped: (n) => [`/${n.command} dropped. Nothing done.`],
    position_changed: (n, s) => [
      `✕ The position in ${s.f.words(n.target, 20)} is not the one you meant any more. Nothing done.`,
    ],
    drill_refused: (n) => [
      `✕ A kill is rehearsed on paper only; found ${n.accounts.join(', ')} with real money. Nothing done.`,
    ],
    drill_begun: (n) => [`◇ Drill begun: kill of ${n.deskId}, both stages; the report follows`],
    drill_done: ({ report }, s) => drillLines(report, s),
    backtest_busy: (n) => backtestBusyLines(n.running, BACKTEST_EN),
    backtest_progress: (n) => backtestStepLines(n, BACKTEST_EN),
    chart_caption: (n) => captionLines(n, 'gate'),
    chart_missing: (n, s) => [
      n.target === null
        ? 'Nothing to draw: no desk has seen a price or judged a gate yet.'
        : `Nothing to draw of "${s.f.words(n.target, 20)}": no ticket, and no price of it was seen since the session was planned.`,
    ],
    why_words: (n, s) => [
      `◇ In words, by ${s.f.words(n.model, 40)}; the rows above are what counts:`,
      ...n.words.split('\n').map((line) => s.f.words(line, 460)),
    ],
    chart_failed: () => [
      '✕ The picture could not be drawn; the log says why. /ticket and /gates have the figures.',
    ],
    backtest_done: (n, s) => backtestDoneLines(n, s, BACKTEST_EN),
    backtest_failed: (n, s) => backtestFailedLines(n, s, BACKTEST_EN),
    unknown_symbol: (n, s) => [
      `No desk here knows "${s.f.words(n.found, 20)}"${n.known.length === 0 ? '' : `; they follow ${n.known.join(', ')}`}. Nothing done.`,
    ],
    account_used: (n, s) => [
      n.account === null
        ? '✓ This chat means all accounts again.'
        : `✓ This chat means ${s.f.words(n.account, 40)} where it names no account. Kill, STOP, flatten and /resume go on to mean all. /use all takes it back.`,
    ],
    only_account: (n, s) => [`only ${s.f.words(n.account, 40)} · /use all: every account`],
    watch_full: (n) => [
      `A chat watches ${n.most} names at most. /watch del SYMBOL first. Nothing done.`,
    ],
    nothing_held: (n, s) => [
      n.target === null
        ? 'Nothing is held.'
        : `Nothing is held of ${s.f.words(n.target, 20)}. Nothing done.`,
    ],
    nothing_to_report: (n, s) => [
      `No order ${s.f.words(n.target, 20)} waits for a report. /todo lists them.`,
    ],
    nothing_external: (n, s) => [
      `Nothing at the broker is in question under ${s.f.words(n.target, 40)}. Nothing done; /reconcile shows both sides.`,
    ],
    kill_menu: (n) => [
      `⛔ Kill: nothing done yet · ${count(n.positions, 'position')} held · ${n.desks.join(', ')}`,
      'Stage 1 halts and cancels entry orders at once, stops stay. Stage 2 sells everything and asks again.',
    ],
    stops: (n, s) => [
      n.isDry ? 'What it would do; nothing is changed:' : '✓ /stoploss',
      ...n.rows
        .slice(0, 12)
        .map(
          (row) =>
            `${s.f.symbol(row.instrument)} ${row.quantity} @ ${s.f.price(row.entryPrice)} · stop ${s.f.price(row.stop)} → ${s.f.price(row.to)} · ${STOP_CHANGES_EN[row.change]}`,
        ),
      ...(n.rows.length > 12 ? [`and ${n.rows.length - 12} more`] : []),
    ],
    exit_list: (n, s) => [
      'Sell what?',
      ...n.positions
        .slice(0, 12)
        .map(
          (held) =>
            `${s.f.symbol(held.instrument)} ${held.quantity} · stop ${s.f.price(held.stop)} · ${held.deskId}`,
        ),
    ],
    mode_menu: (n) =>
      n.desks.map(
        (desk) =>
          `${desk.deskId}: ${EN.modes[desk.mode]} · change: /mode ${desk.deskId} alert|semi|auto`,
      ),
    acted_without_store: (n) => [
      `⛔ ${n.command === 'kill' ? 'KILL' : 'STOP'} in force: ${n.desks.join(', ')} · ${count(n.canceled, 'entry order')} canceled, ${n.protectionKept} protective kept`,
      'The store is down: written to the journal, recorded when it is back.',
    ],
    store_down: () => [
      '⚠ The store is down: only kill, STOP and protective exits work now. Nothing done.',
    ],
    act_failed: (n, s) => [
      `⚠ /${s.f.words(n.command, 20)} failed inside the desk. See /status before you repeat it.`,
    ],
    accepted: (n, s) => [`✓ /${n.command} ${s.f.words(n.subject, 80)}`.trim()],
    language_set: () => ['✓ This chat speaks English now.'],
    paired: (n, s) => [
      `✓ Welcome ${s.f.words(n.name, 40)}: you are ${EN.roles[n.role]}. /help lists the commands.`,
    ],
    role_set: (n, s) => [
      n.role === null
        ? `✓ ${s.f.words(n.name, 40)} (${s.f.words(n.user, 60)}) may not speak here any more · by ${s.f.words(n.by, 40)}`
        : `✓ ${s.f.words(n.name, 40)} (${s.f.words(n.user, 60)}) is ${EN.roles[n.role]} now · by ${s.f.words(n.by, 40)}`,
    ],
    role_refused: (n, s) => [
      n.reason === 'unknown'
        ? `✕ No user ${s.f.words(n.user, 60)}. /users lists them. Nothing done.`
        : `✕ ${s.f.words(n.user, 60)} is the last owner; make another one first. Nothing done.`,
    ],
    pair_refused: () => ['✕ This code is not valid.'],
    pairing_offered: (n, s) => [
      `To become owner, send the bot: /pair ${n.pairingCode} (valid ${s.f.duration(n.validMs)}, once)`,
    ],
    security_denied: (n, s) => [
      `! Unknown sender on ${n.channel}: id ${n.userId === null ? 'hidden' : s.f.words(n.userId, 40)}, chat ${s.f.words(n.chatId, 40)}`,
      `${count(n.count, 'message')} refused since the last notice; they got no answer`,
    ],
    calendar_ending: (n) => calendarEndLines(n.ends, CALENDAR_EN),
    wechat_window_closing: (n, s) => [
      `⚠ ${n.channel}: ${[
        ...(n.left === null ? [] : [`${count(n.left, 'message')} left`]),
        ...(n.closesAt === null ? [] : [`open until ${s.f.time(n.closesAt)}`]),
      ].join(', ')}: write to the bot there, anything`,
      'Until then alarms are all it says there; other channels say the rest',
    ],
    channel_degraded: (n, s) => [
      `⚠ Channel ${n.channel} is degraded since ${s.f.time(n.since)}: ${n.cause === null ? 'it does not deliver, another channel takes over' : s.f.words(n.cause, 160)}`,
    ],
  },
  answers: {
    ...systemAnswers(SYSTEM, () => EN),
    help: (a) =>
      a.topic !== null && COMMANDS.some((command) => command.name === a.topic)
        ? [`${usageOf(a.topic)} · ${EN.commands[a.topic as keyof typeof EN.commands]}`]
        : [
            'Commands. Plain words count only as the whole message: confirm, skip, ALLOW, STOP, kill',
            ...COMMANDS.map((command) => `${usageOf(command.name)} · ${EN.commands[command.name]}`),
          ],
    start: (a, s) => [
      '● Centaur: the machine cuts losses, you pull the trigger.',
      ...a.desks.map((desk) => s.axes(desk.axes)),
      'Nothing is entered before ALLOW and a confirm. STOP and kill always work. /help lists the commands.',
    ],
    status: (a, s) =>
      none(
        a.desks.flatMap((desk) => statusLines(desk, s)),
        'No desk is running.',
      ),
    pending: (a, s) =>
      none(
        a.desks.flatMap((desk) =>
          Object.values(desk.state.tickets)
            .filter((ticket) => ticket.state === 'pending')
            .map((ticket) => headline(ticket, s)),
        ),
        'No ticket is pending.',
      ),
    ticket: (a, s) => [
      ...card({ axes: a.desk.axes, ticket: a.ticket }, s),
      `${s.f.words(a.ticket.id, 80)} v${a.ticket.version} · band ${s.f.price(a.ticket.bandLow)} to ${s.f.price(a.ticket.bandHigh)} · spread ${s.f.bps(a.ticket.spreadBps)} · cost ${s.f.money(a.ticket.costMinor)}`,
      ...a.ticket.checks.slice(0, 20).map((check) => ticketRow(a.ticket, check, s)),
      ...a.orders.slice(0, 12).map((order) => orderRow(order, s)),
    ],
    ticket_unknown: (a, s) => [
      a.code === null ? 'Which ticket? /ticket <code>' : `No ticket ${s.f.words(a.code, 8)}.`,
    ],
    why: (a, s) => {
      if (a.ticket !== null) {
        const end = a.ticket.closed?.reason ?? null;
        return [
          `Why ${a.ticket.code}: ${headline(a.ticket, s)}`,
          ...switchOf(a, s),
          ...a.ticket.checks
            .slice(0, 20)
            .map(
              (check) =>
                `${ticketRow(a.ticket, check, s)} · ${s.f.source(check.source)} ${s.f.time(check.asOf)}`,
            ),
          ...(end === null ? [] : [`ended: ${s.reason(end)}`]),
          ...exDateLines(a.exDates, s, EX_DATE_EN),
          ...(a.checkpoint === null ? [] : whyLines(a.checkpoint, a.ticket.instrument, s, pulse())),
        ];
      }
      const { lastRefusal, lastVerdict, day, rotation } = a.desk.state;
      return [
        `Why · ${a.desk.policy.deskId}`,
        ...(rotation === null || rotation === undefined ? [] : [switchLine(rotation, s)]),
        `permission today: ${consentWords(a.desk, s)}`,
        ...(lastRefusal === null
          ? []
          : [
              `last refusal ${s.f.timeSeconds(lastRefusal.at)}: /${s.f.words(lastRefusal.act, 20)}: ${s.reason(lastRefusal.reason)}`,
            ]),
        ...refused(day?.setupsRefused ?? [], s),
        ...(lastVerdict === null
          ? ['no verdict yet']
          : [
              `last verdict: ${EN.verdicts[lastVerdict.kind]} ${lastVerdict.tradingDay}`,
              ...verdictLines(lastVerdict, s),
            ]),
        ...exDateLines(a.exDates, s, EX_DATE_EN),
        ...(a.checkpoint === null ? [] : whyLines(a.checkpoint, a.target, s, pulse())),
      ];
    },
    locks: (a, s) =>
      none(
        a.desks.flatMap((desk) =>
          desk.state.locks.map(
            (lock) =>
              `■ ${desk.policy.deskId} ${EN.lockCauses[lock.cause]} · until ${s.f.time(lock.untilAt)} · ${lock.scope === 'desk' ? 'whole desk' : s.f.symbol(lock.scope)} · ${s.f.figures(lock.figures)} · ${lock.isFirm ? 'nobody lifts it today' : `ends by itself; the owner sooner: /unlock ${lock.id}`}`,
          ),
        ),
        'No lock is in force.',
      ),
    calendar: (a, s) => calendarLines(a.agendas, EN.format.zones, s, CALENDAR_EN),
    todo: (a, s) =>
      none(
        a.desks
          .filter((desk) => desk.policy.execution.isPerson)
          .flatMap((desk) =>
            openTodos(desk.state).map((order) => {
              const code = desk.state.tickets[order.ticketId]?.code ?? '';
              return `☐ ${code} ${order.side} ${s.f.symbol(order.instrument)} ${order.quantity - order.filledQuantity} @ ${s.f.price(order.limitPrice)} · for ${s.f.duration(s.now - order.intendedAt)}${order.cancelRequestedAt === null ? '' : ' · withdraw it'}`;
            }),
          ),
        'Nothing waits to be reported.',
      ),
    positions: (a, s) =>
      none(
        a.desks.flatMap((desk) => {
          const held = a.held[desk.policy.deskId];
          const own = held?.map((one) => heldLine(one, s, pulse())) ?? positionLines(desk, s);
          return [...own, ...foreignLines(desk, s)];
        }),
        'Nothing is held.',
      ),
    orders: (a, s) =>
      none(
        a.desks.flatMap((desk) => [
          ...runningSwitch(desk.state, s),
          ...Object.values(desk.state.orders)
            .filter(
              (order) =>
                a.filter === null ||
                a.filter === 'today' ||
                order.orderId === a.filter ||
                (a.filter === 'open' &&
                  !['filled', 'canceled', 'rejected', 'denied', 'expired'].includes(order.state)),
            )
            .slice(-15)
            .map((order) => orderRow(order, s)),
        ]),
        'No orders.',
      ),
    trades: (a, s) =>
      none(
        a.desks
          .flatMap((desk) => desk.state.day?.trades ?? [])
          .filter(
            (t) =>
              a.symbol === null ||
              s.f.symbol(t.instrument) === a.symbol ||
              t.instrument === a.symbol,
          )
          .slice(-a.count)
          .map(
            (t) =>
              `${s.f.time(t.closedAt)} ${t.code} ${s.f.symbol(t.instrument)} ${t.quantity} ${s.f.price(t.entryPrice)} → ${s.f.price(t.exitPrice)} · ${s.f.r(t.resultR)} (${s.f.gain(t.pnlMinor)}) · ${EN.exitReasons[t.exitReason]} · slippage ${tradeSlippage(t, s)}`,
          ),
        'No finished trade today.',
      ),
    pnl: (a, s) =>
      none(
        a.desks.map((desk) => {
          const day = desk.state.day;
          if (day === null) return `${desk.policy.deskId}: no session yet`;
          const r = day.unitRMinor > 0 ? `, ${s.f.r(day.realizedMinor / day.unitRMinor)}` : '';
          return `${desk.policy.deskId} ${day.tradingDay}: ${s.f.gain(day.realizedMinor)}${r} · fees ${s.f.money(day.feesMinor)} · ${count(day.trades.length, 'trade')}, ${count(day.consecutiveLosses, 'loss', 'losses')} in a row · cash ${s.f.money(desk.state.cashMinor)}`;
        }),
        'No desk is running.',
      ),
    plan: (a, s) => planLines(a, s, PLAN_EN),
    strategy: (a, s) => strategyLines(a, s, PLAN_EN, EN),
    balance: (a, s) => balanceLines(a, s, LOOK_EN, EN.environments),
    prices: (a, s) => priceLines(a, s, LOOK_EN),
    regime: (a, s) =>
      none(
        a.desks.flatMap((desk) =>
          Object.values(desk.state.symbols)
            .filter(
              (symbol) =>
                a.symbol === null ||
                s.f.symbol(symbol.instrument) === a.symbol ||
                symbol.instrument === a.symbol,
            )
            .slice(0, 12)
            .map((symbol) => {
              const e = symbol.regime?.evidence;
              const rows =
                e === undefined
                  ? 'no closed bar yet'
                  : `minute ${e.minuteOfSession} · VWAP crosses ${e.vwapCrossCount} · above VWAP ${e.pctTimeAboveVwap === null ? 'not known' : s.f.ratio(e.pctTimeAboveVwap)} · range ${e.rangeAtr === null ? 'not known' : `${e.rangeAtr.toFixed(2)} ATR`} (trend needs ${e.rangeAtrNeeded.toFixed(2)})`;
              return `${s.f.symbol(symbol.instrument)}: ${symbol.dayType === null ? 'no day type yet' : EN.dayTypes[symbol.dayType]} · ${rows}`;
            }),
        ),
        'No such symbol on a desk.',
      ),
    reconcile: (a, s) =>
      none(
        a.accounts.flatMap((sides) => sidesLines(sides, s)),
        'No desk is running.',
      ),
    gates: (a, s) => gatesLines(a, s, pulse()),
    sectors: (a, s) => sectorsLines(a, s, pulse()),
    no_checkpoints: () => [
      'No desk here decides at checkpoints: /gates and /sectors belong to the A-share desk.',
    ],
    accounts: (a, s) =>
      none(
        a.accounts.map((line) => accountLine(line, s)),
        'No account in the settings.',
      ),
    report_missing: (a) => [
      `No report for ${a.day ?? 'today'} yet: it comes after the close, also on days without a trade.`,
    ],
    jobs: (a, s) =>
      none(
        a.jobs.slice(0, 20).map((job) => jobLine(job, s, HEALTH_EN)),
        'No job has run yet.',
      ),
    health: (a, s) => none(healthLines(a.lines, s, EN, HEALTH_EN), 'Nothing is watched.'),
    logs: (a, s) =>
      none(
        a.lines.map((line) => s.f.words(line, 180)),
        'No such line in the log.',
      ),
    period: (a, s) => periodLines(a.reports, s, PERIOD_EN, EN, CALENDAR_EN),
    ping: (a, s) => [`pong ${s.f.figures(a.figures)}`.trim()],
    users: (a, s) =>
      none(
        a.users.map(
          (u) =>
            `${s.f.words(u.id, 60)} · ${s.f.words(u.name, 40)} · ${EN.roles[u.role]}${u.person === null ? '' : ` · chat of ${s.f.words(u.person, 60)}`}`,
        ),
        'Nobody but this terminal.',
      ),
    settings: (a, s) => settingsLines(a, SETTINGS_EN, (at) => s.f.time(at)),
    whoami: (a, s) => [
      `${s.f.words(a.actor.name, 40)} · ${s.f.words(a.actor.id, 60)} · ${EN.roles[a.actor.role]} · chat ${s.f.words(a.actor.chatId, 40)} · English`,
    ],
  },
};
