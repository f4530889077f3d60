import type { KillLevel } from '#core/gates/kill-switch.ts';
import { relativeChange } from '#core/lib/stats.ts';
import type { Stance } from '#core/machines/stance.ts';
import { boardOfCn } from '#core/market/board-cn.ts';
import type { CalendarTable } from '#core/market/calendar.ts';
import { tradingDaysBetween } from '#core/market/calendar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { roundSellQuantityCn } from '#core/market/lots-cn.ts';
import { notionalMinor } from '#core/market/money.ts';
import { roundToTick } from '#core/market/price.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';
import type { PurchaseCn } from '#core/market/settlement-cn.ts';
import { sellableQuantityCn } from '#core/market/settlement-cn.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { priceAgeMs } from '#core/market/trading-time.ts';
import type { ExitParams } from './params.ts';

const TICK = 0.01;
/** Reductions are planned in whole hundreds. */
const LOT = 100;

/** A position of the desk as its events tell it. Prices in yuan per share on today's basis. */
export type HeldPosition = {
  readonly instrument: InstrumentId;
  /** Purchases still held, for T+1; their sum is the quantity. */
  readonly purchases: readonly PurchaseCn[];
  /** Day of the first purchase: T+0. */
  readonly entryDay: TradingDay;
  readonly entryPrice: number;
  readonly stop: number;
  readonly firstTarget: number;
  readonly secondTarget: number;
  /** Quantity that leaves at the first target. */
  readonly firstTargetQuantity: number;
  readonly isFirstTargetDone: boolean;
  /** Highest price seen since the entry. */
  readonly peakPrice: number;
  readonly sector: string | null;
  /** Days in a row through the day before on which its sector was not among the top. */
  readonly sectorOutBefore: number;
  /** The same through today's last checkpoint; null unknown. */
  readonly sectorOutDays: number | null;
  /** Its ex-date of today is not confirmed, so its prices are of two bases. */
  readonly isExDateOpen: boolean;
  /** Adjusted strength at the last checkpoint; null unknown. */
  readonly strength: number | null;
};

/** What is seen of a held name. NaN and null are unknown. */
export type HeldPrice = {
  readonly last: number;
  readonly asOf: number;
  readonly isSuspended: boolean;
};

/** What all positions are judged in. */
export type ExitContext = {
  readonly at: number;
  readonly tradingDay: TradingDay;
  readonly zone: string;
  /** Breaks of the session: while nothing trades a price does not grow old. */
  readonly breaks: Session['breaks'];
  readonly calendar: CalendarTable;
  readonly stance: Stance;
  readonly killLevel: KillLevel;
  readonly lastDayExit: string;
};

/** Why a position leaves, in the order they are looked at; the first that holds decides. */
export type ExitKind =
  | 'kill_switch'
  | 'stop'
  | 'last_day'
  | 'second_target'
  | 'first_target'
  | 'giveback'
  | 'sector_out';

/** A position as judged at one instant. */
export type ExitDecision = {
  readonly instrument: InstrumentId;
  readonly kind: ExitKind | null;
  /** Shares to sell now. */
  readonly quantity: number;
  /** Shares that the exit means and that cannot be sold today, and why. */
  readonly stuck: {
    readonly quantity: number;
    readonly reason: 't_plus_one' | 'suspended';
  } | null;
  /** Stop from now on; never below the one before. */
  readonly stop: number;
  readonly peakPrice: number;
  /** Trading days of the market since the entry day; null: the calendar does not tell. */
  readonly heldDays: number | null;
  /** Open result per share over the entry price; null without a fresh price. */
  readonly openReturn: number | null;
  /** Why price exits were not judged. */
  readonly priceFault: 'stale' | 'missing' | 'suspended' | 'ex_date_unknown' | null;
  /** `review` from T+3 on, `last_day` on T+5 before its hour. */
  readonly notices: readonly ('review' | 'last_day')[];
};

/** Shares of a position. */
export function quantityOf(position: HeldPosition): number {
  return position.purchases.reduce((sum, { quantity }) => sum + quantity, 0);
}

