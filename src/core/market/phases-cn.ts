import type { BoardCn } from './board-cn.ts';
import { hasAfterHours, hasClosingAuction } from './rules-cn.ts';
import type { Session } from './session.ts';
import { deadlineBefore, tradingMillisBetween } from './trading-time.ts';

/**
 * Part of a Chinese trading day. `opening_locked` is the opening auction after 9:20 and
 * `closing_auction` the three minutes before the close: neither lets an order be taken back.
 * `opening_pause` is 9:25–9:30, `after_close` 15:00–15:05, `after_hours` trading at the close's
 * price 15:05–15:30.
 */
export type PhaseCn =
  | 'before_open'
  | 'opening_auction'
  | 'opening_locked'
  | 'opening_pause'
  | 'continuous'
  | 'break'
  | 'closing_auction'
  | 'after_close'
  | 'after_hours'
  | 'closed';

/** A phase and its instants, `[fromAt, toAt)`. */
export type PhaseSpan = { readonly phase: PhaseCn; readonly fromAt: number; readonly toAt: number };

/** Whether an exchange takes an order, or a cancel. `worksAt`, `opensAt`: epoch milliseconds. */
export type WindowAnswer =
  | { readonly kind: 'open'; readonly phase: PhaseCn; readonly worksAt: number }
  | {
      readonly kind: 'shut';
      readonly phase: PhaseCn;
      /** When it is taken next on this day; null when not any more. */
      readonly opensAt: number | null;
    };

const MINUTE = 60_000;
const AUCTION_BEFORE = 15 * MINUTE;
const LOCKED_BEFORE = 10 * MINUTE;
const PAUSE_BEFORE = 5 * MINUTE;
const CLOSING_AUCTION = 3 * MINUTE;
const AFTER_HOURS_FROM = 5 * MINUTE;
const AFTER_HOURS_THROUGH = 30 * MINUTE;

/** Phase of `board` at `at` on the day of `session` (a regular Chinese session, 9:30–15:00). */
export function phaseAtCn(session: Session, board: BoardCn, at: number): PhaseCn {
  const { openAt, closeAt, tradingDay } = session;
  if (at < openAt - AUCTION_BEFORE) return 'before_open';
  if (at < openAt - LOCKED_BEFORE) return 'opening_auction';
  if (at < openAt - PAUSE_BEFORE) return 'opening_locked';
  if (at < openAt) return 'opening_pause';
  if (at < closeAt) {
    if (session.breaks.some((pause) => at >= pause.fromAt && at < pause.toAt)) return 'break';
    const isAuction = at >= closeAt - CLOSING_AUCTION && hasClosingAuction(board, tradingDay);
    return isAuction ? 'closing_auction' : 'continuous';
  }
  if (!hasAfterHours(board, tradingDay) || at >= closeAt + AFTER_HOURS_THROUGH) return 'closed';
  return at < closeAt + AFTER_HOURS_FROM ? 'after_close' : 'after_hours';
}

/** Phases of the day from the opening auction to the last trade, oldest first, without gaps. */
export function phasesCn(session: Session, board: BoardCn): PhaseSpan[] {
  const { openAt, closeAt, breaks } = session;
  const edges = [
    openAt - AUCTION_BEFORE,
    openAt - LOCKED_BEFORE,
    openAt - PAUSE_BEFORE,
    openAt,
    ...breaks.flatMap((pause) => [pause.fromAt, pause.toAt]),
    closeAt - CLOSING_AUCTION,
    closeAt,
    closeAt + AFTER_HOURS_FROM,
    closeAt + AFTER_HOURS_THROUGH,
  ].sort((a, b) => a - b);
  const spans: PhaseSpan[] = [];
  for (const [index, fromAt] of edges.entries()) {
    const toAt = edges[index + 1];
    const phase = phaseAtCn(session, board, fromAt);
    if (toAt === undefined || toAt === fromAt || phase === 'closed') continue;
    const last = spans.at(-1);
    if (last?.phase === phase) spans[spans.length - 1] = { ...last, toAt };
    else spans.push({ phase, fromAt, toAt });
  }
  return spans;
}

/** Instant at which the opening auction begins to take orders, 9:15. */
export function auctionFromCn(session: Session): number {
  return session.openAt - AUCTION_BEFORE;
}

