import { ENOUGH_TRADES } from '#core/backtest/statistics.ts';
import type { Blackout } from '#core/engine/state.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Mode } from '#core/replies/act.ts';
import type { Answer, DeskView } from '#core/replies/answer.ts';
import type { DayType } from '#core/strategies/strategy.ts';
import type { Speech } from './catalogue.ts';

/** Words of what desks mean to do, and by which strategy. */
export type PlanWords = {
  readonly session: (open: string, close: string) => string;
  readonly noSession: string;
  readonly over: string;
  readonly entriesFrom: string;
  readonly entriesAt: string;
  readonly flatFrom: string;
  readonly noEntries: string;
  readonly whole: string;
  readonly held: string;
  readonly stop: string;
  readonly sellsAtOpen: string;
  readonly nothingHeld: string;
  readonly waiting: string;
  readonly risk: (perTrade: string, loss: string, trades: number) => string;
  readonly life: string;
  readonly names: string;
  readonly byTrades: string;
  readonly unmeasured: string;
  readonly measured: (from: string, to: string) => string;
  readonly all: string;
  readonly trades: string;
  readonly tooFew: string;
  readonly noDesk: string;
  readonly how: string;
};

export const PLAN_EN: PlanWords = {
  session: (open, close) => `opens ${open}, closes ${close}`,
  noSession: 'no session is planned yet: /calendar',
  over: 'the session is over; the next one is planned before its open: /calendar',
  entriesFrom: 'entries from',
  entriesAt: 'entries after the checkpoints',
  flatFrom: 'sold before the close from',
  noEntries: 'no entries',
  whole: 'all day',
  held: 'held',
  stop: 'stop',
  sellsAtOpen: 'to be sold at the open:',
  nothingHeld: 'nothing is held',
  waiting: 'waits for an answer:',
  risk: (perTrade, loss, trades) =>
    `at most ${perTrade} of the capital a trade, ${loss} a day, ${trades} trades a day`,
  life: 'a ticket lives',
  names: 'names',
  byTrades: 'by its checkpoints',
  unmeasured: 'no backtest under these settings was measured',
  measured: (from, to) => `measured ${from} to ${to}`,
  all: 'all days',
  trades: 'trades',
  tooFew: 'too few to count',
  noDesk: 'No desk is running.',
  how: '/strategy disable DESK: advice only, at once · /strategy enable DESK: tickets again, asked once more',
};

export const PLAN_ZH: PlanWords = {
  session: (open, close) => `${open} 开盘,${close} 收盘`,
  noSession: '尚未安排交易时段:/日历',
  over: '本交易时段已结束,下一时段在开盘前安排:/日历',
  entriesFrom: '开仓自',
  entriesAt: '检查点之后开仓',
  flatFrom: '收盘前清仓自',
  noEntries: '不开仓',
  whole: '全天',
  held: '持有',
  stop: '止损',
  sellsAtOpen: '开盘卖出:',
  nothingHeld: '无持仓',
  waiting: '等待答复:',
  risk: (perTrade, loss, trades) =>
    `单笔最多为资金的 ${perTrade},单日最多 ${loss},每日最多 ${trades} 笔`,
  life: '提案有效期',
  names: '标的',
  byTrades: '由检查点选出',
  unmeasured: '此设置下没有回测数据',
  measured: (from, to) => `${from} 至 ${to} 的回测`,
  all: '全部日型',
  trades: '笔',
  tooFew: '样本过少',
  noDesk: '没有运行中的交易台。',
  how: '/策略 停用 交易台:立即只提建议 · /策略 启用 交易台:恢复提案,需再确认一次',
};

const symbols = (names: readonly InstrumentId[], s: Speech): string =>
  names.length === 0
    ? '–'
    : `${names
        .slice(0, 10)
        .map((name) => s.f.symbol(name))
        .join(', ')}${names.length > 10 ? '…' : ''}`;

/** Date of an instant in the market's zone. */
function dateOf(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
    .toString();
}

