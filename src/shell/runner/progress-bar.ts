import { createRequire } from 'node:module';

/** How far counted work is. */
type Step = { readonly stage: string; readonly done: number; readonly of: number };

/** A bar on a terminal, one line that is drawn over and leaves nothing behind. */
export type ProgressBar = {
  show(step: Step): void;
  /** Takes the bar away, before anything else is written there. */
  clear(): void;
};

/** What is counted at each stage of a backtest. */
const COUNTED: Readonly<Record<string, string>> = {
  reading: 'reading, file',
  sets: 'sweep, set',
  layer_b: 'layer B, day',
  layer_c: 'layer C, day',
};

/** What is used of cli-progress. It is loaded with the first bar: most commands never show one. */
type Library = {
  readonly SingleBar: new (options: {
    readonly stream: NodeJS.WritableStream;
    readonly format: string;
    readonly barsize: number;
    readonly barCompleteChar: string;
    readonly barIncompleteChar: string;
    readonly clearOnComplete: boolean;
  }) => Drawn;
};
type Drawn = {
  start(total: number, done: number, words: Readonly<Record<string, string>>): void;
  update(done: number): void;
  stop(): void;
};

const require = createRequire(import.meta.url);

/** A bar on `stream`, which has to be a terminal. */
export function createProgressBar(stream: NodeJS.WritableStream): ProgressBar {
  let bar: Drawn | null = null;
  let stage = '';
  const clear = (): void => {
    bar?.stop();
    bar = null;
  };
  return {
    show: ({ stage: next, done, of }) => {
      if (bar !== null && next === stage) return bar.update(done);
      clear();
      stage = next;
      const { SingleBar } = require('cli-progress') as Library;
      bar = new SingleBar({
        stream,
        format: '{counted} {value} of {total} {bar} {eta_formatted} left',
        barsize: 30,
        barCompleteChar: '█',
        barIncompleteChar: '░',
        clearOnComplete: true,
      });
      bar.start(of, done, { counted: COUNTED[next] ?? next });
    },
    clear,
  };
}