/** Trading days of the market after `entryDay` through `tradingDay`; null outside the calendar. */
export function heldTradingDays(
  calendar: CalendarTable,
  entryDay: TradingDay,
  tradingDay: TradingDay,
): number | null {
  if (entryDay < calendar.validFrom || tradingDay > calendar.validThrough) return null;
  if (tradingDay < entryDay) return null;
  return tradingDaysBetween(calendar, entryDay, tradingDay).length - 1;
}

function priceFaultOf(
  position: HeldPosition,
  price: HeldPrice | null,
  { at, breaks }: ExitContext,
  maxAgeMs: number,
): ExitDecision['priceFault'] {
  if (price?.isSuspended === true) return 'suspended';
  if (position.isExDateOpen) return 'ex_date_unknown';
  if (price === null || !(price.last > 0)) return 'missing';
  const ageMs = priceAgeMs(breaks, price.asOf, at);
  return ageMs >= 0 && ageMs <= maxAgeMs ? null : 'stale';
}

/** Stop of a position now: tighter in watch, at the entry after the first target, never lower. */
function stopNow(position: HeldPosition, stance: Stance, params: ExitParams): number {
  const { stop, entryPrice, isFirstTargetDone, isExDateOpen } = position;
  if (isExDateOpen) return stop;
  const inWatch =
    stance === 'watch' ? roundToTick(entryPrice * (1 - params.watchStopRatio), TICK, 'nearest') : 0;
  return Math.max(stop, inWatch, isFirstTargetDone ? entryPrice : 0);
}

function isGivenBack(position: HeldPosition, peak: number, last: number, p: ExitParams): boolean {
  const { entryPrice } = position;
  if (!(relativeChange(peak, entryPrice) >= p.givebackFromRatio)) return false;
  return -relativeChange(last - entryPrice, peak - entryPrice) > p.givebackShare;
}

/** The exit a fresh price asks for other than the stop, in the order of the rules. */
function priceExitOf(
  position: HeldPosition,
  last: number,
  peak: number,
  stance: Stance,
  params: ExitParams,
): ExitKind | null {
  const { entryPrice, secondTarget, firstTarget, sectorOutDays } = position;
  const isWatch = stance === 'watch';
  const watchTarget = roundToTick(entryPrice * (1 + params.watchTargetRatio), TICK, 'nearest');
  if (last >= (isWatch ? Math.min(secondTarget, watchTarget) : secondTarget)) {
    return 'second_target';
  }
  if (!position.isFirstTargetDone && last >= firstTarget) return 'first_target';
  if (isWatch && isGivenBack(position, peak, last, params)) return 'giveback';
  const isOut = sectorOutDays !== null && sectorOutDays >= params.sectorOutDays;
  return isOut && last > entryPrice ? 'sector_out' : null;
}

/** Shares that `kind` means to sell. */
function meantQuantity(position: HeldPosition, kind: ExitKind): number {
  const held = quantityOf(position);
  return kind === 'first_target' ? Math.min(held, position.firstTargetQuantity) : held;
}

/**
 * Judges one position: the first rule that holds decides, in the order level 2, stop, last day,
 * second target, first target, giveback, sector. Price rules need a fresh price of a traded stock
 * on one basis; level 2 and the last day do not. What was bought today is never in `quantity`.
 *
 * Source: sector-pulse, orders and positions.
 */
export function judgeExit(
  position: HeldPosition,
  price: HeldPrice | null,
  context: ExitContext,
  params: ExitParams,
): ExitDecision {
  const { at, tradingDay, stance, zone, lastDayExit } = context;
  const priceFault = priceFaultOf(position, price, context, params.priceMaxAgeMs);
  const last = price?.last ?? Number.NaN;
  const isPriced = priceFault === null;
  const peakPrice = isPriced ? Math.max(position.peakPrice, last) : position.peakPrice;
  const stop = stopNow(position, stance, params);
  const heldDays = heldTradingDays(context.calendar, position.entryDay, tradingDay);
  const isLastDay = heldDays !== null && heldDays >= params.lastDay;
  const isLate = heldDays !== null && heldDays > params.lastDay;
  const isHour = at >= instantAt(tradingDay, lastDayExit, zone);
  const kind: ExitKind | null =
    context.killLevel === 'l2' || stance === 'dormant'
      ? 'kill_switch'
      : isPriced && last <= stop
        ? 'stop'
        : isLate || (isLastDay && isHour)
          ? 'last_day'
          : isPriced
            ? priceExitOf(position, last, peakPrice, stance, params)
            : null;
  const notices: ExitDecision['notices'][number][] = [];
  if (heldDays !== null && heldDays >= params.reviewDay && !isLastDay) notices.push('review');
  if (isLastDay && kind !== 'last_day') notices.push('last_day');
  return {
    instrument: position.instrument,
    kind,
    ...sellable(position, kind, price, tradingDay),
    stop,
    peakPrice,
    heldDays,
    openReturn: isPriced ? relativeChange(last, position.entryPrice) : null,
    priceFault,
    notices,
  };
}

