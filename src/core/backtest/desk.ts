import { decideStep } from '#core/engine/decide.ts';
import { nextDeadline } from '#core/engine/decide-clock.ts';
import type { Effect } from '#core/engine/effect.ts';
import { effectsOf } from '#core/engine/effects.ts';
import type { Event } from '#core/engine/event.ts';
import { evolve } from '#core/engine/evolve.ts';
import { initialState } from '#core/engine/initial-state.ts';
import type { Input } from '#core/engine/input.ts';
import type { Policy } from '#core/engine/policy.ts';
import { isExposed, pendingTickets } from '#core/engine/select.ts';
import type { DeskState, Trade } from '#core/engine/state.ts';
import { keepUnderWay, settle } from '#core/engine/under-way.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { Session } from '#core/market/session.ts';
import type { Actor, DeskAct } from '#core/replies/act.ts';
import { createAccount, type SimulatedAccount } from '#core/simulation/account.ts';
import { cancelOrder, placeOrder, placePair, replaceOrder } from '#core/simulation/exchange.ts';
import type { ExchangeReport } from '#core/simulation/exchange-order.ts';
import { createExchange, type Exchange } from '#core/simulation/exchange-state.ts';
import type { FeeModel } from './costs.ts';
import { createOwnView, noteInput, noteQuote, type OwnView } from './own-view.ts';

/** How orders are executed in one layer of a backtest. Ratios are fractions, Bps basis points. */
export type ExecutionModel = {
  readonly fees: FeeModel;
  /** Half the spread and the slippage that a taking fill loses, together the friction of a fill. */
  readonly halfSpreadBps: number;
  readonly slippageBps: number;
  /** Both are never less than this share of ATR(14, 1m); 0: they do not follow volatility. */
  readonly spreadAtrRatio: number;
  readonly slippageAtrRatio: number;
  /** `recorded`: where the spread of a minute was recorded it takes the place of the model's. */
  readonly spread: 'recorded' | 'model';
  /** Chance of a resting limit to be filled in a minute that trades through it; 1: always. */
  readonly limitFillRatio: number;
  /** From the ticket to its confirmation; acted on at the first open of a bar at or after it. */
  readonly latencyMs: number;
  /** `open`: entries take the next open. `limit`: they rest at the ticket's limit, touch is no fill. */
  readonly entry: 'open' | 'limit';
  /** Share of a bar's volume that orders may take; Infinity for no cap. */
  readonly volumeCapRatio: number;
};

/** What a taking fill of one instrument loses now, in basis points; changed in place. */
export type TakingCosts = {
  halfSpreadBps: number;
  /** Half the spread and slippage together. */
  slippageBps: number;
};

/** A finished trade with what it cost beyond the prices seen, in minor units. */
export type BacktestTrade = Trade & {
  readonly frictionMinor: number;
  /** Result before fees and friction, in R. */
  readonly grossR: number;
  /** Names of what was unusual, as `sold_without_bar`. */
  readonly notes: readonly string[];
};

/** The live desk on the simulated exchange, without store and chat; changed in place. */
export type BacktestDesk = {
  readonly policy: Policy;
  readonly model: ExecutionModel;
  readonly account: SimulatedAccount;
  exchange: Exchange;
  state: DeskState;
  view: OwnView;
  /** Instant up to which deadlines have been run. */
  now: number;
  /** Something waits, works or is held: time and prices can make the desk act. */
  isActive: boolean;
  /** Instants at which tickets are answered, by ticket id. */
  readonly answers: Map<string, number>;
  readonly mail: ExchangeReport[];
  readonly friction: Map<string, number>;
  /** Friction by instrument, as the minute that is played has it. */
  readonly costs: Map<InstrumentId, TakingCosts>;
  readonly notes: Map<string, Set<string>>;
  readonly trades: BacktestTrade[];
  /** Refusals of the risk review by reason code. */
  readonly refusals: Map<string, number>;
  decisions: number;
  reports: number;
  /** Every event as text with its instant, when asked for. */
  readonly log: { readonly at: number; readonly text: string }[] | null;
};

const RULE: Actor = {
  id: 'robot:confirm',
  name: 'backtest rule',
  role: 'owner',
  channel: 'robot',
  chatId: 'robot',
};

/** A desk before its first day. `isLogged` keeps every event. */
export function createBacktestDesk(
  policy: Policy,
  model: ExecutionModel,
  isLogged: boolean,
): BacktestDesk {
  const account = createAccount(policy.capitalMinor);
  const costs = new Map<InstrumentId, TakingCosts>();
  return {
    policy,
    model,
    account,
    costs,
    exchange: exchangeFor(model, account, costs, null),
    state: initialState(policy),
    view: createOwnView(),
    now: 0,
    isActive: false,
    answers: new Map(),
    mail: [],
    friction: new Map(),
    notes: new Map(),
    trades: [],
    refusals: new Map(),
    decisions: 0,
    reports: 0,
    log: isLogged ? [] : null,
  };
}

/**
 * The exchange sees the middle of the market and takes half the spread with the slippage off every
 * taking fill, so that a stop inside a bar pays the same spread as an order at a quote.
 */
