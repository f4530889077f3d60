import type { Session } from './session.ts';

/** Pauses of a session. */
type Breaks = Session['breaks'];

/** Milliseconds of trading between two instants of a session, breaks taken out; 0 outside it. */
export function tradingMillisBetween(session: Session, fromAt: number, toAt: number): number {
  const from = Math.max(fromAt, session.openAt);
  const to = Math.min(toAt, session.closeAt);
  if (to <= from) return 0;
  return to - from - pausedMillis(session.breaks, from, to);
}

function pausedMillis(breaks: Breaks, from: number, to: number): number {
  let paused = 0;
  for (const pause of breaks) {
    paused += Math.max(0, Math.min(to, pause.toAt) - Math.max(from, pause.fromAt));
  }
  return paused;
}

/**
 * Age at `at` of a price of the instant `asOf`, in milliseconds, breaks taken out: while nothing trades a
 * price does not grow old. Negative for one from the future. Everything outside the breaks counts, the
 * time before the open too.
 */
export function priceAgeMs(breaks: Breaks, asOf: number, at: number): number {
  return at - asOf - (at > asOf ? pausedMillis(breaks, asOf, at) : 0);
}

/**
 * Instant at which `millis` of trading have passed since `at`: breaks do not count, and time
 * before the open does not either. Null when the session ends before.
 */
export function addTradingMillis(session: Session, at: number, millis: number): number | null {
  let now = Math.max(at, session.openAt);
  let left = millis;
  for (const pause of session.breaks) {
    if (pause.toAt <= now) continue;
    if (now + left <= pause.fromAt) break;
    left -= Math.max(0, pause.fromAt - now);
    now = pause.toAt;
  }
  return now + left <= session.closeAt ? now + left : null;
}

/**
 * End of a life of `millis` that begins at `at` and reaches across none of `edges`: the first edge
 * after `at`, when that is sooner. A life that begins at an edge reaches to the next one.
 */
export function deadlineBefore(at: number, millis: number, edges: readonly number[]): number {
  let end = at + millis;
  for (const edge of edges) if (edge > at && edge < end) end = edge;
  return end;
}
