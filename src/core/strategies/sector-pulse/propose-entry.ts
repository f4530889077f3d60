import type { Check } from '#core/gates/gate.ts';
import { checkOf } from '#core/gates/gate.ts';
import type { KillLevel } from '#core/gates/kill-switch.ts';
import type { Reason, ReasonCode } from '#core/gates/reason.ts';
import { reason } from '#core/gates/reason.ts';
import type { TicketLeg } from '#core/machines/ticket.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import { priceCageCn } from '#core/market/cage-cn.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { roundBuyQuantityCn, roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick } from '#core/market/price.ts';
import type { Quote } from '#core/market/quote.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import type { Permission } from '#core/risk/permission.ts';
import type { EntryParams } from './params.ts';
import type { StockNoise } from './stock-noise.ts';

const TICK = 0.01;

/** The account and the book of the person at one instant; money in minor units, null unknown. */
export type BookLook = {
  readonly at: number;
  readonly totalAssetsMinor: number | null;
  /** Cash that no working entry can still take. */
  readonly freeCashMinor: number | null;
  /** Market value of the positions of the account, with what pending entries may add. */
  readonly positionsMinor: number | null;
  /** Value per name over all desks of the person, pending entries included. */
  readonly heldMinor: Readonly<Record<InstrumentId, number>>;
  /** Names this desk holds or has a ticket or a working entry in. */
  readonly ownNames: readonly InstrumentId[];
  /** Names any desk of the person sold or means to sell today. */
  readonly soldToday: readonly InstrumentId[];
  /** New exposure of this checkpoint and of today over all desks. */
  readonly newAtCheckpointMinor: number;
  readonly newTodayMinor: number;
  /** Result of the account today over its equity at the start of the day; null unknown. */
  readonly dayReturn: number | null;
  readonly permission: Permission;
  readonly killLevel: KillLevel;
};

/** A stock whose buy point holds. */
export type EntryLook = {
  readonly instrument: InstrumentId;
  readonly tradingDay: TradingDay;
  readonly quote: Quote | null;
  readonly last: number;
  readonly previousClose: number;
  /** Dated limit price; Infinity when there is none today, NaN when it is not known. */
  readonly limitUp: number;
  readonly noise: StockNoise;
  readonly source: string;
};

/** A sized entry with its plan. Prices in yuan, quantities in shares. */
export type EntryProposal = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly entryLimit: number;
  readonly bandLow: number;
  readonly bandHigh: number;
  readonly stop: number;
  readonly firstTarget: number;
  readonly secondTarget: number;
  readonly legs: readonly TicketLeg[];
  readonly costMinor: number;
  readonly riskMinor: number;
  /** Position ratio of the account before and after. */
  readonly ratioBefore: number;
  readonly ratioAfter: number;
  /** The stop lies inside the noise, so the size was halved. */
  readonly isHalved: boolean;
  /** Bought today, so not to be sold today. */
  readonly sellableFrom: 'next_trading_day';
  readonly overnightGap: number | null;
  readonly lifeMs: number;
};

/** A proposal, or why there is none. All rows and objections are kept either way. */
export type EntryAnswer = {
  readonly instrument: InstrumentId;
  readonly proposal: EntryProposal | null;
  readonly checks: readonly Check[];
  readonly reasons: readonly Reason[];
};

type Row = { readonly code: ReasonCode; readonly check: Check };
type RowOf = (
  code: ReasonCode,
  name: string,
  value: Check['value'],
  operator: Check['operator'],
  threshold: Check['threshold'],
  unit?: string,
) => Row;

function nearest(price: number): number {
  return roundToTick(price, TICK, 'nearest');
}

