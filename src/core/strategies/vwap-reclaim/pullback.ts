/**
 * Pullback of one side as bar numbers within the session (0 the first); −1 is "none yet". Prices
 * are mirrored for shorts by the caller, so this file only knows "beyond" and "touched".
 */
export type Pullback = {
  /** Last bar that reached beyond the band on the trade's side. */
  excursion: number;
  /** Last bar that came back into the band within reach of an excursion before it. */
  touch: number;
};

/** Before the first bar. */
export function createPullback(): Pullback {
  return { excursion: -1, touch: -1 };
}

/**
 * Takes bar number `n` in. `extreme` is the far price toward the trade's side (a long's high),
 * `back` the near one (a long's low), `sign` 1 for longs and −1 for shorts. A touch is `back`
 * within VWAP ± band, at the bar's own VWAP and band, with an excursion (`extreme` at least one
 * band beyond VWAP) in one of the `excursionBars` bars before it.
 */
export function stepPullback(
  acc: Pullback,
  n: number,
  extreme: number,
  back: number,
  vwap: number,
  band: number,
  sign: number,
  excursionBars: number,
): void {
  const isNear = Math.abs(back - vwap) <= band;
  if (isNear && acc.excursion >= 0 && n - acc.excursion <= excursionBars) acc.touch = n;
  if ((extreme - vwap) * sign >= band) acc.excursion = n;
}

/** True when a touch lies within the last `pullbackBars` bars, bar `n` included. */
export function hasPullback(acc: Pullback, n: number, pullbackBars: number): boolean {
  return acc.touch >= 0 && n - acc.touch < pullbackBars;
}
