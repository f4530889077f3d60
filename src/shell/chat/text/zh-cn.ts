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
import { ALARMS_ZH, alarmWords } from './alarm-words.ts';
import {
  BACKTEST_ZH,
  backtestBusyLines,
  backtestDoneLines,
  backtestFailedLines,
  backtestStepLines,
} from './backtest-lines.ts';
import { CALENDAR_ZH, calendarEndLines, calendarLines } from './calendar-lines.ts';
import type { Catalogue, Of, Speech } from './catalogue.ts';
import { captionLines } from './chart-lines.ts';
import { EDGE_ZH_CN } from './edge-lines.ts';
import { EDIT_ZH, editLines } from './edit-words.ts';
import { EX_DATE_ZH, exDateLines } from './ex-date-lines.ts';
import { HEALTH_ZH, healthLines, jobLine } from './health-lines.ts';
import { balanceLines, LOOK_ZH, priceLines } from './look-lines.ts';
import { PERIOD_ZH, periodLines } from './period-lines.ts';
import { PLAN_ZH, planLines, strategyLines } from './plan-lines.ts';
import {
  checkpointOpenLines,
  checkpointTitle,
  pulseCardLines,
  pulseHeadline,
  pulseReportLines,
  sheetLinesOf,
} from './pulse-day-lines.ts';
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
import { PULSE_ZH } from './pulse-zh.ts';
import { isTakenOver, planLine, refusedLines, signOf, slippageText } from './rule-lines.ts';
import { SETTINGS_ZH, settingsLines } from './settings-lines.ts';
import { type SheetWords, sheetLines } from './sheet.ts';
import { FAULTS_ZH } from './source-faults.ts';
import { STOP_CHANGES_ZH } from './stop-words.ts';
import { runningSwitch, switchLine, switchMessage } from './switch-zh-cn.ts';
import { systemAnswers, systemNotices } from './system-lines.ts';
import { systemZh } from './system-zh.ts';

/** 市场时区的日期。 */
function dayOf(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

/** 同类原因的其余条数。 */
function othersOf({ others }: ToldCause): string {
  return others === undefined ? '' : ` 等 ${others + 1} 处`;
}

function figure(value: number | string | boolean | null | undefined): string {
  if (value === null || value === undefined) return '未知';
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (typeof value === 'number') return String(Math.round(value * 10_000) / 10_000);
  const words = value.split('|').map((word) => DAY_WORDS[word] ?? word);
  return words.join('、');
}

const DAY_WORDS: Readonly<Record<string, string>> = {
  event: '事件日',
  trend_up: '上升趋势',
  trend_down: '下降趋势',
  range: '震荡',
  undecided: '未定',
};

const SIDES = { long: '多', short: '空' } as const;

/** Stages of the funnel, in its order. */
const FUNNEL = {
  universe: '全市场',
  top_sectors: '前三板块',
  rank_range: '名次',
  strength: '强度',
  turnover: '成交额',
  tradable: '可交易',
  quota: '名额',
  buy_point: '买点',
  ticket: '提案',
} as const;

function checkLine(check: Check, s: Speech): string {
  const label = ZH_CN.checks[check.name] ?? check.name.replaceAll('_', ' ');
  const unit =
    check.unit === '' || check.unit === 'price' || check.unit === 'minor'
      ? ''
      : check.unit === 'bars'
        ? '根'
        : ` ${check.unit}`;
  const word = (value: Check['value']) => {
    if (typeof value !== 'number') return s.f.words(figure(value), 60);
    if (check.unit === 'minor') return s.f.money(value);
    return check.unit === 'price' ? s.f.price(value) : s.f.words(figure(value), 60);
  };
  const operator = signOf(check).replace('not_in', '不属于').replace('in', '属于');
  return `${check.passed ? '✓' : '✕'} ${label} ${word(check.value)} ${operator} ${word(check.threshold)}${unit}`;
}

/** Names of the rows of the A-share desk. */
const PULSE_ROWS: Readonly<Record<string, string>> = {
  index: '上证',
  gate: '闸门',
  limit_universe: '参与统计家数',
  limit_up_sealed: '封板涨停家数',
  limit_down_sealed: '封板跌停家数',
  limit_up_touched: '触及涨停家数',
  limit_down_touched: '触及跌停家数',
  hs300_vol_30d: '沪深300 30日波动',
  index_now: '上证现点',
  index_ma20: '上证MA20',
  index_return: '上证涨跌',
  margin_net_repay_prev: '两融净偿还',
  margin_net_repay: '两融净偿还',
  margin_net_repay_share: '两融净偿还占比',
  margin_balance_prev: '两融余额',
  concentration_return: '指数涨跌',
  volatility_return: '指数涨跌',
  limit_up_count: '涨停家数',
  limit_down_count: '跌停家数',
  limit_up_down_ratio: '涨跌停比',
  turnover_concentration: '成交额集中度',
  concentration_percentile: '集中度分位',
  vol_percentile: '波动分位',
  index_above_ma20: '上证不低于MA20',
  l1_margin_net_repay: '一级:两融净偿还',
  l2_margin_net_repay: '二级:两融净偿还',
  l1_limit_up_down_ratio: '一级:涨跌停比',
  l2_limit_up_down_ratio: '二级:涨跌停比',
  l1_limit_down_count: '一级:跌停家数',
  l2_limit_down_count: '二级:跌停家数',
  l1_concentration_percentile: '一级:集中度分位',
  l2_concentration_percentile: '二级:集中度分位',
  l1_turnover_concentration: '一级:成交额集中度',
  l2_turnover_concentration: '二级:成交额集中度',
  l1_concentration_return: '一级:集中时指数涨跌',
  l2_concentration_return: '二级:集中时指数涨跌',
  l1_vol_percentile: '一级:波动分位',
  l2_vol_percentile: '二级:波动分位',
  l2_volatility_return: '二级:高波动时指数涨跌',
  rank_from: '板块内排名下限',
  rank_through: '板块内排名上限',
  strength: '强度',
  turnover_10d: '10日均成交额',
  turnover_10d_max: '10日均成交额上限',
  st: 'ST',
  suspended: '停牌',
  has_price: '有现价',
  at_limit_up: '已涨停',
  listed_days: '上市交易日数',
  ex_date_open: '除权除息待确认',
  previous_close_gap: '昨收与官方昨收之差',
  before_closure: '长假前最后交易日',
  vwap_deviation_min: '对VWAP偏离下限',
  vwap_deviation_max: '对VWAP偏离上限',
  volume_ratio: '量比',
  price_of_day_high: '现价/日内高点',
  permission: '交易权限',
  kill_switch_level: '熔断级别',
  day_return: '当日盈亏',
  held_here: '本台已持有',
  sold_today: '今日已卖出',
  entry_limit: '委托限价',
  quantity: '股数',
  position_ratio_after: '开仓后总仓位',
  single_ratio_after: '开仓后单股仓位',
  checkpoint_ratio_after: '本次决策新增',
  day_ratio_after: '当日新增',
  cost: '金额',
  stop_noise: '正常波动对止损',
  reward_risk: '盈亏比',
  win_probability: '胜率',
  expected_value: '期望值',
  margin: '两融',
  limit_ratio: '涨跌停比',
  concentration: '集中度',
  volatility: '波动',
};

/** Words of the A-share pages. */
function pulse(): PulseWords {
  return {
    ...PULSE_ZH,
    stage: FUNNEL,
    stance: ZH_CN.stances,
    permission: ZH_CN.permissions,
    row: (name) =>
      ZH_CN.checks[name] ?? ZH_CN.checks[name.replace(/^kill_/, '')] ?? name.replaceAll('_', ' '),
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
    ? '没有记录检查项'
    : chosen.map((check) => checkLine(check, s)).join(' · ');
}

function sizeOf(ticket: Ticket, s: Speech): string {
  const side = ticket.side === 'long' ? '买入' : '卖空';
  const limit = ticket.side === 'long' ? '≤' : '≥';
  return `${side} ${s.f.symbol(ticket.instrument)} ${s.f.shares(ticket.quantity)} ${limit} ${s.f.price(ticket.entryLimit)}`;
}

function headline(ticket: Ticket, s: Speech): string {
  if (ticket.pulse !== undefined)
    return pulseHeadline(ticket, ticket.pulse, ZH_CN.ticketStates[ticket.state], s, pulse());
  if (isTakenOver(ticket))
    return `● 已接管:${s.f.symbol(ticket.instrument)} ${s.f.shares(ticket.quantity)} @ ${s.f.price(ticket.entryLimit)} · ${ticket.code}`;
  const arrow = ticket.side === 'long' ? '▲' : '▼';
  if (ticket.isAdvice) return `${arrow} ${sizeOf(ticket, s)} · ${ticket.code} · 仅供参考`;
  if (ticket.state === 'pending') {
    const left = ticket.expiresAt > s.now ? s.f.duration(ticket.expiresAt - s.now) : '已到期';
    return `${arrow} ${sizeOf(ticket, s)} · ${ticket.code} · ${left}`;
  }
  const mark = ticket.state === 'confirmed' ? '✓' : '✕';
  return `${mark} ${ZH_CN.ticketStates[ticket.state]}:${sizeOf(ticket, s)} · ${ticket.code}`;
}

function endLine(ticket: Ticket, s: Speech): string[] {
  const end = ticket.closed;
  if (end === null || ticket.state === 'confirmed' || ticket.state === 'pending') return [];
  const price = end.price === null ? '' : `,当时价 ${s.f.price(end.price)}`;
  const why = end.reason === null ? '' : `:${s.reason(end.reason)}`;
  const by = end.by === 'clock' || end.by === 'desk' ? '' : `(${s.f.words(end.by, 40)})`;
  return [`✕ ${ZH_CN.ticketStates[ticket.state]}${by} ${s.f.timeSeconds(end.at)}${why}${price}`];
}

function progressLine(ticket: Ticket, s: Speech): string[] {
  const steps = ticket.progress.slice(-12);
  const last = steps[steps.length - 1];
  if (last === undefined) return [];
  const words = steps.map((step) => ZH_CN.progress[step.step](step, ticket, s.f));
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
      planLine(ticket, s, ['止损', '止盈']),
      s.axes({ ...axes, phases }),
      ...progressLine(ticket, s),
    ];
  const risk = `1R=${s.f.money(ticket.riskMinor)}(${s.f.ratio(ticket.riskOfCapital)})`;
  return [
    headline(ticket, s),
    `止损 ${s.f.price(ticket.stop)} · +1R ${s.f.price(ticket.firstTarget)} · ${risk} · 成本${ticket.costR.toFixed(2)}R`,
    s.axes({ ...axes, phases }),
    strongest(ticket, s),
    `当前日型:${ZH_CN.dayTypes[ticket.dayType]}${ticket.stopWidened ? ' · 止损已放宽到最小距离' : ''}`,
    ...(ticket.shrink === undefined
      ? []
      : [
          `按规则缩小:正常数量的 ${s.f.ratio(ticket.shrink.ratio)},事件日:${s.f.words(ticket.shrink.events, 60)}`,
        ]),
    ...(ticket.isDataPartial === true
      ? ['单一交易所行情(IEX,约占全市场 2–3 %):其 VWAP 不等于全市场']
      : []),
    ...EDGE_ZH_CN.ofTicket(ticket, ZH_CN.dayTypes),
    ...progressLine(ticket, s),
    ...endLine(ticket, s),
  ];
}

function refused(setups: readonly SetupRefused[], s: Speech): string[] {
  return refusedLines(setups, s, {
    side: (side) => SIDES[side],
    comma: ';',
    more: (left) => `另有 ${left} 个:/why`,
  });
}

function verdictLines(verdict: Verdict, s: Speech): string[] {
  const asked = `提案 ${verdict.tickets} 个,确认 ${verdict.confirmed} 个`;
  // a checkpoint ranks stocks: it has no setups
  const seen =
    verdict.checkpoint === 'close'
      ? `${asked};看到形态 ${verdict.setupsSeen} 个,拒绝 ${verdict.refused.length} 个`
      : asked;
  const reasons = verdict.reasons.slice(0, 5).map((reason) => `✕ ${s.reason(reason)}`);
  const evidence = verdict.evidence.slice(0, 6).map((row) => {
    const rows = Object.entries(row.rows)
      .slice(0, 4)
      .map(([name, value]) => `${name.replaceAll('_', ' ')} ${s.f.words(figure(value), 40)}`);
    const day = row.dayType === null ? '尚无日型' : ZH_CN.dayTypes[row.dayType];
    return `${s.f.symbol(row.instrument)}:${day}${rows.length > 0 ? ` · ${rows.join(' · ')}` : ''}`;
  });
  return [...reasons, seen, ...refused(verdict.refused, s), ...evidence];
}

const SLIPPED = { better: '优于', worse: '劣于' } as const;

function slippageWords(slippage: Slippage, s: Speech): string {
  return slippageText(slippage, s, {
    agreed: (amount, side) =>
      side === 'same' ? '与约定价相同' : `${SLIPPED[side]}约定价 ${amount}`,
    mid: (amount, side) => (side === 'same' ? '与中间价相同' : `${SLIPPED[side]}中间价 ${amount}`),
    unknown: '未知',
    comma: ',',
  });
}

function tradeSlippage({ slippage: { entry, exit } }: Pick<Trade, 'slippage'>, s: Speech): string {
  const of = ({ midBps, ticketBps }: Slippage) => s.f.bps(midBps ?? ticketBps);
  return `开 ${of(entry)},平 ${of(exit)}`;
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
  const left = m.remaining === 0 ? '已清' : `余 ${s.f.shares(m.remaining)}`;
  const first = `${sign} ${label} ${s.f.symbol(m.instrument)} ${s.f.shares(m.quantity)} @ ${s.f.price(m.price)} · ${m.ticketCode} · ${left}`;
  if (m.trade === null) return [first, `滑点 ${slippageWords(m.slippage, s)}`];
  return [
    first,
    `结果 ${s.f.r(m.trade.resultR)}(${s.f.gain(m.trade.pnlMinor)}),开仓滑点 ${slippageWords(m.trade.slippage.entry, s)}`,
  ];
}

function orderWords(order: Order, s: Speech): string {
  const price = order.limitPrice ?? order.stopPrice;
  const at = price === null ? '市价' : `@ ${s.f.price(price)}`;
  const side = order.side === 'buy' ? '买' : '卖';
  return `${ZH_CN.orderRoles[order.role]} ${side} ${s.f.symbol(order.instrument)} ${s.f.shares(order.quantity)} ${at}`;
}

function orderRow(order: Order, s: Speech): string {
  const filled =
    order.filledQuantity > 0
      ? ` · 成交 ${order.filledQuantity} @ ${s.f.price(order.averagePrice)}`
      : '';
  const mark = order.state === 'unknown' ? '⚠ ' : '';
  return `${mark}${orderWords(order, s)} · ${ZH_CN.orderStates[order.state]}${filled} · ${s.f.words(order.orderId, 80)}`;
}

function consentWords(desk: DeskView, s: Speech): string {
  const { consent } = desk.state;
  if (consent.kind === 'allowed') {
    const held =
      consent.heldUntilAt !== null && consent.heldUntilAt > s.now
        ? `,${s.f.time(consent.heldUntilAt)} 起生效`
        : '';
    return `${s.f.words(consent.by, 40)} 已允许,至 ${s.f.time(consent.untilAt)}${held}`;
  }
  if (consent.kind === 'stopped')
    return `${s.f.words(consent.by, 40)} 于 ${s.f.time(consent.at)} 停止开仓`;
  return consent.kind === 'ended' ? '已随交易时段结束' : '未给出:发送 允许开仓';
}

const KILL_WORDS = {
  halted: '全停(止损照常)',
  flattening: '清仓中',
  flat: '已清仓',
  incomplete: '未清完',
  clear: '',
} as const;

function statusLines(desk: DeskView, s: Speech): string[] {
  const { state } = desk;
  const positions = Object.values(state.positions);
  const unit = state.day?.unitRMinor ?? 0;
  const risk = unit > 0 ? `(${(desk.openRiskMinor / unit).toFixed(2)}R)` : '';
  const lines = [s.axes(desk.axes), `今日许可:${consentWords(desk, s)}`];
  lines.push(
    ...runningSwitch(state, s),
    `持仓 ${positions.length} 只 · 未了风险 ${s.f.money(desk.openRiskMinor)}${risk} · 现金 ${s.f.money(state.cashMinor)}`,
  );
  if (state.day !== null) {
    lines.push(
      `今日 ${state.day.tradingDay}:${state.day.tradesStarted} 笔 · ${s.f.gain(state.day.realizedMinor)}(费用 ${s.f.money(state.day.feesMinor)})`,
    );
  }
  if (state.kill.kind !== 'clear')
    lines.push(
      `⛔ 急停:${KILL_WORDS[state.kill.kind]} · ${s.f.words(state.kill.by, 40)} ${s.f.time(state.kill.at)};恢复 /resume 原因`,
      ...state.kill.left
        .slice(0, 10)
        .map(
          (rest) =>
            `  未卖:${s.f.symbol(rest.instrument)} ${s.f.shares(rest.quantity)},${s.reason(rest.reason)}`,
        ),
    );
  const causes = toldCauses(state.safeMode);
  for (const entry of causes.slice(0, 5)) {
    lines.push(
      `⚠ ${ZH_CN.safeModeCauses[entry.cause]} ${s.f.words(entry.subject, 40)}${othersOf(entry)}${entry.isGone ? '(已消失,尚未解除:/safe off)' : ''}`,
    );
  }
  const gone = state.deadMan ?? null;
  if (gone !== null)
    lines.push(
      gone.why === 'no_channel'
        ? `⏸ 自 ${s.f.time(gone.since)} 起聊天无法送达:只减不增,直到 ALLOW`
        : `⏸ ${s.f.words(gone.subject, 60)} 自 ${s.f.time(gone.since)} 起无人应答:/ack 后 ALLOW`,
    );
  for (const lock of state.locks.slice(0, 5))
    lines.push(`锁定:${ZH_CN.lockCauses[lock.cause]},至 ${s.f.time(lock.untilAt)}`);
  for (const alarm of state.alarms.slice(0, 3))
    lines.push(
      `! ${ALARMS_ZH[alarm.kind]}${alarm.settledAt === null ? '' : `,${s.f.time(alarm.settledAt)} 已了结`},尚未收到确认:/ack ${alarm.id}`,
    );
  for (const symbol of Object.values(state.symbols).slice(0, 8)) {
    const seen = seenOf(desk.view, symbol.instrument);
    // a desk of checkpoints is given no bars
    if (state.pulse !== null && seen.lastBarClosedAt === null) continue;
    const age =
      seen.lastBarClosedAt === null
        ? '尚无K线'
        : `最近K线 ${s.f.duration(s.now - seen.lastBarClosedAt)} 前`;
    lines.push(
      `${s.f.symbol(symbol.instrument)} ${s.f.price(seen.evaluation?.bar.close ?? null)} · ${age}`,
    );
  }
  return lines;
}

function killLine(line: KillLine, s: Speech): string {
  const why = line.reason === null ? '' : `(${s.reason(line.reason)})`;
  const size =
    line.left === 0
      ? s.f.shares(line.quantity)
      : `剩 ${s.f.shares(line.left)}/${s.f.shares(line.quantity)}`;
  return `${s.f.symbol(line.instrument)} ${size}:${KILL_STANDS[line.state]}${why}`;
}

const KILL_STANDS: Readonly<Record<KillLine['state'], string>> = {
  sold: '已卖',
  canceling: '正在撤保护单',
  selling: '卖出中',
  waits: '暂不可卖',
  asking: '向券商核实中,不重复发单',
  failed: '未卖出',
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
    const money = gain === null ? '无报价' : s.f.gain(Math.round(gain * 100));
    const bare = held.unprotectedSince === null ? '' : ' · ⚠ 没有止损单';
    return `${s.f.symbol(held.instrument)} ${SIDES[held.side]} ${s.f.shares(held.quantity)} @ ${s.f.price(held.entryPrice)} · 现价 ${s.f.price(last)} · ${money}${r} · 止损 ${s.f.price(held.stop)} · ${s.f.time(held.openedAt)} 起${bare}`;
  });
}