function exchangeFor(
  model: ExecutionModel,
  account: SimulatedAccount,
  costs: ReadonlyMap<InstrumentId, TakingCosts>,
  session: Session | null,
): Exchange {
  const slippage = { slippageBps: model.halfSpreadBps + model.slippageBps };
  const rules = {
    matchBy: 'bars' as const,
    fees: model.fees,
    slippage,
    slippageOf: (instrument: InstrumentId) => costs.get(instrument) ?? slippage,
    volumeCapRatio: model.volumeCapRatio,
    limitFillRatio: model.limitFillRatio,
    rejectRatio: 0,
    partialRatio: 0,
    seed: 0,
  };
  return createExchange(rules, account, session);
}

/** Opens a session: plans it, allows it, releases a SAFE_MODE of the day before, as the rule operator does. */
export function openDay(
  desk: BacktestDesk,
  planned: Extract<Input, { kind: 'session_planned' }>,
): void {
  const { session } = planned;
  if (desk.account.positions.size === 0)
    desk.exchange = exchangeFor(desk.model, desk.account, desk.costs, session);
  else desk.exchange.session = session;
  const at = planned.at;
  desk.now = at;
  desk.answers.clear();
  if (desk.state.day === null)
    tell(desk, { kind: 'desk_started', at, cashMinor: desk.account.cashMinor, isRecovery: false });
  tell(desk, planned);
  const { cashMinor } = desk.account;
  tell(desk, { kind: 'account_reconciled', at, isClean: true, cashMinor, differences: [] });
  act(desk, { act: 'allow', scope: null, until: null }, at, null);
  if (desk.state.safeMode.length > 0) act(desk, { act: 'safe', on: false }, at, null);
}

function act(desk: BacktestDesk, what: DeskAct, at: number, quote: Quote | null): void {
  tell(desk, {
    kind: 'operator_acted',
    at,
    act: what,
    actor: RULE,
    sentAt: at,
    quote,
    isConfirmed: true,
  });
}

const ACTING: ReadonlySet<Event['type']> = new Set([
  'order_intended',
  'cancel_requested',
  'replace_requested',
]);

/**
 * Gives the desk an input, performs what it asks of the exchange, and delivers the exchange's words. Answers
 * whether anything came of it.
 */
export function tell(desk: BacktestDesk, input: Input): boolean {
  const isMoved = takeIn(desk, input);
  if (!isMoved) return false;
  deliver(desk, input.at);
  desk.isActive = isExposed(desk.state) || pendingTickets(desk.state).length > 0;
  return true;
}

function takeIn(desk: BacktestDesk, input: Input): boolean {
  desk.view = noteInput(desk.view, input);
  const { events, state } = decideStep(desk.state, desk.view, input, desk.policy);
  desk.decisions += 1;
  if (events.length === 0) return false;
  // what is asked of the exchange follows from the state at its event; elsewhere that of the step's end will do
  const isActing = desk.log !== null || events.some(({ type }) => ACTING.has(type));
  if (!isActing) desk.state = state;
  for (const event of events) {
    if (isActing) fold(desk, event, input.at);
    note(desk, event);
  }
  settle(desk.state);
  for (const event of events) {
    if (event.type !== 'alarm_raised') continue;
    act(desk, { act: 'ack', id: event.alarm.id }, input.at, null);
  }
  return true;
}

function fold(desk: BacktestDesk, event: Event, at: number): void {
  const before = desk.state;
  desk.state = evolve(before, event);
  keepUnderWay(before, desk.state);
  if (desk.log !== null) desk.log.push({ at: event.at, text: JSON.stringify(event) });
  if (!ACTING.has(event.type)) return;
  for (const effect of effectsOf(event, desk.state, desk.policy)) perform(desk, effect, at);
}

function note(desk: BacktestDesk, event: Event): void {
  if (event.type === 'ticket_opened')
    desk.answers.set(event.ticket.id, event.at + desk.model.latencyMs);
  if (event.type === 'setup_refused')
    for (const { code } of event.setup.reasons)
      desk.refusals.set(code, (desk.refusals.get(code) ?? 0) + 1);
  if (event.type === 'ticket_voided')
    desk.refusals.set(event.reason.code, (desk.refusals.get(event.reason.code) ?? 0) + 1);
  if (event.type !== 'trade_closed') return;
  const { trade } = event;
  const frictionMinor = Math.round(desk.friction.get(trade.ticketId) ?? 0);
  const grossMinor = trade.pnlMinor + trade.feesMinor + frictionMinor;
  desk.trades.push({
    ...trade,
    frictionMinor,
    grossR: trade.riskMinor > 0 ? grossMinor / trade.riskMinor : 0,
    notes: [...(desk.notes.get(trade.ticketId) ?? [])],
  });
}

