import type { Event } from '#core/engine/event.ts';
import type { TradingDay } from '#core/market/trading-day.ts';
import { type DayRecord, dayRecordOf, type RuleBreak } from '#core/reports/day-record.ts';
import type { DeskHandle } from './desk-handle.ts';
import { streamOf } from './event-form.ts';
import type { EventContext, EventLog } from './ports.ts';
import type { SessionTape } from './session-tape.ts';

/** Reads days that were recorded. */
export interface DayRecordSource {
  /** Days of a desk from the oldest on, both ends included; a day told twice counts as told last. Throws StoreError. */
  days(deskId: string, from: TradingDay, to: TradingDay): Promise<readonly DayRecord[]>;
}

export type DayRecordsDeps = {
  readonly runId: string;
  readonly events: EventLog;
  readonly context: (at: number) => EventContext;
  readonly tapeOf: (deskId: string) => SessionTape | null;
};

const TYPE = 'day_recorded';
/** Days that are looked back at: a year of sessions and some told twice. */
const MOST_DAYS = 400;
/** Events of one kind of one day at most. */
const MOST_OF_A_DAY = 100;
const WIDENED = 'widened by the operator';

/** Records have a stream of their own: they are made of what was decided and seen, and decide nothing. */
function recordStream(runId: string, deskId: string): string {
  return `${runId}/days/${deskId}`;
}

async function breaksOf(
  events: EventLog,
  stream: string,
  day: TradingDay,
): Promise<DayRecord['breaks']> {
  const count = async (
    kind: RuleBreak,
    type: Event['type'],
    isMeant: (data: Record<string, unknown>) => boolean = () => true,
  ) => {
    const found = await events.newest(stream, type, MOST_OF_A_DAY, day);
    const of = found.filter(({ data }) => isMeant(data as Record<string, unknown>)).length;
    return of === 0 ? [] : [{ kind, count: of }];
  };
  const isWidened = ({ why }: Record<string, unknown>) => why === WIDENED;
  return [
    ...(await count('stop_widened', 'replace_requested', isWidened)),
    ...(await count('stop_widened', 'watched_stop_moved', isWidened)),
    ...(await count('protection_waived', 'protection_waived')),
    ...(await count('lock_lifted', 'lock_released', ({ by }) => typeof by === 'string')),
    ...(await count('limit_reached', 'lock_set')),
  ];
}

/**
 * Keeps what a desk's day came to when it closes, and again when its last word is final: answers the record,
 * null where none was made. The minutes of the day are at hand then and not later. Throws StoreError.
 */
export async function recordDay(
  desk: DeskHandle,
  events: readonly Event[],
  deps: DayRecordsDeps,
): Promise<DayRecord | null> {
  const closing = events.findLast(
    ({ type }) => type === 'day_closed' || type === 'report_finalized',
  ) as Extract<Event, { type: 'day_closed' | 'report_finalized' }> | undefined;
  if (closing === undefined) return null;
  const { deskId } = desk.policy;
  const state = desk.state();
  const tape = deps.tapeOf(deskId);
  const day = state.day?.tradingDay ?? '';
  const record = dayRecordOf(state, desk.policy, {
    minutesOf: (instrument) => tape?.of(instrument)?.points ?? [],
    equityMinor: closing.equityMinor ?? null,
    breaks: await breaksOf(deps.events, streamOf(deps.runId, deskId), day),
  });
  if (record === null) return null;
  const stream = recordStream(deps.runId, deskId);
  const [last] = await deps.events.newest(stream, TYPE, 1);
  await deps.events.append({
    stream,
    expectedVersion: last?.version ?? 0,
    context: { ...deps.context(closing.at), market: record.market, tradingDay: day },
    events: [{ type: TYPE, data: record }],
    outbox: [],
  });
  return record;
}

/** Recorded days of a run. */
export function dayRecordSource(runId: string, events: EventLog): DayRecordSource {
  return {
    async days(deskId, from, to) {
      const stored = await events.newest(recordStream(runId, deskId), TYPE, MOST_DAYS);
      const byDay = new Map<TradingDay, DayRecord>();
      for (const { data } of stored) {
        const record = data as DayRecord;
        const { tradingDay } = record;
        if (tradingDay >= from && tradingDay <= to && !byDay.has(tradingDay))
          byDay.set(tradingDay, record);
      }
      return [...byDay.values()].sort((a, b) => (a.tradingDay < b.tradingDay ? -1 : 1));
    },
  };
}
