import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Drawing, DrawingAnswer, DrawingTask, DrawingThreadData } from './drawing.ts';

const ENTRY = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'worker.mjs');
const SCRIPT = 'src/shell/chat/pictures/drawing-thread.ts';
/** A picture takes well under a second; one that takes this long will not come. */
const DRAW_WITHIN_MS = 10_000;
/** Pictures that may wait at a time. More than a day's are never meant at once. */
const MOST_WAITING = 64;

export type DrawingDesk = {
  /** The PNG. Rejects when it cannot be drawn. */
  draw(drawing: Drawing): Promise<Uint8Array>;
  /** Ends the thread; what waits is rejected. */
  stop(): Promise<void>;
};

type Waiting = { readonly task: DrawingTask; readonly end: PromiseWithResolvers<Uint8Array> };

/**
 * One thread that draws picture after picture. It starts with the first one and keeps no process alive;
 * one that dies or hangs is replaced with the next picture.
 */
export function createDrawingDesk(
  fontsDir: string,
  drawWithinMs: number = DRAW_WITHIN_MS,
): DrawingDesk {
  const queue: Waiting[] = [];
  let current: Waiting | null = null;
  let thread: Worker | null = null;
  let deadline: ReturnType<typeof setTimeout> | null = null;
  let count = 0;
  let isStopped = false;

  const settle = (how: (end: Waiting['end']) => void): void => {
    const done = current;
    current = null;
    if (deadline !== null) clearTimeout(deadline);
    deadline = null;
    if (done !== null) how(done.end);
    next();
  };
  const lose = (of: Worker, why: string): void => {
    if (of !== thread) return;
    thread = null;
    void of.terminate();
    settle((end) => end.reject(new Error(`picture: ${why}`)));
  };
  const start = (): Worker => {
    const workerData: DrawingThreadData = { script: SCRIPT, fontsDir };
    const started = new Worker(ENTRY, { workerData });
    started.on('message', (answer: DrawingAnswer) => {
      if (answer.id !== current?.task.id) return;
      settle((end) => {
        if ('png' in answer) end.resolve(answer.png);
        else end.reject(new Error(`picture: ${answer.error}`));
      });
    });
    started.on('error', (error) => lose(started, error instanceof Error ? error.message : 'died'));
    started.on('exit', (code) => lose(started, `the thread ended with code ${code}`));
    return started;
  };
  const next = (): void => {
    const waiting = current === null ? queue.shift() : undefined;
    if (waiting === undefined) {
      if (current === null) thread?.unref();
      return;
    }
    current = waiting;
    thread ??= start();
    const used = thread;
    used.ref();
    deadline = setTimeout(() => lose(used, `not drawn within ${drawWithinMs} ms`), drawWithinMs);
    used.postMessage(waiting.task);
  };
  return {
    draw(drawing) {
      const end = Promise.withResolvers<Uint8Array>();
      if (isStopped) end.reject(new Error('picture: drawing has stopped'));
      else if (queue.length >= MOST_WAITING) end.reject(new Error('picture: too many wait'));
      else {
        count += 1;
        queue.push({ task: { id: count, drawing }, end });
        next();
      }
      return end.promise;
    },
    async stop() {
      isStopped = true;
      for (const { end } of queue.splice(0)) end.reject(new Error('picture: drawing has stopped'));
      const ended = thread;
      if (ended !== null) lose(ended, 'drawing has stopped');
      await ended?.terminate();
    },
  };
}