function perform(desk: BacktestDesk, effect: Effect, at: number): void {
  const { exchange, mail } = desk;
  if (effect.kind === 'cancel_order') mail.push(...cancelOrder(exchange, effect.orderId, at));
  else if (effect.kind === 'replace_order')
    mail.push(...replaceOrder(exchange, effect.orderId, { stopPrice: effect.stopPrice }, at));
  else if (effect.kind === 'submit_order') mail.push(...submit(desk, effect, at));
}

function submit(
  desk: BacktestDesk,
  effect: Extract<Effect, { kind: 'submit_order' }>,
  at: number,
): ExchangeReport[] {
  const { order, stop, target } = effect;
  if (stop === null && target !== null)
    return placePair(desk.exchange, { ...order, bracket: null }, { ...target, bracket: null }, at)
      .reports;
  const bracket =
    stop === null
      ? null
      : {
          stop: { orderId: stop.orderId, stopPrice: stop.stopPrice ?? 0 },
          target:
            target === null
              ? null
              : { orderId: target.orderId, limitPrice: target.limitPrice ?? 0 },
        };
  const isTaking = order.role === 'entry' && desk.model.entry === 'open';
  const terms = isTaking
    ? { ...order, type: 'market' as const, limitPrice: null, bracket }
    : { ...order, bracket };
  return placeOrder(desk.exchange, terms, at).reports;
}

/** Delivers every word of the exchange, oldest first, and what it leads to. */
function deliver(desk: BacktestDesk, at: number): void {
  for (let next = desk.mail.shift(); next !== undefined; next = desk.mail.shift()) {
    desk.reports += 1;
    addFriction(desk, next);
    const report = { reportId: `r${desk.reports}`, ...next, at };
    takeIn(desk, { kind: 'order_reported', at, report });
  }
}

function addFriction(desk: BacktestDesk, report: ExchangeReport): void {
  if (report.lastQuantity <= 0 || report.lastPrice === null) return;
  const order = desk.state.orders[report.orderId];
  const placed = desk.exchange.orders.get(report.orderId);
  if (order === undefined || placed === undefined || placed.terms.type === 'limit') return;
  const { halfSpreadBps, slippageBps } = desk.model;
  const bps = desk.costs.get(order.instrument)?.slippageBps ?? halfSpreadBps + slippageBps;
  // the price already lies beyond the middle by these basis points
  const sign = order.side === 'buy' ? 1 : -1;
  const middle = report.lastPrice / (1 + (sign * bps) / 10_000);
  const lost = Math.abs(report.lastPrice - middle) * report.lastQuantity * 100;
  desk.friction.set(order.ticketId, (desk.friction.get(order.ticketId) ?? 0) + lost);
}

/** Hears what the exchange said of a quote or a bar. */
export function hear(desk: BacktestDesk, reports: readonly ExchangeReport[], at: number): void {
  if (reports.length === 0) return;
  desk.mail.push(...reports);
  deliver(desk, at);
  desk.isActive = isExposed(desk.state) || pendingTickets(desk.state).length > 0;
}

/** Runs every deadline up to `at`: lives that end, entries not filled in time, the exit before the close. */
export function advanceTo(desk: BacktestDesk, at: number): void {
  while (desk.isActive && desk.now < at) {
    const next = nextDeadline(desk.state, desk.view, desk.policy, desk.now);
    if (next === null || next > at) break;
    desk.now = next;
    tell(desk, { kind: 'time_passed', at: next });
  }
  desk.now = Math.max(desk.now, at);
}

/** Confirms the tickets that are due at `at` with the quote of their instrument, as the rule operator. */
export function answerDue(
  desk: BacktestDesk,
  at: number,
  quoteOf: (instrument: InstrumentId) => Quote | null,
): void {
  for (const [ticketId, dueAt] of desk.answers) {
    if (dueAt > at) continue;
    const ticket = desk.state.tickets[ticketId];
    if (ticket === undefined || ticket.state !== 'pending') {
      desk.answers.delete(ticketId);
      continue;
    }
    const quote = quoteOf(ticket.instrument);
    if (quote === null) continue;
    desk.answers.delete(ticketId);
    const { code } = ticket;
    act(desk, { act: 'confirm', code, version: null, quantity: null, price: null }, at, quote);
  }
}

/** Costs of an instrument, made from the model where none stand yet. */
export function costsOf(desk: BacktestDesk, instrument: InstrumentId): TakingCosts {
  const known = desk.costs.get(instrument);
  if (known !== undefined) return known;
  const { halfSpreadBps, slippageBps } = desk.model;
  const made = { halfSpreadBps, slippageBps: halfSpreadBps + slippageBps };
  desk.costs.set(instrument, made);
  return made;
}

/** Notes a quote that is known at the same instant as another one, so that it does not look old beside it. */
export function sawQuote(desk: BacktestDesk, quote: Quote): void {
  noteQuote(desk.view, quote);
}

/** Marks the open trade of an instrument. */
export function markTrade(desk: BacktestDesk, instrument: InstrumentId, name: string): void {
  const ticketId = desk.state.positions[instrument]?.ticketId;
  if (ticketId === undefined) return;
  const names = desk.notes.get(ticketId) ?? new Set<string>();
  desk.notes.set(ticketId, names.add(name));
}
