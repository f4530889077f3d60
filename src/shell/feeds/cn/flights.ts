import type { Cancellation } from '#app/ports.ts';

/** Work under way that several askers wait for; ended when the last of them has left. */
type Flight<T> = {
  readonly work: Promise<T>;
  readonly controller: AbortController;
  askers: number;
};

/** Shares work under way by key. */
export type Flights<T> = {
  /**
   * Joins the work of `key`, or begins it. The answer, or null when the asker gives up or its
   * deadline passes first; the work goes on while anybody else waits for it.
   */
  join(
    key: string,
    begin: (signal: AbortSignal) => Promise<T>,
    asker: { readonly timeoutMs: number; readonly signal?: Cancellation | undefined },
  ): Promise<T | null>;
};

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  const open = (key: string, begin: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController();
    const work = begin(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    // a flight all of whose askers have left may still fail
    work.catch(() => undefined);
    const flight: Flight<T> = { work, controller, askers: 0 };
    flights.set(key, flight);
    return flight;
  };
  return {
    join(key, begin, asker) {
      const flight = flights.get(key) ?? open(key, begin);
      flight.askers += 1;
      return new Promise((resolve, reject) => {
        let hasLeft = false;
        const leave = (): void => {
          if (hasLeft) return;
          hasLeft = true;
          clearTimeout(timer);
          asker.signal?.removeEventListener('abort', giveUp);
          flight.askers -= 1;
          if (flight.askers > 0) return;
          if (flights.get(key) === flight) flights.delete(key);
          flight.controller.abort();
        };
        const giveUp = (): void => {
          leave();
          resolve(null);
        };
        const timer = setTimeout(giveUp, Math.max(0, asker.timeoutMs));
        asker.signal?.addEventListener('abort', giveUp);
        flight.work.then(
          (value) => {
            leave();
            resolve(value);
          },
          (error: unknown) => {
            leave();
            reject(error);
          },
        );
        if (asker.signal?.aborted === true) giveUp();
      });
    },
  };
}
