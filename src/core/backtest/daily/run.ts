import type { InstrumentId } from '#core/market/instrument.ts';
import { addMinor, notionalMinor } from '#core/market/money.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import {
  bookFill,
  createAccount,
  type SimulatedAccount,
  sellableQuantity,
} from '#core/simulation/account.ts';
import type { DailyDecision, DailySight, DailyStrategy } from '#core/strategies/daily-strategy.ts';
import { bookExDates, type ExBooking, worthBefore } from './ex-dates.ts';
import {
  type DailyExecuted,
  type DailyExecution,
  type DailyLimits,
  executeDaily,
  type UnfilledReason,
} from './execution.ts';
import {
  closeBefore,
  type DailyMarketCn,
  hasBar,
  officialCloseBefore,
  standingOn,
} from './market.ts';

/** A fill of the run. Money in fen. */
export type DailyFill = {
  readonly row: number;
  readonly day: number;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly price: number;
  readonly auctionPrice: number;
  readonly commissionMinor: number;
  readonly stampMinor: number;
  readonly transferMinor: number;
};

/** An order, or the rest of one, that was not filled. */
export type DailyUnfilled = {
  readonly row: number;
  readonly day: number;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  readonly reason: UnfilledReason;
};

/** What a run is made from. */
export type DailyRun = {
  readonly market: DailyMarketCn;
  readonly strategy: DailyStrategy;
  readonly execution: DailyExecution;
  readonly limits: DailyLimits;
  readonly cashMinor: number;
  /** First and last day that is played, as places; the first is decided on at its close. */
  readonly firstDay: number;
  readonly lastDay: number;
};

/** What came of it; columns by day from `firstDay` on. */
export type DailyOutcome = {
  readonly firstDay: number;
  readonly days: readonly TradingDay[];
  readonly equityMinor: Float64Array;
  readonly cashMinor: Float64Array;
  readonly positions: Int32Array;
  readonly fills: readonly DailyFill[];
  readonly unfilled: readonly DailyUnfilled[];
  readonly exDates: readonly ExBooking[];
  readonly decisions: readonly DailyDecision[];
  /** What is held at the end: row, shares, worth of one in yuan. */
  readonly held: readonly {
    readonly row: number;
    readonly quantity: number;
    readonly worth: number;
  }[];
};

type State = {
  readonly run: DailyRun;
  readonly account: SimulatedAccount;
  /** Rows that are held, in the order they were bought. */
  readonly rows: Set<number>;
  /** Cash that came in today: spent tomorrow at the earliest. */
  unsettledMinor: number;
  equityMinor: number;
  readonly fills: DailyFill[];
  readonly unfilled: DailyUnfilled[];
  readonly exDates: ExBooking[];
};

const idOf = ({ run }: State, row: number): InstrumentId => run.market.panel.instruments[row]!;

function quantityOf(state: State, row: number): number {
  return state.account.positions.get(idOf(state, row))?.quantity ?? 0;
}

/** Yuan of one share at the close of a day. */
function worthOn({ run: { market } }: State, row: number, day: number): number {
  if (hasBar(market, row, day)) return market.panel.close[row * market.days + day]!;
  return worthBefore(market, row, day) ?? 0;
}

function heldValueMinor(state: State, day: number): number {
  let value = 0;
  for (const row of state.rows)
    value = addMinor(value, notionalMinor(worthOn(state, row, day), quantityOf(state, row)));
  return value;
}

type Wanted = {
  readonly row: number;
  readonly side: 'buy' | 'sell';
  readonly quantity: number;
  /** Worth of what is held of the row already, fen. */
  readonly heldMinor: number;
};

function note(state: State, day: number, wanted: Wanted, executed: DailyExecuted): void {
  const { row, side } = wanted;
  const isFilled = executed.kind === 'filled';
  const reason = isFilled ? executed.cut : executed.reason;
  const rest = Math.floor(wanted.quantity) - (isFilled ? executed.quantity : 0);
  if (reason !== null) state.unfilled.push({ row, day, side, quantity: rest, reason });
  if (!isFilled) return;
  const { quantity, price, auctionPrice, fees } = executed;
  const due = (name: string) => fees.lines.find((line) => line.name === name)?.dueMinor ?? 0;
  state.fills.push({
    ...{ row, day, side, quantity, price, auctionPrice },
    commissionMinor: due('commission'),
    stampMinor: due('stamp_duty'),
    transferMinor: due('transfer_fee'),
  });
}

