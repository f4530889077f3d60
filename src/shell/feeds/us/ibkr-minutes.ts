import type { Bar } from '#core/market/bar.ts';
import type { InstrumentId } from '#core/market/instrument.ts';

/** Five seconds as the vendor sends them; `openedAt` in epoch milliseconds, volume in shares. */
export type Slice = {
  readonly openedAt: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
};

const MINUTE_MS = 60_000;
const SLICE_MS = 5_000;
const SLICES_A_MINUTE = MINUTE_MS / SLICE_MS;

/** A minute that is over: whole, or short of slices and to be read from the vendor's history. */
export type Minute =
  | { readonly kind: 'whole'; readonly bar: Bar }
  | { readonly kind: 'short'; readonly openedAt: number; readonly slices: number };

/** True for numbers a bar can be made of. */
export function isSound(slice: Slice): boolean {
  const { open, high, low, close, volume, openedAt } = slice;
  const prices = [open, high, low, close];
  return (
    Number.isSafeInteger(openedAt) &&
    prices.every((price) => Number.isFinite(price) && price > 0) &&
    high >= Math.max(open, close) &&
    low <= Math.min(open, close) &&
    Number.isFinite(volume) &&
    volume >= 0
  );
}

/** Makes minutes of one instrument from its 5-second slices; a repeated slice counts once. */
export class MinuteMaker {
  readonly #instrument: InstrumentId;
  #openedAt: number | null = null;
  #slices = new Map<number, Slice>();

  constructor(instrument: InstrumentId) {
    this.#instrument = instrument;
  }

  /** Takes a slice; answers the minutes that are over by it. One of an older minute is left out. */
  add(slice: Slice): Minute[] {
    const minute = Math.floor(slice.openedAt / MINUTE_MS) * MINUTE_MS;
    const over: Minute[] = [];
    if (this.#openedAt !== null && minute < this.#openedAt) return over;
    if (this.#openedAt !== null && minute > this.#openedAt) over.push(...this.#end());
    this.#openedAt ??= minute;
    this.#slices.set(slice.openedAt, slice);
    if (this.#slices.size === SLICES_A_MINUTE) over.push(...this.#end());
    return over;
  }

  /** Ends the minute that began at `openedAt` if it has not ended: nothing more of it will come. */
  endAt(openedAt: number): Minute[] {
    return this.#openedAt === openedAt ? this.#end() : [];
  }

  /** Forgets the minute under way, e.g. when the connection was lost. */
  reset(): void {
    this.#openedAt = null;
    this.#slices = new Map();
  }

  #end(): Minute[] {
    const openedAt = this.#openedAt;
    const slices = [...this.#slices.values()].sort((a, b) => a.openedAt - b.openedAt);
    this.reset();
    const [first] = slices;
    const last = slices.at(-1);
    if (openedAt === null || first === undefined || last === undefined) return [];
    if (slices.length < SLICES_A_MINUTE)
      return [{ kind: 'short', openedAt, slices: slices.length }];
    const bar: Bar = {
      instrument: this.#instrument,
      timeframe: '1m',
      openedAt,
      closedAt: openedAt + MINUTE_MS,
      open: first.open,
      high: Math.max(...slices.map((slice) => slice.high)),
      low: Math.min(...slices.map((slice) => slice.low)),
      close: last.close,
      volume: slices.reduce((sum, slice) => sum + slice.volume, 0),
    };
    return [{ kind: 'whole', bar }];
  }
}
