/** Time in which the clock of a zone differs from UTC by the same amount; `[from, to)` in epoch milliseconds. */
export type ZoneStretch = { readonly from: number; readonly to: number; readonly offsetMs: number };

/** What was found of each zone. Two or three a year of the times asked for, and no rule of a zone changes while this runs. */
const KNOWN = new Map<string, { last: ZoneStretch; readonly all: ZoneStretch[] }>();

function askStretch(at: number, zone: string): ZoneStretch {
  const exact = Temporal.Instant.fromEpochMilliseconds(at).epochNanoseconds;
  // a nanosecond later, so that a change at this very instant is one that has been
  const wall = Temporal.Instant.fromEpochNanoseconds(exact + 1n).toZonedDateTimeISO(zone);
  const from = wall.getTimeZoneTransition('previous')?.epochMilliseconds;
  const to = wall.getTimeZoneTransition('next')?.epochMilliseconds;
  return {
    from: from ?? Number.NEGATIVE_INFINITY,
    to: to ?? Number.POSITIVE_INFINITY,
    offsetMs: wall.offsetNanoseconds / 1_000_000,
  };
}

/**
 * The stretch that an instant lies in. Changes of the clock are asked for once and everything between
 * them is arithmetic: a year of minutes asks for the same two offsets again and again.
 */
export function zoneStretchAt(at: number, zone: string): ZoneStretch {
  const known = KNOWN.get(zone);
  if (known === undefined) {
    const first = askStretch(at, zone);
    KNOWN.set(zone, { last: first, all: [first] });
    return first;
  }
  const { last } = known;
  if (at >= last.from && at < last.to) return last;
  let found = known.all.find(({ from, to }) => at >= from && at < to);
  if (found === undefined) {
    found = askStretch(at, zone);
    known.all.push(found);
  }
  known.last = found;
  return found;
}