/** Executes one order and books what was filled. */
function carryOut(state: State, day: number, wanted: Wanted): void {
  const { account, run } = state;
  const { market, execution, limits } = run;
  const { row, side, quantity } = wanted;
  const instrument = idOf(state, row);
  const tradingDay = market.panel.days[day]!;
  const isNew = side === 'buy' && !state.rows.has(row);
  const most = Math.floor(state.equityMinor * limits.mostWeightRatio) - wanted.heldMinor;
  const bounds = {
    spendableMinor: Math.max(0, account.cashMinor - state.unsettledMinor),
    roomMinor: isNew && state.rows.size >= limits.mostPositions ? 0 : Math.max(0, most),
    sellable: sellableQuantity(account, instrument, tradingDay),
  };
  const executed = executeDaily(market, execution, day, { row, side, quantity }, bounds);
  note(state, day, wanted, executed);
  if (executed.kind !== 'filled') return;
  const before = account.cashMinor;
  const feesMinor = executed.fees.dueMinor;
  const { price, quantity: shares } = executed;
  bookFill(account, { instrument, side, price, quantity: shares, feesMinor, tradingDay });
  if (side === 'sell') state.unsettledMinor += Math.max(0, account.cashMinor - before);
  if (account.positions.has(instrument)) state.rows.add(row);
  else state.rows.delete(row);
}

/** Shares that a wanted value buys, by what is known before the open. */
function sharesFor(market: DailyMarketCn, row: number, day: number, valueMinor: number): number {
  const price = officialCloseBefore(market, row, day) ?? closeBefore(market, row, day);
  return price === null || !(price > 0) ? 0 : valueMinor / (price * 100);
}

/** Carries out what was decided at the close before: sales first, then purchases, the most wanted first. */
function trade(state: State, day: number, decision: DailyDecision): void {
  const { market } = state.run;
  for (const row of decision.leave) {
    const quantity = quantityOf(state, row);
    if (quantity > 0) carryOut(state, day, { row, side: 'sell', quantity, heldMinor: 0 });
  }
  for (const { row, valueMinor } of decision.enter) {
    const quantity = sharesFor(market, row, day, valueMinor);
    const held = quantityOf(state, row);
    const worth = worthBefore(market, row, day) ?? 0;
    const heldMinor = held === 0 ? 0 : notionalMinor(worth, held);
    carryOut(state, day, { row, side: 'buy', quantity, heldMinor });
  }
}

function sightOn(state: State, day: number): DailySight {
  const { market } = state.run;
  return {
    day,
    value: (field, row, back) => {
      // a negative `back` would be a day to come
      if (!(back >= 0 && back <= day)) return Number.NaN;
      return market.panel[field][row * market.days + day - back] ?? Number.NaN;
    },
    status: (row) => standingOn(market, row, day).status,
    held: [...state.rows],
    spendableMinor: state.account.cashMinor,
    equityMinor: state.equityMinor,
  };
}

/**
 * Plays a strategy over daily bars under the rules of A-shares. What is decided at the close of a day
 * is carried out at an auction of the next one; what cannot be is named with its reason and is over.
 * Shares are sold on the day after they were bought at the earliest, money of a sale and a dividend is
 * spent on the day after at the earliest.
 */
export function runDaily(run: DailyRun): DailyOutcome {
  const { market, strategy, firstDay, lastDay } = run;
  const count = Math.max(0, lastDay - firstDay + 1);
  const columns = () => new Float64Array(count);
  const [equityMinor, cashMinor, positions] = [columns(), columns(), new Int32Array(count)];
  const decisions: DailyDecision[] = [];
  const state: State = {
    ...{ run, account: createAccount(run.cashMinor), rows: new Set() },
    ...{ unsettledMinor: 0, equityMinor: run.cashMinor, fills: [], unfilled: [], exDates: [] },
  };
  let decided: DailyDecision | null = null;
  for (let day = firstDay; day <= lastDay; day += 1) {
    const { account } = state;
    const cashBefore = account.cashMinor;
    const tax = run.execution.dividendTaxRatio;
    state.exDates.push(...bookExDates(market, day, account, state.rows, tax));
    state.unsettledMinor = account.cashMinor - cashBefore;
    if (decided !== null) trade(state, day, decided);
    state.equityMinor = addMinor(account.cashMinor, heldValueMinor(state, day));
    const at = day - firstDay;
    equityMinor[at] = state.equityMinor;
    cashMinor[at] = account.cashMinor;
    positions[at] = state.rows.size;
    decided = strategy.decide(sightOn(state, day));
    decisions.push(decided);
  }
  const held = [...state.rows].map((row) => {
    return { row, quantity: quantityOf(state, row), worth: worthOn(state, row, lastDay) };
  });
  const { fills, unfilled, exDates } = state;
  const days = market.panel.days.slice(firstDay, lastDay + 1);
  return {
    firstDay,
    days,
    equityMinor,
    cashMinor,
    positions,
    fills,
    unfilled,
    exDates,
    decisions,
    held,
  };
}
