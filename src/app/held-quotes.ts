import type { InstrumentId } from '#core/market/instrument.ts';
import type { Quote } from '#core/market/quote.ts';
import type { DeskHandle } from './desk-handle.ts';

/** Longest wait for a quote after a tap. Milliseconds; centaur.md, "Confirming". */
const QUOTE_WAIT_MS = 1000;

/** Fresh quotes of what is held, as many as come within a second. */
export async function quotesOfHeld(desks: readonly DeskHandle[]): Promise<Quote[]> {
  const asked = desks.flatMap((desk) =>
    Object.values(desk.state().positions).map(({ instrument }) => freshQuote(desk, instrument)),
  );
  return (await Promise.all(asked)).filter((quote) => quote !== null);
}

/** A quote asked for now; null when none came in time. */
export async function freshQuote(
  desk: DeskHandle,
  instrument: InstrumentId,
): Promise<Quote | null> {
  try {
    return await desk.fetchQuote(instrument, QUOTE_WAIT_MS);
  } catch {
    // No quote is an answer here: the desk refuses an entry without one and still lets an exit pass.
    return null;
  }
}
