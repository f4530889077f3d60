import type { InstrumentId } from '#core/market/instrument.ts';
import type { Desk } from './desk.ts';
import type { Clock } from './ports.ts';

/** Longest wait for a quote, as after a tap. Source: centaur.md "Confirming". */
const QUOTE_WAIT_MS = 1_000;
/** A source that had none is asked again after this long. */
const AGAIN_MS = 2_000;

/**
 * Fetches a price of the name that a switch is about to buy: where none streams by itself (a person's
 * account, names outside the watch) the desk would wait for one until its ticket expires.
 */
export function quoteForSwitch(
  desk: Desk,
  clock: Clock,
  onTrouble: (place: string, error: unknown) => void,
): void {
  let isAsking = false;
  const look = (): void => {
    const { rotation } = desk.state();
    if (isAsking || rotation?.step !== 'freed') return;
    isAsking = true;
    void ask(rotation.to);
  };
  const ask = async (to: InstrumentId): Promise<void> => {
    try {
      const quote = await desk.fetchQuote(to, QUOTE_WAIT_MS);
      if (quote !== null) await desk.submit({ kind: 'quote_seen', at: clock.now(), quote });
    } catch (error) {
      onTrouble('price of a switch', error);
    } finally {
      clock.at(clock.now() + AGAIN_MS, () => {
        isAsking = false;
        look();
      });
    }
  };
  desk.onEvents(look);
}