/** The price paid at most: best ask, or the last price, inside the cage and the limit; null unknown. */
function entryLimitOf(entry: EntryLook): number | null {
  const { quote, last, previousClose, tradingDay, instrument, limitUp } = entry;
  const board = boardOfCn(instrument);
  if (board === null) return null;
  const ask = quote !== null && quote.ask > 0 && quote.askSize > 0 ? quote.ask : last;
  const sight = { quote, lastPrice: last, previousClose };
  const cage = priceCageCn(board, tradingDay, sight);
  if (!(ask > 0) || cage.kind === 'unknown') return null;
  const most = cage.kind === 'cage' ? Math.min(ask, cage.buyMost) : ask;
  return Number.isNaN(limitUp) ? null : roundToTick(Math.min(most, limitUp), TICK, 'down');
}

function quantityOf(
  entry: EntryLook,
  assetsMinor: number,
  limit: number,
  isHalved: boolean,
  params: EntryParams,
): number {
  const board = boardOfCn(entry.instrument);
  if (board === null || !(limit > 0)) return 0;
  const budget = assetsMinor * params.firstRatio * (isHalved ? 0.5 : 1);
  const quantity = budget / (limit * 100);
  return roundBuyQuantityCn({ board, tradingDay: entry.tradingDay, type: 'limit', quantity });
}

/** Half of the quantity to the first target, the rest to the second; what cannot be split goes first. */
function legsOf(
  entry: EntryLook,
  quantity: number,
  params: EntryParams,
  targets: { first: number; second: number },
): TicketLeg[] {
  const board = boardOfCn(entry.instrument);
  if (board === null || quantity <= 0) return [];
  const first = roundSellQuantityCn({
    board,
    tradingDay: entry.tradingDay,
    type: 'limit',
    quantity: quantity * params.firstTargetShare,
    sellable: quantity,
  });
  if (first === 0 || first >= quantity) return [{ leg: 1, quantity, target: targets.first }];
  return [
    { leg: 1, quantity: first, target: targets.first },
    { leg: 2, quantity: quantity - first, target: targets.second },
  ];
}

function capRows(
  row: RowOf,
  book: BookLook,
  instrument: InstrumentId,
  costMinor: number,
  params: EntryParams,
): Row[] {
  const assets = book.totalAssetsMinor;
  const over = (heldMinor: number | null) =>
    assets === null || heldMinor === null || !(assets > 0)
      ? null
      : (heldMinor + costMinor) / assets;
  const cap = (code: ReasonCode, name: string, heldMinor: number | null, most: number) =>
    row(code, name, over(heldMinor), '<=', most, 'fraction');
  const held = book.heldMinor[instrument] ?? 0;
  return [
    cap('risk_total_cap', 'position_ratio_after', book.positionsMinor, params.totalCapRatio),
    cap('risk_single_cap', 'single_ratio_after', held, params.singleCapRatio),
    cap(
      'risk_checkpoint_cap',
      'checkpoint_ratio_after',
      book.newAtCheckpointMinor,
      params.checkpointCapRatio,
    ),
    cap('risk_day_cap', 'day_ratio_after', book.newTodayMinor, params.dayCapRatio),
    row('risk_cash_short', 'cost', costMinor, '<=', book.freeCashMinor, 'minor'),
  ];
}

function bookRows(
  row: RowOf,
  book: BookLook,
  instrument: InstrumentId,
  params: EntryParams,
): Row[] {
  return [
    row('risk_permission', 'permission', book.permission, '==', 'active'),
    row('risk_kill_switch', 'kill_switch_level', book.killLevel, '==', 'none'),
    row('risk_day_loss', 'day_return', book.dayReturn, '>', params.dayLossRatio, 'fraction'),
    row('risk_already_held', 'held_here', book.ownNames.includes(instrument), '==', false),
    row('risk_opposite_side', 'sold_today', book.soldToday.includes(instrument), '==', false),
  ];
}

function reasonsOf(rows: readonly Row[]): Reason[] {
  return rows
    .filter(({ check }) => !check.passed)
    .map(({ code, check }) => {
      const value = check.value === null ? 'unknown' : check.value;
      return reason(code, {
        value: typeof value === 'boolean' ? String(value) : value,
        threshold: String(check.threshold ?? 'unknown'),
      });
    });
}

/**
 * What account and book say against an entry of `costMinor`: permission, level, day loss, caps, cash.
 * Judged when it is proposed and again when it is confirmed; what is not known denies.
 */
