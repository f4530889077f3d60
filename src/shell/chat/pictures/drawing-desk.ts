import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Drawing, DrawingAnswer, DrawingTask, DrawingThreadData } from './drawing.ts';

const ENTRY = join(import.meta.dirname, '..', '..', '..', '..', 'bin', 'worker.mjs');
const SCRIPT = 'src/shell/chat/pictures/drawing-thread.ts';
/** A picture takes well under a second; one that takes this long will not come. */
const DRAW_WITHIN_MS = 10_000;
/** A thread that drew nothing for so long ends; it takes some 90 MB while it lives. */
const IDLE_MS = 5 * 60_000;
/** Pictures that may wait at a time. More than a day's are never meant at once. */
const MOST_WAITING = 64;

export type DrawingDesk = {
  /** The PNG. Rejects when it cannot be drawn. */
  draw(drawing: Drawing): Promise<Uint8Array>;
  /** Starts the thread before there is something to draw: its libraries take longer to load than a picture to draw. */
  wake(): void;
  /** True while there is a thread. */
  isAwake(): boolean;
  /** Ends the thread; what waits is rejected. */
  stop(): Promise<void>;
};

type Waiting = { readonly task: DrawingTask; readonly end: PromiseWithResolvers<Uint8Array> };
type Timeout = ReturnType<typeof setTimeout>;

/**
 * One thread that draws picture after picture. It starts with the first one and keeps no process alive;
 * one that dies or hangs is replaced with the next picture.
 */
export function createDrawingDesk(
  fontsDir: string,
  drawWithinMs: number = DRAW_WITHIN_MS,
  idleMs: number = IDLE_MS,
): DrawingDesk {
  return new OneThread(fontsDir, drawWithinMs, idleMs);
}

class OneThread implements DrawingDesk {
  readonly #fontsDir: string;
  readonly #drawWithinMs: number;
  readonly #idleMs: number;
  readonly #queue: Waiting[] = [];
  #current: Waiting | null = null;
  #thread: Worker | null = null;
  #deadline: Timeout | null = null;
  #idle: Timeout | null = null;
  #count = 0;
  #isStopped = false;

  constructor(fontsDir: string, drawWithinMs: number, idleMs: number) {
    this.#fontsDir = fontsDir;
    this.#drawWithinMs = drawWithinMs;
    this.#idleMs = idleMs;
  }

  draw(drawing: Drawing): Promise<Uint8Array> {
    const end = Promise.withResolvers<Uint8Array>();
    if (this.#isStopped) end.reject(new Error('picture: drawing has stopped'));
    else if (this.#queue.length >= MOST_WAITING) end.reject(new Error('picture: too many wait'));
    else {
      this.#count += 1;
      this.#queue.push({ task: { id: this.#count, drawing }, end });
      this.#next();
    }
    return end.promise;
  }

  wake(): void {
    if (this.#isStopped || this.#thread !== null) return;
    this.#thread = this.#start();
    this.#rest();
  }

  isAwake(): boolean {
    return this.#thread !== null;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const waiting = this.#queue.splice(0);
    for (const { end } of waiting) end.reject(new Error('picture: drawing has stopped'));
    const ended = this.#thread;
    if (ended !== null) this.#lose(ended, 'drawing has stopped');
    await ended?.terminate();
  }

  #next(): void {
    if (this.#current !== null) return;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const waiting = this.#queue.shift();
    if (waiting === undefined) return this.#rest();
    this.#current = waiting;
    this.#thread ??= this.#start();
    const used = this.#thread;
    used.ref();
    const late = `not drawn within ${this.#drawWithinMs} ms`;
    this.#deadline = setTimeout(() => this.#lose(used, late), this.#drawWithinMs);
    used.postMessage(waiting.task);
  }

  #rest(): void {
    const used = this.#thread;
    if (used === null) return;
    used.unref();
    this.#idle = setTimeout(() => this.#lose(used, 'idle'), this.#idleMs);
    this.#idle.unref();
  }

  #start(): Worker {
    const workerData: DrawingThreadData = { script: SCRIPT, fontsDir: this.#fontsDir };
    const started = new Worker(ENTRY, { workerData });
    started.on('message', (answer: DrawingAnswer) => {
      if (answer.id !== this.#current?.task.id) return;
      this.#settle((end) => {
        if ('png' in answer) end.resolve(answer.png);
        else end.reject(new Error(`picture: ${answer.error}`));
      });
    });
    started.on('error', (error) =>
      this.#lose(started, error instanceof Error ? error.message : 'the thread died'),
    );
    started.on('exit', (code) => this.#lose(started, `the thread ended with code ${code}`));
    return started;
  }

  /** Lets a thread go, and with it the picture it was drawing. */
  #lose(of: Worker, why: string): void {
    if (of !== this.#thread) return;
    this.#thread = null;
    void of.terminate();
    this.#settle((end) => end.reject(new Error(`picture: ${why}`)));
  }

  #settle(how: (end: Waiting['end']) => void): void {
    const done = this.#current;
    this.#current = null;
    if (this.#deadline !== null) clearTimeout(this.#deadline);
    this.#deadline = null;
    if (done !== null) how(done.end);
    this.#next();
  }
}
