import type { InstrumentId } from '#core/market/instrument.ts';
import type { Setting } from './plan.ts';
import { MINUTE, openOf } from './stage.ts';

/** What the exchange of a share does at an instant. */
export type Window = {
  readonly takesOrders: boolean;
  readonly takesCancels: boolean;
  /** Trades as orders come; in auctions they wait for its end. */
  readonly matches: boolean;
};

const SHUT: Window = { takesOrders: false, takesCancels: false, matches: false };
const TRADING: Window = { takesOrders: true, takesCancels: true, matches: true };
const AUCTION: Window = { takesOrders: true, takesCancels: true, matches: false };
/** Orders come in and none goes out. */
const LOCKED: Window = { takesOrders: true, takesCancels: false, matches: false };

/** The break of the Chinese exchanges, shortened as the day is. */
const NOON_MS = 3 * MINUTE;
const AUCTION_BEFORE_MS = 15 * MINUTE;
const LOCKED_BEFORE_MS = 10 * MINUTE;
const PAUSE_BEFORE_MS = 5 * MINUTE;
const CLOSING_MS = 3 * MINUTE;

/** The break of a Chinese day. */
export function noonOf(openAt: number, closeAt: number): { fromAt: number; toAt: number } {
  const fromAt = openAt + Math.floor((closeAt - openAt) / (2 * MINUTE)) * MINUTE;
  return { fromAt, toAt: fromAt + NOON_MS };
}

/** Begin of the auction before the close. */
export function closingOf(closeAt: number): number {
  return closeAt - CLOSING_MS;
}

/** From here on it is the next trading day, and Chinese exchanges take orders. */
export function auctionOf(openAt: number): number {
  return openAt - AUCTION_BEFORE_MS;
}

const AFTER_HOURS_MS = 30 * MINUTE;

/**
 * True while Chinese exchanges take orders for the trading at the close's price, 15:00 to 15:30. The exchange of the
 * simulation refuses them: what is sent then is right, and gets nothing.
 */
export function isAfterHours(setting: Setting, at: number): boolean {
  if (setting.account === 'us') return false;
  return Array.from({ length: setting.days }, (_, day) => openOf(setting, day)).some((openAt) => {
    const closeAt = openAt + setting.minutes * MINUTE;
    return at >= closeAt && at < closeAt + AFTER_HOURS_MS;
  });
}

/**
 * The phases of the American day: open or not; of the Chinese one the auctions too. Written apart from the product's
 * own table.
 */
export function windowAt(setting: Setting, instrument: InstrumentId, at: number): Window {
  for (let day = 0; day < setting.days; day += 1) {
    const openAt = openOf(setting, day);
    const closeAt = openAt + setting.minutes * MINUTE;
    if (at >= closeAt) continue;
    if (setting.account === 'us') return at < openAt ? SHUT : TRADING;
    if (at < auctionOf(openAt)) return SHUT;
    if (at < openAt - LOCKED_BEFORE_MS) return AUCTION;
    if (at < openAt - PAUSE_BEFORE_MS) return LOCKED;
    // Shenzhen alone takes orders and cancels between the auction and the open
    if (at < openAt) return instrument.endsWith('.SZ') ? AUCTION : SHUT;
    const noon = noonOf(openAt, closeAt);
    if (at >= noon.fromAt && at < noon.toAt) return SHUT;
    return at < closingOf(closeAt) ? TRADING : LOCKED;
  }
  return SHUT;
}