function dayRows({ state, policy }: DeskView, s: Speech, w: PlanWords): string[] {
  const { day } = state;
  if (day === null) return [w.noSession];
  if (day.isClosed) return [w.over];
  const { openAt, closeAt } = day.session;
  const flatMs = policy.exits.flatBeforeCloseMs;
  const entries =
    policy.pulse === null
      ? `${w.entriesFrom} ${s.f.time(openAt + policy.openingNoTradeMs)}`
      : `${w.entriesAt} ${policy.pulse.checkpoints.join(', ')}`;
  const flat = flatMs === null ? [] : [`${w.flatFrom} ${s.f.time(closeAt - flatMs)}`];
  const whenOf = (one: Blackout): string =>
    one.wholeDay ? w.whole : `${s.f.time(one.fromAt)} – ${s.f.time(one.toAt)}`;
  const today = day.blackouts.map(
    (one) => `${w.noEntries}: ${s.f.event(one.name)} · ${whenOf(one)}`,
  );
  const next = (day.upcoming ?? []).map(
    (one) =>
      `${dateOf(one.fromAt, policy.zone)} · ${w.noEntries}: ${s.f.event(one.name)} · ${whenOf(one)}`,
  );
  const events = [...today, ...next].slice(0, 6);
  return [
    `${day.tradingDay} · ${w.session(s.f.time(openAt), s.f.time(closeAt))}`,
    [entries, ...flat].join(' · '),
    ...events,
  ];
}

function bookRows({ state }: DeskView, s: Speech, w: PlanWords): string[] {
  const positions = Object.values(state.positions);
  const planned = positions.flatMap((one) => {
    const exit = one.exitPlanned ?? null;
    return exit === null ? [] : [`${s.f.symbol(one.instrument)} ${exit.quantity}`];
  });
  const waiting = Object.values(state.tickets).filter((ticket) => ticket.state === 'pending');
  const codes = waiting.map(({ code, instrument }) => `${s.f.symbol(instrument)} ${code}`);
  return [
    ...(positions.length === 0 ? [w.nothingHeld] : []),
    ...positions
      .slice(0, 12)
      .map(
        (one) =>
          `${w.held} ${s.f.symbol(one.instrument)} ${one.quantity} · ${w.stop} ${s.f.price(one.stop)}`,
      ),
    ...(planned.length === 0 ? [] : [`${w.sellsAtOpen} ${planned.join(', ')}`]),
    ...(codes.length === 0 ? [] : [`${w.waiting} ${codes.join(', ')}`]),
  ];
}

/** What each desk means to do in the session that is planned: when it may enter, when it sells, what it holds. */
export function planLines({ desks }: Extract<Answer, { kind: 'plan' }>, s: Speech, w: PlanWords) {
  if (desks.length === 0) return [w.noDesk];
  return desks.flatMap((desk) => [
    s.axes(desk.axes),
    ...dayRows(desk, s, w),
    ...bookRows(desk, s, w),
  ]);
}

type Names = {
  readonly modes: Readonly<Record<Mode, string>>;
  readonly dayTypes: Readonly<Record<DayType, string>>;
};

function edgeRowsOf({ state }: DeskView, w: PlanWords, { dayTypes }: Names): string[] {
  const edge = state.day?.edge;
  if (edge === undefined) return [w.unmeasured];
  const rows = edge.rows.map(({ dayType, trades, meanR, lowR, highR }) => {
    const name = dayType === 'all' ? w.all : dayTypes[dayType];
    const figures = `${meanR.toFixed(2)}R (${lowR.toFixed(2)} … ${highR.toFixed(2)})`;
    const few = trades < ENOUGH_TRADES ? ` · ${w.tooFew}` : '';
    return `  ${name}: ${figures} · ${trades} ${w.trades}${few}`;
  });
  return [w.measured(edge.from, edge.to), ...rows];
}

/** Strategies by desk, with their mode; of a named one its limits and what was measured of it. */
export function strategyLines(
  { desks, isWhole }: Extract<Answer, { kind: 'strategy' }>,
  s: Speech,
  w: PlanWords,
  names: Names,
): string[] {
  if (desks.length === 0) return [w.noDesk];
  const rows = desks.flatMap((desk) => {
    const { policy, state } = desk;
    const title = `${policy.deskId}: ${policy.strategy} · ${names.modes[state.mode]}`;
    if (!isWhole) return [title];
    const { risk, ticket, pulse } = policy;
    const perTrade = s.f.ratio(risk.riskPerTradeRatio);
    return [
      title,
      w.risk(perTrade, `${risk.dayLossLimitR}R`, risk.tradesPerDay),
      `${w.life} ${s.f.duration(ticket.lifeMs)} · ${w.names} ${pulse === null ? symbols(policy.instruments, s) : w.byTrades}`,
      ...edgeRowsOf(desk, w, names),
    ];
  });
  return [...rows, w.how];
}