function sellable(
  position: HeldPosition,
  kind: ExitKind | null,
  price: HeldPrice | null,
  tradingDay: TradingDay,
): Pick<ExitDecision, 'quantity' | 'stuck'> {
  if (kind === null) return { quantity: 0, stuck: null };
  const meant = meantQuantity(position, kind);
  if (price?.isSuspended === true) {
    return { quantity: 0, stuck: { quantity: meant, reason: 'suspended' } };
  }
  const free = sellableQuantityCn(position.purchases, tradingDay);
  const quantity = saleOf(position.instrument, tradingDay, meant, free);
  const left = meant - Math.min(meant, free);
  return { quantity, stuck: left > 0 ? { quantity: left, reason: 't_plus_one' } : null };
}

/** What one sale of up to `meant` out of `free` shares may have; all of it for an unknown board. */
function saleOf(
  instrument: InstrumentId,
  tradingDay: TradingDay,
  meant: number,
  free: number,
): number {
  const board = boardOfCn(instrument);
  const quantity = Math.min(meant, free);
  if (board === null) return quantity;
  return roundSellQuantityCn({ board, tradingDay, type: 'limit', quantity, sellable: free });
}

/** One proposed sale that lowers the position ratio. */
export type Reduction = {
  readonly instrument: InstrumentId;
  readonly quantity: number;
  readonly valueMinor: number;
};

/** A held name as valued for a plan; `canSell` false: suspended or not priced. */
export type ValuedPosition = {
  readonly position: HeldPosition;
  readonly last: number;
  readonly canSell: boolean;
};

/**
 * Sales that bring the positions down to `reduceToRatio` of total assets: weakest first (lowest
 * strength, unknown weakest, then lowest open return), only what may be sold today, the last one
 * no larger than needed but for whole lots. Empty at or below the ratio, or without total assets.
 */
export function reductionPlan(
  positions: readonly ValuedPosition[],
  totalAssetsMinor: number | null,
  tradingDay: TradingDay,
  reduceToRatio: number,
): Reduction[] {
  if (totalAssetsMinor === null || !(totalAssetsMinor > 0)) return [];
  const valued = positions.filter(({ last }) => last > 0);
  let value = valued.reduce((sum, { position, last }) => sum + notionalOf(position, last), 0);
  const target = totalAssetsMinor * reduceToRatio;
  const openReturn = (one: ValuedPosition) => one.last / one.position.entryPrice;
  const ordered = valued.filter(({ canSell }) => canSell);
  ordered.sort(
    (a, b) =>
      (a.position.strength ?? -1) - (b.position.strength ?? -1) ||
      openReturn(a) - openReturn(b) ||
      (a.position.instrument < b.position.instrument ? -1 : 1),
  );
  const plan: Reduction[] = [];
  for (const { position, last } of ordered) {
    if (value <= target) break;
    const free = sellableQuantityCn(position.purchases, tradingDay);
    const wanted = Math.ceil((value - target) / (last * 100) / LOT) * LOT;
    const quantity = saleOf(position.instrument, tradingDay, Math.min(wanted, free), free);
    if (quantity === 0) continue;
    const valueMinor = notionalMinor(last, quantity);
    plan.push({ instrument: position.instrument, quantity, valueMinor });
    value -= valueMinor;
  }
  return plan;
}

function notionalOf(position: HeldPosition, last: number): number {
  return notionalMinor(last, quantityOf(position));
}
