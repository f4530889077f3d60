import type { CalendarEnd } from '#core/gates/calendar-end.ts';
import { wallTimeOf } from '#core/market/session.ts';
import type { Clock, Timer } from './ports.ts';

export type CalendarWatchDeps = {
  readonly clock: Clock;
  /** Zone of the market whose day counts. */
  readonly zone: string;
  /** What ends soon as of a day of that zone. */
  readonly endsOn: (day: string) => readonly CalendarEnd[];
  /** `day` is the day it is told of: a process that starts again in it tells the same once more. */
  readonly tell: (ends: readonly CalendarEnd[], day: string) => void;
};

const LOOK_EVERY_MS = 15 * 60_000;
/** Nobody is woken for it. */
const NOT_BEFORE = '08:00';

/** Tells once a day, from the morning on, that a calendar ends soon; answers a stop function. */
export function watchCalendars({ clock, zone, endsOn, tell }: CalendarWatchDeps): () => void {
  let toldOn: string | null = null;
  let timer: Timer | null = null;
  const look = (): void => {
    const { day, time } = wallTimeOf(clock.now(), zone);
    if (day !== toldOn && time >= NOT_BEFORE) {
      toldOn = day;
      const ends = endsOn(day);
      if (ends.length > 0) tell(ends, day);
    }
    timer = clock.at(clock.now() + LOOK_EVERY_MS, look);
  };
  look();
  return () => timer?.cancel();
}
