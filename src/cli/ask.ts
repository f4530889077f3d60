import process from 'node:process';
import { createInterface } from 'node:readline';

/** Questions on a terminal or from a pipe, one line an answer; at the end of input the default holds. */
export type Questions = {
  /** Asks until `check` returns no complaint. */
  ask(
    question: string,
    fallback: string,
    check: (answer: string) => string | null,
  ): Promise<string>;
  close(): void;
};

const MOST_TRIES = 5;

/** Lines as they come, each given to one question; null when the input has ended. */
function createLines(): { next(): Promise<string | null>; close(): void } {
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await lines.next();
      return done === true ? null : value;
    },
    close: () => reader.close(),
  };
}

export function createQuestions(): Questions {
  const lines = createLines();
  return {
    async ask(question, fallback, check) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const shown = fallback === '' ? '' : ` [${fallback}]`;
        process.stderr.write(`${question}${shown}: `);
        const line = await lines.next();
        if (!process.stdin.isTTY) process.stderr.write('\n');
        // A wrong answer is not made good by the end of input.
        if (line === null && tries > 0) break;
        const answer = line?.trim() ?? '';
        const chosen = answer === '' ? fallback : answer;
        const complaint = check(chosen);
        if (complaint === null) return chosen;
        process.stderr.write(`  ${complaint}\n`);
      }
      throw new Error(`setup: found no usable answer to "${question}", expected one`);
    },
    close: lines.close,
  };
}
