import type { Blackout, DayState } from './state.ts';

const HALF_HOUR_MS = 30 * 60_000;
const DAY_MS = 24 * 3_600_000;

/** Names a blackout within a desk's day. */
export function keyOfBlackout({ fromAt, name }: Blackout): string {
  return `${name}:${fromAt}`;
}

/**
 * Blackouts that are still to be told of and when: those of the next session a day ahead, those of the day half
 * an hour ahead (the brief before the open lists them). Source: the chat contract, `event_ahead`.
 */
export function tellable(day: DayState): { readonly blackout: Blackout; readonly at: number }[] {
  const { announced = [], blackouts, upcoming = [] } = day;
  if (blackouts.length === 0 && upcoming.length === 0) return [];
  const all = [
    ...blackouts.map((blackout) => ({ blackout, at: blackout.fromAt - HALF_HOUR_MS })),
    ...upcoming.map((blackout) => ({ blackout, at: blackout.fromAt - DAY_MS })),
  ];
  return all.filter(({ blackout }) => !announced.includes(keyOfBlackout(blackout)));
}
