import { randomInt } from 'node:crypto';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** Longest wait for an answer: as long as a question in the chat stands. */
const ANSWER_WITHIN_MS = 60_000;

/** Asks on this terminal for the phrase that sells a live account. */
export type LiveConfirm = {
  /** True when the phrase came in time. `held` is what would be sold, for the person to read. */
  ask(accountId: string, held: string): Promise<boolean>;
  close(): void;
};

/** The same form as in the chat: `KILL REAL-US 4711`, new digits each time. */
export function createLiveConfirm(): LiveConfirm {
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async ask(accountId, held) {
      const phrase = `KILL ${accountId.toUpperCase()} ${randomInt(1_000, 10_000)}`;
      process.stderr.write(
        `${accountId}, LIVE, REAL MONEY: sells ${held}\ntype within 60 s: ${phrase}\n`,
      );
      const late = Promise.withResolvers<null>();
      const timer = setTimeout(() => late.resolve(null), ANSWER_WITHIN_MS);
      const line = lines.next().then(({ value, done }) => (done === true ? null : value));
      try {
        const given = await Promise.race([line, late.promise]);
        return given !== null && given.trim().toUpperCase().replace(/\s+/g, ' ') === phrase;
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => reader.close(),
  };
}