export function bookObjections(
  book: BookLook,
  instrument: InstrumentId,
  costMinor: number,
  params: EntryParams,
): Reason[] {
  const row: RowOf = (code, name, value, operator, threshold, unit = '') => ({
    code,
    check: checkOf({ name, value, operator, threshold, unit, source: 'book', asOf: book.at }),
  });
  return reasonsOf([
    ...bookRows(row, book, instrument, params),
    ...capRows(row, book, instrument, costMinor, params),
  ]);
}

/**
 * Sizes an entry and judges it against every cap of the desk and of the book. An entry that would
 * pass a cap is denied, not made smaller; what is not known denies. Total assets not known: size 0.
 *
 * Source: sector-pulse, orders and positions; centaur, several desks, one person.
 */
export function proposeEntry(entry: EntryLook, book: BookLook, params: EntryParams): EntryAnswer {
  const { instrument, noise, source } = entry;
  const row: RowOf = (code, name, value, operator, threshold, unit = '') => ({
    code,
    check: checkOf({ name, value, operator, threshold, unit, source, asOf: book.at }),
  });
  const limit = entryLimitOf(entry);
  const price = limit ?? 0;
  const noiseRatio =
    noise.atr.value === null || price === 0 ? null : (params.noiseAtr * noise.atr.value) / price;
  const noiseRow = row(
    'stop_inside_noise',
    'stop_noise',
    noiseRatio,
    '<=',
    params.stopRatio,
    'fraction',
  );
  const isInside = !noiseRow.check.passed;
  const isHalved = isInside && params.insideNoise === 'halve';
  const assets = book.totalAssetsMinor ?? 0;
  const quantity = quantityOf(entry, assets, price, isHalved, params);
  const costMinor = notionalMinor(price, quantity);
  const rows = [
    ...bookRows(row, book, instrument, params),
    // a purchase at the limit waits in the queue and is no fill to count on
    row('limit_up', 'at_limit_up', !(entry.last < entry.limitUp), '==', false),
    row('risk_price_unknown', 'entry_limit', limit, '>', 0, 'cny'),
    row('risk_size_too_small', 'quantity', quantity, '>', 0, 'shares'),
    ...capRows(row, book, instrument, costMinor, params),
  ];
  const judged = isInside && params.insideNoise === 'reject' ? [...rows, noiseRow] : rows;
  const reasons = reasonsOf(judged);
  const checks = [...rows, noiseRow].map(({ check }) => check);
  if (reasons.length > 0) return { instrument, proposal: null, checks, reasons };
  const proposal = planOf(entry, book, { price, quantity, costMinor, isHalved }, params);
  return { instrument, proposal, checks, reasons };
}

function planOf(
  entry: EntryLook,
  book: BookLook,
  sized: {
    readonly price: number;
    readonly quantity: number;
    readonly costMinor: number;
    readonly isHalved: boolean;
  },
  params: EntryParams,
): EntryProposal {
  const { price, quantity, costMinor, isHalved } = sized;
  const stop = nearest(price * (1 - params.stopRatio));
  const first = nearest(price * (1 + params.firstTargetRatio));
  const second = nearest(price * (1 + params.secondTargetRatio));
  const assets = book.totalAssetsMinor ?? 1;
  const held = book.positionsMinor ?? 0;
  return {
    instrument: entry.instrument,
    quantity,
    entryLimit: price,
    bandLow: nearest(price * (1 - params.bandRatio)),
    bandHigh: nearest(price * (1 + params.bandRatio)),
    stop,
    firstTarget: first,
    secondTarget: second,
    legs: legsOf(entry, quantity, params, { first, second }),
    costMinor,
    riskMinor: costMinor - notionalMinor(stop, quantity),
    ratioBefore: held / assets,
    ratioAfter: (held + costMinor) / assets,
    isHalved,
    sellableFrom: 'next_trading_day',
    overnightGap: entry.noise.overnightGap.value,
    lifeMs: params.lifeMs,
  };
}
