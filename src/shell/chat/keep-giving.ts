import type { Incoming } from '#app/ports.ts';
import { urgentOf } from '#core/replies/parse.ts';

type Receive = (rows: readonly Incoming[]) => Promise<void>;

/** Hands rows to the desk until they are committed, for a channel that keeps nothing elsewhere. */
export type Giver = {
  /** Gives the row, after those before it; a kill or stop word at once, whatever they wait for. */
  take(row: Incoming): void;
  /** Gives nothing more and resolves when what is under way has ended. */
  stop(): Promise<void>;
};

const RETRY_MS = 200;
const LONGEST_RETRY_MS = 5000;

/** `later` runs a function after milliseconds of wall time; its answer cancels. */
export function createGiver(
  receive: Receive,
  later: (ms: number, run: () => void) => () => void,
): Giver {
  let waiting: Incoming[] = [];
  let pauseMs = RETRY_MS;
  let cancel: (() => void) | null = null;
  let isStopped = false;
  const underWay = new Set<Promise<void>>();
  const give = async (rows: readonly Incoming[]): Promise<void> => {
    try {
      await receive(rows);
      pauseMs = RETRY_MS;
    } catch {
      waiting = [...rows, ...waiting];
      if (isStopped || cancel !== null) return;
      cancel = later(pauseMs, () => {
        cancel = null;
        run();
      });
      pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
    }
  };
  const run = (): void => {
    const rows = waiting;
    if (rows.length === 0 || isStopped) return;
    waiting = [];
    const work = give(rows);
    underWay.add(work);
    void work.then(() => {
      underWay.delete(work);
      if (underWay.size === 0 && cancel === null) run();
    });
  };
  return {
    take(row) {
      waiting.push(row);
      if (urgentOf(row.text) !== null || (underWay.size === 0 && cancel === null)) run();
    },
    async stop() {
      isStopped = true;
      cancel?.();
      await Promise.all(underWay);
    },
  };
}
