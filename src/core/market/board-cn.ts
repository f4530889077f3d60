import type { InstrumentId } from './instrument.ts';
import { symbolOf } from './instrument.ts';

/**
 * Where a Chinese security is traded and by which rules. `sse_main` and `szse_main` are the main
 * boards (the former SME board is part of the latter), `sse_fund` and `szse_fund` exchange-traded
 * funds.
 */
export type BoardCn =
  | 'sse_main'
  | 'szse_main'
  | 'chinext'
  | 'star'
  | 'bse'
  | 'sse_fund'
  | 'szse_fund';

/** What a code says: a board, or why it is none that is traded here. */
export type ListingCn =
  | { readonly kind: 'board'; readonly board: BoardCn }
  | { readonly kind: 'refused'; readonly reason: 'b_share' | 'not_cn' | 'unknown_code' };

/**
 * First digits of the codes, by place of listing. An index (000001.SH, 399001.SZ), a bond, a
 * closed-end or listed open-ended fund is no row here. Sources: code ranges published by the
 * exchanges; 689 are depositary receipts on STAR; BSE moved from 43, 83, 87, 88 to 920 in October
 * 2025.
 */
const PREFIXES: readonly (readonly [prefix: string, place: string, board: BoardCn | 'b_share'])[] =
  [
    ['600', 'SH', 'sse_main'],
    ['601', 'SH', 'sse_main'],
    ['603', 'SH', 'sse_main'],
    ['605', 'SH', 'sse_main'],
    ['688', 'SH', 'star'],
    ['689', 'SH', 'star'],
    ['900', 'SH', 'b_share'],
    ['510', 'SH', 'sse_fund'],
    ['511', 'SH', 'sse_fund'],
    ['512', 'SH', 'sse_fund'],
    ['513', 'SH', 'sse_fund'],
    ['515', 'SH', 'sse_fund'],
    ['516', 'SH', 'sse_fund'],
    ['517', 'SH', 'sse_fund'],
    ['518', 'SH', 'sse_fund'],
    ['520', 'SH', 'sse_fund'],
    ['530', 'SH', 'sse_fund'],
    ['551', 'SH', 'sse_fund'],
    ['560', 'SH', 'sse_fund'],
    ['561', 'SH', 'sse_fund'],
    ['562', 'SH', 'sse_fund'],
    ['563', 'SH', 'sse_fund'],
    ['588', 'SH', 'sse_fund'],
    ['589', 'SH', 'sse_fund'],
    ['000', 'SZ', 'szse_main'],
    ['001', 'SZ', 'szse_main'],
    ['002', 'SZ', 'szse_main'],
    ['003', 'SZ', 'szse_main'],
    ['300', 'SZ', 'chinext'],
    ['301', 'SZ', 'chinext'],
    ['302', 'SZ', 'chinext'],
    ['159', 'SZ', 'szse_fund'],
    ['200', 'SZ', 'b_share'],
    ['920', 'BJ', 'bse'],
    ['43', 'BJ', 'bse'],
    ['83', 'BJ', 'bse'],
    ['87', 'BJ', 'bse'],
    ['88', 'BJ', 'bse'],
  ];

const BY_PREFIX = new Map(
  PREFIXES.map(([prefix, place, board]) => [`${prefix}.${place}`, board] as const),
);

/** What the code of `id` says of its listing. Codes of no known range are refused, never guessed. */
export function listingOfCn(id: InstrumentId): ListingCn {
  const place = id.slice(id.lastIndexOf('.') + 1);
  if (place === 'US') return { kind: 'refused', reason: 'not_cn' };
  const symbol = symbolOf(id);
  const board =
    BY_PREFIX.get(`${symbol.slice(0, 3)}.${place}`) ??
    BY_PREFIX.get(`${symbol.slice(0, 2)}.${place}`);
  if (board === undefined || symbol.length !== 6)
    return { kind: 'refused', reason: 'unknown_code' };
  return board === 'b_share' ? { kind: 'refused', reason: 'b_share' } : { kind: 'board', board };
}

/** Board of `id`; null for everything {@link listingOfCn} refuses. */
export function boardOfCn(id: InstrumentId): BoardCn | null {
  const listing = listingOfCn(id);
  return listing.kind === 'board' ? listing.board : null;
}

/** True when `id` has one of the codes that BSE gave up for 920 in October 2025. */
export function isOldBseCode(id: InstrumentId): boolean {
  return boardOfCn(id) === 'bse' && !id.startsWith('920');
}

/** True for exchange-traded funds: tick 0.001, no stamp duty, no transfer fee. */
export function isFundBoard(board: BoardCn): boolean {
  return board === 'sse_fund' || board === 'szse_fund';
}

/** Price steps per yuan: 100 for shares (0.01), 1,000 for funds (0.001). */
export function ticksPerYuan(board: BoardCn): number {
  return isFundBoard(board) ? 1_000 : 100;
}

/** `price` in whole price steps of `board`; null when it is no positive price on the grid. */
export function priceTicksCn(price: number, board: BoardCn): number | null {
  const scaled = price * ticksPerYuan(board);
  const ticks = Math.round(scaled);
  return ticks > 0 && ticks <= 1e9 && Math.abs(scaled - ticks) < 1e-4 ? ticks : null;
}

/** Price of a whole number of price steps, the double nearest to the decimal. */
export function priceOfTicksCn(ticks: number, board: BoardCn): number {
  return ticks / ticksPerYuan(board);
}
