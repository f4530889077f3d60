import type { DataDenial, Timer } from '#app/ports.ts';
import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import { MinuteMaker } from './ibkr-minutes.ts';

/** In place of the id of a request that waits. */
export const NOT_ASKED = -1;

export type Part = 'bars' | 'quotes';

/** One instrument as it is followed. */
export type Line = {
  readonly instrument: InstrumentId;
  readonly maker: MinuteMaker;
  quoteId: number;
  barsId: number;
  bid: number;
  ask: number;
  bidSize: number;
  askSize: number;
  quotedAt: number | null;
  isLive: boolean;
  isHalted: boolean;
  /** Ends the minute under way when its last slice does not come. */
  ending: Timer | null;
  /** Opening of the newest minute told; what is older is not told again. */
  toldAt: number;
  /** What came on the requests that stand, and what was refused, with the vendor's words. */
  readonly came: Set<Part>;
  readonly refused: Map<Part, string>;
  /** What was told last of that; null: nothing yet. */
  denial: DataDenial | null;
  /** Refusals one after another, and when each part is asked for again. */
  refusals: number;
  readonly again: Map<Part, Timer>;
};

/** Not asked for yet. `toldAt`: minutes that opened up to then are not told. */
export function newLine(instrument: InstrumentId, toldAt: number): Line {
  return {
    instrument,
    maker: new MinuteMaker(instrument),
    quoteId: NOT_ASKED,
    barsId: NOT_ASKED,
    bid: 0,
    ask: 0,
    bidSize: 0,
    askSize: 0,
    quotedAt: null,
    isLive: false,
    isHalted: false,
    ending: null,
    toldAt,
    came: new Set(),
    refused: new Map(),
    denial: null,
    refusals: 0,
    again: new Map(),
  };
}

/** What was seen before says nothing of now: one new side must not make the other one look fresh. */
export function forget(line: Line): void {
  Object.assign(line, { bid: 0, ask: 0, bidSize: 0, askSize: 0, quotedAt: null });
  line.maker.reset();
}

/** The quote as it stands; null while a side is missing, the sides are crossed, the line is not live or nothing was heard. */
export function quoteOf(line: Line): Quote | null {
  const { instrument, bid, ask, bidSize, askSize, quotedAt, isLive } = line;
  if (!isLive || quotedAt === null || bid <= 0 || ask <= 0 || bid > ask) return null;
  // a price's size follows it at once
  if (bidSize <= 0 || askSize <= 0) return null;
  return { instrument, bid, ask, bidSize, askSize, at: quotedAt };
}