/** Instant at which the day of `board` is over: 15:00, or 15:30 with trading after hours. */
export function dayEndsAtCn(session: Session, board: BoardCn): number {
  const { closeAt, tradingDay } = session;
  return hasAfterHours(board, tradingDay) ? closeAt + AFTER_HOURS_THROUGH : closeAt;
}

/** Instant from which orders after the close are matched, 15:05. */
export function afterHoursFromCn(session: Session): number {
  return session.closeAt + AFTER_HOURS_FROM;
}

/** Instant at which orders after the close end on boards that have them, 15:30. */
export function afterHoursThroughCn(session: Session): number {
  return session.closeAt + AFTER_HOURS_THROUGH;
}

/** Begin of the three minutes before the close, 14:57. */
export function closingFromCn(session: Session): number {
  return session.closeAt - CLOSING_AUCTION;
}

const TAKES_ORDERS: Readonly<Record<PhaseCn, boolean>> = {
  before_open: false,
  opening_auction: true,
  opening_locked: true,
  opening_pause: false,
  continuous: true,
  break: false,
  closing_auction: true,
  after_close: true,
  after_hours: true,
  closed: false,
};

const TAKES_CANCELS: Readonly<Record<PhaseCn, boolean>> = {
  ...TAKES_ORDERS,
  opening_locked: false,
  closing_auction: false,
};

/** Shenzhen alone takes orders and cancels in the pause before the open and acts on them at 9:30. */
function takesInPause(board: BoardCn): boolean {
  return board === 'szse_main' || board === 'chinext' || board === 'szse_fund';
}

function windowAt(
  session: Session,
  board: BoardCn,
  at: number,
  takes: Readonly<Record<PhaseCn, boolean>>,
): WindowAnswer {
  const phase = phaseAtCn(session, board, at);
  const isTaken = (one: PhaseCn) => takes[one] || (one === 'opening_pause' && takesInPause(board));
  if (isTaken(phase)) {
    const { openAt } = session;
    const worksAt =
      phase === 'opening_pause' ? openAt : phase === 'after_close' ? afterHoursFromCn(session) : at;
    return { kind: 'open', phase, worksAt };
  }
  const next = phasesCn(session, board).find((span) => span.fromAt > at && isTaken(span.phase));
  return { kind: 'shut', phase, opensAt: next?.fromAt ?? null };
}

/**
 * Whether the exchange of `board` takes an order at `at`. Orders taken from the close on are for
 * the trading at the close's price. What a broker queues in the break is the broker's.
 */
export function canSubmitCn(session: Session, board: BoardCn, at: number): WindowAnswer {
  return windowAt(session, board, at, TAKES_ORDERS);
}

/** Whether the exchange of `board` takes the cancel of a working order at `at`. */
export function canCancelCn(session: Session, board: BoardCn, at: number): WindowAnswer {
  return windowAt(session, board, at, TAKES_CANCELS);
}

/**
 * End of a life of `millis` of trading that begins at `at` and never reaches across the break or
 * 14:57; null when `at` is not in continuous trading, where no life of a purchase begins.
 */
export function lifeEndsAtCn(session: Session, at: number, millis: number): number | null {
  const closing = closingFromCn(session);
  if (tradingMillisBetween(session, at, at + 1) === 0 || at >= closing) return null;
  return deadlineBefore(at, millis, edgesOf(session));
}

/** What no life of a purchase reaches across. */
function edgesOf(session: Session): number[] {
  return [...session.breaks.map((pause) => pause.fromAt), closingFromCn(session)];
}

/** A cancel has to be with the exchange before an edge: at it none is taken, and the order trades after it. */
const TAKEN_BACK_BEFORE = 10_000;

/** As `lifeEndsAtCn`, for an order: it ends early enough to be taken back, at once when there is no time left. */
export function orderEndsAtCn(session: Session, at: number, millis: number): number | null {
  const endsAt = lifeEndsAtCn(session, at, millis);
  if (endsAt === null) return null;
  const edge = edgesOf(session).find((one) => one > at);
  return edge === undefined ? endsAt : Math.min(endsAt, Math.max(at, edge - TAKEN_BACK_BEFORE));
}