const SHEET: SheetWords = {
  get format() {
    return ZH_CN.format;
  },
  ways: {
    continuous: '可卖',
    auction: '竞价',
    queue: '排队',
    after_hours: '盘后定价',
    extended_hours: '盘前盘后',
    later: '稍后',
    stays: '不可卖',
  },
  nothing: '没有持仓',
  byHand: '由您在券商卖出,逐笔列为待办',
  opens: (time) => `${time} 起`,
  limit: (price) => `不低于 ${price}`,
  about: (price, proceeds) => `约 ${price} → 约 ${proceeds}`,
  noPrice: '无报价',
  sold: (proceeds, result, fees) => `预计卖得 ${proceeds}:盈亏 ${result},含费用 ${fees}`,
  kept: (lines, value) => `预计留下 ${lines} 笔,市值约 ${value}`,
  unpriced: (lines) => `(${lines} 笔无报价未计)`,
  more: (lines) => `……另有 ${lines} 笔,见 /positions`,
  quantity: (shares, f) => f.shares(shares),
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
          `  持仓:${s.f.symbol(one.instrument)} ${s.f.shares(one.quantity)}${one.why === null ? '' : `,未卖:${s.reason(one.why)}`}`,
      ),
    ...orders
      .slice(0, 10)
      .map(
        (one) =>
          `  委托:${ZH_CN.orderRoles[one.role]} ${s.f.symbol(one.instrument)} ${s.f.shares(one.left)} · ${ZH_CN.orderStates[one.state]}`,
      ),
  ];
}

function ms(value: number | null): string {
  return value === null
    ? '无'
    : value < 1_000
      ? `${Math.round(value)} 毫秒`
      : `${(value / 1_000).toFixed(1)} 秒`;
}

function drillLines({ deskId, accountId, stageOne, stageTwo }: DrillReport, s: Speech): string[] {
  const touched = stageOne.protection - stageOne.protectionKept;
  const isQuick = stageOne.firstCancelMs === null || stageOne.firstCancelMs <= 20;
  return [
    `◇ 急停演练 ${deskId} · ${accountId} · 首笔撤单 ${ms(stageOne.firstCancelMs)},全部撤完 ${ms(stageOne.allOutMs)}`,
    `第一步:撤开仓委托 ${stageOne.entries} 笔${isQuick ? '' : ' · ⚠ 首笔撤单超过 20 毫秒'}${stageOne.entries > 0 && stageOne.allOutMs === null ? ' · ⚠ 15 秒内未全部确认' : ''}`,
    touched === 0
      ? `保护单 ${stageOne.protection} 笔,第一步全部未动`
      : `⚠ 保护单 ${stageOne.protection} 笔中有 ${touched} 笔未保留`,
    stageTwo.positions === 0
      ? '第二步:没有持仓'
      : `第二步:${stageTwo.positions} 只,首笔卖单 ${ms(stageTwo.firstSaleMs)},最后成交 ${ms(stageTwo.lastFillMs)}${stageTwo.isOver ? '' : ' · 仍在卖出'}`,
    ...stageTwo.left
      .slice(0, 10)
      .map(
        (rest) =>
          `  未卖:${s.f.symbol(rest.instrument)} ${s.f.shares(rest.quantity)},${s.reason(rest.reason)}`,
      ),
    '急停仍然有效:/resume all 演练',
  ];
}

