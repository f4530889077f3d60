import type { InstrumentId } from '#core/market/instrument.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { Session } from '#core/market/session.ts';
import { instantAt } from '#core/market/session.ts';
import type { TradingDay } from '#core/market/trading-day.ts';

/** A stretch of a session in which no entry is made; `[fromAt, toAt)`, epoch milliseconds. */
export type Blackout = {
  readonly fromAt: number;
  readonly toAt: number;
  readonly name: string;
  readonly wholeDay: boolean;
};

/** Kinds of scheduled events. `release_10` are the 10:00 releases (ISM, JOLTS, sentiment). */
export type EventKind = 'fomc' | 'cpi' | 'payrolls' | 'release_10' | 'earnings';

/**
 * A scheduled event. `time` is New York wall time, null when only the day is known. Earnings carry
 * the symbol and whether they come before the open, after the close, or nobody knows.
 */
export type MarketEvent = {
  readonly kind: EventKind;
  readonly day: TradingDay;
  readonly time: string | null;
  readonly symbol?: string;
  readonly timing?: 'before_open' | 'after_close' | 'unknown';
};

/**
 * Events and, per kind, the days for which the list is complete. A kind without coverage on a day
 * is unknown there, which is treated as if the event took place.
 */
export type EventTable = {
  readonly events: readonly MarketEvent[];
  readonly coverage: Readonly<
    Partial<Record<EventKind, { readonly from: TradingDay; readonly through: TradingDay }>>
  >;
  readonly source: string;
};

/** Which kinds are watched and how wide each blackout is, in minutes. */
export type EventWindowParams = {
  readonly kinds: readonly EventKind[];
  readonly fomcMinutesBefore: number;
  readonly fomcMinutesAfter: number;
  /** CPI and payrolls: until this long after the open, or after the release when that is later. */
  readonly releaseMinutesAfterOpen: number;
  readonly tenMinutesBefore: number;
  readonly tenMinutesAfter: number;
  readonly isHalfDayEvent: boolean;
};

/** Values of the specification. 10:00 releases and earnings need dates the bundled table lacks. */
export const DEFAULT_EVENT_WINDOWS: EventWindowParams = {
  kinds: ['fomc', 'cpi', 'payrolls'],
  fomcMinutesBefore: 30,
  fomcMinutesAfter: 60,
  releaseMinutesAfterOpen: 30,
  tenMinutesBefore: 2,
  tenMinutesAfter: 10,
  isHalfDayEvent: true,
};

const MINUTE_MS = 60_000;
const USUAL_TIME: Readonly<Record<EventKind, string>> = {
  fomc: '14:00',
  cpi: '08:30',
  payrolls: '08:30',
  release_10: '10:00',
  earnings: '09:30',
};

/** Wall time of an event: its own, else the usual one of its kind; null for earnings without one. */
export function timeOfEvent({ kind, time }: MarketEvent): string | null {
  return time ?? (kind === 'earnings' ? null : USUAL_TIME[kind]);
}

function wholeDay(session: Session, name: string): Blackout {
  return { fromAt: session.openAt, toAt: session.closeAt, name, wholeDay: true };
}

function blackoutOf(
  session: Session,
  kind: EventKind,
  time: string,
  name: string,
  params: EventWindowParams,
): Blackout {
  const at = instantAt(session.tradingDay, time, session.zone);
  if (kind === 'earnings') return wholeDay(session, name);
  if (kind === 'cpi' || kind === 'payrolls') {
    const toAt = Math.max(session.openAt, at) + params.releaseMinutesAfterOpen * MINUTE_MS;
    return { fromAt: Math.min(session.openAt, at), toAt, name, wholeDay: false };
  }
  const isFomc = kind === 'fomc';
  const before = isFomc ? params.fomcMinutesBefore : params.tenMinutesBefore;
  const after = isFomc ? params.fomcMinutesAfter : params.tenMinutesAfter;
  return {
    fromAt: at - before * MINUTE_MS,
    toAt: at + after * MINUTE_MS,
    name,
    wholeDay: false,
  };
}

function concerns(
  event: MarketEvent,
  day: TradingDay,
  previousDay: TradingDay | null,
  instrument: InstrumentId,
): boolean {
  if (event.kind !== 'earnings') return event.day === day;
  if (event.symbol !== symbolOf(instrument)) return false;
  if (event.day === day) return true;
  return event.day === previousDay && event.timing !== 'before_open';
}

/**
 * Blackouts of one session for one instrument, earliest first. FOMC: around the decision (14:00
 * when no time is given). CPI and payrolls: from the release or the open, whichever is earlier,
 * until `releaseMinutesAfterOpen` after the later one. Earnings: the whole day of the report and
 * of the morning after one that was not before the open. A half day is a whole-day event. A
 * watched kind whose dates are not covered on this day is taken as happening at its usual time.
 */
export function blackoutsOn(input: {
  readonly session: Session;
  readonly previousDay: TradingDay | null;
  readonly instrument: InstrumentId;
  readonly table: EventTable;
  readonly params: EventWindowParams;
}): Blackout[] {
  const { session, previousDay, instrument, table, params } = input;
  const day = session.tradingDay;
  const found: Blackout[] = [];
  if (params.isHalfDayEvent && session.isEarlyClose) found.push(wholeDay(session, 'half_day'));
  for (const kind of params.kinds) {
    const covered = table.coverage[kind];
    if (covered === undefined || day < covered.from || day > covered.through) {
      const name = `${kind}_dates_unknown`;
      found.push(blackoutOf(session, kind, USUAL_TIME[kind], name, params));
    }
  }
  for (const event of table.events) {
    if (!params.kinds.includes(event.kind)) continue;
    if (!concerns(event, day, previousDay, instrument)) continue;
    const time = event.time ?? USUAL_TIME[event.kind];
    found.push(blackoutOf(session, event.kind, time, event.kind, params));
  }
  return found.sort((a, b) => a.fromAt - b.fromAt || (a.name < b.name ? -1 : 1));
}

/** The blackout that `at` lies in, or null; one of some minutes before one of the whole day. */
export function blackoutAt(blackouts: readonly Blackout[], at: number): Blackout | null {
  let found: Blackout | null = null;
  for (let k = 0; k < blackouts.length; k += 1) {
    const blackout = blackouts[k]!;
    if (at < blackout.fromAt || at >= blackout.toAt) continue;
    if (!blackout.wholeDay) return blackout;
    found ??= blackout;
  }
  return found;
}
