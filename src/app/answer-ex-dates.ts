import type { Event } from '#core/engine/event.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import { symbolOf } from '#core/market/instrument.ts';
import type { ToldExDate } from '#core/replies/answer.ts';
import type { DeskHandle } from './desk-handle.ts';
import { fromStored } from './event-form.ts';
import type { EventLog } from './ports.ts';

/** Where stored ex-dates are read. */
export interface ExDateSource {
  /** What ex-dates did to positions of a desk, newest first, at most `count` of each kind. Throws StoreError. */
  exDates(deskId: string, count: number): Promise<readonly ToldExDate[]>;
}

/** A name is held for days: its ex-date is among the newest. */
const FEW = 20;

function isExDate(event: Event): event is Event & ToldExDate {
  return event.type === 'ex_date_restated' || event.type === 'ex_date_held';
}

/** Ex-dates of a desk's stream as stored, newest first, at most `count` of each kind. Throws StoreError. */
export async function storedExDates(
  events: EventLog,
  stream: string,
  count: number,
): Promise<ToldExDate[]> {
  const kinds = ['ex_date_restated', 'ex_date_held'] as const;
  const rows = await Promise.all(kinds.map((kind) => events.newest(stream, kind, count)));
  return rows
    .flat()
    .map(fromStored)
    .filter(isExDate)
    .sort((a, b) => b.at - a.at);
}

/**
 * Ex-dates behind an answer of /why: those of the asked name since it is held, or without one those of
 * today. Oldest first; none for a desk of another market.
 */
export async function exDatesBehind(
  desk: DeskHandle,
  asked: { readonly target: InstrumentId | string | null; readonly since: number },
  source: ExDateSource,
): Promise<readonly ToldExDate[]> {
  if (desk.policy.market !== 'CN') return [];
  const { target, since } = asked;
  const today = desk.state().day?.tradingDay ?? null;
  const found = await source.exDates(desk.policy.deskId, FEW);
  return found
    .filter((one) =>
      target === null
        ? (one.type === 'ex_date_held' ? one.tradingDay : one.terms.exDate) === today
        : (one.instrument === target || symbolOf(one.instrument) === target) && one.at >= since,
    )
    .toReversed();
}