function consequenceLines(c: Consequence, s: Speech): string[] {
  switch (c.act) {
    case 'allow':
      return ['允许开仓', c.until === null ? '到本交易时段结束' : `到 ${c.until}`];
    case 'flatten':
      return ['全部清仓清单', ...c.sheets.flatMap((sheet) => sheetLines(sheet, SHEET, s))];
    case 'drill':
      return [
        '急停演练:两步都在模拟账户上真实执行',
        `在途:开仓委托 ${c.entries} 笔、持仓 ${c.positions.length} 只;将全部卖出,急停保持生效`,
        ...c.positions
          .slice(0, 10)
          .map(
            (one) =>
              `  ${s.f.symbol(one.instrument)} ${s.f.shares(one.quantity)},止损 ${s.f.price(one.stop)}`,
          ),
      ];
    case 'resume':
      return [
        '急停后恢复',
        `原因:${s.f.words(c.reason, 100)}`,
        `仍有委托 ${c.openOrders.length} 笔、持仓 ${c.positions.length} 只`,
        ...openLines(c.openOrders, c.positions, s),
      ];
    case 'safe':
      return [
        '解除 SAFE_MODE',
        c.causes.length === 0
          ? '原因均已消失'
          : `原因:${s.f.words(c.causes.map(({ cause, subject }) => `${ZH_CN.safeModeCauses[cause]} ${subject}`.trim()).join('、'), 200)}`,
      ];
    case 'unlock':
      return [`解除锁定 ${s.f.words(c.id, 60)}`, `原定 ${s.f.time(c.untilAt)} 结束`];
    case 'exit':
      return [
        `市价卖出 ${s.f.words(c.target, 20)} ${s.f.shares(c.quantity)}(${s.f.ratio(c.ratio)})`,
        ...(c.lateMs === null ? [] : [`您的消息已过去 ${s.f.duration(c.lateMs)};持仓没有变化`]),
      ];
    case 'edit':
      return editLines(c, s, EDIT_ZH);
    case 'cancel':
      return [`撤销保护单 ${s.f.words(c.target, 60)}`, '撤销后该持仓没有保护'];
    case 'config':
      return [
        `修改 ${s.f.words(c.change.key, 80)}`,
        `${s.f.words(c.change.from, 80)} → ${s.f.words(c.change.to, 80)} · ${SYSTEM.countsFrom[c.change.countsFrom]}`,
      ];
    case 'fill':
      return [
        `记账 ${s.f.words(c.target, 20)}:${s.f.shares(c.quantity)} @ ${s.f.price(c.price)}`,
        `不寻常:${s.reason(c.reason)}`,
      ];
    case 'stoploss':
      return [
        `放宽止损 ${s.f.words(c.target, 20)} ${s.f.shares(c.quantity)}:${s.f.price(c.from)} → ${s.f.price(c.to)}`,
        '亏损可能超过提案所写',
      ];
    case 'adopt':
      return [
        `接管 ${s.f.words(c.target, 20)} ${s.f.shares(c.quantity)}${c.averagePrice === null ? '' : `,买入均价 ${s.f.price(c.averagePrice)}`}`,
        c.stop === null ? '止损设在从现在起亏 1R 处' : `止损 ${s.f.price(c.stop)}`,
        '按届时买一价入账,不设止盈,收盘前卖出',
      ];
    case 'accept': {
      const show = (value: number) => (c.isCash ? s.f.money(value) : String(value));
      return [`以券商为准:${s.f.words(c.id, 60)}`, `账 ${show(c.ours)} → 券商 ${show(c.theirs)}`];
    }
    case 'attest':
      return [
        '以此为账户全部内容',
        ...c.holdings.map((held) => `${s.f.words(held.target, 20)} ${s.f.shares(held.quantity)}`),
        `现金 ${s.f.money(c.cashMinor)}`,
        '随即与账簿对账,之后随每笔报成交对账',
      ];
    case 'account':
      return [
        `账户 ${s.f.words(c.accountId, 40)}:${ZH_CN.environments[c.from]} → ${ZH_CN.environments[c.to]}`,
        '此后委托动用真实资金;盘中则收盘后生效,否则立即生效',
        '开仓许可需重新给出;自动模式改为半自动',
      ];
    case 'mode':
      return [
        c.from === c.to
          ? `模式 ${ZH_CN.modes[c.to]},没有测得优势`
          : `模式 ${ZH_CN.modes[c.from]} → ${ZH_CN.modes[c.to]}`,
        c.to === 'auto' ? '之后由系统自行开仓' : '之后开仓需要确认',
        ...EDGE_ZH_CN.ruledOut(c.withoutEdge ?? [], ZH_CN.dayTypes),
        ...(c.withoutEdge === undefined ? [] : ['此后照常交易,直到重新测量']),
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
    return `! 非本系统:委托 ${id} ${symbol} ${external.quantity}${price} · /reconcile disown ${id}`;
  return `! 非本系统:${symbol} ${external.quantity}${price} · /adopt ${symbol} 或 /reconcile disown ${symbol}`;
}

function sidesLines(sides: BothSides, s: Speech): string[] {
  const { cashMinor, openOrders, failure } = sides;
  const verdict =
    failure !== null
      ? `✕ 未能读取:${s.f.words(failure, 120)}`
      : sides.isClean
        ? '✓ 账实相符'
        : `✕ ${sides.differences.length} 项差异`;
  const figures = (value: number | null) => (value === null ? '未知' : String(value));
  return [
    `${sides.accountId} · ${sides.deskId}:${verdict}`,
    `现金:账 ${s.f.money(cashMinor.ours)},券商 ${cashMinor.theirs === null ? '未知' : s.f.money(cashMinor.theirs)}`,
    `挂单:账 ${openOrders.ours},券商 ${figures(openOrders.theirs)}`,
    ...sides.holdings
      .slice(0, 15)
      .map(
        (held) =>
          `${s.f.symbol(held.instrument)}:账 ${held.ours},券商 ${figures(held.theirs)}${held.disowned === 0 ? '' : `(不管的 ${held.disowned})`}`,
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
              `✕ ${s.f.words(d.subject, 60)}:账 ${s.f.words(d.ours, 40)},券商 ${s.f.words(d.theirs, 80)}`,
          )),
  ];
}

function foreignLines(desk: DeskView, s: Speech): string[] {
  return desk.state.externals
    .filter((one) => one.kind === 'position')
    .map((one) =>
      one.state === 'found'
        ? externalLine(one, s)
        : `非本系统,不管:${s.f.symbol(one.instrument)} ${s.f.shares(one.quantity)}`,
    );
}

const USAGE_ZH: Readonly<Record<string, string>> = {
  confirm: '编号 [股数] [@价格]',
  half: '编号',
  skip: '编号 [原因]',
  why: '[编号|代码|now]',
  ticket: '编号',
  allow: '[账户组] [until HH:MM|today]',
  stop: '[账户组|all] [原因]',
  kill: '[账户组|all]',
  flatten: '[账户组|all]',
  drill: '[账户组]',
  resume: '[账户组|all] 原因',
  safe: 'on|off',
  notify: '种类 on|silent|digest|off(警报 P0 总会响;等您处理的不能关、不能汇总)',
  quiet: 'HH:MM-HH:MM|off',
  mute: '种类 分钟(1–1440m;警报 P0 总会响)',
  role: '用户 viewer|operator|owner',
  revoke: '用户',
  ack: '[编号]',
  exit: '[代码|编号] [百分比]',
  cancel: '委托号|代码|编号|all',
  adopt: '代码 [stop=价格]',
  switch: '代码 代码 [百分比] | keep|sell [编号]',
  stoploss: '代码 价格',
  breakeven: '代码',
  reconcile: '[账户] [accept|disown 代码|委托号|cash | 代码 数量 … 现金 金额]',
  orders: '[open|today|委托号]',
  trades: '[条数] [代码]',
  regime: '[代码]',
  backtest: '策略 [起] [止]',
  report: '[today|yesterday|YYYY-MM-DD] [周|月] [md|csv|json|html]',
  score: '[天数]',
  chart: '[提案码|代码|闸门]',
  mode: '[账户组] alert|semi|auto',
  account: '账户 paper|live',
  logs: '[条数] [debug|info|warn|error]',
  lang: 'zh|en',
  pair: '配对码',
  help: '[命令]',
  pnl: '[个数 1–60] 日|周|月',
  tz: 'IANA时区(如 Asia/Shanghai)|off',
  audit: '[条数 1–100] [before 编号]',
  rbook: '[笔数 1–500]',
  export: 'trades|proposals|days|audit [天数 1–366] [csv|json]',
  job: 'run 任务名',
  config: '[get 键 | set 键 值]',
  reload: '单独使用',
  backup: '单独使用',
  selftest: '单独使用',
  menu: '单独使用',
  version: '单独使用',
  sources: '单独使用',
  degraded: '单独使用',
};

/** The line to copy: what the book has, in the words that `/reconcile` takes. */
function attestLine(m: Extract<AccountMessage, { kind: 'attest_due' }>): string {
  const held = m.holdings.slice(0, 40).map((one) => `${one.instrument} ${one.quantity}`);
  return ['/对账', m.accountId, ...held, '现金', (m.cashMinor / 100).toFixed(2)].join(' ');
}

function accountLine(line: AccountLine, s: Speech): string {
  const other = line.sides.filter((side) => side.environment !== line.environment);
  return [
    `${line.environment === 'live' ? '⚠' : '●'} ${s.f.words(line.accountId, 40)} · ${line.broker} ${line.market} ${line.currency} · ${ZH_CN.environments[line.environment]}`,
    line.deskId === null ? '无账户组' : `账户组 ${s.f.words(line.deskId, 40)}`,
    ...(line.asked === null ? [] : [`待切到 ${line.asked}`]),
    ...line.sides
      .filter((side) => side.missing.length > 0)
      .map((side) => `${side.environment} 缺 ${side.missing.join('、')}`),
    ...(line.deskId === null
      ? []
      : other.map((side) => `/account ${line.accountId} ${side.environment}`)),
  ].join(' · ');
}

function usageOf(name: string): string {
  const row = COMMANDS.find((command) => command.name === name);
  if (row === undefined) return `/${name}`;
  const word =
    row.words.find((candidate) => /\p{Script=Han}/u.test(candidate)) ??
    row.aliases.find((candidate) => /\p{Script=Han}/u.test(candidate));
  const usage = USAGE_ZH[name];
  return `/${row.name}${word === undefined ? '' : `(${word})`}${usage === undefined ? '' : ` ${usage}`}`;
}

function none(lines: readonly string[], words: string): readonly string[] {
  return lines.length === 0 ? [words] : lines;
}

const SYSTEM = systemZh(pulse);

export const ZH_CN: Catalogue = {
  format: {
    zones: { 'America/New_York': '美东', 'Asia/Shanghai': '北京', UTC: 'UTC' },
    second: '秒',
    minute: '分',
    hour: '小时',
    shares: (many) => `${many}股`,
    unknown: '未知',
    figures: {
      words: '',
      missing: '缺',
      event: '事件',
      r: 'R',
      limitR: '上限',
      lossR: '亏损',
      costR: '成本',
      spreadBps: '价差',
      spreadOfR: '价差/R',
      limitOfR: '上限',
      limitBps: '上限',
      limit: '上限',
      threshold: '阈值',
      untilAt: '至',
      since: '自',
      by: '操作人',
      ageMs: '已过',
      limitMs: '上限',
      quantity: '股数',
      price: '价格',
      stop: '止损',
      value: '',
      column: '',
      passedDays: '连续通过天数',
      trades: '笔数',
      losses: '连亏',
      cashMinor: '现金',
      costMinor: '成本',
      sentAt: '发送于',
      condition: '',
      operator: '',
      cause: '',
      figure: '',
      why: '',
      exchange: '',
      on_file: '本地存档',
      manual: '自备文件',
      source: '来源',
      checkpoint: '决策点',
      times: '次数',
      days: '天数',
      needed: '需要',
      taken: '已用',
      quota: '名额',
      uptimeMs: '已运行',
      pollingLagMs: '轮询延迟',
      channels: '渠道',
      monthReturn: '月度盈亏',
      least: '不低于',
      found: '所填',
      largest: '最多',
      seen: '所见',
      newest: '最新',
      code: '代码',
      bandHigh: '区间上沿',
      entry: '买入价',
      limitedBy: '受限于',
      tick: '最小变动价位',
    },
    values: {
      half_day: '半日交易',
      ...DAY_WORDS,
      ...PULSE_ZH.note,
      ...FAULTS_ZH,
      ...PULSE_ROWS,
      active: '可开仓',
      reducing: '只减不增',
      halted: '全停',
      risk: '单笔风险',
      position_cap: '仓位上限',
      book: '买卖盘',
      simulated: '模拟行情',
      recorded: '历史行情',
      manual: '自备文件',
      on_file: '本地存档',
    },
  },
  reasons: {
    stop_too_wide: '止损过宽',
    size_too_small: '数量过小',
    cost_over_r: '成本过高',
    spread_too_wide: '价差过大',
    volume_too_low: '成交量不足',
    day_type_event: '事件日',
    day_type_range: '震荡日',
    day_type_trend_down: '下降趋势日',
    day_type_trend_up: '上升趋势日',
    below_vwap: '低于VWAP',
    above_vwap: '高于VWAP',
    below_ma20: '低于MA20',
    above_ma20: '高于MA20',
    no_pullback: '没有回踩',
    no_reclaim: '没有收回',
    outside_window: '不在开仓时段',
    warmup_incomplete: '历史数据不足',
    data_stale: '数据过旧',
    quote_stale: '报价过旧',
    quote_missing: '没有新报价',
    blackout: '事件静默期',
    event_day: '事件日',
    not_flat: '已有持仓',
    cooldown: '冷却中',
    recent_ticket: '刚结束一个提案',
    day_loss_limit: '达到当日亏损上限',
    trades_per_day: '达到当日笔数上限',
    consecutive_losses: '连续亏损',
    open_risk_limit: '未了风险上限',
    position_cap: '持仓上限',
    cash_short: '现金不足',
    permission_reducing: '目前只减不增',
    permission_halted: '全停',
    permission_not_given: '今日尚未允许开仓',
    stopped_by_operator: '操作员停止',
    killed: '急停中;请先 /resume',
    safe_mode: 'SAFE_MODE 中',
    opening_no_trade: '开盘静默期',
    session_done: '本时段不再开仓',
    halt: '停牌',
    price_above_band: '价格超出区间',
    stop_touched: '价格已触及止损',
    life_over: '已到期',
    superseded: '已有新版本',
    window_ended: '开仓时段结束',
    already_answered: '已有答复',
    unknown_ticket: '没有这个提案',
    mode_alert: '仅提示模式,不下单',
    no_edge: '没有测得的优势',
    no_setup: '没有形态',
    not_trading_day: '非交易日',
    data_not_ready: '数据未就绪',
    unconfirmed_order: '有委托未确认',
    position_mismatch: '持仓与券商不符',
    risk_not_computable: '风险无法计算',
    heartbeat_lost: '连接中断',
    bar_overdue: 'K线逾期',
    unknown_lock: '没有这个锁定;/locks 可查看',
    lock_firm: '该锁定当日不可解除,停牌期间也不可解除',
    data_partial: '只有单一交易所的行情,不允许自动模式',
    operator_unreachable: '无法联系到操作员',
    alarm_unanswered: '有警报无人应答:先 /ack,再 ALLOW',
    kill_file: '存在急停文件',
    channel_unreachable: '没有可达的聊天渠道',
    abnormal_range: '异常分钟',
    slippage: '滑点过大',
    second_confirmation_needed: '需要二次确认',
    nothing_pending: '没有待确认的提案',
    code_needed: '有多个待确认提案:请写编号',
    version_outdated: '已有更新的版本',
    quantity_out_of_range: '股数超出范围(只能减少)',
    price_out_of_range: '价格超出范围(只能在区间内更优)',
    unknown_position: '没有这个持仓',
    unknown_order: '没有这个委托',
    protection_kept: '保护单保留',
    not_attested: '今天还没有人报告账户持仓:对账 代码 数量 … 现金 金额',
    not_reconciled: '尚未与券商对账',
    cause_persists: '原因仍在',
    open_doubt: '有委托结果未定',
    short_not_allowed: '不允许卖空',
    unknown_time: '时间无法使用',
    not_killed: '没有急停',
    already_so: '已经如此',
    order_failed: '下单失败',
    exit_not_filled: '委托在途,尚未成交',
    flatten_running: '正在全部清仓',
    session_closed: '已收盘',
    expired_sent_at: '到达时已过期',
    external_position: '该标的有非本系统持仓',
    stop_beyond_market: '止损已达到或越过市价,等同立即卖出:请用 /exit',
    unknown_difference: '与券商没有这项差异',
    switch_running: '已有换股在进行',
    switch_same: '换股的两只相同',
    switch_none: '没有等待此答复的换股',
    switch_kept: '保留原持仓',
    nothing_to_switch: '没有它的持仓或委托',
    changed_meanwhile: '持仓已变化,请重新换股',
    closed_meanwhile: '其间已离场,且无人答复',
    skipped: '已跳过',
    order_type_unsupported: '券商不支持该委托类型',
    entry_beyond_band: '限价高于区间上沿,超过即不买',
    stop_not_below_entry: '止损不低于买入价',
    target_not_above_entry: '止盈不高于买入价',
    snooze_past_life: '提醒时提案已失效',
    quantity_over_risk: '股数超过风险限额',
    price_not_on_tick: '价格不在最小变动价位上',
    price_missing: '缺少价格',
    quantity_not_in_lots: '数量不是整手',
    quantity_too_large: '超过单笔最大数量',
    extended_hours_unsupported: '盘前盘后不可用',
    bracket_unsupported: '券商不支持括号单',
    too_many_orders: '券商处挂单过多',
    instrument_unsupported: '券商不能交易该标的',
    not_sellable_today: '今日不可卖(T+1)',
    outside_price_limits: '超出当日涨跌停价',
    outside_price_cage: '超出价格笼子',
    crosses_own_order: '会与本账户的挂单成交',
    not_connected: '未连接券商',
    not_by_hand: '该交易台自动下单,不需报成交',
    checkpoint_missed: '决策点未能按时进行',
    gate_failed: '闸门条件未满足',
    kill_switch_l1: '熔断一级',
    kill_switch_l2: '熔断二级',
    sealed_down: '跌停封板,卖单在跌停价排队',
    not_computable: '熔断指标无法计算',
    stance_hold: '满额持有:不开新仓',
    stance_watch: '观望:不开新仓',
    stance_dormant: '休眠',
    restart_days_short: '闸门连续通过天数不足',
    stance_resumed: '人工恢复',
    restart_drawdown: '月度回撤未修复',
    rank_out_of_range: '板块内排名不在3至5',
    strength_below_min: '强度不足',
    turnover_below_min: '成交额不足',
    turnover_above_max: '成交额过大',
    st: 'ST股',
    suspended: '停牌',
    limit_up: '已涨停',
    limit_down: '跌停封单,可能不成交',
    new_listing: '上市时间过短',
    sector_quota: '板块名额已满',
    checkpoint_quota: '本次决策名额已满',
    vwap_deviation: '偏离VWAP过大',
    volume_ratio_low: '量比不足',
    far_from_high: '距日内高点过远',
    intraday_missing: '盘中数据缺失',
    stop_inside_noise: '止损小于正常波动',
    before_closure: '长假前最后交易日',
    ex_date_unknown: '除权除息未确认',
    risk_total_cap: '总仓位上限',
    risk_single_cap: '单股仓位上限',
    risk_checkpoint_cap: '单次决策新增上限',
    risk_day_cap: '单日新增上限',
    risk_cash_short: '可用资金不足',
    risk_size_too_small: '不足一手',
    risk_price_unknown: '委托价未知',
    risk_day_loss: '单日亏损限制',
    risk_already_held: '已持有或有待确认提案',
    risk_opposite_side: '今日已有卖出',
    risk_permission: '交易权限不允许开仓',
    risk_kill_switch: '熔断期间不开仓',
    facts_missing: '缺少当日基础数据',
    person_unknown: '另一账户组的持仓未知',
    person_name_cap: '全部账户单一标的上限',
    person_checkpoint_cap: '全部账户单个检查点新增敞口上限',
    person_day_cap: '全部账户单日新增敞口上限',
    person_correlated_risk: '联动标的在全部账户组间共用 1R',
    side_missing: '设置中没有这一侧账户',
    keys_missing: '缺少密钥',
    account_in_use: '另一账户组正在用该账户',
    account_unreadable: '查询不到该账户',
    account_not_empty: '该账户已有持仓或委托',
    taken_back: '已撤回',
    order_window_shut: '交易所此时不接受委托',
    cancel_window_shut: '交易所此时不接受撤单',
    after_hours_price: '盘后定价:限价劣于收盘价,申报无效',
  },
  phases: {
    premarket: '盘前',
    opening_no_trade: '开盘静默',
    trading_allowed: '可交易时段',
    in_position: '持仓中',
    cooldown: '冷却',
    locked: '锁定',
    done: '当日结束',
    done_with_position: '收盘仍持仓',
  },
  permissions: { active: '可开仓', reducing: '只减不增', halted: '全停(止损照常)' },
  environments: { paper: '模拟,非真钱', live: '实盘,真钱' },
  liveMark: '实盘',
  modes: { alert: '仅提示', semi: '半自动', auto: '自动' },
  roles: { viewer: '查看', operator: '操作', owner: '所有者' },
  dayTypes: {
    event: '事件',
    trend_up: '上升趋势',
    trend_down: '下降趋势',
    range: '震荡',
    undecided: '未定',
  },
  closeLabels: { trend_up: '上升趋势', trend_down: '下降趋势', range: '震荡', mixed: '混合' },
  ticketStates: {
    pending: '待确认',
    confirmed: '已确认',
    skipped: '已跳过',
    expired: '已到期',
    superseded: '已被替换',
    void: '已作废',
  },
  orderStates: {
    intended: '未发出',
    submitted: '已发出',
    held: '券商代持',
    unknown: '结果未知',
    accepted: '挂单中',
    partially_filled: '部分成交',
    filled: '已成交',
    canceled: '已撤',
    rejected: '被拒',
    denied: '未放行',
    expired: '已过期',
  },
  orderRoles: { entry: '开仓', stop: '止损', target: '止盈', exit: '离场' },
  exitReasons: {
    stop: '止损',
    target: '止盈',
    trail: '移动止损',
    time: '时间',
    operator: '操作员',
    kill: '急停',
    event: '事件',
    unprotected: '无保护',
    sector_out: '板块掉出前列',
    external: '系统外成交',
  },
  stances: { attack: '进攻', hold: '满额持有', watch: '观望', dormant: '休眠' },
  safeModeCauses: {
    heartbeat_lost: '连接中断',
    bar_overdue: 'K线逾期',
    quotes_stale: '报价过旧',
    data_denied: '数据源拒绝提供行情',
    order_unconfirmed: '委托未确认',
    position_mismatch: '持仓与券商不符',
    day_loss: '达到当日亏损上限',
    risk_not_computable: '风险无法计算',
    operator: '手动开启',
    internal_error: '内部错误',
  },
  safeModeCures: {
    heartbeat_lost: '会自动重连;若不恢复,请检查网络和数据商页面',
    bar_overdue: '下一根K线到达即消失;若不恢复,看 /health、数据源及其日志',
    quotes_stale: '下一笔报价到达即消失;旧价不触发止损,存疑请按市价离场',
    data_denied: '会再次请求;若不恢复,请检查行情订阅、标的数量、是否在别处登录',
    order_unconfirmed: '不会重发;持续向券商查询直到有结果',
    position_mismatch: '对照券商页面,/reconcile,再接管、采纳或不认领',
    day_loss: '当日保持锁定;离场照常',
    risk_not_computable: '有价格后消失;在此之前不开仓',
    operator: '由开启的人决定何时结束',
    internal_error: '程序错误或任务失败:看 /logs 并报告;保护继续',
  },
  lockCauses: {
    day_loss_limit: '当日亏损上限',
    trades_per_day: '当日笔数',
    consecutive_losses: '连续亏损',
    abnormal_range: '异常分钟',
    slippage: '滑点过大',
    halt: '停牌',
  },
  lockCures: {
    day_loss_limit: '今日不再冒险;止损、止盈和卖出照常',
    trades_per_day: '持仓按计划继续;下一交易日重新计数',
    consecutive_losses: '暂停到下一交易日;用 /why 看开仓理由',
    abnormal_range: '等待即可;持仓的止损仍在',
    slippage: '下一交易日前,对照券商页面核对成交价与价差',
    halt: '等待复牌;停牌期间止损不起作用',
  },
  verdicts: {
    signals: '有信号',
    no_trade: '今日不交易',
    not_trade_day: '非交易日',
    data_not_ready: '数据未就绪',
    blocked: '被阻止',
  },
  progress: {
    edited: (step, _ticket, f) =>
      `${f.words(String(step.figures['by'] ?? ''), 40)} 改为 v${step.figures['version'] ?? ''}`,
    confirmed: (step, _ticket, f) => `✓ ${f.words(String(step.figures['by'] ?? ''), 40)} 已确认`,
    sent: () => '已发出',
    partly_filled: (step, _ticket, f) =>
      `部分成交 ${step.figures['quantity'] ?? ''}股 @ ${f.price(Number(step.figures['price']))}`,
    filled: (step, ticket, f) => {
      const price = Number(step.figures['price']);
      return `成交 ${step.figures['quantity'] ?? ''}股 @ ${f.price(price)}(${signed(price - ticket.entryLimit)})`;
    },
    protected: () => '止损已在券商',
    first_target: (step, ticket, f) =>
      `${ticket.pulse === undefined ? '+1R' : '目标一'}:卖出 ${step.figures['quantity'] ?? ''}股 @ ${f.price(Number(step.figures['price']))}`,
    stop_moved: (step, _ticket, f) => `止损 → ${f.price(Number(step.figures['stop']))}`,
    exit_filled: (step, _ticket, f) =>
      `卖出 ${step.figures['quantity'] ?? ''}股 @ ${f.price(Number(step.figures['price']))}`,
    closed: (step, _ticket, f) =>
      `了结 ${f.r(Number(step.figures['resultR']))}(${f.gain(Number(step.figures['pnlMinor']))})`,
    entry_canceled: (step) =>
      Number(step.figures['filled'] ?? 0) > 0
        ? `成交 ${step.figures['filled']}股 后撤单`
        : '已撤单,未成交',
    entry_rejected: (step, _ticket, f) =>
      `券商拒绝开仓 ${f.words(String(step.figures['words'] ?? ''), 80)}`.trim(),
    entry_denied: (step) =>
      `入场单未发出:${ZH_CN.reasons[String(step.figures['code']) as keyof typeof ZH_CN.reasons]}`,
    entry_unknown: () => '⚠ 结果未知,不会重发',
  },
  healthOk: '正常',
  healthSafeMode: 'SAFE_MODE',
  healthUnattested: '未报持仓',
  checks: {
    ...PULSE_ROWS,
    in_window: '在开仓时段',
    day_type: '日型',
    close_beyond_vwap: '收盘对VWAP',
    close_beyond_previous_bar: '收盘对前一根',
    pullback_age: '回踩距今',
    close_beyond_ma20: '收盘对MA20',
    stop_distance: '止损距离',
  },
  commands: {
    confirm: '接受提案',
    half: '减半接受',
    snooze: '稍后再提醒;不延长有效期',
    plan: '各交易台本时段的计划',
    strategy: '各交易台的策略:查看、启用、停用',
    balance: '各账户的现金、持仓市值与风险',
    quote: '标的或自选的报价',
    watch: '本聊天的自选',
    use: '本聊天未指明账户时所指的账户',
    edit: '在风险限额内修改提案:生成新版本',
    skip: '跳过提案',
    why: '最近结论、提案或拒绝背后的规则',
    pending: '待确认提案和剩余秒数',
    ticket: '提案全文',
    allow: '允许本时段开仓',
    stop: '停止开仓;离场和止损照常',
    kill: '急停:全停并撤开仓单,止损保留',
    flatten: '全部清仓(二次确认)',
    drill: '在模拟账户上演练急停并计时',
    resume: '急停后恢复(所有者,二次确认)',
    safe: '开启 SAFE_MODE;关闭需所有者二次确认',
    locks: '当前锁定、截止时间、谁可解除',
    unlock: '提前解除锁定(所有者,二次确认)',
    ack: '收到警报',
    exit: '卖出持仓或其中一部分',
    cancel: '撤开仓委托',
    adopt: '接管非本系统买入的持仓,并设自己的止损',
    switch: '换股:先撤单或卖出第一只,再买第二只',
    stoploss: '移动持仓止损价',
    breakeven: '止损移到成本价',
    reconcile: '立即对账;认券商一侧,或不管某项',
    status: '许可、健康、阶段、风险',
    positions: '持仓',
    orders: '委托,含结果未知的',
    trades: '已了结的交易',
    pnl: '当日盈亏,或按日、周、月',
    regime: '日型与依据',
    gates: '闸门与熔断:数值、阈值、距离、历史',
    sectors: '板块排名与入围股票',
    backtest: '用已存行情回测策略:信号与执行,带区间',
    calendar: '未来数日的休市、提前收盘与事件',
    report: '日报、周报、月报,可要文件',
    score: '评分:确认、跳过、不交易各得多少',
    chart: '提案或股票的当日图,或闸门图',
    mode: '仅提示、半自动、自动',
    accounts: '账户、各在哪一侧、缺什么',
    account: '账户切到模拟,或切到实盘(所有者,二次确认)',
    fill: '报告在券商的成交',
    todo: '待报成交的委托',
    protected: '条件单已在券商设好',
    jobs: '任务与运行时间',
    health: '数据、存储、渠道',
    logs: '日志末尾',
    ping: '是否在线',
    lang: '本聊天的语言',
    pair: '用控制台上的配对码成为用户',
    users: '谁可以发言、什么角色',
    role: '改变用户的角色',
    revoke: '移除用户',
    settings: '本聊天听到什么,按钮设置',
    notify: '某类消息怎样提醒',
    quiet: '免打扰时段,只有警报会响',
    mute: '某类消息暂时静音',
    whoami: '您的编号与角色',
    start: '这是什么',
    menu: '按您的角色和语言列出命令',
    version: '运行中的代码、配置与数据库',
    sources: '行情来自哪里、是否正常',
    degraded: '哪些地方降级了',
    budget: '语言模型今日用量',
    audit: '谁做了什么,最新在前',
    tz: '本聊天显示时间的时区',
    rbook: '最近交易的R,按日型',
    export: '把交易、提案、交易日或审计导出为文件',
    job: '立即运行一个任务',
    config: '系统配置;密钥只显示指纹(所有者)',
    reload: '重读配置文件(所有者)',
    backup: '备份数据库',
    selftest: '自检:配置、存储、数据、账户、聊天',
    help: '本列表',
  },
  buttons: {
    confirm: '✓ 确认',
    half: '½ 数量减半',
    use: '使用',
    skip: '✕ 跳过',
    why: '为什么',
    chart: '图',
    allow: '今日允许开仓',
    keepOff: '不开仓',
    stop: '停止开仓',
    kill: '急停:立即停止',
    flatten: '全部清仓…',
    seen: '收到',
    yes: '✓ 是',
    no: '✕ 否',
    positions: '持仓',
    status: '状态',
    refresh: '刷新',
    pending: '待确认',
    older: '更早',
    help: '帮助',
    exit: '卖出',
    safeOff: '解除 SAFE_MODE',
    exitAtMarket: '市价离场',
    exitAtOpen: '下次开盘卖出',
    couldNotFill: '未成交',
    conditionalSet: '✓ 已设条件单',
    switchNow: '⇄ 换股',
    keepFirst: '保留',
    sellFirst: '卖出再买',
  },
  messages: {
    boot: (m, s) => [
      `● ${m.axes.deskId} 已启动 · 模式 ${ZH_CN.modes[m.axes.mode]} · 现金 ${s.f.money(m.cashMinor)}`,
    ],
    recovered: (m) => [
      `● ${m.axes.deskId} 已恢复 · 待确认 ${m.pending.length} 个,未了委托 ${m.openOrders} 笔,持仓 ${m.positions} 只`,
      m.pending.length === 0
        ? '许可不会因重启而放宽'
        : `待确认:${m.pending.slice(0, 10).join('、')}`,
    ],
    premarket_brief: (m, s) => [
      `○ ${m.session.tradingDay} · 开盘 ${s.f.time(m.session.openAt)},收盘 ${s.f.time(m.session.closeAt)}${m.session.isEarlyClose ? '(提前收盘)' : ''}`,
      m.blackouts.length === 0
        ? '没有事件'
        : `不开仓:${m.blackouts
            .slice(0, 5)
            .map((b) =>
              b.wholeDay
                ? `${s.f.event(b.name)} 全天`
                : `${s.f.event(b.name)} ${s.f.time(b.fromAt)} 至 ${s.f.time(b.toAt)}`,
            )
            .join(';')}`,
      ...m.facts
        .slice(0, 10)
        .map(
          (fact) =>
            `${s.f.symbol(fact.instrument)} 昨收 ${s.f.price(fact.previousClose)} · MA20 ${s.f.price(fact.ma20)} · ATR20 ${s.f.price(fact.atr20d)} · 成交量历史 ${fact.usualDays} 日`,
        ),
      ...EDGE_ZH_CN.ruledOut(m.withoutEdge ?? [], ZH_CN.dayTypes),
      `1R=${s.f.money(m.unitRMinor)} · 未允许前不开仓`,
    ],
    event_ahead: (m, s) => [
      `◷ 事件将至:${s.f.event(m.blackout.name)} ${dayOf(m.blackout.fromAt, m.zone)} ${s.f.time(m.blackout.fromAt)} 至 ${s.f.time(m.blackout.toAt)}`,
      [
        m.blackout.wholeDay && m.isShrink ? '当日缩小开仓' : '该时段不开仓',
        ...(m.blackout.instruments ?? []).map((instrument) => s.f.symbol(instrument)),
      ].join(' · '),
    ],
    consent_given: (m, s) => [
      m.heldUntilAt === null
        ? `✓ 已允许开仓 · ${s.f.words(m.by, 40)} · 至 ${s.f.time(m.untilAt)}`
        : `✓ 已记下允许,${s.f.time(m.heldUntilAt)} 起生效 · ${s.f.words(m.by, 40)} · 至 ${s.f.time(m.untilAt)}`,
    ],
    consent_withdrawn: (m, s) => [
      `■ 停止开仓 · ${s.f.words(m.by, 40)} · 撤开仓委托 ${m.entriesToCancel} 笔`,
      `离场和止损照常${m.reason === null ? '' : ` · ${s.f.words(m.reason, 100)}`}`,
    ],
    mode_changed: (m, s) => [
      `● 模式 ${ZH_CN.modes[m.from]} → ${ZH_CN.modes[m.to]} · ${s.f.words(m.by, 40)}`,
    ],
    edge_overridden: (m, s) => [
      `● 没有测得优势,仍照常交易 · ${s.f.words(m.by, 40)}`,
      ...EDGE_ZH_CN.ruledOut(m.rows, ZH_CN.dayTypes),
      '直到重新测量,或 /模式 仅提示',
    ],
    attest_due: (m) => [
      m.why === 'close'
        ? `● ${m.accountId} 已收盘:请报告账户持仓`
        : `● ${m.accountId} 未报持仓:报告之前不开仓`,
      '复制下面一行,按账户实际改正后发送:',
      attestLine(m),
    ],
    account_asked: (m, s) => [
      `● 账户 ${m.accountId} → ${ZH_CN.environments[m.to]} · 由 ${s.f.words(m.by, 40)} 提出`,
      m.isWaiting ? '今日收盘后生效,届时仍需无阻碍;现在先查看该账户' : '正在查看该账户',
    ],
    account_dropped: (m, s) => [
      `✕ 账户 ${m.accountId} 未切到${ZH_CN.environments[m.to]}:${s.reason(m.reason)}`,
      '什么也没变',
    ],
    account_changed: (m, s) => [
      `${m.to === 'live' ? '⚠' : '●'} 账户 ${m.accountId} 现为${ZH_CN.environments[m.to]} · ${s.f.words(m.by, 40)} · 现金 ${s.f.money(m.cashMinor)}`,
      m.to === 'live'
        ? `对账一致并由你允许后才开仓;切回:/account ${m.accountId} paper`
        : '委托不再动用真实资金',
    ],
    regime_change: (m, s) => [
      `◇ ${s.f.symbol(m.instrument)} 日型 ${m.from === null ? '' : `${ZH_CN.dayTypes[m.from]} → `}${ZH_CN.dayTypes[m.to]}`,
      `穿越VWAP ${m.regime.evidence.vwapCrossCount} 次 · 在VWAP上方时间 ${m.regime.evidence.pctTimeAboveVwap === null ? '未知' : s.f.ratio(m.regime.evidence.pctTimeAboveVwap)}`,
    ],
    state_change: (m, s) => [
      `◇ ${s.f.symbol(m.instrument)} ${ZH_CN.phases[m.from]} → ${ZH_CN.phases[m.to]}`,
    ],
    signal_entry: card,
    signal_reminder: (m, s) => [
      `⏰ ${headline(m.ticket, s)}`,
      m.isAsked ? '您要求的提醒' : '有效期已过半,尚无人答复',
    ],
    signal_expired: card,
    signal_superseded: card,
    signal_void: card,
    order_filled: (m, s) => [
      `✓ 成交 ${s.f.symbol(m.order.instrument)} ${m.quantity}/${s.f.shares(m.ticket.quantity)} @ ${s.f.price(m.price)} · ${m.ticket.code}`,
      `滑点 ${slippageWords(m.slippage, s)} · 风险 ${s.f.money(m.riskMinor)} · 止损 ${s.f.price(m.ticket.stop)}`,
    ],
    order_rejected: (m, s) => [
      `✕ 券商拒单:${orderWords(m.order, s)} · ${m.ticketCode}`,
      m.reason === null ? '券商没有说明原因' : s.f.words(m.reason, 200),
    ],
    order_denied: (m, s) => [
      `✕ 未发出:${orderWords(m.order, s)} · ${m.ticketCode}`,
      m.reason.code === 'not_attested' ? s.reason(m.reason) : `券商会拒绝:${s.reason(m.reason)}`,
    ],
    rotation: (m, s) => switchMessage(m, s),
    manual_todo: (m, s) => {
      const side = m.order.side === 'buy' ? '买入' : '卖出';
      const what = `${side} ${s.f.symbol(m.order.instrument)}`;
      const price = m.order.limitPrice === null ? ' 市价' : ` @ ${s.f.price(m.order.limitPrice)}`;
      const terms = `${what} ${s.f.shares(m.remaining)}${price} · ${m.ticketCode}`;
      const answer = `回复:成交 ${m.ticketCode} 价格 股数`;
      if (hasEnded(m.order)) return [`☑ 已报,无需再下单:${what} · ${m.ticketCode}`];
      if (m.order.cancelRequestedAt !== null)
        return [`✕ 请勿下单:${terms}`, `已下单请撤单;已成交部分,${answer}`];
      const { cancelDueAt, filledQuantity } = m.order;
      if (filledQuantity > 0) return [`☐ 余量仍在券商挂单,无需再下单:${terms}`, `成交后${answer}`];
      const until = cancelDueAt === null ? '' : `${s.f.time(cancelDueAt)} 前有效;`;
      return [`☐ 请在券商下单:${terms}`, `${until}然后${answer}`];
    },
    manual_overdue: (m, s) => [
      m.isLifeOver
        ? `☐ 已过有效期,请撤单:${m.order.side === 'buy' ? '买入' : '卖出'} ${s.f.symbol(m.order.instrument)} ${s.f.shares(m.remaining)} · ${m.ticketCode}`
        : `☐ ${s.f.duration(m.ageMs)} 未报成交:${m.order.side === 'buy' ? '买入' : '卖出'} ${s.f.symbol(m.order.instrument)} ${s.f.shares(m.remaining)} · ${m.ticketCode}`,
      `已成交:成交 ${m.ticketCode} 价格 股数 · 未成交:/fill ${m.ticketCode} none · 余量作废:/fill ${m.ticketCode} done`,
    ],
    manual_protection: (m, s) => [
      `☐ 请设条件单 · ${s.f.symbol(m.instrument)} · ${m.ticketCode}`,
      `卖出 ${s.f.symbol(m.instrument)} | 触发价 ≤${s.f.price(m.triggerPrice)} | 委托价 ${s.f.price(m.limitPrice)} | ${s.f.shares(m.quantity)} | 有效至 T+${m.validDays}`,
      '已在券商设条件单?交易台照常盯价。',
    ],
    gate_result: (m, s) => [
      `${m.isPassed ? '✓ 闸门通过' : '✕ 闸门未通过'} · ${m.checkpoint}`,
      ...m.checks.map((check) => pulseRow(check, s, pulse())),
      ...degradedLines(m.degraded ?? [], s, pulse()),
      ...(m.funnel.length === 0 ? [] : [`剩余:${funnelText(m.funnel, pulse())}`]),
      ...(m.topSectors.length === 0 ? [] : [`最强板块:${m.topSectors.join('、')}`]),
      ...(m.watching.length === 0
        ? []
        : [`盯买点:${m.watching.map((name) => s.f.symbol(name)).join('、')}`]),
    ],
    day_sheet: (m, s) => sheetLinesOf(m, s, pulse()),
    stance_change: (m, s) => [
      `◆ 状态 ${ZH_CN.stances[m.from]} → ${ZH_CN.stances[m.to]}`,
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_l1: (m, s) => [
      '⚠ 熔断一级:不开新仓',
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_l2: (m, s) => [
      `⛔ 熔断二级:能卖的全部卖出(持仓 ${m.positions} 只)`,
      ...m.reasons.slice(0, 4).map((reason) => `· ${s.reason(reason)}`),
    ],
    risk_off: () => ['✓ 熔断级别已解除'],
    sale_proposed: (m, s) => [
      m.why === 'reduce'
        ? `◁ 建议减仓,先弱后强 · ${m.checkpoint}`
        : `◁ 建议全部卖出:仅两融达到二级 · ${m.checkpoint}`,
      ...m.sales.map(
        (sale) =>
          `${s.f.symbol(sale.instrument)} ${s.f.shares(sale.quantity)} · ${s.f.money(sale.valueMinor)} · /exit ${sale.instrument}`,
      ),
      '没有你的答复,不会卖出',
    ],
    ex_date_restated: (m, s) => [
      `○ 除权除息:${s.f.symbol(m.instrument)} 已重述 · ${m.ticketCode}`,
      `成本 ${s.f.price(m.from.entryPrice)}→${s.f.price(m.to.entryPrice)} · 止损 ${s.f.price(m.from.stop)}→${s.f.price(m.to.stop)} · 目标 ${s.f.price(m.to.firstTarget)} / ${s.f.price(m.to.secondTarget)}`,
      `持股 ${s.f.shares(m.from.quantity)}→${s.f.shares(m.to.quantity)}${m.cashMinor > 0 ? ` · 税前股息 ${s.f.money(m.cashMinor)}` : ''}${m.terms.rightsPerShare > 0 ? ` · 每股配 ${m.terms.rightsPerShare},配股价 ${s.f.price(m.terms.rightsPrice)}:是否认购由你决定` : ''}`,
    ],
    ex_date_held: (m, s) => [
      `⚠ 除权除息未确认:${s.f.symbol(m.instrument)} 止损已挂起 · ${s.f.shares(m.quantity)} · ${m.ticketCode}`,
      `${s.reason(m.reason)};止损 ${s.f.price(m.stop)} 可能是旧价格基准`,
      `请按今日基准给出止损:/stoploss ${m.instrument.slice(0, 6)} 价格;或卖出:/exit ${m.instrument.slice(0, 6)}`,
    ],
    limit_locked: (m, s) => [
      `⚠ 现在卖不出:${s.f.symbol(m.instrument)} ${s.f.shares(m.quantity)} · ${m.ticketCode}`,
      `${s.reason(m.reason)};一旦可卖立即继续`,
    ],
    order_unknown: (m, s) => [
      `⚠ 委托结果未知,不会重发:${orderWords(m.order, s)} · ${m.ticketCode}`,
      `${s.f.words(m.cause, 120)};正在向券商查询`,
    ],
    stop_hit: (m, s) => exitLine('▽', m.exitReason === 'trail' ? '移动止损' : '止损', m, s),
    take_profit: (m, s) => exitLine('△', '止盈', m, s),
    time_stop: (m, s) => exitLine('◷', '到时离场', m, s),
    signal_exit: (m, s) => exitLine('◁', `卖出(${ZH_CN.exitReasons[m.exitReason]})`, m, s),
    trail_moved: (m, s) => [
      `◇ 止损 → ${s.f.price(m.stop)} · ${s.f.symbol(m.instrument)} · ${m.ticketCode}`,
      m.why === 'breakeven'
        ? '已到首目标:余仓不再亏'
        : m.why === 'operator'
          ? '由操作员移动'
          : '跟随上移',
    ],
    lock_on: (m, s) => [
      `■ 锁定:${ZH_CN.lockCauses[m.lock.cause]} · 至 ${s.f.time(m.lock.untilAt)} · ${m.lock.scope === 'desk' ? '全部' : s.f.symbol(m.lock.scope)}`,
      [
        ...[s.f.figures(m.lock.figures)].filter((line) => line !== ''),
        m.lock.isFirm ? '当日不能用聊天解除' : `到时自动解除;所有者可提前:/unlock ${m.lock.id}`,
      ].join(' · '),
      `→ ${ZH_CN.lockCures[m.lock.cause]}`,
    ],
    lock_off: (m, s) => [
      `□ 锁定结束:${ZH_CN.lockCauses[m.lock.cause]} · ${m.lock.scope === 'desk' ? '全部' : s.f.symbol(m.lock.scope)}${m.by === undefined ? '' : ` · ${s.f.words(m.by, 40)}`}`,
    ],
    data_stale: (m, s) => [
      `⚠ ${s.f.symbol(m.instrument)}:${m.closedAt === null ? '今日尚无K线' : `${s.f.time(m.closedAt)} 后没有新K线`},其他标的正常`,
      m.isBlocking
        ? `${s.f.symbol(m.instrument)} 在恢复前不开仓;其他标的照常`
        : '目前没有影响:本来就不开仓',
    ],
    data_recovered: (m, s) => [
      `● ${s.f.symbol(m.instrument)}:K线已恢复${m.closedAt === null ? '' : `,最新一根 ${s.f.time(m.closedAt)}`}`,
    ],
    safe_mode_on: (m, s) => [
      `⚠ SAFE_MODE ${m.axes.deskId}:${m.causes.length === 0 ? '原因未注明' : ZH_CN.safeModeCauses[m.causes[0]!.cause]}`,
      ...m.causes
        .slice(0, 5)
        .map((entry) =>
          `${ZH_CN.safeModeCauses[entry.cause]} ${s.f.words(entry.subject, 40)}${othersOf(entry)} 自 ${s.f.timeSeconds(entry.since)} ${s.f.figures(entry.figures)}`.trim(),
        ),
      ...(m.causes.length > 5 ? [`另有 ${m.causes.length - 5} 类原因:/health`] : []),
      ...[...new Set(m.causes.filter((entry) => !entry.isGone).map((entry) => entry.cause))]
        .slice(0, 3)
        .map((cause) => `→ ${ZH_CN.safeModeCures[cause]}`),
      m.axes.safeModeOf !== undefined
        ? '只有所列标的不开仓;其余照常;保护单保留'
        : m.isExposed
          ? '不开仓;保护单保留'
          : '不开仓;没有持仓',
      '所有原因消失且对账一致后,由所有者 /safe off 解除',
    ],
    operator_gone: (m, s) => [
      m.why === 'no_channel'
        ? `⏸ 只减不增:自 ${s.f.time(m.since)} 起没有任何聊天能送达`
        : `⏸ 只减不增:${alarmWords(ALARMS_ZH, m.subject, s)} 自 ${s.f.time(m.since)} 起无人应答`,
      `正在撤回开仓委托 ${m.entriesToCancel} 笔 · 持仓 ${m.positions} 个,保护照旧`,
      m.why === 'no_channel' ? '消息能送达后,发 ALLOW 恢复' : '先应答(/ack,或报告待办),再发 ALLOW',
    ],
    safe_mode_off: (m, s) => [`● SAFE_MODE 已解除 · ${s.f.words(m.by, 40)}`],
    kill_stage1: (m, s) => [
      `⛔ 急停已生效 ${s.f.timeSeconds(m.at)} · ${m.scope === 'all' ? '全部账户' : s.f.words(m.scope, 40)} · ${s.f.words(m.by, 40)}`,
      `已撤 ${m.canceled.length} 笔开仓委托${m.allOutMs === null ? '' : `(全部 ${(m.allOutMs / 1000).toFixed(1)} 秒)`} · 保护单保留 ${m.protectionKept} 笔 · 恢复请用 /resume 原因`,
    ],
    kill_strangers: (m, s) => [
      m.isEverything
        ? `⛔ 账户全部委托已撤:${m.orderIds.length} 笔分不清是开仓单还是保护单`
        : `⛔ 非本组的开仓委托已撤 ${m.orderIds.length} 笔`,
      m.isEverything
        ? '止损单立即重新挂出;/positions 可查'
        : m.orderIds
            .slice(0, 5)
            .map((id) => s.f.words(id, 60))
            .join('、'),
    ],
    kill_flatten: (m, s) => [`⛔ 全部清仓中:${m.positions} 只 · ${s.f.words(m.by, 40)}`],
    kill_progress: (m, s) => [
      `⛔ 全部清仓中:已卖 ${m.lines.filter((line) => line.state === 'sold').length}/${m.lines.length}`,
      ...m.lines.slice(0, 20).map((line) => killLine(line, s)),
    ],
    kill_done: (m) => [
      `⛔ 清仓完成:没有持仓${m.positions === 0 ? '' : ` · 已卖 ${m.positions} 只`}`,
      '恢复请用 /resume 原因',
    ],
    kill_incomplete: (m, s) => [
      `⛔ 清仓未完成:已卖 ${m.sold}/${m.positions},未卖 ${m.left.length} 只`,
      ...m.left
        .slice(0, 20)
        .map(
          (leg) =>
            `${s.f.symbol(leg.instrument)} ${s.f.shares(leg.quantity)}:${s.reason(leg.reason)}`,
        ),
      ...(m.isRetried ? ['下一交易时段开盘自动继续;/status 一直显示'] : []),
    ],
    kill_resumed: (m, s) => [
      `● 已恢复 · ${s.f.words(m.by, 40)} · 仍有委托 ${m.openOrders} 笔,持仓 ${m.positions} 只`,
      ...openLines(m.orders ?? [], m.held ?? [], s),
      `${s.f.words(m.reason, 160)} · 未允许前不开仓`,
    ],
    recon_ok: () => ['● 账实相符'],
    recon_diff: (m, s) => {
      const show = (value: number) =>
        m.what === 'cash' || m.what === 'charges' || m.what === 'fills' || m.what === 'fees'
          ? s.f.money(value)
          : String(value);
      const label = {
        missed_fill: '补记漏报成交',
        fills: '成交价已更正',
        fees: '费用已更正',
        charges: '已记账户费用与利息',
        cash: '现金已更正',
        holding: '持仓已更正',
        order: '委托仍在券商有效',
      }[m.what];
      const why =
        m.by !== null
          ? `${s.f.words(m.by, 40)} 认账`
          : m.toleranceMinor === null
            ? '依据券商清单'
            : `在容差 ${s.f.money(m.toleranceMinor)} 之内`;
      return [
        `● ${label}:账 ${show(m.ours)} → 券商 ${show(m.theirs)}`,
        [s.f.words(m.subject, 80), why].filter((part) => part !== '').join(' · '),
      ];
    },
    recon_blocked: (m, s) => [
      `⚠ 账实不符:${m.differences.length} 项,不开仓`,
      ...m.differences
        .slice(0, 10)
        .map(
          (d) =>
            `${s.f.words(d.subject, 60)}:账 ${s.f.words(d.ours, 60)},券商 ${s.f.words(d.theirs, 60)}`,
        ),
      ...m.externals.slice(0, 5).map((external) => externalLine(external, s)),
    ],
    position_adopted: (m, s) => [
      `✓ 已接管 ${s.f.symbol(m.instrument)} ${s.f.shares(m.quantity)} @ ${s.f.price(m.price)} · 止损 ${s.f.price(m.stop)}`,
      `${s.f.words(m.by, 40)} · 计入风险,不设止盈,${m.instrument.endsWith('.US') ? '收盘前卖出' : '当日买入的次日起可卖(T+1)'}`,
    ],
    position_unprotected: (m, s) => [
      `⚠ 没有止损:${s.f.symbol(m.instrument)} ${s.f.shares(m.quantity)}`,
      `系统正在补止损单;要立即卖出:/exit ${s.f.symbol(m.instrument)}`,
    ],
    done_with_position: (m, s) => [
      `⚠ 已收盘,仍持有 ${s.f.symbol(m.instrument)} ${s.f.shares(m.quantity)}`,
      [
        m.why === 'halted' ? '收盘时停牌' : '收盘前未能卖出',
        ...(m.price == null ? [] : [`最后价 ${s.f.price(m.price)}`]),
        ...(m.stop === undefined || m.stop === 0 ? [] : [`止损 ${s.f.price(m.stop)}`]),
      ].join(' · '),
      m.price == null
        ? '建议:下次开盘卖出(按钮);盘后没有价格可参考'
        : `建议:盘后在券商页面限价 ${s.f.price(m.price)} 卖出,或下次开盘由程序卖出(按钮)`,
    ],
    alarm_repeat: (m, s) => [
      `⚠ 再次提醒(${m.repeats}):${ALARMS_ZH[m.of]} ${s.f.figures(m.figures)}`.trim(),
      '有人点“收到”后停止',
    ],
    act_refused: (m, s) => [`✕ /${m.act} 未执行:${s.reason(m.reason)}`],
    verdict_no_trade: (m, s) => [
      /^\d/.test(m.verdict.checkpoint)
        ? checkpointTitle(m.verdict, ZH_CN.verdicts[m.verdict.kind], pulse())
        : `■ ${ZH_CN.verdicts[m.verdict.kind]} · ${m.axes.deskId} · ${m.verdict.tradingDay}`,
      ...verdictLines(m.verdict, s),
    ],
    verdict_signals: (m, s) =>
      /^\d/.test(m.verdict.checkpoint)
        ? checkpointOpenLines(m.verdict, s, pulse())
        : [
            `■ ${m.verdict.trades} 笔 · ${s.f.r(m.verdict.resultR)}(${s.f.gain(m.verdict.resultMinor)}) · ${m.axes.deskId} · ${m.verdict.tradingDay}`,
            ...verdictLines(m.verdict, s),
          ],
    daily_report: (m, s) => [
      `▤ 日报 ${m.verdict.tradingDay} · ${m.axes.deskId} · ${s.f.gain(m.verdict.resultMinor)}(${s.f.r(m.verdict.resultR)})${m.pulse?.stage === 'final' ? ` · ${pulse().day.final}` : ''}`,
      ...(m.pulse == null ? [] : pulseReportLines(m.pulse, s, pulse())),
      `${ZH_CN.verdicts[m.verdict.kind]} · ${m.trades.length} 笔 · 费用 ${s.f.money(m.feesMinor)} · 现金 ${s.f.money(m.cashMinor)}${m.pulse == null ? ` · ${m.isFlat ? '空仓' : '⚠ 未空仓'}` : ''}`,
      ...m.trades
        .slice(0, 10)
        .map(
          (t) =>
            `${t.code} ${s.f.symbol(t.instrument)} ${SIDES[t.side]} ${s.f.shares(t.quantity)}:${s.f.price(t.entryPrice)} → ${s.f.price(t.exitPrice)} · ${s.f.r(t.resultR)}(${s.f.gain(t.pnlMinor)}) · ${ZH_CN.exitReasons[t.exitReason]} · 滑点 ${tradeSlippage(t, s)}`,
        ),
      `提案 ${m.tickets.length} 个:${
        m.tickets.length === 0
          ? '无'
          : m.tickets
              .slice(0, 12)
              .map((t) => `${t.code} ${ZH_CN.ticketStates[t.state]}`)
              .join('、')
      }`,
      ...refused(m.verdict.refused, s),
      ...m.verdict.reasons.slice(0, 3).map((reason) => `✕ ${s.reason(reason)}`),
      ...(m.pulse == null
        ? [
            m.labels.length === 0
              ? '收盘标签:无'
              : `收盘标签:${m.labels
                  .slice(0, 12)
                  .map(
                    (l) =>
                      `${s.f.symbol(l.instrument)} ${ZH_CN.closeLabels[l.label.label]}(${Math.abs(l.label.trendContinuation).toFixed(2)})`,
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
    not_understood: () => ['没有听懂,什么也没做。/help 查看命令。'],
    unknown_command: (n, s) => [
      `没有命令 /${s.f.words(n.found, 32)},什么也没做。${n.nearest === null ? '/help 查看命令。' : `是否要 /${n.nearest}?`}`,
    ],
    bad_arguments: (n, s) => [
      `/${n.command}:收到“${s.f.words(n.found, 40)}”,应为 ${USAGE_ZH[n.command] ?? n.expected}。什么也没做。`,
    ],
    role_too_low: (n) => [
      `✕ /${n.command} 需要角色“${ZH_CN.roles[n.needed]}”;您是“${ZH_CN.roles[n.role]}”。什么也没做。`,
    ],
    chat_read_only: () => ['✕ 本聊天只能查看。请与机器人私聊。'],
    late_refused: (n, s) => [
      `✕ 已过期:/${n.command} 发送于 ${s.f.timeSeconds(n.sentAt)},已过 ${s.f.duration(n.lateMs)}。什么也没做;仍需要请重发。`,
    ],
    late_honored: (n, s) => [
      `/${n.command} 迟到 ${s.f.duration(n.lateMs)}(发送于 ${s.f.timeSeconds(n.sentAt)}),已执行。`,
    ],
    button_outdated: (n) => [`✕ 这是其他日期的按钮。什么也没做;请发送 /${n.command}。`],
    button_unknown: () => ['✕ 按钮已失效。什么也没做。'],
    which_ticket: (n, s) => [
      `哪一个提案?/${n.command} 编号`,
      ...n.candidates
        .slice(0, 10)
        .map(
          (t) =>
            `${t.code} ${t.side === 'long' ? '买入' : '卖空'} ${s.f.symbol(t.instrument)} ${s.f.shares(t.quantity)} @ ${s.f.price(t.entryLimit)} · ${s.f.duration(t.expiresAt - s.now)}`,
        ),
    ],
    no_ticket: () => ['没有待确认的提案。什么也没做。'],
    ticket_too_fresh: (n) => [`提案 ${n.code} 刚刚送达:请点按钮或发送 确认 ${n.code}。`],
    which_desk: (n) => [`哪一个账户组?/${n.command} 名称:${n.desks.join('、')}`],
    unknown_desk: (n, s) => [
      `没有“${s.f.words(n.found, 40)}”。可用:${n.desks.join('、')}。什么也没做。`,
    ],
    unknown_account: (n, s) => [
      `没有账户组使用账户“${s.f.words(n.found, 40)}”。可用:${n.accounts.join('、')}。什么也没做。`,
    ],
    second_confirm: (n, s) => {
      const [first = '', ...rest] = consequenceLines(n.consequence, s);
      return [
        `? ${first} · ${n.deskId}?`,
        ...rest,
        `账户 ${n.accountId}(${ZH_CN.environments[n.environment]})`,
        n.phrase === null
          ? `${s.f.duration(n.validMs)}内确认:/yes ${n.nonce}`
          : n.needsCode
            ? `${s.f.duration(n.validMs)}内输入:${n.phrase} 加验证器上的 6 位数字`
            : `${s.f.duration(n.validMs)}内输入:${n.phrase}`,
      ];
    },
    second_confirm_dead: (n) => [
      {
        expired: '✕ 太迟:确认已过期。什么也没做。',
        used: '✕ 已经答复过。不会重复执行。',
        other_person: '✕ 只有提出的人可以在同一聊天中确认。什么也没做。',
        unknown: '✕ 没有这个确认(或已失效)。什么也没做。',
      }[n.cause],
    ],
    code_refused: ({ answer }, s) => {
      switch (answer.kind) {
        case 'used':
          return ['✕ 这个验证码已用过。什么也没做;请等下一个。'];
        case 'wrong':
          return [`✕ 验证码不对。什么也没做;再错 ${answer.triesLeft} 次则一小时内都不接受。`];
        case 'clock_off':
          return [
            `✕ 这个验证码属于别的时刻:您的手机或本机时钟大约差 ${s.f.duration(Math.abs(answer.offMs))}。什么也没做;请校准时钟。`,
          ];
        case 'banned':
          return [
            `✕ 错误次数过多:${s.f.time(answer.untilAt)} 之前不接受验证码。什么也没做;急停、停止开仓和全部清仓不需要验证码。`,
          ];
      }
    },
    second_confirm_dropped: (n) => [`/${n.command} 已放弃。什么也没做。`],
    position_changed: (n, s) => [
      `✕ ${s.f.words(n.target, 20)} 的持仓已不是您所指的那一笔。什么也没做。`,
    ],
    drill_refused: (n) => [
      `✕ 急停演练只在模拟账户上进行;${n.accounts.join('、')} 是实盘。什么也没做。`,
    ],
    drill_begun: (n) => [`◇ 演练开始:${n.deskId} 急停两步;完成后给出计时`],
    drill_done: ({ report }, s) => drillLines(report, s),
    backtest_busy: (n) => backtestBusyLines(n.running, BACKTEST_ZH),
    backtest_progress: (n) => backtestStepLines(n, BACKTEST_ZH),
    chart_caption: (n) => captionLines(n, '闸门'),
    chart_missing: (n, s) => [
      n.target === null
        ? '暂无可画的内容:各台尚未看到价格,也未判过闸门。'
        : `"${s.f.words(n.target, 20)}"暂无可画的内容:没有该提案,今日计划后也未看到其价格。`,
    ],
    why_words: (n, s) => [
      `◇ 用话说一遍(${s.f.words(n.model, 40)});以上面的条目为准:`,
      ...n.words.split('\n').map((line) => s.f.words(line, 460)),
    ],
    chart_failed: () => ['✕ 图未能画出,原因见日志。数字请用 /ticket 和 /gates。'],
    backtest_done: (n, s) => backtestDoneLines(n, s, BACKTEST_ZH),
    backtest_failed: (n, s) => backtestFailedLines(n, s, BACKTEST_ZH),
    unknown_symbol: (n, s) => [
      `这里没有交易台认识"${s.f.words(n.found, 20)}"${n.known.length === 0 ? '' : `;它们关注 ${n.known.join('、')}`}。未执行任何操作。`,
    ],
    account_used: (n, s) => [
      n.account === null
        ? '✓ 本聊天恢复为全部账户。'
        : `✓ 未指明账户时,本聊天指 ${s.f.words(n.account, 40)}。急停、停止开仓、全部清仓和 /恢复 仍指全部账户。/use all 取消。`,
    ],
    only_account: (n, s) => [`仅 ${s.f.words(n.account, 40)} · /use all 显示全部账户`],
    watch_full: (n) => [`每个聊天最多自选 ${n.most} 只。请先 /自选 删 代码。未执行任何操作。`],
    nothing_held: (n, s) => [
      n.target === null ? '没有持仓。' : `没有 ${s.f.words(n.target, 20)} 的持仓。什么也没做。`,
    ],
    nothing_to_report: (n, s) => [`没有待报成交的委托 ${s.f.words(n.target, 20)},/todo 查看待办。`],
    nothing_external: (n, s) => [
      `券商处没有待定的 ${s.f.words(n.target, 40)}。什么也没做;/reconcile 显示两边。`,
    ],
    kill_menu: (n) => [
      `⛔ 急停:尚未执行任何操作 · 持仓 ${n.positions} 只 · ${n.desks.join('、')}`,
      '第一步立即全停并撤开仓委托,止损保留。第二步全部清仓,会再次确认。',
    ],
    stops: (n, s) => [
      n.isDry ? '试算,不做任何更改:' : '✓ /stoploss',
      ...n.rows
        .slice(0, 12)
        .map(
          (row) =>
            `${s.f.symbol(row.instrument)} ${s.f.shares(row.quantity)} @ ${s.f.price(row.entryPrice)} · 止损 ${s.f.price(row.stop)} → ${s.f.price(row.to)} · ${STOP_CHANGES_ZH[row.change]}`,
        ),
      ...(n.rows.length > 12 ? [`另有 ${n.rows.length - 12} 只`] : []),
    ],
    exit_list: (n, s) => [
      '卖出哪一只?',
      ...n.positions
        .slice(0, 12)
        .map(
          (held) =>
            `${s.f.symbol(held.instrument)} ${s.f.shares(held.quantity)} · 止损 ${s.f.price(held.stop)} · ${held.deskId}`,
        ),
    ],
    mode_menu: (n) =>
      n.desks.map(
        (desk) =>
          `${desk.deskId}:${ZH_CN.modes[desk.mode]} · 更改:/mode ${desk.deskId} alert|semi|auto`,
      ),
    acted_without_store: (n) => [
      `⛔ ${n.command === 'kill' ? '急停' : '停止开仓'}已生效:${n.desks.join('、')} · 撤开仓委托 ${n.canceled} 笔,保护单保留 ${n.protectionKept} 笔`,
      '存储不可用:已写入本地日志,恢复后入库。',
    ],
    store_down: () => ['⚠ 存储不可用:目前只有急停、停止开仓和保护性离场有效。什么也没做。'],
    act_failed: (n, s) => [`⚠ /${s.f.words(n.command, 20)} 执行出错。重复之前请先看 /status。`],
    accepted: (n, s) => [`✓ /${n.command} ${s.f.words(n.subject, 80)}`.trim()],
    language_set: () => ['✓ 本聊天使用中文。'],
    paired: (n, s) => [
      `✓ 欢迎 ${s.f.words(n.name, 40)}:您的角色是“${ZH_CN.roles[n.role]}”。/help 查看命令。`,
    ],
    role_set: (n, s) => [
      n.role === null
        ? `✓ ${s.f.words(n.name, 40)}(${s.f.words(n.user, 60)})已被移除 · 操作人 ${s.f.words(n.by, 40)}`
        : `✓ ${s.f.words(n.name, 40)}(${s.f.words(n.user, 60)})现在是“${ZH_CN.roles[n.role]}” · 操作人 ${s.f.words(n.by, 40)}`,
    ],
    role_refused: (n, s) => [
      n.reason === 'unknown'
        ? `✕ 没有用户 ${s.f.words(n.user, 60)}。/users 查看名单。什么也没做。`
        : `✕ ${s.f.words(n.user, 60)} 是最后一位所有者,请先设另一位。什么也没做。`,
    ],
    pair_refused: () => ['✕ 配对码无效。'],
    pairing_offered: (n, s) => [
      `要成为所有者,请向机器人发送:/pair ${n.pairingCode}(${s.f.duration(n.validMs)}内有效,仅一次)`,
    ],
    security_denied: (n, s) => [
      `! ${n.channel} 上有陌生人:编号 ${n.userId === null ? '隐藏' : s.f.words(n.userId, 40)},聊天 ${s.f.words(n.chatId, 40)}`,
      `自上次通知以来拒绝 ${n.count} 条;对方没有收到任何答复`,
    ],
    calendar_ending: (n) => calendarEndLines(n.ends, CALENDAR_ZH),
    wechat_window_closing: (n, s) => [
      `⚠ ${n.channel}:${[
        ...(n.left === null ? [] : [`还能发 ${n.left} 条`]),
        ...(n.closesAt === null ? [] : [`窗口开到 ${s.f.time(n.closesAt)}`]),
      ].join(',')},请在那里给机器人发一句话`,
      '在此之前那里只发警报,其余由其他渠道发送',
    ],
    channel_degraded: (n, s) => [
      `⚠ 渠道 ${n.channel} 自 ${s.f.time(n.since)} 起异常:${n.cause === null ? '消息送不出去,由其他渠道接手' : s.f.words(n.cause, 160)}`,
    ],
  },
  answers: {
    ...systemAnswers(SYSTEM, () => ZH_CN),
    help: (a) =>
      a.topic !== null && COMMANDS.some((command) => command.name === a.topic)
        ? [`${usageOf(a.topic)} · ${ZH_CN.commands[a.topic as keyof typeof ZH_CN.commands]}`]
        : [
            '命令。口语只在整条消息时有效:确认、跳过、允许开仓、停止开仓、急停',
            ...COMMANDS.map(
              (command) => `${usageOf(command.name)} · ${ZH_CN.commands[command.name]}`,
            ),
          ],
    start: (a, s) => [
      '● Centaur:机器负责止损,人负责扣扳机。',
      ...a.desks.map((desk) => s.axes(desk.axes)),
      '没有“允许开仓”和确认就不会开仓。停止开仓和急停随时有效。/help 查看命令。',
    ],
    status: (a, s) =>
      none(
        a.desks.flatMap((desk) => statusLines(desk, s)),
        '没有运行中的账户组。',
      ),
    pending: (a, s) =>
      none(
        a.desks.flatMap((desk) =>
          Object.values(desk.state.tickets)
            .filter((ticket) => ticket.state === 'pending')
            .map((ticket) => headline(ticket, s)),
        ),
        '没有待确认的提案。',
      ),
    ticket: (a, s) => [
      ...card({ axes: a.desk.axes, ticket: a.ticket }, s),
      `${s.f.words(a.ticket.id, 80)} v${a.ticket.version} · 区间 ${s.f.price(a.ticket.bandLow)} 至 ${s.f.price(a.ticket.bandHigh)} · 价差 ${s.f.bps(a.ticket.spreadBps)} · 成本 ${s.f.money(a.ticket.costMinor)}`,
      ...a.ticket.checks.slice(0, 20).map((check) => ticketRow(a.ticket, check, s)),
      ...a.orders.slice(0, 12).map((order) => orderRow(order, s)),
    ],
    ticket_unknown: (a, s) => [
      a.code === null ? '哪一个提案?/ticket 编号' : `没有提案 ${s.f.words(a.code, 8)}。`,
    ],
    why: (a, s) => {
      if (a.ticket !== null) {
        const end = a.ticket.closed?.reason ?? null;
        return [
          `为什么 ${a.ticket.code}:${headline(a.ticket, s)}`,
          ...switchOf(a, s),
          ...a.ticket.checks
            .slice(0, 20)
            .map(
              (check) =>
                `${ticketRow(a.ticket, check, s)} · ${s.f.source(check.source)} ${s.f.time(check.asOf)}`,
            ),
          ...(end === null ? [] : [`结束:${s.reason(end)}`]),
          ...exDateLines(a.exDates, s, EX_DATE_ZH),
          ...(a.checkpoint === null ? [] : whyLines(a.checkpoint, a.ticket.instrument, s, pulse())),
        ];
      }
      const { lastRefusal, lastVerdict, day, rotation } = a.desk.state;
      return [
        `为什么 · ${a.desk.policy.deskId}`,
        ...(rotation === null || rotation === undefined ? [] : [switchLine(rotation, s)]),
        `今日许可:${consentWords(a.desk, s)}`,
        ...(lastRefusal === null
          ? []
          : [
              `最近拒绝 ${s.f.timeSeconds(lastRefusal.at)}:/${s.f.words(lastRefusal.act, 20)}:${s.reason(lastRefusal.reason)}`,
            ]),
        ...refused(day?.setupsRefused ?? [], s),
        ...(lastVerdict === null
          ? ['尚无结论']
          : [
              `最近结论:${ZH_CN.verdicts[lastVerdict.kind]} ${lastVerdict.tradingDay}`,
              ...verdictLines(lastVerdict, s),
            ]),
        ...exDateLines(a.exDates, s, EX_DATE_ZH),
        ...(a.checkpoint === null ? [] : whyLines(a.checkpoint, a.target, s, pulse())),
      ];
    },
    locks: (a, s) =>
      none(
        a.desks.flatMap((desk) =>
          desk.state.locks.map(
            (lock) =>
              `■ ${desk.policy.deskId} ${ZH_CN.lockCauses[lock.cause]} · 至 ${s.f.time(lock.untilAt)} · ${lock.scope === 'desk' ? '全部' : s.f.symbol(lock.scope)} · ${s.f.figures(lock.figures)} · ${lock.isFirm ? '当日不可解除' : `到时自动解除;所有者可提前:/unlock ${lock.id}`}`,
          ),
        ),
        '没有锁定。',
      ),
    calendar: (a, s) => calendarLines(a.agendas, ZH_CN.format.zones, s, CALENDAR_ZH),
    todo: (a, s) =>
      none(
        a.desks
          .filter((desk) => desk.policy.execution.isPerson)
          .flatMap((desk) =>
            openTodos(desk.state).map((order) => {
              const code = desk.state.tickets[order.ticketId]?.code ?? '';
              return `☐ ${code} ${order.side === 'buy' ? '买入' : '卖出'} ${s.f.symbol(order.instrument)} ${s.f.shares(order.quantity - order.filledQuantity)} @ ${s.f.price(order.limitPrice)} · 已 ${s.f.duration(s.now - order.intendedAt)}${order.cancelRequestedAt === null ? '' : ' · 请撤单'}`;
            }),
          ),
        '没有待报成交的委托。',
      ),
    positions: (a, s) =>
      none(
        a.desks.flatMap((desk) => {
          const held = a.held[desk.policy.deskId];
          const own = held?.map((one) => heldLine(one, s, pulse())) ?? positionLines(desk, s);
          return [...own, ...foreignLines(desk, s)];
        }),
        '没有持仓。',
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
        '没有委托。',
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
              `${s.f.time(t.closedAt)} ${t.code} ${s.f.symbol(t.instrument)} ${s.f.shares(t.quantity)} ${s.f.price(t.entryPrice)} → ${s.f.price(t.exitPrice)} · ${s.f.r(t.resultR)}(${s.f.gain(t.pnlMinor)}) · ${ZH_CN.exitReasons[t.exitReason]} · 滑点 ${tradeSlippage(t, s)}`,
          ),
        '今天没有了结的交易。',
      ),
    pnl: (a, s) =>
      none(
        a.desks.map((desk) => {
          const day = desk.state.day;
          if (day === null) return `${desk.policy.deskId}:尚未开始交易时段`;
          const r = day.unitRMinor > 0 ? `,${s.f.r(day.realizedMinor / day.unitRMinor)}` : '';
          return `${desk.policy.deskId} ${day.tradingDay}:${s.f.gain(day.realizedMinor)}${r} · 费用 ${s.f.money(day.feesMinor)} · ${day.trades.length} 笔,连亏 ${day.consecutiveLosses} · 现金 ${s.f.money(desk.state.cashMinor)}`;
        }),
        '没有运行中的账户组。',
      ),
    plan: (a, s) => planLines(a, s, PLAN_ZH),
    strategy: (a, s) => strategyLines(a, s, PLAN_ZH, ZH_CN),
    balance: (a, s) => balanceLines(a, s, LOOK_ZH, ZH_CN.environments),
    prices: (a, s) => priceLines(a, s, LOOK_ZH),
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
                  ? '尚无已收K线'
                  : `第 ${e.minuteOfSession} 分钟 · 穿越VWAP ${e.vwapCrossCount} 次 · 在VWAP上方 ${e.pctTimeAboveVwap === null ? '未知' : s.f.ratio(e.pctTimeAboveVwap)} · 振幅 ${e.rangeAtr === null ? '未知' : `${e.rangeAtr.toFixed(2)} ATR`}(趋势需 ${e.rangeAtrNeeded.toFixed(2)})`;
              return `${s.f.symbol(symbol.instrument)}:${symbol.dayType === null ? '尚无日型' : ZH_CN.dayTypes[symbol.dayType]} · ${rows}`;
            }),
        ),
        '没有这个代码。',
      ),
    reconcile: (a, s) =>
      none(
        a.accounts.flatMap((sides) => sidesLines(sides, s)),
        '没有账户组在运行。',
      ),
    gates: (a, s) => gatesLines(a, s, pulse()),
    sectors: (a, s) => sectorsLines(a, s, pulse()),
    no_checkpoints: () => ['没有在决策点决策的交易台:/gates 与 /sectors 只属于 A股板块台。'],
    accounts: (a, s) =>
      none(
        a.accounts.map((line) => accountLine(line, s)),
        '设置中没有账户。',
      ),
    report_missing: (a) => [`${a.day ?? '今天'} 还没有日报:收盘后发送,不交易的日子也有。`],
    jobs: (a, s) =>
      none(
        a.jobs.slice(0, 20).map((job) => jobLine(job, s, HEALTH_ZH)),
        '还没有任务运行过。',
      ),
    health: (a, s) => none(healthLines(a.lines, s, ZH_CN, HEALTH_ZH), '没有监视项。'),
    logs: (a, s) =>
      none(
        a.lines.map((line) => s.f.words(line, 180)),
        '没有这样的日志。',
      ),
    period: (a, s) => periodLines(a.reports, s, PERIOD_ZH, ZH_CN, CALENDAR_ZH),
    ping: (a, s) => [`pong ${s.f.figures(a.figures)}`.trim()],
    users: (a, s) =>
      none(
        a.users.map(
          (u) =>
            `${s.f.words(u.id, 60)} · ${s.f.words(u.name, 40)} · ${ZH_CN.roles[u.role]}${u.person === null ? '' : ` · ${s.f.words(u.person, 60)} 的另一聊天`}`,
        ),
        '只有这台终端。',
      ),
    settings: (a, s) => settingsLines(a, SETTINGS_ZH, (at) => s.f.time(at)),
    whoami: (a, s) => [
      `${s.f.words(a.actor.name, 40)} · ${s.f.words(a.actor.id, 60)} · ${ZH_CN.roles[a.actor.role]} · 聊天 ${s.f.words(a.actor.chatId, 40)} · 中文`,
    ],
  },
};
